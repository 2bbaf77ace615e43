"""From the list of changes of each version to one map between any two versions.

A step maps every control of a version to the controls that took it over in the next one; steps compose, so that 0.9 to 1.1 goes
through 1.0 and nothing is guessed. Where a standard has no list of changes (an imported one), the map is guessed from ids and
text, and says so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.standard.digest import control_digest, rules_digest, wording
from compliance_tui.standard.model import Change, ChangeKind, Control, Standard

SAME_CONTENT = message("the same text and rules under another id")
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
    way = way_between(old, new, version)
    if way is None:
        return _guess(old, new)
    whole = _compose_all([_step(before, after) for before, after in pairwise(way)])
    return whole if way[0].version == old.version else _reverse(whole)


def way_between(old: Standard, new: Standard, version: Callable[[str], Standard | None]) -> list[Standard] | None:
    """The versions from the older of the two up to the newer one; None where no lists of changes lead from one to the other.

    Raises InputError ``bad-standard`` where the lists of changes go round in a circle.
    """
    if old.id != new.id:
        return None
    if old.version == new.version:
        return [old, new]
    return _climb(old, new, version) or _climb(new, old, version)


def _climb(bottom: Standard, top: Standard, version: Callable[[str], Standard | None]) -> list[Standard] | None:
    way = [top]
    while way[-1].version != bottom.version:
        at = way[-1]
        sources = versions_before(at)
        if bottom.version in sources:
            before: Standard | None = bottom
        else:
            before = next((found for source in sorted(sources) if (found := version(source)) is not None), None)
        if before is None:
            return None
        if before.version in {one.version for one in way} or len(way) > _MOST_STEPS:
            raise InputError(
                "bad-standard",
                message(
                    "{at} {version}: its lists of changes go round in a circle; mend from_version", at=at.id, version=at.version
                ),
            )
        way.append(before)
    return way[::-1]


def versions_before(standard: Standard) -> set[str]:
    """The versions that the list of changes starts from; of a version that changed nothing, the one that it supersedes."""
    said = {change.from_version for change in standard.changes}
    return said or ({standard.standard.supersedes} if standard.standard.supersedes else set())


def _guess(old: Standard, new: Standard) -> Changes:
    from compliance_tui.standard.guess import guess

    return guess(old, new)


def by_content(controls: Iterable[Control], standard: Standard) -> dict[str, str]:
    """Digest of what is asked -> the control that asks it. What two ask alike, or what has no words, tells nothing."""
    digests = {control.id: control_digest(control) for control in controls if control.statement.strip()}
    counts = Counter(digests.values())
    return {digest: identifier for identifier, digest in digests.items() if counts[digest] == 1}


def _step(old: Standard, new: Standard) -> Changes:
    """One version to the next. What no change names keeps its id; if it reads differently, it is to be rechecked."""
    changes = [change for change in new.changes if change.from_version == old.version]
    if not changes and _questions(old) != _questions(new):
        return _guess(old, new)
    there = {control.id: control for control in new.controls}
    known = {control.id for control in old.controls} | {target for change in changes for target in change.to}
    same_content = by_content((control for control in new.controls if control.id not in known), new)
    links: list[Link] = []
    retired: dict[str, Fate] = {}
    for control in old.controls:
        named = [change for change in changes if control.id in change.from_]
        targets = list(dict.fromkeys(target for change in named for target in change.to))
        if not named and control.id in there:
            links.append(same_id(control, there[control.id], old, new))
        elif not named and (same := same_content.pop(control_digest(control), None)) is not None:
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


def _questions(standard: Standard) -> dict[str, str]:
    return {control.id: control_digest(control) for control in standard.controls}


def same_id(one: Control, other: Control, old: Standard, new: Standard) -> Link:
    """What became of a control that no change names: kept where it asks the same, to be rechecked where it does not."""
    if control_digest(one) == control_digest(other):
        before, after = wording(one), wording(other)
        beside = [part for part in after if before[part] != after[part]]
        why = message("asks the same; changed beside it: {beside}", beside=", ".join(beside))
        return Link(one.id, other.id, ("reworded",), "keep", (why,)) if beside else Link(one.id, other.id)
    why = message("reads differently, and no change of the standard says why")
    same_rules = rules_digest(one) == rules_digest(other)
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
    retired = {name: replace(fate, covered_by=_covered_now(fate.covered_by, second)) for name, fate in first.retired.items()}
    for one in first.links:
        if one.old not in living and one.new in second.retired:
            end = second.retired[one.new]
            begun = retired.get(one.old, Fate(()))
            retired[one.old] = Fate(
                tuple(dict.fromkeys((*begun.kinds, *one.kinds, *end.kinds))),
                tuple(dict.fromkeys((*begun.notes, *one.notes, *end.notes))),
                tuple(dict.fromkeys((*begun.covered_by, *end.covered_by))),
            )
    added = dict(second.added)
    for two in second.links:
        if two.new not in reached and two.old in first.added:
            begin = first.added[two.old]
            known_fate = added.get(two.new)
            notes = tuple(dict.fromkeys((*(known_fate.notes if known_fate else ()), *begin.notes, *two.notes)))
            added[two.new] = Fate(("added",), notes)
    return Changes(tuple(links.values()), added, retired, first.guessed or second.guessed)


def _covered_now(covered_by: Sequence[str], second: Changes) -> tuple[str, ...]:
    """The controls that cover a retired one, under the names that they have a version later."""
    return tuple(dict.fromkeys(link.new for name in covered_by for link in second.links if link.old == name))


def _joined(one: Link, other: Link) -> Link:
    kinds = tuple(dict.fromkeys((*one.kinds, *other.kinds)))
    notes = tuple(dict.fromkeys((*one.notes, *other.notes)))
    return Link(one.old, one.new, kinds, _worst((one.effect, other.effect)), notes)


def _reverse(changes: Changes) -> Changes:
    """The way back to an older version: what was relaxed is tightened, and so on; notes spoke of the way there."""

    def turned(link: Link) -> Link:
        kinds = tuple(dict.fromkeys(_BACK.get(kind, kind) for kind in link.kinds))
        # A change that nobody explained asks for another look on the way back, too.
        gentle = set(kinds) <= {"renamed", "reworded", "relaxed"} and (link.effect == "keep" or "relaxed" in kinds)
        effect: Effect = "keep" if gentle else "recheck"
        return Link(link.new, link.old, kinds, effect, tuple(message("going back: {note}", note=note) for note in link.notes))

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
