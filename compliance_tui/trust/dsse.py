"""DSSE v1.0.2 envelopes (secure-systems-lab/dsse, protocol.md): one file for each signer, over an in-toto Statement."""

import base64
import binascii
import re
from dataclasses import dataclass

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import load_json
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.signer import Signer

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LARGEST_PAYLOAD = 64 * 1024
LARGEST_ENVELOPE = 256 * 1024
MOST_SIGNATURES = 32


@dataclass(frozen=True)
class Envelope:
    """The bytes that were signed, and the signatures with the key ids they claim; a key id is a hint and no more."""

    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]


def pae(payload: bytes) -> bytes:
    """The pre-authentication encoding: what is really signed."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def sign_envelope(payload: bytes, signer: Signer) -> bytes:
    """A DSSE envelope with one signature; one name on a line, so that sed can take it apart.

    Raises InputError ``too-large`` for a payload that no reader of these envelopes would accept, ``no-dsse`` for a key in a
    FIDO2 token, which cannot make one.
    """
    if not signer.dsse:
        raise InputError(
            "no-dsse",
            message("{fingerprint}: a key in a FIDO2 token makes SSH signatures only", fingerprint=signer.public.fingerprint),
        )
    if len(payload) > LARGEST_PAYLOAD:
        raise InputError(
            "too-large",
            message("a statement of {number:,} bytes; {most:,} at most", number=len(payload), most=LARGEST_PAYLOAD),
        )
    signature = base64.b64encode(signer.sign(pae(payload))).decode()
    return (
        "{\n"
        f'  "payload": "{base64.b64encode(payload).decode()}",\n'
        f'  "payloadType": "{PAYLOAD_TYPE}",\n'
        '  "signatures": [\n'
        "    {\n"
        f'      "keyid": "{signer.public.key_id}",\n'
        f'      "sig": "{signature}"\n'
        "    }\n"
        "  ]\n"
        "}\n"
    ).encode()


def read_envelope(content: bytes, where: str) -> Envelope:
    """Take an envelope apart, strictly. Raises BrokenError ``bad-envelope``.

    Both base64 alphabets are read, as DSSE demands; padding bits must be zero, or one signature
    would have many spellings.
    """
    try:
        value = load_json(content, where, limit=LARGEST_ENVELOPE, signed=True)
    except InputError as error:
        raise BrokenError("bad-envelope", str(error)) from None
    if not isinstance(value, dict) or set(value) != {"payload", "payloadType", "signatures"}:
        raise _bad(where, message("must hold payload, payloadType and signatures, and nothing else"))
    if value["payloadType"] != PAYLOAD_TYPE:
        raise _bad(where, message("its payloadType is not {payload_type}", payload_type=PAYLOAD_TYPE))
    signatures = value["signatures"]
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MOST_SIGNATURES:
        raise _bad(where, message("must hold 1 to {most} signatures", most=MOST_SIGNATURES))
    found = []
    for one in signatures:
        if not isinstance(one, dict) or "sig" not in one or not set(one) <= {"keyid", "sig"}:
            raise _bad(where, message("a signature must hold sig, and may hold keyid"))
        key_id = one.get("keyid", "")
        if not isinstance(key_id, str) or len(key_id) > 200:
            raise _bad(where, message("a keyid must be a short text"))
        found.append((key_id, decode_base64(one["sig"], where)))
    payload = decode_base64(value["payload"], where)
    if len(payload) > LARGEST_PAYLOAD:
        raise _bad(where, message("its payload is larger than {most:,} bytes", most=LARGEST_PAYLOAD))
    return Envelope(payload, tuple(found))


def verify_envelope(envelope: Envelope, key: PublicKey) -> bool:
    """Whether one of the signatures over the envelope's payload was made with ``key``."""
    content = pae(envelope.payload)
    return any(key.verifies(signature, content) for _, signature in envelope.signatures)


def decode_base64(text: object, where: str) -> bytes:
    """The bytes of base64 in either alphabet, in its one canonical form. Raises BrokenError ``bad-envelope``."""
    if not isinstance(text, str) or not (
        re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text) or re.fullmatch(r"[A-Za-z0-9_-]*={0,2}", text)
    ):
        raise _bad(where, message("holds something that is not base64"))
    standard = text.replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(standard, validate=True)
    except binascii.Error:
        raise _bad(where, message("holds something that is not base64")) from None
    if base64.b64encode(content).decode() != standard:
        raise _bad(where, message("holds base64 that is not in its one canonical form"))
    return content


def _bad(where: str, why: str) -> BrokenError:
    return BrokenError(
        "bad-envelope", message("{where}: not a DSSE envelope as used here; {why}", where=clean_line(where), why=why)
    )
