"""How a kind says what it reads: the fields of a record, the facts, and when a record is a whole result. Nothing is evaluated.

A fact stands at one place (``path``), or is taken from rows: ``each`` says where the rows stand, ``where`` which of them
count, ``take`` what is taken, ``of`` from which field. Names of fields are looked up in the row; a name that begins with
``/`` is looked up from the top of the record. Nested names are written with ``/`` between them (JSON pointers, RFC 6901; in
XML a path of elements that may end in ``@attribute``; in CSV the heading of a column, whatever characters it has).
"""

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StrictBool, StrictInt, StrictStr, StringConstraints, model_validator

from compliance_tui.safe.language import either, message

FactType = Literal["boolean", "integer", "decimal", "text", "instant", "date", "list"]
Number = StrictInt | Annotated[Decimal, Strict()]
Scalar = StrictBool | StrictInt | Annotated[Decimal, Strict()] | StrictStr
Take = Annotated[
    str,
    StringConstraints(
        pattern=r"^(count|share|all|any|sum|min|max|mean|p[1-9][0-9]?|first|same|list|distinct|fewest|most|largest-share)$"
    ),
]
# Seconds of the units in which a time between two instants can be given.
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}

LARGEST_NUMBER = 10**18
_NUMBERS = {"integer", "decimal"}
_MOMENTS = {"date", "instant"}
_RESULTS: dict[str, set[str]] = {
    "count": {"integer"},
    "share": {"decimal"},
    "all": {"boolean"},
    "any": {"boolean"},
    "sum": _NUMBERS,
    "min": _NUMBERS | _MOMENTS,
    "max": _NUMBERS | _MOMENTS,
    "mean": {"decimal"},
    "first": {"boolean", "text"} | _NUMBERS | _MOMENTS,
    "same": {"boolean", "text"} | _NUMBERS | _MOMENTS,
    "list": {"list"},
    "distinct": {"integer", "list"},
    "fewest": {"integer"},
    "most": {"integer"},
    "largest-share": {"decimal"},
}
# What is taken from whole rows, and not from a field of them.
WHOLE_ROWS = {"count", "share", "all", "any"}
_OF_ALL = {"share", "all"}
_OF_NUMBERS = {"sum", "min", "max", "mean", "first", "same"}
_VALUES = {"boolean": bool, "integer": int, "decimal": (int, Decimal), "text": str, "date": str, "instant": str, "list": list}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class Condition(_Model):
    """One test of one field. All conditions of a list must hold; they are tried in order, the first that fails ends it.

    ``is`` and ``is_not`` compare with one value or with several (one of them, none of them). ``missing`` asks whether the
    field is absent, null or empty. A row that lacks the field of any other test cannot be judged: the fact is then not read.
    """

    field: StrictStr
    is_: Scalar | list[Scalar] | None = Field(None, alias="is")
    is_not: Scalar | list[Scalar] | None = None
    missing: StrictBool | None = None
    below: Number | None = None
    above: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _one_test(self) -> "Condition":
        tests = (self.is_, self.is_not, self.missing, self.below, self.above, self.at_least, self.at_most)
        if sum(test is not None for test in tests) != 1:
            raise ValueError(
                message("{field}: give one of is, is_not, missing, below, above, at_least, at_most", field=self.field)
            )
        return self


