"""Which rules match, and so which requirement level a control has, for the axis values of an assessment."""

from collections.abc import Mapping, Sequence
from typing import Literal

from compliance_tui.safe.language import either, joined, message
from compliance_tui.standard.model import Axis, Control
from compliance_tui.standard.rule import EvidenceRule, Rule

Level = Literal["required", "recommended", "not-applicable"]


def matches(rule: Rule, values: Mapping[str, str], axes: Sequence[Axis], published: bool = False) -> bool:
    """Whether ``rule`` matches the chosen axis ``values``.

    An axis without a value matches every condition on it: what is not known is asked for, not left out.
    """
    if rule.until == "publication" and published:
        return False
    for axis_id, wanted in rule.is_.items():
        if axis_id in values and values[axis_id] not in wanted:
            return False
    for axis_id, least in rule.from_.items():
        axis = next((axis for axis in axes if axis.id == axis_id), None)
        if axis is not None and axis_id in values and axis.rank(values[axis_id]) < axis.rank(least):
            return False
    return True


def matches_any(rules: Sequence[Rule], values: Mapping[str, str], axes: Sequence[Axis], published: bool = False) -> bool:
    """Whether ``rules`` is empty, or one of them matches (the meaning of every ``when``)."""
    return not rules or any(matches(rule, values, axes, published) for rule in rules)


def evidence_in_force(
    control: Control, values: Mapping[str, str], axes: Sequence[Axis], published: bool = False
) -> list[EvidenceRule]:
    """The evidence rules of ``control`` that hold at these axis values."""
    return [rule for rule in control.evidence if matches_any(rule.when, values, axes, published)]


def level(control: Control, values: Mapping[str, str], axes: Sequence[Axis], published: bool = False) -> Level:
    """The requirement level of ``control``: required goes before recommended; without a matching rule it does not apply."""
    if any(matches(rule, values, axes, published) for rule in control.required):
        return "required"
    if any(matches(rule, values, axes, published) for rule in control.recommended):
        return "recommended"
    return "not-applicable"


def explain(rules: Sequence[Rule], axes: Sequence[Axis]) -> str:
    """The rules in words: ``profile api-only or staged-trusted, tier T1 and above; …``."""
    sentences: list[str] = []
    for rule in rules:
        parts: list[str] = [message("{axis} {values}", axis=axis, values=either(wanted)) for axis, wanted in rule.is_.items()]
        for axis_id, least in rule.from_.items():
            axis = next((axis for axis in axes if axis.id == axis_id), None)
            lowest = axis is not None and axis.rank(least) == 0
            above = message("{axis} {value} and above", axis=axis_id, value=least)
            parts.append(message("any {axis}", axis=axis_id) if lowest else above)
        if rule.until:
            parts.append(message("until the weights are published"))
        sentences.append(joined(parts) if parts else message("always"))
    return joined(sentences, "; ")
