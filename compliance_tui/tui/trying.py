"""What if a bypass were rated otherwise? Values on the axes of a scale, tried one by one; nothing is written."""

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from compliance_tui.assessment.rate import RatedEntry
from compliance_tui.assessment.try_values import Question, Sort, Tried, questions, try_values
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show
from compliance_tui.tui.page import Page
from compliance_tui.tui.rated import due, look_again, result
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.show import HEADING, MUTED, WARN, line

if TYPE_CHECKING:
    from compliance_tui.standard.model import Standard
    from compliance_tui.standard.scale import RatingScale


class QuestionList(RowList):
    """One line for each thing that a value is tried for; left and right go through its values."""

    class Turned(RowList.OfList):
        """Another value was chosen."""

    def __init__(self, asked: Sequence[Question], tried: Tried) -> None:
        super().__init__(id="questions")
        self.asked = {(one.sort, one.id): one for one in asked}
        self.before, self.tried = tried, dict(tried)
        self.rows = list(self.asked)
        self._widest = max(len(one.id) for one in asked)
        self._values = max(len(choice.value) for one in asked for choice in one.choices) + 6

    def get(self, row: Hashable) -> Question | None:
        """The question of a row."""
        return next((one for key, one in self.asked.items() if key == row), None)

    def on_key(self, event: events.Key) -> None:
        """Left and right; Space and Enter go round."""
        one = self.get(self.here)
        if one is not None and event.key in ("left", "right", "space", "enter"):
            event.stop()
            event.prevent_default()
            values = [choice.value for choice in one.choices]
            at = values.index(self.tried[one.sort, one.id]) if self.tried[one.sort, one.id] in values else 0
            if event.key in ("space", "enter"):
                at = (at + 1) % len(values)
            else:
                at = max(0, min(len(values) - 1, at + (1 if event.key == "right" else -1)))
            self.turn_to(one, values[at])
        else:
            super().on_key(event)

    def turn_to(self, one: Question, value: str) -> None:
        """Try that value."""
        if value != self.tried[one.sort, one.id]:
            self.tried[one.sort, one.id] = value
            self.redraw(self.at)
            self.post_message(self.Turned(self))

    def take_back(self) -> None:
        """Every value as it was."""
        self.tried = dict(self.before)
        self.refresh()
        self.post_message(self.Turned(self))

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """What is asked, the value with its neighbours' signs, and what the value means."""
        one = self.get(row)
        if one is None:
            return ()
        key: tuple[Sort, str] = (one.sort, one.id)
        at = next((place for place, choice in enumerate(one.choices) if choice.value == self.tried[key]), 0)
        choice = one.choices[at]
        less, more = ("<", ">") if show.ASCII else ("◂", "▸")
        widest = max(len(each.value) for each in one.choices)
        value = f"{less if at else ' '} {choice.value or '-':<{max(1, widest)}} {more if at < len(one.choices) - 1 else ' '}"
        points = "" if choice.points is None else f"{choice.points:>3}" if one.sort == "level" else f"{choice.points:>+3}"
        changed = self.tried[key] != self.before[key]
        told = gettext(choice.meaning) or gettext("not said")
        left = self._widest + 2
        return (
            (fit(one.id, left), "strong" if changed else "text"),
            (fit(value, self._values), "warn" if changed else "accent"),
            (f"{points:>4}  ", "text"),
            (fit(clean_line(told, 300), max(0, width - left - self._values - 6)), "muted"),
        )


class TryPage(Page[None]):
    """What is asked above, what comes out of it below."""

    DEFAULT_CSS = """
    TryPage {
        #trying { height: 1fr; }
        #questions { height: 1fr; max-height: 14; }
        #outcome { height: 1fr; border-top: hkey $primary; }
    }
    """
    AUTO_FOCUS = "#questions"
    place = "trying"
    about = message(
        "Values are tried for the axes and modifiers of the scale, and for the axes of the standard that its clocks depend on. "
        "Left and right go through the values of a line; what comes out stands below at once. Nothing is written; w takes all "
        "values back."
    )
    parts = {
        "questions": message("What a value is tried for. Up and down choose the line, left and right the value."),
        "outcome": message("What comes out. Up and down scroll, Tab goes back to the values."),
    }

    def __init__(self, scale: "RatingScale", standard: "Standard", tried: Tried, entry: RatedEntry | None) -> None:
        super().__init__()
        self.scale, self.standard, self.entry = scale, standard, entry
        self._tried = tried

    def body(self) -> ComposeResult:
        """Questions and outcome."""
        with Vertical(id="trying"):
            yield QuestionList(questions(self.scale, self.standard), self._tried)
            yield Text(id="outcome")

    def on_mount(self) -> None:
        """What comes out of the values as they are."""
        of = self.entry.entry.id if self.entry is not None else self.scale.id
        name = gettext("What if: {entry}", entry=of)
        told = gettext("nothing is written")
        if self.app.size.width >= 80:
            told = gettext("left and right turn a value; nothing is written")
        self.title_line(line(name, "bold"), line(told, MUTED))
        self.renew()

    @on(QuestionList.Turned)
    @on(RowList.Moved)
    def renew(self) -> None:
        """What comes out."""
        self.query_one("#outcome", Text).show(self._outcome())

    def _outcome(self) -> Iterator[Content]:
        listing = self.query_one(QuestionList)
        said = self.entry.entry.said if self.entry is not None else {}
        found = try_values(self.scale, self.standard, listing.tried, said, self.session.result.as_of)
        if (asked := listing.get(listing.here)) is not None:
            value = listing.tried[asked.sort, asked.id]
            chosen = next((one for one in asked.choices if one.value == value), asked.choices[0])
            yield line(gettext(asked.title), HEADING)
            yield line(f"  {value}  {gettext(chosen.meaning)}" if value else f"  {gettext('not said')}", limit=600)
        yield from result(found)
        if self.entry is not None and found.band != self.entry.band:
            yield line("  " + gettext("now it is {band}", band=self.entry.band), WARN)
        yield from due(found.entry.deadlines)
        yield from look_again(found)

    def action_as_it_is(self) -> None:
        """Take every value back."""
        self.query_one(QuestionList).take_back()
