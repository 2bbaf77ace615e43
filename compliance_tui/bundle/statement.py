"""The signed thing: a small in-toto Statement (v1) about a bundle; the first is the lab's own, about ``core/SHA256SUMS``.

No canonicalisation anywhere: the bytes on disk are the bytes that were signed. in-toto says that unknown fields are ignored
unless the predicate says otherwise; ours say otherwise, and refuse them.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.model import load_json_model, validate
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.dsse import LARGEST_PAYLOAD

STATEMENT_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
PREDICATE_HOME = "https://compliance-tui.example/attestation/"
PREDICATE = "self-assessment/v1"
PREDICATE_TYPE: Literal["https://compliance-tui.example/attestation/self-assessment/v1"] = (
    "https://compliance-tui.example/attestation/self-assessment/v1"
)
NAMESPACE = "self-assessment.v1@compliance-tui.example"
SUBJECT = "core/SHA256SUMS"

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(max_length=300)]


def _is_instant(value: str) -> str:
    dt.datetime.fromisoformat(value)  # ValueError for the 31st of February
    return value


Time = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
    AfterValidator(_is_instant),
]
Count = Annotated[StrictInt, Field(ge=0, le=10**9)]
Number = Annotated[StrictInt, Field(ge=1, le=10**9)]
P = TypeVar("P", bound="StatementModel")


class StatementModel(BaseModel):
    """A part of a statement: unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class DigestSet(StatementModel):
    """An in-toto DigestSet with the one algorithm that we use."""

    sha256: Digest


class ResourceDescriptor(StatementModel):
    """An in-toto ResourceDescriptor: a name with its digest."""

    name: Text
    digest: DigestSet


class Attester(StatementModel):
    """Who attests, as they name themselves; the trust policy decides whether that is so."""

    id: Text
    name: Text


class StandardReference(StatementModel):
    """A pinned standard."""

    id: Text
    version: Text
    sha256: Digest


class Target(StatementModel):
    """The release that was assessed."""

    name: Text
    version: Text
    artifacts: list[ResourceDescriptor]


class Summary(StatementModel):
    """Counts that a policy or a person wants first; the verifier recomputes each."""

    verdict: Literal["ready", "ready-with-waivers", "not-ready"]
    controls: StrictInt
    satisfied: StrictInt
    waived: StrictInt
    blocked: StrictInt
    items: StrictInt
    withheld_items: StrictInt = Field(alias="withheldItems")


class LogCheckpoint(StatementModel):
    """How long the lab's audit log was, and the root of its tree (RFC 6962, base64): what a later one must continue."""

    origin: Text
    size: Count
    root: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]


class SelfAssessment(StatementModel):
    """The predicate ``self-assessment/v1``."""

    attester: Attester
    standards: list[StandardReference] = Field(min_length=1, max_length=64)
    target: Target
    series: Text
    sequence: Number
    supersedes: Digest | None
    signed_at: Time = Field(alias="signedAt")
    summary: Summary
    valid_until: Time | None = Field(default=None, alias="validUntil")
    challenge: Text | None = None
    log: LogCheckpoint | None = None


class Statement(StatementModel):
    """An in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md) with the lab's own account."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: list[ResourceDescriptor] = Field(min_length=1, max_length=1)
    predicate_type: Literal["https://compliance-tui.example/attestation/self-assessment/v1"] = Field(alias="predicateType")
    predicate: SelfAssessment

    @property
    def bundle_id(self) -> str:
        """SHA-256 of the core manifest that the statement is about."""
        return self.subject[0].digest.sha256


class _Frame(StatementModel):
    """Any statement of ours, before its predicate is understood."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: list[ResourceDescriptor] = Field(min_length=1, max_length=1000)
    predicate_type: Text = Field(alias="predicateType")
    predicate: dict[str, Any]


@dataclass(frozen=True)
class Framed:
    """A statement whose predicate is still data: its short name (as ``receipt/v1``), its subjects, its own SHA-256."""

    name: str
    subjects: tuple[ResourceDescriptor, ...]
    predicate: dict[str, Any]
    sha256: str


def namespace_of(name: str) -> str:
    """The SSHSIG namespace of the predicate with that short name: ``receipt/v1`` is ``receipt.v1@…``."""
    return f"{name.replace('/', '.')}@compliance-tui.example"


def about(bundle_id: str) -> ResourceDescriptor:
    """The subject that stands for a bundle."""
    return ResourceDescriptor(name=SUBJECT, digest=DigestSet(sha256=bundle_id))


def dump_statement(name: str, subjects: Sequence[ResourceDescriptor], predicate: StatementModel) -> bytes:
    """The bytes to be signed. Optional fields that are not set are left out, as in-toto has it.

    Raises InputError ``too-large`` for more than a reader accepts.
    """
    said = predicate.model_dump(mode="json", by_alias=True)
    optional = {info.alias or field for field, info in type(predicate).model_fields.items() if not info.is_required()}
    content = dump_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [subject.model_dump(mode="json") for subject in subjects],
            "predicateType": f"{PREDICATE_HOME}{name}",
            "predicate": {field: value for field, value in said.items() if value is not None or field not in optional},
        }
    )
    if len(content) > LARGEST_PAYLOAD:
        most = message(
            "a {name} statement of {number:,} bytes; {largest_payload:,} at most: say less in it, or say it in two",
            name=name,
            number=len(content),
            largest_payload=LARGEST_PAYLOAD,
        )
        raise InputError("too-large", most)
    return content


def write_statement(bundle_id: str, predicate: SelfAssessment) -> bytes:
    """The bytes of the lab's own statement, to be signed."""
    return dump_statement(PREDICATE, [about(bundle_id)], predicate)


def read_statement(content: bytes, where: str) -> Statement:
    """The lab's own statement in ``content``. Raises BrokenError ``bad-statement``."""
    try:
        statement = load_json_model(content, Statement, where, limit=LARGEST_PAYLOAD, signed=True)
    except InputError as error:
        raise BrokenError("bad-statement", str(error)) from None
    if statement.subject[0].name != SUBJECT:
        raise BrokenError("bad-statement", message("{where}: its subject is not {subject}", where=where, subject=SUBJECT))
    return statement


def read_frame(content: bytes, where: str) -> Framed:
    """Any statement, as far as its kind. Raises BrokenError ``bad-statement``."""
    try:
        frame = load_json_model(content, _Frame, where, limit=LARGEST_PAYLOAD, signed=True)
    except InputError as error:
        raise BrokenError("bad-statement", str(error)) from None
    ours = frame.predicate_type.startswith(PREDICATE_HOME)
    name = (
        frame.predicate_type.removeprefix(PREDICATE_HOME)
        if ours
        else message("foreign {predicate_type}", predicate_type=frame.predicate_type)
    )
    return Framed(clean_line(name, 120), tuple(frame.subject), frame.predicate, hashlib.sha256(content).hexdigest())


def read_predicate(framed: Framed, model: type[P], where: str) -> P:
    """The predicate as ``model``. Raises BrokenError ``bad-statement``."""
    try:
        return validate(framed.predicate, model, where)
    except InputError as error:
        raise BrokenError("bad-statement", str(error)) from None
