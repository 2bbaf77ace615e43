import base64
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization import ssh as library_ssh
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.trust import key_files
from compliance_tui.trust.keys import KeyType, load_signer, new_key, public_half
from compliance_tui.trust.public_key import parse_public_key
from tests.trust.known_keys import p256_private_key, private_key, signer

PASSPHRASE = b"a horse, a battery, a staple"


def _never() -> bytes:
    raise AssertionError("asked for a passphrase that is not needed")


def _run(*command: str | Path, feed: bytes = b"") -> bytes:
    return subprocess.run([str(part) for part in command], input=feed, capture_output=True, check=True).stdout


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_an_encrypted_key_opens_here_in_the_library_and_in_openssl(tmp_path: Path, kind: KeyType) -> None:
    path = tmp_path / "ada.key"
    public = new_key(path, PASSPHRASE, kind)
    found = load_signer(path, lambda: PASSPHRASE)
    assert (found.public, public.is_p256) == (public, kind == "p256")
    assert public.verifies(found.sign(b"m"), b"m")
    library = load_pem_private_key(path.read_bytes(), PASSPHRASE).public_key()
    assert library.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == public.spki
    der = _run("openssl", "pkey", "-in", path, "-passin", "pass:" + PASSPHRASE.decode(), "-pubout", "-outform", "DER")
    assert der == public.spki
    assert b"0F4240" in _run("openssl", "asn1parse", "-in", path)  # a million rounds


@pytest.mark.parametrize("length", [0, 1, 15, 16, 48, 127, 128, 255, 256, 70_000])
def test_der_lengths_read_back_in_openssl(tmp_path: Path, length: int) -> None:
    content = key_files._der(0x30, key_files._der(0x04, b"x" * length))
    assert str(length).encode() in _run("openssl", "asn1parse", "-inform", "DER", feed=content).splitlines()[-1]


def test_only_the_owner_can_read_a_new_key_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        new_key(tmp_path / "k", None)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["k", "k.pub", "k.pub.pem"]


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_the_files_beside_a_key_hold_its_public_half(tmp_path: Path, kind: KeyType) -> None:
    public = new_key(tmp_path / "k", None, kind)
    assert parse_public_key((tmp_path / "k.pub").read_text()) == public
    assert parse_public_key((tmp_path / "k.pub.pem").read_text()) == public
    assert public.fingerprint.encode() in _run("ssh-keygen", "-l", "-f", tmp_path / "k.pub")
    assert public_half(tmp_path / "k", _never) == public_half(tmp_path / "k.pub", _never) == public
    for beside in (tmp_path / "k.pub", tmp_path / "k.pub.pem"):
        beside.unlink()
    assert public_half(tmp_path / "k", _never) == public


@pytest.mark.parametrize("taken", ["k", "k.pub", "k.pub.pem"])
def test_a_key_never_takes_the_place_of_a_file_or_of_a_link_that_leads_nowhere(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="never overwritten"):
        new_key(tmp_path / "k", None)
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).is_symlink()


def test_a_key_made_meanwhile_by_another_process_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "k").write_bytes(b"the other key")
    monkeypatch.setattr(os.path, "lexists", lambda path: False)
    with pytest.raises(InputError, match="never overwritten"):
        new_key(tmp_path / "k", None)
    assert (tmp_path / "k").read_bytes() == b"the other key"
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_an_empty_passphrase_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        new_key(tmp_path / "k", b"")
    assert refusal.value.code == "weak-passphrase"
    with pytest.raises(InputError) as refusal:
        new_key(tmp_path / "absent" / "k", None)
    assert refusal.value.code == "not-found"
    assert not list(tmp_path.iterdir())


