"""The last line of defence: whatever a widget draws, no character that a terminal would act on leaves the app.

Data goes to the screen through ``show``; but an editor or an input holds its text as it is, so that saving does not change it.
This filter sees every line after it was drawn.
"""

import re
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from compliance_tui.safe.text import is_hidden

_PLAIN = re.compile(r"[\x20-\x7e]*")


@lru_cache(4096)
def _visible(text: str) -> str:
    """``text`` with each hidden character replaced by as many replacement characters as it has cells, so that nothing moves."""
    return "".join("\ufffd" * max(0, get_character_cell_size(one)) if is_hidden(one) else one for one in text)


class Visible(LineFilter):
    """Replaces characters that act or hide, in every line of every widget."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, safe to write to a terminal."""
        return [one if one.control or _PLAIN.fullmatch(one.text) else _clean(one) for one in segments]


def _clean(segment: Segment) -> Segment:
    text = _visible(segment.text)
    return segment if text == segment.text else Segment(text, segment.style, segment.control)
