"""From bytes to a pydantic model: a refusal names the file, the line, the field, and what is wrong with it."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from compliance_tui.safe.errors import InputError
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


def _sentence(error: "ValidationError", where: str, line: Any) -> str:
    if error.error_count() > _MOST_FAULTS:
        return f"{clean_line(where)}: {error.error_count():,} fields are wrong; it is not what it should be"
    first = min(error.errors(), key=lambda fault: fault["type"] not in ("extra_forbidden",))
    location: Location = tuple(part for part in first["loc"] if part != "[key]")
    place = f", line {line(location)}" if line else ""
    field = clean_line(_spell(location), 120)
    more = error.error_count() - 1
    rest = f" (and {more} more)" if more else ""
    return f"{clean_line(where)}{place}: {_reason(first, field)}{rest}"


def _reason(fault: Mapping[str, Any], field: str) -> str:
    kind = fault["type"]
    if kind == "extra_forbidden":
        return f"{field} is not a known field; check its spelling or remove it"
    if kind == "missing":
        return f"{field} is missing; add it"
    message = str(fault["msg"]).removeprefix("Value error, ")
    if kind not in ("value_error", "missing", "model_type"):
        shown = clean_line(repr(fault.get("input")), 60)
        message = f"{message[0].lower()}{message[1:]}, not {shown}"
    return f"{field}: {clean_line(message, 300)}" if field else clean_line(message, 300)


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
