"""Facts from rows: what is taken, against plain Python, and what a hole in a row does."""

import io
import json
import math
import tracemalloc
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.evidence.readers import rows as row_facts
from compliance_tui.safe.errors import InputError
from tests.evidence.form_kinds import SUM, kind, read, values, warnings

# --- what is taken, against plain Python ---------------------------------------------------------------------------------

TAKES = kind(
    """
name = "count"
type = "integer"
where = [{ field = "g", is = "a" }]
take = "count"

name = "share"
type = "decimal"
where = [{ field = "g", is = "a" }]
take = "share"

name = "share_up"
type = "decimal"
where = [{ field = "g", is = "a" }]
take = "share"
less_is_better = true

name = "share_among"
type = "decimal"
among = [{ field = "n", at_least = 10 }]
where = [{ field = "g", is_not = ["a", "b"] }]
take = "share"

name = "all"
type = "boolean"
where = [{ field = "n", below = 90 }]
take = "all"

name = "any"
type = "boolean"
where = [{ field = "n", above = 90 }]
take = "any"

name = "sum"
type = "integer"
take = "sum"
of = "n"

name = "min"
type = "integer"
take = "min"
of = "n"

name = "max"
type = "integer"
take = "max"
of = "n"

name = "mean"
type = "decimal"
take = "mean"
of = "n"

name = "mean_up"
type = "decimal"
take = "mean"
of = "n"
less_is_better = true

name = "p95"
type = "integer"
take = "p95"
of = "n"

name = "p50"
type = "integer"
take = "p50"
of = "n"

name = "first"
type = "text"
take = "first"
of = "g"

name = "list"
type = "list"
take = "list"
of = "g"

name = "distinct"
type = "integer"
take = "distinct"
of = "g"

name = "distinct_list"
type = "list"
take = "distinct"
of = "g"

name = "fewest"
type = "integer"
take = "fewest"
of = "g"

name = "most"
type = "integer"
take = "most"
of = "g"

name = "largest_share"
type = "decimal"
take = "largest-share"
of = "g"

name = "ratio"
type = "decimal"
take = "min"
of = "n"
over = "m"
"""
)


def _places(value: Fraction, up: bool = False) -> Decimal:
    scaled = value * 10_000
    return Decimal(math.ceil(scaled) if up else math.floor(scaled)) / 10_000


def _plainly(rows: list[dict[str, Any]]) -> dict[str, Any]:
    numbers, groups = [row["n"] for row in rows], [row["g"] for row in rows]
    a, common = groups.count("a"), Counter(groups).values()
    wide = [row for row in rows if row["n"] >= 10]
    expected = {
        "count": a,
        "share": _places(Fraction(a, len(rows))),
        "share_up": _places(Fraction(a, len(rows)), up=True),
        "all": all(number < 90 for number in numbers),
        "any": any(number > 90 for number in numbers),
        "sum": sum(numbers),
        "min": min(numbers),
        "max": max(numbers),
        "mean": _places(Fraction(sum(numbers), len(rows))),
        "mean_up": _places(Fraction(sum(numbers), len(rows)), up=True),
        "p95": next(n for n in sorted(numbers) if sum(other <= n for other in numbers) * 100 >= 95 * len(numbers)),
        "p50": next(n for n in sorted(numbers) if sum(other <= n for other in numbers) * 100 >= 50 * len(numbers)),
        "first": groups[0],
        "list": tuple(groups),
        "distinct": len(set(groups)),
        "distinct_list": tuple(dict.fromkeys(groups)),
        "fewest": min(common),
        "most": max(common),
        "largest_share": _places(Fraction(max(common), len(rows))),
        "ratio": min(_places(Fraction(row["n"], row["m"])) for row in rows),
    }
    if wide:
        expected["share_among"] = _places(Fraction(sum(row["g"] not in "ab" for row in wide), len(wide)))
    return expected


