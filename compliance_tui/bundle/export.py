"""Export: the assessment as a bundle, at one instant. Same input, same bytes, but for the nonces."""

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from compliance_tui.assessment.attach import objects_folder
from compliance_tui.assessment.folder import Contents, changing
from compliance_tui.assessment.log import append, reconcile
from compliance_tui.assessment.model import Item, Response
from compliance_tui.assessment.readiness import Readiness
from compliance_tui.assessment.report import readiness_json
from compliance_tui.bundle.core import Core, CoreAnswer, CoreWaiver, ExportRecord, answer_name, assessed_at
from compliance_tui.bundle.manifest import write_sums
from compliance_tui.bundle.names import safe_file_name
from compliance_tui.bundle.statement import (
    NAMESPACE,
    Attester,
    DigestSet,
    ResourceDescriptor,
    SelfAssessment,
    StandardReference,
    Summary,
    Target,
    write_statement,
)
from compliance_tui.bundle.write import Member, write_folder, write_zip
from compliance_tui.evidence.store import LocalStore
from compliance_tui.safe.files import fsync_folder, read_bounded, write_atomic
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.model import load_model
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.safe.toml import LARGEST_TOML, dump_toml
from compliance_tui.standard.load import LARGEST_STANDARD
from compliance_tui.trust.dsse import sign_envelope
from compliance_tui.trust.keys import Signer
from compliance_tui.trust.sshsig import sign_ssh

ATTESTATION = "attestations/0001"
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


def export(
    contents: Contents,
    out: Path,
    as_of: dt.datetime,
    by: str,
    *,
    signers: Sequence[Signer] = (),
    attester: str | None = None,
    folder: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    nonce: Callable[[], bytes] = lambda: os.urandom(32),
) -> Exported:
    """Write the assessment as a bundle to ``out`` (a ZIP, or a folder), signed by ``signers`` over the same statement.

    Items that are to be withheld are committed to by their digest and left out; their folders stay in the assessment under
    ``bundles/<bundle id>/withheld`` for later disclosure. Raises BrokenError ``evidence-altered`` where stored bytes are not
    what they were, InputError ``exists``/``not-written``, CancelledError; nothing is left behind then.
    """
    as_of = assessed_at(as_of)
    result = contents.readiness(as_of)
    store = LocalStore(objects_folder(contents.root))
    items = {item.id: _evidence(item, store, nonce()) for item in contents.items.values()}
    answers = {answer_name(*key): _answer(response, nonce()) for key, response in contents.responses.items()}
    withheld = tuple(item.id for item in contents.items.values() if item.disclosure == "withhold")
    every = dict(sorted({**items, **answers}.items()))
    core = _core_members(contents, result, as_of, every, withheld)
    sums = write_sums({member.path: _digest(member) for member in core})
    bundle_id = hashlib.sha256(sums).hexdigest()
    earlier = exports(contents.root)
    sequence = max((one.sequence for one in earlier), default=0) + 1
    supersedes = next((one.bundle_id for one in earlier if one.sequence == sequence - 1), None)
    predicate = _predicate(
        contents, result, as_of, sequence, supersedes, every, withheld, attester or contents.assessment.subject.name
    )
    statement = write_statement(bundle_id, predicate)
    shown = [member for name, members in every.items() if name not in withheld for member in members]
    members = [*core, _bytes("core/SHA256SUMS", sums), *shown, *attestation_members(statement, signers)]
    (write_folder if folder else write_zip)(out, members, progress, cancelled)
    hidden = [member for name in withheld for member in every[name]]
    record = ExportRecord(
        bundle_id=bundle_id,
        sequence=sequence,
        exported_at=as_of,
        exported_by=by,
        file_name=out.name,
        verdict=result.verdict,
        withheld=list(withheld),
    )
    _remember(contents.root, record, hidden, by)
    size = sum(member.size for member in members)
    return Exported(bundle_id, out, sequence, result, len(every), withheld, size)


