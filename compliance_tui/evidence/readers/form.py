"""Records whose kind says what is read, and how: our own small JSON records, and forms of somebody else's tools.

A record of ours is ``{"form": "<kind>/1", "speaks_of": "2026-11-20", …}``. A lab describes its own JSON, JSON lines, CSV, TOML
or XML in a ``kind.toml``; see ``docs/evidence-kinds.md``.
"""

from collections.abc import Sequence
from typing import Any, BinaryIO

from compliance_tui.evidence.declaration import FactDeclaration
from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.evidence.readers.rows import Completing, Taking, Unsaid, is_missing, value_of
from compliance_tui.evidence.readers.tables import Table, open_table
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

READER = "form/2"
COMPLETED = "completed"
# What every record of ours may say, besides what its kind asks for.
COMMON = ("form", "speaks_of", "note", "help")
_SPEAKS_OF = FactDeclaration(name="speaks_of", type="date")


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a form, as its kind declares them. Raises InputError ``unreadable-evidence``.

    A value that stands by itself and is not what was declared refuses the file; one in a row makes the facts that need it
    absent, with a warning.
    """
    table = open_table(file, name, kind)
    found, warnings = Gatherer(name), list[str]()
    if kind.own_form and kind.format in ("json", "toml"):
        warnings += _check_form(table, name, kind)
    declared = [one for one in kind.facts if not (one.name == COMPLETED and kind.complete)]
    if kind.own_form and kind.declaration("speaks_of") is None:
        declared = [_SPEAKS_OF, *declared]
    taken = [Taking(one, table) for one in declared if one.derived or table.streamed]
    completing = Completing(kind.complete, table) if kind.complete else None
    absent = _walk(table, taken, completing, warnings)
    unsaid = []
    for one in declared:
        if not (one.derived or table.streamed) and not _add_value(found, table, one, name):
            unsaid.append(one.name)
    for taking in taken:
        if taking.declared.each in absent:
            unsaid.append(taking.declared.name)
        else:
            _add_taken(found, taking, warnings)
    if completing:
        why = completing.why_not()
        found.add(COMPLETED, not why, completing.each or "/")
        if why:
            warnings.append(message("not a whole result: {why}", why=why))
    if unsaid:
        warnings.insert(0, message("does not say {field}", field=", ".join(unsaid)))
    facts = {one: found.facts[one] for one in ("speaks_of", *(fact.name for fact in kind.facts)) if one in found.facts}
    return Facts(kind=kind.id, reader=f"{READER}+{kind.rules}", facts=facts, warnings=tuple(warnings))


def _check_form(table: Table, name: str, kind: Kind) -> list[str]:
    """Refuse a record of another form; name fields that this form does not know (a slip of the pen would go unseen)."""
    record = table.record
    if not isinstance(record, dict) or record.get("form") != kind.own_form:
        refuse(name, message('is no {kind}; it should say "form": "{own_form}"', kind=kind.id, own_form=kind.own_form))
    return [
        message("{field} is no field of {kind} and was passed over", field=clean_line(field, 60), kind=kind.id)
        for field in sorted(unknown_fields(record, kind))
    ]


def unknown_fields(record: dict[str, Any], kind: Kind) -> set[str]:
    """Names at the top of a record that neither the form nor any fact of the kind speaks of."""
    paths = [path for one in kind.facts for path in (one.path or one.name, one.each, *one.fields, one.since, one.over)]
    complete = kind.complete
    if complete:
        paths += [*complete.needs, *(one.field for one in complete.where), complete.announced, complete.rows or ""]
    tops = {path.removeprefix("/").split("/")[0] for path in paths}
    return set(record) - tops - {one.name for one in kind.fields} - set(COMMON)


def _walk(table: Table, taken: Sequence[Taking], completing: Completing | None, warnings: list[str]) -> set[str]:
    """Walk each list of rows once; returns where rows should stand and nothing does."""
    absent = set()
    places = list(dict.fromkeys(one.declared.each for one in taken))
    if completing and completing.each is not None and completing.each not in places:
        places.append(completing.each)
    for each in places:
        rows = table.rows(each)
        if rows is None:
            absent.add(each)
            continue
        takers: list[Taking | Completing] = [one for one in taken if one.declared.each == each]
        if completing and completing.each == each:
            takers.append(completing)
        number = 0
        for number, row in rows:
            for taker in takers:
                taker.add(number, row)
        if not number:
            warnings.append(message("{each} holds no rows", each=clean_line(each, 80) or "it"))
    return absent


def _add_value(found: Gatherer, table: Table, declared: FactDeclaration, name: str) -> bool:
    """Read a fact that stands by itself; False where nothing stands there."""
    path = declared.path or f"/{declared.name}"
    if is_missing(table.top(path)) and not (declared.type == "list" and table.top(path) == []):
        return False
    if declared.since and is_missing(table.top(declared.since)):
        return False
    try:
        value = value_of(table, table.record, path if path.startswith("/") else f"/{path}", declared)
    except Unsaid as error:
        refuse(name, str(error))
    found.add(declared.name, list(value) if isinstance(value, tuple) else value, path, declared.unit)
    return True


def _add_taken(found: Gatherer, taking: Taking, warnings: list[str]) -> None:
    declared = taking.declared
    try:
        value = taking.value()
    except Unsaid as error:
        warnings.append(str(error))
        return
    if taking.by_default:
        warnings.append(
            message("no row counts for {declared}; it is then {value}, by its kind", declared=declared.name, value=value)
        )
    found.add(declared.name, list(value) if isinstance(value, tuple) else value, taking.place, declared.unit)
