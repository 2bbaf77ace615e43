"""What F1 says: of the page, of the part that has the focus, and every key of the place."""

from textual.app import ComposeResult
from textual.content import Content

from compliance_tui.tui import show
from compliance_tui.tui.actions import keys_name
from compliance_tui.tui.keymap import keys_file
from compliance_tui.tui.page import Page
from compliance_tui.tui.reading import Text
from compliance_tui.tui.show import HEADING, MUTED, line

_STATES = (show.OUTCOMES, show.CHECKS, show.SEATS)
_FILTERS = (
    ("word", "stands in id, title, statement, guidance, the answer, or the title of its evidence"),
    ("is:", "blocking, in-order, waived, required, recommended, met, not-met, unanswered, recheck, missing, stale, failing, …"),
    ("kind: seat: needs:", "wants or has that kind; asks for that seat; lacks that kind or that seat"),
    ("group: level: by: standard:", "as the words say"),
    ("-term", "must not hold"),
)


class HelpPage(Page[None]):
    """Prose first, then keys, then signs."""

    place = "reading"

    def __init__(self, of: "Page[object]") -> None:
        super().__init__()
        self.of = of

    def body(self) -> ComposeResult:
        """One text that scrolls."""
        yield Text(self._lines())

    def on_mount(self) -> None:
        """Whose help it is."""
        self.title_line(line("Help", "bold"))

    def _lines(self) -> "list[Content]":
        rows = [show.prose(self.of.about)]
        part = self.of.part_help()
        if part:
            rows += [Content(""), line("Here", HEADING), show.prose(part)]
        rows += [Content(""), line("Keys of this page", HEADING)]
        rows += [line(f"  {keys_name(one):<14} {one.title:<14} {one.help}", limit=300) for one in self.of.actions()]
        rows.append(
            line(
                "  Tab            next part      Shift+Tab the one before; up, down, page up, page down, home, end move in it."
            )
        )
        if self.of.place == "controls":
            rows += [Content(""), line("The filter", HEADING)]
            rows += [line(f"  {name:<28} {what}", limit=300) for name, what in _FILTERS]
        rows += [Content(""), line("Signs", HEADING)]
        for table in _STATES:
            signs = "   ".join(f"{sign.mark} {sign.word}" for sign in table.values())
            rows.append(line(f"  {signs}"))
        rows += [
            Content(""),
            line(f'Your own keys: one line for each action in {keys_file()}, such as  answer = "a f7"', MUTED, 400),
        ]
        return rows

    def action_help(self) -> None:
        """It is help already."""
