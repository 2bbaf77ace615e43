"""Whether a list of changes adds up: the old set with the changes gives the new one, and each change did what it says."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

from compliance_tui.safe.language import message
from compliance_tui.standard.changes import versions_before
from compliance_tui.standard.digest import control_digest, rules_digest, scales_digest, wording
from compliance_tui.standard.model import Change, ChangeKind, Standard

# Place in the list of changes, what the fault is about, and the fault.
_Fault = tuple[int, str, str]
_KEEPS: set[ChangeKind] = {"renamed", "reworded", "relaxed"}
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
    return message("change {from_} -> {to}", from_=", ".join(change.from_) or "nothing", to=", ".join(change.to) or "nothing")


def _own_faults(change: Change, standard: Standard, ids: set[str]) -> Iterator[str]:
    for identifier in (*change.to, *change.covered_by):
        if identifier not in ids:
            yield message("names {identifier}, which this version does not have", identifier=identifier)
    if not change.from_ and not change.to:
        yield message("names no control")
    if (change.effect == "new") != (not change.from_):
        yield message("is new if and only if it comes from nowhere")
    if (change.effect == "drop") != (not change.to):
        yield message("drops answers if and only if it leads nowhere")
    yield from _shape_faults(change)
    if change.effect == "keep" and not set(change.kinds) <= _KEEPS:
        yield message(
            "keeps old answers, but {kinds} asks for another look",
            kinds=", ".join(kind for kind in change.kinds if kind not in _KEEPS),
        )
    if change.effect == "recompute" and not ("rating" in change.kinds and set(change.kinds) <= {*_KEEPS, "rating"}):
        yield message("only recomputes a rating, but its kinds say more than that")
    if standard.standard.supersedes and change.from_version != standard.standard.supersedes:
        yield message(
            "comes from {from_version}, but the version supersedes {supersedes}",
            from_version=change.from_version,
            supersedes=standard.standard.supersedes,
        )
    if change.from_version == standard.version:
        yield message("comes from the version itself")


def _shape_faults(change: Change) -> Iterator[str]:
    """Whether what a change leads from and to is what its kinds say; each end that stands twice would be taken for two."""
    kinds, sources, targets = set(change.kinds), len(change.from_), len(change.to)
    if kinds & {"added", "retired"} and len(kinds) > 1:
        yield message("says {kinds} at once", kinds=", ".join(change.kinds))
    if ("added" in kinds) != (sources == 0):
        yield message("says added if and only if it comes from nowhere")
    if ("retired" in kinds) != (targets == 0):
        yield message("says retired if and only if it leads nowhere")
    if "split" in kinds and targets < 2:
        yield message("says split, but leads to one control")
    if "merged" in kinds and sources < 2:
        yield message("says merged, but comes from one control")
    if sources and targets > 1 and "split" not in kinds:
        yield message("leads to several controls, which only a split does; give each its own change")
    if targets and sources > 1 and "merged" not in kinds:
        yield message("comes from several controls, which only a merge does; give each its own change")
    if len(set(change.from_)) < sources or len(set(change.to)) < targets:
        yield message("names a control twice")


def _circle(standard: Standard, version: Callable[[str], Standard | None]) -> Iterator[_Fault]:
    seen, at = [standard.version], standard
    while (source := min(versions_before(at), default=None)) is not None and len(seen) < _MOST_STEPS:
        if source in seen:
            yield (
                0,
                message("the list of changes"),
                message("goes round in a circle: {versions}", versions=" <- ".join([*seen, source])),
            )
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
                yield (
                    place,
                    change_name(change),
                    message("names {identifier}, which {version} does not have", identifier=identifier, version=before.version),
                )
        for identifier in change.to:
            if identifier in old and identifier not in consumed:
                yield (
                    place,
                    change_name(change),
                    message(
                        "leads to {identifier}, which {version} has and no change takes up",
                        identifier=identifier,
                        version=before.version,
                    ),
                )
        if len(change.from_) == len(change.to) == 1 and change.from_[0] in old and change.to[0] in new:
            said = {
                kind
                for _, one in changes
                for kind in one.kinds
                if {*change.from_} <= {*one.from_} and {*change.to} <= {*one.to}
            }
            for text in _deed_faults(change, said, before, standard):
                yield place, change_name(change), text
    for identifier in old:
        if identifier not in new and identifier not in consumed:
            yield last, identifier, message("is in {version} and gone here, and no change says so", version=before.version)
        unnamed = identifier in new and identifier not in consumed and identifier not in produced
        if unnamed and control_digest(old[identifier]) != control_digest(new[identifier]):
            yield last, identifier, message("reads differently from {version}, and no change says so", version=before.version)
    for identifier in new:
        if identifier not in old and identifier not in produced:
            yield (
                last,
                identifier,
                message("is not in {version}, and no change says where it comes from", version=before.version),
            )
    for identifier in sorted(consumed & set(new) - produced):
        yield last, identifier, message("is said to be gone, but is still here")


def _deed_faults(change: Change, said: AbstractSet[ChangeKind], before: Standard, standard: Standard) -> Iterator[str]:
    """Whether a change from one control to one did what its kinds say; ``said`` is what all changes say of the two."""
    old, new = before.control(change.from_[0]), standard.control(change.to[0])
    assert old is not None and new is not None  # the caller looked
    kinds = set(change.kinds)
    same_rules = rules_digest(old) == rules_digest(new)
    same_question = control_digest(old) == control_digest(new)
    if kinds & {"tightened", "relaxed", "scope"} and same_question:
        yield message("says {kinds}, but what is asked is the same", kinds=", ".join(change.kinds))
    same_scales = scales_digest(old, before) == scales_digest(new, standard)
    if "rating" in kinds and same_rules and same_scales:
        yield message("says rating, but the rules and the scale are the same")
    if said <= {"renamed", "reworded"} and not same_rules:
        yield message("says {kinds}, but the rules differ", kinds=", ".join(change.kinds))
    if said == {"renamed"} and old.statement != new.statement:
        yield message("says renamed, but the statement differs too")
    if "renamed" in kinds and old.id == new.id:
        yield message("says renamed, but the id is the same")
    if "reworded" in kinds and (old.statement, wording(old)) == (new.statement, wording(new)):
        yield message("says reworded, but the text is the same")
