"""Readiness and controls as plain lines: linear, without drawing characters, fit for a screen reader and a pipe."""

import datetime as dt
from collections.abc import Iterator, Sequence

from compliance_tui.assessment.archive import Archived
from compliance_tui.assessment.checks import age_days, largest_age
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.history import Point
from compliance_tui.assessment.model import Response
from compliance_tui.assessment.plan import ACTORS, Event, Need, WhatIf
from compliance_tui.assessment.readiness import ControlState, Readiness
from compliance_tui.safe.instant import format_instant
from compliance_tui.standard.levels import explain

VERDICTS = {"ready": "READY", "ready-with-waivers": "READY WITH WAIVERS", "not-ready": "NOT READY"}


def status_lines(contents: Contents, result: Readiness, everything: bool) -> Iterator[str]:
    """The verdict first, then the controls that want something, each with its reasons."""
    subject = contents.assessment.subject
    required = [state for state in result.controls if state.level == "required"]
    blocking = result.blocking()
    yield (f"{subject.name} {subject.version}".rstrip() + f": {VERDICTS[result.verdict]} as of {format_instant(result.as_of)}")
    yield f"{len(required) - len(blocking)} of {len(required)} required controls in order, {len(blocking)} block"
    for standard in result.standards:
        axes = ", ".join(f"{axis.axis} {axis.declared or 'not set'}" for axis in standard.axes)
        yield f"{standard.id} {standard.version}: {VERDICTS[standard.verdict].lower()}" + (f" ({axes})" if axes else "")
        for axis in standard.axes:
            if axis.declared is None:
                yield f"  axis {axis.axis} is not set: `compliance-tui axes {axis.axis}=VALUE`"
            if axis.understated:
                yield f"  axis {axis.axis}: declared {axis.declared} is below the computed {axis.computed} ({axis.why})"
    for state in result.controls:
        if everything or state.outcome in ("blocked", "waived"):
            yield ""
            yield f"{state.control.id} {state.control.title}: {state.outcome.replace('-', ' ')} ({state.level})"
            for reason in state.reasons:
                yield f"  - {reason.text}"


def control_page(contents: Contents, state: ControlState, as_of: dt.datetime) -> Iterator[str]:
    """Everything about one control, top to bottom."""
    control, response = state.control, state.response
    axes = contents.standard(state.standard).axes
    yield f"{control.id}  {control.title}  [{state.level}, {state.outcome.replace('-', ' ')}]"
    yield ""
    yield control.statement.strip()
    if control.guidance:
        yield from ("", "Guidance", control.guidance.strip())
    if control.example:
        yield from ("", "Example", control.example.strip())
    yield from ("", f"Required for: {explain(control.required, axes) or 'nobody'}")
    yield from ("", "Answer")
    yield from _answer_lines(response)
    yield from ("", "Evidence")
    for rule in contents.evidence_rules(state):
        age = f", at most {rule.max_age_days} days old" if rule.max_age_days else ""
        yield f"  wants {' or '.join(rule.kinds)}{age}"
    for identifier in response.evidence if response else []:
        item = contents.items.get(identifier)
        if item is not None:
            most = largest_age(contents.evidence_rules(state), item.kind)
            yield f"  {item.id} {item.kind}: {item.title}, {age_days(item, as_of)} days old" + (f" of {most}" if most else "")
    yield from ("", "Checks")
    for check in state.checks:
        yield f"  {check.outcome}: {check.title}: {check.text}"
    yield from ("", "Sign-offs")
    for seat in state.seats:
        yield f"  {seat.seat}: {seat.state}" + (f" ({seat.person})" if seat.person else "")
    if response and response.waiver:
        waiver = response.waiver
        left = (waiver.until - as_of.date()).days
        yield from (
            "",
            f"Waiver until {waiver.until} ({left} days left), owner {waiver.owner}, approver {waiver.approver}",
        )
        yield f"  {waiver.reason}"
    yield from ("", "Why it stands so")
    for reason in state.reasons:
        yield f"  - {reason.text}"
    if control.references:
        yield from ("", f"Related: {', '.join(control.references)}")


