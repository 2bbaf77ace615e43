"""Keys in a cloud's key service, by securesystemslib's signer addresses (``awskms:``, ``gcpkms:``, ``azurekms:``, ``hv:``).

The services' own credentials are taken from the environment, as their libraries do. Nothing is believed of them but a
signature that verifies.
"""

import re
from collections.abc import Callable
from typing import Any

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.public_key import PublicKey, parse_public_key, public_key
from compliance_tui.trust.signer import Signer, checked

# These have a better way in (a path, pkcs11:), or give signatures of a form of their own.
_NOT_HERE = {
    "file2": message("name the key's file itself"),
    "hsm": message("write it as pkcs11:token=…;id=…"),
    "gnupg": message("its signatures are OpenPGP's, which are not used here"),
}
_AZURE = re.compile(r"azurekms://([A-Za-z0-9-]+)\.vault\.azure\.net/keys/([A-Za-z0-9-]+)(/[A-Za-z0-9]+)?")
_VAULT = re.compile(r"hv:([^/]+)(/[0-9]+)?")


def service_signer(address: str, ask_secret: Callable[[], bytes]) -> Signer:
    """The signer at an address of securesystemslib. The service is asked for the public half first.

    Raises InputError ``bad-key``, ``missing-extra``, ``key-service`` (the service refused, or was not reached); its ``sign``
    raises ``key-service`` or ``bad-signer``.
    """
    where, scheme = clean_line(address, 120), address.partition(":")[0]
    try:
        from securesystemslib.signer import SIGNER_FOR_URI_SCHEME  # type: ignore[attr-defined]
    except ImportError:
        raise InputError(
            "missing-extra", message("{where}: needs the extra: pip install 'compliance-tui[kms]'", where=where)
        ) from None
    if scheme not in SIGNER_FOR_URI_SCHEME or scheme in _NOT_HERE:
        known = ", ".join(sorted(f"{one}:" for one in SIGNER_FOR_URI_SCHEME if one not in _NOT_HERE))
        why = _NOT_HERE.get(scheme, message("no such kind of address; there are agent:, pkcs11:, {known}", known=known))
        raise InputError("bad-key", message("{where}: {why}; for a file of this name write ./{where}", where=where, why=why))
    kind = SIGNER_FOR_URI_SCHEME[scheme]
    full, key = _asking(where, lambda: _import(kind, address))
    public = _public(key, where)
    signer = _asking(where, lambda: kind.from_priv_key_uri(full, key, lambda _: ask_secret().decode()))  # type: ignore[attr-defined]
    return checked(public, lambda content: _asking(where, lambda: bytes.fromhex(signer.sign(content).signature)), where)


def _import(kind: Any, address: str) -> tuple[str, Any]:
    """What securesystemslib calls importing: the address in full, and the public key. Each service names its keys otherwise."""
    scheme, _, rest = address.partition(":")
    if scheme == "awskms":  # without the scheme, earlier versions take RSA
        full, key = kind.import_(rest, "ecdsa-sha2-nistp256")
    elif scheme == "azurekms":
        named = _AZURE.fullmatch(address)
        if named is None:
            raise InputError("bad-key", message("write azurekms://VAULT.vault.azure.net/keys/NAME/VERSION"))
        full, key = kind.import_(named[1], named[2])
        _same_version(address, full, named[3])
    elif scheme == "hv":
        named = _VAULT.fullmatch(address)
        if named is None:
            raise InputError("bad-key", message("write hv:NAME/VERSION"))
        full, key = kind.import_(named[1])
        _same_version(address, full, named[2])
    else:
        full, key = kind.import_(rest)
    return full, key


def _same_version(address: str, full: str, version: str | None) -> None:
    if version is not None and full != address:
        raise InputError(
            "bad-key",
            message(
                "{address}: the service gives only the newest public key, {full}",
                address=clean_line(address, 120),
                full=clean_line(full, 120),
            ),
        )


def _public(key: Any, where: str) -> PublicKey:
    kind = (getattr(key, "keytype", ""), getattr(key, "scheme", ""))
    value = str(getattr(key, "keyval", {}).get("public", ""))
    if kind == ("ed25519", "ed25519") and re.fullmatch(r"[0-9a-f]{64}", value):
        return public_key(bytes.fromhex(value), where)
    if kind == ("ecdsa", "ecdsa-sha2-nistp256"):
        return parse_public_key(value, where)
    shown = clean_line("/".join(str(one) for one in kind), 60)
    raise InputError(
        "bad-key",
        message("{where}: only Ed25519 keys and ECDSA keys on P-256 sign here, not {shown}", where=where, shown=shown),
    )


def _asking(where: str, ask: Callable[[], Any]) -> Any:
    """Call into a service's library, which may raise anything: errors of the network, of permissions, of its own."""
    from securesystemslib.exceptions import UnsupportedLibraryError

    try:
        return ask()
    except InputError:
        raise
    except UnsupportedLibraryError as error:
        extra = "pip install 'compliance-tui[kms]'"
        raise InputError(
            "missing-extra",
            message("{where}: {reason}; {extra}", where=where, reason=clean_line(str(error)).rstrip("."), extra=extra),
        ) from None
    except Exception as error:
        said = clean_line(f"{type(error).__name__}: {error}", 160)
        raise InputError(
            "key-service",
            message(
                "{where}: the key service did not do it ({said}); check address, credentials and network",
                where=where,
                said=said,
            ),
        ) from None
