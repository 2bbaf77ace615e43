"""Kinds of evidence, as data under ``evidence/<kind>/kind.toml``: how recognised, which facts, what makes one complete."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from compliance_tui.evidence.declaration import Completion, FactDeclaration, FactType, RecordField
from compliance_tui.evidence.fact import Fact
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import open_regular, read_bounded
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import message
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
Format = Literal["json", "jsonl", "csv", "toml", "xml"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Recognition(_Model):
    """Signs by which bytes are known: the endings of a name, texts of which one must stand near the beginning, texts that
    must not."""

    suffixes: list[str] = Field(default_factory=list)
    contains: list[str] = Field(default_factory=list)
    lacks: list[str] = Field(default_factory=list)


class Kind(_Model):
    """One known kind of evidence.

    Where the reader is ``form``, the kind also says what the form looks like: its ``format``; what the field ``form`` of a
    record says (left out, and nothing else said under ``recognise``: ``<kind>/1``, one of our own records); the
    ``delimiter`` of CSV; the ``fields`` of a record of our own; and what makes one ``complete``.
    """

    id: Name
    title: str
    summary: str
    reader: Reader
    recognise: Recognition = Recognition()
    complete_when: str
    how_to_produce: str
    format: Format = "json"
    form: str = ""
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    fields: list[RecordField] = Field(default_factory=list)
    complete: Completion | None = None
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
            raise InputError(
                "unknown-fact",
                message("{id} has no fact {name}; known are {known}", id=self.id, name=clean_line(name, 60), known=known),
            )
        return Fact(
            value=typed(text, declared, message("what was stated")), unit=declared.unit, where="stated", source="stated"
        )

    @property
    def own_form(self) -> str:
        """What the field ``form`` of a record must say: ``<kind>/1`` for one of our own records; "" for a foreign form."""
        own = f"{self.id}/1"
        if self.form or self.reader not in ("form", "jailbreak-register"):
            return self.form
        signs = self.recognise.contains
        ours = self.format == "json" and (any(f'"{own}"' in sign for sign in signs) or not (signs or self.recognise.suffixes))
        return own if ours else ""

    @property
    def signs(self) -> Recognition:
        """The signs by which bytes are known, those that follow from the form included."""
        if self.recognise.contains or not self.own_form or self.format != "json":
            return self.recognise
        sign = f'"form":"{self.own_form}"'
        return self.recognise.model_copy(update={"suffixes": self.recognise.suffixes or [".json"], "contains": [sign]})

    @property
    def rules(self) -> str:
        """A short digest of how facts are read: facts that two versions of a kind read are not to be compared."""
        read = self.model_dump_json(
            include={"format", "form", "delimiter", "complete", "facts"},
            exclude={"facts": {"__all__": {"meaning"}}},
            exclude_defaults=True,
        )
        return hashlib.sha256(read.encode()).hexdigest()[:12]

    @model_validator(mode="after")
    def _makes_sense(self) -> "Kind":
        names = [one.name for one in self.facts]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(message("the fact {twice} is declared twice", twice=twice))
        if self.reader != "form":
            if self.complete or self.format != "json" or any(one.derived for one in self.facts):
                raise ValueError(message("only the reader form takes facts from rows; another reader knows its own format"))
            return self
        for one in self.facts:
            why = _fault(one, self.format)
            if why:
                raise ValueError(message("{where}: {reason}", where=one.name, reason=why))
        if self.complete:
            self._check_completion(self.complete)
        return self

    def _check_completion(self, complete: Completion) -> None:
        declared = self.declaration("completed")
        if declared is None or declared.type != "boolean" or declared.derived or declared.path:
            raise ValueError(
                message("complete gives the fact completed: declare it as a boolean that says nothing of where it is read")
            )
        of_rows = bool(complete.announced or complete.every or complete.some or complete.same)
        if self.format in ("csv", "jsonl"):
            if complete.needs or complete.where or complete.announced or complete.rows is not None:
                raise ValueError(
                    message("complete: {format} has rows and no top; use every, some and same", format=self.format)
                )
        elif of_rows and complete.rows is None:
            raise ValueError(message("complete: say with rows where the rows stand"))


def _fault(declared: FactDeclaration, form: Format) -> str:
    """Why a fact cannot be read in a form of this format, or ""."""
    fields = (declared.of, declared.since, declared.over, declared.path)
    if form in ("csv", "jsonl"):
        if declared.each:
            return message("all rows of {form} are rows; leave each out", form=form)
        if form == "jsonl" and any(field.startswith("/") for field in fields):
            return message("json lines have rows and no top; name the field without the leading /")
    elif form in ("toml", "xml") and declared.derived and not declared.each:
        return message("say with each where the rows stand")
    if form == "xml" and not declared.derived and not declared.path and declared.name != "completed":
        return message("say with path where it stands")
    return ""


def typed(text: str, declared: FactDeclaration, where: str) -> bool | int | Decimal | str | tuple[str, ...]:
    """``text`` as the type that the fact has. Raises InputError ``bad-fact``."""
    text = text.strip()
    try:
        value = parsed(text, declared.type)
        if not declared.allows(value):
            raise ValueError
        return value
    except (KeyError, ValueError, InvalidOperation, InputError):
        raise InputError(
            "bad-fact",
            message(
                "{where}: {fact} should be {expected}, not {value!r}",
                where=clean_line(where),
                fact=declared.name,
                expected=expected(declared),
                value=clean_line(text, 60),
            ),
        ) from None


def parsed(text: str, fact_type: FactType) -> bool | int | Decimal | str | tuple[str, ...]:
    """``text`` as a value of the type. Raises KeyError, ValueError, InvalidOperation or InputError where it is none."""
    if fact_type == "boolean":
        return _WORDS[text.lower()]
    if fact_type == "integer":
        if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
            raise ValueError
        return int(text)
    if fact_type == "decimal":
        if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text, re.ASCII):
            raise ValueError
        return Decimal(text)
    if fact_type == "date":
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            return dt.datetime.fromisoformat(text).date().isoformat()
        return dt.date.fromisoformat(text).isoformat()
    if fact_type == "instant":
        parse_instant(text)
        return text
    if fact_type == "list":
        return tuple(part.strip() for part in text.strip("[]").split(",") if part.strip())
    if not text:
        raise ValueError
    return text[:2000]


def expected(declared: FactDeclaration) -> str:
    """What a value of the fact should be, in words."""
    names = {
        "integer": message("a whole number"),
        "decimal": message("a number"),
        "boolean": message("yes or no"),
        "instant": message("an instant with its offset"),
    }
    words = names.get(declared.type) or message("a {type}", type=declared.type)
    if declared.type not in ("integer", "decimal"):
        return words
    words = message("{words} not below {least}", words=words, least=declared.least)
    return words if declared.most is None else message("{words} and not above {most}", words=words, most=declared.most)


def load_kinds(extra: Path | None = None) -> dict[str, Kind]:
    """The shipped kinds, and those of the user's own folder. Raises InputError for a kind that is not right."""
    if extra is not None and not extra.is_dir():
        raise InputError(
            "not-found", message("{extra}: no such folder of evidence kinds; check --kinds", extra=clean_line(str(extra)))
        )
    kinds: dict[str, Kind] = {}
    for folder in [shipped("evidence"), *([extra] if extra else [])]:
        for path in sorted(folder.glob("*/kind.toml")):
            kind = load_model(read_bounded(path, LARGEST_TOML), Kind, str(path))
            if kind.id != path.parent.name:
                raise InputError(
                    "bad-field",
                    message(
                        "{path}: the kind {kind} must lie in a folder of its name", path=clean_line(str(path)), kind=kind.id
                    ),
                )
            kinds[kind.id] = kind
    return kinds


