"""JSON as one reader only could read it."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.strict_json import dump_json, dump_json_line, load_json


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1, "a": 2}',
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[" * 1000 + b"]" * 1000,
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b'\xef\xbb\xbf{"a": 1}',
        b'["\\ud800"]',
        b"\xff",
        b'{"a": 1',
        b"",
        b"[1,]",
        b"[" + b"9" * 5000 + b"]",
        b"[1e999]",
        b"'a'",
        "[1]".encode("utf-16"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^where: "):
        load_json(content, "where")


def test_brackets_in_texts_are_not_depth() -> None:
    assert load_json(b'["' + b"[{" * 500 + b'"]', "x") == ["[{" * 500]


def test_signed_json_holds_no_fractions() -> None:
    assert load_json(b"[0.5]", "x") == [Decimal("0.5")]
    with pytest.raises(InputError, match="fraction"):
        load_json(b"[0.5]", "x", signed=True)


def test_size_has_a_limit() -> None:
    with pytest.raises(InputError, match="larger"):
        load_json(b"[" + b" " * 100 + b"]", "x", limit=50)


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(_values)
def test_what_was_written_is_read_back(value: object) -> None:
    assert load_json(dump_json(value), "x", signed=True) == value
    assert load_json(dump_json_line(value), "x", signed=True) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(InputError):
        load_json(content, "x")
