"""Results of HarmBench: ``{behaviour: [{"test_case", "generation", "label", …}, …]}``.

A label is 1 where the classifier saw the behaviour in the generation, else 0. The file names neither the model, nor the
attack, nor the classifier, nor a date: whoever attaches it states them. Nor does it say how many behaviours there should be.
Test cases of one behaviour are tries at it.
"""

from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import Tally, concluded, one_log
from compliance_tui.evidence.readers.json_stream import JsonStream
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

READER = "harmbench/1"


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of HarmBench results. Raises InputError ``unreadable-evidence``."""
    tally, tries, most = Tally(name), 0, 0
    stream = JsonStream(file, name)
    for behaviour in stream.members():
        cases = stream.value()
        if not isinstance(cases, list) or not all(isinstance(case, dict) and "label" in case for case in cases):
            refuse(
                name,
                message(
                    "/{behaviour}: not a list of test cases with a label, as HarmBench writes it",
                    behaviour=clean_line(behaviour, 60),
                ),
            )
        for verdict in [_verdict(case) for case in cases] or [None]:
            tally.add(behaviour, verdict)
        tries, most = tries + len(cases), max(most, len(cases))
    stream.end()
    found, doubts = Gatherer(name), []  # type: tuple[Gatherer, list[str]]
    found.add("tool", "HarmBench", "/")
    found.count("results", tries, "/*", "tries")
    found.count("most_tries", most, "/*", "tries")
    tally.give(found, "/*/label", "samples", doubts)
    warnings: list[str] = [
        message("names no model, attack, classifier or date: state them when attaching it"),
        message("does not say how many behaviours were planned: whoever attaches it vouches that the file is whole"),
    ]
    return concluded(kind, READER, found, "/*/label", doubts, warnings)


read_files = one_log(read)


def _verdict(case: dict[str, Any]) -> bool | None:
    """Whether the attack succeeded; None where the classifier gave no answer (any other label, or no generation)."""
    label = case["label"]
    return bool(label) if label in (0, 1) and case.get("generation") is not None else None
