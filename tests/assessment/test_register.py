"""What a rating scale says of a register: each figure by an entry that hits, and one that misses by one hour or one band."""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.assessment.checks import Scope, check_outcomes
from compliance_tui.assessment.model import Item, ItemFile, Subject
from compliance_tui.assessment.register import Figure, figure, read_entries
from compliance_tui.evidence.fact import Fact
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.toml import dump_toml
from compliance_tui.standard.load import load_standard
from compliance_tui.standard.model import Standard
from tests.standard.jailbreak_scale import outside_table, table
from tests.standard.versions import control, document

REPORTED = dt.datetime(2026, 11, 1, 8, 0, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
# J3 is to be contained within 72 hours, and authorities told 72 hours later; J2 within 336, J4 within 24.
LEVELS = {
    "J3": {"uplift": 3, "breadth": 2, "ease": 2, "transfer": 1, "exposure": 0},
    "J2": {"uplift": 2, "breadth": 1, "ease": 1, "transfer": 0, "exposure": 0},
    "J4": {"uplift": 4, "breadth": 3, "ease": 3, "transfer": 2, "exposure": 2},
    "J1": {"uplift": 1, "breadth": 0, "ease": 0, "transfer": 0, "exposure": 0},
    "J0": {"uplift": 0, "breadth": 0, "ease": 0, "transfer": 0, "exposure": 0},
}
STORED = {"J4": (100, "J4"), "J3": (62, "J3"), "J2": (35, "J2"), "J1": (10, "J1"), "J0": (0, "J0")}


def _standard(**check: Any) -> Standard:
    rated = {"id": "r", "title": "Rating", "evidence": "jailbreak-register", "scale": "jsr", "op": "<=", "limit": 0}
    checks = [{**rated, **check}] if check else []
    kinds = [{"kinds": ["jailbreak-register"]}]
    scales = [table(), outside_table()]
    return load_standard(dump_toml(document("1", [control("R", evidence=kinds, checks=checks)], scales=scales)), "test")


STANDARD = _standard()


def _at(hours: float) -> str:
    return (REPORTED + dt.timedelta(hours=hours)).isoformat()


def _entry(band: str = "J3", **said: Any) -> dict[str, Any]:
    base, name = STORED[band]
    stored = {"base": base, "base_band": name, "residual": base, "residual_band": name}
    return {"id": "J-1", "levels": LEVELS[band], "reported_at": _at(0), "contained_at": _at(1), **stored, **said}


def _figure(
    name: str,
    *entries: Mapping[str, Any],
    tier: str = "T2",
    least: str | None = None,
    below: str | None = None,
    at: dt.datetime = NOW,
) -> Figure:
    scale = STANDARD.scale("jsr")
    assert scale is not None
    read = read_entries([json.dumps(entry) for entry in entries], scale, STANDARD, {"tier": tier}, at)
    return figure(name, read, scale, STANDARD, least, below)


@pytest.mark.parametrize(
    ("name", "entry", "hits"),
    [
        ("late", _entry(contained_at=_at(72)), False),
        ("late", _entry(contained_at=_at(73)), True),
        ("late", _entry("J4", contained_at=_at(24)), False),
        ("late", _entry("J4", contained_at=_at(25)), True),
        ("late", _entry("J2", contained_at=_at(336)), False),
        ("late", _entry("J2", contained_at=_at(337)), True),
        ("late", _entry("J0", contained_at=None), False),
        ("late", _entry("J2", contained_at=_at(30), override={"band": "J4", "reason": "chained"}), True),
        ("late", _entry("J4", contained_at=_at(25), override={"band": "J1", "reason": "calm"}), True),
        ("late", _entry(reported_at=None, found_at=_at(0), contained_at=_at(73)), True),
        ("late", _entry(contained_at="2026-11-03"), False),
        ("late", _entry(contained_at="2026-11-04"), True),
        ("late", _entry(contained_at="soon"), True),
        ("unnoticed", _entry(contained_at=_at(73), authorities_told_at=_at(144)), False),
        ("unnoticed", _entry(contained_at=_at(73), authorities_told_at=_at(145)), True),
        ("unnoticed", _entry(contained_at=_at(72)), False),
        ("unnoticed", _entry("J2", contained_at=_at(337)), False),
        ("unnoticed", _entry(contained_at=_at(73)), True),
        ("differences", _entry(), False),
        ("differences", _entry(base=61), True),
        ("differences", _entry(residual=61), True),
        ("differences", _entry(base_band="J2"), True),
        ("differences", _entry(residual_band=None), True),
        ("differences", _entry(base="62"), True),
        ("differences", _entry(modifiers={"detection": "swept"}, residual=57, residual_band="J2"), False),
        ("differences", _entry(modifiers={"detection": "swept"}), True),
        ("lowered", _entry(), False),
        ("lowered", _entry(override={"band": "J4", "reason": "chained with J-2"}), False),
        ("lowered", _entry(override={"band": "J3", "reason": "as computed"}), False),
        ("lowered", _entry(override={"band": "J2", "reason": "calm"}), True),
        ("lowered", _entry(override={"band": "J4"}), True),
        ("lowered", _entry(override={"band": "J4", "reason": " "}), True),
        ("lowered", _entry(override={"band": "J4", "reason": None}), True),
        ("lowered", _entry(override={"band": "J9", "reason": "beyond"}), True),
    ],
)
def test_each_figure_by_one_that_hits_and_one_that_misses(name: str, entry: dict[str, Any], hits: bool) -> None:
    found = _figure(name, entry)
    assert (found.value, found.entries, found.of) == (int(hits), ("J-1",) * hits, 1)


def test_an_open_entry_is_late_from_the_hour_after_its_clock() -> None:
    entry = _entry(contained_at=None)
    assert _figure("late", entry, at=REPORTED + dt.timedelta(hours=72)).value == 0
    assert _figure("late", entry, at=REPORTED + dt.timedelta(hours=73)).value == 1
    assert _figure("unnoticed", entry, at=REPORTED + dt.timedelta(hours=144)).value == 0
    assert _figure("unnoticed", entry, at=REPORTED + dt.timedelta(hours=145)).value == 1


def test_the_highest_tier_has_half_the_time_to_contain() -> None:
    assert _figure("late", _entry(contained_at=_at(36)), tier="T3").value == 0
    assert _figure("late", _entry(contained_at=_at(37)), tier="T3").value == 1
    assert _figure("late", _entry(contained_at=_at(37)), tier="T2").value == 0


def _cjs(gain: str, *others: str, band: str, **said: Any) -> dict[str, Any]:
    levels = dict(zip(("gain", "breadth", "weaponisation", "discoverability"), (gain, *others), strict=True))
    return {"levels": levels, "band": band, **said}


@pytest.mark.parametrize(
    ("name", "entry", "hits"),
    [
        ("unexplained-gaps", _entry("J4", cjs=_cjs("4", "2", "2", "0", band="CJS-3")), False),
        ("unexplained-gaps", _entry("J4", cjs=_cjs("2", "1", "1", "0", band="CJS-2")), True),
        ("unexplained-gaps", _entry("J4", cjs=_cjs("2", "1", "1", "0", band="CJS-2", note="one surface only")), False),
        ("unexplained-gaps", _entry("J4", cjs=_cjs("2", "1", "1", "0", band="CJS-2", note=None)), True),
        ("unexplained-gaps", _entry("J1", cjs=_cjs("3", "1.5", "1.5", "1", band="CJS-3")), True),
        ("unexplained-gaps", _entry("J4"), False),
        ("differences", _entry("J4", cjs=_cjs("4", "2", "2", "0", band="CJS-3")), False),
        ("differences", _entry("J4", cjs=_cjs("4", "2", "2", "0", band="CJS-4")), True),
        ("differences", _entry("J4", cjs={"note": "not rated by it"}), False),
    ],
)
def test_somebody_elses_scale_is_computed_from_its_own_levels(name: str, entry: dict[str, Any], hits: bool) -> None:
    assert _figure(name, entry).value == int(hits)


def test_bands_bound_what_is_counted() -> None:
    entries = [
        {**_entry(band, contained_at=_at(2000)), "id": band} for band in ("J0", "J1", "J2", "J3", "J4")
    ]  # fmt: skip
    assert _figure("late", *entries).entries == ("J1", "J2", "J3", "J4")
    assert _figure("late", *entries, least="J3") == Figure(2, ("J3", "J4"), 2)
    assert _figure("late", *entries, below="J3") == Figure(2, ("J1", "J2"), 3)
    assert _figure("late", *entries, least="J1", below="J2") == Figure(1, ("J1",), 1)


def test_a_share_is_of_the_entries_counted() -> None:
    late, held = _entry(contained_at=_at(73)), _entry(contained_at=_at(72))
    assert _figure("late-share", late, held, held, held).value == Decimal("0.25")
    assert _figure("late-share", late, _entry("J4", contained_at=_at(1)), below="J4").value == 1
    assert _figure("late-share").value == 0
    assert _figure("late-share", held, least="J4").value == 0


def test_an_entry_that_does_not_say_since_when_proves_nothing_about_clocks() -> None:
    undated = _entry(reported_at=None)
    for name in ("late", "late-share", "unnoticed"):
        with pytest.raises(InputError, match="J-1 does not say when it was reported"):
            _figure(name, undated)
        assert _figure(name, {**undated, "levels": LEVELS["J0"]}).value == 0
        assert _figure(name, undated, least="J4").value == 0
    assert _figure("differences", undated).value == 0


def test_a_band_that_the_scale_does_not_have_proves_nothing() -> None:
    for bound in ({"least": "J7"}, {"below": "J7"}):
        with pytest.raises(InputError, match="jsr has no band J7"):
            _figure("late", _entry(contained_at=_at(73)), **bound)


_HOSTILE = [
    "not JSON", "null", "[]", "3", '"x"', "{}", '{"id": 1}', '{"id": "J-1", "levels": []}', '{"id": "J-1", "levels": 3}',
    json.dumps(_entry(levels="J3")), json.dumps(_entry(modifiers=["open"])), json.dumps(_entry(override="J4")),
    json.dumps(_entry(cjs="CJS-3")), json.dumps(_entry(cjs=[1])), json.dumps(_entry(cjs={"levels": "high"})),
    json.dumps(_entry(cjs={"levels": {"gain": "9"}})), json.dumps(_entry(reported_at="9999-12-31T23:30:00Z")),
    "[" * 100_000, '{"id": "J-1", "levels": {"uplift": ' + "9" * 5000 + "}}",
]  # fmt: skip


@pytest.mark.parametrize("text", _HOSTILE, ids=range(len(_HOSTILE)))
def test_a_hostile_entry_is_refused_with_a_sentence(text: str) -> None:
    scale = STANDARD.scale("jsr")
    assert scale is not None
    with pytest.raises(InputError) as caught:
        entries = read_entries([text], scale, STANDARD, {"tier": "T2"}, NOW)
        for name in ("differences", "lowered", "unexplained-gaps", "late", "unnoticed"):
            figure(name, entries, scale, STANDARD, None, None)
    assert caught.value.code == "bad-rating"
    assert len(str(caught.value)) < 300


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None)
@given(
    st.sampled_from(["levels", "modifiers", "override", "cjs", "reported_at", "contained_at", "authorities_told_at", "base"]),
    _JSON,
)
def test_any_value_in_any_field_is_rated_or_refused(field: str, value: Any) -> None:
    for name in ("differences", "lowered", "unexplained-gaps", "late", "unnoticed"):
        try:
            assert _figure(name, _entry(**{field: value})).of == 1
        except InputError as error:
            assert error.code == "bad-rating"


