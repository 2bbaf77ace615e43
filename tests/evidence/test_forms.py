"""Records in five formats: the documentation's examples, values by themselves, whole results, and what hostile bytes get."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.kind import Kind, load_kinds, recognise
from compliance_tui.evidence.readers import read_facts, tables
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.model import load_model
from tests.evidence.form_kinds import ANY, SUM, kind, read, values, warnings

# --- the examples of the documentation -----------------------------------------------------------------------------------

DOC = (Path(__file__).resolve().parents[2] / "docs" / "evidence-kinds.md").read_text()
FILES = dict(re.findall(r"`my-kinds/([^`]+)`:\n\n```\w+\n(.*?)```", DOC, re.DOTALL))
GIVEN = re.findall(r"It gives\n\n```text\n(.*?)```", DOC, re.DOTALL)
EXAMPLES = list(dict.fromkeys(name.split("/")[0] for name in FILES))


def test_the_documentation_has_an_example_of_each_form() -> None:
    forms = [re.search(r'format = "(\w+)"', FILES[f"{name}/kind.toml"]) for name in EXAMPLES]
    assert [found[1] if found else "json" for found in forms] == ["json", "jsonl", "csv", "toml", "xml"]
    assert len(GIVEN) == len(EXAMPLES)


@pytest.mark.parametrize(("name", "given"), list(zip(EXAMPLES, GIVEN, strict=True)), ids=EXAMPLES)
def test_an_example_gives_what_the_documentation_says(tmp_path: Path, name: str, given: str) -> None:
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    kinds = load_kinds(tmp_path)
    sample = tmp_path / name / kinds[name].sample
    assert recognise(sample, kinds) == name
    found = read_facts(sample, kinds[name])
    shown = [
        f"{fact} = {', '.join(one.value) if isinstance(one.value, tuple) else one.value}{f' {one.unit}' if one.unit else ''}"
        for fact, one in found.facts.items()
    ]
    assert shown == given.strip().splitlines()
    assert found.warnings == ()


# --- values that stand by themselves

PLAIN = kind(
    """
name = "number"
type = "integer"

name = "share"
type = "decimal"
most = 1

name = "day"
type = "date"

name = "at"
type = "instant"

name = "yes"
type = "boolean"

name = "names"
type = "list"

name = "deep"
type = "text"
path = "/a~1b/1/c"

name = "change"
type = "integer"
least = -100
"""
)


def test_values_that_stand_by_themselves() -> None:
    record = {
        "number": 3, "share": 0.5, "day": "2026-02-28", "at": "2026-02-28T01:00:00+01:00", "yes": False, "names": [],
        "a/b": [0, {"c": "x"}], "change": -5,
    }  # fmt: skip
    found = read(json.dumps(record), PLAIN)
    assert {name: fact.value for name, fact in found.facts.items()} == {
        **{name: value for name, value in record.items() if name not in ("a/b", "share", "names")},
        "share": Decimal("0.5"),
        "names": (),
        "deep": "x",
    }
    assert found.facts["deep"].where == "file#/a~1b/1/c"
    assert values({}, PLAIN) == {}
    assert "does not say number, share" in warnings({}, PLAIN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", -1), ("number", 1.0), ("number", True), ("number", "3"), ("number", 10**19), ("share", 1.01),
        ("share", "0.5"), ("share", -0.1), ("day", "28.2.2026"), ("day", "2026-02-30"), ("day", 20260228),
        ("at", "2026-02-28T01:00:00"),
        ("at", "soon"), ("yes", "yes"), ("yes", 1), ("names", ["a", 1]), ("names", "a"), ("names", ["a" * 201]),
        ("names", ["a"] * 1001), ("deep", 5), ("change", -101),
    ],
)  # fmt: skip
def test_a_value_by_itself_of_the_wrong_type_refuses_the_file(name: str, value: Any) -> None:
    record: dict[str, Any] = {"a/b": [0, {"c": value}]} if name == "deep" else {name: value}
    with pytest.raises(InputError, match="should be"):
        values(record, PLAIN)


# --- when it is complete -------------------------------------------------------------------------------------------------

RUN = kind(
    'name = "completed"\ntype = "boolean"',
    complete="""
