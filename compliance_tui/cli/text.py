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
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.words import word
from compliance_tui.standard.levels import explain

VERDICTS = {
    "ready": message("READY"),
    "ready-with-waivers": message("READY WITH WAIVERS"),
    "not-ready": message("NOT READY"),
}


def status_lines(contents: Contents, result: Readiness, everything: bool) -> Iterator[str]:
    """The verdict first, then the controls that want something, each with its reasons."""
    subject = contents.assessment.subject
    yield gettext(
        "{subject}: {verdict} as of {instant}",
        subject=f"{subject.name} {subject.version}".rstrip(),
        verdict=VERDICTS[result.verdict],
        instant=format_instant(result.as_of),
    )
    yield _in_order(result)
    for standard in result.standards:
        axes = ", ".join(f"{axis.axis} {axis.declared or gettext('not set')}" for axis in standard.axes)
        yield f"{standard.id} {standard.version}: {gettext(word(standard.verdict))}" + (f" ({axes})" if axes else "")
        for axis in standard.axes:
            if axis.declared is None:
                yield "  " + gettext("axis {axis} is not set: `compliance-tui axes {axis}=VALUE`", axis=axis.axis)
            if axis.understated:
                yield "  " + gettext(
                    "axis {axis}: declared {declared} is below the computed {computed} ({why})",
                    axis=axis.axis,
                    declared=axis.declared,
                    computed=axis.computed,
                    why=axis.why,
                )
    for state in result.controls:
        if everything or state.outcome in ("blocked", "waived"):
            yield ""
            yield f"{state.control.id} {state.control.title}: {gettext(word(state.outcome))} ({gettext(word(state.level))})"
            for reason in state.reasons:
                yield f"  - {gettext(reason.text)}"


def _in_order(result: Readiness) -> str:
    required = [state for state in result.controls if state.level == "required"]
    blocking = len(result.blocking())
    return gettext(
        "{done} of {required} required controls in order, {blocking} block",
        done=len(required) - blocking,
        required=len(required),
        blocking=blocking,
    )


def control_page(contents: Contents, state: ControlState, as_of: dt.datetime) -> Iterator[str]:
    """Everything about one control, top to bottom."""
    control, response = state.control, state.response
    axes = contents.standard(state.standard).axes
    yield f"{control.id}  {control.title}  [{gettext(word(state.level))}, {gettext(word(state.outcome))}]"
    yield ""
    yield control.statement.strip()
    if control.guidance:
        yield from ("", gettext("Guidance"), control.guidance.strip())
    if control.example:
        yield from ("", gettext("Example"), control.example.strip())
    rules = explain(control.required, axes)
    yield from ("", gettext("Required for: {rules}", rules=gettext(rules) if rules else gettext("nobody")))
    yield from ("", gettext("Answer"))
    yield from _answer_lines(response)
    yield from ("", gettext("Evidence"))
    yield from (f"  {line}" for line in _evidence_lines(contents, state, as_of))
    yield from ("", gettext("Checks"))
    for check in state.checks:
        yield f"  {gettext(word(check.outcome))}: {check.title}: {gettext(check.text)}"
    yield from ("", gettext("Sign-offs"))
    for seat in state.seats:
        yield f"  {seat.seat}: {gettext(word(seat.state))}" + (f" ({seat.person})" if seat.person else "")
    if response and response.waiver:
        waiver = response.waiver
        yield from (
            "",
            ngettext(
                "Waiver until {until} ({number} day left), owner {owner}, approver {approver}",
                "Waiver until {until} ({number} days left), owner {owner}, approver {approver}",
                (waiver.until - as_of.date()).days,
                until=waiver.until,
                owner=waiver.owner,
                approver=waiver.approver,
            ),
        )
        yield f"  {waiver.reason}"
    yield from ("", gettext("Why it stands so"))
    for reason in state.reasons:
        yield f"  - {gettext(reason.text)}"
    if control.references:
        yield from ("", gettext("Related: {names}", names=", ".join(control.references)))


def _evidence_lines(contents: Contents, state: ControlState, as_of: dt.datetime) -> Iterator[str]:
    rules = contents.evidence_rules(state)
    for rule in rules:
        kinds = gettext(" or ").join(rule.kinds)
        if rule.max_age_days:
            yield ngettext(
                "wants {kinds}, at most {number} day old",
                "wants {kinds}, at most {number} days old",
                rule.max_age_days,
                kinds=kinds,
            )
        else:
            yield gettext("wants {kinds}", kinds=kinds)
    for identifier in state.response.evidence if state.response else []:
        item = contents.items.get(identifier)
        if item is None:
            continue
        most, age = largest_age(rules, item.kind), age_days(item, as_of)
        old = ngettext("{number} day old", "{number} days old", age)
        if most:
            old = ngettext("{number} day old of {most}", "{number} days old of {most}", age, most=most)
        yield f"{item.id} {item.kind}: {item.title}, {old}"


