"""What every key that signs comes to, wherever its private half is: its public half, and a function that signs."""

from collections.abc import Callable
from dataclasses import dataclass

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.ssh_wire import read_signature_body

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Signer:
    """A private key that is ready to sign.

    ``sign`` gives 64 bytes for Ed25519 and DER for P-256. A FIDO2 token signs more than the message: for it ``sign`` gives
    what stands behind the algorithm's name in an SSH signature (PROTOCOL.u2f): the signature as a string, flags, counter.
    """

    public: PublicKey
    sign: Sign

    @property
    def dsse(self) -> bool:
        """Whether it can sign a DSSE envelope; a FIDO2 token cannot. An SSHSIG every kind of key can make."""
        return self.public.application is None


def checked(public: PublicKey, sign: Sign, where: str) -> Signer:
    """A signer whose private half is elsewhere: each signature is verified before anybody gets it.

    Its ``sign`` raises InputError ``bad-signer`` when what comes back does not verify under ``public``.
    """

    def sign_and_verify(content: bytes) -> bytes:
        signature = sign(content)
        if not _verifies(public, signature, content):
            raise InputError(
                "bad-signer",
                message("{where}: gave a signature that does not verify under its own public key; not used", where=where),
            )
        return signature

    return Signer(public, sign_and_verify)


def _verifies(public: PublicKey, signature: bytes, content: bytes) -> bool:
    if public.application is None:
        return public.verifies(signature, content)
    try:
        body = read_signature_body(signature, p256=public.is_p256, fido=True)
    except ValueError:
        return False
    return public.verifies_fido(body.signature, body.flags, body.counter, content)
