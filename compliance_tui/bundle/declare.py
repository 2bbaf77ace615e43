"""Composing the statements that others, and the lab later, make about a bundle. Nothing is signed here: a draft can be read."""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from compliance_tui.assessment.folder import changing, read_assessment
from compliance_tui.assessment.log import append
from compliance_tui.bundle.attestation import FOLDER
from compliance_tui.bundle.export import exports
from compliance_tui.bundle.predicates import (
    AnyPredicate,
    ControlFinding,
    Decision,
    Determination,
    Edition,
    OpenedItem,
    Receipt,
    Register,
    RegisterEntry,
    Replacement,
    Review,
    Supersession,
    Withdrawal,
)
from compliance_tui.bundle.sign import Checked
from compliance_tui.bundle.statement import (
    Attester,
    DigestSet,
    ResourceDescriptor,
    about,
    dump_statement,
    read_frame,
    read_predicate,
)
from compliance_tui.bundle.structure import item_lines
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.dsse import LARGEST_PAYLOAD

LAST_REGISTER = Path("bundles/register.json")


@dataclass(frozen=True)
class Draft:
    """A statement that nobody signed yet: its kind and its exact bytes."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The digest by which others will refer to it."""
        return hashlib.sha256(self.content).hexdigest()


def _draft(name: str, subjects: Sequence[ResourceDescriptor], compose: Callable[[], AnyPredicate]) -> Draft:
    try:
        return Draft(name, dump_statement(name, subjects, compose()))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        why = str(first.get("ctx", {}).get("error", first["msg"]))
        text = message("{where}: {reason}", where=clean_line(field, 80), reason=clean_line(why, 200))
        raise InputError(
            "bad-statement", message("{where}: {reason}", where=name, reason=text if field else clean_line(why, 200))
        ) from None


def _attester(identifier: str) -> Attester:
    return Attester(id=identifier, name=identifier)


def _basis(found: Checked, numbers: Sequence[int] = ()) -> list[ResourceDescriptor]:
    """The statements that are relied on, by the digest of their bytes: those with these numbers, or all of them."""
    chosen = {f"{FOLDER}/{number:04d}" for number in numbers} or {one.name for one in found.attestations}
    known = {one.name: one for one in found.attestations}
    missing = sorted(chosen - set(known))
    if missing:
        raise InputError(
            "not-found",
            message("the bundle has no {missing}; its last is {last}", missing=missing[0], last=found.attestations[-1].name),
        )
    return [
        ResourceDescriptor(name=f"{name} {one.framed.name}", digest=DigestSet(sha256=one.framed.sha256))
        for name, one in known.items()
        if name in chosen
    ]


def determination(
    found: Checked,
    attester: str,
    decision: Decision,
    reasons: Sequence[str],
    as_of: dt.datetime,
    *,
    conditions: Sequence[str] = (),
    valid_until: dt.datetime | None = None,
    basis: Sequence[int] = (),
    replaces: str | None = None,
) -> Draft:
    """A regulator's decision. It replaces that regulator's last one in the bundle, or the one that ``replaces`` names.

    Raises InputError ``bad-statement`` where its parts do not fit together, ``not-found`` for a basis that is not there.
    """
    earlier = [
        (said.signed_at, one.framed.sha256)
        for one in found.attestations
        if one.framed.name == "determination/v1"
        for said in [read_predicate(one.framed, Determination, one.name)]
        if said.attester.id == attester
    ]
    return _draft(
        "determination/v1",
        [about(found.core.bundle_id)],
        lambda: Determination(
            attester=_attester(attester),
            decision=decision,
            reasons=list(reasons),
            conditions=list(conditions),
            basis=_basis(found, basis),
            signed_at=format_instant(as_of),
            valid_until=format_instant(valid_until) if valid_until else None,
            replaces=replaces or max(earlier, default=(None, None))[1],
        ),
    )


def receipt(found: Checked, attester: str, as_of: dt.datetime) -> Draft:
    """A regulator's receipt for the edition at hand, which was checked whole."""
    structure, lab = found.structure, found.statement.predicate
    assert structure is not None  # a receipt is for a bundle that was checked whole
    lines = "".join(item_lines(found.core, structure.present))
    edition = Edition(
        present=len(structure.present),
        withheld=len(structure.withheld),
        sealed=len(structure.sealed),
        digest=DigestSet(sha256=hashlib.sha256(lines.encode()).hexdigest()),
    )
    at = format_instant(as_of)
    return _draft(
        "receipt/v1",
        [about(found.core.bundle_id)],
        lambda: Receipt(
            attester=_attester(attester),
            series=lab.series,
            sequence=lab.sequence,
            received_at=at,
            edition=edition,
            basis=_basis(found),
            signed_at=at,
        ),
    )


