"""The commands of a standards author, and of whoever reads what changed."""

import json
import os
from pathlib import Path

import pytest

from compliance_tui.safe.toml import dump_toml
from compliance_tui.shipped import shipped
from tests.cli.calling import Call, caller, refused
from tests.standard.versions import documents, put_all


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    put_all(tmp_path / "mine")
    return caller(tmp_path, monkeypatch, capsys)


def test_the_difference_of_two_versions_that_are_no_neighbours(call: Call) -> None:
    ended = call("--standards", "mine", "standards", "diff", "walk@0.9", "@1.1")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert lines[0] == "walk 0.9 -> walk 1.1: 13 changes"
    at = lines.index("merged, tightened: W-ONE, W-TWO -> W-ONE   [old answer: recheck]")
    assert lines[at + 1 : at + 4] == ["  two belongs to one", "  late belongs to one", "  two sign"]
    at = lines.index("tightened: W-TIER   [old answer: recheck]")
    assert lines[at + 2 : at + 5] == [
        "  concerns tier T3",
        "  - check days: days <= 30 at T1, 20 at T2, 20 at T3",
        "  + check days: days <= 30 at T1, 20 at T2, 10 at T3",
    ]
    assert "  statement: Words are [-many.-] {+few.+}" in lines
    assert "  covered by W-ONE" in lines
    assert "guessed" not in ended.out


def test_files_are_compared_through_the_versions_that_lie_beside_them(call: Call) -> None:
    by_id = call("--standards", "mine", "standards", "diff", "walk@0.9", "@1.1", "--json")
    by_file = call("standards", "diff", "mine/walk/0.9.toml", "mine/walk/1.1.toml", "--json")
    assert json.loads(by_file.out) == json.loads(by_id.out)
    assert json.loads(by_id.out)["guessed"] is False


def test_only_what_concerns_one_control(call: Call) -> None:
    ended = call("--standards", "mine", "standards", "diff", "walk@0.9", "@1.1", "--control", "W-TWO", "--json")
    assert [one["from"] for one in json.loads(ended.out)["changes"]] == [["W-ONE", "W-TWO"]]
    quiet = call("--standards", "mine", "standards", "diff", "walk@0.9", "@1.1", "--control", "W-KEEP")
    assert (quiet.status, quiet.out) == (0, "walk 0.9 -> walk 1.1: 0 changes\n")


def test_a_guess_says_that_it_is_one(call: Call, tmp_path: Path) -> None:
    table = documents()["1.1"]
    table["changes"] = []
    del table["standard"]["supersedes"]
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone/new.toml").write_bytes(dump_toml(table))
    ended = call("standards", "diff", "mine/walk/0.9.toml", "alone/new.toml")
    assert "guessed from ids and texts" in ended.out
    assert json.loads(call("standards", "diff", "mine/walk/0.9.toml", "alone/new.toml", "--json").out)["guessed"] is True


@pytest.mark.parametrize("identifier", ["frontier-release", "jailbreak-risk", "model-continuity"])
def test_the_shipped_packs_compare_without_guessing(call: Call, identifier: str) -> None:
    for versions in (("0.9", "1.0"), ("1.0", "1.1"), ("0.9", "1.1"), ("1.1", "0.9")):
        ended = call("standards", "diff", f"{identifier}@{versions[0]}", f"@{versions[1]}", "--json")
        assert ended.status == 0
        found = json.loads(ended.out)
        assert found["guessed"] is False
        assert all(one["note"] or "renamed" in one["kinds"] for one in found["changes"])


def test_lint_holds_the_list_of_changes_against_the_version_before(call: Call, tmp_path: Path) -> None:
    assert call("standards", "lint", "mine/walk/1.1.toml").status == 1  # its facts are none of the kind's
    table = documents()["1.0"]
    table["changes"][3]["to"] = ["W-BOTH"]
    path = tmp_path / "mine/walk/1.0.toml"
    path.write_bytes(dump_toml(table))
    line = path.read_text().splitlines().index("[[changes]]") + 1
    ended = call("standards", "lint", "mine/walk/1.0.toml")
    assert ended.status == 1
    found = [one for one in ended.out.splitlines() if "W-BOTH -> W-BOTH" in one]
    assert found[0].startswith("mine/walk/1.0.toml, line ")
    assert int(found[0].split("line ")[1].split(":")[0]) > line
    assert any("W-HALF: is not in 0.9" in one for one in ended.out.splitlines())
    listed = json.loads(call("standards", "lint", "mine/walk/1.0.toml", "--json").out)
    assert {"path", "line", "where", "text"} == set(listed[0])


