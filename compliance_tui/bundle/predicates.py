"""What others, and the lab itself later, may state about a bundle. Each is closed: an unknown field is refused.

A statement refers to another by the SHA-256 of its bytes, never by an envelope's: an envelope has more than one spelling.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic.json_schema import models_json_schema

from compliance_tui.bundle.core import ItemName
from compliance_tui.bundle.statement import (
    PREDICATE,
    PREDICATE_HOME,
    STATEMENT_TYPE,
    Attester,
    Count,
    Digest,
    DigestSet,
    Number,
    ResourceDescriptor,
    SelfAssessment,
    StatementModel,
    Text,
    Time,
)
from compliance_tui.safe.language import message

Decision = Literal["accepted", "accepted-with-conditions", "returned", "refused", "withdrawn"]
DECISIONS: tuple[Decision, ...] = ("accepted", "accepted-with-conditions", "returned", "refused", "withdrawn")
Finding = Literal["confirmed", "disputed", "not-examined"]
FINDINGS: tuple[Finding, ...] = ("confirmed", "disputed", "not-examined")
Status = Literal["current", "superseded", "withdrawn"]
_Words = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_Basis = Annotated[list[ResourceDescriptor], Field(min_length=1, max_length=100)]


class ControlFinding(StatementModel):
    """What an assessor found of one control."""

    standard: Text
    control: Text
    finding: Finding
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


class OpenedItem(StatementModel):
    """An item that the assessor really opened, by the digest of its manifest."""

    name: ItemName
    digest: DigestSet


class Review(StatementModel):
    """``review/v1``, by an assessor: what was looked at, and what was found."""

    attester: Attester
    conclusion: _Words
    findings: list[ControlFinding]
    opened: list[OpenedItem]
    basis: _Basis
    signed_at: Time = Field(alias="signedAt")


class Edition(StatementModel):
    """Which edition of the bundle: how many items were there, and the SHA-256 of their lines in ``core/items.sha256``."""

    present: Count
    withheld: Count
    sealed: Count
    digest: DigestSet


class Receipt(StatementModel):
    """``receipt/v1``, by a regulator: this edition of this bundle arrived whole, not later than then."""

    attester: Attester
    series: Text
    sequence: Number
    received_at: Time = Field(alias="receivedAt")
    edition: Edition
    basis: _Basis
    signed_at: Time = Field(alias="signedAt")


class Determination(StatementModel):
    """``determination/v1``, by a regulator: a decision, with its reasons, its conditions and how long it stands."""

    attester: Attester
    decision: Decision
    reasons: list[_Words] = Field(min_length=1, max_length=50)
    conditions: list[_Words] = Field(max_length=50)
    basis: _Basis
    signed_at: Time = Field(alias="signedAt")
    valid_until: Time | None = Field(default=None, alias="validUntil")
    replaces: Digest | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Determination":
        if bool(self.conditions) != (self.decision == "accepted-with-conditions"):
            raise ValueError(message("conditions go with the decision accepted-with-conditions, and with no other"))
        if self.valid_until is not None and not self.decision.startswith("accepted"):
            raise ValueError(message("only a decision that accepts is valid until a day"))
        if self.decision == "withdrawn" and self.replaces is None:
            raise ValueError(message("a decision can be withdrawn only where there is one; name it in replaces"))
        return self


class Replacement(StatementModel):
    """The bundle that takes another's place."""

    sequence: Number
    digest: DigestSet


class Supersession(StatementModel):
    """``supersession/v1``, by the lab: another bundle of the series takes this one's place."""

    attester: Attester
    series: Text
    sequence: Number
    replacement: Replacement
    reason: _Words
    signed_at: Time = Field(alias="signedAt")

    @model_validator(mode="after")
    def _later(self) -> "Supersession":
        if self.replacement.sequence <= self.sequence:
            raise ValueError(message("the replacement must have a higher sequence"))
        return self


class Withdrawal(StatementModel):
    """``withdrawal/v1``, by the lab: it no longer stands by this bundle."""

    attester: Attester
    series: Text
    sequence: Number
    reason: _Words
    signed_at: Time = Field(alias="signedAt")


class RegisterEntry(StatementModel):
    """One bundle of the series, and how it stands."""

    sequence: Number
    digest: DigestSet
    status: Status


class Register(StatementModel):
    """``register/v1``, by the lab: all bundles of a series, in order. Its version only rises, and it expires soon.

    Its subjects are the bundles, so that it is a statement about each of them.
    """

    attester: Attester
    series: Text
    version: Number
    expires: Time
    bundles: list[RegisterEntry] = Field(min_length=1, max_length=1000)
    signed_at: Time = Field(alias="signedAt")

    @model_validator(mode="after")
    def _ordered(self) -> "Register":
        sequences = [entry.sequence for entry in self.bundles]
        if sequences != sorted(set(sequences)) or len({entry.digest.sha256 for entry in self.bundles}) != len(sequences):
            raise ValueError(message("each bundle stands once, in the order of the sequence"))
        if self.expires <= self.signed_at:
            raise ValueError(message("a register expires after it was signed"))
        return self


class SealedItem(StatementModel):
    """One sealed item: which, and the digest of its manifest, to which what is inside must come."""

    name: ItemName
    digest: DigestSet


class Delivery(StatementModel):
    """``delivery/v1``, by the lab: these ciphertexts were handed over, to these recipients (age, or OpenSSH keys).

    Its subjects are the ciphertexts in the order of ``items``, so that nobody can later speak of an error in transport.
    """

    attester: Attester
    bundle: DigestSet
    items: list[SealedItem] = Field(min_length=1, max_length=1000)
    recipients: list[Annotated[str, StringConstraints(min_length=1, max_length=2500)]] = Field(min_length=1, max_length=50)
    escrow: Annotated[str, StringConstraints(min_length=1, max_length=2500)]
    signed_at: Time = Field(alias="signedAt")


AnyPredicate = SelfAssessment | Review | Receipt | Determination | Supersession | Withdrawal | Register | Delivery
PREDICATES: dict[str, type[AnyPredicate]] = {
    PREDICATE: SelfAssessment,
    "review/v1": Review,
    "receipt/v1": Receipt,
    "determination/v1": Determination,
    "supersession/v1": Supersession,
    "withdrawal/v1": Withdrawal,
    "register/v1": Register,
    "delivery/v1": Delivery,
}


def statement_schema() -> dict[str, Any]:
    """The JSON Schema of every statement: one shape for each kind, told apart by its predicateType."""
    _, shared = models_json_schema([(model, "validation") for model in PREDICATES.values()], by_alias=True)
    kinds = [
        {
            "properties": {
                "predicateType": {"const": f"{PREDICATE_HOME}{name}"},
                "predicate": {"$ref": f"#/$defs/{model.__name__}"},
            }
        }
        for name, model in PREDICATES.items()
    ]
    return {
        "title": "Statement",
        "type": "object",
        "properties": {
            "_type": {"const": STATEMENT_TYPE},
            "subject": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/ResourceDescriptor"}},
            "predicateType": {"type": "string"},
            "predicate": {"type": "object"},
        },
        "required": ["_type", "subject", "predicateType", "predicate"],
        "additionalProperties": False,
        "oneOf": kinds,
        "$defs": shared["$defs"],
    }


# Only the lab that attested can state these about its bundle, whoever else a policy trusts to state them about theirs.
BY_THE_LAB = ("supersession/v1", "withdrawal/v1", "register/v1", "delivery/v1")
