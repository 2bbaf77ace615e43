"""Many items, many files, large files: all of it is checked, the core first, and memory does not grow with the evidence."""

import shutil
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.tree import open_tree
from compliance_tui.bundle.verify import Verification, verify
from compliance_tui.bundle.write import Member, write_folder, write_zip
from compliance_tui.bundle.zip_read import MOST_MEMBERS
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.safe.errors import CancelledError, InputError
from compliance_tui.trust.policy import load_policy
from tests.assessment.sample import NOW
from tests.bundle.large import large
from tests.bundle.sample import LATER, line, sample
from tests.bundle.test_hostile import _peak


@pytest.mark.parametrize("as_folder", [False, True])
def test_many_items_of_many_files(tmp_path: Path, as_folder: bool) -> None:
    """At full size (10,000 items, 100,000 files) this is ``python -m tests.bundle.large``."""
    made, done = large(tmp_path, tmp_path / "out", 300, 10, as_folder=as_folder)
    assert done.items == 305
    found = made.verify(tmp_path / "out")
    assert found.verdict == "accepted", found.lines
    assert found.present == 305
    assert "3931 files" in line(found, "structure")[1]
    if as_folder:
        victim = tmp_path / "out/items/E-100222/files/part_7.md"
        victim.write_bytes(victim.read_bytes() + b"x")
        assert "E-100222/files/part_7.md was altered" in line(made.verify(tmp_path / "out"), "integrity")[1]
        shutil.rmtree(tmp_path / "out/items/E-100222")
        assert made.verify(tmp_path / "out").withheld == ["E-100222"]


def test_many_small_files_are_made_durable_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One by one they would take minutes."""
    import os

    members = [Member(f"f/{number:05d}", b"x", 1) for number in range(2_001)]
    calls: list[str] = []
    monkeypatch.setattr(os, "sync", lambda: calls.append("sync"))
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append("fsync") or real(descriptor))
    write_folder(tmp_path / "many", members)
    assert calls == ["sync", "fsync"]
    calls.clear()
    write_folder(tmp_path / "few", members[:10])
    assert calls.count("fsync") == 13
    assert "sync" not in calls


def test_more_files_than_a_reader_accepts_are_not_written(tmp_path: Path) -> None:
    members = [Member("x", b"", 0)] * (MOST_MEMBERS + 1)
    for write in (write_zip, write_folder):
        with pytest.raises(InputError, match="at most 250,000 files"):
            write(tmp_path / "x", members)


@pytest.mark.parametrize("as_folder", [False, True])
def test_the_core_is_judged_before_any_item_is_looked_at(tmp_path: Path, as_folder: bool) -> None:
    made = sample(tmp_path)
    made.export(tmp_path / "out", folder=as_folder)
    if as_folder:
        (tmp_path / "out/items/E-0001/files/more.txt").write_text("x")
    else:
        content = (tmp_path / "out").read_bytes()
        (tmp_path / "out").write_bytes(content[: content.rindex(b"PK\3\4")])  # cut within the items
    told: list[list[tuple[str, str]]] = []
    hashed: list[int] = []

    def core_known(found: Verification) -> None:
        assert hashed == []
        told.append([(one.name, one.outcome) for one in found.lines])

    found = verify(
        tmp_path / "out",
        load_policy(made.policy, "t"),
        LATER,
        load_kinds(),
        core_known=core_known,
        progress=hashed.append,
    )
    assert told == [
        [
            ("signatures", "pass"),
            ("identity", "pass"),
            ("time", "unknown"),
            ("standard", "pass"),
            ("freshness", "unknown"),
        ]
    ]
    assert (found.verdict, line(found, "structure")[0]) == ("broken", "fail")


def test_an_altered_core_says_nothing_at_all(tmp_path: Path) -> None:
    """It is hashed before anything in it is believed, and long before the items are."""
    made = sample(tmp_path)
    made.export(tmp_path / "out", folder=True)
    path = tmp_path / "out/core/readiness.json"
    path.write_bytes(path.read_bytes() + b"\n")
    told: list[Verification] = []
    found = verify(tmp_path / "out", load_policy(made.policy, "t"), LATER, load_kinds(), core_known=told.append)
    assert told == []
    assert (found.verdict, line(found, "integrity")[0], line(found, "signatures")[0]) == ("broken", "fail", "unknown")


def test_the_front_of_a_zip_is_what_its_directory_says(tmp_path: Path) -> None:
    made = sample(tmp_path)
    made.export(tmp_path / "out")
    with open_tree(tmp_path / "out", front_first=True) as tree:
        front = dict(tree.front())
        whole = dict(tree.sizes())
    assert front == {path: size for path, size in whole.items() if not path.startswith("items/")}


def test_memory_does_not_grow_with_the_evidence(tmp_path: Path) -> None:
    made = sample(tmp_path)
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(256 << 20)
    attach(load(made.root), [tmp_path / "big.bin"], ["S-01"], "ci", NOW, kind="document", date=NOW.date())
    actions.sign_off(load(made.root), "S-01", "ada", "owner", "ada", NOW)
    made.export(tmp_path / "out.zip")
    (tmp_path / "trust.toml").write_bytes(made.policy)
    status, peak, said = _peak(tmp_path, "verify", "out.zip", "--trust", "trust.toml", "--as-of", "2026-11-25")
    assert status == 0, said
    assert peak < 150
    status, peak, said = _peak(tmp_path, "redact", "out.zip", "--withhold", "E-0001", "-o", "less.zip")
    assert status == 0, said
    assert peak < 150


def test_it_can_be_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    made = sample(tmp_path)
    made.export(tmp_path / "out.zip")
    with pytest.raises(CancelledError):
        verify(tmp_path / "out.zip", load_policy(made.policy, "t"), LATER, load_kinds(), cancelled=lambda: True)
