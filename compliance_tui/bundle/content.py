"""What the files of a bundle come to: whether all that it names is there, and readiness, computed again."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.readiness import Readiness
from compliance_tui.bundle.core import ANSWER
from compliance_tui.bundle.recompute import claimed_differences, evidence_differences
from compliance_tui.bundle.statement import Statement, Summary
from compliance_tui.bundle.structure import Structure
from compliance_tui.bundle.tree import Tree
from compliance_tui.bundle.view import LARGEST_CORE, BundleView, read_json
from compliance_tui.evidence.kind import Kind
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.instant import format_instant, parse_instant
from compliance_tui.safe.language import joined, message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word

READINESS = "core/readiness.json"
_MOST_VALUES = 400_000


def check_completeness(view: BundleView, found: Structure, undelivered: Sequence[str]) -> str:
    """What is committed to, here, withheld, sealed, in words. Raises BrokenError where the core contradicts itself."""
    answers = sum(not name.startswith("E-") for name in view.core.items)
    named = {one for answer in view.core.answers for one in answer.evidence}
    lost = sorted(named - set(view.core.items))
    listed = {answer.item for answer in view.core.answers}
    stray = [name for name in view.core.items if name.startswith(ANSWER) and name not in listed]
    if lost or stray:
        raise BrokenError("bad-content", message("{item} is named in the core, but not on both sides", item=(lost or stray)[0]))
    counts = message(
        "{answers} answers and {items} evidence items committed to", answers=answers, items=len(view.core.items) - answers
    )
    if not found.withheld and not found.sealed:
        return message("{counts}, all of them here", counts=counts)
    parts: list[str] = [counts, message("{number} here", number=len(found.present))]
    if found.withheld:
        parts.append(message("{number} withheld: {items}", number=len(found.withheld), items=_some(found.withheld)))
    if found.sealed:
        parts.append(message("{number} sealed: {items}", number=len(found.sealed), items=_some(found.sealed)))
    if undelivered:
        parts.append(message("no delivery that your policy counts names {items}", items=_some(undelivered)))
    return joined(parts)


def _some(names: Sequence[str]) -> str:
    shown = clean_line(", ".join(names[:5]), 400)
    return message("{names} and more", names=shown) if len(names) > 5 else shown


def check_readiness(
    tree: Tree, view: BundleView, statement: Statement, as_of: dt.datetime, kinds: Mapping[str, Kind], trusted: Contents
) -> tuple[Literal["pass", "fail", "unknown"], str, Readiness | None]:
    """Readiness at ``as_of`` from what can be seen, once the lab's own claim proved to be what its content comes to.

    ``trusted`` is that content with the sign-offs that the verifier's policy counts. Raises BrokenError where a claim is not
    what the bytes say.
    """
    signed_at = parse_instant(statement.predicate.signed_at)
    if view.core.assessed_at != signed_at:
        raise BrokenError("bad-statement", message("the statement and core/assessment.json name different instants"))
    claimed = read_json(tree, READINESS, LARGEST_CORE, _MOST_VALUES)
    _check_target(statement, view)
    _check_summary(statement, claimed, view)
    differences, unread = evidence_differences(tree, view, kinds)
    if view.contents.standards:
        differences += claimed_differences(view.contents.readiness(signed_at), claimed, view)
    if differences:
        raise BrokenError(
            "readiness-differs",
            message(
                "computed again, it is not as claimed: {difference}",
                difference=clean_line(differences[0], 400),
            ),
        )
    if not view.contents.standards:
        return "unknown", message("not computed: the standard's text was not read, as your policy does not accept it"), None
    now = trusted.readiness(as_of)
    text = message("computed again as of {as_of}: {verdict}", as_of=format_instant(as_of), verdict=word(now.verdict))
    if view.withheld:
        return "unknown", message("{number} items are withheld or sealed; {text}", number=len(view.withheld), text=text), now
    if unread:
        return "unknown", message("facts of {items} could not be read again; {text}", items=_some(unread), text=text), now
    if now.verdict == "not-ready":
        return "fail", message("{text}, {number} required controls block", text=text, number=len(now.blocking())), now
    return "pass", text, now


def _check_target(statement: Statement, view: BundleView) -> None:
    subject, target = view.core.subject, statement.predicate.target
    said = (target.name, target.version, [(one.name, one.digest.sha256) for one in target.artifacts])
    if said != (subject.name, subject.version, [(one.name, one.sha256) for one in subject.artifacts]):
        raise BrokenError("bad-statement", message("the statement is about another release than the bundle"))
    named = [(one.id, one.version, one.sha256) for one in statement.predicate.standards]
    if named != [(pin.id, pin.version, pin.sha256) for pin in view.core.standards]:
        raise BrokenError("bad-statement", message("the statement names other standards than the bundle holds"))
    if statement.predicate.series != view.core.series:
        raise BrokenError("bad-statement", message("the statement names another series than the bundle"))


def _check_summary(statement: Statement, claimed: Any, view: BundleView) -> None:
    """The statement's counts against the claimed readiness: these two agree whatever is withheld."""
    try:
        outcomes = [str(one["outcome"]) for one in claimed["controls"]]
        expected = counts_of(claimed["verdict"], outcomes, len(view.core.items), len(view.core.withheld))
    except (TypeError, KeyError, ValueError):
        raise BrokenError("bad-content", message("{file} is not a readiness", file=READINESS)) from None
    if statement.predicate.summary != expected:
        raise BrokenError("bad-statement", message("the summary in the statement is not what the bundle's content comes to"))


def counts_of(verdict: Any, outcomes: Sequence[str], items: int, withheld: int) -> Summary:
    """The counts of a readiness, as the statement carries them. Raises ValueError for a verdict that is none."""
    return Summary(
        verdict=verdict,
        controls=len(outcomes),
        satisfied=outcomes.count("satisfied"),
        waived=outcomes.count("waived"),
        blocked=outcomes.count("blocked"),
        items=items,
        withheld_items=withheld,
    )
