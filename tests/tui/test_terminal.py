"""What reaches a real terminal, byte by byte: hostile data, few colours, other sizes, a kill in the middle."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.store import objects_folder
from compliance_tui.evidence.store import LocalStore
from tests.assessment import sample
from tests.assessment.sample import NOW, policy_file, put, start
from tests.tui.release import release
from tests.tui.terminal import Terminal

# Things a terminal obeys, and things that hide: clipboard, title, blink, C1 control sequence, bidirectional override.
ACTING = "\x1b]52;c;aGlqYWNr\x07 \x1b]0;hijack\x07 \x1b[5m \x9b31m \u202e \u200b [/etc/shadow] [@click=app.quit]x[/] [bold]"
NAME = ACTING.replace("/", "")


def hostile_release(folder: Path) -> Path:
    """An assessment in which everything that a file may say is hostile."""
    control = '\ntitle = "Policy"\nstatement = "There is a policy."'
    escaped = ACTING.replace("\\", "\\\\").replace("\x1b", "\\u001b").replace("\x07", "\\u0007").replace("\x9b", "\\u009b")
    standard = sample.STANDARD.replace('title = "Group"', f'title = "Group {escaped}"')
    standard = standard.replace('title = "some"', f'title = "some {escaped}"').replace(
        'title = "Owner"', f'title = "{escaped}"'
    )
    standard = standard.replace('title = "A small standard"', f'title = "A {escaped}"')
    standard = standard.replace(control, f'\ntitle = "Policy {escaped}"\nstatement = "There is a policy. {escaped}"')
    root = folder / "assessment"
    subject = actions.Subject(name=f"thing {ACTING}", version="1", description=ACTING, release_date=NOW.date())
    people = [actions.Person(id="ada", name=f"Ada {ACTING}", seats=["owner"])]
    axes = {"profile": "api", "tier": "T1"}
    actions.create(root, [sample.pack(folder, standard)], subject, axes, people, sample.SERIES, "ada", NOW)
    file = policy_file(folder, name=f"a {NAME}.md")
    file.write_text(f"{file.read_text()}\n{ACTING}\n")
    attach(load(root), [file], ["S-01"], "ada", NOW, title=f"Title {ACTING}")
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement=f"Said {ACTING}\n{ACTING}")
    actions.waive(
        load(root),
        "S-01",
        actions.Waiver(reason=ACTING, measures=ACTING, owner="ada", approver="ben", until=NOW.date(), approved_at=NOW),
        "ada",
        NOW,
    )
    return root


def test_nothing_that_a_terminal_would_obey_reaches_it_from_any_page(tmp_path: Path) -> None:
    root = hostile_release(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / f"b{NAME}").write_text("x")
    (tmp_path / "files" / f"c{NAME}").write_text("x")
    terminal = Terminal(root, 120, 36, COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    terminal.until("S-01")
    terminal.still(0.4)
    terminal.press("jS-01\r")
    terminal.still(0.3)
    for keys in (
        "\rq",
        "a\x1b",
        "s\x1b",
        "d\x1b",
        "w\x1b",
        "hq",
        "f\x1b",
        "i\rqq",
        "rw\x1bq",
        "x\x1b",
        "pq",
        "oq",
        "?q",
        "vq",
        "t",
        ":\x1b",
    ):
        for key in keys:
            terminal.press(key)
            terminal.still(0.13 if key == "\x1b" else 0.07)
    terminal.press("e")
    terminal.still(0.2)
    for keys in (f"{tmp_path}/files/", "\t", "b", "\t", "\r", "\x1b"):
        terminal.press(keys)
        terminal.still(0.1)
    terminal.press("/there is a")
    terminal.still(0.3)
    terminal.kill()
    only_the_programs_own(bytes(terminal.seen), b"Said", b"Title")


def only_the_programs_own(seen: bytes, *words: bytes) -> None:
    """These words were shown, and all that a terminal would obey is Textual's own."""
    for word in words:
        assert word in seen
    for acting in (b"\x1b]52", b"\x1b]0;", b"\x1b[5m", "\x9b".encode(), "\u202e".encode(), "\u200b".encode()):
        assert acting not in seen
    # All that is left are cursor, colour and mode sequences (CSI), charset and keypad switches.
    left = re.sub(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[=>]|[()][0-9A-B]|P[ -~]*\x1b\\|\]22;default\x07)", b"", seen)
    assert b"\x1b" not in left


