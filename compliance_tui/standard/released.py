"""``released.toml`` beside the packs: the SHA-256 of every version that was released. A released version never changes."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic, writing
from compliance_tui.safe.language import message
from compliance_tui.safe.model import load_model
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import LARGEST_TOML, dump_toml
from compliance_tui.standard.rule import Digest, Model, Slug, Version

FILE_NAME = "released.toml"


class Release(Model):
    """One version with the digest of its bytes."""

    id: Slug
    version: Version
    sha256: Digest


class Releases(Model):
    """The whole file."""

    released: list[Release] = Field(default_factory=list)


def read_releases(folders: Sequence[Path]) -> dict[tuple[str, str], str]:
    """Id and version of every released version, with its SHA-256; what an earlier folder says stands. Raises InputError."""
    found: dict[tuple[str, str], str] = {}
    for folder in folders:
        for release in _read(folder).released:
            found.setdefault((release.id, release.version), release.sha256)
    return found


def _read(folder: Path) -> Releases:
    path = folder / FILE_NAME
    return load_model(read_bounded(path, LARGEST_TOML), Releases, str(path)) if path.exists() else Releases()


def check_release(identifier: str, version: str, sha256: str, where: str, releases: dict[tuple[str, str], str]) -> None:
    """Refuse other bytes under the name of a released version (InputError ``released-otherwise``)."""
    released = releases.get((identifier, version), sha256)
    if released != sha256:
        raise InputError(
            "released-otherwise",
            message(
                "{where}, line 1: {identifier} {version} was released with other bytes (SHA-256 {released}…, these have "
                "{sha256}…); restore it, or give the change a new version",
                where=clean_line(where),
                identifier=identifier,
                version=version,
                released=released[:16],
                sha256=sha256[:16],
            ),
        )


def add_release(folder: Path, identifier: str, version: str, sha256: str) -> None:
    """Record a version as released in ``folder``; the same bytes again change nothing.

    Raises InputError ``released-otherwise``.
    """
    releases = _read(folder)
    check_release(identifier, version, sha256, str(folder), {(one.id, one.version): one.sha256 for one in releases.released})
    if any((one.id, one.version) == (identifier, version) for one in releases.released):
        return
    entries = [*releases.released, Release(id=identifier, version=version, sha256=sha256)]
    entries.sort(key=lambda one: (one.id, one.version))
    with writing(folder):
        write_atomic(folder / FILE_NAME, dump_toml({"released": [one.model_dump() for one in entries]}))
