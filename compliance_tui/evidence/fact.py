"""A fact: one typed value read from an evidence item (or stated by a person), with the place it was read from."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StrictBool,
    StrictInt,
    StrictStr,
)


def _read_value(value: Any) -> Any:
    """JSON keeps a fraction as ``{"decimal": "0.98"}``: signed files hold no floats. A list becomes a tuple."""
    if isinstance(value, dict) and set(value) == {"decimal"} and isinstance(value["decimal"], str):
        return Decimal(value["decimal"])
    if isinstance(value, float):
        return Decimal(repr(value))
    return tuple(value) if isinstance(value, list) else value


def _write_value(value: Any) -> Any:
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


# Text before Decimal: in JSON a strict Decimal would also take text that looks like a number.
Value = Annotated[
    StrictBool
    | StrictInt
    | Annotated[StrictStr, Field(max_length=2000)]
    | Annotated[Decimal, Strict()]
    | Annotated[tuple[StrictStr, ...], Field(max_length=1000)],
    Field(union_mode="left_to_right"),
    BeforeValidator(_read_value),
    PlainSerializer(_write_value, when_used="json"),
]


class Fact(BaseModel):
    """One value with its unit, where in the file it stands, and whether it was read or stated by a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Value
    unit: Annotated[str, Field(max_length=60)] = ""
    where: Annotated[str, Field(max_length=1000)] = ""
    source: Literal["read", "stated"] = "read"


class Facts(BaseModel):
    """What one reader found in one item: facts by name, and what a person should know before trusting them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    reader: str
    facts: dict[str, Fact] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def number(fact: Fact | None) -> float | None:
    """The fact's value where it is a number; a boolean is none."""
    if fact is None or isinstance(fact.value, bool) or not isinstance(fact.value, int | Decimal):
        return None
    return float(fact.value)
