"""Private keys on disk: encrypted PKCS#8 with a real work factor, or OpenSSH's own format."""

import base64
import binascii
import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import fsync_folder, read_bounded
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.public_key import PublicKey, public_key
from compliance_tui.trust.signer import Signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    Private = Ed25519PrivateKey | EllipticCurvePrivateKey

KeyType = Literal["ed25519", "p256"]
LARGEST_KEY_FILE = 64 * 1024
# The library writes 2,048 rounds; at a million a guess costs about a tenth of a second.
ROUNDS = 1_000_000


def new_key(path: Path, passphrase: bytes | None, kind: KeyType = "ed25519") -> PublicKey:
    """Make a key at ``path`` (mode 0600), with ``path.pub`` (OpenSSH) and ``path.pub.pem`` beside it.

    PKCS#8 PEM, encrypted with PBES2 (PBKDF2-HMAC-SHA256, a million rounds, AES-256-CBC; RFC 8018), or unencrypted where
    the passphrase is None. Raises InputError ``exists`` (a key is never overwritten), ``weak-passphrase`` (an empty
    one), ``not-found`` or ``not-written``.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if passphrase == b"":
        raise InputError("weak-passphrase", message("an empty passphrase protects nothing; give one of several words"))
    taken = [one for one in (path, _beside(path, ".pub"), _beside(path, ".pub.pem")) if os.path.lexists(one)]
    if taken:
        raise _exists(taken[0])
    if not path.parent.is_dir():
        raise InputError("not-found", message("{parent}: no such folder; make it first", parent=clean_line(str(path.parent))))
    private = Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(SECP256R1())
    public = _public_half(private, str(path))
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    label, body = ("PRIVATE KEY", der) if passphrase is None else ("ENCRYPTED PRIVATE KEY", _encrypted(der, passphrase))
    try:
        _write_new(path, _pem(label, body), 0o600)
        _write_new(_beside(path, ".pub"), f"{public.openssh}\n".encode(), 0o644)
        _write_new(_beside(path, ".pub.pem"), public.pem.encode(), 0o644)
    except FileExistsError as error:
        raise _exists(Path(error.filename2 or path)) from None
    except OSError as error:
        raise InputError(
            "not-written",
            message(
                "{path}: could not be written ({reason})", path=clean_line(str(path)), reason=(error.strerror or "").lower()
            ),
        ) from None
    return public


def _public_half(private: "Private", where: str) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(private, Ed25519PrivateKey):
        return public_key(private.public_key().public_bytes_raw(), where)
    return public_key(private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), where)


def _exists(path: Path) -> InputError:
    return InputError("exists", message("{path}: is there already; a key is never overwritten", path=clean_line(str(path))))


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all, and never over another: unlike a rename, a hard link fails on a taken name."""
    descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.link(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    fsync_folder(path.parent)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _pem(label: str, der: bytes) -> bytes:
    body = base64.b64encode(der)
    lines = b"\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n".encode() + lines + f"\n-----END {label}-----\n".encode()


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    size = (
        bytes([length])
        if length < 128
        else (lambda raw: bytes([0x80 | len(raw)]) + raw)(length.to_bytes((length.bit_length() + 7) // 8, "big"))
    )
    return bytes([tag]) + size + content


def _encrypted(der: bytes, passphrase: bytes) -> bytes:
    """EncryptedPrivateKeyInfo (RFC 5958) under PBES2 (RFC 8018, appendix A)."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    salt, vector = os.urandom(16), os.urandom(16)
    key = PBKDF2HMAC(SHA256(), 32, salt, ROUNDS).derive(passphrase)
    padding = 16 - len(der) % 16
    encryptor = Cipher(AES(key), CBC(vector)).encryptor()
    secret = encryptor.update(der + bytes([padding]) * padding) + encryptor.finalize()
    oid_pbes2 = bytes.fromhex("06092a864886f70d01050d")
    oid_pbkdf2 = bytes.fromhex("06092a864886f70d01050c")
    oid_hmac_sha256 = bytes.fromhex("06082a864886f70d0209")
    oid_aes256_cbc = bytes.fromhex("060960864801650304012a")
    rounds = ROUNDS.to_bytes((ROUNDS.bit_length() + 8) // 8, "big")
    parameters = _der(0x30, _der(0x04, salt), _der(0x02, rounds), _der(0x30, oid_hmac_sha256, b"\x05\x00"))
    derivation = _der(0x30, oid_pbkdf2, parameters)
    scheme = _der(0x30, oid_aes256_cbc, _der(0x04, vector))
    algorithm = _der(0x30, oid_pbes2, _der(0x30, derivation, scheme))
    return _der(0x30, algorithm, _der(0x04, secret))


def file_signer(path: Path, ask_passphrase: Callable[[], bytes]) -> Signer:
    """The private key in ``path`` (PKCS#8 PEM or OpenSSH). ``ask_passphrase`` is called only for an encrypted one.

    Raises InputError ``bad-key``, ``wrong-passphrase`` or ``missing-extra``.
    """
    name = clean_line(str(path))
    content = read_bounded(path, LARGEST_KEY_FILE)
    if b"PRIVATE KEY-----" not in content:
        public = b"PUBLIC KEY" in content or content.startswith((b"ssh-", b"ecdsa-", b"sk-"))
        what = (
            message("is a public key; name the private one")
            if public
            else message("holds no private key (PKCS#8 PEM or OpenSSH)")
        )
        raise InputError("bad-key", message("{where}: {reason}", where=name, reason=what))
    private = _read_private(content, name, ask_passphrase)
    return Signer(_public_half(private, name), _signs(private))


def _signs(private: "Private") -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(private, Ed25519PrivateKey):
        return private.sign
    return lambda content: private.sign(content, ECDSA(SHA256()))


def _read_private(content: bytes, name: str, ask_passphrase: Callable[[], bytes]) -> "Private":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    openssh = b"BEGIN OPENSSH PRIVATE KEY" in content
    inside = _decoded(content) if openssh else b""
    if b"sk-ssh-ed25519@openssh.com" in inside or b"sk-ecdsa-sha2-nistp256@openssh.com" in inside:
        how = message("load it with `ssh-add`, and name it as agent:SHA256:… (`ssh-add -l` prints the fingerprint)")
        raise InputError(
            "bad-key",
            message(
                "{name}: is the handle of a key in a FIDO2 token, which signs through ssh-agent; {how}", name=name, how=how
            ),
        )
    load = load_ssh_private_key if openssh else load_pem_private_key
    passphrase: bytes | None = None
    try:
        try:
            private = load(content, None)
        except TypeError:  # the library's way of saying that the key is encrypted
            passphrase = ask_passphrase()
            private = load(content, passphrase)
        except ValueError:
            if b"bcrypt" not in inside:
                raise
            passphrase = ask_passphrase()
            private = load(content, passphrase)
    except UnsupportedAlgorithm as error:
        if "bcrypt" in str(error):
            extra = message("an encrypted OpenSSH key needs the extra: pip install 'compliance-tui[openssh]'")
            raise InputError("missing-extra", message("{where}: {reason}", where=name, reason=extra)) from None
        raise InputError(
            "bad-key", message("{name}: of a kind or encryption that is not read; use PKCS#8 and PBES2", name=name)
        ) from None
    except (ValueError, TypeError):
        if passphrase is not None:
            raise InputError(
                "wrong-passphrase", message("{name}: the passphrase does not open this key; try again", name=name)
            ) from None
        raise InputError(
            "bad-key", message("{name}: a damaged private key, or one of a kind that is not read", name=name)
        ) from None
    if isinstance(private, Ed25519PrivateKey):
        return private
    if isinstance(private, EllipticCurvePrivateKey) and private.curve.name == "secp256r1":
        return private
    make = message("`compliance-tui keys new FILE` makes one")
    raise InputError(
        "bad-key", message("{name}: only Ed25519 keys and ECDSA keys on P-256 sign here; {make}", name=name, make=make)
    )


def _decoded(content: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(content.split(b"-----")[2].split()))
    except (binascii.Error, IndexError):
        return b""
