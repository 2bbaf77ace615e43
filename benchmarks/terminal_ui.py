"""The terminal UI on a pseudo-terminal: first frame, full list, what one key costs, memory and rest, with 1,189 controls."""

import compileall
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import compliance_tui
from benchmarks.commands import CONTROLS
from tests.assessment.sample import start
from tests.tui.terminal import Terminal

_MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("NOT READY", markup=False)
Minimal().run()
"""
# How long nothing has to be written for a key to count as settled; the text beside the list follows after a rest of 100 ms.
_SETTLED = 0.06


def _until_shown(make: Callable[[], Terminal], text: str) -> float:
    begin = time.perf_counter()
    terminal = make()
    terminal.until(text)
    taken = time.perf_counter() - begin
    terminal.still(0.3)
    terminal.kill()
    return taken


def pairs(folder: Path) -> list[tuple]:  # type: ignore[type-arg]
    """First frame and full list, against a Textual app that shows one line; compiled beforehand, as an installer does it."""
    compileall.compile_dir(str(Path(compliance_tui.__file__).parent), quiet=1)
    small, large = start(folder), folder / "large-assessment"
    state = str(folder / "state")

    def minimal() -> float:
        return _until_shown(lambda: Terminal(folder, command=[sys.executable, "-c", _MINIMAL]), "NOT READY")

    return [
        (
            "first frame of the terminal UI",
            "a minimal Textual app",
            1.3,
            lambda: _until_shown(lambda: Terminal(small, COMPLIANCE_TUI_STATE=state), "reading"),
            minimal,
        ),
        (
            f"list complete, {CONTROLS:,} controls",
            "a minimal Textual app",
            2.5,
            lambda: _until_shown(lambda: Terminal(large, COMPLIANCE_TUI_STATE=state), "C-0000"),
            minimal,
        ),
    ]


def _settled(terminal: Terminal, press: str) -> tuple[float, int]:
    """Milliseconds until the last byte of what a key draws at once, and how many bytes that is."""
    terminal.press(press)
    begin = time.perf_counter()
    last, size = begin, 0
    while (some := terminal.some(_SETTLED)) and last - begin < 0.09:
        last, size = time.perf_counter(), size + len(some)
    terminal.still(0.3)
    return (last - begin) * 1000, size


def _opened(terminal: Terminal, press: str, text: str, back: str) -> tuple[float, int]:
    """Milliseconds until ``text`` of the page that a key opens is drawn, and the bytes of all of it."""
    begin = time.perf_counter()
    terminal.press(press)
    seen = terminal.until(text)
    taken = (time.perf_counter() - begin) * 1000
    size = len(seen) + len(terminal.still(0.3))
    terminal.press(back)
    terminal.still(0.4)
    return taken, size


def keys(folder: Path, presses: int = 40) -> list[str]:
    """Rows for the cost of one key, of memory, and of doing nothing."""
    terminal = Terminal(folder / "large-assessment", 120, 36, COMPLIANCE_TUI_STATE=str(folder / "state"))
    terminal.until("C-0000")
    terminal.still(1.0)
    opened = presses // 4
    moves = [_settled(terminal, "\x1b[B") for _ in range(presses)]
    rows = [
        _row("cursor move", 5, moves, largest=1024),
        _row("control opened (page)", 50, [_opened(terminal, "\r", "Why it applies", "q") for _ in range(opened)]),
        _row("control opened (answer form)", 50, [_opened(terminal, "a", "partly met", "\x1b") for _ in range(opened)]),
        _row("filter key settled", 40, [_settled(terminal, one) for one in ("/", *"c-01 is:met", "\x1b")]),
    ]
    megabytes = terminal.memory() / 1e6
    rows.append(f"| memory of the terminal UI | – | ≤ 100 MB | {megabytes:.0f} MB{_missed(megabytes > 100)} | |")
    before = terminal.processor()
    terminal.still(10.0)
    share = (terminal.processor() - before) / 10
    rows.append(f"| processor, nothing pressed for 10 s | – | ≤ 0.5 % | {share:.1%}{_missed(share > 0.005)} | |")
    terminal.kill()
    return rows


def _row(what: str, goal: int, costs: list[tuple[float, int]], largest: int = 0) -> str:
    middle, worst = statistics.median(one for one, _ in costs), max(one for one, _ in costs)
    size = statistics.median(size for _, size in costs)
    missed = middle > goal or worst > 80 or bool(largest and size > largest)
    limit = f" and {largest:,} bytes" if largest else ""
    told = f"{middle:.0f} ms, worst {worst:.0f}{_missed(missed)}"
    return f"| {what} | – | ≤ {goal} ms, worst ≤ 80{limit} | {told} | {size:,.0f} bytes |"


def _missed(missed: bool) -> str:
    return " **missed**" if missed else ""
