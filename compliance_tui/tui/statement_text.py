"""What is known of a standard, a signature, a statement about a bundle: as text beside the list of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from compliance_tui.bundle.chain import Judged, summary_of
from compliance_tui.bundle.page import SIGN_OFFS, sign_off_rows
from compliance_tui.bundle.predicates import Delivery, Determination, Receipt, Register, Review, Supersession, Withdrawal
from compliance_tui.bundle.statement import PREDICATE, StandardReference
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.words import word
from compliance_tui.trust.policy import accepts_standard
from compliance_tui.tui.show import BAD, GOOD, HEADING, MUTED, WARN, line

if TYPE_CHECKING:
    from compliance_tui.bundle.verify import Verification
    from compliance_tui.trust.policy import Policy
    from compliance_tui.trust.signature import SignatureCount, SignatureState
    from compliance_tui.tui.session import Loaded

# What is said of a statement that counts, and of one that does not; and how a signature stands.
STANDINGS = {
    "counted": (message("counts"), GOOD, "good"),
    "not-counted": (message("not counted"), WARN, "warn"),
    "unsigned": (message("unsigned"), BAD, "bad"),
    "not-understood": (message("not known"), WARN, "warn"),
    "unknown": (message("unknown"), MUTED, "muted"),
}
SIGNED = {
    "valid": (message("valid"), GOOD, "good"),
    "not-counted": (message("not counted"), WARN, "warn"),
    "unknown-signer": (message("unknown"), WARN, "warn"),
    "bad": (message("bad"), BAD, "bad"),
}
KINDS = {
    PREDICATE: message("self-assessment"),
    "review/v1": message("review"),
    "receipt/v1": message("receipt"),
    "determination/v1": message("determination"),
    "supersession/v1": message("supersession"),
    "withdrawal/v1": message("withdrawal"),
    "register/v1": message("register"),
    "delivery/v1": message("delivery"),
}
_FORMS = (".dsse.json", ".sshsig")
_MOST_ENTRIES = 200


@dataclass(frozen=True)
class SignerRow:
    """The signatures of one key over the lab's statement."""

    name: str
    files: "tuple[SignatureState, ...]"


def signers(count: "SignatureCount | None") -> list[SignerRow]:
    """The signature files by key: an envelope and an SSHSIG of one key are one signer."""
    rows: dict[tuple[str, str, str | None], list[SignatureState]] = {}
    for one in count.files if count is not None else ():
        stem = one.name.rpartition("/")[2]
        for form in _FORMS:
            stem = stem.removesuffix(form)
        rows.setdefault((stem, one.state, one.person), []).append(one)
    return [SignerRow(stem, tuple(files)) for (stem, _, _), files in rows.items()]


def signer_name(one: "SignatureState", policy: "Policy | None") -> str:
    """By the policy's name and roles; else that nobody is known by that key."""
    people = {person.id: person for person in policy.person} if policy else {}
    if one.person is None or one.person not in people:
        return gettext("not known to your policy") if policy else gettext("without a policy nobody is known")
    person = people[one.person]
    roles = ", ".join(person.roles) or gettext("no role")
    return f"{person.name or person.id}  {roles}"


def standard_text(one: StandardReference, policy: "Policy | None", loaded: "Loaded | None") -> Iterator[Content]:
    """A standard: whether the policy accepts its text, by which digest."""
    yield line(f"{one.id} {one.version}", "bold")
    if policy is None:
        yield line(gettext("Only a trust policy says which texts are accepted."), MUTED)
    else:
        why = accepts_standard(policy, one.id, one.version, one.sha256)
        told = why or gettext("the text that your policy accepts, by its SHA-256")
        yield line(told, WARN if why else GOOD, limit=600)
    yield line(f"sha256 {one.sha256}", MUTED)
    contents = loaded.contents if loaded is not None else None
    read = [standard for standard, sha256 in contents.standards if sha256 == one.sha256] if contents is not None else []
    for standard in read:
        yield Content("")
        yield line(gettext(standard.standard.title), limit=200)
        released = standard.standard.released
        yield line(gettext("{number} controls, released {day}", number=len(standard.controls), day=released), MUTED)
    if not read:
        yield Content("")
        yield line(gettext("Its text was not read."), MUTED)


def signature_text(row: SignerRow, policy: "Policy | None") -> Iterator[Content]:
    """The signatures of one key: whose it is, and what each file comes to."""
    first = row.files[0]
    said, style, _ = SIGNED[first.state]
    yield line(signer_name(first, policy), "bold", limit=300)
    yield line(gettext(said), style)
    if first.person is not None:
        yield line(first.person, MUTED)
    if first.key is not None:
        yield line(first.key.fingerprint, MUTED)
    for one in row.files:
        yield Content("")
        yield line(one.name, limit=200)
        yield line(f"  {gettext(one.text)}", MUTED, limit=400)
        for time in one.times:
            told = gettext("{authority} saw it at {instant}", authority=time.tsa, instant=format_instant(time.instant))
            yield line(f"  {told}", GOOD)
        if one.touched is not None:
            touched = gettext("somebody touched the token") if one.touched else gettext("nobody touched the token")
            yield line(f"  {touched}", MUTED)


