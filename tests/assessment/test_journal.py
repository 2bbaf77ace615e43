"""A move is whole or has not happened: killed at any step, on a full disk, read meanwhile, taken back, or forged."""

import errno
import itertools
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment import actions, journal
from compliance_tui.assessment.folder import load, record_bytes
from compliance_tui.assessment.log import read_log
from compliance_tui.assessment.migrate import migrate, undo_migration
from compliance_tui.assessment.pins import pin_standard
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.toml import dump_toml
from compliance_tui.standard.load import find_pack
from tests.assessment.sample import NOW, policy_file, put
from tests.assessment.walking import MOVE, UNDO, Tree, build, copy, home_of, move, responses, target, tree
from tests.standard.versions import documents
from tests.standard.versions import put as put_pack

# What changes the folder.
_CALLS = ("replace", "unlink", "link", "mkdir", "rmdir", "write")


# Answers that between them are kept, renamed, split, merged, rechecked, archived.
_FEW = ("W-KEEP", "W-NAME", "W-BOTH", "W-ONE", "W-GONE")


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template")
    root = build(home)
    for path in (root / "responses/walk").iterdir():
        if path.stem not in _FEW:
            path.unlink()
    return home


def _records(root: Path) -> Tree:
    """The assessment itself: what is left of a move, the log and the history are looked at apart."""
    return tree(root, "log.jsonl", "history/", ".migration/")


@pytest.fixture(scope="module")
def moved(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copy(template, tmp_path_factory.mktemp("moved"))
    move(root, "walk@1.1")
    return root


def _undo(root: Path) -> None:
    undo_migration(root, UNDO, "ada", NOW)


class Dead(BaseException):
    """The process is no more: nothing that it would still do has any effect."""


def _dying(name: str, calls: Iterator[int], at: int, die: Callable[[], None]) -> Callable[..., Any]:
    """The function of ``os`` with that name, which dies at the given call and ever after; a line of the log is torn."""
    real = getattr(os, name)

    def call(*arguments: Any, **more: Any) -> Any:
        aside = name == "write" and bytes(arguments[1][:2]) != b'{"'  # into a temporary file, which nobody reads
        if not aside and (number := next(calls)) >= at:
            if name == "write" and number == at:
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            die()
        return real(*arguments, **more)

    return call


def _raise() -> None:
    raise Dead


def _dies_at(step: int, act: Callable[[], object], die: Callable[[], None] = _raise) -> bool:
    """Whether ``act`` comes to the given call that changes the folder, and dies there."""
    calls = itertools.count(1)
    with pytest.MonkeyPatch.context() as patch:
        for name in _CALLS:
            patch.setattr(os, name, _dying(name, calls, step, die))
        try:
            act()
        except Dead:
            return True
    return False


def _killed_at(step: int, act: Callable[[], object]) -> bool:
    """The same with a process of its own, which is killed."""
    child = os.fork()
    if not child:
        try:
            _dies_at(step, act, lambda: os.kill(os.getpid(), signal.SIGKILL))
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


def _log_tells(root: Path, name: str) -> int:
    told = [entry for entry in read_log(root) if entry.get("migration") == name]
    paths = [entry["path"] for entry in told if "path" in entry]
    assert len(paths) == len(set(paths))
    return sum("files" in entry for entry in told)


@pytest.mark.parametrize("way", ["there", "back"])
def test_killed_at_each_step_the_old_or_the_new_is_there(template: Path, moved: Path, tmp_path: Path, way: str) -> None:
    pack, version = target(template / "assessment", "walk@1.1")

    def there(root: Path) -> None:
        migrate(load(root), pack, version, MOVE, "ada", NOW)

    act, name = (there, MOVE) if way == "there" else (_undo, UNDO)
    old, new = (template / "assessment", moved) if way == "there" else (moved, template / "assessment")
    ends = [_records(old), _records(new)]
    found = []
    for step in itertools.count(1):
        root = tmp_path / str(step)
        shutil.copytree(old, root)
        end = _killed_at if step % 16 == 1 else _dies_at
        died = end(step, lambda root=root: act(root))  # type: ignore[misc]
        load(root)
        found.append(ends.index(_records(root)))
        assert not (root / ".migration/journal.json").exists()
        assert _log_tells(root, name) == found[-1], step
        if not found[-1] and step % 8 == 1:
            act(root)
            assert _records(root) == ends[1], step
            assert not (root / ".migration").exists()
            assert _log_tells(root, name) == 1
        if not died:
            break
        assert step < 500
    assert found == sorted(found)
    assert 5 < found.count(0) < len(found) - 10


def test_killed_at_any_instant_the_old_or_the_new_is_there(template: Path, moved: Path, tmp_path: Path) -> None:
    ends = [_records(template / "assessment"), _records(moved)]
    begun = time.perf_counter()
    assert not _killed_at(500, lambda: move(copy(template, tmp_path / "whole"), "walk@1.1"))
    whole = time.perf_counter() - begun
    for number in range(12):
        root = copy(template, tmp_path / str(number))
        child = os.fork()
        if not child:
            try:
                move(root, "walk@1.1")
            finally:
                os._exit(0)
        time.sleep(whole * number / 12)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        load(root)
        there = ends.index(_records(root))
        assert _log_tells(root, MOVE) == there


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "link", "mkdir"])
def test_a_full_disk_leaves_the_old_or_the_new(
    template: Path, moved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    ends = [_records(template / "assessment"), _records(moved)]
    real = getattr(os, call)
    found = []
    for step in itertools.count(1, 4):
        root = copy(template, tmp_path / str(step))
        load(root)
        before = tree(root)
        left = itertools.count(1)

        def fails(*arguments: Any, left: Any = left, step: int = step, **more: Any) -> Any:
            if next(left) == step:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments, **more)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fails)
            try:
                move(root, "walk@1.1")
            except InputError as error:
                assert error.code == "not-written"
                assert "no space left" in str(error)
                decided = journal.is_pending(root)
                if not decided:
                    assert tree(root) == before, step
            else:
                decided = True
        load(root)
        found.append(ends.index(_records(root)))
        assert found[-1] == decided
        assert _log_tells(root, MOVE) == decided
        if next(left) <= step:
            break
        assert step < 500
    assert found[-1] == 1


