"""Keys made from fixed seeds, so that every Ed25519 signature in these tests is the same on each run. They protect nothing."""

import datetime as dt
import hashlib
import struct
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance_tui.trust.keys import Signer
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.ssh_wire import ecdsa_to_ssh, ssh_string

NAMESPACE = "self-assessment.v1@lab.example"
STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1","subject":[]}\n'
AS_OF = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
TOUCHED = 0x01


def private_key(number: int) -> Ed25519PrivateKey:
    """The private key number ``number``."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


@cache
def signer(number: int) -> Signer:
    """The signer number ``number``."""
    private = private_key(number)
    return Signer(PublicKey(private.public_key().public_bytes_raw()), private.sign)


def p256_private_key(number: int) -> EllipticCurvePrivateKey:
    """The private key on P-256 number ``number``."""
    return derive_private_key(int.from_bytes(hashlib.sha256(bytes([number])).digest()[:31], "big"), SECP256R1())


@cache
def p256_signer(number: int) -> Signer:
    """The signer on P-256 number ``number``; its signatures differ on each run."""
    private = p256_private_key(number)
    raw = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Signer(PublicKey(raw), lambda message: private.sign(message, ECDSA(SHA256())))


def fido_signer(
    number: int, *, p256: bool = False, flags: int = TOUCHED, counter: int = 7, application: str = "ssh:"
) -> Signer:
    """A software key that signs as a FIDO2 token does (PROTOCOL.u2f), touched or not as ``flags`` say."""
    plain = p256_signer(number) if p256 else signer(number)

    def sign(message: bytes) -> bytes:
        about = bytes([flags]) + struct.pack(">I", counter)
        signed = hashlib.sha256(application.encode()).digest() + about + hashlib.sha256(message).digest()
        signature = plain.sign(signed)
        return ssh_string(ecdsa_to_ssh(signature) if p256 else signature) + about

    return Signer(PublicKey(plain.public.raw, application), sign)


def policy_text(*people: tuple[str, "int | Signer", list[str]], more: str = "", key_more: str = "") -> bytes:
    """A policy in which each (id, number of the key or its signer, roles) is a person."""
    lines = ['schema = "trust/1"', "version = 1", more]
    for identifier, key, roles in people:
        public = (signer(key) if isinstance(key, int) else key).public
        lines += [
            "[[person]]",
            f'id = "{identifier}"',
            f"roles = {roles!r}",
            "[[person.key]]",
            f'public = "{public.openssh}"',
            key_more,
        ]
    return ("\n".join(lines) + "\n").encode()
