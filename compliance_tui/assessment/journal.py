"""Changing many files of an assessment at once: all of them, or none, whatever instant the power goes.

The new bytes are staged under ``.migration/new``; then ``.migration/journal.json`` gets its name, and from that instant the
change has happened: whoever opens the folder next finishes it. Before that instant nothing has happened. Every step of
finishing can be repeated. What a file said before stays under ``history/``, as with every other write.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compliance_tui.assessment import log
from compliance_tui.safe.files import fsync_folder, write_atomic
from compliance_tui.safe.strict_json import dump_json

_FOLDER = ".migration"
_JOURNAL = f"{_FOLDER}/journal.json"
LAST = "history/last-migration.json"


def is_pending(root: Path) -> bool:
    """Whether a change of many files was decided and not finished yet."""
    return (root / _JOURNAL).exists()


def last_finished(root: Path) -> int:
    """A number that differs after every finished change (the time of the assessment's own record, in nanoseconds)."""
    try:
        return os.stat(root / "assessment.toml").st_mtime_ns
    except FileNotFoundError:
        return 0


def commit(root: Path, identifier: str, files: Mapping[str, bytes | None], entry: Mapping[str, Any], *, undo: bool) -> None:
    """Give every path of ``files`` its new bytes (None: the file goes), and log each with ``entry``. The caller holds the lock.

    ``identifier`` names the change and is used once. ``undo`` keeps what is needed to take it back.
    """
    staged = root / _FOLDER / "new"
    shutil.rmtree(root / _FOLDER, ignore_errors=True)
    staged.mkdir(parents=True)
    steps = []
    for number, (path, content) in enumerate(sorted(files.items())):
        before = _digest(root / path)
        after = hashlib.sha256(content).hexdigest() if content is not None else None
        if before == after:
            continue
        if content is not None:
            write_atomic(staged / str(number), content, settle=False)
        steps.append({"path": path, "before": before, "after": after, "staged": str(number) if content is not None else None})
    fsync_folder(staged)
    write_atomic(root / _JOURNAL, dump_json({"id": identifier, "undo": undo, "entry": dict(entry), "files": steps}))
    fsync_folder(root)
    finish(root)


def finish(root: Path) -> None:
    """Finish a change that was decided. The caller holds the lock."""
    try:
        journal = json.loads((root / _JOURNAL).read_bytes())
    except FileNotFoundError:
        return
    steps = journal["files"]
    for step in steps:
        _apply(root, step)
    for folder in sorted({(root / step["path"]).parent for step in steps}):
        if folder.is_dir():
            fsync_folder(folder)
    _log(root, journal)
    if journal["undo"]:
        write_atomic(root / LAST, dump_json({"id": journal["id"], "entry": journal["entry"], "files": steps}))
    else:
        (root / LAST).unlink(missing_ok=True)
    for folder in {(root / step["path"]).parent for step in steps if step["after"] is None}:
        with contextlib.suppress(OSError):  # one that still holds something stays
            folder.rmdir()
            folder.parent.rmdir()
    os.unlink(root / _JOURNAL)
    fsync_folder(root / _FOLDER)
    shutil.rmtree(root / _FOLDER, ignore_errors=True)


def _apply(root: Path, step: Mapping[str, Any]) -> None:
    target = root / step["path"]
    if step["before"] is not None and _digest(target) == step["before"]:
        keep_before(root, target, step["before"])
    if step["after"] is None:
        target.unlink(missing_ok=True)
        return
    staged = root / _FOLDER / "new" / step["staged"]
    if staged.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged, target)


def keep_before(root: Path, target: Path, digest: str) -> None:
    """Give the bytes that are about to be replaced a second name in ``history/``; a link costs no copy."""
    history = root / "history"
    history.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.link(target, history / f"{digest}.toml")


def _log(root: Path, journal: Mapping[str, Any]) -> None:
    """One line for each file, then one for the whole; those that an earlier try wrote are not written again."""
    identifier = journal["id"]
    written = [entry.get("path") for entry in log.read_log(root) if entry.get("migration") == identifier]
    changes = [
        {"path": step["path"], "before": step["before"], "sha256": step["after"]}
        for step in journal["files"]
        if step["path"] not in written
    ]
    if None not in written:
        changes.append({"files": len(journal["files"])})
    log.append_all(root, [{**journal["entry"], "migration": identifier, **change} for change in changes])


def last_change(root: Path) -> dict[str, Any] | None:
    """The last change of many files that can still be looked at for taking it back; None where there is none."""
    try:
        found = json.loads((root / LAST).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def changed_since(root: Path, steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """The paths that are no longer as the change left them."""
    return [step["path"] for step in steps if _digest(root / step["path"]) != step["after"]]


def bytes_before(root: Path, steps: Sequence[Mapping[str, Any]]) -> dict[str, bytes | None]:
    """For each path what it held before the change. Raises FileNotFoundError where the history was thrown away."""
    return {
        step["path"]: (root / "history" / f"{step['before']}.toml").read_bytes() if step["before"] else None for step in steps
    }


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
