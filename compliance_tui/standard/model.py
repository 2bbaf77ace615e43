"""The language of a standard, as pydantic models: declarative, nothing to evaluate, nothing that runs.

One immutable file per version: TOML for packs written by hand, JSON of the same model for large imported ones. The JSON
Schema is published by ``compliance-tui schema standard``. What a pack may say: ``docs/standards-authors.md``.
"""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator

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
    """How an ordered axis is computed from evidence of one control: the highest value with a condition that holds."""

    control: Identifier
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
    """The seats that must accept the response where the rule matches; several matching rules add up."""

    seats: list[Slug] = Field(min_length=1)


class Operand(Model):
    """The other side of a check: a fact of other evidence, or something the subject says.

    ``times`` multiplies a number; ``days`` shifts a date; ``take`` says which of several values counts.
    """

    evidence: Slug | None = None
    fact: FactName | None = None
    subject: Literal["artifact-digests", "version", "release-date"] | None = None
    take: Literal["min", "max", "each"] = "each"
    times: Decimal | None = None
    days: StrictInt = 0

    @model_validator(mode="after")
    def _one_side(self) -> "Operand":
        if (self.subject is None) == (self.evidence is None or self.fact is None):
            raise ValueError("name either a subject value, or an evidence kind with its fact")
        return self


class Check(Model):
    """A rule over facts: a value, or an exact one-sided 95 % bound from counts, against a limit that may depend on an axis.

    A value of the axis without a limit in ``by`` switches the check off for it. ``needs`` are facts that must be present
    (a stated attack budget, a grader): without them the outcome is ``unproven``, never a pass.
    """

    id: Slug
    title: Line
    evidence: Slug | None = None
    axis: Slug | None = None
    fact: FactName | None = None
    successes: FactName | None = None
    trials: FactName | None = None
    statistic: Literal["value", "ucb95", "lcb95"] = "value"
    op: Literal["<=", "<", ">=", ">", "==", "!=", "includes", "is-one-of", "before", "not-after"] | None = None
    limit: Scalar | list[str] | None = None
    by: dict[Slug, dict[Identifier, Scalar]] = Field(default_factory=dict)
    other: Operand | None = None
    minimum_trials: StrictInt | None = None
    minimum_trials_by: dict[Slug, dict[Identifier, StrictInt]] = Field(default_factory=dict)
    needs: list[FactName] = Field(default_factory=list)
    items: Literal["every", "latest", "any"] = "every"
    when: list[Rule] = Field(default_factory=list)
    scale: Slug | None = None
    monotone: Literal["falling", "rising"] | None = None
    unit: str = ""
    note: Prose = ""

    @model_validator(mode="after")
    def _shape(self) -> "Check":
        if self.axis is not None:
            return self
        if self.evidence is None:
            raise ValueError("a check names the evidence kind it reads, or the axis it guards")
        if self.op is None:
            raise ValueError("a check over evidence needs an op")
        if self.statistic == "value" and self.fact is None:
            raise ValueError("a check of a value names its fact")
        if self.statistic != "value" and (self.successes is None or self.trials is None):
            raise ValueError("a bound is computed from counts: name successes and trials")
        if sum((self.limit is not None, bool(self.by), self.other is not None)) != 1:
            raise ValueError("give exactly one of limit, by, other")
        if len(self.by) > 1 or len(self.minimum_trials_by) > 1:
            raise ValueError("limits may depend on one axis only")
        return self


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


class ScaleLevel(Model):
    """One level of a rating axis, with the anchor that a rater compares with and its points."""

    points: StrictInt
    anchor: Line


class ScaleAxis(Model):
    """A question that a rater answers with a level."""

    id: Slug
    title: Line
    levels: list[ScaleLevel] = Field(min_length=2)


class Band(Model):
    """A named range of points, starting at ``floor``, and the clocks that run for it (hours)."""

    id: Identifier
    floor: StrictInt
    title: str = ""
    triage_hours: StrictInt | None = None
    contain_hours: StrictInt | None = None
    fix_hours: StrictInt | None = None
    notify_hours: StrictInt | None = None


class ModifierOption(Model):
    """A state of the world that changes the residual rating by ``points`` (below zero lowers it)."""

    id: Slug
    title: Line
    points: StrictInt


class Modifier(Model):
    """What lowers or raises the residual rating; the first option is the state assumed when nothing is said."""

    id: Slug
    title: Line
    options: list[ModifierOption] = Field(min_length=2)


class RatingScale(Model):
    """A rating in integers: the sum of points is the base, modifiers give the residual, bands name both."""

    id: Slug
    title: Line
    summary: Prose = ""
    axes: list[ScaleAxis] = Field(min_length=1)
    zero_axis: Slug | None = None
    bands: list[Band] = Field(min_length=2)
    modifiers: list[Modifier] = Field(default_factory=list)
    lowest_residual: StrictInt = 1
    highest_residual: StrictInt = 100
    most_bands_down: StrictInt | None = None
    most_bands_down_until: str = ""


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
            ("axis", [axis.id for axis in self.axes]),
            ("seat", [seat.id for seat in self.seats]),
            ("source", [source.id for source in self.sources]),
            ("group", [group.id for group in self.groups]),
            ("control", [control.id for control in self.controls]),
        ):
            # Ids become file names: two that differ only in case would meet on some file systems.
            seen: set[str] = set()
            for identifier in ids:
                if identifier.lower() in seen:
                    raise ValueError(f"the {what} id {identifier} stands twice")
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
