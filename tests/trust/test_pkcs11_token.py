"""Keys in a PKCS#11 token, on SoftHSM where it is installed (Debian: softhsm2, opensc)."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.trust.dsse import pae, read_envelope, sign_envelope, verify_envelope
from compliance_tui.trust.keys import load_signer, public_half
from compliance_tui.trust.pkcs11_token import MODULE, SCHEME, read_address
from compliance_tui.trust.sshsig import read_ssh_signature, sign_ssh, verify_ssh
from tests.trust.known_keys import NAMESPACE, STATEMENT

_LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
LIBRARY = next((path for path in _LIBRARIES if os.path.exists(path)), "")
PIN = b"5678"


def _pin() -> bytes:
    return PIN


def _never() -> bytes:
    raise AssertionError("asked for a PIN that is not needed")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """A token with keys of several kinds; gives the address of one by its label."""
    pytest.importorskip("pkcs11")
    if not LIBRARY or not shutil.which("softhsm2-util") or not shutil.which("pkcs11-tool"):
        pytest.skip("SoftHSM and pkcs11-tool are not installed (Debian: apt-get install softhsm2 opensc)")
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    for label in ("lab", "other lab"):
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "1234", "--pin", PIN.decode()]
        subprocess.run(command, check=True, capture_output=True)
    keys = [
        ("sign", "EC:prime256v1", "02"),
        ("ed", "EC:edwards25519", "03"),
        ("p384", "EC:secp384r1", "04"),
        ("rsa", "rsa:2048", "05"),
        ("k1", "EC:secp256k1", "06"),
        ("twice", "EC:prime256v1", "07"),
        ("twice", "EC:prime256v1", "08"),
        ("a name; with %", "EC:edwards25519", "0a0b"),
    ]
    login = ["pkcs11-tool", "--module", LIBRARY, "--login", "--pin", PIN.decode(), "--token-label", "lab"]
    for label, kind, identifier in keys:
        command = [*login, "--keypairgen", "--key-type", kind, "--id", identifier, "--label", label]
        subprocess.run(command, check=True, capture_output=True)
    always = [*login, "--keypairgen", "--key-type", "EC:prime256v1", "--id", "09", "--label", "always", "--always-auth"]
    subprocess.run(always, check=True, capture_output=True)
    yield lambda label: f"pkcs11:token=lab;object={quote(label, safe='')}?module-path={LIBRARY}"
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.mark.parametrize(("label", "p256"), [("sign", True), ("ed", False), ("a name; with %", False), ("always", True)])
def test_a_key_in_a_token_signs_both_ways(token: Callable[[str], str], label: str, p256: bool, tmp_path: Path) -> None:
    address = token(label)
    found = load_signer(address, _pin)
    assert (found.public.is_p256, found.dsse) == (p256, True)
    assert public_half(address, _never) == found.public
    assert verify_envelope(read_envelope(sign_envelope(STATEMENT, found), "e"), found.public)
    armoured = sign_ssh(STATEMENT, NAMESPACE, found)
    assert verify_ssh(read_ssh_signature(armoured, "s"), STATEMENT, NAMESPACE, found.public)
    (tmp_path / "k.pem").write_text(found.public.pem)
    (tmp_path / "pae").write_bytes(pae(STATEMENT))
    (tmp_path / "sig").write_bytes(found.sign(pae(STATEMENT)))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "k.pem", "-rawin", "-in", "pae", "-sigfile", "sig"]
    if p256:
        command = ["openssl", "dgst", "-sha256", "-verify", "k.pem", "-signature", "sig", "pae"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    "wanted", ["id=%02", "id=%02;type=private", "object=sign;id=%02", "manufacturer=SoftHSM%20project;id=%02"]
)
def test_a_key_is_found_by_any_of_its_names(token: Callable[[str], str], wanted: str) -> None:
    by_label = public_half(token("sign"), _never)
    assert public_half(f"pkcs11:token=lab;{wanted}?module-path={LIBRARY}", _never) == by_label


def test_the_module_may_stand_in_the_environment(token: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODULE, LIBRARY)
    assert public_half("pkcs11:token=lab;object=ed", _never) == public_half(token("ed"), _never)


@pytest.mark.parametrize("pin", [b"0000", b"", b"\xff\x00", b"56\x0078", b"9" * 500])
def test_a_wrong_pin_is_said(token: Callable[[str], str], pin: bytes) -> None:
    with pytest.raises(InputError, match="PIN") as refusal:
        load_signer(token("sign"), lambda: pin)
    assert refusal.value.code == "wrong-passphrase"
    load_signer(token("sign"), _pin)


@pytest.mark.parametrize("label", ["p384", "rsa", "k1"])
def test_other_kinds_of_key_are_refused(token: Callable[[str], str], label: str) -> None:
    for look in (lambda: public_half(token(label), _never), lambda: load_signer(token(label), _pin)):
        with pytest.raises(InputError) as refusal:
            look()
        assert refusal.value.code == "bad-key"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("pkcs11:token=lab;object=absent", "holds no such"),
        ("pkcs11:token=lab;object=twice", "2 public keys fit"),
        ("pkcs11:token=absent;object=sign", "no token fits"),
        ("pkcs11:object=sign", "2 tokens fit"),
        ("pkcs11:token=lab;serial=00;object=sign", "no token fits"),
    ],
)
def test_what_names_no_key_or_several_is_refused(token: Callable[[str], str], address: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refusal:
        public_half(f"{address}?module-path={LIBRARY}", _pin)
    assert refusal.value.code == "not-found"


@pytest.mark.parametrize("module", ["/etc/hostname", "/absent/module.so", "/etc"])
def test_a_module_that_is_none_is_said(token: Callable[[str], str], module: str) -> None:
    with pytest.raises(InputError, match="not a PKCS#11 module"):
        public_half(f"pkcs11:object=sign?module-path={module}", _never)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pkcs11", None)
    monkeypatch.setitem(sys.modules, "pkcs11.exceptions", None)
    with pytest.raises(InputError, match=r"compliance-tui\[hsm\]") as refusal:
        load_signer("pkcs11:object=x?module-path=/m.so", _never)
    assert refusal.value.code == "missing-extra"


def test_an_address_is_taken_apart_as_rfc_7512_has_it() -> None:
    text = "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;id=%69%95%00%ff;object=a%3Bb=c;type=private?module-path=/m.so"
    found = read_address(text)
    assert found.module == "/m.so"
    assert found.attributes["token"] == b"The Software PKCS#11 Softtoken"
    assert (found.attributes["id"], found.attributes["object"]) == (b"\x69\x95\x00\xff", b"a;b=c")


@pytest.mark.parametrize(
    "address",
    [
        "pkcs11:object=x;pin-value=5678?module-path=/m.so",
        "pkcs11:object=x?pin-value=5678&module-path=/m.so",
        "pkcs11:object=x?pin-source=file:/etc/pin&module-path=/m.so",
    ],
)
def test_a_pin_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(InputError, match="may not hold the PIN") as refusal:
        read_address(address)
    assert "5678" not in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    [
        "pkcs11:",
        "pkcs11:token=lab",
        "pkcs11:object=x",
        "pkcs11:object=x?module-path=relative.so",
        "pkcs11:object=x?module-path=/m%00.so",
        "pkcs11:object=x;object=y?module-path=/m.so",
        "pkcs11:object=x;slot-id=1?module-path=/m.so",
        "pkcs11:object=x;x-vendor=1?module-path=/m.so",
        "pkcs11:object=x;type=cert?module-path=/m.so",
        "pkcs11:object=a b?module-path=/m.so",
        "pkcs11:object=%4?module-path=/m.so",
        "pkcs11:object=%zz?module-path=/m.so",
        "pkcs11:object=\x1b]0;x?module-path=/m.so",
        f"pkcs11:object={'x' * 3000}?module-path=/m.so",
    ],
)
def test_an_address_that_says_too_little_or_something_else_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODULE, raising=False)
    with pytest.raises(InputError) as refusal:
        read_address(address)
    assert refusal.value.code == "bad-key"
    assert "\x1b" not in str(refusal.value)


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["object=", "id=", "%", "%41", ";", "?", "&", "module-path=", "/a"])).map("".join)
)
def test_no_address_makes_the_parser_stumble(text: str) -> None:
    try:
        assert os.path.isabs(read_address(SCHEME + text).module)
    except InputError as error:
        assert error.code == "bad-key"
