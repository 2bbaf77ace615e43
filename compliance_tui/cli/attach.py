"""attach, detach."""

from collections.abc import Sequence
from pathlib import Path

import click

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach as attach_files
from compliance_tui.assessment.folder import load
from compliance_tui.cli.assess import pairs
from compliance_tui.cli.settings import Bar, extra_kinds, folder, instant, note, person, say


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--control", "controls", multiple=True, required=True, metavar="CONTROL", help="A control that they serve.")
@click.option("--kind", default=None, help="The kind of evidence (default: recognised from the bytes).")
@click.option("--title", default=None, help="A title (default: the file's name).")
@click.option("--date", default=None, metavar="DATE", help="The day that it speaks of (default: as the file says).")
@click.option("--disclosure", type=click.Choice(["disclose", "withhold"]), default="disclose")
@click.option("--state", "stated", multiple=True, metavar="FACT=VALUE", help="A fact that you state; it is marked so.")
@click.option("--as-one", is_flag=True, help="All files together are one item.")
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
    as_one: bool,
) -> None:
    """Attach evidence files to controls: each file is an item, a folder is one item with all its files.

    \b
    Example:
      compliance-tui attach logs/refusal.eval --control FR-SAF-02 --control FR-CAP-04
    """
    total = sum(path.stat().st_size for path in files if path.is_file())
    items = attach_files(
        load(folder(ctx)),
        files,
        controls,
        person(ctx),
        instant(None),
        kind=kind,
        title=title,
        date=instant(date).date() if date else None,
        disclosure=disclosure,
        stated=pairs(stated, "--state", "FACT=VALUE"),
        kinds_folder=extra_kinds(ctx),
        as_one=as_one,
        progress=Bar("attached", total),
    )
    contents = load(folder(ctx))
    result = contents.readiness(instant(None))
    for item in items:
        names = "" if len(item.files) == 1 else f", {len(item.files)} files"
        say(f"{item.id} {item.kind}: {item.title} ({item.size:,} bytes{names}), speaks of {item.speaks_of}")
        say(f"  sha256 {item.files[0].sha256}" + (" and more" if len(item.files) > 1 else ""))
        for warning in item.warnings:
            note(f"  warning: {warning}")
    for reference in controls:
        standard, control = contents.find(reference)
        state = result.state(standard.id, control.id)
        for check in state.checks if state else ():
            say(f"  {control.id} {check.outcome}: {check.title}: {check.text}")


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
    say(f"{item} no longer serves {control}")
