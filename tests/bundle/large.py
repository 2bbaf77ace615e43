"""A bundle of many items: ``python -m tests.bundle.large FOLDER --items 10000 --files 10`` makes one, then verifies it."""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.export import Exported, export
from compliance_tui.bundle.verify import Verification, verify
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.trust.policy import load_policy
from tests.assessment.sample import NOW
from tests.bundle.sample import LAB, LATER, Sample, sample


def large(folder: Path, out: Path, items: int, files: int, *, as_folder: bool = False) -> tuple[Sample, Exported]:
    """Export the sample's assessment with so many more items of so many files each; their bytes are a few objects."""
    made = sample(folder)
    (folder / "plain.md").write_text("Nothing to read here.\n")
    item = attach(load(made.root), [folder / "plain.md"], ["S-01"], "ci", NOW, kind="document", date=NOW.date())[0]
    actions.sign_off(load(made.root), "S-01", "ada", "owner", "ada", NOW)
    contents = load(made.root)
    every = [file.model_copy(update={"name": f"part {part}.md"}) for file in item.files for part in range(files)]
    more = {
        name: item.model_copy(update={"id": name, "files": every})
        for name in (f"E-{number}" for number in range(100_001, 100_001 + items))
    }
    contents = dataclasses.replace(contents, items={**contents.items, **more})
    done = export(contents, out, NOW, "ada", signers=made.signers, attester=LAB, folder=as_folder)
    return made, done


def main() -> int:
    """Make it, verify it, and say how long each took and how much memory."""
    parser = argparse.ArgumentParser(prog="python -m tests.bundle.large", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--dir", action="store_true")
    parser.add_argument("--verify-only", action="store_true")
    arguments = parser.parse_args()
    out = arguments.folder / "large"
    begun = time.monotonic()
    if not arguments.verify_only:
        made, done = large(arguments.folder, out, arguments.items, arguments.files, as_folder=arguments.dir)
        (arguments.folder / "trust.toml").write_bytes(made.policy)
        print(f"export {time.monotonic() - begun:.1f} s, {done.items} items, {done.size:,} bytes, {_peak()}")
        return 0
    policy, core = load_policy((arguments.folder / "trust.toml").read_bytes(), "t"), 0.0

    def core_known(found: Verification) -> None:
        nonlocal core
        core = time.monotonic() - begun

    begun = time.monotonic()
    found = verify(out, policy, LATER, load_kinds(), core_known=core_known)
    told = f"core {core * 1000:.0f} ms, all {time.monotonic() - begun:.1f} s"
    print(f"verify {found.verdict}, {found.present} items, {told}, {_peak()}")
    for line in found.lines:
        print(f"  {line.outcome:<8}{line.name:<14}{line.reason[:120]}")
    return 0


def _peak() -> str:
    with open("/proc/self/status") as status:
        return "peak " + next(f"{int(line.split()[1]) // 1024} MB" for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.exit(main())
