"""A bundle read as data: the assessment, the answers and items that are present, and what is withheld."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import Assessment, Item, Response
from compliance_tui.assessment.readiness import ControlKey
from compliance_tui.bundle.core import ANSWER, Core
from compliance_tui.bundle.structure import Structure
from compliance_tui.bundle.tree import Tree, read_file
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.model import validate
from compliance_tui.safe.strict_json import load_json
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import LARGEST_STANDARD, load_standard, speak_translation
from compliance_tui.standard.model import Standard

M = TypeVar("M", bound=BaseModel)
LARGEST_CORE = 12 * (1 << 20)
_LARGEST_RECORD = 4 * (1 << 20)
_LARGEST_BY_HAND = 256 * 1024
# A value of JSON costs up to fifty times its bytes once it is an object: how many there are is bounded, not only the size.
_MOST_VALUES_CORE = 400_000
_QUOTE = ord('"')
_MOST_VALUES_RECORD = 40_000
_VALUES = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{,]', re.DOTALL)


@dataclass(frozen=True)
class BundleView:
    """What a bundle says. ``contents`` has no folder; where an item is withheld, it is simply not among the items."""

    core: Core
    contents: Contents
    withheld: frozenset[str]
    paths: dict[str, list[str]]


def read_view(tree: Tree, structure: Structure, *, read_standards: bool = True) -> BundleView:
    """Read the bundle's data, whose files ``structure`` lists. Raises BrokenError ``bad-content`` naming file and field.

    With ``read_standards`` false the texts of the standards stay unread, and there is no readiness.
    """
    core = _model(tree, "core/assessment.json", Core, LARGEST_CORE, _MOST_VALUES_CORE)
    withheld = frozenset([*structure.withheld, *structure.sealed])
    if sorted(core.items) != sorted([*structure.present, *withheld]):
        raise BrokenError(
            "bad-content", message("{where}: core/assessment.json and core/items.sha256 list different items", where=tree.where)
        )
    items: dict[str, Item] = {}
    paths: dict[str, list[str]] = {}
    for name in sorted(structure.present):
        if not name.startswith(ANSWER):
            items[name], paths[name] = _item(tree, name, structure)
    standards = tuple(_standard(tree, pin.file_name, pin.sha256) for pin in core.standards) if read_standards else ()
    for (standard, _), pin in zip(standards, core.standards, strict=bool(standards)):
        if (standard.id, standard.version) != (pin.id, pin.version):
            shown = clean_line(f"{standard.id} {standard.version}")
            raise BrokenError("bad-content", message("core/standards/{file} is {shown}", file=pin.file_name, shown=shown))
    contents = Contents(
        root=Path(),
        assessment=_assessment(core, tree.where),
        standards=standards,
        responses=_responses(tree, core, withheld),
        items=items,
    )
    return BundleView(core, contents, withheld, paths)


def read_json(tree: Tree, path: str, limit: int, most_values: int) -> Any:
    """A JSON document of the bundle. Raises BrokenError ``bad-content`` for one that is not strict, or too large."""
    content = read_file(tree, path, limit)
    values = 0
    for match in _VALUES.finditer(content) if len(content) > most_values else ():
        values += content[match.start()] != _QUOTE
        if values > most_values:
            raise BrokenError(
                "too-large",
                message("{where}: {path} holds more than {most:,} values", where=tree.where, path=path, most=most_values),
            )
    try:
        return load_json(content, path, limit=limit, signed=True)
    except InputError as error:
        raise BrokenError("bad-content", message("{where}: {reason}", where=tree.where, reason=str(error))) from None


def _model(tree: Tree, path: str, model: type[M], limit: int, most_values: int) -> M:
    return _validated(tree, read_json(tree, path, limit, most_values), model, path)


def _validated(tree: Tree, value: Any, model: type[M], path: str) -> M:
    try:
        return validate(value, model, path)
    except InputError as error:
        raise BrokenError("bad-content", message("{where}: {reason}", where=tree.where, reason=str(error))) from None


def _item(tree: Tree, name: str, structure: Structure) -> tuple[Item, list[str]]:
    path = f"items/{name}/item.json"
    files = structure.files[name]
    record = read_json(tree, path, _LARGEST_RECORD + 1024 * files, _MOST_VALUES_RECORD + 20 * files)
    paths = record.pop("paths", None) if isinstance(record, dict) else None
    item = _validated(tree, record, Item, path)
    sizes = tree.sizes()
    if item.id != name or not isinstance(paths, list) or len(paths) != len(item.files):
        raise BrokenError(
            "bad-content",
            message("{where}: {path} is about another item, or does not say where its files are", where=tree.where, path=path),
        )
    for file, place in zip(item.files, paths, strict=True):
        inside = isinstance(place, str) and place.startswith(f"items/{name}/files/")
        if not inside or sizes.get(place) != file.size or structure.expected[place].hex() != file.sha256:
            raise BrokenError(
                "bad-content",
                message("{where}: {path} names a file that is not there, or another one", where=tree.where, path=path),
            )
    if len(set(paths)) != len(paths):
        raise BrokenError("bad-content", message("{where}: {path} names one file twice", where=tree.where, path=path))
    return item, paths


def _assessment(core: Core, where: str) -> Assessment:
    table = {
        "schema": "assessment/1",
        "series": core.series,
        "subject": core.subject,
        "axes": core.axes,
        "standards": core.standards,
        "people": [{"id": one.id, "name": one.id, "keys": one.keys} for one in core.people],
    }
    try:
        return validate(table, Assessment, where)
    except InputError as error:
        raise BrokenError("bad-content", str(error)) from None


def _standard(tree: Tree, file_name: str, sha256: str) -> tuple[Standard, str]:
    path = f"core/standards/{file_name}"
    content = read_file(tree, path, LARGEST_STANDARD if path.endswith(".json") else _LARGEST_BY_HAND)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BrokenError(
            "bad-content", message("{where}: {path} is not the standard that the assessment pins", where=tree.where, path=path)
        )
    try:
        standard = load_standard(content, path, json=path.endswith(".json"))
    except InputError as error:
        raise BrokenError("bad-content", message("{where}: {reason}", where=tree.where, reason=str(error))) from None
    speak_translation(standard, sha256)
    return standard, sha256


def _responses(tree: Tree, core: Core, withheld: frozenset[str]) -> dict[ControlKey, Response]:
    """The answers: their text where it is disclosed, and from the core what is there in any case."""
    responses: dict[ControlKey, Response] = {}
    for answer in core.answers:
        key = (answer.standard, answer.control)
        if key in responses:
            raise BrokenError(
                "bad-content", message("{where}: {control} is answered twice", where=tree.where, control=answer.control)
            )
        if answer.item in withheld:
            responses[key] = Response(
                standard=answer.standard,
                control=answer.control,
                status=answer.status,
                evidence=answer.evidence,
                sign_offs=answer.sign_offs,
            )
            continue
        path = f"items/{answer.item}/item.json"
        response = _model(tree, path, Response, _LARGEST_RECORD, _MOST_VALUES_RECORD)
        same = (response.standard, response.control, response.status, response.evidence, response.sign_offs) == (
            *key,
            answer.status,
            answer.evidence,
            answer.sign_offs,
        )
        waiver = response.waiver.model_dump(exclude={"reason", "measures"}) if response.waiver else None
        if not same or waiver != (answer.waiver.model_dump() if answer.waiver else None):
            raise BrokenError(
                "bad-content",
                message(
                    "{where}: the answer to {control} differs from what the core says of it",
                    where=tree.where,
                    control=answer.control,
                ),
            )
        responses[key] = response
    return responses
