"""``python -m benchmarks``: the table of what the program promises about speed, measured here and now.

Every row is a ratio to a baseline that runs in turn with it, so that a slow minute hurts both. Figures that miss their goal
are marked. ``--size`` sets the megabytes of evidence (default 2048), ``--rounds`` how often each pair runs.
"""

import argparse
import platform
import shutil
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from benchmarks import commands, evidence, object_store, terminal_ui, versions


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    against: str
    goal: float
    measured: float
    seconds: float

    def text(self) -> str:
        """The line in Markdown."""
        mark = "" if self.measured <= self.goal else " **missed**"
        return f"| {self.what} | {self.against} | ≤ {self.goal}× | {self.measured:.2f}×{mark} | {self.seconds * 1000:,.0f} ms |"


Pair = tuple[str, str, float, Callable[[], float], Callable[[], float]]


def measure(pair: Pair, rounds: int) -> Row:
    """Run baseline and subject in turn; the ratio of their medians."""
    what, against, goal, subject, baseline = pair
    mine, theirs = [], []
    for _ in range(rounds):
        theirs.append(baseline())
        mine.append(subject())
    ours = statistics.median(mine)
    return Row(what, against, goal, ours / statistics.median(theirs), ours)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--size", type=int, default=2048, help="megabytes of evidence")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="only rows whose name holds this text")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="benchmarks-", dir="."))
    try:
        print(f"{platform.machine()}, {platform.system()} {platform.release()}, Python {platform.python_version()}\n")
        print("| what | against | goal | measured | ours |\n|---|---|---|---|---|")
        size = arguments.size << 20
        rows = (commands.pairs(folder), terminal_ui.pairs(folder), versions.pairs(folder), evidence.pairs(folder, size))
        for pair in chain(*rows, object_store.pairs(folder, size // 2)):
            if arguments.only in pair[0]:
                print(measure(pair, arguments.rounds).text(), flush=True)
        if arguments.only in "keys":
            for line in terminal_ui.keys(folder):
                print(line, flush=True)
        if arguments.only in "core":
            print(evidence.core(folder, size), flush=True)
        if arguments.only in "memory":
            for line in chain(evidence.memory(folder, size), object_store.figures(folder, size // 2)):
                print(line)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
