"""From the list of changes of each version to one map between any two versions.

A step maps every control of a version to the controls that took it over in the next one; steps compose, so that 0.9 to 1.1 goes
through 1.0 and nothing is guessed. Where a standard has no list of changes (an imported one), the map is guessed from ids and
text, and says so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from compliance_tui.safe.errors import InputError
from compliance_tui.standard.digest import control_digest, rules_digest
from compliance_tui.standard.model import Change, ChangeKind, Control, Standard

SAME_CONTENT = "the same text and rules under another id"
_PROSE = ("title", "guidance", "example")
Effect = Literal["keep", "recheck", "recompute", "drop", "new"]
_ORDER: tuple[Effect, ...] = ("keep", "recompute", "recheck")
_MOST_STEPS = 100
_BACK: dict[ChangeKind, ChangeKind] = {
    "added": "retired",
    "retired": "added",
    "split": "merged",
    "merged": "split",
    "tightened": "relaxed",
    "relaxed": "tightened",
}


@dataclass(frozen=True)
class Link:
    """A control of the old version lives on in a control of the new one; without kinds it is the same control unchanged."""

    old: str
    new: str
    kinds: tuple[ChangeKind, ...] = ()
    effect: Effect = "keep"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fate:
    """What a list of changes says of a control that came or went."""

    kinds: tuple[ChangeKind, ...]
    notes: tuple[str, ...] = ()
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """The map from one version to another: links, controls that are new, controls that are gone."""

    links: tuple[Link, ...]
    added: Mapping[str, Fate] = field(default_factory=dict)
    retired: Mapping[str, Fate] = field(default_factory=dict)
    guessed: bool = False


@dataclass(frozen=True)
class Move:
    """One entry of a difference: what happened to which controls, and what that does to old answers."""

    kinds: tuple[ChangeKind, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]
    effect: Effect
    notes: tuple[str, ...]
    covered_by: tuple[str, ...] = ()


def changes_between(old: Standard, new: Standard, version: Callable[[str], Standard | None]) -> Changes:
    """The map from ``old`` to ``new``; ``version`` gives another version of the standard, or None where it is not known.

    Raises InputError ``bad-standard`` where the lists of changes go round in a circle.
    """
    if old.version == new.version:
        return _step(old, new, [])
    forward = _chain(old, new, version)
    if forward is not None:
        return _compose_all(forward)
    back = _chain(new, old, version)
    if back is not None:
        return _reverse(_compose_all(back))
    from compliance_tui.standard.guess import guess

    return guess(old, new)


def _chain(old: Standard, new: Standard, version: Callable[[str], Standard | None]) -> list[Changes] | None:
    """The steps from ``old`` up to ``new``, or None where the lists of changes do not lead there."""
    steps: list[Changes] = []
    seen = {new.version}
    at = new
    while at.version != old.version:
        sources = {change.from_version for change in at.changes}
        if old.version in sources:
            before: Standard | None = old
        else:
            before = next((found for source in sorted(sources) if (found := version(source)) is not None), None)
        if before is None:
            return None
        if before.version in seen or len(steps) > _MOST_STEPS:
            raise InputError(
                "bad-standard", f"{at.id} {at.version}: its lists of changes go round in a circle; mend from_version"
            )
        seen.add(before.version)
        steps.append(_step(before, at, [change for change in at.changes if change.from_version == before.version]))
        at = before
    return steps[::-1]


def _step(old: Standard, new: Standard, changes: Sequence[Change]) -> Changes:
    """One version to the next. What no change names keeps its id; if it reads differently, it is to be rechecked."""
    there = {control.id: control for control in new.controls}
    taken = {target for change in changes for target in change.to}
    by_content = {control_digest(control, new): control.id for control in reversed(new.controls) if control.id not in taken}
    links: list[Link] = []
    retired: dict[str, Fate] = {}
    for control in old.controls:
        named = [change for change in changes if control.id in change.from_]
        targets = list(dict.fromkeys(target for change in named for target in change.to))
        if not named and control.id in there:
            links.append(same_id(control, there[control.id], old, new))
        elif not named and (same := by_content.get(control_digest(control, old))) is not None:
            links.append(Link(control.id, same, ("renamed",), "keep", (SAME_CONTENT,)))
        elif not targets:
            retired[control.id] = _fate(named, "retired")
        for target in targets:
            about = [change for change in named if target in change.to]
            links.append(Link(control.id, target, _kinds(about), _worst(change.effect for change in about), _notes(about)))
    reached = {link.new for link in links}
    added = {
        control.id: _fate([change for change in changes if control.id in change.to], "added")
        for control in new.controls
        if control.id not in reached
    }
    return Changes(tuple(links), added, retired)


def same_id(one: Control, other: Control, old: Standard, new: Standard) -> Link:
    """What became of a control that no change names: kept where it asks the same, to be rechecked where it does not."""
    if control_digest(one, old) == control_digest(other, new):
        prose = [field for field in _PROSE if getattr(one, field) != getattr(other, field)]
        why = f"asks the same; its {', '.join(prose)} reads differently"
        return Link(one.id, other.id, ("reworded",), "keep", (why,)) if prose else Link(one.id, other.id)
    why = "reads differently, and no change of the standard says why"
    same_rules = rules_digest(one, old) == rules_digest(other, new)
    return Link(one.id, other.id, ("reworded",) if same_rules else ("scope",), "recheck", (why,))


def _kinds(changes: Iterable[Change]) -> tuple[ChangeKind, ...]:
    return tuple(dict.fromkeys(kind for change in changes for kind in change.kinds))


def _notes(changes: Iterable[Change]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(change.note for change in changes if change.note))


def _fate(changes: Sequence[Change], otherwise: ChangeKind) -> Fate:
    covered = tuple(dict.fromkeys(one for change in changes for one in change.covered_by))
    return Fate(_kinds(changes) or (otherwise,), _notes(changes), covered)


def _worst(effects: Iterable[Effect]) -> Effect:
    return max(("keep", *(one for one in effects if one in _ORDER)), key=_ORDER.index)


def _compose_all(steps: Sequence[Changes]) -> Changes:
    result = steps[0]
    for step in steps[1:]:
        result = _compose(result, step)
    return result


def _compose(first: Changes, second: Changes) -> Changes:
    links: dict[tuple[str, str], Link] = {}
    for one in first.links:
        for two in second.links:
            if one.new == two.old:
                link = Link(
                    one.old,
                    two.new,
                    tuple(dict.fromkeys((*one.kinds, *two.kinds))),
                    _worst((one.effect, two.effect)),
                    tuple(dict.fromkeys((*one.notes, *two.notes))),
                )
                known = links.get((link.old, link.new))
                links[link.old, link.new] = _joined(known, link) if known else link
    living = {link.old for link in links.values()}
    reached = {link.new for link in links.values()}
    retired = dict(first.retired)
    for one in first.links:
        if one.old not in living and one.new in second.retired:
            end = second.retired[one.new]
            notes = tuple(dict.fromkeys((*one.notes, *end.notes)))
            retired[one.old] = Fate(tuple(dict.fromkeys((*one.kinds, *end.kinds))), notes, end.covered_by)
    added = dict(second.added)
    for two in second.links:
        if two.new not in reached and two.old in first.added:
            begin = first.added[two.old]
            known_fate = added.get(two.new)
            notes = tuple(dict.fromkeys((*(known_fate.notes if known_fate else ()), *begin.notes, *two.notes)))
            added[two.new] = Fate(("added",), notes)
    return Changes(tuple(links.values()), added, retired, first.guessed or second.guessed)


def _joined(one: Link, other: Link) -> Link:
    kinds = tuple(dict.fromkeys((*one.kinds, *other.kinds)))
    notes = tuple(dict.fromkeys((*one.notes, *other.notes)))
    return Link(one.old, one.new, kinds, _worst((one.effect, other.effect)), notes)


def _reverse(changes: Changes) -> Changes:
    """The way back to an older version: what was relaxed is tightened, and so on; notes spoke of the way there."""

    def turned(link: Link) -> Link:
        kinds = tuple(dict.fromkeys(_BACK.get(kind, kind) for kind in link.kinds))
        renaming = set(kinds) <= {"renamed", "reworded", "relaxed"}
        effect: Effect = "keep" if renaming else "recheck"
        return Link(link.new, link.old, kinds, effect, tuple(f"going back: {note}" for note in link.notes))

    return Changes(
        tuple(turned(link) for link in changes.links),
        {name: Fate(("added",), fate.notes) for name, fate in changes.retired.items()},
        {name: Fate(("retired",), fate.notes) for name, fate in changes.added.items()},
        changes.guessed,
    )


def moves(changes: Changes) -> list[Move]:
    """The map as entries that belong together: a split is one entry, and so is a merge with all that was merged."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(end: tuple[str, str]) -> tuple[str, str]:
        parent.setdefault(end, end)
        while parent[end] != end:
            parent[end] = parent[parent[end]]
            end = parent[end]
        return end

    changed = [link for link in changes.links if link.kinds]
    for link in changed:
        parent[root(("old", link.old))] = root(("new", link.new))
    groups: dict[tuple[str, str], list[Link]] = {}
    for link in changed:
        groups.setdefault(root(("new", link.new)), []).append(link)
    found = [
        Move(
            tuple(dict.fromkeys(kind for link in group for kind in link.kinds)),
            tuple(dict.fromkeys(link.old for link in group)),
            tuple(dict.fromkeys(link.new for link in group)),
            _worst(link.effect for link in group),
            tuple(dict.fromkeys(note for link in group for note in link.notes)),
        )
        for group in groups.values()
    ]
    found += [Move(fate.kinds, (), (name,), "new", fate.notes) for name, fate in changes.added.items()]
    found += [Move(fate.kinds, (name,), (), "drop", fate.notes, fate.covered_by) for name, fate in changes.retired.items()]
    return found
