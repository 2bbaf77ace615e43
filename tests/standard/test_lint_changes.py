"""Each fault of a list of changes, shown by a pair of versions that differs from a sound one in one thing."""

from collections.abc import Callable
from typing import Any

import pytest

from compliance_tui.standard.lint import lint
from compliance_tui.standard.lint_changes import change_faults
from tests.standard.versions import KINDS, Document, among, change, control, documents, read, scale

Tables = dict[str, Document]


def _entry(tables: Tables, version: str, kind: str, name: str = "") -> dict[str, Any]:
    """The entry of a list of changes of that kind, about that control."""
    found: dict[str, Any] = next(
        one for one in tables[version]["changes"] if kind in one["kinds"] and (not name or name in (*one["from"], *one["to"]))
    )
    return found


def _control(tables: Tables, version: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in tables[version]["controls"] if one["id"] == name)
    return found


def _without(tables: Tables, version: str, part: str, kind: str) -> None:
    tables[version][part].remove(_entry(tables, version, kind))


def _rewrite(tables: Tables, version: str, kind: str, **fields: Any) -> None:
    _entry(tables, version, kind).update(fields)


def _add(tables: Tables, version: str, *entry: Any, **fields: Any) -> None:
    before = tables[version]["standard"]["supersedes"]
    tables[version]["changes"].append({"from_version": before, **change(*entry, **fields)})


def _texts(tables: Tables, version: str) -> list[str]:
    known = {name: read(table) for name, table in tables.items()}
    return [f"{name}: {text}" for _, name, text in change_faults(known[version], known.get)]


def test_a_sound_list_has_no_fault() -> None:
    tables = documents()
    assert [_texts(tables, version) for version in tables] == [[], [], []]


