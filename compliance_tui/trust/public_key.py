"""Public keys, whatever they are written as: Ed25519, ECDSA on P-256, and both of them in a FIDO2 token.

One raw key is one key, however it is encoded or named. Every other kind is refused: RSA, other curves, points of low order,
points that are not on the curve.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.ssh_wire import read_ssh_string, ssh_string

# SubjectPublicKeyInfo up to the key itself: RFC 8410 for Ed25519, RFC 5480 for an uncompressed point on P-256.
_SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")
_SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
_SPKI_COMPRESSED = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
_ED25519, _P256 = b"ssh-ed25519", b"ecdsa-sha2-nistp256"
_FIDO_ED25519, _FIDO_P256 = b"sk-ssh-ed25519@openssh.com", b"sk-ecdsa-sha2-nistp256@openssh.com"
SSH_TYPES = (_ED25519, _P256, _FIDO_ED25519, _FIDO_P256)
_ACCEPTED = message("only Ed25519 keys and ECDSA keys on P-256 are accepted, also in a FIDO2 token")

_ED25519_FIELD = 2**255 - 19  # RFC 8032, section 5.1: a y coordinate at or above it is no encoding
# SEC 2, section 2.4.2 (secp256r1): y^2 = x^3 - 3x + b over the field of this size. Its cofactor is 1: no point is of low order.
_P256_FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

# Points of small order, and non-canonical spellings of them: a signature under one of these verifies many messages.
# Listed by C2SP/CCTV, ed25519/README.md.
LOW_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)


@dataclass(frozen=True)
class PublicKey:
    """A public key by its raw bytes: 32 of Ed25519 (RFC 8032), or the 65 of an uncompressed point on P-256 (SEC 1).

    ``application`` is that of a FIDO2 token (PROTOCOL.u2f of OpenSSH); None for a key that is in no such token.
    """

    raw: bytes
    application: str | None = None

    @property
    def is_p256(self) -> bool:
        """Whether it is a key on P-256; else it is Ed25519."""
        return len(self.raw) == 65

    @property
    def ssh_type(self) -> bytes:
        """Its type as SSH names it (RFC 8709, RFC 5656, PROTOCOL.u2f)."""
        if self.application is None:
            return _P256 if self.is_p256 else _ED25519
        return _FIDO_P256 if self.is_p256 else _FIDO_ED25519

    @property
    def kind(self) -> str:
        """Its kind for a person to read."""
        name = "ECDSA P-256" if self.is_p256 else "Ed25519"
        return name if self.application is None else f"FIDO2 {name}"

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo (RFC 8410, RFC 5480) of the raw key."""
        return (_SPKI_P256 if self.is_p256 else _SPKI_ED25519) + self.raw

    @property
    def key_id(self) -> str:
        """Lowercase hex SHA-256 of the SPKI DER; ``openssl pkey -pubin -outform DER | sha256sum`` says the same."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def blob(self) -> bytes:
        """The SSH wire encoding."""
        parts = [self.ssh_type, *([b"nistp256"] if self.is_p256 else []), self.raw]
        if self.application is not None:
            parts.append(self.application.encode())
        return b"".join(ssh_string(part) for part in parts)

    @property
    def openssh(self) -> str:
        """One line as in ``id_ed25519.pub``, without a comment."""
        return f"{self.ssh_type.decode()} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """``SHA256:…`` as ``ssh-keygen -l`` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def pem(self) -> str:
        """PEM SubjectPublicKeyInfo, as openssl reads it."""
        text = base64.b64encode(self.spki).decode()
        body = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Whether ``signature`` over ``message`` was made with the private half: 64 bytes of Ed25519, or ECDSA with SHA-256.

        An ECDSA signature is DER (RFC 3279, section 2.2.3); the two numbers side by side are refused. A FIDO2 token makes no
        such signature: nothing verifies here under its key.
        """
        return self.application is None and self._verifies(signature, content)

    def verifies_fido(self, signature: bytes, flags: int, counter: int, content: bytes) -> bool:
        """Whether a FIDO2 token signed ``message``; ``flags`` and ``counter`` are what it says about the act (PROTOCOL.u2f)."""
        if self.application is None:
            return False
        signed = hashlib.sha256(self.application.encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")
        return self._verifies(signature, signed + hashlib.sha256(content).digest())

    def _verifies(self, signature: bytes, content: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            if self.is_p256:
                EllipticCurvePublicKey.from_encoded_point(SECP256R1(), self.raw).verify(signature, content, ECDSA(SHA256()))
            else:
                if len(signature) != 64 or signature[:32] in LOW_ORDER:
                    return False
                Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, content)
        except InvalidSignature:
            return False
        return True


def public_key(raw: bytes, where: str, application: str | None = None) -> PublicKey:
    """The key with these raw bytes.

    Raises InputError ``bad-key`` for a wrong length, a point of low order, or one that is not on its curve.
    """
    if len(raw) == 65:
        x, y = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
        inside = x < _P256_FIELD and y < _P256_FIELD
        if raw[0] != 4 or not inside or (y * y - (x * x * x - 3 * x + _P256_B)) % _P256_FIELD:
            raise _refused(where, message("not a point on P-256; ask its owner for the right key"))
    elif len(raw) != 32:
        raise _refused(
            where,
            message(
                "an Ed25519 key has 32 bytes, an uncompressed point on P-256 has 65; this is neither, with {number}",
                number=len(raw),
            ),
        )
    elif raw in LOW_ORDER or int.from_bytes(raw, "little") & (1 << 255) - 1 >= _ED25519_FIELD:
        raise _refused(where, message("a key of low order or not in its one canonical form; ask its owner for another"))
    if application is not None and not (application.isascii() and application.isprintable() and len(application) <= 255):
        raise _refused(where, message("its application is not a short plain text"))
    return PublicKey(raw, application)


def parse_public_key(text: str, where: str = "the public key") -> PublicKey:
    """A public key written as an OpenSSH line or as PEM. Raises InputError ``bad-key``.

    The type in front decides before anything is decoded, so that a key of one kind is never taken for another.
    """
    text = text.strip()
    try:
        if text.startswith("-----BEGIN PUBLIC KEY-----"):
            lines = text.splitlines()
            if lines[-1].strip() != "-----END PUBLIC KEY-----":
                raise ValueError
            return _of_spki(base64.b64decode("".join(line.strip() for line in lines[1:-1]), validate=True), where)
        if "PRIVATE KEY" in text[:80]:
            raise _refused(where, message("is a private key; give the public one, and keep this one secret"))
        kind, _, rest = text.partition(" ")
        if kind.encode() not in SSH_TYPES:
            raise _refused(
                where, message("{accepted}, not {kind}", accepted=_ACCEPTED, kind=clean_line(kind, 40) or message("nothing"))
            )
        if "\n" in text or "\r" in text:
            raise _refused(where, message("holds more than one line; give a file with one key"))
        found = public_key_of_blob(base64.b64decode(rest.split(" ")[0], validate=True), where)
        if found.ssh_type != kind.encode():
            raise ValueError
        return found
    except (ValueError, binascii.Error, IndexError):
        raise _refused(where, message("not a public key in OpenSSH or PEM form")) from None


def _of_spki(der: bytes, where: str) -> PublicKey:
    for prefix, length in ((_SPKI_ED25519, 32), (_SPKI_P256, 65)):
        if der.startswith(prefix) and len(der) == len(prefix) + length:
            return public_key(der[len(prefix) :], where)
    if der.startswith(_SPKI_COMPRESSED):
        raise _refused(where, message("a compressed point; write it anew with `openssl ec -pubin -conv_form uncompressed`"))
    raise _refused(where, message("{accepted}; this is another kind", accepted=_ACCEPTED))


def _refused(where: str, why: str) -> InputError:
    return InputError("bad-key", message("{where}: {reason}", where=clean_line(where), reason=why))


def public_key_of_blob(blob: bytes, where: str) -> PublicKey:
    """The key in an SSH wire encoding; ValueError for another type or trailing bytes, InputError for a key that is refused."""
    kind, at = read_ssh_string(blob, 0)
    if kind not in SSH_TYPES:
        raise ValueError(message("a key of another type than {types}", types=", ".join(one.decode() for one in SSH_TYPES)))
    if kind in (_P256, _FIDO_P256):
        curve, at = read_ssh_string(blob, at)
        if curve != b"nistp256":
            raise ValueError(message("a key on another curve than its type says"))
    raw, at = read_ssh_string(blob, at)
    application: str | None = None
    if kind in (_FIDO_ED25519, _FIDO_P256):
        name, at = read_ssh_string(blob, at)
        application = name.decode("ascii")
    if at != len(blob) or len(raw) != (65 if kind in (_P256, _FIDO_P256) else 32):
        raise ValueError(message("trailing bytes, or a key of the wrong length"))
    return public_key(raw, where, application)
