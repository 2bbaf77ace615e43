"""Readiness: a pure function of the standards, the assessment and an instant, with a reason for each control.

The same function runs in the terminal UI, in ``status``, at export and in ``verify``. The rules are those of
``docs/readiness.md``; the tool says readiness, never approval.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from compliance_tui.assessment.checks import CheckResult, Scope, check_outcomes, computed_value, is_fresh
from compliance_tui.assessment.digest import seen_digest
from compliance_tui.assessment.model import Assessment, Item, Response, SignOff, Subject
from compliance_tui.safe.language import either, message, verbatim
from compliance_tui.safe.words import word
from compliance_tui.standard.levels import Level, level, matches
from compliance_tui.standard.model import Control, Standard

Verdict = Literal["ready", "ready-with-waivers", "not-ready"]
Outcome = Literal["satisfied", "waived", "blocked", "advisory", "not-applicable"]
ControlKey = tuple[str, str]


@dataclass(frozen=True)
class Reason:
    """Why a control stands where it stands: a stable code, and a sentence for a person."""

    code: str
    text: str


@dataclass(frozen=True)
class SeatState:
    """One seat that the control asks for: who signed, and whether that still holds."""

    seat: str
    person: str | None
    state: Literal["signed", "lapsed", "missing", "unsigned"]
    key: str = ""


@dataclass(frozen=True)
class ControlState:
    """One control at the instant asked about."""

    standard: str
    control: Control
    level: Level
    response: Response | None
    outcome: Outcome
    reasons: tuple[Reason, ...]
    checks: tuple[CheckResult, ...] = ()
    seats: tuple[SeatState, ...] = ()


@dataclass(frozen=True)
class AxisState:
    """The value declared for an axis, and the one computed from evidence where the axis is computed."""

    standard: str
    axis: str
    declared: str | None
    computed: str | None = None
    why: str = ""
    understated: bool = False


@dataclass(frozen=True)
class StandardState:
    """One pinned standard at the instant asked about."""

    id: str
    version: str
    sha256: str
    verdict: Verdict
    axes: tuple[AxisState, ...]


@dataclass(frozen=True)
class Readiness:
    """The verdict over all pinned standards, with every control's state in the packs' order."""

    verdict: Verdict
    as_of: dt.datetime
    standards: tuple[StandardState, ...]
    controls: tuple[ControlState, ...] = field(repr=False)

    def blocking(self) -> list[ControlState]:
        """The controls that block, in the packs' order."""
        return [state for state in self.controls if state.outcome == "blocked"]

    def state(self, standard: str, control: str) -> ControlState | None:
        """The state of one control."""
        return next((s for s in self.controls if s.standard == standard and s.control.id == control), None)


def axis_values(assessment: Assessment, standard: Standard) -> dict[str, str]:
    """The values chosen for the axes that ``standard`` declares; unknown values count as not chosen."""
    chosen: dict[str, str] = {}
    for axis in standard.axes:
        value = assessment.axes.get(f"{standard.id}/{axis.id}", assessment.axes.get(axis.id))
        if value is not None and axis.rank(value) >= 0:
            chosen[axis.id] = value
    return chosen


def is_published(subject: Subject, as_of: dt.datetime) -> bool:
    """Whether the subject's weights were public at the instant."""
    return subject.published_on is not None and subject.published_on <= as_of.date()


