"""The audit log: one JSON line per change, appended last, after the record that it tells of is durable.

A line holds a sequence number, the claimed time, who, which act, and the digests of the record before and after. It can show
that a history was continued; it cannot show that a history which never left the building was not rewritten.
"""

import json
import os
from pathlib import Path
from typing import Any

from compliance_tui.safe.files import append_line
from compliance_tui.safe.strict_json import dump_json_line

_TAIL = 64 * 1024


def append(root: Path, entry: dict[str, Any]) -> None:
    """Append ``entry`` under the next sequence number. The caller holds the folder's lock."""
    append_line(root / "log.jsonl", dump_json_line({"seq": _last_sequence(root / "log.jsonl") + 1, **entry}))


def read_log(root: Path) -> list[dict[str, Any]]:
    """All whole lines, oldest first; a line torn by a crash is passed over."""
    try:
        content = (root / "log.jsonl").read_bytes()
    except FileNotFoundError:
        return []
    return [entry for line in content.splitlines() if (entry := _entry(line)) is not None]


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("seq"), int) else None


def _last_sequence(path: Path) -> int:
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return 0
    return next((entry["seq"] for line in reversed(lines) if (entry := _entry(line)) is not None), 0)
