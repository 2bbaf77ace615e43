"""The difference of two versions as a person reads it: texts by words, rules before and after, and whom it concerns."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import product
from math import prod
from typing import Any, Literal

from compliance_tui.safe.language import either, joined, message
from compliance_tui.standard.changes import Changes, Move, changes_between, moves
from compliance_tui.standard.describe import rule_lines, scale_lines
from compliance_tui.standard.digest import in_force_digest
from compliance_tui.standard.levels import level
from compliance_tui.standard.model import Axis, Control, Standard

_FIELDS = ("title", "statement", "guidance", "example")
_MOST_COMBINATIONS = 512
_MOST_WORDS = 4_000
_WORD = re.compile(r"\s*\S+|\s+\Z")

Part = tuple[Literal["=", "-", "+"], str]


@dataclass(frozen=True)
class TextChange:
    """One text of a control, word by word: kept, removed, added. ``new`` is the control whose text it became."""

    old: str
    new: str
    field: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Difference:
    """One entry of the difference between two versions."""

    move: Move
    texts: tuple[TextChange, ...] = ()
    rules_before: tuple[str, ...] = ()
    rules_after: tuple[str, ...] = ()
    affects: tuple[str, ...] = ()


@dataclass(frozen=True)
class VersionDiff:
    """All differences of two versions; ``guessed`` where no list of changes led from one to the other."""

    old: Standard
    new: Standard
    changes: Changes
    differences: tuple[Difference, ...] = field(repr=False)

    @property
    def guessed(self) -> bool:
        """Whether the map between the two was guessed from ids and texts."""
        return self.changes.guessed


def diff(old: Standard, new: Standard, version: Callable[[str], Standard | None]) -> VersionDiff:
    """The difference from ``old`` to ``new``; ``version`` gives another version of the standard, to go step by step.

    Raises InputError ``bad-standard`` where the lists of changes go round in a circle.
    """
    changes = changes_between(old, new, version)
    before = {control.id: control for control in old.controls}
    after = {control.id: control for control in new.controls}
    linked = {(link.old, link.new) for link in changes.links}
    found = []
    for move in moves(changes):
        pairs = [(before[one], after[other]) for one in move.old for other in move.new if (one, other) in linked]
        found.append(_difference(move, pairs, before, after, old, new))
    order = {name: place for place, name in enumerate(dict.fromkeys([*after, *before]))}
    found.sort(key=lambda one: min(order[name] for name in (*one.move.new, *one.move.old)))
    return VersionDiff(old, new, changes, tuple(found))


def _difference(
    move: Move,
    pairs: Sequence[tuple[Control, Control]],
    before: Mapping[str, Control],
    after: Mapping[str, Control],
    old: Standard,
    new: Standard,
) -> Difference:
    alone = [(before[name], old) for name in move.old] if not move.new else [(after[name], new) for name in move.new]
    rules_before = {name: _rules(before[name], old) for name in move.old}
    rules_after = {name: _rules(after[name], new) for name in move.new}
    return Difference(
        move,
        tuple(text for one, other in pairs for text in _texts(one, other)),
        tuple(_lines(rules_before, rules_after)),
        tuple(_lines(rules_after, rules_before)),
        tuple(_affected(pairs, alone, old, new)),
    )


def _rules(control: Control, standard: Standard) -> list[str]:
    return [*rule_lines(control, standard), *scale_lines(control, standard)]


def _lines(rules: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The rules of one side, but for those that every control of both sides has; named where there are several."""
    every = [*rules.values(), *others.values()]
    for name, lines in rules.items():
        for line in lines:
            if not others or not all(line in there for there in every):
                yield message("{where}: {reason}", where=name, reason=line) if len(rules) > 1 else line


def _texts(one: Control, other: Control) -> Iterator[TextChange]:
    for name in _FIELDS:
        was, now = getattr(one, name), getattr(other, name)
        if was != now:
            yield TextChange(one.id, other.id, name, word_diff(was, now))


