"""What an assessment holds, as pydantic models; each is one small TOML file of the folder, and strict JSON in a bundle."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StringConstraints, model_validator

from compliance_tui.evidence.fact import Fact
from compliance_tui.evidence.store_address import StoreAddress
from compliance_tui.safe.language import message
from compliance_tui.standard.rule import Digest, Identifier, Line, Slug, Version

PersonId = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f]{1,120}$")]
ItemId = Annotated[str, StringConstraints(pattern=r"^E-[0-9]{4,9}$")]
LONGEST_STATEMENT = 100_000
Statement = Annotated[str, StringConstraints(max_length=LONGEST_STATEMENT)]
Status = Literal["met", "partly-met", "not-met", "not-applicable", "inconclusive"]
STATUSES: tuple[Status, ...] = ("met", "partly-met", "not-met", "not-applicable", "inconclusive")


def _aware(value: object) -> object:
    """Instants carry their offset: one without is a different moment in every office."""
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        raise ValueError(message("an instant needs its offset; write 2026-11-23T15:00:00Z"))
    if isinstance(value, int | float):
        raise ValueError(message("write an instant as 2026-11-23T15:00:00Z"))
    return value


def _day(value: object) -> object:
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date | str):
        raise ValueError(message("write a date as 2026-11-23"))
    return value


Instant = Annotated[dt.datetime, BeforeValidator(_aware)]
Day = Annotated[dt.date, BeforeValidator(_day)]


class Model(BaseModel):
    """Unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Artifact(Model):
    """One file of what is to be released, known by its digest."""

    name: Line
    sha256: Digest
    size: StrictInt | None = None


class Subject(Model):
    """The release that is assessed."""

    name: Line
    version: Annotated[str, StringConstraints(max_length=80)] = ""
    description: Annotated[str, StringConstraints(max_length=2000)] = ""
    release_date: Day | None = None
    published_on: Day | None = None
    artifacts: list[Artifact] = Field(default_factory=list)


class Pin(Model):
    """A standard as it was pinned: the bytes with this digest lie in ``standards/``."""

    id: Slug
    version: Version
    sha256: Digest
    format: Literal["toml", "json"] = "toml"

    @property
    def file_name(self) -> str:
        """Name of the pinned file."""
        return f"{self.id}-{self.version}.{self.format}"


class Person(Model):
    """Somebody who works on the assessment, the seats that they may sign in, and the public keys that they sign with."""

    id: PersonId
    name: Line
    seats: list[Slug] = Field(default_factory=list)
    keys: list[Annotated[str, StringConstraints(max_length=1000)]] = Field(default_factory=list)


class Assessment(Model):
    """``assessment.toml``. ``axes`` maps an axis id (or ``STANDARD/AXIS``) to the chosen value.

    ``store`` says where the bytes of the evidence lie, when that is not the folder ``evidence/objects``.
    """

    schema_: Literal["assessment/1"] = Field(alias="schema")
    series: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
    subject: Subject
    axes: dict[str, Identifier] = Field(default_factory=dict)
    standards: list[Pin] = Field(min_length=1)
    people: list[Person] = Field(default_factory=list)
    store: StoreAddress | None = None

    @model_validator(mode="after")
    def _once(self) -> "Assessment":
        for what, ids in (("person", [p.id for p in self.people]), ("standard", [s.id for s in self.standards])):
            if len(set(ids)) != len(ids):
                raise ValueError(message("a {what} stands twice", what=what))
        return self

    def person(self, identifier: str) -> Person | None:
        """The listed person with that id."""
        return next((person for person in self.people if person.id == identifier), None)


class Waiver(Model):
    """An accepted gap, until the end of the day ``until``."""

    reason: Statement
    measures: Statement = ""
    owner: PersonId
    approver: PersonId
    until: Day
    approved_at: Instant


class SignOff(Model):
    """A person in a seat accepted the response; ``seen`` is the digest of what they saw, ``signature`` an SSHSIG if any."""

    person: PersonId
    seat: Slug
    at: Instant
    seen: Digest
    signature: Annotated[str, StringConstraints(max_length=4000)] = ""


class Recheck(Model):
    """Why an answer has to be looked at again: the rule or the release changed. A new answer takes it away."""

    why: Statement
    was: Status | None = None
    since: Instant


class Response(Model):
    """The answer to one control. ``answers`` is the digest of the control's statement and rules when it was answered."""

    standard: Slug
    control: Identifier
    status: Status | None = None
    statement: Statement = ""
    evidence: list[ItemId] = Field(default_factory=list)
    answered_by: PersonId | None = None
    answered_at: Instant | None = None
    answers: Digest | None = None
    waiver: Waiver | None = None
    recheck: Recheck | None = None
    sign_offs: list[SignOff] = Field(default_factory=list)

    @model_validator(mode="after")
    def _not_in_order(self) -> "Response":
        if self.recheck is not None and self.status in ("met", "not-applicable"):
            raise ValueError(
                message("an answer that has to be rechecked cannot be {status}; answer it again", status=self.status)
            )
        return self


class ItemFile(Model):
    """One file of an evidence item; the bytes are found by their digest, the name is only shown."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    sha256: Digest
    size: Annotated[StrictInt, Field(ge=0)]
    media_type: Annotated[str, StringConstraints(max_length=120)] = "application/octet-stream"


class Item(Model):
    """One evidence item: files with a title, a kind and the date they speak of; the facts are as read when attached."""

    id: ItemId
    title: Line
    kind: Slug
    speaks_of: Day
    speaks_of_source: Literal["document", "attested"]
    attached_by: PersonId
    attached_at: Instant
    disclosure: Literal["disclose", "withhold"] = "disclose"
    files: list[ItemFile] = Field(min_length=1)
    replaces: ItemId | None = None
    reader: str = ""
    facts: dict[str, Fact] = Field(default_factory=dict)
    warnings: list[str] = Field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)
