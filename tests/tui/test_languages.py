"""In another language no English word of the program's own is left on a page, and nothing breaks.

The other language is made up: every vowel of a text that can be translated gets two dots, and so does the prose of the data.
A word that has kept its vowels is an id, which the test knows, or was never given to the catalogue.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from compliance_tui.safe import language
from compliance_tui.shipped import shipped
from compliance_tui.tui.app import ComplianceApp
from compliance_tui.tui.reading import Text
from tests.tui import bundles, release
from tests.tui.bundle_pictures import bundle_texts
from tests.tui.pictures import SHOTS, SIZES, Shot, screen_text, texts

_DOTS = str.maketrans("aeiouyAEIOUY", "äëïöüÿÄËÏÖÜŸ")
_PROSE = re.compile(r'((?:title|summary|statement|guidance|question|meaning|reason|disclaimer|status|note) = )"([^"]*)"')
_NO_WORD = re.compile(r"[-\d:/._=@$+%<>\\…]|^[ab]{20,}$")
# Ids, names, and what is typed as it is: on every page, and on some.
_EVERYWHERE = "ada Ada Ortiz ben Ben ci Rae Gula regulator owner security orchard small api tier profile UTC"
_TYPED = "blocking by failing group is kind level met missing needs recheck recommended required seat stale standard unanswered"
_SOMEWHERE = {
    "control": "detected seeded seeds",
    "answer": "detected seeded seeds",
    "filter": "needs",
    "statements": "receipt",
    "sign": "attester basis digest edition id name predicate predicateType present receivedAt sealed sequence series sign "
    "signedAt subject withheld",
    "evidence": "completed detected missed seeded seeds target thing",
    "what-if": "open",
    "preview": "JSON form seed seeds caught target thing true false",
    "export": "export",
    "help": f"{_TYPED} waived",
}
# Pages that show texts of the standards that are shipped.
_SHIPPED = ("rating", "trying", "new-standards", "new-axes", "new-people")
_FURTHER = (
    Shot("palette", ("colon",), ("escape",)),
    Shot("detach", ("d",), ("escape",)),
    Shot("answer-all", ("asterisk", "a"), ("escape", "escape")),
    Shot("what-if", ("r", "w"), ("escape", "escape")),
    Shot("subject", ("p", "enter"), ("escape", "escape")),
    Shot("person", ("p", "end", "enter"), ("escape", "escape")),
    Shot("open", ("o", "o"), ("escape", "escape")),
    Shot("new", ("o", "n")),
    Shot("new-files", ("x", "f2")),
    Shot("new-standards", ("f2",)),
    Shot("new-axes", ("space", "f2")),
    Shot("new-people", ("f2",)),
    Shot("new-folder", ("f2",), ("escape",) * 7),
)


class Dotted:
    """A language in which every text is itself with dots on its vowels; fields stay."""

    def gettext(self, text: str) -> str:
        return re.sub(r"\{[^{}]*\}|[^{}]+", lambda part: part[0] if part[0][0] == "{" else part[0].translate(_DOTS), text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)

    def pgettext(self, context: str, text: str) -> str:
        return self.gettext(text)


def _words(text: str) -> Iterator[str]:
    """The words of a text that have kept a vowel, and are no ids, numbers or signs, nor cut."""
    for token in text.split():
        word = token.strip("()[]{}.,;:!?'\"`·|│┃▔*#")
        if len(word) > 1 and not _NO_WORD.search(word) and word.isascii() and re.search("[aeiouy]", word, re.IGNORECASE):
            yield word


def _on(app: ComplianceApp) -> str:
    """What is on the page, and what is further down in its texts."""
    further = [widget.plain for widget in app.screen.query(Text)]
    further += [widget.placeholder for widget in app.screen.query(Input)]
    return "\n".join([screen_text(app), *further])


def _left(app: ComplianceApp, name: str) -> set[str]:
    """The words on a page that should have dots."""
    return set(_words(_on(app))) - {*_EVERYWHERE.split(), *_SOMEWHERE.get(name, "").split()}


def _dotted(make: Callable[..., Any], *fields: str) -> Callable[..., Any]:
    """``make`` with dots in those arguments."""

    def made(*given: Any, **named: Any) -> Any:
        return make(*given, **{name: one.translate(_DOTS) if name in fields else one for name, one in named.items()})

    return made


@pytest.fixture(autouse=True)
def _dots(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((release, "STANDARD"), (release, "_MORE"), (bundles, "_CHANGES")):
        prose = _PROSE.sub(lambda found: f'{found[1]}"{found[2].translate(_DOTS)}"', getattr(module, name))
        monkeypatch.setattr(module, name, prose)
    monkeypatch.setattr(release.actions, "answer", _dotted(release.actions.answer, "statement"))
    monkeypatch.setattr(release, "Waiver", _dotted(release.Waiver, "reason", "measures"))
    monkeypatch.setattr(release, "Subject", _dotted(release.Subject, "description"))
    monkeypatch.setattr(language, "_now", Dotted())


async def test_no_english_is_left_in_another_language(tmp_path: Path) -> None:
    files = [*shipped("standards").rglob("*.toml"), *(shipped("evidence") / "jailbreak-register").iterdir()]
    of_standards = {word for path in files for word in _words(path.read_text(encoding="utf-8"))}
    left: dict[str, set[str]] = {}
    pages: set[type] = set()

    def look(app: ComplianceApp, name: str) -> None:
        pages.add(type(app.screen))
        left[name] = _left(app, name)
        if name in _SHIPPED:  # where a word may also be cut by the edge of the screen
            left[name] = {word for word in left[name] if not any(one.startswith(word) for one in of_standards)}

    await texts(tmp_path, SIZES[1], look, shots=(*SHOTS, *_FURTHER))
    assert len(pages) >= 26
    assert not {name: words for name, words in left.items() if words}


async def test_no_english_is_left_on_the_pages_of_bundles_and_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "_template", bundles._template.__wrapped__)  # its own, with dots
    monkeypatch.setenv("COMPLIANCE_TUI_STATE", str(tmp_path / "state"))
    left: dict[str, set[str]] = {}

    def look(app: ComplianceApp, name: str) -> None:
        left[name] = _left(app, name)

    await bundle_texts(tmp_path, SIZES[1], look)
    assert not {name: words for name, words in left.items() if words}
