"""TOML, guarded: the standard library's parser is quadratic in dotted keys and recursive in nesting (cpython #149231).

One linear pass over the text refuses what would hurt it, before it sees a byte; the same pass knows on which line each
field stands, which a refusal then names.
"""

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

import tomli_w

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import decimal
from compliance_tui.safe.text import clean_line

LARGEST_TOML = 256 * 1024
MOST_KEY_PARTS = 8
DEEPEST_TOML = 16

Location = tuple[str | int, ...]

_TOKEN = re.compile(
    r'(?P<comment>#[^\n]*)|(?P<string>"""(?:[^\\]|\\.)*?"""+|\'\'\'.*?\'\'\'+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')'
    r"|(?P<newline>\n)|(?P<punctuation>[\[\]{},.=])|(?P<space>[ \t\r]+)|(?P<word>[^\s\[\]{},.=#\"']+)|(?P<other>.)",
    re.DOTALL,
)


def _refuse(where: str, why: str) -> NoReturn:
    raise InputError("bad-toml", message("{where}, {reason}", where=clean_line(where), reason=why))


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind, value = match.lastgroup or "other", match.group()
        if kind not in ("space", "comment"):
            yield kind, value, line
        line += value.count("\n")


def _guard(text: str, where: str) -> None:
    depth = dots = 0
    for kind, value, line in _tokens(text):
        if value == ".":
            dots += 1
            if dots >= MOST_KEY_PARTS:
                _refuse(
                    where,
                    message(
                        "line {line}: a key of more than {most} dotted parts",
                        line=line,
                        most=MOST_KEY_PARTS,
                    ),
                )
        elif kind not in ("word", "string"):
            dots = 0
        if value in ("[", "{"):
            depth += 1
            if depth > DEEPEST_TOML:
                _refuse(
                    where,
                    message("line {line}: nested deeper than {most} levels", line=line, most=DEEPEST_TOML),
                )
        elif value in ("]", "}"):
            depth = max(0, depth - 1)


def load_toml(content: bytes, where: str, *, limit: int = LARGEST_TOML) -> dict[str, Any]:
    """The tables of a TOML document of at most ``limit`` bytes; numbers with a fraction become ``Decimal``.

    Raises InputError ``bad-toml`` naming ``where``, the line and the fault.
    """
    if len(content) > limit:
        _refuse(where, message("line 1: larger than the {limit:,} bytes allowed", limit=limit))
    try:
        text = content.decode("utf-8", "strict").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        _refuse(where, message("byte {start}: not UTF-8", start=error.start))
    _guard(text, where)
    try:
        return tomllib.loads(text, parse_float=lambda number: _fraction(number, where))
    except tomllib.TOMLDecodeError as error:
        fault = str(error)
        found = re.search(r"\(at line (\d+), column \d+\)$", fault)
        line = found.group(1) if found else str(text.count("\n") + 1)
        fault = clean_line(fault.split(" (at ")[0].lower())
        _refuse(where, message("line {line}: {reason}", line=line, reason=fault))
    except (ValueError, RecursionError):
        _refuse(where, message("holds a number that cannot be read"))


def _fraction(number: str, where: str) -> Decimal:
    if "inf" in number or "nan" in number:
        _refuse(where, message("{number} is not a number that can be used here", number=number))
    return decimal(number.replace("_", ""), where)


def dump_toml(table: dict[str, Any]) -> bytes:
    """Deterministic TOML, fields in the order given, long texts as multi-line strings; fields that are None are left out."""
    return tomli_w.dumps(_without_none(table), multiline_strings=True).encode()


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_none(inner) for inner in value]
    return value


def line_of(content: bytes, location: Location) -> int:
    """The line on which the field at ``location`` (keys and list positions) stands, or that of what should hold it."""
    lines = _lines(content.decode("utf-8", "replace").replace("\r\n", "\n"))
    while location and location not in lines:
        location = location[:-1]
    return lines.get(location, 1)


def _unquote(kind: str, value: str) -> str:
    if kind != "string":
        return value
    try:
        return str(tomllib.loads(f"k = {value}")["k"])
    except tomllib.TOMLDecodeError:
        return value


def _lines(text: str) -> dict[Location, int]:
    """Where each field of a well-formed TOML text stands."""
    lines: dict[Location, int] = {(): 1}
    counts: dict[Location, int] = {}
    table: Location = ()
    stack: list[tuple[str, Location, int]] = []  # open brackets of a value: kind, its location, position within
    key: list[str] = []
    location: Location = ()
    header: str | None = None
    in_value = False
    for kind, value, line in _tokens(text):
        at_key = not in_value or (bool(stack) and stack[-1][0] == "{" and not location)
        if header is not None:
            if kind in ("word", "string"):
                key.append(_unquote(kind, value))
            elif value == "[":
                header = "[["
            elif kind == "newline":
                table = _table(tuple(key), header, counts)
                lines[table] = line
                header, key = None, []
        elif at_key and kind in ("word", "string"):
            key.append(_unquote(kind, value))
        elif at_key and value == "=":
            location = (stack[-1][1] if stack else table) + tuple(key)
            for length in range(len(location) - len(key) + 1, len(location) + 1):
                lines.setdefault(location[:length], line)
            key, in_value = [], True
        elif not in_value and value == "[":
            header = "["
        elif in_value and value in ("[", "{"):
            lines.setdefault(location, line)
            stack.append((value, location, 0))
            location = (*location, 0) if value == "[" else ()
        elif in_value and value == "," and stack:
            opened, base, position = stack[-1]
            if opened == "[":
                stack[-1] = (opened, base, position + 1)
                location = (*base, position + 1)
            else:
                location = ()
        elif in_value and value in ("]", "}") and stack:
            location = stack.pop()[1]
            key = []
        elif kind == "newline" and not stack:
            in_value, key, location = False, [], ()
        elif in_value and stack and stack[-1][0] == "[" and kind != "newline":
            lines.setdefault(location, line)
    if header is not None:
        lines[_table(tuple(key), header, counts)] = text.count("\n") + 1
    return lines


def _table(parts: tuple[str, ...], header: str, counts: dict[Location, int]) -> Location:
    table: Location = ()
    for position, part in enumerate(parts):
        table = (*table, part)
        if header == "[[" and position == len(parts) - 1:
            counts[table] = counts.get(table, -1) + 1
        if table in counts:
            table = (*table, counts[table])
    return table
