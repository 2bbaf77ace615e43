"""Paths as people type, complete and paste them."""

import glob
import os
import shlex
from pathlib import Path

from textual import events
from textual.message import Message
from textual.suggester import Suggester

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.tui.form import Field

_MOST_ENTRIES, _MOST_MATCHES = 20_000, 10_000


def completions(value: str) -> list[str]:
    """``value`` continued to every file or folder that begins so, folders with a slash, sorted; none where nothing does."""
    folder, slash, start = value.rpartition("/")
    try:
        base = Path(folder + slash).expanduser() if slash else Path()
        with os.scandir(base) as entries:
            found = []
            for place, entry in enumerate(entries):
                if place >= _MOST_ENTRIES:
                    break
                if entry.name.startswith(start) and (start or not entry.name.startswith(".")):
                    found.append(folder + slash + entry.name + ("/" if entry.is_dir() else ""))
    except (OSError, RuntimeError, ValueError):
        return []
    return sorted(found)


def complete(value: str) -> str:
    """``value`` as far as all that begins so agrees."""
    found = completions(value)
    first, last = min(found, default=""), max(found, default="")
    common = first[: next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))]
    return common if len(common) > len(value) else value


def typed_paths(text: str) -> list[Path]:
    """The files and folders that a typed or pasted text names: one path as it is, or several quoted as in a shell, or patterns.

    Raises InputError ``not-found`` for one that is not there.
    """
    text = text.strip()
    if not text:
        return []
    whole = _there(text)
    if whole is not None:
        return [whole]
    words: list[str] = []
    for line in text.splitlines():
        there = _there(line.strip())
        try:
            words += [line.strip()] if there is not None else shlex.split(line)
        except ValueError:
            words.append(line.strip())
    found: list[Path] = []
    for word in words:
        there = _there(word)
        matches = [there] if there is not None else [Path(one) for one in _matching(word)]
        if not matches:
            raise InputError(
                "not-found", message("{path}: no such file or folder; Tab completes a path", path=clean_line(word))
            )
        found += matches
    return list(dict.fromkeys(found))


def _there(word: str) -> Path | None:
    try:
        path = Path(word.removeprefix("file://")).expanduser()
        return path if word and (path.exists() or path.is_symlink()) else None
    except (OSError, RuntimeError, ValueError):
        return None


def _matching(word: str) -> list[str]:
    if not glob.has_magic(word):
        return []
    try:
        return sorted(glob.glob(os.path.expanduser(word)))[:_MOST_MATCHES]
    except (OSError, ValueError):
        return []


class _Suggester(Suggester):
    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first entry that continues what is typed."""
        return next(iter(completions(value)), None) if value else None


class PathField(Field):
    """A field for a path: Tab completes as far as is certain, then tells what there is; a paste may hold many lines."""

    class Several(Message):
        """Tab was pressed and there are several ways to go on, or none."""

        def __init__(self, found: list[str]) -> None:
            super().__init__()
            self.found = found

    class Pasted(Message):
        """A text of several lines was pasted."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, label: str, value: str = "", *, id: str, hint: str = "") -> None:
        super().__init__(label, value, id=id, hint=hint)
        self.suggester = _Suggester()

    def on_key(self, event: events.Key) -> None:
        """Tab completes while there is something to complete; else it moves on."""
        if event.key != "tab" or not self.value:
            return
        longer = complete(self.value)
        if longer == self.value:
            found = completions(self.value)
            if len(found) <= 1:
                return
            self.post_message(self.Several(found))
        else:
            self.value = longer
            self.cursor_position = len(longer)
        event.stop()
        event.prevent_default()

    def _on_paste(self, event: events.Paste) -> None:
        """Many lines are many paths; one line is typed in."""
        if len(event.text.strip().splitlines()) > 1:
            event.stop()
            event.prevent_default()
            self.post_message(self.Pasted(event.text))