_rows = st.lists(
    st.fixed_dictionaries({"g": st.sampled_from("abcd"), "n": st.integers(0, 100), "m": st.integers(1, 7)}),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(rows=_rows)
def test_facts_from_rows_are_what_plain_python_computes(rows: list[dict[str, Any]]) -> None:
    expected = _plainly(rows)
    found = values(rows, TAKES)
    assert found == expected
    assert all(type(found[name]) is type(value) for name, value in expected.items())
    lines = "\n".join(json.dumps(row) for row in rows)
    assert values(lines, TAKES.model_copy(update={"format": "jsonl"})) == expected
    cells = "g,n,m\r\n" + "".join(f'"{row["g"]}",{row["n"]},{row["m"]}\r\n' for row in rows)
    assert values(cells, TAKES.model_copy(update={"format": "csv"})) == expected


def test_rounding_never_makes_a_figure_look_better_than_it_is() -> None:
    shares = TAKES.model_copy(update={"facts": [one for one in TAKES.facts if one.name in ("share", "share_up")]})
    most, few = [{"g": "a"}] * 20_000, [{"g": "b"}]
    assert values(few + most, shares) == {"share": Decimal("0.9999"), "share_up": Decimal(1)}
    most, few = [{"g": "b"}] * 20_000, [{"g": "a"}]
    assert values(few + most, shares) == {"share": Decimal(0), "share_up": Decimal("0.0001")}


@pytest.mark.parametrize("divisor", [0, -2])
def test_a_quotient_by_nothing_is_no_fact(divisor: int) -> None:
    rows = [{"g": "a", "n": 0, "m": 1}, {"g": "a", "n": 0, "m": divisor}]
    assert "ratio" not in values(rows, TAKES)
    assert "row 2: m should be above 0, to divide by it; ratio was not read" in read(json.dumps(rows), TAKES).warnings


TIMES = kind(
    """
name = "hours"
type = "integer"
unit = "h"
each = "/rows"
take = "max"
of = "end"
since = "start"
less_is_better = true

name = "age"
type = "integer"
unit = "d"
each = "/rows"
take = "max"
of = "/day"
since = "on"

name = "half"
type = "decimal"
unit = "min"
path = "/end"
since = "/start"
"""
)


def test_a_time_is_counted_between_instants_and_rounded_against_the_lab() -> None:
    rows = [{"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T05:00:01+01:00", "on": "2025-12-30"}]
    record = {"rows": rows, "day": "2026-01-02", "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:01.5Z"}
    assert values(record, TIMES) == {"hours": 5, "age": 3, "half": Decimal("0.0250")}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "gives -24"),
        ({"start": "2026-01-02T00:00:00Z", "end": None}, "does not say end"),
        ({"end": "2026-01-02T00:00:00Z"}, "does not say start"),
        ({"start": "2026-01-02", "end": "2026-01-03"}, "instants, not days"),
        ({"start": "2026-01-02T00:00:00", "end": "2026-01-03T00:00:00Z"}, "not an instant"),
        ({"start": 1, "end": "2026-01-03T00:00:00Z"}, "does not say start"),
    ],
)
def test_a_time_that_cannot_be_told_is_no_fact(row: dict[str, Any], why: str) -> None:
    assert "hours" not in values({"rows": [row]}, TIMES)
    assert why in warnings({"rows": [row]}, TIMES)


# --- what is missing never passes ----------------------------------------------------------------------------------------

HOLES = kind(
    """
name = "open"
type = "integer"
each = "/rows"
where = [{ field = "closed", missing = true }]
take = "count"

name = "late"
type = "integer"
each = "/rows"
where = [{ field = "days", above = 10 }]
take = "count"

name = "worst"
type = "integer"
each = "/rows"
take = "max"
of = "days"
when_none = 0

name = "build"
type = "text"
each = "/rows"
take = "same"
of = "build"
"""
)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (
            [{"days": 3, "build": "b"}, {"days": 12, "build": "b", "closed": ""}],
            {"open": 2, "late": 1, "worst": 12, "build": "b"},
        ),
        ([{"days": 3, "build": "b", "closed": None}, {"build": "b"}], {"open": 2, "build": "b"}),
        ([{"days": "3", "build": "b"}], {"open": 1, "build": "b"}),
        ([{"days": True, "build": "b"}], {"open": 1, "build": "b"}),
        ([{"days": 3.5, "build": "b"}], {"open": 1, "late": 0, "build": "b"}),
        ([{"days": -1, "build": "b"}], {"open": 1, "late": 0, "build": "b"}),
        ([{"days": 10**19, "build": 7}], {"open": 1}),
        ([{"days": 3, "build": "b"}, {"days": 3, "build": "c"}], {"open": 2, "late": 0, "worst": 3}),
        ([], {"open": 0, "late": 0, "worst": 0}),
        (None, {}),
    ],
)
def test_a_hole_or_a_wrong_type_in_a_row_makes_the_fact_absent(rows: Any, found: dict[str, Any]) -> None:
    assert values({"rows": rows}, HOLES) == found
    if len(found) < 4:
        assert warnings({"rows": rows}, HOLES)


