"""A standard's texts in another language: shown, never meant."""

import hashlib
import json
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import choose, gettext
from compliance_tui.shipped import shipped
from compliance_tui.standard import translation
from compliance_tui.standard.digest import control_digest
from compliance_tui.standard.load import find_pack, load_pinned, pack_paths, read_pack
from compliance_tui.standard.translation import (
    lint_translations,
    load_translation,
    read_translation,
    translation_faults,
    translations_of,
)
from tests.cli.calling import caller

HERE = shipped("standards")
SHIPPED = [(pack, one) for pack in pack_paths([HERE]) for one in translations_of(pack)]


@pytest.fixture(autouse=True)
def _nothing_looked_for_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "_found", {})
    monkeypatch.setattr(translation, "_folders", [HERE])


def test_what_ships_is_complete_and_of_the_bytes_that_ship() -> None:
    assert [one.name for _, one in SHIPPED] == ["1.1.de.toml"]
    for path, _ in SHIPPED:
        pack = read_pack(path)
        assert list(lint_translations(pack.standard, pack.sha256, path)) == []


def test_a_translation_is_no_version() -> None:
    assert not [path for path in pack_paths([HERE]) if path.stem.endswith(".de")]
    assert find_pack("model-continuity", [HERE]).standard.version == "1.1"


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A folder of the user's own with the pack, which is pinned nowhere, and no translation yet."""
    folder = tmp_path / "mine" / "model-continuity"
    folder.mkdir(parents=True)
    text = (HERE / "model-continuity/1.1.toml").read_text("utf-8").replace('version = "1.1"', 'version = "9.9"', 1)
    (folder / "9.9.toml").write_text(text, "utf-8")
    return folder / "9.9.toml"


def _written(pack: Path, **changes: object) -> Path:
    sha256 = hashlib.sha256(pack.read_bytes()).hexdigest()
    header = {"standard": "model-continuity", "version": "9.9", "sha256": sha256, "language": "de"}
    table: dict[str, object] = {"translation": header, "controls": {"MC-GOV-01": {"title": "Ausfall"}}, **changes}
    path = pack.with_name("9.9.de.toml")
    path.write_text(tomli_w.dumps(table), "utf-8")
    return path


def test_screens_say_the_translation_and_everything_else_the_original(beside: Path) -> None:
    english = read_pack(beside)
    _written(beside)
    choose("de")
    german = read_pack(beside)
    control = german.standard.controls[0]
    assert (german.sha256, german.standard, control.title) == (english.sha256, english.standard, "Outage tolerance")
    assert control_digest(control) == control_digest(english.standard.controls[0])
    assert gettext(control.title) == "Ausfall"
    assert gettext(control.statement) == control.statement  # left out: as it is
    choose("en")
    assert gettext(control.title) == "Outage tolerance"
    choose("de")
    read_pack(beside)
    assert gettext(control.title) == "Ausfall"


def test_the_pinned_copy_is_shown_in_the_translation_of_its_own_bytes_only() -> None:
    content = (HERE / "model-continuity/1.1.toml").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    choose("de")
    load_pinned(content, "pinned", json=False, sha256=sha256)
    assert gettext("Outage tolerance") == "Hinnehmbarer Ausfall"
    choose("de")  # forgets
    other = content.replace(b"Outage tolerance", b"Outage tolerance ", 1)
    load_pinned(other, "pinned", json=False, sha256=hashlib.sha256(other).hexdigest())
    assert gettext("Dependency register") == "Dependency register"


