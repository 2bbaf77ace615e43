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
from compliance_tui.safe.text import clean_line

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
        raise BrokenError("bad-content", f"{(lost or stray)[0]} is named in the core, but not on both sides")
    counts = f"{answers} answers and {len(view.core.items) - answers} evidence items committed to"
    if not found.withheld and not found.sealed:
        return f"{counts}, all of them here"
    parts = [f"{len(found.present)} here"]
    parts += [f"{len(found.withheld)} withheld: {_some(found.withheld)}"] if found.withheld else []
    parts += [f"{len(found.sealed)} sealed: {_some(found.sealed)}"] if found.sealed else []
    if undelivered:
        parts.append(f"no delivery that your policy counts names {_some(undelivered)}")
    return f"{counts}, {', '.join(parts)}"


def _some(names: Sequence[str]) -> str:
    return clean_line(", ".join(names[:5]), 400) + (" and more" if len(names) > 5 else "")


def check_readiness(
    tree: Tree, view: BundleView, statement: Statement, as_of: dt.datetime, kinds: Mapping[str, Kind], trusted: Contents
) -> tuple[Literal["pass", "fail", "unknown"], str, Readiness | None]:
    """Readiness at ``as_of`` from what can be seen, once the lab's own claim proved to be what its content comes to.

    ``trusted`` is that content with the sign-offs that the verifier's policy counts. Raises BrokenError where a claim is not
    what the bytes say.
    """
    signed_at = parse_instant(statement.predicate.signed_at)
    if view.core.assessed_at != signed_at:
        raise BrokenError("bad-statement", "the statement and core/assessment.json name different instants")
    claimed = read_json(tree, READINESS, LARGEST_CORE, _MOST_VALUES)
    _check_target(statement, view)
    _check_summary(statement, claimed, view)
    differences, unread = evidence_differences(tree, view, kinds)
    if view.contents.standards:
        differences += claimed_differences(view.contents.readiness(signed_at), claimed, view)
    if differences:
        raise BrokenError("readiness-differs", f"computed again, it is not as claimed: {clean_line(differences[0], 400)}")
    if not view.contents.standards:
        return "unknown", "not computed: the standard's text was not read, as your policy does not accept it", None
    now = trusted.readiness(as_of)
    text = f"computed again as of {format_instant(as_of)}: {now.verdict.replace('-', ' ')}"
    if view.withheld:
        return "unknown", f"{len(view.withheld)} items are withheld or sealed; {text}", now
    if unread:
        return "unknown", f"facts of {_some(unread)} could not be read again; {text}", now
    if now.verdict == "not-ready":
        return "fail", f"{text}, {len(now.blocking())} required controls block", now
    return "pass", text, now


def _check_target(statement: Statement, view: BundleView) -> None:
    subject, target = view.core.subject, statement.predicate.target
    said = (target.name, target.version, [(one.name, one.digest.sha256) for one in target.artifacts])
    if said != (subject.name, subject.version, [(one.name, one.sha256) for one in subject.artifacts]):
        raise BrokenError("bad-statement", "the statement is about another release than the bundle")
    named = [(one.id, one.version, one.sha256) for one in statement.predicate.standards]
    if named != [(pin.id, pin.version, pin.sha256) for pin in view.core.standards]:
        raise BrokenError("bad-statement", "the statement names other standards than the bundle holds")
    if statement.predicate.series != view.core.series:
        raise BrokenError("bad-statement", "the statement names another series than the bundle")


def _check_summary(statement: Statement, claimed: Any, view: BundleView) -> None:
    """The statement's counts against the claimed readiness: these two agree whatever is withheld."""
    try:
        outcomes = [str(one["outcome"]) for one in claimed["controls"]]
        expected = counts_of(claimed["verdict"], outcomes, len(view.core.items), len(view.core.withheld))
    except (TypeError, KeyError, ValueError):
        raise BrokenError("bad-content", f"{READINESS} is not a readiness") from None
    if statement.predicate.summary != expected:
        raise BrokenError("bad-statement", "the summary in the statement is not what the bundle's content comes to")


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
