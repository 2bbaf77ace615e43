"""The registers of bypasses that are attached as evidence, each rated by the scale that it names."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import Item
from compliance_tui.assessment.rate import RatedEntry, rate_register
from compliance_tui.assessment.readiness import axis_values
from compliance_tui.assessment.store import open_store
from compliance_tui.safe.errors import ComplianceError, InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import load_json
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import find_pack
from compliance_tui.standard.model import Standard

KIND = "jailbreak-register"
# The standard whose scale is taken where no pinned one has a scale.
USUAL = "jailbreak-risk"
_LARGEST = 8 << 20


@dataclass(frozen=True)
class Register:
    """One register: the item that it is of, and its entries as rated; or why they cannot be."""

    item: Item
    standard: Standard
    rated: tuple[RatedEntry, ...]
    fault: str = ""


def rating_standard(contents: Contents | None, folders: Sequence[Path], scale: str = "") -> Standard:
    """The pinned standard with that scale, or with any of its own; else the newest known version of the usual one.

    Raises InputError ``unknown-standard`` where that one is not known either.
    """
    pinned = [standard for standard, _ in contents.standards] if contents else []
    own = [one for one in pinned for known in one.scales if not known.outside and scale in ("", known.id)]
    return own[0] if own else find_pack(USUAL, folders).standard


def values_for(contents: Contents | None, standard: Standard) -> dict[str, str]:
    """The axis values that clocks and cautions of ``standard`` depend on, as the assessment declares them."""
    return axis_values(contents.assessment, standard) if contents else {}


def registers(contents: Contents, folders: Sequence[Path], as_of: dt.datetime) -> list[Register]:
    """Every register that no newer one replaced, the newest first. Raises InputError where no standard has a scale."""
    replaced = {item.replaces for item in contents.items.values()}
    found = [item for item in contents.items.values() if item.kind == KIND and item.id not in replaced]
    return [_register(contents, item, folders, as_of) for item in sorted(found, key=lambda one: one.speaks_of, reverse=True)]


def register_document(contents: Contents, item_id: str) -> dict[str, Any]:
    """The register of one item, as its facts have it. Raises InputError ``unknown-item``, ``bad-rating`` for what is none."""
    item = contents.items.get(item_id)
    if item is None:
        told = message("no item {item} here; `compliance-tui evidence list` lists them", item=clean_line(item_id, 40))
        raise InputError("unknown-item", told)
    if item.kind != KIND:
        told = message("{item} is evidence of kind {kind}; only a {wanted} is rated", item=item.id, kind=item.kind, wanted=KIND)
        raise InputError("bad-rating", told)
    return _document(item)


def _register(contents: Contents, item: Item, folders: Sequence[Path], as_of: dt.datetime) -> Register:
    scale = item.facts["scale"].value if "scale" in item.facts else ""
    standard = rating_standard(contents, folders, str(scale))
    try:
        rated = rate_register(_document(item), standard, values_for(contents, standard), as_of)
    except InputError as error:
        return Register(item, standard, (), str(error))
    return Register(item, standard, tuple(rated))


def _document(item: Item) -> dict[str, Any]:
    """The register as its facts have it: all that a rating needs, whether or not the bytes are here."""
    ratings = item.facts["ratings"].value if "ratings" in item.facts else None
    if not isinstance(ratings, tuple):
        raise InputError("bad-rating", message("the item has no fact ratings: attach the register again"))
    entries = [load_json(str(one).encode(), f"{item.id}, fact ratings") for one in ratings]
    return {"scale": item.facts["scale"].value if "scale" in item.facts else "", "entries": entries}


def titles(contents: Contents, item: Item) -> dict[str, str]:
    """What each entry of a register is called, where its bytes can be read; facts leave that out."""
    try:
        with open_store(contents.root, contents.assessment).open(item.files[0].sha256) as stream:
            document = load_json(stream.read(_LARGEST + 1), item.files[0].name, limit=_LARGEST)
    except ComplianceError:
        return {}
    entries = document.get("entries") if isinstance(document, dict) else None
    named = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    return {str(one.get("id")): str(one.get("title") or "") for one in named}
