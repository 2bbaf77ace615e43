"""What became of an answer over time, from the audit log and the records that ``history/`` keeps."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from compliance_tui.assessment.actions import response_path
from compliance_tui.assessment.cache import parse_record
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.log import read_log
from compliance_tui.assessment.model import Assessment, Item, Response
from compliance_tui.assessment.readiness import ControlState, readiness
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import joined, message
from compliance_tui.safe.toml import LARGEST_TOML
from compliance_tui.safe.words import word

MOST_EVENTS = 100
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Event:
    """One change of an answer: who, when, what they did, and in words what it changed."""

    sequence: int
    at: dt.datetime
    by: str
    act: str
    changes: tuple[str, ...]


def record_of(root: Path, path: str, sha256: str | None, model: type[M]) -> M | None:
    """The record with that digest, from the history or as it is now; None where neither has it."""
    if sha256 is None:
        return None
    for place in (root / "history" / f"{sha256}.toml", root / path):
        try:
            content = read_bounded(place, LARGEST_TOML)
        except InputError:
            continue
        if place.parent.name == "history" or _digest(content) == sha256:
            return parse_record(content, model, str(place))
    return None


def _digest(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def control_history(root: Path, standard: str, control: str, most: int = MOST_EVENTS) -> list[Event]:
    """The last ``most`` changes of the answer to a control, the latest first. Raises InputError for an altered record."""
    path = response_path(standard, control)
    entries = [entry for entry in read_log(root) if entry.get("path") == path][-most:]
    return [_event(root, path, entry) for entry in reversed(entries)]


def _event(root: Path, path: str, entry: Mapping[str, Any]) -> Event:
    before = record_of(root, path, entry.get("before"), Response)
    after = record_of(root, path, entry.get("sha256"), Response)
    changes = tuple(differences(before, after)) if after is not None else (message("what it said then is not kept here"),)
    return Event(int(entry["seq"]), _when(entry), str(entry.get("by", "?")), str(entry.get("act", "?")), changes)


def _when(entry: Mapping[str, Any]) -> dt.datetime:
    try:
        return parse_instant(str(entry.get("at", "")))
    except InputError:
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def differences(before: Response | None, after: Response) -> Iterator[str]:
    """What changed between two states of an answer, one sentence each."""
    old = before or Response(standard=after.standard, control=after.control)
    if old.status != after.status:
        yield message("status {before} → {after}", before=_word(old.status), after=_word(after.status))
    if old.statement != after.statement:
        words, now = len(old.statement.split()), len(after.statement.split())
        yield (
            message("statement of {now} words", now=now)
            if not words
            else message("statement changed, {words} → {now} words", words=words, now=now)
        )
    for item in after.evidence:
        if item not in old.evidence:
            yield message("{item} attached", item=item)
    for item in old.evidence:
        if item not in after.evidence:
            yield message("{item} taken off", item=item)
    if old.waiver != after.waiver:
        yield message("waived until {until}", until=after.waiver.until) if after.waiver else message("waiver ended")
    signed = {(one.person, one.seat, one.seen) for one in old.sign_offs}
    for one in after.sign_offs:
        if (one.person, one.seat, one.seen) not in signed:
            yield message("signed by {person} as {seat}", person=one.person, seat=one.seat)
    kept = {(one.person, one.seat) for one in after.sign_offs}
    for one in old.sign_offs:
        if (one.person, one.seat) not in kept:
            yield message("the sign-off of {person} as {seat} taken back", person=one.person, seat=one.seat)
    if after.recheck and after.recheck != old.recheck:
        yield message("has to be rechecked")


def _word(status: str | None) -> str:
    return word(status) if status else message("open")


def lapse_reasons(contents: Contents, state: ControlState, seat: str) -> list[str]:
    """Why the sign-off of ``seat`` no longer holds: what differs between what was signed and what is there now.

    Found from the log and the history; where those do not tell, that is said.
    """
    response = state.response
    if response is None:
        return []
    path = response_path(state.standard, state.control.id)
    log = read_log(contents.root)
    signing = [
        entry for entry in log if entry.get("path") == path and entry.get("act") == "sign-off" and entry.get("seat") == seat
    ]
    signed = record_of(contents.root, path, signing[-1].get("sha256"), Response) if signing else None
    if signed is None:
        return [message("what was signed is not in the history of this folder")]
    since = int(signing[-1]["seq"])
    found = [_told(contents.root, path, log, since, signed, response)]
    found.append(_release_changes(contents, log, since))
    reasons = [one for some in found for one in some]
    return reasons or [message("the rules of the control, or a stated fact of its evidence, changed since")]


def _told(root: Path, path: str, log: Sequence[Mapping[str, Any]], since: int, signed: Response, now: Response) -> list[str]:
    """The changes of the answer that matter to a sign-off, each with who made it."""
    bound = ("status", "statement", "evidence")
    if all(getattr(signed, name) == getattr(now, name) for name in bound):
        return []
    reasons: list[str] = []
    for entry in log:
        if entry.get("path") != path or int(entry["seq"]) <= since:
            continue
        before = record_of(root, path, entry.get("before"), Response)
        after = record_of(root, path, entry.get("sha256"), Response)
        if before is None or after is None or all(getattr(before, name) == getattr(after, name) for name in bound):
            continue
        same_rest = after.model_copy(update={"sign_offs": before.sign_offs, "waiver": before.waiver})
        changes = joined(differences(before, same_rest), "; ")
        reasons.append(
            message(
                "{changes} by {person} on {at:%Y-%m-%d %H:%M} UTC",
                changes=changes,
                person=entry.get("by", "?"),
                at=_when(entry),
            )
        )
    return reasons or [joined(differences(signed, now.model_copy(update={"sign_offs": signed.sign_offs})), "; ")]


def _release_changes(contents: Contents, log: Sequence[Mapping[str, Any]], since: int) -> list[str]:
    """What changed in the release itself: axis values, name, version, artifacts."""
    path = "assessment.toml"
    later = [entry for entry in log if entry.get("path") == path and int(entry["seq"]) > since]
    then = record_of(contents.root, path, later[0].get("before"), Assessment) if later else None
    if then is None:
        return []
    now = contents.assessment
    reasons: list[str] = []
    for name in sorted({*then.axes, *now.axes}):
        if then.axes.get(name) != now.axes.get(name):
            unset = message("not set")
            before, after = then.axes.get(name, unset), now.axes.get(name, unset)
            reasons.append(message("{axis} {before} → {after}", axis=name, before=before, after=after))
    if (then.subject.name, then.subject.version) != (now.subject.name, now.subject.version):
        reasons.append(
            message(
                "the release {before} → {after}",
                before=f"{then.subject.name} {then.subject.version}",
                after=f"{now.subject.name} {now.subject.version}".strip(),
            )
        )
    if sorted(one.sha256 for one in then.subject.artifacts) != sorted(one.sha256 for one in now.subject.artifacts):
        reasons.append(message("the artifacts of the release changed"))
    if then.standards != now.standards:
        reasons.append(message("another version of the standard is pinned"))
    return reasons


@dataclass(frozen=True)
class Point:
    """How many required controls were in order at the end of a day, by today's rules and axis values."""

    day: dt.date
    in_order: int
    required: int