def _outcome(standard: Standard, *entries: Mapping[str, Any]) -> tuple[str, str]:
    facts = {"ratings": Fact(value=[json.dumps(entry) for entry in entries])}
    item = Item(
        id="E-0001", title="r", kind="jailbreak-register", speaks_of=NOW.date(), speaks_of_source="document", attached_by="ci",
        attached_at=NOW, files=[ItemFile(name="r", sha256="0" * 64, size=1)], facts=facts,
    )  # fmt: skip
    scope = Scope(standard, standard.controls[0], {"tier": "T2"}, Subject(name="s"), [item], [item], NOW, False)
    (found,) = check_outcomes(scope)
    return found.outcome, found.text


def test_a_check_over_a_register_passes_fails_or_is_unproven() -> None:
    late = _standard(rating="late", from_band="J3")
    assert _outcome(late, _entry(contained_at=_at(72)))[0] == "pass"
    outcome, text = _outcome(late, _entry(contained_at=_at(73)), _entry())
    assert outcome == "fail"
    assert "1 of 2 entries (J-1)" in text
    assert _outcome(late, _entry(reported_at=None))[0] == "unproven"
    assert _outcome(late, _entry(cjs="x"))[0] == "unproven"
    share = _standard(rating="late-share", limit=Decimal("0.05"))
    assert _outcome(share, *[_entry()] * 19, _entry(contained_at=_at(73)))[0] == "pass"
    assert _outcome(share, *[_entry()] * 18, _entry(contained_at=_at(73)))[0] == "fail"
