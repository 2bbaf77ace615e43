"""What a verification comes to: independent lines, and four words that are never mixed up.

*Signature valid*: the bytes are those that were signed. *Trusted*: by whom the policy asks for. *Current*: nothing took the
bundle's place. *Ready*: the standard's rule, computed again. One may hold without the others.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from compliance_tui.assessment.readiness import Readiness
from compliance_tui.assessment.report import readiness_json
from compliance_tui.bundle.chain import Decision, Judged, summary_of
from compliance_tui.bundle.freshness import Current
from compliance_tui.bundle.log_proof import LogFound
from compliance_tui.bundle.sign_offs import JudgedSignOff, sign_off_json
from compliance_tui.bundle.state import Met
from compliance_tui.bundle.statement import Statement
from compliance_tui.bundle.view import BundleView
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.signature import SignatureCount

Outcome = Literal["pass", "fail", "unknown"]
Answer = Literal["yes", "no", "unknown"]
Verdict = Literal["accepted", "not-accepted", "broken"]
LINES = (
    "structure",
    "integrity",
    "signatures",
    "identity",
    "time",
    "standard",
    "freshness",
    "completeness",
    "readiness",
)


@dataclass(frozen=True)
class Line:
    """One independent line of the verdict. One that is not ``required`` may stay unknown in a bundle that is accepted."""

    name: str
    outcome: Outcome
    reason: str
    required: bool = True


@dataclass(frozen=True)
class Signer:
    """A person of the policy, with the fingerprint of the key that signed: names can be alike, keys cannot."""

    person: str
    fingerprint: str


@dataclass
class Verification:
    """What was found. ``lines`` stand in a fixed order; a line that could not be reached is unknown."""

    bundle_id: str | None = None
    lines: list[Line] = field(default_factory=list)
    present: int = 0
    withheld: list[str] = field(default_factory=list)
    sealed: list[str] = field(default_factory=list)
    handed: list[str] = field(default_factory=list)
    statement: Statement | None = None
    statement_sha256: str | None = None
    signatures: SignatureCount | None = None
    chain: list[Judged] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    met: Met | None = None
    log: LogFound | None = None
    sign_offs: list[JudgedSignOff] = field(default_factory=list)
    current: Current = "unknown"
    readiness: Readiness | None = None
    view: BundleView | None = None
    broken: bool = False

    @property
    def verdict(self) -> Verdict:
        """Broken when anything is altered or not what it claims; accepted when every line that the policy asks for passes."""
        if self.broken:
            return "broken"
        good = all(line.outcome == "pass" or (line.outcome == "unknown" and not line.required) for line in self.lines)
        return "accepted" if good else "not-accepted"

    def add(self, name: str, outcome: Outcome, reason: str, *, required: bool = True) -> None:
        """Add a line, in its place."""
        self.lines = sorted([*self.lines, Line(name, outcome, reason, required)], key=lambda line: LINES.index(line.name))

    def line(self, name: str) -> Line | None:
        """The line of that name, once it is there."""
        return next((line for line in self.lines if line.name == name), None)

    def close(self) -> None:
        """What was not reached stays unknown."""
        for name in LINES:
            if self.line(name) is None:
                self.add(name, "unknown", message("not reached"))

    @property
    def signature_valid(self) -> Answer:
        """Whether there are signatures, all of which verify over the statement, whoever made them."""
        line = self.line("signatures")
        if self.signatures is None:
            return "no" if line is not None and line.outcome == "fail" else "unknown"
        if self.signatures.unsigned:
            return "no"
        return "yes" if any(one.key is not None for one in self.signatures.files) else "unknown"

    @property
    def signers(self) -> list[Signer]:
        """Whose signatures over the lab's statement count: as the policy calls them, never as the bundle does."""
        valid = [one for one in self.signatures.files if one.state == "valid"] if self.signatures else []
        found = {(one.person, one.key.fingerprint) for one in valid if one.person and one.key}
        return [Signer(person, fingerprint) for person, fingerprint in sorted(found)]

    @property
    def trusted(self) -> Answer:
        """Whether the persons whom the policy asks for signed it."""
        return self._answer("signatures", "identity")

    @property
    def ready(self) -> Answer:
        """Whether it is ready by the standard, computed again from what can be seen."""
        return self._answer("readiness")

    def _answer(self, *names: str) -> Answer:
        outcomes = [line.outcome if (line := self.line(name)) else "unknown" for name in names]
        if all(one == "pass" for one in outcomes):
            return "yes"
        return "no" if "fail" in outcomes else "unknown"


