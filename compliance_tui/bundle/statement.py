"""The signed thing: a small in-toto Statement (v1) whose one subject is the bundle's ``core/SHA256SUMS``.

No canonicalisation anywhere: the bytes on disk are the bytes that were signed. in-toto says that unknown fields are ignored
unless the predicate says otherwise; ours says otherwise, and refuses them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.model import load_json_model
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.trust.dsse import LARGEST_PAYLOAD

STATEMENT_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
PREDICATE = "self-assessment/v1"
PREDICATE_TYPE: Literal["https://compliance-tui.example/attestation/self-assessment/v1"] = (
    "https://compliance-tui.example/attestation/self-assessment/v1"
)
NAMESPACE = "self-assessment.v1@compliance-tui.example"
SUBJECT = "core/SHA256SUMS"

_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Text = Annotated[str, StringConstraints(max_length=300)]
_Time = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class DigestSet(_Model):
    """An in-toto DigestSet with the one algorithm that we use."""

    sha256: _Digest


class ResourceDescriptor(_Model):
    """An in-toto ResourceDescriptor: a name with its digest."""

    name: _Text
    digest: DigestSet


class Attester(_Model):
    """Who attests, as they name themselves; the trust policy decides whether that is so."""

    id: _Text
    name: _Text


class StandardReference(_Model):
    """A pinned standard."""

    id: _Text
    version: _Text
    sha256: _Digest


class Target(_Model):
    """The release that was assessed."""

    name: _Text
    version: _Text
    artifacts: list[ResourceDescriptor]


class Summary(_Model):
    """Counts that a policy or a person wants first; the verifier recomputes each."""

    verdict: Literal["ready", "ready-with-waivers", "not-ready"]
    controls: StrictInt
    satisfied: StrictInt
    waived: StrictInt
    blocked: StrictInt
    items: StrictInt
    withheld_items: StrictInt = Field(alias="withheldItems")


class SelfAssessment(_Model):
    """The predicate ``self-assessment/v1``."""

    attester: Attester
    standards: list[StandardReference] = Field(min_length=1)
    target: Target
    series: _Text
    sequence: Annotated[StrictInt, Field(ge=1)]
    supersedes: _Digest | None
    signed_at: _Time = Field(alias="signedAt")
    summary: Summary


class Statement(_Model):
    """An in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md)."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: list[ResourceDescriptor] = Field(min_length=1, max_length=1)
    predicate_type: Literal["https://compliance-tui.example/attestation/self-assessment/v1"] = Field(alias="predicateType")
    predicate: SelfAssessment

    @property
    def bundle_id(self) -> str:
        """SHA-256 of the core manifest that the statement is about."""
        return self.subject[0].digest.sha256


def write_statement(bundle_id: str, predicate: SelfAssessment) -> bytes:
    """The bytes to be signed."""
    statement = Statement(
        type_=STATEMENT_TYPE,
        subject=[ResourceDescriptor(name=SUBJECT, digest=DigestSet(sha256=bundle_id))],
        predicate_type=PREDICATE_TYPE,
        predicate=predicate,
    )
    return dump_json(statement.model_dump(mode="json", by_alias=True))


def read_statement(content: bytes, where: str) -> Statement:
    """The statement in ``content``. Raises BrokenError ``bad-statement``."""
    try:
        statement = load_json_model(content, Statement, where, limit=LARGEST_PAYLOAD, signed=True)
    except InputError as error:
        raise BrokenError("bad-statement", str(error)) from None
    if statement.subject[0].name != SUBJECT:
        raise BrokenError("bad-statement", f"{where}: its subject is not {SUBJECT}")
    return statement
