"""Which standards an assessment answers: pinning another one, and letting one go without losing its answers."""

import datetime as dt
from pathlib import Path

from compliance_tui.assessment import journal
from compliance_tui.assessment.actions import pin_of, response_path
from compliance_tui.assessment.archive import archive_path
from compliance_tui.assessment.folder import changing, load, read_assessment, record_bytes, write_record
from compliance_tui.assessment.model import Assessment
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import write_atomic
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import Pack


def pin_standard(root: Path, pack: Pack, by: str, at: dt.datetime) -> Assessment:
    """Answer one more standard. Raises InputError ``pinned-already``: another version of one is what ``migrate`` is for."""
    with changing(root):
        assessment = read_assessment(root)
        known = next((pin for pin in assessment.standards if pin.id == pack.standard.id), None)
        if known is not None:
            raise InputError(
                "pinned-already",
                message(
                    "{known} {version} is pinned already; `compliance-tui migrate --to {known}@VERSION` moves its answers",
                    known=known.id,
                    version=known.version,
                ),
            )
        write_atomic(root / "standards" / pack.file_name, pack.content)
        changed = assessment.model_copy(update={"standards": [*assessment.standards, pin_of(pack)]})
        write_record(root, "assessment.toml", changed, "pin", by, at, standard=pack.standard.id)
    return changed


def unpin_standard(root: Path, identifier: str, change: str, by: str, at: dt.datetime) -> int:
    """Let a standard go; its answers move to the archive, all or none. Gives their number; ``change`` is a new name (a UUID).

    Raises InputError ``not-pinned`` and ``last-standard``.
    """
    with changing(root):
        contents = load(root)
        pins = [pin for pin in contents.assessment.standards if pin.id != identifier]
        if len(pins) == len(contents.assessment.standards):
            raise InputError("not-pinned", message("{identifier} is not pinned here", identifier=clean_line(identifier, 60)))
        if not pins:
            raise InputError(
                "last-standard",
                message("{identifier} is the only standard here; an assessment answers at least one", identifier=identifier),
            )
        standard = contents.standard(identifier)
        files: dict[str, bytes | None] = {
            "assessment.toml": record_bytes(contents.assessment.model_copy(update={"standards": pins}))
        }
        answered = [(key, one) for key, one in contents.responses.items() if key[0] == identifier]
        for (_, control), response in answered:
            files[response_path(identifier, control)] = None
            content = record_bytes(response)
            files[archive_path(root, standard, control, content)] = content
        entry = {"at": format_instant(at), "by": by, "act": "unpin", "standard": identifier}
        journal.commit(root, change, files, entry, undo=False)
    return len(answered)
