"""The five forms as one thing: a record with values at paths, and rows. JSON lines and CSV are read row by row, never whole."""

import csv
import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element

from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.reading import LARGEST, LARGEST_XML, all_bytes, refuse
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import load_json
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import load_toml

MOST_ROWS = 1_000_000
MOST_COLUMNS = 1000
# Commas and brackets of a JSON document: about as many values, each of which costs up to some hundred bytes of memory.
MOST_VALUES = 250_000
LARGEST_STREAM = 1 << 30
LONGEST_LINE = 1 << 20
_CHUNK = 1 << 20


class Table:
    """A record read whole (JSON, TOML): objects, lists and scalars."""

    # Whether all values are text, from which numbers and yes or no have to be parsed.
    textual = False
    # Whether there are rows only, which can be walked once.
    streamed = False

    def __init__(self, record: Any, name: str) -> None:
        self.record, self.name = record, name

    def top(self, path: str) -> Any:
        """The value at a path from the top; None where nothing stands there."""
        return _walk(self.record, _parts(path))

    def value(self, row: Any, field: str) -> Any:
        """The value of a field of a row, or from the top where the field begins with ``/``; None where there is none."""
        return self.top(field) if field.startswith("/") else _walk(row, _parts(field))

    def rows(self, each: str) -> Iterator[tuple[int, Any]] | None:
        """The rows at ``each`` with their positions; None where nothing stands there."""
        lists: list[Any] = [self.record]
        for part in _parts(each):
            lists = [child for one in lists for child in (_children(one) if part == "*" else [_walk(one, [part])])]
            if None in lists:
                return None
        return self._checked(each, lists)

    def _checked(self, each: str, lists: list[Any]) -> Iterator[tuple[int, Any]]:
        number = 0
        for rows in lists:
            if not isinstance(rows, list):
                refuse(self.name, message("{each} should be a list of rows", each=_shown(each) or message("the document")))
            for row in rows:
                if not isinstance(row, dict):
                    refuse(
                        self.name,
                        message(
                            "row {number} of {each} should be a record with names",
                            number=number + 1,
                            each=_shown(each) or message("the document"),
                        ),
                    )
                number += 1
                if _says_nothing(row):
                    refuse(
                        self.name,
                        message("{row_name} is blank; fill it in, or remove it", row_name=self.row_name(each, number)),
                    )
                if number > MOST_ROWS:
                    refuse(
                        self.name,
                        message(
                            "{each} holds more than the {most:,} rows that are read; split it",
                            each=_shown(each),
                            most=MOST_ROWS,
                        ),
                    )
                yield number, row

    def row_name(self, each: str, number: int) -> str:
        """How a person finds the row."""
        return f"row {number}{' of ' + _shown(each) if each else ''}"

    def place(self, each: str, field: str) -> str:
        """Where a field of the rows stands, for a fact."""
        return field if field.startswith("/") else f"{each}/*{'/' + field if field else ''}"


class XmlTable(Table):
    """An XML document: paths of element names from the root, ``@name`` for an attribute, namespaces aside."""

    textual = True

    def top(self, path: str) -> Any:
        """The text at a path from the root; a list of them where several elements stand there."""
        from compliance_tui.evidence.readers.xml_tree import local_name, text_at

        first, *rest = _parts(path)
        if first != local_name(self.record.tag):
            return None
        return _one(text_at(self.record, rest or ["."]))

    def value(self, row: Element, field: str) -> Any:
        """The text of a field of a row, an element."""
        from compliance_tui.evidence.readers.xml_tree import text_at

        return self.top(field) if field.startswith("/") else _one(text_at(row, _parts(field)))

    def rows(self, each: str) -> Iterator[tuple[int, Any]] | None:
        """The elements at ``each``; None where the element that should hold them is absent."""
        from compliance_tui.evidence.readers.xml_tree import elements_at, local_name

        first, *rest = _parts(each)
        if first != local_name(self.record.tag) or not rest or not elements_at(self.record, rest[:-1]):
            return None
        return enumerate(elements_at(self.record, rest), 1)


