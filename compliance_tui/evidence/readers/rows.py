"""Facts from rows, one row at a time: memory does not grow with their number.

A row that lacks what a fact needs, or says it in another type, makes that fact absent, with a warning: it never passes by a
hole. Only ``distinct``, ``fewest``, ``most``, ``largest-share`` and percentiles remember values, up to 100,000
different ones.
"""

import contextlib
import datetime as dt
import math
from collections import Counter
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from compliance_tui.evidence.declaration import (
    LARGEST_NUMBER,
    SECONDS,
    WHOLE_ROWS,
    Completion,
    Condition,
    FactDeclaration,
    Scalar,
)
from compliance_tui.evidence.fact import Value
from compliance_tui.evidence.kind import expected, parsed
from compliance_tui.evidence.readers.tables import Table
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

MOST_DIFFERENT = 100_000
LONGEST_LIST = 1000
LONGEST_ENTRY = 200
_PLACES = 4
_EXACT = Context(prec=120)
_COMMONNESS = {"fewest", "most", "largest-share"}
_ANY_NUMBER = FactDeclaration(name="number", type="decimal", least=-LARGEST_NUMBER)
_COUNT = FactDeclaration(name="count", type="integer")
_OPTIONAL = {"count", "sum", "list", "distinct"}


class Unsaid(Exception):
    """A row, or a record, does not say what was looked for; the sentence says what."""


def is_missing(raw: Any) -> bool:
    """Whether a field is absent, null or empty."""
    return raw is None or (isinstance(raw, str | list | dict | tuple) and not raw)


def value_as(raw: Any, declared: FactDeclaration, textual: bool, what: str) -> Value:
    """A raw value as the type and within the bounds of a fact. Raises Unsaid."""
    if is_missing(raw) and declared.type != "list":
        raise Unsaid(message("does not say {field}", field=what))
    try:
        value = _typed(raw, declared.type, textual)
    except (KeyError, ValueError, InvalidOperation, InputError):
        value = None
    if value is None or not declared.allows(value):
        raise Unsaid(
            message(
                "{field} should be {expected}, not {value!r}",
                field=what,
                expected=expected(declared),
                value=clean_line(str(raw), 40),
            )
        )
    return value


def _typed(raw: Any, fact_type: Any, textual: bool) -> Value | None:
    if fact_type == "list":
        entries = raw if isinstance(raw, list) else [raw] if textual and isinstance(raw, str) else None
        if entries is None or len(entries) > LONGEST_LIST:
            return None
        whole = all(isinstance(one, str) and len(one) <= LONGEST_ENTRY for one in entries)
        return tuple(entries) if whole else None
    if isinstance(raw, str) and (textual or fact_type in ("text", "date", "instant")):
        return parsed(raw.strip() if textual else raw, fact_type)
    if textual or isinstance(raw, str):
        return None
    if fact_type == "boolean":
        return raw if isinstance(raw, bool) else None
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal) or (fact_type == "integer" and isinstance(raw, Decimal)):
        return None
    return raw if fact_type in ("integer", "decimal") else None


def holds(table: Table, row: Any, condition: Condition) -> bool:
    """Whether a row meets a condition. Raises Unsaid where it does not say, or says it in another type."""
    raw = table.value(row, condition.field)
    if condition.missing is not None:
        return is_missing(raw) == condition.missing
    if is_missing(raw):
        raise Unsaid(message("does not say {field}", field=clean_line(condition.field, 60)))
    for wanted, equal in ((condition.is_, True), (condition.is_not, False)):
        if wanted is not None:
            return _is_one_of(raw, wanted if isinstance(wanted, list) else [wanted], table, condition.field) == equal
    number = _number(raw, table, condition.field)
    below, above, least, most = condition.below, condition.above, condition.at_least, condition.at_most
    return (
        (below is None or number < below)
        and (above is None or number > above)
        and (least is None or number >= least)
        and (most is None or number <= most)
    )


