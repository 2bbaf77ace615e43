"""What the owner of a trust policy would want to know about it."""

import datetime as dt

from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message
from compliance_tui.trust.policy_model import SELF_ASSESSMENT, Person, Policy
from compliance_tui.trust.seating import seated

_SOON = dt.timedelta(days=30)


def lint_policy(policy: Policy, as_of: dt.datetime) -> list[str]:
    """Findings: expired, rules that nobody can satisfy, keys that no longer count, authorities that are too wide."""
    findings: list[str] = []
    if policy.expires and as_of >= policy.expires:
        findings.append(message("the policy expired at {expires}", expires=format_instant(policy.expires)))
    elif policy.expires and policy.expires - as_of < _SOON:
        findings.append(message("the policy expires at {expires}", expires=format_instant(policy.expires)))
    if all(rule.predicate != SELF_ASSESSMENT for rule in policy.rule):
        findings.append(message("there is no rule for {predicate}: no bundle can be accepted", predicate=SELF_ASSESSMENT))
    if not policy.standard:
        findings.append(message("no standard is accepted: no bundle can be accepted"))
    able = [person for person in policy.person if any(not key.counts(as_of) for key in person.key)]
    for rule in policy.rule:
        if seated(rule, able) is None:
            by = message(" by {attester}", attester=rule.attester) if rule.attester else ""
            findings.append(
                message(
                    "nobody can satisfy the rule for {predicate}{by} with the keys that count now",
                    predicate=rule.predicate,
                    by=by,
                )
            )
    return [
        *findings,
        *(finding for person in policy.person for finding in _lint_person(person, as_of)),
        *_lint_authorities(policy, as_of),
    ]


def _lint_person(person: Person, as_of: dt.datetime) -> list[str]:
    if not person.key:
        return [message("{person} has no key", person=person.id)]
    findings: list[str] = []
    for key in person.key:
        why = key.counts(as_of)
        if key.revoked is not None and key.revoked.reason == "compromised":
            since = message(" since {since}", since=format_instant(key.revoked.since)) if key.revoked.since else ""
            findings.append(
                message(
                    "{person}: a key is compromised{since}; only what a time stamp shows to be older counts",
                    person=person.id,
                    since=since,
                )
            )
        elif why:
            findings.append(message("{where}: {reason}", where=person.id, reason=why))
        elif key.until and key.until - as_of < _SOON:
            findings.append(
                message("{person}: the key counts only until {until}", person=person.id, until=format_instant(key.until))
            )
        if key.key.application is not None and not key.must_be_touched:
            findings.append(
                message("{person}: a FIDO2 token signs without a touch, because require_touch is false", person=person.id)
            )
    return findings


def _lint_authorities(policy: Policy, as_of: dt.datetime) -> list[str]:
    used = {name for rule in policy.rule if rule.timestamp for name in rule.timestamp.tsa}
    findings: list[str] = []
    for one in policy.tsa:
        if one.id not in used:
            findings.append(
                message("the tsa {tsa} is asked for by no rule; its stamps still say how old a signature is", tsa=one.id)
            )
        if not one.leaf_sha256:
            findings.append(
                message("the tsa {tsa}: every time-stamping certificate under its root counts; pin leaf_sha256", tsa=one.id)
            )
        over = [certificate for certificate in one.certificates if certificate.not_valid_after_utc <= as_of]
        if over:
            findings.append(
                message(
                    "the tsa {tsa}: its root is over since {since}",
                    tsa=one.id,
                    since=format_instant(over[0].not_valid_after_utc),
                )
            )
    return findings
