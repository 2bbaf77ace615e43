"""Every page of the terminal UI as plain lines: the same facts, linear, without a drawing character."""

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.export import export
from compliance_tui.cli import settings
from compliance_tui.cli.keymap import PLACES
from compliance_tui.cli.main import program
from compliance_tui.safe import language
from compliance_tui.safe.errors import InputError
from compliance_tui.shipped import shipped
from compliance_tui.tui import memory
from compliance_tui.tui.actions import ACTIONS
from tests.assessment.sample import NOW
from tests.cli.test_help_in_a_language import Marked
from tests.tui.release import release

# Box drawing, blocks, geometric shapes, dingbats and braille: what a screen reader would spell out or swallow.
DRAWN = re.compile(r"[\u2500-\u25ff\u2700-\u27bf\u2800-\u28ff]|\x1b")
REGISTER = shipped("evidence") / "jailbreak-register" / "jailbreak-register.json"
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


# A page of the terminal UI, by its place -> the commands that say the same, each with something that the page shows.
TWINS: dict[str, list[tuple[str, str]]] = {
    "start": [("recent", "orchard 2: not ready (assessment)")],
    "controls": [
        ("status --all", "S-06 Readers are asked: advisory (recommended)"),
        ("find seat:security", "S-04 Limits are written down: blocked (required, met)"),
        ("find --views", "sign-offs that lapsed: is:lapsed"),
    ],
    "control": [("show S-05", "instead: A person watches.")],
    "answer": [("show S-02", "150 of 200 seeded cases were caught.")],
    "history": [("history S-04", "statement changed, 2 → 7 words")],
    "evidence": [
        ("evidence list", "E-0001  policy-doc  policy.md: fresh"),
        ("evidence show E-0001", "S-04 Limits are written down: "),
    ],
    "attach": [("evidence facts {canary}", "canary-test")],
    "preview": [("evidence preview E-0002", '"form": "canary-test/1"')],
    "rating": [("rate --item E-0003 --by jailbreak-risk", "look again: ")],
    "trying": [
        (
            "rate --level uplift=3 --level breadth=2 --level ease=2 --level transfer=1 --level exposure=0",
            "this: base ",
        )
    ],
    "readiness": [
        ("plan", "In the order that unblocks fastest: S-02, S-04"),
        ("plan --set profile=open", "1 newly required: S-03"),
        ("plan --set profile=api", "no control changes"),
    ],
    "release": [
        ("release", "file orchard.bin  sha256 abab"),
        ("axes", "* T1  "),
        ("people list", "ben (Ben): security"),
    ],
    "versions": [("standards list", "frontier-release@1.1  ")],
    "difference": [("standards diff frontier-release@1.0 @1.1", "check attack-success")],
    "move": [("migrate --to {newer} --dry-run --all", "would be moved: ")],
    "form": [("export --dry-run", "gaps: S-02, S-04")],
    "verdict": [("verify {bundle}", "NOT ACCEPTED")],
    "answers": [
        ("-C {bundle} status", "S-04 Limits are written down: blocked (required)"),
        ("-C {bundle} show S-02", "150 of 200, 95 % lower bound 69.45 %, limit 80.00 %"),
        ("-C {bundle} evidence list", "E-0002  canary-test"),
    ],
    "statements": [("verify {bundle}", "identity"), ("-C {bundle} release", "small, sha256 ")],
    "comparison": [("compare {bundle} {root}", "nothing that they say differs")],
    "reading": [("keymap", "  a  answer: Give a status and a statement")],
}


def _table() -> dict[str, list[str]]:
    """The pages of the table in the document for officers, each with the commands that say the same."""
    text = (Path(__file__).parents[2] / "docs" / "officers.md").read_text(encoding="utf-8")
    rows = [
        row.split("|")[1:3] for row in text.partition("| page | says the same |")[2].splitlines()[2:] if row.startswith("|")
    ]
    return {name.strip(): re.findall("`([^`]+)`", commands) for name, commands in rows}


def test_every_page_has_a_name_and_a_twin_and_the_document_says_which() -> None:
    assert {place for action in ACTIONS for place in action.places} == set(TWINS) == set(PLACES)
    table = _table()
    assert set(table) == set(PLACES.values())
    for place, twins in TWINS.items():
        assert {_command(one) for one in table[PLACES[place]]} == {_command(one) for one, _ in twins}, place


def _command(line: str) -> tuple[str, ...]:
    """The words that name the command, without what it is given."""
    words = line.split()[2:] if line.startswith("-C ") else line.split()
    return tuple(takewhile(re.compile("[a-z][a-z-]+$").match, words))


@pytest.mark.parametrize(("place", "command", "fact"), [(place, *twin) for place, twins in TWINS.items() for twin in twins])
def test_the_twin_says_what_the_page_shows(place: str, command: str, fact: str, walked: Path) -> None:
    files = {"bundle": "bundle.zip", "newer": "newer.toml", "canary": "canary.json", "root": "assessment"}
    words = command.format(**{name: walked / file for name, file in files.items()}).split()
    result = CliRunner().invoke(program, ["-C", str(walked / "assessment"), "--me", "ada", *words], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    assert fact in result.output
    assert not DRAWN.search(result.output)


def test_nothing_of_the_program_is_left_in_english_where_another_language_is_spoken(
    walked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = " ".join(
        path.read_text("utf-8", "replace") for path in walked.rglob("*") if path.suffix in (".toml", ".json", ".md")
    )
    known = set(re.findall("[A-Za-z]{3,}", f"{data} {walked}"))
    monkeypatch.setattr(language, "_now", Marked())
    monkeypatch.setattr(settings, "choose_language", lambda code: None)
    for place in ("controls", "control", "answer", "history", "evidence", "readiness", "release", "form", "answers", "verdict"):
        for command, _ in TWINS[place]:
            if "--views" in command:
                continue  # filters are typed as they are
            words = command.format(bundle=walked / "bundle.zip").split()
            result = CliRunner().invoke(program, ["-C", str(walked / "assessment"), *words], standalone_mode=False)
            assert result.exception is None, result.output
            left = set(re.findall("[A-Za-z]{3,}", _unmarked(result.output))) - known
            assert not left, (command, left)


def _unmarked(text: str) -> str:
    """What stands in no marks."""
    while (shorter := re.sub("«[^«»]*»", "", text)) != text:
        text = shorter
    return text


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The release, with a register, exported; and the next version of its standard. Nothing writes to it afterwards."""
    home = tmp_path_factory.mktemp("walked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPLIANCE_TUI_STATE", str(home / "state"))
        patch.setenv("COMPLIANCE_TUI_CONFIG", str(home / "config.toml"))
        patch.setattr(settings, "now", lambda: NOW)
        root = release(home)
        attach(load(root), [REGISTER], ["S-05"], "ci", NOW)
        newer = (home / "packs" / "small" / "1.0.toml").read_text().replace('version = "1.0"', 'version = "1.1"')
        (home / "newer.toml").write_text(newer)
        export(load(root), home / "bundle.zip", NOW, "ada")
        memory.opened(root, {"name": "orchard 2", "verdict": "not-ready", "what": "assessment", "opened": "2026-11-24 12:00"})
        yield home


def test_a_path_without_anything_is_said_to_hold_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from compliance_tui.cli import open as opening

    monkeypatch.setattr(opening, "can_draw", lambda: True)
    monkeypatch.setenv("COMPLIANCE_TUI_CONFIG", str(tmp_path / "config.toml"))
    with pytest.raises(InputError, match="no assessment here"):
        _call(tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        _call(tmp_path / "nowhere")
