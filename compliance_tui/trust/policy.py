"""The trust policy: the verifier's own file about persons, keys, roles, thresholds and accepted standards.

Nothing inside a bundle says who signed it; only this file does.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import dump_toml, load_toml
from compliance_tui.trust.policy_model import (
    Accepted,
    AcceptedStandard,
    Key,
    Need,
    Person,
    Policy,
    Revocation,
    Rule,
    load_policy,
)
from compliance_tui.trust.public_key import parse_public_key

__all__ = [
    "SELF_ASSESSMENT",
    "Accepted",
    "AcceptedStandard",
    "Key",
    "Need",
    "Person",
    "Policy",
    "Revocation",
    "Rule",
    "RuleOutcome",
    "accepts_standard",
    "add_person",
    "add_rule",
    "add_standard",
    "allowed_signers",
    "evaluate_rules",
    "lint_policy",
    "load_policy",
    "new_policy",
]

SELF_ASSESSMENT = "self-assessment/v1"


@dataclass(frozen=True)
class RuleOutcome:
    """Whether the rule for a statement is satisfied, in words."""

    satisfied: bool
    text: str
    by_role: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def evaluate_rules(policy: Policy, predicate: str, attester: str, signed_by: Iterable[str]) -> RuleOutcome:
    """Whether the persons who signed satisfy a rule of the policy for ``predicate`` by ``attester``.

    A rule that names an attester goes before one for everybody. With distinct persons, one person counts for one role.
    ``by_role`` says who was counted for which role where the rule is satisfied.
    """
    rules = [rule for rule in policy.rule if rule.predicate == predicate]
    chosen = [rule for rule in rules if rule.attester == attester] or [rule for rule in rules if rule.attester is None]
    if not chosen:
        return RuleOutcome(False, f"the policy has no rule for {predicate} by {clean_line(attester, 80)}")
    signed = set(signed_by)
    people = [person for person in policy.person if person.id in signed]
    rule = chosen[0]  # the policy holds one rule for each predicate and attester
    by_role = _counted(rule, people)
    asked = ", ".join(f"{need.k} × {need.role}" for need in rule.require)
    if by_role is not None:
        return RuleOutcome(True, f"{asked}: signed by {', '.join(sorted(person.id for person in people))}", by_role)
    names = sorted(f"{person.id} ({'/'.join(person.roles) or 'no role'})" for person in people)
    different = " (different persons)" if rule.distinct_persons else ""
    return RuleOutcome(False, f"wanted {asked}{different}; signed by {', '.join(names) or 'nobody known'}")


def _counted(rule: Rule, people: Sequence[Person]) -> dict[str, tuple[str, ...]] | None:
    """Who counts for which role of ``rule``; None where the people do not satisfy it."""
    if rule.distinct_persons:
        return _seat([need.role for need in rule.require for _ in range(need.k)], people)
    by_role = {need.role: tuple(person.id for person in people if need.role in person.roles) for need in rule.require}
    return by_role if all(len(by_role[need.role]) >= need.k for need in rule.require) else None


def _seat(seats: Sequence[str], people: Sequence[Person]) -> dict[str, tuple[str, ...]] | None:
    """Each seat with a person of its own (augmenting paths), gathered by role; None where that is not possible."""
    taken: dict[str, int] = {}

    def place(seat: int, tried: set[str]) -> bool:
        for person in people:
            if seats[seat] in person.roles and person.id not in tried:
                tried.add(person.id)
                if person.id not in taken or place(taken[person.id], tried):
                    taken[person.id] = seat
                    return True
        return False

    if not all(place(seat, set()) for seat in range(len(seats))):
        return None
    by_role: dict[str, tuple[str, ...]] = dict.fromkeys(seats, ())
    for person_id, seat in sorted(taken.items()):
        by_role[seats[seat]] += (person_id,)
    return by_role


def _order(version: str) -> tuple[int, ...]:
    """Position of a version of numbers and dots; 2.1 and 2.1.0 are one."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def accepts_standard(policy: Policy, identifier: str, version: str, sha256: str) -> str:
    """Empty when the policy accepts these bytes as that version; else why not."""
    known = next((standard for standard in policy.standard if standard.id == identifier), None)
    if known is None:
        return f"{identifier} is no standard that the policy accepts"
    digests = [one.sha256 for one in known.accept if one.version == version]
    if not digests:
        accepted = ", ".join(one.version for one in known.accept)
        return f"{identifier} {version} is not accepted; the policy accepts {accepted}"
    if known.minimum is not None and _order(version) < _order(known.minimum):
        return f"{identifier} {version} is older than {known.minimum}, the least that the policy accepts"
    if sha256 not in digests:
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


