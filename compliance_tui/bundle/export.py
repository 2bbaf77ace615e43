"""Export: the assessment as a bundle, at one instant. Same input, same bytes, but for the nonces."""

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compliance_tui.assessment.folder import Contents, changing
from compliance_tui.assessment.log import append, reconcile
from compliance_tui.assessment.model import Item, Response
from compliance_tui.assessment.readiness import Readiness
from compliance_tui.assessment.report import readiness_json
from compliance_tui.assessment.store import keep_withheld_here, open_store
from compliance_tui.bundle.attestation import FIRST, FOLDER, attestation_members
from compliance_tui.bundle.content import counts_of
from compliance_tui.bundle.core import Core, CoreAnswer, CorePerson, CoreWaiver, ExportRecord, LogHead, answer_name, assessed_at
from compliance_tui.bundle.log_proof import LOG, LogProof, prove_log
from compliance_tui.bundle.manifest import write_sums
from compliance_tui.bundle.names import safe_file_name
from compliance_tui.bundle.sealing import Sealing, delivery_members, seal_items
from compliance_tui.bundle.statement import (
    PREDICATE,
    SUBJECT,
    Attester,
    DigestSet,
    ResourceDescriptor,
    SelfAssessment,
    StandardReference,
    Target,
    write_statement,
)
from compliance_tui.bundle.write import Member, write_folder, write_zip
from compliance_tui.evidence.blob_store import BlobStore
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import fsync_folder, read_bounded, write_atomic, writing
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.model import load_model
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import LARGEST_TOML, dump_toml
from compliance_tui.standard.load import LARGEST_STANDARD
from compliance_tui.trust.keys import Signer

SECOND = f"{FOLDER}/0002"
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Exported:
    """What was written."""

    bundle_id: str
    path: Path
    sequence: int
    readiness: Readiness
    items: int
    withheld: tuple[str, ...]
    size: int
    sealed: tuple[str, ...] = ()
    log_broken: tuple[int, ...] = ()


