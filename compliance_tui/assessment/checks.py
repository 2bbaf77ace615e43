"""Checks of a control over the facts of its evidence. A missing number never passes; each outcome has its sentence."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from compliance_tui.assessment.bounds import lower_bound, upper_bound
from compliance_tui.assessment.compare import (
    as_text,
    compare,
    count_of,
    is_count,
    is_number,
    moment,
    percent,
    shown,
    sort_key,
    with_unit,
)
from compliance_tui.assessment.model import Item, Person, Subject
from compliance_tui.assessment.register import figure, read_entries
from compliance_tui.assessment.runs import rival
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import either, joined, message, remade
from compliance_tui.standard.check import Check, Operand
from compliance_tui.standard.levels import evidence_in_force, matches_any
from compliance_tui.standard.model import Axis, Condition, Control, Standard
from compliance_tui.standard.rule import EvidenceRule, Scalar

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
    """What is looked at: the response's items, all items, subject, axis values, the instant, and who may sign with what."""

    standard: Standard
    control: Control
    values: Mapping[str, str]
    subject: Subject
    items: Sequence[Item]
    everything: Sequence[Item]
    as_of: dt.datetime
    published: bool
    series: str = ""
    people: Sequence[Person] = ()

    @property
    def evidence_rules(self) -> list[EvidenceRule]:
        """The evidence rules of the control that are in force."""
        return evidence_in_force(self.control, self.values, self.standard.axes, self.published)


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


COMPLETED = "completed"


def is_complete(item: Item) -> bool:
    """Whether the item does not say of itself that it is no whole result (cut short, in error, of nothing)."""
    fact = item.facts.get(COMPLETED)
    return fact is None or fact.value is not False


def largest_age(rules: Sequence[EvidenceRule], kind: str) -> int | None:
    """The oldest that evidence of ``kind`` may be by the ``rules`` in force, in days; None where no rule says."""
    ages = [rule.max_age_days for rule in rules if kind in rule.kinds and rule.max_age_days is not None]
    return min(ages) if ages else None


def is_fresh(item: Item, rules: Sequence[EvidenceRule], as_of: dt.datetime) -> bool:
    """Whether the item is neither too old by the ``rules`` in force nor dated in the future, at ``as_of``."""
    most = largest_age(rules, item.kind)
    return age_days(item, as_of) >= 0 and (most is None or age_days(item, as_of) <= most)


def computed_value(axis: Axis, items: Sequence[Item]) -> tuple[str, str] | None:
    """The highest value of a computed axis that ``items`` show, and the sentence for it; None without any usable fact."""
    if axis.computed is None:
        return None
    best, why, usable = axis.computed.otherwise, message("no condition of a higher value holds"), False
    for rule in axis.computed.rules:
        for condition in rule.any:
            for item in items:
                held = _condition(condition, item)
                # A run that was cut short may show what a model can do, never what it cannot.
                usable = usable or bool(held) or (held is not None and is_complete(item))
                if held and axis.rank(rule.value) > axis.rank(best):
                    best, why = rule.value, message("{held} in {item}", held=held, item=item.id)
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
        return result("unproven", message("set the axis {axis} first: the limit depends on it", axis=next(iter(check.by))))
    items = [item for item in scope.items if item.kind in check.kinds]
    if not items:
        return result("unproven", message("no {kinds} is attached", kinds=either(check.kinds)))
    fresh = [item for item in items if is_fresh(item, scope.evidence_rules, scope.as_of)]
    if not fresh:
        return result("stale", message("every {kinds} is too old, or dated in the future", kinds=either(check.kinds)))
    if check.items == "latest":
        newest = max(item.speaks_of for item in fresh)
        fresh = [item for item in fresh if item.speaks_of == newest]
    found = [_one_item(check, item, limit, scope) for item in fresh]
    order = sorted(found, key=lambda one: _WORST.index(one.outcome), reverse=check.items == "any")
    return order[0]


def _one_item(check: Check, item: Item, limit: Scalar | list[str] | None, scope: Scope) -> CheckResult:
    def result(outcome: Outcome, text: str, measured: str = "", shown: str = "") -> CheckResult:
        stated = any(fact.source == "stated" for name in _fact_names(check) if (fact := item.facts.get(name)))
        text = message("{item}: {text}", item=item.id, text=text)
        text = message("{text} (stated, not read)", text=text) if stated else text
        return CheckResult(check.id, check.title, outcome, text, measured, shown)

    missing = [name for name in (*_fact_names(check), *check.needs) if name not in item.facts]
    if missing:
        return result("unproven", message("the evidence does not say {missing}", missing=", ".join(missing)))
    if other := rival(item, scope.everything):
        return result(
            "unproven", message("{other} claims the same run, with other bytes; take off which is not it", other=other.id)
        )
    if not is_complete(item) and COMPLETED not in _fact_names(check):
        return result(
            "unproven", message("the evidence did not run to its end over all it was asked; nothing can be read off it")
        )
    if check.rating is not None:
        return _rating_check(check, item, limit, scope, result)
    if check.statistic != "value":
        return _bound_check(check, item, limit, scope, result)
    fact = item.facts[check.fact or ""]
    unit = check.unit or fact.unit
    if check.other is not None:
        others = _others(check.other, check, item, scope)
        if isinstance(others, str):
            return result("unproven", others)
        holds = _holds_all(fact.value, check.op or "", others)
        wanted = joined([_operand(check.other), joined(shown(value) for value in others[:3])], " ")
    else:
        holds = compare(_ranked(fact.value, check, scope), check.op or "", _ranked(limit, check, scope))
        wanted = joined([shown(limit), with_unit(unit)], "")
    measured = joined([shown(fact.value), with_unit(unit)], "")
    if holds is None:
        return result(
            "unproven",
            message("{measured} cannot be compared with {wanted}", measured=measured, wanted=wanted),
            measured,
            wanted,
        )
    asked = wanted if check.op == "==" else remade(_ASKED[check.op or "=="], limit=wanted)
    return result(
        "pass" if holds else "fail",
        message("{measured}, wanted {limit}", measured=measured, limit=asked),
        measured,
        wanted,
    )