class CsvTable(Table):
    """Comma-separated values (RFC 4180) with a heading line; a field is a column, an empty cell says nothing."""

    textual = True
    streamed = True

    def __init__(self, file: BinaryIO, name: str, delimiter: str) -> None:
        super().__init__(None, name)
        self._read = csv.reader(self._text(file), delimiter=delimiter, strict=True)
        self.columns = self._next() or []
        if not 0 < len(self.columns) <= MOST_COLUMNS:
            refuse(
                name,
                message("the first line should hold the names of the columns, at most {most:,}", most=MOST_COLUMNS),
            )
        for column in self.columns:
            if not column.strip() or self.columns.count(column) > 1:
                refuse(
                    name, message("the column {column!r} has no name, or its name stands twice", column=clean_line(column, 40))
                )

    def _text(self, file: BinaryIO) -> Iterator[str]:
        for number, line in lines(file, self.name):
            if b"\0" in line:
                refuse(self.name, message("line {number} holds a NUL; export it again as UTF-8 text", number=number))
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8", "strict") + "\n"
            except UnicodeDecodeError:
                refuse(self.name, message("line {number} is not UTF-8; export it again as UTF-8 text", number=number))

    def _next(self) -> list[str] | None:
        try:
            return next(self._read, None)
        except csv.Error as error:
            refuse(self.name, message("line {line}: not CSV ({reason})", line=self._read.line_num, reason=str(error)))

    def top(self, path: str) -> Any:
        """Nothing: CSV has rows only."""
        return None

    def value(self, row: dict[str, str], field: str) -> Any:
        """The cell of a column."""
        return row.get(field)

    def rows(self, each: str) -> Iterator[tuple[int, Any]]:
        """All rows, each with the number of its (last) line; may be walked once."""
        number = 0
        while (cells := self._next()) is not None:
            if not cells:
                continue
            number += 1
            if number > MOST_ROWS:
                refuse(self.name, message("holds more than the {most:,} rows that are read; split it", most=MOST_ROWS))
            if len(cells) != len(self.columns):
                refuse(
                    self.name,
                    message(
                        "line {line} has {number} cells, the heading has {heading}",
                        line=self._read.line_num,
                        number=len(cells),
                        heading=len(self.columns),
                    ),
                )
            yield self._read.line_num, dict(zip(self.columns, cells, strict=True))

    def row_name(self, each: str, number: int) -> str:
        """The line."""
        return f"line {number}"

    def place(self, each: str, field: str) -> str:
        """The column."""
        return f"column {field}" if field else "rows"


class LinesTable(Table):
    """JSON lines: one object a line; empty lines are passed over."""

    streamed = True

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__(None, name)
        self._file = file

    def rows(self, each: str) -> Iterator[tuple[int, Any]]:
        """All rows, each with the number of its line; may be walked once."""
        for number, line in lines(self._file, self.name):
            if not line.strip():
                continue
            if number > MOST_ROWS:
                refuse(self.name, message("holds more than the {most:,} lines that are read; split it", most=MOST_ROWS))
            row = _json(line, f"{self.name}, line {number}", LONGEST_LINE)
            if not isinstance(row, dict):
                refuse(self.name, message("line {number} should be a JSON object", number=number))
            yield number, row

    def row_name(self, each: str, number: int) -> str:
        """The line."""
        return f"line {number}"


def open_table(file: BinaryIO, name: str, kind: Kind) -> Table:
    """The form in ``file``, as the format of ``kind``. Raises InputError ``unreadable-evidence``."""
    if kind.format == "csv":
        return CsvTable(file, name, kind.delimiter)
    if kind.format == "jsonl":
        return LinesTable(file, name)
    content = all_bytes(file, name, LARGEST_XML if kind.format == "xml" else LARGEST)
    if not content.strip():
        refuse(name, message("is empty"))
    if kind.format == "xml":
        from compliance_tui.evidence.readers.xml_tree import xml_root

        return XmlTable(xml_root(content, name), name)
    if kind.format == "toml":
        return Table(_dates_as_text(load_toml(content, name, limit=LARGEST)), name)
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        refuse(
            name,
            message(
                "holds more than the {most:,} values that are read at once; split it, or write JSON lines", most=MOST_VALUES
            ),
        )
    return Table(_json(content, name, LARGEST), name)


def lines(file: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, without their ends; at most 1 GiB in all and 1 MiB in one line."""
    rest, number, total = b"", 0, 0
    while chunk := file.read(_CHUNK):
        total += len(chunk)
        if total > LARGEST_STREAM:
            refuse(
                name,
                message("larger than the {limit:,} bytes that are read of this kind", limit=LARGEST_STREAM),
            )
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield number, line
        if len(rest) > LONGEST_LINE:
            refuse(
                name,
                message(
                    "line {number} is longer than the {most:,} bytes that are read of one", number=number + 1, most=LONGEST_LINE
                ),
            )
    if rest:
        yield number + 1, rest
    elif total == 0:
        refuse(name, message("is empty"))


def _json(content: bytes, where: str, limit: int) -> Any:
    try:
        return load_json(content, where, limit=limit)
    except InputError as error:
        # One line of JSON lines says its number itself.
        message = str(error).replace(": line 1: ", ": ", 1) if ", line " in where else str(error)
        raise InputError("unreadable-evidence", message) from None


def _dates_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _dates_as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


@lru_cache(maxsize=1000)
def _parts(path: str) -> list[str]:
    if not path.strip("/"):
        return []
    return [part.replace("~1", "/").replace("~0", "~") for part in path.removeprefix("/").split("/")]


def _walk(value: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit() and len(part) < 10 and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _says_nothing(value: Any) -> bool:
    """Whether nothing was filled in: null, empty, or made of such."""
    if isinstance(value, dict | list):
        return all(map(_says_nothing, value.values() if isinstance(value, dict) else value))
    return value is None or value == ""


def _children(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _one(found: list[str]) -> Any:
    return found if len(found) > 1 else next(iter(found), None)


def _shown(path: str) -> str:
    return clean_line(path, 80)
