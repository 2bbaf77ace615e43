"""Evidence in the terminal UI: attaching, looking, reusing, replacing, and bytes that are gone."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from textual import events

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.store import objects_folder
from compliance_tui.safe.errors import CancelledError, InputError
from compliance_tui.tui import attach as attach_form
from compliance_tui.tui.job import Job
from compliance_tui.tui.paths import complete, completions, typed_paths
from tests.assessment.sample import canary_file, policy_file, put, start
from tests.tui.driving import driving, response
from tests.tui.pictures import press
from tests.tui.release import release

SARIF = Path(__file__).parents[2] / "evidence" / "sarif" / "bandit.sarif"


async def test_a_file_is_looked_at_first_and_attached_then(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root) as it:
        await it.press("e")
        await it.type(str(canary_file(tmp_path)), "enter")
        assert "canary.json" in it.text
        assert "canary-test" in it.text.split("canary.json")[1]  # what it was recognised as
        assert load(root).items == {}
        await it.press("enter")
        assert response(root, "S-02").evidence == ["E-0001"]
        assert "E-0001 canary-test attached" in it.text
        assert it.page == "ControlsPage"


async def test_several_pasted_paths_are_attached_and_one_is_taken_off_the_list(tmp_path: Path) -> None:
    root = start(tmp_path)
    one, two = canary_file(tmp_path, name="one.json"), canary_file(tmp_path, detected=180, name="two three.json")
    async with driving(root) as it:
        await it.press("e")
        box = it.app.focused
        assert box is not None
        box.post_message(events.Paste(f"{one}\n'{two}'\n"))
        await it.settle()
        assert "one.json" in it.text
        assert "two three.json" in it.text
        await it.press("tab", "delete")
        assert "two three.json" not in it.text
        await it.press("f2")
        assert [item.title for item in load(root).items.values()] == ["one.json"]


async def test_many_files_become_one_item_and_are_withheld(tmp_path: Path) -> None:
    root = start(tmp_path)
    folder = tmp_path / "policies"
    folder.mkdir()
    for number in range(3):
        policy_file(folder, name=f"{number}.md")
    async with driving(root) as it:
        await it.press("n", "e", "f4", "f6")
        await it.type(f"{folder}/*.md", "enter", "enter")
        items = list(load(root).items.values())
        assert [len(item.files) for item in items] == [3]
        assert items[0].disclosure == "withhold"


async def test_what_a_file_does_not_say_is_asked_for(tmp_path: Path) -> None:
    root = start(tmp_path)
    path = tmp_path / "memo.txt"
    path.write_text("A memo.")
    async with driving(root) as it:
        await it.press("n", "e")
        await it.type(str(path), "enter", "enter")
        assert "type it under date" in it.text
        assert it.app.focused is not None
        assert it.app.focused.id == "date"
        await it.type("2026-11-20", "enter")
        assert load(root).items["E-0001"].speaks_of.isoformat() == "2026-11-20"


async def test_a_path_that_is_not_there_leaves_the_form_open(tmp_path: Path) -> None:
    async with driving(start(tmp_path)) as it:
        await it.press("e")
        await it.type(str(tmp_path / "none[/x]"), "enter")
        assert it.page == "AttachForm"
        assert "no such file or folder" in " ".join(it.text.split())


async def test_a_file_becomes_an_item_without_a_control_and_serves_one_later(tmp_path: Path) -> None:
    root = start(tmp_path)
    async with driving(root, (140, 40)) as it:
        await it.press("i", "e")
        await it.type(str(policy_file(tmp_path)), "f2")
        assert "serves none" in it.text
        assert "could also serve S-01" in it.text
        await it.press("l", "enter")
        assert response(root, "S-01").evidence == ["E-0001"]


async def test_a_newer_file_takes_the_place_of_an_older_one_everywhere(tmp_path: Path) -> None:
    root = release(tmp_path)
    async with driving(root, (120, 36)) as it:
        await it.press("i", "home", "c")
        await it.type(str(policy_file(tmp_path, "2026-11-20", "newer.md")), "f2")
        assert response(root, "S-01").evidence == response(root, "S-04").evidence == ["E-0003"]
        assert "took the place of E-0001" in it.text or load(root).items["E-0003"].replaces == "E-0001"


async def test_the_list_is_narrowed_and_sorted(tmp_path: Path) -> None:
    async with driving(release(tmp_path), (120, 36)) as it:
        await it.press("i", "slash")
        await it.type("canary")
        assert "E-0001" not in it.text
        await it.press("escape", "o", "o")
        lines = [line for line in it.text.splitlines() if " E-000" in line[:20]]
        assert "E-0002" in lines[0]  # the largest first


async def test_missing_bytes_are_told_in_the_list_and_altered_ones_when_hashed(tmp_path: Path) -> None:
    root = release(tmp_path)
    items = load(root).items
    gone, other = (objects_folder(root) / one[:2] / one[2:] for one in (items[i].files[0].sha256 for i in ("E-0001", "E-0002")))
    gone.unlink()
    async with driving(root, (120, 36)) as it:
        assert "lost" in next(line for line in it.text.splitlines() if "S-01  Policy" in line)
        await it.press("i")
        assert "1 missing or altered" in it.text
        other.chmod(0o644)
        content = bytearray(other.read_bytes())
        content[0] ^= 1
        other.write_bytes(content)
        await it.press("b")
        assert "2 items missing or altered" in it.text
        assert "altered" in next(line for line in it.text.splitlines() if "E-0002" in line[:30])


async def test_files_are_looked_into_without_being_obeyed(tmp_path: Path) -> None:
    root = start(tmp_path)
    hostile = tmp_path / "x.md"
    hostile.write_text("---\nkind: policy-doc\nsigned_at: 2026-11-01\n---\n[bold]\x1b]52;c;aGk=\x07[/x] \u202e")
    put(root, hostile, "S-01")
    put(root, canary_file(tmp_path), "S-02")
    async with driving(root, (100, 30)) as it:
        await it.press("i", "home", "enter")
        assert "[bold]\u241b]52;c;aGk=\u2407[/x] <U+202E>" in it.text
        await it.press("escape", "down", "enter")
        assert '"form": "canary-test/1"' in it.text
        assert "JSON" in it.text


def test_paths_are_completed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("file-a.txt", "file-b.txt", ".hidden"):
        (tmp_path / name).write_text("x")
    assert complete(f"{tmp_path}/fo") == f"{tmp_path}/folder/"
    assert complete(f"{tmp_path}/fi") == f"{tmp_path}/file-"
    assert completions(f"{tmp_path}/file-") == [f"{tmp_path}/file-a.txt", f"{tmp_path}/file-b.txt"]
    assert completions(f"{tmp_path}/") == sorted(completions(f"{tmp_path}/"))
    assert not any("hidden" in one for one in completions(f"{tmp_path}/"))
    assert complete(f"{tmp_path}/none") == f"{tmp_path}/none"


def test_paths_are_read_as_people_give_them(tmp_path: Path) -> None:
    one, two = tmp_path / "a b.txt", tmp_path / "c.txt"
    one.write_text("x")
    two.write_text("x")
    assert typed_paths(str(one)) == [one]
    assert typed_paths(f"'{one}' {two}") == [one, two]
    assert typed_paths(f"{one}\n{two}\n") == [one, two]
    assert typed_paths(f"{tmp_path}/*.txt") == [one, two]
    assert typed_paths(f"{os.fspath(one).replace(' ', chr(92) + ' ')}") == [one]
    with pytest.raises(InputError, match="no such file or folder"):
        typed_paths(f"{one} {tmp_path}/none")


def test_sarif_is_shown_as_results(tmp_path: Path) -> None:
    from compliance_tui.assessment.preview import preview

    found = preview(lambda: SARIF.open("rb"), SARIF.name)
    assert found.form == "SARIF"
    assert any("error" in line and "app/bad.py" in line for line in found.lines)


async def test_copying_is_stopped_with_escape_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = start(tmp_path)
    begun = threading.Event()

    def attach_slowly(*_: object, progress: Callable[[int], None], cancelled: Callable[[], bool], **__: object) -> NoReturn:
        begun.set()
        while not cancelled():
            progress(10 << 20)
            time.sleep(0.02)
        raise CancelledError

    monkeypatch.setattr(attach_form, "attach", attach_slowly)
    async with driving(root) as it:
        await it.press("e")
        await it.type(str(canary_file(tmp_path)), "enter")
        await press(it.app, "enter")
        assert begun.wait(5)
        await asyncio.sleep(0.3)
        assert "attaching" in it.text
        assert "Esc stops" in it.text
        await it.press("escape")
        assert "stopped; nothing was changed" in it.text
        assert it.page == "AttachForm"
    assert load(root).items == {}


def test_a_job_tells_how_much_how_fast_and_how_long_still() -> None:
    job = Job(lambda told: None, lambda: False, "exporting", 400 * 10**6)
    assert job.line(100 * 10**6, 30.0) == "exporting  ▰▰▰▰▰▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱ 25% of 400.0 MB · 1 min 30 s left · Esc stops"
    assert "left" not in job.line(1000, 1.0)  # too early to tell
    assert Job(lambda told: None, lambda: False, "hashing", 0).line(5, 1.0) == "hashing: 5 bytes · Esc stops"
