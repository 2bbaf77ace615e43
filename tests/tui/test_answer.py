"""Answering, signing, waiving: what is on disk afterwards, and what is not lost."""

import datetime as dt
from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.tui.choice import Choice
from tests.assessment.sample import NOW, policy_file, put, start
from tests.tui.driving import driving, response
from tests.tui.release import release
from tests.tui.terminal import Terminal


async def test_an_answer_is_typed_and_saved(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (80, 24)) as it:
        await it.press("a", "2", "enter", "Y", "e", "s", "f2")
        saved = response(root, "S-02")
        assert (saved.status, saved.statement, saved.answered_by) == ("partly-met", "Yes", "ada")
        assert "S-02 answered partly met" in it.text
        assert "partly met" in it.text.split("S-02")[1]


async def test_nothing_is_met_by_default(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (80, 24)) as it:
        await it.press("a", "tab", "tab")
        await it.type("Text without a status.", "f2")
        assert it.page == "AnswerForm"
        assert "choose a status first" in it.text
        assert ("small", "S-02") not in load(root).responses


async def test_a_sentence_typed_after_the_number_is_the_statement(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (80, 24)) as it:
        await it.press("a", "2", "A")
        await it.type("ll, 4 times a year.", "f5", "1", "f2")
        saved = response(root, "S-02")
        assert (saved.status, saved.statement) == ("met", "All, 4 times a year.")


