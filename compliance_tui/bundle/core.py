"""What ``core/`` says: the assessment without free text, from which anybody can compute readiness again."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import FailFast, Field, StrictInt, StringConstraints

from compliance_tui.assessment.model import Day, Instant, ItemId, Model, PersonId, Pin, SignOff, Status, Subject
from compliance_tui.standard.rule import Digest, Identifier, Slug

ANSWER = "A-"
ItemName = Annotated[str, StringConstraints(pattern=r"^[AE]-[A-Za-z0-9._-]{1,160}$")]


class CoreWaiver(Model):
    """A waiver without its reasons; those are in the answer's item."""

    owner: PersonId
    approver: PersonId
    until: Day
    approved_at: Instant


class CoreAnswer(Model):
    """The answer to one control: its status, and the items that hold its text and its evidence."""

    standard: Slug
    control: Identifier
    status: Status | None
    item: ItemName
    evidence: Annotated[list[ItemId], FailFast()]
    waiver: CoreWaiver | None
    sign_offs: Annotated[list[SignOff], FailFast()]


class CorePerson(Model):
    """A person of the assessment with the public keys that they sign with, as the lab has it; no name."""

    id: PersonId
    keys: list[Annotated[str, StringConstraints(max_length=1000)]] = Field(max_length=100)


class Core(Model):
    """``core/assessment.json``. Its lists are read up to the first fault: a hostile one would have a million."""

    schema_: Literal["bundle-assessment/1"] = Field(alias="schema")
    series: str
    subject: Subject
    axes: dict[str, Identifier]
    standards: list[Pin]
    answers: Annotated[list[CoreAnswer], FailFast()]
    items: Annotated[list[ItemName], FailFast()]
    withheld: Annotated[list[ItemName], FailFast()]
    assessed_at: Instant
    people: Annotated[list[CorePerson], FailFast()] = Field(default_factory=list)


class LogHead(Model):
    """How many lines the audit log had, and the root over them (RFC 6962, base64)."""

    size: Annotated[StrictInt, Field(ge=0)]
    root: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]


class ExportRecord(Model):
    """``bundles/<bundle id>/export.toml`` in the assessment: what was exported, when, in which order, how long the log was."""

    bundle_id: Digest
    sequence: int
    exported_at: Instant
    exported_by: PersonId
    file_name: str
    verdict: str
    withheld: list[ItemName] = Field(default_factory=list)
    sealed: list[ItemName] = Field(default_factory=list)
    log: LogHead | None = None


def answer_name(standard: str, control: str) -> str:
    """Name of the item that holds the answer to a control."""
    return f"{ANSWER}{standard}.{control}"


def assessed_at(instant: dt.datetime) -> dt.datetime:
    """The instant of the assessment, to the second."""
    return instant.astimezone(dt.UTC).replace(microsecond=0)
