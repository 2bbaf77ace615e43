"""Moving to another version, and to the next release, as a person at a shell does it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.log import read_log
from compliance_tui.safe.toml import dump_toml
from tests.assessment.walking import build, copy, tree, without_fsync
from tests.cli.calling import Call, caller, refused
from tests.cli.test_commands import run
from tests.standard.versions import documents, put


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    with without_fsync:
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template")
    build(home)
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return copy(template, tmp_path).parent


@pytest.fixture
def call(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    called = caller(home, monkeypatch, capsys)

    def in_assessment(*arguments: str, stdin: bytes = b"") -> object:
        return called("-C", "assessment", "--standards", "packs", *arguments, stdin=stdin)

    return in_assessment  # type: ignore[return-value]


def test_look_move_read_take_back(call: Call, home: Path) -> None:
    root = home / "assessment"
    load(root)
    before = tree(root)
    looked = call("migrate", "--to", "walk@1.1", "--dry-run")
    assert looked.status == 0
    assert tree(root) == before
    lines = looked.out.splitlines()
    assert "recheck     W-AGE: tightened: 100 -> 30 days" in lines
    assert "recheck     W-ONE, W-TWO -> W-ONE: merged, tightened: two belongs to one; late belongs to one; two sign" in lines
    assert "archived    W-GONE: retired: nobody read it; covered by W-ONE" in lines
    assert lines[-1] == "walk 0.9 -> 1.1 would be moved: 4 kept, 8 recheck, 1 recompute, 1 new, 2 archived"
    assert not any("W-KEEP" in line for line in lines)
    assert "kept        W-KEEP: unchanged" in call("migrate", "--to", "walk@1.1", "--dry-run", "--all").out.splitlines()
    document = json.loads(call("migrate", "--to", "walk@1.1", "--dry-run", "--json").out)
    assert tree(root) == before
    moved = call("migrate", "--to", "walk@1.1", "--json")
    assert json.loads(moved.out) == document
    assert load(root).assessment.standards[0].version == "1.1"
    again = call("migrate", "--to", "walk@1.1")
    assert (again.status, again.out) == (0, "walk is at 1.1 already; nothing to do\n")
    gone = call("show", "W-GONE")
    assert gone.status == 0
    assert "W-GONE: no pinned standard has it any more" in gone.out
    assert "How W-GONE is met." in gone.out
    merged = call("show", "W-ONE")
    assert "W-ONE  archived: an answer to walk 0.9" in merged.out
    assert "to be rechecked since" in merged.out
    assert call("status").status == 3
    back = call("migrate", "--undo")
    assert (back.status, back.out) == (0, "walk is back at 0.9, as it was before the move to 1.1\n")
    without = ("log.jsonl", "history/")
    assert tree(root, *without) == {name: one for name, one in before.items() if not name.startswith(without)}


def test_undo_is_refused_after_an_answer_with_what_to_do_instead(call: Call, home: Path) -> None:
    call("migrate", "--to", "walk@1.1")
    call("answer", "W-FRESH", "--status", "met", "--statement", "Now.")
    before = tree(home / "assessment")
    refused(call("migrate", "--undo"), "`compliance-tui migrate --to walk@0.9` goes back and keeps it")
    assert tree(home / "assessment") == before


def test_a_version_named_by_its_file_is_reached_through_its_neighbours(call: Call, home: Path) -> None:
    document = json.loads(call("migrate", "--to", "packs/walk/1.1.toml", "--json").out)
    assert document["guessed"] is False
    assert len(document["controls"]) == 16


def test_who_moved_is_in_the_log(call: Call, home: Path) -> None:
    call("--me", "eve", "migrate", "--to", "walk@1.0")
    assert {entry["by"] for entry in read_log(home / "assessment") if entry["act"] == "migrate"} == {"eve"}


HOSTILE = [
    (["migrate"], "say where to with --to"),
    (["migrate", "--to", ""], "say where to with --to"),
    (["migrate", "--to", "walk@1.1", "--undo"], "say where to with --to"),
    (["migrate", "--undo", "--dry-run"], "--undo goes alone"),
    (["migrate", "--undo", "--json"], "--undo goes alone"),
    (["migrate", "--undo"], "no migration that could be taken back"),
    (["migrate", "--to", "walk@7"], "no standard 'walk@7' is known"),
    (["migrate", "--to", "wa\x1b[2Jlk"], "is known; known are"),
    (["migrate", "--to", "frontier-release@1.1"], "does not pin frontier-release; it pins walk"),
    (["migrate", "--to", "none.toml"], "no such file"),
    (["migrate", "--to", "cut.toml"], "cut.toml, line"),
    (["migrate", "--to", "unknown.toml"], "controls[0].colour is not a known field"),
    (["migrate", "--to", "altered.toml"], "is pinned here with other bytes"),
    (["migrate", "--to", "faulty.toml"], "faulty.toml, line "),
    (["migrate", "--to", "faulty.toml", "--dry-run"], "W-FRESH: is not in 1.0, and no change says where it comes from"),
    (["-C", "nowhere", "migrate", "--to", "walk@1.1"], "no assessment here"),
    (["show", "**"], "no pinned standard has a control"),
    (["show", ""], "no pinned standard has a control"),
    (["show", "../../../etc/passwd"], "no pinned standard has a control"),
]


@pytest.mark.parametrize(("arguments", "said"), HOSTILE, ids=[" ".join(one[0])[:40] for one in HOSTILE])
def test_hostile_input_is_one_sentence_and_moves_nothing(call: Call, home: Path, arguments: list[str], said: str) -> None:
    tables = documents()
    whole = dump_toml(tables["1.1"])
    (home / "cut.toml").write_bytes(whole[: len(whole) // 2])
    tables["1.0"]["controls"][0]["colour"] = "red"
    (home / "unknown.toml").write_bytes(dump_toml(tables["1.0"]))
    (home / "altered.toml").write_bytes(dump_toml(tables["0.9"]) + b"# altered\n")
    tables["1.1"]["changes"].pop()
    (home / "faulty.toml").write_bytes(dump_toml(tables["1.1"]))
    load(home / "assessment")
    before = tree(home)
    refused(call(*arguments), said)
    assert tree(home) == before


def test_a_forged_or_truncated_journal_is_one_sentence(call: Call, home: Path) -> None:
    place = home / "assessment/.migration/journal.json"
    place.parent.mkdir()
    for content in (b'{"id": ', b'{"id": "x", "undo": true, "entry": {}, "files": [{"path": "../x"}]}', b""):
        place.write_bytes(content)
        refused(call("status"), "journal.json")
    (home / "assessment/history/last-migration.json").write_bytes(b"[")
    place.unlink()
    refused(call("migrate", "--undo"), "last-migration.json")


def test_the_next_release_begins_from_the_last(call: Call, home: Path) -> None:
    call("migrate", "--to", "walk@1.1")
    old = home / "assessment"
    load(old)
    before = tree(old)
    begun = call(
        "-C",
        ".",
        "init",
        "next",
        "--from",
        "assessment",
        "--subject",
        "thing",
        "--subject-version",
        "2",
        "--person",
        "eve=owner",
    )
    assert begun.status == 0, begun.err
    assert "pinned walk 1.1, 14 controls" in begun.out
    assert "13 answers and 2 evidence items carried over, 13 to confirm again" in begun.out
    assert tree(old) == before
    contents = load(home / "next")
    assert contents.assessment.subject.version == "2"
    assert [person.id for person in contents.assessment.people] == ["ada", "ben", "eve"]
    assert all(not response.sign_offs and response.status is None for response in contents.responses.values())


NEXT = [
    (["--subject", "s"], "name the standards with --standard, or an older assessment"),
    (["--from", "assessment", "--standard", "walk", "--subject", "s"], "one of the two"),
    (["--from", "nowhere", "--subject", "s"], "no assessment here"),
    (["--from", "packs", "--subject", "s"], "no assessment here"),
    (["--from", "assessment", "--subject", "s", "--set", "tier=T9"], "tier has no value T9"),
    (["--from", "assessment", "--subject", "s", "--set", "colour=red"], "no pinned standard has an axis colour"),
    (["--from", "assessment", "--subject", ""], "name"),
    (["--from", "assessment", "--subject", "s", "--artifact", "none.bin"], "none.bin: no such file"),
]


@pytest.mark.parametrize(("arguments", "said"), NEXT, ids=[" ".join(one[0])[:40] for one in NEXT])
def test_a_next_release_that_cannot_begin_leaves_nothing(call: Call, home: Path, arguments: list[str], said: str) -> None:
    load(home / "assessment")
    before = tree(home)
    refused(call("-C", ".", "init", "next", *arguments), said)
    assert tree(home) == before
    assert not (home / "next").exists()


def test_a_next_release_never_begins_in_its_own_or_another_assessment(call: Call, home: Path) -> None:
    refused(call("-C", ".", "init", "assessment", "--from", "assessment", "--subject", "s"), "already holds an assessment")


def test_a_damaged_old_assessment_is_one_sentence(call: Call, home: Path) -> None:
    path = home / "assessment/responses/walk/W-AGE.toml"
    path.write_bytes(path.read_bytes()[:40])
    refused(call("-C", ".", "init", "next", "--from", "assessment", "--subject", "s"), "W-AGE.toml, line")
    assert not (home / "next").exists()


def test_a_second_standard_is_named_where_an_id_is_in_both(call: Call, home: Path) -> None:
    table = documents()["1.0"]
    table["standard"]["id"] = "other"
    put(home / "packs", table)
    assert call("standards", "pin", "other").status == 0
    call("migrate", "--to", "walk@1.1")
    refused(call("show", "W-KEEP"), "write walk/W-KEEP or other/W-KEEP")
    assert call("show", "other/W-KEEP").status == 0


def test_the_whole_walk_in_processes_of_its_own(tmp_path: Path) -> None:
    begun = run("init", "a", "--standard", "frontier-release@0.9", "--subject", "x", "--set", "profile=api-only", "--set", "tier=T1", cwd=tmp_path)  # fmt: skip # noqa: E501
    assert begun.returncode == 0, begun.stderr
    run("-C", "a", "answer", "FR-EVL-03", "--status", "met", "--statement", "Outside.", cwd=tmp_path)
    moved = run("-C", "a", "migrate", "--to", "frontier-release@1.1", cwd=tmp_path)
    assert moved.returncode == 0, moved.stderr
    assert moved.stdout.splitlines()[-1].startswith("frontier-release 0.9 -> 1.1 moved: ")
    assert "Outside." in run("-C", "a", "show", "FR-CAP-05", cwd=tmp_path).stdout
    undone = run("-C", "a", "migrate", "--undo", cwd=tmp_path)
    assert undone.stdout == "frontier-release is back at 0.9, as it was before the move to 1.1\n"
