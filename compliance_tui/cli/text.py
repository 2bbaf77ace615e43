"""Readiness as plain lines: linear, without drawing characters, fit for a screen reader and a pipe."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.history import Point
from compliance_tui.assessment.plan import ACTORS, Event, Need, WhatIf
from compliance_tui.assessment.readiness import ControlKey, ControlState, Readiness
from compliance_tui.cli.reading import Opened
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.words import word

VERDICTS = {
    "ready": message("READY"),
    "ready-with-waivers": message("READY WITH WAIVERS"),
    "not-ready": message("NOT READY"),
}


def status_lines(there: Opened, result: Readiness, everything: bool) -> Iterator[str]:
    """The verdict first, then the controls that want something, each with its reasons; of a bundle what cannot be seen."""
    subject = there.contents.assessment.subject
    yield gettext(
        "{subject}: {verdict} as of {instant}",
        subject=f"{subject.name} {subject.version}".rstrip(),
        verdict=_verdict(there, result),
        instant=format_instant(result.as_of),
    )
    yield from _in_order(there, result)
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
    if there.hidden:
        yield gettext("what cannot be seen: {items}", items=", ".join(there.hidden))
    for state in result.controls:
        unseen = (state.standard, state.control.id) in there.unseen
        if everything or unseen or state.outcome in ("blocked", "waived"):
            yield ""
            yield f"{state.control.id} {gettext(state.control.title)}: {outcome(there, state)} ({gettext(word(state.level))})"
            yield from (f"  - {gettext(reason.text)}" for reason in state.reasons if not unseen)


def outcome(there: Opened, state: ControlState) -> str:
    """How a control stands, in a word; where something of it is hidden, that it cannot be told."""
    unseen = (state.standard, state.control.id) in there.unseen
    return gettext("cannot be told") if unseen else gettext(word(state.outcome))


def _verdict(there: Opened, result: Readiness) -> str:
    """What blocks is enough for a no; where only what is hidden could tell, nothing is said."""
    untold = there.unseen and result.verdict == "not-ready" and not there.seen(result).blocking()
    return gettext("CANNOT BE TOLD") if untold else gettext(VERDICTS[result.verdict])


def _in_order(there: Opened, result: Readiness) -> Iterator[str]:
    seen = there.seen(result)
    required = sum(state.level == "required" for state in seen.controls)
    blocking = len(seen.blocking())
    yield gettext(
        "{done} of {required} required controls in order, {blocking} block",
        done=required - blocking,
        required=required,
        blocking=blocking,
    )
    if there.unseen:
        yield ngettext("{number} control cannot be told", "{number} controls cannot be told", len(there.unseen))


def group_lines(there: Opened, result: Readiness) -> Iterator[str]:
    """The verdict, and for each standard and group how many required controls are in order."""
    required = [state for state in there.seen(result).controls if state.level == "required"]
    instant = format_instant(result.as_of)
    yield gettext("{verdict} as of {instant}", verdict=_verdict(there, result), instant=instant)
    yield from _in_order(there, result)
    for standard, _ in there.contents.standards:
        yield from ("", f"{gettext(standard.standard.title)} {standard.version}")
        for group in standard.groups:
            inside = [one for one in required if one.standard == standard.id and one.control.group == group.id]
            done = sum(one.outcome != "blocked" for one in inside)
            told = gettext("{done} of {all}", done=done, all=len(inside)) if inside else gettext("nothing required")
            yield f"  {group.id} {gettext(group.title)}: {told}"


def export_lines(contents: Contents, result: Readiness, faults: Mapping[str, str]) -> Iterator[str]:
    """What the signatures over an export would cover: as the page before it says it."""
    subject, items = contents.assessment.subject, contents.items.values()
    withheld = [item.id for item in items if item.disclosure == "withhold"]
    outcomes, blocking = [state.outcome for state in result.controls], result.blocking()
    series = gettext("series {series}", series=contents.assessment.series)
    yield f"{subject.name} {subject.version}".rstrip() + f"  {series}"
    counts = gettext(
        "{in_order} in order, {waived} waived, {blocking} block, of {number} controls",
        in_order=outcomes.count("satisfied"),
        waived=outcomes.count("waived"),
        blocking=len(blocking),
        number=len(outcomes),
    )
    yield f"{gettext(VERDICTS[result.verdict])}: {counts}"
    if blocking:
        yield "  " + gettext("gaps: {gaps}", gaps=", ".join(state.control.id for state in blocking))
    answers = ngettext("{number:,} answer", "{number:,} answers", len(contents.responses))
    evidence = ngettext("{number:,} evidence item", "{number:,} evidence items", len(items))
    size = ngettext("{number:,} byte", "{number:,} bytes", sum(item.size for item in items))
    yield f"{answers}, {evidence}, {size}"
    yield gettext("withheld, but committed to: {items}", items=", ".join(withheld) or message("nothing"))
    for pin in contents.assessment.standards:
        yield f"{pin.id} {pin.version}  sha256 {pin.sha256}"
    for artifact in subject.artifacts:
        yield gettext("file {name}", name=artifact.name) + f"  sha256 {artifact.sha256}"
    if faults:
        names = ", ".join(faults)
        yield gettext("bytes missing or altered: {items}; the export will refuse them", items=names)


def order_lines(order: Sequence[ControlKey]) -> Iterator[str]:
    """The controls that block, in the order that unblocks the release fastest."""
    if order:
        ids = ", ".join(control for _, control in order)
        yield from ("", gettext("In the order that unblocks fastest: {controls}", controls=ids))


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
    if not any((tried.newly_required, tried.no_longer_required, tried.newly_blocking, tried.no_longer_blocking)):
        yield "  " + gettext("no control changes")
