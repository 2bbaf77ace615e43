"""One control, top to bottom, as one piece of content."""

import datetime as dt
from collections.abc import Iterator

from textual.content import Content

from compliance_tui.assessment.checks import age_days, largest_age
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.readiness import ControlState
from compliance_tui.standard.levels import explain
from compliance_tui.tui.show import CHECKS, glyph, line, prose, style, text, word

_HEADING = "bold $text-accent"


def detail(contents: Contents, state: ControlState, as_of: dt.datetime) -> Content:
    """What an officer wants to see of a control, the most urgent first."""
    return Content("\n").join(list(_lines(contents, state, as_of)))


def _lines(contents: Contents, state: ControlState, as_of: dt.datetime) -> Iterator[Content]:
    control = state.control
    yield line(f"{control.id}  {control.title}", "bold")
    yield Content.styled(f"{glyph(state)} {word(state)}", style(state)) + line(f"  ·  {state.level}")
    yield Content("")
    yield prose(control.statement)
    if state.outcome in ("blocked", "advisory", "waived"):
        yield Content("")
        yield line("What is missing" if state.outcome != "waived" else "Why it stands so", _HEADING)
        for reason in state.reasons:
            yield line(f"  {reason.text}", limit=400)
    yield Content("")
    yield from _answer(state, as_of)
    yield Content("")
    yield from _evidence(contents, state, as_of)
    if state.checks:
        yield Content("")
        yield line("Checks", _HEADING)
        for check in state.checks:
            sign, colour = CHECKS[check.outcome]
            yield Content.styled(f"  {sign} {check.outcome:<9}", colour) + line(check.title)
            yield line(f"      {check.text}", "$text-muted", limit=400)
    if state.seats:
        yield Content("")
        yield line("Sign-offs", _HEADING)
        for seat in state.seats:
            who = f" by {seat.person}" if seat.person else ""
            yield line(f"  {seat.seat}: {seat.state}{who}")
    yield Content("")
    yield line("Why it applies", _HEADING)
    axes = contents.standard(state.standard).axes
    scope = explain(control.required, axes) or "nobody"
    yield line(f"  required {'' if scope == 'always' else 'for '}{scope}", limit=400)
    for heading, passage in (("Guidance", control.guidance), ("Example", control.example)):
        if passage:
            yield Content("")
            yield line(heading, _HEADING)
            yield prose(passage)
    if control.references:
        yield Content("")
        yield line(f"Related: {', '.join(control.references)}", "$text-muted", limit=600)


def _answer(state: ControlState, as_of: dt.datetime) -> Iterator[Content]:
    response = state.response
    yield line("Answer", _HEADING)
    if response is None or response.status is None:
        yield line("  not answered yet; press a")
    else:
        when = f"{response.answered_at:%Y-%m-%d %H:%M} UTC" if response.answered_at else "?"
        yield line(f"  {response.status.replace('-', ' ')}  ·  by {response.answered_by}, {when}")
        if response.statement:
            yield text(f"  {response.statement.strip()}")
    if response and response.waiver:
        left = (response.waiver.until - as_of.date()).days
        yield line(f"  waiver until {response.waiver.until} ({left} days left): {response.waiver.reason}", limit=400)


def _evidence(contents: Contents, state: ControlState, as_of: dt.datetime) -> Iterator[Content]:
    yield line("Evidence", _HEADING)
    for rule in contents.evidence_rules(state):
        age = f", at most {rule.max_age_days} days old" if rule.max_age_days else ""
        yield line(f"  wanted: {' or '.join(rule.kinds)}{age}", "$text-muted")
    for identifier in state.response.evidence if state.response else []:
        item = contents.items.get(identifier)
        if item is None:
            yield line(f"  {identifier}: not in the evidence folder", "$text-error")
            continue
        most = largest_age(contents.evidence_rules(state), item.kind)
        days = f"{age_days(item, as_of)} d old" + (f" of {most}" if most else "")
        yield line(f"  {item.id}  {item.kind}  {item.title}  ·  {days}  ·  {item.size:,} bytes")
        for warning in item.warnings:
            yield line(f"      warning: {warning}", "$text-warning", limit=400)
