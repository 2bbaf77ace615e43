"""Public keys under which other people's tools sign evidence: those of ``public_key``, and ECDSA on P-384 and P-521.

Our own signatures are made with the first ones only; the larger curves are here because signers of models may use them
(ossf/model-signing-spec v1.0), and serve for nothing but checking what somebody else made.
"""

import hashlib
from dataclasses import dataclass

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.public_key import PublicKey, parse_public_key

_PEM, _SSH_LARGER = "-----BEGIN PUBLIC KEY-----", ("ecdsa-sha2-nistp384 ", "ecdsa-sha2-nistp521 ")
# What a file with a public key begins with, of kinds that cannot be used here too.
KEY_SIGNS = (_PEM, "-----BEGIN RSA PUBLIC KEY-----", "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-")


@dataclass(frozen=True)
class LargerKey:
    """A public key on P-384 or P-521, by its DER SubjectPublicKeyInfo (RFC 5480)."""

    spki: bytes

    @property
    def key_id(self) -> str:
        """Lowercase hex SHA-256 of the SPKI DER; ``openssl pkey -pubin -outform DER | sha256sum`` says the same."""
        return hashlib.sha256(self.spki).hexdigest()

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Whether ``signature`` over ``message`` was made with the private half.

        It is DER (RFC 3279, section 2.2.3), with the hash that fits the curve: SHA-384 for P-384, SHA-512 for P-521
        (sigstore/protobuf-specs, sigstore_common.proto, PublicKeyDetails).
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        key = load_der_public_key(self.spki)
        if not isinstance(key, EllipticCurvePublicKey):
            return False
        try:
            key.verify(signature, content, ECDSA(hashes.SHA384() if key.curve.key_size == 384 else hashes.SHA512()))
        except InvalidSignature:
            return False
        return True


VerifyingKey = PublicKey | LargerKey


def parse_verifying_key(text: str, where: str) -> VerifyingKey:
    """A public key written as PEM or as an OpenSSH line. Raises InputError ``bad-key``."""
    text = text.strip()
    if not text.startswith((_PEM, *_SSH_LARGER)):
        return parse_public_key(text, where)
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, SECP521R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key, load_ssh_public_key

    try:
        content = text.encode("ascii")
        key = load_pem_public_key(content) if text.startswith(_PEM) else load_ssh_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(
            "bad-key", message("{where}: not a public key in PEM or OpenSSH form", where=clean_line(where))
        ) from None
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP384R1 | SECP521R1):
        return LargerKey(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return parse_public_key(text, where)
