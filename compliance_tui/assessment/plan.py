"""What still has to be done, by whom, in which order, and by when. Pure functions over a readiness; nothing is changed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compliance_tui.assessment.checks import largest_age
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.readiness import ControlKey, ControlState, Readiness, Reason
from compliance_tui.safe.language import message, verbatim

Actor = Literal["decide", "answer", "evidence", "checks", "sign"]
# Who has to act, by how the code of a reason begins. The order is also that of effort: a decision is no work of the officer's.
_ACTORS: tuple[tuple[Actor, tuple[str, ...]], ...] = (
    ("answer", ("unanswered", "recheck", "status-", "unjustified", "not-applicable-refused")),
    ("sign", ("sign-off-", "same-person", "attacher-")),
    ("evidence", ("evidence-",)),
    ("checks", ("check-",)),
    ("decide", ("blocked-by-rule", "waiver-", "not-waivable")),
)
# In the order in which a page lists them, with their headings.
ACTORS: Mapping[Actor, str] = {
    "decide": message("Decisions to take"),
    "answer": message("Answers to write"),
    "evidence": message("Evidence to bring"),
    "checks": message("Checks to pass"),
    "sign": message("People to sign"),
}
_ORDER: tuple[Actor, ...] = tuple(ACTORS)


@dataclass(frozen=True)
class Need:
    """One thing that is missing, and every control that waits for it."""

    actor: Actor
    text: str
    controls: tuple[ControlKey, ...]


@dataclass(frozen=True)
class Event:
    """Something that happens by itself on a day: evidence becomes too old, a waiver ends, a rule begins to count."""

    day: dt.date
    text: str
    controls: tuple[ControlKey, ...]


@dataclass(frozen=True)
class WhatIf:
    """What other axis values would change, against the present ones."""

    result: Readiness
    newly_required: tuple[ControlKey, ...]
    no_longer_required: tuple[ControlKey, ...]
    newly_blocking: tuple[ControlKey, ...]
    no_longer_blocking: tuple[ControlKey, ...]


def actor_of(code: str) -> Actor:
    """Who has to act on a reason with that code."""
    return next((actor for actor, starts in _ACTORS if code.startswith(starts)), "decide")


def needs(contents: Contents, result: Readiness) -> list[Need]:
    """The shortest list of what blocks: equal wants stand together, grouped by who has to act, those of most controls first.

    A check that only waits for evidence which is wanted anyway is not counted besides.
    """
    found: dict[tuple[Actor, str], list[ControlKey]] = {}
    for standard in result.standards:
        for axis in standard.axes:
            if axis.declared is None:
                found[
                    "decide", message("choose a value for the axis {axis} of {standard}", axis=axis.axis, standard=standard.id)
                ] = []
            elif axis.understated:
                text = message(
                    "{axis} is declared {declared}, below the computed {computed}: {why}",
                    axis=axis.axis,
                    declared=axis.declared,
                    computed=axis.computed,
                    why=axis.why,
                )
                found["decide", text] = []
    for state in result.blocking():
        for reason in own_reasons(contents, state):
            found.setdefault((actor_of(reason.code), reason.text), []).append((state.standard, state.control.id))
    wanted = [Need(actor, text, tuple(dict.fromkeys(controls))) for (actor, text), controls in found.items()]
    return sorted(wanted, key=lambda need: (_ORDER.index(need.actor), -len(need.controls)))


def own_reasons(contents: Contents, state: ControlState) -> list[Reason]:
    """The reasons of a control without those that follow from another: a check of evidence that is missing."""
    if not any(reason.code == "evidence-missing" for reason in state.reasons):
        return list(state.reasons)
    attached = {
        contents.items[one].kind for one in (state.response.evidence if state.response else []) if one in contents.items
    }
    waiting = {check.id for check in state.control.checks if check.kinds and not attached & set(check.kinds)}
    texts = {
        message("{title}: {text}", title=verbatim(one.title), text=one.text)
        for one in state.checks
        if one.check in waiting and one.outcome == "unproven"
    }
    return [one for one in state.reasons if not (one.code == "check-unproven" and one.text in texts)]


def gap_order(contents: Contents, result: Readiness) -> list[ControlKey]:
    """The blocking controls in the order that unblocks the release fastest.

    First those whose evidence computes an axis, because they decide what else is asked; then those with the fewest and
    lightest steps left (an answer before a signature, before evidence, before a failing check); what a rule forbids, last.
    """
    deciding = {
        (standard.id, control)
        for standard, _ in contents.standards
        for axis in standard.axes
        if axis.computed is not None
        for control in (axis.computed.control, *axis.computed.also)
    }
    place = {(state.standard, state.control.id): at for at, state in enumerate(result.controls)}

    def effort(state: ControlState) -> tuple[object, ...]:
        key = (state.standard, state.control.id)
        steps = [_weight(reason.code) for reason in own_reasons(contents, state)]
        forbidden = any(reason.code == "blocked-by-rule" for reason in state.reasons)
        return forbidden, key not in deciding, max(steps, default=0), len(steps), place[key]

    return [(state.standard, state.control.id) for state in sorted(result.blocking(), key=effort)]


def _weight(code: str) -> int:
    return next((weight for weight, (_, starts) in enumerate(_ACTORS) if code.startswith(starts)), 0)


def calendar(contents: Contents, result: Readiness, until: dt.date) -> list[Event]:
    """What changes by itself after ``result``'s day, up to and including ``until``, soonest first."""
    today = result.as_of.date()
    found: dict[tuple[dt.date, str], list[ControlKey]] = {}
    for state in result.controls:
        if state.level != "required":
            continue
        key = (state.standard, state.control.id)
        for day, text in _events(contents, state):
            if today < day <= until:
                found.setdefault((day, text), []).append(key)
    return [Event(day, text, tuple(keys)) for (day, text), keys in sorted(found.items())]


