"""The rule behind the verdict, clause by clause."""

import datetime as dt
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Status, Subject, Waiver
from compliance_tui.safe.errors import InputError
from tests.assessment.sample import NOW, canary_file, codes, complete, outcome, policy_file, put, start


def _waiver(until: dt.date, approver: str = "ben") -> Waiver:
    return Waiver(reason="moved", owner="ada", approver=approver, until=until, approved_at=NOW)


def test_nothing_done_blocks_with_every_reason(tmp_path: Path) -> None:
    contents = load(start(tmp_path))
    assert contents.readiness(NOW).verdict == "not-ready"
    assert codes(contents, "S-01") == ["unanswered", "evidence-missing", "sign-off-missing"]
    assert codes(contents, "S-02") == ["unanswered", "evidence-missing", "check-unproven", "sign-off-missing"]
    assert outcome(contents, "S-03") == "not-applicable"


def test_everything_in_order_is_ready(tmp_path: Path) -> None:
    contents = load(complete(tmp_path))
    assert contents.readiness(NOW).verdict == "ready"
    assert codes(contents, "S-01") == ["met"]


@pytest.mark.parametrize("status", ["partly-met", "not-met", "inconclusive"])
def test_any_other_answer_blocks(tmp_path: Path, status: Status) -> None:
    root = complete(tmp_path)
    actions.answer(load(root), "S-01", "ada", NOW, status=status)
    assert f"status-{status}" in codes(load(root), "S-01")


def test_evidence_goes_stale_at_the_instant_asked_about(tmp_path: Path) -> None:
    contents = load(complete(tmp_path))
    last = dt.datetime(2026, 12, 20, 23, 59, tzinfo=dt.UTC)
    assert contents.readiness(last).verdict == "ready"
    later = last + dt.timedelta(minutes=1)
    assert codes(contents, "S-02", later) == ["evidence-stale", "check-stale"]
    before = dt.datetime(2026, 11, 10, tzinfo=dt.UTC)
    assert "evidence-future" in codes(contents, "S-02", before)


@pytest.mark.parametrize(
    ("detected", "seeded", "code"), [(165, 200, "check-fail"), (40, 40, "check-unproven"), (170, 200, None)]
)
def test_a_check_reads_the_bound_not_the_share(tmp_path: Path, detected: int, seeded: int, code: str | None) -> None:
    root = start(tmp_path)
    put(root, canary_file(tmp_path, detected, seeded), "S-02")
    assert (
        (code in codes(load(root), "S-02")) if code else not {"check-fail", "check-unproven"} & set(codes(load(root), "S-02"))
    )


def test_a_sign_off_lapses_when_what_was_seen_changes(tmp_path: Path) -> None:
    root = complete(tmp_path)
    actions.answer(load(root), "S-01", "ada", NOW, statement="Something else.")
    assert codes(load(root), "S-01") == ["sign-off-lapsed"]
    actions.answer(load(root), "S-01", "ada", NOW, statement="S-01 is met.")
    assert codes(load(root), "S-01") == ["met"]
    put(root, policy_file(tmp_path, "2026-11-05", "newer.md"), "S-01")
    assert codes(load(root), "S-01") == ["sign-off-lapsed"]


def test_a_sign_off_lapses_when_the_release_changes(tmp_path: Path) -> None:
    root = complete(tmp_path)
    actions.set_subject(root, Subject(name="thing", version="2"), "ada", NOW)
    assert codes(load(root), "S-01") == ["sign-off-lapsed"]


def test_a_higher_tier_asks_for_more(tmp_path: Path) -> None:
    root = complete(tmp_path)
    actions.set_axes(root, {"tier": "T2"}, "ada", NOW)
    assert "sign-off-missing" in codes(load(root), "S-01")
    assert "check-fail" in codes(load(root), "S-02")
    actions.set_axes(root, {"tier": "T0"}, "ada", NOW)
    assert outcome(load(root), "S-02") == "advisory"


def test_an_axis_that_is_not_set_blocks_and_asks_for_everything(tmp_path: Path) -> None:
    contents = load(start(tmp_path, axes={}))
    assert outcome(contents, "S-03") == "blocked"
    assert contents.readiness(NOW).verdict == "not-ready"


