"""The store of an assessment: the folder beside its records, or one beyond this machine that ``assessment.toml`` names."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_tui.assessment.folder import Contents, changing, load, write_record
from compliance_tui.assessment.model import Assessment
from compliance_tui.evidence.blob_store import BlobStore, Progress
from compliance_tui.evidence.store import LocalStore
from compliance_tui.evidence.store_address import StoreAddress
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.files import write_atomic
from compliance_tui.safe.language import message

if TYPE_CHECKING:
    from compliance_tui.evidence.shared_store import SharedStore

# Several machines append to the log; both sides' lines are to be kept, in any order.
_MERGED = "log.jsonl merge=union"
_IGNORED = "evidence/objects/"
WITHHELD = "bundles/*/withheld/"


def objects_folder(root: Path) -> Path:
    """Where the bytes of an assessment's evidence lie on this machine."""
    return root / "evidence" / "objects"


def open_store(root: Path, assessment: Assessment) -> BlobStore:
    """The store that holds the evidence of the assessment in ``root``; nothing is sent yet.

    Raises InputError ``missing-extra``, ``no-credentials``.
    """
    if assessment.store is None:
        return LocalStore(objects_folder(root))
    return _shared(root, assessment.store)


def shared_store(contents: Contents) -> "SharedStore":
    """The store beyond this machine. Raises InputError ``no-store`` where the assessment names none."""
    if contents.assessment.store is None:
        raise InputError(
            "no-store", message("the evidence lies in this folder only; `compliance-tui store add URL` names a store")
        )
    return _shared(contents.root, contents.assessment.store)


def _shared(root: Path, address: StoreAddress) -> "SharedStore":
    from compliance_tui.evidence.object_store import ObjectStore
    from compliance_tui.evidence.shared_store import SharedStore

    return SharedStore(LocalStore(objects_folder(root)), ObjectStore.at(address))


def recorded_sizes(contents: Contents) -> dict[str, int]:
    """The digest of every file that the records name, with its size in bytes."""
    return {file.sha256: file.size for item in contents.items.values() for file in item.files}


def has_bytes(contents: Contents, *, ask: bool) -> Callable[[str], bool]:
    """Tells of a digest whether the store has its bytes. Without ``ask`` a store beyond this machine is believed, unasked."""
    if contents.assessment.store is None:
        return LocalStore(objects_folder(contents.root)).has
    found = shared_store(contents).check(recorded_sizes(contents)) if ask else []
    missing = {finding.sha256 for finding in found if finding.fault == "missing"}
    return lambda sha256: sha256 not in missing


@dataclass(frozen=True)
class Added:
    """What ``add_store`` did: how many objects it uploaded, of how many that the records name."""

    uploaded: int
    recorded: int


def add_store(
    contents: Contents, address: StoreAddress, by: str, at: dt.datetime, *, progress: Progress | None = None
) -> Added:
    """Name a store beyond this machine in ``assessment.toml``, once it holds everything that the records name.

    What lies only in the store before is fetched first. Whoever attaches meanwhile makes this start over. Also keeps the
    bytes out of version control, and lets it merge the log. Raises InputError, BrokenError ``evidence-altered``; the
    assessment names the store before then, and a repeated call goes on where this one stopped.
    """
    new, uploaded = _shared(contents.root, address), 0
    while True:
        sizes = recorded_sizes(contents)
        _bring_here(contents, sizes, new)
        uploaded += len(new.push([sha256 for sha256 in sizes if new.here.has(sha256)], progress))
        with changing(contents.root):
            contents = load(contents.root)
            if recorded_sizes(contents).keys() <= sizes.keys():
                tell_version_control(contents.root)
                changed = contents.assessment.model_copy(update={"store": address})
                write_record(contents.root, "assessment.toml", changed, "store", by, at, url=address.url)
                return Added(uploaded, len(sizes))


def _bring_here(contents: Contents, sizes: Mapping[str, int], new: "SharedStore") -> None:
    """Everything that the records name lies here, or in the new store already; else it comes from the store before."""
    wanting = {finding.sha256: sizes[finding.sha256] for finding in new.here.check(sizes)}
    wanting = {finding.sha256: sizes[finding.sha256] for finding in new.check(wanting)} if wanting else {}
    if not wanting:
        return
    lost = list(wanting)
    if contents.assessment.store is not None:
        _, findings = shared_store(contents).pull(wanting)
        lost = [finding.sha256 for finding in findings]
    if lost:
        raise BrokenError(
            "evidence-missing",
            message(
                "the bytes of {sha256}… (and {more} more) are nowhere to be found; `compliance-tui evidence verify` says "
                "which items they belong to",
                sha256=lost[0][:16],
                more=len(lost) - 1,
            ),
        )


def tell_version_control(root: Path) -> None:
    """Keep the bytes out of git, and let it merge the log: several copies of the folder, one store."""
    _add_line(root / ".gitignore", _IGNORED)
    _add_line(root / ".gitattributes", _MERGED)


def keep_withheld_here(root: Path) -> None:
    """Keep what bundles withhold out of git: it stays on the machine that exported. The caller holds the folder's lock."""
    _add_line(root / ".gitignore", WITHHELD)


def _add_line(path: Path, line: str) -> None:
    content = path.read_bytes() if path.exists() else b""
    if line.encode() not in content.splitlines():
        write_atomic(path, content + (b"\n" if content and not content.endswith(b"\n") else b"") + line.encode() + b"\n")
