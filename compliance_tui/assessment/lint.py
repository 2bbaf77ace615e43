"""What does not fit together in an assessment, though each record alone is right: the consistency rules of ``evidence lint``.

None of these decides readiness; each is something that an assessor would ask about.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from compliance_tui.assessment.actions import digest_of_file_list
from compliance_tui.assessment.checks import is_complete
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import Item
from compliance_tui.assessment.readiness import ControlState, Readiness
from compliance_tui.assessment.runs import RUN
from compliance_tui.safe.language import message, verbatim
from compliance_tui.safe.words import word
from compliance_tui.standard.model import Control


@dataclass(frozen=True)
class Oddity:
    """One thing that does not fit: a stable code, the control or item that it is about, and a sentence."""

    code: str
    about: str
    text: str


def lint_assessment(contents: Contents, result: Readiness, has_bytes: Callable[[str], bool]) -> list[Oddity]:
    """Everything odd in ``contents`` with its readiness ``result``; ``has_bytes``: whether the store has a SHA-256's bytes."""
    found = [oddity for state in result.controls if state.response for oddity in _control_oddities(contents, state)]
    found += _item_oddities(contents, has_bytes)
    found += _twins(list(contents.items.values()))
    return found


def _control_oddities(contents: Contents, state: ControlState) -> Iterator[Oddity]:
    response, control = state.response, state.control
    assert response is not None  # the caller looked
    items = [contents.items[one] for one in response.evidence if one in contents.items]
    if response.status == "met" and control.evidence and not items:
        yield Oddity("met-without-evidence", control.id, message("answered met, and no evidence is attached"))
    if response.status and not response.statement.strip() and response.status != "met":
        yield Oddity(
            "no-statement", control.id, message("answered {status} without a word of explanation", status=word(response.status))
        )
    for text in not_asked_for(control, items):
        yield Oddity("proves-nothing-here", control.id, text)
    failing = [check for check in state.checks if check.outcome == "fail"]
    if response.status == "met" and failing:
        yield Oddity(
            "contradicts-facts",
            control.id,
            message("answered met, but {check}: {text}", check=verbatim(failing[0].title), text=failing[0].text),
        )
    if response.status == "not-met" and state.checks and all(check.outcome == "pass" for check in state.checks):
        yield Oddity("contradicts-facts", control.id, message("answered not met, but every check passes"))
    attached = {item.attached_by for item in items}
    for seat in state.seats:
        if seat.state == "signed" and seat.person in attached:
            yield Oddity(
                "signed-own-evidence",
                control.id,
                message("{person} signs as {seat} and attached the evidence", person=seat.person, seat=seat.seat),
            )


def not_asked_for(control: Control, items: Sequence[Item]) -> Iterator[str]:
    """A sentence for each of ``items`` whose kind the control does not ask for, though it asks for some."""
    asked = {kind for rule in control.evidence for kind in rule.kinds}
    for item in items:
        if asked and item.kind not in asked:
            yield message("{item} is of the kind {kind}, which this control does not ask for", item=item.id, kind=item.kind)


def _item_oddities(contents: Contents, has_bytes: Callable[[str], bool]) -> Iterator[Oddity]:
    served = {one for response in contents.responses.values() for one in response.evidence}
    replaced = {item.replaces for item in contents.items.values()}
    for item in contents.items.values():
        lost = next((file for file in item.files if not has_bytes(file.sha256)), None)
        if lost is not None:
            yield Oddity(
                "file-missing",
                item.id,
                message("its file {file} is not in the store (sha256 {sha256}…)", file=lost.name, sha256=lost.sha256[:16]),
            )
        if item.id in replaced:
            continue  # it is kept for the record only
        if item.id not in served:
            yield Oddity("serves-nothing", item.id, message("serves no control"))
        if not is_complete(item):
            text = message("did not run to its end over all it was asked")
            text = message("{text}: {why}", text=text, why=item.warnings[0]) if item.warnings else text
            yield Oddity("incomplete", item.id, text)


def _twins(items: list[Item]) -> Iterator[Oddity]:
    """Items that may be one: the same bytes under another kind or date, or two files that claim one run."""
    by_bytes: dict[str, list[Item]] = defaultdict(list)
    by_run: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        by_bytes[digest_of_file_list(item)].append(item)
        run = item.facts.get(RUN)
        if run is not None:
            by_run[item.kind, str(run.value)].append(item)
    for twins in by_bytes.values():
        for other in twins[1:]:
            yield Oddity("same-bytes", other.id, message("holds the same bytes as {item}", item=twins[0].id))
    for twins in by_run.values():
        for other in twins[1:]:
            if digest_of_file_list(other) != digest_of_file_list(twins[0]):
                yield Oddity("same-run", other.id, message("claims the same run as {item}, with other bytes", item=twins[0].id))
