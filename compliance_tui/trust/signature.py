"""All signatures over one statement, counted: a file is valid, unknown, expired or bad; one key is one vote."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import load_json
from compliance_tui.trust.dsse import MOST_SIGNATURES, pae, read_envelope
from compliance_tui.trust.policy_model import Key, Policy
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.sshsig import read_ssh_signature, verify_ssh
from compliance_tui.trust.timestamps import TOKEN_NAME, TokenState, TrustedTime, check_token, stamped_bytes

_TOO_MANY = message(
    "there are more than {most} signatures of one kind over the statement; nobody needs so many", most=MOST_SIGNATURES
)


@dataclass(frozen=True)
class SignatureState:
    """One signature, and the file that holds it. ``person`` is the policy's id, never a name from the bundle.

    ``times`` are the trusted times at which the file was seen; ``touched`` says for a FIDO2 token whether somebody touched it.
    """

    name: str
    state: Literal["valid", "not-counted", "unknown-signer", "bad"]
    text: str
    person: str | None = None
    key: PublicKey | None = None
    times: tuple[TrustedTime, ...] = ()
    touched: bool | None = None


@dataclass(frozen=True)
class SignatureCount:
    """What the signature files come to together. ``signed_at`` is what the statement claims, and no more than a claim."""

    files: tuple[SignatureState, ...]
    tokens: tuple[TokenState, ...] = ()
    signed_at: dt.datetime | None = None
    as_of: dt.datetime | None = None

    @property
    def unsigned(self) -> bool:
        """Whether there is no signature at all, which is another thing than one that does not count."""
        return not self.files

    @property
    def people(self) -> list[str]:
        """The distinct persons with a valid signature."""
        return sorted({one.person for one in self.files if one.state == "valid" and one.person})

    @property
    def keys(self) -> frozenset[bytes]:
        """The raw public keys with a valid signature; the same key under two encodings or names is one."""
        return frozenset(one.key.raw for one in self.files if one.state == "valid" and one.key)

    @property
    def times(self) -> list[TrustedTime]:
        """The trusted times of the valid signatures, the earliest first."""
        found = {time for one in self.files if one.state == "valid" for time in one.times}
        return sorted(found, key=lambda time: (time.instant, time.tsa, time.token))

    @property
    def bad(self) -> list[SignatureState | TokenState]:
        """The files that are damaged or do not belong to this statement."""
        every: list[SignatureState | TokenState] = [*self.files, *self.tokens]
        return [one for one in every if one.state == "bad"]


@dataclass(frozen=True)
class _Known:
    """A key of the policy, parsed once."""

    person: str
    entry: Key
    key: PublicKey


@dataclass(frozen=True)
class _Asked:
    """What is asked about one file: under which keys, at which instant, seen when."""

    known: Sequence[_Known]
    as_of: dt.datetime
    times: tuple[TrustedTime, ...] = ()


def count_signatures(
    statement: bytes,
    envelopes: Sequence[tuple[str, bytes]],
    ssh_signatures: Sequence[tuple[str, bytes]],
    namespace: str,
    policy: Policy | None,
    as_of: dt.datetime,
    tokens: Sequence[tuple[str, bytes]] = (),
) -> SignatureCount:
    """Check every signature file over ``statement`` against the keys of ``policy`` that count at ``as_of``.

    A DSSE signature is bad when the payload is not the statement, or when it claims a key of the policy whose signature
    it is not; an envelope of several signatures counts as that many envelopes of one, as DSSE has it. An SSHSIG is bad
    when it does not verify under the key that it carries. ``tokens`` are RFC 3161 token files, each named after the signature
    file that it stamps (``….dsse.json.tsr``, ``….dsse.json.2.tsr``, ``….sshsig.tsr``); one is bad when it is damaged or stamps
    other bytes. Of more than ``MOST_SIGNATURES`` of one kind the rest is bad and not looked at.
    """
    known = [_Known(person.id, one, one.key) for person in policy.person for one in person.key] if policy else []
    stamps = _token_states(statement, [*envelopes, *ssh_signatures], tokens, policy, as_of)

    def asked(name: str) -> _Asked:
        seen = tuple(one.time for one in stamps if one.time is not None and _stamped(one.name) == name)
        return _Asked(known, as_of, seen)

    files: list[SignatureState] = []
    for name, content in envelopes:
        files += _envelope_states(name, content, statement, asked(name), MOST_SIGNATURES - len(files))
    files += [
        _ssh_state(name, content, statement, namespace, asked(name)) for name, content in ssh_signatures[:MOST_SIGNATURES]
    ]
    files += [SignatureState(name, "bad", _TOO_MANY) for name, _ in ssh_signatures[MOST_SIGNATURES:]]
    return SignatureCount(tuple(files), stamps, claimed_time(statement), as_of)


def claimed_time(statement: bytes) -> dt.datetime | None:
    """``predicate.signedAt`` of a statement, which is the signer's claim; None where it has none that can be read."""
    try:
        predicate = load_json(statement, "statement", signed=True)["predicate"]
        return parse_instant(predicate["signedAt"])
    except (InputError, KeyError, TypeError):
        return None


