"""What F1 says: of the page, of the part that has the focus, and every key of the place."""

from textual.app import ComposeResult
from textual.content import Content

from compliance_tui.safe.language import gettext, message
from compliance_tui.tui import show
from compliance_tui.tui.keymap import keys_file, keys_name
from compliance_tui.tui.page import Page
from compliance_tui.tui.reading import Text
from compliance_tui.tui.show import HEADING, MUTED, line

_STATES = (show.OUTCOMES, show.CHECKS, show.SEATS)
_FILTERS = (
    (message("word"), message("stands in id, title, statement, guidance, the answer, or the title of its evidence")),
    ("is:", "blocking, in-order, waived, required, recommended, met, not-met, unanswered, recheck, missing, stale, failing, …"),
    ("kind: seat: needs:", message("wants or has that kind; asks for that seat; lacks that kind or that seat")),
    ("group: level: by: standard:", message("as the words say")),
    (message("-term"), message("must not hold")),
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
        self.title_line(line(gettext("Help"), "bold"))

    def _lines(self) -> "list[Content]":
        rows = [show.prose(self.of.about)]
        part = self.of.part_help()
        if part:
            rows += [Content(""), line(gettext("Here"), HEADING), show.prose(part)]
        rows += [Content(""), line(gettext("Keys of this page"), HEADING)]
        table = [(keys_name(one), gettext(one.title), gettext(one.help)) for one in self.of.actions()]
        within = gettext("Shift+Tab the one before; up, down, page up, page down, home, end move in it.")
        table.append((gettext("Tab"), gettext("next part"), within))
        width = max(14, *(len(title) for _, title, _ in table))
        rows += [line(f"  {keys:<14} {title:<{width}} {what}", limit=300) for keys, title, what in table]
        if self.of.place in ("controls", "answers"):
            rows += [Content(""), line(gettext("The filter"), HEADING)]
            rows += [line(f"  {show.said(name):<28} {show.said(what)}", limit=300) for name, what in _FILTERS]
        rows += [Content(""), line(gettext("Signs"), HEADING)]
        for signs in _STATES:
            rows.append(line("  " + "   ".join(f"{sign.mark} {sign.said}" for sign in signs.values())))
        own = gettext('Your own keys: one line for each action in {file}, such as  answer = "a f7"', file=keys_file())
        return [*rows, Content(""), line(own, MUTED, 400)]

    def action_help(self) -> None:
        """It is help already."""
