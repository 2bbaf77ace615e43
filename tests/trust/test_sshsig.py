import base64
import contextlib
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import BrokenError
from compliance_tui.trust.dsse import pae
from compliance_tui.trust.ssh_wire import ssh_string
from compliance_tui.trust.sshsig import read_ssh_signature, sign_ssh, verify_ssh
from tests.trust.known_keys import NAMESPACE, STATEMENT, p256_private_key, p256_signer, private_key, signer

KEY = signer(1).public
ARMOURED = sign_ssh(STATEMENT, NAMESPACE, signer(1))


def _verifies(armoured: bytes, message: bytes = STATEMENT, namespace: str = NAMESPACE, key: int = 1) -> bool:
    return verify_ssh(read_ssh_signature(armoured, "s"), message, namespace, signer(key).public)


def _armour(blob: bytes) -> bytes:
    text = base64.b64encode(blob)
    lines = b"".join(text[at : at + 70] + b"\n" for at in range(0, len(text), 70))
    return b"-----BEGIN SSH SIGNATURE-----\n" + lines + b"-----END SSH SIGNATURE-----\n"


def _blob(
    *,
    magic: bytes = b"SSHSIG",
    version: int = 1,
    key: bytes = KEY.blob,
    namespace: bytes = NAMESPACE.encode(),
    reserved: bytes = b"",
    digest: bytes = b"sha512",
    algorithm: bytes = b"ssh-ed25519",
    signature: bytes = bytes(64),
    inner: bytes = b"",
    outer: bytes = b"",
) -> bytes:
    wrapped = ssh_string(algorithm) + ssh_string(signature) + inner
    parts = [key, namespace, reserved, digest, wrapped]
    return magic + struct.pack(">I", version) + b"".join(ssh_string(part) for part in parts) + outer


def _keygen_signature(folder: Path, message: bytes, *options: str) -> bytes:
    key = folder / "k"
    key.write_bytes(private_key(1).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    key.chmod(0o600)
    command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, *options]
    return subprocess.run(command, input=message, capture_output=True, check=True).stdout


@pytest.mark.parametrize("message", [b"", STATEMENT, b"\x00" * 5000])
def test_the_armour_is_byte_for_byte_that_of_ssh_keygen(tmp_path: Path, message: bytes) -> None:
    assert sign_ssh(message, NAMESPACE, signer(1)) == _keygen_signature(tmp_path, message)


def test_a_signature_of_ssh_keygen_over_sha256_is_read(tmp_path: Path) -> None:
    assert _verifies(_keygen_signature(tmp_path, STATEMENT, "-O", "hashalg=sha256"))


def _keygen_verifies(folder: Path, message: bytes, namespace: str) -> bool:
    (folder / "allowed").write_text(f'ada@lab namespaces="{NAMESPACE}" {KEY.openssh}\n')
    (folder / "s").write_bytes(ARMOURED)
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ada@lab", "-n", namespace, "-s", "s"]
    return subprocess.run(command, cwd=folder, input=message, capture_output=True).returncode == 0


def test_ssh_keygen_verifies_ours_and_agrees_on_what_is_wrong(tmp_path: Path) -> None:
    for message, namespace in ((STATEMENT, NAMESPACE), (STATEMENT + b" ", NAMESPACE), (STATEMENT, "file")):
        assert _keygen_verifies(tmp_path, message, namespace) == _verifies(ARMOURED, message, namespace)
    assert _verifies(ARMOURED)
    assert not _verifies(ARMOURED, key=2)


