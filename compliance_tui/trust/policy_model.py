"""The language of ``trust.toml`` as pydantic models, and loading it: what is refused before anything is believed."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

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
from compliance_tui.safe.language import message
from compliance_tui.safe.model import load_model
from compliance_tui.trust.public_key import PublicKey, parse_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm
    from cryptography.x509 import Certificate

SELF_ASSESSMENT = "self-assessment/v1"
_DOTTED = r"^[0-9]{1,9}(\.[0-9]{1,9}){0,5}$"


def _no_wildcard(value: object) -> object:
    if isinstance(value, str) and ("*" in value or "?" in value):
        raise ValueError(message("wildcards are refused; name each one"))
    return value


def _one_principal(value: object) -> object:
    # In OpenSSH's allowed_signers a comma parts two principals, "!" negates, "#" begins a comment, "\\" escapes.
    if isinstance(value, str) and any(character in value for character in ",!#\\"):
        raise ValueError(message("an id may not hold , ! # or a backslash"))
    return value


def _aware(value: object) -> object:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value
    raise ValueError(message("write an instant with its offset, as 2026-11-23T15:00:00Z"))


Name = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f\"]{1,200}$"), BeforeValidator(_no_wildcard)]
PersonId = Annotated[Name, BeforeValidator(_one_principal)]
Dotted = Annotated[str, StringConstraints(pattern=_DOTTED)]
Instant = Annotated[dt.datetime, BeforeValidator(_aware)]
Oid = Annotated[str, StringConstraints(pattern=r"^[0-2](\.[0-9]{1,20}){1,20}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Model(BaseModel):
    """Unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Revocation(Model):
    """Since when a key no longer counts. A retired key stops at ``at``; a compromised one may never have counted.

    ``since`` says from when on a compromised key was in wrong hands: a signature that a trusted time shows to be older still
    counts. Where it is not known, none does.
    """

    at: Instant
    reason: Literal["retired", "compromised"]
    since: Instant | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Revocation":
        if self.since is not None and self.reason == "retired":
            raise ValueError(message("since is for a compromised key; a retired one stops at its at"))
        if self.since is not None and self.since > self.at:
            raise ValueError(message("since may not come after at: a key is revoked once it is known to be compromised"))
        return self


class Key(Model):
    """A public key of a person, with the time in which its signatures count.

    A key in a FIDO2 token must have been touched for each signature, unless ``require_touch`` is false.
    """

    public: Annotated[str, StringConstraints(max_length=4000)]
    from_: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None
    revoked: Revocation | None = None
    require_touch: StrictBool | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Key":
        if self.from_ and self.until and self.until <= self.from_:
            raise ValueError(message("until must come after from"))
        try:
            key = parse_public_key(self.public)
        except InputError as error:
            raise ValueError(str(error)) from None
        if self.require_touch is not None and key.application is None:
            raise ValueError(
                message("require_touch is for a key in a FIDO2 token (sk-ssh-ed25519@openssh.com …), which this is not")
            )
        return self

    @property
    def key(self) -> PublicKey:
        """The parsed key."""
        return parse_public_key(self.public)

    @property
    def must_be_touched(self) -> bool:
        """Whether a signature counts only where somebody touched the token."""
        return self.require_touch is not False and self.key.application is not None

    def counts(self, as_of: dt.datetime, seen: Iterable[dt.datetime] = ()) -> str:
        """Empty when a signature of the key counts at ``as_of``; else why it does not.

        ``seen`` are trusted times at which the signature was there already: the earliest of them stands in place of ``as_of``.
        """
        stamped = min(seen, default=None)
        moment = as_of if stamped is None else stamped
        if self.revoked is not None and self.revoked.reason == "compromised":
            since = self.revoked.since
            if since is None:
                return message("the key is compromised, and since when is not known")
            if stamped is None or stamped >= since:
                shown = (
                    message("no trusted time shows this signature to be older")
                    if stamped is None
                    else message("this signature is not older")
                )
                return message("the key is compromised since {since}, and {but}", since=format_instant(since), but=shown)
        elif self.revoked is not None and moment >= self.revoked.at:
            return message("the key was retired at {at}", at=format_instant(self.revoked.at))
        if self.from_ and moment < self.from_:
            return message("the key counts only from {from_} on", from_=format_instant(self.from_))
        if self.until and moment >= self.until:
            return message("the key counted until {until}", until=format_instant(self.until))
        return ""


class Person(Model):
    """Somebody whom the verifier knows, with roles and keys.

    Where ``seats`` are named, their signed sign-offs count in no other seat of a control.
    """

    id: PersonId
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    roles: list[Name] = Field(default_factory=list)
    seats: list[Name] = Field(default_factory=list)
    key: list[Key] = Field(default_factory=list)


class Need(Model):
    """At least ``k`` persons in a role."""

    role: Name
    k: Annotated[StrictInt, Field(ge=1, le=100)] = 1


class TimeNeed(Model):
    """Trusted times from at least ``k`` of these authorities."""

    k: Annotated[StrictInt, Field(ge=1, le=32)] = 1
    tsa: list[Name] = Field(min_length=1, max_length=32)

    @model_validator(mode="after")
    def _possible(self) -> "TimeNeed":
        if len(set(self.tsa)) != len(self.tsa):
            raise ValueError(message("an authority stands twice; one is one"))
        if self.k > len(self.tsa):
            raise ValueError(message("wants {k} trusted times of {number} authorities", k=self.k, number=len(self.tsa)))
        return self


