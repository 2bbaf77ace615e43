"""Start-up, status over 1,189 controls, saving one answer."""

import datetime as dt
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Subject
from compliance_tui.safe.toml import dump_toml
from compliance_tui.standard.digest import control_digest
from compliance_tui.standard.load import read_pack

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
CONTROLS = 1189
_BASELINE = """
import sys
from pathlib import Path
import pydantic
import compliance_tui.standard.model, compliance_tui.assessment.model
for path in Path(sys.argv[1]).rglob("*"):
    if path.suffix in (".toml", ".json") and path.is_file():
        path.read_bytes()
"""


def seconds(command: list[str]) -> float:
    """Wall time of a process; its exit status may be any that a status has."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def large_assessment(folder: Path) -> Path:
    """An assessment of a standard with 1,189 controls, all answered."""
    pack = folder / "packs" / "large" / "1.0.json"
    pack.parent.mkdir(parents=True)
    controls = [
        {
            "id": f"C-{number:04d}",
            "group": f"G{number % 20}",
            "title": f"Control {number}",
            "statement": "What must be true of the system. " * 20,
            "guidance": "What to do about it. " * 40,
            "required": [{"is": {"profile": ["a"]}}],
        }
        for number in range(CONTROLS)
    ]
    header = {"id": "large", "title": "Large", "version": "1.0", "released": "2026-01-01", "status": "test", "summary": "x"}
    axes = [{"id": "profile", "title": "Profile", "values": [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}]}]
    groups = [{"id": f"G{number}", "title": f"Group {number}"} for number in range(20)]
    pack.write_text(json.dumps({"standard": header, "axes": axes, "groups": groups, "controls": controls}))
    read = read_pack(pack)
    root = folder / "large-assessment"
    actions.create(root, [read], Subject(name="x"), {"profile": "a"}, [], "0" * 8 + "-0000-4000-8000-" + "0" * 12, "x", NOW)
    responses = root / "responses" / "large"
    responses.mkdir(parents=True)
    for control in read.standard.controls:
        record = {
            "standard": "large",
            "control": control.id,
            "status": "met",
            "statement": "How it is met, in a few sentences. " * 30,
            "answered_by": "x",
            "answered_at": NOW,
            "answers": control_digest(control),
        }
        (responses / f"{control.id}.toml").write_bytes(dump_toml(record))
    old = time.time() - 60
    for path in responses.iterdir():
        os.utime(path, (old, old))
    time.sleep(2.1)  # files younger than two seconds are never trusted to a cache
    load(root)
    return root


def pairs(folder: Path) -> list[tuple]:  # type: ignore[type-arg]
    """The rows of this module."""
    root = large_assessment(folder)
    program = [sys.executable, "-m", "compliance_tui"]
    contents = load(root)
    target = folder / "raw"

    def save() -> float:
        start = time.perf_counter()
        for number in range(20):
            actions.answer(contents, "C-0001", "x", NOW, statement=f"{number} " + "How it is met. " * 70)
        return (time.perf_counter() - start) / 20

    def raw() -> float:
        content = (root / "responses/large/C-0001.toml").read_bytes()
        start = time.perf_counter()
        for _ in range(20):
            temporary = target.with_suffix(".tmp")
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
        return (time.perf_counter() - start) / 20

    click = [sys.executable, "-c", "import click"]
    baseline = [sys.executable, "-c", _BASELINE, str(root)]
    return [
        ("`--version`", "`python -c 'import click'`", 1.5, lambda: seconds([*program, "--version"]), lambda: seconds(click)),
        ("`--help`", "`python -c 'import click'`", 1.5, lambda: seconds([*program, "--help"]), lambda: seconds(click)),
        (
            f"`status`, {CONTROLS:,} controls answered",
            "pydantic, the models, the same files read",
            1.5,
            lambda: seconds([*program, "-C", str(root), "status"]),
            lambda: seconds(baseline),
        ),
        ("save one answer, durable", "write, fsync, rename, fsync of the folder", 2.0, save, raw),
    ]
