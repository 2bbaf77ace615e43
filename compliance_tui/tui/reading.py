"""A text to read, scrolled line by line. Wrapped lines hang under where their line began."""

import re
from collections.abc import Callable, Iterable, Sequence

from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip

from compliance_tui.tui.lines import Lines

# What stands between two columns of a row.
_GAP = re.compile(r" {2,}(?=\S)")
_NOTHING = Content("")
_STEP_ASIDE = 8


class Text(Lines):
    """Rows of content; with ``wrap`` off they are as wide as they are, and left and right scroll."""

    def __init__(self, rows: Iterable[Content] = (), *, id: str | None = None, wrap: bool = True) -> None:
        super().__init__(id=id)
        self._wrap = wrap
        self._given: list[Content] = []
        self._lines: Sequence[Content] = ()
        self._width, self._left = -1, 0
        self._take(rows)
        self._steps: dict[str, Callable[[], int]] = {
            "up": lambda: self.top - 1,
            "down": lambda: self.top + 1,
            "pageup": lambda: self.top - max(1, self.size.height - 2),
            "pagedown": lambda: self.top + max(1, self.size.height - 2),
            "space": lambda: self.top + max(1, self.size.height - 2),
            "home": lambda: 0,
            "end": lambda: len(self._lines),
        }

    @property
    def plain(self) -> str:
        """The text without its styles."""
        return "\n".join(row.plain for row in self._given)

    def show(self, rows: Iterable[Content], *, home: bool = False) -> None:
        """Show other rows, and draw those lines that read otherwise than before; ``home`` goes back to the first."""
        before, top = self._lines, self.top
        self._take(rows)
        self._lay_out(self.size.width - 1)
        if home:
            self.top, self._left = 0, 0
        self.top = max(0, min(self.top, len(self._lines) - self.size.height))
        if self.styles.is_auto_height:
            self.refresh(layout=True)
        for y in range(self.size.height):
            old = before[top + y] if top + y < len(before) else _NOTHING
            new = self._lines[self.top + y] if self.top + y < len(self._lines) else _NOTHING
            if not old.is_same(new) or len(before) != len(self._lines):
                self.redraw(self.top + y)

    def _take(self, rows: Iterable[Content]) -> None:
        self._given = [line for row in rows for line in row.split("\n", allow_blank=True)]
        self._width = -1

    def _lay_out(self, width: int) -> None:
        """Wrap at that width; nothing to do where that was done."""
        if width == self._width or width <= 1:
            return
        self._width = width
        inside = max(1, width - 2)  # a cell from the left, and one from the bar
        self._lines = [line for row in self._given for line in _hanging(row, inside)] if self._wrap else self._given

    def line_count(self) -> int:
        """After wrapping."""
        self._lay_out(self.size.width - 1)
        return len(self._lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Where the height follows the text."""
        self._lay_out(width - 1)
        return max(1, len(self._lines))

    def on_resize(self) -> None:
        """Wrap again."""
        self._lay_out(self.size.width - 1)
        self.turn(self.top)

    def on_key(self, event: events.Key) -> None:
        """Scroll."""
        step = self._steps.get(event.key)
        if step is not None:
            self.turn(step())
        elif not self._wrap and event.key in ("left", "right"):
            self._left = max(0, self._left + (_STEP_ASIDE if event.key == "right" else -_STEP_ASIDE))
            self.refresh()
        else:
            return
        event.stop()
        event.prevent_default()

    def draw(self, at: int, width: int) -> Strip:
        """One line, a cell in from the left."""
        base = self.visual_style
        parts = self._lines[at].render(base, end="", parse_style=self.app.stylesheet.parse_style)
        strip = Strip([Segment(text, style.rich_style) for text, style in parts])
        inside = strip.crop_extend(self._left, self._left + width - 1, base.rich_style)
        return Strip([Segment(" ", base.rich_style), *inside], width)


def _hang(plain: str, width: int) -> int:
    """How far in the further lines of a row begin: under its last column, where it has columns, else under its beginning."""
    depth = len(plain) - len(plain.lstrip(" "))
    gaps = [match.end() for match in _GAP.finditer(plain, depth, width // 2)] if depth else []
    hang = gaps[-1] if gaps else depth + (2 if plain[depth : depth + 2] == "- " else 0)
    return hang if hang <= width // 2 else 0


def _hanging(row: Content, width: int) -> Sequence[Content]:
    """A row wrapped to ``width``, every further line as far in as the first."""
    if row.cell_length <= width:
        return (row,)
    hang = _hang(row.plain, width)
    if hang == 0:
        return row.wrap(width)
    first, *rest = row[hang:].wrap(width - hang)
    return [row[:hang] + first, *(line.pad_left(hang) for line in rest)]
