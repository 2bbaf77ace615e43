"""JSON that is read as it comes says what the same JSON says whole, wherever its bytes are cut."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.readers.json_stream import JsonStream, decoder, json_line, json_lines
from compliance_tui.safe.errors import InputError


class _Pieces(io.BytesIO):
    """Gives its bytes in pieces of a few."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._most)


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.decimals(-1000, 1000, places=3) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def _walk(stream: JsonStream) -> Any:
    """The whole value, by steps instead of at once."""
    if stream.opens("{"):
        return {name: _walk(stream) for name in stream.members()}
    if stream.opens("["):
        return list(stream.elements())
    return stream.value()


@given(value=_values, most=st.integers(1, 9))
@settings(deadline=None)
def test_a_value_is_the_same_in_pieces(value: Any, most: int) -> None:
    content = json.dumps(value, ensure_ascii=False, default=float).encode()
    expected = json.loads(content, parse_float=Decimal)
    for read in (JsonStream.value, _walk):
        stream = JsonStream(_Pieces(content, most), "x")
        assert read(stream) == expected
        stream.end()


@given(content=st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE-+ntrufalse \\u', max_size=40).map(str.encode))
@settings(deadline=None, max_examples=300)
def test_whatever_is_taken_is_json(content: bytes) -> None:
    stream = JsonStream(_Pieces(content, 3), "x")
    try:
        value = _walk(stream)
        stream.end()
    except (InputError, ValueError):  # ValueError: a number with thousands of digits
        return
    assert value == decoder("x").decode(content.decode())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'[{"a": 1, "a": 2}]', "stands twice"),
        (b"[1] [2]", "more than one JSON document"),
        (b"[1 2]", "a comma or ]"),
        (b'{"a" 1}', "a colon"),
        (b"{1: 2}", "a name in quotes"),
        (b"[1,]", "not JSON"),
        (b"[1", "ends in the middle"),
        (b'["a', "cut off"),
        (b'["\xff"]', "not UTF-8"),
        (b"\xef\xbb\xbf[]", "not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"", "is empty"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as refusal:
        stream = JsonStream(_Pieces(content, 4096), "x")
        _walk(stream)
        stream.end()
    assert "\n" not in str(refusal.value)


def test_what_is_no_number_becomes_none() -> None:
    stream = JsonStream(io.BytesIO(b"[NaN, Infinity, -Infinity, 1e999, 1e-999, 0.5]"), "x")
    assert list(stream.elements()) == [None, None, None, None, None, Decimal("0.5")]


def test_a_document_of_more_than_its_limit_is_refused() -> None:
    with pytest.raises(InputError, match="larger than what is read"):
        JsonStream(io.BytesIO(b"[" + b" " * 100 + b"]"), "x", limit=50).value()
    with pytest.raises(InputError, match="larger than what is read"):
        list(json_lines(io.BytesIO(b"{}\n" * 100), "x", limit=50))


@given(records=st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2)), most=st.integers(1, 9))
def test_lines_are_the_same_in_pieces(records: list[dict[str, str]], most: int) -> None:
    content = "\n\n".join(json.dumps(record) for record in records).encode()
    found = list(json_lines(_Pieces(content, most), "x"))
    assert [json_line(line, number, "x", decoder("x")) for number, line in found] == records
    assert [number for number, _ in found] == [2 * at + 1 for at in range(len(records))]


@given(value=_values, after=_values, most=st.integers(1, 9))
@settings(deadline=None)
def test_what_is_passed_over_ends_where_it_ends(value: Any, after: Any, most: int) -> None:
    content = json.dumps({"a": value, "b": after}, ensure_ascii=False, default=float).encode()
    stream = JsonStream(_Pieces(content, most), "x")
    assert stream.fields(("b",)) == {"b": json.loads(json.dumps(after, default=float), parse_float=Decimal)}
    stream.end()


@given(value=_values, cut=st.integers(0, 60), most=st.integers(1, 9))
@settings(deadline=None)
def test_what_is_cut_off_is_not_passed_over(value: Any, cut: int, most: int) -> None:
    content = json.dumps([value, [value]], default=float).encode()
    stream = JsonStream(_Pieces(content[: min(cut, len(content) - 1)], most), "x")
    with pytest.raises(InputError):
        stream.skip()


def test_a_text_that_never_ends_is_not_passed_over_for_ever() -> None:
    with pytest.raises(InputError, match="one value is larger"):
        JsonStream(io.BytesIO(b'{"a": "' + b"z" * (9 << 20)), "x").skip()


def test_what_is_passed_over_is_no_deeper_than_some_64_levels() -> None:
    for levels in (64, 66):
        stream = JsonStream(io.BytesIO(b"[" * levels + b"]" * levels), "x")
        if levels == 64:
            stream.skip()
        else:
            with pytest.raises(InputError, match="nested deeper than 64 levels"):
                stream.skip()
