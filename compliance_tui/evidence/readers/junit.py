"""JUnit XML as test runners write it. Document types are refused: nothing in a test report needs entities."""

import re
from collections.abc import Iterable
from typing import BinaryIO, cast
from xml.etree import ElementTree

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.reading import Gatherer, all_bytes, refuse

READER = "junit/1"
_DEEPEST = 64


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a JUnit report. Raises InputError ``unreadable-evidence``."""
    content = all_bytes(file, name)
    if re.search(rb"<!(DOCTYPE|ENTITY)", content, re.IGNORECASE) or b"\0" in content:
        refuse(name, "holds a document type or a NUL; a test report needs neither")
    root = _root(content, name)
    suites = [root] if root.tag == "testsuite" else root.findall(".//testsuite") if root.tag == "testsuites" else None
    if suites is None:
        refuse(name, "not a JUnit report (no testsuite)")
    found, warnings = Gatherer(name), []
    cases = root.findall(".//testcase")
    counts = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")}
    found.count("tests", len(cases), "//testcase")
    found.count("failures", counts["failure"], "//testcase/failure")
    found.count("errors", counts["error"], "//testcase/error")
    found.count("skipped", counts["skipped"], "//testcase/skipped")
    if not cases:
        warnings.append("the report holds no test cases: nothing was tested")
    declared = sum(int(suite.get("tests") or 0) for suite in suites)
    if declared != len(cases):
        warnings.append(f"the suites announce {declared} tests, {len(cases)} are reported")
    found.add("completed", bool(cases) and declared == len(cases), "//testsuite/@tests")
    stamps = sorted(stamp for suite in suites if (stamp := suite.get("timestamp")))
    if stamps:
        found.add("ran_at", stamps[0], "//testsuite/@timestamp")
    controls = {
        str(one.get("value"))
        for one in root.findall(".//testcase/properties/property")
        if one.get("name") == "control_id" and one.get("value")
    }
    if controls:
        found.add("control_ids", sorted(controls), "//property[@name='control_id']/@value")
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


def _root(content: bytes, name: str) -> ElementTree.Element:
    depth = 0
    parser: ElementTree.XMLPullParser[ElementTree.Element] = ElementTree.XMLPullParser(("start", "end"))
    root: ElementTree.Element | None = None
    try:
        for at in range(0, len(content), 1 << 16):
            parser.feed(content[at : at + (1 << 16)])
            for event, element in cast(Iterable[tuple[str, ElementTree.Element]], parser.read_events()):
                depth += 1 if event == "start" else -1
                if depth > _DEEPEST:
                    refuse(name, f"nested deeper than {_DEEPEST} levels")
                root = element if root is None else root
        parser.close()
    except (ElementTree.ParseError, LookupError) as error:
        refuse(name, f"not well-formed XML ({error})")
    if root is None:
        refuse(name, "holds no XML")
    return root
