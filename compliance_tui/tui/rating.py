"""How grave are the known bypasses? Each entry of the attached registers, rated by its scale, with what is due by when."""

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.worker import get_current_worker

from compliance_tui.assessment.deadlines import WHAT, Deadline
from compliance_tui.assessment.rate import RatedEntry, scale_of
from compliance_tui.assessment.registers import Register, rating_standard, registers, titles, values_for
from compliance_tui.assessment.try_values import as_it_is, questions
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import standard_folders
from compliance_tui.tui import show
from compliance_tui.tui.page import Page
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList, fit, tone
from compliance_tui.tui.show import BAD, GOOD, HEADING, MUTED, WARN, Sign, line, prose

if TYPE_CHECKING:
    from compliance_tui.standard.model import Standard
    from compliance_tui.standard.scale import RatingScale

_REST_SECONDS = 0.1
DEADLINES = {
    "met": Sign("✓", "+", message("in time"), GOOD),
    "missed": Sign("✗", "!", message("late"), BAD),
    "running": Sign("◌", "~", message("runs"), WARN),
    "over": Sign("✗", "!", message("over"), BAD),
    "waiting": Sign("·", ".", message("waits"), MUTED),
    "undated": Sign("?", "?", message("undated"), WARN),
}


@dataclass(frozen=True)
class Place:
    """One entry of one register, in the order of the list."""

    item: str
    entry: str


@dataclass(frozen=True)
class Found:
    """What was read: the registers, and what to rate by where there is none."""

    registers: Sequence[Register]
    standard: "Standard"
    values: Mapping[str, str]
    titles: Mapping[Place, str]


def band_style(scale: "RatingScale", band: str) -> str:
    """The upper two fifths of the bands are grave, the middle one is to be watched."""
    share = scale.rank(band) / (len(scale.bands) - 1)
    return BAD if share > 0.6 else WARN if share > 0.4 else GOOD


def band_name(scale: "RatingScale", band: str) -> str:
    """Id and title of a band."""
    return next((f"{one.id} {one.title}".rstrip() for one in scale.bands if one.id == band), band)


class EntryList(RowList):
    """The entries, under the register that each is in."""

    def __init__(self) -> None:
        super().__init__(id="entries")
        self.entries: dict[Place, RatedEntry] = {}
        self.titles: Mapping[Place, str] = {}

    def rests(self, row: Hashable) -> bool:
        """On entries."""
        return isinstance(row, Place)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """Band in force, state, id and title; the next thing that is due where there is room."""
        one = self.entries.get(row) if isinstance(row, Place) else None
        if one is None or not isinstance(row, Place):
            return ((clean_line(str(row), 200), "strong"),)
        closed = one.entry.said.get("state") == "closed"
        style = "muted" if closed else tone(band_style(one.scale, one.band))
        told = f"{one.entry.id}  {clean_line(self.titles.get(row, ''), 200)}"
        due, due_tone = due_next(one) if width >= 50 else ("", "text")
        room = width - 15 - (len(due) + 2 if due else 0)
        state = gettext("closed") if closed else gettext("open")
        return (
            (f" {fit(one.band, 5)} ", style),
            (fit(state, 7), "muted" if closed else "text"),
            (" ", "text"),
            (fit(told, room), "text"),
            (f"  {due}", due_tone),
        )