def _events(contents: Contents, state: ControlState) -> list[tuple[dt.date, str]]:
    events: list[tuple[dt.date, str]] = []
    rules = contents.evidence_rules(state)
    for identifier in state.response.evidence if state.response else []:
        item = contents.items.get(identifier)
        most = largest_age(rules, item.kind) if item else None
        if item is not None and most is not None:
            day = item.speaks_of + dt.timedelta(days=most + 1)
            events.append((day, message("{item} {kind} is too old", item=item.id, kind=item.kind)))
    waiver = state.response.waiver if state.response else None
    if waiver is not None and state.outcome == "waived":
        events.append(
            (waiver.until + dt.timedelta(days=1), message("the waiver by {approver} has ended", approver=waiver.approver))
        )
    if state.control.counts_from is not None:
        events.append((state.control.counts_from, message("begins to count")))
    return events


def what_if(contents: Contents, present: Readiness, axes: Mapping[str, str]) -> WhatIf:
    """The readiness at other axis values (``AXIS`` or ``STANDARD/AXIS``), at the same instant; nothing is written."""
    chosen = {**contents.assessment.axes, **axes}
    other = Contents(
        contents.root,
        contents.assessment.model_copy(update={"axes": chosen}),
        contents.standards,
        contents.responses,
        contents.items,
    ).readiness(present.as_of)
    required, required_then = _keys(present.controls, "required"), _keys(other.controls, "required")
    blocking, blocking_then = _blocking(present), _blocking(other)
    return WhatIf(
        other,
        tuple(key for key in required_then if key not in required),
        tuple(key for key in required if key not in required_then),
        tuple(key for key in blocking_then if key not in blocking),
        tuple(key for key in blocking if key not in blocking_then),
    )


def _keys(states: Sequence[ControlState], level: str) -> dict[ControlKey, None]:
    return {(state.standard, state.control.id): None for state in states if state.level == level}


def _blocking(result: Readiness) -> dict[ControlKey, None]:
    return {(state.standard, state.control.id): None for state in result.blocking()}
