"""Names inside a bundle: made by us, from a small alphabet. What a file was called before is data, never a path."""

import re
from collections.abc import Iterable
from pathlib import Path

from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

_COMPONENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,159}")
# The quick way to say that all is well with a whole path, which it is a hundred thousand times.
_SAFE = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,158}[A-Za-z0-9_-])?(?:/(?!$)|$)){1,8}")
_DEVICE = re.compile(r"(?:^|/)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|$)", re.IGNORECASE)
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(10))}
DEEPEST = 8
LONGEST = 240


def is_bundle(path: Path) -> bool:
    """Whether the path is a bundle, packed or unpacked."""
    return path.is_file() or (path / "core").is_dir()


def name_fault(path: str) -> str:
    """Empty for a name that a bundle may hold; else what is wrong with it."""
    if len(path) <= LONGEST and _SAFE.fullmatch(path) and not _DEVICE.search(path):
        return ""
    if len(path) > LONGEST:
        return message("is longer than {longest} characters", longest=LONGEST)
    components = path.split("/")
    if len(components) > DEEPEST:
        return message("is deeper than {deepest} folders", deepest=DEEPEST)
    for component in components:
        if not _COMPONENT.fullmatch(component):
            return message("has a part that is not made of letters, digits, dot, dash and underscore")
        if component.endswith("."):
            return message("has a part that ends in a dot")
        if component.partition(".")[0].lower() in _DEVICES:
            return message("has a part that is the name of a device on Windows")
    return ""


def check_names(paths: Iterable[str]) -> None:
    """Refuse names that are unsafe, doubled, alike but for case, or both a file and a folder (BrokenError ``bad-name``).

    Names are remembered by their hash, so that a hostile list of the longest names takes little memory; two of a million
    that met by chance would be refused, which has one chance in tens of millions.
    """
    files: dict[int, str] = {}
    folders: set[int] = set()
    for path in paths:
        fault = name_fault(path)
        if fault:
            raise BrokenError("bad-name", message("{where}: {reason}", where=clean_line(path), reason=fault))
        key = path.lower()
        if hash(key) in files:
            raise BrokenError("bad-name", message("{path}: stands twice, or differs only in case", path=clean_line(path)))
        files[hash(key)] = path
        end = key.rfind("/")
        while end > 0 and (folder := hash(key[:end])) not in folders:
            folders.add(folder)
            end = key.rfind("/", 0, end)
    clash = next((files[folder] for folder in folders if folder in files), None)
    if clash is not None:
        raise BrokenError("bad-name", message("{clash}: is a file and a folder at once", clash=clean_line(clash)))


def safe_file_name(original: str, taken: set[str]) -> str:
    """A legal name made from any original one, not yet in ``taken`` (lower case); it is added there."""
    last = re.sub(r"[^A-Za-z0-9._-]+", "_", original.replace("\\", "/").rpartition("/")[2]).strip("._-")[-80:]
    last = last.lstrip("._-") or "file"
    if last.partition(".")[0].lower() in _DEVICES:
        last = f"_{last}"
    name, number = last, 1
    while name.lower() in taken:
        number += 1
        stem, dot, suffix = last.partition(".")
        name = f"{stem}-{number}{dot}{suffix}"
    taken.add(name.lower())
    return name
