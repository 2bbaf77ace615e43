"""SARIF and JUnit: what a run says of itself, and runs that look green and are not."""

from typing import Any

import pytest

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.readers import read_facts
from tests.evidence.supply_chain import KINDS, SAMPLES, read, values

# SARIF


_PIECE = 1 << 20  # in which files are read


def sarif(**run: Any) -> dict[str, Any]:
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t", **run.pop("driver", {})}}, **run}]}


GOOD = {"executionSuccessful": True, "endTimeUtc": "2026-11-20T00:00:00Z"}


@pytest.mark.parametrize(
    ("name", "completed"),
    [
        ("bandit-of-nothing.sarif", False),
        ("bandit-unparsed.sarif", False),
        ("ruff-clean.sarif", False),
        ("bandit-silenced.sarif", True),
    ],
)
def test_logs_of_real_tools_that_found_nothing(name: str, completed: bool) -> None:
    found = values(read_facts(SAMPLES / name, KINDS["sarif"]))
    assert (found["errors_unsuppressed"], found["results_total"], found["completed"]) == (0, 0, completed)


def test_findings_that_comments_silenced_are_counted() -> None:
    assert values(read_facts(SAMPLES / "bandit-silenced.sarif", KINDS["sarif"]))["silenced"] == 1


@pytest.mark.parametrize(
    ("run", "completed"),
    [
        ({"results": [{}], "invocations": [GOOD]}, True),
        ({"results": [], "artifacts": [{}], "invocations": [GOOD]}, True),
        ({"results": [], "invocations": [GOOD]}, None),
        ({"results": [{}]}, None),
        ({"results": [{}], "invocations": [{}]}, False),
        ({"results": None, "invocations": [GOOD]}, False),
        ({"results": [{}], "invocations": [GOOD], "externalPropertyFileReferences": {"results": [{}]}}, False),
        ({"results": [{}], "invocations": [{**GOOD, "toolExecutionNotifications": [{"level": "error"}]}]}, False),
    ],
)
def test_a_run_is_complete_only_if_it_says_so_and_did_something(run: dict[str, Any], completed: bool | None) -> None:
    assert values(read("sarif", sarif(**run))).get("completed") is completed


def test_one_undated_run_among_several_leaves_the_log_undated() -> None:
    log = sarif(results=[{}], invocations=[GOOD])
    assert values(read("sarif", log))["ran_at"] == "2026-11-20T00:00:00Z"
    log["runs"].append({"tool": {}, "results": [{}]})
    found = values(read("sarif", log))
    assert "ran_at" not in found and "completed" not in found


def test_a_suppression_that_nobody_accepted_is_none() -> None:
    results = [
        {"level": "error", "suppressions": [{"kind": "external", "status": "underReview", "justification": "x"}]},
        {"level": "error", "suppressions": [{"kind": "inSource", "status": "accepted"}, {"status": "rejected"}]},
        {"level": "error", "suppressions": [{"kind": "inSource", "justification": "tested"}]},
        {"level": "error", "suppressions": [{"kind": "inSource"}]},
    ]
    found = values(read("sarif", sarif(results=results)))
    assert (found["errors_unsuppressed"], found["suppressed"], found["suppressed_without_reason"]) == (2, 2, 1)


def test_a_result_takes_the_level_of_its_rule() -> None:
    rules = [{"id": "A", "defaultConfiguration": {"level": "error"}, "properties": {"security-severity": "9.1"}}, {"id": "B"}]
    extension = {"rules": [{"id": "C", "defaultConfiguration": {"level": "note"}}]}
    results = [{"ruleId": "A/7"}, {"ruleIndex": 0}, {"ruleId": "B"}, {"rule": {"id": "C", "toolComponent": {}}}, {"level": "?"}]
    log = sarif(results=results, driver={"rules": rules})
    log["runs"][0]["tool"]["extensions"] = [extension]
    found = values(read("sarif", log))
    assert (found["errors_unsuppressed"], found["warnings_unsuppressed"], found["notes_unsuppressed"]) == (3, 1, 1)
    assert found["severe_unsuppressed"] == 2