def readiness(
    standards: Sequence[tuple[Standard, str]],
    assessment: Assessment,
    responses: Mapping[ControlKey, Response],
    items: Mapping[str, Item],
    as_of: dt.datetime,
) -> Readiness:
    """The readiness of ``assessment`` against ``standards`` (each with the SHA-256 of its bytes) at ``as_of``."""
    served = {one for response in responses.values() for one in response.evidence}
    everything = [item for item in items.values() if item.id in served]
    standard_states: list[StandardState] = []
    control_states: list[ControlState] = []
    for standard, sha256 in standards:
        values = axis_values(assessment, standard)
        published = is_published(assessment.subject, as_of)
        axes = tuple(_axis_states(standard, values, responses, items, published))
        states = [
            _control_state(standard, control, values, assessment, responses, items, everything, as_of)
            for control in standard.controls
        ]
        verdict = _verdict(states, axes)
        standard_states.append(StandardState(standard.id, standard.version, sha256, verdict, axes))
        control_states += states
    verdicts = [state.verdict for state in standard_states]
    overall: Verdict = (
        "not-ready" if "not-ready" in verdicts else "ready-with-waivers" if "ready-with-waivers" in verdicts else "ready"
    )
    return Readiness(overall, as_of, tuple(standard_states), tuple(control_states))


def _verdict(states: Sequence[ControlState], axes: Sequence[AxisState]) -> Verdict:
    if any(state.outcome == "blocked" for state in states):
        return "not-ready"
    if any(axis.declared is None or axis.understated for axis in axes):
        return "not-ready"
    return "ready-with-waivers" if any(state.outcome == "waived" for state in states) else "ready"


def _axis_states(
    standard: Standard,
    values: Mapping[str, str],
    responses: Mapping[ControlKey, Response],
    items: Mapping[str, Item],
    published: bool,
) -> list[AxisState]:
    states = []
    for axis in standard.axes:
        declared, computed, why = values.get(axis.id), None, ""
        if axis.computed is not None:
            counted = [
                axis.computed.control,
                *(one for one in axis.computed.also if _applies(standard, one, values, published)),
            ]
            shown = [item for one in counted for item in _items(responses.get((standard.id, one)), items)]
            found = computed_value(axis, shown)
            computed, why = found if found else (None, "")
        understated = computed is not None and declared is not None and axis.rank(declared) < axis.rank(computed)
        states.append(AxisState(standard.id, axis.id, declared, computed, why, understated))
    return states


def _applies(standard: Standard, identifier: str, values: Mapping[str, str], published: bool) -> bool:
    control = standard.control(identifier)
    return control is not None and level(control, values, standard.axes, published) != "not-applicable"


def _items(response: Response | None, items: Mapping[str, Item]) -> list[Item]:
    return [items[identifier] for identifier in response.evidence if identifier in items] if response else []


def _control_state(
    standard: Standard,
    control: Control,
    values: Mapping[str, str],
    assessment: Assessment,
    responses: Mapping[ControlKey, Response],
    items: Mapping[str, Item],
    everything: Sequence[Item],
    as_of: dt.datetime,
) -> ControlState:
    published = is_published(assessment.subject, as_of)
    response = responses.get((standard.id, control.id))
    wanted = level(control, values, standard.axes, published)
    if wanted == "not-applicable":
        reason = Reason("out-of-scope", message("no rule of the standard asks for it at these axis values"))
        return ControlState(standard.id, control, wanted, response, "not-applicable", (reason,))
    own = _items(response, items)
    scope = Scope(
        standard, control, values, assessment.subject, own, everything, as_of, published, assessment.series, assessment.people
    )
    checks = tuple(check_outcomes(scope))
    seats = _seats(scope, response)
    reasons = _gaps(scope, response, checks, seats, items)
    stop = [
        Reason("blocked-by-rule", rule.reason) for rule in control.blocked if matches(rule, values, standard.axes, published)
    ]
    outcome: Outcome
    if stop:
        outcome, reasons = "blocked", stop + reasons
    elif not reasons:
        outcome, reasons = "satisfied", [_satisfied(response)]
    elif response and response.waiver and control.waivable and as_of.date() <= response.waiver.until:
        waiver = response.waiver
        outcome = "waived"
        text = message(
            "waived until {until} by {approver}: {reason}", until=waiver.until, approver=waiver.approver, reason=waiver.reason
        )
        reasons = [Reason("waived", text), *reasons]
    else:
        outcome = "blocked"
        reasons = _waiver_reasons(control, response, as_of) + reasons
    if outcome == "blocked" and wanted == "recommended":
        outcome, reasons = (
            "advisory",
            [Reason("recommended", message("recommended at these axis values; it never blocks")), *reasons],
        )
    if outcome == "blocked" and control.counts_from and as_of.date() < control.counts_from:
        outcome, reasons = (
            "advisory",
            [Reason("grace", message("counts from {day} on", day=control.counts_from)), *reasons],
        )
    return ControlState(standard.id, control, wanted, response, outcome, tuple(reasons), checks, seats)


