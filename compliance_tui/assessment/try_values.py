"""What if a bypass were rated otherwise? Values are tried on a scale; nothing is written."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from compliance_tui.assessment.rate import RatedEntry, rate_register
from compliance_tui.standard.model import Standard
from compliance_tui.standard.rating import level_value
from compliance_tui.standard.scale import RatingScale

Sort = Literal["level", "modifier", "axis"]
Tried = Mapping[tuple[Sort, str], str]


@dataclass(frozen=True)
class Choice:
    """One value that can be tried, with what it means and, on the scale, its points."""

    value: str
    meaning: str
    points: int | None = None


@dataclass(frozen=True)
class Question:
    """One thing to try values for: an axis or a modifier of the scale, or an axis of the standard (``""``: not said)."""

    sort: Sort
    id: str
    title: str
    choices: tuple[Choice, ...]


def questions(scale: RatingScale, standard: Standard | None = None) -> list[Question]:
    """All that a rating by ``scale`` depends on; with ``standard`` the axes as well that its clocks depend on."""
    return list(_questions(scale, standard))


def _questions(scale: RatingScale, standard: Standard | None) -> Iterator[Question]:
    for axis in scale.axes:
        levels = [Choice(level_value(axis, at), level.anchor, level.points) for at, level in enumerate(axis.levels)]
        yield Question("level", axis.id, axis.title, tuple(levels))
    for modifier in scale.modifiers:
        options = [Choice(one.id, one.title, one.points) for one in modifier.options]
        yield Question("modifier", modifier.id, modifier.title, tuple(options))
    for own in standard.axes if standard else ():
        values = [Choice(one.id, one.meaning or one.title) for one in own.values]
        yield Question("axis", own.id, own.title, (Choice("", ""), *values))


def as_it_is(scale: RatingScale, standard: Standard, values: Mapping[str, str], rated: RatedEntry | None) -> Tried:
    """The values of an entry, or the first ones of the scale where there is none; and the axis values that are declared."""
    said = {"level": rated.levels, "modifier": rated.options} if rated else {}
    given = {**said, "axis": values}
    return {(one.sort, one.id): given.get(one.sort, {}).get(one.id, one.choices[0].value) for one in questions(scale, standard)}


def try_values(scale: RatingScale, standard: Standard, tried: Tried, said: Mapping[str, Any], as_of: dt.datetime) -> RatedEntry:
    """The rating that the tried values give; ``said`` is the entry that they are tried for, or nothing.

    Raises InputError ``bad-rating``.
    """
    levels, modifiers, values = (
        {name: value for (sort, name), value in tried.items() if sort == wanted and value}
        for wanted in ("level", "modifier", "axis")
    )
    entry = {"id": "this", **said, "levels": levels, "modifiers": modifiers}
    return rate_register({"scale": scale.id, "entries": [entry]}, standard, values, as_of)[0]