def word_diff(old: str, new: str) -> tuple[Part, ...]:
    """What was kept (``=``), removed (``-``) and added (``+``), by words: a line broken elsewhere is no change.

    Joined, the kept and added parts give ``new``; the kept and removed ones give ``old``, up to white space.
    """
    one, other = _WORD.findall(old), _WORD.findall(new)
    parts: list[Part] = []
    if max(len(one), len(other)) > _MOST_WORDS:
        parts = [("-", old), ("+", new)]
        return tuple(part for part in parts if part[1])
    matcher = SequenceMatcher(None, [word.strip() for word in one], [word.strip() for word in other], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            parts.append(("=", "".join(other[c:d])))
            continue
        if a < b:
            parts.append(("-", "".join(one[a:b])))
        if c < d:
            parts.append(("+", "".join(other[c:d])))
    return tuple(parts)


def _affected(
    pairs: Sequence[tuple[Control, Control]], alone: Sequence[tuple[Control, Standard]], old: Standard, new: Standard
) -> list[str]:
    """For which axis values the rules in force read differently: ``everybody``, or the values axis by axis.

    A control that came or went (no pairs) concerns those to whom it applies.
    """
    axes = [axis for axis in new.axes if _common(old, axis)]
    choices = [_common(old, axis) for axis in axes]
    count = prod(len(ids) for ids in choices)
    if count > _MOST_COMBINATIONS:
        return [message("too many combinations of axis values to tell")]
    hit = []
    for combination in product(*choices):
        values = dict(zip((axis.id for axis in axes), combination, strict=True))
        if pairs:
            concerned = any(_differ(one, other, old, new, values) for one, other in pairs)
        else:
            concerned = any(level(control, values, standard.axes) != "not-applicable" for control, standard in alone)
        if concerned:
            hit.append(combination)
    if not hit:
        nobody = message("nobody: it does not apply to any axis values")
        return [message("nobody: the rules in force are the same") if pairs else nobody]
    if len(hit) == count:
        return [message("everybody")]
    return [_spell(axes, combinations) for combinations in _boxes(hit)]


def _common(old: Standard, axis: Axis) -> tuple[str, ...]:
    """The values of an axis that both versions know."""
    before = old.axis(axis.id)
    return tuple(value.id for value in axis.values if before is not None and before.rank(value.id) >= 0)


def _differ(one: Control, other: Control, old: Standard, new: Standard, values: Mapping[str, str]) -> bool:
    """Whether the rules in force differ at these axis values, before or after the weights are published."""
    return any(
        in_force_digest(one, old, values, published) != in_force_digest(other, new, values, published)
        for published in (False, True)
    )


def _boxes(hit: Sequence[tuple[str, ...]], at: int = 0) -> list[list[tuple[str, ...]]]:
    """The combinations as groups that are products of values: one where that is so, else parted by one axis after another."""
    size = prod(len(set(column)) for column in zip(*hit, strict=True))
    if size == len(hit):
        return [list(hit)]
    parts = ([one for one in hit if one[at] == value] for value in dict.fromkeys(one[at] for one in hit))
    return [group for part in parts for group in _boxes(part, at + 1)]


def _spell(axes: Sequence[Axis], combinations: Sequence[tuple[str, ...]]) -> str:
    parts = []
    for place, axis in enumerate(axes):
        chosen = {combination[place] for combination in combinations}
        if len(chosen) < len(axis.values):
            values = either(value.id for value in axis.values if value.id in chosen)
            parts.append(message("{axis} {values}", axis=axis.id, values=values))
    return joined(parts) if parts else message("everybody")


def diff_json(found: VersionDiff) -> dict[str, Any]:
    """The document that ``standards diff --json`` prints (``compliance-tui schema diff``)."""
    return {
        "from": f"{found.old.id}@{found.old.version}",
        "to": f"{found.new.id}@{found.new.version}",
        "guessed": found.guessed,
        "changes": [
            {
                "kinds": list(one.move.kinds),
                "from": list(one.move.old),
                "to": list(one.move.new),
                "effect": one.move.effect,
                "note": "; ".join(one.move.notes),
                "covered_by": list(one.move.covered_by),
                "affects": list(one.affects),
                "rules": {"before": list(one.rules_before), "after": list(one.rules_after)},
                "texts": [
                    {"from": text.old, "to": text.new, "field": text.field, "words": [list(part) for part in text.parts]}
                    for text in one.texts
                ],
            }
            for one in found.differences
        ],
    }
