"""A verification as a page that a person reads: the verdict first, then why, line by line."""

from collections.abc import Iterator

from compliance_tui.bundle.chain import summary_of
from compliance_tui.bundle.verdict import Verification
from compliance_tui.safe.text import clean_line

_ANSWERS = {"yes": "yes", "no": "NO", "unknown": "unknown"}
_VERDICTS = {
    "accepted": "ACCEPTED: genuine, and all that your policy asks for",
    "not-accepted": "NOT ACCEPTED: genuine as far as can be seen, but not all that your policy asks for",
    "broken": "BROKEN: altered, incomplete, or not what it claims to be",
}


def page(found: Verification, name: str) -> Iterator[str]:
    """The lines of the page; ``name`` is what the bundle's file is called here."""
    yield f"{_VERDICTS[found.verdict]}: {clean_line(name)}"
    yield f"bundle id {found.bundle_id or 'unknown'}"
    answers = {
        "signature valid": found.signature_valid,
        "trusted": found.trusted,
        "current": found.current,
        "ready": found.ready,
    }
    yield " · ".join(f"{word}: {_ANSWERS[answer]}" for word, answer in answers.items())
    yield ""
    for line in found.lines:
        yield f"  {line.outcome:<8}{line.name:<14}{line.reason}"
    if found.signers:
        yield ""
        yield "Signed with keys that your policy knows:"
        yield from (f"  {one.fingerprint}  {clean_line(one.person, 80)}" for one in found.signers)
    if found.chain:
        yield ""
        yield "Statements about it, in the order of their folders; who and when are claims unless counted:"
        for one in found.chain:
            where = clean_line(one.attestation.name, 60).removeprefix("attestations/")
            yield f"  {one.standing:<15}{where}  {summary_of(one)}"
            if one.standing != "counted":
                yield f"{'':17}{one.reason}"
    for decision in found.decisions:
        yield ""
        yield f"Determination{'' if decision.in_force else ' (not in force)'}: {decision.text}"
        yield from (f"  reason: {clean_line(reason, 2000)}" for reason in decision.determination.reasons)
        yield from (f"  condition: {clean_line(condition, 2000)}" for condition in decision.determination.conditions)
    if found.met is not None:
        yield ""
        yield found.met.text
