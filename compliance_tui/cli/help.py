"""What click says of commands and refuses, in another language than English; in English nothing of this is imported.

The texts are those of the commands themselves: a docstring up to its example, an option's ``help``. ``tests/languages.py``
gathers them from the commands.
"""

import copy
import inspect
import re
from collections.abc import Iterable, Sequence

import click

from compliance_tui.safe.language import gettext, message

_EXAMPLE = "\b\nExample:"
# What click itself puts into help.
_CLICK = {
    "Options": message("Options"),
    "Commands": message("Commands"),
    "Show this message and exit.": message("Show this message and exit."),
    "Show the version and exit.": message("Show the version and exit."),
}
# What click adds behind the text of an option: its default, its range, that it is required.
_EXTRA = re.compile(r"(?:  |^)\[((?:default: |required|[x0-9]).*)\]$")


class Formatter(click.HelpFormatter):
    """Headings, and the texts of options, which click passes on as they were written."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line of usage."""
        super().write_usage(prog, args, gettext("Usage: {usage}", usage="") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """A heading."""
        super().write_heading(gettext(_CLICK.get(heading, heading)))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms with their texts; what click adds in brackets is said for itself."""
        super().write_dl([(term, _option_text(text)) for term, text in rows], col_max, col_spacing)


class Context(click.Context):
    """A context whose help is written by the formatter above."""

    formatter_class = Formatter


def translated(command: click.Command) -> click.Command:
    """A copy of ``command``, and of all under it, that speaks of itself in the language that was chosen."""
    said = copy.copy(command)
    said.context_class = Context
    if command.help:
        prose, example = parts(command.help)
        said.help = gettext(prose) + (f"\n\n\b\n{gettext('Example:')}{example}" if example else "")
    if command.epilog:
        said.epilog = gettext(command.epilog)
    if isinstance(said, click.Group):
        said.commands = {name: translated(one) for name, one in said.commands.items()}
    return said


def parts(text: str) -> tuple[str, str]:
    """The prose of a command's help, a line for each paragraph, and what follows the word ``Example:``."""
    prose, _, example = inspect.cleandoc(text).partition(_EXAMPLE)
    return "\n\n".join(" ".join(one.split()) for one in prose.strip().split("\n\n")), example


def _option_text(text: str) -> str:
    extra = _EXTRA.search(text)
    prose = text[: extra.start()] if extra else text
    told = gettext(_CLICK.get(prose, prose)) if prose else ""
    if extra is None:
        return told
    parts = [_extra(one) for one in extra.group(1).split("; ")]
    return f"{told}  [{'; '.join(parts)}]".lstrip()


def _extra(text: str) -> str:
    if text.startswith("default: "):
        return gettext("default: {value}", value=text.removeprefix("default: "))
    return gettext("required") if text == "required" else text


def refusal(error: click.ClickException) -> str:
    """What click refuses, in the language that was chosen."""
    if isinstance(error, click.NoSuchOption):
        return _meant(gettext("No such option {name!r}.", name=error.option_name), error.possibilities)
    if isinstance(error, click.exceptions.NoSuchCommand):
        return _meant(gettext("No such command {name!r}.", name=error.command_name), error.possibilities)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        name = error.param.get_error_hint(error.ctx)
        choices = _choices(error.param)
        if isinstance(error.param, click.Argument):
            return f"{gettext('Missing argument {name}.', name=name)} {choices}".rstrip()
        return f"{gettext('Missing option {name}.', name=name)} {choices}".rstrip()
    if isinstance(error, click.BadParameter) and error.param is not None:
        reason = _choices(error.param) or error.message
        return gettext("Invalid value for {name}: {reason}", name=error.param.get_error_hint(error.ctx), reason=reason)
    return gettext(error.format_message())


def _meant(refused: str, possibilities: Sequence[str] | None) -> str:
    if not possibilities:
        return refused
    names = ", ".join(map(repr, sorted(possibilities)))
    return f"{refused} {gettext('Did you mean {names}?', names=names)}"


def _choices(parameter: click.Parameter) -> str:
    """What may be given, where that can be said in a sentence."""
    if isinstance(parameter.type, click.Choice):
        return gettext("Choose one of {choices}.", choices=", ".join(map(str, parameter.type.choices)))
    if isinstance(parameter.type, click.IntRange) and parameter.type.min is not None:
        least, most = parameter.type.min, parameter.type.max
        if most is None:
            return gettext("Give a whole number from {least} on.", least=least)
        return gettext("Give a whole number from {least} to {most}.", least=least, most=most)
    return gettext("Give a whole number.") if parameter.type is click.INT else ""
