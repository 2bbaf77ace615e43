"""SSHSIG (openssh-portable, PROTOCOL.sshsig): the signature that ``ssh-keygen -Y`` makes and checks.

It is the only signature that a FIDO2 token can make here: such a token never signs bare bytes (PROTOCOL.u2f).
"""

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.public_key import PublicKey, public_key_of_blob
from compliance_tui.trust.signer import Signer
from compliance_tui.trust.ssh_wire import ecdsa_to_ssh, read_signature_body, read_ssh_string, ssh_string

LARGEST_SSHSIG = 16 * 1024
_MAGIC = b"SSHSIG"
_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}


_TOUCHED = 0x01  # the user was present (FIDO2, "UP")


@dataclass(frozen=True)
class SshSignature:
    """A taken-apart SSHSIG: the key it claims, its namespace, its hash, the raw signature (DER for P-256).

    ``flags`` and ``counter`` are what a FIDO2 token says about the act of signing; zero for other keys.
    """

    key: PublicKey
    namespace: str
    hash_name: bytes
    signature: bytes
    flags: int = 0
    counter: int = 0

    @property
    def touched(self) -> bool:
        """Whether somebody touched the FIDO2 token; ``ssh-keygen -Y verify`` does not ask."""
        return bool(self.flags & _TOUCHED)


def _to_be_signed(namespace: str, hash_name: bytes, content: bytes) -> bytes:
    digest = _HASHES[hash_name](content).digest()
    return _MAGIC + ssh_string(namespace.encode()) + ssh_string(b"") + ssh_string(hash_name) + ssh_string(digest)


def sign_ssh(content: bytes, namespace: str, signer: Signer) -> bytes:
    """The armoured signature of ``message``: with Ed25519, byte for byte what ``ssh-keygen -Y sign`` writes."""
    public = signer.public
    signature = signer.sign(_to_be_signed(namespace, b"sha512", content))
    if public.application is None:
        signature = ssh_string(ecdsa_to_ssh(signature) if public.is_p256 else signature)
    blob = (
        _MAGIC
        + struct.pack(">I", 1)
        + ssh_string(public.blob)
        + ssh_string(namespace.encode())
        + ssh_string(b"")
        + ssh_string(b"sha512")
        + ssh_string(ssh_string(public.ssh_type) + signature)
    )
    text = base64.b64encode(blob)
    return _BEGIN + b"".join(text[at : at + 70] + b"\n" for at in range(0, len(text), 70)) + _END


def read_ssh_signature(armoured: bytes, where: str) -> SshSignature:
    """Take an armoured signature apart, strictly. Raises BrokenError ``bad-sshsig``."""
    try:
        return _read(armoured, where)
    except (ValueError, binascii.Error, struct.error) as error:
        raise BrokenError(
            "bad-sshsig",
            message("{where}: not an SSH signature as used here ({reason})", where=clean_line(where), reason=str(error)),
        ) from None
    except InputError as error:
        raise BrokenError("bad-sshsig", str(error)) from None


def _read(armoured: bytes, where: str) -> SshSignature:
    if len(armoured) > LARGEST_SSHSIG or not (armoured.startswith(_BEGIN) and armoured.endswith(_END)):
        raise ValueError(message("no armour"))
    body = armoured[len(_BEGIN) : -len(_END)]
    if not re.fullmatch(rb"(?:[A-Za-z0-9+/=]{1,76}\n)+", body):
        raise ValueError(message("not base64"))
    text = body.replace(b"\n", b"")
    blob = base64.b64decode(text, validate=True)
    if base64.b64encode(blob) != text:
        raise ValueError(message("base64 not in its one canonical form"))
    if blob[:6] != _MAGIC or struct.unpack_from(">I", blob, 6)[0] != 1:
        raise ValueError(message("not version 1"))
    key_blob, at = read_ssh_string(blob, 10)
    namespace, at = read_ssh_string(blob, at)
    reserved, at = read_ssh_string(blob, at)
    hash_name, at = read_ssh_string(blob, at)
    wrapped, at = read_ssh_string(blob, at)
    if at != len(blob) or reserved or hash_name not in _HASHES:
        raise ValueError(message("trailing bytes, or an unknown hash"))
    key = public_key_of_blob(key_blob, where)
    algorithm, at = read_ssh_string(wrapped, 0)
    if algorithm != key.ssh_type:
        raise ValueError(message("signed by another algorithm than that of its key"))
    made = read_signature_body(wrapped[at:], p256=key.is_p256, fido=key.application is not None)
    return SshSignature(key, namespace.decode("ascii"), hash_name, made.signature, made.flags, made.counter)


def verify_ssh(signature: SshSignature, content: bytes, namespace: str, key: PublicKey) -> bool:
    """Whether ``signature`` is over ``message`` in ``namespace``, made with ``key``; a touch is for the caller to ask for."""
    if signature.namespace != namespace or signature.key != key:
        return False
    signed = _to_be_signed(namespace, signature.hash_name, content)
    if key.application is None:
        return key.verifies(signature.signature, signed)
    return key.verifies_fido(signature.signature, signature.flags, signature.counter, signed)
