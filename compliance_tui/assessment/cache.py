"""Records that did not change are not parsed again: one JSON file in ``.cache``, each entry checked against the file's stat.

Within one process, bytes that were parsed or written a moment ago are known by their SHA-256.

Losing the cache costs time and nothing else. As git does with its index, an entry is trusted only if its file was last
touched well before the cache was written: within one tick of the clock, two versions can look alike.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from compliance_tui import __version__
from compliance_tui.safe.files import read_bounded, write_atomic
from compliance_tui.safe.model import load_model

_RACY_NANOSECONDS = 2_000_000_000
M = TypeVar("M", bound=BaseModel)
_Stat = tuple[int, int, int, int]


_MOST_KNOWN = 256
# A register of a thousand entries leaves its ratings in the record of its item.
LARGEST_RECORD = 2 << 20
_known_bytes: dict[tuple[type[BaseModel], str], BaseModel] = {}


def parse_record(content: bytes, model: type[M], where: str) -> M:
    """The record in ``content``, as ``load_model``; bytes that are known already are not parsed again."""
    sha256 = hashlib.sha256(content).hexdigest()
    known = _known_bytes.get((model, sha256))
    if isinstance(known, model):
        return known
    record = load_model(content, model, where, limit=LARGEST_RECORD)
    know_record(record, sha256)
    return record


def read_record(path: Path, model: type[M]) -> M:
    """The record in the file at ``path``. Raises InputError naming file, line and field."""
    return parse_record(read_bounded(path, LARGEST_RECORD), model, str(path))


def know_record(record: BaseModel, sha256: str) -> None:
    """Remember what the bytes with that digest say; the oldest are forgotten."""
    _known_bytes[type(record), sha256] = record
    while len(_known_bytes) > _MOST_KNOWN:
        _known_bytes.pop(next(iter(_known_bytes)))


def read_records(root: Path, folder: str, pattern: str, model: type[M]) -> dict[str, M]:
    """Every record under ``folder`` that matches ``pattern``, by its path in the assessment, in sorted order."""
    stats = dict(sorted(_stats(root, folder, pattern)))
    known = _read_cache(root, folder, model)
    records: dict[str, M] = {}
    fresh = 0
    for path, stat in stats.items():
        cached = known.get(path)
        if cached is not None and cached[0] == stat:
            records[path] = cached[1]
        else:
            records[path] = read_record(root / path, model)
            fresh += 1
    if fresh or len(known) != len(stats):
        _write_cache(root, folder, stats, records)
    return records


def _stats(root: Path, folder: str, pattern: str) -> Iterator[tuple[str, _Stat]]:
    top = root / folder
    folders = [top]
    if pattern.startswith("*/"):
        folders = sorted(path for path in top.iterdir() if path.is_dir()) if top.is_dir() else []
    prefix = pattern.rpartition("/")[2].partition("*")[0]
    for inside in folders:
        with contextlib.suppress(FileNotFoundError), os.scandir(inside) as entries:
            for entry in entries:
                if entry.name.endswith(".toml") and entry.name.startswith(prefix) and not entry.name.startswith("."):
                    stat = entry.stat(follow_symlinks=False)
                    path = f"{inside.relative_to(root).as_posix()}/{entry.name}"
                    yield path, (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)


def _cache_path(root: Path, folder: str) -> Path:
    return root / ".cache" / f"{folder}.json"


def _read_cache(root: Path, folder: str, model: type[M]) -> dict[str, tuple[_Stat, M]]:
    path = _cache_path(root, folder)
    try:
        content = path.read_bytes()
        written = path.stat().st_mtime_ns
        adapter = TypeAdapter(tuple[str, dict[str, tuple[_Stat, model]]])  # type: ignore[valid-type]
        version, entries = adapter.validate_json(content)
    except (OSError, ValidationError):
        return {}
    if version != __version__:
        return {}
    return {name: entry for name, entry in entries.items() if max(entry[0][:2]) < written - _RACY_NANOSECONDS}


def _write_cache(root: Path, folder: str, stats: dict[str, _Stat], records: dict[str, M]) -> None:
    entries: dict[str, Any] = {
        path: (stats[path], record.model_dump(mode="json", by_alias=True)) for path, record in records.items()
    }
    path = _cache_path(root, folder)
    with contextlib.suppress(OSError):  # a folder that cannot be written is still read
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, json.dumps([__version__, entries], separators=(",", ":")).encode(), mode=0o600)
