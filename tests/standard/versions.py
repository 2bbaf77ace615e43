"""Three versions of one small standard, in which everything happens that may happen between two versions."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compliance_tui.safe.toml import dump_toml
from compliance_tui.standard.load import Pack, load_standard, read_pack
from compliance_tui.standard.model import Standard

Document = dict[str, Any]
KINDS = {"policy-doc": {"present", "days"}, "jailbreak-register": {"ratings"}}


def control(identifier: str, statement: str | None = None, **fields: Any) -> Document:
    """A control that asks for a policy and the owner's sign-off, unless ``fields`` say otherwise."""
    text = f"This holds: {identifier.lower()}." if statement is None else statement
    return {
        "id": identifier,
        "group": "G",
        "title": f"Title of {identifier}",
        "statement": text,
        "required": [{}],
        "evidence": [{"kinds": ["policy-doc"], "max_age_days": 100}],
        "sign_offs": [{"seats": ["owner"]}],
        **fields,
    }


def limit(value: Any, **fields: Any) -> Document:
    """A check that a policy reacts within ``value`` days; a table means by tier."""
    bound = {"by": {"tier": value}} if isinstance(value, dict) else {"limit": value}
    return {
        "id": "days", "title": "Days", "evidence": "policy-doc", "fact": "days", "op": "<=", **bound, **fields
    }  # fmt: skip


def scale(floor: int) -> Document:
    """A rating with one axis; ``floor`` is where the upper band begins."""
    levels = [{"points": points, "anchor": f"anchor {points}"} for points in (0, 30, 60)]
    return {
        "id": "severity",
        "title": "Severity",
        "axes": [{"id": "uplift", "title": "Uplift", "levels": levels}],
        "bands": [{"id": "low", "floor": 0}, {"id": "high", "floor": floor}],
    }


def change(kinds: list[str], before: list[str], after: list[str], effect: str, note: str = "", **fields: Any) -> Document:
    """One entry of a list of changes; the version it comes from is filled in by ``document``."""
    return {"kinds": kinds, "from": before, "to": after, "effect": effect, "note": note or " ".join(kinds), **fields}


def document(
    version: str, controls: list[Document], changes: list[Document] | None = None, before: str | None = None, **more: Any
) -> Document:
    """A whole version of the standard ``walk``."""
    header = {
        "id": "walk",
        "title": "A standard that changes",
        "version": version,
        "released": "2026-11-01",
        "status": "test",
        "summary": "For tests.",
        **({"supersedes": before} if before else {}),
    }
    tier = [{"id": f"T{number}", "title": f"tier {number}"} for number in range(4)]
    return {
        "standard": header,
        "axes": [
            {"id": "profile", "title": "Profile", "values": [{"id": "api", "title": "a"}, {"id": "open", "title": "o"}]},
            {"id": "tier", "title": "Tier", "ordered": True, "values": tier},
        ],
        "seats": [{"id": "owner", "title": "Owner"}, {"id": "security", "title": "Security"}],
        "groups": [{"id": "G", "title": "Group"}],
        "controls": controls,
        "changes": [{"from_version": before, **one} for one in changes or []],
        **more,
    }


