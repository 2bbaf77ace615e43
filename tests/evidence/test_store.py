"""The store keeps bytes by what they are, once, whole, and knows when they were hurt."""

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from compliance_tui.evidence.store import LocalStore
from compliance_tui.safe.errors import CancelledError, InputError


def _file(folder: Path, content: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("size", [0, 1, (1 << 20) + 1, (33 << 20) + 7])
def test_bytes_come_back_under_their_digest(tmp_path: Path, size: int) -> None:
    content = os.urandom(min(size, 4096)) * (size // 4096 + 1)
    content = content[:size]
    store, seen = LocalStore(tmp_path / "objects"), [0]
    stored = store.put(_file(tmp_path, content), seen.append)
    assert (stored.sha256, stored.size, stored.created) == (hashlib.sha256(content).hexdigest(), size, True)
    assert store.path(stored.sha256).read_bytes() == content
    assert store.path(stored.sha256).stat().st_mode & 0o777 == 0o444
    assert seen[-1] == size


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "objects")
    first = store.put(_file(tmp_path, b"x", "a"))
    second = store.put(_file(tmp_path, b"x", "b"))
    assert (first.created, second.created) == (True, False)
    assert list(store.objects()) == [first.sha256]


def test_many_threads_with_the_same_bytes(tmp_path: Path) -> None:
    source = _file(tmp_path, b"x" * 100_000)
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: LocalStore(tmp_path / "objects").put(source), range(16)))
    assert len({one.sha256 for one in stored}) == 1
    assert [path.name for path in (tmp_path / "objects").iterdir()] == [stored[0].sha256[:2]]


def test_altered_and_missing_bytes_are_found(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "objects")
    digests = [store.put(_file(tmp_path, content)).sha256 for content in (b"one", b"two", b"three")]
    store.path(digests[0]).chmod(0o644)
    store.path(digests[0]).write_bytes(b"0ne")
    store.path(digests[1]).unlink()
    assert {(one.sha256, one.fault) for one in store.verify(digests)} == {(digests[0], "altered"), (digests[1], "missing")}


def test_only_plain_files_are_taken_in(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(_file(tmp_path, b"x"))
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", "none"):
        with pytest.raises(InputError):
            LocalStore(tmp_path / "objects").put(tmp_path / name)
    with pytest.raises(InputError, match="not a SHA-256"):
        LocalStore(tmp_path).path("../../etc/passwd")


def test_stopping_leaves_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "objects")
    with pytest.raises(CancelledError):
        store.put(_file(tmp_path, b"x" * 1000), cancelled=lambda: True)
    assert list((tmp_path / "objects").iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    source = _file(tmp_path, b"x" * 3_000_000)
    program = textwrap.dedent(f"""
        import resource, signal
        from pathlib import Path
        from compliance_tui.evidence.store import LocalStore
        from compliance_tui.safe.errors import InputError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        try:
            LocalStore(Path({str(tmp_path / "objects")!r})).put(Path({str(source)!r}))
        except InputError as error:
            print(error)
    """)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "could not be written" in result.stdout
    assert list((tmp_path / "objects").iterdir()) == []


@pytest.mark.parametrize("attempt", range(4))
def test_killed_at_any_instant_no_object_is_wrong(tmp_path: Path, attempt: int) -> None:
    program = textwrap.dedent(f"""
        from pathlib import Path
        from compliance_tui.evidence.store import LocalStore
        store, source = LocalStore(Path({str(tmp_path / "objects")!r})), Path({str(tmp_path / "source")!r})
        print("go", flush=True)
        for number in range(100_000):
            source.write_bytes(b"%d" % number * 300_000)
            store.put(source)
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.02 + 0.019 * attempt)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = LocalStore(tmp_path / "objects")
    digests = list(store.objects())
    assert store.verify(digests) == []
    store.put(_file(tmp_path, b"next"))
    assert not list((tmp_path / "objects").glob(".tmp-*"))
