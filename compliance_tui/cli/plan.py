"""plan, find: what is left to do, by whom and by when; which controls a filter finds. The plain twin of two pages."""

from collections.abc import Sequence

import click

from compliance_tui.assessment.history import trend
from compliance_tui.assessment.plan import calendar, gap_order, needs, what_if
from compliance_tui.assessment.search import VIEWS, index
from compliance_tui.cli.assess import pairs
from compliance_tui.cli.reading import opened
from compliance_tui.cli.settings import NOT_ACCEPTED, READY, instant, print_json, say
from compliance_tui.cli.text import group_lines, order_lines, outcome, plan_lines, what_if_lines
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import gettext
from compliance_tui.safe.words import word


@click.command()
@click.option("--set", "axes", multiple=True, metavar="AXIS=VALUE", help="What if an axis had that value; nothing is changed.")
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def plan(ctx: click.Context, axes: Sequence[str], as_of: str | None, as_json: bool) -> int:
    """Say what still blocks, by who has to act; what runs out before the release; how it went so far.

    \b
    Example:
      compliance-tui plan
      compliance-tui plan --set tier=T3
    """
    there = opened(ctx)
    contents = there.contents
    result = contents.readiness(instant(as_of))
    tried = what_if(contents, result, pairs(axes, "--set", "AXIS=VALUE")) if axes else None
    release = contents.assessment.subject.release_date
    seen = there.seen(result)
    found, events = needs(contents, seen), calendar(contents, seen, release) if release else []
    if as_json:
        print_json(
            {
                "verdict": result.verdict,
                "as_of": format_instant(result.as_of),
                "needs": [{"actor": one.actor, "text": one.text, "controls": _ids(one.controls)} for one in found],
                "order": _ids(gap_order(contents, seen)),
                "events": [{"day": one.day, "text": one.text, "controls": _ids(one.controls)} for one in events],
                "what_if": tried
                and {
                    "verdict": tried.result.verdict,
                    "newly_required": _ids(tried.newly_required),
                    "no_longer_required": _ids(tried.no_longer_required),
                    "newly_blocking": _ids(tried.newly_blocking),
                    "no_longer_blocking": _ids(tried.no_longer_blocking),
                },
            }
        )
    elif tried is not None:
        for line in what_if_lines(tried, axes):
            say(line)
    else:
        for line in (
            *group_lines(there, result),
            *order_lines(gap_order(contents, seen)),
            *plan_lines(result, found, events, release, [] if there.looked else trend(contents, result.as_of)),
        ):
            say(line)
    verdict = tried.result.verdict if tried is not None else result.verdict
    return NOT_ACCEPTED if verdict == "not-ready" else READY


def _ids(keys: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{standard}/{control}" for standard, control in keys]


@click.command()
@click.argument("query", nargs=-1)
@click.option("--views", is_flag=True, help="List the filters that have a name: those at hand, and your own.")
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.pass_context
def find(ctx: click.Context, query: Sequence[str], views: bool, as_of: str | None) -> None:
    """List the controls that a filter finds: words, and terms such as is:blocking, kind:sbom, needs:owner, -is:waived.

    All terms must hold, a minus turns one around, and a value may be cut short. A term is one of is, kind, seat, needs, group,
    level, by and standard, with a colon and a value.

    \b
    Example:
      compliance-tui find is:blocking needs:security
    """
    if views:
        from compliance_tui.tui import memory

        for name, terms in VIEWS:
            say(f"{gettext(name)}: {terms}".rstrip())
        for own, terms in memory.views().items():
            say(gettext("{name} (yours): {terms}", name=own, terms=terms))
        return
    there = opened(ctx)
    contents = there.contents
    result = contents.readiness(instant(as_of))
    found = set(index(contents, result).find(" ".join(query)))
    for state in result.controls:
        if (state.standard, state.control.id) in found:
            status = state.response.status if state.response else None
            said = gettext(word(status)) if status else gettext("not answered")
            level = gettext(word(state.level))
            say(f"{state.control.id} {gettext(state.control.title)}: {outcome(there, state)} ({level}, {said})")
    say(gettext("{found} of {all} controls", found=len(found), all=len(result.controls)))
