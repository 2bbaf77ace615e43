"""What was typed and not saved yet: a file of its own for each answer, so that a lost connection costs nothing."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

_LARGEST = 512 * 1024


@dataclass(frozen=True)
class Typed:
    """What stands in the form."""

    status: str | None
    statement: str


@dataclass(frozen=True)
class Draft:
    """The draft of one answer, under ``.drafts`` of the assessment (which git ignores)."""

    path: Path

    def read(self) -> Typed | None:
        """What was kept, or what an editor left when the connection went; None where nothing was, or it cannot be read."""
        if self.in_editor.exists() and not self.path.exists():
            return self._left_by_editor()
        try:
            with self.path.open("rb") as file:
                said = json.loads(file.read(_LARGEST))
            status, statement = said["status"], said["statement"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if not isinstance(statement, str) or not isinstance(status, str | None):
            return None
        return Typed(status, statement)

    @property
    def in_editor(self) -> Path:
        """The file that the user's own editor works on."""
        return self.path.with_suffix(".md")

    def _left_by_editor(self) -> Typed | None:
        try:
            with self.in_editor.open("rb") as file:
                return Typed(None, file.read(_LARGEST).decode("utf-8", "replace"))
        except OSError:
            return None

    def keep(self, typed: Typed) -> None:
        """Keep it. Raises OSError where the disk does not let it."""
        from compliance_tui.safe.files import write_atomic

        self.path.parent.mkdir(exist_ok=True)
        said = json.dumps({"status": typed.status, "statement": typed.statement}, ensure_ascii=False)
        write_atomic(self.path, said.encode("utf-8", "replace"), mode=0o600)

    def drop(self) -> None:
        """It is saved, or not wanted."""
        for path in (self.path, self.in_editor):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def draft_of(root: Path, standard: str, control: str) -> Draft:
    """The draft of the answer to a control."""
    return Draft(root / ".drafts" / f"{standard}.{control}.json")
