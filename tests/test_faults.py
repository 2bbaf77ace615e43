"""A disk that fills up, or a folder that may not be written, at any step of any writer: a sentence, and nothing lost."""

import errno
import itertools
import os
import sys
import unittest.mock
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Waiver
from compliance_tui.assessment.store import objects_folder
from compliance_tui.bundle.export import export
from compliance_tui.cli.main import main
from compliance_tui.evidence.store import LocalStore
from compliance_tui.safe.errors import ComplianceError
from tests.assessment.sample import NOW, complete, pack, policy_file

_UNTIL = NOW.date().replace(year=2027)


def _create(root: Path) -> None:
    fresh = root.parent / "fresh"
    old = load(root).assessment
    people, axes = old.people, old.axes
    actions.create(fresh, [pack(root.parent)], old.subject, axes, people, old.series, "ada", NOW)


def _attach(root: Path) -> None:
    attach(load(root), [policy_file(root.parent, name="other.md")], ["S-01"], "ada", NOW)


def _waive(root: Path) -> None:
    waiver = Waiver(reason="r", owner="ada", approver="ben", until=_UNTIL, approved_at=NOW)
    actions.waive(load(root), "S-02", waiver, "ada", NOW)


def _command(*arguments: str) -> None:
    with unittest.mock.patch.object(sys, "argv", ["compliance-tui", *arguments]), pytest.raises(SystemExit) as end:
        main()
    assert end.value.code in (0, 2)


WRITERS: dict[str, Callable[[Path], object]] = {
    "create": _create,
    "answer": lambda root: actions.answer(load(root), "S-01", "ada", NOW, status="not-met", statement="Changed."),
    "attach": _attach,
    "detach": lambda root: actions.unlink_evidence(load(root), "S-01", "E-0001", "ada", NOW),
    "sign-off": lambda root: actions.sign_off(load(root), "S-01", "ben", "security", "ben", NOW),
    "waive": _waive,
    "axes": lambda root: actions.set_axes(root, {"tier": "T0"}, "ada", NOW),
    "people": lambda root: actions.add_person(root, "cyd", "Cyd", ["owner"], "ada", NOW),
    "export-zip": lambda root: export(load(root), root.parent / "out.zip", NOW, "ada"),
    "export-folder": lambda root: export(load(root), root.parent / "out", NOW, "ada", folder=True),
    "keys": lambda root: _command("keys", "new", str(root.parent / "key"), "--no-passphrase"),
    "trust": lambda root: _command("trust", "init", str(root.parent / "trust.toml")),
}
CALLS = {"fsync": errno.ENOSPC, "replace": errno.EROFS, "link": errno.EDQUOT, "open": errno.EACCES}


def _whole(root: Path) -> None:
    """Everything can be read, no record names bytes that are not there, no temporary file is left."""
    contents = load(root)
    digests = [file.sha256 for item in contents.items.values() for file in item.files]
    assert LocalStore(objects_folder(root)).verify(digests) == []
    assert all(item in contents.items for response in contents.responses.values() for item in response.evidence)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", WRITERS)
def test_a_fault_at_any_step_of_any_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, call: str) -> None:
    root = complete(tmp_path)
    before = load(root)
    real = getattr(os, call)
    for step in itertools.count(1):
        left = step

        def fails(*arguments: object, **more: object) -> object:
            nonlocal left
            writing = call != "open" or (len(arguments) > 1 and int(arguments[1]) & (os.O_WRONLY | os.O_RDWR))  # type: ignore[call-overload]
            if writing:
                left -= 1
                if left == 0:
                    raise OSError(CALLS[call], os.strerror(CALLS[call]), str(arguments[0]))
            return real(*arguments, **more)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fails)
            try:
                WRITERS[name](root)
            except ComplianceError as error:
                assert "\n" not in str(error)
                assert str(error)
        after = load(root)
        for key, response in before.responses.items():
            assert after.responses[key].evidence or key == ("small", "S-03") or name == "detach", (step, key)
            assert response.statement == after.responses[key].statement or name == "answer", (step, key)
        _whole(root)
        if left > 0:
            break
        assert step < 200
    strays = [path for folder in (root, tmp_path) for path in folder.rglob(".tmp-*")]
    assert strays == []