def review(
    found: Checked,
    attester: str,
    conclusion: str,
    findings: Sequence[ControlFinding],
    opened: Sequence[str],
    as_of: dt.datetime,
    basis: Sequence[int] = (),
) -> Draft:
    """An assessor's review: what was found of which controls, and which items were really opened.

    Raises InputError ``unknown-item`` for one that is not open in the bundle.
    """
    structure = found.structure
    assert structure is not None  # a review is of a bundle that was checked whole
    strange = next((name for name in opened if name not in structure.present), None)
    if strange is not None:
        raise InputError(
            "unknown-item",
            message("{strange} is not open in this bundle; nobody can have read it there", strange=clean_line(strange, 80)),
        )
    items = [OpenedItem(name=name, digest=DigestSet(sha256=found.core.commitments[name])) for name in opened]
    return _draft(
        "review/v1",
        [about(found.core.bundle_id)],
        lambda: Review(
            attester=_attester(attester),
            conclusion=conclusion,
            findings=list(findings),
            opened=items,
            basis=_basis(found, basis),
            signed_at=format_instant(as_of),
        ),
    )


def withdrawal(found: Checked, reason: str, as_of: dt.datetime) -> Draft:
    """The lab no longer stands by its bundle."""
    lab = found.statement.predicate
    return _draft(
        "withdrawal/v1",
        [about(found.core.bundle_id)],
        lambda: Withdrawal(
            attester=lab.attester,
            series=lab.series,
            sequence=lab.sequence,
            reason=reason,
            signed_at=format_instant(as_of),
        ),
    )


def supersession(found: Checked, newer: Checked, reason: str, as_of: dt.datetime) -> Draft:
    """The lab puts ``newer`` in the place of its bundle. Raises InputError ``other-series``."""
    lab, new = found.statement.predicate, newer.statement.predicate
    if (lab.series, lab.attester) != (new.series, new.attester):
        raise InputError(
            "other-series", message("the two bundles are not of one lab and one series; one cannot take the other's place")
        )
    return _draft(
        "supersession/v1",
        [about(found.core.bundle_id)],
        lambda: Supersession(
            attester=lab.attester,
            series=lab.series,
            sequence=lab.sequence,
            replacement=Replacement(sequence=new.sequence, digest=DigestSet(sha256=newer.core.bundle_id)),
            reason=reason,
            signed_at=format_instant(as_of),
        ),
    )


def register(root: Path, attester: str | None, withdrawn: Sequence[str], expires: dt.datetime, as_of: dt.datetime) -> Draft:
    """The lab's register of what was exported from the assessment at ``root``, one version above the last.

    The highest sequence is current unless it is withdrawn; what a register once called withdrawn stays so. Raises InputError
    ``nothing-exported``, ``unknown-bundle`` or ``bad-statement``.
    """
    last = last_register(root)
    records = exports(root)
    if not records:
        raise InputError(
            "nothing-exported",
            message("{root}: nothing was exported yet; there is nothing to list", root=clean_line(str(root))),
        )
    for given in withdrawn:
        if not any(one.bundle_id.startswith(given) for one in records):
            raise InputError(
                "unknown-bundle",
                message("--withdrawn {given}: no export of this assessment has that id", given=clean_line(given, 64)),
            )
    gone = {entry.digest.sha256 for entry in last.bundles if entry.status == "withdrawn"} if last else set()
    gone |= {one.bundle_id for one in records if any(one.bundle_id.startswith(given) for given in withdrawn)}
    latest = max(one.sequence for one in records)
    entries = [
        RegisterEntry(
            sequence=one.sequence,
            digest=DigestSet(sha256=one.bundle_id),
            status="withdrawn" if one.bundle_id in gone else "current" if one.sequence == latest else "superseded",
        )
        for one in records
    ]
    assessment = read_assessment(root)
    return _draft(
        "register/v1",
        [about(one.bundle_id) for one in records],
        lambda: Register(
            attester=_attester(attester or (last.attester.id if last else assessment.subject.name)),
            series=assessment.series,
            version=(last.version if last else 0) + 1,
            expires=format_instant(expires),
            bundles=entries,
            signed_at=format_instant(as_of),
        ),
    )


def last_register(root: Path) -> Register | None:
    """The register that was signed last for this assessment. Raises BrokenError where the file is none."""
    path = root / LAST_REGISTER
    if not path.exists():
        return None
    return read_predicate(read_frame(read_bounded(path, LARGEST_PAYLOAD), str(path)), Register, str(path))


def keep_register(root: Path, draft: Draft, by: str, as_of: dt.datetime) -> None:
    """Remember the register that was signed: the next one has the next version."""
    with changing(root):
        write_atomic(root / LAST_REGISTER, draft.content)
        append(root, {"at": format_instant(as_of), "by": by, "act": "register", "sha256": draft.sha256})
