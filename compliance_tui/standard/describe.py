"""The rules of a control in words, one line each: for showing them, and for laying two versions side by side."""

from collections.abc import Mapping

from compliance_tui.standard.check import Check, Operand
from compliance_tui.standard.levels import explain
from compliance_tui.standard.model import Control, Standard
from compliance_tui.standard.scale import CLOCKS

_STATISTICS = {
    "ucb95": "95 % upper bound of {} in {}",
    "lcb95": "95 % lower bound of {} in {}",
}
_FIGURES = {
    "differences": "stored ratings that differ from the scale",
    "lowered": "ratings lowered by hand",
    "unexplained-gaps": "gaps to outside scales without a note",
    "late": "entries contained late",
    "late-share": "share of entries contained late",
    "unnoticed": "late entries without notice",
}


def rule_lines(control: Control, standard: Standard) -> list[str]:
    """Every rule of the control: who must, evidence, checks with their limits, sign-offs, what is allowed."""
    axes = standard.axes
    lines = [f"required: {explain(control.required, axes) or 'nobody'}"]
    if control.recommended:
        lines.append(f"recommended: {explain(control.recommended, axes)}")
    lines += [f"blocked: {explain([rule], axes)}: {rule.reason}" for rule in control.blocked]
    for evidence in control.evidence:
        count = f"{evidence.minimum} × " if evidence.minimum > 1 else ""
        age = f", at most {evidence.max_age_days} days old" if evidence.max_age_days else ""
        when = f" ({explain(evidence.when, axes)})" if evidence.when else ""
        lines.append(f"evidence: {count}{' or '.join(evidence.kinds)}{age}{when}")
    lines += [check_line(check, standard) for check in control.checks]
    for seats in control.sign_offs:
        own_key = " with a key of their own" if seats.signed else ""
        lines.append(f"sign-off: {', '.join(seats.seats)}{own_key} ({explain([seats], axes)})")
    if control.may_be_not_applicable:
        lines.append("may be not applicable, with a signed justification")
    if not control.waivable:
        lines.append("cannot be waived")
    if control.counts_from:
        lines.append(f"counts from {control.counts_from} on")
    return lines


def scale_lines(control: Control, standard: Standard) -> list[str]:
    """The figures of the rating scales that the checks of a control use: points, bands with their clocks, modifiers."""
    lines = []
    for name in dict.fromkeys(check.scale for check in control.checks if check.scale):
        scale = standard.scale(name)
        if scale is None:
            continue
        lines += [f"{name} {axis.id}: {', '.join(str(level.points) for level in axis.levels)} points" for axis in scale.axes]
        for band in scale.bands:
            hours = ((clock, getattr(band, f"{clock}_hours")) for clock in CLOCKS)
            clocks = "".join(f", {clock} within {given} h" for clock, given in hours if given is not None)
            lines.append(f"{name} {band.id}: from {band.floor} points{clocks}")
        for modifier in scale.modifiers:
            lines.append(f"{name} {modifier.id}: {', '.join(f'{one.id} {one.points:+}' for one in modifier.options)} points")
        for rule in scale.hastened:
            lines.append(f"{name} {', '.join(rule.clocks)}: {rule.percent} % of the time ({explain([rule], standard.axes)})")
        fall = "" if scale.most_bands_down is None else f", at most {scale.most_bands_down} bands down"
        until = f" until {scale.most_bands_down_until}" if scale.most_bands_down_until else ""
        lines.append(f"{name} residual: {scale.lowest_residual} to {scale.highest_residual}{fall}{until}")
    return lines


def check_line(check: Check, standard: Standard) -> str:
    """One check with what it reads and every limit it knows."""
    if check.axis is not None:
        return f"check {check.id}: the declared {check.axis} is no lower than the computed one"
    if check.rating is not None:
        bands = [f"from {check.from_band}"] if check.from_band else []
        bands += [f"below {check.below_band}"] if check.below_band else []
        what = " ".join([_FIGURES[check.rating], *bands])
    else:
        what = _STATISTICS.get(check.statistic, "{}").format(check.successes or check.fact, check.trials)
    when = f" ({explain(check.when, standard.axes)})" if check.when else ""
    least = "".join(f", at least {_table(table)} trials" for table in check.minimum_trials_by.values())
    least = least or (f", at least {check.minimum_trials} trials" if check.minimum_trials else "")
    needs = f", needs {', '.join(check.needs)}" if check.needs else ""
    return f"check {check.id}: {what} {check.op} {_limit(check)}{least}{needs}{when}"


def _limit(check: Check) -> str:
    if check.other is not None:
        return _operand(check.other)
    for table in check.by.values():
        return _table(table)
    unit = f" {check.unit}" if check.unit else ""
    return f"{_value(check.limit)}{unit}"


def _table(table: Mapping[str, object]) -> str:
    return ", ".join(f"{_value(limit)} at {value}" for value, limit in table.items())


def _operand(other: Operand) -> str:
    what = other.subject or f"{other.fact} of {other.evidence}"
    shift = f" {'+' if other.days > 0 else '-'} {abs(other.days)} d" if other.days else ""
    return f"{f'{other.times} × ' if other.times is not None else ''}{what}{shift}"


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
