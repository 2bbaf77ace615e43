"""Checks: what a control demands of the facts of its evidence."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StrictInt, model_validator

from compliance_tui.safe.language import message
from compliance_tui.standard.rule import FactName, Identifier, Line, Model, Prose, Rule, Scalar, Slug


class Operand(Model):
    """The other side of a check: a fact of other evidence, or something the subject says.

    ``times`` multiplies a number; ``days`` shifts a date; ``take`` says which of several values counts
    (``latest``: of the evidence that speaks of the latest day). Evidence whose facts
    under ``same`` differ is not compared: two figures at different attack budgets say nothing about each other. A fact that the
    checked item has itself is taken from it; else every item counts that serves a control and has it.
    """

    evidence: Slug | None = None
    fact: FactName | None = None
    subject: Literal["artifact-digests", "version", "release-date"] | None = None
    take: Literal["min", "max", "each", "latest"] = "each"
    times: Decimal | None = None
    days: StrictInt = 0
    same: list[FactName] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_side(self) -> "Operand":
        if (self.subject is None) == (self.evidence is None or self.fact is None):
            raise ValueError(message("name either a subject value, or an evidence kind with its fact"))
        return self


# What a scale says of a register's entries: stored ratings that are not those that it gives; results lowered by hand, or raised
# without a reason; gaps of two bands to an outside scale without a note; entries contained after their clock (their number, or
# their share); late ones whose notice is late or missing.
RatingFigure = Literal["differences", "lowered", "unexplained-gaps", "late", "late-share", "unnoticed"]


class Check(Model):
    """A rule over facts: a value, or an exact one-sided 95 % bound from counts, against a limit that may depend on an axis.

    ``evidence`` names one kind, or several whose facts mean the same. A value of the axis without a limit in ``by`` switches
    the check off for it. ``needs`` are facts that must be present (a stated attack budget, a grader): without them the outcome
    is ``unproven``, never a pass. ``rating`` is a figure that the check's ``scale`` gives over the entries of a register.
    """

    id: Slug
    title: Line
    evidence: Slug | Annotated[list[Slug], Field(min_length=1)] | None = None
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
    rating: RatingFigure | None = None
    from_band: Identifier | None = None
    below_band: Identifier | None = None
    monotone: Literal["falling", "rising"] | None = None
    unit: str = ""
    note: Prose = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The evidence kinds that the check reads."""
        return (self.evidence,) if isinstance(self.evidence, str) else tuple(self.evidence or ())

    @model_validator(mode="after")
    def _shape(self) -> "Check":
        if self.axis is not None:
            return self
        if self.evidence is None:
            raise ValueError(message("a check names the evidence kind it reads, or the axis it guards"))
        if self.op is None:
            raise ValueError(message("a check over evidence needs an op"))
        if self.rating is not None and (self.scale is None or self.fact is not None or self.statistic != "value"):
            raise ValueError(message("a rating figure needs the scale that gives it, and neither a fact nor a bound"))
        if self.statistic == "value" and self.fact is None and self.rating is None:
            raise ValueError(message("a check of a value names its fact"))
        if self.statistic != "value" and (self.successes is None or self.trials is None):
            raise ValueError(message("a bound is computed from counts: name successes and trials"))
        if sum((self.limit is not None, bool(self.by), self.other is not None)) != 1:
            raise ValueError(message("give exactly one of limit, by, other"))
        if len(self.by) > 1 or len(self.minimum_trials_by) > 1:
            raise ValueError(message("limits may depend on one axis only"))
        return self
