"""JSON read as it comes: one member of an object, or one element of an array, at a time; memory holds one value only.

Python tools write ``NaN`` and ``Infinity`` where a score is not a number (Inspect does so on purpose for a sample that could
not be scored). Such a value, and a number out of any sensible range, becomes None here: it measures nothing, and must not
be taken for a number. Names that stand twice in one object are refused, since two programs could read two values from them.
"""

import codecs
import json
import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, Protocol

from compliance_tui.evidence.readers.reading import LARGEST, refuse
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

LARGEST_STREAM, LARGEST_DOCUMENT = 4 << 30, 256 << 20
_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_DEEPEST = 64
_LONGEST_LINE = 16 << 20
# Everything up to the next bracket that holds others; what follows cannot change what matched.
_PLAIN, _STRING = r'[^"\[\]{}]', r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT = rf"{_PLAIN}*+(?:{_STRING}{_PLAIN}*+)*+"
_UNTIL_BRACKET = re.compile(rf"(?:{_PLAIN}++|{_STRING}|\[{_FLAT}\]|\{{{_FLAT}\}})*+", re.DOTALL)


class Readable(Protocol):
    """Bytes that come in pieces; an empty piece is the end."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes."""


class JsonStream:
    """One JSON document in ``file``, of at most ``limit`` bytes; each single value of at most 4 MiB.

    The caller walks: ``members`` and ``elements`` step into an object or an array, ``value`` takes a value whole, ``skip``
    passes over one, ``end`` says that nothing may follow. All raise InputError ``unreadable-evidence``.
    """

    def __init__(self, file: Readable, name: str, limit: int = LARGEST_STREAM) -> None:
        self._file, self._name, self._left = file, name, limit
        self._utf8 = codecs.getincrementaldecoder("utf-8")("strict")
        self._decoder = decoder(name)
        self._text, self._at, self._ended = "", 0, False

    def members(self) -> Iterator[str]:
        """The names in the object that comes next; the caller takes the value of each before it asks for the next name."""
        self._expect("{", message("an object"))
        if self._peek() == "}":
            self._at += 1
            return
        seen: set[str] = set()
        while True:
            if self._peek() != '"':
                refuse(self._name, message("not JSON: a name in quotes should follow"))
            name = self.value()
            if name in seen:
                refuse(self._name, message("the name {name!r} stands twice in one object", name=clean_line(name, 60)))
            seen.add(name)
            self._expect(":", message("a colon"))
            yield name
            if not self._goes_on("}"):
                return

    def elements(self) -> Iterator[Any]:
        """The elements of the array that comes next, each whole."""
        for _ in self.steps():
            yield self.value()

    def steps(self) -> Iterator[None]:
        """As often as the array that comes next has elements; the caller takes each before it goes on."""
        self._expect("[", message("an array"))
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield
            if not self._goes_on("]"):
                return

    def listed(self) -> Iterator[Any]:
        """The elements of the array that comes next; none where null stands in its place."""
        if self.opens("n"):
            self.value()
        else:
            yield from self.elements()

    def fields(self, wanted: Collection[str]) -> dict[str, Any]:
        """Of the object that comes next only these members."""
        found = {}
        for name in self.members():
            if name in wanted:
                found[name] = self.value()
            else:
                self.skip()
        return found

    def skip(self) -> None:
        """Pass over the next value, of any size, at most 64 levels deep; what is passed over is only looked at for its end."""
        if self._peek() not in ("{", "["):
            self.value()
            return
        depth, self._at = 1, self._at + 1
        while True:
            match = _UNTIL_BRACKET.match(self._text, self._at)
            self._at = match.end() if match else self._at
            sign = self._text[self._at : self._at + 1]
            if sign in ("", '"'):  # a string goes on in what has not come yet
                if self._ended:
                    refuse(self._name, message("ends in the middle; copy it again"))
                self._too_large()
                self._more()
                continue
            self._at += 1
            depth += 1 if sign in "{[" else -1
            if depth > _DEEPEST:
                refuse(self._name, message("nested deeper than {most} levels", most=_DEEPEST))
            if depth == 0:
                return

    def opens(self, bracket: str) -> bool:
        """Whether the next value begins with ``bracket``."""
        return self._peek() == bracket

    def value(self) -> Any:
        """The next value, whole."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended:
                    refuse(self._name, message("not JSON, or cut off ({msg}); copy it again", msg=error.msg.lower()))
            except RecursionError:
                refuse(self._name, message("nested too deep to be read"))
            else:
                # A number may go on in bytes that have not come yet: of ``0.5`` only ``0.`` may be here.
                if self._ended or (end < len(self._text) and self._text[end] not in "0123456789.eE+-"):
                    self._at = end
                    return value
            self._too_large()
            self._more()

    def _too_large(self) -> None:
        if len(self._text) - self._at > LARGEST:
            told = message("one value is larger than the {largest:,} bytes that are read at once", largest=LARGEST)
            refuse(self._name, told)

    def end(self) -> None:
        """Refuse whatever follows the document."""
        if self._peek(or_end=True):
            refuse(self._name, message("holds more than one JSON document"))

    def _goes_on(self, closing: str) -> bool:
        found = self._peek()
        if found not in (",", closing):
            refuse(self._name, message("not JSON: a comma or {closing} should follow", closing=closing))
        self._at += 1
        return found == ","

    def _expect(self, sign: str, what: str) -> None:
        if self._peek() != sign:
            refuse(self._name, message("not JSON of the expected shape: {what} should follow", what=what))
        self._at += 1

    def _peek(self, *, or_end: bool = False) -> str:
        """The next character that is no space; "" at the end, where ``or_end`` allows it."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                if or_end:
                    return ""
                refuse(self._name, message("ends in the middle; copy it again") if self._text else message("is empty"))
            self._more()

    def _more(self) -> None:
        """Read as much again as is waiting, so that a long value is tried a few times only; never more than one may have."""
        waiting = len(self._text) - self._at
        wanted = min(max(_CHUNK, waiting), max(1, LARGEST + 1 - waiting))
        content = self._file.read(wanted)
        self._left -= len(content)
        if self._left < 0:
            refuse(self._name, message("larger than what is read of this kind; attach a smaller part, or state its facts"))
        self._ended = not content
        try:
            text = self._utf8.decode(content, final=self._ended)
        except UnicodeDecodeError:
            refuse(self._name, message("not UTF-8"))
        if self._text or text:
            self._text, self._at = self._text[self._at :] + text, 0


