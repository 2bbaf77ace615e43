"""Text from outside never commands a terminal."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.safe.text import clean, clean_line


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert clean("\x1b]52;c;aGk=\x07") == "␛]52;c;aGk=␇"
    assert clean("a\u202eb\u200bc\x9bd\ufeff") == "a<U+202E>b<U+200B>c<U+009B>d<U+FEFF>"
    assert clean("a\tb\r\nc") == "a    b␍\nc"


def test_markup_and_honest_text_stay_as_they_are() -> None:
    honest = "AC-2(1)[a] — Größe 5 ≤ 6, 日本語 é"
    assert clean(honest) == honest


def test_a_line_has_no_newline_and_an_end() -> None:
    assert clean_line("a\nb") == "a␤b"
    assert len(clean_line("x" * 1000, 50)) == 50


def test_a_tower_of_combining_marks_is_cut() -> None:
    assert len(clean("e" + "\u0301" * 500)) <= 6


@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    for character in clean(text):
        assert character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
