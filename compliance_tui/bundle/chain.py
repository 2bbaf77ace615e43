"""The statements about a bundle, in order, each judged by its own rule in the verifier's policy.

What a statement says of itself (who made it, when) is a claim. It counts where the persons whom the policy asks for signed it,
at the times that the policy asks for; only the lab that attested can withdraw, replace, list or deliver its bundle.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from compliance_tui.bundle.attestation import STATEMENT, Attestation
from compliance_tui.bundle.predicates import (
    BY_THE_LAB,
    PREDICATES,
    AnyPredicate,
    Delivery,
    Determination,
    Receipt,
    Register,
    Supersession,
    Withdrawal,
)
from compliance_tui.bundle.statement import PREDICATE, SUBJECT, Statement, read_predicate
from compliance_tui.bundle.structure import CoreManifest
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.trust.policy import Policy, evaluate_rules, evaluate_time
from compliance_tui.trust.signature import SignatureCount, count_signatures

Standing = Literal["counted", "not-counted", "unsigned", "not-understood", "unknown"]


@dataclass(frozen=True)
class Judged:
    """One statement: what it says, who signed it, whether it counts and why. ``predicate`` is None where not understood."""

    attestation: Attestation
    predicate: AnyPredicate | None
    count: SignatureCount
    standing: Standing
    reason: str

    @property
    def name(self) -> str:
        """The kind of statement, as ``receipt/v1``."""
        return self.attestation.framed.name

    @property
    def by(self) -> str:
        """Who it says that it is by."""
        return clean_line(self.predicate.attester.id, 80) if self.predicate else "unknown"


def count_all(attestation: Attestation, policy: Policy | None, as_of: dt.datetime) -> SignatureCount:
    """All signatures over the statement. Raises BrokenError ``bad-signature`` where one does not verify.

    An SSHSIG over a kind of statement that is not known is passed over: nobody can say which namespace it should have.
    """
    count = count_signatures(
        attestation.content,
        attestation.envelopes,
        attestation.ssh_signatures if attestation.framed.name in PREDICATES else (),
        attestation.namespace,
        policy,
        as_of,
        tokens=attestation.tokens,
    )
    if count.bad:
        name = count.bad[0].name
        where = name if name.startswith(attestation.name) else f"{attestation.name}/{name}"
        raise BrokenError("bad-signature", message("{where}: {reason}", where=clean_line(where), reason=count.bad[0].text))
    return count


def judge(attestation: Attestation, core: CoreManifest, first: Statement, policy: Policy | None, as_of: dt.datetime) -> Judged:
    """Judge one of the further statements. Raises BrokenError where it is not about this bundle, or not what it claims."""
    count = count_all(attestation, policy, as_of)
    name, where = attestation.framed.name, f"{attestation.name}/{STATEMENT}"
    model = PREDICATES.get(name)
    if model is None:
        return Judged(attestation, None, count, "not-understood", f"{name} is no kind of statement that is known here")
    if name == PREDICATE:
        raise BrokenError(
            "bad-statement", message("{where}: a bundle has one self-assessment, and this is another", where=where)
        )
    predicate = read_predicate(attestation.framed, model, where)
    _check_subject(attestation, predicate, core, where)
    _check_claims(predicate, first, where)
    standing, reason = _standing(name, predicate, first, count, policy, as_of)
    return Judged(attestation, predicate, count, standing, reason)


def _check_subject(attestation: Attestation, predicate: AnyPredicate, core: CoreManifest, where: str) -> None:
    subjects = [(subject.name, subject.digest.sha256) for subject in attestation.framed.subjects]
    this = (SUBJECT, core.bundle_id)
    if isinstance(predicate, Delivery):
        names = [f"sealed/{item.name}.age" for item in predicate.items]
        if predicate.bundle.sha256 != core.bundle_id:
            raise BrokenError("other-bundle", message("{where}: is about another bundle", where=where))
        if [name for name, _ in subjects] != names or len(set(names)) != len(names):
            raise BrokenError(
                "bad-statement", message("{where}: its subjects are not the ciphertexts that it lists", where=where)
            )
        odd = next((one.name for one in predicate.items if core.commitments.get(one.name) != one.digest.sha256), None)
        if odd is not None:
            raise BrokenError(
                "bad-statement", message("{where}: names another {odd} than this bundle commits to", where=where, odd=odd)
            )
    elif isinstance(predicate, Register):
        if subjects != [(SUBJECT, entry.digest.sha256) for entry in predicate.bundles]:
            raise BrokenError("bad-statement", message("{where}: its subjects are not the bundles that it lists", where=where))
        if this not in subjects and not attestation.apart:
            raise BrokenError("other-bundle", message("{where}: does not list this bundle", where=where))
    elif subjects != [this]:
        raise BrokenError(
            "other-bundle",
            message("{where}: is about another bundle: its subject is not this {subject}", where=where, subject=SUBJECT),
        )


def _check_claims(predicate: AnyPredicate, first: Statement, where: str) -> None:
    lab = first.predicate
    if isinstance(predicate, Receipt | Supersession | Withdrawal) and (predicate.series, predicate.sequence) != (
        lab.series,
        lab.sequence,
    ):
        raise BrokenError(
            "bad-statement", message("{where}: names another series or sequence than the lab's own statement", where=where)
        )


def _standing(
    name: str, predicate: AnyPredicate, first: Statement, count: SignatureCount, policy: Policy | None, as_of: dt.datetime
) -> tuple[Standing, str]:
    lab = first.predicate.attester.id
    if count.unsigned:
        return "unsigned", message("nobody signed it")
    if name in BY_THE_LAB and predicate.attester.id != lab:
        return "not-counted", message("only {lab}, which attested, can say that of its bundle", lab=clean_line(lab, 80))
    if policy is None:
        return "unknown", message("only a trust policy (--trust) knows whose signatures these are")
    if policy.expires and as_of >= policy.expires:
        return "unknown", message("your trust policy expired")
    rule = evaluate_rules(policy, name, predicate.attester.id, count.people)
    if not rule.satisfied:
        unknown = next((one.text for one in count.files if one.state in ("unknown-signer", "not-counted")), "")
        return "not-counted", rule.text + (f"; {unknown}" if unknown and not count.people else "")
    time = evaluate_time(policy, name, predicate.attester.id, count)
    if not time.satisfied:
        return "not-counted", time.text
    return "counted", rule.text


def judge_all(
    attestations: Sequence[Attestation], core: CoreManifest, first: Statement, policy: Policy | None, as_of: dt.datetime
) -> list[Judged]:
    """Judge all further statements, in order."""
    return [judge(one, core, first, policy, as_of) for one in attestations]


def delivered(attestations: Iterable[Attestation]) -> dict[str, str]:
    """The digest of each ciphertext that a delivery among these names; of two deliveries the one signed later stands.

    Raises BrokenError ``bad-statement``.
    """
    said = [
        (read_predicate(one.framed, Delivery, one.name).signed_at, one.framed.subjects)
        for one in attestations
        if one.framed.name == "delivery/v1"
    ]
    return {subject.name: subject.digest.sha256 for _, subjects in sorted(said, key=lambda one: one[0]) for subject in subjects}


@dataclass(frozen=True)
class Decision:
    """A regulator's determination that counts and that no other replaces, and whether it still stands at the instant."""

    judged: Judged
    determination: Determination
    in_force: bool
    text: str


