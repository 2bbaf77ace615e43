"""The assessment folder: reading all of it, and the one way in which a record is written.

Layout: ``assessment.toml``, ``standards/``, ``responses/<standard>/<control>.toml``, ``evidence/E-0001.toml``,
``evidence/objects/``, ``log.jsonl``, ``bundles/``; ``history/`` keeps what a record said before. See ``docs/formats.md``.
"""

import contextlib
import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from compliance_tui.assessment import journal, log
from compliance_tui.assessment.cache import LARGEST_RECORD, know_record, read_records
from compliance_tui.assessment.model import Assessment, Item, Response
from compliance_tui.assessment.readiness import ControlKey, ControlState, Readiness, axis_values, readiness
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import fsync_folder, read_bounded, write_atomic, writing
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import either, message
from compliance_tui.safe.model import load_model
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import LARGEST_TOML, dump_toml
from compliance_tui.standard.levels import evidence_in_force
from compliance_tui.standard.load import LARGEST_STANDARD, load_pinned
from compliance_tui.standard.model import Control, Standard
from compliance_tui.standard.rule import EvidenceRule

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK_SECONDS = 30.0
_MOST_READS = 5
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Contents:
    """Everything in an assessment folder, as it was when it was read."""

    root: Path
    assessment: Assessment
    standards: tuple[tuple[Standard, str], ...]
    responses: Mapping[ControlKey, Response]
    items: Mapping[str, Item]

    def readiness(self, as_of: dt.datetime) -> Readiness:
        """Readiness of these contents at ``as_of``."""
        return readiness(self.standards, self.assessment, self.responses, self.items, as_of)

    def evidence_rules(self, state: ControlState) -> list[EvidenceRule]:
        """The evidence rules of a control that hold at the chosen axis values."""
        standard = self.standard(state.standard)
        return evidence_in_force(state.control, axis_values(self.assessment, standard), standard.axes)

    def standard(self, identifier: str) -> Standard:
        """The pinned standard with that id."""
        return next(standard for standard, _ in self.standards if standard.id == identifier)

    def find(self, reference: str) -> tuple[Standard, Control]:
        """The control that ``CONTROL`` or ``STANDARD/CONTROL`` names. Raises InputError ``unknown-control``."""
        wanted, _, identifier = reference.rpartition("/")
        found = [
            (standard, control)
            for standard, _ in self.standards
            if not wanted or standard.id == wanted
            if (control := standard.control(identifier)) is not None
        ]
        if len(found) == 1:
            return found[0]
        name = clean_line(reference, 100)
        if found:
            names = either(f"{standard.id}/{identifier}" for standard, _ in found)
            raise InputError(
                "ambiguous-control", message("{name} is in several standards; write {names}", name=name, names=names)
            )
        raise InputError(
            "unknown-control", message("no pinned standard has a control {name}; `compliance-tui status` lists them", name=name)
        )


def load(root: Path) -> Contents:
    """Read the whole folder. Raises InputError naming file, line and field of whatever is wrong.

    A migration that was decided and cut short is finished first; one that happens meanwhile is waited for, so that what is
    read is never half of the old and half of the new.
    """
    for _ in range(_MOST_READS):
        if journal.is_pending(root):
            with changing(root):
                pass
        before = journal.last_finished(root)
        try:
            contents = _load(root)
        except InputError:
            if not journal.is_pending(root) and journal.last_finished(root) == before:
                raise
            continue  # what went away while it was read is no fault of the folder
        if not journal.is_pending(root) and journal.last_finished(root) == before:
            return contents
    with changing(root):
        return _load(root)