Confidence = Literal["certain", "likely", "unsure", "none"]


@dataclass(frozen=True)
class Recognised:
    """Which kinds a file may be of. ``certain``: one alone, by its contents and its name; ``likely``: one alone, by its
    contents, and its name ends otherwise; ``unsure``: several fit."""

    confidence: Confidence
    kinds: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """What to do where it is not certain, in words."""
        if self.confidence == "likely":
            return message("likely {kind}, by its contents; its name ends otherwise", kind=self.kinds[0])
        if self.confidence == "unsure":
            return message("one of {kinds}", kinds=", ".join(self.kinds[:6]))
        return message("nothing in it says so")


def recognition(path: Path, kinds: Mapping[str, Kind]) -> Recognised:
    """What kind of evidence a file is, by the signs that the kinds name; only its beginning is read (64 KiB).

    Raises InputError ``unreadable-evidence`` for an empty file, ``not-found``.
    """
    with open_regular(path) as file:
        head = file.read(SNIFFED)
    if not head:
        raise InputError("unreadable-evidence", message("{path}: is empty", path=clean_line(str(path))))
    text = re.sub(rb'"\s*:\s*', b'":', head)
    loosely = [kind for kind in kinds.values() if _holds_signs(kind.signs, text)]
    whole = [kind.id for kind in loosely if not kind.signs.suffixes or path.name.lower().endswith(tuple(kind.signs.suffixes))]
    if whole:
        return Recognised("certain" if len(whole) == 1 else "unsure", tuple(whole))
    held = tuple(kind.id for kind in loosely if kind.signs.contains)
    return Recognised("none" if not held else "likely" if len(held) == 1 else "unsure", held)


def recognise(path: Path, kinds: Mapping[str, Kind]) -> str | None:
    """The kind that a file certainly is of; None where that is not certain. Raises InputError as ``recognition`` does."""
    found = recognition(path, kinds)
    return found.kinds[0] if found.confidence == "certain" else None


def _holds_signs(signs: Recognition, text: bytes) -> bool:
    if (not signs.contains and not signs.suffixes) or any(sign.encode() in text for sign in signs.lacks):
        return False
    return not signs.contains or any(sign.encode() in text for sign in signs.contains)
