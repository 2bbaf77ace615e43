"""Other versions in the terminal UI: a preview changes nothing, differences are marked, one question moves the answers."""

import re
from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from tests.assessment.sample import NOW, STANDARD, start
from tests.tui.driving import driving

CHANGES = """
[[changes]]
from_version = "1.0"
kinds = ["tightened"]
from = ["S-01"]
to = ["S-01"]
effect = "recheck"
note = "fifty days instead of a hundred"
"""


def _next_version(folder: Path) -> None:
    content = STANDARD.replace('version = "1.0"', 'version = "1.1"\nsupersedes = "1.0"', 1)
    content = content.replace("max_age_days = 100", "max_age_days = 50").replace(
        "There is a policy.", "There is a signed policy."
    )
    path = folder / "packs" / "small" / "1.1.toml"
    path.write_text(content + CHANGES)


def _start(folder: Path) -> Path:
    root = start(folder)
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement="We have one.")
    actions.answer(load(root), "S-03", "ada", NOW, status="not-met", statement="Not yet.")
    _next_version(folder)
    return root


def _bytes(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file() and ".cache" not in path.parts}


async def test_the_preview_shows_what_happens_to_each_answer_and_changes_nothing(tmp_path: Path) -> None:
    root = _start(tmp_path)
    before = _bytes(root)
    async with driving(root, (120, 36), standards_folder=tmp_path / "packs") as driver:
        await driver.press("v")
        assert "small 1.1" in driver.text
        await driver.press("enter")
        shown = driver.text
        assert "nothing was changed yet" in shown
        assert "fifty days instead of a hundred" in shown
        assert "We have one." in shown
        assert "{+signed+}" in shown
        await driver.press("escape", "escape")
    assert _bytes(root) == before


async def test_the_differences_stand_beside_each_other(tmp_path: Path) -> None:
    async with driving(_start(tmp_path), (170, 40), standards_folder=tmp_path / "packs") as driver:
        await driver.press("v")
        await driver.press("d")
        row = next(line for line in driver.text.splitlines() if "at most 50 days old" in line)
        assert "at most 100 days old" in row


async def test_one_question_moves_the_answers(tmp_path: Path) -> None:
    root = _start(tmp_path)
    async with driving(root, (80, 24), standards_folder=tmp_path / "packs") as driver:
        await driver.press("v")
        await driver.press("enter")
        await driver.press("f2")
        await driver.press("escape")
        assert load(root).assessment.standards[0].version == "1.0"
        await driver.press("f2")
        await driver.press("f2")
        contents = load(root)
        assert contents.assessment.standards[0].version == "1.1"
        moved = contents.responses["small", "S-01"]
        assert (moved.status, moved.statement) == (None, "We have one.")
        assert moved.recheck is not None
        assert contents.responses["small", "S-03"].status == "not-met"
        assert "moved to small 1.1" in driver.text


async def test_a_broken_pack_is_said_in_a_sentence(tmp_path: Path) -> None:
    root = _start(tmp_path)
    (tmp_path / "packs" / "small" / "1.2.toml").write_text("[standard]\nid = 3\n")
    async with driving(root, (100, 30), standards_folder=tmp_path / "packs") as driver:
        await driver.press("v")
        assert "1.2.toml, line" in " ".join(driver.text.split())  # a long path breaks the line anywhere


async def test_what_is_pinned_stands_among_the_versions_and_the_lists_are_narrowed(tmp_path: Path) -> None:
    async with driving(_start(tmp_path), (120, 40), standards_folder=tmp_path / "packs") as driver:
        await driver.press("v")
        assert re.search(r"pinned +small 1.0", driver.text)
        assert re.search(r"newer +small 1.1", driver.text)
        assert "it takes the place of 1.0" in driver.text
        await driver.press("up", "enter")
        assert "this is the version that is pinned" in driver.text
        await driver.press("down", "enter")
        assert "To be rechecked (1)" in driver.text
        assert "Kept" not in driver.text
        await driver.press("c")
        assert "Kept (2)" in driver.text
        await driver.press("slash")
        await driver.type("fifty")
        assert "Kept" not in driver.text
        await driver.press("enter", "slash")
        await driver.type(" nowhere")
        assert "nothing is found" in driver.text
        await driver.press("escape")
        assert "Kept (2)" in driver.text
        await driver.press("escape", "d", "slash")
        await driver.type("signed")
        assert "~ S-01" in driver.text


async def test_without_another_version_that_is_said(tmp_path: Path) -> None:
    async with driving(start(tmp_path), (100, 30), standards_folder=tmp_path / "packs") as driver:
        await driver.press("v")
        assert "no other version of them is known" in driver.text
        await driver.press("enter", "d")
        assert driver.page == "VersionsPage"
