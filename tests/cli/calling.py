"""The program called inside the test's own process: quicker than a process for each call, with the same ends."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from compliance_tui.cli.main import main


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    status: int
    out: str
    err: str


Call = Callable[..., Ended]


def caller(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """A function that calls the program in ``folder`` with these arguments, and bytes on standard input."""
    monkeypatch.setenv("COMPLIANCE_TUI_CONFIG", str(folder / "no.toml"))
    monkeypatch.chdir(folder)

    def call(*arguments: str, stdin: bytes = b"") -> Ended:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["compliance-tui", "--me", "ada", *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
            with pytest.raises(SystemExit) as end:
                main()
        out, err = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, out, err)

    return call


def refused(ended: Ended, said: str) -> None:
    """The call ended with status 2 and one sentence that says ``said``; nothing that a terminal would obey, no fault."""
    assert ended.status == 2, ended
    assert ended.err.startswith("error: "), ended.err
    assert ended.err.count("\n") == 1, ended.err
    assert said in ended.err, ended.err
    assert "a fault in" not in ended.err, ended.err
    assert not any(ord(character) < 32 and character != "\n" for character in ended.err + ended.out)
