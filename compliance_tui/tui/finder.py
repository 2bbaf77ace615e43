"""The line above the list: a filter that narrows while it is typed, or an id to go to."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import Input

from compliance_tui.safe.language import gettext, message

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import ControlKey

_FILTER_HINT = message("words, is:blocking, kind:sbom, seat:security, needs:owner, stale, -is:waived")
_JUMP_HINT = message("a part of an id: saf2")


class Finder(Input):
    """Hidden while it is empty and not typed in. While an id is typed, the filter in force is kept aside."""

    class Filtered(Message):
        """The filter in force is another one."""

    class Jumped(Message):
        """Another part of an id was typed."""

        def __init__(self, typed: str) -> None:
            super().__init__()
            self.typed = typed

    class Left(Message):
        """The list should have the focus again."""

    def __init__(self) -> None:
        super().__init__(id="filter")
        self.cursor_blink = False
        self.display = False
        self.jumping = False
        self._aside = ""

    @property
    def filter(self) -> str:
        """The filter in force."""
        return self._aside if self.jumping else self.value

    def open(self, *, jump: bool) -> None:
        """Begin to type; the page gives the focus."""
        if jump and not self.jumping:
            self._aside = self.value
            self._put("")
        self.jumping = jump
        self.placeholder = gettext(_JUMP_HINT if jump else _FILTER_HINT)
        self.display = True

    def finish(self) -> None:
        """Enter: go to the id, or keep the filter."""
        if self.jumping:
            self.post_message(self.Jumped(self.value))  # what was typed a moment ago may not have been told yet
        self._end()

    def drop(self) -> None:
        """Esc: no id; or no filter."""
        if not self.jumping:
            self.value = ""
        self._end()

    def narrow(self, query: str) -> None:
        """Put a filter in force."""
        self.jumping = False
        self.value = query
        self._end()

    def reset(self) -> None:
        """As at the beginning; nobody is told."""
        self.jumping = False
        self._put("")
        self.display = False

    def _end(self) -> None:
        if self.jumping:
            self.jumping = False
            self._put(self._aside)
        self.display = bool(self.value)
        self.post_message(self.Left())

    def _put(self, value: str) -> None:
        with self.prevent(Input.Changed):
            self.value = value

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell it as what it is."""
        event.stop()
        self.post_message(self.Jumped(event.value) if self.jumping else self.Filtered())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self.finish()


def named(keys: "Sequence[ControlKey]", typed: str) -> "ControlKey | None":
    """The control that a part of an id means: one that begins so, else one that holds it, else one with its letters."""
    wanted = _letters(typed)
    if not wanted:
        return None
    plain = {key: _letters(key[1]) for key in keys}
    begins = (key for key in keys if plain[key].startswith(wanted))
    holds = (key for key in keys if wanted in plain[key])
    loose = (key for key in keys if _in_order(wanted, plain[key]))
    return next((key for some in (begins, holds, loose) for key in some), None)


def _letters(text: str) -> str:
    return "".join(one for one in text.lower() if one.isalnum())


def _in_order(wanted: Iterable[str], there: Iterable[str]) -> bool:
    rest = iter(there)
    return all(one in rest for one in wanted)