def test_the_program_s_own_words_cannot_be_taken_over(beside: Path) -> None:
    beside.write_text(beside.read_text("utf-8").replace('title = "Outage tolerance"', 'title = "not ready"', 1), "utf-8")
    _written(beside, controls={"MC-GOV-01": {"title": "bereit"}})
    choose("de")
    assert read_pack(beside).standard.controls[0].title == "not ready"
    assert gettext("not ready") == "nicht bereit"


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"controls": {"MC-XXX-99": {"title": "x"}}}, "controls.MC-XXX-99.title", "does not have"),
        ({"controls": {"MC-GOV-01": {"checks": {"nope": "x"}}}}, "controls.MC-GOV-01.checks.nope", "does not have"),
        ({"controls": {"MC-GOV-01": {"blocked": ["x"]}}}, "controls.MC-GOV-01.blocked.0", "does not have"),
        ({"axes": {"level": {"values": {"D9": {"title": "x"}}}}}, "axes.level.values.D9.title", "does not have"),
        ({}, "controls.MC-GOV-01", "statement, guidance, example, checks.tolerances"),
        ({}, "seats.owner", "has no translation"),
    ],
)
def test_lint_tells_what_is_missing_and_what_nothing_asks_for(
    changes: dict[str, object], place: str, said: str, beside: Path
) -> None:
    pack = read_pack(beside)
    faults = translation_faults(pack.standard, pack.sha256, read_translation(_written(beside, **changes)))
    assert [text for location, text in faults if ".".join(map(str, location)) == place and said in text]


def test_lint_tells_of_other_bytes_and_of_another_version(beside: Path) -> None:
    pack = read_pack(beside)
    path = _written(beside)
    beside.write_text(beside.read_text("utf-8") + "# a word more\n", "utf-8")
    found = list(lint_translations(pack.standard, read_pack(beside).sha256, beside))
    assert (found[0][0], found[0][1]) == (path, 4)
    assert "translates other bytes" in found[0][2].text
    choose("de")
    read_pack(beside)
    assert gettext("Outage tolerance") != "Ausfall"  # what another text says is not said of this one
    path.write_text(path.read_text("utf-8").replace('"9.9"', '"9.8"'), "utf-8")
    assert "beside another" in next(lint_translations(pack.standard, pack.sha256, beside))[2].text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[translation]\nstandard = 5\n", "standard"),
        ('[translation]\nstandard = "a"\nversion = "1"\nsha256 = "zz"\nlanguage = "de"\n', "sha256"),
        ("[contrls]\n", "contrls"),
        ("[translation\n", "line 1"),
        ("# " + "x" * 300_000, "larger than"),
    ],
)
def test_what_is_no_translation_is_one_sentence_with_file_and_field(
    text: str, said: str, beside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = beside.with_name("9.9.de.toml")
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=said) as refused:
        read_translation(path)
    assert "9.9.de.toml" in str(refused.value)
    call = caller(beside.parent, monkeypatch, capsys)
    ended = call("standards", "lint", "9.9.toml")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert said in ended.err
    assert call("standards", "show", "9.9.toml").status == 0  # English does not look at it
    assert call("--language", "de", "standards", "show", "9.9.toml").status == 2


@given(st.binary(max_size=400))
def test_any_bytes_are_a_translation_or_refused(content: bytes) -> None:
    try:
        load_translation(content, "x.de.toml")
    except InputError as error:
        assert "\n" not in str(error)


def test_what_is_shown_is_german_and_what_is_written_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = caller(tmp_path, monkeypatch, capsys)
    for code in ("en", "de"):
        call("--language", code, "init", code, "--standard", "model-continuity@1.1", "--subject", "northwind-2")
    shown = call("--language", "de", "-C", "de", "show", "MC-GOV-01").out
    assert "Hinnehmbarer Ausfall" in shown
    assert "namentlich genannte leitende Person" in shown
    assert "Outage tolerance" not in shown
    assert "Hinnehmbarer Ausfall" in call("--language", "de", "-C", "de", "status").out
    documents = [call("--language", code, "-C", code, "status", "--json", "--as-of", "2026-11-24").out for code in ("en", "de")]
    assert json.loads(documents[0]) == json.loads(documents[1])
    assert (tmp_path / "en/standards/model-continuity-1.1.toml").read_bytes() == (
        tmp_path / "de/standards/model-continuity-1.1.toml"
    ).read_bytes()
