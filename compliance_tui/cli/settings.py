"""What all commands share: where, who, when, and how a result is printed."""

import datetime as dt
import getpass
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import click

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import now, parse_instant
from compliance_tui.safe.language import choose, gettext, message, preferred, speaks_source
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.safe.text import clean, is_hidden

READY, NOT_ACCEPTED = 0, 3


def named(ctx: click.Context) -> Path:
    """What ``-C`` names, or the present folder: an assessment, or a bundle."""
    return ctx.find_root().obj["folder"] or Path()


def folder(ctx: click.Context) -> Path:
    """The assessment folder that the command works on. Raises InputError ``read-only`` for a bundle."""
    path = named(ctx)
    if path.is_file() or (path / "core" / "SHA256SUMS").is_file():
        text = message("{path}: is a bundle, which can be read and not changed; name an assessment with -C", path=path)
        raise InputError("read-only", text)
    return path


def person(ctx: click.Context) -> str:
    """Who acts: ``--me``, else the configuration file, else the login name."""
    given = ctx.find_root().obj["me"] or _configured("me")
    if given:
        return str(given)
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def extra_standards(ctx: click.Context) -> Path | None:
    """The user's own folder of standards."""
    return ctx.find_root().obj["standards"] or _path(_configured("standards"))


def extra_kinds(ctx: click.Context) -> Path | None:
    """The user's own folder of evidence kinds."""
    return ctx.find_root().obj["kinds"] or _path(_configured("kinds"))


def escrow_recipient() -> str | None:
    """The lab's own recipient of everything that is sealed (an age or OpenSSH public key, or a file with it)."""
    value = _configured("escrow")
    return str(value) if value else None


def choose_language(code: str | None) -> None:
    """Say everything in the language ``code``; without it in that of the configuration file, else of the environment.

    Raises InputError ``no-language`` where a code was given in which there are no words; the environment's are passed over.
    """
    configured = None if code else _configured("language")
    try:
        choose(code or configured or preferred(os.environ))
    except InputError as error:
        where = "config.toml, language" if configured else "--language or COMPLIANCE_TUI_LANGUAGE"
        raise InputError(error.code, message("{where}: {reason}", where=where, reason=error.args[0])) from None


def speak_of_standards(ctx: click.Context) -> None:
    """Let the user's own standards be shown in the language that was chosen, where their folder has translations."""
    if not speaks_source() and (folder := extra_standards(ctx)) is not None:
        from compliance_tui.standard.translation import look_in

        look_in(folder)


def _path(value: Any) -> Path | None:
    return Path(value) if value else None


def _configured(name: str) -> Any:
    """A value of ``config.toml`` in the platform's configuration folder (``me``, ``standards``, ``escrow``…)."""
    from platformdirs import user_config_path

    path = Path(os.environ.get("COMPLIANCE_TUI_CONFIG") or user_config_path("compliance-tui") / "config.toml")
    if not path.exists():
        return None
    from compliance_tui.safe.files import read_bounded
    from compliance_tui.safe.toml import load_toml

    table = load_toml(read_bounded(path, 64 * 1024), str(path))
    value = table.get(name)
    if set(table) - {"me", "standards", "kinds", "escrow", "language"} or (value is not None and not isinstance(value, str)):
        text = message("{path}: may hold me, standards, kinds, escrow and language, each a text; mend it", path=path)
        raise InputError("bad-field", text)
    return value


def instant(text: str | None) -> dt.datetime:
    """The instant that an option names, or the present one."""
    return parse_instant(text) if text else now()


def piped_text(most: int) -> str:
    """What comes through standard input, up to a little more than ``most`` characters; the reader refuses what is too long.

    Raises InputError ``not-text``.
    """
    content = sys.stdin.buffer.read(4 * (most + 1))
    try:
        return content.decode()[: most + 1]
    except UnicodeDecodeError:
        raise InputError("not-text", message("standard input is not UTF-8; convert it first")) from None


def print_json(value: Any) -> None:
    """One JSON document on standard output; what a terminal could act on is escaped, which is the same JSON."""
    sys.stdout.buffer.write(_HIDEABLE.sub(_escaped, dump_json(value).decode()).encode())
    sys.stdout.flush()


# JSON itself escapes what is below a space; the rest of what hides or acts lies above ASCII, but for DEL.
_HIDEABLE = re.compile("[\x7f-\U0010ffff]")


def _escaped(match: "re.Match[str]") -> str:
    character = match.group()
    if character == "\x7f":
        return "\\u007f"
    return json.dumps(character)[1:-1] if is_hidden(character) else character


def say(text: str = "") -> None:
    """A line for a person, on standard output; whatever came from a file is made safe."""
    click.echo(clean(text))


def note(text: str) -> None:
    """A message beside the result, on standard error."""
    click.echo(clean(text), err=True)


class Bar:
    """Progress in bytes on a terminal, nothing elsewhere."""

    def __init__(self, label: str, total: int) -> None:
        self._shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and total > 1 << 24
        self._label, self._total, self._last = label, total, -1

    def __call__(self, done: int) -> None:
        """Show that ``done`` bytes are done."""
        if not self._shown:
            return
        percent = min(100, done * 100 // max(1, self._total))
        if percent != self._last:
            self._last = percent
            end = "\n" if percent == 100 else ""
            size = f"{self._total / 1e6:,.0f}"
            told = gettext("{what} {percent:3d} % of {size} MB", what=self._label, percent=percent, size=size)
            print(f"\r{told}", end=end, file=sys.stderr, flush=True)
