"""The audit log: one JSON line per change, appended last, after the record that it tells of is durable.

A line holds a sequence number, the claimed time, who, which act, and the digests of the record before and after. It can show
that a history was continued; it cannot show that a history which never left the building was not rewritten.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from compliance_tui.safe.files import Tail, append_line
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.strict_json import dump_json_line

_TAIL = 4 * 1024
_WHOLE = 1 << 40
RECORDS = ("assessment.toml", "responses/*/*.toml", "evidence/E-*.toml", "archive/*/*.toml")


def append(root: Path, entry: dict[str, Any]) -> None:
    """Append ``entry`` under the next sequence number. The caller holds the folder's lock."""
    append_all(root, [entry])


def append_all(root: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Append ``entries`` in one write, under the next sequence numbers. The caller holds the folder's lock."""

    def compose(tail: Tail) -> bytes:
        first = _last_sequence(tail) + 1
        return b"\n".join(dump_json_line({"seq": first + place, **entry}) for place, entry in enumerate(entries))

    if entries:
        append_line(root / "log.jsonl", compose)


def read_log(root: Path) -> list[dict[str, Any]]:
    """All whole lines, oldest first; a line torn by a crash is passed over."""
    try:
        content = (root / "log.jsonl").read_bytes()
    except FileNotFoundError:
        return []
    return [entry for line in content.splitlines() if (entry := _entry(line)) is not None]


def reconcile(root: Path, by: str, at: dt.datetime) -> list[str]:
    """Log what the log does not know: records changed by hand or by a merge, or whose line a crash took.

    Each gets a line ``found`` with its digest before and now, so that the log again ends where the records are; gives their
    paths. The caller holds the folder's lock.
    """
    known: dict[str, str | None] = {}
    for entry in read_log(root):
        if isinstance(entry.get("path"), str) and any(PurePosixPath(entry["path"]).match(pattern) for pattern in RECORDS):
            known[entry["path"]] = entry.get("sha256")
    there = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in RECORDS
        for path in sorted(root.glob(pattern))
        if path.is_file()
    }
    gone = {path for path, sha256 in known.items() if sha256 is not None and path not in there}
    odd = sorted(gone | {path for path, sha256 in there.items() if known.get(path) != sha256})
    found = {"at": format_instant(at), "by": by, "act": "found"}
    append_all(root, [{**found, "path": path, "before": known.get(path), "sha256": there.get(path)} for path in odd])
    return odd


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("seq"), int) else None


def _last_sequence(tail: Tail) -> int:
    """The sequence number of the last whole line; the end of the log holds it, unless something long was torn there."""
    for count in (_TAIL, _WHOLE):
        lines = tail(count).splitlines()
        for line in reversed(lines):
            if (entry := _entry(line)) is not None:
                return int(entry["seq"])
    return 0
