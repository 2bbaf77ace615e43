"""Looking into evidence files: bounded, and never more than looking."""

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.assessment.preview import MOST_BYTES, MOST_LINES, Preview, preview


def _of(content: bytes, name: str) -> Preview:
    return preview(lambda: io.BytesIO(content), name)


def test_tables_stand_in_columns() -> None:
    found = _of(b"name,value\nfirst,1\nthe second,22\n", "x.csv")
    assert found.form == "table"
    assert found.lines == ("name        value", "----------  -----", "first       1", "the second  22")
    rows = "\n".join(json.dumps({"name": name, "value": number}) for name, number in (("a", 1), ("b", 2)))
    assert _of(rows.encode(), "x.jsonl").lines[2:] == ("a     1", "b     2")


def test_json_is_indented_and_text_is_left_alone() -> None:
    assert _of(b'{"a":[1,2]}', "x.json").lines == ("{", '  "a": [', "    1,", "    2", "  ]", "}")
    assert _of(b"One.\n\nTwo.\n", "x.md").lines == ("One.", "", "Two.")


def test_bytes_are_shown_as_bytes() -> None:
    found = _of(b"\x00\x01AB", "x.bin")
    assert found.form == "bytes"
    assert found.lines == ("00000000  00 01 41 42                                      ..AB",)


def test_of_an_archive_the_header_and_the_names_are_read() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"version": 2, "status": "success"}))
        archive.writestr("samples/1.json", "x" * 1000)
    found = _of(packed.getvalue(), "x.eval")
    assert found.form == "evaluation log"
    assert '  "status": "success"' in found.lines
    assert found.lines[-1] == "           1,000  samples/1.json"


def test_a_bomb_is_not_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", b"0" * (64 << 20))
    found = _of(packed.getvalue(), "x.eval")
    assert len(found.lines) == 1
    assert "larger than" in found.lines[0]


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.json", "x.jsonl"])
def test_what_is_large_is_cut_and_says_so(name: str) -> None:
    found = _of(b'{"a": 1}\n' * (MOST_BYTES // 4), name)
    assert found.cut
    assert len(found.lines) <= MOST_LINES


@given(st.binary(max_size=400), st.sampled_from(["x", "x.csv", "x.json", "x.jsonl", "x.eval", "x.sarif"]))
def test_nothing_makes_it_fail(content: bytes, name: str) -> None:
    assert isinstance(_of(content, name), Preview)
    assert isinstance(_of(b'{"runs":' + content, name), Preview)
    assert isinstance(_of(b"PK\x03\x04" + content, name), Preview)


@pytest.mark.parametrize(
    "text",
    ['{"runs": [3]}', '{"runs": [{"results": 3, "tool": []}]}', '{"runs": [{"results": [[], {"message": 3}]}]}', "[" * 5000],
)
def test_sarif_that_is_none_is_no_fault(text: str) -> None:
    assert isinstance(_of(text.encode(), "x.sarif"), Preview)
