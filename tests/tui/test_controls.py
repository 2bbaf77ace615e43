"""The list of controls: finding one's way, marking many, taking back."""

from pathlib import Path

from textual.widgets import Input

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.tui.controls import ControlsPage
from tests.assessment.sample import NOW, policy_file, put, start
from tests.tui.driving import driving, response
from tests.tui.release import release


async def test_the_first_gap_is_under_the_cursor_and_n_goes_on_and_around(tmp_path: Path) -> None:
    # The control that computes an axis comes first: its evidence decides what else is asked.
    async with driving(start(tmp_path), (120, 36)) as it:
        assert "NOT READY" in it.text
        assert it.selected == "S-02"
        await it.press("n")
        assert it.selected == "S-01"
        await it.press("n")
        assert it.selected == "S-02"
        await it.press("N")
        assert it.selected == "S-01"


async def test_no_gap_is_visited_twice_though_answers_change_their_order(tmp_path: Path) -> None:
    root = release(tmp_path)
    async with driving(root) as it:
        seen = [it.selected]
        for _ in load(root).readiness(NOW).blocking()[1:]:
            actions.answer(load(root), seen[-1], "ada", NOW, statement=f"Looked at {seen[-1]}.")
            await it.press("f5", "n")
            seen.append(it.selected)
        assert len(set(seen)) == len(seen) == 2


async def test_the_filter_narrows_while_it_is_typed_and_escape_widens(tmp_path: Path) -> None:
    async with driving(release(tmp_path)) as it:
        await it.press("slash")
        await it.type("kind:canary")
        assert "1 of 1" in it.text
        assert "S-02  Recall" in it.text
        assert "S-01  Policy" not in it.text
        await it.press("enter")
        assert "filter: kind:canary" in it.text
        await it.press("escape")
        assert "S-01  Policy" in it.text


async def test_a_filter_shows_what_it_finds_and_the_cursor_stays_on_its_control(tmp_path: Path) -> None:
    async with driving(release(tmp_path)) as it:
        page = it.app.screen
        assert isinstance(page, ControlsPage)
        for query, expected in (("seeded cases were caught", {"S-02"}), ("is:blocking", {"S-02", "S-04"}), ("", None)):
            page.narrow(query)
            await it.settle()
            assert it.selected == "S-02"
            assert expected is None or {key[1] for key in page.checklist.shown} == expected, query


async def test_a_view_is_kept_under_a_name_and_taken_up_after_a_restart(tmp_path: Path) -> None:
    root = release(tmp_path)
    async with driving(root) as it:
        await it.press("slash")
        await it.type("needs:security", "enter", "f", "tab")
        await it.type("waits for Ben", "enter")
    async with driving(root) as it:
        await it.press("f", "end", "enter")
        assert "filter: needs:security" in it.text
        assert "S-01  Policy" not in it.text


async def test_a_control_is_jumped_to_by_a_part_of_its_id(tmp_path: Path) -> None:
    async with driving(release(tmp_path)) as it:
        await it.press("j")
        await it.type("s5")
        assert it.selected == "S-05"
        await it.press("enter")
        assert "S-01  Policy" in it.text  # nothing was filtered


async def test_groups_fold_and_say_how_far_they_are(tmp_path: Path) -> None:
    async with driving(release(tmp_path)) as it:
        await it.press("left", "left")
        assert "S-02  Recall" not in it.text
        assert "▸ G  Group" in it.text
        await it.press("n")  # to S-04, which is not folded
        await it.press("n")  # unfolds what hides the next gap
        assert "S-02  Recall" in it.text


async def test_what_is_marked_is_answered_and_signed_at_once_and_undone_at_once(tmp_path: Path) -> None:
    root = start(tmp_path, {"profile": "open", "tier": "T1"})
    async with driving(root) as it:
        await it.press("asterisk")
        assert "3 marked" in it.text
        await it.press("a", "1", "enter")
        assert "3 controls answered met" in it.text
        assert [response(root, control).status for control in ("S-01", "S-02", "S-03")] == ["met"] * 3
        assert "marked" not in it.text
        await it.press("u")
        assert "taken back: answer of S-01, S-02, S-03" in it.text
        assert [response(root, control).status for control in ("S-01", "S-02", "S-03")] == [None] * 3
        await it.press("U")
        assert response(root, "S-03").status == "met"


async def test_what_one_control_refuses_does_not_keep_the_others_from_it(tmp_path: Path) -> None:
    root = start(tmp_path)
    actions.answer(load(root), "S-01", "ada", NOW, status="met")
    async with driving(root) as it:
        await it.press("asterisk", "s", "enter")
        assert "1 control signed off by ada as owner; 2 refused: S-02 is not answered yet" in it.text
        assert [one.person for one in response(root, "S-01").sign_offs] == ["ada"]


async def test_undo_reaches_back_over_a_restart_and_is_a_new_record(tmp_path: Path) -> None:
    root = start(tmp_path)
    actions.answer(load(root), "S-01", "ada", NOW, status="not-met", statement="First.")
    actions.answer(load(root), "S-01", "ben", NOW, statement="Ben was here.")
    lines = len((root / "log.jsonl").read_bytes().splitlines())
    async with driving(root) as it:
        await it.press("u")
        assert "was changed since" in it.text  # Ben's words are not thrown away
        assert response(root, "S-01").statement == "Ben was here."
    async with driving(root, person="ben") as it:
        await it.press("u")
        assert response(root, "S-01").statement == "First."
    assert len((root / "log.jsonl").read_bytes().splitlines()) == lines + 1


async def test_changes_from_outside_show_up_and_the_cursor_stays(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (140, 36)) as it:
        await it.press("n")
        actions.answer(load(root), "S-01", "ben", NOW, status="met", statement="From elsewhere.")
        it.app._look()
        await it.settle()
        assert "From elsewhere." in it.text
        assert it.selected == "S-01"
        (root / "responses/small/S-01.toml").write_text("status = 3")
        it.app.reload()
        await it.settle()
        assert "standard is missing" in " ".join(it.text.split())  # a long path breaks the line anywhere
        assert "From elsewhere." in it.text  # the old view stays


async def test_a_folder_that_cannot_be_read_ends_the_app_with_the_reason(tmp_path: Path) -> None:
    root = start(tmp_path)
    (root / "assessment.toml").write_text("schema = 3")
    async with driving(root) as it:
        assert it.app.failure is not None
        assert "assessment.toml" in str(it.app.failure)
        assert it.app.return_value == 2


async def test_the_list_is_as_complete_with_the_keyboard_at_every_size(tmp_path: Path) -> None:
    root = release(tmp_path)
    put(root, policy_file(tmp_path, name="other.md"), "S-06")
    for size in ((60, 20), (200, 60)):
        async with driving(root, size) as it:
            await it.press("end")
            assert it.selected == "S-06"
            await it.press("home", "down")
            assert it.selected == "S-01"
            box = it.app.screen.query_one("#filter", Input)
            assert not box.display