def test_ssh_keygen_verifies_our_p256_and_we_verify_its(tmp_path: Path) -> None:
    key = p256_signer(1).public
    (tmp_path / "k").write_bytes(p256_private_key(1).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    (tmp_path / "k").chmod(0o600)
    command = ["ssh-keygen", "-Y", "sign", "-f", str(tmp_path / "k"), "-n", NAMESPACE]
    theirs = subprocess.run(command, input=STATEMENT, capture_output=True, check=True).stdout
    assert verify_ssh(read_ssh_signature(theirs, "s"), STATEMENT, NAMESPACE, key)
    assert not verify_ssh(read_ssh_signature(theirs, "s"), STATEMENT, NAMESPACE, p256_signer(2).public)
    (tmp_path / "allowed").write_text(f'ada@lab namespaces="{NAMESPACE}" {key.openssh}\n')
    for message in (STATEMENT, STATEMENT + b" "):
        (tmp_path / "s").write_bytes(sign_ssh(STATEMENT, NAMESPACE, p256_signer(1)))
        command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ada@lab", "-n", NAMESPACE, "-s", "s"]
        done = subprocess.run(command, cwd=tmp_path, input=message, capture_output=True)
        assert (done.returncode == 0) == (message == STATEMENT)


def test_a_dsse_signature_is_no_ssh_signature() -> None:
    assert not _verifies(_armour(_blob(signature=signer(1).sign(pae(STATEMENT)))))


@pytest.mark.parametrize(
    "armoured",
    [
        b"",
        ARMOURED[:-1],
        ARMOURED[1:],
        b" " + ARMOURED,
        ARMOURED + b"\n",
        ARMOURED + ARMOURED,
        ARMOURED.replace(b"\n", b"\r\n"),
        ARMOURED.replace(b"SSH SIGNATURE", b"SSH SIGNATUR"),
        b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\n" + b"A" * 20_000 + b"\n-----END SSH SIGNATURE-----\n",
        _armour(b""),
        _armour(b"SSHSIG"),
        _armour(b"SSHSIG\x00\x00\x00\x01\xff\xff\xff\xff"),
        _armour(_blob(magic=b"SSHSIH")),
        _armour(_blob(version=2)),
        _armour(_blob(reserved=b"x")),
        _armour(_blob(digest=b"sha1")),
        _armour(_blob(digest=b"SHA512")),
        _armour(_blob(algorithm=b"ssh-rsa")),
        _armour(_blob(algorithm=b"sk-ssh-ed25519@openssh.com")),
        _armour(_blob(signature=bytes(63))),
        _armour(_blob(inner=b"x")),
        _armour(_blob(outer=b"x")),
        _armour(_blob(namespace=b"\xff")),
        _armour(_blob(key=b"")),
        _armour(_blob(key=KEY.blob + b"x")),
        _armour(_blob(key=ssh_string(b"ssh-ed25519") + ssh_string(bytes(32)))),
        _armour(_blob(key=ssh_string(b"sk-ssh-ed25519@openssh.com") + ssh_string(KEY.raw) + ssh_string(b"ssh:"))),
    ],
)
def test_anything_but_a_plain_signature_is_refused(armoured: bytes) -> None:
    with pytest.raises(BrokenError) as refusal:
        read_ssh_signature(armoured, "s\x1b")
    assert refusal.value.code == "bad-sshsig"
    assert "\x1b" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_blob_of_these_tests_is_well_formed() -> None:
    assert read_ssh_signature(_armour(_blob()), "s").namespace == NAMESPACE


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(ARMOURED) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_an_altered_armour_never_speaks_for_another_message(at: int, instead: bytes, length: int) -> None:
    altered = ARMOURED[:at] + instead + ARMOURED[at + length :]
    try:
        signature = read_ssh_signature(altered, "s")
    except BrokenError:
        return
    others = ((1, STATEMENT + b" ", NAMESPACE), (1, STATEMENT, "file"), (2, STATEMENT, NAMESPACE))
    for number, message, namespace in others:
        assert not verify_ssh(signature, message, namespace, signer(number).public)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(_blob()) - 1), st.integers(1, 255))
def test_a_signature_with_one_byte_changed_verifies_no_more(at: int, change: int) -> None:
    blob = bytearray(base64.b64decode(b"".join(ARMOURED.split(b"\n")[1:-2])))
    assert len(blob) == len(_blob())
    blob[at] ^= change
    with contextlib.suppress(BrokenError):
        assert not _verifies(_armour(bytes(blob)))


def test_one_signature_has_one_spelling_in_base64() -> None:
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    namespace = next(one for one in ("n", "nn", "nnn") if b"=\n" in sign_ssh(STATEMENT, one, signer(1)))
    armoured = sign_ssh(STATEMENT, namespace, signer(1))
    assert _verifies(armoured, namespace=namespace)
    at = armoured.index(b"=") - 1
    spelled_otherwise = armoured[:at] + bytes([alphabet[alphabet.index(armoured[at]) + 1]]) + armoured[at + 1 :]
    with pytest.raises(BrokenError, match="canonical"):
        read_ssh_signature(spelled_otherwise, "s")


@pytest.mark.parametrize(
    "respell",
    [
        lambda body: body.replace(b"\n", b"\n\n", 1),
        lambda body: b"\n" + body,
        lambda body: body.replace(b"\n", b"", 2),  # a line of more than the 76 characters of base64 in mail
        lambda body: body.removesuffix(b"\n"),
    ],
)
def test_one_signature_has_one_way_to_break_its_lines(respell: Callable[[bytes], bytes]) -> None:
    begin, end = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
    body = ARMOURED.removeprefix(begin).removesuffix(end)
    with pytest.raises(BrokenError):
        read_ssh_signature(begin + respell(body) + end, "s")


@pytest.mark.parametrize("size", [16 * 1024 + 1, 1 << 20])
def test_nothing_large_is_taken_apart(size: int) -> None:
    padded = _armour(_blob(namespace=b"n" * (size * 3 // 4)))
    assert len(padded) > 16 * 1024
    with pytest.raises(BrokenError, match="no armour"):
        read_ssh_signature(padded, "s")


def test_the_namespace_that_it_names_is_the_one_that_it_is_over() -> None:
    """The namespace stands in the file and again in what is signed; the two may not differ."""
    good = base64.b64decode(b"".join(ARMOURED.split(b"\n")[1:-2]))
    other = NAMESPACE.replace("self", "SELF").encode()
    renamed = _armour(good.replace(NAMESPACE.encode(), other))
    assert renamed != ARMOURED
    assert not _verifies(renamed)
    assert not _verifies(renamed, namespace=other.decode())


def test_the_key_that_it_carries_is_the_one_that_is_asked_about() -> None:
    """Under a key that it does not carry it is no signature, though that key made it."""
    good = base64.b64decode(b"".join(ARMOURED.split(b"\n")[1:-2]))
    other = _armour(good.replace(KEY.blob, signer(2).public.blob))
    assert not _verifies(other, key=1)
    assert not _verifies(other, key=2)
