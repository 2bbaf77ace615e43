"""The user's own keys: ``keys.toml`` in the platform's configuration folder, one line for each action.

answer = "a f7"

The file is checked whole before the first frame: a key that two actions want, an unknown action or a key that the screens use
is refused in a sentence, and the program does not start with half of it.
"""

import os
from pathlib import Path

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.tui.actions import KeyMap


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
    from compliance_tui.safe.text import clean_line
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
