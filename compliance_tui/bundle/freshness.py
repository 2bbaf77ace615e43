"""Whether a bundle still stands: what the lab said since, what the verifier remembers, and what nobody can know.

Withdrawing is not monotonic: whoever hides a withdrawal makes a bundle look better. So nothing is *current* without a register
that the lab signed, that has not expired, and that lists the bundle so; without one the status is unknown, and said to be so.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from compliance_tui.bundle.chain import Judged
from compliance_tui.bundle.predicates import Register, RegisterEntry, Supersession, Withdrawal
from compliance_tui.bundle.state import DOUBTS, Met
from compliance_tui.bundle.statement import PREDICATE, Statement
from compliance_tui.safe.instant import format_instant, parse_instant
from compliance_tui.safe.language import joined, message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.trust.policy import Policy, evaluate_freshness, rule_for
from compliance_tui.trust.signature import SignatureCount

REGISTER = "register/v1"
Current = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Freshness:
    """The line about freshness, and whether the bundle is current. ``required``: the policy asks for more than is known."""

    outcome: Literal["pass", "fail", "unknown"]
    reason: str
    required: bool
    current: Current


@dataclass(frozen=True)
class _Listed:
    """The latest register at hand, as far as it speaks of this bundle."""

    version: int
    expires: str
    entry: RegisterEntry | None
    other: RegisterEntry | None


def freshness(
    first: Statement,
    count: SignatureCount,
    chain: Sequence[Judged],
    met: Met,
    policy: Policy | None,
    as_of: dt.datetime,
    challenge: str | None = None,
) -> Freshness:
    """How the bundle stands at ``as_of``, from everything that counts. ``challenge`` is what the verifier asked it to carry."""
    at = format_instant(as_of)
    if policy is None:
        return Freshness(
            "unknown", message("only a trust policy can say whom to believe about the status at {at}", at=at), True, "unknown"
        )
    listed = _listed(first, chain, met)
    against = list(_against(first, count, chain, met, listed, policy, as_of, challenge))
    if against:
        over = any(ended for ended, _ in against)
        return Freshness("fail", joined([text for _, text in against[:3]], "; "), True, "no" if over else "unknown")
    unclear = [*_unclear(chain), *(text for code, text in met.alarms if code in DOUBTS)]
    if unclear:
        return Freshness("unknown", joined(unclear[:3], "; "), True, "unknown")
    rule = rule_for(policy, PREDICATE, first.predicate.attester.id)
    age: list[str] = []
    if rule is not None and rule.max_age_days is not None:
        age = [evaluate_freshness(policy, PREDICATE, first.predicate.attester.id, count).text]
    if listed is not None and as_of < parse_instant(listed.expires):
        text = message(
            "current: register {version}, good until {expires}, lists it so",
            version=listed.version,
            expires=listed.expires,
        )
        return Freshness("pass", joined([text, *age], "; "), False, "yes")
    demanded = rule_for(policy, REGISTER, first.predicate.attester.id) is not None
    missing = (
        message("register {version} expired at {expires}", version=listed.version, expires=listed.expires)
        if listed
        else message("no fresh register")
    )
    text = message("valid as of {at}; current status unknown: {why}", at=at, why=missing)
    return Freshness("unknown", joined([text, *age], "; "), demanded, "unknown")


def _listed(first: Statement, chain: Sequence[Judged], met: Met) -> _Listed | None:
    series = first.predicate.series
    given = [
        (one.predicate.version, one.predicate.expires, one.predicate.bundles)
        for one in chain
        if isinstance(one.predicate, Register) and one.standing == "counted" and one.predicate.series == series
    ]
    if met.register is not None:
        given.append((met.register.version, met.register.expires, met.register.bundles))
    if not given:
        return None
    version, expires, bundles = max(given, key=lambda one: one[0])
    entry = next((one for one in bundles if one.digest.sha256 == first.bundle_id), None)
    sequence = first.predicate.sequence
    other = next((one for one in bundles if one.sequence == sequence and one.digest.sha256 != first.bundle_id), None)
    return _Listed(version, expires, entry, other)


def _against(
    first: Statement,
    count: SignatureCount,
    chain: Sequence[Judged],
    met: Met,
    listed: _Listed | None,
    policy: Policy,
    as_of: dt.datetime,
    challenge: str | None,
) -> Iterator[tuple[bool, str]]:
    """Everything that speaks against it, the gravest first; true where it is thereby known not to be current."""
    said = first.predicate
    yield from ((code == "replay", text) for code, text in met.alarms if code not in DOUBTS)
    for one in chain:
        if one.standing == "counted" and isinstance(one.predicate, Withdrawal):
            yield (
                True,
                message(
                    "withdrawn by {by} ({at} as claimed): {reason}",
                    by=one.by,
                    at=one.predicate.signed_at,
                    reason=clean_line(one.predicate.reason, 200),
                ),
            )
        if one.standing == "counted" and isinstance(one.predicate, Supersession):
            new = one.predicate.replacement
            yield (
                True,
                message(
                    "superseded by sequence {sequence}, bundle {sha256}…", sequence=new.sequence, sha256=new.digest.sha256[:16]
                ),
            )
    if listed is not None:
        yield from (
            (True, message("register {version} {why}", version=listed.version, why=why))
            for why in _listed_otherwise(listed, said.sequence)
        )
    if said.valid_until is not None and parse_instant(said.valid_until) <= as_of:
        yield True, message("the lab itself says that it is valid until {until}", until=said.valid_until)
    if challenge is not None and said.challenge != challenge:
        yield (
            False,
            message("it does not carry the challenge that you asked for: nothing shows that it was made after you asked"),
        )
    age = evaluate_freshness(policy, PREDICATE, said.attester.id, count)
    if not age.satisfied and rule_for(policy, PREDICATE, said.attester.id) is not None:
        yield False, age.text


def _listed_otherwise(listed: _Listed, sequence: int) -> Iterator[str]:
    """What the register says instead of: this bundle, this sequence, current."""
    if listed.other is not None:
        yield message(
            "lists another bundle as sequence {sequence}: {sha256}…", sequence=sequence, sha256=listed.other.digest.sha256[:16]
        )
    elif listed.entry is None:
        yield message("does not list this bundle")
    elif listed.entry.status != "current":
        yield message("lists it as {status}", status=word(listed.entry.status))
    elif listed.entry.sequence != sequence:
        yield message("lists this bundle as sequence {sequence}, not {other}", sequence=listed.entry.sequence, other=sequence)


def _unclear(chain: Sequence[Judged]) -> Iterator[str]:
    """Statements that would matter, and that cannot be judged."""
    for one in chain:
        where = clean_line(one.attestation.name, 80)
        if one.standing == "not-understood":
            yield message("{where} is not understood: {reason}", where=where, reason=one.reason)
        ends = isinstance(one.predicate, Withdrawal | Supersession)
        if ends and one.standing == "not-counted" and one.count.people:
            kind = one.name.partition("/")[0]
            yield message(
                "{where} is a {kind} that somebody you know signed, but that does not count: {reason}",
                where=where,
                kind=kind,
                reason=one.reason,
            )