class FactDeclaration(_Model):
    """A fact that a kind gives: name, type, unit and meaning; for a form, how it is read.

    ``path``: where it stands (left out: the field of its name). In CSV and JSON lines, which have no top, ``path`` is a field
    that all rows must agree on. ``each``, ``among``, ``where``, ``take``, ``of``: how it is taken from rows. ``among`` narrows
    the rows that a share is a share of. ``take`` is one of

    - count, share, all, any: of the rows, those for which ``where`` holds;
    - sum, min, max, mean, p1 … p99 (nearest rank), first, same (all rows agree), list, distinct: of the field ``of``;
    - fewest, most, largest-share: rows of the rarest or commonest value of ``of``.

    ``since``: the value is the time from that field to ``of`` (or ``path``), in the fact's ``unit``: s, min, h or d.
    ``over``: the value is divided by that field. Shares, means and quotients have four places. They, and whole numbers, are
    rounded down; with ``less_is_better`` up: what is left out by rounding never speaks for the one who is judged.

    ``when_none``: the value where the rows are there and none counts; without it there is then no fact. ``least``: no
    number is below it (0 unless said: a count of −1 is no count); ``most``: none is above.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$")]
    type: FactType
    unit: str = ""
    meaning: str = ""
    path: str = ""
    each: str = ""
    among: list[Condition] = Field(default_factory=list)
    where: list[Condition] = Field(default_factory=list)
    take: Take | None = None
    of: str = ""
    since: str = ""
    over: str = ""
    less_is_better: StrictBool = False
    when_none: Scalar | list[StrictStr] | None = None
    least: Number = 0
    most: Number | None = None

    @property
    def derived(self) -> bool:
        """Whether the fact is taken from rows, and does not stand somewhere by itself."""
        return self.take is not None

    def allows(self, value: object) -> bool:
        """Whether a value of the right type is within the bounds of a number; what is no number has none."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return True
        number = Decimal(value)
        return abs(number) <= LARGEST_NUMBER and number >= self.least and (self.most is None or number <= self.most)

    @property
    def fields(self) -> set[str]:
        """The fields of a row that the fact needs."""
        named = {self.of, self.since, self.over, *(one.field for one in (*self.among, *self.where))}
        return {field for field in named if field} if self.derived else set()

    @model_validator(mode="after")
    def _makes_sense(self) -> "FactDeclaration":
        why = self._fault()
        if why:
            raise ValueError(message("{where}: {reason}", where=self.name, reason=why))
        return self

    def _fault(self) -> str:
        if self.since and self.over:
            return message("give since or over, not both")
        if (self.since or self.over) and self.type not in _NUMBERS:
            return message("a {type} is neither a time nor a quotient", type=self.type)
        if self.since and self.unit not in SECONDS:
            return message("a time needs one of the units {seconds}", seconds=", ".join(SECONDS))
        if self.take is None:
            if self.each or self.among or self.where or self.of or self.when_none is not None:
                return message("say with take what is taken from the rows")
            return ""
        return self._fault_of_take(self.take)

    def _fault_of_take(self, take: str) -> str:
        types = _RESULTS.get(take, _NUMBERS)
        if self.type not in types:
            return message("{take} gives a {types}, not a {type}", take=take, types=either(sorted(types)), type=self.type)
        if self.path:
            return message("a fact stands at a path or is taken from rows, not both")
        if (take in WHOLE_ROWS) != (not self.of):
            needs = message("{take} needs of, the field it looks at", take=take)
            return message("{take} looks at whole rows; leave of out", take=take) if self.of else needs
        if take in _OF_ALL and not self.where:
            return message("{take} needs where: what the rows are measured by", take=take)
        if self.among and take not in _OF_ALL:
            return message(
                "put the conditions of {take} into where; among is for {of_all}",
                take=take,
                of_all=" and ".join(sorted(_OF_ALL)),
            )
        if (self.since or self.over) and take not in _OF_NUMBERS and not take[1:].isdigit():
            return message("{take} takes no since or over", take=take)
        if self.when_none is not None and not fits(self.when_none, self.type):
            return message("when_none should be a {type}", type=self.type)
        return ""


def fits(value: object, fact_type: str) -> bool:
    """Whether a value written in TOML has the type; a boolean is no number."""
    if isinstance(value, bool):
        return fact_type == "boolean"
    return isinstance(value, _VALUES[fact_type])  # type: ignore[arg-type]


class RecordField(_Model):
    """A field of a record of ours: from these its JSON Schema and its blank form are made.

    ``rows`` is a list of records, ``table`` one record, each with ``fields`` (a table without them has names of any kind). An
    ``optional`` field may be left out, or null.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,79}$")]
    type: FactType | Literal["rows", "table"]
    meaning: str
    unit: str = ""
    values: list[StrictStr] = Field(default_factory=list)
    least: Number | None = None
    most: Number | None = None
    pattern: str = ""
    optional: StrictBool = False
    fields: list["RecordField"] = Field(default_factory=list)

    @model_validator(mode="after")
    def _makes_sense(self) -> "RecordField":
        if self.type == "rows" and not self.fields:
            raise ValueError(message("{name}: say which fields a row has", name=self.name))
        if self.fields and self.type not in ("rows", "table"):
            raise ValueError(message("{name}: only rows and tables have fields", name=self.name))
        re.compile(self.pattern)
        return self


class Completion(_Model):
    """When a record is a whole result: the fact ``completed`` is true where all of this holds, else false, with a warning.

    ``needs``: fields of the record that are there and not empty (``finished_at``). ``where``: conditions on the record.
    ``rows``: where the rows stand that were measured (left out in CSV and JSON lines): there is at least one, unless they
    ``may_be_empty`` (a register may rightly hold nothing).
    ``announced``: the field with the number of rows that were asked for: there are as many. ``every``: conditions that each
    row meets. ``some``: conditions that at least one row meets (a closing line). ``same``: fields that say the same in
    every row (one build, one target).
    """

    needs: list[StrictStr] = Field(default_factory=list)
    where: list[Condition] = Field(default_factory=list)
    rows: str | None = None
    may_be_empty: StrictBool = False
    announced: str = ""
    every: list[Condition] = Field(default_factory=list)
    some: list[Condition] = Field(default_factory=list)
    same: list[StrictStr] = Field(default_factory=list)
