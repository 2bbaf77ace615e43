"""The catalogues are whole and current: each text of the code has its translation, and each translation its text."""

import re
from pathlib import Path

import pytest

from compliance_tui.safe.language import CATALOGUES, choose, gettext, message, ngettext
from tests.cli.calling import Call, caller
from tests.languages import Said, brought_in_step, gather, misfits, mo_bytes, po_bytes, read, untranslated

CODES = sorted(path.stem for path in CATALOGUES.glob("*.po"))
AS_OF = "2026-11-24T12:00:00Z"


@pytest.fixture(scope="module")
def said() -> Said:
    return gather()


def test_every_text_that_is_marked_can_be_read_from_the_code(said: Said) -> None:
    assert said.unreadable == []
    assert len(said.texts) > 1000
    assert "de" in CODES


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_holds_what_the_code_says_no_more_and_no_less(code: str, said: Said) -> None:
    now = brought_in_step(read(code), said)
    told = "run `python -m tests.languages` and translate what it lists"
    assert untranslated(now) == [], told
    assert misfits(now) == []
    assert (CATALOGUES / f"{code}.po").read_bytes() == po_bytes(now), told
    assert (CATALOGUES / f"{code}.mo").read_bytes() == mo_bytes(now), told


def test_what_is_missing_obsolete_or_misfitting_is_told(tmp_path: Path) -> None:
    package = tmp_path / "compliance_tui"
    package.mkdir()
    (package / "one.py").write_text(
        "from compliance_tui.safe.language import gettext, message, ngettext, pgettext\n"
        'gettext("{what} is missing", what=1)\n'
        'ngettext("one day", "{number} days", 2)\n'
        'gettext("one day")\n'
        'pgettext("key", "open")\n'
        "message(f'{package} cannot be read')\n"
    )
    said = gather(package)
    assert set(said.texts) == {"{what} is missing", ("one day", "{number} days"), "key\x04open"}
    assert said.unreadable == ["compliance_tui/one.py:6"]
    empty = brought_in_step(read("fr"), said)
    assert len(untranslated(empty)) == 3
    empty.get("{what} is missing").string = "{quoi} manque"
    assert misfits(empty) == ["{what} is missing"]
    assert brought_in_step(empty, Said()).get("{what} is missing") is None


def test_german_is_spoken_in_singular_plural_and_inside_of_values() -> None:
    choose("de")
    assert gettext("{path} is missing", path="a.txt") == "a.txt fehlt"
    assert gettext(message("answered {status}", status=message("met"))) == "beantwortet: erfüllt"
    assert {ngettext("1 control", "{number} controls", n) for n in (1, 2)} == {"1 Kontrolle", "2 Kontrollen"}
    assert gettext("no such text in any catalogue {x}", x=1) == "no such text in any catalogue 1"


def test_files_and_json_are_the_same_in_every_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written: dict[str, dict[str, bytes]] = {}
    spoken: dict[str, str] = {}
    for code in ("en", *CODES):
        folder = tmp_path / code
        folder.mkdir()
        call = caller(folder, monkeypatch, capsys)

        def run(*arguments: str, code: str = code, call: Call = call) -> str:
            ended = call("--language", code, "-C", "release", *arguments)
            assert ended.status in (0, 3), ended.err
            return ended.out

        call("--language", code, "init", "release", "--standard", "frontier-release@1.0", "--subject", "northwind-2")
        run("answer", "FR-GOV-01", "--status", "partly-met", "--statement", "Half of it.")
        run("export", "-o", str(folder / "bundle"), "--dir", "--as-of", AS_OF)
        spoken[code] = run("status", "--as-of", AS_OF)
        documents = {name: run(*name.split(), "--json", "--as-of", AS_OF) for name in ("status", "plan")}
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and ".cache" not in path.parts
        }
        written[code] = {_but_ids(name.encode()).decode(): _but_ids(content) for name, content in files.items()}
        written[code] |= {name: _but_ids(text.encode()) for name, text in documents.items()}
    assert "nicht bereit" in spoken["de"]
    for code in CODES:
        assert spoken[code] != spoken["en"]
        assert written[code] == written["en"]


def _but_ids(content: bytes) -> bytes:
    """The bytes without what is drawn by lot or taken from the clock for each run."""
    return re.sub(
        rb"[0-9a-f]{64}|[A-Za-z0-9+/]{43}=|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ][0-9:.]+(Z|\+00:00)",
        b"-",
        content,
    )


@pytest.mark.parametrize(
    ("environment", "arguments", "expected"),
    [
        ({}, (), "not ready"),
        ({"LC_ALL": "de_DE.UTF-8"}, (), "nicht bereit"),
        ({"COMPLIANCE_TUI_LANGUAGE": "de"}, (), "nicht bereit"),
        ({"COMPLIANCE_TUI_LANGUAGE": "de"}, ("--language", "en"), "not ready"),
        ({"LC_ALL": "xx_XX.UTF-8"}, (), "not ready"),
    ],
)
def test_the_option_goes_before_the_variable_and_that_before_the_locale(
    environment: dict[str, str],
    arguments: tuple[str, ...],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call = caller(tmp_path, monkeypatch, capsys)
    call("init", "release", "--standard", "frontier-release@1.0", "--subject", "northwind-2")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert expected in call(*arguments, "-C", "release", "status").out
    (tmp_path / "no.toml").write_text('language = "de"\n')  # the configuration file of the caller
    asked = bool(arguments) or "COMPLIANCE_TUI_LANGUAGE" in environment
    assert (expected if asked else "nicht bereit") in call(*arguments, "-C", "release", "status").out


def test_a_language_that_there_is_not_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = caller(tmp_path, monkeypatch, capsys)
    ended = call("--language", "tlh\x1b[2J", "status")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "--language" in ended.err and "there are: en, " in ended.err and "\x1b" not in ended.err
    monkeypatch.setenv("COMPLIANCE_TUI_LANGUAGE", "../../etc")
    assert call("status").status == 2
    monkeypatch.delenv("COMPLIANCE_TUI_LANGUAGE")
    (tmp_path / "no.toml").write_text('language = "xx"\n')
    ended = call("status")
    assert ended.status == 2
    assert "config.toml, language" in ended.err
    assert call("--language", "de", "standards", "list").status == 0
    assert call("--version").status == 0


def test_an_option_that_there_is_not_is_refused_in_the_language_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = caller(tmp_path, monkeypatch, capsys)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert call("--bogus").err.startswith("Fehler: ")
    assert call("status", "--bogus").err.startswith("Fehler: ")
    monkeypatch.setenv("COMPLIANCE_TUI_LANGUAGE", "xx")
    choose("en")
    ended = call("--bogus")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
