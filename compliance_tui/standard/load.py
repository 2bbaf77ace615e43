"""From a pack's bytes to a standard; where packs are found."""

import gc
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.language import SOURCE, message, spoken
from compliance_tui.safe.model import json_line_of, load_json_model, load_model
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import Location, line_of
from compliance_tui.shipped import shipped
from compliance_tui.standard.model import Standard
from compliance_tui.standard.released import check_release, read_releases

LARGEST_STANDARD = 16 * (1 << 20)
_LARGEST_BY_HAND = 256 * 1024


@dataclass(frozen=True)
class Pack:
    """A standard as its publisher wrote it: the exact bytes, their SHA-256, and what they say."""

    standard: Standard
    content: bytes
    sha256: str
    suffix: str
    path: Path

    @property
    def home(self) -> Path:
        """The folder of standards in which the file lies, if it lies at ``<id>/<version>.toml``: its neighbours are there."""
        return self.path.resolve().parent.parent

    @property
    def file_name(self) -> str:
        """Name under which an assessment or a bundle keeps the bytes."""
        return f"{self.standard.id}-{self.standard.version}{self.suffix}"


def load_standard(content: bytes, where: str, *, json: bool = False) -> Standard:
    """The standard in ``content`` (TOML, or JSON of the same model where ``json``).

    Raises InputError naming ``where``, the line and the field.
    """
    collecting = gc.isenabled()
    gc.disable()  # building thousands of small models is twice as fast without the cycle collector
    try:
        if json:
            return load_json_model(content, Standard, where, limit=LARGEST_STANDARD)
        return load_model(content, Standard, where, limit=_LARGEST_BY_HAND)
    finally:
        if collecting:
            gc.enable()


def load_pinned(content: bytes, where: str, *, json: bool, sha256: str) -> Standard:
    """A standard whose bytes were fully checked when they were pinned under ``sha256``; JSON is then read the fast way.

    Raises InputError ``standard-altered`` where the bytes are no longer those.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise InputError(
            "standard-altered",
            message(
                "{where}: its SHA-256 is {found}…, but {sha256}… was pinned; restore the original file",
                where=clean_line(where),
                found=found[:16],
                sha256=sha256[:16],
            ),
        )
    if not json:
        standard = load_standard(content, where)
    else:
        collecting = gc.isenabled()
        gc.disable()
        try:
            standard = Standard.model_validate_json(content)
        finally:
            if collecting:
                gc.enable()
    speak_translation(standard, sha256)
    return standard


def line_in(pack: "Pack", location: Location) -> int:
    """The line of the pack's file on which the field at ``location`` stands."""
    return json_line_of(pack.content, location) if pack.suffix == ".json" else line_of(pack.content, location)


def read_pack(path: Path) -> Pack:
    """The pack in a ``.toml`` or ``.json`` file. Raises InputError."""
    if path.suffix not in (".toml", ".json"):
        raise InputError("bad-standard", message("{path}: a standard is a .toml or a .json file", path=clean_line(str(path))))
    json = path.suffix == ".json"
    content = read_bounded(path, LARGEST_STANDARD if json else _LARGEST_BY_HAND)
    standard = load_standard(content, str(path), json=json)
    sha256 = hashlib.sha256(content).hexdigest()
    speak_translation(standard, sha256, path)
    return Pack(standard, content, sha256, path.suffix, path)


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Order of versions: numbers by value, words after numbers (1.9 < 1.10)."""
    return tuple(
        (0, int(part), "") if part.isdigit() and len(part) < 10 else (1, 0, part) for part in re.split(r"[.+-]", version)
    )


def is_translation(path: Path) -> bool:
    """Whether a file among the versions is the translation of one that lies beside it (``1.0.de.toml`` beside ``1.0.toml``)."""
    version, _, language = path.stem.rpartition(".")
    if path.suffix != ".toml" or not version or not re.fullmatch(r"[a-z]{2,3}", language):
        return False
    return any(path.with_name(version + suffix).is_file() for suffix in (".toml", ".json"))


def speak_translation(standard: Standard, sha256: str, beside: Path | None = None) -> None:
    """In another language than English, what screens say of the standard is said in its translation."""
    if spoken() != SOURCE:
        from compliance_tui.standard.translation import speak

        speak(standard, sha256, beside)


def pack_paths(folders: Sequence[Path]) -> list[Path]:
    """Every pack under ``folders`` (``<id>/<version>.toml`` or ``.json``), later folders after earlier ones."""
    found: list[Path] = []
    for folder in folders:
        if folder.is_dir():
            paths = (path for pattern in ("*/*.toml", "*/*.json") for path in folder.glob(pattern) if path.is_file())
            found += sorted(path for path in paths if not is_translation(path))
    return found


def standard_folders(extra: Path | None = None) -> list[Path]:
    """The shipped packs, then the user's own folder."""
    if extra is not None and not extra.is_dir():
        raise InputError(
            "not-found", message("{extra}: no such folder of standards; check --standards", extra=clean_line(str(extra)))
        )
    return [shipped("standards"), *([extra] if extra else [])]


