"""Readers: one module for each form. Each says first whether it really ran to the end, on how much, against what, when.

A module has ``read(file, name, kind)`` for one file; one whose facts come from several files together (a signature, its
key, what it signs) has ``read_files(files, kind)`` instead.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from compliance_tui.evidence.fact import Fact, Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import open_regular
from compliance_tui.safe.text import clean_line

# The name that a file is shown under, and how to open it (seekable, to be closed by the reader's caller).
EvidenceFile = tuple[str, Callable[[], BinaryIO]]


def read_facts(path: Path, kind: Kind) -> Facts:
    """The facts in the file at ``path``, read as ``kind``. Raises InputError ``unreadable-evidence``."""
    return read_facts_of([(path.name, lambda: open_regular(path))], kind)


def read_facts_of(files: Sequence[EvidenceFile], kind: Kind) -> Facts:
    """The facts of all files of one item together; where two files say the same thing, the first stands.

    Raises InputError ``unreadable-evidence``.
    """
    reader = import_module(f"compliance_tui.evidence.readers.{kind.reader.replace('-', '_')}")
    if hasattr(reader, "read_files"):
        return _guarded(reader.read_files, files[0][0], kind, files, kind)
    facts: dict[str, Fact] = {}
    warnings: list[str] = []
    version = ""
    for name, opened in files:
        with opened() as file:
            found = _guarded(reader.read, name, kind, file, name.rpartition("/")[2], kind)
        facts = {**found.facts, **facts}
        warnings += [warning for warning in found.warnings if warning not in warnings]
        version = found.reader
    return Facts(kind=kind.id, reader=version, facts=facts, warnings=tuple(warnings))


def _guarded(read: Callable[..., Facts], name: str, kind: Kind, *given: Any) -> Facts:
    """What ``read`` gives; whatever shape it stumbles over becomes one refusal (fail closed)."""
    try:
        return read(*given)
    except InputError as error:
        if error.code in ("unreadable-evidence", "missing-extra"):
            raise
        _refuse(str(error))
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
        _refuse(f"{clean_line(name)}: cannot be read as {kind.id} ({type(error).__name__}); check the file")


def _refuse(sentence: str) -> NoReturn:
    raise InputError("unreadable-evidence", sentence) from None
