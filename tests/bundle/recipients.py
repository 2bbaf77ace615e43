"""Recipients and identities of age for tests."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.bundle.seal import read_identities, read_recipients
from compliance_tui.bundle.sealing import Sealing

pyrage = pytest.importorskip("pyrage")


@dataclass(frozen=True)
class Pair:
    """A recipient, and the file with the identity that opens."""

    text: str
    file: Path

    @property
    def identities(self) -> list[Any]:
        return read_identities(self.file)


def pair(folder: Path, name: str) -> Pair:
    identity = pyrage.x25519.Identity.generate()
    path = folder / f"{name}.txt"
    path.write_text(f"# made for a test\n{identity}\n")
    return Pair(str(identity.to_public()), path)


def sealing(items: tuple[str, ...], reader: Pair, escrow: Pair, *, identities: bool = True) -> Sealing:
    to = tuple(read_recipients([reader.text]))
    return Sealing(items, to, read_recipients([escrow.text])[0], tuple(escrow.identities) if identities else ())