def _load(root: Path) -> Contents:
    assessment = read_assessment(root)
    standards = tuple((read_standard(root, pin.file_name, pin.sha256), pin.sha256) for pin in assessment.standards)
    responses: dict[ControlKey, Response] = {}
    for path, response in read_records(root, "responses", "*/*.toml", Response).items():
        parts = Path(path)
        if (response.standard, response.control) != (parts.parent.name, parts.stem):
            raise InputError(
                "bad-field",
                message(
                    "{path}: answers {standard}/{control}, but the file's place says otherwise; move the file or mend the "
                    "fields",
                    path=clean_line(str(root / path)),
                    standard=response.standard,
                    control=response.control,
                ),
            )
        responses[response.standard, response.control] = response
    items: dict[str, Item] = {}
    for path, item in read_records(root, "evidence", "E-*.toml", Item).items():
        if item.id != Path(path).stem:
            raise InputError(
                "bad-field",
                message(
                    "{path}: holds {item}; rename the file or mend the id", path=clean_line(str(root / path)), item=item.id
                ),
            )
        items[item.id] = item
    return Contents(root, assessment, standards, responses, items)


def read_assessment(root: Path) -> Assessment:
    """``assessment.toml`` of the folder. Raises InputError ``no-assessment`` where there is none."""
    path = root / "assessment.toml"
    if not path.exists():
        raise InputError(
            "no-assessment",
            message(
                "{root}: no assessment here; `compliance-tui init DIR --standard ID --subject NAME` starts one",
                root=clean_line(str(root)),
            ),
        )
    return load_model(read_bounded(path, LARGEST_TOML), Assessment, str(path))


def read_standard(root: Path, file_name: str, sha256: str) -> Standard:
    """The pinned standard of that file name, if its bytes are still those that were pinned."""
    path = root / "standards" / file_name
    return load_pinned(read_bounded(path, LARGEST_STANDARD), str(path), json=path.suffix == ".json", sha256=sha256)


@contextlib.contextmanager
def changing(root: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Take the folder's lock: two processes take turns. Raises InputError ``busy`` after ``seconds``, ``read-only``."""
    from filelock import Timeout

    lock = _lock(root)
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise InputError("busy", message("{root}: another process is writing; try again", root=clean_line(str(root)))) from None
    except OSError as error:
        raise InputError(
            "read-only",
            message(
                "{root}: cannot be written ({reason}); check its permissions",
                root=clean_line(str(root)),
                reason=(error.strerror or "").lower(),
            ),
        ) from None
    try:
        with writing(root):
            journal.finish(root)
            yield
    finally:
        lock.release()


@lru_cache(maxsize=16)
def _lock(root: Path) -> "BaseFileLock":
    from filelock import FileLock

    return FileLock(root / ".lock")


def write_record(root: Path, path: str, record: BaseModel, act: str, by: str, at: dt.datetime, **more: Any) -> None:
    """Write ``record`` to ``path`` in the folder, keep what it said before, and log the act. The caller holds the lock."""
    content = record_bytes(record)
    target = root / path
    folder = target.parent
    before = _keep(root, target)
    if before is None and not folder.is_dir():
        folder.mkdir(parents=True)
        fsync_folder(folder.parent)
    # The folder is made durable last: where a journal holds both, the log's fsync has then paid for it.
    write_atomic(target, content, settle=False)
    sha256 = hashlib.sha256(content).hexdigest()
    entry = {"at": format_instant(at), "by": by, "act": act, "path": path, "before": before, **more, "sha256": sha256}
    log.append(root, entry)
    fsync_folder(folder)
    know_record(record, sha256)


def _keep(root: Path, target: Path) -> str | None:
    """Give the bytes that are about to be replaced a second name in ``history/``; a link costs no copy."""
    try:
        with open(target, "rb", buffering=0) as file:
            old = hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        return None
    journal.keep_before(root, target, old)
    return old


def record_bytes(record: BaseModel) -> bytes:
    """The record as its file: fields in the order of the model; what is unset or empty is left out.

    Raises InputError ``too-large`` for one that could not be read back.
    """
    table = record.model_dump(by_alias=True)
    content = dump_toml({name: value for name, value in table.items() if value not in (None, [], {}, "")})
    if len(content) > LARGEST_RECORD:
        raise InputError(
            "too-large",
            message("the record would be larger than the {limit:,} bytes allowed; shorten its text", limit=LARGEST_RECORD),
        )
    return content
