"""The terminal UI, driven by its keyboard."""

import datetime as dt
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TextArea

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.tui.actions import ACTIONS, Action, bindings
from compliance_tui.tui.app import ComplianceApp
from compliance_tui.tui.checklist import Checklist
from compliance_tui.tui.forms import complete_path
from tests.assessment.sample import NOW, canary_file, complete, policy_file, put, start

HOSTILE = "x [/etc/shadow] [@click=app.quit] \x1b]52;c;aGk=\x07 \u202e[bold]"


def _app(root: Path, **more: bool) -> ComplianceApp:
    return ComplianceApp(load(root), person="ada", clock=lambda: NOW, **more)


async def _settle(app: ComplianceApp, pilot: Pilot[int]) -> None:
    """Until the work in threads is over, the folder was read again, and the screen shows it."""
    for _ in range(4):
        await pilot.pause(0.12)
        await app.workers.wait_for_complete()
    await pilot.pause(0.12)


def _screen(app: ComplianceApp) -> str:
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def test_the_first_gap_is_under_the_cursor_and_n_goes_on_and_around(tmp_path: Path) -> None:
    app = _app(start(tmp_path))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause(0.2)
        assert "NOT READY" in _screen(app)
        assert app.selected is not None
        assert app.selected.control.id == "S-01"
        await pilot.press("n")
        assert app.selected.control.id == "S-02"
        await pilot.press("n")
        assert app.selected.control.id == "S-01"


async def test_an_answer_is_typed_and_saved(tmp_path: Path) -> None:
    root = start(tmp_path)
    app = _app(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("down", "tab", *"Yes", "f2")
        await _settle(app, pilot)
        response = load(root).responses["small", "S-01"]
        assert (response.status, response.statement, response.answered_by) == ("partly-met", "Yes", "ada")
        assert app.selected is not None
        assert app.selected.response == response


async def test_a_draft_outlives_the_form(tmp_path: Path) -> None:
    root = start(tmp_path)
    app = _app(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("tab", *"Draft", "escape")
        await pilot.pause()
        assert ("small", "S-01") not in load(root).responses
    app = _app(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        assert app.screen.query_one(TextArea).text == "Draft"


async def test_evidence_is_attached_by_path(tmp_path: Path) -> None:
    root = start(tmp_path)
    app = _app(root)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("e")
        await pilot.pause()
        app.screen.query_one("#path", Input).value = str(policy_file(tmp_path))
        await pilot.press("enter")
        await _settle(app, pilot)
        assert load(root).responses["small", "S-01"].evidence == ["E-0001"]
        assert len(app.screen_stack) == 1


async def test_evidence_that_is_refused_leaves_the_form_open(tmp_path: Path) -> None:
    app = _app(start(tmp_path))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("e")
        await pilot.pause()
        app.screen.query_one("#path", Input).value = str(tmp_path / "none[/x]")
        await pilot.press("enter")
        await _settle(app, pilot)
        assert len(app.screen_stack) == 2


async def test_sign_off_and_waiver(tmp_path: Path) -> None:
    root = start(tmp_path)
    put(root, policy_file(tmp_path), "S-01")
    actions.answer(load(root), "S-01", "ada", NOW, status="met")
    app = _app(root)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.1)
        await pilot.press("s")
        await pilot.pause()
        await pilot.press("enter")
        await _settle(app, pilot)
        assert load(root).readiness(NOW).state("small", "S-01").outcome == "satisfied"  # type: ignore[union-attr]
        await pilot.press("n", "w")
        await pilot.pause()
        for name, value in (("reason", "moved"), ("owner", "ada"), ("approver", "ben"), ("until", "2026-12-31")):
            app.screen.query_one(f"#{name}", Input).value = value
        await pilot.press("f2")
        await _settle(app, pilot)
        waiver = load(root).responses["small", "S-02"].waiver
        assert waiver is not None
        assert (waiver.approver, waiver.until) == ("ben", dt.date(2026, 12, 31))
        assert "READY WITH WAIVERS" in _screen(app)


async def test_the_filter_narrows_and_escape_widens(tmp_path: Path) -> None:
    app = _app(start(tmp_path))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"kind:canary-test", "enter")
        await pilot.pause(0.2)
        assert "1 of 1" in _screen(app) or "1 shown" in _screen(app)
        assert "Recall" in _screen(app)
        assert "S-01  Policy" not in _screen(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "S-01  Policy" in _screen(app)


async def test_the_readiness_page_says_what_readiness_says(tmp_path: Path) -> None:
    root = start(tmp_path)
    app = _app(root)
    result = load(root).readiness(NOW)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        shown = _screen(app)
        assert f"{len(result.blocking())} block" in shown
        for state in result.blocking():
            assert state.control.id in shown
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1


async def test_export_asks_for_a_word(tmp_path: Path) -> None:
    root = complete(tmp_path)
    app = _app(root)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        await pilot.press("x")
        await pilot.pause()
        app.screen.query_one("#out", Input).value = str(tmp_path / "out.zip")
        app.screen.query_one("#out", Input).focus()
        await pilot.press("enter")
        assert not (tmp_path / "out.zip").exists()
        app.screen.query_one("#word", Input).value = "export"
        await pilot.press("enter")
        await _settle(app, pilot)
        assert (tmp_path / "out.zip").is_file()


async def test_changes_from_outside_are_seen(tmp_path: Path) -> None:
    root = start(tmp_path)
    app = _app(root)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        actions.answer(load(root), "S-01", "ben", NOW, status="met", statement="From elsewhere.")
        app._look()
        await _settle(app, pilot)
        assert "From elsewhere." in _screen(app)
        (root / "responses/small/S-01.toml").write_text("status = 3")
        app.action_reload()
        await _settle(app, pilot)
        assert "standard is missing" in _screen(app)
        assert "From elsewhere." in _screen(app)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45)])
