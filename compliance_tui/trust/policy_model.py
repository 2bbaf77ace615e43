"""The language of ``trust.toml`` as pydantic models, and loading it: what is refused before anything is believed."""

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.model import load_model
from compliance_tui.trust.public_key import PublicKey, parse_public_key

_DOTTED = r"^[0-9]{1,9}(\.[0-9]{1,9}){0,5}$"


def _no_wildcard(value: object) -> object:
    if isinstance(value, str) and ("*" in value or "?" in value):
        raise ValueError("wildcards are refused; name each one")
    return value


def _one_principal(value: object) -> object:
    # In OpenSSH's allowed_signers a comma parts two principals, "!" negates, "#" begins a comment, "\\" escapes.
    if isinstance(value, str) and any(character in value for character in ",!#\\"):
        raise ValueError("an id may not hold , ! # or a backslash")
    return value


def _aware(value: object) -> object:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value
    raise ValueError("write an instant with its offset, as 2026-11-23T15:00:00Z")


Name = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f\"]{1,200}$"), BeforeValidator(_no_wildcard)]
PersonId = Annotated[Name, BeforeValidator(_one_principal)]
Dotted = Annotated[str, StringConstraints(pattern=_DOTTED)]
Instant = Annotated[dt.datetime, BeforeValidator(_aware)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Model(BaseModel):
    """Unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Revocation(Model):
    """Since when a key no longer counts. A retired key stops then; a compromised one has never counted.

    ``since`` says from when on a compromised key was in wrong hands. Only a trusted time stamp could show that a
    signature is older than that, so without one no signature of such a key counts.
    """

    at: Instant
    reason: Literal["retired", "compromised"]
    since: Instant | None = None


class Key(Model):
    """A public key of a person, with the time in which its signatures count."""

    public: Annotated[str, StringConstraints(max_length=4000)]
    from_: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None
    revoked: Revocation | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Key":
        if self.from_ and self.until and self.until <= self.from_:
            raise ValueError("until must come after from")
        try:
            parse_public_key(self.public)
        except InputError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def key(self) -> PublicKey:
        """The parsed key."""
        return parse_public_key(self.public)

    def counts(self, as_of: dt.datetime) -> str:
        """Empty when the key's signatures count at ``as_of``; else why they do not."""
        if self.revoked is not None and self.revoked.reason == "compromised":
            return f"the key is compromised since {format_instant(self.revoked.since or self.revoked.at)}"
        if self.revoked is not None and as_of >= self.revoked.at:
            return f"the key was retired at {format_instant(self.revoked.at)}"
        if self.from_ and as_of < self.from_:
            return f"the key counts only from {format_instant(self.from_)} on"
        if self.until and as_of >= self.until:
            return f"the key counted until {format_instant(self.until)}"
        return ""


class Person(Model):
    """Somebody whom the verifier knows, with roles and keys."""

    id: PersonId
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    roles: list[Name] = Field(default_factory=list)
    key: list[Key] = Field(default_factory=list)


class Need(Model):
    """At least ``k`` persons in a role."""

    role: Name
    k: Annotated[StrictInt, Field(ge=1, le=100)] = 1


class Rule(Model):
    """Who must have signed a kind of statement."""

    predicate: Name
    attester: Name | None = None
    require: list[Need] = Field(min_length=1)
    distinct_persons: StrictBool = True


class Accepted(Model):
    """One version of a standard, by the digest of its bytes."""

    version: Name
    sha256: Digest


class AcceptedStandard(Model):
    """The versions of a standard that the verifier accepts; ``minimum`` (numbers and dots) bars older ones."""

    id: Name
    accept: list[Accepted] = Field(min_length=1)
    minimum: Dotted | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "AcceptedStandard":
        if self.minimum is not None:
            for entry in self.accept:
                if not re.fullmatch(_DOTTED, entry.version):
                    raise ValueError(f"minimum needs versions of numbers and dots, which {entry.version} is not")
        return self


class Policy(Model):
    """``trust.toml``."""

    schema_: Literal["trust/1"] = Field(alias="schema")
    version: Annotated[StrictInt, Field(ge=1)]
    expires: Instant | None = None
    person: list[Person] = Field(default_factory=list)
    rule: list[Rule] = Field(default_factory=list)
    standard: list[AcceptedStandard] = Field(default_factory=list)

    @model_validator(mode="after")
    def _sound(self) -> "Policy":
        seen: dict[bytes, str] = {}
        for person in self.person:
            for key in person.key:
                raw = key.key.raw
                if raw in seen:
                    raise ValueError(f"one key stands twice, for {seen[raw]} and {person.id}; one key is one vote")
                seen[raw] = person.id
        for what, ids in (("person", [p.id for p in self.person]), ("standard", [s.id for s in self.standard])):
            twice = next((one for one in ids if ids.count(one) > 1), None)
            if twice:
                raise ValueError(f"the {what} {twice} stands twice")
        subjects = [(rule.predicate, rule.attester) for rule in self.rule]
        for rule in self.rule:
            if subjects.count((rule.predicate, rule.attester)) > 1:
                raise ValueError(f"two rules for {rule.predicate} and one attester; write what is demanded as one rule")
            named = [need.role for need in rule.require]
            if len(set(named)) != len(named):
                raise ValueError(f"the rule for {rule.predicate} names one role twice; raise its k instead")
            for need in rule.require:
                holders = sum(need.role in person.roles for person in self.person)
                if holders < need.k:
                    raise ValueError(f"a rule wants {need.k} in the role {need.role}, which {holders} persons hold")
        return self


def load_policy(content: bytes, where: str) -> Policy:
    """The policy in ``content``. Raises InputError naming file, line and field."""
    return load_model(content, Policy, where)
