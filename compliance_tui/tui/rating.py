"""How grave are the known bypasses? Each entry of the attached registers, rated by its scale, with what is due by when."""

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.worker import get_current_worker

from compliance_tui.assessment.rate import RatedEntry, scale_of
from compliance_tui.assessment.registers import Register, rating_standard, registers, titles, values_for
from compliance_tui.assessment.try_values import as_it_is
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import standard_folders
from compliance_tui.tui import show
from compliance_tui.tui.halves import Halves
from compliance_tui.tui.page import Page
from compliance_tui.tui.rated import anchors, band_name, band_style, rating
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList, fit, tone
from compliance_tui.tui.show import HEADING, MUTED, WARN, line, prose

if TYPE_CHECKING:
    from compliance_tui.standard.model import Standard

_REST_SECONDS = 0.1


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
        #entries { width: 2fr; }
        #right { width: 3fr; }
        &.-narrow #entries { width: 100%; }
        &.-narrow #right { width: 100%; height: 3fr; }
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
        with Halves():
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
        yield line(gettext(scale.title), "bold")
        yield prose(gettext(scale.summary))
        yield Content("")
        yield line(gettext("Bands"), HEADING)
        for band in reversed(scale.bands):
            floor = gettext("from {points}", points=band.floor)
            yield line(f"  {fit(band_name(scale, band.id), 20)}  {floor}", band_style(scale, band.id))
        yield from anchors(scale, {}, {})

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
