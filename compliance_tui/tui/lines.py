"""What lists and texts share: a widget that is drawn line by line. Only what is seen exists, and its own bar tells where it is.

Textual's scrollbars are widgets, and each change of a length lays the whole screen out again; here it draws one column.
"""

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from compliance_tui.tui import show

_WHEEL_LINES = 3


class Lines(Widget, can_focus=True):
    """Lines of which some are seen. A subclass says how many there are, and draws one."""

    DEFAULT_CSS = """
    Lines { height: 1fr; background: $background; color: $foreground; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.top = 0
        self._looks: dict[str, Style] = {}

    def line_count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def draw(self, at: int, width: int) -> Strip:
        """One line, in exactly ``width`` cells."""
        raise NotImplementedError

    # -- turning -----------------------------------------------------------------------------------------------------------

    def turn(self, top: int) -> None:
        """Show the lines from ``top`` on, as far as there are lines."""
        top = max(0, min(top, self.line_count() - self.size.height))
        if top != self.top:
            self.top = top
            self.refresh()

    def redraw(self, at: int) -> None:
        """Draw one line again, if it is seen."""
        if self.top <= at < self.top + self.size.height:
            self.refresh(Region(0, at - self.top, self.size.width, 1))

    def on_mouse_scroll_down(self) -> None:
        """The wheel."""
        self.turn(self.top + _WHEEL_LINES)

    def on_mouse_scroll_up(self) -> None:
        """The wheel, the other way."""
        self.turn(self.top - _WHEEL_LINES)

    # -- drawing -----------------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Other colours: forget those that were looked up."""
        super().notify_style_update()
        self._looks = {}

    def on_focus(self, _: events.Focus) -> None:
        """What shows the focus looks otherwise now."""
        self.focus_changed()

    def on_blur(self, _: events.Blur) -> None:
        """What shows the focus looks otherwise now."""
        self.focus_changed()

    def focus_changed(self) -> None:
        """Draw anew what shows the focus: the bar."""
        self._looks = {}
        width, height = self.size
        self.refresh(Region(max(0, width - 1), 0, 1, height))

    def look(self, name: str, variable: str, bold: bool = False) -> Style:
        """A style in one of the theme's colours, looked up once."""
        style = self._looks.get(name)
        if style is None:
            style = self._looks[name] = Style(color=self.colour(variable), bold=bold or None)
        return style

    def colour(self, variable: str) -> RichColor:
        """One of the theme's colours."""
        return Color.parse(self.app.theme_variables[variable]).rich_color

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the line, and its part of the bar."""
        width, height = self.size
        base = self.rich_style
        at, count = self.top + y, self.line_count()
        strip = self.draw(at, max(0, width - 1)) if at < count else Strip.blank(max(0, width - 1), base)
        glyph = " "
        if count > height:
            thumb = max(1, height * height // count)
            first = round(self.top / (count - height) * (height - thumb))
            within = first <= y < first + thumb
            glyph = ("#" if show.ASCII else "┃") if within else " "
        bar = self.look("bar", "block-cursor-background" if self.has_focus else "primary")
        return Strip([*strip, Segment(glyph, base + bar if glyph != " " else base)], width)