class Taker(Protocol):
    """Whoever takes members of a document."""

    def take(self, member: str, stream: JsonStream, /) -> bool:
        """Take the value of that member; False where it is somebody else's."""


def walk(file: Readable, name: str, *takers: Taker, limit: int = LARGEST_DOCUMENT) -> None:
    """Give each member of the object in ``file`` to the first of ``takers`` that takes it; the others are passed over.

    Raises InputError ``unreadable-evidence``.
    """
    stream = JsonStream(file, name, limit)
    for member in stream.members():
        if not any(taker.take(member, stream) for taker in takers):
            stream.skip()
    stream.end()


def decoder(name: str) -> json.JSONDecoder:
    """A decoder of single values, by the rules of this module; ``name`` is who is refused."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            names = [key for key, _ in items]
            twice = next(key for key in names if names.count(key) > 1)
            refuse(name, message("the name {twice!r} stands twice in one object", twice=clean_line(twice, 60)))
        return found

    return json.JSONDecoder(object_pairs_hook=pairs, parse_float=_number, parse_constant=lambda _: None)


def json_lines(file: Readable, name: str, limit: int = LARGEST_STREAM) -> Iterator[tuple[int, bytes]]:
    """The lines of a file of JSON lines with their numbers, empty ones left out; one line at most in memory.

    Raises InputError ``unreadable-evidence`` for a line of more than 16 MiB, or a file of more than ``limit`` bytes.
    """
    number, rest = 0, b""
    while content := file.read(_CHUNK):
        limit -= len(content)
        *whole, rest = (rest + content).split(b"\n")
        if limit < 0 or len(rest) > _LONGEST_LINE:
            refuse(name, message("larger than what is read of this kind; attach a smaller part, or state its facts"))
        for line in whole:
            number += 1
            if line.strip():
                yield number, line
    if rest.strip():
        yield number + 1, rest


def json_line(line: bytes, number: int, name: str, decoded_by: json.JSONDecoder) -> dict[str, Any]:
    """The object that a line of at most 4 MiB holds. Raises InputError ``unreadable-evidence``."""
    if len(line) > LARGEST:
        refuse(name, message("line {number} is larger than the {most:,} bytes read of one", number=number, most=LARGEST))
    try:
        value = decoded_by.decode(line.decode("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        refuse(name, message("line {number} is not JSON, or was cut off; copy the file again", number=number))
    except RecursionError:
        refuse(name, message("line {number} is nested too deep to be read", number=number))
    if not isinstance(value, dict):
        refuse(name, message("line {number} should hold a JSON object", number=number))
    return value


def _number(text: str) -> Decimal | None:
    value = Decimal(text)
    return value if value.is_finite() and abs(value.adjusted()) <= 30 and len(text) <= 40 else None
