"""What reaches a terminal, byte by byte, when the data is hostile; and what it looks like to the eye."""

import re
from pathlib import Path

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.tui.app import ComplianceApp
from tests.assessment import sample
from tests.assessment.sample import NOW, policy_file, put, start
from tests.tui.terminal import Terminal

# Things a terminal obeys, and things that hide: clipboard, title, blink, C1 control sequence, bidirectional override.
ACTING = "\x1b]52;c;aGlqYWNr\x07 \x1b]0;hijack\x07 \x1b[5m \x9b31m \u202e \u200b [/etc/shadow] [@click=app.quit]x[/] [bold]"


def _hostile(folder: Path) -> Path:
    """An assessment in which everything that a file may say is hostile."""
    control = '\ntitle = "Policy"\nstatement = "There is a policy."'
    escaped = ACTING.replace("\\", "\\\\").replace("\x1b", "\\u001b").replace("\x07", "\\u0007").replace("\x9b", "\\u009b")
    standard = sample.STANDARD.replace('title = "Group"', f'title = "Group {escaped}"')
    standard = standard.replace(control, f'\ntitle = "Policy {escaped}"\nstatement = "There is a policy. {escaped}"')
    root = folder / "assessment"
    subject = actions.Subject(name=f"thing {ACTING}", version="1")
    people = [actions.Person(id="ada", name=f"Ada {ACTING}", seats=["owner"])]
    axes = {"profile": "api", "tier": "T1"}
    actions.create(root, [sample.pack(folder, standard)], subject, axes, people, sample.SERIES, "ada", NOW)
    put(root, policy_file(folder, name=f"a {ACTING.replace('/', '')}.md"), "S-01")
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement=f"Said {ACTING}\n{ACTING}")
    return root


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
def test_nothing_that_a_terminal_would_obey_reaches_it(tmp_path: Path, size: tuple[int, int]) -> None:
    root = _hostile(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / f"b{ACTING.replace('/', '')}").write_text("x")
    terminal = Terminal(root, *size)
    terminal.until("NOT READY")
    terminal.still()
    for keys in ("a", "\t", "s", "d", "w", "r", "x", "?"):
        terminal.press(keys)
        terminal.still()
        terminal.press("\x1b")
        terminal.still()
    terminal.press("e")
    terminal.still()
    terminal.press(f"{tmp_path}/files/")
    terminal.still()
    terminal.press("\t")
    terminal.still()
    terminal.press("\r")
    terminal.still()
    terminal.press("\x1b")
    terminal.still()
    terminal.press("/S-01")
    terminal.still()
    assert terminal.close() == 0
    seen = bytes(terminal.seen)
    assert b"Said" in seen
    for acting in (b"\x1b]52", b"\x1b]0;", b"\x1b[5m", "\x9b".encode(), "\u202e".encode(), "\u200b".encode()):
        assert acting not in seen
    # All that is left are cursor, colour and mode sequences (CSI), charset and keypad switches: Textual's own.
    left = re.sub(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[=>]|[()][0-9A-B]|P[ -~]*\x1b\\|\]22;default\x07)", b"", seen)
    assert b"\x1b" not in left


def test_colours_are_plain_where_colour_is_not_wanted(tmp_path: Path) -> None:
    terminal = Terminal(start(tmp_path), 80, 24, NO_COLOR="1")
    terminal.until("NOT READY")
    terminal.still()
    assert terminal.close() == 0
    attributes = set(re.findall(rb"\x1b\[([0-9;]*)m", bytes(terminal.seen)))
    numbers = {int(one) for found in attributes for one in found.split(b";") if one}
    assert numbers <= {0, 1, 2, 3, 4, 7, 39, 49}
    assert 7 in numbers  # the cursor is seen without colour


def test_a_terminal_of_sixteen_colours_gets_no_more(tmp_path: Path) -> None:
    terminal = Terminal(start(tmp_path), 80, 24, TERM="linux", COLORTERM="")
    terminal.until("NOT READY")
    terminal.still()
    assert terminal.close() == 0
    assert not re.search(rb"\x1b\[[0-9;]*[34]8;[25];", bytes(terminal.seen))


def _luminance(colour: Color) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in colour.get_truecolor()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(style: Style | None) -> float:
    assert style is not None
    assert style.color is not None
    assert style.bgcolor is not None
    one, other = sorted((_luminance(style.color), _luminance(style.bgcolor)))
    return (other + 0.05) / (one + 0.05)


def _is_word(segment: Segment) -> bool:
    return bool(re.search(r"\w{2}", segment.text)) and segment.style is not None and segment.style.color is not None


@pytest.mark.parametrize("theme", ["compliance-dark", "compliance-light"])
async def test_words_can_be_read(tmp_path: Path, theme: str) -> None:
    root = start(tmp_path)
    put(root, policy_file(tmp_path), "S-01")
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement="Fine.")
    app = ComplianceApp(load(root), person="ada", clock=lambda: NOW)
    async with app.run_test(size=(100, 36)) as pilot:
        app.theme = theme
        for keys in ((), ("r",), ("escape", "a"), ("escape", "x"), ("escape", "s"), ("escape", "question_mark")):
            await pilot.press(*keys)
            await pilot.pause(0.2)
            strips = app.screen._compositor.render_strips()
            for form in app.screen.query(".form"):  # what stands behind a form is dimmed on purpose
                strips = [strip.crop(form.region.x, form.region.right) for strip in strips[form.region.y : form.region.bottom]]
            words = [segment for strip in strips for segment in strip if _is_word(segment)]
            assert words
            faint = {segment.text: _contrast(segment.style) for segment in words if _contrast(segment.style) < 4.5}
            assert not faint, (keys, faint)