def test_a_log_that_shows_too_much_is_said() -> None:
    location = {"physicalLocation": {"artifactLocation": {"uri": "file:///home/a/b.py"}, "region": {"snippet": {"text": "p"}}}}
    warnings = read("sarif", sarif(results=[{"locations": [location]}])).warnings
    assert any("absolute paths" in one for one in warnings) and any("source code" in one for one in warnings)


def test_what_shows_too_much_is_seen_wherever_the_file_is_cut_into_pieces() -> None:
    head = b'{"version": "2.1.0", "runs": [{"tool": {}, "message": "'
    for at in range(_PIECE - 12, _PIECE + 3):
        content = head + b"x" * (at - len(head)) + b'", "snippet" : 1}]}'
        assert any("source code" in one for one in read("sarif", content).warnings), at


def test_results_that_are_alike_are_counted_each() -> None:
    error, hushed = {"ruleId": "a", "level": "error"}, {"ruleId": "b", "suppressions": [{"kind": "inSource"}]}
    rules = [{"id": "a", "properties": {"security-severity": "9.1"}}]
    tool = {"driver": {"name": "t", "rules": rules}}
    waiting = {"ruleId": "c", "kind": "open"}
    found = values(read("sarif", sarif(tool=tool, results=[error, error, hushed, hushed, hushed, waiting, waiting])))
    assert (found["errors_unsuppressed"], found["suppressed"], found["suppressed_without_reason"]) == (2, 3, 3)
    assert (found["severe_unsuppressed"], found["undecided"], found["results_total"]) == (2, 2, 7)


# JUnit


def junit(content: str) -> Facts:
    return read("junit-report", content.encode())


@pytest.mark.parametrize(
    "content",
    [
        "<testsuites><testsuite tests='0'/></testsuites>",
        "<testsuite tests='1'><testcase><skipped/></testcase></testsuite>",
        "<testsuite tests='1'><testcase status='notrun'/></testsuite>",
        "<testsuite tests='1' failures='1'><testcase/></testsuite>",
        "<testsuites tests='9'><testsuite><testcase/></testsuite></testsuites>",
    ],
)
def test_a_report_of_nothing_or_of_less_than_announced_is_not_complete(content: str) -> None:
    assert values(junit(content))["completed"] is False


def test_nested_suites_do_not_count_twice() -> None:
    inner = "<testsuite tests='1'><testcase/></testsuite>"
    assert values(junit(f"<testsuites tests='2'><testsuite tests='2'>{inner}{inner}</testsuite></testsuites>"))["completed"]


def test_the_oldest_suite_dates_the_report_and_an_undated_report_is_said() -> None:
    def suite(stamp: str) -> str:
        return f"<testsuite timestamp='{stamp}'><testcase/></testsuite>"

    both = suite("2026-11-20T01:00:00+00:00") + suite("2026-11-19T23:00:00-08:00")
    assert values(junit(f"<testsuites>{both}</testsuites>"))["ran_at"] == "2026-11-20T01:00:00+00:00"
    local = junit(suite("2026-11-20T01:00:00"))
    assert values(local)["ran_on"] == "2026-11-20" and "ran_at" not in local.facts
    assert any("--date" in warning or "date" in warning for warning in junit("<testsuite><testcase/></testsuite>").warnings)


def test_a_control_has_passed_only_if_each_of_its_tests_did() -> None:
    def case(control: str, inside: str = "") -> str:
        return f"<testcase><properties><property name='control_id' value='{control}'/></properties>{inside}</testcase>"

    found = values(junit(f"<testsuite>{case('A')}{case('B')}{case('B', '<skipped/>')}{case('C', '<failure/>')}</testsuite>"))
    assert (found["control_ids"], found["control_ids_passed"]) == (("A", "B", "C"), ("A",))


def test_a_suite_that_could_not_be_set_up_is_an_error() -> None:
    assert values(junit("<testsuite><error/><testcase/></testsuite>"))["errors"] == 1
