"""One way to name any key that signs: a file, one in ``ssh-agent``, one in a PKCS#11 token, one in a cloud's key service.

path                     PKCS#8 or OpenSSH file
agent:SHA256:…           a key in ssh-agent, FIDO2 tokens among them
pkcs11:token=…;object=…  RFC 7512
awskms:… gcpkms:… …      a signer address of securesystemslib
"""

import re
from collections.abc import Callable
from pathlib import Path

from compliance_tui.safe.files import read_bounded
from compliance_tui.trust.key_files import LARGEST_KEY_FILE, KeyType, file_signer, new_key
from compliance_tui.trust.public_key import PublicKey, parse_public_key
from compliance_tui.trust.signer import Signer

__all__ = ["LARGEST_KEY_FILE", "KeyType", "Signer", "is_address", "load_signer", "new_key", "public_half"]

# A letter of a drive (C:\\key) is no scheme; securesystemslib's are all longer.
_SCHEME = re.compile(r"([a-z][a-z0-9]+):")
Ask = Callable[[], bytes]


def is_address(key: str | Path) -> bool:
    """Whether ``key`` names a key by an address; else it is a path (``./name:with-colon`` always is)."""
    return _SCHEME.match(str(key)) is not None


def load_signer(key: str | Path, ask_passphrase: Ask) -> Signer:
    """The signer that ``key`` names. ``ask_passphrase`` is called only where a passphrase or a PIN is needed.

    Raises InputError ``bad-key``, ``wrong-passphrase``, ``missing-extra``, ``not-found``, ``no-agent`` or ``key-service``.
    """
    return _find(str(key), ask_passphrase) if is_address(key) else file_signer(Path(key).expanduser(), ask_passphrase)


def public_half(key: str | Path, ask_passphrase: Ask) -> PublicKey:
    """The public half of what ``key`` names: a public key file, the one beside a private key, or what an address leads to.

    A passphrase is asked for only where the public half is nowhere to be had without it. Raises InputError.
    """
    if is_address(key):
        if str(key).startswith("pkcs11:"):
            from compliance_tui.trust.pkcs11_token import token_public_key

            return token_public_key(str(key), ask_passphrase)
        return _find(str(key), ask_passphrase).public
    path = Path(key).expanduser()
    beside = path.with_name(path.name + ".pub")
    source = beside if path.suffix not in (".pub", ".pem") and beside.exists() else path
    content = read_bounded(source, LARGEST_KEY_FILE)
    if b"PRIVATE KEY-----" in content:
        return file_signer(source, ask_passphrase).public
    return parse_public_key(content.decode("utf-8", "replace"), str(source))


def _find(address: str, ask_passphrase: Ask) -> Signer:
    if address.startswith("agent:"):
        from compliance_tui.trust.agent import agent_signer

        return agent_signer(address)
    if address.startswith("pkcs11:"):
        from compliance_tui.trust.pkcs11_token import token_signer

        return token_signer(address, ask_passphrase)
    from compliance_tui.trust.key_service import service_signer

    return service_signer(address, ask_passphrase)
