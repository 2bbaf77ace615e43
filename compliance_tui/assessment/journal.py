"""Changing many files of an assessment at once: all of them, or none, whatever instant the power goes.

The new bytes are staged under ``.migration/new``; then ``.migration/journal.json`` gets its name, and from that instant the
change has happened: whoever opens the folder next finishes it. Before that instant nothing has happened. Every step of
finishing can be repeated. What a file said before stays under ``history/``, as with every other write.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import StrictBool, StringConstraints, model_validator

from compliance_tui.assessment import log
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import fsync_folder, read_bounded, write_atomic
from compliance_tui.safe.language import message
from compliance_tui.safe.model import load_json_model
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.rule import Digest, Model

_FOLDER = ".migration"
_JOURNAL = f"{_FOLDER}/journal.json"
_LARGEST = 64 * (1 << 20)
LAST = "history/last-migration.json"

# A journal may come with somebody else's folder: it names records of an assessment, and nothing else on this machine.
_NAME = r"[0-9A-Za-z][0-9A-Za-z._+~-]*"
_Place = Annotated[
    str,
    StringConstraints(
        pattern=rf"^(assessment\.toml|standards/{_NAME}\.(toml|json)|(responses|archive)/{_NAME}/{_NAME}\.toml)$"
    ),
]


class FileStep(Model):
    """One file of a change: the digests of what it held before and holds after (None: it is not there)."""

    path: _Place
    before: Digest | None
    after: Digest | None
    staged: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")] | None


class Journal(Model):
    """One change of many files, as it was decided, and what the log says of it; ``undo`` where it can be taken back."""

    id: str
    undo: StrictBool
    entry: dict[str, str]
    files: list[FileStep]

    @model_validator(mode="after")
    def _known_move(self) -> "Journal":
        if self.undo and not {"standard", "from", "to"} <= set(self.entry):
            raise ValueError(message("what can be taken back says which standard moved from where to where"))
        return self


def is_pending(root: Path) -> bool:
    """Whether a change of many files was decided and not finished yet."""
    return os.path.exists(f"{root}/{_JOURNAL}")


def last_finished(root: Path) -> int:
    """A number that differs after every finished change (the time of the assessment's own record, in nanoseconds)."""
    try:
        return os.stat(root / "assessment.toml").st_mtime_ns
    except FileNotFoundError:
        return 0


def commit(root: Path, identifier: str, files: Mapping[str, bytes | None], entry: Mapping[str, str], *, undo: bool) -> None:
    """Give every path of ``files`` its new bytes (None: the file goes), and log each with ``entry``. The caller holds the lock.

    ``identifier`` names the change and is used once. ``undo`` keeps what is needed to take it back.
    """
    try:
        _decide(root, identifier, files, entry, undo)
    except BaseException:
        (root / _JOURNAL).unlink(missing_ok=True)  # before what it speaks of goes
        shutil.rmtree(root / _FOLDER, ignore_errors=True)
        raise
    finish(root)


def _decide(root: Path, identifier: str, files: Mapping[str, bytes | None], entry: Mapping[str, str], undo: bool) -> None:
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
        steps.append(FileStep(path=path, before=before, after=after, staged=str(number) if content is not None else None))
    fsync_folder(staged)
    journal = Journal(id=identifier, undo=undo, entry=dict(entry), files=steps)
    write_atomic(root / _JOURNAL, dump_json(journal.model_dump()))
    fsync_folder(root)


def finish(root: Path) -> None:
    """Finish a change that was decided. The caller holds the lock.

    Raises InputError for a journal that this program did not write.
    """
    if not is_pending(root):
        return
    journal = _read(root / _JOURNAL)
    _refuse_links(root, journal)
    for step in journal.files:
        there = _digest(root / step.path)
        if there not in (None, step.after):
            keep_before(root, root / step.path, there)
    if (root / "history").is_dir():
        fsync_folder(root / "history")
    for step in journal.files:
        _apply(root, step)
    for folder in sorted({(root / step.path).parent for step in journal.files}):
        if folder.is_dir():
            fsync_folder(folder)
    _log(root, journal)
    if journal.undo:
        write_atomic(root / LAST, dump_json(journal.model_dump()))
    else:
        (root / LAST).unlink(missing_ok=True)
    for folder in {(root / step.path).parent for step in journal.files if step.after is None}:
        with contextlib.suppress(OSError):  # one that still holds something stays
            folder.rmdir()
            folder.parent.rmdir()
    os.unlink(root / _JOURNAL)
    with contextlib.suppress(OSError):  # it has all happened; should the journal come back, it finds nothing to do
        fsync_folder(root / _FOLDER)
    shutil.rmtree(root / _FOLDER, ignore_errors=True)


def _read(path: Path) -> Journal:
    return load_json_model(read_bounded(path, _LARGEST), Journal, str(path), limit=_LARGEST)


def _refuse_links(root: Path, journal: Journal) -> None:
    """Whoever links a folder of the assessment elsewhere does not get files written there."""
    home = root.resolve()
    for folder in {Path(step.path).parent for step in journal.files}:
        if (root / folder).resolve() != home / folder:
            raise InputError(
                "not-regular",
                message("{root}: leads out of the assessment; replace the link", root=clean_line(str(root / folder))),
            )


def _apply(root: Path, step: FileStep) -> None:
    target = root / step.path
    if step.staged is None:
        target.unlink(missing_ok=True)
        return
    staged = root / _FOLDER / "new" / step.staged
    if staged.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged, target)


def keep_before(root: Path, target: Path, digest: str) -> None:
    """Give the bytes that are about to be replaced a second name in ``history/``; a link costs no copy."""
    kept = f"{root}/history/{digest}.toml"
    with contextlib.suppress(FileExistsError):
        try:
            os.link(target, kept)
        except FileNotFoundError:
            (root / "history").mkdir(exist_ok=True)
            os.link(target, kept)


def _log(root: Path, journal: Journal) -> None:
    """One line for each file, then one for the whole; those that an earlier try wrote are not written again."""
    written = [entry.get("path") for entry in log.read_log(root) if entry.get("migration") == journal.id]
    about: dict[str, Any] = {**journal.entry, "migration": journal.id}
    lines = [
        {**about, "path": step.path, "before": step.before, "sha256": step.after}
        for step in journal.files
        if step.path not in written
    ]
    if None not in written:
        lines.append({**about, "files": len(journal.files)})
    log.append_all(root, lines)


def logged_since(root: Path, identifier: str) -> list[str]:
    """The paths of which the log tells after the change of that name."""
    entries = log.read_log(root)
    last = max((place for place, entry in enumerate(entries) if entry.get("migration") == identifier), default=len(entries))
    return [entry["path"] for entry in entries[last + 1 :] if isinstance(entry.get("path"), str)]


def last_change(root: Path) -> Journal | None:
    """The last change of many files, if it can still be taken back. Raises InputError for one that was tampered with."""
    return _read(root / LAST) if (root / LAST).exists() else None


def changed_since(root: Path, journal: Journal) -> list[str]:
    """The paths that are no longer as the change left them."""
    return [step.path for step in journal.files if _digest(root / step.path) != step.after]


def bytes_before(root: Path, journal: Journal) -> dict[str, bytes | None]:
    """For each path what it held before the change. Raises InputError where the history was thrown away."""
    kept = {step.path: root / "history" / f"{step.before}.toml" for step in journal.files if step.before}
    return {step.path: read_bounded(kept[step.path], _LARGEST) if step.before else None for step in journal.files}


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
