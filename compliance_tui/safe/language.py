"""Words in the reader's language: gettext, with English as the source.

Rooms below the screen write English, because files, JSON and logs hold the same bytes for everybody; what they say to a person
is a ``Message``, which remembers how it was made. Screens and plain lines say it with ``gettext``, in the language chosen.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_tui.safe.errors import InputError

if TYPE_CHECKING:
    from gettext import NullTranslations

CATALOGUES = Path(__file__).parents[1] / "languages"
SOURCE = "en"
_now: "NullTranslations | None" = None
_code = SOURCE
# What is said beside the program's own words: texts of data that were translated with it, by the text.
_beside: dict[str, str] = {}


class Message(str):
    """An English sentence together with its template and values, from which it can be said in another language."""

    __slots__ = ("context", "number", "plural", "template", "values")
    context: str
    template: str
    plural: str | None
    number: int
    values: Mapping[str, object]

    def __str__(self) -> str:
        """Itself, so that an exception that was raised with it gives it back whole."""
        return self

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """For processes that hand over results."""
        return _made, (self.template, self.plural, self.number, dict(self.values), self.context)


def message(template: str, /, **values: object) -> Message:
    """An English sentence with its values put in (``str.format`` fields by name), to be said in any language later."""
    return _made(template, None, 0, values)


def nmessage(one: str, many: str, number: int, /, **values: object) -> Message:
    """As ``message``, in the singular or plural of ``number``, which the templates may name ``{number}``."""
    return _made(one, many, number, {"number": number, **values})


def pmessage(context: str, text: str) -> Message:
    """As ``message``, for a word that means several things or has to be short; ``context`` tells translators which, or why."""
    return _made(text, None, 0, {}, context)


def remade(table: Message, /, **values: object) -> Message:
    """The message of a table of templates, with its values put in."""
    return _made(table.template, None, 0, values)


def joined(parts: Iterable[str], separator: str = ", ") -> str:
    """As ``separator.join(parts)``; parts that are messages are still said in the reader's language."""
    parts = list(parts)
    if not any(isinstance(part, Message) for part in parts):
        return separator.join(parts)
    values = {f"part{place}": part for place, part in enumerate(parts)}
    return _made(separator.replace("{", "{{").replace("}", "}}").join(f"{{{name}}}" for name in values), None, 0, values)


def either(choices: Iterable[str]) -> str:
    """As ``" or ".join(choices)``."""
    made, *rest = choices
    for other in rest:
        made = message("{first} or {other}", first=made, other=other)
    return made


def _made(template: str, plural: str | None, number: int, values: Mapping[str, object], context: str = "") -> Message:
    chosen = template if plural is None or number == 1 else plural
    made = Message(chosen.format_map(values) if values else chosen)
    made.template, made.plural, made.number, made.values, made.context = template, plural, number, values, context
    return made


def gettext(text: str, /, **values: object) -> str:
    """``text`` in the language that was chosen, with its values put in; a ``Message`` brings its own."""
    if _now is None:
        return text.format_map(values) if values else text
    template = text
    if isinstance(text, Message):
        if text.plural is not None:
            return ngettext(text.template, text.plural, text.number, **text.values)
        if text.context:
            return _now.pgettext(text.context, text.template)
        template, values = text.template, dict(text.values)
    translated = _now.gettext(template) if template else template
    if translated == template:
        translated = _beside.get(template, template)
    return translated.format_map(_said(values)) if values else translated


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """As ``gettext``, in the form that the language has for ``number``, which the templates may name ``{number}``."""
    values = {"number": number, **values}
    if _now is None:
        return (one if number == 1 else many).format_map(values)
    return _now.ngettext(one, many, number).format_map(_said(values))


def pgettext(context: str, text: str) -> str:
    """As ``gettext`` of a ``pmessage``."""
    return text if _now is None else _now.pgettext(context, text)


def _said(values: Mapping[str, object]) -> dict[str, object]:
    return {name: gettext(value) if isinstance(value, Message) else value for name, value in values.items()}


def languages() -> list[str]:
    """The languages that there are, the source first."""
    return [SOURCE, *sorted(path.stem for path in CATALOGUES.glob("*.mo"))]


def speaks_source() -> bool:
    """Whether English is spoken, so that nothing has to be looked up."""
    return _now is None


def spoken() -> str:
    """The code of the language that was chosen."""
    return _code


def also_say(texts: Mapping[str, str]) -> None:
    """Say these texts of data, original to translation, in the language chosen, too; the program's own words go first."""
    _beside.update(texts)


def verbatim(text: str) -> Message:
    """A text of data, whole, as a message: said in another language where its data brought a translation along."""
    return _made(text, None, 0, {})


def choose(language: str) -> None:
    """Say everything in ``language`` from now on, a code such as ``de``; raises InputError where there is none such."""
    global _now, _code
    _beside.clear()
    if language == SOURCE:
        _now, _code = None, SOURCE
        return
    if language not in languages():
        known = ", ".join(languages())
        raise InputError("no-language", message("no words in {language!r}; there are: {known}", language=language, known=known))
    from gettext import GNUTranslations

    with (CATALOGUES / f"{language}.mo").open("rb") as stream:
        _now, _code = GNUTranslations(stream), language


def preferred(environment: Mapping[str, str]) -> str:
    """What the environment asks for (POSIX: LC_ALL, LC_MESSAGES, LANG, and GNU's list LANGUAGE), if there are words in it."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    if locale.split(".")[0] in ("", "C", "POSIX"):
        return SOURCE
    wanted = [*environment.get("LANGUAGE", "").split(":"), locale]
    codes = [one.split(".")[0].split("@")[0].split("_")[0].lower() for one in wanted]
    return next((code for code in codes if code in languages()), SOURCE)
