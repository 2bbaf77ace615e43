"""Checks of a control over the facts of its evidence. A missing number never passes; each outcome has its sentence."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from compliance_tui.assessment.bounds import lower_bound, upper_bound
from compliance_tui.assessment.model import Item, Subject
from compliance_tui.evidence.fact import Fact
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.standard.levels import matches_any
from compliance_tui.standard.model import Axis, Check, Condition, Control, Operand, Scalar, Standard

Outcome = Literal["pass", "fail", "stale", "unproven", "manual"]
_WORST: tuple[Outcome, ...] = ("fail", "unproven", "stale", "manual", "pass")
_Result = Callable[..., "CheckResult"]
Value = bool | int | Decimal | str | tuple[str, ...] | dt.date


@dataclass(frozen=True)
class CheckResult:
    """What a check found: the outcome, and one sentence with the numbers (measured, limit, counts)."""

    check: str
    title: str
    outcome: Outcome
    text: str
    measured: str = ""
    limit: str = ""


@dataclass(frozen=True)
class Scope:
    """What a check may look at: the response's items, all items, the subject, the axis values, the instant."""

    standard: Standard
    control: Control
    values: Mapping[str, str]
    subject: Subject
    items: Sequence[Item]
    everything: Sequence[Item]
    as_of: dt.datetime
    published: bool


def check_outcomes(scope: Scope) -> list[CheckResult]:
    """The result of each check of the control that applies to the axis values, in the pack's order."""
    results = (
        _evaluate(check, scope)
        for check in scope.control.checks
        if not check.when or matches_any(check.when, scope.values, scope.standard.axes, scope.published)
    )
    return [result for result in results if result is not None]


def age_days(item: Item, as_of: dt.datetime) -> int:
    """Whole days from the date that the item speaks of to the instant asked about (negative: it speaks of the future)."""
    return (as_of.date() - item.speaks_of).days


def largest_age(control: Control, kind: str) -> int | None:
    """The oldest that evidence of ``kind`` may be for the control, in days; None where no rule says."""
    ages = [rule.max_age_days for rule in control.evidence if kind in rule.kinds and rule.max_age_days is not None]
    return min(ages) if ages else None


def is_fresh(item: Item, control: Control, as_of: dt.datetime) -> bool:
    """Whether the item is neither too old for the control nor dated in the future, at ``as_of``."""
    most = largest_age(control, item.kind)
    return age_days(item, as_of) >= 0 and (most is None or age_days(item, as_of) <= most)


def computed_value(axis: Axis, items: Sequence[Item]) -> tuple[str, str] | None:
    """The highest value of a computed axis that ``items`` show, and the sentence for it; None without any usable fact."""
    if axis.computed is None:
        return None
    best, why, usable = axis.computed.otherwise, "no condition of a higher value holds", False
    for rule in axis.computed.rules:
        for condition in rule.any:
            for item in items:
                held = _condition(condition, item)
                usable = usable or held is not None
                if held and axis.rank(rule.value) > axis.rank(best):
                    best, why = rule.value, f"{held} in {item.id}"
    return (best, why) if usable else None


def _evaluate(check: Check, scope: Scope) -> CheckResult | None:
    if check.axis is not None:
        return _axis_check(check, check.axis, scope)
    limit, applies = _limit(check, scope)
    if not applies:
        return None

    def result(outcome: Outcome, text: str, measured: str = "", shown: str = "") -> CheckResult:
        return CheckResult(check.id, check.title, outcome, text, measured, shown)

    if limit is None and check.other is None:
        return result("unproven", f"set the axis {next(iter(check.by))} first: the limit depends on it")
    items = [item for item in scope.items if item.kind == check.evidence]
    if not items:
        return result("unproven", f"no {check.evidence} is attached")
    fresh = [item for item in items if is_fresh(item, scope.control, scope.as_of)]
    if not fresh:
        return result("stale", f"every {check.evidence} is too old, or dated in the future")
    if check.items == "latest":
        newest = max(item.speaks_of for item in fresh)
        fresh = [item for item in fresh if item.speaks_of == newest]
    found = [_one_item(check, item, limit, scope) for item in fresh]
    order = sorted(found, key=lambda one: _WORST.index(one.outcome), reverse=check.items == "any")
    return order[0]


