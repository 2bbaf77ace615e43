"""Attaching evidence: facts are read, bytes go to the store, then the item is recorded, then the controls refer to it."""

import datetime as dt
import mimetypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from compliance_tui.assessment.actions import digest_of_file_list, link_evidence, put_item, replace_evidence
from compliance_tui.assessment.folder import Contents, changing, load
from compliance_tui.assessment.model import Item, ItemFile
from compliance_tui.assessment.store import open_store
from compliance_tui.evidence.fact import Fact, Facts
from compliance_tui.evidence.kind import Kind, Recognised, load_kinds, recognition
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.evidence.secrets import carried_along
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import open_regular
from compliance_tui.safe.language import message
from compliance_tui.safe.model import validate
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.model import Control

MOST_FILES_OF_AN_ITEM = 100_000
_MOST_LOOKED_AT, _LEAST_LOOKED_AT, _MOST_WARNINGS = 8 << 20, 16 << 10, 50
# The facts that say which day a piece of evidence speaks of, in this order.
_DATES = ("speaks_of", "ran_at", "ran_on", "signed_at", "date")
Progress = Callable[[int], None]


@dataclass(frozen=True)
class _Source:
    """What becomes one item: the files, and the names under which they are shown."""

    title: str
    files: list[tuple[str, Path]]


def attach(
    contents: Contents,
    files: Sequence[Path],
    controls: Sequence[str],
    by: str,
    at: dt.datetime,
    *,
    kind: str | None = None,
    title: str | None = None,
    date: dt.date | None = None,
    disclosure: str = "disclose",
    stated: dict[str, str] | None = None,
    replaces: str | None = None,
    kinds_folder: Path | None = None,
    as_one: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Item]:
    """Attach ``files`` to ``controls``: one item for each file, one for each folder, or one for all with ``as_one``.

    ``progress`` is given the bytes done so far. The same bytes of the same kind and date are not recorded twice: the item
    that is there serves the further controls. With ``replaces`` the one new item takes the place of an older one wherever that
    serves; the older item and its bytes stay. Raises InputError (``unknown-kind``, ``no-date``, ``future``, ``changed``…)
    before anything is written, and CancelledError.
    """
    asked = [contents.find(reference)[1] for reference in controls]
    kinds = load_kinds(kinds_folder)
    sources = _sources(files, as_one)
    if replaces is not None and (len(sources) != 1 or replaces not in contents.items):
        raise InputError(
            "bad-replacement",
            message("{item}: name one item that is there, and one file or folder for it", item=clean_line(replaces, 20)),
        )
    prepared = []
    for source in sources:
        chosen = _kind(source, kind, kinds, asked)
        marks = [_mark(path) for _, path in source.files]
        facts = _facts(source, chosen, stated or {})
        prepared.append((source, chosen, marks, facts, _speaks_of(source, facts, date, at)))
    store = open_store(contents.root, contents.assessment)
    done = 0
    items = []
    for source, chosen, marks, facts, (day, day_source) in prepared:
        stored = store.put_many([path for _, path in source.files], _after(done, progress), cancelled)
        if marks != [_mark(path) for _, path in source.files]:
            raise InputError(
                "changed", message("{source}: changed while it was attached; attach it again", source=clean_line(source.title))
            )
        done += sum(one.size for one in stored)
        item = validate(
            {
                "id": "E-0000",
                "title": title or source.title,
                "kind": chosen.id,
                "speaks_of": day,
                "speaks_of_source": day_source,
                "attached_by": by,
                "attached_at": at,
                "disclosure": disclosure,
                "files": [
                    ItemFile(name=name, sha256=one.sha256, size=one.size, media_type=_media_type(name))
                    for (name, _), one in zip(source.files, stored, strict=True)
                ],
                "replaces": replaces,
                "reader": facts.reader,
                "facts": facts.facts,
                "warnings": [*facts.warnings, *_carried_along(source)],
            },
            Item,
            clean_line(source.title),
        )
        items.append(_record(contents.root, item, by, at))
        link_evidence(contents, controls, items[-1].id, by, at)
    if replaces is not None:
        replace_evidence(contents, replaces, items[0].id, by, at)
    return items


