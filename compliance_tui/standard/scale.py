"""Rating scales: axes with anchors, bands with clocks, modifiers; all of it data, in integers."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from compliance_tui.standard.rule import Identifier, Line, Model, Prose, Rule, Slug

Clock = Literal["triage", "contain", "fix", "notify", "authority"]
CLOCKS: tuple[Clock, ...] = ("triage", "contain", "fix", "notify", "authority")


class ScaleLevel(Model):
    """One level of a rating axis, with the anchor that a rater compares with and its points.

    ``value`` is what a rater writes for it; left out, its position (0 for the first).
    """

    points: StrictInt
    anchor: Line
    value: Annotated[str, StringConstraints(pattern=r"^[0-9a-z.-]{0,20}$")] = ""


class ScaleAxis(Model):
    """A question that a rater answers with a level."""

    id: Slug
    title: Line
    levels: list[ScaleLevel] = Field(min_length=2)


class Band(Model):
    """A named range of points, starting at ``floor``, and the clocks that run for it, in hours from the report.

    ``notify_hours`` until affected partners know; ``authority_hours`` until authorities know of an entry that is late.
    """

    id: Identifier
    floor: StrictInt
    title: str = ""
    triage_hours: StrictInt | None = None
    contain_hours: StrictInt | None = None
    fix_hours: StrictInt | None = None
    notify_hours: StrictInt | None = None
    authority_hours: StrictInt | None = None


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


class Hastening(Rule):
    """Where the rule matches, the named clocks run at ``percent`` of their hours."""

    clocks: list[Clock] = Field(min_length=1)
    percent: Annotated[StrictInt, Field(ge=1, le=100)]


class Caution(Model):
    """Something odd about an entry that a rater should look at again; every part that is given must hold.

    ``at_least`` and ``below`` compare levels; ``entry_class`` is the entry's class; ``lacks`` names a field that it does not
    have; ``ahead_of`` holds where the level of ``axis`` lies more than ``steps`` above the assessment's value of that axis.
    """

    text: Line
    at_least: dict[Slug, str] = Field(default_factory=dict)
    below: dict[Slug, str] = Field(default_factory=dict)
    entry_class: str = ""
    lacks: str = ""
    axis: Slug | None = None
    ahead_of: Slug | None = None
    steps: StrictInt = 0


class RatingScale(Model):
    """A rating in integers: the sum of points is the base, modifiers give the residual, bands name both.

    Without points on ``zero_axis`` the base is 0 and nothing else counts. An ``outside`` scale is somebody else's: it is
    computed beside ours from values that a rater typed, and never converted. The residual band lies at most
    ``most_bands_down`` below the base band, until the modifier option ``most_bands_down_until`` (``fix=proven``) is reached.
    """

    id: Slug
    title: Line
    summary: Prose = ""
    outside: StrictBool = False
    hastened: list[Hastening] = Field(default_factory=list)
    cautions: list[Caution] = Field(default_factory=list)
    axes: list[ScaleAxis] = Field(min_length=1)
    zero_axis: Slug | None = None
    bands: list[Band] = Field(min_length=2)
    modifiers: list[Modifier] = Field(default_factory=list)
    lowest_residual: StrictInt = 1
    highest_residual: StrictInt = 100
    most_bands_down: StrictInt | None = None
    most_bands_down_until: Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]+=[a-z0-9-]+)?$")] = ""

    def rank(self, band: str) -> int:
        """Position of a band, the lowest first; -1 for one that the scale does not have."""
        return next((rank for rank, known in enumerate(self.bands) if known.id == band), -1)