def test_colours_are_plain_where_colour_is_not_wanted(tmp_path: Path) -> None:
    terminal = Terminal(start(tmp_path), 80, 24, NO_COLOR="1", COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    terminal.until("S-01")
    for key in ("a", "\x1b", "r", "q"):
        terminal.press(key)
        terminal.still(0.13)
    assert terminal.close() == 0
    attributes = set(re.findall(rb"\x1b\[([0-9;]*)m", bytes(terminal.seen)))
    numbers = {int(one) for found in attributes for one in found.split(b";") if one}
    assert numbers <= {0, 1, 2, 3, 4, 7, 39, 49}
    assert 7 in numbers  # the cursor is seen without colour


def test_a_poor_terminal_gets_sixteen_colours_and_signs_that_it_has(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    terminal = Terminal(release(tmp_path), 80, 24, TERM="linux", COLORTERM="", COMPLIANCE_TUI_STATE=state)
    terminal.until("S-01")
    for key in ("\r", "q", "r", "q", "a", "\x1b"):
        terminal.press(key)
        terminal.still(0.13)
    assert terminal.close() == 0
    seen = bytes(terminal.seen)
    assert not re.search(rb"\x1b\[[0-9;]*[34]8;[25];", seen)
    assert b"[x]" in seen
    assert b"[!]" in seen
    for glyph in "●◐✗○▰▱▾✓┃◉▌":
        assert glyph.encode() not in seen


def test_without_a_terminal_the_plain_twin_is_printed(tmp_path: Path) -> None:
    terminal = Terminal(start(tmp_path), TERM="dumb", COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    seen = terminal.until("2 block")
    terminal.kill()
    assert b"\x1b" not in seen


def test_it_takes_every_size_in_the_middle_of_everything(tmp_path: Path) -> None:
    terminal = Terminal(release(tmp_path), 80, 24, COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    terminal.until("S-01")
    for key in ("", "a", "\x1b", "\r", "q", "i", "q", "r", "q", "x", "\x1b"):
        terminal.press(key)
        for size in ((20, 6), (200, 60), (60, 20)):
            terminal.resize(*size)
            terminal.still(0.03)
    terminal.resize(80, 24)
    terminal.still(0.3)
    assert terminal.close() == 0
    assert b"Traceback" not in terminal.seen


def test_a_move_in_the_list_costs_less_than_a_kilobyte(tmp_path: Path) -> None:
    terminal = Terminal(release(tmp_path), 140, 45, COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    terminal.until("S-01")
    terminal.still(0.5)
    terminal.press("\x1b[B")
    moved = terminal.some(0.08)
    terminal.kill()
    assert 0 < len(moved) <= 1024


def _after_answering(root: Path) -> None:
    assert (root / ".drafts" / "small.S-02.json").read_text().count("What was typed")


def _after_attaching(root: Path) -> None:
    store = LocalStore(objects_folder(root))
    assert all(store.has(file.sha256) for item in load(root).items.values() for file in item.files)


def _after_exporting(root: Path) -> None:
    written = root.parent / "out.zip"
    if written.exists():
        from compliance_tui.bundle.verify import verify
        from compliance_tui.evidence.kind import load_kinds

        assert verify(written, None, NOW, load_kinds()).verdict != "broken"


@pytest.mark.parametrize(
    ("keys", "holds"),
    [
        (("a", "1\r", "What was typed"), _after_answering),
        (("e", "{folder}/large.bin\r", "\t\tdocument\t2026-11-01\r"), _after_attaching),
        (("x", "\x15{folder}/out.zip", "\t\t\t\t", "export\r"), _after_exporting),
        (("*", "a", "1\r"), lambda root: None),
        (("s", "\r"), lambda root: None),
        (("u",), lambda root: None),
        (("p", "\r", "x\r"), lambda root: None),
    ],
    ids=["answer", "attach", "export", "bulk", "sign-off", "undo", "release"],
)
def test_a_kill_in_the_middle_loses_nothing(tmp_path: Path, keys: tuple[str, ...], holds: Callable[[Path], None]) -> None:
    root = start(tmp_path)
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement="Kept.")
    put(root, policy_file(tmp_path), "S-01")
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(300 << 20)
    terminal = Terminal(root, 100, 30, COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    terminal.until("S-02")
    terminal.still(0.25)
    for some in keys:
        terminal.press(some.format(folder=tmp_path))
        terminal.still(0.2 if some is not keys[-1] else 0.05)
    if keys[0] == "a":
        terminal.still(0.5)  # a draft follows the last key after a third of a second
    terminal.kill()
    contents = load(root)
    assert contents.responses["small", "S-01"].statement in ("Kept.", "")
    assert contents.responses["small", "S-01"].evidence in (["E-0001"], [])
    contents.readiness(NOW)
    holds(root)
    actions.answer(contents, "S-01", "ada", NOW, status="met", statement="Goes on.")  # no lock was left behind


def test_the_editor_of_the_user_writes_the_statement(tmp_path: Path) -> None:
    root = start(tmp_path)
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "Written elsewhere." > "$1"\n')
    editor.chmod(0o755)
    terminal = Terminal(root, 100, 30, EDITOR=str(editor), COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    terminal.until("S-02")
    terminal.still(0.4)
    terminal.press("a")
    terminal.until("partly met")
    terminal.press("1\x1bOR")
    terminal.until("ritten elsewhere.")  # the cursor stands on the first letter
    terminal.press("\x1bOQ")
    terminal.until("answered met")
    terminal.kill()
    assert load(root).responses["small", "S-02"].statement == "Written elsewhere."
