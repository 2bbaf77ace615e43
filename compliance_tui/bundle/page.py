"""A verification as a page that a person reads: the verdict first, then why, line by line."""

from collections.abc import Iterator, Sequence

from compliance_tui.bundle.chain import summary_of
from compliance_tui.bundle.sign_offs import JudgedSignOff
from compliance_tui.bundle.verdict import Line, Verification
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word

_MOST_SHOWN = 12
_ANSWERS = {"yes": message("yes"), "no": message("NO"), "unknown": message("unknown")}
_VERDICTS = {
    "accepted": message("ACCEPTED: genuine, and all that your policy asks for"),
    "not-accepted": message("NOT ACCEPTED: genuine as far as can be seen, but not all that your policy asks for"),
    "broken": message("BROKEN: altered, incomplete, or not what it claims to be"),
}
SIGN_OFFS = message("Sign-offs that are signed with a person's own key:")
_STANDINGS = {
    "counted": message("counted"),
    "not-counted": message("not-counted"),
    "unsigned": message("unsigned"),
    "not-understood": message("not-understood"),
    "unknown": message("unknown"),
    "unknown-signer": message("unknown signer"),
    "false": message("false"),
}


def page(found: Verification, name: str) -> Iterator[str]:
    """The lines of the page; ``name`` is what the bundle's file is called here."""
    yield f"{gettext(_VERDICTS[found.verdict])}: {clean_line(name)}"
    yield gettext("bundle id {id}", id=found.bundle_id or message("unknown"))
    answers = (
        (message("signature valid"), found.signature_valid),
        (message("trusted"), found.trusted),
        (message("current"), found.current),
        (message("ready"), found.ready),
    )
    yield " · ".join(f"{gettext(name)}: {gettext(_ANSWERS[answer])}" for name, answer in answers)
    yield ""
    yield from line_rows(found.lines)
    if found.signers:
        yield ""
        yield gettext("Signed with keys that your policy knows:")
        yield from (f"  {one.fingerprint}  {clean_line(one.person, 80)}" for one in found.signers)
    if found.sign_offs:
        yield ""
        yield gettext(SIGN_OFFS)
        yield from sign_off_rows(found)
    if found.chain:
        yield ""
        yield gettext("Statements about it, in the order of their folders; who and when are claims unless counted:")
        for one in found.chain:
            where = clean_line(one.attestation.name, 60).removeprefix("attestations/")
            yield f"  {gettext(_STANDINGS[one.standing]):<15}{where}  {gettext(summary_of(one))}"
            if one.standing != "counted":
                yield f"{'':17}{gettext(one.reason)}"
    for decision in found.decisions:
        said, text = decision.determination, gettext(decision.text)
        yield ""
        if decision.in_force:
            yield gettext("Determination: {text}", text=text)
        else:
            yield gettext("Determination (not in force): {text}", text=text)
        yield from ("  " + gettext("reason: {text}", text=clean_line(reason, 2000)) for reason in said.reasons)
        yield from ("  " + gettext("condition: {text}", text=clean_line(condition, 2000)) for condition in said.conditions)
    if found.log is not None:
        yield ""
        yield gettext("The lab's audit log: {text}", text=gettext(found.log.text))
    if found.met is not None:
        yield ""
        yield gettext(found.met.text)


def line_rows(lines: Sequence[Line]) -> Iterator[str]:
    """The independent lines, one row each, in columns as wide as the language needs."""
    rows = [(gettext(word(line.outcome)), gettext(word(line.name)), gettext(line.reason)) for line in lines]
    first = max([7, *(len(row[0]) for row in rows)]) + 1
    second = max([13, *(len(row[1]) for row in rows)]) + 1
    yield from (f"  {outcome:<{first}}{name:<{second}}{reason}" for outcome, name, reason in rows)


def sign_off_rows(found: Verification) -> Iterator[str]:
    """By whom sign-offs are signed, and each that does not count."""
    where: dict[str, list[str]] = {}
    for one in found.sign_offs:
        if one.standing == "counted" and one.person:
            where.setdefault(one.person, []).append(_place(one))
    for person, places in where.items():
        shown = clean_line(", ".join(places[:_MOST_SHOWN]), 600) + (" …" if len(places) > _MOST_SHOWN else "")
        yield f"  {gettext(_STANDINGS['counted']):<16}{clean_line(person, 80)}: {shown} ({len(places)})"
    others = [one for one in found.sign_offs if one.standing != "counted"]
    for one in others[:_MOST_SHOWN]:
        yield f"  {gettext(_STANDINGS[one.standing]):<16}{_place(one)}: {gettext(one.reason)}"
    if len(others) > _MOST_SHOWN:
        left = len(others) - _MOST_SHOWN
        yield "  " + ngettext(
            "… and one more that does not count; --json names them all",
            "… and {number} more that do not count; --json names them all",
            left,
        )


def _place(one: JudgedSignOff) -> str:
    return clean_line(gettext("{control} as {seat}", control=one.control, seat=one.sign_off.seat), 120)