def test_who_reads_meanwhile_never_sees_a_mixture(root: Path) -> None:
    load(root)
    child = os.fork()
    if not child:
        try:
            for number in itertools.count():
                move(root, "walk@0.9" if number % 2 else "walk@1.1", str(number))
        finally:
            os._exit(1)
    seen = {"0.9": 0, "1.1": 0}
    try:
        while min(seen.values()) < 5 and sum(seen.values()) < 5_000:
            contents = load(root)
            version, names = contents.assessment.standards[0].version, set(responses(contents))
            assert contents.standards[0][0].version == version
            assert ("W-NEWNAME" in names, "W-NAME" in names) == ((True, False) if version == "1.1" else (False, True))
            seen[version] += 1
        assert os.waitpid(child, os.WNOHANG) == (0, 0)  # it moves on to this day
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert min(seen.values()) == 5


def test_an_undone_move_has_left_no_byte_behind(root: Path) -> None:
    before = _records(root)
    move(root, "walk@1.1")
    assert _records(root) != before
    assert undo_migration(root, UNDO, "ben", NOW) == ("walk", "1.1", "0.9")
    assert _records(root) == before
    assert not (root / ".migration").exists()
    assert not (root / "archive").exists()
    last = read_log(root)[-1]
    assert (last["act"], last["from"], last["to"], last["by"]) == ("migrate-undo", "1.1", "0.9", "ben")
    with pytest.raises(InputError, match="no migration that could be taken back"):
        _undo(root)
    move(root, "walk@1.1", MOVE[:-1] + "9")
    assert load(root).assessment.standards[0].version == "1.1"


def _answer_hand(root: Path) -> None:
    path = root / "responses/walk/W-KEEP.toml"
    time.sleep(0.02)  # two ticks of the file system's clock
    path.write_bytes(path.read_bytes() + b"# seen\n")


def _answer_old_clock(root: Path) -> None:
    actions.answer(load(root), "W-FRESH", "ada", NOW, status="met", statement="New.")
    os.utime(root / "responses/walk/W-FRESH.toml", (0, 0))


LATER: dict[str, Callable[[Path], object]] = {
    "a moved answer": lambda root: actions.answer(load(root), "W-ONE", "ada", NOW, status="met"),
    "an answer that the move did not touch": lambda root: actions.answer(load(root), "W-KEEP", "ada", NOW, status="not-met"),
    "a first answer": lambda root: actions.answer(load(root), "W-FRESH", "ada", NOW, status="met"),
    "an answer on a clock that went back": _answer_old_clock,
    "a sign-off": lambda root: actions.sign_off(load(root), "W-KEEP", "ben", "security", "ben", NOW),
    "evidence": lambda root: put(root, policy_file(root.parent, name="more.md"), "W-FRESH"),
    "axis values": lambda root: actions.set_axes(root, {"tier": "T2"}, "ada", NOW),
    "by hand": _answer_hand,
}


@pytest.mark.parametrize("name", LATER)
def test_after_a_later_answer_undoing_is_refused_and_changes_nothing(root: Path, name: str) -> None:
    move(root, "walk@1.1")
    LATER[name](root)
    before = tree(root)
    with pytest.raises(
        InputError, match=r"written after the move to 1\.1; .* `compliance-tui migrate --to walk@0\.9`"
    ) as caught:
        _undo(root)
    assert caught.value.code == "answered-since"
    assert "\n" not in str(caught.value)
    assert tree(root) == before


def test_an_answer_to_another_standard_does_not_stand_in_the_way(root: Path) -> None:
    table = documents()["1.0"]
    table["standard"]["id"] = "other"
    put_pack(home_of(root), table)
    pin_standard(root, find_pack("other", [home_of(root)]), "ada", NOW)
    before = responses(load(root))
    move(root, "walk@1.1")
    actions.answer(load(root), "other/W-AGE", "ada", NOW, status="met")
    _undo(root)
    assert responses(load(root)) == before
    assert load(root).responses["other", "W-AGE"].status == "met"


