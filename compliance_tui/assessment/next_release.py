"""The next release, begun from an older assessment: the same answers and evidence, but nothing counts as done by itself."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from compliance_tui.assessment.actions import check_axes, check_free, create, response_path
from compliance_tui.assessment.checks import is_fresh
from compliance_tui.assessment.folder import Contents, write_record
from compliance_tui.assessment.model import Assessment, Item, Recheck, Response, Status, Subject
from compliance_tui.assessment.readiness import axis_values
from compliance_tui.assessment.store import objects_folder, open_store
from compliance_tui.evidence.store import LocalStore
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import joined, message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.standard.levels import evidence_in_force
from compliance_tui.standard.load import Pack, read_pack
from compliance_tui.standard.model import Standard
from compliance_tui.standard.rule import EvidenceRule

_CONFIRM: tuple[Status, ...] = ("met", "not-applicable")
_TITLE = message("confirm again")


def start_next_release(
    old: Contents,
    root: Path,
    subject: Subject,
    axes: Mapping[str, str],
    series: str,
    by: str,
    at: dt.datetime,
    *,
    progress: Callable[[int], None] | None = None,
) -> Assessment:
    """Start an assessment of ``subject`` in ``root`` with the standards, people, answers and evidence of ``old``.

    All sign-offs and waivers lapse; ``met`` and ``not-applicable`` are to be confirmed again; evidence that is too old at
    ``at`` for every control it served stays behind. ``axes`` override the old values. ``progress`` is given the bytes copied.
    Raises InputError ``exists``, ``unknown-axis``, ``unknown-value``, ``evidence-missing``.
    """
    check_free(root)
    packs = [_pinned(old.root, pin.file_name) for pin in old.assessment.standards]
    standards = [pack.standard for pack in packs]
    chosen = {**_still_known(standards, old.assessment.axes), **axes}
    check_axes(standards, chosen)
    served = _served(old, old.assessment.model_copy(update={"axes": chosen}))
    fresh = [item for item in old.items.values() if any(is_fresh(item, rules, at) for rules in served.get(item.id, []))]
    kept = {item.id: _without_forerunner(item, {one.id for one in fresh}) for item in fresh}
    _carry_bytes(old, root, list(kept.values()), progress)
    before = f"{old.assessment.subject.name} {old.assessment.subject.version}".strip()

    def fill() -> None:
        for item in kept.values():
            write_record(root, f"evidence/{item.id}.toml", item, "carry-over", by, at, item=item.id)
        for (standard, control), response in old.responses.items():
            carried = _carried(response, kept, before, at)
            write_record(root, response_path(standard, control), carried, "carry-over", by, at, control=control)

    people, store = old.assessment.people, old.assessment.store
    return create(root, packs, subject, chosen, people, series, by, at, store=store, before_record=fill)


def _still_known(standards: Sequence[Standard], axes: Mapping[str, str]) -> dict[str, str]:
    """The values that the pinned versions still have; earlier versions may have had other axes."""
    kept = {}
    for name, value in axes.items():
        try:
            check_axes(standards, {name: value})
        except InputError:
            continue
        kept[name] = value
    return kept


def _pinned(root: Path, file_name: str) -> Pack:
    return read_pack(root / "standards" / file_name)


def _served(contents: Contents, assessment: Assessment) -> dict[str, list[list[EvidenceRule]]]:
    """For each evidence item, the rules that each control it serves has at the axis values of ``assessment``."""
    served: dict[str, list[list[EvidenceRule]]] = {}
    for standard, _ in contents.standards:
        values = axis_values(assessment, standard)
        for control in standard.controls:
            response = contents.responses.get((standard.id, control.id))
            for item in response.evidence if response else []:
                served.setdefault(item, []).append(evidence_in_force(control, values, standard.axes))
    return served


def _without_forerunner(item: Item, kept: AbstractSet[str]) -> Item:
    """The item, no longer naming an older one that it took the place of and that stays behind."""
    return item if item.replaces is None or item.replaces in kept else item.model_copy(update={"replaces": None})


def _carry_bytes(old: Contents, target: Path, items: Sequence[Item], progress: Callable[[int], None] | None) -> None:
    """The bytes first. A store beyond this machine serves both releases; what is in the new folder is not copied again."""
    source, store = old.root, open_store(old.root, old.assessment)
    sizes = {file.sha256: file.size for item in items for file in item.files}
    lost = next((found.sha256 for found in store.check(sizes) if found.fault == "missing"), None)
    if lost is not None:
        raise InputError(
            "evidence-missing",
            message(
                "{source}: the bytes {sha256}… are gone; restore them first", source=clean_line(str(source)), sha256=lost[:16]
            ),
        )
    if sizes and isinstance(store, LocalStore):
        wanted = sorted(sizes)
        stored = LocalStore(objects_folder(target)).put_many([store.path(sha256) for sha256 in wanted], progress)
        altered = next((sha256 for sha256, one in zip(wanted, stored, strict=True) if one.sha256 != sha256), None)
        if altered is not None:
            raise InputError(
                "evidence-altered",
                message("{source}: the bytes {sha256}… were altered", source=clean_line(str(source)), sha256=altered[:16]),
            )


def _carried(response: Response, kept: Mapping[str, Item], before: str, at: dt.datetime) -> Response:
    evidence = [item for item in response.evidence if item in kept]
    left = [item for item in response.evidence if item not in kept]
    reasons: list[str] = (
        [message("{title}: {status} for {release}", title=_TITLE, status=word(response.status), release=before)]
        if response.status in _CONFIRM
        else []
    )
    reasons += [message("{items} is too old now and was left behind", items=", ".join(left))] if left else []
    reasons += [message("its waiver was for the release before")] if response.waiver else []
    if not reasons and response.recheck is None:
        return response.model_copy(update={"sign_offs": []})
    earlier = [response.recheck.why] if response.recheck else []
    was = response.status or (response.recheck.was if response.recheck else None)
    return response.model_copy(
        update={
            "status": None if response.status in _CONFIRM else response.status,
            "evidence": evidence,
            "sign_offs": [],
            "waiver": None,
            "recheck": Recheck(why=joined([*earlier, *reasons], "; "), was=was, since=at),
        }
    )
