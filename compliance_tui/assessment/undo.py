"""Undo and redo of answers, across restarts: the log says what was done, the history keeps what was there before.

An undo is a new record and a new line of the log; nothing is ever taken out of either. What one act did to several controls
at one instant (a bulk action, one file attached to many) is undone together. Only one's own acts are undone, and only while
nobody has written over them.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from compliance_tui.assessment.actions import read_response
from compliance_tui.assessment.folder import changing, write_record
from compliance_tui.assessment.history import record_of
from compliance_tui.assessment.log import read_log
from compliance_tui.assessment.model import Response
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message, remade

Direction = Literal["undo", "redo"]
# The acts of a person on answers. Moves to another version have an undoing of their own, and end the reach of this one.
_ACTS = frozenset({"answer", "attach", "detach", "replace", "sign-off", "waive", "end-waiver"})
_WALLS = frozenset({"migrate", "migrate-undo", "unpin"})
_TEXTS = {
    "answer": message("answer of {controls}"),
    "attach": message("evidence of {controls}"),
    "detach": message("detach of {controls}"),
    "replace": message("replace of {controls}"),
    "sign-off": message("sign-off of {controls}"),
    "waive": message("waiver of {controls}"),
    "end-waiver": message("end of the waiver of {controls}"),
}


@dataclass(frozen=True)
class Step:
    """What one undo or redo takes back or brings back: the act, the controls, when it was done, its lines of the log."""

    act: str
    controls: tuple[str, ...]
    at: str
    entries: tuple[Mapping[str, Any], ...]

    @property
    def text(self) -> str:
        """The step in words."""
        names: str = ", ".join(self.controls[:3])
        if (more := len(self.controls) - 3) > 0:
            names = message("{controls} and {more} more", controls=names, more=more)
        return remade(_TEXTS[self.act], controls=names) if self.act in _TEXTS else f"{self.act} of {names}"


def next_step(log: Sequence[Mapping[str, Any]], by: str, direction: Direction) -> Step | None:
    """What the next undo or redo by that person would do; None where there is nothing."""
    done: list[Mapping[str, Any]] = []
    undone: list[Mapping[str, Any]] = []
    by_sequence: dict[int, Mapping[str, Any]] = {}
    for entry in log:
        act = entry.get("act")
        if act in _WALLS:
            done, undone = [], []
        if entry.get("by") != by or not str(entry.get("path", "")).startswith("responses/"):
            continue
        if act in _ACTS:
            by_sequence[int(entry["seq"])] = entry
            done.append(entry)
            undone = []
        elif act in ("undo", "redo") and isinstance(entry.get("of"), list):
            source, target = (done, undone) if act == "undo" else (undone, done)
            for first in (by_sequence[one] for one in entry["of"] if one in by_sequence):
                if first in source:
                    source.remove(first)
                    target.append(first)
    stack = done if direction == "undo" else undone
    if not stack:
        return None
    last = stack[-1]
    group = list(takewhile(lambda one: (one.get("act"), one.get("at")) == (last.get("act"), last.get("at")), reversed(stack)))
    group.sort(key=lambda one: int(one["seq"]))
    controls = tuple(dict.fromkeys(Path(str(one["path"])).stem for one in group))
    return Step(str(last["act"]), controls, str(last.get("at", "")), tuple(group))


def undo(root: Path, by: str, at: dt.datetime, direction: Direction = "undo") -> Step:
    """Take back the last act of ``by`` on answers, or bring back the one last taken back; gives what it was.

    Raises InputError ``nothing-to-undo``; ``changed-meanwhile`` where somebody wrote over it, or ``not-kept`` where the history
    was thrown away: nothing is changed then.
    """
    with changing(root):
        step = next_step(read_log(root), by, direction)
        if step is None:
            raise InputError(
                "nothing-to-undo",
                message("there is nothing of {by} to {direction} in this assessment", by=by, direction=direction),
            )
        paths = dict.fromkeys(str(entry["path"]) for entry in step.entries)
        groups = {path: [entry for entry in step.entries if entry["path"] == path] for path in paths}
        targets = {path: _target(root, path, entries, direction) for path, entries in groups.items()}
        for path, record in targets.items():
            of = [entry["seq"] for entry in groups[path]]
            write_record(root, path, record, direction, by, at, control=record.control, of=of)
    return step


def _target(root: Path, path: str, entries: Sequence[Mapping[str, Any]], direction: Direction) -> Response:
    """The record to write: as it was before the first of ``entries``, or as the last of them left it."""
    standard, control = Path(path).parent.name, Path(path).stem
    before, after = (_record(root, path, sha256) for sha256 in (entries[0].get("before"), entries[-1].get("sha256")))
    there, wanted = (after, before) if direction == "undo" else (before, after)
    if read_response(root, standard, control) != there:
        raise InputError(
            "changed-meanwhile",
            message(
                "{control}: was changed since; look at its history, and answer it again instead of {direction}",
                control=control,
                direction=direction,
            ),
        )
    return wanted


def _record(root: Path, path: str, sha256: str | None) -> Response:
    """The answer with that digest; an empty one where there was none."""
    standard, control = Path(path).parent.name, Path(path).stem
    record = record_of(root, path, sha256, Response) if sha256 else Response(standard=standard, control=control)
    if record is None:
        raise InputError(
            "not-kept", message("{control}: what it said then is no longer in the history; answer it again", control=control)
        )
    return record