FAULTS: dict[str, tuple[str, Callable[[Tables], None], str]] = {
    "to an unknown id": ("1.0", lambda t: _rewrite(t, "1.0", "renamed", to=["W-NOWHERE"]), "W-NOWHERE, which this version"),
    "from an unknown id": ("1.0", lambda t: _rewrite(t, "1.0", "renamed", **{"from": ["W-X"]}), "W-X, which 0.9 does not have"),
    "ids on the wrong side": (
        "1.0",
        lambda t: _rewrite(t, "1.0", "renamed", **{"from": ["W-NEWNAME"], "to": ["W-NAME"]}),
        "W-NAME, which this version does not have",
    ),
    "covered by an unknown id": ("1.0", lambda t: _rewrite(t, "1.0", "retired", covered_by=["W-X"]), "W-X, which this version"),
    "a control gone unsaid": ("1.0", lambda t: _without(t, "1.0", "changes", "retired"), "W-GONE: is in 0.9 and gone here"),
    "a control come unsaid": ("1.0", lambda t: _without(t, "1.0", "changes", "added"), "W-LATE: is not in 0.9"),
    "a text changed unsaid": (
        "1.0", lambda t: _control(t, "1.0", "W-KEEP").update(statement="Other."), "W-KEEP: reads differently from 0.9",
    ),
    "a rule changed unsaid": (
        "1.1", lambda t: _control(t, "1.1", "W-KEEP").update(waivable=False), "W-KEEP: reads differently from 1.0",
    ),
    "gone and still here": ("1.0", lambda t: t["1.0"]["controls"].append(control("W-GONE")), "W-GONE: is said to be gone"),
    "added and there before": (
        "1.1", lambda t: _rewrite(t, "1.1", "added", to=["W-KEEP"]), "leads to W-KEEP, which 1.0 has and no change takes up",
    ),
    "renamed onto a control that lives": (
        "1.0", lambda t: _rewrite(t, "1.0", "renamed", to=["W-KEEP"]), "leads to W-KEEP, which 0.9 has and no change takes up",
    ),
    "tightened, and nothing changed": (
        "1.0", lambda t: _control(t, "1.0", "W-AGE").update(_control(t, "0.9", "W-AGE")), "says tightened, but what is asked",
    ),
    "relaxed, and nothing changed": (
        "1.1", lambda t: _control(t, "1.1", "W-EASE").update(required=[{}], recommended=[]), "says relaxed, but what is asked",
    ),
    "scope, and nothing changed": (
        "1.1", lambda t: _control(t, "1.1", "W-WIDE").update(_control(t, "1.0", "W-WIDE")), "says scope, but what is asked",
    ),
    "rating, and nothing changed": ("1.1", lambda t: t["1.1"].update(scales=[scale(60)]), "says rating, but the rules"),
    "reworded, and nothing changed": (
        "1.0", lambda t: _control(t, "1.0", "W-WORD").update(statement="Words are many."), "but the text is the same",
    ),
    "reworded, and the rules differ": (
        "1.0", lambda t: _control(t, "1.0", "W-WORD").update(evidence=[]), "says reworded, but the rules differ",
    ),
    "renamed, and the text differs": (
        "1.0", lambda t: _control(t, "1.0", "W-NEWNAME").update(statement="x"), "says renamed, but the statement differs",
    ),
    "renamed to itself": ("1.0", lambda t: _add(t, "1.0", ["renamed"], ["W-KEEP"], ["W-KEEP"], "keep"), "the id is the same"),
    "keep for a tightened rule": ("1.0", lambda t: _rewrite(t, "1.0", "tightened", effect="keep"), "tightened asks for a"),
    "keep for a split": ("1.0", lambda t: _rewrite(t, "1.0", "split", effect="keep"), "split asks for another"),
    "recompute for a tightened rule": (
        "1.0", lambda t: _rewrite(t, "1.0", "tightened", effect="recompute"), "only recomputes a rating",
    ),
    "drop, and leads somewhere": ("1.0", lambda t: _rewrite(t, "1.0", "tightened", effect="drop"), "drops answers if and only"),
    "retired, and leads somewhere": (
        "1.0", lambda t: _rewrite(t, "1.0", "tightened", kinds=["retired"]), "says retired if and only if",
    ),
    "new, and comes from somewhere": ("1.0", lambda t: _rewrite(t, "1.0", "tightened", effect="new"), "is new if and only if"),
    "added, and comes from somewhere": (
        "1.0", lambda t: _rewrite(t, "1.0", "tightened", kinds=["added"]), "says added if and only if",
    ),
    "from nothing to nothing": ("1.0", lambda t: _add(t, "1.0", ["added"], [], [], "new"), "names no control"),
    "two things that cannot be at once": (
        "1.0", lambda t: _rewrite(t, "1.0", "retired", kinds=["retired", "merged"]), "says retired, merged at once",
    ),
    "a split to one": ("1.0", lambda t: _rewrite(t, "1.0", "split", to=["W-BOTH"]), "says split, but leads to one"),
    "a merge of one": ("1.0", lambda t: _rewrite(t, "1.0", "merged", **{"from": ["W-TWO"]}), "says merged, but comes from one"),
    "several at once without a split": (
        "1.0",
        lambda t: _rewrite(t, "1.0", "tightened", **{"from": ["W-AGE", "W-KEEP"], "to": ["W-AGE", "W-KEEP"]}),
        "which only a split does",
    ),
    "several at once without a merge": (
        "1.0", lambda t: _rewrite(t, "1.0", "tightened", **{"from": ["W-AGE", "W-KEEP"]}), "which only a merge does",
    ),
    "an id twice": ("1.0", lambda t: _rewrite(t, "1.0", "split", to=["W-BOTH", "W-HALF", "W-HALF"]), "names a control twice"),
    "from another version": (
        "1.0", lambda t: _rewrite(t, "1.0", "renamed", from_version="0.8"), "comes from 0.8, but the version supersedes 0.9",
    ),
    "from itself": ("1.0", lambda t: _rewrite(t, "1.0", "renamed", from_version="1.0"), "comes from the version itself"),
    "a circle": (
        "1.1",
        lambda t: t["0.9"].update(changes=[{"from_version": "1.1", **change(["reworded"], ["W-KEEP"], ["W-KEEP"], "keep")}]),
        "goes round in a circle: 1.1 <- 1.0 <- 0.9 <- 1.1",
    ),
    "superseding itself": (
        "1.0", lambda t: (t["1.0"].update(changes=[]), t["1.0"]["standard"].update(supersedes="1.0")), "circle: 1.0 <- 1.0",  # type: ignore[func-returns-value]
    ),
    "no list at all": ("1.0", lambda t: t["1.0"].update(changes=[]), "W-NEWNAME: is not in 0.9"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found(name: str) -> None:
    version, spoil, said = FAULTS[name]
    tables = documents()
    spoil(tables)
    assert any(said in text for text in _texts(tables, version)), _texts(tables, version)


def test_two_entries_about_one_control_are_held_together() -> None:
    tables = documents()
    _rewrite(tables, "1.1", "scope", kinds=["reworded"], effect="keep")
    _add(tables, "1.1", ["scope"], ["W-WIDE"], ["W-WIDE"], "recheck")
    _control(tables, "1.1", "W-WIDE")["statement"] = "Wider."
    assert _texts(tables, "1.1") == []


def test_a_check_may_be_worded_anew() -> None:
    tables = documents()
    _control(tables, "1.1", "W-RATE")["checks"][0]["title"] = "As stored"
    for version in ("1.0", "1.1"):
        _control(tables, version, "W-WORD").update(statement="Words are many.", guidance="Count them.")
    assert [_texts(tables, version) for version in tables] == [[], [], []]


def test_a_finding_names_the_place_of_the_change() -> None:
    tables = documents()
    _rewrite(tables, "1.0", "split", to=["W-BOTH"])
    known = {name: read(table) for name, table in tables.items()}
    findings = lint(known["1.0"], KINDS, among(*known.values()))
    assert ("changes", 3) in {finding.location for finding in findings}


def test_without_the_version_before_only_the_list_itself_is_held() -> None:
    table = documents()["1.0"]
    assert list(change_faults(read(table), lambda version: None)) == []
