"""The list of evidence items: what each is, how fresh, whom it serves."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from compliance_tui.assessment.checks import age_days
from compliance_tui.assessment.serving import served_by, standing, tightest_age
from compliance_tui.safe.language import gettext, pgettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.tui import show
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.session import Fault, Session

if TYPE_CHECKING:
    from compliance_tui.assessment.model import Item
    from compliance_tui.assessment.readiness import ControlKey, ControlState

_TONES = {
    "missing": "bad",
    "altered": "bad",
    "too old": "warn",
    "future": "warn",
    "serves none": "muted",
    "fresh": "good",
}


class ItemList(RowList):
    """One line for each item."""

    def __init__(self, session: Session) -> None:
        super().__init__(id="items")
        self.session = session
        self.altered: dict[str, Fault] = {}

    def fault(self, item: str) -> Fault | None:
        """What is wrong with the stored bytes."""
        loaded = self.session.loaded
        return self.altered.get(item) or (loaded.faults.get(item) if loaded else None)

    def state(self, item: "Item") -> tuple[str, str]:
        """The word for an item, and its tone."""
        session = self.session
        how = standing(session.contents, self._states(), item, session.result.as_of, self.fault(item.id))
        return word(how), _TONES[how]

    def _states(self) -> "Mapping[ControlKey, ControlState]":
        return self.session.loaded.states if self.session.loaded else {}

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """State, id, title; kind, age, whom it serves, size where there is room."""
        item = self.session.contents.items.get(str(row))
        if item is None:
            return ((f"{row}", "muted"),)
        state, tone = self.state(item)
        most = tightest_age(self.session.contents, self._states(), item)
        age = str(age_days(item, self.session.result.as_of))
        age = gettext("{age} d of {most}", age=age, most=most) if most else gettext("{age} d", age=age)
        right: list[Cell] = [(f" {fit(item.kind, 18)}", "muted")] if width >= 60 else []
        right.append((f" {age:>12}", tone if state == "too old" else "text"))
        right += (
            [(f" {len(served_by(self.session.contents, item.id)):>3}", "text"), (f" {show.size(item.size):>11}", "muted")]
            if width >= 76
            else []
        )
        if width >= 100:
            withheld, disclosed = pgettext("in 9 cells", "withheld"), pgettext("in 9 cells", "disclosed")
            right.append((" " + fit(withheld if item.disclosure == "withhold" else disclosed, 9), "muted"))
        left = width - sum(len(text) for text, _ in right) - 12
        return (
            (fit(gettext(state), 11), tone),
            (" ", "text"),
            (fit(f"{item.id}  {clean_line(item.title, 200)}", left), "text"),
            *right,
        )
