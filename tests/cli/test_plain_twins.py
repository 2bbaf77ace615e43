"""Every page of the terminal UI as plain lines: the same facts, linear, without a drawing character."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from compliance_tui.assessment.folder import load
from compliance_tui.cli.main import program
from compliance_tui.safe.errors import InputError
from compliance_tui.tui import memory
from tests.tui.release import release

# Box drawing, blocks, geometric shapes, dingbats and braille: what a screen reader would spell out or swallow.
DRAWN = re.compile(r"[\u2500-\u25ff\u2700-\u27bf\u2800-\u28ff]|\x1b")
AS_OF = ["--as-of", "2026-11-24T12:00:00Z"]


def _call(root: Path, *arguments: str, status: int = 0) -> str:
    result: Result = CliRunner().invoke(program, ["-C", str(root), "--me", "ada", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    assert (result.return_value or 0) == status, result.output
    assert not DRAWN.search(result.output), result.output
    return result.output


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMPLIANCE_TUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COMPLIANCE_TUI_CONFIG", str(tmp_path / "config.toml"))
    return release(tmp_path)


def test_the_list_and_the_control_are_plain(root: Path) -> None:
    assert "required controls in order" in _call(root, "--plain", status=3)
    assert "S-04 Limits are written down: blocked (required)" in _call(root, "status", *AS_OF, status=3)
    shown = _call(root, "show", "S-02", *AS_OF)
    assert "150 of 200, 95 % lower bound 69.45 %, limit 80.00 %" in shown


def test_the_plan_is_the_readiness_page(root: Path) -> None:
    said = _call(root, "plan", *AS_OF, status=3)
    assert "Checks to pass (1)" in said
    assert "  needs the sign-off of security: S-04" in said
    assert "  2026-12-11 the waiver by ben has ended: S-05" in said
    assert "  2026-11-23 2 of 4" in said
    document = json.loads(_call(root, "plan", "--json", *AS_OF, status=3))
    assert document["order"] == ["small/S-02", "small/S-04"]
    assert document["events"][0]["day"] == "2026-12-11"
    assert document["what_if"] is None


def test_what_if_writes_nothing(root: Path) -> None:
    before = (root / "log.jsonl").read_bytes()
    said = _call(root, "plan", "--set", "profile=open", *AS_OF, status=3)
    assert "1 newly required: S-03" in said
    assert (root / "log.jsonl").read_bytes() == before
    with pytest.raises(InputError, match="write it as AXIS=VALUE"):
        _call(root, "plan", "--set", "profile")


def test_find_is_the_filter(root: Path) -> None:
    said = _call(root, "find", "is:blocking", "needs:security", *AS_OF)
    assert said.splitlines() == ["S-04 Limits are written down: blocked (required, met)", "1 of 6 controls"]


def test_history_undo_and_redo(root: Path) -> None:
    assert "ben: answer\n  statement changed, 2 → 7 words" in _call(root, "history", "S-04")
    assert "would undo: waiver of S-05" in _call(root, "undo", "--dry-run")
    assert load(root).responses["small", "S-05"].waiver is not None
    assert "taken back: waiver of S-05" in _call(root, "undo")
    assert load(root).responses["small", "S-05"].waiver is None
    assert "brought back: waiver of S-05" in _call(root, "redo")
    assert load(root).responses["small", "S-05"].waiver is not None
    assert json.loads(_call(root, "history", "S-05", "--json"))[0]["act"] == "redo"


def test_evidence_is_listed_shown_and_looked_into(root: Path) -> None:
    assert "serves S-01, S-04" in _call(root, "evidence", "list")
    assert "signed_at = 2026-11-01" in _call(root, "evidence", "show", "E-0001")
    assert '"form": "canary-test/1"' in _call(root, "evidence", "preview", "E-0002")
    with pytest.raises(InputError, match="there is no evidence item E-0009"):
        _call(root, "evidence", "preview", "E-0009")
    with pytest.raises(InputError, match="has 1 file; choose that"):
        _call(root, "evidence", "preview", "E-0002", "--file", "2")


def test_recent_is_the_start_page(root: Path) -> None:
    assert "nothing was opened yet" in _call(root, "recent")
    memory.opened(root, {"name": "orchard 2", "verdict": "not-ready", "what": "assessment", "opened": "2026-11-24 12:00"})
    assert f"orchard 2: not ready (assessment)\n  {root}, opened 2026-11-24 12:00" in _call(root, "recent")
    assert json.loads(_call(root, "recent", "--json"))[0]["path"] == str(root)


def test_a_path_without_anything_is_said_to_hold_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from compliance_tui.cli import open as opening

    monkeypatch.setattr(opening, "can_draw", lambda: True)
    monkeypatch.setenv("COMPLIANCE_TUI_CONFIG", str(tmp_path / "config.toml"))
    with pytest.raises(InputError, match="no assessment here"):
        _call(tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        _call(tmp_path / "nowhere")