def _bound_check(check: Check, item: Item, limit: object, scope: Scope, result: _Result) -> CheckResult:
    successes, trials = item.facts[check.successes or ""].value, item.facts[check.trials or ""].value
    if not (is_count(successes) and is_count(trials)) or not 0 <= int(successes) <= int(trials) <= 10_000_000:  # type: ignore[arg-type]
        return result("unproven", message("the counts in the evidence are not counts"))
    k, n = int(successes), int(trials)  # type: ignore[arg-type]
    least = check.minimum_trials
    for axis, table in check.minimum_trials_by.items():
        least = table.get(scope.values.get(axis, ""))
    bound = upper_bound(k, n) if check.statistic == "ucb95" else lower_bound(k, n)
    measured, wanted = message("{bound} ({k} of {n})", bound=percent(bound), k=k, n=n), percent(float(limit))  # type: ignore[arg-type]
    if least is not None and n < least:
        return result("unproven", message("{n} trials, at least {least} are needed", n=n, least=least), measured, wanted)
    holds = compare(Decimal(repr(bound)), check.op or "", limit)
    upper = message("{k} of {n}, 95 % upper bound {bound}, limit {limit}", k=k, n=n, bound=percent(bound), limit=wanted)
    lower = message("{k} of {n}, 95 % lower bound {bound}, limit {limit}", k=k, n=n, bound=percent(bound), limit=wanted)
    text = upper if check.statistic == "ucb95" else lower
    return result("pass" if holds else "fail", text, measured, wanted)


def _rating_check(check: Check, item: Item, limit: object, scope: Scope, result: _Result) -> CheckResult:
    scale, ratings = scope.standard.scale(check.scale), item.facts["ratings"].value
    if scale is None or not isinstance(ratings, tuple):
        return result("unproven", message("the register cannot be rated by {scale}", scale=check.scale))
    try:
        entries = read_entries(ratings, scale, scope.standard, scope.values, scope.as_of)
        found = figure(check.rating or "", entries, scale, scope.standard, check.from_band, check.below_band)
    except InputError as error:
        return result("unproven", str(error))
    measured = percent(float(found.value)) if isinstance(found.value, Decimal) else shown(found.value)
    holds = compare(found.value, check.op or "", limit)
    named = ", ".join(found.entries[:3])
    counted = message("{number} of {of} entries", number=len(found.entries), of=found.of)
    if len(found.entries) > 3:
        counted = message("{counted} ({names} and more)", counted=counted, names=named)
    elif found.entries:
        counted = message("{counted} ({names})", counted=counted, names=named)
    text = message("{measured}, wanted {limit}", measured=counted, limit=remade(_ASKED[check.op or "=="], limit=shown(limit)))
    return result("pass" if holds else "fail", text, measured, shown(limit))


def _axis_check(check: Check, axis_id: str, scope: Scope) -> CheckResult:
    axis = scope.standard.axis(axis_id)
    computed = computed_value(axis, scope.items) if axis else None
    declared = scope.values.get(axis_id)
    if axis is None or declared is None:
        return CheckResult(check.id, check.title, "unproven", message("the axis {axis} is not set", axis=axis_id))
    if computed is None:
        return CheckResult(
            check.id, check.title, "unproven", message("no evidence here lets the {axis} be computed", axis=axis_id)
        )
    value, why = computed
    holds = axis.rank(declared) >= axis.rank(value)
    text = message("declared {declared}, computed {value}: {why}", declared=declared, value=value, why=why)
    return CheckResult(check.id, check.title, "pass" if holds else "fail", text, declared, value)