class Rule(Model):
    """Who must have signed a kind of statement, at which trusted times it must have been seen, and how old it may be."""

    predicate: Name
    attester: Name | None = None
    require: list[Need] = Field(min_length=1)
    distinct_persons: StrictBool = True
    timestamp: TimeNeed | None = None
    max_age_days: Annotated[StrictInt, Field(ge=1, le=36_500)] | None = None


class Tsa(Model):
    """A time-stamping authority (RFC 3161): its root certificate as PEM, with further ones of its chain where need be.

    ``leaf_sha256`` pins the certificates that stamp, by the SHA-256 of their DER; without it every time-stamping certificate
    under the root counts. ``policy`` are the policies (OIDs) under which it must have stamped; without it any will do.
    """

    id: Name
    root: Annotated[str, StringConstraints(max_length=32 * 1024)]
    leaf_sha256: list[Digest] = Field(default_factory=list, max_length=32)
    policy: list[Oid] = Field(default_factory=list, max_length=32)

    @model_validator(mode="after")
    def _sound(self) -> "Tsa":
        from cryptography.x509 import BasicConstraints, ExtensionNotFound

        for certificate in self.certificates:
            try:
                authority = certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
            except (ExtensionNotFound, ValueError):
                authority = False
            if not authority:
                raise ValueError(
                    message("root must be the certificate of an authority (CA); pin the one that stamps with leaf_sha256")
                )
        return self

    @property
    def certificates(self) -> "list[Certificate]":
        """The certificates in ``root``. Raises ValueError where there is none."""
        from cryptography.x509 import load_pem_x509_certificates

        try:
            found = load_pem_x509_certificates(self.root.encode("ascii"))
        except ValueError:
            raise ValueError(message("root is no certificate in PEM form (-----BEGIN CERTIFICATE-----)")) from None
        if not found or len(found) > 8:
            raise ValueError(message("root must hold one to eight certificates"))
        return found


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
                    raise ValueError(
                        message("minimum needs versions of numbers and dots, which {version} is not", version=entry.version)
                    )
        return self


class Policy(Model):
    """``trust.toml``."""

    schema_: Literal["trust/1"] = Field(alias="schema")
    version: Annotated[StrictInt, Field(ge=1)]
    expires: Instant | None = None
    person: list[Person] = Field(default_factory=list)
    rule: list[Rule] = Field(default_factory=list)
    standard: list[AcceptedStandard] = Field(default_factory=list)
    tsa: list[Tsa] = Field(default_factory=list, max_length=32)

    @model_validator(mode="after")
    def _sound(self) -> "Policy":
        self._distinct()
        self._rules_possible()
        self._authorities_apart()
        return self

    def _distinct(self) -> None:
        seen: dict[bytes, str] = {}
        for person in self.person:
            for key in person.key:
                raw = key.key.raw
                if raw in seen:
                    raise ValueError(
                        message(
                            "one key stands twice, for {other} and {person}; one key is one vote",
                            other=seen[raw],
                            person=person.id,
                        )
                    )
                seen[raw] = person.id
        lists: dict[str, Sequence[Person | AcceptedStandard | Tsa]] = {
            message("person"): self.person,
            message("standard"): self.standard,
            message("tsa"): self.tsa,
        }
        for what, entries in lists.items():
            ids = [one.id for one in entries]
            twice = next((one for one in ids if ids.count(one) > 1), None)
            if twice:
                raise ValueError(message("the {what} {twice} stands twice", what=what, twice=twice))

    def _rules_possible(self) -> None:
        subjects = [(rule.predicate, rule.attester) for rule in self.rule]
        for rule in self.rule:
            if subjects.count((rule.predicate, rule.attester)) > 1:
                raise ValueError(
                    message(
                        "two rules for {predicate} and one attester; write what is demanded as one rule",
                        predicate=rule.predicate,
                    )
                )
            named = [need.role for need in rule.require]
            if len(set(named)) != len(named):
                raise ValueError(
                    message("the rule for {predicate} names one role twice; raise its k instead", predicate=rule.predicate)
                )
            for need in rule.require:
                holders = sum(need.role in person.roles for person in self.person)
                if holders < need.k:
                    raise ValueError(
                        message(
                            "a rule wants {k} in the role {role}, which {holders} persons hold",
                            k=need.k,
                            role=need.role,
                            holders=holders,
                        )
                    )
            for authority in rule.timestamp.tsa if rule.timestamp else ():
                if all(one.id != authority for one in self.tsa):
                    raise ValueError(
                        message(
                            "the rule for {predicate} names the tsa {authority}, which the policy does not have",
                            predicate=rule.predicate,
                            authority=authority,
                        )
                    )

    def _authorities_apart(self) -> None:
        """No token may count for two authorities: those under one root must each pin certificates of their own."""
        pins = [pin for one in self.tsa for pin in one.leaf_sha256]
        if len(set(pins)) != len(pins):
            raise ValueError(message("one certificate is pinned twice; a time stamp counts for one tsa only"))
        roots: dict[bytes, Tsa] = {}
        for one in self.tsa:
            for certificate in one.certificates if len(self.tsa) > 1 else ():
                other = roots.setdefault(certificate.fingerprint(_sha256()), one)
                if other is not one and not (other.leaf_sha256 and one.leaf_sha256):
                    raise ValueError(
                        message(
                            "{tsa} and {other} share a root; pin leaf_sha256 of both, or a stamp is both",
                            tsa=other.id,
                            other=one.id,
                        )
                    )


def _sha256() -> "HashAlgorithm":
    from cryptography.hazmat.primitives.hashes import SHA256

    return SHA256()


def load_policy(content: bytes, where: str) -> Policy:
    """The policy in ``content``. Raises InputError naming file, line and field."""
    return load_model(content, Policy, where)
