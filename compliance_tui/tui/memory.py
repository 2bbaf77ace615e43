"""What the terminal UI remembers between runs, outside any assessment: recent folders, the theme, one's own views.

Small JSON files in the platform's state folder, bounded and written atomically. Losing one costs convenience and nothing else;
so one that cannot be read counts as empty, and one that cannot be written is left.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MOST_RECENT, _MOST_VIEWS = 20, 30
_LARGEST = 64 * 1024


def state_folder() -> Path:
    """Where the files lie: ``COMPLIANCE_TUI_STATE``, else the platform's folder for the state of programs."""
    given = os.environ.get("COMPLIANCE_TUI_STATE")
    if given:
        return Path(given)
    from platformdirs import user_state_path

    return Path(user_state_path("compliance-tui"))


def recall(name: str) -> Any:
    """The value that was remembered under ``name``; None where there is none."""
    try:
        with (state_folder() / f"{name}.json").open("rb") as file:
            content = file.read(_LARGEST + 1)
        return json.loads(content) if len(content) <= _LARGEST else None
    except (OSError, ValueError, RecursionError):
        return None


def remember(name: str, value: Any) -> None:
    """Keep ``value`` under ``name``."""
    from compliance_tui.safe.files import write_atomic

    folder = state_folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / f"{name}.json", json.dumps(value, ensure_ascii=False, indent=1).encode(), mode=0o600)


def recent() -> list[dict[str, str]]:
    """The assessments and bundles opened last, the latest first; each with path, name, what it is, verdict and time."""
    return [entry for entry in _list("recent") if isinstance(entry.get("path"), str)][:_MOST_RECENT]


def opened(path: Path, about: Mapping[str, str]) -> None:
    """Put an assessment or bundle at the top of the list."""
    place = str(path.absolute())
    rest = [entry for entry in recent() if entry["path"] != place]
    remember("recent", [{"path": place, **about}, *rest][:_MOST_RECENT])


def forget(path: str) -> None:
    """Take a path off the list."""
    remember("recent", [entry for entry in recent() if entry["path"] != path])


def views() -> dict[str, str]:
    """One's own views: name to filter."""
    return {entry["name"]: entry["filter"] for entry in _list("views") if {"name", "filter"} <= set(entry)}


def keep_view(name: str, query: str) -> None:
    """Keep a filter under a name; an empty filter drops the name."""
    kept = {**views(), name: query}
    entries = [{"name": one, "filter": what} for one, what in kept.items() if what]
    remember("views", entries[-_MOST_VIEWS:])


def _list(name: str) -> list[dict[str, str]]:
    value = recall(name)
    entries = value if isinstance(value, list) else []
    return [
        {str(key): one for key, one in entry.items() if isinstance(one, str)} for entry in entries if isinstance(entry, dict)
    ]