@pytest.mark.parametrize("lead", ["3", "3\r"])
def test_no_key_is_lost_however_quickly_they_come(tmp_path: Path, lead: str) -> None:
    said = "At 2 sites, 14 people; a 5 day test. Level 4 of 5."
    terminal = Terminal(start(tmp_path), 80, 24, COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    terminal.until("S-02")
    terminal.still(0.3)
    terminal.press("a")
    terminal.until("partly met")
    terminal.still(0.2)
    terminal.press(lead + said)
    terminal.still(0.3)
    terminal.press("\x13")
    terminal.until("answered")
    assert terminal.close() == 0
    saved = response(tmp_path / "assessment", "S-02")
    assert (saved.status, saved.statement) == ("not-met", said)


async def test_a_statement_is_gone_on_with_at_its_end(tmp_path: Path) -> None:
    root = start(tmp_path)
    actions.answer(load(root), "S-02", "ada", NOW, status="met", statement="Saved.")
    async with driving(root, (80, 24)) as it:
        await it.press("a")
        await it.type(" More.", "f2")
        assert response(root, "S-02").statement == "Saved. More."


async def test_a_draft_outlives_the_form_and_the_program(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (80, 24)) as it:
        await it.press("a", "3", "enter")
        await it.type("Draft", "escape")
        assert ("small", "S-02") not in load(root).responses
    async with driving(root, (80, 24)) as it:
        await it.press("a")
        assert it.app.screen.query_one(TextArea).text == "Draft"
        assert it.app.screen.query_one(Choice).chosen == "not-met"
        assert "not saved yet" in it.text
        await it.press("f2")
        assert response(root, "S-02").statement == "Draft"
        await it.press("a")
        assert "not saved yet" not in it.text
        assert not list((root / ".drafts").iterdir())


async def test_a_draft_is_dropped_only_on_purpose(tmp_path: Path) -> None:
    root = start(tmp_path)
    actions.answer(load(root), "S-02", "ada", NOW, status="met", statement="Saved.")
    async with driving(root, (80, 24)) as it:
        await it.press("a")
        await it.type("More. ")
        await it.press("f4")
        assert it.app.screen.query_one(TextArea).text == "Saved."
        await it.press("escape", "a")
        assert "not saved yet" not in it.text


async def test_somebody_else_s_answer_is_shown_before_it_is_written_over(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (100, 30)) as it:
        await it.press("a", "1", "enter")
        await it.type("Mine.")
        actions.answer(load(root), "S-02", "ben", NOW, status="not-met", statement="Ben's words.")
        it.app._look()
        await it.settle()
        assert "ben answered this meanwhile: not met: Ben's words." in it.text
        assert it.app.screen.query_one(TextArea).text == "Mine."  # what is being typed stays
        await it.press("f2")
        assert response(root, "S-02").statement == "Mine."
    kept = [path.read_text() for path in (root / "history").iterdir()]
    assert any("Ben's words." in text for text in kept)


async def test_an_answer_changed_in_the_same_moment_is_not_written_over_unseen(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (100, 30)) as it:
        await it.press("a", "1", "enter")
        await it.type("Mine.")
        actions.answer(load(root), "S-02", "ben", NOW, status="not-met", statement="Ben's words.")
        await it.press("f2")
        assert response(root, "S-02").statement == "Ben's words."
        assert "somebody else changed this answer meanwhile" in it.text


async def test_sign_off_and_waiver(tmp_path: Path) -> None:
    root = start(tmp_path)
    put(root, policy_file(tmp_path), "S-01")
    actions.answer(load(root), "S-01", "ada", NOW, status="met")
    async with driving(root) as it:
        await it.press("n", "s", "enter")
        assert load(root).readiness(NOW).state("small", "S-01").outcome == "satisfied"  # type: ignore[union-attr]
        await it.press("n", "w")
        for name, value in (("reason", "moved"), ("approver", "ben"), ("until", "2026-12-31")):
            it.app.screen.query_one(f"#{name}", Input).value = value
        await it.press("f2")
        waiver = response(root, "S-02").waiver
        assert waiver is not None
        assert (waiver.owner, waiver.approver, waiver.until) == ("ada", "ben", dt.date(2026, 12, 31))
        assert "READY WITH WAIVERS" in it.text
        assert "waived 37 d" in it.text


async def test_a_waiver_is_ended_by_emptying_it(tmp_path: Path) -> None:
    root = release(tmp_path)
    async with driving(root) as it:
        await it.press("j")
        await it.type("s5", "enter", "w")
        for box in it.app.screen.query(Input):
            box.value = ""
        await it.press("f2")
        assert response(root, "S-05").waiver is None
        assert "S-05 is no longer waived" in it.text


async def test_an_owner_cannot_approve_and_the_form_says_so_and_stays(tmp_path: Path) -> None:
    async with driving(start(tmp_path)) as it:
        await it.press("w")
        for name, value in (("reason", "r"), ("approver", "ada"), ("until", "2026-12-31")):
            it.app.screen.query_one(f"#{name}", Input).value = value
        await it.press("f2")
        assert it.page == "WaiveForm"
        assert "the owner of a gap cannot approve it" in it.text


async def test_evidence_is_taken_off_and_stays(tmp_path: Path) -> None:
    root = start(tmp_path)
    item = put(root, policy_file(tmp_path), "S-01")
    async with driving(root) as it:
        await it.press("n", "d", "enter")
        assert response(root, "S-01").evidence == []
        assert item.id in load(root).items


async def test_the_control_s_page_says_why_a_sign_off_lapsed_and_what_happened(tmp_path: Path) -> None:
    async with driving(release(tmp_path), (140, 45)) as it:
        await it.press("j")
        await it.type("s4", "enter", "enter")
        assert it.page == "ControlPage"
        assert "lapsed" in it.text
        assert "statement changed, 2 → 7 words by ben on 2026-11-23" in " ".join(it.text.split())
        assert "signed by ada as owner" in it.text
        assert "this release: profile api, tier T1" in it.text
        await it.press("left_square_bracket")
        assert "Open weights only" in it.text
        await it.press("escape")
        assert it.selected == "S-03"


async def test_figures_stand_against_their_limits(tmp_path: Path) -> None:
    async with driving(release(tmp_path), (140, 45)) as it:
        await it.press("enter")
        row = next(line for line in it.text.splitlines() if "measured" in line)
        assert "69.45 % (150 of 200)" in row
        assert "limit 80.00 %" in row


async def test_history_lists_who_did_what(tmp_path: Path) -> None:
    async with driving(release(tmp_path)) as it:
        await it.press("j")
        await it.type("s5", "enter", "h")
        assert "ada  waive" in it.text
        assert "waived until 2026-12-10" in it.text