needs = ["/finished_at", "/names"]
where = [{ field = "/status", is = "success" }]
rows = "/rows"
announced = "/planned"
every = [{ field = "error", missing = true }]
some = [{ field = "last", is = true }]
same = ["build"]
""",
)
GOOD: dict[str, Any] = {
    "finished_at": "2026-01-01T00:00:00Z",
    "names": ["a"],
    "status": "success",
    "planned": 2,
    "rows": [{"build": "b"}, {"build": "b", "last": True}],
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"finished_at": None}, "does not say /finished_at"),
        ({"names": []}, "does not say /names"),
        ({"status": "error"}, "/status is not what it should be"),
        ({"status": None}, "does not say /status"),
        ({"status": 1}, "cannot be"),
        ({"planned": 3}, "/planned is 3, and 2 rows are there"),
        ({"planned": "2"}, "/planned should be a whole number"),
        ({"planned": None}, "does not say /planned"),
        ({"rows": [], "planned": 0}, "nothing was measured"),
        ({"rows": None}, "nothing was measured"),
        (
            {"rows": [{"build": "b", "error": "x"}, {"build": "b", "last": True}]},
            "row 1 of /rows is not what every row should be",
        ),
        ({"rows": [{"build": "b"}, {"build": "c", "last": True}]}, "row 2 of /rows is about another build"),
        ({"rows": [{"build": "b"}, {"last": True}]}, "row 2 of /rows does not say build"),
        ({"rows": [{"build": "b"}, {"build": "b"}]}, "no row says that it came to its end"),
    ],
)
def test_a_record_is_whole_only_where_all_of_it_holds(change: dict[str, Any], why: str) -> None:
    assert values(GOOD, RUN) == {"completed": True}
    assert values({**GOOD, **change}, RUN) == {"completed": False}
    assert why in warnings({**GOOD, **change}, RUN)


def test_a_register_may_rightly_be_empty_but_not_absent() -> None:
    register = kind('name = "completed"\ntype = "boolean"', complete='rows = "/rows"\nmay_be_empty = true\nannounced = "/n"')
    assert values({"rows": [], "n": 0}, register) == {"completed": True}
    assert values({"n": 0}, register) == {"completed": False}
    assert values({"rows": [], "n": 1}, register) == {"completed": False}


# --- hostile bytes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "content", "why"),
    [
        ("json", b"", "is empty"),
        ("json", b"\x00" * 50, "not JSON"),
        ("json", b'[{"a": 1}', "not JSON"),
        ("json", b'[{"a": 1, "a": 2}]', "stands twice"),
        ("json", b'[{"a": NaN}]', "NaN"),
        ("json", b'[{"a": -Infinity}]', "Infinity"),
        ("json", b'[{"a": 1e999}]', "out of any sensible range"),
        ("json", b"[" * 100 + b"]" * 100, "deeper than 64"),
        ("json", b'\xef\xbb\xbf[{"a": 1}]', "byte order mark"),
        ("json", b'["\xff"]', "not UTF-8"),
        ("json", b"[" + b"1," * 250_001 + b"1]", "values that are read at once"),
        ("jsonl", b"", "is empty"),
        ("jsonl", b'{"a": 1}\n{"a": 2}\n{"a":\n', "line 3: not JSON"),
        ("jsonl", b'{"a": 1}\n{"a": NaN}\n', "line 2: NaN"),
        ("jsonl", b'{"a": 1}\n[1]\n', "line 2 should be a JSON object"),
        ("jsonl", b'{"a": 1, "a": 1}', "stands twice"),
        ("jsonl", b'{"a": 1}\n' + b'{"a": "' + b"x" * (1 << 21), "line 2 is longer"),
        ("jsonl", b"\x00\x00", "not JSON"),
        ("csv", b"", "is empty"),
        ("csv", b"\n\n", "names of the columns"),
        ("csv", b"a,b\n1,2,3\n", "line 2 has 3 cells, the heading has 2"),
        ("csv", b"a,b\n1\n", "line 2 has 1 cells"),
        ("csv", b"a,a\n1,2\n", "stands twice"),
        ("csv", b"a,\n1,2\n", "no name"),
        ("csv", b'a\n"x\n', "not CSV"),
        ("csv", b'a\n"x" y\n', "not CSV"),
        ("csv", b"a\nx\x00y\n", "line 2 holds a NUL"),
        ("csv", "a\nx\n".encode("utf-16"), "NUL|UTF-8"),
        ("csv", b"a\n\xff\n", "line 2 is not UTF-8"),
        ("csv", b"a\n" + b"x" * 200_000 + b"\n", "not CSV"),
        ("csv", b",".join(b"c%d" % n for n in range(1001)) + b"\n", "at most 1,000"),
        ("csv", b"," * 1_000_000 + b"\n", "at most 1,000"),
        ("toml", b"", "is empty"),
        ("toml", b"r = [", "line"),
        ("toml", b"r = 1\nr = 2\n", "line 2"),
        ("toml", b"a = nan\n", "not a number"),
        ("toml", b"a = " + b"[" * 50, "deeper"),
        ("toml", b"#" * (5 << 20), "larger than"),
        ("xml", b"", "is empty"),
        ("xml", b"<r><a></r>", "well-formed"),
        ("xml", b"<r>", "well-formed"),
        ("xml", b'<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "document type"),
        ("xml", '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE r><r/>'.encode("utf-16"), "UTF-8|NUL"),
        (
            "xml",
            '<?xml version="1.0" encoding="cp037"?><!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'.encode("cp037"),
            "UTF-8|well-formed",
        ),
        ("xml", b"<r>" * 100, "deeper than 64"),
        ("xml", b"<r>" + b"<a/>" * 250_001 + b"</r>", "elements that are read"),
        ("xml", b"<r>\x00</r>", "NUL"),
    ],
)
def test_what_cannot_be_read_gets_one_sentence(form: str, content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        read(content, ANY[form])
    assert caught.value.code == "unreadable-evidence"
    assert "\n" not in str(caught.value) and str(caught.value).startswith("file")


def test_the_number_of_rows_and_bytes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    rows = {"json": '[{"a":1},{"a":1},{"a":1},{"a":1}]', "jsonl": '{"a":1}\n' * 4, "csv": "a\n1\n1\n1\n1\n"}
    for form, content in rows.items():
        with pytest.raises(InputError, match="more than the 3"):
            read(content, ANY[form])
    monkeypatch.setattr(tables, "LARGEST_STREAM", 1000)
    with pytest.raises(InputError, match="larger than the 1,000 bytes"):
        read("x" * 2000, ANY["csv"])


def test_csv_with_quotes_newlines_and_a_byte_order_mark() -> None:
    of = kind(f'name = "texts"\ntype = "list"\ntake = "list"\nof = "the, text"\n\n{SUM}', "csv")
    content = '\ufeff"the, text",n\r\n"a ""b""",1\r\n\r\n"two\nlines",2\r\n"é,",3'
    assert values(content, of) == {"texts": ('a "b"', "two\nlines", "é,"), "n": 6}


