"""All signatures over one statement, counted: a file is valid, unknown, expired or bad; one key is one vote."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from compliance_tui.safe.errors import BrokenError
from compliance_tui.trust.dsse import pae, read_envelope
from compliance_tui.trust.policy import Policy
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.sshsig import read_ssh_signature, verify_ssh


@dataclass(frozen=True)
class SignatureState:
    """One signature, and the file that holds it. ``person`` is the policy's id, never a name from the bundle."""

    name: str
    state: Literal["valid", "not-counted", "unknown-signer", "bad"]
    text: str
    person: str | None = None
    key: PublicKey | None = None


@dataclass(frozen=True)
class SignatureCount:
    """What the signature files come to together."""

    files: tuple[SignatureState, ...]

    @property
    def people(self) -> list[str]:
        """The distinct persons with a valid signature."""
        return sorted({one.person for one in self.files if one.state == "valid" and one.person})

    @property
    def keys(self) -> frozenset[bytes]:
        """The raw public keys with a valid signature; the same key under two encodings or names is one."""
        return frozenset(one.key.raw for one in self.files if one.state == "valid" and one.key)

    @property
    def bad(self) -> list[SignatureState]:
        """The files that are damaged or do not belong to this statement."""
        return [one for one in self.files if one.state == "bad"]


def count_signatures(
    statement: bytes,
    envelopes: Sequence[tuple[str, bytes]],
    ssh_signatures: Sequence[tuple[str, bytes]],
    namespace: str,
    policy: Policy | None,
    as_of: dt.datetime,
) -> SignatureCount:
    """Check every signature file over ``statement`` against the keys of ``policy`` that count at ``as_of``.

    A DSSE signature is bad when the payload is not the statement, or when it claims a key of the policy whose signature
    it is not; an envelope of several signatures counts as that many envelopes of one, as DSSE has it. An SSHSIG is bad
    when it does not verify under the key that it carries.
    """
    keys = [(person.id, one) for person in policy.person for one in person.key] if policy else []
    known = [(person, one.key, one.counts(as_of)) for person, one in keys]
    files = [state for name, content in envelopes for state in _envelope_states(name, content, statement, known)]
    files += [_ssh_state(name, content, statement, namespace, known) for name, content in ssh_signatures]
    return SignatureCount(tuple(files))


_Known = Sequence[tuple[str, PublicKey, str]]


def _envelope_states(name: str, content: bytes, statement: bytes, known: _Known) -> list[SignatureState]:
    try:
        envelope = read_envelope(content, name)
    except BrokenError as error:
        return [SignatureState(name, "bad", str(error))]
    if envelope.payload != statement:
        return [SignatureState(name, "bad", "it signs other bytes than statement.json")]
    message = pae(envelope.payload)
    return [_dsse_state(name, key_id, signature, message, known) for key_id, signature in envelope.signatures]


def _dsse_state(name: str, key_id: str, signature: bytes, message: bytes, known: _Known) -> SignatureState:
    # The key id is only a hint: it says which key to try first, and what a signature that fits no key had claimed.
    for person, key, why_not in sorted(known, key=lambda one: one[1].key_id != key_id):
        if key.verifies(signature, message):
            return _recognised(name, person, key, why_not)
    for person, key, _ in known:
        if key.key_id == key_id:
            return SignatureState(name, "bad", f"claims the key of {person}, but does not verify under it", person, key)
    return SignatureState(name, "unknown-signer", "signed with a key that the policy does not know")


def _ssh_state(name: str, content: bytes, statement: bytes, namespace: str, known: _Known) -> SignatureState:
    try:
        signature = read_ssh_signature(content, name)
    except BrokenError as error:
        return SignatureState(name, "bad", str(error))
    if not verify_ssh(signature, statement, namespace, signature.key):
        return SignatureState(name, "bad", "does not verify over statement.json")
    for person, key, why_not in known:
        if key.raw == signature.key.raw:
            return _recognised(name, person, key, why_not)
    return SignatureState(name, "unknown-signer", "signed with a key that the policy does not know")


def _recognised(name: str, person: str, key: PublicKey, why_not: str) -> SignatureState:
    if why_not:
        return SignatureState(name, "not-counted", f"{person}: {why_not}", person, key)
    return SignatureState(name, "valid", f"{person} ({key.fingerprint})", person, key)
