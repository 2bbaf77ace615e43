"""Keys in a PKCS#11 token (a smart card, a YubiKey, an HSM), named as RFC 7512 has it.

    pkcs11:token=lab;object=sign?module-path=/usr/lib/softhsm/libsofthsm2.so

The PIN is asked for, and is never part of an address.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.public_key import PublicKey, public_key
from compliance_tui.trust.signer import Signer, checked

if TYPE_CHECKING:
    import pkcs11

SCHEME = "pkcs11:"
MODULE = "COMPLIANCE_TUI_PKCS11_MODULE"
_LONGEST = 2000
_KNOWN = {"token", "serial", "manufacturer", "model", "object", "id", "type", "module-path"}
_ATTRIBUTE = re.compile(r"([a-z-]+)=((?:[A-Za-z0-9._~:\[\]@!$'()*+,=/&|?-]|%[0-9A-Fa-f]{2})*)")
Ask = Callable[[], bytes]


@dataclass(frozen=True)
class TokenAddress:
    """What a ``pkcs11:`` address says, decoded: attribute to value."""

    attributes: dict[str, bytes]
    module: str
    where: str


def read_address(address: str) -> TokenAddress:
    """Take a ``pkcs11:`` address apart (RFC 7512). Raises InputError ``bad-key``."""
    where = clean_line(address, 120)
    path, _, query = address.removeprefix(SCHEME).partition("?")
    parts = [*filter(None, path.split(";")), *filter(None, query.split("&"))]
    found: dict[str, bytes] = {}
    for part in parts:
        name, given = part.partition("=")[0], _ATTRIBUTE.fullmatch(part)
        if name in ("pin-value", "pin-source"):
            raise InputError(
                "bad-key", message("a pkcs11: address may not hold the PIN; it is asked for, or read with --passphrase-fd")
            )
        if name not in _KNOWN:
            raise InputError(
                "bad-key",
                message(
                    "{where}: {name} is not understood here; use {known}",
                    where=where,
                    name=clean_line(name, 40),
                    known=", ".join(sorted(_KNOWN)),
                ),
            )
        if given is None or name in found or len(address) > _LONGEST:
            raise InputError(
                "bad-key",
                message(
                    "{where}: {name} stands twice, or holds a character that must be written as %XX", where=where, name=name
                ),
            )
        found[name] = unquote_to_bytes(given[2])
    if not {"object", "id"} & set(found):
        raise InputError("bad-key", message("{where}: must name the key, with object=LABEL or id=%01", where=where))
    if found.get("type", b"private") not in (b"private", b"public"):
        raise InputError("bad-key", message("{where}: type must be private, or be left out", where=where))
    module = os.fsdecode(found.get("module-path", b"")) or os.environ.get(MODULE, "")
    if not os.path.isabs(module) or "\0" in module:
        how = message("add ?module-path=/…/the-module.so, or set {module}", module=MODULE)
        raise InputError(
            "bad-key", message("{where}: which PKCS#11 module opens the token? {how} (a whole path)", where=where, how=how)
        )
    return TokenAddress(found, module, where)


def token_public_key(address: str, ask_pin: Ask) -> PublicKey:
    """The public half of a key in a token; the PIN is asked for only where the token hides it.

    Raises InputError ``bad-key``, ``not-found``, ``wrong-passphrase``, ``token`` or ``missing-extra``.
    """
    named = read_address(address)
    with _errors(named):
        token = _token(named)
        with token.open() as session:
            if _objects(session, named, public=True):
                return _public(session, named)
        with token.open(user_pin=_text(ask_pin(), named)) as session:
            return _public(session, named)


def token_signer(address: str, ask_pin: Ask) -> Signer:
    """The signer for a key in a token: ECDSA on P-256, or Ed25519. The token is opened anew for each signature.

    Raises as ``token_public_key``; its ``sign`` raises ``token``, ``wrong-passphrase`` or ``bad-signer``.
    """
    named = read_address(address)
    with _errors(named):
        token, pin = _token(named), _text(ask_pin(), named)
        with token.open(user_pin=pin) as session:
            public = _public(session, named)
            _private(session, named)  # said now, and not after an hour of export

    def sign(content: bytes) -> bytes:
        with _errors(named), token.open(user_pin=pin) as session:
            return _sign(_private(session, named), public, content, pin, named)

    return checked(public, sign, named.where)


def _text(pin: bytes, named: TokenAddress) -> str:
    try:
        return pin.decode()
    except UnicodeDecodeError:
        raise InputError("wrong-passphrase", message("{where}: the PIN is not text", where=named.where)) from None


def _sign(private: Any, public: PublicKey, content: bytes, pin: str, named: TokenAddress) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from pkcs11 import Attribute, Mechanism

    # A token that asks for the PIN before each signature (slot 9c of a YubiKey) gets it again.
    again = {"pin": pin} if private[Attribute.ALWAYS_AUTHENTICATE] else {}
    if not public.is_p256:
        return bytes(private.sign(content, mechanism=Mechanism.EDDSA, **again))
    raw = bytes(private.sign(hashlib.sha256(content).digest(), mechanism=Mechanism.ECDSA, **again))
    if len(raw) != 64:
        raise InputError(
            "token",
            message("{where}: gave a signature of {number} bytes, where P-256 has 64", where=named.where, number=len(raw)),
        )
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def _library(named: TokenAddress) -> Any:
    try:
        import pkcs11
    except ImportError:
        raise InputError("missing-extra", message("a pkcs11: key needs the extra: pip install 'compliance-tui[hsm]'")) from None
    try:
        return pkcs11.lib(named.module)
    except (pkcs11.exceptions.PKCS11Error, RuntimeError):
        raise InputError(
            "token", message("{module}: is not a PKCS#11 module that can be loaded", module=clean_line(named.module))
        ) from None


def _token(named: TokenAddress) -> "pkcs11.Token":
    from pkcs11 import TokenFlag

    wanted = {name: named.attributes[name] for name in ("token", "serial", "manufacturer", "model") if name in named.attributes}
    tokens = [
        one
        for one in _library(named).get_tokens(token_flags=TokenFlag.TOKEN_INITIALIZED)
        if all(value == described for name, value in wanted.items() for described in [_described(one)[name]])
    ]
    if len(tokens) != 1:
        found = message("no token fits") if not tokens else message("{number} tokens fit; add serial=", number=len(tokens))
        raise InputError(
            "not-found",
            message("{where}: {found} (`pkcs11-tool --list-token-slots` shows what is there)", where=named.where, found=found),
        )
    token: pkcs11.Token = tokens[0]
    return token


def _described(token: Any) -> dict[str, bytes]:
    serial = token.serial if isinstance(token.serial, bytes) else str(token.serial).encode()
    texts = {"token": token.label, "manufacturer": token.manufacturer_id, "model": token.model}
    return {"serial": serial.rstrip(), **{name: str(text).encode().rstrip() for name, text in texts.items()}}


def _objects(session: Any, named: TokenAddress, *, public: bool) -> list[Any]:
    from pkcs11 import Attribute, ObjectClass

    wanted: dict[Any, Any] = {Attribute.CLASS: ObjectClass.PUBLIC_KEY if public else ObjectClass.PRIVATE_KEY}
    if "object" in named.attributes:
        wanted[Attribute.LABEL] = named.attributes["object"].decode("utf-8", "replace")
    if "id" in named.attributes:
        wanted[Attribute.ID] = named.attributes["id"]
    return list(session.get_objects(wanted))


def _one(session: Any, named: TokenAddress, *, public: bool) -> Any:
    found = _objects(session, named, public=public)
    if len(found) != 1:
        half = message("public") if public else message("private")
        what = (
            message("{number} {half} keys fit; name one by its id", number=len(found), half=half)
            if found
            else message("the token holds no such {half} key", half=half)
        )
        raise InputError(
            "not-found",
            message("{where}: {what} (`pkcs11-tool --list-objects` shows what is there)", where=named.where, what=what),
        )
    from pkcs11 import KeyType

    if found[0].key_type not in (KeyType.EC, KeyType.EC_EDWARDS):
        raise InputError(
            "bad-key",
            message("{where}: only Ed25519 keys and ECDSA keys on P-256 sign here; this is another kind", where=named.where),
        )
    return found[0]


def _private(session: Any, named: TokenAddress) -> Any:
    return _one(session, named, public=False)


def _public(session: Any, named: TokenAddress) -> PublicKey:
    from pkcs11 import Attribute, KeyType

    found = _one(session, named, public=True)
    point = bytes(found[Attribute.EC_POINT])
    # PKCS#11 wraps the point in a DER OCTET STRING; some tokens leave that out.
    raw = point[2:] if len(point) in (34, 67) and point[0] == 4 and point[1] == len(point) - 2 else point
    if len(raw) != (65 if found.key_type is KeyType.EC else 32):
        raise InputError(
            "bad-key",
            message("{where}: only Ed25519 keys and ECDSA keys on P-256 sign here; this is another curve", where=named.where),
        )
    return public_key(raw, named.where)


@contextmanager
def _errors(named: TokenAddress) -> Iterator[None]:
    """Turns what the token's library raises into a sentence."""
    try:
        import pkcs11.exceptions as faults
    except ImportError:
        raise InputError("missing-extra", message("a pkcs11: key needs the extra: pip install 'compliance-tui[hsm]'")) from None
    try:
        yield
    except (faults.PinIncorrect, faults.PinLenRange, faults.PinInvalid, faults.ArgumentsBad):
        warning = message("after a few wrong ones it locks itself")
        raise InputError(
            "wrong-passphrase",
            message("{where}: the token does not take this PIN; {warning}", where=named.where, warning=warning),
        ) from None
    except faults.PinLocked:
        raise InputError(
            "wrong-passphrase",
            message("{where}: the token is locked after wrong PINs; unlock it with its PUK", where=named.where),
        ) from None
    except faults.PKCS11Error as error:
        why = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
        raise InputError(
            "token",
            message(
                "{where}: the token refused ({reason})",
                where=named.where,
                reason=f"{why}: {clean_line(str(error))}" if str(error) else why,
            ),
        ) from None
