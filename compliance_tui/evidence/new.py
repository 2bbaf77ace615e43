"""What a kind asks for, as things to fill in: the JSON Schema of a record of ours, a blank record, a blank document."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from compliance_tui.evidence.declaration import FactDeclaration, RecordField
from compliance_tui.evidence.kind import Kind
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import dump_json

_WORDS = {
    "boolean": "true or false",
    "integer": "whole number",
    "decimal": "number",
    "instant": "instant with its offset (2026-11-20T09:00:00Z)",
    "date": "date (YYYY-MM-DD)",
    "list": "list of texts",
    "rows": "list of records",
    "table": "record",
}
_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "text": {"type": "string", "minLength": 1},
    "instant": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "list": {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 1000},
}


def form_schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a record of ``kind``. Raises InputError ``no-form`` where it is no record of ours."""
    _must_be_ours(kind)
    record = _object(record_fields(kind))
    first = {
        "form": {"const": kind.own_form},
        "speaks_of": {"type": "string", "format": "date", "description": "the day that the record speaks of"},
        "note": {"type": "string"},
        "help": {"description": "what a blank record says of its fields; it may be removed"},
    }
    return {
        "title": kind.title,
        "description": kind.summary,
        **record,
        "properties": {**first, **record["properties"]},
        "required": ["form", "speaks_of", *record["required"]],
    }


def new_record(kind: Kind, day: dt.date) -> bytes:
    """A blank record or document of ``kind`` that speaks of ``day``: every field, and what belongs there.

    A record is JSON with null where something is to be filled in, and one blank row in each list of records; a document is
    Markdown with a front matter. Raises InputError ``no-form`` for a kind that tools write.
    """
    if kind.reader == "document":
        return _document(kind, day)
    _must_be_ours(kind)
    fields = record_fields(kind)
    head = {"form": kind.own_form, "speaks_of": day.isoformat(), "note": "", "help": _help(fields, "")}
    return dump_json({**head, **_blank(fields)})


def record_fields(kind: Kind) -> list[RecordField]:
    """The fields of a record: those that the kind declares, and those that its facts are read from as they stand."""
    fields = list(kind.fields)
    known = {one.name for one in fields} | {"speaks_of", "completed"}
    for fact in kind.facts:
        name = (fact.path or fact.name).removeprefix("/")
        if not fact.derived and kind.reader == "form" and "/" not in name and name not in known:
            fields.append(_field(fact, name))
            known.add(name)
    return fields


def _field(fact: FactDeclaration, name: str) -> RecordField:
    bounded = fact.type in ("integer", "decimal")
    return RecordField(
        name=name,
        type=fact.type,
        unit=fact.unit,
        meaning=fact.meaning,
        least=fact.least if bounded else None,
        most=fact.most,
        optional=True,
    )


def _must_be_ours(kind: Kind) -> None:
    if not kind.own_form or kind.format != "json":
        raise InputError(
            "no-form",
            message(
                "{kind} is written by a tool, not filled in; `compliance-tui evidence kinds {kind}` says how", kind=kind.id
            ),
        )


def _object(fields: Sequence[RecordField]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {one.name: _property(one) for one in fields},
        "required": [one.name for one in fields if not one.optional],
        "additionalProperties": False,
    }


def _property(field: RecordField) -> dict[str, Any]:
    if field.type == "rows":
        schema: dict[str, Any] = {"type": "array", "items": _object(field.fields)}
    elif field.type == "table":
        schema = _object(field.fields) if field.fields else {"type": "object"}
    else:
        schema = dict(_TYPES[field.type])
    if field.values:
        schema["enum"] = [*field.values, None] if field.optional else list(field.values)
    for name, value in (("pattern", field.pattern or None), ("minimum", field.least), ("maximum", field.most)):
        if value is not None:
            schema[name] = float(value) if isinstance(value, Decimal) else value
    if field.optional:
        schema["type"] = [schema["type"], "null"]
    schema["description"] = _describe(field)
    return schema


def _describe(field: RecordField) -> str:
    choice = f"one of {', '.join(field.values)}" if field.values else _WORDS.get(field.type, "text")
    unit = f", in {field.unit}" if field.unit else ""
    return f"{choice}{unit}{', may be null' if field.optional else ''}: {field.meaning}"


def _help(fields: Sequence[RecordField], before: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in fields:
        found[before + field.name] = _describe(field)
        found |= _help(field.fields, f"{before}{field.name}{'[].' if field.type == 'rows' else '.'}")
    return found


def _blank(fields: Sequence[RecordField]) -> dict[str, Any]:
    blanks: dict[str, Any] = {}
    for field in fields:
        inside = _blank(field.fields)
        blanks[field.name] = [inside] if field.type == "rows" else inside if field.type == "table" and inside else None
    return blanks


def _document(kind: Kind, day: dt.date) -> bytes:
    lines = ["---", f"kind: {kind.id}", "# Fill in what holds; remove the lines that do not apply."]
    for fact in kind.facts:
        unit = f", in {fact.unit}" if fact.unit else ""
        lines.append(f"# {fact.meaning or fact.name} ({'yes or no' if fact.type == 'boolean' else _words(fact)}{unit})")
        lines.append(f"{fact.name}: {day.isoformat() if fact.name in ('signed_at', 'speaks_of') else ''}".rstrip())
    lines += ["---", "", f"# {kind.title}", "", kind.summary, "", f"Complete when: {kind.complete_when}", ""]
    return "\n".join(lines).encode()


def _words(fact: FactDeclaration) -> str:
    return "texts with commas between them" if fact.type == "list" else _WORDS.get(fact.type, "text")
