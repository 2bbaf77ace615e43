"""migrate: move the answers to another version of a standard, look at that first, or take it back."""

import uuid
from collections import Counter

import click

from compliance_tui.assessment import migrate as moving
from compliance_tui.assessment.folder import load
from compliance_tui.cli.settings import extra_standards, folder, instant, note, person, print_json, say
from compliance_tui.safe.errors import InputError
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
        raise InputError("bad-option", "say where to with --to ID@VERSION, or take the last move back with --undo")
    if undo and (dry_run or as_json):
        raise InputError("bad-option", "--undo goes alone: it takes the move back, and has nothing to list")
    root = folder(ctx)
    if target is None:
        standard, left, returned = moving.undo_migration(root, str(uuid.uuid4()), person(ctx), instant(None))
        say(f"{standard} is back at {returned}, as it was before the move to {left}")
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
        say(f"{new.id} is at {new.version} already; nothing to do")
        return
    if plan.guessed:
        say("guessed from ids and texts: no list of changes leads from one to the other")
    for step in plan.steps:
        if everything or step.outcome in _SHOWN:
            ids = ", ".join(step.old)
            where = f"{ids} -> {step.new}" if step.new and step.old not in ((), (step.new,)) else step.new or ids
            say(f"{step.outcome:<11} {where}: {step.why}")
    counts: Counter[str] = Counter(step.outcome for step in plan.steps)
    told = ", ".join(f"{counts[name]} {name}" for name in ("kept", *_SHOWN) if counts[name])
    done = "would be moved" if dry_run else "moved"
    say(f"{new.id} {plan.old.version} -> {new.version} {done}: {told}")
    for warning in plan.warnings:
        note(f"warning: {warning}")
