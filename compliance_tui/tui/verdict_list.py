"""The list of a bundle's first page: the lines of its verdict, then the parts that it has. And their words."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.tui import show
from compliance_tui.tui.rowlist import Cell, RowList, fit, tone
from compliance_tui.tui.show import BAD, GOOD, WARN

if TYPE_CHECKING:
    from compliance_tui.tui.verdict import VerdictPage

CHIPS = {
    "accepted": (message("ACCEPTED"), GOOD),
    "not-accepted": (message("NOT ACCEPTED"), WARN),
    "broken": (message("BROKEN"), BAD),
}
ANSWERS = {"yes": (message("yes"), GOOD), "no": (message("NO"), BAD), "unknown": (message("unknown"), WARN)}
# What each line asks, and which part of the bundle answers it.
MEANS = {
    "structure": message("Only what belongs into a bundle is there, each file in its place."),
    "integrity": message("Every file, and every item handed over with it, hashes to what the signed core commits to."),
    "signatures": message("Your policy's rule is satisfied: so many persons in these roles, each key one vote."),
    "identity": message("Somebody whom your policy knows signed. Names are your policy's, never the bundle's."),
    "time": message("An authority of your policy saw the signature. Without one, the time is the lab's own claim."),
    "standard": message("The text that was answered is one that your policy accepts, by its SHA-256."),
    "freshness": message("Nothing took the bundle's place. Only a fresh register of the lab, or your own memory, can tell."),
    "completeness": message("All that the core names is here, withheld or sealed, and says so."),
    "readiness": message("The standard's own rule, computed again here from the answers and from the evidence."),
}
LEADS = {
    "structure": "evidence",
    "integrity": "evidence",
    "signatures": "signers",
    "identity": "signers",
    "time": "signers",
    "standard": "standards",
    "freshness": "statements",
    "completeness": "evidence",
    "readiness": "readiness",
}


PARTS = {
    "controls": message("Controls"),
    "evidence": message("Evidence"),
    "standards": message("Standards"),
    "signers": message("Signers"),
    "statements": message("Statements"),
    "policy": message("Your policy"),
    "decide": message("Answer it"),
    "compare": message("Compare it"),
}


@dataclass(frozen=True)
class LineRow:
    """One line of the verdict."""

    name: str


@dataclass(frozen=True)
class ReasonRow:
    """A further line of the reason of one."""

    name: str
    text: str


@dataclass(frozen=True)
class PartRow:
    """One part of the bundle that has a page of its own."""

    name: str


class VerdictList(RowList):
    """The lines of the verdict, then the parts of the bundle."""

    def __init__(self, page: "VerdictPage") -> None:
        super().__init__(id="verdict")
        self.page = page

    def rests(self, row: Hashable) -> bool:
        """On lines and parts."""
        return isinstance(row, LineRow | PartRow)

    def on_resize(self) -> None:
        """Whole reasons where there is room for them, else their beginnings."""
        self.page.renew()
        super().on_resize()

    def rows_for(self, names: Sequence[str]) -> list[Hashable]:
        """The rows for lines of these names: each with all of its reason where everything fits, else with its beginning."""
        parts: list[Hashable] = [gettext("In it"), *(PartRow(name) for name in PARTS)]
        whole: list[Hashable] = []
        for name in names:
            whole += [LineRow(name), *(ReasonRow(name, text) for text in self._reason(name)[1:])]
        fits = len(whole) + len(parts) <= self.size.height
        return [*(whole if fits else map(LineRow, names)), *parts]

    @property
    def _columns(self) -> tuple[int, int]:
        """The widths of the words for outcomes, and of the names of lines."""
        return show.widest(map(word, show.LINES), 7) + 1, show.widest(map(word, MEANS), 13) + 1

    def _reason(self, name: str) -> list[str]:
        """The reason of a line as lines that fit beside its name."""
        found, room = self.page.line(name), max(16, self.size.width - sum(self._columns) - 6)
        return wrap(clean_line(gettext(found.reason), 1000), room) if found is not None else []

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """Sign, word, name and reason; or a part with what there is of it."""
        if isinstance(row, PartRow):
            wide = show.widest(PARTS.values(), 14)
            what = fit(self.page.counts(row.name), max(8, width - wide - 3)).rstrip()
            return ((f"  {fit(gettext(PARTS[row.name]), wide)}", "text"), (f" {what}", "muted"))
        outcome, named = self._columns
        if isinstance(row, ReasonRow):
            return ((" " * (outcome + named + 4), "text"), (row.text, "text"))
        if not isinstance(row, LineRow):
            return ((str(row), "accent"),)
        found, name = self.page.line(row.name), fit(gettext(word(row.name)), named)
        if found is None:
            told = gettext("being looked at") if self.page.verifying else gettext("not looked at")
            return ((f"  {'':<{outcome + 1}}{name} ", "muted"), (told, "muted"))
        sign = show.LINES[found.outcome]
        head = f"{sign.mark} {fit(gettext(word(found.outcome)), outcome)} "
        follows = ReasonRow(row.name, (self._reason(row.name)[1:] or [""])[0]) in self.rows
        reason = self._reason(row.name)[0] if follows else clean_line(gettext(found.reason), 400)
        room = max(8, width - len(head) - len(name) - 1)
        return ((head, tone(sign.style)), (f"{name} ", "strong"), (fit(reason, room).rstrip(), "text"))
