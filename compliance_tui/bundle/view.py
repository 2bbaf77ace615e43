"""A bundle read as data: the assessment, the answers and items that are present, and what is withheld."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import Assessment, Item, Response
from compliance_tui.assessment.readiness import ControlKey
from compliance_tui.bundle.core import ANSWER, Core
from compliance_tui.bundle.manifest import LARGEST_MANIFEST, read_sums
from compliance_tui.bundle.tree import Tree, read_file
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.model import load_json_model, validate
from compliance_tui.safe.strict_json import LARGEST_JSON, load_json
from compliance_tui.standard.load import LARGEST_STANDARD, load_standard
from compliance_tui.standard.model import Standard

M = TypeVar("M", bound=BaseModel)
LARGEST_CORE = 64 * (1 << 20)
_LARGEST_BY_HAND = 256 * 1024


@dataclass(frozen=True)
class BundleView:
    """What a bundle says. ``contents`` has no folder; where an item is withheld, it is simply not among the items."""

    core: Core
    contents: Contents
    withheld: frozenset[str]
    paths: dict[str, list[str]]


def read_view(tree: Tree) -> BundleView:
    """Read the bundle's data. Raises BrokenError ``bad-content`` naming the file and the field."""
    core = _model(tree, "core/assessment.json", Core, LARGEST_CORE)
    sizes = tree.sizes()
    listed = _item_names(read_sums(read_file(tree, "core/items.sha256", LARGEST_MANIFEST), "core/items.sha256"))
    if sorted(core.items) != sorted(listed):
        raise BrokenError("bad-content", f"{tree.where}: core/assessment.json and core/items.sha256 list different items")
    withheld = frozenset(name for name in listed if f"items/{name}/item.json" not in sizes)
    items: dict[str, Item] = {}
    paths: dict[str, list[str]] = {}
    for name in sorted(set(listed) - withheld):
        if not name.startswith(ANSWER):
            items[name], paths[name] = _item(tree, name)
    contents = Contents(
        root=Path(),
        assessment=_assessment(core, tree.where),
        standards=tuple(_standard(tree, pin.file_name, pin.sha256) for pin in core.standards),
        responses=_responses(tree, core, withheld),
        items=items,
    )
    return BundleView(core, contents, withheld, paths)


def _item_names(paths: Iterable[str]) -> list[str]:
    names = []
    for path in paths:
        parts = path.split("/")
        if len(parts) != 3 or parts[0] != "items" or parts[2] != "SHA256SUMS":
            raise BrokenError("bad-content", f"core/items.sha256: {path} is not the manifest of an item")
        names.append(parts[1])
    return names


def _model(tree: Tree, path: str, model: type[M], limit: int = LARGEST_JSON) -> M:
    try:
        return load_json_model(read_file(tree, path, limit), model, path, limit=limit, signed=True)
    except InputError as error:
        raise BrokenError("bad-content", f"{tree.where}: {error}") from None


def _item(tree: Tree, name: str) -> tuple[Item, list[str]]:
    path = f"items/{name}/item.json"
    try:
        record = load_json(read_file(tree, path, LARGEST_CORE), path, limit=LARGEST_CORE, signed=True)
        paths = record.pop("paths", None) if isinstance(record, dict) else None
        item = validate(record, Item, path)
    except InputError as error:
        raise BrokenError("bad-content", f"{tree.where}: {error}") from None
    sizes = tree.sizes()
    if item.id != name or not isinstance(paths, list) or len(paths) != len(item.files):
        raise BrokenError("bad-content", f"{tree.where}: {path} is about another item, or does not say where its files are")
    for file, place in zip(item.files, paths, strict=True):
        inside = isinstance(place, str) and place.startswith(f"items/{name}/files/")
        if not inside or sizes.get(place) != file.size:
            raise BrokenError("bad-content", f"{tree.where}: {path} names a file that is not there, or of another size")
    return item, paths


def _assessment(core: Core, where: str) -> Assessment:
    return validate(
        {
            "schema": "assessment/1",
            "series": core.series,
            "subject": core.subject,
            "axes": core.axes,
            "standards": core.standards,
        },
        Assessment,
        where,
    )


def _standard(tree: Tree, file_name: str, sha256: str) -> tuple[Standard, str]:
    path = f"core/standards/{file_name}"
    content = read_file(tree, path, LARGEST_STANDARD if path.endswith(".json") else _LARGEST_BY_HAND)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BrokenError("bad-content", f"{tree.where}: {path} is not the standard that the assessment pins")
    try:
        return load_standard(content, path, json=path.endswith(".json")), sha256
    except InputError as error:
        raise BrokenError("bad-content", f"{tree.where}: {error}") from None


def _responses(tree: Tree, core: Core, withheld: frozenset[str]) -> dict[ControlKey, Response]:
    """The answers: their text where it is disclosed, and from the core what is there in any case."""
    responses: dict[ControlKey, Response] = {}
    for answer in core.answers:
        key = (answer.standard, answer.control)
        if key in responses:
            raise BrokenError("bad-content", f"{tree.where}: {answer.control} is answered twice")
        if answer.item in withheld:
            responses[key] = Response(
                standard=answer.standard,
                control=answer.control,
                status=answer.status,
                evidence=answer.evidence,
                sign_offs=answer.sign_offs,
            )
            continue
        response = _model(tree, f"items/{answer.item}/item.json", Response)
        same = (response.standard, response.control, response.status, response.evidence, response.sign_offs) == (
            *key,
            answer.status,
            answer.evidence,
            answer.sign_offs,
        )
        waiver = response.waiver.model_dump(exclude={"reason", "measures"}) if response.waiver else None
        if not same or waiver != (answer.waiver.model_dump() if answer.waiver else None):
            raise BrokenError(
                "bad-content", f"{tree.where}: the answer to {answer.control} differs from what the core says of it"
            )
        responses[key] = response
    return responses
