"""The map between any two versions: steps compose, nothing gets lost, and what is guessed says so."""

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.standard.changes import Changes, changes_between, moves
from compliance_tui.standard.lint_changes import change_faults
from compliance_tui.standard.model import Standard
from tests.standard.versions import among, change, control, document, documents, limit, read, standards

# Worked out by hand from the two lists of changes: old id, new id, what happened on the way, what it does to the answer.
WHOLE_WAY = {
    ("W-KEEP", "W-KEEP"): ((), "keep"),
    ("W-NAME", "W-NEWNAME"): (("renamed",), "keep"),
    ("W-WORD", "W-WORD"): (("reworded",), "keep"),
    ("W-AGE", "W-AGE"): (("tightened",), "recheck"),
    ("W-EASE", "W-EASE"): (("relaxed",), "keep"),
    ("W-BOTH", "W-BOTH"): (("split",), "recheck"),
    ("W-BOTH", "W-HALF"): (("split",), "recheck"),
    ("W-ONE", "W-ONE"): (("merged", "tightened"), "recheck"),
    ("W-TWO", "W-ONE"): (("merged", "tightened"), "recheck"),
    ("W-WIDE", "W-WIDE"): (("scope",), "recheck"),
    ("W-RATE", "W-RATE"): (("rating",), "recompute"),
    ("W-MOVE", "W-MOVED"): (("renamed", "split"), "recheck"),
    ("W-MOVE", "W-APART"): (("renamed", "split"), "recheck"),
    ("W-TIER", "W-TIER"): (("tightened",), "recheck"),
}
BACK = {
    ("W-NEWNAME", "W-NAME"): "keep",
    ("W-AGE", "W-AGE"): "keep",
    ("W-EASE", "W-EASE"): "recheck",
    ("W-BOTH", "W-BOTH"): "recheck",
    ("W-HALF", "W-BOTH"): "recheck",
    ("W-ONE", "W-TWO"): "recheck",
    ("W-WIDE", "W-WIDE"): "recheck",
    ("W-APART", "W-MOVE"): "recheck",
    ("W-KEEP", "W-KEEP"): "keep",
}


def _between(old: str, new: str, *known: Standard) -> Changes:
    there = {one.version: one for one in known or standards().values()}
    return changes_between(there[old], there[new], among(*there.values()))


def _links(found: Changes) -> dict[tuple[str, str], Any]:
    return {(link.old, link.new): (link.kinds, link.effect) for link in found.links}


def test_the_whole_way_is_the_steps_put_together() -> None:
    found = _between("0.9", "1.1")
    assert _links(found) == WHOLE_WAY
    assert set(found.added) == {"W-FRESH"}
    assert {name: fate.covered_by for name, fate in found.retired.items()} == {"W-GONE": ("W-ONE",), "W-LEAVE": ()}
    assert not found.guessed


def test_a_control_that_came_and_went_between_is_in_neither_list() -> None:
    found = _between("0.9", "1.1")
    assert "W-SHORT" not in {*found.added, *found.retired, *(link.new for link in found.links)}


def test_the_way_back_asks_again_where_it_was_eased() -> None:
    found = _links(_between("1.1", "0.9"))
    assert {pair: found[pair][1] for pair in BACK} == BACK
    back = _between("1.1", "0.9")
    assert set(back.retired) == {"W-FRESH"}
    assert set(back.added) == {"W-GONE", "W-LEAVE"}


def test_what_nobody_explained_is_rechecked_in_both_directions() -> None:
    tables = documents()
    tables["1.0"]["controls"][0]["statement"] = "Something else holds."
    known = [read(table) for table in tables.values()]
    for old, new in (("0.9", "1.0"), ("1.0", "0.9"), ("0.9", "1.1"), ("1.1", "0.9")):
        kinds, effect = _links(_between(old, new, *known))["W-KEEP", "W-KEEP"]
        assert (kinds, effect) == (("reworded",), "recheck"), (old, new)