async def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    root = start(tmp_path)
    put(root, policy_file(tmp_path, name="a [bold] [@click=app.quit].md"), "S-01")
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement=HOSTILE)
    app = _app(root)
    async with app.run_test(size=size) as pilot:
        for keys in ((), ("s", "escape"), ("a", "escape"), ("r", "escape"), ("x", "escape"), ("question_mark", "escape")):
            await pilot.press(*keys)
            await pilot.pause(0.15)
            shown = _screen(app)
            assert "\x1b" not in shown
            assert "\u202e" not in shown
        detail = str(app.query_one("#detail", Static).render())
        assert "[/etc/shadow] [@click=app.quit]" in detail


async def test_a_bundle_is_looked_at_and_not_changed(tmp_path: Path) -> None:
    app = _app(complete(tmp_path), read_only=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("a", "e", "s", "w", "x")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert "READ-ONLY" in _screen(app)


async def test_every_status_can_be_chosen(tmp_path: Path) -> None:
    root = start(tmp_path)
    put(root, canary_file(tmp_path), "S-02")
    app = _app(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        assert app.screen.query_one(OptionList).option_count == 5


def test_every_action_has_a_key_a_name_and_help_and_no_key_is_wanted_twice() -> None:
    assert all(action.key and action.title and action.help for action in ACTIONS)
    assert all(hasattr(ComplianceApp, f"action_{action.id}") for action in ACTIONS)
    assert len(bindings()) == len(ACTIONS)
    with pytest.raises(ValueError, match="the key n is wanted by next_gap and other"):
        bindings((*ACTIONS, Action("other", "n", "other", "Wants a key that is taken.")))
    with pytest.raises(ValueError, match="the key tab is wanted by the screens and other"):
        bindings((*ACTIONS, Action("other", "tab", "other", "Wants a key of the screens.")))


def test_paths_are_completed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").write_text("x")
    assert complete_path(f"{tmp_path}/fo") == f"{tmp_path}/folder/"
    assert complete_path(f"{tmp_path}/file") == f"{tmp_path}/file.txt"
    assert complete_path(f"{tmp_path}/none") is None


async def test_the_cursor_keeps_its_control_when_the_list_is_built_anew(tmp_path: Path) -> None:
    app = _app(start(tmp_path))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("n")
        await pilot.press("g")
        await pilot.pause(0.1)
        assert app.query_one(Checklist).selected == ("small", "S-02")
