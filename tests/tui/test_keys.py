"""One table feeds keys, line of keys, palette, help and the key map; themes are remembered."""

from pathlib import Path

import pytest

from compliance_tui.safe.errors import InputError
from compliance_tui.tui import memory
from compliance_tui.tui.actions import ACTIONS
from compliance_tui.tui.app import ComplianceApp
from compliance_tui.tui.keymap import RESERVED, KeyMap, keys_name, load_keys
from compliance_tui.tui.themes import CONTRAST, DARK
from tests.assessment.sample import start
from tests.tui.driving import driving
from tests.tui.release import release

# Keys that some terminal, multiplexer or editor keeps for itself; nothing may be reachable by them alone.
TAKEN = {"ctrl+s", "ctrl+q", "ctrl+j", "ctrl+o", "ctrl+b", "ctrl+a", "ctrl+p", "ctrl+e"}


def test_every_action_has_a_key_that_every_terminal_lets_through() -> None:
    for action in ACTIONS:
        assert action.title
        assert action.help
        assert set(action.keys) - TAKEN, action.id
        assert not any(key.startswith("alt+") for key in action.keys)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"waive": "a"}, "the key a is wanted by answer and waive"),
        ({"waive": "tab"}, "the key tab is wanted by waive and by the screens"),
        ({"nothing": "a"}, "the key map names nothing, which is no action"),
        ({"waive": ""}, "the key map leaves waive without a key"),
    ],
)
def test_a_key_map_that_is_not_right_is_refused_by_name(tmp_path: Path, keys: dict[str, str], said: str) -> None:
    lines = "\n".join(f'{name} = "{key}"' for name, key in keys.items())
    (tmp_path / "keys.toml").write_text(lines)
    with pytest.raises(InputError, match=said) as refused:
        load_keys()
    assert "keys.toml" in str(refused.value)


def test_one_key_may_mean_two_things_at_two_places() -> None:
    keys = KeyMap()
    assert keys.action("controls", "n") is not keys.action("start", "n")
    assert keys.action("form", "a") is None
    assert all(keys.action(place, key) == action for action in ACTIONS for place in action.places for key in action.keys)
    assert not RESERVED & {key for action in ACTIONS for key in action.keys} - {"enter", "space", "escape"}


async def test_own_keys_are_what_the_line_the_help_and_the_palette_say(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text('answer = "f7 b"\n')
    async with driving(start(tmp_path), (120, 50), keys=load_keys()) as it:
        assert "F7 answer" in it.text
        await it.press("a")
        assert it.page == "ControlsPage"
        await it.press("question_mark")
        assert "F7 or b" in it.text
        await it.press("escape", "b")
        assert it.page == "AnswerForm"


async def test_help_is_about_the_page_and_the_part_that_has_the_focus(tmp_path: Path) -> None:
    async with driving(release(tmp_path), (120, 60)) as it:
        await it.press("f1")
        assert "n walks the gaps" in it.text
        assert "Space marks, left and right fold a group" in it.text
        await it.press("q", "a", "tab")
        await it.press("f1")
        assert "What is typed is kept as a draft" in it.text
        assert "F2 or ctrl+s" in it.text


async def test_every_action_of_a_page_is_in_its_help_and_its_palette(tmp_path: Path) -> None:
    async with driving(release(tmp_path), (120, 70)) as it:
        page = it.app.screen
        offered = {command.title.lower() for command in it.app.get_system_commands(page)}
        await it.press("question_mark")
        for action in it.app.keys.at("controls"):
            assert f"  {keys_name(action)} " in it.text
            assert action.title.lower() in offered
        await it.press("escape", "colon")
        assert it.page == "CommandPalette"
        await it.type("waive", "enter", "enter")
        assert it.page == "WaiveForm"


async def test_the_theme_is_remembered(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root) as it:
        assert it.app.theme == DARK.name
        await it.press("t", "t")
        assert "colours: high contrast" in it.text
    assert ComplianceApp(root).theme == CONTRAST.name
    memory.remember("theme", "nonsense")
    assert ComplianceApp(root).theme == DARK.name


async def test_every_place_of_the_table_is_a_page_that_can_do_what_it_says(tmp_path: Path) -> None:
    from compliance_tui.tui import answer, attach, control, controls, evidence, forms, history, look, readiness, release, start
    from compliance_tui.tui.page import Page

    pages: list[type[Page]] = [  # type: ignore[type-arg]
        answer.AnswerForm, attach.AttachForm, control.ControlPage, controls.ControlsPage, evidence.EvidencePage,
        forms.WaiveForm, history.HistoryPage, look.PreviewPage, readiness.ReadinessPage, release.ReleasePage, start.StartPage,
    ]  # fmt: skip
    for page in pages:
        for action in KeyMap().at(page.place):
            assert hasattr(page, f"action_{action.id}") or hasattr(ComplianceApp, f"action_{action.id}"), (page, action.id)
        assert page.about