def _answer_lines(response: Response | None) -> Iterator[str]:
    if response is not None and response.recheck is not None:
        recheck = response.recheck
        since, why = _when(recheck.since), gettext(recheck.why)
        if recheck.was:
            was = gettext(word(recheck.was))
            yield "  " + gettext("to be rechecked since {since}, it was {was}: {why}", since=since, was=was, why=why)
        else:
            yield "  " + gettext("to be rechecked since {since}: {why}", since=since, why=why)
    if response is None or (response.status is None and not response.statement):
        yield "  " + gettext("not answered yet")
        return
    status = gettext(word(response.status)) if response.status else gettext("no status now")
    when = _when(response.answered_at)
    yield "  " + gettext("{status}, by {person} at {instant}", status=status, person=response.answered_by, instant=when)
    if response.statement:
        yield f"  {response.statement.strip()}"


def archived_page(archived: Sequence[Archived]) -> Iterator[str]:
    """Archived answers to a control, the latest first."""
    for one in reversed(archived):
        response = one.response
        yield ""
        standard = f"{response.standard} {one.version}"
        yield gettext("{control}  archived: an answer to {standard}", control=response.control, standard=standard)
        yield from _answer_lines(response)
        if response.evidence:
            yield "  " + gettext("evidence {items}", items=", ".join(response.evidence))


def _when(instant: dt.datetime | None) -> str:
    return format_instant(instant) if instant else gettext("an unknown time")


def group_lines(contents: Contents, result: Readiness) -> Iterator[str]:
    """The verdict, and for each standard and group how many required controls are in order."""
    required = [state for state in result.controls if state.level == "required"]
    instant = format_instant(result.as_of)
    yield gettext("{verdict} as of {instant}", verdict=VERDICTS[result.verdict], instant=instant)
    yield _in_order(result)
    for standard, _ in contents.standards:
        yield from ("", f"{standard.standard.title} {standard.version}")
        for group in standard.groups:
            inside = [one for one in required if one.standard == standard.id and one.control.group == group.id]
            done = sum(one.outcome != "blocked" for one in inside)
            told = gettext("{done} of {all}", done=done, all=len(inside)) if inside else gettext("nothing required")
            yield f"  {group.id} {group.title}: {told}"


def plan_lines(
    result: Readiness, found: Sequence[Need], events: Sequence[Event], release: dt.date | None, past: Sequence[Point]
) -> Iterator[str]:
    """What blocks by who has to act; what runs out before the release; how it went so far."""
    for actor, heading in ACTORS.items():
        inside = [need for need in found if need.actor == actor]
        if inside:
            yield from ("", f"{gettext(heading)} ({len(inside)})")
        for need in inside:
            ids = ", ".join(control for _, control in need.controls)
            yield f"  {gettext(need.text)}" + (f": {ids}" if ids else "")
    yield ""
    if release is None:
        yield gettext("No day of release is planned")
    else:
        days = (release - result.as_of.date()).days
        if days >= 0:
            yield ngettext(
                "Release planned on {day}, in {number} day", "Release planned on {day}, in {number} days", days, day=release
            )
        else:
            yield ngettext(
                "Release planned on {day}, {number} day ago", "Release planned on {day}, {number} days ago", -days, day=release
            )
        for event in events:
            yield f"  {event.day} {gettext(event.text)}: {', '.join(control for _, control in event.controls)}"
        if not events and days >= 0:
            yield "  " + gettext("nothing runs out before then")
    if len(past) > 1:
        yield from ("", gettext("In order, day by day, by today's rules"))
        for point in past:
            yield f"  {point.day} " + gettext("{done} of {all}", done=point.in_order, all=point.required)


def what_if_lines(tried: WhatIf, axes: Sequence[str]) -> Iterator[str]:
    """What other axis values would change; nothing was changed."""
    verdict = VERDICTS[tried.result.verdict]
    yield gettext("With {values}: {verdict}; nothing was changed", values=", ".join(axes), verdict=verdict)
    for keys, words in (
        (tried.newly_required, message("newly required")),
        (tried.no_longer_required, message("no longer required")),
        (tried.newly_blocking, message("newly blocking")),
        (tried.no_longer_blocking, message("no longer blocking")),
    ):
        if keys:
            yield f"  {len(keys)} {gettext(words)}: {', '.join(control for _, control in keys)}"
