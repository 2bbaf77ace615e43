"""The register of confirmed bypasses, ``{"form": "jailbreak-register/1", …}``: ratings, states, clocks; never how to do it.

A field that the register does not know is refused, so that no reproduction kit slips in: an entry holds the kit's SHA-256. The
rating is not computed here. The fact ``ratings`` carries what a standard's scale needs to compute it again.
"""

import datetime as dt
import re
from collections import Counter
from decimal import Decimal
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StrictInt, StrictStr, StringConstraints

from compliance_tui.evidence.fact import Fact, Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.reading import Gatherer, all_bytes, refuse
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.model import load_json_model
from compliance_tui.safe.strict_json import dump_json_line
from compliance_tui.safe.text import clean_line

READER = "jailbreak-register/1"
LARGEST_REGISTER = 8 << 20
MOST_ENTRIES = 1000
LONGEST_RATING = 2000


def _day(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        raise ValueError(message("should be a date, YYYY-MM-DD"))
    dt.date.fromisoformat(text)
    return text


def _instant(text: str) -> str:
    try:
        parse_instant(text)
    except InputError as error:
        raise ValueError(str(error)) from None
    return text


Day = Annotated[StrictStr, AfterValidator(_day)]
Instant = Annotated[StrictStr, AfterValidator(_instant)]
Name = Annotated[StrictStr, StringConstraints(min_length=1, max_length=120)]
Note = Annotated[StrictStr, StringConstraints(max_length=500)]
Slug = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
# A band ends in its digit: J0 to J4, CJS-0 to CJS-4.
Band = Annotated[StrictStr, StringConstraints(pattern=r"^[A-Z]{1,8}-?[0-9]$")]
Digest = Annotated[StrictStr, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Level = StrictInt | Annotated[Decimal, Strict()] | Annotated[StrictStr, StringConstraints(pattern=r"^[0-9a-z.-]{1,20}$")]
Levels = Annotated[dict[Slug, Level], Field(max_length=20)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Override(_Model):
    """A band that people put in place of the computed one: they may raise it, with a reason."""

    band: Band
    reason: Note = ""
    by: Note = ""


class Rater(_Model):
    """Who rated alone, before differences were settled, and how."""

    person: Name
    levels: Levels


class OutsideRating(_Model):
    """The same entry on somebody else's scale, from levels that a rater typed; the note explains a wide gap."""

    levels: Levels
    band: Band | None = None
    note: Note = ""


class Entry(_Model):
    """One confirmed bypass. What is left out or null is missing; what is there has to be right."""

    id: Name
    title: Annotated[StrictStr, StringConstraints(max_length=200)] | None = None
    found_at: Instant | None = None
    reported_at: Instant | None = None
    surfaces: list[Name] | None = None
    class_: Literal["minor", "narrow", "universal"] | None = Field(None, alias="class")
    state: Literal["open", "closed"] | None = None
    owner: Name | None = None
    kit_sha256: Digest | None = None
    levels: Levels | None = None
    modifiers: Annotated[dict[Slug, Slug], Field(max_length=20)] | None = None
    base: StrictInt | None = None
    base_band: Band | None = None
    residual: StrictInt | None = None
    residual_band: Band | None = None
    override: Override | None = None
    raters: list[Rater] | None = None
    cjs: OutsideRating | None = None
    jef: Annotated[dict[Slug, Level], Field(max_length=20)] | None = None
    replay_log_sha256: Digest | None = None
    triaged_at: Instant | None = None
    contained_at: Instant | None = None
    fixed_at: Instant | None = None
    partners_told_at: Instant | None = None
    authorities_told_at: Instant | None = None


class Register(_Model):
    """The whole register, and the id of the rating scale that its levels belong to."""

    form: Literal["jailbreak-register/1"]
    speaks_of: Day
    note: Note = ""
    help: Any = None
    scale: Slug
    entries: Annotated[list[Entry], Field(max_length=MOST_ENTRIES)]


_REQUIRED = (
    "title", "found_at", "reported_at", "surfaces", "class_", "state", "owner", "kit_sha256", "levels", "base", "base_band",
    "residual", "residual_band", "raters",
)  # fmt: skip
_RATED = {
    "id", "state", "class_", "levels", "modifiers", "base", "base_band", "residual", "residual_band", "override", "cjs", "jef",
    "replay_log_sha256", "found_at", "reported_at", "triaged_at", "contained_at", "fixed_at", "partners_told_at",
    "authorities_told_at",
}  # fmt: skip


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a register. Raises InputError ``unreadable-evidence`` where an entry is not what the register knows."""
    register = load_json_model(all_bytes(file, name, LARGEST_REGISTER), Register, clean_line(name), limit=LARGEST_REGISTER)
    entries = register.entries
    for identifier, times in Counter(one.id for one in entries).items():
        if times > 1:
            refuse(
                name,
                message(
                    "{times} entries are called {identifier}; each needs an id of its own",
                    times=times,
                    identifier=clean_line(identifier, 60),
                ),
            )
    found, warnings = Gatherer(name), list[str]()
    found.add("speaks_of", register.speaks_of, "/speaks_of")
    found.add("scale", register.scale, "/scale")
    incomplete = [one.id for one in entries if _is_incomplete(one)]
    still_open = [one for one in entries if one.state != "closed"]
    found.count("entries", len(entries), "/entries", "entries")
    found.count("open_entries", len(still_open), "/entries/*/state", "entries")
    found.count("incomplete_entries", len(incomplete), "/entries", "entries")
    bands = [_band_in_force(one) for one in still_open]
    if None in bands:
        warnings.append(message("an open entry has no residual_band; the highest open band is not known"))
    else:
        found.count("highest_open_band", max((band for band in bands if band is not None), default=0), "/entries", "band")
    found.count("widest_rater_gap", max(map(_gap, entries), default=0), "/entries/*/raters", "levels")
    single = sum(len({rater.person for rater in one.raters or []}) < 2 for one in entries)
    found.count("single_rated_entries", single, "/entries/*/raters", "entries")
    found.count("entries_without_kit_hash", sum(one.kit_sha256 is None for one in entries), "/entries/*/kit_sha256", "entries")
    ratings = tuple(_rating(one, name) for one in entries)
    facts = {**found.facts, "ratings": Fact(value=ratings, where=f"{name[:200]}#/entries")}
    if not entries:
        warnings.append(message("the register holds no entries"))
    if incomplete:
        warnings.append(
            message("a field is missing in {incomplete}", incomplete=", ".join(clean_line(one, 40) for one in incomplete[:5]))
        )
    return Facts(kind=kind.id, reader=READER, facts=facts, warnings=tuple(warnings))


def _is_incomplete(entry: Entry) -> bool:
    """Whether a required field is missing or empty, no rater is named, or a rater left out an axis."""
    missing = any(getattr(entry, field) in (None, "", [], {}) for field in _REQUIRED)
    return missing or any(set(rater.levels) != set(entry.levels or {}) for rater in entry.raters or [])


def _band_in_force(entry: Entry) -> int | None:
    """The digit of the residual band, or of the one to which people raised it."""
    if entry.residual_band is None:
        return None
    computed = int(entry.residual_band[-1])
    return max(computed, int(entry.override.band[-1])) if entry.override else computed


def _gap(entry: Entry) -> int:
    """The widest distance between two raters' levels on one axis, in whole levels, rounded up."""
    widest = Decimal(0)
    for axis in {axis for rater in entry.raters or [] for axis in rater.levels}:
        levels = [level for rater in entry.raters or [] if (level := rater.levels.get(axis)) is not None]
        numbers = [Decimal(level) for level in levels if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", str(level), re.ASCII)]
        if len(numbers) != len(levels):
            raise InputError(
                "unreadable-evidence",
                message("{entry}: raters give levels of {axis} as numbers", entry=clean_line(entry.id, 60), axis=axis),
            )
        widest = max(widest, max(numbers) - min(numbers))
    return -int(-widest // 1)


def _rating(entry: Entry, name: str) -> str:
    text = dump_json_line(entry.model_dump(by_alias=True, include=_RATED, exclude_defaults=True)).decode()
    if len(text) > LONGEST_RATING:
        refuse(
            name,
            message(
                "{entry}: more than {most:,} characters of ratings; shorten its notes",
                entry=clean_line(entry.id, 60),
                most=LONGEST_RATING,
            ),
        )
    return text
