"""Keys in ssh-agent: the real one, and one that lies."""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.trust import agent
from compliance_tui.trust.agent import LARGEST_MESSAGE, agent_keys
from compliance_tui.trust.dsse import LARGEST_PAYLOAD, read_envelope, sign_envelope, verify_envelope
from compliance_tui.trust.keys import Signer, load_signer, public_half
from compliance_tui.trust.ssh_wire import ecdsa_to_ssh, ssh_string
from compliance_tui.trust.sshsig import read_ssh_signature, sign_ssh, verify_ssh
from tests.trust.known_keys import NAMESPACE, STATEMENT, fido_signer, p256_private_key, p256_signer, private_key, signer

ED25519, P256 = signer(1), p256_signer(1)


def _never() -> bytes:
    raise AssertionError("an agent's key needs no passphrase")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name leaves room for a socket's, which may have a hundred letters."""
    folder = Path(tempfile.mkdtemp(prefix="agent"))
    yield folder
    shutil.rmtree(folder)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) == 0


@pytest.fixture
def real_agent(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An ssh-agent with an Ed25519, a P-256, a P-384 and an RSA key."""
    path = short_folder / "s"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        while not _listens(path):
            assert process.poll() is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        for number, key in enumerate((private_key(1), p256_private_key(1))):
            file = short_folder / f"k{number}"
            file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
            file.chmod(0o600)
            subprocess.run(["ssh-add", "-q", str(file)], check=True, capture_output=True)
        for kind, bits in (("ecdsa", "384"), ("rsa", "2048")):
            file = short_folder / kind
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", str(file)], check=True)
            subprocess.run(["ssh-add", "-q", str(file)], check=True, capture_output=True)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("key", [ED25519, P256], ids=["ed25519", "p256"])
def test_a_key_in_the_agent_signs_both_ways(real_agent: None, key: Signer, tmp_path: Path) -> None:
    address = f"agent:{key.public.fingerprint}"
    found = load_signer(address, _never)
    assert found.public == public_half(address, _never) == key.public
    assert verify_envelope(read_envelope(sign_envelope(STATEMENT, found), "e"), key.public)
    armoured = sign_ssh(STATEMENT, NAMESPACE, found)
    assert verify_ssh(read_ssh_signature(armoured, "s"), STATEMENT, NAMESPACE, key.public)
    (tmp_path / "allowed").write_text(f"ada {key.public.openssh}\n")
    (tmp_path / "s").write_bytes(armoured)
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ada", "-n", NAMESPACE, "-s", "s"]
    assert subprocess.run(command, cwd=tmp_path, input=STATEMENT, capture_output=True).returncode == 0


def test_only_keys_that_can_sign_here_are_listed(real_agent: None) -> None:
    assert {one.public for one in agent_keys()} == {ED25519.public, P256.public}


def test_the_largest_statement_fits_and_what_the_agent_would_not_take_is_not_sent(real_agent: None) -> None:
    found = load_signer(f"agent:{ED25519.public.fingerprint}", _never)
    sign_envelope(b"x" * LARGEST_PAYLOAD, found)
    with pytest.raises(InputError) as refusal:
        found.sign(b"x" * LARGEST_MESSAGE)
    assert refusal.value.code == "too-large"


def test_a_locked_agent_and_a_key_that_it_does_not_have(real_agent: None) -> None:
    with pytest.raises(InputError, match="lists no such") as refusal:
        load_signer(f"agent:{signer(9).public.fingerprint}", _never)
    assert refusal.value.code == "not-found"
    found = load_signer(f"agent:{ED25519.public.fingerprint}", _never)
    subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True)
    with pytest.raises(InputError) as refusal:
        found.sign(b"m")
    assert refusal.value.code == "refused"


@pytest.mark.parametrize("address", ["agent:", "agent:ada", "agent:MD5:00", "agent:SHA256:short", "agent:SHA256:" + "a" * 44])
def test_a_key_is_named_by_its_whole_fingerprint(address: str) -> None:
    with pytest.raises(InputError, match="ssh-add -l") as refusal:
        load_signer(address, _never)
    assert refusal.value.code == "bad-key"


def test_no_agent_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = f"agent:{ED25519.public.fingerprint}"
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(InputError, match="SSH_AUTH_SOCK is not set"):
        load_signer(address, _never)
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "absent", tmp_path / "file", tmp_path / ("x" * 200)):
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        with pytest.raises(InputError) as refusal:
            load_signer(address, _never)
        assert refusal.value.code == "no-agent"
        assert "\n" not in str(refusal.value)


@contextlib.contextmanager
def _agent(folder: Path, answer: Callable[[bytes], bytes]) -> Iterator[None]:
    """An agent that answers each request (without its length) with these bytes (its length included)."""
    path = folder / f"s{len(list(folder.iterdir()))}"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                length = struct.unpack(">I", connection.recv(4, socket.MSG_WAITALL))[0]
                connection.sendall(answer(connection.recv(length, socket.MSG_WAITALL)))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    os.environ["SSH_AUTH_SOCK"] = str(path)
    try:
        yield
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@pytest.fixture(autouse=True)
def _own_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "")


def _listing(*keys: Signer) -> bytes:
    entries = b"".join(ssh_string(one.public.blob) + ssh_string(b"ada\x1b[31m") for one in keys)
    return ssh_string(b"\x0c" + struct.pack(">I", len(keys)) + entries)


def _signed(algorithm: bytes, body: bytes) -> bytes:
    return ssh_string(b"\x0e" + ssh_string(ssh_string(algorithm) + body))


def _honest(*keys: Signer) -> Callable[[bytes], bytes]:
    """Answers as an agent with these keys would; FIDO2 tokens among them."""

    def answer(request: bytes) -> bytes:
        if request[0] == 11:
            return _listing(*keys)
        length = struct.unpack_from(">I", request, 1)[0]
        blob, rest = request[5 : 5 + length], request[5 + length :]
        message = rest[4 : 4 + struct.unpack_from(">I", rest)[0]]
        key = next(one for one in keys if one.public.blob == blob)
        signature = key.sign(message)
        if key.public.application is None:
            signature = ssh_string(ecdsa_to_ssh(signature) if key.public.is_p256 else signature)
        return _signed(key.public.ssh_type, signature)

    return answer


@pytest.mark.parametrize("token", [fido_signer(1), fido_signer(1, p256=True)], ids=["ed25519", "p256"])
def test_a_token_behind_the_agent_makes_an_ssh_signature(short_folder: Path, token: Signer) -> None:
    with _agent(short_folder, _honest(token)):
        found = load_signer(f"agent:{token.public.fingerprint}", _never)
        assert (found.public, found.dsse) == (token.public, False)
        armoured = sign_ssh(STATEMENT, NAMESPACE, found)
    signature = read_ssh_signature(armoured, "s")
    assert verify_ssh(signature, STATEMENT, NAMESPACE, token.public)
    assert signature.touched


@pytest.mark.parametrize("key", [ED25519, P256, fido_signer(1)], ids=["ed25519", "p256", "fido"])
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        ssh_string(b""),
        ssh_string(b"\x05")[:-1],
        ssh_string(b"\x06"),
        ssh_string(b"\x0e"),
        ssh_string(b"\x0e" + ssh_string(b"")),
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">I", LARGEST_MESSAGE + 1),
        _signed(b"ssh-rsa", ssh_string(bytes(64))),
        _signed(b"ssh-ed25519", ssh_string(bytes(64))),
        _signed(b"ssh-ed25519", ssh_string(bytes(63))),
        _signed(b"ssh-ed25519", ssh_string(bytes(64)) + b"x"),
        _signed(b"ecdsa-sha2-nistp256", ssh_string(ssh_string(b"\x01") + ssh_string(b"\x01"))),
        _signed(b"ecdsa-sha2-nistp256", ssh_string(ssh_string(b"\xff") + ssh_string(b"\x01"))),
        _signed(b"ecdsa-sha2-nistp256", ssh_string(b"")),
        _signed(b"sk-ssh-ed25519@openssh.com", ssh_string(bytes(64))),
        _signed(b"sk-ssh-ed25519@openssh.com", ssh_string(bytes(64)) + b"\x01\x00\x00\x00\x00"),
        ssh_string(b"\x0e" + ssh_string(ssh_string(b"ssh-ed25519") + ssh_string(bytes(64))) + b"x"),
    ],
)
def test_a_lying_agent_signs_nothing(short_folder: Path, key: Signer, answer: bytes) -> None:
    with _agent(short_folder, lambda request: _listing(key) if request[0] == 11 else answer):
        found = load_signer(f"agent:{key.public.fingerprint}", _never)
        with pytest.raises(InputError) as refusal:
            found.sign(b"m")
    assert refusal.value.code in ("bad-agent", "bad-signer")
    assert "\n" not in str(refusal.value)


def test_an_agent_that_signs_with_another_key_is_noticed(short_folder: Path) -> None:
    other = _honest(signer(2))(b"\x0d" + ssh_string(signer(2).public.blob) + ssh_string(b"m"))
    with _agent(short_folder, lambda request: _listing(ED25519) if request[0] == 11 else other):
        found = load_signer(f"agent:{ED25519.public.fingerprint}", _never)
        with pytest.raises(InputError, match="does not verify under its own public key"):
            found.sign(b"m")


@pytest.mark.parametrize(
    "answer",
    [
        ssh_string(b"\x05"),
        ssh_string(b"\x0c"),
        ssh_string(b"\x0c" + struct.pack(">I", 1)),
        ssh_string(b"\x0c" + struct.pack(">I", 0xFFFFFFFF)),
        ssh_string(b"\x0c" + struct.pack(">I", 0) + b"x"),
        ssh_string(b"\x0c" + struct.pack(">I", 1) + ssh_string(ED25519.public.blob) + ssh_string(bytes(LARGEST_MESSAGE))),
        ssh_string(b"\x0c" + struct.pack(">I", 1) + ssh_string(b"x") + b"\xff\xff\xff\xff"),
    ],
)
def test_a_list_that_is_none_is_refused(short_folder: Path, answer: bytes) -> None:
    with _agent(short_folder, lambda _: answer), pytest.raises(InputError) as refusal:
        agent_keys()
    assert refusal.value.code == "bad-agent"


def test_an_agent_that_says_nothing_does_not_hold_us(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "_LIST_SECONDS", 0.05)
    waiting = threading.Event()

    def silent(_: bytes) -> bytes:
        waiting.wait(10)
        return b""

    with _agent(short_folder, silent):
        with pytest.raises(InputError, match="no answer"):
            agent_keys()
        waiting.set()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_answer_makes_us_stumble_or_sign_for_somebody_else(short_folder: Path, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([ED25519, fido_signer(1)]))
    good = [_listing(key), _honest(key)(b"\x0d" + ssh_string(key.public.blob) + ssh_string(b"m"))]

    def altered(content: bytes) -> bytes:
        at = data.draw(st.integers(0, len(content)))
        return content[:at] + data.draw(st.binary(max_size=3)) + content[at + data.draw(st.integers(0, 3)) :]

    answers = [altered(good[0]), altered(good[1])]
    with _agent(short_folder, lambda request: answers[0] if request[:1] == b"\x0b" else answers[1]):
        try:
            found = load_signer(f"agent:{key.public.fingerprint}", _never)
            assert found.sign(b"m") == key.sign(b"m")
        except InputError as error:
            assert "\x1b" not in str(error)
