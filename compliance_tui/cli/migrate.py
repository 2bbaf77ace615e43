"""migrate: move the answers to another version of a standard, look at that first, or take it back."""

import uuid
from collections import Counter

import click

from compliance_tui.assessment import migrate as moving
from compliance_tui.assessment.folder import load
from compliance_tui.cli.settings import extra_standards, folder, instant, note, person, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.words import word
from compliance_tui.standard.load import find_pack, standard_folders, versions_of

_SHOWN = ("recheck", "recompute", "new", "archived")


@click.command()
@click.option("--to", "target", default=None, metavar="ID@VERSION|FILE", help="The version to move to.")
@click.option("--dry-run", is_flag=True, help="Say control by control what would happen; change nothing.")
@click.option("--undo", is_flag=True, help="Take the last move back, as long as nothing was answered since.")
@click.option("--all", "everything", is_flag=True, help="List the controls that are kept, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def migrate(ctx: click.Context, target: str | None, dry_run: bool, undo: bool, everything: bool, as_json: bool) -> None:
    """Move the answers to another version of a standard. Nothing is lost: what has no place there goes to the archive.

    Answers stay as they are where the standard says that only wording, a name or a relaxed rule changed; where a rule was
    tightened, split or merged they keep statement and evidence, and have to be confirmed and signed again.

    \b
    Example:
      compliance-tui migrate --to frontier-release@1.1 --dry-run
      compliance-tui migrate --to frontier-release@1.1
    """
    if bool(target) == undo:
        why = message("say where to with --to ID@VERSION, or take the last move back with --undo")
        raise InputError("bad-option", why)
    if undo and (dry_run or as_json):
        raise InputError("bad-option", message("--undo goes alone: it takes the move back, and has nothing to list"))
    root = folder(ctx)
    if target is None:
        standard, left, returned = moving.undo_migration(root, str(uuid.uuid4()), person(ctx), instant(None))
        say(
            gettext(
                "{standard} is back at {version}, as it was before the move to {left}",
                standard=standard,
                version=returned,
                left=left,
            )
        )
        return
    contents = load(root)
    folders = standard_folders(extra_standards(ctx))
    pack = find_pack(target, folders)
    pinned = [standard for standard, _ in contents.standards]
    version = versions_of(pack.standard.id, list(dict.fromkeys([*folders, pack.home])), [*pinned, pack.standard])
    if dry_run:
        plan = moving.plan_migration(contents, pack, version, instant(None))
    else:
        plan = moving.migrate(contents, pack, version, str(uuid.uuid4()), person(ctx), instant(None))
    if as_json:
        print_json(moving.plan_json(plan))
        return
    _say(plan, dry_run, everything)


def _say(plan: moving.Plan, dry_run: bool, everything: bool) -> None:
    new = plan.pack.standard
    if plan.nothing_to_do:
        say(gettext("{standard} is at {version} already; nothing to do", standard=new.id, version=new.version))
        return
    if plan.guessed:
        say(gettext("guessed from ids and texts: no list of changes leads from one to the other"))
    outcomes = {name: gettext(word(name)) for name in ("kept", *_SHOWN)}
    width = max([11, *map(len, outcomes.values())])
    for step in plan.steps:
        if everything or step.outcome in _SHOWN:
            ids = ", ".join(step.old)
            where = f"{ids} -> {step.new}" if step.new and step.old not in ((), (step.new,)) else step.new or ids
            say(f"{outcomes[step.outcome]:<{width}} {where}: {gettext(step.why)}")
    counts: Counter[str] = Counter(step.outcome for step in plan.steps)
    told = ", ".join(f"{counts[name]} {said}" for name, said in outcomes.items() if counts[name])
    move = f"{new.id} {plan.old.version} -> {new.version}"
    if dry_run:
        say(gettext("{move} would be moved: {counts}", move=move, counts=told))
    else:
        say(gettext("{move} moved: {counts}", move=move, counts=told))
    for warning in plan.warnings:
        note(gettext("warning: {text}", text=gettext(warning)))