def test_a_declared_tier_below_the_computed_one_blocks(tmp_path: Path) -> None:
    root = complete(tmp_path)
    put(root, canary_file(tmp_path, 5990, 6000, name="large.json"), "S-02")
    actions.sign_off(load(root), "S-02", "ada", "owner", "ada", NOW)
    result = load(root).readiness(NOW)
    assert not result.blocking()
    assert result.verdict == "not-ready"
    assert [axis.computed for axis in result.standards[0].axes if axis.understated] == ["T2"]


def test_a_waiver_counts_to_the_end_of_its_day(tmp_path: Path) -> None:
    root = start(tmp_path)
    for control in ("S-01", "S-02"):
        actions.waive(load(root), control, _waiver(dt.date(2026, 12, 1)), "ada", NOW)
    contents = load(root)
    assert contents.readiness(NOW).verdict == "ready-with-waivers"
    assert contents.readiness(dt.datetime(2026, 12, 1, 23, 59, tzinfo=dt.UTC)).verdict == "ready-with-waivers"
    assert codes(contents, "S-01", dt.datetime(2026, 12, 2, tzinfo=dt.UTC))[0] == "waiver-expired"


def test_nobody_approves_their_own_gap(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another approver"):
        actions.waive(load(start(tmp_path)), "S-01", _waiver(dt.date(2027, 1, 1), "ada"), "ada", NOW)


def test_a_rule_that_blocks_cannot_be_waived(tmp_path: Path) -> None:
    root = start(tmp_path, {"profile": "open", "tier": "T2"})
    actions.waive(load(root), "S-03", _waiver(dt.date(2027, 1, 1)), "ada", NOW)
    assert codes(load(root), "S-03")[0] == "blocked-by-rule"


def test_published_weights_end_what_protects_them(tmp_path: Path) -> None:
    root = start(tmp_path, {"profile": "open", "tier": "T1"})
    assert outcome(load(root), "S-03") == "blocked"
    actions.set_subject(root, Subject(name="thing", published_on=dt.date(2026, 11, 24)), "ada", NOW)
    assert outcome(load(root), "S-03") == "not-applicable"
    assert outcome(load(root), "S-03", NOW - dt.timedelta(days=1)) == "blocked"


def test_not_applicable_needs_leave_a_reason_and_a_signature(tmp_path: Path) -> None:
    root = start(tmp_path)
    actions.answer(load(root), "S-01", "ada", NOW, status="not-applicable")
    assert codes(load(root), "S-01") == ["unjustified", "sign-off-missing"]
    actions.answer(load(root), "S-01", "ada", NOW, statement="No such thing here.")
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW)
    assert codes(load(root), "S-01") == ["justified-not-applicable"]
    actions.answer(load(root), "S-02", "ada", NOW, status="not-applicable", statement="No.")
    assert "not-applicable-refused" in codes(load(root), "S-02")


def test_who_attached_the_evidence_may_not_sign_alone(tmp_path: Path) -> None:
    root = start(tmp_path)
    put(root, policy_file(tmp_path), "S-01", by="ada")
    actions.answer(load(root), "S-01", "ada", NOW, status="met")
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW)
    assert codes(load(root), "S-01") == ["attacher-signs-alone"]


def test_one_person_fills_one_seat(tmp_path: Path) -> None:
    root = start(tmp_path, {"profile": "api", "tier": "T2"})
    actions.add_person(root, "ada", "", ["security"], "ada", NOW)
    actions.answer(load(root), "S-01", "ada", NOW, status="met")
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW)
    with pytest.raises(InputError, match="another seat"):
        actions.sign_off(load(root), "S-01", "ada", "security", "ada", NOW)
    path = root / "responses/small/S-01.toml"
    text = path.read_text()
    block = text[text.index("[[sign_offs]]") :]
    path.write_text(text + "\n" + block.replace('"owner"', '"security"'))
    assert "same-person" in codes(load(root), "S-01")


def test_only_people_in_the_seat_sign_in_it(tmp_path: Path) -> None:
    root = complete(tmp_path)
    with pytest.raises(InputError, match="people add ben --seat owner"):
        actions.sign_off(load(root), "S-01", "ben", "owner", "ben", NOW)
    with pytest.raises(InputError, match="known are owner, security"):
        actions.sign_off(load(root), "S-01", "ben", "pope", "ben", NOW)
