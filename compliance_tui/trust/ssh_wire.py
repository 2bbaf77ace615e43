"""The data types of the SSH protocol (RFC 4251, section 5), as public keys, signatures and the agent use them."""

import struct
from dataclasses import dataclass

from compliance_tui.safe.language import message

_LARGEST_INTEGER = 33  # bytes of an mpint below 2^256: 32, and a zero in front where the first bit is set


def ssh_string(content: bytes) -> bytes:
    """A length-prefixed string."""
    return struct.pack(">I", len(content)) + content


def read_ssh_string(content: bytes, at: int) -> tuple[bytes, int]:
    """The string at ``at`` and the position behind it; ValueError where it does not fit."""
    if at + 4 > len(content):
        raise ValueError(message("cut short"))
    length = struct.unpack_from(">I", content, at)[0]
    end = at + 4 + int(length)
    if end > len(content):
        raise ValueError(message("cut short"))
    return content[at + 4 : end], end


def ecdsa_to_ssh(signature: bytes) -> bytes:
    """A DER signature (RFC 3279, section 2.2.3) as the two mpints of RFC 5656, section 3.1.2; ValueError if it is none."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    return b"".join(ssh_string(_mpint(number)) for number in decode_dss_signature(signature))


def ecdsa_from_ssh(content: bytes) -> bytes:
    """The DER signature for two mpints; ValueError for trailing bytes or a number not in its one canonical form."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    first, at = read_ssh_string(content, 0)
    second, at = read_ssh_string(content, at)
    if at != len(content):
        raise ValueError(message("trailing bytes behind an ECDSA signature"))
    return encode_dss_signature(_positive(first), _positive(second))


@dataclass(frozen=True)
class SignatureBody:
    """What stands behind the algorithm's name in an SSH signature; flags and counter are a FIDO2 token's (PROTOCOL.u2f)."""

    signature: bytes
    flags: int = 0
    counter: int = 0


def read_signature_body(content: bytes, *, p256: bool, fido: bool) -> SignatureBody:
    """Take the body of a signature apart: 64 bytes of Ed25519, or DER where ``p256``. ValueError for anything else."""
    inner, at = read_ssh_string(content, 0)
    flags = counter = 0
    if fido and at + 5 == len(content):
        flags, counter = struct.unpack_from(">BI", content, at)
        at += 5
    elif fido:
        raise ValueError(message("no flags and counter of a FIDO2 token"))
    if at != len(content):
        raise ValueError(message("trailing bytes behind a signature"))
    if not p256 and len(inner) != 64:
        raise ValueError(message("an Ed25519 signature that has not 64 bytes"))
    return SignatureBody(ecdsa_from_ssh(inner) if p256 else inner, flags, counter)


def _mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b""


def _positive(content: bytes) -> int:
    number = int.from_bytes(content, "big")
    if not number or len(content) > _LARGEST_INTEGER or _mpint(number) != content:
        raise ValueError(message("a number of an ECDSA signature that is not positive, or not in its one canonical form"))
    return number
