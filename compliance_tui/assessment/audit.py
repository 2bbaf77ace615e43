"""The audit log looked at as a whole: does it hang together, does it end where the records are, and what is its head."""

import fnmatch
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from compliance_tui.assessment.log import RECORDS, read_log
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion


@dataclass(frozen=True)
class LogReport:
    """The log's head, and everything in it that does not hang together."""

    size: int
    root: bytes
    faults: tuple[str, ...]


def log_lines(root: Path) -> list[bytes]:
    """The lines of the log, byte for byte, each a leaf of its tree; a line that a crash tore is a leaf like any other."""
    try:
        content = (root / "log.jsonl").read_bytes()
    except FileNotFoundError:
        return []
    return content.removesuffix(b"\n").split(b"\n") if content else []


def verify_log(root: Path) -> LogReport:
    """Walk the whole log: sequence, each record's digest before and after, and the records as they are now."""
    lines = log_lines(root)
    entries = read_log(root)
    torn = len(lines) - len(entries)
    faults: list[str] = [message("{number} lines were torn by a crash, or are no entries", number=torn)] if torn else []
    faults += _sequence_faults(entries)
    last: dict[str, str | None] = {}
    for entry in entries:
        path = entry.get("path")
        if not isinstance(path, str):
            continue
        if path in last and entry.get("before") != last[path]:
            faults.append(
                message(
                    "entry {entry}: {path} was something else before than the log knew",
                    entry=entry["seq"],
                    path=clean_line(path),
                )
            )
        last[path] = entry.get("sha256")
    faults += _record_faults(root, last)
    tree = Tree(lines)
    return LogReport(len(lines), tree.root(), tuple(faults))


def _sequence_faults(entries: Sequence[dict[str, Any]]) -> list[str]:
    numbers = [0, *(entry["seq"] for entry in entries)]
    return [
        message("after entry {one} comes entry {other}", one=one, other=other)
        for one, other in pairwise(numbers)
        if other != one + 1
    ]


def _record_faults(root: Path, last: dict[str, str | None]) -> list[str]:
    there = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in RECORDS
        for path in root.glob(pattern)
        if path.is_file()
    }
    known = {path: sha256 for path, sha256 in last.items() if any(fnmatch.fnmatch(path, pattern) for pattern in RECORDS)}
    odd = sorted(path for path in {*there, *known} if there.get(path) != known.get(path))
    return [message("{path} is not as the log left it; the next export notes that", path=clean_line(path)) for path in odd]


def inclusion(root: Path, line: int) -> dict[str, Any]:
    """The proof that line ``line`` (the first is 1) is in the log as it is now. Raises InputError ``no-line``."""
    lines = log_lines(root)
    if not 1 <= line <= len(lines):
        raise InputError("no-line", message("the log has {number} lines, and no line {line}", number=len(lines), line=line))
    tree = Tree(lines)
    proof = tree.inclusion_proof(line - 1)
    leaf = leaf_hash(lines[line - 1])
    assert verify_inclusion(leaf, line - 1, tree.size, proof, tree.root())
    return {
        "line": line,
        "leaf": leaf.hex(),
        "size": tree.size,
        "root": tree.root().hex(),
        "proof": [one.hex() for one in proof],
    }


def consistency(root: Path, size: int, old_root: bytes | None = None) -> dict[str, Any]:
    """The proof that the log continues its first ``size`` lines; with ``old_root``, that they are the ones remembered.

    Raises InputError ``no-line`` and ``not-continued``.
    """
    lines = log_lines(root)
    if not 1 <= size <= len(lines):
        raise InputError(
            "no-line", message("the log has {number} lines; a head of {size} was never its own", number=len(lines), size=size)
        )
    tree = Tree(lines)
    if old_root is not None and old_root != tree.root(size):
        raise InputError(
            "not-continued",
            message("the first {size} lines of the log are not those of the head that was remembered", size=size),
        )
    proof = tree.consistency_proof(size)
    assert verify_consistency(size, tree.root(size), tree.size, tree.root(), proof)
    return {
        "from": {"size": size, "root": tree.root(size).hex()},
        "to": {"size": tree.size, "root": tree.root().hex()},
        "proof": [one.hex() for one in proof],
    }