def _is_one_of(raw: Any, wanted: list[Scalar], table: Table, field: str) -> bool:
    comparable = False
    for one in wanted:
        fact_type = "boolean" if isinstance(one, bool) else "text" if isinstance(one, str) else "decimal"
        try:
            value = _typed(raw, fact_type, table.textual)
        except (KeyError, ValueError, InvalidOperation):
            value = None
        comparable = comparable or value is not None
        if value is not None and value == one:
            return True
    if not comparable:
        raise Unsaid(message("{field} cannot be {value!r}", field=clean_line(field, 60), value=clean_line(str(raw), 40)))
    return False


def _number(raw: Any, table: Table, field: str) -> int | Decimal:
    return value_as(raw, _ANY_NUMBER, table.textual, clean_line(field, 60))  # type: ignore[return-value]


def rounded(value: Fraction, declared: FactDeclaration) -> int | Decimal:
    """A quotient as the fact's type, four places for a decimal, rounded against the one who is judged."""
    scale = 1 if declared.type == "integer" else 10**_PLACES
    whole = (math.ceil if declared.less_is_better else math.floor)(value * scale)
    return whole if declared.type == "integer" else Decimal(whole).scaleb(-_PLACES)


def value_of(table: Table, row: Any, field: str, declared: FactDeclaration) -> Value:
    """The value that a row, or a record, gives for a fact: a field, a time since another, or a quotient. Raises Unsaid."""
    what = clean_line(field, 60)
    raw = table.value(row, field)
    if declared.since:
        seconds = _seconds(raw, table.value(row, declared.since), declared, what)
        return _bounded(rounded(seconds / SECONDS[declared.unit], declared), declared, what)
    if declared.over:
        divisor = Fraction(_number(table.value(row, declared.over), table, declared.over))
        if divisor <= 0:
            raise Unsaid(message("{field} should be above 0, to divide by it", field=clean_line(declared.over, 60)))
        return _bounded(rounded(Fraction(_number(raw, table, field)) / divisor, declared), declared, what)
    return value_as(raw, declared, table.textual, what)


def _bounded(value: Value, declared: FactDeclaration, what: str) -> Value:
    if not declared.allows(value):
        raise Unsaid(
            message("{field} gives {value}, which is not {expected}", field=what, value=value, expected=expected(declared))
        )
    return value


