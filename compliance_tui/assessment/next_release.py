"""The next release, begun from an older assessment: the same answers and evidence, but nothing counts as done by itself."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from compliance_tui.assessment.actions import check_axes, check_free, create, response_path
from compliance_tui.assessment.attach import objects_folder
from compliance_tui.assessment.checks import is_fresh
from compliance_tui.assessment.folder import Contents, write_record
from compliance_tui.assessment.model import Assessment, Item, Recheck, Response, Status, Subject
from compliance_tui.evidence.store import LocalStore
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import Pack, read_pack
from compliance_tui.standard.model import Control, Standard

_CONFIRM: tuple[Status, ...] = ("met", "not-applicable")
_TITLE = "confirm again"


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
    served = _served(old)
    kept = {item.id: item for item in old.items.values() if _still_fresh(item, served.get(item.id, []), at)}
    _copy_bytes(old.root, root, list(kept.values()), progress)
    before = f"{old.assessment.subject.name} {old.assessment.subject.version}".strip()

    def fill() -> None:
        for item in kept.values():
            write_record(root, f"evidence/{item.id}.toml", item, "carry-over", by, at, item=item.id)
        for (standard, control), response in old.responses.items():
            carried = _carried(response, kept, before, at)
            write_record(root, response_path(standard, control), carried, "carry-over", by, at, control=control)

    return create(root, packs, subject, chosen, old.assessment.people, series, by, at, before_record=fill)


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


def _served(contents: Contents) -> dict[str, list[Control]]:
    """The controls that each evidence item serves."""
    served: dict[str, list[Control]] = {}
    for standard, _ in contents.standards:
        for control in standard.controls:
            response = contents.responses.get((standard.id, control.id))
            for item in response.evidence if response else []:
                served.setdefault(item, []).append(control)
    return served


def _still_fresh(item: Item, controls: Sequence[Control], at: dt.datetime) -> bool:
    return any(is_fresh(item, control.evidence, at) for control in controls)


def _copy_bytes(source: Path, target: Path, items: Sequence[Item], progress: Callable[[int], None] | None) -> None:
    """The bytes first; what is in the new store already is not copied again."""
    store = LocalStore(objects_folder(source))
    wanted = sorted({file.sha256 for item in items for file in item.files})
    lost = next((sha256 for sha256 in wanted if not store.has(sha256)), None)
    if lost is not None:
        raise InputError("evidence-missing", f"{clean_line(str(source))}: the bytes {lost[:16]}… are gone; restore them first")
    if wanted:
        stored = LocalStore(objects_folder(target)).put_many([store.path(sha256) for sha256 in wanted], progress)
        altered = next((sha256 for sha256, one in zip(wanted, stored, strict=True) if one.sha256 != sha256), None)
        if altered is not None:
            raise InputError("evidence-altered", f"{clean_line(str(source))}: the bytes {altered[:16]}… were altered")


def _carried(response: Response, kept: Mapping[str, Item], before: str, at: dt.datetime) -> Response:
    evidence = [item for item in response.evidence if item in kept]
    left = [item for item in response.evidence if item not in kept]
    reasons = [f"{_TITLE}: {response.status.replace('-', ' ')} for {before}"] if response.status in _CONFIRM else []
    reasons += [f"{', '.join(left)} is too old now and was left behind"] if left else []
    reasons += ["its waiver was for the release before"] if response.waiver else []
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
            "recheck": Recheck(why="; ".join([*earlier, *reasons]), was=was, since=at),
        }
    )
