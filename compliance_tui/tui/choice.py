"""Choosing: one of a few values on one line, or some of them. Left and right move, digits jump, Space marks."""

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show

_GAP = 2


class Choice(Widget, can_focus=True):
    """One of a few values; None until one is chosen."""

    DEFAULT_CSS = """
    Choice { height: auto; background: $field; padding: 0 1; }
    Choice:focus { background: $field-focus; }
    """

    class OfChoice(Message):
        """Something happened in a choice."""

        def __init__(self, sender: "Choice") -> None:
            super().__init__()
            self.sender = sender

        @property
        def control(self) -> "Choice":
            """The choice, so that a handler can name it."""
            return self.sender

    class Changed(OfChoice):
        """Another value was chosen."""

    class Taken(OfChoice):
        """Enter: on to what follows."""

    def __init__(self, values: Sequence[tuple[str, str]], chosen: str | None = None, *, id: str, label: str = "") -> None:
        """``values`` are pairs of the value and what is shown for it."""
        super().__init__(id=id)
        self.values = [(value, clean_line(shown, 60)) for value, shown in values]
        self.label = label
        self.at = next((at for at, (value, _) in enumerate(self.values) if value == chosen), None)

    @property
    def chosen(self) -> str | None:
        """The value."""
        return self.values[self.at][0] if self.at is not None else None

    def choose(self, at: int) -> None:
        """Choose the value at a place."""
        if at != self.at and 0 <= at < len(self.values):
            self.at = at
            self.refresh()
            self.post_message(self.Changed(self))

    def on_key(self, event: events.Key) -> None:
        """Move, jump, go on."""
        count, at = len(self.values), self.at
        if event.key in ("right", "space"):
            self.choose(0 if at is None else (at + 1) % count)
        elif event.key == "left":
            self.choose(count - 1 if at is None else (at - 1) % count)
        elif event.key.isdigit() and 0 < int(event.key) <= count:
            self.choose(int(event.key) - 1)
        elif event.key == "enter":
            self.post_message(self.Taken(self))
        elif event.key == "down":
            self.screen.focus_next()
        elif event.key == "up":
            self.screen.focus_previous()
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """A click chooses."""
        for place, (row, start, end) in enumerate(self._places(self.content_size.width)):
            if row == event.y and start <= event.x - 1 < end:
                self.choose(place)

    def _texts(self) -> list[str]:
        on, off = ("(*)", "( )") if show.ASCII else ("◉", "○")
        return [f"{on if at == self.at else off} {at + 1} {shown}" for at, (_, shown) in enumerate(self.values)]

    def _places(self, width: int) -> list[tuple[int, int, int]]:
        """For each value its row, and the cells where it begins and ends."""
        places, row, column = [], 0, len(self.label) + 1 if self.label else 0
        for text in self._texts():
            if column and column + len(text) > width:
                row, column = row + 1, 0
            places.append((row, column, column + len(text)))
            column += len(text) + _GAP
        return places

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes."""
        return self._places(width)[-1][0] + 1 if self.values else 1

    def render(self) -> Content:
        """The values, the chosen one bold."""
        rows: dict[int, list[Content]] = {}
        if self.label:
            rows[0] = [Content.styled(f"{self.label} ", show.MUTED)]
        for at, (text, (row, _, _)) in enumerate(zip(self._texts(), self._places(self.content_size.width), strict=True)):
            chosen = Content.styled(text, f"bold {show.HEADING.split()[1]}") if at == self.at else Content(text)
            rows.setdefault(row, []).append(chosen + Content(" " * _GAP))
        return Content("\n").join([Content("").join(parts) for _, parts in sorted(rows.items())])


class Several(Choice):
    """Some of a few values."""

    def __init__(self, values: Sequence[tuple[str, str]], chosen: Sequence[str] = (), *, id: str, label: str = "") -> None:
        super().__init__(values, None, id=id, label=label)
        self.at = 0
        self.picked = {value for value, _ in self.values if value in chosen}

    def on_key(self, event: events.Key) -> None:
        """Space marks; the rest moves."""
        if event.key == "space" and self.values:
            self.picked ^= {self.values[self.at or 0][0]}
            self.refresh()
            self.post_message(self.Changed(self))
            event.stop()
            event.prevent_default()

    def _texts(self) -> list[str]:
        on, off = ("[x]", "[ ]") if show.ASCII else ("▣", "▢")
        return [f"{on if value in self.picked else off} {shown}" for value, shown in self.values]


class BeforeText(Choice):
    """A choice above a text: Enter, or typing what is no number of a value, goes on to the text, and no key is lost by it.

    The focus moves once all keys that are on their way to this widget have come; until then it writes them into the text.
    """

    def __init__(self, values: Sequence[tuple[str, str]], chosen: str | None = None, *, id: str, text: str) -> None:
        """``text`` is the id of the text."""
        super().__init__(values, chosen, id=id)
        self._text_id = text
        self._leaving = False

    @property
    def _text(self) -> TextArea:
        return self.screen.query_one(f"#{self._text_id}", TextArea)

    def on_key(self, event: events.Key) -> None:
        """On to the text."""
        if event.key == "enter" and not self._leaving:
            self._leave()
        elif self._leaving and event.key == "enter":
            self._text.insert("\n")
        elif event.is_printable and event.character and (self._leaving or not self._is_own(event)):
            self._text.insert(event.character)
            self._leave()
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted goes into the text."""
        self._text.insert(event.text)
        self._leave()
        event.stop()

    def _is_own(self, event: events.Key) -> bool:
        return event.key == "space" or (event.key.isdigit() and 0 < int(event.key) <= len(self.values))

    def _leave(self) -> None:
        if not self._leaving:
            self._leaving = True
            self.call_later(self._left)

    def _left(self) -> None:
        if self.message_queue_size:
            self.call_later(self._left)
            return
        self._leaving = False
        self.screen.set_focus(self._text)
