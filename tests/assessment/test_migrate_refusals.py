"""What a move refuses, and what it leaves alone: faulty lists, other standards, axes, first days."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Subject
from compliance_tui.assessment.pins import pin_standard
from compliance_tui.safe.errors import InputError
from compliance_tui.standard.load import find_pack
from tests.assessment.sample import NOW, SERIES
from tests.assessment.walking import MOVE, home_of, move, plan, tree
from tests.standard.versions import documents, put

pytestmark = pytest.mark.usefixtures("quick")


def _spoil_list(tables: dict[str, Any]) -> None:
    tables["1.1"]["changes"].pop()


def _spoil_list_between(tables: dict[str, Any]) -> None:
    tables["1.0"]["changes"].pop()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_spoil_list, r"walk/1\.1\.toml, line \d+: W-FRESH: is not in 1\.0, .*; nothing was moved"),
        (_spoil_list_between, r"the list of changes of walk 1\.0: W-SHORT: is not in 0\.9, .*; nothing was moved"),
    ],
)
def test_a_list_that_does_not_add_up_moves_nothing(root: Path, spoil: Callable[[Any], None], said: str) -> None:
    tables = documents()
    spoil(tables)
    for table in tables.values():
        put(home_of(root), table)
    load(root)
    before = tree(root)
    for act in (plan, move):
        with pytest.raises(InputError, match=said):
            act(root, "walk@1.1")
    assert tree(root) == before


def test_the_way_back_is_refused_where_the_list_that_leads_there_does_not_add_up(tmp_path: Path) -> None:
    tables = documents()
    _spoil_list_between(tables)
    packs = {version: put(tmp_path / "packs", table) for version, table in tables.items()}
    root = tmp_path / "assessment"
    actions.create(root, [packs["1.0"]], Subject(name="thing"), {}, [], SERIES, "ada", NOW)
    actions.answer(load(root), "W-KEEP", "ada", NOW, status="met")
    with pytest.raises(InputError, match=r"the list of changes of walk 1\.0: W-SHORT"):
        move(root, "walk@0.9")
    assert load(root).assessment.standards[0].version == "1.0"


def test_a_version_that_only_words_its_prose_anew_is_moved_to_without_guessing(root: Path) -> None:
    table = documents()["0.9"]
    table["standard"] |= {"version": "0.9.1", "supersedes": "0.9"}
    table["controls"][0]["guidance"] = "Look twice."
    put(home_of(root), table)
    before = tree(root)
    found = move(root, "walk@0.9.1")
    assert not found.guessed
    assert {step.outcome for step in found.steps} == {"kept"}
    after = tree(root)
    assert {name for name in before if after.get(name) != before[name]} == {"assessment.toml", "log.jsonl"}


@pytest.mark.parametrize(
    ("reference", "said"),
    [("other@1.0", "does not pin other; it pins walk"), ("walk@0.9", "pinned here with other bytes")],
)
def test_what_cannot_be_moved_to_is_refused(root: Path, reference: str, said: str) -> None:
    table = documents()["0.9"]
    identifier, _, version = reference.partition("@")
    table["standard"] |= {"id": identifier, "version": version, "title": "Altered"}
    put(home_of(root), table)
    before = tree(root)
    with pytest.raises(InputError, match=said):
        move(root, reference)
    assert tree(root) == before


def test_two_standards_move_alone(root: Path) -> None:
    tables = documents()
    for table in tables.values():
        table["standard"]["id"] = "other"
        put(home_of(root), table)
    pin_standard(root, find_pack("other@1.0", [home_of(root)]), "ada", NOW)
    actions.answer(load(root), "other/W-AGE", "ada", NOW, status="met", statement="Other.")
    actions.sign_off(load(root), "other/W-AGE", "ada", "owner", "ada", NOW)
    before = tree(root)
    move(root, "walk@1.1", MOVE[:-1] + "1")
    after = tree(root)
    mine = ("responses/other/", "standards/other", "evidence/")
    assert {name: content for name, content in after.items() if name.startswith(mine)} == {
        name: content for name, content in before.items() if name.startswith(mine)
    }
    assert {pin.id: pin.version for pin in load(root).assessment.standards} == {"walk": "1.1", "other": "1.0"}
    walk = {name: content for name, content in after.items() if name.startswith("responses/walk/")}
    move(root, "other@1.1", MOVE[:-1] + "2")
    assert {pin.id: pin.version for pin in load(root).assessment.standards} == {"walk": "1.1", "other": "1.1"}
    assert {name: content for name, content in tree(root).items() if name.startswith("responses/walk/")} == walk
    state = load(root).readiness(NOW).state("other", "W-AGE")
    assert state is not None
    assert [seat.state for seat in state.seats] == ["signed"]


def test_a_control_with_a_first_day_blocks_from_that_day_on(root: Path) -> None:
    tables = documents()
    tables["1.1"]["controls"][-1]["counts_from"] = dt.date(2026, 12, 24)
    put(home_of(root), tables["1.1"])
    step = next(step for step in move(root, "walk@1.1").steps if step.new == "W-FRESH")
    assert step.why.endswith("counts from 2026-12-24 on")
    outcomes = []
    for instant in (dt.datetime(2026, 12, 23, 23, 59, 59, tzinfo=dt.UTC), dt.datetime(2026, 12, 24, tzinfo=dt.UTC)):
        state = load(root).readiness(instant).state("walk", "W-FRESH")
        assert state is not None
        outcomes.append((state.outcome, state.reasons[0].code))
    assert outcomes == [("advisory", "grace"), ("blocked", "unanswered")]


def test_axes_that_no_longer_fit_are_pointed_out(root: Path) -> None:
    table = documents()["1.1"]
    table["axes"][0]["values"] = [{"id": "open", "title": "o"}]
    table["axes"].append({"id": "reach", "title": "Reach", "values": [{"id": "far", "title": "f"}]})
    put(home_of(root), table)
    warnings = move(root, "walk@1.1").warnings
    assert [part for text in warnings for part in ("no longer has the value api", "the axis reach is new") if part in text] == [
        "no longer has the value api",
        "the axis reach is new",
    ]
    assert load(root).readiness(NOW).verdict == "not-ready"
