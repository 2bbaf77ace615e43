"""Rating a register of bypasses by a standard's scale: each entry with its numbers, clocks, outside scales and cautions."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from compliance_tui.assessment.deadlines import Deadline
from compliance_tui.assessment.register import Entry, read_entries
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import dump_json_line
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.model import Standard
from compliance_tui.standard.rating import Rating, cautions, clocks, jef, rate
from compliance_tui.standard.scale import RatingScale


@dataclass(frozen=True)
class RatedEntry:
    """One entry with all that the scale and other people's scales say of it. Outside figures are never converted into ours.

    ``levels`` and ``options`` are what the rating is of: a level for each axis, an option for each modifier.
    """

    entry: Entry
    scale: RatingScale
    levels: Mapping[str, str]
    options: Mapping[str, str]
    clocks: Mapping[str, int]
    outside: Mapping[str, Rating]
    jef: Decimal | None
    cautions: tuple[str, ...]
    as_stored: bool

    @property
    def raised_to(self) -> str:
        """The higher band people put in place of the computed one; empty where none is: they may not lower it."""
        wanted = str((self.entry.said.get("override") or {}).get("band", ""))
        return wanted if self.scale.rank(wanted) > self.scale.rank(self.entry.rating.residual_band) else ""

    @property
    def band(self) -> str:
        """The residual band in force: the computed one, or the higher one that people raised it to."""
        return self.raised_to or self.entry.rating.residual_band

    @property
    def override(self) -> str:
        """What people decided in place of the computed band, and what became of it, in words; empty where they did not."""
        said = self.entry.said.get("override") or {}
        wanted, reason, by = (str(said.get(name) or "").strip() for name in ("band", "reason", "by"))
        if not wanted:
            return ""
        if not self.raised_to:
            return message("{band} was asked for and is not higher: people may raise a rating, never lower it", band=wanted)
        if not reason:
            return message("raised to {band}; no reason is given for it", band=wanted)
        return message("raised to {band} ({by}): {reason}", band=wanted, by=by or "?", reason=reason)


def scale_of(standard: Standard, identifier: str | None = None) -> RatingScale:
    """The scale with that id, or the standard's own one. Raises InputError ``no-scale``."""
    own = [scale for scale in standard.scales if (scale.id == identifier if identifier else not scale.outside)]
    if not own:
        raise InputError(
            "no-scale",
            message(
                "{standard} {version} has no rating scale {identifier}",
                standard=standard.id,
                version=standard.version,
                identifier=clean_line(identifier or "", 40),
            ),
        )
    return own[0]


def rate_register(
    register: Mapping[str, Any], standard: Standard, values: Mapping[str, str], as_of: dt.datetime
) -> list[RatedEntry]:
    """Every entry of a register (the JSON of the kind ``jailbreak-register``), rated by the scale that it names.

    ``values`` are the axis values that clocks and cautions depend on. Raises InputError ``bad-rating`` or ``no-scale``.
    """
    scale = scale_of(standard, str(register.get("scale") or "") or None)
    entries = register.get("entries")
    if not isinstance(entries, list):
        raise InputError("bad-rating", message("the register has no list of entries"))
    read = read_entries([dump_json_line(one).decode() for one in entries], scale, standard, values, as_of)
    return [_rated(entry, scale, standard, values) for entry in read]


def _rated(entry: Entry, scale: RatingScale, standard: Standard, values: Mapping[str, str]) -> RatedEntry:
    said = entry.said
    levels = {axis: str(level) for axis, level in said["levels"].items()}
    outside = {}
    for other in standard.scales:
        given = (said.get(other.id) or {}).get("levels") if other.outside else None
        if given:
            outside[other.id] = rate(other, {axis: str(level) for axis, level in given.items()})
    shares = {name: Decimal(str(share)) for name, share in (said.get("jef") or {}).items() if name != "score"}
    stored = tuple(said.get(name) for name in ("base", "base_band", "residual", "residual_band"))
    options = {modifier.id: modifier.options[0].id for modifier in scale.modifiers}
    options |= {name: str(option) for name, option in (said.get("modifiers") or {}).items()}
    return RatedEntry(
        entry,
        scale,
        levels,
        options,
        clocks(scale, entry.band, values, standard.axes),
        outside,
        jef(shares) if shares else None,
        tuple(cautions(scale, levels, said, values, standard.axes)),
        stored == _numbers(entry.rating)
        and all((said.get(name) or {}).get("band") == one.base_band for name, one in outside.items()),
    )


def _numbers(rating: Rating) -> tuple[int, str, int, str]:
    return rating.base, rating.base_band, rating.residual, rating.residual_band


def with_ratings(register: Mapping[str, Any], rated: list[RatedEntry]) -> dict[str, Any]:
    """The register with every computed number and band written into its entries; what people wrote stays."""
    entries = []
    for said, one in zip(register["entries"], rated, strict=True):
        base, base_band, residual, residual_band = _numbers(one.entry.rating)
        filled = {**said, "base": base, "base_band": base_band, "residual": residual, "residual_band": residual_band}
        for name, outside in one.outside.items():
            filled[name] = {**said[name], "band": outside.base_band}
        entries.append(filled)
    return {**register, "entries": entries}


def rating_json(rated: list[RatedEntry]) -> list[dict[str, Any]]:
    """What ``rate --json`` prints."""
    return [
        {
            "id": one.entry.id,
            "base": one.entry.rating.base,
            "base_band": one.entry.rating.base_band,
            "residual": one.entry.rating.residual,
            "residual_band": one.entry.rating.residual_band,
            "band": one.band,
            "override": one.override,
            "as_stored": one.as_stored,
            "clocks": dict(one.clocks),
            "late": one.entry.late,
            "deadlines": [_deadline_json(deadline) for deadline in one.entry.deadlines],
            "outside": {name: {"points": rating.base, "band": rating.base_band} for name, rating in one.outside.items()},
            "jef": str(one.jef) if one.jef is not None else None,
            "cautions": list(one.cautions),
        }
        for one in rated
    ]


def _deadline_json(deadline: Deadline) -> dict[str, Any]:
    return {
        "clock": deadline.clock,
        "hours": deadline.hours,
        "state": deadline.state,
        "due": format_instant(deadline.due) if deadline.due else None,
        "done": format_instant(deadline.done) if deadline.done else None,
    }


def single_entry(levels: Mapping[str, str], modifiers: Mapping[str, str]) -> dict[str, Any]:
    """A register of one nameless entry, for rating by hand."""
    return {"entries": [{"id": "this", "levels": dict(levels), "modifiers": dict(modifiers)}]}
