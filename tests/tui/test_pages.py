"""Readiness, the release, start, a new assessment, verifying, exporting."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from textual.widgets import Input

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.plan import calendar
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.trust.keys import new_key
from compliance_tui.tui import memory
from compliance_tui.tui.choice import Several
from compliance_tui.tui.pick import Pick
from compliance_tui.tui.readiness import grid
from tests.assessment.sample import NOW, complete, pack, start
from tests.tui.driving import driving
from tests.tui.release import release


async def test_the_readiness_page_says_what_readiness_says_and_leads_to_the_controls(tmp_path: Path) -> None:
    root = release(tmp_path)
    result = load(root).readiness(NOW)
    async with driving(root, (140, 45)) as it:
        await it.press("r")
        assert f"{len(result.blocking())} block" in it.text
        for state in result.blocking():
            assert state.control.id in it.text
        assert "the sign-off of owner by ada lapsed" in it.text
        assert "2026-12-11  the waiver by ben has ended" in it.text
        assert "In order, day by day" in it.text
        await it.press("end", "enter")
        assert it.page == "ControlsPage"
        assert it.selected == "S-04"


async def test_equal_wants_stand_together_and_enter_marks_their_controls(tmp_path: Path) -> None:
    async with driving(start(tmp_path), (140, 45)) as it:
        await it.press("r")
        assert "2: S-02, S-01" in it.text or "2: S-01, S-02" in it.text
        await it.press("enter")
        assert "2 controls are marked" in it.text


async def test_what_if_changes_nothing(tmp_path: Path) -> None:
    root = start(tmp_path)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".cache" not in path.parts}
    async with driving(root, (140, 45)) as it:
        await it.press("r", "w")
        pick = it.app.screen.query_one(Pick)
        pick.go_to("small/profile=open")
        await it.press("enter")
        assert "What if profile open" in it.text
        assert "1 newly required: S-03" in it.text
        await it.press("w", "home", "enter")
        assert "What if" not in it.text
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".cache" not in path.parts}
    assert after == before


def test_the_calendar_ends_with_the_release_and_marks_what_runs_out(tmp_path: Path) -> None:
    contents = load(release(tmp_path))
    until = dt.date(2026, 12, 15)
    events = calendar(contents, contents.readiness(NOW), until)
    assert [event.day for event in events] == [dt.date(2026, 12, 11)]
    drawn = "\n".join(row.plain for row in grid(NOW.date(), until, {event.day for event in events}))
    assert "24]" in drawn
    assert "11!" in drawn
    assert "15>" in drawn
    assert "January" not in drawn


async def test_the_release_page_changes_axes_people_and_the_day(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (120, 40)) as it:
        await it.press("p")
        await it.press("enter")
        it.app.screen.query_one("#release_date", Input).value = "2027-01-31"
        await it.press("f2")
        assert load(root).assessment.subject.release_date == dt.date(2027, 1, 31)
        settings = it.app.screen.query_one("#settings")
        axis = next(row for row in settings.rows if getattr(row, "which", "") == "small/tier")  # type: ignore[attr-defined]
        settings.go_to(axis)  # type: ignore[attr-defined]
        await it.press("enter", "end")
        assert "T2" in it.text
        await it.press("enter")
        assert load(root).assessment.axes["small/tier"] == "T2"
        await it.press("end", "enter")
        await it.type("cleo")
        it.app.screen.query_one("#seats", Several).picked = {"security"}
        await it.press("f2")
        person = load(root).assessment.person("cleo")
        assert person is not None
        assert person.seats == ["security"]


async def test_a_file_is_added_to_the_release_by_its_digest(tmp_path: Path) -> None:
    root = start(tmp_path)
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    async with driving(root, (120, 40)) as it:
        await it.press("p")
        settings = it.app.screen.query_one("#settings")
        settings.go_to(next(row for row in settings.rows if getattr(row, "name", "") == "add a file"))  # type: ignore[attr-defined]
        await it.press("enter")
        await it.type(str(weights), "enter")
        artifacts = load(root).assessment.subject.artifacts
        assert [(one.name, one.sha256) for one in artifacts[1:]] == [
            ("weights.bin", hashlib.sha256(b"weights").hexdigest()),
        ]


async def test_an_assessment_is_made_step_by_step(tmp_path: Path) -> None:
    pack(tmp_path)
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    async with driving(None, (100, 34), standards_folder=tmp_path / "packs") as it:
        assert it.page == "StartPage"
        await it.press("n")
        await it.press("f2")
        assert "name what is released" in it.text
        await it.type("orchard")
        await it.press("f2")
        await it.type(str(weights), "enter")
        assert "sha256" in it.text
        await it.press("f2")
        it.app.screen.query_one("#standards", Pick).go_to("small@1.0")
        await it.press("space", "f2")
        assert "what is not chosen counts as asked for" in it.text
        await it.press("1", "tab", "2")
        assert "2 of 3 controls required" in it.text
        await it.press("f2")
        it.app.screen.query_one("#seat-security", Input).value = "ben"
        await it.press("f2")
        it.app.screen.query_one("#folder", Input).value = str(tmp_path / "new")
        await it.press("f2")
        assert it.page == "ControlsPage"
        assert "orchard" in it.text
    assessment = load(tmp_path / "new").assessment
    assert assessment.axes == {"small/profile": "api", "small/tier": "T1"}
    assert [(person.id, person.seats) for person in assessment.people] == [("ada", ["owner"]), ("ben", ["security"])]
    assert [(one.name, one.size) for one in assessment.subject.artifacts] == [("weights.bin", 7)]


async def test_a_half_made_assessment_is_taken_up_again(tmp_path: Path) -> None:
    pack(tmp_path)
    async with driving(None, (100, 34), standards_folder=tmp_path / "packs") as it:
        await it.press("n")
        await it.type("orchard", "f2")
    async with driving(None, (100, 34), standards_folder=tmp_path / "packs") as it:
        await it.press("n", "escape")
        assert it.app.screen.query_one("#name", Input).value == "orchard"


async def test_what_was_opened_is_at_hand_the_next_time(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root):
        pass
    assert memory.recent()[0]["path"] == str(root)
    async with driving(None, (140, 30)) as it:
        assert "thing 1" in it.text
        assert "not ready, 2 block" in it.text
        await it.press("enter")
        assert it.page == "ControlsPage"
        assert it.selected == "S-02"
        await it.press("o", "d")
        assert memory.recent() == []


def test_the_list_of_recent_ones_is_bounded_and_survives_nonsense(tmp_path: Path) -> None:
    for number in range(30):
        memory.opened(tmp_path / str(number), {"name": str(number)})
    assert len(memory.recent()) == 20
    assert memory.recent()[0]["name"] == "29"
    for nonsense in (b"{", b"[1, {}]", b'{"a": 1}', b"\xff", b'[{"path": 3}]'):
        (memory.state_folder() / "recent.json").write_bytes(nonsense)
        assert memory.recent() == []


async def test_what_cannot_be_opened_is_said_and_the_start_page_stays(tmp_path: Path) -> None:
    broken = start(tmp_path)
    (broken / "assessment.toml").write_text("schema = 3")
    async with driving(None, (140, 30)) as it:
        await it.press("o")
        await it.type(str(tmp_path), "enter")
        assert "neither an assessment nor a bundle" in it.text
        for box in it.app.screen.query(Input):
            box.value = ""
        await it.type(str(broken), "enter")
        await it.until("assessment.toml")
        assert it.page == "StartPage"


async def test_export_shows_what_it_signs_asks_for_a_word_and_verifies(tmp_path: Path) -> None:
    root = complete(tmp_path)
    new_key(tmp_path / "ada.key", None)
    async with driving(root, (110, 44)) as it:
        await it.press("x")
        assert "READY" in it.text
        assert "2 answers, 2 evidence items" in it.text
        assert load(root).assessment.standards[0].sha256 in it.text
        it.app.screen.query_one("#out", Input).value = str(tmp_path / "out.zip")
        it.app.screen.query_one("#keys", Input).value = str(tmp_path / "ada.key")
        await it.press("f2")
        assert not (tmp_path / "out.zip").exists()
        assert "type export in the last field" in it.text
        await it.type("export", "enter")
        assert "Written, read back and verified" in it.text
        assert "pass    integrity" in it.text
        await it.press("escape")
        assert "written, bundle id" in it.text
    from compliance_tui.bundle.verify import verify

    found = verify(tmp_path / "out.zip", None, NOW, load_kinds())
    assert {line.name: line.outcome for line in found.lines}["integrity"] == "pass"
    assert found.signatures is not None


@pytest.mark.parametrize("key", ["nowhere.key", "agent:SHA256:none"])
async def test_a_key_that_cannot_sign_is_refused_before_anything_is_written(tmp_path: Path, key: str) -> None:
    root = complete(tmp_path)
    async with driving(root, (110, 44)) as it:
        await it.press("x")
        it.app.screen.query_one("#out", Input).value = str(tmp_path / "out.zip")
        it.app.screen.query_one("#keys", Input).value = key
        it.app.screen.query_one("#word", Input).value = "export"
        await it.press("f2")
        assert it.page == "ExportForm"
    assert not (tmp_path / "out.zip").exists()
