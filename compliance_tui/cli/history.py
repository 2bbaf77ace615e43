"""history, undo, redo: what became of an answer, and taking one's own last change back."""

import click

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.history import control_history
from compliance_tui.assessment.log import read_log
from compliance_tui.assessment.undo import Direction, Step, next_step
from compliance_tui.assessment.undo import undo as take_back
from compliance_tui.cli.settings import folder, instant, note, person, print_json, say
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import gettext
from compliance_tui.safe.words import act


@click.command()
@click.argument("control")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def history(ctx: click.Context, control: str, as_json: bool) -> None:
    """Show who changed the answer to a control, when, and what; the latest first.

    \b
    Example:
      compliance-tui history FR-SAF-02
    """
    contents = load(folder(ctx))
    standard, found = contents.find(control)
    events = control_history(contents.root, standard.id, found.id)
    if as_json:
        print_json(
            [
                {"seq": one.sequence, "at": format_instant(one.at), "by": one.by, "act": one.act, "changes": list(one.changes)}
                for one in events
            ]
        )
        return
    for event in events:
        say(f"{format_instant(event.at)}  {event.by}: {gettext(act(event.act))}")
        for change in event.changes:
            say(f"  {gettext(change)}")
    if not events:
        say(gettext("nothing yet"))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be taken back.")
@click.pass_context
def undo(ctx: click.Context, dry_run: bool) -> None:
    """Take back your own last change of an answer. It is a new record: nothing is lost, and redo brings it back.

    \b
    Example:
      compliance-tui undo
    """
    _go(ctx, "undo", dry_run)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be brought back.")
@click.pass_context
def redo(ctx: click.Context, dry_run: bool) -> None:
    """Bring back what you have taken back.

    \b
    Example:
      compliance-tui redo
    """
    _go(ctx, "redo", dry_run)


def _go(ctx: click.Context, direction: Direction, dry_run: bool) -> None:
    root, by = folder(ctx), person(ctx)
    load(root)
    if dry_run:
        step = next_step(read_log(root), by, direction)
        say(_would(step, by, direction))
        return
    done = take_back(root, by, instant(None), direction)
    if direction == "undo":
        say(gettext("taken back: {what}", what=gettext(done.text)))
        note(gettext("`compliance-tui redo` brings it back"))
    else:
        say(gettext("brought back: {what}", what=gettext(done.text)))
        note(gettext("`compliance-tui undo` takes it back"))


def _would(step: Step | None, by: str, direction: Direction) -> str:
    if step is None:
        return (
            gettext("nothing of {person} to undo", person=by)
            if direction == "undo"
            else gettext("nothing of {person} to redo", person=by)
        )
    if direction == "undo":
        return gettext("would undo: {what}, of {instant}", what=gettext(step.text), instant=step.at)
    return gettext("would redo: {what}, of {instant}", what=gettext(step.text), instant=step.at)