def _answer_lines(response: Response | None) -> Iterator[str]:
    if response is not None and response.recheck is not None:
        was = f", it was {response.recheck.was.replace('-', ' ')}" if response.recheck.was else ""
        yield f"  to be rechecked since {_when(response.recheck.since)}{was}: {response.recheck.why}"
    if response is None or (response.status is None and not response.statement):
        yield "  not answered yet"
        return
    status = response.status.replace("-", " ") if response.status else "no status now"
    yield f"  {status}, by {response.answered_by} at {_when(response.answered_at)}"
    if response.statement:
        yield f"  {response.statement.strip()}"


def archived_page(archived: Sequence[Archived]) -> Iterator[str]:
    """Archived answers to a control, the latest first."""
    for one in reversed(archived):
        response = one.response
        yield ""
        yield f"{response.control}  archived: an answer to {response.standard} {one.version}"
        yield from _answer_lines(response)
        if response.evidence:
            yield f"  evidence {', '.join(response.evidence)}"


def _when(instant: dt.datetime | None) -> str:
    return format_instant(instant) if instant else "an unknown time"


def group_lines(contents: Contents, result: Readiness) -> Iterator[str]:
    """The verdict, and for each standard and group how many required controls are in order."""
    required = [state for state in result.controls if state.level == "required"]
    blocking = result.blocking()
    yield f"{VERDICTS[result.verdict]} as of {format_instant(result.as_of)}"
    yield f"{len(required) - len(blocking)} of {len(required)} required controls in order, {len(blocking)} block"
    for standard, _ in contents.standards:
        yield from ("", f"{standard.standard.title} {standard.version}")
        for group in standard.groups:
            inside = [one for one in required if one.standard == standard.id and one.control.group == group.id]
            done = sum(one.outcome != "blocked" for one in inside)
            yield f"  {group.id} {group.title}: {f'{done} of {len(inside)}' if inside else 'nothing required'}"


def plan_lines(
    result: Readiness, found: Sequence[Need], events: Sequence[Event], release: dt.date | None, past: Sequence[Point]
) -> Iterator[str]:
    """What blocks by who has to act; what runs out before the release; how it went so far."""
    for actor, heading in ACTORS.items():
        inside = [need for need in found if need.actor == actor]
        if inside:
            yield from ("", f"{heading} ({len(inside)})")
        for need in inside:
            ids = ", ".join(control for _, control in need.controls)
            yield f"  {need.text}" + (f": {ids}" if ids else "")
    yield ""
    if release is None:
        yield "No day of release is planned"
    else:
        days = (release - result.as_of.date()).days
        yield f"Release planned on {release}, " + (f"in {days} days" if days >= 0 else f"{-days} days ago")
        for event in events:
            yield f"  {event.day} {event.text}: {', '.join(control for _, control in event.controls)}"
        if not events and days >= 0:
            yield "  nothing runs out before then"
    if len(past) > 1:
        yield from ("", "In order, day by day, by today's rules")
        yield from (f"  {point.day} {point.in_order} of {point.required}" for point in past)


def what_if_lines(tried: WhatIf, axes: Sequence[str]) -> Iterator[str]:
    """What other axis values would change; nothing was changed."""
    yield f"With {', '.join(axes)}: {VERDICTS[tried.result.verdict]}; nothing was changed"
    for keys, words in (
        (tried.newly_required, "newly required"),
        (tried.no_longer_required, "no longer required"),
        (tried.newly_blocking, "newly blocking"),
        (tried.no_longer_blocking, "no longer blocking"),
    ):
        if keys:
            yield f"  {len(keys)} {words}: {', '.join(control for _, control in keys)}"
