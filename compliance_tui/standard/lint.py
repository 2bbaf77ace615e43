"""What a standards author would miss: names that refer to nothing, rules that never match, limits that jump back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice, product

from compliance_tui.standard.check import Check
from compliance_tui.standard.levels import level, matches, matches_any
from compliance_tui.standard.lint_changes import change_faults
from compliance_tui.standard.model import Axis, Control, Standard
from compliance_tui.standard.rule import Rule, Scalar
from compliance_tui.standard.scale import RatingScale

# Kind id -> the facts that the kind declares.
Kinds = Mapping[str, AbstractSet[str]]
Location = tuple[str | int, ...]
_Fault = tuple[Location, str]
_MOST_COMBINATIONS = 512


@dataclass(frozen=True)
class Finding:
    """One fault: what it is about, what is wrong with it, and where in the document that stands."""

    where: str
    text: str
    location: Location = ()


def lint(standard: Standard, kinds: Kinds, version: Callable[[str], Standard | None] = lambda version: None) -> list[Finding]:
    """Faults of a pack that its loader accepts.

    ``kinds`` are the evidence kinds that are known; ``version`` gives another version of the standard, against which the list
    of changes is held, or None where it is not known.
    """
    findings = [Finding(str(location[1]), text, location[:1]) for location, text in _standard_faults(standard, kinds)]
    findings += [Finding(name, text, ("changes", place)) for place, name, text in change_faults(standard, version)]
    for place, control in enumerate(standard.controls):
        for location, text in _control_faults(standard, control, kinds):
            findings.append(Finding(control.id, text, ("controls", place, *location)))
    return findings


def _standard_faults(standard: Standard, kinds: Kinds) -> Iterator[_Fault]:
    ids = {control.id for control in standard.controls}
    used = {control.group for control in standard.controls}
    for group in standard.groups:
        if group.id not in used:
            yield ("groups", f"group {group.id}"), "holds no control"
    for axis in standard.axes:
        for text in _axis_faults(axis, ids, kinds):
            yield ("axes", f"axis {axis.id}"), text
    scales = [scale.id for scale in standard.scales]
    for scale in standard.scales:
        if scales.count(scale.id) > 1:
            yield ("scales", f"scale {scale.id}"), "stands twice"
        for text in _scale_faults(scale, standard.axes):
            yield ("scales", f"scale {scale.id}"), text


def _axis_faults(axis: Axis, ids: AbstractSet[str], kinds: Kinds) -> Iterator[str]:
    if axis.computed is None:
        return
    if not axis.ordered:
        yield "is computed but has no order"
    for control in (axis.computed.control, *axis.computed.also):
        if control not in ids:
            yield f"is computed by {control}, which is no control"
    for value in (axis.computed.otherwise, *(rule.value for rule in axis.computed.rules)):
        if axis.rank(value) < 0:
            yield f"computes {value}, which is none of its values"
    for rule in axis.computed.rules:
        for condition in rule.any:
            facts = [name for name in (condition.fact, condition.successes, condition.trials) if name]
            yield from _fact_faults((condition.evidence,), facts, kinds)


def _scale_faults(scale: RatingScale, axes: Sequence[Axis]) -> Iterator[str]:
    for what, ids in (
        ("axis", [axis.id for axis in scale.axes]),
        ("band", [band.id for band in scale.bands]),
        ("modifier", [modifier.id for modifier in scale.modifiers]),
    ):
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            yield f"has the {what} {twice} twice"
    floors = [band.floor for band in scale.bands]
    if floors != sorted(set(floors)):
        yield "has bands whose floors do not rise"
    for scale_axis in scale.axes:
        points = [one.points for one in scale_axis.levels]
        if points != sorted(points):
            yield f"axis {scale_axis.id} gives fewer points to a higher level"
    if scale.zero_axis and scale.zero_axis not in {one.id for one in scale.axes}:
        yield f"has the zero axis {scale.zero_axis}, which is none of its axes"
    name, _, option = scale.most_bands_down_until.partition("=")
    options = {(modifier.id, one.id) for modifier in scale.modifiers for one in modifier.options}
    if name and (name, option) not in options:
        yield f"holds a band until {scale.most_bands_down_until}, which is none of its modifiers"
    for rule in scale.hastened:
        yield from _rule_faults(rule, axes)


def _control_faults(standard: Standard, control: Control, kinds: Kinds) -> Iterator[_Fault]:
    groups, seats = {group.id for group in standard.groups}, {seat.id for seat in standard.seats}
    sources = {source.id for source in standard.sources}
    if control.group not in groups:
        yield ("group",), f"belongs to the group {control.group}, which is not declared"
    if not control.required and not control.recommended:
        yield (), "is never required nor recommended"
    if not control.evidence and not control.sign_offs and not control.checks:
        yield (), "asks for no evidence, no check and no sign-off: an answer alone would satisfy it"
    if not control.statement.strip():
        yield ("statement",), "has no statement"
    for rule in _rules(control):
        for text in _rule_faults(rule, standard.axes):
            yield (), text
    for evidence in control.evidence:
        for kind in evidence.kinds:
            if kind not in kinds:
                yield ("evidence",), f"asks for evidence of the kind {kind}, which is not known"
    for sign_off in control.sign_offs:
        for seat in sign_off.seats:
            if seat not in seats:
                yield ("sign_offs",), f"asks for the seat {seat}, which is not declared"
    for reference in control.references:
        if reference.partition(":")[0] not in sources:
            yield ("references",), f"refers to {reference}, whose source is not declared"
    names: set[str] = set()
    for place, check in enumerate(control.checks):
        if check.id in names:
            yield ("checks", place), f"has two checks {check.id}"
        names.add(check.id)
        for text in _check_faults(check, standard, control, kinds):
            yield ("checks", place), f"check {check.id} {text}"
    for text in _satisfiable_faults(control, standard):
        yield (), text


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


def _fact_faults(read: Sequence[str], facts: Sequence[str], kinds: Kinds) -> Iterator[str]:
    for kind in read:
        if kind not in kinds:
            yield f"reads {kind}, which is not known"
            continue
        for fact in facts:
            if fact not in kinds[kind]:
                yield f"reads {fact} of {kind}, which no {kind} says: it could never pass"


def _check_faults(check: Check, standard: Standard, control: Control, kinds: Kinds) -> Iterator[str]:
    if check.axis is not None:
        axis = standard.axis(check.axis)
        if axis is None or axis.computed is None:
            yield f"guards the axis {check.axis}, which is not computed"
        return
    asked = {kind for evidence in control.evidence for kind in evidence.kinds}
    for kind in check.kinds:
        if kind not in asked:
            yield f"reads {kind}, which the control does not ask for"
    rated = ["ratings"] if check.rating else []
    facts = [name for name in (check.fact, check.successes, check.trials, *check.needs, *rated) if name]
    yield from _fact_faults(check.kinds, facts, kinds)
    if check.other and check.other.evidence:
        yield from _fact_faults((check.other.evidence,), [check.other.fact or "", *check.other.same], kinds)
    if check.scale is not None:
        yield from _scale_use_faults(check, standard)
    if (check.statistic, check.op) in (("ucb95", ">="), ("ucb95", ">"), ("lcb95", "<="), ("lcb95", "<")):
        yield f"holds a bound against the wrong side: {check.statistic} {check.op} proves nothing"
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


def _scale_use_faults(check: Check, standard: Standard) -> Iterator[str]:
    scale = standard.scale(check.scale)
    if scale is None:
        yield f"rates by the scale {check.scale}, which is not declared"
        return
    for band in (check.from_band, check.below_band):
        if band is not None and scale.rank(band) < 0:
            yield f"names the band {band}, which {scale.id} does not have"


def _monotone(axis: Axis, limits: dict[str, Scalar], falling: bool) -> bool:
    ordered = [limits[value.id] for value in axis.values if value.id in limits]
    wanted = sorted(ordered, reverse=falling)
    return ordered == wanted


def _satisfiable_faults(control: Control, standard: Standard) -> Iterator[str]:
    """Axis values at which the control is required and nothing can satisfy it, the first of each sort."""
    axes = standard.axes
    combinations = product(*([value.id for value in axis.values] for axis in axes))
    seen: set[str] = set()
    blocked = 0
    required = 0
    for combination in islice(combinations, _MOST_COMBINATIONS):
        values = dict(zip((axis.id for axis in axes), combination, strict=True))
        if level(control, values, axes) != "required":
            continue
        required += 1
        blocked += any(matches(rule, values, axes) for rule in control.blocked)
        there = {kind for rule in control.evidence if matches_any(rule.when, values, axes) for kind in rule.kinds}
        for check in control.checks:
            lacks = [kind for kind in check.kinds if kind not in there]
            runs = bool(check.kinds) and matches_any(check.when, values, axes)
            if runs and len(lacks) == len(check.kinds) and check.id not in seen:
                seen.add(check.id)
                yield f"check {check.id} runs at {', '.join(combination)}, where no {' or '.join(lacks)} is asked for"
    if required and blocked == required:
        yield "is blocked wherever it is required: nothing can satisfy it"