def due_next(one: RatedEntry) -> tuple[str, str]:
    """How many clocks are over; else the clock that runs out first."""
    over = sum(deadline.state == "over" for deadline in one.entry.deadlines)
    if over:
        return ngettext("one over", "{number} over", over), "bad"
    running = [deadline for deadline in one.entry.deadlines if deadline.state == "running" and deadline.left is not None]
    if not running:
        return "", "text"
    first = min(running, key=lambda deadline: deadline.left or dt.timedelta())
    hours = int((first.left or dt.timedelta()).total_seconds()) // 3600
    left = gettext("{number} d left", number=hours // 24) if hours >= 48 else gettext("{number} h left", number=hours)
    return left, "warn" if hours < 48 else "text"


class RatingPage(Page[None]):
    """Entries on the left, the one under the cursor on the right; without a register, the scale itself."""

    DEFAULT_CSS = """
    RatingPage {
        #halves { height: 1fr; }
        #entries { width: 2fr; }
        #right { width: 3fr; border-left: vkey $primary; }
        &.-narrow #halves { layout: vertical; }
        &.-narrow #entries { width: 100%; height: 1fr; }
        &.-narrow #right { width: 100%; height: 3fr; border-left: none; border-top: hkey $primary; }
        &.-narrow.-low #right { height: 2fr; }
    }
    """
    AUTO_FOCUS = "#entries"
    place = "rating"
    about = message(
        "Every bypass of the attached registers, rated anew by the scale that its register names: points and band before "
        "anything was done, what is left after it, and what is due by when. Outside scales stand beside it where their values "
        "were given; nothing is converted. w tries other values, for an entry or for a bypass that is in no register yet, and "
        "changes nothing."
    )
    parts = {
        "entries": message("The entries: band in force, state, what is due next. Up and down move, Tab goes to the rating."),
        "right": message("The rating. Up and down scroll, Tab goes back to the list."),
    }

    def __init__(self, item: str | None = None) -> None:
        super().__init__()
        self._item = item
        self._found: Found | None = None
        self._rest: Timer | None = None

    def body(self) -> ComposeResult:
        """List and rating."""
        with Horizontal(id="halves"):
            yield EntryList()
            yield Text(id="right")

    def on_mount(self) -> None:
        """Read and rate in a thread."""
        self.title_line(line(gettext("Ratings"), "bold"), line(gettext("reading"), MUTED))
        self.renew()

    def renew(self) -> None:
        """Rate what is there now, as of when it was read."""
        self.run_worker(partial(self._read, self.session.result.as_of), thread=True, exclusive=True, group="ratings")

    def _read(self, at: dt.datetime) -> None:
        contents, worker = self.session.contents, get_current_worker()
        folders = standard_folders(self.session.standards_folder)
        try:
            found = registers(contents, folders, at)
            standard = found[0].standard if found else rating_standard(contents, folders)
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, show.said(str(error)))
            return
        named = {
            Place(one.item.id, entry): title for one in found for entry, title in titles(contents, one.item).items() if title
        }
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show, Found(found, standard, values_for(contents, standard), named))

    # -- showing -----------------------------------------------------------------------------------------------------------

    @property
    def entries(self) -> EntryList:
        """The list."""
        return self.query_one(EntryList)

    @property
    def rated(self) -> RatedEntry | None:
        """The entry under the cursor."""
        here = self.entries.here
        return self.entries.entries.get(here) if isinstance(here, Place) else None

    def _show(self, found: Found) -> None:
        first, self._found = self._found is None, found
        listing, rows = self.entries, list[Hashable]()
        listing.entries, listing.titles = {}, found.titles
        for register in found.registers:
            rows.append(f"{register.item.id}  {register.item.title}  {register.item.speaks_of}")
            if register.fault:
                rows.append(f"  {show.said(register.fault)}")
            listing.entries |= {Place(register.item.id, one.entry.id): one for one in register.rated}
            rows += [place for place in listing.entries if place.item == register.item.id]
        listing.display = bool(rows)
        listing.show(rows)
        if first:
            here = [place for place in listing.entries if place.item == self._item] or list(listing.entries)
            still_open = [place for place in here if listing.entries[place].entry.said.get("state") != "closed"]
            if here:
                listing.go_to((still_open or here)[0])
            if not rows:
                self.query_one("#right", Text).focus()
        self._title(found)
        self._show_entry()

    def _title(self, found: Found) -> None:
        entries = list(self.entries.entries.values())
        still_open = [one for one in entries if one.entry.said.get("state") != "closed"]
        told = gettext(
            "{entries}, {open} open",
            entries=ngettext("one entry", "{number} entries", len(entries)),
            open=len(still_open),
        )
        left = line(gettext("Ratings"), "bold") + line(f"   {told}", MUTED)
        highest = max(still_open, key=lambda one: one.scale.rank(one.band), default=None)
        if highest is not None:
            name = band_name(highest.scale, highest.band)
            left += line("   " + gettext("highest open: {band}", band=name), band_style(highest.scale, highest.band))
        self.title_line(left, line(f"{found.standard.id} {found.standard.version}", MUTED))

    @on(RowList.Moved)
    def _moved(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._show_entry)

    def _show_entry(self) -> None:
        if self._found is None:
            return
        one, here = self.rated, self.entries.here
        if one is not None and isinstance(here, Place):
            rows = [line(f"{one.entry.id}  {self._found.titles.get(here, '')}".rstrip(), "bold"), *rating(one)]
        else:
            rows = list(self._scale_alone(self._found))
        self.query_one("#right", Text).show(rows, home=True)

    def _scale_alone(self, found: Found) -> Iterator[Content]:
        if not found.registers:
            yield line(gettext("No register of bypasses is attached. This is the scale; w tries values on it."), WARN)
            yield Content("")
        scale = scale_of(found.standard)
        yield line(scale.title, "bold")
        yield prose(scale.summary)
        yield Content("")
        yield line(gettext("Bands"), HEADING)
        for band in reversed(scale.bands):
            floor = gettext("from {points}", points=band.floor)
            yield line(f"  {fit(band_name(scale, band.id), 20)}  {floor}", band_style(scale, band.id))
        yield from _anchors(scale, {}, {})

    # -- what if -----------------------------------------------------------------------------------------------------------

    def action_what_if(self) -> None:
        """Try other values for the entry under the cursor, or for a bypass that is in no register."""
        from compliance_tui.tui.trying import TryPage

        found, one, here = self._found, self.rated, self.entries.here
        if found is None:
            self.say(gettext("the registers are being read"))
            return
        standard, values = found.standard, found.values
        if isinstance(here, Place):
            standard = next(register.standard for register in found.registers if register.item.id == here.item)
            values = values_for(self.session.contents, standard)
        scale = one.scale if one is not None else scale_of(standard)
        self.app.show(TryPage(scale, standard, as_it_is(scale, standard, values, one), one))

    def action_copy(self) -> None:
        """The id of the entry."""
        if self.rated is not None:
            self.app.copy_to_clipboard(self.rated.entry.id)
            self.say(gettext("in the clipboard: {text}", text=self.rated.entry.id))