def own_statement_text(found: "Verification") -> Iterator[Content]:
    """The lab's own statement, and whether it still stands."""
    statement = found.statement
    assert statement is not None
    said = statement.predicate
    yield line(gettext(KINDS[PREDICATE]), "bold")
    yield line(gettext("by {attester}, {instant} as claimed", attester=said.attester.id, instant=said.signed_at))
    yield line(gettext("series {series}, sequence {sequence}", series=said.series, sequence=said.sequence), MUTED)
    if said.valid_until:
        yield line(gettext("valid until {instant}, by its own words", instant=said.valid_until))
    if said.challenge:
        yield line(gettext("carries the challenge: {text}", text=said.challenge), limit=400)
    yield Content("")
    yield line(gettext("It says"), HEADING)
    counts = said.summary
    yield line(
        gettext(
            "  {verdict}: {satisfied} in order, {waived} waived, {blocked} block, of {controls} controls",
            verdict=gettext(word(counts.verdict)),
            satisfied=counts.satisfied,
            waived=counts.waived,
            blocked=counts.blocked,
            controls=counts.controls,
        )
    )
    yield line("  " + gettext("{items} items, {withheld} of them withheld", items=counts.items, withheld=counts.withheld_items))
    for one in said.target.artifacts:
        yield line(f"  {one.name}", limit=200) + line(f"  sha256 {one.digest.sha256}", MUTED)
    yield Content("")
    yield line(gettext("Whether it still stands"), HEADING)
    fresh = found.line("freshness")
    yield line(f"  {gettext(fresh.reason)}" if fresh is not None else "", limit=1000)
    for text in [text for _, text in found.met.alarms] if found.met is not None else []:
        yield line(f"  {gettext(text)}", BAD, limit=600)
    yield from _log(found)
    if found.sign_offs:
        yield Content("")
        yield line(gettext(SIGN_OFFS), HEADING)
        yield from (line(row, limit=900) for row in sign_off_rows(found))


def _log(found: "Verification") -> Iterator[Content]:
    log = found.log
    if log is not None:
        yield Content("")
        yield line(gettext("The lab's audit log"), HEADING)
        yield line(f"  {gettext(log.text)}", limit=600)


def statement_text(judged: Judged, found: "Verification", policy: "Policy | None") -> Iterator[Content]:
    """A further statement: whether it counts and why, what it says, who signed it."""
    said, style, _ = STANDINGS[judged.standing]
    yield line(gettext(KINDS.get(judged.name, judged.name)), "bold") + line(f"  {judged.attestation.name}", MUTED)
    yield line(gettext(said), style) + line(f"  {gettext(judged.reason)}", limit=800)
    yield line(gettext(summary_of(judged)), MUTED, limit=400)
    for decision in found.decisions:
        if decision.judged is judged:
            stands = gettext("in force") if decision.in_force else gettext("not in force")
            yield line(f"{stands}: {gettext(decision.text)}", GOOD if decision.in_force else WARN, limit=400)
    yield from _content(judged)
    yield Content("")
    yield line(gettext("Signatures"), HEADING)
    for row in signers(judged.count):
        state, tone, _ = SIGNED[row.files[0].state]
        key = row.files[0].key
        yield line(f"  {gettext(state):<12} ", tone) + line(signer_name(row.files[0], policy), limit=200)
        yield line(f"    {key.fingerprint if key is not None else row.name}", MUTED)
    for time in judged.count.times:
        told = gettext("{authority} saw it at {instant}", authority=time.tsa, instant=format_instant(time.instant))
        yield line(f"  {told}", GOOD)
    if judged.count.unsigned:
        yield line("  " + gettext("none"), BAD)
    yield Content("")
    yield line(f"sha256 {judged.attestation.framed.sha256}", MUTED)


def _content(judged: Judged) -> Iterator[Content]:
    """What a statement says, beyond who and when."""
    said = judged.predicate
    if isinstance(said, Determination):
        yield from _listed(gettext("Reasons"), said.reasons)
        yield from _listed(gettext("Conditions"), said.conditions)
        yield from _listed(gettext("It rests on"), [f"{one.name}  {one.digest.sha256[:16]}…" for one in said.basis])
        if said.replaces:
            yield from _listed(gettext("It replaces"), [said.replaces])
    elif isinstance(said, Review):
        yield from _listed(gettext("Conclusion"), [said.conclusion])
        findings = [f"{one.control}  {gettext(word(one.finding))}  {one.note}".rstrip() for one in said.findings]
        yield from _listed(gettext("Findings"), findings)
        yield from _listed(gettext("Items that were opened"), [one.name for one in said.opened])
    elif isinstance(said, Receipt):
        yield from _listed(gettext("Received"), [said.received_at])
    elif isinstance(said, Withdrawal):
        yield from _listed(gettext("Reason"), [said.reason])
    elif isinstance(said, Supersession):
        new = said.replacement
        yield from _listed(gettext("Reason"), [said.reason])
        replaced = gettext("sequence {sequence}, bundle {id}", sequence=new.sequence, id=new.digest.sha256)
        yield from _listed(gettext("In its place"), [replaced])
    elif isinstance(said, Register):
        entries = [f"{one.sequence:>4}  {gettext(word(one.status)):<12} {one.digest.sha256[:16]}…" for one in said.bundles]
        yield from _listed(gettext("Bundles of the series"), entries)
    elif isinstance(said, Delivery):
        yield from _listed(gettext("Sealed items"), [one.name for one in said.items])
        yield from _listed(gettext("To"), said.recipients)


def _listed(heading: str, texts: Sequence[str]) -> Iterator[Content]:
    if not texts:
        return
    yield Content("")
    yield line(heading, HEADING)
    yield from (line(f"  {one}", limit=2100) for one in texts[:_MOST_ENTRIES])
    if len(texts) > _MOST_ENTRIES:
        yield line("  " + gettext("and {number} more", number=len(texts) - _MOST_ENTRIES), MUTED)
