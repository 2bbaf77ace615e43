"""The one way from data to the screen: ``clean`` first, then ``Content``. Nothing is ever read as markup.

Also the signs: each state has a glyph, its ASCII twin, a word and a tone. The word says it all; the rest helps the eye.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual.content import Content

from compliance_tui.safe.language import Message, gettext, message
from compliance_tui.safe.text import clean, clean_line
from compliance_tui.safe.words import word

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import ControlState

# The Linux console's font has few of the glyphs; whoever has fewer still sets the variable.
ASCII = os.environ.get("COMPLIANCE_TUI_ASCII", "") not in ("", "0") or os.environ.get("TERM") == "linux"

HEADING = "bold $text-accent"
MUTED = "$text-muted"
GOOD, WARN, BAD = "$text-success", "$text-warning", "$text-error"


class Sign(NamedTuple):
    """How a state is shown."""

    glyph: str
    plain: str
    word: str
    style: str

    @property
    def mark(self) -> str:
        """The glyph, or its ASCII twin."""
        return self.plain if ASCII else self.glyph

    @property
    def said(self) -> str:
        """The word, in the reader's language."""
        return gettext(self.word)


OUTCOMES = {
    "satisfied": Sign("●", "[x]", message("in order"), GOOD),
    "waived": Sign("◐", "[~]", message("waived"), WARN),
    "blocked": Sign("✗", "[!]", message("blocks"), BAD),
    "advisory": Sign("○", "[ ]", message("recommended"), MUTED),
    "not-applicable": Sign("–", "[-]", message("does not apply"), MUTED),
}
UNSEEN = Sign("?", "[?]", message("cannot be told"), WARN)
CHECKS = {
    "pass": Sign("✓", "+", message("pass"), GOOD),
    "fail": Sign("✗", "!", message("fail"), BAD),
    "stale": Sign("◌", "~", message("stale"), WARN),
    "unproven": Sign("?", "?", message("unproven"), WARN),
    "manual": Sign("·", ".", message("manual"), MUTED),
}
SEATS = {
    "signed": Sign("✓", "+", message("signed"), GOOD),
    "lapsed": Sign("◌", "~", message("lapsed"), WARN),
    "missing": Sign("○", "-", message("missing"), BAD),
}
LINES = {"pass": CHECKS["pass"], "fail": CHECKS["fail"], "unknown": CHECKS["unproven"]}
VERDICTS = {
    "ready": message("READY"),
    "ready-with-waivers": message("READY WITH WAIVERS"),
    "not-ready": message("NOT READY"),
}
VERDICT_STYLES = {"ready": GOOD, "ready-with-waivers": WARN, "not-ready": BAD}


def said(value: str) -> str:
    """A message in the reader's language; data as it is."""
    return gettext(value) if isinstance(value, Message) else value


def worded(value: str) -> str:
    """A value of a fixed set as the reader says it."""
    return gettext(word(value))


def text(value: str, style: str = "") -> Content:
    """Text from data, several lines allowed."""
    shown = clean(said(value))
    return Content.styled(shown, style) if style else Content(shown)


def prose(value: str) -> Content:
    """Prose from a standard, its lines joined again so that the screen can wrap them; dashed lines stay apart."""
    joined = re.sub(r"(?<=\S)\n[ \t]*(?![-\s])", " ", said(value).strip())
    return Content(clean(joined))


def line(value: str, style: str = "", limit: int = 200) -> Content:
    """Text from data on one line."""
    shown = clean_line(said(value), limit)
    return Content.styled(shown, style) if style else Content(shown)


def lines(rows: Iterable[Content]) -> Content:
    """Several rows as one piece."""
    return Content("\n").join(list(rows))


def sign_of(state: "ControlState", seen: bool = True) -> Sign:
    """The sign of a control's outcome; where not all of it can be ``seen``, nobody can compute one."""
    return OUTCOMES[state.outcome] if seen else UNSEEN


def status_word(status: str | None) -> str:
    """A status as a person says it."""
    return worded(status) if status else gettext("open")


def verdict_chip(verdict: str, seen: bool = True) -> Content:
    """The verdict, reversed in its colour; where not all of it can be ``seen``, that."""
    if not seen:
        return Content.styled(f" {gettext('NOT ALL CAN BE SEEN')} ", f"bold reverse {WARN}")
    return Content.styled(f" {gettext(VERDICTS[verdict])} ", f"bold reverse {VERDICT_STYLES[verdict]}")


def widest(words: Iterable[str], least: int = 0) -> int:
    """The width of a column with these words, as they are said."""
    return max([least, *(cell_len(gettext(word)) for word in words)])


def longest(signs: Mapping[str, Sign]) -> int:
    """The width of a column with the words of ``signs``."""
    return max(len(sign.said) for sign in signs.values())


def bar(part: int, whole: int, width: int = 20) -> str:
    """A bar of ``width`` cells; it is full only when everything is, and empty only when nothing is."""
    full = round(width * part / whole) if whole else 0
    if 0 < part < whole:
        full = min(max(full, 1), width - 1)
    on, off = ("#", ".") if ASCII else ("▰", "▱")
    return on * full + off * (width - full)


def spark(values: Sequence[int]) -> str:
    """A row of columns, one for each value, from the least to the most."""
    steps = "_.-=^" if ASCII else "▁▂▃▄▅▆▇█"
    low, high = min(values, default=0), max(values, default=0)
    return "".join(steps[round((value - low) / ((high - low) or 1) * (len(steps) - 1))] for value in values)


def size(number: int) -> str:
    """Bytes as a person reads them."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= step:
            return f"{number / step:,.1f} {unit}"
    return gettext("{number} bytes", number=number)
