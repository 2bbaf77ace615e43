"""What a bundle holds, read-only: its controls with their answers, and its evidence, with what cannot be seen shown as that."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, cast

from textual.content import Content

from compliance_tui.safe.language import gettext, message, ngettext, pgettext
from compliance_tui.safe.words import word
from compliance_tui.tui import show
from compliance_tui.tui.bundle_session import BundleSession
from compliance_tui.tui.controls import ControlsPage
from compliance_tui.tui.evidence import EvidencePage
from compliance_tui.tui.items import ItemList
from compliance_tui.tui.rowlist import Cell, fit
from compliance_tui.tui.session import Session
from compliance_tui.tui.show import HEADING, MUTED, WARN, line

if TYPE_CHECKING:
    from compliance_tui.assessment.model import Item
    from compliance_tui.assessment.readiness import ControlKey


class AnswersPage(ControlsPage):
    """The controls of a bundle; ``marked`` are marked at first, and the cursor is on the first of them."""

    place = "answers"
    about = message(
        "Every control of the standards that the bundle answers, by group, with what can be seen of its answer. The outcomes "
        "are computed here; where something is withheld or sealed, what the lab claims stands beside them. Nothing can be "
        "changed. Esc first drops a filter, then goes back to the verdict."
    )

    def __init__(self, marked: "Sequence[ControlKey]" = ()) -> None:
        super().__init__()
        self._marked = list(marked)

    def renew(self) -> None:
        """Show what is there now."""
        super().renew()
        if self._marked:
            self.take_up(self._marked)
            self._marked = []

    def action_leave(self) -> None:
        """The line that is typed in, the filter and the marks go first; then back to the verdict."""
        if (self.finder is not None and self.finder.display) or self.filtering or self.checklist.marked:
            self.action_step_back()
        else:
            self.dismiss(None)


class BundleItemList(ItemList):
    """The items that are there, and a line for each that is not."""

    @property
    def bundle(self) -> BundleSession:
        """The bundle."""
        return cast("BundleSession", self.session)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """What is hidden has no title, kind, nor size: only its id is known, and its commitment."""
        hidden = self.bundle.hidden.get(str(row))
        if hidden is None:
            return super().cells(row, width)
        said = pgettext("in 11 cells", "sealed") if hidden == "sealed" else pgettext("in 11 cells", "withheld")
        return ((f"{fit(said, 11)} ", "warn"), (fit(str(row), max(8, width - 12)), "text"))


class BundleEvidencePage(EvidencePage):
    """The evidence of a bundle."""

    about = message(
        "Every item that the bundle commits to. What is withheld is committed to and left out; what is sealed is in it, "
        "encrypted to somebody. Ask the lab for such an item, or open it with your own secret key: p on the verdict names a "
        "folder that was handed over, or the file of the key. Enter looks into the files of an item; each is hashed first."
    )

    def listing(self) -> ItemList:
        """With the hidden ones."""
        return BundleItemList(self.session)

    @property
    def bundle(self) -> BundleSession:
        """The bundle."""
        return cast("BundleSession", self.session)

    def further(self, words: Sequence[str]) -> list[str]:
        """The hidden items, after those that can be seen."""
        return [
            name
            for name, how in self.bundle.hidden.items()
            if all(one in f"{name} {how} {gettext(word(how))}".lower() for one in words)
        ]

    def hidden_words(self) -> Content:
        """How many are withheld or sealed."""
        number = len(self.bundle.hidden)
        return line("  " + ngettext("1 cannot be seen", "{number} cannot be seen", number), WARN) if number else Content("")

    def _lines(self, item: "Item") -> list[Content]:
        """What an item is; of one that was not in the bundle itself, that."""
        rows = super()._lines(item)
        if self.bundle.found is not None and item.id in self.bundle.found.handed:
            told = gettext("handed over apart, or opened from its seal; it is the one that the bundle commits to")
            rows.insert(2, line(told, WARN))
        return rows

    def nothing(self) -> list[Content]:
        """About a hidden item: what it is part of, and how one gets to see it."""
        bundle, name = self.bundle, str(self.items.here)
        hidden = bundle.hidden.get(name)
        if hidden is None:
            return [line(gettext("nothing is found; Esc shows everything again"), MUTED)]
        rows = [line(f"{name}  ", "bold") + line(gettext(word(hidden)), WARN), Content("")]
        if hidden == "sealed":
            told = gettext(
                "It is in the bundle, encrypted to named recipients. p on the verdict names the file of your secret key."
            )
        else:
            told = gettext(
                "The lab committed to it and left it out. Ask for it: what you get goes along with p on the verdict, and is "
                "proved to be the one committed to."
            )
        rows += [line(told, limit=400), Content("")]
        rows += [line(gettext("Serves"), HEADING)]
        core = bundle.found.view.core if bundle.found is not None and bundle.found.view is not None else None
        for answer in core.answers if core is not None else ():
            if name in answer.evidence or name == answer.item:
                what = gettext("its answer's text") if name == answer.item else gettext("evidence")
                rows.append(line(f"  {answer.control}", "bold") + line(f"  {what}", MUTED))
        return rows


def hidden_lines(session: Session, key: "ControlKey") -> list[Content]:
    """What cannot be seen of an answer, and what the lab claims of it; empty where all of it is there."""
    assert isinstance(session, BundleSession)
    core = session.found.view.core if session.found is not None and session.found.view is not None else None
    answer = next((one for one in core.answers if (one.standard, one.control) == key), None) if core is not None else None
    if answer is None:
        return []
    names = session.hidden_of([answer.item, *answer.evidence])
    if not names:
        return []
    claimed = show.OUTCOMES.get(session.claimed.get(key, ""))
    rows = [Content(""), line(gettext("What cannot be seen"), HEADING)]
    for name in names:
        what = gettext("the text of the answer") if name == answer.item else gettext("evidence")
        rows.append(line(f"  {name}  {what}: ", limit=200) + line(gettext(word(session.hidden[name])), WARN))
    if claimed is not None:
        told = gettext("the lab claims: {outcome}; it cannot be computed again without them", outcome=claimed.said)
        rows.append(line(f"  {told}", limit=300))
    return rows
