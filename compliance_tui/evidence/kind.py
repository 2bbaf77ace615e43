"""Kinds of evidence, as data under ``evidence/<kind>/kind.toml``: how recognised, which facts, what makes one complete."""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from compliance_tui.evidence.fact import Fact
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import open_regular, read_bounded
from compliance_tui.safe.model import load_model
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import LARGEST_TOML
from compliance_tui.shipped import shipped

SNIFFED = 64 * 1024
Reader = Literal[
    "cyclonedx",
    "document",
    "form",
    "garak",
    "harmbench",
    "inspect-log",
    "jailbreak-register",
    "junit",
    "model-signature",
    "openvex",
    "osv-scanner",
    "pip-audit",
    "promptfoo",
    "provenance",
    "pyrit",
    "sarif",
    "sbom",
    "scorecard",
    "spdx",
]
FactType = Literal["boolean", "integer", "decimal", "text", "instant", "date", "list"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FactDeclaration(_Model):
    """A fact that this kind gives: its type, unit and meaning; for a form, where it stands (a JSON pointer, RFC 6901)."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$")]
    type: FactType
    unit: str = ""
    meaning: str = ""
    path: str = ""


class Recognition(_Model):
    """Signs by which bytes are known: the endings of a name, texts of which one must stand near the beginning, texts that
    must not."""

    suffixes: list[str] = Field(default_factory=list)
    contains: list[str] = Field(default_factory=list)
    lacks: list[str] = Field(default_factory=list)


class Kind(_Model):
    """One known form of evidence."""

    id: Name
    title: str
    summary: str
    reader: Reader
    recognise: Recognition = Recognition()
    complete_when: str
    how_to_produce: str
    facts: list[FactDeclaration] = Field(default_factory=list)
    sample: str
    sample_origin: str

    def declaration(self, name: str) -> FactDeclaration | None:
        """What the kind says of a fact."""
        return next((one for one in self.facts if one.name == name), None)

    def state(self, name: str, text: str) -> Fact:
        """A fact as a person states it. Raises InputError ``unknown-fact`` or ``bad-fact``."""
        declared = self.declaration(name)
        if declared is None:
            known = ", ".join(one.name for one in self.facts) or "none"
            raise InputError("unknown-fact", f"{self.id} has no fact {clean_line(name, 60)}; known are {known}")
        return Fact(value=typed(text, declared, "what was stated"), unit=declared.unit, where="stated", source="stated")


def typed(text: str, declared: FactDeclaration, where: str) -> bool | int | Decimal | str | tuple[str, ...]:
    """``text`` as the type that the fact has. Raises InputError ``bad-fact``."""
    text = text.strip()
    try:
        if declared.type == "boolean":
            return _WORDS[text.lower()]
        if declared.type == "integer":
            if not re.fullmatch(r"-?[0-9]{1,18}", text):
                raise ValueError
            return int(text)
        if declared.type == "decimal":
            if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
                raise ValueError
            return Decimal(text)
        if declared.type == "date":
            return dt.date.fromisoformat(text[:10]).isoformat()
        if declared.type == "instant":
            return dt.datetime.fromisoformat(text).isoformat() if len(text) > 10 else dt.date.fromisoformat(text).isoformat()
        if declared.type == "list":
            return tuple(part.strip() for part in text.strip("[]").split(",") if part.strip())
    except (KeyError, ValueError, InvalidOperation):
        raise InputError(
            "bad-fact",
            f"{clean_line(where)}: {declared.name} should be a {declared.type}, not {clean_line(text, 60)!r}",
        ) from None
    return text[:2000]


def load_kinds(extra: Path | None = None) -> dict[str, Kind]:
    """The shipped kinds, and those of the user's own folder. Raises InputError for a kind that is not right."""
    if extra is not None and not extra.is_dir():
        raise InputError("not-found", f"{clean_line(str(extra))}: no such folder of evidence kinds; check --kinds")
    kinds: dict[str, Kind] = {}
    for folder in [shipped("evidence"), *([extra] if extra else [])]:
        for path in sorted(folder.glob("*/kind.toml")):
            kind = load_model(read_bounded(path, LARGEST_TOML), Kind, str(path))
            if kind.id != path.parent.name:
                raise InputError("bad-field", f"{clean_line(str(path))}: the kind {kind.id} must lie in a folder of its name")
            kinds[kind.id] = kind
    return kinds


def recognise(path: Path, kinds: dict[str, Kind]) -> str | None:
    """The id of the only kind whose signs the file bears; None where none does, or several do."""
    with open_regular(path) as file:
        head = file.read(SNIFFED)
    found = [kind.id for kind in kinds.values() if _bears(kind.recognise, path.name.lower(), head)]
    return found[0] if len(found) == 1 else None


def _bears(signs: Recognition, name: str, head: bytes) -> bool:
    if not signs.contains and not signs.suffixes:
        return False
    text = re.sub(rb'"\s*:\s*', b'":', head)
    named = not signs.suffixes or name.endswith(tuple(signs.suffixes))
    if any(sign.encode() in text for sign in signs.lacks):
        return False
    return named and (not signs.contains or any(sign.encode() in text for sign in signs.contains))
