"""Answers to controls that are gone: kept under ``archive/<standard>-<version>/``, for reading and for coming back."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

from compliance_tui.assessment.cache import read_record
from compliance_tui.assessment.model import Response
from compliance_tui.standard.model import Standard

_FOLDER = "archive"


@dataclass(frozen=True)
class Archived:
    """An answer as it was when its control went, and the version that it answered."""

    version: str
    response: Response


def archive_path(root: Path, standard: Standard, control: str, content: bytes) -> str:
    """Where ``content``, the answer to a control of a version, is kept once the control is gone.

    What was archived there earlier stays: another answer gets a number after ``~``, which no id has.
    """
    for number in count(1):
        mark = f"~{number}" if number > 1 else ""
        path = f"{_FOLDER}/{standard.id}-{standard.version}/{control}{mark}.toml"
        if not (root / path).exists() or (root / path).read_bytes() == content:
            return path
    raise AssertionError  # the numbers do not end


def archived_answers(root: Path, control: str | None = None) -> list[Archived]:
    """All archived answers, or those to one control, the one archived last at the end. Raises InputError."""
    there = [path for path in (root / _FOLDER).glob("*/*.toml") if control in (None, path.stem.partition("~")[0])]
    found = []
    for path in sorted(there, key=lambda path: (path.stat().st_mtime_ns, str(path))):
        response = read_record(path, Response)
        found.append(Archived(path.parent.name.removeprefix(f"{response.standard}-"), response))
    return found
