"""JSON, strictly: capped in size and depth, no duplicate names, no NaN; no floats where the bytes are signed.

The holes of ``json.loads`` that this closes are those of JSONTestSuite's ``n_`` cases (nst/JSONTestSuite).
"""

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

LARGEST_JSON = 4 * (1 << 20)
DEEPEST_JSON = 64
# Possessive: a text of megabytes would otherwise leave a way back at each of its letters.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


def _refuse(where: str, why: str) -> NoReturn:
    raise InputError("bad-json", message("{where}: {reason}", where=clean_line(where), reason=why))


def _depth(content: bytes) -> int:
    deepest = depth = 0
    for bracket in _BRACKETS.findall(_STRING.sub(b"", content)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def load_json(content: bytes, where: str, *, limit: int = LARGEST_JSON, signed: bool = False) -> Any:
    """The value of a JSON document; numbers with a fraction become ``Decimal``, or are refused where ``signed``.

    ``where`` names the document in the refusal (InputError ``bad-json``). At most ``limit`` bytes and 64 levels.
    """
    if len(content) > limit:
        _refuse(where, message("larger than the {limit:,} bytes allowed", limit=limit))
    try:
        text = content.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        _refuse(where, message("not UTF-8 at byte {start}", start=error.start))
    if text.startswith("\ufeff"):
        _refuse(where, message("starts with a byte order mark; save it as plain UTF-8"))
    if _depth(content) > DEEPEST_JSON:
        _refuse(where, message("nested deeper than {most} levels", most=DEEPEST_JSON))

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            names = [name for name, _ in items]
            twice = next(name for name in names if names.count(name) > 1)
            _refuse(where, message("the name {twice!r} stands twice in one object", twice=clean_line(twice, 60)))
        return found

    def constant(name: str) -> NoReturn:
        _refuse(where, message("{name} is not a JSON number", name=name))

    def fraction(number: str) -> Decimal:
        if signed:
            _refuse(where, message("the number {number} has a fraction; write it as text", number=number[:30]))
        return decimal(number, where)

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_float=fraction)
    except json.JSONDecodeError as error:
        _refuse(where, message("line {line}: not JSON ({reason})", line=error.lineno, reason=error.msg.lower()))
    except (ValueError, RecursionError):
        _refuse(where, message("holds a number too long to read"))
    if "\\u" in text and "\\ud" in text.lower():
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            _refuse(where, message("holds half of a surrogate pair"))
    return value


def decimal(number: str, where: str) -> Decimal:
    """A number with a fraction, kept exactly; magnitudes that nobody measures are refused."""
    value = Decimal(number)
    if not value.is_finite() or abs(value.adjusted()) > 30 or len(number) > 40:
        _refuse(where, message("the number {number} is out of any sensible range", number=number[:30]))
    return value


def dump_json(value: Any) -> bytes:
    """Deterministic JSON for people and programs: keys in the order given, two spaces, a final newline."""
    return (json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n").encode()


def dump_json_line(value: Any) -> bytes:
    """Deterministic JSON on one line, without spaces; used where the bytes are hashed."""
    return _on_one_line(value).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


_on_one_line = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_plain).encode
