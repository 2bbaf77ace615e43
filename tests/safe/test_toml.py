"""TOML that would hurt is refused before the parser sees it; every refusal names file, line and field."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.model import load_json_model, load_model
from compliance_tui.safe.toml import dump_toml, line_of, load_toml


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    size: int = 0


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    inner: list[Inner] = []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a" + b".a" * 3000 + b" = 1", "more than 8 dotted parts"),
        (b'"a"' + b' . "a"' * 20 + b" = 1", "more than 8 dotted parts"),
        (b"a = " + b"[" * 2000, "nested deeper"),
        (b"a = " + b"{a=" * 2000, "nested deeper"),
        (b"a = 1\nb = \n", "line 2"),
        (b"a = 1\na = 2\n", "line 2"),
        (b"a = nan", "nan"),
        (b"a = 1e400", "range"),
        (b"a = " + b"9" * 5000, "cannot be read"),
        (b"\xff", "not UTF-8"),
        (b"a = 'x" * 3, "line 1"),
        (b"x" * 300_000, "larger than"),
    ],
)
def test_hostile_toml_ends_in_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_toml(content, "some.toml")
    assert "some.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_fractions_are_kept_exactly() -> None:
    assert load_toml(b"a = 0.05", "x")["a"] == Decimal("0.05")


def test_dots_and_brackets_inside_texts_are_no_keys() -> None:
    content = b'a = "x.x.x.x.x.x.x.x.x.x.x [[[[[[[[[[[[[[[[[[[[["\nb = """\n# [a.b.c.d.e.f.g.h.i.j.k]\n"""\n'
    assert load_toml(content, "x")["b"].startswith("# [a.b")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'title = "t"\n\n[[inner]]\nname = "a"\n\n[[inner]]\nname = "b"\nsize = "large"\n', "line 8: inner[1].size"),
        (b'title = "t"\n[[inner]]\nname = "a"\nnmae = "b"\n', "line 4: inner[0].nmae is not a known field"),
        (b'title = "t"\ninner = [\n  { name = "a" },\n  { size = 3 },\n]\n', "line 4: inner[1].name is missing"),
        (b"\n\ntitle = 3\n", "line 3: title"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(content: bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_model(content, Outer, "a.toml")
    assert f"a.toml, {said}" in str(caught.value)


def test_a_wrong_field_of_json_is_named_with_its_line() -> None:
    with pytest.raises(InputError, match=r"a\.json, line 4: inner\[1\]\.size"):
        load_json_model(b'{"title": "t",\n "inner": [\n  {"name": "a"},\n  {"name": "b", "size": "x"}\n]}', Outer, "a.json")


def test_lines_of_nested_tables() -> None:
    content = b"[[c]]\nid = 1\n[[c.d]]\nx = 1\n[[c.d]]\nx = 2\n[[c]]\nid = 2\n[c.e]\nf.g = 3\n"
    assert line_of(content, ("c", 0, "d", 1, "x")) == 6
    assert line_of(content, ("c", 1, "e", "f", "g")) == 10
    assert line_of(content, ("c", 1, "missing")) == 7


_scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.dates(min_value=dt.date(1, 1, 1)),
)
_tables = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10),
    st.recursive(
        _scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.\"'", min_size=1), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


@given(_tables)
def test_what_was_written_is_read_back(table: dict[str, Any]) -> None:
    assert load_toml(dump_toml(table), "x") == _read_back(table)


def _read_back(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _read_back(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_read_back(inner) for inner in value]
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        load_toml(content, "x")
    except InputError as error:
        assert "x" in str(error)
