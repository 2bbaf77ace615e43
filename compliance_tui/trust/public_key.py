"""Ed25519 public keys, whatever they are written as. One raw key is one key, however it is encoded or named."""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.text import clean_line

_SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: SubjectPublicKeyInfo of Ed25519, up to the key
_SSH_ED25519 = b"ssh-ed25519"
_FIELD = 2**255 - 19  # RFC 8032, section 5.1: a y coordinate at or above it is no encoding

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
    """An Ed25519 public key by its 32 raw bytes (RFC 8032)."""

    raw: bytes

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo (RFC 8410)."""
        return _SPKI_PREFIX + self.raw

    @property
    def key_id(self) -> str:
        """Lowercase hex SHA-256 of the SPKI DER; ``openssl pkey -pubin -outform DER | sha256sum`` says the same."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def blob(self) -> bytes:
        """The SSH wire encoding (RFC 8709)."""
        return ssh_string(_SSH_ED25519) + ssh_string(self.raw)

    @property
    def openssh(self) -> str:
        """One line as in ``id_ed25519.pub``, without a comment."""
        return f"ssh-ed25519 {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """``SHA256:…`` as ``ssh-keygen -l`` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def pem(self) -> str:
        """PEM SubjectPublicKeyInfo, as openssl reads it."""
        body = base64.b64encode(self.spki).decode()
        return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` (64 bytes) over ``message`` was made with the private half."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if len(signature) != 64 or signature[:32] in LOW_ORDER:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def ssh_string(content: bytes) -> bytes:
    """A length-prefixed string of the SSH protocol (RFC 4251, section 5)."""
    return struct.pack(">I", len(content)) + content


def read_ssh_string(content: bytes, at: int) -> tuple[bytes, int]:
    """The string at ``at`` and the position behind it; ValueError where it does not fit."""
    if at + 4 > len(content):
        raise ValueError("cut short")
    length = struct.unpack_from(">I", content, at)[0]
    end = at + 4 + int(length)
    if end > len(content):
        raise ValueError("cut short")
    return content[at + 4 : end], end


def public_key(raw: bytes, where: str) -> PublicKey:
    """The key with these raw bytes. Raises InputError ``bad-key`` for a wrong length or a point of low order."""
    if len(raw) != 32:
        raise _refused(where, f"an Ed25519 public key has 32 bytes, this has {len(raw)}")
    if raw in LOW_ORDER or int.from_bytes(raw, "little") & (1 << 255) - 1 >= _FIELD:
        raise _refused(where, "a key of low order or not in its one canonical form; ask its owner for another")
    return PublicKey(raw)


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
            der = base64.b64decode("".join(line.strip() for line in lines[1:-1]), validate=True)
            if not der.startswith(_SPKI_PREFIX):
                raise _refused(where, "only Ed25519 keys are accepted; this is another kind")
            return public_key(der[len(_SPKI_PREFIX) :], where)
        if "PRIVATE KEY" in text[:80]:
            raise _refused(where, "is a private key; give the public one, and keep this one secret")
        kind, _, rest = text.partition(" ")
        if kind != "ssh-ed25519":
            raise _refused(where, f"only Ed25519 keys are accepted, not {clean_line(kind, 40) or 'nothing'}")
        if "\n" in text or "\r" in text:
            raise _refused(where, "holds more than one line; give a file with one key")
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
        return public_key_of_blob(blob, where)
    except (ValueError, binascii.Error, IndexError):
        raise _refused(where, "not a public key in OpenSSH or PEM form") from None


def _refused(where: str, why: str) -> InputError:
    return InputError("bad-key", f"{clean_line(where)}: {why}")


def public_key_of_blob(blob: bytes, where: str) -> PublicKey:
    """The key in an SSH wire encoding; ValueError for another type or trailing bytes."""
    kind, at = read_ssh_string(blob, 0)
    raw, at = read_ssh_string(blob, at)
    if kind != _SSH_ED25519 or at != len(blob):
        raise ValueError("not an Ed25519 key")
    return public_key(raw, where)