def _one_item(check: Check, item: Item, limit: Scalar | list[str] | None, scope: Scope) -> CheckResult:
    def result(outcome: Outcome, text: str, measured: str = "", shown: str = "") -> CheckResult:
        stated = any(fact.source == "stated" for name in _fact_names(check) if (fact := item.facts.get(name)))
        return CheckResult(
            check.id,
            check.title,
            outcome,
            f"{item.id}: {text}{' (stated, not read)' if stated else ''}",
            measured,
            shown,
        )

    missing = [name for name in (*_fact_names(check), *check.needs) if name not in item.facts]
    if missing:
        return result("unproven", f"the evidence does not say {', '.join(missing)}")
    if check.statistic != "value":
        return _bound_check(check, item, limit, scope, result)
    fact = item.facts[check.fact or ""]
    unit = check.unit or fact.unit
    if check.other is not None:
        others = _others(check.other, scope)
        if not others:
            return result("unproven", f"nothing to compare with: no {_operand(check.other)} is known")
        holds = _holds_all(fact.value, check.op or "", others)
        shown = f"{_operand(check.other)} {', '.join(_show(value) for value in others[:3])}"
    else:
        holds = _compare(_ranked(fact.value, check, scope), check.op or "", _ranked(limit, check, scope))
        shown = f"{_show(limit)}{_unit(unit)}"
    measured = f"{_show(fact.value)}{_unit(unit)}"
    if holds is None:
        return result("unproven", f"{measured} cannot be compared with {shown}", measured, shown)
    words = "" if check.op in ("==",) else f"{_WORDS[check.op or '==']} "
    return result("pass" if holds else "fail", f"{measured}, wanted {words}{shown}", measured, shown)


def _bound_check(check: Check, item: Item, limit: object, scope: Scope, result: _Result) -> CheckResult:
    successes, trials = item.facts[check.successes or ""].value, item.facts[check.trials or ""].value
    if not (_is_count(successes) and _is_count(trials)) or not 0 <= int(successes) <= int(trials) <= 10_000_000:  # type: ignore[arg-type]
        return result("unproven", "the counts in the evidence are not counts")
    k, n = int(successes), int(trials)  # type: ignore[arg-type]
    least = check.minimum_trials
    for axis, table in check.minimum_trials_by.items():
        least = table.get(scope.values.get(axis, ""))
    bound = upper_bound(k, n) if check.statistic == "ucb95" else lower_bound(k, n)
    side = "upper" if check.statistic == "ucb95" else "lower"
    measured, shown = f"{_percent(bound)} ({k} of {n})", _percent(float(limit))  # type: ignore[arg-type]
    if least is not None and n < least:
        return result("unproven", f"{n} trials, at least {least} are needed", measured, shown)
    holds = _compare(Decimal(repr(bound)), check.op or "", limit)
    text = f"{k} of {n}, 95 % {side} bound {_percent(bound)}, limit {shown}"
    return result("pass" if holds else "fail", text, measured, shown)


def _axis_check(check: Check, axis_id: str, scope: Scope) -> CheckResult:
    axis = scope.standard.axis(axis_id)
    computed = computed_value(axis, scope.items) if axis else None
    declared = scope.values.get(axis_id)
    if axis is None or declared is None:
        return CheckResult(check.id, check.title, "unproven", f"the axis {axis_id} is not set")
    if computed is None:
        return CheckResult(check.id, check.title, "unproven", f"no evidence here lets the {axis_id} be computed")
    value, why = computed
    holds = axis.rank(declared) >= axis.rank(value)
    text = f"declared {declared}, computed {value}: {why}"
    return CheckResult(check.id, check.title, "pass" if holds else "fail", text, declared, value)


def _condition(condition: Condition, item: Item) -> str | None:
    """The sentence for a condition that holds, "" for one that does not, None where the facts are missing."""
    if item.kind != condition.evidence:
        return None
    if condition.statistic == "value":
        fact = item.facts.get(condition.fact or "")
        if fact is None:
            return None
        holds = _compare(fact.value, condition.op, condition.limit)
        return f"{condition.fact} {_show(fact.value)}" if holds else ("" if holds is not None else None)
    k, n = (_count(item.facts.get(name or "")) for name in (condition.successes, condition.trials))
    if k is None or n is None or k > n or (condition.minimum_trials is not None and n < condition.minimum_trials):
        return None
    bound = upper_bound(k, n) if condition.statistic == "ucb95" else lower_bound(k, n)
    holds = _compare(Decimal(repr(bound)), condition.op, condition.limit)
    return f"{k} of {n}, bound {_percent(bound)}" if holds else ""


def _limit(check: Check, scope: Scope) -> tuple[Scalar | list[str] | None, bool]:
    """The limit in force, and whether the check applies at all to the value of its axis."""
    for axis, table in check.by.items():
        value = scope.values.get(axis)
        return (None, True) if value is None else (table.get(value), value in table)
    return check.limit, True


