"""A list that one walks and narrows, and what belongs to a row beside it: what it is about, then old beside new."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from compliance_tui.safe.language import gettext
from compliance_tui.safe.words import text_name
from compliance_tui.standard.diff import TextChange
from compliance_tui.tui.detail import parts
from compliance_tui.tui.narrowing import Narrowing
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList
from compliance_tui.tui.show import BAD, GOOD, HEADING, MUTED, line

_REST_SECONDS = 0.1
Sides = tuple[Iterable[Content], Iterable[Content], Iterable[Content]]


@dataclass(frozen=True)
class Entry:
    """A row that one can stand on, by its place among all."""

    at: int


class EntryList(RowList):
    """Headings and entries; the page says what stands in an entry."""

    def __init__(self, page: "TwoSidedPage") -> None:
        super().__init__(id="entries")
        self.page = page

    def rests(self, row: Hashable) -> bool:
        """On entries."""
        return isinstance(row, Entry)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """What the page says."""
        return self.page.cells(row.at, width) if isinstance(row, Entry) else ((str(row), "accent"),)


class TwoSidedPage(Narrowing[str | None]):
    """A subclass gives the entries with their headings, what stands in one, and what belongs to it."""

    DEFAULT_CSS = """
    TwoSidedPage {
        #comparing { height: 1fr; }
        #left { width: 2fr; height: 1fr; }
        #told { width: 3fr; height: 1fr; border-left: vkey $primary; }
        #about { height: auto; max-height: 50%; }
        #sides { height: 1fr; }
        #before, #after { width: 1fr; height: 1fr; }
        #find { background: $field-focus; }
        &.-narrow #comparing { layout: vertical; }
        &.-narrow #left { width: 100%; height: 1fr; }
        &.-narrow #told { width: 100%; height: 2fr; border-left: none; border-top: hkey $primary; }
    }
    """
    AUTO_FOCUS = "#entries"

    def __init__(self) -> None:
        super().__init__()
        self._rest: Timer | None = None

    def grouped(self) -> Sequence[tuple[str, Sequence[int]]]:
        """The entries by their places, under headings; an empty heading is none."""
        raise NotImplementedError

    def cells(self, at: int, width: int) -> Sequence[Cell]:
        """One row."""
        raise NotImplementedError

    def haystack(self, at: int) -> str:
        """What an entry is found by."""
        raise NotImplementedError

    def sides(self, at: int) -> Sides:
        """What belongs to an entry: about it, before, after."""
        raise NotImplementedError

    def nothing(self) -> Sides:
        """What is told where no entry is under the cursor."""
        return [line(gettext("nothing is found; Esc shows everything again"), MUTED)], (), ()

    def body(self) -> ComposeResult:
        """List, and the detail in two columns."""
        with Horizontal(id="comparing"):
            with Vertical(id="left"):
                box = Input(id="find", placeholder=gettext("words of id, kind, or text"))
                box.cursor_blink = False
                box.display = False
                yield box
                yield EntryList(self)
            with Vertical(id="told"):
                yield Text(id="about")
                with Horizontal(id="sides"):
                    yield Text(id="before")
                    yield Text(id="after")

    def on_mount(self) -> None:
        """Start on the first entry."""
        self.fill()

    def fill(self) -> None:
        """Show the entries that the filter finds."""
        words = self.query_one("#find", Input).value.lower().split()
        rows: list[Hashable] = []
        for heading, places in self.grouped():
            inside = [Entry(at) for at in places if not words or all(word in self.haystack(at).lower() for word in words)]
            if inside:
                rows += [f"{heading} ({len(inside)})", *inside] if heading else inside
        listing = self.query_one(EntryList)
        first = next((row for row in rows if isinstance(row, Entry)), None)
        listing.show(rows, listing.here if listing.here in rows else first)
        if first is None:
            self._show()

    @on(RowList.Moved)
    def _moved(self) -> None:
        """The text follows when the cursor rests: a held key does not lay out all of it."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._show)

    def _show(self) -> None:
        here = self.query_one(EntryList).here
        found = self.sides(here.at) if isinstance(here, Entry) else self.nothing()
        for name, rows in zip(("about", "before", "after"), found, strict=True):
            self.query_one(f"#{name}", Text).show(rows, home=True)

    @on(RowList.Chosen)
    def _to_the_text(self) -> None:
        self.query_one("#after" if self.query_one("#after", Text).plain else "#about").focus()

    # -- the filter --------------------------------------------------------------------------------------------------------

    @property
    def narrowed(self) -> Widget:
        """The list."""
        return self.query_one(EntryList)

    def narrow(self) -> None:
        """Another filter."""
        self.fill()


def side(texts: Sequence[TextChange], rules: Sequence[str], sign: str, heading: str) -> Iterable[Content]:
    """One side of a difference: its rules, and its texts with what went (``-``) or came (``+``) marked."""
    yield line(heading, HEADING)
    colour = BAD if sign == "-" else GOOD
    for rule in rules:
        yield line(f"{sign} {gettext(rule)}", colour, limit=600)
    for one in texts:
        yield Content("")
        control = one.old if sign == "-" else one.new
        yield line(gettext("{field} of {control}", field=gettext(text_name(one.field)), control=control), MUTED)
        yield parts([part for part in one.parts if part[0] in ("=", sign)])
