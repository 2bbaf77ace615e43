"""What is to be done about a bypass by when, and what was: the clocks of its band against what its entry says."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from compliance_tui.assessment.compare import moment
from compliance_tui.safe.language import Message, message, nmessage

State = Literal["met", "missed", "running", "over", "waiting", "undated"]
# The field of an entry that says when what a clock runs for was done.
DONE_AT = {
    "triage": "triaged_at",
    "contain": "contained_at",
    "fix": "fixed_at",
    "notify": "partners_told_at",
    "authority": "authorities_told_at",
}
WHAT = {
    "triage": message("triaged"),
    "contain": message("contained"),
    "fix": message("fix proven"),
    "notify": message("partners told"),
    "authority": message("authorities told"),
}


@dataclass(frozen=True)
class Deadline:
    """One clock of an entry, of so many ``hours``; ``since`` None: the entry does not say when it was reported.

    ``met`` and ``missed``: done, in time or late; ``running`` and ``over``: not done, at the instant asked about. The clock for
    telling authorities is ``waiting`` while nothing is late; it starts when the time for containing is over.
    """

    clock: str
    hours: int
    state: State
    as_of: dt.datetime
    since: dt.datetime | None = None
    done: dt.datetime | None = None

    @property
    def due(self) -> dt.datetime | None:
        """The last instant that is in time."""
        return self.since + dt.timedelta(hours=self.hours) if self.since else None

    @property
    def left(self) -> dt.timedelta | None:
        """What was left of the clock when it was done, or is left now; below zero where it was over."""
        return self.due - (self.done or self.as_of) if self.due else None

    @property
    def text(self) -> Message:
        """By when, and how that stands, in words."""
        if self.state == "waiting":
            return nmessage("within one hour, if contained late", "within {number} hours, if contained late", self.hours)
        if self.due is None or self.left is None:
            return nmessage(
                "within one hour of the report",
                "within {number} hours of the report",
                self.hours,
            )
        span, when = length_of(abs(self.left)), f"{self.done or self.due:%Y-%m-%d %H:%M}"
        if self.state == "met":
            return message("done {when}, {span} before its time", when=when, span=span)
        if self.state == "missed":
            return message("done {when}, {span} late", when=when, span=span)
        if self.state == "running":
            return message("by {when}, {span} left", when=when, span=span)
        return message("was due {when}, over by {span}", when=when, span=span)


def deadlines(said: Mapping[str, Any], hours: Mapping[str, int], as_of: dt.datetime) -> tuple[Deadline, ...]:
    """How each of the clocks that run for an entry stands at ``as_of``; ``hours`` are those of its band, from the report.

    Raises OverflowError where a clock would end beyond the year 9999.
    """
    return tuple(_deadlines(said, hours, as_of))


def _deadlines(said: Mapping[str, Any], hours: Mapping[str, int], as_of: dt.datetime) -> Iterator[Deadline]:
    reported = moment(said.get("reported_at") or said.get("found_at"))
    contained = None
    for clock, given in hours.items():
        done, since = _last_moment(said.get(DONE_AT[clock])), reported
        if clock == "authority":
            if contained is None or contained.state in ("met", "running"):
                yield Deadline(clock, given, "waiting", as_of)
                continue
            since = contained.due
        if since is None:
            found = Deadline(clock, given, "undated", as_of)
            contained = found if clock == "contain" else contained
            yield found
            continue
        in_time = (done or as_of) <= since + dt.timedelta(hours=given)
        state: State = ("met" if in_time else "missed") if done else ("running" if in_time else "over")
        found = Deadline(clock, given, state, as_of, since, done)
        contained = found if clock == "contain" else contained
        yield found


def _last_moment(value: object) -> dt.datetime | None:
    """The instant that a value names; something done on a day counts as done when the day is over."""
    instant = moment(value)
    return instant + dt.timedelta(days=1) if instant and isinstance(value, str) and len(value) == 10 else instant


def length_of(span: dt.timedelta) -> Message:
    """A length of time in days and hours; below two hours in minutes."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 120:
        return message("{minutes} min", minutes=minutes)
    days, hours = divmod(minutes // 60, 24)
    if not days:
        return message("{hours} h", hours=hours)
    return message("{days} d {hours} h", days=days, hours=hours)
