"""The trust policy: the verifier's own file about persons, keys, roles, thresholds and accepted standards.

Nothing inside a bundle says who signed it; only this file does.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.model import load_model
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import dump_toml, load_toml
from compliance_tui.trust.public_key import PublicKey, parse_public_key

SELF_ASSESSMENT = "self-assessment/v1"


def _no_wildcard(text: str) -> str:
    if "*" in text or "?" in text:
        raise ValueError("wildcards are refused; name each one")
    return text


def _aware(value: object) -> object:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value
    raise ValueError("write an instant with its offset, as 2026-11-23T15:00:00Z")


Name = Annotated[
    str, StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f\"]{1,200}$"), BeforeValidator(lambda v: _no_wildcard(v) if isinstance(v, str) else v)
]
Instant = Annotated[dt.datetime, BeforeValidator(_aware)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Model(BaseModel):
    """Unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Revocation(Model):
    """Since when a key no longer counts. A retired key stops then; a compromised one never counted without proof of time."""

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

    id: Name
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
    """The versions of a standard that the verifier accepts."""

    id: Name
    accept: list[Accepted] = Field(min_length=1)


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
        for rule in self.rule:
            for need in rule.require:
                holders = sum(need.role in person.roles for person in self.person)
                if holders < need.k:
                    raise ValueError(f"a rule wants {need.k} in the role {need.role}, which {holders} persons hold")
        return self


def load_policy(content: bytes, where: str) -> Policy:
    """The policy in ``content``. Raises InputError naming file, line and field."""
    return load_model(content, Policy, where)


@dataclass(frozen=True)
class RuleOutcome:
    """Whether the rule for a statement is satisfied, in words."""

    satisfied: bool
    text: str


def evaluate_rules(policy: Policy, predicate: str, attester: str, signed_by: Iterable[str]) -> RuleOutcome:
    """Whether the persons who signed satisfy a rule of the policy for ``predicate`` by ``attester``.

    A rule that names an attester goes before one for everybody. With distinct persons, one person counts for one role.
    """
    rules = [rule for rule in policy.rule if rule.predicate == predicate]
    chosen = [rule for rule in rules if rule.attester == attester] or [rule for rule in rules if rule.attester is None]
    if not chosen:
        return RuleOutcome(False, f"the policy has no rule for {predicate} by {clean_line(attester, 80)}")
    people = {person.id: person for person in policy.person if person.id in set(signed_by)}
    unmet = [_unmet(rule, list(people.values())) for rule in chosen]
    if "" in unmet:
        rule = chosen[unmet.index("")]
        asked = ", ".join(f"{need.k} × {need.role}" for need in rule.require)
        return RuleOutcome(True, f"{asked}: signed by {', '.join(sorted(people))}")
    return RuleOutcome(False, unmet[0])


def _unmet(rule: Rule, people: Sequence[Person]) -> str:
    seats = [need.role for need in rule.require for _ in range(need.k)]
    if rule.distinct_persons:
        seated = _seat(seats, people)
    else:
        counts = {need.role: sum(need.role in person.roles for person in people) for need in rule.require}
        seated = all(counts[need.role] >= need.k for need in rule.require)
    if seated:
        return ""
    asked = ", ".join(f"{need.k} × {need.role}" for need in rule.require)
    signed = ", ".join(sorted(f"{person.id} ({'/'.join(person.roles) or 'no role'})" for person in people)) or "nobody known"
    return f"wanted {asked}{' (different persons)' if rule.distinct_persons else ''}; signed by {signed}"


def _seat(seats: Sequence[str], people: Sequence[Person]) -> bool:
    """Whether each seat can have a person of its own (augmenting paths)."""
    taken: dict[str, int] = {}

    def place(seat: int, tried: set[str]) -> bool:
        for person in people:
            if seats[seat] in person.roles and person.id not in tried:
                tried.add(person.id)
                if person.id not in taken or place(taken[person.id], tried):
                    taken[person.id] = seat
                    return True
        return False

    return all(place(seat, set()) for seat in range(len(seats)))


