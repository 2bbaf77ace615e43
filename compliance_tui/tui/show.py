"""The one way from data to the screen: ``clean`` first, then ``Content``. Nothing is ever read as markup."""

import os
import re

from textual.content import Content

from compliance_tui.assessment.readiness import ControlState
from compliance_tui.safe.text import clean, clean_line

ASCII = os.environ.get("COMPLIANCE_TUI_ASCII", "") not in ("", "0")

# outcome -> glyph, its ASCII twin, the word, the style; the word says it all, the rest helps the eye
OUTCOMES = {
    "satisfied": ("●", "[x]", "in order", "$text-success"),
    "waived": ("◐", "[~]", "waived", "$text-warning"),
    "blocked": ("✗", "[!]", "blocks", "$text-error"),
    "advisory": ("○", "[ ]", "recommended", "$text-muted"),
    "not-applicable": ("–", "[-]", "does not apply", "$text-muted"),
}
VERDICTS = {"ready": "READY", "ready-with-waivers": "READY WITH WAIVERS", "not-ready": "NOT READY"}
CHECKS = {
    "pass": ("✓", "$text-success"),
    "fail": ("✗", "$text-error"),
    "stale": ("◌", "$text-warning"),
    "unproven": ("?", "$text-warning"),
    "manual": ("·", "$text-muted"),
}


def text(value: str, style: str = "") -> Content:
    """Text from data, several lines allowed."""
    return Content.styled(clean(value), style) if style else Content(clean(value))


def prose(value: str) -> Content:
    """Prose from a standard, its lines joined again so that the screen can wrap them; dashed lines stay apart."""
    joined = re.sub(r"(?<=\S)\n[ \t]*(?![-\s])", " ", value.strip())
    return Content(clean(joined))


def line(value: str, style: str = "", limit: int = 200) -> Content:
    """Text from data on one line."""
    shown = clean_line(value, limit)
    return Content.styled(shown, style) if style else Content(shown)


def glyph(state: ControlState) -> str:
    """The sign of a control's outcome."""
    sign, plain, _, _ = OUTCOMES[state.outcome]
    return plain if ASCII else sign


def word(state: ControlState) -> str:
    """The word for a control's outcome."""
    return OUTCOMES[state.outcome][2]


def style(state: ControlState) -> str:
    """The colour of a control's outcome."""
    return OUTCOMES[state.outcome][3]


def bar(part: int, whole: int, width: int = 20) -> str:
    """A bar of ``width`` cells."""
    full = round(width * part / whole) if whole else 0
    on, off = ("#", ".") if ASCII else ("▰", "▱")
    return on * full + off * (width - full)
