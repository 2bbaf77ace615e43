"""Words in the reader's language."""

import pickle
from collections.abc import Iterator

import pytest

from compliance_tui.safe import language
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import choose, gettext, languages, message, ngettext, nmessage, pgettext, pmessage, preferred


class Shouting:
    """A language in which everything is said in capitals; fields stay."""

    def gettext(self, text: str) -> str:
        return text.replace("missing", "MISSING").replace("one day", "ONE DAY")

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many.replace("days", "DAYS"))

    def pgettext(self, context: str, text: str) -> str:
        return f"{text} ({context})"


@pytest.fixture
def shouting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(language, "_now", Shouting())
    yield


def test_english_is_the_source() -> None:
    assert gettext("{what} is missing", what="S-01") == "S-01 is missing"
    assert gettext("100 % {of} it") == "100 % {of} it"
    assert ngettext("one day", "{number} days", 1) == "one day"
    assert ngettext("one day", "{number} days", 0) == "0 days"


def test_a_message_stays_english_where_it_is_stored_and_is_said_in_the_language_of_the_reader(shouting: None) -> None:
    made = message("{what} is missing", what=nmessage("one day", "{number} days", 3))
    assert made == "3 days is missing"
    assert f"{made}" == "3 days is missing"
    assert gettext(made) == "3 DAYS is MISSING"
    assert gettext(str(InputError("missing", made))) == "3 DAYS is MISSING"
    assert gettext(pickle.loads(pickle.dumps(made))) == "3 DAYS is MISSING"


def test_a_word_of_several_meanings_is_said_by_its_context(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pgettext("status", "open") == pmessage("status", "open") == "open"
    monkeypatch.setattr(language, "_now", Shouting())
    assert pgettext("status", "open") == "open (status)"
    assert gettext(pickle.loads(pickle.dumps(pmessage("status", "open")))) == "open (status)"


def test_what_a_value_holds_is_never_taken_for_a_template(shouting: None) -> None:
    assert gettext(message("{what} is missing", what="{0.__class__} missing")) == "{0.__class__} missing is MISSING"


def test_a_language_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="no words in 'xx'; there are: en"):
        choose("xx")
    choose("en")
    assert languages()[0] == "en"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "zz"}, "en"),
        ({"LANG": "zz_ZZ.UTF-8"}, "zz"),
        ({"LANG": "zz_ZZ.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "xx:zz"}, "zz"),
        ({"LANG": "xx_XX", "LC_MESSAGES": "zz@euro"}, "zz"),
    ],
)
def test_the_environment_is_asked_as_posix_and_gnu_say(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "languages", lambda: ["en", "zz"])
    assert preferred(environment) == expected
