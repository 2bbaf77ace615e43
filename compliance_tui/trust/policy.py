"""The trust policy: the verifier's own file about persons, keys, roles, thresholds, times and accepted standards.

Nothing inside a bundle says who signed it; only this file does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import either, joined, message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.allowed_signers import allowed_signers, namespace_of, revoked_keys
from compliance_tui.trust.policy_edit import add_person, add_rule, add_standard, add_tsa, new_policy, revoke_key, set_expiry
from compliance_tui.trust.policy_lint import lint_policy
from compliance_tui.trust.policy_model import (
    SELF_ASSESSMENT,
    Accepted,
    AcceptedStandard,
    Key,
    Need,
    Person,
    Policy,
    Revocation,
    Rule,
    TimeNeed,
    Tsa,
    load_policy,
)
from compliance_tui.trust.seating import seated
from compliance_tui.trust.timestamps import SKEW

if TYPE_CHECKING:
    from compliance_tui.trust.signature import SignatureCount

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
    "TimeNeed",
    "Tsa",
    "accepts_standard",
    "add_person",
    "add_rule",
    "add_standard",
    "add_tsa",
    "allowed_signers",
    "evaluate_freshness",
    "evaluate_rules",
    "evaluate_time",
    "lint_policy",
    "load_policy",
    "namespace_of",
    "new_policy",
    "revoke_key",
    "revoked_keys",
    "rolled_back",
    "rule_for",
    "set_expiry",
]


@dataclass(frozen=True)
class RuleOutcome:
    """Whether the rule for a statement is satisfied, in words."""

    satisfied: bool
    text: str
    by_role: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def rule_for(policy: Policy, predicate: str, attester: str) -> Rule | None:
    """The rule for statements of this kind by this attester; one that names an attester goes before one for everybody."""
    rules = [rule for rule in policy.rule if rule.predicate == predicate]
    chosen = [rule for rule in rules if rule.attester == attester] or [rule for rule in rules if rule.attester is None]
    return chosen[0] if chosen else None  # the policy holds one rule for each predicate and attester


def _no_rule(predicate: str, attester: str) -> RuleOutcome:
    return RuleOutcome(
        False,
        message("the policy has no rule for {predicate} by {attester}", predicate=predicate, attester=clean_line(attester, 80)),
    )


def evaluate_rules(policy: Policy, predicate: str, attester: str, signed_by: Iterable[str]) -> RuleOutcome:
    """Whether the persons who signed satisfy a rule of the policy for ``predicate`` by ``attester``.

    With distinct persons, one person counts for one role.
    ``by_role`` says who was counted for which role where the rule is satisfied.
    """
    rule = rule_for(policy, predicate, attester)
    if rule is None:
        return _no_rule(predicate, attester)
    signed = set(signed_by)
    people = [person for person in policy.person if person.id in signed]
    by_role = seated(rule, people)
    asked: str = ", ".join(f"{need.k} × {need.role}" for need in rule.require)
    if by_role is not None:
        names = ", ".join(sorted(person.id for person in people))
        return RuleOutcome(True, message("{asked}: signed by {persons}", asked=asked, persons=names), by_role)
    signers = [
        joined([person.id, " (", "/".join(person.roles) or message("no role"), ")"], "")
        for person in sorted(people, key=lambda person: f"{person.id} ({'/'.join(person.roles) or 'no role'})")
    ]
    asked = message("{asked} (different persons)", asked=asked) if rule.distinct_persons else asked
    known = joined(signers) if signers else message("nobody known")
    return RuleOutcome(False, message("wanted {asked}; signed by {persons}", asked=asked, persons=known))


def evaluate_time(policy: Policy, predicate: str, attester: str, count: "SignatureCount") -> RuleOutcome:
    """Whether trusted times show the statement to have existed as the rule wants, and contradict nothing that it claims.

    Only stamps on valid signatures say anything. ``signedAt`` is a claim: a trusted time well before it, or an instant asked
    about that is well before it, shows it to be false (``SKEW`` is what honest clocks may differ by).
    """
    rule = rule_for(policy, predicate, attester)
    if rule is None:
        return _no_rule(predicate, attester)
    claim = (
        message("signed at {signed_at} as claimed", signed_at=format_instant(count.signed_at))
        if count.signed_at
        else message("says no time of its own")
    )
    times = count.times
    if count.signed_at and count.as_of and count.signed_at > count.as_of + SKEW:
        return RuleOutcome(False, message("{claim}, which is after the instant asked about", claim=claim))
    if count.signed_at and times and times[0].instant < count.signed_at - SKEW:
        first = format_instant(times[0].instant)
        text = message("{claim}, but {tsa} saw it at {at} already", claim=claim, tsa=times[0].tsa, at=first)
        return RuleOutcome(False, text)
    seen = joined([message("{tsa} saw it at {at}", tsa=one.tsa, at=format_instant(one.instant)) for one in times], "; ")
    if rule.timestamp is None:
        return RuleOutcome(True, joined([claim, seen or message("no trusted time is asked for")], "; "))
    if len({one.tsa for one in times} & set(rule.timestamp.tsa)) >= rule.timestamp.k:
        return RuleOutcome(True, joined([seen, claim], "; "))
    wanted = message("wanted {k} trusted time of {tsa}", k=rule.timestamp.k, tsa=either(rule.timestamp.tsa))
    parts = [wanted, seen or message("none saw it"), claim]
    unusable = next((one for one in count.tokens if one.state != "valid"), None)
    if unusable is not None:
        parts.append(message("{where}: {reason}", where=clean_line(unusable.name, 60), reason=unusable.text))
    return RuleOutcome(False, joined(parts, "; "))


def evaluate_freshness(policy: Policy, predicate: str, attester: str, count: "SignatureCount") -> RuleOutcome:
    """Whether the statement is no older than the rule allows at the instant asked about.

    Its age runs from its earliest trusted time, or from the time that it claims, whichever is earlier: a stamp that was got
    late makes nothing younger.
    """
    rule = rule_for(policy, predicate, attester)
    if rule is None:
        return _no_rule(predicate, attester)
    if rule.max_age_days is None or count.as_of is None:
        return RuleOutcome(True, message("no age limit is set"))
    said = [(one.instant, message("seen by {tsa}", tsa=one.tsa)) for one in count.times[:1]]
    said += [(count.signed_at, message("as claimed"))] if count.signed_at else []
    if not said:
        unsaid = message("at most {days} days old is asked for, and nothing says how old it is", days=rule.max_age_days)
        return RuleOutcome(False, unsaid)
    since, how = min(said)
    age = count.as_of - since
    fresh = age.total_seconds() <= rule.max_age_days * 86_400
    text = message(
        "{days} days old ({since}, {how}), at most {most} allowed",
        days=max(0, age.days),
        since=format_instant(since),
        how=how,
        most=rule.max_age_days,
    )
    return RuleOutcome(fresh, text)


def rolled_back(policy: Policy, sha256: str, seen_version: int, seen_sha256: str) -> str:
    """Empty when ``policy`` may follow the one that was used last; else why not.

    ``sha256`` is that of the policy's file; ``seen_version`` and ``seen_sha256`` are those of the last one used, from the
    verifier's own state.
    """
    if policy.version < seen_version:
        return message(
            "the policy's version {version} is below {seen}, which was used before; its version may not go down",
            version=policy.version,
            seen=seen_version,
        )
    if policy.version == seen_version and sha256 != seen_sha256:
        return message(
            "the policy was changed, and its version is still {version}; raise it with each change", version=policy.version
        )
    return ""


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
        return message("{identifier} is no standard that the policy accepts", identifier=identifier)
    digests = [one.sha256 for one in known.accept if one.version == version]
    if not digests:
        accepted = ", ".join(one.version for one in known.accept)
        return message(
            "{identifier} {version} is not accepted; the policy accepts {accepted}",
            identifier=identifier,
            version=version,
            accepted=accepted,
        )
    if known.minimum is not None and _order(version) < _order(known.minimum):
        return message(
            "{identifier} {version} is older than {minimum}, the least that the policy accepts",
            identifier=identifier,
            version=version,
            minimum=known.minimum,
        )
    if sha256 not in digests:
        return message(
            "{identifier} {version} in the bundle is not the text that the policy accepts (its SHA-256 differs)",
            identifier=identifier,
            version=version,
        )
    return ""
