"""Whether a list of changes adds up: the old set with the changes gives the new one, and each change did what it says."""

from collections.abc import Callable, Iterator

from compliance_tui.standard.digest import control_digest, rules_digest
from compliance_tui.standard.model import Change, Standard

# Place in the list of changes, what the fault is about, and the fault.
_Fault = tuple[int, str, str]
_KEEPS = {"renamed", "reworded", "relaxed"}
_MOST_STEPS = 100


def change_faults(standard: Standard, version: Callable[[str], Standard | None]) -> Iterator[_Fault]:
    """Faults of the list of changes of ``standard``; ``version`` gives the version before, or None where it is not known."""
    ids = {control.id for control in standard.controls}
    for place, change in enumerate(standard.changes):
        for text in _own_faults(change, standard, ids):
            yield place, change_name(change), text
    yield from _circle(standard, version)
    superseded = [standard.standard.supersedes] if standard.standard.supersedes else []
    for source in dict.fromkeys([*superseded, *(change.from_version for change in standard.changes)]):
        before = version(source)
        if before is not None and before.version != standard.version:
            yield from _sums(standard, before)


def change_name(change: Change) -> str:
    """How a change is called in a sentence."""
    return f"change {', '.join(change.from_) or 'nothing'} -> {', '.join(change.to) or 'nothing'}"


def _own_faults(change: Change, standard: Standard, ids: set[str]) -> Iterator[str]:
    for identifier in (*change.to, *change.covered_by):
        if identifier not in ids:
            yield f"names {identifier}, which this version does not have"
    if not change.from_ and not change.to:
        yield "names no control"
    if (change.effect == "new") != (not change.from_):
        yield "is new if and only if it comes from nowhere"
    if (change.effect == "drop") != (not change.to):
        yield "drops answers if and only if it leads nowhere"
    if change.effect == "keep" and not set(change.kinds) <= _KEEPS:
        yield f"keeps old answers, but {', '.join(kind for kind in change.kinds if kind not in _KEEPS)} asks for another look"
    if standard.standard.supersedes and change.from_version != standard.standard.supersedes:
        yield f"comes from {change.from_version}, but the version supersedes {standard.standard.supersedes}"
    if change.from_version == standard.version:
        yield "comes from the version itself"


def _circle(standard: Standard, version: Callable[[str], Standard | None]) -> Iterator[_Fault]:
    seen, at = [standard.version], standard
    while (source := next((change.from_version for change in at.changes), None)) is not None and len(seen) < _MOST_STEPS:
        if source in seen:
            yield 0, "the list of changes", f"goes round in a circle: {' <- '.join([*seen, source])}"
            return
        before = version(source)
        if before is None:
            return
        seen.append(source)
        at = before


def _sums(standard: Standard, before: Standard) -> Iterator[_Fault]:
    """The old set with the changes is the new set; every difference has a change, and every change a difference."""
    old = {control.id: control for control in before.controls}
    new = {control.id: control for control in standard.controls}
    changes = [(place, change) for place, change in enumerate(standard.changes) if change.from_version == before.version]
    consumed = {identifier for _, change in changes for identifier in change.from_}
    produced = {identifier for _, change in changes for identifier in change.to}
    last = changes[-1][0] if changes else 0
    for place, change in changes:
        for identifier in change.from_:
            if identifier not in old:
                yield place, change_name(change), f"names {identifier}, which {before.version} does not have"
        for identifier in change.to:
            if not change.from_ and identifier in old and identifier not in consumed:
                yield place, change_name(change), f"adds {identifier}, which {before.version} has already"
        if len(change.from_) == len(change.to) == 1 and change.from_[0] in old and change.to[0] in new:
            for text in _deed_faults(change, before, standard):
                yield place, change_name(change), text
    for identifier in old:
        if identifier not in new and identifier not in consumed:
            yield last, identifier, f"is in {before.version} and gone here, and no change says so"
        unnamed = identifier in new and identifier not in consumed and identifier not in produced
        if unnamed and control_digest(old[identifier], before) != control_digest(new[identifier], standard):
            yield last, identifier, f"reads differently from {before.version}, and no change says so"
    for identifier in new:
        if identifier not in old and identifier not in produced:
            yield last, identifier, f"is not in {before.version}, and no change says where it comes from"
    for identifier in sorted(consumed & set(new) - produced):
        yield last, identifier, "is said to be gone, but is still here"


def _deed_faults(change: Change, before: Standard, standard: Standard) -> Iterator[str]:
    old, new = before.control(change.from_[0]), standard.control(change.to[0])
    assert old is not None and new is not None  # the caller looked
    kinds = set(change.kinds)
    same_rules = rules_digest(old, before) == rules_digest(new, standard)
    if kinds & {"tightened", "relaxed", "scope", "rating"} and same_rules:
        yield f"says {', '.join(change.kinds)}, but the rules are the same"
    if kinds <= {"renamed", "reworded"} and not same_rules:
        yield f"says {', '.join(change.kinds)}, but the rules differ"
    if kinds == {"renamed"} and old.statement != new.statement:
        yield "says renamed, but the statement differs too"
    if "renamed" in kinds and old.id == new.id:
        yield "says renamed, but the id is the same"
    if kinds == {"reworded"} and (old.statement, old.title) == (new.statement, new.title):
        yield "says reworded, but the text is the same"
