"""Sign-offs that carry a person's own signature, held against the verifier's trust policy.

The signature is in the core; what it is over is made anew from what the core says of the sign-off, so that one that was lifted
from another control, seat or assessment, or altered, does not verify. Whose key it is, only the policy says.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import SignOff
from compliance_tui.assessment.readiness import ControlKey
from compliance_tui.assessment.signed import read_sign_off
from compliance_tui.bundle.core import Core, CoreAnswer
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import Message, message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.policy_model import Key, Person, Policy
from compliance_tui.trust.sshsig import SshSignature
from compliance_tui.trust.timestamps import SKEW

Standing = Literal["counted", "unknown-signer", "not-counted", "false"]


@dataclass(frozen=True)
class JudgedSignOff:
    """A signed sign-off. ``person`` is the policy's id of whom its key belongs to, never a name from the bundle.

    False: it does not verify, or somebody signed in the name of another whom the policy knows.
    """

    standard: str
    control: str
    sign_off: SignOff
    standing: Standing
    reason: Message
    person: str | None = None
    fingerprint: str = ""


@dataclass(frozen=True)
class _Asked:
    """Under which keys (by their raw bytes), of whom, at which instant; ``seen`` are trusted times of the lab's statement.

    ``listed`` are the keys that the lab itself has for a person: they make nothing trusted, but one that is not among them is
    nothing that the lab could have counted.
    """

    keys: Mapping[bytes, tuple[Person, Key]]
    people: frozenset[str]
    listed: Mapping[str, Sequence[list[str]]]
    known: bool
    as_of: dt.datetime
    seen: tuple[dt.datetime, ...]


def judge_sign_offs(
    core: Core, policy: Policy | None, as_of: dt.datetime, seen: Sequence[dt.datetime] = ()
) -> list[JudgedSignOff]:
    """Judge each sign-off that carries a signature, in the order of the answers.

    A key must count at the time that the sign-off claims. One that was compromised counts only where a trusted time of the
    lab's own statement, which commits to the sign-off, is before that: ``seen``. Without a policy nobody is known.
    """
    people = policy.person if policy else []
    keys = {key.key.raw: (person, key) for person in people for key in person.key}
    listed = {person.id: [text.split()[:2] for text in person.keys] for person in core.people}
    asked = _Asked(keys, frozenset(one.id for one in people), listed, policy is not None, as_of, tuple(seen))
    found: list[JudgedSignOff] = []
    for answer in core.answers:
        judged = [_judge(core.series, answer, one, asked) for one in answer.sign_offs if one.signature]
        found += _one_seat_each(judged)
    return found


def _judge(series: str, answer: CoreAnswer, sign_off: SignOff, asked: _Asked) -> JudgedSignOff:
    signature = read_sign_off(series, answer.standard, answer.control, sign_off)
    standing: Standing
    person = None
    if signature is None:
        standing, reason = "false", message("its signature does not verify: it is altered, or of something else")
    elif signature.key.raw not in asked.keys:
        standing, reason = _unknown(signature, sign_off, asked)
    else:
        person, key = asked.keys[signature.key.raw]
        standing, reason = _standing(signature, sign_off, person, key, asked)
    fingerprint = signature.key.fingerprint if signature else ""
    known = person.id if person else None
    return JudgedSignOff(answer.standard, answer.control, sign_off, standing, reason, known, fingerprint)


def _unknown(signature: SshSignature, sign_off: SignOff, asked: _Asked) -> tuple[Standing, Message]:
    listed = asked.listed.get(sign_off.person)
    if listed and signature.key.openssh.split()[:2] not in listed:
        return "not-counted", message("signed with a key that the lab itself does not have for that person")
    if asked.known:
        return "unknown-signer", message("signed with a key that the policy does not know")
    return "unknown-signer", message("only a trust policy (--trust) knows whose key that is")


def _standing(signature: SshSignature, sign_off: SignOff, person: Person, key: Key, asked: _Asked) -> tuple[Standing, Message]:
    if sign_off.person != person.id and sign_off.person in asked.people:
        return "false", message("signed with the key of {person}, in another's name", person=person.id)
    why_not = ""
    if key.key != signature.key:
        why_not = message(
            "the policy has this key as {kind}, and it signed as {signed}", kind=key.key.kind, signed=signature.key.kind
        )
    elif sign_off.at > asked.as_of + SKEW:
        why_not = message("its time is after the instant asked about")
    elif key.must_be_touched and not signature.touched:
        why_not = message("nobody touched the FIDO2 token for this signature")
    elif person.seats and sign_off.seat not in person.seats:
        why_not = message("the policy has them in another seat ({seats})", seats=", ".join(person.seats))
    else:
        compromised = key.revoked is not None and key.revoked.reason == "compromised"
        why_not = key.counts(sign_off.at, asked.seen if compromised else ())
    if why_not:
        return "not-counted", message("{where}: {reason}", where=person.id, reason=why_not)
    return "counted", message("signed by {person}, {at} as claimed", person=person.id, at=format_instant(sign_off.at))


def _one_seat_each(judged: Sequence[JudgedSignOff]) -> Iterator[JudgedSignOff]:
    """One person fills one seat of a control, whatever names the lab has for them."""
    seats: dict[str, str] = {}
    for one in judged:
        if one.standing == "counted" and one.person and seats.setdefault(one.person, one.sign_off.seat) != one.sign_off.seat:
            why = message("{person} fills the seat {seat} of this control already", person=one.person, seat=seats[one.person])
            yield replace(one, standing="not-counted", reason=why)
        else:
            yield one


def as_trusted(contents: Contents, judged: Sequence[JudgedSignOff]) -> Contents:
    """What the verifier may compute with.

    A sign-off by somebody whom they do not know is as one without a signature, one that is false or does not count is none, and
    of the lab's own list of keys nothing is believed.
    """
    standing = {(one.standard, one.control, one.sign_off): one.standing for one in judged}

    def kept(key: ControlKey, sign_off: SignOff) -> SignOff | None:
        match standing.get((*key, sign_off)):
            case "false" | "not-counted":
                return None
            case "unknown-signer":
                return sign_off.model_copy(update={"signature": ""})
            case _:
                return sign_off

    responses = {
        key: response.model_copy(update={"sign_offs": [kept_ for one in response.sign_offs if (kept_ := kept(key, one))]})
        for key, response in contents.responses.items()
    }
    people = [person.model_copy(update={"keys": []}) for person in contents.assessment.people]
    assessment = contents.assessment.model_copy(update={"people": people})
    return replace(contents, assessment=assessment, responses=responses)


def sign_off_json(one: JudgedSignOff) -> dict[str, Any]:
    """The entry of ``verify --json``."""
    return {
        "standard": one.standard,
        "control": one.control,
        "seat": one.sign_off.seat,
        "claimed_person": clean_line(one.sign_off.person),
        "claimed_at": format_instant(one.sign_off.at),
        "standing": one.standing,
        "reason": one.reason,
        "person": one.person,
        "fingerprint": one.fingerprint,
    }