def add_person(
    content: bytes,
    where: str,
    identifier: str,
    name: str,
    roles: Sequence[str],
    public: str,
    *,
    from_: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> bytes:
    """The policy with one more key of a person, who is added where unknown; the version rises by one.

    Raises InputError where the policy is not sound before or after; ``from_`` and ``until`` bound when the key counts.
    """
    table = _sound_table(content, where)
    people = table.setdefault("person", [])
    person = next((one for one in people if one.get("id") == identifier), None)
    if person is None:
        person = {"id": identifier, "name": name, "roles": [], "key": []}
        people.append(person)
    person["roles"] = list(dict.fromkeys([*person.get("roles", []), *roles]))
    key = {"public": parse_public_key(public, where).openssh, "from": from_, "until": until}
    person.setdefault("key", []).append(key)
    return _changed(table, where, content)


def add_rule(content: bytes, where: str, predicate: str, attester: str | None, needs: dict[str, int]) -> bytes:
    """The policy with this rule in place of the one for the same predicate and attester; the version rises by one."""
    table = _sound_table(content, where)
    require = [{"role": role, "k": k} for role, k in needs.items()]
    rules = table.setdefault("rule", [])
    rules[:] = [one for one in rules if (one["predicate"], one.get("attester")) != (predicate, attester)]
    rules.append({"predicate": predicate, "attester": attester, "require": require})
    return _changed(table, where, content)


def add_standard(content: bytes, where: str, identifier: str, version: str, sha256: str) -> bytes:
    """The policy with one more accepted version of a standard; the policy's version rises by one."""
    table = _sound_table(content, where)
    standards = table.setdefault("standard", [])
    known = next((one for one in standards if one.get("id") == identifier), None)
    if known is None:
        known = {"id": identifier, "accept": []}
        standards.append(known)
    known["accept"] = [one for one in known["accept"] if one.get("version") != version]
    known["accept"].append({"version": version, "sha256": sha256})
    return _changed(table, where, content)


def _sound_table(content: bytes, where: str) -> dict[str, Any]:
    """The tables of a policy that is valid as it stands: what comes after may rely on their shape."""
    load_policy(content, where)
    return load_toml(content, where)


def _changed(table: dict[str, Any], where: str, old: bytes) -> bytes:
    table["version"] += 1
    order: dict[str, Any] = {name: table[name] for name in ("schema", "version", "expires") if name in table}
    # Comments inside the tables are lost when they are written anew; those at the head of the file are kept.
    head = re.match(rb"(?:[ \t]*(?:#[^\n]*)?\n)*", old)
    rest = {name: value for name, value in table.items() if name not in order}
    content = (head.group() if head else b"") + dump_toml({**order, **rest})
    load_policy(content, where)
    return content


def allowed_signers(policy: Policy, namespace: str) -> str:
    """The policy's keys as OpenSSH's ``allowed_signers``, for ``ssh-keygen -Y verify``.

    Compromised keys, and keys retired before they ever counted, are left out. The file knows no
    roles and no thresholds.
    """
    lines = []
    for person in policy.person:
        for key in person.key:
            if key.revoked is not None and key.revoked.reason == "compromised":
                continue
            until = min((one for one in (key.until, key.revoked.at if key.revoked else None) if one), default=None)
            if key.from_ and until and until <= key.from_:
                continue  # ssh-keygen would refuse the whole line
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
    """What the policy's owner would want to know: expired, rules that nobody can satisfy, keys that no longer count."""
    findings = []
    if policy.expires and as_of >= policy.expires:
        findings.append(f"the policy expired at {format_instant(policy.expires)}")
    if not policy.rule:
        findings.append("there is no rule: no bundle can be accepted")
    if not policy.standard:
        findings.append("no standard is accepted: no bundle can be accepted")
    able = [person for person in policy.person if any(not key.counts(as_of) for key in person.key)]
    for rule in policy.rule:
        if _counted(rule, able) is None:
            by = f" by {rule.attester}" if rule.attester else ""
            findings.append(f"nobody can satisfy the rule for {rule.predicate}{by} with the keys that count now")
    return findings + [finding for person in policy.person for finding in _lint_person(person, as_of)]


def _lint_person(person: Person, as_of: dt.datetime) -> list[str]:
    if not person.key:
        return [f"{person.id} has no key"]
    findings = []
    for key in person.key:
        why = key.counts(as_of)
        if why:
            findings.append(f"{person.id}: {why}")
        elif key.until and key.until - as_of < dt.timedelta(days=30):
            findings.append(f"{person.id}: the key counts only until {format_instant(key.until)}")
    return findings
