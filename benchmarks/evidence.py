"""Attach, export and verify of large evidence, and the memory that they take."""

import datetime as dt
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.commands import NOW, seconds
from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Subject
from compliance_tui.bundle.export import export
from compliance_tui.bundle.verify import verify
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.standard.load import find_pack, standard_folders

FILES = 1000
CONTROL = "FR-GOV-01"


def _fill(path: Path, size: int, seed: int) -> None:
    block = os.urandom(1 << 16)
    with path.open("wb") as file:
        for number in range(size >> 16):
            file.write(seed.to_bytes(8, "big") + number.to_bytes(8, "big") + block[16:])


def _start(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    pack = find_pack("frontier-release@1.1", standard_folders())
    actions.create(folder, [pack], Subject(name="x"), {}, [], "0" * 8 + "-0000-4000-8000-" + "0" * 12, "x", NOW)
    return folder


def _attach(root: Path, source: Path) -> None:
    attach(load(root), [source], [CONTROL], "x", NOW, kind="document", date=dt.date(2026, 11, 1))


def _timed(work, *arguments: object) -> float:  # type: ignore[no-untyped-def]
    os.sync()
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def _shell(command: str) -> float:
    os.sync()
    return seconds(["sh", "-c", command])


def _sources(folder: Path, size: int) -> tuple[Path, Path]:
    one, many = folder / "one.bin", folder / "many"
    if not one.exists():
        _fill(one, size, 0)
        many.mkdir()
        for number in range(FILES):
            _fill(many / f"{number:04d}.bin", size // FILES, number)
    return one, many


def pairs(folder: Path, size: int) -> Iterator[tuple]:  # type: ignore[type-arg]
    """The rows of this module."""
    one, many = _sources(folder, size)
    root, copy, bundle = folder / "a", folder / "copy", folder / "bundle.zip"

    def attach_fresh(source: Path) -> float:
        return _timed(_attach, _start(root), source)

    def export_fresh() -> float:
        bundle.unlink(missing_ok=True)
        if not (root / "assessment.toml").exists():
            attach_fresh(many)
        return _timed(lambda: export(load(root), bundle, NOW, "x"))

    def copied() -> float:
        shutil.rmtree(copy, ignore_errors=True)
        return _shell(f"cp -r '{many}' '{copy}'; sync")

    def tarred() -> float:
        (folder / "x.tar").unlink(missing_ok=True)
        return _shell(f"tar -cf '{folder / 'x.tar'}' '{many}' 2>/dev/null; sync")

    def verified() -> float:
        if not bundle.exists():
            export_fresh()
        return _timed(lambda: verify(bundle, None, NOW, load_kinds()))

    def copied_and_hashed() -> float:
        shutil.rmtree(copy, ignore_errors=True)
        return _shell(f"cp -r '{many}' '{copy}'; find '{many}' -type f -exec openssl dgst -sha256 {{}} +; sync")

    digest = f"openssl dgst -sha256 '{one}'"
    yield "attach one file, durable", "`openssl dgst -sha256`", 1.1, lambda: attach_fresh(one), lambda: _shell(digest)
    yield f"attach {FILES:,} files, durable", "`cp -r`, `sync`", 1.0, lambda: attach_fresh(many), copied
    yield f"export of {FILES:,} files, durable", "`tar -cf`, `sync`", 1.0, export_fresh, tarred
    yield f"export of {FILES:,} files, durable", "`cp -r`, hashing them, `sync`", 1.1, export_fresh, copied_and_hashed
    digests = f"find '{many}' -type f -exec openssl dgst -sha256 {{}} +"
    yield f"verify of {FILES:,} files", "`openssl dgst -sha256` of the files", 0.6, verified, lambda: _shell(digests)


_PEAK = """
import sys
from pathlib import Path
from benchmarks import evidence as e
root, source, bundle = map(Path, sys.argv[2:])
{"attach": lambda: e._attach(root, source),
 "export": lambda: e.export(e.load(root), bundle, e.NOW, "x"),
 "verify": lambda: e.verify(bundle, None, e.NOW, e.load_kinds())}[sys.argv[1]]()
status = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM")))
"""


def core(folder: Path, size: int) -> str:
    """How long the core of a bundle takes to be judged, whatever the size of what it commits to; before any item is hashed."""
    *_, verifying = pairs(folder, size)
    verifying[3]()

    def judged() -> float:
        start, ends = time.perf_counter(), []
        verify(folder / "bundle.zip", None, NOW, load_kinds(), core_known=lambda _: ends.append(time.perf_counter()))
        return ends[0] - start

    middle = statistics.median(judged() for _ in range(9)) * 1000
    mark = "" if middle <= 100 else " **missed**"
    return f"| core of a bundle of {FILES:,} files judged | – | ≤ 100 ms | {middle:.0f} ms{mark} | |"


def memory(folder: Path, size: int) -> Iterator[str]:
    """Peak memory of each, over all of the evidence; the goal is 150 MB whatever the size."""
    one, _ = _sources(folder, size)
    root, bundle = _start(folder / "a"), folder / "memory.zip"
    for name in ("attach", "export", "verify"):
        command = [sys.executable, "-c", _PEAK, name, str(root), str(one), str(bundle)]
        peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        mark = "" if peak <= 150 else " **missed**"
        yield f"| peak memory of {name} | – | ≤ 150 MB | {peak} MB{mark} | |"