def test_text_forms_parse_numbers_and_answers_strictly() -> None:
    answers = 'name = "ok"\ntype = "boolean"\nwhere = [{ field = "ok", is = true }]\ntake = "all"'
    of = kind(f"{SUM}\n\n{answers}", "csv")
    assert values("n,ok\n1,yes\n2,TRUE\n", of) == {"n": 3, "ok": True}
    for cell in ("-1", "1.5", "1e3", "٣", "0x1", "NaN", "", "1_000"):
        assert "n" not in values(f"n,ok\n{cell},yes\n", of)
    for cell in ("1", "ok", ""):
        assert "ok" not in values(f"n,ok\n1,{cell}\n", of)


def test_xml_rows_without_a_place_for_them_are_absent_and_no_rows_are_none() -> None:
    assert values("<r/>", ANY["xml"]) == {"n": 0}
    assert values("<other/>", ANY["xml"]) == {}
    assert values('<r xmlns="urn:x" xmlns:y="urn:y"><a y:x="1"/><a x="2"/></r>', ANY["xml"]) == {"n": 2, "x": ("1", "2")}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(EXAMPLES))
def test_any_change_of_an_example_is_read_or_refused(data: st.DataObject, name: str) -> None:
    of = load_model(FILES[f"{name}/kind.toml"].encode(), Kind, "kind.toml")
    content = bytearray(FILES[f"{name}/{of.sample}"].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    try:
        read(bytes(content), of)
    except InputError as error:
        assert "\n" not in str(error)


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=200), form=st.sampled_from(list(ANY)))
def test_any_bytes_are_read_or_refused(content: bytes, form: str) -> None:
    try:
        read(content, ANY[form])
    except InputError as error:
        assert error.code == "unreadable-evidence" and "\n" not in str(error)


_value = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("2")
_names = st.sampled_from([*GOOD, "number", "share", "day", "at", "yes", "names", "a/b", "change"])
_inside = st.dictionaries(st.sampled_from(["build", "last", "error"]), st.sampled_from(["b", "", True, False, None]))
_record = st.dictionaries(_names, _value | st.lists(_value) | st.lists(_inside), max_size=3)


@settings(max_examples=150, deadline=None)
@given(record=_record, of=st.sampled_from([PLAIN, RUN]))
def test_any_record_is_read_or_refused_and_whole_only_where_all_holds(record: dict[str, Any], of: Kind) -> None:
    record = {**GOOD, **record}
    try:
        found = values(record, of)
    except InputError as error:
        assert "\n" not in str(error)
        return
    if found.get("completed"):
        rows = record["rows"]
        assert record["status"] == "success" and len(rows) == record["planned"] > 0
        assert all(not row.get("error") and row["build"] == rows[0]["build"] for row in rows)