def _stamped(token_name: str) -> str | None:
    named = TOKEN_NAME.fullmatch(token_name)
    return named["signature"] if named else None


def _token_states(
    statement: bytes,
    signatures: Sequence[tuple[str, bytes]],
    tokens: Sequence[tuple[str, bytes]],
    policy: Policy | None,
    as_of: dt.datetime,
) -> tuple[TokenState, ...]:
    contents, states = dict(signatures), []
    for name, token in tokens:
        beside = _stamped(name) or ""
        if beside not in contents:
            states.append(TokenState(name, "bad", message("stands beside no signature that it could stamp")))
            continue
        data = stamped_bytes(beside, contents[beside], statement)
        states.append(check_token(name, token, data, policy.tsa if policy else [], as_of))
    return tuple(states)


def _envelope_states(name: str, content: bytes, statement: bytes, asked: _Asked, room: int) -> list[SignatureState]:
    try:
        envelope = read_envelope(content, name)
    except BrokenError as error:
        return [SignatureState(name, "bad", str(error))]
    if envelope.payload != statement:
        return [SignatureState(name, "bad", message("it signs other bytes than statement.json"))]
    if len(envelope.signatures) > room:
        return [SignatureState(name, "bad", _TOO_MANY)]
    content = pae(envelope.payload)
    return [_dsse_state(name, key_id, signature, content, asked) for key_id, signature in envelope.signatures]


def _dsse_state(name: str, key_id: str, signature: bytes, content: bytes, asked: _Asked) -> SignatureState:
    # The key id is only a hint: it says which key to try first, and what a signature that fits no key had claimed.
    for one in sorted(asked.known, key=lambda one: one.key.key_id != key_id):
        if one.key.verifies(signature, content):
            return _recognised(name, one, asked)
    for one in asked.known:
        if one.key.key_id == key_id:
            why = message("claims the key of {person}, but does not verify under it", person=one.person)
            return SignatureState(name, "bad", why, one.person, one.key)
    return SignatureState(name, "unknown-signer", message("signed with a key that the policy does not know"))


def _ssh_state(name: str, content: bytes, statement: bytes, namespace: str, asked: _Asked) -> SignatureState:
    try:
        signature = read_ssh_signature(content, name)
    except BrokenError as error:
        return SignatureState(name, "bad", str(error))
    if not verify_ssh(signature, statement, namespace, signature.key):
        return SignatureState(name, "bad", message("does not verify over statement.json"))
    touched = None if signature.key.application is None else signature.touched
    for one in asked.known:
        if one.key == signature.key:
            return _recognised(name, one, asked, touched)
        if one.key.raw == signature.key.raw:
            why = message(
                "{person}: the policy has this key as {kind}, and it signed as {signed}",
                person=one.person,
                kind=one.key.kind,
                signed=signature.key.kind,
            )
            return SignatureState(name, "not-counted", why, one.person, one.key)
    return SignatureState(name, "unknown-signer", message("signed with a key that the policy does not know"))


def _recognised(name: str, one: _Known, asked: _Asked, touched: bool | None = None) -> SignatureState:
    why_not = one.entry.counts(asked.as_of, [time.instant for time in asked.times])
    if not why_not and one.entry.must_be_touched and not touched:
        why_not = message("nobody touched the FIDO2 token for this signature")
    state: Literal["valid", "not-counted"] = "not-counted" if why_not else "valid"
    text = (
        message("{where}: {reason}", where=one.person, reason=why_not) if why_not else f"{one.person} ({one.key.fingerprint})"
    )
    return SignatureState(name, state, text, one.person, one.key, asked.times, touched)
