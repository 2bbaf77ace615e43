"""The terminal UI on a pseudo-terminal: first frame, list complete, and what one key costs with 1,189 controls."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

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


def _until_shown(make: Callable[[], Terminal], text: str) -> float:
    begin = time.perf_counter()
    terminal = make()
    terminal.until(text)
    taken = time.perf_counter() - begin
    terminal.still(0.3)
    terminal.kill()
    return taken


def pairs(folder: Path) -> list[tuple]:  # type: ignore[type-arg]
    """First frame and full list, against a Textual app that shows one line."""
    small, large = start(folder), folder / "large-assessment"

    def minimal() -> float:
        return _until_shown(lambda: Terminal(folder, command=[sys.executable, "-c", _MINIMAL]), "NOT READY")

    return [
        (
            "first frame of the terminal UI",
            "a minimal Textual app",
            1.3,
            lambda: _until_shown(lambda: Terminal(small), "NOT READY"),
            minimal,
        ),
        (
            f"list complete, {CONTROLS:,} controls",
            "a minimal Textual app",
            2.5,
            lambda: _until_shown(lambda: Terminal(large), "C-0000"),
            minimal,
        ),
    ]


def keys(folder: Path, presses: int = 30) -> list[str]:
    """Rows for the cost of one key: milliseconds until its last byte, median and worst, and bytes in the list."""
    terminal = Terminal(folder / "large-assessment", 120, 36)
    terminal.until("C-0000")
    terminal.still(0.6)
    rows = []

    def cost(press: str, back: str = "") -> tuple[float, int]:
        terminal.press(press)
        begin = time.perf_counter()
        last, size = begin, 0
        while (some := terminal.some(0.06)) and last - begin < 0.09:  # the text beside the list follows after a rest
            last, size = time.perf_counter(), size + len(some)
        terminal.still(0.3)
        if back:
            terminal.press(back)
            terminal.still(0.4)
        return (last - begin) * 1000, size

    for what, goal, each in (
        ("cursor move", 5, [("\x1b[B", "")] * presses),
        ("control opened (answer form)", 50, [("a", "\x1b")] * (presses // 3)),
        ("filter key settled", 40, [("/", ""), *[(one, "") for one in "c-01is:met"], ("\x1b", "")]),
    ):
        costs = [cost(*one) for one in each]
        middle, worst = statistics.median(one for one, _ in costs), max(one for one, _ in costs)
        size = statistics.median(size for _, size in costs)
        mark = "" if middle <= goal and worst <= 80 else " **missed**"
        rows.append(f"| {what} | – | ≤ {goal} ms, worst ≤ 80 | {middle:.0f} ms, worst {worst:.0f}{mark} | {size:,.0f} bytes |")
    terminal.kill()
    return rows
