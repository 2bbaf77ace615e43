"""Text from outside, made fit for a screen: what a terminal would obey is shown instead of obeyed."""

import re
import unicodedata

# Cc, Cf, Cs, Co, Cn, Zl, Zp and the odd spaces; printable ASCII takes the fast way out.
_PLAIN = re.compile(r"[\x20-\x7e\n]*")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MARKS = {"Mn", "Me"}
_MOST_MARKS = 4


def is_hidden(character: str) -> bool:
    """Whether a terminal could act on the character, or a reader could not see it."""
    return unicodedata.category(character) in _HIDDEN


def clean(text: str, *, newlines: bool = True) -> str:
    """``text`` with every character that a terminal could act on, or that cannot be seen, made visible.

    C0 controls become their Unicode pictures (ESC is shown as U+241B); other controls, bidirectional overrides, zero-width,
    private and unassigned characters become ``<U+XXXX>``; stacks of combining marks are cut after four. Tabs become
    spaces; a newline stays only where ``newlines`` is true (else it is shown as U+2424). A text in which nothing is to be
    changed is given back itself: a ``Message`` can then still be said in another language.
    """
    if _PLAIN.fullmatch(text) and (newlines or "\n" not in text):
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if character == "\n":
            shown.append("\n" if newlines else "\u2424")
        elif character == "\t":
            shown.append("    ")
        elif ord(character) < 0x20:
            shown.append(chr(0x2400 + ord(character)))
        elif category in _HIDDEN:
            shown.append(f"<U+{ord(character):04X}>")
        elif category == "Zs":
            shown.append(" ")
        elif marks <= _MOST_MARKS:
            shown.append(character)
    made = "".join(shown)
    return text if made == text else made


def clean_line(text: str, limit: int = 200) -> str:
    """``clean`` for one line of at most ``limit`` characters (names, titles, messages)."""
    line = clean(text, newlines=False)
    return line if len(line) <= limit else line[: limit - 1] + "…"
