"""The terminal UI in a real pseudo-terminal: keys in, bytes out."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path


class Terminal:
    """``compliance-tui PATH`` on a pseudo-terminal of the given size; ``seen`` is every byte that it wrote."""

    def __init__(self, path: Path, columns: int = 100, rows: int = 30, command: Sequence[str] = (), **environment: str) -> None:
        self.seen = bytearray()
        self._process, self._end = pty.fork()
        if self._process == 0:
            os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "COMPLIANCE_TUI_PERSON": "ada", **environment})
            words = list(command) or [sys.executable, "-m", "compliance_tui", str(path)]
            os.execv(words[0], words)
        fcntl.ioctl(self._end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, text: str, seconds: float = 20.0) -> bytes:
        """Read until ``text`` was written since the last call; gives what was. Raises AssertionError when it never is."""
        start, end = len(self.seen), time.monotonic() + seconds
        while text.encode() not in self.seen[start:]:
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{text!r} did not appear; last: {bytes(self.seen[-2000:])!r}")
        return bytes(self.seen[start:])

    def still(self, seconds: float = 0.4) -> bytes:
        """Read until nothing was written for ``seconds``; gives what was."""
        start = len(self.seen)
        while self._read(seconds):
            pass
        return bytes(self.seen[start:])

    def some(self, seconds: float) -> bytes:
        """The next bytes that are written, or none when nothing is within ``seconds``."""
        start = len(self.seen)
        self._read(seconds)
        return bytes(self.seen[start:])

    def memory(self) -> int:
        """Bytes of memory that it holds now (Linux)."""
        pages = int(Path(f"/proc/{self._process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def processor(self) -> float:
        """Seconds of processor time that it has used so far (Linux)."""
        fields = Path(f"/proc/{self._process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self._end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def kill(self) -> None:
        """End it without asking."""
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._end)

    def press(self, keys: str) -> None:
        """Send keys as a terminal would."""
        os.write(self._end, keys.encode())

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._end], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            content = os.read(self._end, 65536)
        except OSError:
            return False
        self.seen += content
        return bool(content)

    def close(self) -> int:
        """Leave; gives the exit status."""
        self.press("\x1b")
        self.still(0.3)
        self.press("q")
        self.still(0.6)
        _, status = os.waitpid(self._process, 0)
        os.close(self._end)
        return os.waitstatus_to_exitcode(status)
