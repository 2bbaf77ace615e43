"""What became of an answer, why a sign-off lapsed, and taking back one's own last change."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.history import control_history, lapse_reasons, trend
from compliance_tui.assessment.log import read_log
from compliance_tui.assessment.model import Response
from compliance_tui.assessment.undo import next_step, undo
from compliance_tui.safe.errors import InputError
from tests.assessment.sample import NOW, canary_file, complete, policy_file, put, start
from tests.tui.release import release

LATER = NOW + dt.timedelta(minutes=5)


def _answer(root: Path, **more: object) -> None:
    actions.answer(load(root), "S-01", more.pop("by", "ada"), more.pop("at", NOW), **more)  # type: ignore[arg-type]


def _said(root: Path) -> Response:
    return load(root).responses["small", "S-01"]


def test_history_tells_each_change_in_words(tmp_path: Path) -> None:
    root = start(tmp_path)
    _answer(root, status="partly-met", statement="One two three.")
    put(root, policy_file(tmp_path), "S-01")
    _answer(root, by="ben", status="met")
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW)
    events = control_history(root, "small", "S-01")
    assert [(event.by, event.act, event.changes) for event in events] == [
        ("ada", "sign-off", ("signed by ada as owner",)),
        ("ben", "answer", ("status partly met → met",)),
        ("ci", "attach", ("E-0001 attached",)),
        ("ada", "answer", ("status open → partly met", "statement of 3 words")),
    ]


def test_a_history_that_was_thrown_away_is_said_to_be(tmp_path: Path) -> None:
    root = start(tmp_path)
    _answer(root, status="met", statement="First.")
    _answer(root, statement="Second.")
    shutil.rmtree(root / "history")
    assert control_history(root, "small", "S-01")[1].changes == ("what it said then is not kept here",)


def test_a_lapse_names_what_changed_and_who_changed_it(tmp_path: Path) -> None:
    root = complete(tmp_path)
    _answer(root, by="ben", at=LATER, statement="Other words than those.")
    contents = load(root)
    state = contents.readiness(LATER).state("small", "S-01")
    assert state is not None
    assert [seat.state for seat in state.seats] == ["lapsed"]
    assert lapse_reasons(contents, state, "owner") == ["statement changed, 3 → 4 words by ben on 2026-11-24 12:05 UTC"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda root: actions.set_axes(root, {"tier": "T2"}, "ben", LATER), "tier T1 → T2"),
        (
            lambda root: actions.set_subject(root, actions.Subject(name="thing", version="2"), "ben", LATER),
            "the release thing 1 → thing 2",
        ),
    ],
)
def test_a_lapse_by_the_release_names_the_change(tmp_path: Path, change: object, said: str) -> None:
    root = complete(tmp_path)
    change(root)  # type: ignore[operator]
    contents = load(root)
    state = contents.readiness(LATER).state("small", "S-02")
    assert state is not None
    assert said in lapse_reasons(contents, state, "owner")


def test_undo_and_redo_go_back_and_forth_as_new_records(tmp_path: Path) -> None:
    root = start(tmp_path)
    _answer(root, status="not-met", statement="First.")
    _answer(root, at=LATER, status="met", statement="Second.")
    first, second = (record for record in _both(root))
    assert undo(root, "ada", LATER).controls == ("S-01",)
    assert _said(root) == first
    undo(root, "ada", LATER)
    assert _said(root) == Response(standard="small", control="S-01")
    with pytest.raises(InputError, match="nothing of ada to undo"):
        undo(root, "ada", LATER)
    undo(root, "ada", LATER, "redo")
    assert _said(root) == first
    undo(root, "ada", LATER, "redo")
    assert _said(root) == second
    with pytest.raises(InputError, match="nothing of ada to redo"):
        undo(root, "ada", LATER, "redo")
    acts = [entry["act"] for entry in read_log(root) if entry["act"] != "init"]
    assert acts == ["answer", "answer", "undo", "undo", "redo", "redo"]


def _both(root: Path) -> list[Response]:
    from compliance_tui.assessment.history import record_of

    entries = [entry for entry in read_log(root) if entry["act"] == "answer"]
    found = [record_of(root, entry["path"], entry["sha256"], Response) for entry in entries]
    return [record for record in found if record is not None]


def test_a_new_answer_ends_what_could_be_brought_back(tmp_path: Path) -> None:
    root = start(tmp_path)
    _answer(root, status="met", statement="First.")
    undo(root, "ada", NOW)
    _answer(root, at=LATER, status="not-met", statement="Another.")
    assert next_step(read_log(root), "ada", "redo") is None


def test_what_one_act_did_to_many_is_taken_back_together(tmp_path: Path) -> None:
    root = start(tmp_path)
    attach(load(root), [policy_file(tmp_path), canary_file(tmp_path)], ["S-01", "S-02"], "ada", NOW, kind=None)
    step = undo(root, "ada", LATER)
    assert step.controls == ("S-01", "S-02")
    contents = load(root)
    assert [contents.responses["small", control].evidence for control in ("S-01", "S-02")] == [[], []]
    assert len(contents.items) == 2  # items and bytes stay
    undo(root, "ada", LATER, "redo")
    assert load(root).responses["small", "S-02"].evidence == ["E-0001", "E-0002"]


def test_only_one_s_own_acts_are_undone_and_never_over_another_s(tmp_path: Path) -> None:
    root = start(tmp_path)
    _answer(root, status="met", statement="Ada.")
    assert next_step(read_log(root), "ben", "undo") is None
    _answer(root, by="ben", at=LATER, statement="Ben.")
    before = (root / "log.jsonl").read_bytes()
    with pytest.raises(InputError, match="was changed since"):
        undo(root, "ada", LATER)
    assert _said(root).statement == "Ben."
    assert (root / "log.jsonl").read_bytes() == before


def test_a_sign_off_holds_again_when_what_it_saw_is_back(tmp_path: Path) -> None:
    root = complete(tmp_path)
    _answer(root, at=LATER, statement="Changed.")
    assert load(root).readiness(LATER).verdict == "not-ready"
    undo(root, "ada", LATER)
    assert load(root).readiness(LATER).verdict == "ready"


def test_the_trend_counts_by_today_s_rules_day_by_day(tmp_path: Path) -> None:
    contents = load(release(tmp_path))
    points = trend(contents, NOW)
    assert [(point.day.day, point.in_order, point.required) for point in points] == [(21, 1, 4), (23, 2, 4)]
    assert points[-1].in_order == 4 - len(contents.readiness(NOW).blocking())
