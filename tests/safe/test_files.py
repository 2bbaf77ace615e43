"""Files are whole or not there; what is not a plain file is not read."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import append_line, open_regular, read_bounded, replacing, write_atomic


def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"x")
    (tmp_path / "link").symlink_to(target)
    os.mkfifo(tmp_path / "fifo")
    for name, said in (("link", "symbolic link"), ("fifo", "regular"), ("none", "no such file"), ("", "regular|read")):
        with pytest.raises(InputError, match=said):
            open_regular(tmp_path / name)
    with pytest.raises(InputError):
        open_regular(Path("/dev/zero"))


def test_reading_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert len(read_bounded(tmp_path / "file", 100)) == 100
    with pytest.raises(InputError, match="99"):
        read_bounded(tmp_path / "file", 99)


def test_a_failed_write_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_torn_line_is_closed_off(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntw")
    append_line(log, lambda tail: b"three")
    assert log.read_bytes() == b"one\ntw\nthree\n"


@pytest.mark.parametrize("attempt", range(4))
def test_killed_at_any_instant_the_file_is_old_or_new(tmp_path: Path, attempt: int) -> None:
    path = tmp_path / "file"
    old, new = b"a" * 200_000, b"b" * 200_000
    path.write_bytes(old)
    program = textwrap.dedent(f"""
        from pathlib import Path
        from compliance_tui.safe.files import write_atomic
        print("go", flush=True)
        while True:
            write_atomic(Path({str(path)!r}), b"b" * 200_000)
            write_atomic(Path({str(path)!r}), b"a" * 200_000)
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.005 + 0.017 * attempt)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert path.read_bytes() in (old, new)
