"""Moving an assessment to another version of a standard: a plan that changes nothing, then the move, and its undoing.

An answer is carried along the standard's own list of changes. What is renamed, reworded or relaxed stays as it is; what is
tightened, split, merged or of another scope keeps its statement and evidence, and loses the "met", the waiver and the
sign-offs; what is retired or merged goes to the archive and stays readable. What was written ahead, under an id of the new
version, is kept.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from compliance_tui.assessment import journal
from compliance_tui.assessment.actions import pin_of, response_path
from compliance_tui.assessment.archive import archive_path, archived_answers
from compliance_tui.assessment.folder import Contents, changing, load, record_bytes
from compliance_tui.assessment.model import LONGEST_STATEMENT, Recheck, Response, Status
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import joined, message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.standard.changes import Changes, Link, changes_between, way_between
from compliance_tui.standard.digest import control_digest
from compliance_tui.standard.lint_changes import change_faults
from compliance_tui.standard.load import Pack, line_in
from compliance_tui.standard.model import Control, Standard

Outcome = Literal["kept", "recheck", "recompute", "new", "archived"]
_LONGEST_WHY = 5_000
_LONGEST_JOINED = 150_000
_CUT = "\n\n(cut here: too long together; each answer is whole in the archive)"
_WORST: tuple[Status, ...] = ("not-met", "inconclusive", "partly-met", "not-applicable", "met")
_LOST: tuple[Status, ...] = ("met", "not-applicable")
_OUTCOMES: dict[str, Outcome] = {"keep": "kept", "recheck": "recheck", "recompute": "recompute"}


@dataclass(frozen=True)
class Step:
    """What becomes of one control: of which old ones it comes, and the response that it will have.

    ``archives`` are the old controls whose answers are kept whole in the archive, because the response is not theirs alone.
    """

    old: tuple[str, ...]
    new: str | None
    outcome: Outcome
    why: str
    response: Response | None = field(default=None, repr=False)
    archives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The whole move, with nothing changed yet."""

    old: Standard
    pack: Pack
    steps: tuple[Step, ...]
    guessed: bool
    warnings: tuple[str, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Whether the assessment pins these bytes already."""
        return not self.steps


def plan_migration(contents: Contents, pack: Pack, version: Callable[[str], Standard | None], at: dt.datetime) -> Plan:
    """What moving to ``pack`` would do to each control, at ``at``; ``version`` gives the versions in between.

    Raises InputError ``not-pinned`` where the assessment has no version of that standard, and ``bad-standard`` (file, line,
    reason) where the list of changes of the new version does not add up.
    """
    pinned = next((pin for pin in contents.assessment.standards if pin.id == pack.standard.id), None)
    if pinned is None:
        known = ", ".join(pin.id for pin in contents.assessment.standards)
        raise InputError(
            "not-pinned",
            message("this assessment does not pin {standard}; it pins {known}", standard=pack.standard.id, known=known),
        )
    old, new = contents.standard(pack.standard.id), pack.standard
    if pinned.sha256 == pack.sha256:
        return Plan(old, pack, (), False)
    if pinned.version == pack.standard.version:
        raise InputError(
            "released-otherwise",
            message(
                "{path}, line 1: {standard} {version} is pinned here with other bytes; give the changed text a new version",
                path=clean_line(str(pack.path)),
                standard=new.id,
                version=new.version,
            ),
        )
    _refuse_faulty_lists(old, pack, version)
    changes = changes_between(old, new, version)
    mover = _Mover(contents, old, new, changes, at)
    steps = [mover.step(control) for control in new.controls]
    steps += [mover.archived(control) for control in old.controls if control.id in changes.retired]
    return Plan(old, pack, tuple(steps), changes.guessed, tuple(_axis_warnings(contents, new)))


def _refuse_faulty_lists(old: Standard, pack: Pack, version: Callable[[str], Standard | None]) -> None:
    """Every list of changes that the move goes along adds up, and so does that of the version moved to."""
    for place, name, text in change_faults(pack.standard, version):
        where = message("{path}, line {line}", path=clean_line(str(pack.path)), line=line_in(pack, ("changes", place)))
        raise InputError(
            "bad-standard", message("{where}: {name}: {text}; nothing was moved", where=where, name=name, text=text)
        )
    for one in (way_between(old, pack.standard, version) or [])[1:]:
        for _, name, text in change_faults(one, version):
            raise InputError(
                "bad-standard",
                message(
                    "the list of changes of {standard} {version}: {name}: {text}; nothing was moved",
                    standard=one.id,
                    version=one.version,
                    name=name,
                    text=text,
                ),
            )


def _axis_warnings(contents: Contents, new: Standard) -> list[str]:
    chosen = contents.assessment.axes
    warnings: list[str] = []
    for axis in new.axes:
        value = chosen.get(f"{new.id}/{axis.id}", chosen.get(axis.id))
        if value is None:
            warnings.append(
                message("the axis {axis} is new: choose a value with `compliance-tui axes {axis}=VALUE`", axis=axis.id)
            )
        elif axis.rank(value) < 0:
            warnings.append(
                message(
                    "the axis {axis} no longer has the value {value}; choose another", axis=axis.id, value=clean_line(value, 40)
                )
            )
    return warnings


class _Mover:
    """Works out one move; holds what every step looks at."""

    def __init__(self, contents: Contents, old: Standard, new: Standard, changes: Changes, at: dt.datetime) -> None:
        self._contents, self._old, self._new, self._changes, self._at = contents, old, new, changes, at
        self._links: dict[str, list[Link]] = {}
        for link in changes.links:
            self._links.setdefault(link.new, []).append(link)

    def _said(self, control: str) -> Response | None:
        return self._contents.responses.get((self._old.id, control))

    def step(self, control: Control) -> Step:
        """What a control of the new version starts with."""
        links = self._links.get(control.id, [])
        olds = tuple(link.old for link in links)
        written_ahead = self._old.control(control.id) is None and self._said(control.id) is not None
        if written_ahead:
            why: str = message("answered here already; that answer stays")
            return Step(olds, control.id, "kept", why, self._said(control.id), archives=olds)
        if not links:
            return self._added(control)
        effect = max((link.effect for link in links), key=("keep", "recompute", "recheck").index)
        notes = list(dict.fromkeys(note for link in links for note in link.notes))
        kinds = list(dict.fromkeys(kind for link in links for kind in link.kinds))
        why = joined([joined(map(word, kinds)), _sentence(notes)], ": ") if kinds else message("unchanged")
        answered = [(name, said) for name in olds if (said := self._said(name)) is not None]
        if not answered:
            return Step(olds, control.id, _OUTCOMES[effect], message("{why}; it was not answered", why=why))
        stray = self._answered_otherwise(answered)
        if effect != "recheck" and stray:
            effect, why = "recheck", joined([why, stray], "; ")
        response = self._merged(control, answered)
        if effect == "recheck":
            response = self._to_recheck(response, why, answered)
        return Step(olds, control.id, _OUTCOMES[effect], why, response, archives=olds if len(olds) > 1 else ())

    def _answered_otherwise(self, answered: Sequence[tuple[str, Response]]) -> str:
        """Why an answer does not answer the text that was pinned; empty where it does."""
        for name, said in answered:
            control = self._old.control(name)
            if control is not None and said.answers is not None and said.answers != control_digest(control):
                return message("{name} was answered to another text than the one pinned", name=name)
        return ""

    def _added(self, control: Control) -> Step:
        fate = self._changes.added.get(control.id)
        note = _sentence(fate.notes) if fate and fate.notes else message("it comes with this version")
        archived = [one.response for one in archived_answers(self._contents.root, control.id)]
        if control.id in self._changes.retired and (said := self._said(control.id)) is not None:
            archived.append(said)  # gone in a version between, and here again
        found = next((one for one in reversed(archived) if one.standard == self._old.id), None)
        if found is None:
            grace = message("; counts from {day} on", day=control.counts_from) if control.counts_from else ""
            kinds = joined(map(word, fate.kinds if fate else ("added",)))
            return Step((), control.id, "new", joined([joined([kinds, note], ": "), grace], ""))
        if found.answers == control_digest(control):
            response = found.model_copy(update={"sign_offs": []})
            return Step(
                (control.id,),
                control.id,
                "kept",
                message("taken back from the archive; the text is the one answered"),
                response,
            )
        why = message("taken back from the archive, where an answer to an earlier text of it was kept")
        return Step((control.id,), control.id, "recheck", why, self._to_recheck(found, why, [(control.id, found)]))

    def archived(self, control: Control) -> Step:
        """What becomes of a control that is gone."""
        fate = self._changes.retired[control.id]
        covered = message("; covered by {controls}", controls=", ".join(fate.covered_by)) if fate.covered_by else ""
        note = _sentence(fate.notes) or message("gone in this version")
        why = joined([joined([joined(map(word, fate.kinds)), note], ": "), covered], "")
        return Step((control.id,), None, "archived", why, self._said(control.id), archives=(control.id,))

    def _merged(self, control: Control, answered: Sequence[tuple[str, Response]]) -> Response:
        """One response of several: all evidence, the worst status, every statement under the id it comes from."""
        responses = [said for _, said in answered]
        latest = max(responses, key=lambda one: (one.answered_at is not None, one.answered_at))
        update: dict[str, Any] = {"control": control.id}
        if latest.answers is not None:
            update["answers"] = control_digest(control)
        if len(responses) > 1:
            statuses = [one.status for one in responses]
            update |= {
                "status": min((one for one in statuses if one), key=_WORST.index, default=None),
                "evidence": list(dict.fromkeys(item for one in responses for item in one.evidence)),
                "statement": _joined(answered),
                "sign_offs": [],
                "waiver": None,
            }
            if None in statuses and update["status"] in _LOST:
                update["status"] = None
        return latest.model_copy(update=update)

    def _to_recheck(self, response: Response, why: str, answered: Sequence[tuple[str, Response]]) -> Response:
        earlier = list(dict.fromkeys(one.recheck.why for _, one in answered if one.recheck))
        lost = [
            message("its waiver until {until} was for the old rule", until=one.waiver.until)
            for _, one in answered
            if one.waiver
        ]
        statuses = [one.status or (one.recheck.was if one.recheck else None) for _, one in answered]
        was = min((one for one in statuses if one), key=_WORST.index, default=None)
        move = message("{old} -> {new}: {why}", old=self._old.version, new=self._new.version, why=why)
        sentence = joined([*earlier, move, *lost], "; ")
        return response.model_copy(
            update={
                "status": None if response.status in _LOST else response.status,
                "sign_offs": [],
                "waiver": None,
                "recheck": Recheck(why=clean_line(sentence, _LONGEST_WHY), was=was, since=self._at),
            }
        )


def _sentence(notes: Sequence[str]) -> str:
    return "; ".join(note.rstrip(". ") for note in notes)


def _joined(answered: Sequence[tuple[str, Response]]) -> str:
    """The statements of several answers as one, each under the id that it comes from; the archive has each whole."""
    said = [(name, one.statement.strip()) for name, one in answered if one.statement.strip()]
    texts = list(dict.fromkeys(text for _, text in said))
    joined = texts[0] if len(texts) == 1 else "\n\n".join(f"{name} said:\n{text}" for name, text in said)
    if len(joined) <= LONGEST_STATEMENT and len(joined.encode()) <= _LONGEST_JOINED:
        return joined
    # In characters for the statement, in bytes for the file that has to hold it.
    return joined[: LONGEST_STATEMENT - len(_CUT)].encode()[:_LONGEST_JOINED].decode(errors="ignore") + _CUT


def migrate(
    contents: Contents, pack: Pack, version: Callable[[str], Standard | None], identifier: str, by: str, at: dt.datetime
) -> Plan:
    """Move the assessment to ``pack``, all of it or nothing; ``identifier`` is a new name for this move (a UUID).

    Moving to the version that is pinned already changes nothing. Raises InputError as ``plan_migration``.
    """
    root = contents.root
    with changing(root):
        contents = load(root)
        plan = plan_migration(contents, pack, version, at)
        if plan.nothing_to_do:
            return plan
        entry = {
            "at": format_instant(at),
            "by": by,
            "act": "migrate",
            "standard": plan.old.id,
            "from": plan.old.version,
            "to": pack.standard.version,
        }
        journal.commit(root, identifier, _files(contents, plan), entry, undo=True)
    return plan


def _files(contents: Contents, plan: Plan) -> dict[str, bytes | None]:
    """Every file that the move writes or takes away."""
    old, new = plan.old, plan.pack.standard
    files: dict[str, bytes | None] = {f"standards/{plan.pack.file_name}": plan.pack.content}
    for control in old.controls:
        if (old.id, control.id) in contents.responses:
            files[response_path(old.id, control.id)] = None
    for step in plan.steps:
        for name in step.archives:
            if (said := contents.responses.get((old.id, name))) is not None:
                content = record_bytes(said)
                files[archive_path(contents.root, old, name, content)] = content
        if step.response is None or step.new is None:
            continue
        path = response_path(new.id, step.new)
        if contents.responses.get((old.id, step.new)) == step.response:
            files.pop(path, None)  # the very same answer: its file stays as it is, however it was written
        else:
            files[path] = record_bytes(step.response)
    pins = [pin_of(plan.pack) if one.id == new.id else one for one in contents.assessment.standards]
    files["assessment.toml"] = record_bytes(contents.assessment.model_copy(update={"standards": pins}))
    return files


def undo_migration(root: Path, identifier: str, by: str, at: dt.datetime) -> tuple[str, str, str]:
    """Take the last move back, byte for byte; gives the standard, the version left and the version returned to.

    Raises InputError ``nothing-to-undo``, ``answered-since`` (an answer was written after the move, and is not thrown away).
    """
    with changing(root):
        last = journal.last_change(root)
        if last is None:
            raise InputError(
                "nothing-to-undo", message("{root}: no migration that could be taken back", root=clean_line(str(root)))
            )
        standard, returned, left = (last.entry[name] for name in ("standard", "from", "to"))
        answers = f"responses/{standard}/"
        changed = journal.changed_since(root, last)
        changed += [path for path in journal.logged_since(root, last.id) if path.startswith(answers)]
        changed += [one.relative_to(root).as_posix() for one in sorted((root / answers).glob("*.toml")) if _is_later(one, root)]
        if changed:
            raise InputError(
                "answered-since",
                message(
                    "{changed} was written after the move to {left}; undoing would lose it. `compliance-tui migrate --to "
                    "{standard}@{returned}` goes back and keeps it",
                    changed=clean_line(changed[0]),
                    left=left,
                    standard=standard,
                    returned=returned,
                ),
            )
        back = {**last.entry, "at": format_instant(at), "by": by, "act": "migrate-undo", "from": left, "to": returned}
        journal.commit(root, identifier, journal.bytes_before(root, last), back, undo=False)
    return standard, left, returned


def _is_later(path: Path, root: Path) -> bool:
    """Whether a response was written after the move, by whatever hand."""
    return path.stat().st_mtime_ns > (root / journal.LAST).stat().st_mtime_ns


def plan_json(plan: Plan) -> dict[str, Any]:
    """The document that ``migrate --json`` prints (``compliance-tui schema migrate``)."""
    new = plan.pack.standard
    return {
        "from": f"{plan.old.id}@{plan.old.version}",
        "to": f"{new.id}@{new.version}",
        "guessed": plan.guessed,
        "controls": [{"from": list(step.old), "to": step.new, "outcome": step.outcome, "why": step.why} for step in plan.steps],
        "warnings": list(plan.warnings),
    }