def test_warnings_name_the_row_and_what_it_lacks() -> None:
    rows = [{"days": 1, "build": "b"}, {"days": "x", "build": "b"}, {"build": "b"}]
    said = read(json.dumps({"rows": rows}), HOLES).warnings
    assert "row 2 of /rows: days should be a whole number not below 0, not 'x'; worst was not read" in said
    lines = "\n".join(json.dumps(row) for row in rows)
    facts = kind('name = "worst"\ntype = "integer"\ntake = "max"\nof = "days"', "jsonl")
    assert "line 2: days should be" in warnings(lines, facts)
    empty = read('{"rows": []}', HOLES).warnings
    assert "/rows holds no rows" in empty and "no row counts for worst; it is then 0, by its kind" in empty


def test_what_is_no_list_of_records_is_refused() -> None:
    for rows in ("x", 3, {"a": 1}, [1], [[]], [None]):
        with pytest.raises(InputError, match=r"should be a list of rows|should be a record"):
            values({"rows": rows}, HOLES)


def test_rows_may_lie_deeper() -> None:
    deep = kind(
        'name = "n"\ntype = "integer"\neach = "/sites/*/hosts"\nwhere = [{ field = "disk/ok", is = true }]\ntake = "count"'
    )
    sites = [{"hosts": [{"disk": {"ok": True}}, {"disk": {"ok": False}}]}, {"hosts": [{"disk": {"ok": True}}]}]
    assert values({"sites": sites}, deep) == {"n": 2}
    assert values({"sites": [*sites, {}]}, deep) == {}
    assert values({"sites": []}, deep) == {"n": 0}


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_memory_does_not_grow_with_the_rows(form: str) -> None:
    of = kind(f'name = "p95"\ntype = "integer"\ntake = "p95"\nof = "n"\n\n{SUM}', form)
    row = (lambda n: f'{{"n": {n % 500}}}\n') if form == "jsonl" else (lambda n: f"{n % 500}\n")
    content = ("" if form == "jsonl" else "n\n") + "".join(map(row, range(30_000)))
    stream = io.BytesIO(content.encode())
    tracemalloc.start()
    try:
        read_facts_of([("file", lambda: stream)], of)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_only_so_many_different_values_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_facts, "MOST_DIFFERENT", 2)
    found = [{"g": str(number), "n": 1, "m": 1} for number in range(3)]
    assert "distinct" not in values(found, TAKES)
    assert "more than the 2 different values" in warnings(found, TAKES)
    assert values([{"g": "a" * 201, "n": 1, "m": 1}], TAKES).get("list") is None
    assert values([{"g": "a", "n": 1, "m": 1}] * 1001, TAKES).get("list") is None


_any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["2026-01-01", "2026-01-01T00:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["rows", "days", "closed", "build", "start", "end", "on", "day", "g", "n", "m"]), inner
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(value=_any_json, of=st.sampled_from([HOLES, TIMES, TAKES]))
def test_any_shape_of_record_is_read_or_refused(value: Any, of: Kind) -> None:
    for content in (value, {"rows": value}, [value], {"rows": [value]}):
        try:
            found = read(json.dumps(content), of)
        except InputError as error:
            assert "\n" not in str(error)
        else:
            assert set(found.facts) <= {one.name for one in of.facts}
            assert all("\n" not in warning for warning in found.warnings)