def versions_of(identifier: str, folders: Sequence[Path], known: Sequence[Standard] = ()) -> Callable[[str], Standard | None]:
    """Gives any version of a standard that lies in ``folders`` or is among ``known``, each read once; None for others."""
    found: dict[str, Standard | None] = {one.version: one for one in known if one.id == identifier}

    def version(wanted: str) -> Standard | None:
        if wanted not in found:
            paths = [path for path in pack_paths(folders) if path.parent.name == identifier and path.stem == wanted]
            found[wanted] = find_pack(f"{identifier}@{wanted}", folders).standard if paths else None
        return found[wanted]

    return version


@dataclass(frozen=True)
class Versions:
    """All packs in some folders."""

    folders: tuple[Path, ...]
    packs: tuple[Pack, ...]

    def of(self, identifier: str, known: Sequence[Standard] = ()) -> Callable[[str], Standard | None]:
        """As ``versions_of``."""
        return versions_of(identifier, self.folders, known)


def known_versions(folders: Sequence[Path]) -> Versions:
    """Every pack in ``folders``, by id and version; one whose released bytes were altered is refused (InputError)."""
    packs = [find_pack(str(path), folders) for path in pack_paths(folders)]
    packs.sort(key=lambda pack: (pack.standard.id, version_key(pack.standard.version)))
    return Versions(tuple(folders), tuple(packs))


def find_pack(reference: str, folders: Sequence[Path]) -> Pack:
    """The pack that ``ID``, ``ID@VERSION`` or a path names; ``ID`` alone means its newest version.

    Raises InputError ``unknown-standard`` with the ids that are known, and ``released-otherwise`` where the version was
    released with other bytes.
    """
    pack = read_pack(Path(reference)) if reference.endswith((".toml", ".json")) else _by_id(reference, folders)
    releases = read_releases([*folders, pack.home])
    check_release(pack.standard.id, pack.standard.version, pack.sha256, str(pack.path), releases)
    return pack


def _by_id(reference: str, folders: Sequence[Path]) -> Pack:
    identifier, _, version = reference.partition("@")
    paths = [path for path in pack_paths(folders) if path.parent.name == identifier]
    if version:
        paths = [path for path in paths if path.stem == version]
    if not paths:
        known = ", ".join(sorted({f"{path.parent.name}@{path.stem}" for path in pack_paths(folders)})) or "none"
        raise InputError(
            "unknown-standard",
            message("no standard {reference!r} is known; known are {known}", reference=clean_line(reference, 80), known=known),
        )
    pack = read_pack(max(paths, key=lambda path: version_key(path.stem)))
    if (pack.standard.id, pack.standard.version) != (pack.path.parent.name, pack.path.stem):
        raise InputError(
            "bad-standard",
            message(
                "{pack}: holds {standard} {version}; a pack lies at <id>/<version>.toml",
                pack=clean_line(str(pack.path)),
                standard=pack.standard.id,
                version=pack.standard.version,
            ),
        )
    return pack
