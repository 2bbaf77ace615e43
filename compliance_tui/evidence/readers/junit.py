"""JUnit XML as test runners write it (no standard; the common ground is the schema of the Apache Ant task).

What looks green and is not: tests that were announced and are not reported, tests that were skipped or switched off, a suite
that counts failures which no test shows, and a run in which nothing was tested.
"""

import datetime as dt
import re
from typing import BinaryIO
from xml.etree.ElementTree import Element

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import add_end, concluded, is_instant, one_log
from compliance_tui.evidence.readers.reading import LARGEST_XML, Gatherer, all_bytes, refuse
from compliance_tui.evidence.readers.xml_tree import xml_root
from compliance_tui.safe.language import message

READER = "junit/2"
_OUTCOMES = ("failure", "error", "skipped")
# GoogleTest marks a test that is switched off so, and gives it no child.
_NOT_RUN = ("notrun", "disabled", "skipped")


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a JUnit report. Raises InputError ``unreadable-evidence``."""
    root = xml_root(all_bytes(file, name, LARGEST_XML), name)
    if root.tag not in ("testsuite", "testsuites"):
        refuse(name, message("not a JUnit report (no testsuite)"))
    found, doubts, warnings = Gatherer(name), list[str](), list[str]()
    cases = [(case, _outcome(case)) for case in root.iter("testcase")]
    counts = {outcome: sum(one == outcome for _, one in cases) for outcome in (*_OUTCOMES, "passed")}
    # A suite that could not be set up says so itself, outside of its tests.
    counts["error"] += sum(len(suite.findall("error")) for suite in root.iter("testsuite"))
    for fact, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"), ("passed", "passed")):
        found.count(fact, counts[outcome], f"//testcase/{outcome}", "tests")
    found.count("tests", len(cases), "//testcase", "tests")
    doubts += _announced(root, len(cases), counts, name)
    if not cases:
        doubts.append(message("the report holds no test cases: nothing was tested"))
    elif counts["skipped"] == len(cases):
        doubts.append(message("every test was skipped: nothing was tested"))
    repeated = sum(case.find(tag) is not None for case, _ in cases for tag in ("flakyFailure", "flakyError"))
    if repeated:
        warnings.append(message("{repeated} tests passed only when they were repeated", repeated=repeated))
    _control_facts(found, cases)
    add_end(found, _oldest(root), "//testsuite/@timestamp", warnings)
    return concluded(kind, READER, found, "//testsuite/@tests", doubts, warnings)


read_files = one_log(read)


def _outcome(case: Element) -> str:
    """What came of a test; of several outcomes the worst."""
    for outcome in _OUTCOMES:
        if case.find(outcome) is not None:
            return outcome
    return "skipped" if case.get("status") in _NOT_RUN else "passed"


def _announced(root: Element, reported: int, counts: dict[str, int], name: str) -> list[str]:
    """What the suites announce and no test shows. An outer suite counts the tests of inner ones too."""
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    doubts = []
    for heads in (suites, [root] if root.tag == "testsuites" else []):
        tests = [given for head in heads if (given := _count(head, "tests", name)) is not None]
        if tests and sum(tests) != reported:
            doubts.append(
                message("the suites announce {tests} tests, {reported} are reported", tests=sum(tests), reported=reported)
            )
        for attribute, outcome in (("failures", "failure"), ("errors", "error")):
            announced = sum(_count(head, attribute, name) or 0 for head in heads)
            if announced > counts[outcome]:
                doubts.append(
                    message(
                        "the suites announce {announced} {attribute}, {counts} are reported",
                        announced=announced,
                        attribute=attribute,
                        counts=counts[outcome],
                    )
                )
    return list(dict.fromkeys(doubts))


def _count(suite: Element, attribute: str, name: str) -> int | None:
    text = (suite.get(attribute) or "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        refuse(name, message("{tag}/@{attribute} is no count", tag=suite.tag, attribute=attribute))
    return int(text)


def _oldest(root: Element) -> str | None:
    """The earliest time of a suite; where one has no offset from UTC, they can only be compared as text."""
    stamps = [stamp for suite in root.iter() if suite.tag in ("testsuite", "testsuites") and (stamp := suite.get("timestamp"))]
    instants = all(map(is_instant, stamps))
    return min(stamps, key=_moment if instants else str, default=None)


def _moment(stamp: str) -> str:
    return dt.datetime.fromisoformat(stamp).astimezone(dt.UTC).isoformat()


def _control_facts(found: Gatherer, cases: list[tuple[Element, str]]) -> None:
    """The controls that tests name by the property ``control_id``, and those of them whose tests all passed."""
    outcomes: dict[str, set[str]] = {}
    for case, outcome in cases:
        for one in case.findall("properties/property"):
            if one.get("name") == "control_id" and one.get("value"):
                outcomes.setdefault(str(one.get("value")), set()).add(outcome)
    if outcomes:
        passed = sorted(control for control, found_there in outcomes.items() if found_there == {"passed"})
        found.add("control_ids", sorted(outcomes), "//property[@name='control_id']/@value")
        found.add("control_ids_passed", passed, "//property[@name='control_id']/@value")