def _carried_along(source: _Source) -> list[str]:
    """Warnings about secrets and the like; many files share what is looked at."""
    most = max(_LEAST_LOOKED_AT, _MOST_LOOKED_AT // len(source.files))
    warnings = []
    for name, path in source.files:
        with open_regular(path) as file:
            warnings += carried_along(file, clean_line(name, 80), most)
    return warnings[:_MOST_WARNINGS]


def _after(done: int, progress: Progress | None) -> Progress | None:
    return (lambda more: progress(done + more)) if progress else None


def _sources(files: Sequence[Path], as_one: bool) -> list[_Source]:
    sources = []
    for path in files:
        if path.is_dir() and not path.is_symlink():
            inside = sorted(found for found in path.rglob("*") if found.is_file() or found.is_symlink())
            if not inside:
                raise InputError("empty", message("{path}: the folder holds no files", path=clean_line(str(path))))
            sources.append(_Source(path.name, [(found.relative_to(path).as_posix(), found) for found in inside]))
        else:
            sources.append(_Source(path.name, [(path.name, path)]))
    if as_one and len(sources) > 1:
        sources = [_Source(sources[0].title, [file for source in sources for file in source.files])]
    for source in sources:
        if len(source.files) > MOST_FILES_OF_AN_ITEM:
            raise InputError(
                "too-many",
                message(
                    "{source}: more than {most:,} files; make parts",
                    source=clean_line(source.title),
                    most=MOST_FILES_OF_AN_ITEM,
                ),
            )
    return sources


def _kind(source: _Source, wanted: str | None, kinds: dict[str, Kind], asked: Sequence[Control]) -> Kind:
    if wanted is not None:
        if wanted not in kinds:
            raise InputError(
                "unknown-kind",
                message("{wanted} is no known kind; `compliance-tui evidence kinds` lists them", wanted=clean_line(wanted, 60)),
            )
        return kinds[wanted]
    seen = recognition(source.files[0][1], kinds) if len(source.files) == 1 else Recognised("none")
    found = seen.kinds[0] if seen.confidence == "certain" else None
    served = list(dict.fromkeys(one for control in asked for rule in control.evidence for one in rule.kinds))
    if found is None:
        # Bytes alone do not tell a policy from a memo; the controls may leave one possibility only.
        readable = [one for one in served if one in kinds and kinds[one].reader == "document"]
        found = readable[0] if len(readable) == 1 else None
    if found is None:
        hint = message(" (these controls ask for {kinds})", kinds=", ".join(served)) if served else ""
        hint = hint if seen.confidence == "none" else message(" ({hint})", hint=seen.hint)
        name = clean_line(source.files[0][0])
        raise InputError(
            "unknown-kind",
            message("{name}: cannot tell what kind of evidence this is; name it with --kind{hint}", name=name, hint=hint),
        )
    return kinds[found]


def _facts(source: _Source, kind: Kind, stated: dict[str, str]) -> Facts:
    """The facts that the files say, and beside them those that a person states: never in place of what was measured."""
    found = read_facts_of([(name, partial(open_regular, path)) for name, path in source.files], kind)
    said = {name: kind.state(name, text) for name, text in stated.items()}
    measured = next((name for name in said if (one := found.facts.get(name)) and one.source == "read"), None)
    if measured is not None:
        name = clean_line(source.title)
        raise InputError(
            "stated-over-read",
            message(
                "{name}: says {measured} itself, so that it cannot be stated; leave out --state {measured}",
                name=name,
                measured=measured,
            ),
        )
    return found.model_copy(update={"facts": {**found.facts, **said}})


def _speaks_of(source: _Source, facts: Facts, date: dt.date | None, at: dt.datetime) -> tuple[dt.date, str]:
    name = clean_line(source.title)
    said = next((day for fact in _DATES if (day := _day(facts.facts.get(fact))) is not None), None)
    day = date or said
    if day is None:
        raise InputError("no-date", message("{name}: does not say which day it speaks of; give --date YYYY-MM-DD", name=name))
    if day > at.date():
        raise InputError(
            "future",
            message("{name}: speaks of {day}, which has not come yet; check the file, or give --date", name=name, day=day),
        )
    return day, "attested" if date and date != said else "document"


def _day(fact: Fact | None) -> dt.date | None:
    if fact is None or not isinstance(fact.value, str):
        return None
    try:
        return dt.datetime.fromisoformat(fact.value).date()
    except ValueError:
        return None


def _mark(path: Path) -> tuple[int, int, int]:
    try:
        stat = os.stat(path)
    except OSError:
        raise InputError("not-found", message("{path}: no such file; check the path", path=clean_line(str(path)))) from None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _record(root: Path, item: Item, by: str, at: dt.datetime) -> Item:
    with changing(root):
        for old in load(root).items.values():
            if _same(old, item):
                return old
        return put_item(root, item, by, at)


def _same(old: Item, new: Item) -> bool:
    return _identity(old) == _identity(new)


def _identity(item: Item) -> tuple[object, ...]:
    """What makes two items one: the bytes, what they are taken for, and what was stated. The name they came under does not."""
    stated = sorted((name, str(fact.value)) for name, fact in item.facts.items() if fact.where == "stated")
    return item.kind, item.speaks_of, item.disclosure, digest_of_file_list(item), stated