def decisions(chain: Sequence[Judged], as_of: dt.datetime) -> list[Decision]:
    """Each regulator's last determination. The order is in what was signed: numbers of folders prove nothing."""
    said = [(one, one.predicate) for one in chain if isinstance(one.predicate, Determination) and one.standing == "counted"]
    replaced = {(predicate.attester.id, predicate.replaces) for _, predicate in said}
    left = [one for one in said if (one[1].attester.id, one[0].attestation.framed.sha256) not in replaced]
    last = {predicate.attester.id: (judged, predicate) for judged, predicate in sorted(left, key=lambda one: one[1].signed_at)}
    return [_decision(judged, predicate, as_of) for judged, predicate in last.values()]


def _decision(judged: Judged, determination: Determination, as_of: dt.datetime) -> Decision:
    until = determination.valid_until
    over = until is not None and parse_instant(until) <= as_of
    text = message(
        "{decision} by {by}, {at} as claimed", decision=word(determination.decision), by=judged.by, at=determination.signed_at
    )
    if until is not None:
        was = message("{text}; was valid until {until}", text=text, until=until)
        text = was if over else message("{text}; is valid until {until}", text=text, until=until)
    return Decision(judged, determination, determination.decision.startswith("accepted") and not over, text)


def summary_of(judged: Judged) -> str:
    """One line about what the statement says, for a person."""
    said = judged.predicate
    if said is None:
        return message("not understood")
    told = message("{kind} by {by}, {at} as claimed", kind=word(judged.name.partition("/")[0]), by=judged.by, at=said.signed_at)
    more = _more(said)
    return message("{told}: {more}", told=told, more=more) if more else told


def _more(said: AnyPredicate) -> str:
    if isinstance(said, Determination):
        decision = word(said.decision)
        if not said.valid_until:
            return decision
        return message("{decision}, valid until {until}", decision=decision, until=said.valid_until)
    if isinstance(said, Supersession):
        new = said.replacement
        return message(
            "replaced by sequence {sequence}, bundle {sha256}…", sequence=new.sequence, sha256=new.digest.sha256[:16]
        )
    if isinstance(said, Register):
        return message(
            "version {version}, {number} bundles, expires {expires}",
            version=said.version,
            number=len(said.bundles),
            expires=said.expires,
        )
    if isinstance(said, Receipt):
        edition = said.edition
        return message(
            "{present} items present, {withheld} withheld, {sealed} sealed",
            present=edition.present,
            withheld=edition.withheld,
            sealed=edition.sealed,
        )
    if isinstance(said, Delivery):
        return message(
            "{number} items sealed to {recipients} recipients", number=len(said.items), recipients=len(said.recipients)
        )
    return ""