def _satisfied(response: Response | None) -> Reason:
    if response and response.status == "not-applicable":
        return Reason("justified-not-applicable", message("does not apply, with a signed justification"))
    return Reason("met", message("met; evidence, checks and sign-offs are in order"))


def _waiver_reasons(control: Control, response: Response | None, as_of: dt.datetime) -> list[Reason]:
    if response is None or response.waiver is None:
        return []
    if not control.waivable:
        return [Reason("not-waivable", message("the standard does not allow this control to be waived"))]
    return [Reason("waiver-expired", message("the waiver ended on {until}", until=response.waiver.until))]


def _gaps(
    scope: Scope,
    response: Response | None,
    checks: Sequence[CheckResult],
    seats: Sequence[SeatState],
    items: Mapping[str, Item],
) -> list[Reason]:
    """Everything that keeps the control from being satisfied, in the order in which a person would mend it."""
    if response is not None and response.recheck is not None:
        gaps = [Reason("recheck", response.recheck.why)]
    elif response is None or response.status is None:
        gaps = [Reason("unanswered", message("not answered yet"))]
    elif response.status == "not-applicable":
        return _not_applicable_gaps(scope.control, response, seats)
    elif response.status != "met":
        gaps = [
            Reason(
                f"status-{response.status}",
                message("answered {status}", status=word(response.status)),
            )
        ]
    else:
        gaps = []
    if response is not None:
        lost = [identifier for identifier in response.evidence if identifier not in items]
        gaps += [
            Reason("evidence-unknown", message("{item} is named but not in the evidence folder", item=identifier))
            for identifier in lost
        ]
    gaps += _evidence_gaps(scope)
    gaps += [
        Reason(f"check-{one.outcome}", message("{title}: {text}", title=verbatim(one.title), text=one.text))
        for one in checks
        if one.outcome != "pass"
    ]
    return gaps + _seat_gaps(scope.items, response, seats)


def _not_applicable_gaps(control: Control, response: Response, seats: Sequence[SeatState]) -> list[Reason]:
    gaps = []
    if not control.may_be_not_applicable:
        gaps.append(Reason("not-applicable-refused", message("the standard does not allow this control to be not applicable")))
    if not response.statement.strip():
        gaps.append(Reason("unjustified", message("says not applicable without a justification in its statement")))
    if not seats and not response.sign_offs:
        gaps.append(Reason("sign-off-missing", message("a justification counts only when it is signed off")))
    return gaps + _seat_gaps([], response, seats)


def _evidence_gaps(scope: Scope) -> list[Reason]:
    gaps = []
    for rule in scope.evidence_rules:
        kinds = either(rule.kinds)
        items = [item for item in scope.items if item.kind in rule.kinds]
        fresh = [item for item in items if is_fresh(item, scope.evidence_rules, scope.as_of)]
        if len(fresh) >= rule.minimum:
            continue
        if len(items) < rule.minimum:
            more = f"{rule.minimum} × " if rule.minimum > 1 else ""
            gaps.append(Reason("evidence-missing", message("needs {more}{kinds}", more=more, kinds=kinds)))
            continue
        oldest = min(items, key=lambda item: item.speaks_of)
        future = max(items, key=lambda item: item.speaks_of)
        if future.speaks_of > scope.as_of.date():
            gaps.append(
                Reason(
                    "evidence-future",
                    message("{item} speaks of {day}, which has not come yet", item=future.id, day=future.speaks_of),
                )
            )
        else:
            text = message(
                "{item} speaks of {day}, more than {days} days ago; attach newer {kinds}",
                item=oldest.id,
                day=oldest.speaks_of,
                days=rule.max_age_days,
                kinds=kinds,
            )
            gaps.append(Reason("evidence-stale", text))
    return gaps


