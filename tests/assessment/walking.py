"""An assessment of the standard ``walk`` 0.9 in which every control is answered, and ways to look at all of its bytes."""

import shutil
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import Contents, load, record_bytes
from compliance_tui.assessment.migrate import Plan, migrate, plan_migration
from compliance_tui.assessment.model import Person, Response, Subject, Waiver
from compliance_tui.standard.digest import control_digest
from compliance_tui.standard.load import Pack, find_pack, versions_of
from compliance_tui.standard.model import Standard
from tests.assessment.sample import NOW, SERIES, policy_file, put
from tests.standard.versions import documents
from tests.standard.versions import put as put_pack

without_fsync = patch("os.fsync", lambda descriptor: None)  # processes die in tests, not machines
MOVE = "00000000-0000-4000-8000-000000000001"
UNDO = "00000000-0000-4000-8000-000000000002"
Tree = dict[str, bytes]


def build(home: Path) -> Path:
    """``home`` with the packs under ``packs/`` and the assessment: all met with evidence, some signed, one waived."""
    packs = {version: put_pack(home / "packs", table) for version, table in documents().items()}
    people = [Person(id="ada", name="Ada", seats=["owner"]), Person(id="ben", name="Ben", seats=["security"])]
    root = home / "assessment"
    axes = {"profile": "api", "tier": "T1"}
    actions.create(root, [packs["0.9"]], Subject(name="thing", version="1"), axes, people, SERIES, "ada", NOW)
    put(root, policy_file(home), "W-KEEP")
    put(root, policy_file(home, "2026-11-02", "other.md"), "W-TWO")
    standard = packs["0.9"].standard
    for control in standard.controls:
        contents = load(root)
        said = contents.responses.get(("walk", control.id), Response(standard="walk", control=control.id))
        answered = said.model_copy(
            update={
                "status": "met",
                "statement": f"How {control.id} is met.",
                "evidence": said.evidence or ["E-0001"],
                "answered_by": "ada",
                "answered_at": NOW,
                "answers": control_digest(control),
            }
        )
        path = root / f"responses/walk/{control.id}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(record_bytes(answered))
    for name in ("W-KEEP", "W-NAME", "W-WORD", "W-AGE", "W-EASE", "W-RATE", "W-BOTH", "W-GONE"):
        actions.sign_off(load(root), name, "ada", "owner", "ada", NOW)
    waiver = Waiver(reason="r", owner="ada", approver="ben", until=NOW.date().replace(year=2027), approved_at=NOW)
    actions.waive(load(root), "W-WIDE", waiver, "ada", NOW)
    return root


def copy(template: Path, folder: Path) -> Path:
    """A copy of what ``build`` made, times and all; gives its assessment."""
    shutil.copytree(template, folder / "home")
    return folder / "home" / "assessment"


def tree(root: Path, *without: str) -> Tree:
    """Every file under ``root`` with its bytes, but for caches, the lock, and what is named."""
    skipped = (".cache/", ".lock", *without)
    return {
        name: path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not (name := path.relative_to(root).as_posix()).startswith(skipped)
    }


def home_of(root: Path) -> Path:
    """The folder of standards beside an assessment that ``build`` made."""
    return root.parent / "packs"


def target(root: Path, reference: str, folder: Path | None = None) -> tuple[Pack, Callable[[str], Standard | None]]:
    """The pack to move to, and where the versions in between are."""
    folders = [folder or home_of(root)]
    pack = find_pack(reference, folders)
    pinned = [standard for standard, _ in load(root).standards]
    return pack, versions_of(pack.standard.id, folders, [*pinned, pack.standard])


def plan(root: Path, reference: str) -> Plan:
    """What a move would do."""
    pack, version = target(root, reference)
    return plan_migration(load(root), pack, version, NOW)


def move(root: Path, reference: str, name: str = MOVE) -> Plan:
    """The move itself."""
    pack, version = target(root, reference)
    return migrate(load(root), pack, version, name, "ada", NOW)


def responses(contents: Contents, standard: str = "walk") -> dict[str, Response]:
    """The answers to one standard, by control."""
    return {control: response for (of, control), response in contents.responses.items() if of == standard}