def verification_json(found: Verification) -> dict[str, Any]:
    """The document that ``verify --json`` prints (``compliance-tui schema verify``)."""
    met = found.met
    return {
        "verdict": found.verdict,
        "bundle_id": found.bundle_id,
        "lines": [
            {"name": one.name, "outcome": one.outcome, "reason": one.reason, "required": one.required} for one in found.lines
        ],
        "items": {"present": found.present, "withheld": len(found.withheld), "sealed": len(found.sealed)},
        "readiness": readiness_json(found.readiness) if found.readiness else None,
        "signature_valid": found.signature_valid,
        "trusted": found.trusted,
        "current": found.current,
        "ready": found.ready,
        "signers": [{"person": one.person, "fingerprint": one.fingerprint} for one in found.signers],
        "withheld": found.withheld,
        "sealed": found.sealed,
        "handed": found.handed,
        "statements": [_statement_json(one) for one in found.chain],
        "determinations": [_decision_json(one) for one in found.decisions],
        "memory": {
            "remembered": met.remembered if met else False,
            "text": met.text if met else "",
            "alarms": [{"code": code, "text": text} for code, text in met.alarms] if met else [],
        },
        "log": _log_json(found.log),
        "sign_offs": [sign_off_json(one) for one in found.sign_offs],
        "statement": _claims_json(found),
    }


def _claims_json(found: Verification) -> dict[str, Any] | None:
    """What the lab's own statement says the bundle is about, so that it can be taken as evidence elsewhere: all of it claims.

    None where there is no statement that could be read. The axes are in the core: null where it was not read.
    """
    if found.statement is None or found.signatures is None:
        return None
    said, core = found.statement.predicate, found.view.core if found.view else None
    artifacts = [{"name": clean_line(one.name, 300), "sha256": one.digest.sha256} for one in said.target.artifacts]
    standards = [
        {"id": clean_line(one.id, 300), "version": clean_line(one.version, 300), "sha256": one.sha256} for one in said.standards
    ]
    return {
        "attester": clean_line(said.attester.id, 300),
        "subject": {
            "name": clean_line(said.target.name, 300),
            "version": clean_line(said.target.version, 300),
            "artifacts": artifacts,
        },
        "standards": standards,
        "axes": {clean_line(name, 300): value for name, value in core.axes.items()} if core else None,
        "series": clean_line(said.series, 300),
        "sequence": said.sequence,
        "supersedes": said.supersedes,
        "claimed_at": said.signed_at,
        "valid_until": said.valid_until,
        "trusted_times": [{"authority": one.tsa, "at": format_instant(one.instant)} for one in found.signatures.times],
        "sha256": found.statement_sha256,
    }


def _log_json(log: LogFound | None) -> dict[str, Any] | None:
    if log is None or log.proof is None:
        return None
    head = log.proof.log
    earlier = [{"sequence": one.sequence, "bundle_id": one.bundle, "size": one.size} for one in log.proof.earlier]
    return {"size": head.size, "root": head.root, "continues": log.continues, "text": log.text, "earlier": earlier}


def _statement_json(one: Judged) -> dict[str, Any]:
    return {
        "name": clean_line(one.attestation.name),
        "predicate": one.name,
        "sha256": one.attestation.framed.sha256,
        "by": one.by,
        "claimed_at": one.predicate.signed_at if one.predicate else None,
        "standing": one.standing,
        "reason": one.reason,
        "summary": summary_of(one),
        "signed_by": one.count.people,
    }


def _decision_json(one: Decision) -> dict[str, Any]:
    said = one.determination
    return {
        "decision": said.decision,
        "by": one.judged.by,
        "statement": one.judged.attestation.framed.sha256,
        "claimed_at": said.signed_at,
        "valid_until": said.valid_until,
        "in_force": one.in_force,
        "reasons": [clean_line(reason, 2000) for reason in said.reasons],
        "conditions": [clean_line(condition, 2000) for condition in said.conditions],
    }
