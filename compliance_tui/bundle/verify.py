"""Verification: independent lines, each pass, fail or unknown with its reason. Nothing that a bundle claims is believed.

First the small core, in milliseconds: what was signed, by whom, when, against which standard, and whether it still stands. Then
every file, and from the files, the evidence in them and the standard, readiness once more.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compliance_tui.assessment.folder import Contents
from compliance_tui.bundle.attestation import (
    FIRST,
    STATEMENT,
    Attestation,
    attested_files,
    is_apart,
    read_apart,
    read_attestations,
)
from compliance_tui.bundle.chain import count_all, decisions, delivered, judge_all
from compliance_tui.bundle.content import check_completeness, check_readiness
from compliance_tui.bundle.freshness import freshness
from compliance_tui.bundle.handed import Handed, add_folder, open_folders, open_sealed
from compliance_tui.bundle.hashing import altered_files
from compliance_tui.bundle.log_proof import find_log
from compliance_tui.bundle.sighting import sighting_of
from compliance_tui.bundle.sign_offs import as_trusted, judge_sign_offs
from compliance_tui.bundle.state import Memory, Met, State, compare
from compliance_tui.bundle.statement import PREDICATE, Statement, read_statement
from compliance_tui.bundle.structure import CoreManifest, Structure, read_core, read_structure
from compliance_tui.bundle.tree import Tree, open_tree
from compliance_tui.bundle.verdict import LINES, Line, Outcome, Verification, verification_json
from compliance_tui.bundle.view import BundleView, read_view
from compliance_tui.evidence.kind import Kind
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message, nmessage
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.policy import Policy, accepts_standard, evaluate_rules, evaluate_time, rule_for

__all__ = ["LINES", "Line", "Verification", "verification_json", "verify"]

# On which line a fault is told, where it is not the one under way.
_LINE_OF = {"altered": "integrity", "changed": "integrity", "not-committed": "integrity", "bad-age": "integrity"}


@dataclass(frozen=True)
class Asked:
    """What the verifier brings: whom it believes, at which instant, what it was handed apart, what it remembers."""

    policy: Policy | None
    as_of: dt.datetime
    kinds: Mapping[str, Kind]
    allow_unknown_standard: bool = False
    folders: Sequence[Path] = ()
    identities: Sequence[Any] = ()
    memory: Memory | None = None
    challenge: str | None = None
    progress: Callable[[int], None] | None = None
    cancelled: Callable[[], bool] | None = None
    core_known: Callable[[Verification], None] | None = None


@dataclass
class _Work:
    """Where the verification stands."""

    found: Verification
    asked: Asked
    step: str = "structure"
    attestations: list[Attestation] = field(default_factory=list)
    believed: Policy | None = None

    def add(self, outcome: Any, reason: str, *, required: bool = True) -> None:
        self.found.add(self.step, outcome, reason, required=required)


def verify(
    path: Path,
    policy: Policy | None,
    as_of: dt.datetime,
    kinds: Mapping[str, Kind],
    *,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    allow_unknown_standard: bool = False,
    folders: Sequence[Path] = (),
    identities: Sequence[Any] = (),
    memory: Memory | None = None,
    challenge: str | None = None,
    core_known: Callable[[Verification], None] | None = None,
) -> Verification:
    """Check the bundle at ``path`` against the verifier's own ``policy`` at ``as_of``.

    Without a policy nobody is known, and the lines about signatures, identity and standard are unknown. ``folders`` are items
    and statements that were handed over apart, ``identities`` open what is sealed, ``memory`` is the verifier's state file,
    ``challenge`` is what the bundle should carry, ``core_known`` is called once the core is judged and before items are hashed.
    Raises InputError where there is no bundle to read, or what was given with it cannot be; CancelledError.
    """
    asked = Asked(
        policy, as_of, kinds, allow_unknown_standard, folders, identities, memory, challenge, progress, cancelled, core_known
    )
    work = _Work(Verification(), asked)
    try:
        with open_tree(path, front_first=True) as tree:
            core = _core(work, tree, path.name)
            if core_known:
                core_known(work.found)
            _items(work, tree, core)
    except BrokenError as error:
        work.found.broken = True
        name = _LINE_OF.get(error.code, work.step)
        work.found.lines = [line for line in work.found.lines if line.name != name]
        work.found.add(name, "fail", str(error))
    work.found.close()
    return work.found


def _core(work: _Work, tree: Tree, name: str) -> CoreManifest:
    """Everything that the core alone can show; items are not looked at yet."""
    found, asked = work.found, work.asked
    core = read_core(tree)
    found.bundle_id = core.bundle_id
    apart = [read_apart(folder) for folder in asked.folders if is_apart(folder)]
    work.attestations = [*read_attestations(tree), *apart]
    first = work.attestations[0]
    work.step = "signatures"
    found.statement = read_statement(first.content, f"{FIRST}/{STATEMENT}")
    found.statement_sha256 = first.framed.sha256
    if found.statement.bundle_id != core.bundle_id:
        raise BrokenError(
            "other-bundle", message("the statement is about another bundle: its subject is not this core/SHA256SUMS")
        )
    _signatures(work, first, found.statement)
    work.step = "time"
    _time(work, found.statement)
    work.step = "standard"
    _standards(work, core, found.statement)
    work.step = "freshness"
    found.log = find_log(tree, core, found.statement.predicate)
    found.chain = judge_all(work.attestations[1:], core, found.statement, asked.policy, asked.as_of)
    found.decisions = decisions(found.chain, asked.as_of)
    _freshness(work, found.statement, first, name)
    return core


def _signatures(work: _Work, first: Attestation, statement: Statement) -> None:
    found, asked, policy = work.found, work.asked, work.asked.policy
    count = count_all(first, policy, asked.as_of)
    found.signatures = count
    attester = clean_line(statement.predicate.attester.id)
    if policy is None:
        found.add(
            "signatures",
            "unknown",
            message("{number} signatures; without a trust policy (--trust) they are nobody's", number=len(count.files)),
        )
        found.add(
            "identity",
            "unknown",
            message("the bundle says that it is by {attester}; only a trust policy can know", attester=attester),
        )
        return
    if count.unsigned:
        found.add("signatures", "fail", message("unsigned: there is no signature at all"))
        found.add("identity", "unknown", message("says that it is by {attester}, which nobody signed", attester=attester))
        return
    if policy.expires and asked.as_of >= policy.expires:
        found.add(
            "signatures", "fail", message("your trust policy expired at {at}; renew it", at=format_instant(policy.expires))
        )
        found.add("identity", "unknown", message("an expired policy vouches for nobody"))
        return
    back = asked.memory.check_policy() if asked.memory else ""
    if back:
        found.add("signatures", "fail", back)
        found.add("identity", "unknown", message("a policy that may have been rolled back vouches for nobody"))
        return
    work.believed = policy
    rule = evaluate_rules(policy, PREDICATE, statement.predicate.attester.id, count.people)
    found.add("signatures", "pass" if rule.satisfied else "fail", rule.text)
    known = {person.id: person for person in policy.person}
    signers = ", ".join(f"{known[one].name or one} ({', '.join(known[one].roles)})" for one in count.people)
    others = [one for one in count.files if one.state in ("unknown-signer", "not-counted")]
    text = message("signed by {persons}", persons=signers) if signers else message("nobody whom the policy knows signed")
    text = message("{text}; besides, {other}", text=text, other=others[0].text) if others else text
    found.add("identity", "pass" if signers else "fail", text)


def _time(work: _Work, statement: Statement) -> None:
    policy, count = work.asked.policy, work.found.signatures
    said, attester = statement.predicate.signed_at, statement.predicate.attester.id
    rule = rule_for(policy, PREDICATE, attester) if policy else None
    if policy is None or count is None or rule is None:
        text = message("signed at {at} as claimed; only a trust policy can name somebody who saw it", at=said)
        work.add("unknown", text, required=False)
        return
    outcome = evaluate_time(policy, PREDICATE, attester, count)
    vouched = bool(count.times) or rule.timestamp is not None
    if outcome.satisfied and not vouched:
        work.add("unknown", outcome.text, required=False)
    else:
        work.add("pass" if outcome.satisfied else "fail", outcome.text)


def _standards(work: _Work, core: CoreManifest, statement: Statement) -> None:
    policy, said = work.asked.policy, statement.predicate.standards
    for one in said:
        if all(core.files.get(f"core/standards/{one.id}-{one.version}.{form}") != one.sha256 for form in ("toml", "json")):
            shown = clean_line(f"{one.id} {one.version}", 120)
            raise BrokenError(
                "bad-statement",
                message("the statement names {shown}, which is not the text that the bundle holds", shown=shown),
            )
    names = clean_line(", ".join(f"{one.id} {one.version}" for one in said), 300)
    if policy is None:
        work.add("unknown", message("{standards}; only a trust policy says which texts are accepted", standards=names))
        return
    refused = [clean_line(why, 300) for one in said if (why := accepts_standard(policy, one.id, one.version, one.sha256))]
    if refused and not work.asked.allow_unknown_standard:
        work.add(
            "fail", message("{why}; its text was not read (--allow-unknown-standard reads it all the same)", why=refused[0])
        )
    elif refused:
        work.add("unknown", message("{why}; read all the same, as you asked", why=refused[0]))
    else:
        work.add("pass", message("{standards}: the texts that the policy accepts, by their SHA-256", standards=names))


def _freshness(work: _Work, statement: Statement, first: Attestation, name: str) -> None:
    found, asked = work.found, work.asked
    assert found.signatures is not None  # _signatures came before
    met, log = Met(), found.log.proof if found.log else None
    signed = found.line("signatures")
    if signed is not None and signed.outcome == "pass":
        sighting = sighting_of(statement, first, found.signatures, found.chain, log, asked.as_of, name)
        met = asked.memory.meet(sighting) if asked.memory else Met(tuple(compare(State(), sighting)[1]))
    elif asked.memory:
        met = Met(text=message("not remembered: it is not signed by whom your policy asks for"))
    found.met = met
    fresh = freshness(statement, found.signatures, found.chain, met, asked.policy, asked.as_of, asked.challenge)
    found.current = fresh.current
    work.add(fresh.outcome, fresh.reason, required=fresh.required)


def _items(work: _Work, tree: Tree, core: CoreManifest) -> None:
    """Every file of the bundle and of what was handed over with it, and what they come to."""
    found, asked = work.found, work.asked
    work.step = "structure"
    counted = [one.attestation for one in found.chain if one.standing == "counted"]
    ciphertexts = {**delivered(work.attestations[1:]), **delivered(counted)}
    attested = [path for paths in attested_files(tree.front()).values() for path in paths]
    structure = read_structure(tree, core, ciphertexts, attested)
    found.withheld, found.sealed, found.present = structure.withheld, structure.sealed, len(structure.present)
    work.add("pass", message("{number} files, each where a bundle has it, none besides", number=len(tree.sizes())))
    work.step = "integrity"
    altered = altered_files(tree, structure.expected, asked.progress, asked.cancelled)
    if altered:
        more = len(altered) - 1
        one = message("{path} was altered: its SHA-256 is not the one in the manifest", path=altered[0])
        some = message(
            "{path} was altered (and {more} more): its SHA-256 is not the one in the manifest", path=altered[0], more=more
        )
        raise BrokenError("altered", some if more else one)
    with ExitStack() as stack:
        handed = Handed()
        for given in stack.enter_context(open_folders([one for one in asked.folders if not is_apart(one)])):
            add_folder(handed, given, core, structure, asked.cancelled)
        if asked.identities:
            stack.enter_context(open_sealed(handed, tree, core, structure, asked.identities, asked.cancelled))
        found.handed, found.present = handed.items, len(structure.present)
        text = message("{number} files are byte for byte those that the bundle id commits to", number=len(structure.expected))
        if handed.items:
            number = len(handed.items)
            text = message("{text}, and {number} items that were handed over or opened", text=text, number=number)
        work.add("pass", text)
        _content(work, handed.over(tree), structure)
        handed.over(tree).check_unchanged()  # the last look at every file, of the bundle and of what was handed over


def _content(work: _Work, tree: Tree, structure: Structure) -> None:
    found, asked = work.found, work.asked
    assert found.statement is not None  # _core came before
    work.step = "completeness"
    standard = found.line("standard")
    refused = standard is not None and standard.outcome == "fail"
    view = read_view(tree, structure, read_standards=not refused)
    found.view = view
    work.add("pass", check_completeness(view, structure, _undelivered(work, structure)))
    trusted = _sign_offs(work, view)
    work.step = "readiness"
    outcome, reason, found.readiness = check_readiness(tree, view, found.statement, asked.as_of, asked.kinds, trusted)
    uncounted = sum(one.standing != "counted" for one in found.sign_offs)
    if outcome == "fail" and uncounted and work.believed is not None:
        reason = nmessage(
            "{reason}; {number} signed sign-off does not count for you",
            "{reason}; {number} signed sign-offs do not count for you",
            uncounted,
            reason=reason,
        )
    work.add(outcome, reason)


def _sign_offs(work: _Work, view: BundleView) -> Contents:
    """Judge the signed sign-offs, and tell of them where it is told who signed; gives what may be computed with."""
    found, policy = work.found, work.believed
    seen = [one.instant for one in found.signatures.times] if found.signatures else []
    found.sign_offs = judge_sign_offs(view.core, policy, work.asked.as_of, seen)
    line = found.line("identity")
    if not found.sign_offs:
        return view.contents
    assert line is not None  # _core came before
    false = next((one for one in found.sign_offs if one.standing == "false"), None)
    if false is not None:
        where = clean_line(f"{false.control} as {false.sign_off.seat}", 120)
        outcome: Outcome = "fail"
        text = message("the sign-off of {where} is false: {why}", where=where, why=false.reason)
    else:
        outcome, counted = line.outcome, sum(one.standing == "counted" for one in found.sign_offs)
        text = message(
            "{counted} of {number} signed sign-offs are by persons whom your policy knows",
            counted=counted,
            number=len(found.sign_offs),
        )
    found.lines = [one for one in found.lines if one is not line]
    found.add("identity", outcome, message("{line}; {more}", line=line.reason, more=text))
    return as_trusted(view.contents, found.sign_offs) if policy is not None else view.contents


def _undelivered(work: _Work, structure: Structure) -> list[str]:
    """Sealed items whose ciphertext nobody whom the policy asks for signed."""
    signed = delivered(one.attestation for one in work.found.chain if one.standing == "counted")
    digests = {path: digest.hex() for path, digest in structure.expected.items() if path.startswith("sealed/")}
    return [name for name in structure.sealed if signed.get(f"sealed/{name}.age") != digests.get(f"sealed/{name}.age")]
