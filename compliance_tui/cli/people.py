"""people, axes."""

from collections.abc import Sequence
from pathlib import Path

import click

from compliance_tui.assessment import actions
from compliance_tui.cli.assess import pairs
from compliance_tui.cli.reading import opened
from compliance_tui.cli.settings import folder, instant, person, print_json, say
from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.language import gettext
from compliance_tui.trust.public_key import parse_public_key

_LARGEST_KEY = 64 * 1024


@click.group()
def people() -> None:
    """The people of the assessment, and the seats that they may sign in."""


@people.command("add")
@click.argument("identifier")
@click.option("--name", default="", help="The name that is shown (default: the id).")
@click.option("--seat", "seats", multiple=True, help="A seat that they may sign in.")
@click.option("--key", "keys", multiple=True, metavar="FILE", help="A public key that they sign with.")
@click.pass_context
def add(ctx: click.Context, identifier: str, name: str, seats: Sequence[str], keys: Sequence[str]) -> None:
    """List a person, or give a listed one further seats and keys. With keys, a signed sign-off has to be of one of them.

    \b
    Example:
      compliance-tui people add ada --name "Ada Ortiz" --seat owner
    """
    public = [parse_public_key(read_bounded(Path(key), _LARGEST_KEY).decode("utf-8", "replace"), key).openssh for key in keys]
    added = actions.add_person(folder(ctx), identifier, name, seats, person(ctx), instant(None), public)
    say(f"{added.id} ({added.name}): {', '.join(added.seats) or gettext('no seats')}")


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def listing(ctx: click.Context, as_json: bool) -> None:
    """List the people.

    \b
    Example:
      compliance-tui people list
    """
    listed = opened(ctx).contents.assessment.people
    if as_json:
        print_json([one.model_dump() for one in listed])
        return
    if not listed:
        say(gettext("nobody is listed"))
    for one in listed:
        say(f"{one.id} ({one.name}): {', '.join(one.seats) or gettext('no seats')}")


@click.command()
@click.argument("values", nargs=-1, metavar="[AXIS=VALUE]...")
@click.pass_context
def axes(ctx: click.Context, values: Sequence[str]) -> None:
    """Choose axis values, or show what can be chosen and what each choice means.

    \b
    Example:
      compliance-tui axes tier=T2
    """
    if values:
        actions.set_axes(folder(ctx), pairs(values, "axes", "AXIS=VALUE"), person(ctx), instant(None))
    contents = opened(ctx).contents
    result = contents.readiness(instant(None))
    for standard, _ in contents.standards:
        states = {state.axis: state for one in result.standards if one.id == standard.id for state in one.axes}
        for axis in standard.axes:
            state = states[axis.id]
            chosen = state.declared or gettext("not set")
            if state.computed:
                chosen = gettext("{value}, computed {computed}", value=chosen, computed=state.computed)
            say(f"{standard.id} {axis.id} ({gettext(axis.title)}): {chosen}")
            for value in axis.values:
                mark = "*" if value.id == state.declared else " "
                meaning = f": {gettext(value.meaning).strip()}" if value.meaning else ""
                say(f"  {mark} {value.id}  {gettext(value.title)}{meaning}")
