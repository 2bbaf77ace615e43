"""Comparing two large versions of a standard, and previewing a move: against reading the same two files."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.commands import CONTROLS, NOW
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.migrate import plan_migration
from compliance_tui.standard.diff import diff
from compliance_tui.standard.load import Pack, read_pack


def _next_version(root: Path, folder: Path) -> Pack:
    """The large standard of the assessment with every tenth control reworded, tightened, renamed, gone or new."""
    document = json.loads((root / "standards" / "large-1.0.json").read_bytes())
    document["standard"]["version"] = "2.0"
    controls = []
    for number, control in enumerate(document["controls"]):
        turn = number % 10
        if turn == 3:
            control["statement"] = control["statement"].replace("must be true", "is true")
        elif turn == 5:
            control["id"] = f"D-{number:04d}"
        elif turn == 6:
            control["id"], control["statement"] = f"E-{number:04d}", f"Something else altogether, number {number}."
        elif turn == 8:
            control["required"] = [{}]
        controls.append(control)
    path = folder / "packs" / "large" / "2.0.json"
    path.write_text(json.dumps({**document, "controls": controls}))
    return read_pack(path)


def pairs(folder: Path) -> Iterator[tuple]:  # type: ignore[type-arg]
    """The rows of this module; the assessment was made by ``commands``."""
    root = folder / "large-assessment"
    pack = _next_version(root, folder)
    contents = load(root)
    old = contents.standards[0][0]
    paths = [root / "standards" / "large-1.0.json", pack.path]

    def processor(work: Callable[[], object]) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    def reading() -> float:
        return processor(lambda: [read_pack(path) for path in paths])

    def comparing() -> float:
        return processor(lambda: diff(old, pack.standard, lambda version: None))

    def previewing() -> float:
        return processor(lambda: plan_migration(contents, pack, lambda version: None, NOW))

    against = "reading the two files, processor time"
    yield f"diff of two versions, {CONTROLS:,} controls", against, 5.0, comparing, reading
    yield f"preview of a migration, {CONTROLS:,} answers", against, 5.0, previewing, reading