def attestation_members(statement: bytes, signers: Sequence[Signer]) -> list[Member]:
    """The statement and, for each signer, both encodings of a signature over it."""
    members = [_bytes(f"{ATTESTATION}/statement.json", statement)]
    for signer in signers:
        members += signature_members(statement, signer)
    return members


def signature_members(statement: bytes, signer: Signer) -> list[Member]:
    """A DSSE envelope and an SSHSIG over the same bytes, so that openssl alone or ssh-keygen alone is enough."""
    stem = f"{ATTESTATION}/{signer.public.key_id[:16]}"
    return [
        _bytes(f"{stem}.dsse.json", sign_envelope(statement, signer)),
        _bytes(f"{stem}.sshsig", sign_ssh(statement, NAMESPACE, signer)),
    ]


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


def _evidence(item: Item, store: LocalStore, nonce: bytes) -> list[Member]:
    taken: set[str] = set()
    placed = [(file, f"items/{item.id}/files/{safe_file_name(file.name, taken)}") for file in item.files]
    record = {**item.model_dump(mode="json", by_alias=True), "paths": [path for _, path in placed]}
    more = [Member(path, store.path(file.sha256), file.size, file.sha256) for file, path in placed]
    return _item_members(item.id, dump_json(record), nonce, more)


def _answer(response: Response, nonce: bytes) -> list[Member]:
    record = dump_json(response.model_dump(mode="json", by_alias=True))
    return _item_members(answer_name(response.standard, response.control), record, nonce, [])


def _core_members(
    contents: Contents, result: Readiness, as_of: dt.datetime, every: dict[str, list[Member]], withheld: Sequence[str]
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
    )
    commitments = {f"items/{name}/SHA256SUMS": _digest(members[-1]) for name, members in every.items()}
    recipe = files("compliance_tui.bundle").joinpath("recipe")
    members = [
        _bytes("README.txt", recipe.joinpath("README.txt").read_bytes()),
        _bytes("core/verify.sh", recipe.joinpath("verify.sh").read_bytes()),
        _bytes("core/assessment.json", dump_json(core.model_dump(mode="json", by_alias=True))),
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


def _predicate(
    contents: Contents,
    result: Readiness,
    as_of: dt.datetime,
    sequence: int,
    supersedes: str | None,
    every: dict[str, list[Member]],
    withheld: Sequence[str],
    attester: str,
) -> SelfAssessment:
    subject = contents.assessment.subject
    artifacts = [
        ResourceDescriptor(name=artifact.name, digest=DigestSet(sha256=artifact.sha256)) for artifact in subject.artifacts
    ]
    return SelfAssessment(
        attester=Attester(id=attester, name=attester),
        standards=[StandardReference(id=s.id, version=s.version, sha256=s.sha256) for s in contents.assessment.standards],
        target=Target(name=subject.name, version=subject.version, artifacts=artifacts),
        series=contents.assessment.series,
        sequence=sequence,
        supersedes=supersedes,
        signed_at=format_instant(as_of),
        summary=summary(result, len(every), len(withheld)),
    )


def summary(result: Readiness, items: int, withheld: int) -> Summary:
    """The counts of a readiness."""
    outcomes = [state.outcome for state in result.controls]
    return Summary(
        verdict=result.verdict,
        controls=len(outcomes),
        satisfied=outcomes.count("satisfied"),
        waived=outcomes.count("waived"),
        blocked=outcomes.count("blocked"),
        items=items,
        withheld_items=withheld,
    )


def _remember(root: Path, record: ExportRecord, hidden: Sequence[Member], by: str) -> None:
    with changing(root):
        home = root / "bundles" / record.bundle_id
        home.mkdir(parents=True, exist_ok=True)
        fsync_folder(home.parent)
        if hidden and not (home / "withheld").exists():
            write_folder(home / "withheld", hidden)
        write_atomic(home / "export.toml", dump_toml(record.model_dump()))
        reconcile(root, by, record.exported_at)
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
