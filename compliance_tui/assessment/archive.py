"""Answers to controls that are gone: kept under ``archive/<standard>-<version>/``, for reading and for coming back."""

from dataclasses import dataclass
from pathlib import Path

from compliance_tui.assessment.model import Response
from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.model import load_model
from compliance_tui.safe.toml import LARGEST_TOML
from compliance_tui.standard.model import Standard

_FOLDER = "archive"


@dataclass(frozen=True)
class Archived:
    """An answer as it was when its control went, and the version that it answered."""

    version: str
    response: Response


def archive_path(standard: Standard, control: str) -> str:
    """Where the answer to a control of a version is kept once the control is gone."""
    return f"{_FOLDER}/{standard.id}-{standard.version}/{control}.toml"


def archived_answers(root: Path, control: str | None = None) -> list[Archived]:
    """All archived answers, or those to one control, the one archived last at the end. Raises InputError."""
    paths = sorted((root / _FOLDER).glob(f"*/{control or '*'}.toml"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    found = []
    for path in paths:
        response = load_model(read_bounded(path, LARGEST_TOML), Response, str(path))
        found.append(Archived(path.parent.name.removeprefix(f"{response.standard}-"), response))
    return found