def accepts_standard(policy: Policy, identifier: str, version: str, sha256: str) -> str:
    """Empty when the policy accepts these bytes as that version; else why not."""
    known = next((standard for standard in policy.standard if standard.id == identifier), None)
    if known is None:
        return f"{identifier} is no standard that the policy accepts"
    entry = next((one for one in known.accept if one.version == version), None)
    if entry is None:
        accepted = ", ".join(one.version for one in known.accept)
        return f"{identifier} {version} is not accepted; the policy accepts {accepted}"
    if entry.sha256 != sha256:
        return f"{identifier} {version} in the bundle is not the text that the policy accepts (its SHA-256 differs)"
    return ""


_STARTER = """\
# Your trust policy: whom you believe, for what. Nothing inside a bundle can change it.
# Add people with `compliance-tui trust add`, then say below what you demand.
schema = "trust/1"
version = 1
"""


def new_policy() -> bytes:
    """A policy that trusts nobody yet."""
    return _STARTER.encode()


def add_person(content: bytes, where: str, identifier: str, name: str, roles: Sequence[str], public: str) -> bytes:
    """The policy with one more key of a person, who is added where unknown; the version rises by one."""
    table = load_toml(content, where)
    people = table.setdefault("person", [])
    person = next((one for one in people if one.get("id") == identifier), None)
    if person is None:
        person = {"id": identifier, "name": name, "roles": [], "key": []}
        people.append(person)
    person["roles"] = list(dict.fromkeys([*person.get("roles", []), *roles]))
    person.setdefault("key", []).append({"public": parse_public_key(public, where).openssh})
    return _changed(table, where)


def add_rule(content: bytes, where: str, predicate: str, attester: str | None, needs: dict[str, int]) -> bytes:
    """The policy with one more rule; the version rises by one."""
    table = load_toml(content, where)
    require = [{"role": role, "k": k} for role, k in needs.items()]
    table.setdefault("rule", []).append({"predicate": predicate, "attester": attester, "require": require})
    return _changed(table, where)


def add_standard(content: bytes, where: str, identifier: str, version: str, sha256: str) -> bytes:
    """The policy with one more accepted version of a standard; the policy's version rises by one."""
    table = load_toml(content, where)
    standards = table.setdefault("standard", [])
    known = next((one for one in standards if one.get("id") == identifier), None)
    if known is None:
        known = {"id": identifier, "accept": []}
        standards.append(known)
    known["accept"] = [one for one in known["accept"] if one.get("version") != version]
    known["accept"].append({"version": version, "sha256": sha256})
    return _changed(table, where)


def _changed(table: dict[str, Any], where: str) -> bytes:
    table["version"] = int(table.get("version", 0)) + 1
    order = {name: table[name] for name in ("schema", "version", "expires") if name in table}
    content = dump_toml({**order, **{name: value for name, value in table.items() if name not in order}})
    load_policy(content, where)
    return content


def allowed_signers(policy: Policy, namespace: str) -> str:
    """The policy's keys as OpenSSH's ``allowed_signers``, for ``ssh-keygen -Y verify``; compromised keys are left out."""
    lines = []
    for person in policy.person:
        for key in person.key:
            if key.revoked is not None and key.revoked.reason == "compromised":
                continue
            until = min((one for one in (key.until, key.revoked.at if key.revoked else None) if one), default=None)
            options = [f'namespaces="{namespace}"']
            if key.from_:
                options.append(f'valid-after="{_ssh_time(key.from_)}"')
            if until:
                options.append(f'valid-before="{_ssh_time(until)}"')
            lines.append(f"{person.id} {','.join(options)} {key.key.openssh}\n")
    return "".join(lines)


def _ssh_time(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y%m%d%H%M%SZ")


def lint_policy(policy: Policy, as_of: dt.datetime) -> list[str]:
    """What the policy's owner would want to know: expired, without a rule, keys that no longer count."""
    findings = []
    if policy.expires and as_of >= policy.expires:
        findings.append(f"the policy expired at {format_instant(policy.expires)}")
    if not policy.rule:
        findings.append("there is no rule: no bundle can be accepted")
    if not policy.standard:
        findings.append("no standard is accepted: no bundle can be accepted")
    for person in policy.person:
        if not person.key:
            findings.append(f"{person.id} has no key")
        for key in person.key:
            why = key.counts(as_of)
            if why:
                findings.append(f"{person.id}: {why}")
            elif key.until and key.until - as_of < dt.timedelta(days=30):
                findings.append(f"{person.id}: the key counts only until {format_instant(key.until)}")
    return findings
