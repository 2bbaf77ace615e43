"""Verification: independent lines, each pass, fail or unknown with its reason. Nothing that a bundle claims is believed.

The order: (1) structure, (2) integrity, (3) what was signed and by whom, (4) the standard, (5) completeness,
(6) readiness, computed again from the answers, the evidence and the standard.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from compliance_tui.assessment.readiness import Readiness
from compliance_tui.assessment.report import readiness_json
from compliance_tui.bundle.core import ANSWER
from compliance_tui.bundle.export import ATTESTATION, summary
from compliance_tui.bundle.hashing import hash_many
from compliance_tui.bundle.manifest import LARGEST_MANIFEST, read_sums
from compliance_tui.bundle.recompute import claimed_differences, evidence_differences
from compliance_tui.bundle.statement import NAMESPACE, PREDICATE, SUBJECT, Statement, read_statement
from compliance_tui.bundle.tree import Tree, open_tree, read_file
from compliance_tui.bundle.view import LARGEST_CORE, BundleView, read_view
from compliance_tui.evidence.kind import Kind
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.instant import format_instant, parse_instant
from compliance_tui.safe.strict_json import load_json
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.dsse import LARGEST_ENVELOPE, LARGEST_PAYLOAD
from compliance_tui.trust.policy import Policy, accepts_standard, evaluate_rules
from compliance_tui.trust.signature import SignatureCount, count_signatures
from compliance_tui.trust.sshsig import LARGEST_SSHSIG

Outcome = Literal["pass", "fail", "unknown"]
Verdict = Literal["accepted", "not-accepted", "broken"]
_SIGNATURE = re.compile(rf"{ATTESTATION}/[0-9a-f]{{16}}\.(dsse\.json|sshsig)")
_ITEM_FILE = re.compile(r"items/[AE]-[A-Za-z0-9._-]+/(SHA256SUMS|nonce|item\.json|files/[A-Za-z0-9_][A-Za-z0-9._-]*)")
NONCE_LENGTH = 65


@dataclass(frozen=True)
class Line:
    """One independent line of the verdict."""

    name: str
    outcome: Outcome
    reason: str


@dataclass
class Verification:
    """What was found. ``lines`` stand in a fixed order; a line that could not be reached is unknown."""

    bundle_id: str | None = None
    lines: list[Line] = field(default_factory=list)
    present: int = 0
    withheld: list[str] = field(default_factory=list)
    statement: Statement | None = None
    signatures: SignatureCount | None = None
    readiness: Readiness | None = None
    view: BundleView | None = None
    broken: bool = False

    @property
    def verdict(self) -> Verdict:
        """Broken when anything is altered or not what it claims; accepted only when every line passes."""
        if self.broken:
            return "broken"
        return "accepted" if all(line.outcome == "pass" for line in self.lines) else "not-accepted"

    def add(self, name: str, outcome: Outcome, reason: str) -> None:
        """Add a line."""
        self.lines.append(Line(name, outcome, reason))


LINES = ("structure", "integrity", "signatures", "identity", "standard", "completeness", "readiness")


def verify(
    path: Path,
    policy: Policy | None,
    as_of: dt.datetime,
    kinds: Mapping[str, Kind],
    *,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    allow_unknown_standard: bool = False,
) -> Verification:
    """Check the bundle at ``path`` against the verifier's own ``policy`` at ``as_of``.

    Without a policy nobody is known, and the lines about signatures, identity and standard are unknown. Raises InputError
    where there is no bundle to read.
    """
    found = Verification()
    try:
        with open_tree(path) as tree:
            _verify_tree(found, tree, policy, as_of, kinds, progress, cancelled, allow_unknown_standard)
    except BrokenError as error:
        _break(found, str(error))
    return found


def _break(found: Verification, reason: str) -> None:
    """The step under way failed for good; what would have come after it stays unknown."""
    found.broken = True
    step = LINES[min(len(found.lines), len(LINES) - 1)]
    if len(found.lines) < len(LINES):
        found.add(step, "fail", reason)
    for name in LINES[len(found.lines) :]:
        found.add(name, "unknown", "not reached")


def _verify_tree(
    found: Verification,
    tree: Tree,
    policy: Policy | None,
    as_of: dt.datetime,
    kinds: Mapping[str, Kind],
    progress: Callable[[int], None] | None,
    cancelled: Callable[[], bool] | None,
    allow_unknown_standard: bool,
) -> None:
    sums = read_file(tree, SUBJECT, LARGEST_MANIFEST)
    found.bundle_id = hashlib.sha256(sums).hexdigest()
    expected, found.withheld, found.present = read_structure(tree, sums)
    found.add("structure", "pass", f"{len(tree.sizes())} files, each where a bundle has it, none besides")
    hashes = hash_many(tree, list(expected), progress, cancelled)
    for place, sha256 in expected.items():
        if hashes[place] != sha256:
            raise BrokenError("altered", f"{place} was altered: its SHA-256 is not the one in the manifest")
    found.add("integrity", "pass", f"{len(expected)} files are byte for byte those that the bundle id commits to")
    content = read_file(tree, f"{ATTESTATION}/statement.json", LARGEST_PAYLOAD)
    found.statement = read_statement(content, f"{ATTESTATION}/statement.json")
    _signatures(found, tree, content, policy, as_of)
    view = read_view(tree)
    found.view = view
    _standards(found, view, policy, allow_unknown_standard)
    _completeness(found, view)
    _readiness(found, tree, view, as_of, kinds)


def read_structure(tree: Tree, sums: bytes) -> tuple[dict[str, str], list[str], int]:
    """Every file that a manifest lists with its digest, the withheld items, and the number of items present.

    Raises BrokenError for whatever has no place in a bundle, is missing, or is listed nowhere.
    """
    names = set(tree.sizes())
    expected = read_sums(sums, SUBJECT)
    for path in expected:
        if path != "README.txt" and not re.fullmatch(r"core/([a-z0-9.]+|standards/[A-Za-z0-9._-]+)", path):
            raise BrokenError("bad-structure", f"{SUBJECT} lists {path}, which has no place in a core")
    if "core/items.sha256" not in expected or "core/assessment.json" not in expected:
        raise BrokenError("bad-structure", f"{SUBJECT} does not list the core files")
    commitments = read_sums(read_file(tree, "core/items.sha256", LARGEST_MANIFEST), "core/items.sha256")
    withheld, present = [], 0
    nonces: set[bytes] = set()
    for manifest, sha256 in commitments.items():
        item = manifest.removesuffix("/SHA256SUMS")
        if manifest not in names:
            if any(name.startswith(f"{item}/") for name in names):
                raise BrokenError("bad-structure", f"{item} is there without its manifest")
            withheld.append(item.removeprefix("items/"))
            continue
        present += 1
        expected[manifest] = sha256
        entries = read_sums(read_file(tree, manifest, LARGEST_MANIFEST), manifest)
        if any(not path.startswith(f"{item}/") for path in entries) or f"{item}/nonce" not in entries:
            raise BrokenError("bad-structure", f"{manifest} lists files of another item, or no nonce")
        expected.update(entries)
        nonce = read_file(tree, f"{item}/nonce", NONCE_LENGTH)
        if not re.fullmatch(rb"[0-9a-f]{64}\n", nonce) or nonce in nonces:
            raise BrokenError("bad-structure", f"{item}/nonce is no nonce of 32 bytes, or stands in two items")
        nonces.add(nonce)
    listed = {*expected, SUBJECT, f"{ATTESTATION}/statement.json"}
    missing = next(iter(sorted(listed - names)), None)
    if missing is not None:
        raise BrokenError("missing", f"{missing} is missing")
    for extra in sorted(names - listed):
        if not _SIGNATURE.fullmatch(extra):
            raise BrokenError("bad-structure", f"{clean_line(extra)} is in no manifest; it was added")
    odd = next((path for path in expected if path.startswith("items/") and not _ITEM_FILE.fullmatch(path)), None)
    if odd is not None:
        raise BrokenError("bad-structure", f"{odd} has no place in an item")
    return expected, withheld, present


def _signatures(found: Verification, tree: Tree, content: bytes, policy: Policy | None, as_of: dt.datetime) -> None:
    statement = found.statement
    if statement is None or statement.bundle_id != found.bundle_id:
        raise BrokenError("other-bundle", "the statement is about another bundle: its subject is not this core/SHA256SUMS")
    names = [name for name in tree.sizes() if _SIGNATURE.fullmatch(name)]
    envelopes = [(name, read_file(tree, name, LARGEST_ENVELOPE)) for name in names if name.endswith(".dsse.json")]
    armours = [(name, read_file(tree, name, LARGEST_SSHSIG)) for name in names if name.endswith(".sshsig")]
    count = count_signatures(content, envelopes, armours, NAMESPACE, policy, as_of)
    found.signatures = count
    if count.bad:
        raise BrokenError("bad-signature", f"{count.bad[0].name}: {count.bad[0].text}")
    attester = clean_line(statement.predicate.attester.id)
    if policy is None:
        found.add("signatures", "unknown", f"{len(names)} signature files; without a trust policy (--trust) they are nobody's")
        found.add("identity", "unknown", f"the bundle says that it is by {attester}; only a trust policy can know")
        return
    if not names:
        found.add("signatures", "fail", "unsigned: there is no signature at all")
        found.add("identity", "unknown", f"says that it is by {attester}, which nobody signed")
        return
    if policy.expires and as_of >= policy.expires:
        found.add("signatures", "fail", f"your trust policy expired at {format_instant(policy.expires)}; renew it")
        found.add("identity", "unknown", "an expired policy vouches for nobody")
        return
    rule = evaluate_rules(policy, PREDICATE, statement.predicate.attester.id, count.people)
    found.add("signatures", "pass" if rule.satisfied else "fail", rule.text)
    known = {person.id: person for person in policy.person}
    signers = [f"{known[one].name or one} ({', '.join(known[one].roles)})" for one in count.people]
    others = [one for one in count.files if one.state in ("unknown-signer", "not-counted")]
    extra = f"; besides, {others[0].text}" if others else ""
    if signers:
        found.add("identity", "pass", f"signed by {', '.join(signers)}{extra}")
    else:
        found.add("identity", "fail", f"nobody whom the policy knows signed{extra}")


def _standards(found: Verification, view: BundleView, policy: Policy | None, allow_unknown: bool) -> None:
    pins = view.core.standards
    statement = found.statement
    said = [(one.id, one.version, one.sha256) for one in statement.predicate.standards] if statement else []
    if said != [(pin.id, pin.version, pin.sha256) for pin in pins]:
        raise BrokenError("bad-statement", "the statement names other standards than the bundle holds")
    for (standard, _), pin in zip(view.contents.standards, pins, strict=True):
        if (standard.id, standard.version) != (pin.id, pin.version):
            raise BrokenError("bad-content", f"core/standards/{pin.file_name} is {standard.id} {standard.version}")
    names = ", ".join(f"{pin.id} {pin.version}" for pin in pins)
    if policy is None:
        found.add("standard", "unknown", f"{names}; only a trust policy says which texts are accepted")
        return
    refused = [why for pin in pins if (why := accepts_standard(policy, pin.id, pin.version, pin.sha256))]
    if refused and not allow_unknown:
        found.add("standard", "fail", refused[0])
    elif refused:
        found.add("standard", "unknown", f"{refused[0]}; read all the same, as you asked")
    else:
        found.add("standard", "pass", f"{names}: the texts that the policy accepts, by their SHA-256")


def _completeness(found: Verification, view: BundleView) -> None:
    answers = sum(not name.startswith("E-") for name in view.core.items)
    named = {one for answer in view.core.answers for one in answer.evidence}
    lost = sorted(named - set(view.core.items))
    listed = {answer.item for answer in view.core.answers}
    stray = [name for name in view.core.items if name.startswith(ANSWER) and name not in listed]
    if lost or stray:
        raise BrokenError("bad-content", f"{(lost or stray)[0]} is named in the core, but not on both sides")
    counts = f"{answers} answers and {len(view.core.items) - answers} evidence items committed to"
    if found.withheld:
        shown = ", ".join(found.withheld[:5]) + (" and more" if len(found.withheld) > 5 else "")
        found.add("completeness", "pass", f"{counts}, {found.present} here, {len(found.withheld)} withheld: {shown}")
    else:
        found.add("completeness", "pass", f"{counts}, all of them here")


def _readiness(found: Verification, tree: Tree, view: BundleView, as_of: dt.datetime, kinds: Mapping[str, Kind]) -> None:
    statement = found.statement
    assert statement is not None  # _signatures came before
    signed_at = parse_instant(statement.predicate.signed_at)
    if view.core.assessed_at != signed_at:
        raise BrokenError("bad-statement", "the statement and core/assessment.json name different instants")
    claimed = load_json(read_file(tree, "core/readiness.json", LARGEST_CORE), "core/readiness.json", limit=LARGEST_CORE)
    differences, unread = evidence_differences(tree, view, kinds)
    then = view.contents.readiness(signed_at)
    differences += claimed_differences(then, claimed, view)
    if not view.withheld:
        _check_summary(then, statement, view)
    now = view.contents.readiness(as_of)
    found.readiness = now
    if differences:
        raise BrokenError("readiness-differs", f"computed again, it is not as claimed: {differences[0]}")
    blocked = len(now.blocking())
    text = f"computed again as of {format_instant(as_of)}: {now.verdict.replace('-', ' ')}"
    if view.withheld or unread:
        why = (
            f"{len(view.withheld)} items are withheld"
            if view.withheld
            else f"facts of {', '.join(unread[:3])} could not be read again"
        )
        found.add("readiness", "unknown", f"{why}; {text}")
    elif now.verdict == "not-ready":
        found.add("readiness", "fail", f"{text}, {blocked} required controls block")
    else:
        found.add("readiness", "pass", text)


def _check_summary(then: Readiness, statement: Statement, view: BundleView) -> None:
    expected = summary(then, len(view.core.items), len(view.core.withheld))
    if statement.predicate.summary != expected:
        raise BrokenError("bad-statement", "the summary in the statement is not what the bundle's content comes to")
    subject, target = view.core.subject, statement.predicate.target
    said = (target.name, target.version, [(one.name, one.digest.sha256) for one in target.artifacts])
    if said != (subject.name, subject.version, [(one.name, one.sha256) for one in subject.artifacts]):
        raise BrokenError("bad-statement", "the statement is about another release than the bundle")


def verification_json(found: Verification) -> dict[str, Any]:
    """The document that ``verify --json`` prints (``compliance-tui schema verify``)."""
    return {
        "verdict": found.verdict,
        "bundle_id": found.bundle_id,
        "lines": [{"name": one.name, "outcome": one.outcome, "reason": one.reason} for one in found.lines],
        "items": {"present": found.present, "withheld": len(found.withheld), "sealed": 0},
        "readiness": readiness_json(found.readiness) if found.readiness else None,
    }


def read_bundle(path: Path) -> BundleView:
    """A bundle to look at, without any claim that it is genuine. Raises InputError or BrokenError."""
    with open_tree(path) as tree:
        try:
            return read_view(tree)
        except InputError as error:
            raise BrokenError("bad-content", str(error)) from None
