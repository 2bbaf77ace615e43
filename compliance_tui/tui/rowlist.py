"""A list of rows with a cursor. What stands in a row is asked for when the row is seen."""

from collections.abc import Callable, Hashable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from compliance_tui.tui.lines import Lines

Cell = tuple[str, str]
# tone -> the theme's variable for its colour, and whether it is bold; looked up once for each theme.
_TONES = {
    "text": ("foreground", False),
    "strong": ("foreground", True),
    "muted": ("text-muted", False),
    "good": ("text-success", False),
    "warn": ("text-warning", False),
    "bad": ("text-error", False),
    "accent": ("text-accent", False),
    "mark": ("footer-key-foreground", True),
}
_STYLES = {
    "$text-success": "good",
    "$text-warning": "warn",
    "$text-error": "bad",
    "$text-muted": "muted",
    "$text-accent": "accent",
}


def tone(style: str) -> str:
    """The tone of a list for a style of ``show``."""
    return _STYLES.get(style, "text")


class RowList(Lines):
    """Rows with a cursor. A subclass says what stands in a row; which rows may hold the cursor; which of them are marked."""

    class OfList(Message):
        """Something happened in a list."""

        def __init__(self, sender: "RowList") -> None:
            super().__init__()
            self.sender = sender

        @property
        def control(self) -> "RowList":
            """The list, so that a handler can name it."""
            return self.sender

    class Moved(OfList):
        """The cursor came to stand on another row."""

    class Chosen(OfList):
        """Enter was pressed on a row, or it was clicked twice."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[Hashable] = ()
        self.at = 0
        self._steps: dict[str, Callable[[], None]] = {
            "up": lambda: self.step(-1),
            "down": lambda: self.step(1),
            "pageup": lambda: self.step(-self._page),
            "pagedown": lambda: self.step(self._page),
            "home": lambda: self.go(0),
            "end": lambda: self.go(len(self.rows) - 1),
        }

    # -- what a subclass says ----------------------------------------------------------------------------------------------

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """The pieces of a row, text (safe already) and tone, from the left; together at most ``width`` cells."""
        return ((str(row), "text"),)

    def rests(self, row: Hashable) -> bool:
        """Whether the cursor may stand on the row."""
        return True

    # -- rows and cursor ---------------------------------------------------------------------------------------------------

    @property
    def here(self) -> Hashable | None:
        """The row under the cursor."""
        return self.rows[self.at] if 0 <= self.at < len(self.rows) else None

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 2)

    def show(self, rows: Sequence[Hashable], at: Hashable | None = None) -> None:
        """Take these rows; the cursor stands on ``at``, else on the row it stood on, else as near as can be."""
        wanted = at if at is not None else self.here
        self.rows = rows
        place = next((place for place, row in enumerate(rows) if row == wanted), None)
        self.at = self._nearest(self.at if place is None else place, 1)
        self.refresh()
        self.reveal()
        self.post_message(self.Moved(self))

    def _nearest(self, at: int, direction: int) -> int:
        """The row nearest to ``at`` on which the cursor may stand, first looking in that direction."""
        if not self.rows:
            return 0
        at = max(0, min(at, len(self.rows) - 1))
        ahead = range(at, len(self.rows)) if direction > 0 else range(at, -1, -1)
        behind = range(at, -1, -1) if direction > 0 else range(at, len(self.rows))
        return next((one for way in (ahead, behind) for one in way if self.rests(self.rows[one])), at)

    def step(self, by: int) -> None:
        """Move the cursor by so many rows, past those on which it may not stand."""
        self.go(self.at + by, 1 if by > 0 else -1)

    def go(self, at: int, direction: int = 1) -> None:
        """Put the cursor on a row, or on the nearest on which it may stand."""
        old, self.at = self.at, self._nearest(at, direction)
        if old != self.at:
            self.redraw(old)
            self.redraw(self.at)
            self.reveal()
            self.post_message(self.Moved(self))

    def go_to(self, row: Hashable) -> bool:
        """Put the cursor on that row; False where the list does not show it."""
        place = next((place for place, one in enumerate(self.rows) if one == row), None)
        if place is None:
            return False
        self.go(place)
        return True

    def reveal(self) -> None:
        """Turn the list so that the cursor is seen: by half a page, since each turn draws all of it anew."""
        height = self.size.height
        if height <= 0:
            return
        top = self.top
        if self.at < top:
            top = self.at - (0 if self.at <= 1 else height // 2)
        elif self.at >= top + height:
            top = self.at - height // 2
        self.turn(top)

    def line_count(self) -> int:
        """One line for each row."""
        return len(self.rows)

    # -- keys and clicks ---------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Move; whatever else is pressed is the page's, and so is a key that was on its way when the focus went elsewhere."""
        if self.screen.focused is not self:
            return
        step = self._steps.get(event.key)
        if step is not None:
            event.stop()
            event.prevent_default()
            step()
        elif event.key == "enter":
            event.stop()
            self.post_message(self.Chosen(self))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one chooses; no mouse is needed for either."""
        at = event.y + self.top
        if 0 <= at < len(self.rows) and self.rests(self.rows[at]):
            self.go(at)
            if event.chain > 1:
                self.post_message(self.Chosen(self))

    def on_resize(self) -> None:
        """The same row stays in sight."""
        self.reveal()

    # -- drawing -----------------------------------------------------------------------------------------------------------

    def focus_changed(self) -> None:
        """The cursor looks otherwise with the focus."""
        super().focus_changed()
        self.redraw(self.at)

    def _cursor_style(self) -> Style:
        """The row under the cursor; where colours are the terminal's, by reversing or underlining."""
        style = self._looks.get("cursor")
        if style is None:
            if self.app.native_ansi_color:
                style = Style(reverse=True) if self.has_focus else Style(bold=True, underline=True)
            else:
                kind = "block-cursor" if self.has_focus else "block-cursor-blurred"
                style = Style(color=self.colour(f"{kind}-foreground"), bgcolor=self.colour(f"{kind}-background"))
            self._looks["cursor"] = style
        return style

    def draw(self, at: int, width: int) -> Strip:
        """One row; the one under the cursor in one style, so that a move costs few bytes."""
        inside = max(0, width - 1)
        cells = self.cells(self.rows[at], inside)
        if at == self.at and self.rests(self.rows[at]):
            text = set_cell_size("".join(text for text, _ in cells), inside)
            return Strip([Segment(f" {text}", self._cursor_style())], width)
        base = self.rich_style
        segments = [Segment(" ", base)]
        used = 0
        for text, name in cells:
            length = cell_len(text)
            if length > inside - used:
                text, length = set_cell_size(text, inside - used), inside - used
            if length:
                segments.append(Segment(text, base if name == "text" else base + self.look(name, *_TONES[name])))
                used += length
        segments.append(Segment(" " * (inside - used), base))
        return Strip(segments, width).simplify()


def fit(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells; what is cut is shown to be."""
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    return set_cell_size(text, width - 1) + "…" if width > 1 else set_cell_size(text, width)
