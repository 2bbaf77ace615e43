"""Readers: one module for each form. Each says first whether it really ran to the end, on how much, against what, when."""

from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import open_regular
from compliance_tui.safe.text import clean_line

READERS = {
    "inspect-log": "inspect_log",
    "sarif": "sarif",
    "cyclonedx": "cyclonedx",
    "junit": "junit",
    "document": "document",
    "form": "form",
}


def read_facts(path: Path, kind: Kind) -> Facts:
    """The facts in the file at ``path``, read as ``kind``. Raises InputError ``unreadable-evidence``."""
    with open_regular(path) as file:
        return read_facts_from(file, path.name, kind)


def read_facts_from(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """The facts in an open seekable file that was called ``name``. Raises InputError ``unreadable-evidence``."""
    reader = import_module(f"compliance_tui.evidence.readers.{READERS[kind.reader]}")
    try:
        facts: Facts = reader.read(file, name, kind)
    except InputError as error:
        if error.code in ("unreadable-evidence", "missing-extra"):
            raise
        raise InputError("unreadable-evidence", str(error)) from None
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        ArithmeticError,
        OSError,
        RecursionError,
    ) as error:
        # A form that is not what its reader knows: fail closed, whatever the shape was.
        raise InputError(
            "unreadable-evidence",
            f"{clean_line(name)}: cannot be read as {kind.id} ({type(error).__name__}); check the file",
        ) from None
    return facts
