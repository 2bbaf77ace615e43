"""Other versions in the terminal UI: the preview changes nothing, the differences are marked, one question moves the answers."""

from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.tui.app import ComplianceApp
from tests.assessment.sample import NOW, STANDARD, pack, start
from tests.tui.test_app import _screen, _settle

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


def _app(folder: Path, root: Path) -> ComplianceApp:
    return ComplianceApp(load(root), person="ada", clock=lambda: NOW, standards_folder=folder / "packs")


async def test_the_preview_shows_what_happens_to_each_answer_and_changes_nothing(tmp_path: Path) -> None:
    root = _start(tmp_path)
    before = {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file() and ".cache" not in path.parts}
    app = _app(tmp_path, root)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("v")
        await pilot.pause(0.2)
        assert "small 1.1" in _screen(app)
        await pilot.press("enter")
        await pilot.pause(0.2)
        shown = _screen(app)
        assert "nothing was changed yet" in shown
        assert "fifty days instead of a hundred" in shown
        assert "We have one." in shown
        assert "[-" not in shown.split("1.1")[0]
        assert "{+signed+}" in shown
        await pilot.press("escape", "escape")
    after = {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file() and ".cache" not in path.parts}
    assert after == before


async def test_the_differences_stand_beside_each_other(tmp_path: Path) -> None:
    app = _app(tmp_path, _start(tmp_path))
    async with app.run_test(size=(170, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("v")
        await pilot.pause(0.2)
        await pilot.press("d")
        await pilot.pause(0.2)
        row = next(line for line in _screen(app).splitlines() if "at most 50 days old" in line)
        assert "at most 100 days old" in row


async def test_one_question_moves_the_answers(tmp_path: Path) -> None:
    root = _start(tmp_path)
    app = _app(tmp_path, root)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("v", "enter")
        await pilot.pause(0.2)
        await pilot.press("f2")
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert load(root).assessment.standards[0].version == "1.0"
        await pilot.press("f2")
        await pilot.pause(0.2)
        await pilot.press("f2")
        await _settle(app, pilot)
        contents = load(root)
        assert contents.assessment.standards[0].version == "1.1"
        moved = contents.responses["small", "S-01"]
        assert (moved.status, moved.statement) == (None, "We have one.")
        assert moved.recheck is not None
        assert contents.responses["small", "S-03"].status == "not-met"
        assert "moved to small 1.1" in _screen(app)


async def test_a_broken_pack_is_said_in_a_sentence(tmp_path: Path) -> None:
    root = _start(tmp_path)
    (tmp_path / "packs" / "small" / "1.2.toml").write_text("[standard]\nid = 3\n")
    app = _app(tmp_path, root)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("v")
        await pilot.pause(0.2)
        assert "1.2.toml, line" in _screen(app)
    assert pack(tmp_path).standard.version == "1.0"
