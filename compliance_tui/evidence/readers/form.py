"""Our own small JSON records: ``{"form": "<kind>/1", "speaks_of": "2026-11-20", …}``; the kind says where each fact stands."""

from decimal import Decimal
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import FactDeclaration, Kind
from compliance_tui.evidence.readers.reading import Gatherer, json_object, refuse

READER = "form/1"


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a form, by the JSON pointers that the kind declares. Raises InputError ``unreadable-evidence``."""
    record = json_object(file, name)
    form = f"{kind.id}/1"
    if record.get("form") != form:
        refuse(name, f'is no {kind.id}; it should say "form": "{form}"')
    found = Gatherer(name)
    found.add("speaks_of", record.get("speaks_of"), "/speaks_of")
    for declared in kind.facts:
        pointer = declared.path or f"/{declared.name}"
        value = _at(record, pointer)
        if value is None:
            continue
        if not _fits(value, declared):
            refuse(name, f"{pointer} should be a {declared.type}")
        found.add(declared.name, value, pointer, declared.unit)
    missing = [one.name for one in kind.facts if one.name not in found.facts]
    warnings = (f"does not say {', '.join(missing)}",) if missing else ()
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=warnings)


def _at(record: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901), or None."""
    for part in pointer.strip("/").split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(record, dict):
            record = record.get(part)
        elif isinstance(record, list) and part.isdigit() and int(part) < len(record):
            record = record[int(part)]
        else:
            return None
    return record


def _fits(value: Any, declared: FactDeclaration) -> bool:
    if declared.type == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if declared.type == "integer":
        return isinstance(value, int)
    if declared.type == "decimal":
        return isinstance(value, int | Decimal)
    if declared.type == "list":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, str)
