"""From bytes to a pydantic model: a refusal names the file, the line, the field, and what is wrong with it."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import Message, message, remade
from compliance_tui.safe.strict_json import LARGEST_JSON, load_json
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import LARGEST_TOML, Location, line_of, load_toml

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound="BaseModel")


def load_model(content: bytes, model: type[M], where: str, *, limit: int = LARGEST_TOML) -> M:
    """The TOML document ``content`` as ``model``. Raises InputError ``bad-toml`` or ``bad-field`` (file, line, field)."""
    return validate(load_toml(content, where, limit=limit), model, where, lambda location: line_of(content, location))


def load_json_model(content: bytes, model: type[M], where: str, *, limit: int = LARGEST_JSON, signed: bool = False) -> M:
    """The JSON document ``content`` as ``model``. Raises InputError ``bad-json`` or ``bad-field`` (file, line, field)."""
    value = load_json(content, where, limit=limit, signed=signed)
    return validate(value, model, where, lambda location: json_line_of(content, location))


def validate(value: Any, model: type[M], where: str, line: Any = None) -> M:
    """``value`` as ``model``; ``line`` finds the line of a location for the refusal (InputError ``bad-field``)."""
    from pydantic import ValidationError

    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InputError("bad-field", _sentence(error, where, line)) from None


# To spell out a fault takes a kilobyte; a hostile file can have a million.
_MOST_FAULTS = 2_000


def _sentence(error: "ValidationError", where: str, line: Any) -> Message:
    if error.error_count() > _MOST_FAULTS:
        return message(
            "{where}: {error_count:,} fields are wrong; it is not what it should be",
            where=clean_line(where),
            error_count=error.error_count(),
        )
    first = min(error.errors(), key=lambda fault: fault["type"] not in ("extra_forbidden",))
    location: Location = tuple(part for part in first["loc"] if part != "[key]")
    reason = _reason(first, clean_line(_spell(location), 120))
    if line:
        found = message("{where}, line {line}: {reason}", where=clean_line(where), line=line(location), reason=reason)
    else:
        found = message("{where}: {reason}", where=clean_line(where), reason=reason)
    more = error.error_count() - 1
    return message("{fault} (and {more} more)", fault=found, more=more) if more else found


# What pydantic says of the commonest faults, so that it can be said in other languages too.
_COMMON = {
    "string_type": message("input should be a valid string"),
    "int_type": message("input should be a valid integer"),
    "bool_type": message("input should be a valid boolean"),
    "list_type": message("input should be a valid list"),
    "dict_type": message("input should be a valid dictionary"),
    "date_from_datetime_parsing": message("input should be a valid date or datetime"),
    "literal_error": message("input should be {expected}"),
    "string_pattern_mismatch": message("string should match pattern '{pattern}'"),
    "too_short": message("list should have at least {min_length} item after validation"),
}


def _reason(fault: Mapping[str, Any], field: str) -> Message:
    kind = fault["type"]
    if kind == "extra_forbidden":
        return message("{field} is not a known field; check its spelling or remove it", field=field)
    if kind == "missing":
        return message("{field} is missing; add it", field=field)
    text = _said(fault)
    if kind not in ("value_error", "missing", "model_type"):
        text = message("{reason}, not {shown}", reason=text, shown=clean_line(repr(fault.get("input")), 60))
    return message("{where}: {reason}", where=field, reason=text) if field else message("{reason}", reason=text)


def _said(fault: Mapping[str, Any]) -> str:
    """What is wrong, to be said in any language where the words are ours or well known."""
    context = fault.get("ctx", {})
    text = str(context["error"]) if fault["type"] == "value_error" and "error" in context else str(fault["msg"])
    if fault["type"] not in ("value_error", "model_type"):
        text = f"{text[0].lower()}{text[1:]}"
        common = _COMMON.get(fault["type"])
        if common is not None and (known := remade(common, **context)) == text:
            text = known
    return clean_line(text, 300)


def _spell(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|\n|[^\s\[\]{},:"]+', re.DOTALL)


def json_line_of(content: bytes, wanted: Location) -> int:
    """Line of the value at ``wanted`` in a well-formed JSON text, or of the innermost value that should hold it."""
    import json

    best, best_line, line = 0, 1, 1
    path: list[str | int] = []
    opened: list[str] = []
    for match in _JSON_TOKEN.finditer(content.decode("utf-8", "replace")):
        token = match.group()
        if token == "\n":
            line += 1
            continue
        if token in "]}":
            opened.pop()
            path.pop()
            continue
        if token == ",":
            last = path[-1] if path else 0
            path[-1:] = [last + 1] if isinstance(last, int) else [""]
            continue
        if token == ":":
            continue
        if opened and opened[-1] == "{" and path[-1] == "" and token.startswith('"'):
            path[-1] = json.loads(token)
        here = tuple(path)
        if len(here) > best and here == wanted[: len(here)]:
            best, best_line = len(here), line
        if token in "[{":
            opened.append(token)
            path.append(0 if token == "[" else "")
    return best_line
