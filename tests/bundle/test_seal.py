"""Sealing a file with age: the library's traps, and Debian's age as a second opinion."""

import io
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.bundle.seal import plain_size, read_identities, read_recipients, seal, seal_stream, unseal, unseal_stream
from compliance_tui.safe.errors import BrokenError, CancelledError, InputError
from tests.bundle.recipients import Pair, pair

pyrage = pytest.importorskip("pyrage")


@pytest.fixture
def reader(tmp_path: Path) -> Pair:
    return pair(tmp_path, "reader")


def test_others_get_their_turn_while_it_encrypts(tmp_path: Path, reader: Pair) -> None:
    """The library's way to encrypt a file by name holds the interpreter's lock to its end; a person could not stop it."""
    (tmp_path / "plain").write_bytes(b"x" * 3_000_000)
    begun, stop = threading.Event(), threading.Event()

    def other() -> None:
        begun.wait()
        stop.set()

    thread = threading.Thread(target=other)
    thread.start()

    def progress(done: int) -> None:
        begun.set()
        stop.wait(10)

    with pytest.raises(CancelledError):
        seal(tmp_path / "plain", tmp_path / "x.age", read_recipients([reader.text]), progress, stop.is_set)
    thread.join()
    assert not (tmp_path / "x.age").exists()


class _Full(io.RawIOBase):
    """A disk with room for ``room`` bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        if len(content) > self.room:
            raise OSError(28, "No space left on device")
        self.room -= len(content)
        return len(content)


def test_a_disk_that_is_full_only_for_the_last_bytes_is_noticed(reader: Pair) -> None:
    """The library swallows the error of its last write."""
    recipients = read_recipients([reader.text])
    whole = io.BytesIO()
    assert seal_stream(io.BytesIO(b"x" * 5000), whole, recipients).size == len(whole.getvalue())
    for room in (0, 100, 2000, 5000):
        with pytest.raises(OSError, match="No space"):
            seal_stream(io.BytesIO(b"x" * 5000), _Full(room), recipients)  # type: ignore[arg-type]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_dev_full_is_full(reader: Pair) -> None:
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space"):
        seal_stream(io.BytesIO(b"x" * 5000), full, read_recipients([reader.text]))


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, reader: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").write_bytes(b"x" * 5000)

    def fails(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(InputError, match="no space left"):
        seal(tmp_path / "plain", tmp_path / "x.age", read_recipients([reader.text]))
    assert not (tmp_path / "x.age").exists()


def test_a_short_ciphertext_is_noticed_by_its_size(tmp_path: Path, reader: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").write_bytes(b"x" * 200_000)
    real = pyrage.encrypt_io

    def short(source: Any, target: Any, recipients: Any) -> None:
        inner = io.BytesIO()
        real(source, inner, recipients)
        target.write(inner.getvalue()[:-65_552])

    monkeypatch.setattr(pyrage, "encrypt_io", short)
    with pytest.raises((InputError, BrokenError), match="short"):
        seal(tmp_path / "plain", tmp_path / "x.age", read_recipients([reader.text]))
    assert not (tmp_path / "x.age").exists()


@pytest.mark.parametrize("cut", [1, 16, 65_552, 70_000, 100_000, 139_000])
def test_of_a_cut_ciphertext_nothing_stays(tmp_path: Path, reader: Pair, cut: int) -> None:
    (tmp_path / "plain").write_bytes(os.urandom(140_000))
    whole = seal(tmp_path / "plain", tmp_path / "x.age", read_recipients([reader.text]))
    content = (tmp_path / "x.age").read_bytes()[:-cut]
    with pytest.raises(BrokenError, match=r"does not open|cut short|opens to less"):
        unseal(io.BytesIO(content), len(content), tmp_path / "opened", reader.identities, "x.age")
    assert not (tmp_path / "opened").exists()
    assert not (tmp_path / "opened.part").exists()
    with (tmp_path / "x.age").open("rb") as file:
        assert unseal(file, whole.size, tmp_path / "opened", reader.identities, "x.age")
    assert (tmp_path / "opened").read_bytes() == (tmp_path / "plain").read_bytes()
    assert (tmp_path / "opened").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_the_size_says_how_much_is_inside(tmp_path: Path, reader: Pair, size: int) -> None:
    (tmp_path / "plain").write_bytes(b"x" * size)
    seal(tmp_path / "plain", tmp_path / "x.age", read_recipients([reader.text]))
    assert plain_size(tmp_path / "x.age") == size


@settings(max_examples=60)
@given(st.binary(max_size=400), st.sampled_from(["raw", "marked", "body"]))
def test_any_bytes_are_refused_or_are_for_others(content: bytes, form: str) -> None:
    identity = pyrage.x25519.Identity.generate()
    head = {"raw": b"", "marked": b"age-encryption.org/v1\n", "body": b"age-encryption.org/v1\n-> X25519 A\nB\n--- C\n"}[form]
    given_ = head + content
    try:
        assert unseal_stream(io.BytesIO(given_), len(given_), io.BytesIO(), [identity], "x") is None
    except BrokenError as error:
        assert str(error).startswith("x: ")


@pytest.mark.parametrize("text", ["", "age1", "age1xyz", "ssh-rsa AAAA", "ssh-ed25519 AAAA", "ssh-ed25519"])
def test_what_is_no_recipient_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "r").write_text(text)
    with pytest.raises(InputError, match="recipient"):
        read_recipients([text] if text.startswith(("age1", "ssh-")) else [str(tmp_path / "r")])
    (tmp_path / "i").write_text(text)
    with pytest.raises(InputError, match="identity"):
        read_identities(tmp_path / "i")


def test_an_ssh_key_is_a_recipient_too(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    recipients = read_recipients([str(tmp_path / "k.pub")])
    assert recipients[0].text.count(" ") == 1  # without the comment
    out = io.BytesIO()
    seal_stream(io.BytesIO(b"hello"), out, recipients)
    plain = io.BytesIO()
    content = out.getvalue()
    assert unseal_stream(io.BytesIO(content), len(content), plain, read_identities(tmp_path / "k"), "x")
    assert plain.getvalue() == b"hello"


@pytest.mark.skipif(shutil.which("age") is None, reason="Debian's age is not installed")
def test_what_another_age_encrypts_is_opened(tmp_path: Path, reader: Pair) -> None:
    (tmp_path / "plain").write_bytes(os.urandom(100_000))
    subprocess.run(["age", "-r", reader.text, "-o", str(tmp_path / "x.age"), str(tmp_path / "plain")], check=True)
    with (tmp_path / "x.age").open("rb") as file:
        size = (tmp_path / "x.age").stat().st_size
        assert unseal(file, size, tmp_path / "opened", reader.identities, "x")
    assert (tmp_path / "opened").read_bytes() == (tmp_path / "plain").read_bytes()