# -- one rating, in sections -----------------------------------------------------------------------------------------------


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
    yield from _anchors(one.scale, one.levels, one.options)


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
    yield from _raised(one)


def _as_stored(one: RatedEntry) -> Iterator[Content]:
    if not one.as_stored and "base" in one.entry.said:
        told = gettext("the register says otherwise: `compliance-tui rate FILE --write` puts the computed numbers in")
        yield line(f"  {told}", BAD, limit=400)


def _raised(one: RatedEntry) -> Iterator[Content]:
    override = one.entry.said.get("override") or {}
    wanted = str(override.get("band", ""))
    if not wanted:
        return
    reason, by = str(override.get("reason") or ""), str(override.get("by") or "")
    if one.raised_to:
        told = gettext("raised to {band}", band=wanted)
        yield line(f"  {told}" + (f" ({by})" if by else "") + (f": {reason}" if reason else ""), WARN, limit=600)
        if not reason.strip():
            yield line("  " + gettext("no reason is given for it"), BAD)
    else:
        told = gettext("{band} was asked for and is not higher: people may raise a rating, never lower it", band=wanted)
        yield line(f"  {told}", BAD, limit=400)


def due(deadlines: Sequence[Deadline]) -> Iterator[Content]:
    """What is due by when, and how that stands."""
    if not deadlines:
        return
    yield Content("")
    since = next((f"{one.since:%Y-%m-%d %H:%M} UTC" for one in deadlines if one.since), "")
    head = gettext("What is due, from the report on {when}", when=since) if since else gettext("What is due")
    yield line(head, HEADING)
    for one in deadlines:
        sign = DEADLINES[one.state]
        yield (
            Content.styled(f"  {sign.mark} ", sign.style)
            + line(fit(gettext(WHAT[one.clock]), 16) + "  ", "bold")
            + line(gettext(one.text), sign.style if one.state in ("over", "missed") else "")
        )


def look_again(one: RatedEntry) -> Iterator[Content]:
    """What is odd about the entry, by the scale's own cautions."""
    if one.cautions:
        yield Content("")
        yield line(gettext("Look again"), HEADING)
        yield from (line(f"  {text}", WARN, limit=400) for text in one.cautions)


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
    if one.jef is not None:
        shares = ", ".join(f"{name} {share}" for name, share in one.entry.said["jef"].items() if name != "score")
        of = gettext("{value} of 10", value=one.jef)
        yield line("  JEF  ", MUTED) + line(of, "bold") + line(f"  ({shares})", MUTED, limit=300)


def _anchors(scale: "RatingScale", levels: Mapping[str, str], options: Mapping[str, str]) -> Iterator[Content]:
    """Each axis with its anchors, each modifier with its options; the chosen ones marked."""
    on, off = ("(*)", "( )") if show.ASCII else ("●", "○")
    for one in questions(scale):
        chosen = (levels if one.sort == "level" else options).get(one.id)
        yield Content("")
        yield line(f"{one.id}  ", HEADING) + line(one.title, MUTED)
        for choice in one.choices:
            mark, style = (on, "bold") if choice.value == chosen else (off, MUTED)
            points = f"{choice.points:>3}" if one.sort == "level" else f"{choice.points:>+3}"
            width = max(len(each.value) for each in one.choices)
            yield line(f"  {mark} {choice.value:<{width}} {points}  {choice.meaning}", style, limit=400)