def _seats(scope: Scope, response: Response | None) -> tuple[SeatState, ...]:
    rules = [rule for rule in scope.control.sign_offs if matches(rule, scope.values, scope.standard.axes, scope.published)]
    wanted = list(dict.fromkeys(seat for rule in rules for seat in rule.seats))
    own_key = {seat for rule in rules if rule.signed for seat in rule.seats}
    signed = list(response.sign_offs) if response else []
    if not wanted and not signed:
        return ()
    seen = (
        seen_digest(scope.standard, scope.control, response, scope.items, scope.values, scope.subject)
        if response and signed
        else ""
    )
    extra = [sign_off.seat for sign_off in signed if sign_off.seat not in wanted]
    seats = [*wanted, *dict.fromkeys(extra)]
    return tuple(_seat(scope, seat, [one for one in signed if one.seat == seat], seen, seat in own_key) for seat in seats)


def _seat(scope: Scope, seat: str, mine: Sequence[SignOff], seen: str, own_key: bool) -> SeatState:
    if not mine:
        return SeatState(seat, None, "missing")
    valid = [sign_off for sign_off in mine if sign_off.seen == seen]
    if not valid:
        return SeatState(seat, mine[-1].person, "lapsed")
    keys = [(one, _own_key(scope, one)) for one in valid]
    # A signature that does not verify, or is of another's key, is worse than none: it never counts.
    sound = [(one, key) for one, key in keys if key or not (own_key or one.signature)]
    if not sound:
        return SeatState(seat, valid[-1].person, "unsigned")
    return SeatState(seat, sound[-1][0].person, "signed", sound[-1][1])


def _own_key(scope: Scope, sign_off: SignOff) -> str:
    """Fingerprint of the key that signed; empty where it does not verify, or is none that the person is listed with."""
    if not sign_off.signature:
        return ""
    from compliance_tui.assessment.signed import signing_key

    key = signing_key(scope.series, scope.standard.id, scope.control.id, sign_off)
    person = next((one for one in scope.people if one.id == sign_off.person), None)
    listed = [text.split()[:2] for text in person.keys] if person else []
    return key.fingerprint if key is not None and (not listed or key.openssh.split()[:2] in listed) else ""


def _seat_gaps(items: Sequence[Item], response: Response | None, seats: Sequence[SeatState]) -> list[Reason]:
    gaps = []
    for one in seats:
        if one.state == "missing":
            gaps.append(Reason("sign-off-missing", message("needs the sign-off of {seat}", seat=one.seat)))
        elif one.state == "unsigned":
            gaps.append(
                Reason(
                    "sign-off-unsigned",
                    message(
                        "the sign-off of {seat} must be signed with the own key of {person}", seat=one.seat, person=one.person
                    ),
                )
            )
        elif one.state == "lapsed":
            text = message(
                "the sign-off of {seat} by {person} lapsed: the answer, its evidence or the release changed since",
                seat=one.seat,
                person=one.person,
            )
            gaps.append(Reason("sign-off-lapsed", text))
    valid = [one for one in seats if one.state == "signed"]
    people = [one.person for one in valid]
    for person in sorted({person for person in people if person and people.count(person) > 1}):
        gaps.append(
            Reason("same-person", message("{person} fills two seats; another person must sign one of them", person=person))
        )
    if not gaps and len(set(people)) == 1 and any(item.attached_by == people[0] for item in items):
        gaps.append(
            Reason("attacher-signs-alone", message("{person} attached the evidence and is its only signer", person=people[0]))
        )
    return gaps