def test_what_stands_beside_the_question_may_change_unsaid_and_is_shown() -> None:
    tables = documents()
    tables["1.0"]["controls"][0] |= {"guidance": "Look twice.", "counts_from": "2027-01-01"}
    tables["1.0"]["controls"][-3]["checks"][0]["title"] = "Other title"
    found = _between("0.9", "1.0", *map(read, tables.values()))
    assert _links(found)["W-KEEP", "W-KEEP"] == (("reworded",), "keep")
    assert _links(found)["W-TIER", "W-TIER"] == (("reworded",), "keep")
    note = next(link.notes[0] for link in found.links if link.old == "W-KEEP")
    assert "guidance, first day" in note


def test_a_split_is_one_entry_and_so_is_a_merge() -> None:
    found = {(move.old, move.new): move for move in moves(_between("0.9", "1.1"))}
    assert found[("W-MOVE",), ("W-MOVED", "W-APART")].kinds == ("renamed", "split")
    assert found[("W-ONE", "W-TWO"), ("W-ONE",)].effect == "recheck"
    assert found[("W-GONE",), ()].covered_by == ("W-ONE",)
    assert (("W-KEEP",), ("W-KEEP",)) not in found


def test_a_version_that_changed_nothing_does_not_break_the_way() -> None:
    tables = documents()
    quiet = documents()["1.0"]
    quiet["standard"] |= {"version": "1.0.1", "supersedes": "1.0"}
    quiet["changes"] = []
    for one in tables["1.1"]["changes"]:
        one["from_version"] = "1.0.1"
    tables["1.1"]["standard"]["supersedes"] = "1.0.1"
    found = _between("0.9", "1.1", *map(read, [*tables.values(), quiet]))
    assert not found.guessed
    assert _links(found) == WHOLE_WAY


def test_a_circle_is_refused() -> None:
    tables = documents()
    tables["0.9"]["changes"] = [{**change(["reworded"], ["W-KEEP"], ["W-KEEP"], "keep"), "from_version": "1.1"}]
    known = [read(table) for table in tables.values()]
    other = read(document("2.0", [control("W-KEEP")]))
    with pytest.raises(InputError, match="circle"):
        changes_between(other, known[2], among(*known))


def test_without_a_list_it_is_guessed_by_content_then_id_then_likeness() -> None:
    words = "Each {} is counted, named, and owned by a person who answers for it every month."
    before = [
        control("A-1", "Stays."), control("A-2", "Is renamed only."), control("A-3", "Changes."),
        control("A-4", words.format("copy")), control("A-5", "Goes away."),
    ]  # fmt: skip
    after = [
        control("A-3", "Changed entirely."), control("B-2", "Is renamed only."), control("A-1", "Stays."),
        control("B-4", words.format("file")), control("B-6", "Unheard of."),
    ]  # fmt: skip
    old, new = read(document("1", before)), read(document("2", after))
    found = changes_between(old, new, among(old, new))
    assert found.guessed
    assert _links(found) == {
        ("A-1", "A-1"): ((), "keep"),
        ("A-2", "B-2"): (("renamed",), "keep"),
        ("A-3", "A-3"): (("reworded",), "recheck"),
        ("A-4", "B-4"): (("renamed",), "recheck"),
    }
    assert (set(found.added), set(found.retired)) == ({"B-6"}, {"A-5"})


def test_controls_that_ask_alike_keep_their_own_ids() -> None:
    """Imported catalogues hold many controls without words of their own, and some that repeat each other."""
    names = ["C-1", "C-2", "C-3", "C-4"]
    old = read(document("1", [control(name, "") for name in names] + [control("D-1", "Twice."), control("D-2", "Twice.")]))
    new = read(document("2", [control(name, "") for name in reversed(names[1:])] + [control("D-2", "Twice.")]))
    found = changes_between(old, new, among(old, new))
    assert {link.old: link.new for link in found.links} == {"C-2": "C-2", "C-3": "C-3", "C-4": "C-4", "D-2": "D-2"}
    assert set(found.retired) == {"C-1", "D-1"}