_RATED = {
    "evidence": [{"kinds": ["jailbreak-register"]}],
    "checks": [
        {
            "id": "stored", "title": "Stored ratings", "evidence": "jailbreak-register", "scale": "severity",
            "rating": "differences", "op": "==", "limit": 0,
        }
    ],
}  # fmt: skip
_FIRST = [
    control("W-KEEP"),
    control("W-NAME", "The name says nothing."),
    control("W-WORD", "Words are many."),
    control("W-AGE", evidence=[{"kinds": ["policy-doc"], "max_age_days": 100}]),
    control("W-EASE", required=[{}]),
    control("W-BOTH", "Both halves hold."),
    control("W-ONE"),
    control("W-TWO"),
    control("W-WIDE", required=[{"is": {"profile": ["open"]}}], recommended=[{}]),
    control("W-GONE"),
    control("W-LEAVE"),
    control("W-RATE", **_RATED),
    control("W-MOVE", "It moves, and comes apart later."),
    control("W-TIER", checks=[limit({"T1": 30, "T2": 20, "T3": 20})]),
]
_SECOND = [
    control("W-KEEP"),
    control("W-NEWNAME", "The name says nothing."),
    control("W-WORD", "Words are few."),
    control("W-AGE", evidence=[{"kinds": ["policy-doc"], "max_age_days": 30}]),
    control("W-EASE", required=[{}]),
    control("W-BOTH", "The left half holds."),
    control("W-HALF", "The right half holds."),
    control("W-ONE", "One holds, and so does two."),
    control("W-WIDE", required=[{"is": {"profile": ["open"]}}], recommended=[{}]),
    control("W-LEAVE"),
    control("W-RATE", **_RATED),
    control("W-MOVED", "It moves, and comes apart later."),
    control("W-TIER", checks=[limit({"T1": 30, "T2": 20, "T3": 20})]),
    control("W-LATE"),
    control("W-SHORT"),
]
_SECOND_CHANGES = [
    change(["renamed"], ["W-NAME"], ["W-NEWNAME"], "keep", "a better name"),
    change(["reworded"], ["W-WORD"], ["W-WORD"], "keep"),
    change(["tightened"], ["W-AGE"], ["W-AGE"], "recheck", "100 -> 30 days"),
    change(["split"], ["W-BOTH"], ["W-BOTH", "W-HALF"], "recheck"),
    change(["merged"], ["W-ONE", "W-TWO"], ["W-ONE"], "recheck", "two belongs to one"),
    change(["retired"], ["W-GONE"], [], "drop", "nobody read it", covered_by=["W-LATE"]),
    change(["renamed"], ["W-MOVE"], ["W-MOVED"], "keep"),
    change(["added"], [], ["W-LATE"], "new"),
    change(["added"], [], ["W-SHORT"], "new"),
]
_THIRD = [
    control("W-KEEP"),
    control("W-NEWNAME", "The name says nothing."),
    control("W-WORD", "Words are few."),
    control("W-AGE", evidence=[{"kinds": ["policy-doc"], "max_age_days": 30}]),
    control("W-EASE", required=[{"from": {"tier": "T1"}}], recommended=[{}]),
    control("W-BOTH", "The left half holds."),
    control("W-HALF", "The right half holds."),
    control("W-ONE", "One holds, and so do two and late.", sign_offs=[{"seats": ["owner", "security"]}]),
    control("W-WIDE", required=[{}]),
    control("W-RATE", **_RATED),
    control("W-MOVED", "It moves."),
    control("W-APART", "It came apart."),
    control("W-TIER", checks=[limit({"T1": 30, "T2": 20, "T3": 10})]),
    control("W-FRESH"),
]
_THIRD_CHANGES = [
    change(["relaxed"], ["W-EASE"], ["W-EASE"], "keep", "T0: recommended"),
    change(["merged"], ["W-ONE", "W-LATE"], ["W-ONE"], "recheck", "late belongs to one"),
    change(["tightened"], ["W-ONE"], ["W-ONE"], "recheck", "two sign"),
    change(["scope"], ["W-WIDE"], ["W-WIDE"], "recheck", "the interface too"),
    change(["retired"], ["W-LEAVE"], [], "drop"),
    change(["retired"], ["W-SHORT"], [], "drop"),
    change(["rating"], ["W-RATE"], ["W-RATE"], "recompute", "the upper band begins at 50"),
    change(["split"], ["W-MOVED"], ["W-MOVED", "W-APART"], "recheck"),
    change(["tightened"], ["W-TIER"], ["W-TIER"], "recheck", "T3: 20 -> 10 days"),
    change(["added"], [], ["W-FRESH"], "new"),
]


def documents() -> dict[str, Document]:
    """The versions 0.9, 1.0 and 1.1, to be changed at will."""
    return copy.deepcopy(
        {
            "0.9": document("0.9", _FIRST, scales=[scale(60)]),
            "1.0": document("1.0", _SECOND, _SECOND_CHANGES, "0.9", scales=[scale(60)]),
            "1.1": document("1.1", _THIRD, _THIRD_CHANGES, "1.0", scales=[scale(50)]),
        }
    )


def read(table: Document) -> Standard:
    """A document as a standard."""
    return load_standard(dump_toml(table), "test")


def standards() -> dict[str, Standard]:
    """The three versions as standards."""
    return {version: read(table) for version, table in documents().items()}


def among(*known: Standard) -> Callable[[str], Standard | None]:
    """Gives these versions."""
    return {standard.version: standard for standard in known}.get


def put(folder: Path, table: Document) -> Pack:
    """Write a version to its place under ``folder``."""
    header = table["standard"]
    path = folder / header["id"] / f"{header['version']}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dump_toml(table))
    return read_pack(path)


def put_all(folder: Path) -> dict[str, Pack]:
    """Write the three versions to their places under ``folder``."""
    return {version: put(folder, table) for version, table in documents().items()}
