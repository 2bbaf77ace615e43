"""Everything that changes an assessment. Each takes the folder's lock, reads what it changes anew, writes, and logs.

Who acts and when are parameters; nothing here reads the clock or the environment.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from compliance_tui.assessment.cache import read_record
from compliance_tui.assessment.digest import seen_digest
from compliance_tui.assessment.folder import Contents, changing, load, read_assessment, read_standard, write_record
from compliance_tui.assessment.model import Assessment, Item, Person, Pin, Response, SignOff, Status, Subject, Waiver
from compliance_tui.assessment.readiness import axis_values
from compliance_tui.assessment.signed import with_signature
from compliance_tui.assessment.store import WITHHELD, tell_version_control
from compliance_tui.evidence.store_address import StoreAddress
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import fsync_folder, write_atomic
from compliance_tui.safe.language import message
from compliance_tui.safe.model import validate
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.digest import control_digest
from compliance_tui.standard.load import Pack
from compliance_tui.standard.model import Axis, Control, Standard
from compliance_tui.trust.signer import Signer

_FIRST_LONG, _LONG_NUMBERS = 100_000_000, 800_000_000
_IGNORED = (
    "# kept out of version control: the lock, the cache, drafts of answers, what bundles withhold\n"
    f".lock\n.cache/\n.drafts/\n.migration/\n{WITHHELD}\n"
)


def create(
    root: Path,
    packs: Sequence[Pack],
    subject: Subject,
    axes: dict[str, str],
    people: Sequence[Person],
    series: str,
    by: str,
    at: dt.datetime,
    *,
    store: StoreAddress | None = None,
    before_record: Callable[[], None] = lambda: None,
) -> Assessment:
    """Start an assessment in ``root``, which must not hold one. ``series`` is a new UUID that all its bundles share.

    ``before_record`` writes what the folder is to hold from the start: it is no assessment until its record is written, last.
    Raises InputError ``exists``, ``unknown-axis`` or ``unknown-value``.
    """
    check_free(root)
    check_axes([pack.standard for pack in packs], axes)
    _make_folder(root)
    with changing(root):
        if (root / "assessment.toml").exists():
            raise InputError(
                "exists", message("{root}: another process has just started an assessment here", root=clean_line(str(root)))
            )
        for folder in ("standards", "responses", "evidence", "bundles"):
            (root / folder).mkdir(exist_ok=True)
        pins = []
        for pack in packs:
            write_atomic(root / "standards" / pack.file_name, pack.content)
            pins.append(pin_of(pack))
        assessment = validate(
            {
                "schema": "assessment/1",
                "series": series,
                "subject": subject,
                "axes": axes,
                "standards": pins,
                "people": list(people),
                "store": store,
            },
            Assessment,
            str(root / "assessment.toml"),
        )
        write_atomic(root / ".gitignore", _IGNORED.encode())
        if store is not None:
            tell_version_control(root)
        before_record()
        write_record(root, "assessment.toml", assessment, "init", by, at)
        fsync_folder(root)
    return assessment


def check_free(root: Path) -> None:
    """Refuse a folder that holds an assessment, or records of one whose start was cut short (InputError ``exists``)."""
    if (root / "assessment.toml").exists():
        raise InputError(
            "exists", message("{root}: already holds an assessment; choose another folder", root=clean_line(str(root)))
        )
    strays = sorted(path for pattern in ("responses/*/*.toml", "evidence/E-*.toml") for path in root.glob(pattern))
    if strays:
        raise InputError(
            "exists",
            message(
                "{path}: belongs to no assessment (was a start cut short?); remove the folder, or choose another one",
                path=clean_line(str(strays[0])),
            ),
        )


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise InputError(
            "not-written", message("{root}: the folder cannot be made ({reason})", root=clean_line(str(root)), reason=reason)
        ) from None


def pin_of(pack: Pack) -> Pin:
    """The record that an assessment pins this pack, by the digest of its bytes."""
    return Pin(
        id=pack.standard.id,
        version=pack.standard.version,
        sha256=pack.sha256,
        format="json" if pack.suffix == ".json" else "toml",
    )


def check_axes(standards: Sequence[Standard], axes: dict[str, str]) -> None:
    """Refuse an axis that no standard declares, or a value that the axis does not have (InputError)."""
    for name, value in axes.items():
        owner, _, identifier = name.rpartition("/")
        declared = [
            axis
            for standard in standards
            if not owner or standard.id == owner
            for axis in standard.axes
            if axis.id == identifier
        ]
        if not declared:
            known = ", ".join(sorted({axis.id for standard in standards for axis in standard.axes})) or "none"
            raise InputError(
                "unknown-axis",
                message("no pinned standard has an axis {name}; known are {known}", name=clean_line(name, 60), known=known),
            )
        for axis in declared:
            if axis.rank(value) < 0:
                raise InputError(
                    "unknown-value",
                    message(
                        "{axis} has no value {value}; choose {values}",
                        axis=axis.id,
                        value=clean_line(value, 60),
                        values=_values(axis),
                    ),
                )


def _values(axis: Axis) -> str:
    return " or ".join(value.id for value in axis.values)


def set_axes(root: Path, axes: dict[str, str], by: str, at: dt.datetime) -> Assessment:
    """Choose values for axes. Raises InputError as ``check_axes``."""
    with changing(root):
        assessment = read_assessment(root)
        check_axes([read_standard(root, pin.file_name, pin.sha256) for pin in assessment.standards], axes)
        changed = assessment.model_copy(update={"axes": {**assessment.axes, **axes}})
        write_record(root, "assessment.toml", changed, "set-axes", by, at, axes=axes)
    return changed


def set_subject(root: Path, subject: Subject, by: str, at: dt.datetime) -> Assessment:
    """Say what is assessed. Sign-offs lapse where the name, the version or an artifact changes."""
    with changing(root):
        changed = read_assessment(root).model_copy(update={"subject": subject})
        write_record(root, "assessment.toml", changed, "set-subject", by, at)
    return changed


def add_person(
    root: Path, identifier: str, name: str, seats: Sequence[str], by: str, at: dt.datetime, keys: Sequence[str] = ()
) -> Person:
    """List a person with seats and public keys; who is listed already gets them added. Raises InputError ``unknown-seat``."""
    with changing(root):
        assessment = read_assessment(root)
        standards = [read_standard(root, pin.file_name, pin.sha256) for pin in assessment.standards]
        _check_seats(standards, seats)
        return _put_person(root, assessment, identifier, name, seats, by, at, keys)


def _check_seats(standards: Sequence[Standard], seats: Sequence[str]) -> None:
    known = sorted({seat.id for standard in standards for seat in standard.seats})
    for seat in seats:
        if seat not in known:
            raise InputError(
                "unknown-seat",
                message(
                    "no pinned standard has a seat {seat}; known are {known}",
                    seat=clean_line(seat, 60),
                    known=", ".join(known) or "none",
                ),
            )


def _put_person(
    root: Path,
    assessment: Assessment,
    identifier: str,
    name: str,
    seats: Sequence[str],
    by: str,
    at: dt.datetime,
    keys: Sequence[str] = (),
) -> Person:
    old = assessment.person(identifier)
    listed, known = (list(old.seats), list(old.keys)) if old else ([], [])
    wanted = {
        "id": identifier,
        "name": name or (old.name if old else identifier),
        "seats": listed + [seat for seat in seats if seat not in listed],
        "keys": known + [key for key in keys if key not in known],
    }
    person = validate(wanted, Person, "the person")
    people = [person if one.id == identifier else one for one in assessment.people]
    changed = assessment.model_copy(update={"people": people if old else [*people, person]})
    write_record(root, "assessment.toml", changed, "person", by, at, person=identifier)
    return person


def response_path(standard: str, control: str) -> str:
    """Where the response to a control lies in the folder."""
    return f"responses/{standard}/{control}.toml"


def read_response(root: Path, standard: str, control: str) -> Response:
    """The response as it is on disk now; an empty one where nothing was answered."""
    path = root / response_path(standard, control)
    if not os.path.lexists(path):
        return Response(standard=standard, control=control)
    return read_record(path, Response)


def _write_response(root: Path, response: Response, act: str, by: str, at: dt.datetime, **more: Any) -> Response:
    response = validate(dict(response), Response, "the answer")  # what lies inside was checked when it was made
    write_record(root, response_path(response.standard, response.control), response, act, by, at, **more)
    return response


def answer(
    contents: Contents,
    reference: str,
    by: str,
    at: dt.datetime,
    *,
    status: Status | None = None,
    statement: str | None = None,
    expected: Response | None = None,
) -> Response:
    """Give a control its status, its statement, or both; what is None stays as it is.

    With ``expected`` (what the writer had before their eyes) an answer that somebody else changed meanwhile is not
    overwritten: InputError ``changed-meanwhile``.
    """
    standard, control = contents.find(reference)
    with changing(contents.root):
        old = read_response(contents.root, standard.id, control.id)
        if expected is not None and (old.status, old.statement) != (expected.status, expected.statement):
            raise InputError(
                "changed-meanwhile",
                message(
                    "{control}: somebody else changed this answer meanwhile; look at it and answer again", control=control.id
                ),
            )
        new = old.model_copy(
            update={
                "status": status if status is not None else old.status,
                "statement": statement if statement is not None else old.statement,
                "answered_by": by,
                "answered_at": at,
                "answers": control_digest(control),
                "recheck": None if status is not None else old.recheck,
            }
        )
        return _write_response(contents.root, new, "answer", by, at, control=control.id)


def link_evidence(contents: Contents, references: Sequence[str], item: str, by: str, at: dt.datetime) -> None:
    """Let an evidence item serve the controls."""
    for standard, control in [contents.find(reference) for reference in references]:
        with changing(contents.root):
            old = read_response(contents.root, standard.id, control.id)
            if item not in old.evidence:
                new = old.model_copy(update={"evidence": [*old.evidence, item]})
                _write_response(contents.root, new, "attach", by, at, control=control.id, item=item)


def replace_evidence(contents: Contents, old_item: str, new_item: str, by: str, at: dt.datetime) -> list[str]:
    """Let ``new_item`` serve wherever ``old_item`` does now; gives those controls. The old item stays, serving nothing."""
    replaced = []
    for standard, control in [key for key, one in contents.responses.items() if old_item in one.evidence]:
        with changing(contents.root):
            old = read_response(contents.root, standard, control)
            evidence = list(dict.fromkeys(new_item if one == old_item else one for one in old.evidence))
            if evidence != old.evidence:
                new = old.model_copy(update={"evidence": evidence})
                _write_response(contents.root, new, "replace", by, at, control=control, item=new_item, replaced=old_item)
                replaced.append(control)
    return replaced


def unlink_evidence(contents: Contents, reference: str, item: str, by: str, at: dt.datetime) -> Response:
    """Let an evidence item no longer serve a control; the item and its bytes stay. Raises InputError ``not-attached``."""
    standard, control = contents.find(reference)
    with changing(contents.root):
        old = read_response(contents.root, standard.id, control.id)
        if item not in old.evidence:
            raise InputError(
                "not-attached", message("{item} is not attached to {control}", item=clean_line(item, 20), control=control.id)
            )
        new = old.model_copy(update={"evidence": [one for one in old.evidence if one != item]})
        return _write_response(contents.root, new, "detach", by, at, control=control.id, item=item)


def sign_off(
    contents: Contents, reference: str, person: str, seat: str, by: str, at: dt.datetime, signer: Signer | None = None
) -> Response:
    """A person in a seat accepts the response as it is on disk now; with ``signer``, signed with their own key.

    A person whom the assessment does not list yet is listed with that seat. Raises InputError ``unknown-seat``,
    ``not-in-seat``, ``nothing-to-sign``, ``two-seats``.
    """
    standard, control = contents.find(reference)
    _check_seats([standard], [seat])
    with changing(contents.root):
        contents = load(contents.root)
        old = read_response(contents.root, standard.id, control.id)
        if old.status is None:
            raise InputError("nothing-to-sign", message("{control} is not answered yet; answer it first", control=control.id))
        if any(one.person == person and one.seat != seat for one in old.sign_offs):
            raise InputError(
                "two-seats",
                message("{person} already signed {control} in another seat", person=clean_line(person, 60), control=control.id),
            )
        _seat_person(contents, person, seat, by, at)
        seen = _seen(contents, standard, control, old)
        others = [one for one in old.sign_offs if one.seat != seat]
        signed = validate({"person": person, "seat": seat, "at": at, "seen": seen}, SignOff, "the sign-off")
        if signer is not None:
            signed = with_signature(contents.assessment.series, standard.id, control.id, signed, signer)
        new = old.model_copy(update={"sign_offs": [*others, signed]})
        return _write_response(contents.root, new, "sign-off", by, at, control=control.id, person=person, seat=seat)


def _seat_person(contents: Contents, person: str, seat: str, by: str, at: dt.datetime) -> None:
    listed = contents.assessment.person(person)
    if listed is None:
        _put_person(contents.root, contents.assessment, person, person, [seat], by, at)
    elif seat not in listed.seats:
        name = clean_line(person, 60)
        raise InputError(
            "not-in-seat",
            message(
                "{name} does not hold the seat {seat}; `compliance-tui people add {name} --seat {seat}` gives it to them",
                name=name,
                seat=seat,
            ),
        )


def _seen(contents: Contents, standard: Standard, control: Control, response: Response) -> str:
    items = [contents.items[one] for one in response.evidence if one in contents.items]
    values = axis_values(contents.assessment, standard)
    return seen_digest(standard, control, response, items, values, contents.assessment.subject)


def waive(contents: Contents, reference: str, waiver: Waiver, by: str, at: dt.datetime) -> Response:
    """Accept a gap until a day. Raises InputError ``not-waivable``, ``self-approved``, ``waiver-past``."""
    standard, control = contents.find(reference)
    if not control.waivable:
        raise InputError(
            "not-waivable", message("{control}: the standard does not allow this control to be waived", control=control.id)
        )
    if waiver.owner == waiver.approver:
        raise InputError(
            "self-approved",
            message("{control}: the owner of a gap cannot approve it; name another approver", control=control.id),
        )
    if waiver.until < at.date():
        raise InputError(
            "waiver-past", message("{control}: {until} is over; choose a later day", control=control.id, until=waiver.until)
        )
    with changing(contents.root):
        old = read_response(contents.root, standard.id, control.id)
        new = old.model_copy(update={"waiver": waiver})
        return _write_response(contents.root, new, "waive", by, at, control=control.id)


def end_waiver(contents: Contents, reference: str, by: str, at: dt.datetime) -> Response:
    """Take a waiver back; the record that it was there stays in the history. Raises InputError ``not-waived``."""
    standard, control = contents.find(reference)
    with changing(contents.root):
        old = read_response(contents.root, standard.id, control.id)
        if old.waiver is None:
            raise InputError("not-waived", message("{control} is not waived", control=control.id))
        new = old.model_copy(update={"waiver": None})
        return _write_response(contents.root, new, "end-waiver", by, at, control=control.id)


def put_item(root: Path, item: Item, by: str, at: dt.datetime) -> Item:
    """Write a new evidence item under the next free id. The bytes must be in the store already; the caller holds the lock.

    Where machines share a store, each has its own copy of the records, and two would take the same next number for two items
    at once: there the number is one of nine digits that follows from what the item says.
    """
    numbers = {int(path.stem[2:]) for path in (root / "evidence").glob("E-*.toml") if path.stem[2:].isdigit()}
    number = max(numbers, default=0) + 1
    if read_assessment(root).store is not None:
        number = _FIRST_LONG + int(hashlib.sha256(item.model_dump_json().encode()).hexdigest(), 16) % _LONG_NUMBERS
        while number in numbers:
            number += 1
    item = item.model_copy(update={"id": f"E-{number:04d}"})
    write_record(root, f"evidence/{item.id}.toml", item, "item", by, at, item=item.id)
    return item


def digest_of_file_list(item: Item) -> str:
    """SHA-256 over the sorted digests of an item's files: two items with the same bytes have the same."""
    return hashlib.sha256("".join(sorted(file.sha256 for file in item.files)).encode()).hexdigest()