def test_killed_while_writing_leaves_a_whole_key_or_none(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from compliance_tui.trust.keys import new_key\n"
    code += "for n in range(10_000): new_key(Path(sys.argv[1]) / f'k{n}', None)"
    for round_number in range(2):
        folder = tmp_path / str(round_number)
        folder.mkdir()
        with subprocess.Popen([sys.executable, "-c", code, folder], cwd=Path(key_files.__file__).parents[2]) as process:
            while not (folder / f"k{round_number * 3}.pub.pem").exists():
                assert process.poll() is None
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        made = [path for path in folder.iterdir() if path.name.startswith("k") and not path.suffix]
        assert made
        assert all(load_signer(path, _never) for path in made)


@pytest.mark.parametrize("wrong", [b"", b"no", PASSPHRASE + b" ", b"\x00" * 2000])
def test_a_wrong_passphrase_is_said_in_one_sentence(tmp_path: Path, wrong: bytes) -> None:
    path = tmp_path / "k"
    sealed = BestAvailableEncryption(PASSPHRASE)  # few rounds: fast
    path.write_bytes(private_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
    with pytest.raises(InputError) as refusal:
        load_signer(path, lambda: wrong)
    assert refusal.value.code == "wrong-passphrase"
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("passphrase", ["", "four words of it"])
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_keys_of_ssh_keygen_are_read(tmp_path: Path, passphrase: str, kind: str) -> None:
    path = tmp_path / "id"
    _run("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-a", "1", "-C", "", "-f", path)
    found = load_signer(path, passphrase.encode if passphrase else _never)
    assert found.public == parse_public_key((tmp_path / "id.pub").read_text())
    assert found.public.verifies(found.sign(b"m"), b"m")
    if passphrase:
        with pytest.raises(InputError) as refusal:
            load_signer(path, lambda: b"another")
        assert refusal.value.code == "wrong-passphrase"


def test_without_bcrypt_an_encrypted_openssh_key_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "id"
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "four words", "-a", "1", "-f", path)

    def absent(*_: object) -> bytes:
        from cryptography.exceptions import UnsupportedAlgorithm

        raise UnsupportedAlgorithm("Need bcrypt module")

    monkeypatch.setattr(library_ssh, "_bcrypt_kdf", absent)
    monkeypatch.setattr(library_ssh, "_bcrypt_supported", False, raising=False)
    with pytest.raises(InputError, match=r"compliance-tui\[openssh\]") as refusal:
        load_signer(path, lambda: b"four words")
    assert refusal.value.code == "missing-extra"


def _other_kinds() -> list[bytes]:
    weak = rsa.generate_private_key(65537, 2048)
    curve = ec.generate_private_key(ec.SECP384R1())
    return [
        weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        weak.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        curve.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        ec.generate_private_key(ec.SECP256K1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ]


def test_other_kinds_garbage_and_public_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    cut = private_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())[:60]
    public = [signer(1).public.openssh.encode(), signer(1).public.pem.encode()]
    garbage = [cut, b"", b"\x00\xff" * 50, b"-----BEGIN PRIVATE KEY-----", b"\x1b]0;x\x07"]
    for content in [*_other_kinds(), *public, *garbage]:
        path.write_bytes(content)
        with pytest.raises(InputError) as refusal:
            load_signer(path, _never)
        assert refusal.value.code == "bad-key"
        assert "\n" not in str(refusal.value)
    for content in _other_kinds():
        path.write_bytes(content)
        with pytest.raises(InputError, match="only Ed25519 keys and ECDSA keys on P-256 sign here"):
            load_signer(path, _never)
    path.write_bytes(public[0])
    with pytest.raises(InputError, match="is a public key; name the private one"):
        load_signer(path, _never)


def test_the_handle_of_a_key_in_a_token_is_sent_to_the_agent(tmp_path: Path) -> None:
    # The file that `ssh-keygen -t ed25519-sk` writes holds no secret that could sign; only its type matters here.
    blob = base64.b64encode(b"openssh-key-v1\x00" + b"x" * 30 + b"sk-ssh-ed25519@openssh.com" + b"x" * 30).decode()
    (tmp_path / "id").write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{blob}\n-----END OPENSSH PRIVATE KEY-----\n")
    with pytest.raises(InputError, match="ssh-add"):
        load_signer(tmp_path / "id", _never)


def test_a_name_with_a_colon_is_an_address_and_with_a_slash_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    new_key(tmp_path / "ada:key", None)
    assert load_signer("./ada:key", _never).public == load_signer(tmp_path / "ada:key", _never).public
    with pytest.raises(InputError, match="no such kind of address") as refusal:
        load_signer("ada:key", _never)
    assert "write ./ada:key" in str(refusal.value)


_PKCS8 = private_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
_SSH = private_key(1).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
_P256 = p256_private_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([_PKCS8, _SSH, _P256]), st.data())
def test_a_damaged_key_file_is_refused_or_still_signs_for_its_own_public_half(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    altered = content[:at] + data.draw(st.binary(max_size=2)) + content[at + 1 :]
    path = tmp_path_factory.getbasetemp() / "altered"
    path.write_bytes(altered)
    try:
        found = load_signer(path, lambda: b"x")
    except InputError:
        return
    assert found.public.verifies(found.sign(b"m"), b"m")
