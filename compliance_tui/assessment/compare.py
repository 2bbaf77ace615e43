"""Comparing values of facts with limits, and showing them. What cannot be compared is neither more nor less: None."""

import datetime as dt
from decimal import Decimal

from compliance_tui.evidence.fact import Fact
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import message


def compare(value: object, op: str, limit: object) -> bool | None:
    """Whether ``value op limit`` holds; None where the two cannot be compared."""
    if op == "includes":
        have = set(value) if isinstance(value, tuple | list) else {as_text(value)}
        return set(limit if isinstance(limit, list | tuple) else [as_text(limit)]) <= {as_text(one) for one in have}
    if op == "is-one-of":
        return as_text(value) in {as_text(one) for one in (limit if isinstance(limit, list | tuple) else [limit])}
    if op in ("before", "not-after"):
        left, right = moment(value), moment(limit)
        if left is None or right is None:
            return None
        return left < right if op == "before" else left <= right
    if op in ("==", "!="):
        return _equal(value, limit) == (op == "==")
    left_key, right_key = sort_key(value), sort_key(limit)
    if left_key is None or right_key is None or left_key[0] != right_key[0]:
        return None
    a, b = left_key[1], right_key[1]
    ordering: dict[str, bool] = {"<=": a <= b, "<": a < b, ">=": a >= b, ">": a > b}  # type: ignore[operator]
    return ordering[op]


def _equal(value: object, limit: object) -> bool:
    if isinstance(value, bool) or isinstance(limit, bool):
        return value is limit
    if isinstance(value, tuple | list) and isinstance(limit, tuple | list):
        return sorted(map(as_text, value)) == sorted(map(as_text, limit))
    if is_number(value) and is_number(limit):
        return Decimal(value) == Decimal(limit)  # type: ignore[arg-type]
    return as_text(value) == as_text(limit)


def sort_key(value: object) -> tuple[str, object] | None:
    """A key that orders numbers with numbers and moments with moments; None for anything else."""
    if is_number(value):
        return "number", Decimal(value)  # type: ignore[arg-type]
    instant = moment(value)
    return ("moment", instant) if instant else None


def moment(value: object) -> dt.datetime | None:
    """The instant that a value names; a date is its first second, UTC. None for what is none."""
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


def is_number(value: object) -> bool:
    """Whether the value is a number; a boolean is none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_count(value: object) -> bool:
    """Whether the value is a whole number; a boolean is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def count_of(fact: Fact | None) -> int | None:
    """The fact's value where it is a count."""
    value = fact.value if fact else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def as_text(value: object) -> str:
    """The value as text, for comparing."""
    return value if isinstance(value, str) else shown(value)


def shown(value: object) -> str:
    """The value as a person reads it; long texts are cut."""
    if isinstance(value, bool):
        return message("yes") if value else message("no")
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or message("nothing")
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return text if len(text) <= 40 else text[:16] + "…"


def with_unit(unit: str) -> str:
    """The unit, where there is one, to stand behind a number."""
    return f" {unit}" if unit else ""


def percent(share: float) -> str:
    """A share in percent, two places."""
    return f"{share * 100:.2f} %"
