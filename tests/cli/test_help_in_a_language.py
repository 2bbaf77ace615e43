"""Help and refusals of the command line in another language, here one in which every text stands in marks."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from compliance_tui.cli.main import COMMANDS, program
from compliance_tui.safe import language
from tests.cli.calling import Call, caller, refused


class Marked:
    """Every text in marks, its fields untouched."""

    def gettext(self, text: str) -> str:
        return f"«{text}»"

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)

    def pgettext(self, context: str, text: str) -> str:
        return self.gettext(text)


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Call]:
    monkeypatch.setattr(language, "_now", Marked())
    monkeypatch.setattr(language, "choose", lambda code: None)
    monkeypatch.setattr("compliance_tui.cli.main.choose", lambda code: None)
    monkeypatch.setattr("compliance_tui.cli.settings.choose", lambda code: None)
    yield caller(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("words", [[], ["attach"], ["evidence"], ["evidence", "new"], ["sign"], ["determine"]])
def test_every_text_of_the_help_is_said_and_examples_stay(words: list[str], call: Call) -> None:
    out = call(*words, "--help").out
    assert out.startswith("«Usage: »compliance-tui")
    assert "«Options»" in out
    assert "«Show this message and exit.»" in out.replace("\n", " ").replace("  ", " ")
    if words != ["evidence"]:
        assert "«Example:»" in out
        assert "\n    compliance-tui " in out
    assert "«default: 1»" in out or words != ["sign"]
    assert "[«required»" in out or words != ["determine"]


def test_the_english_commands_are_left_as_they_were(call: Call) -> None:
    call("attach", "--help")
    language._now = None
    context = click.Context(program)
    command = program.get_command(context, "attach")
    assert command is not None
    assert "«" not in command.get_help(context)
    assert all("«" not in (one.help or "") for one in command.params if isinstance(one, click.Option))


def test_refusals_of_click_are_said_too(call: Call) -> None:
    for words, said in (
        (["show", "--nothing"], "«No such option '--nothing'.»"),
        (["show", "--as-ov"], "«No such option '--as-ov'.» «Did you mean '--as-of'?»"),
        (["shwo"], "«No such command 'shwo'.»"),
        (["show"], "«Missing argument 'CONTROL'.»"),
        (["answer", "X"], "«Missing option '--status'.» «Choose one of met, partly-met"),
        (["answer", "X", "--status", "good"], "«Invalid value for '--status': «Choose one of met, partly-met"),
        (["evidence", "preview", "E-0001", "--file", "none"], "«Invalid value for '--file': «Give a whole number from 1 on.»»"),
        (["log", "show", "--last", "x"], "«Invalid value for '--last': «Give a whole number.»»"),
        (["sign", "bundle.zip"], "«name the key with --key»"),
    ):
        ended = call(*words)
        assert ended.status == 2
        assert said in ended.err, ended.err
        assert ended.err.count("\n") == 1


def test_in_english_they_stay_clicks_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = caller(tmp_path, monkeypatch, capsys)
    refused(call("show", "--nothing"), "No such option '--nothing'.")
    refused(call("shwo"), "No such command 'shwo'.")
    out = call("--help").out
    assert out.startswith("Usage: compliance-tui [OPTIONS] [COMMAND] [ARGS]...")
    assert all(f"  {name} " in out for name in COMMANDS)
