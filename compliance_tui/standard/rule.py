"""What the whole language of a standard is made of: identifiers, prose, and rules that match axis values."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
FactName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Prose = Annotated[str, StringConstraints(max_length=20_000)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Days = Annotated[StrictInt, Field(ge=1, le=36_500)]
Scalar = StrictBool | StrictInt | Decimal | dt.date | str


class Model(BaseModel):
    """Unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Rule(Model):
    """Matches when each axis under ``is`` has one of the values, and each ordered axis under ``from`` has that value or more.

    ``until = "publication"`` ends the rule on the day the subject's weights were published. A rule without conditions
    always matches.
    """

    is_: dict[Slug, list[Identifier]] = Field(default_factory=dict, alias="is")
    from_: dict[Slug, Identifier] = Field(default_factory=dict, alias="from")
    until: Literal["publication"] | None = None


class Blocked(Rule):
    """Where this matches, nothing can satisfy or waive the control; ``reason`` says why."""

    reason: Line


class EvidenceRule(Model):
    """At least ``minimum`` items of one of ``kinds``, speaking of a date no older than ``max_age_days``."""

    kinds: list[Slug] = Field(min_length=1)
    max_age_days: Days | None = None
    minimum: Annotated[StrictInt, Field(ge=1, le=1000)] = 1
    when: list[Rule] = Field(default_factory=list)
    note: Prose = ""


class SignOffRule(Rule):
    """The seats that must accept the response where the rule matches; several matching rules add up.

    ``signed`` demands that each signs with a key of their own, so that nobody can sign for another.
    """

    seats: list[Slug] = Field(min_length=1)
    signed: StrictBool = False
