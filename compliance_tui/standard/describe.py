"""The rules of a control in words, one line each: for showing them, and for laying two versions side by side."""

from collections.abc import Iterable, Mapping

from compliance_tui.safe.language import Message, either, joined, message, remade
from compliance_tui.standard.check import Check, Operand
from compliance_tui.standard.levels import explain
from compliance_tui.standard.model import Control, Standard
from compliance_tui.standard.scale import CLOCKS

_STATISTICS = {
    "value": message("{counted}"),
    "ucb95": message("95 % upper bound of {counted} in {trials}"),
    "lcb95": message("95 % lower bound of {counted} in {trials}"),
}
_FIGURES = {
    "differences": message("stored ratings that differ from the scale"),
    "lowered": message("ratings lowered by hand"),
    "unexplained-gaps": message("gaps to outside scales without a note"),
    "late": message("entries contained late"),
    "late-share": message("share of entries contained late"),
    "unnoticed": message("late entries without notice"),
}


def rule_lines(control: Control, standard: Standard) -> list[str]:
    """Every rule of the control: who must, evidence, checks with their limits, sign-offs, what is allowed."""
    axes = standard.axes
    lines: list[str] = [message("required: {rules}", rules=explain(control.required, axes) or message("nobody"))]
    if control.recommended:
        lines.append(message("recommended: {rules}", rules=explain(control.recommended, axes)))
    lines += [
        message("blocked: {rules}: {reason}", rules=explain([rule], axes), reason=rule.reason) for rule in control.blocked
    ]
    for evidence in control.evidence:
        count = f"{evidence.minimum} × " if evidence.minimum > 1 else ""
        age = message(", at most {days} days old", days=evidence.max_age_days) if evidence.max_age_days else ""
        when = message(" ({rules})", rules=explain(evidence.when, axes)) if evidence.when else ""
        lines.append(
            message("evidence: {count}{kinds}{age}{when}", count=count, kinds=either(evidence.kinds), age=age, when=when)
        )
    lines += [check_line(check, standard) for check in control.checks]
    for seats in control.sign_offs:
        own_key = message(" with a key of their own") if seats.signed else ""
        lines.append(
            message(
                "sign-off: {seats}{own_key} ({rules})",
                seats=", ".join(seats.seats),
                own_key=own_key,
                rules=explain([seats], axes),
            )
        )
    if control.may_be_not_applicable:
        lines.append(message("may be not applicable, with a signed justification"))
    if not control.waivable:
        lines.append(message("cannot be waived"))
    if control.counts_from:
        lines.append(message("counts from {day} on", day=control.counts_from))
    return lines


def scale_lines(control: Control, standard: Standard) -> list[str]:
    """The figures of the rating scales that the checks of a control use: points, bands with their clocks, modifiers."""
    lines: list[str] = []
    for name in dict.fromkeys(check.scale for check in control.checks if check.scale):
        scale = standard.scale(name)
        if scale is None:
            continue
        lines += [_points(name, axis.id, (str(level.points) for level in axis.levels)) for axis in scale.axes]
        for band in scale.bands:
            hours = ((clock, getattr(band, f"{clock}_hours")) for clock in CLOCKS)
            clocks = joined(
                [
                    message(", {clock} within {hours} h", clock=clock, hours=given)
                    for clock, given in hours
                    if given is not None
                ],
                "",
            )
            lines.append(
                message("{name} {band}: from {floor} points{clocks}", name=name, band=band.id, floor=band.floor, clocks=clocks)
            )
        for modifier in scale.modifiers:
            lines.append(_points(name, modifier.id, (f"{one.id} {one.points:+}" for one in modifier.options)))
        for rule in scale.hastened:
            lines.append(
                message(
                    "{name} {clocks}: {percent} % of the time ({rules})",
                    name=name,
                    clocks=", ".join(rule.clocks),
                    percent=rule.percent,
                    rules=explain([rule], standard.axes),
                )
            )
        down, until = scale.most_bands_down, scale.most_bands_down_until
        fall = "" if down is None else message(", at most {number} bands down", number=down)
        end = message(" until {until}", until=until) if until else ""
        lines.append(
            message(
                "{name} residual: {lowest} to {highest}{fall}{until}",
                name=name,
                lowest=scale.lowest_residual,
                highest=scale.highest_residual,
                fall=fall,
                until=end,
            )
        )
    return lines


def _points(scale: str, what: str, points: Iterable[str]) -> Message:
    return message("{scale} {what}: {points} points", scale=scale, what=what, points=", ".join(points))


def check_line(check: Check, standard: Standard) -> str:
    """One check with what it reads and every limit it knows."""
    if check.axis is not None:
        return message("check {check}: the declared {axis} is no lower than the computed one", check=check.id, axis=check.axis)
    if check.rating is not None:
        bands: list[str] = [_FIGURES[check.rating]]
        bands += [message("from {band}", band=check.from_band)] if check.from_band else []
        bands += [message("below {band}", band=check.below_band)] if check.below_band else []
        what = joined(bands, " ")
    else:
        what = remade(_STATISTICS[check.statistic], counted=check.successes or check.fact, trials=check.trials)
    when = message(" ({rules})", rules=explain(check.when, standard.axes)) if check.when else ""
    trials = [_table(table) for table in check.minimum_trials_by.values()]
    trials = trials or ([str(check.minimum_trials)] if check.minimum_trials else [])
    least = joined([message(", at least {number} trials", number=number) for number in trials], "")
    needs = message(", needs {needs}", needs=", ".join(check.needs)) if check.needs else ""
    return message(
        "check {check}: {what} {op} {limit}{least}{needs}{when}",
        check=check.id,
        what=what,
        op=check.op,
        limit=_limit(check),
        least=least,
        needs=needs,
        when=when,
    )


def _limit(check: Check) -> str:
    if check.other is not None:
        return _operand(check.other)
    for table in check.by.values():
        return _table(table)
    unit = f" {check.unit}" if check.unit else ""
    return joined([_value(check.limit), unit], "")


def _table(table: Mapping[str, object]) -> str:
    return joined([message("{limit} at {value}", limit=_value(limit), value=value) for value, limit in table.items()])


def _operand(other: Operand) -> str:
    what = other.subject or message("{fact} of {evidence}", fact=other.fact, evidence=other.evidence)
    shift = f" {'+' if other.days > 0 else '-'} {abs(other.days)} d" if other.days else ""
    return joined([f"{other.times} × " if other.times is not None else "", what, shift], "")


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return message("yes") if value else message("no")
    return str(value)
