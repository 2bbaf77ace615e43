"""One rated bypass in sections: the result, what is due by when, what is odd, other people's scales, the anchors."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from compliance_tui.assessment.deadlines import WHAT, Deadline
from compliance_tui.assessment.rate import RatedEntry
from compliance_tui.assessment.try_values import questions
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show
from compliance_tui.tui.rowlist import fit
from compliance_tui.tui.show import BAD, GOOD, HEADING, MUTED, WARN, Sign, line

if TYPE_CHECKING:
    from compliance_tui.standard.scale import RatingScale

DEADLINES = {
    "met": Sign("✓", "+", message("in time"), GOOD),
    "missed": Sign("✗", "!", message("late"), BAD),
    "running": Sign("◌", "~", message("runs"), WARN),
    "over": Sign("✗", "!", message("over"), BAD),
    "waiting": Sign("·", ".", message("waits"), MUTED),
    "undated": Sign("?", "?", message("undated"), WARN),
}


def band_style(scale: "RatingScale", band: str) -> str:
    """The upper two fifths of the bands are grave, the middle one is to be watched."""
    share = scale.rank(band) / (len(scale.bands) - 1)
    return BAD if share > 0.6 else WARN if share > 0.4 else GOOD


def band_name(scale: "RatingScale", band: str) -> str:
    """Id and title of a band."""
    return next((f"{one.id} {gettext(one.title)}".rstrip() for one in scale.bands if one.id == band), band)


def rating(one: RatedEntry) -> Iterator[Content]:
    """All that is known of a rated entry: the result, what is due, what is odd, the anchors, other people's scales."""
    said = one.entry.said
    about = [str(said[name]) for name in ("class", "state") if said.get(name)]
    yield line("  ·  ".join([*about, one.scale.id]), MUTED)
    yield from result(one)
    yield from _as_stored(one)
    yield from due(one.entry.deadlines)
    yield from look_again(one)
    yield from _beside(one)
    yield from anchors(one.scale, one.levels, one.options)


def result(one: RatedEntry) -> Iterator[Content]:
    """Base, residual, and the band in force, with what made the one out of the other."""
    scale, found = one.scale, one.entry.rating
    yield Content("")
    yield line(gettext("In force") + "  ", HEADING) + Content.styled(
        f" {clean_line(band_name(scale, one.band), 60)} ", f"bold reverse {band_style(scale, one.band)}"
    )
    yield line("  " + fit(gettext("base"), 10) + f"{found.base:>3}  {band_name(scale, found.base_band)}")
    changes = [
        f"{modifier.id} {option.id} {option.points:+d}"
        for modifier in scale.modifiers
        for option in modifier.options
        if option.id == one.options.get(modifier.id) and option.points
    ]
    yield line("  " + fit(gettext("residual"), 10) + f"{found.residual:>3}  {band_name(scale, found.residual_band)}") + line(
        f"   {', '.join(changes)}" if changes else "", MUTED
    )
    if one.override:
        yield line("  " + show.said(one.override), WARN if one.raised_to else BAD, limit=600)


def _as_stored(one: RatedEntry) -> Iterator[Content]:
    if not one.as_stored and "base" in one.entry.said:
        told = gettext("the register says otherwise: `compliance-tui rate FILE --write` puts the computed numbers in")
        yield line(f"  {told}", BAD, limit=400)


def due(deadlines: Sequence[Deadline]) -> Iterator[Content]:
    """What is due by when, and how that stands."""
    if not deadlines:
        return
    yield Content("")
    since = next((f"{one.since:%Y-%m-%d %H:%M} UTC" for one in deadlines if one.since), "")
    head = gettext("What is due, from the report on {when}", when=since) if since else gettext("What is due")
    yield line(head, HEADING)
    widest = max(len(gettext(told)) for told in WHAT.values())
    for one in deadlines:
        sign = DEADLINES[one.state]
        yield (
            Content.styled(f"  {sign.mark} ", sign.style)
            + line(fit(gettext(WHAT[one.clock]), widest + 2), "bold")
            + line(gettext(one.text), sign.style if one.state in ("over", "missed") else "")
        )


def look_again(one: RatedEntry) -> Iterator[Content]:
    """What is odd about the entry, by the scale's own cautions."""
    if one.cautions:
        yield Content("")
        yield line(gettext("Look again"), HEADING)
        yield from (line(f"  {gettext(text)}", WARN, limit=400) for text in one.cautions)


def _beside(one: RatedEntry) -> Iterator[Content]:
    if not one.outside and one.jef is None:
        return
    yield Content("")
    yield line(gettext("Beside it: other people's scales, unofficial, never converted"), HEADING)
    for name, found in one.outside.items():
        given = (one.entry.said.get(name) or {}).get("levels") or {}
        levels = ", ".join(f"{axis} {level}" for axis, level in given.items())
        points = ngettext("one point", "{number} points", found.base)
        yield line(f"  {name}  ", MUTED) + line(found.base_band, "bold") + line(f"  {points}  ({levels})", MUTED, limit=300)
        note = str((one.entry.said.get(name) or {}).get("note") or "")
        if note:
            yield line(f"       {note}", limit=600)
    if one.jef is not None:
        shares = ", ".join(f"{name} {share}" for name, share in one.entry.said["jef"].items() if name != "score")
        of = gettext("{value} of 10", value=one.jef)
        yield line("  JEF  ", MUTED) + line(of, "bold") + line(f"  ({shares})", MUTED, limit=300)


def anchors(scale: "RatingScale", levels: Mapping[str, str], options: Mapping[str, str]) -> Iterator[Content]:
    """Each axis with its anchors, each modifier with its options; the chosen ones marked."""
    on, off = ("(*)", "( )") if show.ASCII else ("●", "○")
    for one in questions(scale):
        chosen = (levels if one.sort == "level" else options).get(one.id)
        yield Content("")
        yield line(f"{one.id}  ", HEADING) + line(gettext(one.title), MUTED)
        for choice in one.choices:
            mark, style = (on, "bold") if choice.value == chosen else (off, MUTED)
            points = f"{choice.points:>3}" if one.sort == "level" else f"{choice.points:>+3}"
            width = max(len(each.value) for each in one.choices)
            yield line(f"  {mark} {choice.value:<{width}} {points}  {gettext(choice.meaning)}", style, limit=400)
