"""What several readers need: bounded bytes, JSON by pointer, facts with their place."""

from decimal import Decimal
from typing import Any, BinaryIO, NoReturn

from compliance_tui.evidence.fact import Fact
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import load_json
from compliance_tui.safe.text import clean_line

# What is read whole: as Python's own values it takes up to some twenty times as much memory.
LARGEST, LARGEST_XML = 4 << 20, 16 << 20


def refuse(name: str, why: str) -> NoReturn:
    """Say in one sentence why the evidence cannot be read."""
    raise InputError("unreadable-evidence", message("{where}: {reason}", where=clean_line(name), reason=why))


def all_bytes(file: BinaryIO, name: str, limit: int = LARGEST) -> bytes:
    """The whole file, at most ``limit`` bytes."""
    chunks, left = [], limit + 1
    while left > 0 and (chunk := file.read(min(left, 1 << 20))):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        refuse(name, message("larger than the {limit:,} bytes that are read of this kind", limit=limit))
    return b"".join(chunks)


def json_object(file: BinaryIO, name: str) -> dict[str, Any]:
    """The JSON object that the file holds."""
    value = load_json(all_bytes(file, name), name, limit=LARGEST)
    if not isinstance(value, dict):
        refuse(name, message("must hold a JSON object"))
    return value


class Gatherer:
    """Collects facts of one file; a value that is absent or of the wrong type becomes no fact."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.facts: dict[str, Fact] = {}

    def add(self, fact: str, value: Any, place: str, unit: str = "") -> None:
        """Keep ``value`` as ``fact``, read at ``place`` (a JSON pointer, or a path inside the file)."""
        if isinstance(value, float):
            value = Decimal(repr(value))
        if isinstance(value, str):
            value = value[:2000]
        if isinstance(value, list):
            value = tuple(str(one)[:200] for one in value[:1000])
        if value is None or not isinstance(value, bool | int | Decimal | str | tuple):
            return
        if isinstance(value, int) and abs(value) > 10**18:
            return
        self.facts[fact] = Fact(value=value, unit=unit, where=f"{self._name[:200]}#{place}")

    def count(self, fact: str, value: Any, place: str, unit: str = "") -> None:
        """Keep ``value`` if it is a count: a whole number, not below zero, no boolean."""
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**15:
            self.add(fact, value, place, unit)
