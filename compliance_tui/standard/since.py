"""What the pinned version of a standard did to a control of the version before it."""

from collections.abc import Sequence
from pathlib import Path

from compliance_tui.standard.changes import versions_before
from compliance_tui.standard.diff import Difference, diff
from compliance_tui.standard.load import versions_of
from compliance_tui.standard.model import Standard


def changes_since(standard: Standard, folders: Sequence[Path]) -> tuple[str, list[Difference] | None]:
    """The version before, and what changed since: empty where this is the first, None where that one is not known here.

    Raises InputError ``bad-standard`` where a list of changes does not add up.
    """
    before = max(versions_before(standard), default="")
    if not before:
        return "", []
    version = versions_of(standard.id, folders, [standard])
    old = version(before)
    return before, list(diff(old, standard, version).differences) if old is not None else None
