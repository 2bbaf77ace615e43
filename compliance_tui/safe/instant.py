"""Instants and dates as text: RFC 3339 in UTC, ISO 8601. The clock is read only by ``now``, and only by the front ends."""

import datetime as dt

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message


def now() -> dt.datetime:
    """The present second, in UTC. Logic takes an instant as a parameter; only ``cli``, ``tui`` and benchmarks call this."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def format_instant(instant: dt.datetime) -> str:
    """RFC 3339 in UTC with a ``Z`` (``2026-11-23T15:00:00Z``)."""
    return instant.astimezone(dt.UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_instant(text: str) -> dt.datetime:
    """An RFC 3339 instant, or a date (which stands for its first second, UTC).

    Raises InputError ``bad-instant`` for anything else, an instant without an offset included.
    """
    try:
        if len(text) == 10:
            day = dt.date.fromisoformat(text)
            return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
        instant = dt.datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise InputError(
            "bad-instant", message("{text!r} is not an instant; write 2026-12-15 or 2026-12-15T09:00:00Z", text=text[:40])
        ) from None