def export(
    contents: Contents,
    out: Path,
    as_of: dt.datetime,
    by: str,
    *,
    signers: Sequence[Signer] = (),
    attester: str | None = None,
    folder: bool = False,
    sealing: Sealing | None = None,
    valid_until: dt.datetime | None = None,
    challenge: str | None = None,
    log_since: Sequence[int] = (),
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    nonce: Callable[[], bytes] = lambda: os.urandom(32),
) -> Exported:
    """Write the assessment as a bundle to ``out`` (a ZIP, or a folder), signed by ``signers`` over the same statement.

    Items that are to be withheld or sealed are committed to by their digest and left out, or put in encrypted; their folders
    stay in the assessment under ``bundles/<bundle id>/withheld`` for later disclosure. ``challenge`` is a text that a
    regulator asked for: it shows that the statement was made afterwards. The head of the audit log goes in with the proofs that
    it continues the heads of the bundles before, and that of the first ``log_since`` lines, which somebody may remember.
    Raises BrokenError ``evidence-altered`` where stored bytes are not what they were, InputError
    ``exists``/``not-written``/``unknown-item``/``no-key``/``no-line``, CancelledError; nothing is left behind then.
    """
    as_of = assessed_at(as_of)
    result = contents.readiness(as_of)
    store = open_store(contents.root, contents.assessment)
    items = {item.id: _evidence(item, store, nonce()) for item in contents.items.values()}
    answers = {answer_name(*key): _answer(response, nonce()) for key, response in contents.responses.items()}
    every = dict(sorted({**items, **answers}.items()))
    sealed = sealing.items if sealing else ()
    if strange := next((name for name in sealed if name not in every), None):
        raise InputError(
            "unknown-item",
            message("--seal: there is no item {item}; `evidence list` shows them", item=clean_line(strange, 80)),
        )
    withheld = tuple(item.id for item in contents.items.values() if item.disclosure == "withhold" and item.id not in sealed)
    earlier = exports(contents.root)
    with changing(contents.root):
        reconcile(contents.root, by, as_of)  # first, so that the head covers what this bundle says
    proof, log_broken = prove_log(contents.root, contents.assessment.series, earlier, log_since)
    core = _core_members(contents, result, as_of, every, withheld, proof)
    sums = write_sums({member.path: _digest(member) for member in core})
    bundle_id = hashlib.sha256(sums).hexdigest()
    sequence = max((one.sequence for one in earlier), default=0) + 1
    supersedes = next((one.bundle_id for one in earlier if one.sequence == sequence - 1), None)
    predicate = SelfAssessment(
        **_about(contents, attester or contents.assessment.subject.name),
        series=contents.assessment.series,
        sequence=sequence,
        supersedes=supersedes,
        signed_at=format_instant(as_of),
        summary=counts_of(result.verdict, [state.outcome for state in result.controls], len(every), len(withheld)),
        valid_until=format_instant(valid_until) if valid_until else None,
        challenge=challenge,
        log=proof.log,
    )
    statement = write_statement(bundle_id, predicate)
    away = (*withheld, *sealed)
    members = [*core, _bytes(SUBJECT, sums), *attestation_members(FIRST, statement, PREDICATE, signers)]
    members += [member for name, inside in every.items() if name not in away for member in inside]
    record = ExportRecord(
        bundle_id=bundle_id,
        sequence=sequence,
        exported_at=as_of,
        exported_by=by,
        file_name=out.name,
        verdict=result.verdict,
        withheld=list(withheld),
        sealed=list(sealed),
        log=LogHead(size=proof.log.size, root=proof.log.root),
    )
    with ExitStack() as stack:
        if sealing and sealed:
            work = Path(stack.enter_context(_workshop(out)))
            commitments = {name: _digest(every[name][-1]) for name in sealed}
            done = seal_items(work, {name: every[name] for name in sealed}, commitments, sealing, cancelled)
            members += delivery_members(SECOND, bundle_id, predicate.attester, done, sealing, as_of, signers)
        stack.enter_context(_kept(contents.root, bundle_id, [member for name in away for member in every[name]]))
        (write_folder if folder else write_zip)(out, members, progress, cancelled)
        _remember(contents.root, record, by)
    size = sum(member.size for member in members)
    return Exported(bundle_id, out, sequence, result, len(every), withheld, size, sealed, log_broken)


@contextmanager
def _workshop(out: Path) -> Iterator[str]:
    """A folder beside ``out`` for what is not ready to be seen; gone afterwards."""
    with writing(out), TemporaryDirectory(prefix=".tmp-", dir=out.absolute().parent) as folder:
        yield folder


@contextmanager
def _kept(root: Path, bundle_id: str, hidden: Sequence[Member]) -> Iterator[None]:
    """Keep what is not shown, with its nonces, before the bundle exists: without them nothing could be disclosed later."""
    home = root / "bundles" / bundle_id
    if hidden and not home.exists():
        with changing(root):
            keep_withheld_here(root)
            home.mkdir(parents=True)
            fsync_folder(home.parent)
        write_folder(home / "withheld", hidden)
    try:
        yield
    except BaseException:
        if hidden and not (home / "export.toml").exists():
            shutil.rmtree(home, ignore_errors=True)
        raise


def exports(root: Path) -> list[ExportRecord]:
    """What was exported from the assessment before, in order."""
    paths = sorted((root / "bundles").glob("*/export.toml"))
    records = [load_model(read_bounded(path, LARGEST_TOML), ExportRecord, str(path)) for path in paths]
    return sorted(records, key=lambda record: record.sequence)


def _bytes(path: str, content: bytes) -> Member:
    return Member(path, content, len(content))


def _digest(member: Member) -> str:
    return member.sha256 or hashlib.sha256(member.source if isinstance(member.source, bytes) else b"").hexdigest()


def _item_members(name: str, record: bytes, nonce: bytes, more: Sequence[Member]) -> list[Member]:
    """One item's folder. The nonce inside makes the digest of its manifest a commitment that cannot be guessed."""
    members = [
        _bytes(f"items/{name}/nonce", nonce.hex().encode() + b"\n"),
        _bytes(f"items/{name}/item.json", record),
        *more,
    ]
    sums = write_sums({member.path: _digest(member) for member in members})
    return [*members, _bytes(f"items/{name}/SHA256SUMS", sums)]


