"""The language of a standard, as pydantic models: declarative, nothing to evaluate, nothing that runs.

One immutable file per version: TOML for packs written by hand, JSON of the same model for large imported ones. The JSON
Schema is published by ``compliance-tui schema standard``. What a pack may say: ``docs/standards-authors.md``.
"""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StringConstraints, model_validator

from compliance_tui.safe.language import message
from compliance_tui.standard.check import Check
from compliance_tui.standard.rule import (
    Blocked,
    EvidenceRule,
    FactName,
    Identifier,
    Line,
    Model,
    Prose,
    Rule,
    Scalar,
    SignOffRule,
    Slug,
    Version,
)
from compliance_tui.standard.scale import RatingScale


class AxisValue(Model):
    """One value that an axis may take, with what choosing it means."""

    id: Identifier
    title: Line
    meaning: Prose = ""


class Condition(Model):
    """Holds over the facts of one evidence item; used where an axis value is computed."""

    evidence: Slug
    fact: FactName | None = None
    successes: FactName | None = None
    trials: FactName | None = None
    statistic: Literal["value", "ucb95", "lcb95"] = "value"
    op: Literal["<=", "<", ">=", ">", "==", "!="]
    limit: Scalar
    minimum_trials: StrictInt | None = None


class ComputedRule(Model):
    """The axis has at least ``value`` when any one of the conditions holds."""

    value: Identifier
    any: list[Condition] = Field(min_length=1)


class Computed(Model):
    """How an ordered axis is computed: the highest value with a condition that holds over the evidence of ``control``.

    Evidence of the controls under ``also`` counts too wherever they apply (open weights: what hostile tuning showed).
    """

    control: Identifier
    also: list[Identifier] = Field(default_factory=list)
    otherwise: Identifier
    rules: list[ComputedRule] = Field(min_length=1)


class Axis(Model):
    """What decides which controls apply; the assessment chooses a value, or declares one no lower than computed."""

    id: Slug
    title: Line
    question: Prose = ""
    ordered: StrictBool = False
    values: list[AxisValue] = Field(min_length=1)
    computed: Computed | None = None

    def rank(self, value: str) -> int:
        """Position of ``value`` in the declared order; -1 for a value that is not of this axis."""
        return next((rank for rank, known in enumerate(self.values) if known.id == value), -1)


class Seat(Model):
    """A role in which a person accepts a response."""

    id: Slug
    title: Line
    outside: StrictBool = False


class Source(Model):
    """Somebody else's document that controls refer to. A reference says "related", never "equivalent"."""

    id: Slug
    title: Line
    version: str = ""
    publisher: str = ""
    url: str = ""
    note: str = ""


class Group(Model):
    """A chapter of controls."""

    id: Identifier
    title: Line
    summary: Prose = ""


class Control(Model):
    """One thing asked. Where no required rule matches, a recommended one may; else the control does not apply."""

    id: Identifier
    group: Identifier
    title: Line
    statement: Prose
    guidance: Prose = ""
    example: Prose = ""
    required: list[Rule] = Field(default_factory=list)
    recommended: list[Rule] = Field(default_factory=list)
    blocked: list[Blocked] = Field(default_factory=list)
    evidence: list[EvidenceRule] = Field(default_factory=list)
    checks: list[Check] = Field(default_factory=list)
    sign_offs: list[SignOffRule] = Field(default_factory=list)
    may_be_not_applicable: StrictBool = False
    waivable: StrictBool = True
    counts_from: dt.date | None = None
    references: list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:.{1,120}$")]] = Field(default_factory=list)


ChangeKind = Literal["added", "retired", "renamed", "split", "merged", "reworded", "tightened", "relaxed", "scope", "rating"]


class Change(Model):
    """What a version did to controls of the version before it, and what that does to an old answer."""

    from_version: Version
    kinds: list[ChangeKind] = Field(min_length=1)
    from_: list[Identifier] = Field(default_factory=list, alias="from")
    to: list[Identifier] = Field(default_factory=list)
    effect: Literal["keep", "recheck", "recompute", "drop", "new"]
    note: str = ""
    covered_by: list[Identifier] = Field(default_factory=list)


class Header(Model):
    """Who says this, when, under what name and licence, and what it is not."""

    id: Slug
    title: Line
    version: Version
    released: dt.date
    status: Line
    summary: Prose
    disclaimer: Prose = ""
    authors: list[str] = Field(default_factory=list)
    licence: str = ""
    copyright: str = ""
    endorsed_by: list[str] = Field(default_factory=list)
    supersedes: Version | None = None


class Standard(Model):
    """A published set of controls: one immutable version."""

    standard: Header
    axes: list[Axis] = Field(default_factory=list)
    seats: list[Seat] = Field(default_factory=list)
    sources: list[Source] = Field(default_factory=list)
    groups: list[Group] = Field(min_length=1)
    controls: list[Control] = Field(min_length=1)
    scales: list[RatingScale] = Field(default_factory=list)
    changes: list[Change] = Field(default_factory=list)

    @model_validator(mode="after")
    def _ids_stand_once(self) -> "Standard":
        for what, ids in (
            (message("axis"), [axis.id for axis in self.axes]),
            (message("seat"), [seat.id for seat in self.seats]),
            (message("source"), [source.id for source in self.sources]),
            (message("group"), [group.id for group in self.groups]),
            (message("control"), [control.id for control in self.controls]),
        ):
            # Ids become file names: two that differ only in case would meet on some file systems.
            seen: set[str] = set()
            for identifier in ids:
                if identifier.lower() in seen:
                    raise ValueError(message("the {what} id {identifier} stands twice", what=what, identifier=identifier))
                seen.add(identifier.lower())
        return self

    @property
    def id(self) -> str:
        """Id of the standard, the same in all its versions."""
        return self.standard.id

    @property
    def version(self) -> str:
        """Version of this set of controls."""
        return self.standard.version

    def control(self, identifier: str) -> Control | None:
        """The control with that id, if this version has it."""
        return next((control for control in self.controls if control.id == identifier), None)

    def axis(self, identifier: str) -> Axis | None:
        """The axis with that id, if it is declared."""
        return next((axis for axis in self.axes if axis.id == identifier), None)

    def scale(self, identifier: str | None) -> RatingScale | None:
        """The rating scale with that id, if it is declared."""
        return next((scale for scale in self.scales if scale.id == identifier), None)
