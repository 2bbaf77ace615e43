"""Keys in a cloud's key service, through securesystemslib's table of signers; the services here are imitations."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Key, Signature, SSlibKey
from securesystemslib.signer import Signer as LibrarySigner

from compliance_tui.safe.errors import InputError
from compliance_tui.trust.dsse import read_envelope, sign_envelope, verify_envelope
from compliance_tui.trust.keys import load_signer, public_half
from compliance_tui.trust.sshsig import read_ssh_signature, sign_ssh, verify_ssh
from tests.trust.known_keys import NAMESPACE, STATEMENT, p256_private_key, p256_signer, private_key, signer

_PRIVATE: dict[str, Any] = {
    "ed": private_key(1),
    "p256": p256_private_key(1),
    "p384": ec.derive_private_key(7, ec.SECP384R1()),
    "rsa": rsa.generate_private_key(65537, 2048),
}


def _never() -> bytes:
    raise AssertionError("a key service takes its credentials from the environment")


class Service(LibrarySigner):
    """A key service: ``fake:NAME`` names a key, ``import_`` fetches its public half, as the real ones do."""

    calls: list[str] = []
    lie: bytes | None = None
    fault: Exception | None = None

    def __init__(self, name: str, key: Key) -> None:
        self._name, self._key = name, key

    @classmethod
    def import_(cls, name: str) -> tuple[str, Key]:
        cls.calls.append(f"import {name}")
        if cls.fault is not None:
            raise cls.fault
        return f"fake:{name}", SSlibKey.from_crypto(_PRIVATE[name].public_key())

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Key, secrets_handler: Any = None) -> "Service":
        return cls(priv_key_uri.partition(":")[2], public_key)

    @property
    def public_key(self) -> Key:
        return self._key

    def sign(self, payload: bytes) -> Signature:
        self.calls.append(f"sign {len(payload)}")
        return CryptoSigner(_PRIVATE[self._name]).sign(self.lie if self.lie is not None else payload)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, "fake", Service)
    monkeypatch.setattr(Service, "calls", [])


@pytest.mark.parametrize(("name", "public"), [("ed", signer(1).public), ("p256", p256_signer(1).public)])
def test_a_key_in_a_service_signs_both_ways(name: str, public: Any) -> None:
    found = load_signer(f"fake:{name}", _never)
    assert (found.public, found.dsse) == (public, True)
    assert public_half(f"fake:{name}", _never) == public
    assert verify_envelope(read_envelope(sign_envelope(STATEMENT, found), "e"), public)
    armoured = sign_ssh(STATEMENT, NAMESPACE, found)
    assert verify_ssh(read_ssh_signature(armoured, "s"), STATEMENT, NAMESPACE, public)
    assert [one.split()[0] for one in Service.calls] == ["import", "import", "sign", "sign"]


@pytest.mark.parametrize("name", ["p384", "rsa"])
def test_other_kinds_of_key_are_refused_before_anything_is_signed(name: str) -> None:
    with pytest.raises(InputError, match="only Ed25519 keys and ECDSA keys on P-256 sign here"):
        load_signer(f"fake:{name}", _never)
    assert Service.calls == [f"import {name}"]


def test_a_service_that_signs_something_else_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Service, "lie", b"another message")
    with pytest.raises(InputError, match="does not verify under its own public key"):
        load_signer("fake:ed", _never).sign(b"m")


@pytest.mark.parametrize("fault", [OSError("no route\x1b[31m"), KeyError("x"), RuntimeError(), ValueError("a\nb")])
def test_whatever_a_service_raises_ends_in_one_sentence(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    monkeypatch.setattr(Service, "fault", fault)
    with pytest.raises(InputError, match="the key service did not do it") as refusal:
        load_signer("fake:ed", _never)
    assert refusal.value.code == "key-service"
    assert not {"\x1b", "\n"} & set(str(refusal.value))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nobody:x", "no such kind of address"),
        ("file2:/a/key", "name the key's file itself"),
        ("hsm:2", "pkcs11:"),
        ("gnupg:", "OpenPGP"),
        ("azurekms://evil.example/keys/x", "write azurekms://"),
        ("hv:a/b/c", "write hv:"),
    ],
)
def test_an_address_that_is_not_used_here_says_what_is(address: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refusal:
        load_signer(address, _never)
    assert refusal.value.code == "bad-key"


@pytest.mark.parametrize(
    ("address", "asked", "full"),
    [
        ("awskms:alias/lab", ("alias/lab", "ecdsa-sha2-nistp256"), "awskms:alias/lab"),
        ("gcpkms:projects/p/cryptoKeyVersions/1", ("projects/p/cryptoKeyVersions/1",), "gcpkms:projects/p/cryptoKeyVersions/1"),
        ("azurekms://lab.vault.azure.net/keys/sign/ab1", ("lab", "sign"), "azurekms://lab.vault.azure.net/keys/sign/ab1"),
        ("azurekms://lab.vault.azure.net/keys/sign", ("lab", "sign"), "azurekms://lab.vault.azure.net/keys/sign/ab1"),
        ("hv:sign/3", ("sign",), "hv:sign/3"),
        ("hv:sign", ("sign",), "hv:sign/3"),
    ],
)
def test_each_service_is_asked_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, address: str, asked: tuple[str, ...], full: str
) -> None:
    seen: list[Any] = []

    def import_(*arguments: str) -> tuple[str, Key]:
        seen.append(arguments)
        return full, SSlibKey.from_crypto(_PRIVATE["p256"].public_key())

    def found(uri: str, key: Key, handler: Any) -> LibrarySigner:
        seen.append(uri)
        return CryptoSigner(_PRIVATE["p256"])

    scheme = address.partition(":")[0]
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, scheme, SimpleNamespace(import_=import_, from_priv_key_uri=found))
    signed = load_signer(address, _never)
    assert signed.public.verifies(signed.sign(b"m"), b"m")
    assert seen == [asked, full]


@pytest.mark.parametrize("address", ["azurekms://lab.vault.azure.net/keys/sign/0ld", "hv:sign/2"])
def test_an_older_version_is_not_taken_for_the_newest(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    scheme, _, path = address.partition(":")
    newest = f"{scheme}:{path.rpartition('/')[0]}/9"
    service = SimpleNamespace(import_=lambda *_: (newest, SSlibKey.from_crypto(_PRIVATE["p256"].public_key())))
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, scheme, service)
    with pytest.raises(InputError, match="only the newest public key"):
        load_signer(address, _never)


@pytest.mark.parametrize("address", ["awskms:x", "gcpkms:x", "azurekms://lab.vault.azure.net/keys/sign", "hv:x"])
def test_without_a_cloud_s_library_the_extra_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from securesystemslib.exceptions import UnsupportedLibraryError

    def absent(*_: str) -> Any:
        raise UnsupportedLibraryError("needs a library.")

    scheme = address.partition(":")[0]
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, scheme, SimpleNamespace(import_=absent))
    with pytest.raises(InputError, match=r"compliance-tui\[kms\]") as refusal:
        load_signer(address, _never)
    assert refusal.value.code == "missing-extra"


def test_without_securesystemslib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "securesystemslib.signer", None)
    with pytest.raises(InputError, match=r"compliance-tui\[kms\]"):
        load_signer("gcpkms:x", _never)