def _evidence(item: Item, store: BlobStore, nonce: bytes) -> list[Member]:
    taken: set[str] = set()
    placed = [(file, f"items/{item.id}/files/{safe_file_name(file.name, taken)}") for file in item.files]
    record = {**item.model_dump(mode="json", by_alias=True), "paths": [path for _, path in placed]}
    more = [Member(path, store.source(file.sha256), file.size, file.sha256) for file, path in placed]
    return _item_members(item.id, dump_json(record), nonce, more)


def _answer(response: Response, nonce: bytes) -> list[Member]:
    record = dump_json(response.model_dump(mode="json", by_alias=True))
    return _item_members(answer_name(response.standard, response.control), record, nonce, [])


def _core_members(
    contents: Contents,
    result: Readiness,
    as_of: dt.datetime,
    every: dict[str, list[Member]],
    withheld: Sequence[str],
    proof: LogProof,
) -> list[Member]:
    core = Core(
        schema_="bundle-assessment/1",
        series=contents.assessment.series,
        subject=contents.assessment.subject,
        axes=contents.assessment.axes,
        standards=contents.assessment.standards,
        answers=[_core_answer(response) for _, response in sorted(contents.responses.items())],
        items=list(every),
        withheld=list(withheld),
        assessed_at=as_of,
        people=[CorePerson(id=one.id, keys=one.keys) for one in contents.assessment.people if one.keys],
    )
    commitments = {f"items/{name}/SHA256SUMS": _digest(members[-1]) for name, members in every.items()}
    recipe = files("compliance_tui.bundle").joinpath("recipe")
    unset = None if core.people else {"people"}
    members = [
        _bytes("README.txt", recipe.joinpath("README.txt").read_bytes()),
        _bytes("core/verify.sh", recipe.joinpath("verify.sh").read_bytes()),
        _bytes(
            "core/assessment.json",
            dump_json(core.model_dump(mode="json", by_alias=True, exclude=unset)),
        ),
        _bytes(LOG, dump_json(proof.model_dump(mode="json", by_alias=True))),
        _bytes("core/readiness.json", dump_json(readiness_json(result))),
        _bytes("core/items.sha256", write_sums(commitments)),
    ]
    for pin in contents.assessment.standards:
        path = contents.root / "standards" / pin.file_name
        members.append(_bytes(f"core/standards/{pin.file_name}", read_bounded(path, LARGEST_STANDARD)))
    return members


def _core_answer(response: Response) -> CoreAnswer:
    waiver = response.waiver
    return CoreAnswer(
        standard=response.standard,
        control=response.control,
        status=response.status,
        item=answer_name(response.standard, response.control),
        evidence=response.evidence,
        waiver=CoreWaiver(**waiver.model_dump(include={"owner", "approver", "until", "approved_at"})) if waiver else None,
        sign_offs=response.sign_offs,
    )


def _about(contents: Contents, attester: str) -> dict[str, Any]:
    """Who attests, against which standards, what."""
    subject = contents.assessment.subject
    artifacts = [
        ResourceDescriptor(name=artifact.name, digest=DigestSet(sha256=artifact.sha256)) for artifact in subject.artifacts
    ]
    return {
        "attester": Attester(id=attester, name=attester),
        "standards": [StandardReference(id=s.id, version=s.version, sha256=s.sha256) for s in contents.assessment.standards],
        "target": Target(name=subject.name, version=subject.version, artifacts=artifacts),
    }


def _remember(root: Path, record: ExportRecord, by: str) -> None:
    with changing(root):
        home = root / "bundles" / record.bundle_id
        home.mkdir(parents=True, exist_ok=True)
        fsync_folder(home.parent)
        write_atomic(home / "export.toml", dump_toml(record.model_dump()))
        append(
            root,
            {
                "at": format_instant(record.exported_at),
                "by": by,
                "act": "export",
                "bundle_id": record.bundle_id,
                "sequence": record.sequence,
                "verdict": record.verdict,
            },
        )
