"""The beginning of an evidence file as lines that a person can read: text, JSON, tables, SARIF results, packed evaluation logs.

Nothing here is believed: it is what the file says, cut to a bounded size, for looking at. The text is as it stands in the
file; whoever shows it makes it safe first.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message

MOST_BYTES = 512 * 1024
MOST_LINES = 2_000
_WIDEST_CELL, _MOST_COLUMNS, _WIDEST_LINE = 40, 30, 2_000


@dataclass(frozen=True)
class Preview:
    """What the file was taken for, its first lines, and whether there is more."""

    form: str
    lines: tuple[str, ...]
    cut: bool


def preview(opened: Callable[[], BinaryIO], name: str) -> Preview:
    """A preview of the file that ``opened`` gives, known by ``name``. What makes no sense is shown as text, or as bytes.

    Raises InputError where the file cannot be opened.
    """
    with opened() as file:
        head = file.read(MOST_BYTES + 1)
    whole = len(head) <= MOST_BYTES
    head = head[:MOST_BYTES]
    if head[:4] == b"PK\x03\x04":
        return _archive(opened, name)
    if b"\x00" in head[:8192]:
        return _lines(message("bytes"), _dump(head), whole)
    text = head.decode("utf-8", "replace")
    lower = name.lower()
    if lower.endswith((".csv", ".tsv")):
        try:
            return _lines(message("table"), _table(_rows(text, "\t" if lower.endswith(".tsv") else ",")), whole)
        except csv.Error:
            return _lines(message("text"), text.splitlines(), whole)
    if text.lstrip()[:1] in ("{", "["):
        return _json(text, whole)
    return _lines(message("text"), text.splitlines(), whole)


def _lines(form: str, lines: "Iterator[str] | Sequence[str]", whole: bool) -> Preview:
    taken = list(islice(lines, MOST_LINES + 1))
    return Preview(
        form,
        tuple(line if len(line) <= _WIDEST_LINE else line[:_WIDEST_LINE] for line in taken[:MOST_LINES]),
        not whole or len(taken) > MOST_LINES,
    )


def _json(text: str, whole: bool) -> Preview:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        objects = _json_lines(text, whole)
        if objects:
            return _lines(message("JSON lines"), _table([_flat(one) for one in objects]), whole)
        return _lines("JSON" if not whole else message("text"), text.splitlines(), whole)
    if isinstance(value, dict) and isinstance(value.get("runs"), list):
        return _lines("SARIF", _sarif(value["runs"]), whole)
    if isinstance(value, list) and len(value) > 1 and all(isinstance(one, dict) for one in value):
        return _lines(message("table"), _table([_flat(one) for one in value]), whole)
    try:
        return _lines("JSON", json.dumps(value, ensure_ascii=False, indent=2).splitlines(), whole)
    except RecursionError:
        return _lines(message("text"), text.splitlines(), whole)


def _json_lines(text: str, whole: bool) -> list[dict[str, Any]]:
    """The objects of a file with one on each line; none where it is something else."""
    lines = [line for line in text.splitlines() if line.strip()]
    objects = []
    for line in lines if whole else lines[:-1]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, dict):
            return []
        objects.append(value)
    return objects if len(objects) > 1 else []


def _flat(value: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for name, one in value.items()}


def _rows(text: str, delimiter: str) -> list[dict[str, str]]:
    rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), MOST_LINES + 1))
    names = rows[0] if rows else []
    return [dict(zip(names, row, strict=False)) for row in rows[1:]]


def _table(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Rows as columns of equal width, a rule of dashes under their names."""
    names = list(dict.fromkeys(name for row in rows for name in row))[:_MOST_COLUMNS]
    cells = [names, *([_cell(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(_cell(row[at])) for row in cells) for at in range(len(names))]
    for place, row in enumerate(cells):
        yield "  ".join(_cell(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if place == 0:
            yield "  ".join("-" * width for width in widths)


def _cell(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST_CELL else line[: _WIDEST_CELL - 1] + "…"


def _sarif(runs: Sequence[Any]) -> Iterator[str]:
    """Results by tool, each with level, rule, place and message; what is not where SARIF has it is left out."""
    for run in runs:
        driver = _inside(run, "tool", "driver")
        results = _inside(run, "results")
        results = results if isinstance(results, list) else []
        yield f"{_inside(driver, 'name') or 'tool without a name'} {_inside(driver, 'semanticVersion') or ''}".rstrip()
        yield message("{number} results", number=len(results))
        for result in results:
            place = _inside(result, "locations", 0, "physicalLocation")
            line = _inside(place, "region", "startLine")
            where = f"{_inside(place, 'artifactLocation', 'uri') or '?'}{f':{line}' if line else ''}"
            held = "  (suppressed)" if _inside(result, "suppressions") else ""
            yield f"  {_inside(result, 'level') or 'warning':<8} {_inside(result, 'ruleId') or '?'}  {where}{held}"
            yield f"           {_cell_long(_inside(result, 'message', 'text'))}"
        yield ""


def _cell_long(value: Any) -> str:
    return " ".join(str(value or "").split())[:300]


def _inside(value: Any, *path: str | int) -> Any:
    """What lies at ``path``; None where the way ends."""
    for part in path:
        if isinstance(part, int) and isinstance(value, list) and len(value) > part:
            value = value[part]
        elif isinstance(part, str) and isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def _archive(opened: Callable[[], BinaryIO], name: str) -> Preview:
    """The members of an archive; of an evaluation log first its header."""
    from compliance_tui.evidence.readers.zip_member import Member, directory

    with opened() as file:
        try:
            members = directory(file, name)
            lines = []
            if "header.json" in members:
                head = Member(file, members["header.json"], name, MOST_BYTES)
                content = b"".join(iter(lambda: head.read(MOST_BYTES), b""))
                lines += [*_json(content.decode("utf-8", "replace"), True).lines, ""]
            lines.append(message("{number} members", number=len(members)))
            lines += [f"  {member.file_size:>14,}  {member.filename}" for member in members.values()]
        except InputError as error:
            return Preview(message("archive"), (str(error),), False)
    return _lines(message("evaluation log") if "header.json" in members else message("archive"), lines, True)


def _dump(content: bytes) -> Iterator[str]:
    """Bytes sixteen to a line, as offset, hexadecimal, and what is printable of them."""
    for at in range(0, min(len(content), 16 * MOST_LINES), 16):
        part = content[at : at + 16]
        shown = "".join(chr(one) if 0x20 <= one < 0x7F else "." for one in part)
        yield f"{at:08x}  {part.hex(' '):<47}  {shown}"
