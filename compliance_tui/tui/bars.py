"""The lines around every page: what is looked at, what was said, which keys there are. Each is one widget and one line."""

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from compliance_tui.safe.language import gettext
from compliance_tui.tui.actions import Action
from compliance_tui.tui.keymap import key_name

_EMPTY = Content("")


class Bar(Widget):
    """One line with a left and a right end; where both do not fit, the left one is cut."""

    DEFAULT_CSS = """
    Bar { height: 1; padding: 0 1; background: $panel; color: $foreground; }
    """

    def __init__(self, left: Content = _EMPTY, right: Content = _EMPTY, *, id: str) -> None:
        super().__init__(id=id)
        self._left, self._right = left, right

    def show(self, left: Content, right: Content = _EMPTY) -> None:
        """Show these two ends; nothing is drawn where they are there already."""
        if not (left.is_same(self._left) and right.is_same(self._right)):
            self._left, self._right = left, right
            self.refresh()

    def render(self) -> Content:
        """Both ends, and between them what is left of the line."""
        width = self.content_size.width
        room = max(0, width - self._right.cell_length - (2 if self._right else 0))
        left = self._left if self._left.cell_length <= room else self._left.truncate(room, ellipsis=True)
        gap = max(0, width - left.cell_length - self._right.cell_length)
        return (left + Content(" " * gap) + self._right).truncate(width)


class Keys(Widget):
    """The keys of the place, as many as fit; the last two always, because they say how to find the others and how to leave."""

    DEFAULT_CSS = """
    Keys { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__(id="key-line")
        self._actions: tuple[Action, ...] = ()

    def show(self, actions: Sequence[Action]) -> None:
        """Show those of ``actions`` that have a place here."""
        shown = tuple(action for action in actions if action.footer)
        if shown != self._actions:
            self._actions = shown
            self.refresh()

    def render(self) -> Content:
        """Key and name, key and name."""
        parts = [
            Content.assemble((f"{key_name(action.keys[0])} ", "bold $footer-key-foreground"), gettext(action.footer), "  ")
            for action in self._actions
        ]
        room = self.content_size.width - sum(part.cell_length for part in parts[-2:])
        kept = []
        for part in parts[:-2]:
            room -= part.cell_length
            if room < 0:
                break
            kept.append(part)
        return Content("").join([*kept, *parts[-2:]])