def _seconds(end: Any, start: Any, declared: FactDeclaration, what: str) -> Fraction:
    """Seconds between two instants; dates are enough where days are wanted, and then days are what is counted."""
    if not isinstance(end, str) or not isinstance(start, str):
        raise Unsaid(
            message("does not say {field}", field=what)
            if is_missing(end)
            else message("does not say {field}", field=clean_line(declared.since, 60))
        )
    try:
        moments = [parse_instant(text.strip()) for text in (start, end)]
    except InputError as error:
        raise Unsaid(str(error)) from None
    dates = [len(text.strip()) == 10 for text in (start, end)]
    if any(dates) and declared.unit != "d":
        raise Unsaid(
            message(
                "{field} and {other} should be instants, not days, to count {unit}",
                field=what,
                other=clean_line(declared.since, 60),
                unit=declared.unit,
            )
        )
    if any(dates):
        return Fraction((moments[1].date() - moments[0].date()).days * SECONDS["d"])
    return Fraction((moments[1] - moments[0]) // dt.timedelta(microseconds=1), 10**6)


class Taking:
    """One fact in the making: rows are added, then the value is asked for.

    ``by_default``: no row counted, and the value is the one that the kind says for that.
    """

    def __init__(self, declared: FactDeclaration, table: Table) -> None:
        self.declared, self._table = declared, table
        self.fault, self.by_default = "", False
        self._looked = self._kept = self._seen = 0
        self._held: Any = None
        self._take = declared.take or "same"
        self._field = declared.of if declared.take else declared.path or declared.name
        self._collect = self._collector()

    def add(self, number: int, row: Any) -> None:
        """Look at one more row."""
        if self.fault:
            return
        self._seen += 1
        try:
            if not all(holds(self._table, row, one) for one in self.declared.among):
                return
            self._looked += 1
            if not all(holds(self._table, row, one) for one in self.declared.where):
                return
            self._kept += 1
            if self._take not in WHOLE_ROWS:
                self._collect(row)
        except Unsaid as error:
            self.fault = message("{where}: {reason}", where=self._table.row_name(self.declared.each, number), reason=str(error))

    def value(self) -> Value:
        """The fact's value. Raises Unsaid with the sentence that says why there is none."""
        if self.fault:
            raise Unsaid(message("{fault}; {fact} was not read", fault=self.fault, fact=self.declared.name))
        counted = self._looked if self._take in ("share", "all") else self._seen if self._take == "any" else self._kept
        if not counted and self._take not in _OPTIONAL:
            if self.declared.when_none is None:
                raise Unsaid(message("no row counts for {fact}; it was not read", fact=self.declared.name))
            given, self.by_default = self.declared.when_none, True
            return tuple(given) if isinstance(given, list) else given
        value: Value = self._result()
        if not self.declared.allows(value):
            raise Unsaid(
                message(
                    "{fact} would be {value}, which is not {expected}; it was not read",
                    fact=self.declared.name,
                    value=value,
                    expected=expected(self.declared),
                )
            )
        return value

    @property
    def place(self) -> str:
        """Where the fact was read."""
        declared, field = self.declared, self._field
        if field.startswith("/") and (declared.since or declared.over):
            field = declared.since or declared.over
        return self._table.place(declared.each, field)

    def _collector(self) -> Callable[[Any], None]:
        if self._take[1:].isdigit() or self._take in _COMMONNESS or self._take == "distinct":
            self._held = Counter()
            return self._tally
        if self._take == "list":
            self._held = []
            return self._append
        if self._take in ("sum", "mean"):
            self._held = Decimal(0)
            return self._sum
        return self._choose

    def _said(self, row: Any) -> Value:
        return value_of(self._table, row, self._field, self.declared)

    def _sum(self, row: Any) -> None:
        self._held = _EXACT.add(self._held, self._said(row))  # type: ignore[arg-type]

    def _choose(self, row: Any) -> None:
        if self._take == "first" and self._held is not None:
            return
        value = self._said(row)
        if self._held is None:
            self._held = value
        elif self._take == "same":
            if value != self._held:
                raise Unsaid(
                    message(
                        "{field} is {value}, and {before} in a row before",
                        field=self._field,
                        value=clean_line(str(value), 40),
                        before=clean_line(str(self._held), 40),
                    )
                )
        elif self._take in ("min", "max"):
            self._held = (min if self._take == "min" else max)(self._held, value, key=self._key)

    def _key(self, value: Any) -> Any:
        return parse_instant(value) if self.declared.type in ("date", "instant") else value

    def _text(self, row: Any) -> str:
        raw = self._table.value(row, self._field)
        what = clean_line(self._field, 60)
        if is_missing(raw):
            raise Unsaid(message("does not say {field}", field=what))
        if isinstance(raw, bool) or not isinstance(raw, str | int) or len(text := str(raw)) > LONGEST_ENTRY:
            raise Unsaid(message("{field} should be a text of at most {most} characters", field=what, most=LONGEST_ENTRY))
        return text

    def _append(self, row: Any) -> None:
        self._held.append(self._text(row))
        if len(self._held) > LONGEST_LIST:
            raise Unsaid(message("more than the {most:,} values that a list may have", most=LONGEST_LIST))

    def _tally(self, row: Any) -> None:
        self._held[self._said(row) if self._take[1:].isdigit() else self._text(row)] += 1
        if len(self._held) > MOST_DIFFERENT:
            raise Unsaid(message("more than the {most:,} different values that are told apart", most=MOST_DIFFERENT))

    def _result(self) -> Any:
        if self._take in ("count", "distinct", "share", "all", "any"):
            return self._result_of_rows()
        if self._take == "sum":
            return int(self._held) if self.declared.type == "integer" else self._held
        if self._take == "mean":
            return rounded(Fraction(self._held) / self._kept, self.declared)
        if self._take == "list":
            return tuple(self._held)
        if self._take == "largest-share":
            return rounded(Fraction(max(self._held.values()), self._kept), self.declared)
        if self._take in _COMMONNESS:
            return (min if self._take == "fewest" else max)(self._held.values())
        return self._percentile(int(self._take[1:])) if self._take[1:].isdigit() else self._held

    def _result_of_rows(self) -> Value:
        if self._take == "distinct":
            if self.declared.type == "integer":
                return len(self._held)
            if len(self._held) > LONGEST_LIST:
                raise Unsaid(
                    message(
                        "more than the {most:,} values that a list may have; {fact} was not read",
                        most=LONGEST_LIST,
                        fact=self.declared.name,
                    )
                )
            return tuple(self._held)
        if self._take == "share":
            return rounded(Fraction(self._kept, self._looked), self.declared)
        if self._take == "all":
            return self._kept == self._looked
        return self._kept > 0 if self._take == "any" else self._kept

    def _percentile(self, percent: int) -> Any:
        """Nearest rank: the smallest value that at least ``percent`` in a hundred of the rows do not exceed."""
        rank = -(-self._kept * percent // 100)
        for value in sorted(self._held):
            rank -= self._held[value]
            if rank <= 0:
                return value
        raise AssertionError(message("a percentile of rows lies among them"))


class Completing:
    """Whether a record is a whole result, as its kind's ``complete`` says; rows are added, then the verdict is asked for."""

    def __init__(self, complete: Completion, table: Table) -> None:
        self._complete, self._table = complete, table
        self._rows = 0
        self._some = not complete.some
        self._one: dict[str, str] = {}
        self._fault = ""
        # A list that is not there is no empty list.
        self._present = table.streamed or (self.each is not None and table.rows(self.each) is not None)

    @property
    def each(self) -> str | None:
        """Where the rows stand; None where none are asked for."""
        return "" if self._table.streamed else self._complete.rows

    def add(self, number: int, row: Any) -> None:
        """Look at one more row."""
        self._rows += 1
        if self._fault:
            return
        complete, named = self._complete, self._table.row_name(self.each or "", number)
        try:
            if not all(holds(self._table, row, one) for one in complete.every):
                raise Unsaid(message("is not what every row should be"))
            for field in complete.same:
                said = self._table.value(row, field)
                if is_missing(said):
                    raise Unsaid(message("does not say {field}", field=clean_line(field, 60)))
                if self._one.setdefault(field, str(said)) != str(said):
                    raise Unsaid(message("is about another {field} than a row before", field=clean_line(field, 60)))
        except Unsaid as error:
            self._fault = message("{row} {fault}", row=named, fault=str(error))
        if not self._some:
            # A row of another sort need not speak of the end.
            with contextlib.suppress(Unsaid):
                self._some = all(holds(self._table, row, one) for one in complete.some)

    def why_not(self) -> str:
        """Why the record is no whole result; "" where it is one."""
        missing = [one for one in self._complete.needs if is_missing(self._table.top(one))]
        if missing:
            return message("does not say {field}", field=", ".join(missing))
        try:
            failed = next((one for one in self._complete.where if not holds(self._table, self._table.record, one)), None)
            announced = self._announced()
        except Unsaid as error:
            return str(error)
        if failed is not None:
            return message("{field} is not what it should be", field=failed.field)
        if self.each is not None and not self._rows and not (self._complete.may_be_empty and self._present):
            return message("holds no rows: nothing was measured")
        if announced != self._rows:
            return message(
                "{field} is {number:,}, and {rows:,} rows are there",
                field=self._complete.announced,
                number=announced,
                rows=self._rows,
            )
        return self._fault or ("" if self._some else message("no row says that it came to its end"))

    def _announced(self) -> int:
        """How many rows were asked for; as many as there are, where the kind does not ask."""
        field = self._complete.announced
        if not field:
            return self._rows
        return int(value_as(self._table.top(field), _COUNT, self._table.textual, clean_line(field, 60)))  # type: ignore[arg-type]