def _condition(condition: Condition, item: Item) -> str | None:
    """The sentence for a condition that holds, "" for one that does not, None where the facts are missing."""
    if item.kind != condition.evidence:
        return None
    if condition.statistic == "value":
        fact = item.facts.get(condition.fact or "")
        if fact is None:
            return None
        holds = compare(fact.value, condition.op, condition.limit)
        return f"{condition.fact} {shown(fact.value)}" if holds else ("" if holds is not None else None)
    k, n = (count_of(item.facts.get(name or "")) for name in (condition.successes, condition.trials))
    if k is None or n is None or k > n or (condition.minimum_trials is not None and n < condition.minimum_trials):
        return None
    bound = upper_bound(k, n) if condition.statistic == "ucb95" else lower_bound(k, n)
    holds = compare(Decimal(repr(bound)), condition.op, condition.limit)
    return message("{k} of {n}, bound {bound}", k=k, n=n, bound=percent(bound)) if holds else ""


def _limit(check: Check, scope: Scope) -> tuple[Scalar | list[str] | None, bool]:
    """The limit in force, and whether the check applies at all to the value of its axis."""
    for axis, table in check.by.items():
        value = scope.values.get(axis)
        return (None, True) if value is None else (table.get(value), value in table)
    return check.limit, True


def _fact_names(check: Check) -> list[str]:
    rated = ("ratings",) if check.rating else ()
    return [name for name in (check.fact, check.successes, check.trials, *rated) if name]


def _others(other: Operand, check: Check, item: Item, scope: Scope) -> list[Value] | str:
    """The values to compare with, or the sentence that says why there are none."""
    values: list[Value] = []
    if other.subject == "artifact-digests":
        values += [artifact.sha256 for artifact in scope.subject.artifacts]
    elif other.subject == "version":
        values += [scope.subject.version] if scope.subject.version else []
    elif other.subject == "release-date":
        values += [scope.subject.release_date] if scope.subject.release_date else []
    else:
        there = _compared_items(other, check, item, scope)
        alike = [one for one in there if _agree(item, one, other.same)]
        if there and not alike:
            return message(
                "not compared: {facts} differ between {item} and {other}",
                facts=", ".join(other.same),
                item=item.id,
                other=there[0].id,
            )
        values += [one.facts[other.fact or ""].value for one in alike]
    if not values:
        return message("nothing to compare with: no {what} is known", what=_operand(other))
    values = [_shifted(value, other) for value in values]
    keyed = [(key, value) for value in values if (key := sort_key(value)) is not None]
    if other.take in ("each", "latest") or not keyed:
        return values
    pick = min if other.take == "min" else max
    return [pick(keyed, key=lambda pair: pair[0])[1]]


def _compared_items(other: Operand, check: Check, item: Item, scope: Scope) -> list[Item]:
    """The items whose fact is compared with: the checked one where it has the fact, else all that serve a control."""
    if item.kind == other.evidence and other.fact in item.facts and not other.same:
        return [item]
    # A run that was cut short gives no number to compare with, but it did happen: its dates count.
    any_run = check.op in ("before", "not-after")
    there = [
        one
        for one in scope.everything
        if one.kind == other.evidence and other.fact in one.facts and (any_run or is_complete(one))
    ]
    if other.take == "latest" and there:
        newest = max(one.speaks_of for one in there)
        there = [one for one in there if one.speaks_of == newest]
    return there


def _agree(one: Item, other: Item, names: Sequence[str]) -> bool:
    """Whether both say the same under each name; what one of them does not say is no agreement."""
    return all(name in one.facts and name in other.facts and one.facts[name].value == other.facts[name].value for name in names)


def _shifted(value: Value, other: Operand) -> Value:
    if other.times is not None and is_number(value):
        return Decimal(value) * other.times  # type: ignore[arg-type]
    if other.days:
        instant = moment(value)
        return (instant + dt.timedelta(days=other.days)).date() if instant else value
    return value


def _operand(other: Operand) -> str:
    name = message("{fact} of {evidence}", fact=other.fact, evidence=other.evidence)
    if other.subject:
        name = _SUBJECT[other.subject]
    times = f"{other.times} × " if other.times is not None else ""
    days = message(" {sign} {days} days", sign="+" if other.days > 0 else "−", days=abs(other.days)) if other.days else ""
    return joined([times, name, days], "")


_ASKED = {
    "<=": message("at most {limit}"),
    "<": message("less than {limit}"),
    ">=": message("at least {limit}"),
    ">": message("more than {limit}"),
    "==": message("exactly {limit}"),
    "!=": message("anything but {limit}"),
    "includes": message("to include {limit}"),
    "is-one-of": message("one of {limit}"),
    "before": message("before {limit}"),
    "not-after": message("no later than {limit}"),
}
_SUBJECT = {
    "artifact-digests": message("artifact digests"),
    "version": message("version"),
    "release-date": message("release date"),
}


def _holds_all(value: Value, op: str, others: Sequence[Value]) -> bool | None:
    if op == "is-one-of":
        wanted = {as_text(one) for other in others for one in (other if isinstance(other, tuple | list) else (other,))}
        return as_text(value) in wanted
    found = [compare(value, op, other) for other in others]
    return None if None in found else all(found)


def _ranked(value: object, check: Check, scope: Scope) -> object:
    """A band of the check's rating scale as its position; any other value as it is."""
    scale = next((scale for scale in scope.standard.scales if scale.id == check.scale), None)
    if scale is None:
        return value
    return next((rank for rank, band in enumerate(scale.bands) if band.id == value), value)