def trend(contents: Contents, as_of: dt.datetime, most: int = 12) -> list[Point]:
    """The last ``most`` days on which something changed, oldest first, each judged by the rules and axes of today.

    A day whose records are no longer in the history is judged by those that are.
    """
    entries = [one for one in read_log(contents.root) if isinstance(one.get("path"), str) and isinstance(one.get("at"), str)]
    days = [(day, list(some)) for day, some in groupby(entries, key=lambda one: _when(one).date())]
    ends: dict[dt.date, dict[str, str | None]] = {}
    known: dict[str, str | None] = {}
    for day, some in days:
        known = {**known, **{entry["path"]: entry.get("sha256") for entry in some}}
        ends[day] = known
    return [_point(contents, day, ends[day], as_of) for day in sorted(ends)[-most:]]


def _point(contents: Contents, day: dt.date, records: Mapping[str, str | None], as_of: dt.datetime) -> Point:
    responses, items = {}, {}
    for path, sha256 in records.items():
        if path.startswith("responses/") and (response := record_of(contents.root, path, sha256, Response)) is not None:
            responses[response.standard, response.control] = response
        elif path.startswith("evidence/") and (item := record_of(contents.root, path, sha256, Item)) is not None:
            items[item.id] = item
    end = min(as_of, dt.datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=dt.UTC))
    result = readiness(contents.standards, contents.assessment, responses, items, end)
    required = sum(state.level == "required" for state in result.controls)
    return Point(day, required - len(result.blocking()), required)
