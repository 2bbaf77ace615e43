"""A map between two versions that do not say what changed: by content, by id, by likeness. A guess, and marked as one."""

from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from compliance_tui.safe.language import message
from compliance_tui.standard.changes import SAME_CONTENT, Changes, Fate, Link, by_content, same_id
from compliance_tui.standard.digest import control_digest
from compliance_tui.standard.model import Control, Standard

_ALIKE = 0.75
_SHARED_WORDS = 0.5
_CANDIDATES = 3
_COMPARED = 1_000


def guess(old: Standard, new: Standard) -> Changes:
    """The map from ``old`` to ``new``: the same content under any id, the same id, else the text that is most alike."""
    left = {control.id: control for control in new.controls}
    found: dict[str, Link] = {}
    asked = {control.id: control_digest(control) for control in old.controls}
    asked_now = {control.id: control_digest(control) for control in new.controls}

    def open_ends() -> list[Control]:
        return [control for control in old.controls if control.id not in found]

    def keep_ids(wanted: Callable[[Control], bool]) -> None:
        for control in open_ends():
            if control.id in left and wanted(control):
                found[control.id] = same_id(control, left.pop(control.id), old, new)

    keep_ids(lambda control: asked[control.id] == asked_now[control.id])
    same_content = by_content(left.values(), new)
    for control in open_ends():
        if (same := same_content.pop(asked[control.id], None)) is not None:
            left.pop(same)
            found[control.id] = Link(control.id, same, ("renamed",), "keep", (SAME_CONTENT,))
    keep_ids(lambda control: True)
    retired: dict[str, Fate] = {}
    for gone, target in _alike(open_ends(), list(left.values())).items():
        if target is None:
            retired[gone] = Fate(("retired",), (message("no control with this id or a text like it"),))
        else:
            left.pop(target)
            found[gone] = Link(gone, target, ("renamed",), "recheck", (message("guessed: the text is alike"),))
    links = tuple(found[control.id] for control in old.controls if control.id in found)
    return Changes(links, {name: Fate(("added",)) for name in left}, retired, guessed=True)


def _alike(old: Sequence[Control], new: Sequence[Control]) -> dict[str, str | None]:
    """For each old control the free new one whose text is most alike, or None. Shared words first, their order after."""
    words = {control.id: _words(control) for control in new}
    texts = {control.id: control.statement.split()[:_COMPARED] for control in new}
    holders: dict[str, list[str]] = {}
    for name, its in words.items():
        for word in its:
            holders.setdefault(word, []).append(name)
    taken: set[str] = set()
    found: dict[str, str | None] = {}
    for control in old:
        mine = _words(control)
        shared = Counter(name for word in mine for name in holders.get(word, ()) if name not in taken)
        ranked = sorted(shared, key=lambda name: (-shared[name] / len(mine | words[name]), name))[:_CANDIDATES]
        found[control.id] = None
        for name in ranked:
            if shared[name] / len(mine | words[name]) < _SHARED_WORDS:
                break
            matcher = SequenceMatcher(None, control.statement.split()[:_COMPARED], texts[name], autojunk=False)
            if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE:
                found[control.id] = name
                taken.add(name)
                break
    return found


def _words(control: Control) -> set[str]:
    return set(f"{control.title} {control.statement}".lower().split())
