"""What a standards author would miss: names that refer to nothing, rules that never match, limits that jump back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice, product

from compliance_tui.safe.language import either, message
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
            yield ("groups", message("group {group}", group=group.id)), message("holds no control")
    for axis in standard.axes:
        for text in _axis_faults(axis, ids, kinds):
            yield ("axes", message("axis {axis}", axis=axis.id)), text
    scales = [scale.id for scale in standard.scales]
    for scale in standard.scales:
        if scales.count(scale.id) > 1:
            yield ("scales", message("scale {scale}", scale=scale.id)), message("stands twice")
        for text in _scale_faults(scale, standard.axes):
            yield ("scales", message("scale {scale}", scale=scale.id)), text


def _axis_faults(axis: Axis, ids: AbstractSet[str], kinds: Kinds) -> Iterator[str]:
    if axis.computed is None:
        return
    if not axis.ordered:
        yield message("is computed but has no order")
    for control in (axis.computed.control, *axis.computed.also):
        if control not in ids:
            yield message("is computed by {control}, which is no control", control=control)
    for value in (axis.computed.otherwise, *(rule.value for rule in axis.computed.rules)):
        if axis.rank(value) < 0:
            yield message("computes {value}, which is none of its values", value=value)
    for rule in axis.computed.rules:
        for condition in rule.any:
            facts = [name for name in (condition.fact, condition.successes, condition.trials) if name]
            yield from _fact_faults((condition.evidence,), facts, kinds)


def _scale_faults(scale: RatingScale, axes: Sequence[Axis]) -> Iterator[str]:
    for what, ids in (
        (message("axis"), [axis.id for axis in scale.axes]),
        (message("band"), [band.id for band in scale.bands]),
        (message("modifier"), [modifier.id for modifier in scale.modifiers]),
    ):
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            yield message("has the {what} {twice} twice", what=what, twice=twice)
    floors = [band.floor for band in scale.bands]
    if floors != sorted(set(floors)):
        yield message("has bands whose floors do not rise")
    for scale_axis in scale.axes:
        points = [one.points for one in scale_axis.levels]
        if points != sorted(points):
            yield message("axis {axis} gives fewer points to a higher level", axis=scale_axis.id)
    if scale.zero_axis and scale.zero_axis not in {one.id for one in scale.axes}:
        yield message("has the zero axis {zero_axis}, which is none of its axes", zero_axis=scale.zero_axis)
    name, _, option = scale.most_bands_down_until.partition("=")
    options = {(modifier.id, one.id) for modifier in scale.modifiers for one in modifier.options}
    if name and (name, option) not in options:
        yield message(
            "holds a band until {until}, which is none of its modifiers",
            until=scale.most_bands_down_until,
        )
    for rule in scale.hastened:
        yield from _rule_faults(rule, axes)


def _control_faults(standard: Standard, control: Control, kinds: Kinds) -> Iterator[_Fault]:
    groups, seats = {group.id for group in standard.groups}, {seat.id for seat in standard.seats}
    sources = {source.id for source in standard.sources}
    if control.group not in groups:
        yield ("group",), message("belongs to the group {group}, which is not declared", group=control.group)
    if not control.required and not control.recommended:
        yield (), message("is never required nor recommended")
    if not control.evidence and not control.sign_offs and not control.checks:
        yield (), message("asks for no evidence, no check and no sign-off: an answer alone would satisfy it")
    if not control.statement.strip():
        yield ("statement",), message("has no statement")
    for rule in _rules(control):
        for text in _rule_faults(rule, standard.axes):
            yield (), text
    for evidence in control.evidence:
        for kind in evidence.kinds:
            if kind not in kinds:
                yield ("evidence",), message("asks for evidence of the kind {kind}, which is not known", kind=kind)
    for sign_off in control.sign_offs:
        for seat in sign_off.seats:
            if seat not in seats:
                yield ("sign_offs",), message("asks for the seat {seat}, which is not declared", seat=seat)
    for reference in control.references:
        if reference.partition(":")[0] not in sources:
            yield ("references",), message("refers to {reference}, whose source is not declared", reference=reference)
    names: set[str] = set()
    for place, check in enumerate(control.checks):
        if check.id in names:
            yield ("checks", place), message("has two checks {check}", check=check.id)
        names.add(check.id)
        for text in _check_faults(check, standard, control, kinds):
            yield ("checks", place), message("check {check} {text}", check=check.id, text=text)
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
            yield message("has a rule about the axis {name}, which is not declared", name=name)
            continue
        if name in rule.from_ and not axis.ordered:
            yield message("has a rule from {value} on, but the axis {name} has no order", value=rule.from_[name], name=name)
        for value in values:
            if axis.rank(value) < 0:
                yield message("has a rule about {name} {value}, which is none of its values", name=name, value=value)


def _fact_faults(read: Sequence[str], facts: Sequence[str], kinds: Kinds) -> Iterator[str]:
    for kind in read:
        if kind not in kinds:
            yield message("reads {kind}, which is not known", kind=kind)
            continue
        for fact in facts:
            if fact not in kinds[kind]:
                yield message("reads {fact} of {kind}, which no {kind} says: it could never pass", fact=fact, kind=kind)


def _check_faults(check: Check, standard: Standard, control: Control, kinds: Kinds) -> Iterator[str]:
    if check.axis is not None:
        axis = standard.axis(check.axis)
        if axis is None or axis.computed is None:
            yield message("guards the axis {axis}, which is not computed", axis=check.axis)
        return
    asked = {kind for evidence in control.evidence for kind in evidence.kinds}
    for kind in check.kinds:
        if kind not in asked:
            yield message("reads {kind}, which the control does not ask for", kind=kind)
    rated = ["ratings"] if check.rating else []
    facts = [name for name in (check.fact, check.successes, check.trials, *check.needs, *rated) if name]
    yield from _fact_faults(check.kinds, facts, kinds)
    if check.other and check.other.evidence:
        yield from _fact_faults((check.other.evidence,), [check.other.fact or "", *check.other.same], kinds)
    if check.scale is not None:
        yield from _scale_use_faults(check, standard)
    if (check.statistic, check.op) in (("ucb95", ">="), ("ucb95", ">"), ("lcb95", "<="), ("lcb95", "<")):
        yield message(
            "holds a bound against the wrong side: {statistic} {op} proves nothing", statistic=check.statistic, op=check.op
        )
    for table in (check.by, check.minimum_trials_by):
        for name, limits in table.items():
            axis = standard.axis(name)
            unknown = [value for value in limits if axis is None or axis.rank(value) < 0]
            if unknown:
                yield message("has a limit for {name} {unknown}, which is not declared", name=name, unknown=", ".join(unknown))
    if check.monotone:
        for name, limits in check.by.items():
            axis = standard.axis(name)
            if axis is not None and not _monotone(axis, limits, check.monotone == "falling"):
                yield message("has limits that are not {monotone} in {name}", monotone=check.monotone, name=name)


def _scale_use_faults(check: Check, standard: Standard) -> Iterator[str]:
    scale = standard.scale(check.scale)
    if scale is None:
        yield message("rates by the scale {scale}, which is not declared", scale=check.scale)
        return
    for band in (check.from_band, check.below_band):
        if band is not None and scale.rank(band) < 0:
            yield message("names the band {band}, which {scale} does not have", band=band, scale=scale.id)


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
                yield message(
                    "check {check} runs at {combination}, where no {lacks} is asked for",
                    check=check.id,
                    combination=", ".join(combination),
                    lacks=either(lacks),
                )
    if required and blocked == required:
        yield message("is blocked wherever it is required: nothing can satisfy it")
