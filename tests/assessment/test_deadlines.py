"""What is due by when: each state by an hour that is in it and one that is not; attached registers; values that are tried."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.deadlines import Deadline, deadlines, length_of
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Item
from compliance_tui.assessment.rate import rate_register, rating_json, scale_of
from compliance_tui.assessment.registers import register_document, registers, titles
from compliance_tui.assessment.try_values import as_it_is, questions, try_values
from compliance_tui.safe.errors import InputError
from compliance_tui.shipped import shipped
from compliance_tui.standard.load import find_pack, standard_folders
from tests.assessment.sample import NOW, start

REPORTED = dt.datetime(2026, 11, 1, 8, 0, tzinfo=dt.UTC)
HOURS = {"triage": 24, "contain": 72, "fix": 336, "authority": 72}
SAMPLE = shipped("evidence") / "jailbreak-register" / "jailbreak-register.json"
JSR = find_pack("jailbreak-risk@1.1", standard_folders()).standard
LEVELS = {"uplift": "3", "breadth": "2", "ease": "2", "transfer": "0", "exposure": "0"}


def _after(hours: float) -> str:
    return (REPORTED + dt.timedelta(hours=hours)).isoformat()


def _states(at: float, **said: Any) -> dict[str, str]:
    found = deadlines({"reported_at": _after(0), **said}, HOURS, REPORTED + dt.timedelta(hours=at))
    return {one.clock: one.state for one in found}


def test_a_clock_runs_until_its_hour_is_over_and_what_is_done_is_in_time_or_late() -> None:
    assert _states(24) == {"triage": "running", "contain": "running", "fix": "running", "authority": "waiting"}
    assert _states(24.01)["triage"] == "over"
    assert _states(400, triaged_at=_after(24))["triage"] == "met"
    assert _states(400, triaged_at=_after(24.01))["triage"] == "missed"
    assert set(deadlines({}, {}, NOW)) == set()


def test_authorities_are_to_be_told_only_of_what_is_contained_late_and_from_then_on() -> None:
    assert _states(500, contained_at=_after(72))["authority"] == "waiting"
    assert _states(144, contained_at=_after(73))["authority"] == "running"
    assert _states(145, contained_at=_after(73))["authority"] == "over"
    assert _states(145, contained_at=_after(73), authorities_told_at=_after(144))["authority"] == "met"
    assert _states(145)["authority"] == "over"


def test_where_nothing_has_to_be_contained_nobody_has_to_be_told_that_it_is_late() -> None:
    (found,) = deadlines({"reported_at": _after(0)}, {"authority": 72}, REPORTED + dt.timedelta(days=99))
    assert found.state == "waiting"


def test_without_the_time_of_the_report_nothing_is_said_to_be_in_time() -> None:
    assert set(_states(1, reported_at=None).values()) == {"undated"}
    assert set(_states(1, reported_at="yesterday", found_at=_after(0)).values()) == {"undated"}
    assert _states(1, reported_at=None, found_at=_after(0))["triage"] == "running"


@pytest.mark.parametrize(
    ("at", "said", "text"),
    [
        (23, {}, "by 2026-11-02 08:00, 60 min left"),
        (10, {}, "by 2026-11-02 08:00, 14 h left"),
        (24 + 49, {}, "was due 2026-11-02 08:00, over by 2 d 1 h"),
        (99, {"triaged_at": "2026-11-02T09:00:00+02:00"}, "done 2026-11-02 07:00, 60 min before its time"),
        (99, {"triaged_at": "2026-11-03T08:00:00Z"}, "done 2026-11-03 08:00, 1 d 0 h late"),
        (99, {"reported_at": None}, "within 24 hours of the report"),
    ],
)
def test_how_a_deadline_stands_is_said_with_its_time_left(at: float, said: dict[str, Any], text: str) -> None:
    found = deadlines({"reported_at": _after(0), **said}, HOURS, REPORTED + dt.timedelta(hours=at))
    assert found[0].text == text


def test_lengths_of_time_are_said_in_days_and_hours() -> None:
    spans = [dt.timedelta(minutes=119), dt.timedelta(hours=2), dt.timedelta(hours=23.9), dt.timedelta(hours=24)]
    assert [length_of(span) for span in spans] == ["119 min", "2 h", "23 h", "1 d 0 h"]


def _attached(folder: Path, **changed: Any) -> tuple[Path, Item]:
    document = json.loads(SAMPLE.read_bytes())
    document["entries"][3] |= changed
    path = folder / "register.json"
    path.write_text(json.dumps(document))
    root = start(folder)
    return root, attach(load(root), [path], [], "ci", NOW)[0]


def test_an_attached_register_is_rated_by_the_usual_standard_with_the_assessments_own_tier(tmp_path: Path) -> None:
    root, item = _attached(tmp_path)
    found = registers(load(root), standard_folders(), NOW)
    assert [(one.item.id, one.standard.id, one.fault) for one in found] == [(item.id, "jailbreak-risk", "")]
    assert [(one.entry.id, one.band) for one in found[0].rated] == [
        ("JB-2026-01", "J1"),
        ("JB-2026-02", "J1"),
        ("JB-2026-03", "J1"),
        ("JB-2026-04", "J2"),
    ]
    assert titles(load(root), item)["JB-2026-03"] == "Small head start for a beginner, one target"


def test_the_facts_are_enough_where_the_bytes_are_gone(tmp_path: Path) -> None:
    root, item = _attached(tmp_path)
    for path in (root / "evidence" / "objects").rglob("*"):
        if path.is_file():
            path.unlink()
    assert len(registers(load(root), standard_folders(), NOW)[0].rated) == 4
    assert titles(load(root), item) == {}


def test_the_newest_register_comes_first(tmp_path: Path) -> None:
    root, _ = _attached(tmp_path)
    for day in (b"2026-11-20", b"2026-10-01"):
        (tmp_path / "other.json").write_bytes(SAMPLE.read_bytes().replace(b"2026-11-14", day))
        attach(load(root), [tmp_path / "other.json"], [], "ci", NOW)
    found = registers(load(root), standard_folders(), NOW)
    assert [f"{one.item.speaks_of}" for one in found] == ["2026-11-20", "2026-11-14", "2026-10-01"]


def test_a_register_that_a_newer_one_replaced_is_not_rated(tmp_path: Path) -> None:
    root, item = _attached(tmp_path)
    newer = tmp_path / "newer.json"
    newer.write_bytes(SAMPLE.read_bytes().replace(b"2026-11-14", b"2026-11-20"))
    attach(load(root), [newer], [], "ci", NOW, replaces=item.id)
    assert [one.item.replaces for one in registers(load(root), standard_folders(), NOW)] == [item.id]


def test_a_register_that_cannot_be_rated_says_why_and_hides_no_other(tmp_path: Path) -> None:
    root, _ = _attached(tmp_path, levels={"uplift": 9, "breadth": 2, "ease": 2, "transfer": 0, "exposure": 0})
    good = tmp_path / "good.json"
    good.write_bytes(SAMPLE.read_bytes())
    attach(load(root), [good], [], "ci", NOW)
    found = sorted(registers(load(root), standard_folders(), NOW), key=lambda one: len(one.rated))
    assert [len(one.rated) for one in found] == [0, 4]
    assert found[0].fault == "JB-2026-04: jsr: uplift cannot be 9; choose 0, 1, 2, 3, 4"


def test_only_a_register_is_rated(tmp_path: Path) -> None:
    root, item = _attached(tmp_path)
    assert len(register_document(load(root), item.id)["entries"]) == 4
    with pytest.raises(InputError, match="no item E-0099 here"):
        register_document(load(root), "E-0099")


@pytest.mark.parametrize(
    ("override", "band", "raised", "said"),
    [
        ({"band": "J4", "reason": "one output", "by": "board"}, "J4", "J4", "raised to J4 (board): one output"),
        ({"band": "J3", "reason": " "}, "J3", "J3", "raised to J3; no reason is given for it"),
        ({"band": "J1", "reason": "calm"}, "J2", "", "J1 was asked for and is not higher"),
        ({"band": "J2", "reason": "the same"}, "J2", "", "J2 was asked for and is not higher"),
        ({"band": "X9", "reason": "no such band"}, "J2", "", "X9 was asked for and is not higher"),
        ({}, "J2", "", ""),
    ],
)
def test_people_raise_the_band_in_force_and_never_lower_it(override: dict[str, str], band: str, raised: str, said: str) -> None:
    entry = {"id": "J-1", "levels": LEVELS, "override": override}
    one = rate_register({"entries": [entry]}, JSR, {"tier": "T1"}, NOW)[0]
    assert (one.band, one.raised_to) == (band, raised)
    assert one.override.startswith(said) and bool(one.override) == bool(said)


def test_the_json_says_of_each_clock_when_it_is_due_and_how_it_stands() -> None:
    entry = {"id": "J-1", "levels": LEVELS, "reported_at": _after(0), "triaged_at": _after(1)}
    found = rating_json(rate_register({"entries": [entry]}, JSR, {"tier": "T1"}, REPORTED))[0]["deadlines"]
    assert found[0] == {
        "clock": "triage",
        "hours": 72,
        "state": "met",
        "due": "2026-11-04T08:00:00Z",
        "done": "2026-11-01T09:00:00Z",
    }
    assert (found[1]["state"], found[1]["due"], found[1]["done"]) == ("running", "2026-11-15T08:00:00Z", None)


def test_what_is_tried_starts_from_the_entry_and_gives_what_rating_by_hand_gives() -> None:
    scale = scale_of(JSR)
    entry = {"id": "J-1", "levels": LEVELS, "modifiers": {"detection": "swept"}, "reported_at": _after(0)}
    one = rate_register({"entries": [entry]}, JSR, {"tier": "T1"}, NOW)[0]
    tried = as_it_is(scale, JSR, {"tier": "T1"}, one)
    assert {(asked.sort, asked.id) for asked in questions(scale, JSR)} == set(tried)
    same = try_values(scale, JSR, tried, entry, NOW)
    assert (same.entry.rating, same.band, same.clocks) == (one.entry.rating, one.band, one.clocks)
    other = try_values(scale, JSR, {**tried, ("level", "uplift"): "4", ("axis", "tier"): "T3"}, entry, NOW)
    assert (other.entry.rating.base, other.entry.rating.base_band) == (67, "J3")
    assert (other.clocks["contain"], one.clocks["contain"]) == (36, 336)
    assert [deadline.state for deadline in other.entry.deadlines if deadline.clock == "contain"] == ["over"]


def test_without_an_entry_the_first_values_are_tried_and_an_axis_may_stay_unsaid() -> None:
    scale = scale_of(JSR)
    tried = as_it_is(scale, JSR, {}, None)
    found = try_values(scale, JSR, tried, {}, NOW)
    assert (found.entry.rating.base, found.band, found.entry.deadlines) == (0, "J0", ())
    assert tried["axis", "tier"] == ""
    with pytest.raises(InputError, match="uplift cannot be 7"):
        try_values(scale, JSR, {**tried, ("level", "uplift"): "7"}, {}, NOW)


def test_a_deadline_that_nobody_can_date_has_none() -> None:
    assert Deadline("fix", 3, "undated", NOW).due is None
    assert Deadline("fix", 3, "undated", NOW).left is None
