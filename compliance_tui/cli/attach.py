"""attach, detach."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach as attach_files
from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.lint import not_asked_for
from compliance_tui.assessment.model import Item
from compliance_tui.assessment.readiness import ControlState
from compliance_tui.assessment.suggest import controls_for
from compliance_tui.cli.assess import pairs
from compliance_tui.cli.evidence import facts_json
from compliance_tui.cli.settings import NOT_ACCEPTED, READY, Bar, extra_kinds, folder, instant, note, person, print_json, say
from compliance_tui.evidence.kind import Recognised, load_kinds, recognition
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.words import word


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--control", "controls", multiple=True, metavar="CONTROL", help="A control that they serve.")
@click.option("--kind", default=None, help="The kind of evidence (default: recognised from the bytes).")
@click.option("--title", default=None, help="A title (default: the file's name).")
@click.option("--date", default=None, metavar="DATE", help="The day that it speaks of (default: as the file says).")
@click.option("--disclosure", type=click.Choice(["disclose", "withhold"]), default="disclose")
@click.option("--state", "stated", multiple=True, metavar="FACT=VALUE", help="A fact that you state; it is marked so.")
@click.option("--replaces", default=None, metavar="ITEM", help="A newer version of that item: serves wherever it serves.")
@click.option("--as-one", is_flag=True, help="All files together are one item.")
@click.option("--check", "gate", is_flag=True, help="Exit status 3 where a check of the controls served does not pass.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def attach(
    ctx: click.Context,
    files: Sequence[Path],
    controls: Sequence[str],
    kind: str | None,
    title: str | None,
    date: str | None,
    disclosure: str,
    stated: Sequence[str],
    replaces: str | None,
    as_one: bool,
    gate: bool,
    as_json: bool,
) -> int:
    """Attach evidence files to controls: each file is an item, a folder is one item with all its files.

    The same file attached again changes nothing, so a pipeline may repeat itself. Without --control the controls are named that
    the files could serve.

    \b
    Example:
      compliance-tui attach logs/refusal.eval --control FR-SAF-02 --control FR-CAP-04
      compliance-tui attach sbom.json --replaces E-0004
    """
    contents = load(folder(ctx))
    if not controls and replaces is None:
        return _suggest(ctx, contents, files, kind)
    total = sum(path.stat().st_size for path in files if path.is_file())
    items = attach_files(
        contents,
        files,
        controls,
        person(ctx),
        instant(None),
        kind=kind,
        title=title,
        date=instant(date).date() if date else None,
        disclosure=disclosure,
        stated=pairs(stated, "--state", "FACT=VALUE"),
        replaces=replaces,
        kinds_folder=extra_kinds(ctx),
        as_one=as_one,
        progress=Bar(message("attached"), total),
    )
    contents = load(folder(ctx))
    result = contents.readiness(instant(None))
    ids = {item.id for item in items}
    states = [state for state in result.controls if state.response and ids & set(state.response.evidence)]
    if as_json:
        print_json(_document(items, states))
    else:
        _say(items, states)
    return NOT_ACCEPTED if gate and any(check.outcome != "pass" for state in states for check in state.checks) else READY


def _document(items: Sequence[Item], states: Sequence[ControlState]) -> dict[str, Any]:
    checks = [
        {"standard": state.standard, "control": state.control.id, "id": one.check, "outcome": one.outcome, "text": one.text}
        for state in states
        for one in state.checks
    ]
    return {
        "items": [{**item.model_dump(mode="json", by_alias=True), "facts": facts_json(item.facts)} for item in items],
        "checks": checks,
    }


def _say(items: Sequence[Item], states: Sequence[ControlState]) -> None:
    for item in items:
        head = f"{item.id} {item.kind}: {item.title}"
        if len(item.files) == 1:
            say(gettext("{item} ({size:,} bytes), speaks of {day}", item=head, size=item.size, day=item.speaks_of))
            say(f"  sha256 {item.files[0].sha256}")
        else:
            say(
                gettext(
                    "{item} ({size:,} bytes, {files} files), speaks of {day}",
                    item=head,
                    size=item.size,
                    files=len(item.files),
                    day=item.speaks_of,
                )
            )
            say("  " + gettext("sha256 {sha256} and more", sha256=item.files[0].sha256))
        for warning in item.warnings:
            note("  " + gettext("warning: {text}", text=gettext(warning)))
    for state in states:
        for text in not_asked_for(state.control, items):
            note(f"  {state.control.id}: {gettext(text)}")
        for check in state.checks:
            say(f"  {state.control.id} {gettext(word(check.outcome))}: {gettext(check.title)}: {gettext(check.text)}")


def _suggest(ctx: click.Context, contents: Contents, files: Sequence[Path], kind: str | None) -> int:
    """Name the controls that the files could serve; nothing is attached."""
    kinds = load_kinds(extra_kinds(ctx))
    for path in files:
        found = Recognised("certain", (kind,)) if kind else recognition(path, kinds)
        if found.confidence != "certain":
            told = gettext("{path}: not certain what kind of evidence this is: {hint}", path=path, hint=found.hint)
            say(told + gettext("; name it with --kind"))
        else:
            say(f"{path}: {found.kinds[0]}")
        if not found.kinds or found.confidence == "unsure":
            continue
        name = found.kinds[0]
        for one in controls_for(contents, name, instant(None)):
            level = gettext(word(one.level))
            told = gettext("{level}, has none yet", level=level) if one.wanting else level
            say(f"  --control {one.control}  {gettext(one.title)} ({told})")
    raise InputError("no-control", message("nothing was attached; name the controls that it serves with --control"))


@click.command()
@click.argument("item")
@click.option("--control", required=True, help="The control that it no longer serves.")
@click.pass_context
def detach(ctx: click.Context, item: str, control: str) -> None:
    """Let an evidence item no longer serve a control; the item and its bytes stay.

    \b
    Example:
      compliance-tui detach E-0003 --control FR-SAF-02
    """
    actions.unlink_evidence(load(folder(ctx)), control, item, person(ctx), instant(None))
    say(gettext("{item} no longer serves {control}", item=item, control=control))
