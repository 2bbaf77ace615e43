"""What a rating scale says of a register's entries: the figures that a check may ask for.

An entry is one JSON object of the fact ``ratings`` (see the kind ``jailbreak-register``). Nothing that an entry says of its own
rating is believed: it is computed again from the levels. People may raise a result, with a reason; never lower it.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from compliance_tui.assessment.deadlines import Deadline, deadlines
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.model import Standard
from compliance_tui.standard.rating import Rating, clocks, rate
from compliance_tui.standard.scale import RatingScale

WIDE_GAP = 2


@dataclass(frozen=True)
class Entry:
    """One entry as a scale rates it. ``band`` is the one before anything was done, raised where people raised it.

    ``late`` and ``unnoticed`` are None where a clock runs and the entry does not say when it was reported.
    """

    id: str
    said: Mapping[str, Any]
    rating: Rating
    band: str
    deadlines: tuple[Deadline, ...]

    @property
    def late(self) -> bool | None:
        """Whether it was contained after its time, or is not contained and the time is over."""
        return self._too_late("contain")

    @property
    def unnoticed(self) -> bool | None:
        """Whether it is late, and authorities were told of that too late or not yet."""
        return self._too_late("authority")

    def _too_late(self, clock: str) -> bool | None:
        state = next((one.state for one in self.deadlines if one.clock == clock), "waiting")
        return None if state == "undated" else state in ("missed", "over")


@dataclass(frozen=True)
class Figure:
    """A figure over a register, and the entries behind it."""

    value: int | Decimal
    entries: tuple[str, ...]
    of: int


def read_entries(
    facts: Sequence[str], scale: RatingScale, standard: Standard, values: Mapping[str, str], as_of: dt.datetime
) -> list[Entry]:
    """The entries of a register, rated by ``scale``. Raises InputError ``bad-rating`` for one that cannot be rated."""
    return [_entry(text, scale, standard, values, as_of) for text in facts]


def _entry(text: str, scale: RatingScale, standard: Standard, values: Mapping[str, str], as_of: dt.datetime) -> Entry:
    try:
        said = json.loads(text)
        name = clean_line(str(said["id"]), 60)
        levels, modifiers = _choices(said, "levels"), _choices(said, "modifiers")
        raised = _choices(said, "override").get("band", "")
        for other in standard.scales:
            if other.outside and _choices(said, other.id):
                _choices(said[other.id], "levels")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError("bad-rating", message("an entry of the register is not what its kind says")) from None
    try:
        rating = rate(scale, levels, modifiers)
    except InputError as error:
        raise InputError("bad-rating", message("{where}: {reason}", where=name, reason=str(error))) from None
    band = raised if scale.rank(raised) > scale.rank(rating.base_band) else rating.base_band
    try:
        found = deadlines(said, clocks(scale, band, values, standard.axes), as_of)
    except OverflowError:
        raise InputError("bad-rating", message("{name}: its clock would end beyond the year 9999", name=name)) from None
    return Entry(name, said, rating, band, found)


def _choices(said: Mapping[str, Any], name: str) -> dict[str, str]:
    return {str(one): str(choice) for one, choice in (said.get(name) or {}).items()}


def figure(
    name: str, entries: Sequence[Entry], scale: RatingScale, standard: Standard, from_band: str | None, below_band: str | None
) -> Figure:
    """The figure ``name`` over the entries of the bands from ``from_band`` on, below ``below_band``.

    Raises InputError ``bad-rating`` for a band that the scale does not have, and where an entry does not say what it takes.
    """
    unknown = next((band for band in (from_band, below_band) if band and scale.rank(band) < 0), None)
    if unknown is not None:
        raise InputError(
            "bad-rating", message("{scale} has no band {unknown}", scale=scale.id, unknown=clean_line(unknown, 40))
        )
    least = scale.rank(from_band) if from_band else 0
    end = scale.rank(below_band) if below_band else len(scale.bands)
    inside = [entry for entry in entries if least <= scale.rank(entry.band) < end]
    undated = next((entry.id for entry in inside if entry.late is None), None)
    if undated is not None and name in ("late", "late-share", "unnoticed"):
        raise InputError("bad-rating", message("{undated} does not say when it was reported", undated=undated))
    holds: dict[str, Callable[[Entry], bool]] = {
        "differences": lambda entry: _differs(entry, standard),
        "lowered": lambda entry: _lowered(entry, scale),
        "unexplained-gaps": lambda entry: _unexplained(entry, scale, standard),
        "late": lambda entry: bool(entry.late),
        "late-share": lambda entry: bool(entry.late),
        "unnoticed": lambda entry: bool(entry.unnoticed),
    }
    found = tuple(entry.id for entry in inside if holds[name](entry))
    share = name.endswith("-share")
    value = Decimal(len(found)) / Decimal(len(inside)) if share and inside else Decimal(0) if share else len(found)
    return Figure(value, found, len(inside))


def _differs(entry: Entry, standard: Standard) -> bool:
    """Whether a stored number or band is not the computed one, or is missing; outside scales included."""
    rating, said = entry.rating, entry.said
    computed = (rating.base, rating.base_band, rating.residual, rating.residual_band)
    if tuple(said.get(name) for name in ("base", "base_band", "residual", "residual_band")) != computed:
        return True
    return any(band != (said.get(other) or {}).get("band") for other, band in _outside(entry, standard).items())


def _lowered(entry: Entry, scale: RatingScale) -> bool:
    override = entry.said.get("override")
    if not override:
        return False
    below = scale.rank(str(override.get("band", ""))) < scale.rank(entry.rating.residual_band)
    return below or not str(override.get("reason") or "").strip()


def _unexplained(entry: Entry, scale: RatingScale, standard: Standard) -> bool:
    for other, band in _outside(entry, standard).items():
        outside = standard.scale(other)
        assert outside is not None  # its id came from the standard
        gap = abs(scale.rank(entry.rating.base_band) - outside.rank(band))
        if gap >= WIDE_GAP and not str((entry.said.get(other) or {}).get("note") or "").strip():
            return True
    return False


def _outside(entry: Entry, standard: Standard) -> dict[str, str]:
    """The bands of other people's scales, where the rater gave their levels. Raises InputError ``bad-rating``."""
    bands = {}
    for scale in standard.scales:
        levels = _choices(entry.said.get(scale.id) or {}, "levels") if scale.outside else {}
        if levels:
            try:
                bands[scale.id] = rate(scale, levels).base_band
            except InputError as error:
                raise InputError("bad-rating", message("{where}: {reason}", where=entry.id, reason=str(error))) from None
    return bands
