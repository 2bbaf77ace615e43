"""A short list to pick one of, or some of, inside a form; and a page that is nothing else."""

from collections.abc import Hashable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.geometry import Size
from textual.widgets import Static

from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show
from compliance_tui.tui.form import Form
from compliance_tui.tui.rowlist import Cell, RowList

_MOST_ROWS = 12


class Pick(RowList):
    """Values with what is shown for each. With ``several``, Space marks, and all that are marked are picked."""

    DEFAULT_CSS = """
    Pick { height: auto; max-height: 14; background: $field; }
    """

    def __init__(self, values: Sequence[tuple[str, str]], *, id: str, several: bool = False, at: str | None = None) -> None:
        super().__init__(id=id)
        self.several = several
        self.picked: set[str] = set()
        self._shown: dict[Hashable, str] = {}
        self.set_values(values, at)

    def set_values(self, values: Sequence[tuple[str, str]], at: str | None = None) -> None:
        """Show these."""
        self._shown = {value: clean_line(shown, 400) for value, shown in values}
        self.picked &= {str(value) for value in self._shown}
        self.rows = list(self._shown)
        self.at = next((place for place, row in enumerate(self.rows) if row == at), 0)
        self.refresh(layout=True)
        if self.is_attached:
            self.post_message(self.Moved(self))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are values, up to a dozen."""
        return max(1, min(len(self.rows), _MOST_ROWS))

    @property
    def chosen(self) -> str | None:
        """The value under the cursor."""
        return str(self.here) if self.here is not None else None

    def toggle(self) -> None:
        """Mark the value under the cursor, or unmark it."""
        if self.several and self.chosen is not None:
            self.picked ^= {self.chosen}
            self.redraw(self.at)

    def key_space(self) -> None:
        """Mark."""
        self.toggle()

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """The box where several can be picked, and what is shown."""
        on, off = ("[x] ", "[ ] ") if show.ASCII else ("▣ ", "▢ ")
        box = (on if row in self.picked else off) if self.several else ""
        return ((box, "accent"), (self._shown.get(row, ""), "text"))


class PickPage(Form):
    """One list: Enter picks and leaves. Ends with the value that was picked."""

    verb = message("pick")

    def __init__(self, purpose: str, values: Sequence[tuple[str, str]], *, note: str = "", several: bool = False) -> None:
        super().__init__()
        self.purpose, self._values, self._note, self._several = purpose, values, note, several

    def fields(self) -> ComposeResult:
        """A note and the list."""
        if self._note:
            yield Static(show.line(self._note, show.MUTED, limit=600), classes="heading")
        yield Pick(self._values, id="values", several=self._several)

    @on(Pick.Chosen)
    def action_save(self) -> None:
        """Leave with it; with several, each on a line of its own."""
        pick = self.query_one("#values", Pick)
        picked = [str(row) for row in pick.rows if row in pick.picked] if self._several else []
        if not picked and pick.chosen is not None:
            picked = [pick.chosen]
        self.dismiss("\n".join(picked) or None)
