"""How well words can be read: the contrast of each with what is behind it (WCAG 2.2, 1.4.3)."""

import re

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from compliance_tui.tui.app import ComplianceApp


def faint_words(app: ComplianceApp, least: float) -> dict[str, float]:
    """The words on the screen with less contrast than ``least`` to one, each with its own."""
    words = [segment for strip in app.screen._compositor.render_strips() for segment in strip if _is_word(segment)]
    assert words
    return {segment.text: _contrast(segment.style) for segment in words if _contrast(segment.style) < least}


def _luminance(colour: Color) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in colour.get_truecolor()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(style: Style | None) -> float:
    assert style is not None
    assert style.color is not None
    assert style.bgcolor is not None
    front, behind = (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)
    one, other = sorted((_luminance(front), _luminance(behind)))
    return (other + 0.05) / (one + 0.05)


def _is_word(segment: Segment) -> bool:
    return bool(re.search(r"\w{2}", segment.text)) and segment.style is not None and segment.style.color is not None