def test_another_standard_is_never_taken_for_the_next_version() -> None:
    old = standards()["1.0"]
    table = documents()["1.1"]
    table["standard"]["id"] = "other"
    assert changes_between(old, read(table), among(old)).guessed
    table["standard"]["version"] = "1.0"
    assert changes_between(old, read(table), among(old)).guessed


def test_other_bytes_under_the_same_version_are_compared_as_a_guess() -> None:
    old, table = standards()["1.0"], documents()["1.0"]
    assert not changes_between(old, read(table), among(old)).guessed
    table["controls"][0]["statement"] = "Something else holds."
    found = changes_between(old, read(table), among(old))
    assert found.guessed
    assert _links(found)["W-KEEP", "W-KEEP"] == (("reworded",), "recheck")


def _history(seed: int) -> list[Standard]:
    """Up to five versions, each with a list of changes that adds up, by drawing lots."""
    lots = random.Random(seed)
    names: Iterator[str] = (f"H-{number}" for number in range(1000))
    current = {name: control(name) for name, _ in zip(names, range(lots.randint(1, 6)), strict=False)}
    found = [read(document("1", list(current.values())))]
    for number in range(2, lots.randint(3, 6)):
        changes, after = [], {}
        left = sorted(current)
        lots.shuffle(left)
        while left:
            name = left.pop()
            kind = lots.choice(["", "renamed", "reworded", "tightened", "retired", "split", "merged"])
            if kind == "retired" and (left or after):
                changes.append(change([kind], [name], [], "drop"))
            elif kind == "renamed":
                new = next(names)
                changes.append(change([kind], [name], [new], "keep"))
                after[new] = {**current[name], "id": new}
            elif kind == "reworded":
                changes.append(change([kind], [name], [name], "keep"))
                after[name] = {**current[name], "statement": f"{name} in version {number}."}
            elif kind == "tightened":
                changes.append(change([kind], [name], [name], "recheck"))
                after[name] = {**current[name], "checks": [limit(100 - number)]}
            elif kind == "split":
                new = next(names)
                changes.append(change([kind], [name], [name, new], "recheck"))
                after |= {one: control(one, f"{one} is a part in {number}.") for one in (name, new)}
            elif kind == "merged" and left:
                other = left.pop()
                changes.append(change([kind], [name, other], [name], "recheck"))
                after[name] = control(name, f"{name} and {other} hold.")
            else:
                after[name] = current[name]
        if lots.random() < 0.5:
            new = next(names)
            changes.append(change(["added"], [], [new], "new"))
            after[new] = control(new)
        current = after
        found.append(read(document(str(number), list(current.values()), changes, str(number - 1))))
    return found


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_any_history_composes_and_loses_nothing(seed: int) -> None:
    known = _history(seed)
    version = among(*known)
    for standard in known:
        assert list(change_faults(standard, version)) == []
    first, last = known[0], known[-1]
    stepwise = {(one.id, one.id): "keep" for one in first.controls}
    for before, after in pairwise(known):
        step = _links(changes_between(before, after, version))
        walked: dict[tuple[str, str], str] = {}
        for (origin, at), effect in stepwise.items():
            for (old, new), (_, next_effect) in step.items():
                if old == at and walked.get((origin, new)) != "recheck":
                    walked[origin, new] = "recheck" if "recheck" in (effect, next_effect) else "keep"
        stepwise = walked
    found = changes_between(first, last, version)
    assert not found.guessed
    assert {pair: effect for pair, (_, effect) in _links(found).items()} == stepwise
    for old, new, way in ((first, last, found), (last, first, changes_between(last, first, version))):
        linked = {link.old for link in way.links}, {link.new for link in way.links}
        assert {one.id for one in old.controls} == linked[0] | set(way.retired)
        assert linked[0].isdisjoint(way.retired)
        assert {one.id for one in new.controls} == linked[1] | set(way.added)
        assert linked[1].isdisjoint(way.added)
