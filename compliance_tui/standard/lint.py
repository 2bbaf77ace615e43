"""What a standards author would miss: names that refer to nothing, rules that can never match, limits that jump back."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from compliance_tui.standard.model import Axis, Check, Control, Rule, Scalar, Standard


@dataclass(frozen=True)
class Finding:
    """One fault: where in the pack it is, and what is wrong with it."""

    where: str
    text: str


def lint(standard: Standard, kinds: AbstractSet[str]) -> list[Finding]:
    """Faults of a pack that its loader accepts; ``kinds`` are the evidence kinds that are known."""
    findings = [Finding(where, text) for where, text in _standard_faults(standard)]
    for control in standard.controls:
        findings += [Finding(control.id, text) for text in _control_faults(standard, control, kinds)]
    return findings


def _standard_faults(standard: Standard) -> Iterator[tuple[str, str]]:
    ids = {control.id for control in standard.controls}
    used = {control.group for control in standard.controls}
    for group in standard.groups:
        if group.id not in used:
            yield f"group {group.id}", "holds no control"
    for axis in standard.axes:
        if axis.computed is not None:
            if not axis.ordered:
                yield f"axis {axis.id}", "is computed but has no order"
            if axis.computed.control not in ids:
                yield f"axis {axis.id}", f"is computed by {axis.computed.control}, which is no control"
            for value in (axis.computed.otherwise, *(rule.value for rule in axis.computed.rules)):
                if axis.rank(value) < 0:
                    yield f"axis {axis.id}", f"computes {value}, which is none of its values"
    for change in standard.changes:
        name = f"change {', '.join(change.from_)} -> {', '.join(change.to)}"
        for identifier in (*change.to, *change.covered_by):
            if identifier not in ids:
                yield name, f"names {identifier}, which this version does not have"
        if not change.from_ and not change.to:
            yield name, "names no control"
        if (change.effect == "new") != (not change.from_):
            yield name, "is new if and only if it comes from nowhere"
        if (change.effect == "drop") != (not change.to):
            yield name, "drops answers if and only if it leads nowhere"
    for scale in standard.scales:
        floors = [band.floor for band in scale.bands]
        if floors != sorted(set(floors)):
            yield f"scale {scale.id}", "has bands whose floors do not rise"
        for scale_axis in scale.axes:
            points = [one.points for one in scale_axis.levels]
            if points != sorted(points):
                yield f"scale {scale.id}", f"axis {scale_axis.id} gives fewer points to a higher level"


def _control_faults(standard: Standard, control: Control, kinds: AbstractSet[str]) -> Iterator[str]:
    groups, seats = {group.id for group in standard.groups}, {seat.id for seat in standard.seats}
    sources = {source.id for source in standard.sources}
    if control.group not in groups:
        yield f"belongs to the group {control.group}, which is not declared"
    if not control.required and not control.recommended:
        yield "is never required nor recommended"
    if not control.evidence and not control.sign_offs and not control.checks:
        yield "asks for no evidence, no check and no sign-off: an answer alone would satisfy it"
    if not control.statement.strip():
        yield "has no statement"
    for rule in _rules(control):
        yield from _rule_faults(rule, standard.axes)
    for evidence in control.evidence:
        for kind in evidence.kinds:
            if kind not in kinds:
                yield f"asks for evidence of the kind {kind}, which is not known"
    for sign_off in control.sign_offs:
        for seat in sign_off.seats:
            if seat not in seats:
                yield f"asks for the seat {seat}, which is not declared"
    for reference in control.references:
        if reference.partition(":")[0] not in sources:
            yield f"refers to {reference}, whose source is not declared"
    asked = {kind for evidence in control.evidence for kind in evidence.kinds}
    names: set[str] = set()
    for check in control.checks:
        if check.id in names:
            yield f"has two checks {check.id}"
        names.add(check.id)
        yield from (f"check {check.id} {fault}" for fault in _check_faults(check, standard, asked, kinds))


def _rules(control: Control) -> list[Rule]:
    return [
        *control.required,
        *control.recommended,
        *control.blocked,
        *control.sign_offs,
        *(rule for evidence in control.evidence for rule in evidence.when),
        *(rule for check in control.checks for rule in check.when),
    ]


def _rule_faults(rule: Rule, axes: Sequence[Axis]) -> Iterator[str]:
    declared = {axis.id: axis for axis in axes}
    for name, values in (*rule.is_.items(), *((name, [value]) for name, value in rule.from_.items())):
        axis = declared.get(name)
        if axis is None:
            yield f"has a rule about the axis {name}, which is not declared"
            continue
        if name in rule.from_ and not axis.ordered:
            yield f"has a rule from {rule.from_[name]} on, but the axis {name} has no order"
        for value in values:
            if axis.rank(value) < 0:
                yield f"has a rule about {name} {value}, which is none of its values"


def _check_faults(check: Check, standard: Standard, asked: AbstractSet[str], kinds: AbstractSet[str]) -> Iterator[str]:
    if check.axis is not None:
        axis = standard.axis(check.axis)
        if axis is None or axis.computed is None:
            yield f"guards the axis {check.axis}, which is not computed"
        return
    if check.evidence not in asked:
        yield f"reads {check.evidence}, which the control does not ask for"
    if check.other and check.other.evidence and check.other.evidence not in kinds:
        yield f"compares with {check.other.evidence}, which is not known"
    for table in (check.by, check.minimum_trials_by):
        for name, limits in table.items():
            axis = standard.axis(name)
            unknown = [value for value in limits if axis is None or axis.rank(value) < 0]
            if unknown:
                yield f"has a limit for {name} {', '.join(unknown)}, which is not declared"
    if check.monotone:
        for name, limits in check.by.items():
            axis = standard.axis(name)
            if axis is not None and not _monotone(axis, limits, check.monotone == "falling"):
                yield f"has limits that are not {check.monotone} in {name}"


def _monotone(axis: Axis, limits: dict[str, Scalar], falling: bool) -> bool:
    ordered = [limits[value.id] for value in axis.values if value.id in limits]
    wanted = sorted(ordered, reverse=falling)
    return ordered == wanted
