"""What is left to do, in which order, by whom, by when; and what a filter finds."""

import datetime as dt
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.plan import calendar, gap_order, needs, what_if
from compliance_tui.assessment.search import index
from tests.assessment.sample import NOW, canary_file, complete, policy_file, put, start
from tests.tui.release import release


def _order(contents: Contents) -> list[str]:
    return [control for _, control in gap_order(contents, contents.readiness(NOW))]


def test_what_decides_an_axis_comes_first_then_what_needs_least(tmp_path: Path) -> None:
    root = start(tmp_path, {"profile": "open", "tier": "T1"})
    assert _order(load(root)) == ["S-02", "S-03", "S-01"]  # S-03 needs an answer and a signature, S-01 a document besides
    actions.answer(load(root), "S-03", "ada", NOW, status="met")
    put(root, policy_file(tmp_path), "S-01")
    actions.answer(load(root), "S-01", "ada", NOW, status="not-met")
    assert _order(load(root)) == ["S-02", "S-03", "S-01"]  # a signature alone before an answer and a signature


def test_what_a_rule_forbids_comes_last(tmp_path: Path) -> None:
    root = start(tmp_path, {"profile": "open", "tier": "T2"})
    assert _order(load(root))[-1] == "S-03"


def test_equal_wants_stand_together_by_who_has_to_act(tmp_path: Path) -> None:
    contents = load(start(tmp_path))
    found = needs(contents, contents.readiness(NOW))
    assert [(need.actor, need.text, [control for _, control in need.controls]) for need in found] == [
        ("answer", "not answered yet", ["S-01", "S-02"]),
        ("evidence", "needs policy-doc", ["S-01"]),
        ("evidence", "needs canary-test", ["S-02"]),
        ("sign", "needs the sign-off of owner", ["S-01", "S-02"]),
    ]  # the check of S-02 waits for the canary test, which is wanted already


def test_a_check_that_fails_is_somebody_s_to_mend(tmp_path: Path) -> None:
    root = start(tmp_path)
    put(root, canary_file(tmp_path, detected=10), "S-02")
    contents = load(root)
    assert [need.controls[0][1] for need in needs(contents, contents.readiness(NOW)) if need.actor == "checks"] == ["S-02"]


def test_an_axis_without_a_value_is_a_decision(tmp_path: Path) -> None:
    contents = load(start(tmp_path, {"profile": "api"}))
    decisions = [need.text for need in needs(contents, contents.readiness(NOW)) if need.actor == "decide"]
    assert decisions == ["choose a value for the axis tier of small"]


def test_the_calendar_names_the_first_day_on_which_it_no_longer_counts(tmp_path: Path) -> None:
    contents = load(complete(tmp_path))  # the policy speaks of 1 November and may be 100 days old, the canary 20 and 30
    events = calendar(contents, contents.readiness(NOW), dt.date(2027, 2, 10))
    assert [(event.day, event.text) for event in events] == [
        (dt.date(2026, 12, 21), "E-0002 canary-test is too old"),
        (dt.date(2027, 2, 10), "E-0001 policy-doc is too old"),
    ]
    for event in events:
        before, on = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (event.day - dt.timedelta(days=1), event.day))
        control = event.controls[0][1]
        then, now = (contents.readiness(at).state("small", control) for at in (on, before))
        assert then is not None
        assert now is not None
        assert "evidence-stale" in {reason.code for reason in then.reasons}
        assert "evidence-stale" not in {reason.code for reason in now.reasons}


def test_what_if_is_what_readiness_says_at_those_values(tmp_path: Path) -> None:
    root = complete(tmp_path)
    contents = load(root)
    found = what_if(contents, contents.readiness(NOW), {"tier": "T2"})
    assert [control for _, control in found.newly_blocking] == ["S-01", "S-02"]
    assert found.newly_required == ()
    actions.set_axes(root, {"tier": "T2"}, "ada", NOW)
    assert load(root).readiness(NOW).blocking() == found.result.blocking()
    back = what_if(load(root), load(root).readiness(NOW), {"small/tier": "T0"})
    assert [control for _, control in back.no_longer_required] == ["S-02"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "S-01 S-02 S-03 S-04 S-05 S-06"),
        ("policy", "S-01 S-04"),  # in a title, and in the title of evidence
        ("SEEDED cases", "S-02"),
        ("is:bl", "S-02 S-04"),  # cut short while it is typed
        ("is:blocking -needs:owner", ""),
        ("is:lapsed", "S-04"),
        ("is:failing", "S-02"),
        ("is:waived", "S-05"),
        ("is:advisory", "S-06"),
        ("is:in-order", "S-01"),
        ("kind:canary-test", "S-02"),
        ("seat:security", "S-04 S-05"),
        ("needs:security is:blocking", "S-04"),
        ("group:h is:met", "S-04"),
        ("by:ben", "S-04"),
        ("-is:required -is:recommended", "S-03"),
        ("unknown:field", ""),
        ("- -is:", ""),
    ],
)
def test_a_filter_finds(tmp_path: Path, query: str, expected: str) -> None:
    contents = load(release(tmp_path))
    found = index(contents, contents.readiness(NOW)).find(query)
    assert " ".join(control for _, control in found) == expected
