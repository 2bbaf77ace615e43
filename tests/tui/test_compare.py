"""What differs between two bundles or two assessments, on a page: the same changes as on the command line."""

import shutil
from pathlib import Path

import pytest
from textual.widgets import Input

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.compare import KINDS, compare, read_side
from compliance_tui.trust.policy import load_policy
from compliance_tui.tui import memory
from compliance_tui.tui.compare import ComparePage
from compliance_tui.tui.reading import Text
from compliance_tui.tui.two_sided import Entry, EntryList
from tests.assessment.sample import NOW
from tests.tui.bundles import Kit, kit
from tests.tui.driving import Driver, driving
from tests.tui.release import release


@pytest.fixture
def made(tmp_path: Path) -> Kit:
    made = kit(tmp_path)
    memory.remember("policy", str(made.policy))
    return made


def _column(it: Driver, name: str) -> str:
    return it.app.screen.query_one(f"#{name}", Text).plain


async def test_the_page_lists_every_change_once_under_its_kind_old_beside_new(made: Kit) -> None:
    policy = load_policy(made.policy.read_bytes(), "t")
    expected = compare(read_side(made.bundle, NOW, policy), read_side(made.newer, NOW, policy))
    async with driving(made.newer, (140, 44)) as it:
        await it.press("c")
        await it.type(str(made.bundle), "f2")
        page = it.app.screen
        assert isinstance(page, ComparePage)
        assert page.found.changes == expected.changes
        rows = page.query_one(EntryList).rows
        assert [row.at for row in rows if isinstance(row, Entry)] == list(range(len(expected.changes)))
        assert [row for row in rows if isinstance(row, str)] == [
            f"{title} ({len(expected.of(kind))})" for kind, title in KINDS.items() if expected.of(kind)
        ]
        page.query_one(EntryList).go_to(Entry(next(at for at, one in enumerate(expected.changes) if one.kind == "answer")))
        await it.settle()
        assert "- met" in _column(it, "before")
        assert "+ partly met" in _column(it, "after")
        assert "[-was signed by-]" in _column(it, "before")
        assert "{+waits for+}" in _column(it, "after")
        assert "sequence 2" in _column(it, "after")
        assert "signed by ada@some.example, ben@some.example" in _column(it, "after")
        assert "yes: its 15 lines continue the 13 there were" in _column(it, "after")
        await it.press("escape")
        assert it.page == "CompareForm"  # other paths may be tried
        await it.press("escape")
        assert it.page == "VerdictPage"


async def test_the_list_is_narrowed_and_comes_back(made: Kit) -> None:
    async with driving(made.newer, (120, 40)) as it:
        await it.press("c")
        await it.type(str(made.bundle), "f2")
        whole = list(it.app.screen.query_one(EntryList).rows)
        await it.press("slash")
        await it.type("board answer", "enter")
        rows = [row for row in it.app.screen.query_one(EntryList).rows if isinstance(row, Entry)]
        assert len(rows) == 1
        await it.press("slash")
        await it.type(" nowhere")
        assert "nothing is found" in it.text
        await it.press("escape")
        assert list(it.app.screen.query_one(EntryList).rows) == whole
        assert it.page == "ComparePage"


async def test_two_assessments_are_compared_from_the_start_page_and_from_one_of_them(tmp_path: Path) -> None:
    root = release(tmp_path)
    shutil.copytree(root, tmp_path / "before")
    actions.answer(load(root), "S-04", "ada", NOW, status="not-met", statement="It was lost.")
    async with driving(None, (120, 40)) as it:
        await it.press("c")
        await it.type(str(tmp_path / "before"), "enter")
        assert "name both" in it.text
        it.app.screen.query_one("#new", Input).value = str(root)
        await it.press("f2")
        assert "small/S-04" in it.text
    async with driving(root, (120, 40)) as it:
        await it.press("c")
        await it.type(str(root), "f2")
        assert "Nothing that they say differs." in it.text
        await it.press("enter", "slash", "escape", "escape")
        assert it.page == "CompareForm"


@pytest.mark.parametrize("other", ["nowhere.zip", "trust.toml", ""])
async def test_what_cannot_be_compared_is_said_in_a_sentence(made: Kit, other: str) -> None:
    async with driving(made.bundle, (120, 40)) as it:
        await it.press("c")
        if other:
            await it.type(str(made.bundle.with_name(other)))
        await it.press("f2")
        assert it.page == "CompareForm"
        said = "".join(it.text.split())  # a long path breaks the line anywhere
        assert {
            "nowhere.zip": "nosuchfileorfolder",
            "trust.toml": "neitherabundle'sZIPnoritsfolder",
            "": "nameboth",
        }[other] in said


async def test_a_policy_that_no_longer_can_be_read_is_said(made: Kit) -> None:
    made.policy.write_text("schema = 3\n")
    async with driving(made.newer, (120, 40)) as it:
        await it.press("c")
        await it.type(str(made.bundle), "f2")
        assert it.page == "CompareForm"
        assert "trust.toml,line1" in "".join(it.text.split())