def _fact_names(check: Check) -> list[str]:
    return [name for name in (check.fact, check.successes, check.trials) if name]


def _others(other: Operand, scope: Scope) -> list[Value]:
    values: list[Value] = []
    if other.subject == "artifact-digests":
        values += [artifact.sha256 for artifact in scope.subject.artifacts]
    elif other.subject == "version":
        values += [scope.subject.version] if scope.subject.version else []
    elif other.subject == "release-date":
        values += [scope.subject.release_date] if scope.subject.release_date else []
    else:
        values += [
            item.facts[other.fact].value
            for item in scope.everything
            if item.kind == other.evidence and other.fact and other.fact in item.facts
        ]
    values = [_shifted(value, other) for value in values]
    if other.take != "each" and len(values) > 1:
        keyed = [(key, value) for value in values if (key := _sortable(value)) is not None]
        if keyed:
            pick = min(keyed, key=lambda pair: pair[0]) if other.take == "min" else max(keyed, key=lambda pair: pair[0])
            return [pick[1]]
    return values


def _shifted(value: Value, other: Operand) -> Value:
    if other.times is not None and _is_number(value):
        return Decimal(value) * other.times  # type: ignore[arg-type]
    if other.days:
        moment = _moment(value)
        return (moment + dt.timedelta(days=other.days)).date() if moment else value
    return value


def _operand(other: Operand) -> str:
    name = (other.subject or f"{other.fact} of {other.evidence}").replace("-", " " if other.subject else "-")
    times = f"{other.times} × " if other.times is not None else ""
    days = f" {'+' if other.days > 0 else '−'} {abs(other.days)} days" if other.days else ""
    return f"{times}{name}{days}"


_WORDS = {
    "<=": "at most", "<": "less than", ">=": "at least", ">": "more than", "==": "exactly", "!=": "anything but",
    "includes": "to include", "is-one-of": "one of", "before": "before", "not-after": "no later than",
}  # fmt: skip


def _holds_all(value: Value, op: str, others: Sequence[Value]) -> bool | None:
    if op == "is-one-of":
        wanted = {_text(other) for other in others}
        return _text(value) in wanted
    found = [_compare(value, op, other) for other in others]
    return None if None in found else all(found)


def _compare(value: object, op: str, limit: object) -> bool | None:
    """Whether ``value op limit`` holds; None where the two cannot be compared."""
    if op == "includes":
        have = set(value) if isinstance(value, tuple | list) else {_text(value)}
        return set(limit if isinstance(limit, list | tuple) else [_text(limit)]) <= {_text(one) for one in have}
    if op == "is-one-of":
        return _text(value) in {_text(one) for one in (limit if isinstance(limit, list | tuple) else [limit])}
    if op in ("before", "not-after"):
        left, right = _moment(value), _moment(limit)
        if left is None or right is None:
            return None
        return left < right if op == "before" else left <= right
    if op in ("==", "!="):
        return _equal(value, limit) == (op == "==")
    left_key, right_key = _sortable(value), _sortable(limit)
    if left_key is None or right_key is None or left_key[0] != right_key[0]:
        return None
    a, b = left_key[1], right_key[1]
    ordering: dict[str, bool] = {"<=": a <= b, "<": a < b, ">=": a >= b, ">": a > b}  # type: ignore[operator]
    return ordering[op]


def _equal(value: object, limit: object) -> bool:
    if isinstance(value, bool) or isinstance(limit, bool):
        return value is limit
    if isinstance(value, tuple | list) and isinstance(limit, tuple | list):
        return sorted(map(_text, value)) == sorted(map(_text, limit))
    if _is_number(value) and _is_number(limit):
        return Decimal(value) == Decimal(limit)  # type: ignore[arg-type]
    return _text(value) == _text(limit)


def _ranked(value: object, check: Check, scope: Scope) -> object:
    """A band of the check's rating scale as its position; any other value as it is."""
    scale = next((scale for scale in scope.standard.scales if scale.id == check.scale), None)
    if scale is None:
        return value
    return next((rank for rank, band in enumerate(scale.bands) if band.id == value), value)


def _sortable(value: object) -> tuple[str, object] | None:
    if _is_number(value):
        return "number", Decimal(value)  # type: ignore[arg-type]
    moment = _moment(value)
    return ("moment", moment) if moment else None


def _moment(value: object) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except InputError:
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _count(fact: Fact | None) -> int | None:
    value = fact.value if fact else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else _show(value)


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return text if len(text) <= 40 else text[:16] + "…"


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"