def test_without_its_history_a_move_is_not_taken_back(root: Path) -> None:
    move(root, "walk@1.1")
    for path in (root / "history").glob("*.toml"):
        path.unlink()
    before = tree(root)
    with pytest.raises(InputError, match="no such file"):
        _undo(root)
    assert tree(root) == before


def test_what_was_written_by_hand_after_a_crash_is_kept_in_the_history(template: Path, tmp_path: Path) -> None:
    for step in itertools.count(20, 2):
        root = copy(template, tmp_path / str(step))
        _dies_at(step, lambda root=root: move(root, "walk@1.1"))  # type: ignore[misc]
        if journal.is_pending(root):
            break
    path = root / "responses/walk/W-BOTH.toml"
    path.write_bytes(path.read_bytes() + b"# by hand\n")
    load(root)
    assert any(kept.read_bytes().endswith(b"# by hand\n") for kept in (root / "history").iterdir())


def _forged(path: str = "responses/walk/W-KEEP.toml", **fields: Any) -> dict[str, Any]:
    step = {"path": path, "before": None, "after": "0" * 64, "staged": "0", **fields}
    entry = {"standard": "walk", "from": "0.9", "to": "1.1"}
    return {"id": MOVE, "undo": True, "entry": entry, "files": [step]}


FORGED: dict[str, bytes] = {
    "leads out": json.dumps(_forged("../outside.toml")).encode(),
    "leads out from within": json.dumps(_forged("responses/../../outside.toml")).encode(),
    "absolute": json.dumps(_forged("/tmp/outside.toml")).encode(),
    "hidden": json.dumps(_forged("responses/walk/.bashrc")).encode(),
    "another kind of file": json.dumps(_forged("evidence/objects/ab/cd")).encode(),
    "staged elsewhere": json.dumps(_forged(staged="../../../outside.toml")).encode(),
    "history elsewhere": json.dumps(_forged(before="../../outside")).encode(),
    "no move": json.dumps({**_forged(), "entry": {}}).encode(),
    "unknown field": json.dumps({**_forged(), "run": "me"}).encode(),
    "truncated": json.dumps(_forged()).encode()[:-7],
    "empty": b"",
    "not JSON": b"\x00\xff",
    "not an object": b"[]",
    "a tower": b"[" * 200 + b"]" * 200,
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_journal_touches_nothing(root: Path, name: str) -> None:
    outside = root.parent / "outside.toml"
    outside.write_text("mine")
    move(root, "walk@1.1")
    load(root)
    before = tree(root)
    for place, act in ((".migration/journal.json", load), (journal.LAST, _undo)):
        if place == journal.LAST:
            (root / place).rename(root / "kept.json")
        (root / place).parent.mkdir(exist_ok=True)
        (root / place).write_bytes(FORGED[name])
        with pytest.raises(InputError) as caught:
            act(root)
        assert Path(place).name in str(caught.value)
        assert "\n" not in str(caught.value)
        (root / place).unlink()
    (root / "kept.json").rename(root / journal.LAST)
    assert tree(root) == before
    assert outside.read_text() == "mine"


def test_a_journal_does_not_write_through_a_linked_folder(root: Path) -> None:
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "config.toml").write_text("mine")
    (root / "responses/linked").symlink_to(elsewhere)
    (root / ".migration/new").mkdir(parents=True)
    (root / ".migration/new/0").write_bytes(b"theirs")
    (root / ".migration/journal.json").write_text(json.dumps(_forged("responses/linked/config.toml")))
    with pytest.raises(InputError, match="leads out of the assessment"):
        load(root)
    assert (elsewhere / "config.toml").read_text() == "mine"


def test_staged_leftovers_without_a_journal_are_nothing(root: Path) -> None:
    (root / ".migration/new").mkdir(parents=True)
    (root / ".migration/new/3").write_bytes(dump_toml({"status": "met"}))
    before = _records(root)
    load(root)
    assert _records(root) == before
    move(root, "walk@1.1")
    assert not (root / ".migration").exists()


def test_letting_a_standard_go_is_all_or_none_too(root: Path) -> None:
    from compliance_tui.assessment.pins import unpin_standard

    table = documents()["1.0"]
    table["standard"]["id"] = "other"
    put_pack(home_of(root), table)
    pin_standard(root, find_pack("other", [home_of(root)]), "ada", NOW)
    answered = responses(load(root))
    earlier = root / "archive/walk-0.9/W-KEEP.toml"
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(record_bytes(answered["W-KEEP"].model_copy(update={"statement": "Earlier."})))
    kept = earlier.read_bytes()
    assert unpin_standard(root, "walk", MOVE, "ada", NOW) == len(answered)
    assert responses(load(root)) == {}
    assert earlier.read_bytes() == kept
    assert (root / "archive/walk-0.9/W-KEEP~2.toml").exists()
