"""Which key means which action, and the user's own keys: ``keys.toml`` in the platform's configuration folder.

It has one line for each action that has other keys than in the table of actions:

answer = "a f7"

The file is checked whole before the first frame: a key that two actions want, an unknown action or a key that the screens use
is refused in a sentence, and the program does not start with half of it.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line
from compliance_tui.tui.actions import ACTIONS, Action

# Keys that lists and fields use themselves; an action may not take one of them, save those that say so below.
_LISTS = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter", "space", "tab", "shift+tab", "escape")
RESERVED = frozenset((*_LISTS, "backspace", "delete", "ctrl+c", "ctrl+q", "ctrl+p"))
_OWN = {
    ("open", "enter"),
    ("select", "space"),
    ("back", "escape"),
    ("leave", "escape"),
    ("close", "escape"),
    ("step_back", "escape"),
}
_SPOKEN = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "asterisk": "*",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "escape": message("Esc"),
    "enter": message("Enter"),
    "space": message("Space"),
}


def key_name(key: str) -> str:
    """A key as a person would say it."""
    spoken = _SPOKEN.get(key)
    return gettext(spoken) if spoken else key.upper() if key[:1] == "f" and key[1:].isdigit() else key


def keys_name(action: Action) -> str:
    """The keys of an action as a person would say them."""
    return gettext(" or ").join(map(key_name, action.keys))


class KeyMap:
    """Which key means which action at which place."""

    def __init__(self, actions: Sequence[Action] = ACTIONS, keys: Mapping[str, str] | None = None) -> None:
        """``keys`` maps action ids to keys of the user's choice, separated by blanks.

        Raises InputError ``bad-keys`` naming both actions where two want one key at one place, for an unknown action, and for
        a key that the screens themselves use.
        """
        wanted = dict(keys or {})
        known = {action.id for action in actions}
        unknown = next((name for name in wanted if name not in known), None)
        if unknown is not None:
            raise InputError(
                "bad-keys",
                message("the key map names {name}, which is no action; F1 lists them", name=clean_line(unknown, 40)),
            )
        self.actions = tuple(one._replace(keys=tuple(wanted.get(one.id, " ".join(one.keys)).split())) for one in actions)
        self._places: dict[str, dict[str, Action]] = {}
        for action in self.actions:
            self._add(action)

    def _add(self, action: Action) -> None:
        if not action.keys:
            raise InputError("bad-keys", message("the key map leaves {action} without a key; name one", action=action.id))
        for key in action.keys:
            if key in RESERVED and (action.id, key) not in _OWN:
                raise InputError(
                    "bad-keys",
                    message(
                        "the key {key} is wanted by {action} and by the screens",
                        key=clean_line(key, 20),
                        action=action.id,
                    ),
                )
            for place in action.places:
                other = self._places.setdefault(place, {}).setdefault(key, action)
                if other is not action:
                    raise InputError(
                        "bad-keys",
                        message(
                            "the key {key} is wanted by {other} and {action}",
                            key=clean_line(key, 20),
                            other=other.id,
                            action=action.id,
                        ),
                    )

    def action(self, place: str, key: str) -> Action | None:
        """The action that ``key`` takes at ``place``."""
        return self._places.get(place, {}).get(key)

    def at(self, place: str) -> list[Action]:
        """The actions of a place, in the table's order."""
        return [action for action in self.actions if place in action.places]


def keys_file() -> Path:
    """Where the key map lies: ``COMPLIANCE_TUI_KEYS``, else the platform's configuration folder."""
    given = os.environ.get("COMPLIANCE_TUI_KEYS")
    if given:
        return Path(given)
    from platformdirs import user_config_path

    return Path(user_config_path("compliance-tui")) / "keys.toml"


def load_keys() -> KeyMap:
    """The table of actions with the user's own keys. Raises InputError naming the file."""
    path = keys_file()
    if not path.exists():
        return KeyMap()
    from compliance_tui.safe.files import read_bounded
    from compliance_tui.safe.toml import load_toml

    where = clean_line(str(path))
    table = load_toml(read_bounded(path, 64 * 1024), str(path))
    wrong = next((name for name, keys in table.items() if not isinstance(keys, str)), None)
    if wrong is not None:
        raise InputError(
            "bad-keys",
            message('{where}: {action} should be a text such as "a f7"', where=where, action=clean_line(wrong, 40)),
        )
    try:
        return KeyMap(keys=table)
    except InputError as error:
        raise InputError(error.code, message("{where}: {reason}", where=where, reason=str(error))) from None
