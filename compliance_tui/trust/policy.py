"""The trust policy: the verifier's own file about persons, keys, roles, thresholds, times and accepted standards.

Nothing inside a bundle says who signed it; only this file does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_tui.safe.instant import format_instant
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
    return RuleOutcome(False, f"the policy has no rule for {predicate} by {clean_line(attester, 80)}")


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
    asked = ", ".join(f"{need.k} × {need.role}" for need in rule.require)
    if by_role is not None:
        return RuleOutcome(True, f"{asked}: signed by {', '.join(sorted(person.id for person in people))}", by_role)
    names = sorted(f"{person.id} ({'/'.join(person.roles) or 'no role'})" for person in people)
    different = " (different persons)" if rule.distinct_persons else ""
    return RuleOutcome(False, f"wanted {asked}{different}; signed by {', '.join(names) or 'nobody known'}")


def evaluate_time(policy: Policy, predicate: str, attester: str, count: "SignatureCount") -> RuleOutcome:
    """Whether trusted times show the statement to have existed as the rule wants, and contradict nothing that it claims.

    Only stamps on valid signatures say anything. ``signedAt`` is a claim: a trusted time well before it, or an instant asked
    about that is well before it, shows it to be false (``SKEW`` is what honest clocks may differ by).
    """
    rule = rule_for(policy, predicate, attester)
    if rule is None:
        return _no_rule(predicate, attester)
    claim = f"signed at {format_instant(count.signed_at)} as claimed" if count.signed_at else "says no time of its own"
    times = count.times
    if count.signed_at and count.as_of and count.signed_at > count.as_of + SKEW:
        return RuleOutcome(False, f"{claim}, which is after the instant asked about")
    if count.signed_at and times and times[0].instant < count.signed_at - SKEW:
        return RuleOutcome(False, f"{claim}, but {times[0].tsa} saw it at {format_instant(times[0].instant)} already")
    seen = "; ".join(f"{one.tsa} saw it at {format_instant(one.instant)}" for one in times)
    if rule.timestamp is None:
        return RuleOutcome(True, f"{claim}; {seen or 'no trusted time is asked for'}")
    if len({one.tsa for one in times} & set(rule.timestamp.tsa)) >= rule.timestamp.k:
        return RuleOutcome(True, f"{seen}; {claim}")
    wanted = f"wanted {rule.timestamp.k} trusted time of {' or '.join(rule.timestamp.tsa)}"
    unusable = next((f"; {clean_line(one.name, 60)}: {one.text}" for one in count.tokens if one.state != "valid"), "")
    return RuleOutcome(False, f"{wanted}; {seen or 'none saw it'}; {claim}{unusable}")


def evaluate_freshness(policy: Policy, predicate: str, attester: str, count: "SignatureCount") -> RuleOutcome:
    """Whether the statement is no older than the rule allows at the instant asked about.

    Its age runs from its earliest trusted time, or from the time that it claims, whichever is earlier: a stamp that was got
    late makes nothing younger.
    """
    rule = rule_for(policy, predicate, attester)
    if rule is None:
        return _no_rule(predicate, attester)
    if rule.max_age_days is None or count.as_of is None:
        return RuleOutcome(True, "no age limit is set")
    said = [(one.instant, f"seen by {one.tsa}") for one in count.times[:1]]
    said += [(count.signed_at, "as claimed")] if count.signed_at else []
    if not said:
        return RuleOutcome(False, f"at most {rule.max_age_days} days old is asked for, and nothing says how old it is")
    since, how = min(said)
    age = count.as_of - since
    fresh = age.total_seconds() <= rule.max_age_days * 86_400
    return RuleOutcome(
        fresh, f"{max(0, age.days)} days old ({format_instant(since)}, {how}), at most {rule.max_age_days} allowed"
    )


def rolled_back(policy: Policy, sha256: str, seen_version: int, seen_sha256: str) -> str:
    """Empty when ``policy`` may follow the one that was used last; else why not.

    ``sha256`` is that of the policy's file; ``seen_version`` and ``seen_sha256`` are those of the last one used, from the
    verifier's own state.
    """
    if policy.version < seen_version:
        return (
            f"the policy's version {policy.version} is below {seen_version}, which was used before; its version may not go down"
        )
    if policy.version == seen_version and sha256 != seen_sha256:
        return f"the policy was changed, and its version is still {policy.version}; raise it with each change"
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