def test_lint_finds_the_neighbours_from_inside_the_folder(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = documents()["1.0"]
    table["changes"].pop()
    (tmp_path / "mine/walk/1.0.toml").write_bytes(dump_toml(table))
    monkeypatch.chdir(tmp_path / "mine/walk")
    assert "W-SHORT: is not in 0.9" in call("standards", "lint", "1.0.toml").out


def test_the_shipped_packs_lint_clean(call: Call) -> None:
    ended = call("standards", "lint")
    assert (ended.status, ended.out.splitlines()[-1]) == (0, "9 checked, 0 findings"), ended.out


def test_from_a_new_pack_to_a_released_one_and_its_next_version(call: Call, tmp_path: Path) -> None:
    first = "own/my-own/0.1.toml"
    assert call("standards", "new", first, "--title", "My own", "--released", "2026-11-24").status == 0
    assert call("standards", "lint", first).out == "1 checked, 0 findings\n"
    assert call("standards", "release", first).status == 0
    assert call("standards", "release", first).status == 0
    second = "own/my-own/0.2.toml"
    assert call("standards", "new", second, "--after", first).status == 0
    assert call("standards", "lint", second).status == 0
    path = tmp_path / first
    path.write_text(path.read_text() + "# a word more\n")
    for arguments in (["lint", first], ["release", first], ["diff", first, second], ["show", first]):
        refused(call("standards", *arguments), "0.1.toml, line 1: my-own 0.1 was released with other bytes")


def test_a_pack_with_faults_or_out_of_place_is_not_released(call: Call, tmp_path: Path) -> None:
    ended = call("standards", "release", "mine/walk/1.1.toml")
    assert ended.status == 1
    assert "not released; mend these first" in ended.out
    assert not (tmp_path / "mine/released.toml").exists()
    (tmp_path / "loose.toml").write_bytes((tmp_path / "mine/walk/1.1.toml").read_bytes())
    refused(call("standards", "release", "loose.toml"), "a released pack lies at <id>/<version>.toml")


def test_comments_are_kept_listed_and_exported(call: Call, tmp_path: Path) -> None:
    said = "What counts?\n# Not a heading\n</blockquote>\x1b[2J"
    kept = call("standards", "comment", "W-ONE", "--of", "mine/walk/1.1.toml", "--text", "-", stdin=said.encode())
    assert kept.out == "kept; 1 comment on walk 1.1\n"
    call("--me", "# eve", "standards", "comment", "FR-SAF-02", "--of", "frontier-release@1.1", "--text", "Say how.")
    listed = call("standards", "comments")
    assert "> # Not a heading" in listed.out.splitlines()
    assert "\x1b" not in listed.out
    found = json.loads(call("standards", "comments", "--json").out)
    assert [(one["standard"], one["comments"][0]["control"]) for one in found] == [
        ("frontier-release", "FR-SAF-02"),
        ("walk", "W-ONE"),
    ]
    assert found[1]["comments"][0]["text"] == said
    assert call("standards", "comments", "--export", "out/here").status == 0
    assert json.loads((tmp_path / "out/here/comments.json").read_text()) == found
    text = (tmp_path / "out/here/comments.md").read_text()
    assert "From # eve, " in text
    assert "</blockquote>" not in text


def test_no_comments_are_no_fault(call: Call) -> None:
    assert call("standards", "comments").out == "no comments are kept here\n"
    assert call("standards", "comments", "--json").out == "[]\n"


HOSTILE = [
    (["diff", "walk@0.9", "@1.1"], "no standard 'walk@0.9' is known"),
    (["diff", "mine/walk/0.9.toml", "@7.7"], "no standard 'walk@7.7' is known"),
    (["diff", "mine/walk/0.9.toml", "none.toml"], "none.toml: no such file"),
    (["diff", "mine/walk/0.9.toml", "cut.toml"], "cut.toml"),
    (["diff", "mine/walk/0.9.toml", "unknown.toml"], "unknown.toml, line 10: standard.colour is not a known field"),
    (["diff", "mine/walk/0.9.toml", "empty.toml"], "empty.toml"),
    (["diff", "mine/walk/0.9.toml", "mine"], "no standard 'mine' is known"),
    (["diff", "mine/walk/0.9.toml", "link.toml"], "is a symbolic link"),
    (["diff", "mine/walk/0.9.toml", "bytes.toml"], "not UTF-8"),
    (["diff", "mine/walk/0.9.toml", "mine/walk/1.1.toml", "--control", "X\x1b]0;x\x07"], "neither version has a control X"),
    (["lint", "none.toml"], "no such file"),
    (["lint", "cut.toml"], "cut.toml"),
    (["lint", "walk@9\x1b[31m"], "is known; known are"),
    (["release", "none.toml"], "no such file"),
    (["release", "cut.toml"], "cut.toml"),
    (["new", "1.0.toml"], "a pack lies at <id>/<version>.toml"),
    (["new", "mine/walk/1.1.toml"], "is there already"),
    (["new", "mine/walk/2.0.toml", "--after", "none.toml"], "no such file"),
    (["new", "mine/walk/2.0.toml", "--after", "cut.toml"], "cut.toml"),
    (["new", "mine/walk/1.1.toml", "--after", "mine/walk/1.0.toml"], "is there already"),
    (["new", "mine/other/2.0.toml", "--after", "mine/walk/1.0.toml"], "another version at walk"),
    (["new", "mine/own/1.0.toml", "--released", "soon"], "not an instant"),
    (["new", "cut.toml/own/1.0.toml"], "could not be written"),
    (["comment", "W-ONE", "--text", "x"], "no assessment here"),
    (["comment", "W-NONE", "--of", "mine/walk/1.1.toml", "--text", "x"], "walk 1.1 has no control W-NONE"),
    (["comment", "W-ONE", "--of", "mine/walk/1.1.toml", "--text", ""], "text"),
    (["comment", "W-ONE", "--of", "mine/walk/1.1.toml", "--text", "x" * 20_001], "text"),
    (["comment", "W-ONE", "--of", "cut.toml", "--text", "x"], "cut.toml"),
    (["comments", "--export", "cut.toml"], "could not be written"),
    (["show", "mine/walk/1.1.toml", "W-NONE"], "has no control W-NONE"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), HOSTILE, ids=[" ".join(one[0])[:40] for one in HOSTILE])
def test_hostile_input_is_one_sentence(call: Call, tmp_path: Path, arguments: list[str], said: str) -> None:
    whole = dump_toml(documents()["1.1"])
    (tmp_path / "cut.toml").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.toml").write_bytes(b"")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    os.symlink("cut.toml", tmp_path / "link.toml")
    table = documents()["1.1"]
    (tmp_path / "unknown.toml").write_bytes(dump_toml({"standard": {"colour": "red", **table.pop("standard")}, **table}))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ended = call("standards", *arguments)
    refused(ended, said)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_lists_that_go_in_a_circle_are_refused(call: Call, tmp_path: Path) -> None:
    tables = documents()
    tables["0.9"]["changes"] = [{**tables["1.0"]["changes"][1], "from_version": "1.1"}]
    for version, table in tables.items():
        (tmp_path / f"mine/walk/{version}.toml").write_bytes(dump_toml(table))
    (tmp_path / "mine/walk/0.1.toml").write_bytes(
        dump_toml({**documents()["0.9"], "standard": {**documents()["0.9"]["standard"], "version": "0.1"}})
    )
    refused(call("--standards", "mine", "standards", "diff", "walk@0.1", "@1.1"), "go round in a circle; mend from_version")
    ended = call("--standards", "mine", "standards", "lint", "walk@1.1")
    assert ended.status == 1
    assert "goes round in a circle" in ended.out


def test_text_that_is_no_text_is_refused(call: Call) -> None:
    ended = call("standards", "comment", "W-ONE", "--of", "mine/walk/1.1.toml", "--text", "-", stdin=b"\xff\xfe")
    refused(ended, "standard input is not UTF-8")
    refused(call("standards", "comment", "W-ONE", "--of", "mine/walk/1.1.toml", "--text", "\udcff"), "text")


def test_a_damaged_file_of_comments_is_one_sentence(call: Call, tmp_path: Path) -> None:
    call("standards", "comment", "W-ONE", "--of", "mine/walk/1.1.toml", "--text", "x")
    path = tmp_path / "comments/walk-1.1.toml"
    path.write_bytes(path.read_bytes()[:-9])
    refused(call("standards", "comments"), "walk-1.1.toml, line")
    refused(call("standards", "comment", "W-ONE", "--of", "mine/walk/1.1.toml", "--text", "y"), "walk-1.1.toml, line")


def test_a_pack_is_shown_with_its_rules(call: Call) -> None:
    shown = call("standards", "show", str(shipped("standards") / "frontier-release/1.1.toml"), "FR-SAF-02")
    assert shown.status == 0
    assert "0.01 at T3" in shown.out
