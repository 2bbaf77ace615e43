"""The difference of two versions as a person reads it."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compliance_tui.cli.output_schemas import DIFF
from compliance_tui.standard.diff import Difference, VersionDiff, diff, diff_json, word_diff
from tests.standard.versions import among, change, control, document, documents, limit, read, standards

_TEXTS = st.lists(st.sampled_from(["a", "b", "the", "limit", " ", "\n", "\n\n", "\t", "é", "10", "10."]), max_size=30).map(
    "".join
)


@settings(deadline=None)
@given(_TEXTS, _TEXTS)
@example("the limit", "the limit\n")
@example("", " ")
@example("a\nb", "a b")
def test_a_word_diff_gives_both_texts_back(old: str, new: str) -> None:
    parts = word_diff(old, new)
    assert "".join(text for sign, text in parts if sign in "=+") == new
    assert "".join("".join(text for sign, text in parts if sign in "=-").split()) == "".join(old.split())
    assert all(text for _, text in parts)


def test_a_line_broken_elsewhere_is_no_change_of_words() -> None:
    parts = word_diff("The limit\nis ten days.", "The limit is\nnine days.")
    assert [(sign, text.strip()) for sign, text in parts] == [
        ("=", "The limit is"), ("-", "ten"), ("+", "nine"), ("=", "days."),
    ]  # fmt: skip


def test_texts_too_long_to_compare_are_shown_whole() -> None:
    assert word_diff("", "a " * 5000) == (("+", "a " * 5000),)
    assert word_diff("a " * 5000, "b") == (("-", "a " * 5000), ("+", "b"))


def _diff(old: str, new: str) -> VersionDiff:
    there = standards()
    return diff(there[old], there[new], among(*there.values()))


def _about(found: VersionDiff, identifier: str) -> Difference:
    return next(one for one in found.differences if identifier in (*one.move.new, *one.move.old))


def test_several_kinds_on_one_id_at_once() -> None:
    one = _about(_diff("1.0", "1.1"), "W-ONE")
    assert (one.move.kinds, one.move.effect) == (("merged", "tightened"), "recheck")
    assert one.move.notes == ("late belongs to one", "two sign")


def test_texts_limits_and_rules_before_and_after() -> None:
    found = _diff("0.9", "1.1")
    tier = _about(found, "W-TIER")
    assert tier.rules_before == ("check days: days <= 30 at T1, 20 at T2, 20 at T3",)
    assert tier.rules_after == ("check days: days <= 30 at T1, 20 at T2, 10 at T3",)
    assert _about(found, "W-AGE").rules_after == ("evidence: policy-doc, at most 30 days old",)
    word = _about(found, "W-WORD")
    assert [(text.field, text.parts) for text in word.texts] == [
        ("statement", (("=", "Words are"), ("-", " many."), ("+", " few.")))
    ]
    assert (word.rules_before, word.rules_after) == ((), ())


def test_the_scale_that_changed_is_shown_with_its_figures() -> None:
    rate = _about(_diff("1.0", "1.1"), "W-RATE")
    assert (rate.rules_before, rate.rules_after) == (
        ("severity high: from 60 points",),
        ("severity high: from 50 points",),
    )


def test_of_a_merge_and_a_split_only_the_rules_are_shown_that_moved() -> None:
    asks = {"checks": [limit(3)]}
    old = read(document("1", [control("A"), control("B", **asks), control("S", **asks)]))
    changes = [change(["merged"], ["A", "B"], ["A"], "recheck"), change(["split"], ["S"], ["S", "T"], "recheck")]
    new = read(document("2", [control("A", **asks), control("S"), control("T", **asks)], changes, "1"))
    found = diff(old, new, among(old, new))
    merged, split = _about(found, "A"), _about(found, "T")
    assert (merged.rules_before, merged.rules_after) == (("B: check days: days <= 3",), ("check days: days <= 3",))
    assert (split.rules_before, split.rules_after) == (("check days: days <= 3",), ("T: check days: days <= 3",))


@pytest.mark.parametrize(
    ("identifier", "affects"),
    [
        ("W-TIER", ["tier T3"]),
        ("W-WIDE", ["profile api"]),
        ("W-EASE", ["tier T0"]),
        ("W-AGE", ["everybody"]),
        ("W-WORD", ["nobody: the rules in force are the same"]),
        ("W-FRESH", ["everybody"]),
    ],
)
def test_whom_a_change_concerns(identifier: str, affects: list[str]) -> None:
    assert list(_about(_diff("0.9", "1.1"), identifier).affects) == affects


def _affects(before: dict[str, Any], after: dict[str, Any], kinds: list[str], **axes: Any) -> list[str]:
    old = read(document("1", [control("A", **before)]))
    entry = change(kinds, ["A"] if before != {"gone": 1} else [], ["A"], "recheck")
    new = read(document("2", [control("A", **after)], [entry], "1") | axes)
    return list(_about(diff(old, new, among(old, new)), "A").affects)


def test_only_certain_pairs_of_axis_values_are_concerned() -> None:
    ruled = [{"is": {"profile": ["open"]}, "from": {"tier": "T2"}}]
    assert _affects({"recommended": [{}], "required": ruled}, {"required": [{}]}, ["scope"]) == [
        "profile api",
        "profile open, tier T0 or T1",
    ]


def test_a_rule_that_ends_with_publication_is_a_difference() -> None:
    assert _affects({}, {"required": [{"until": "publication"}]}, ["relaxed"]) == ["everybody"]


def test_an_axis_that_got_a_new_value_is_compared_by_the_values_of_both() -> None:
    tiers = [{"id": f"T{number}", "title": "t"} for number in range(5)]
    axes = [{"id": "tier", "title": "Tier", "ordered": True, "values": tiers}]
    before, after = {"checks": [limit({"T1": 3, "T2": 2})]}, {"checks": [limit({"T1": 3, "T2": 1, "T4": 1})]}
    assert _affects(before, after, ["tightened"], axes=axes) == ["tier T2"]


def test_a_control_that_comes_or_goes_concerns_those_to_whom_it_applies() -> None:
    applies = {"required": [{"is": {"profile": ["open"]}, "from": {"tier": "T1"}}]}
    small, large = read(document("1", [control("B")])), document("2", [control("B"), control("A", **applies)])
    large["changes"] = [{**change(["added"], [], ["A"], "new"), "from_version": "1"}]
    grown = read(large)
    for old, new in ((small, grown), (grown, small)):
        one = _about(diff(old, new, among(old, new)), "A")
        assert one.affects == ("profile open, tier T1 or T2 or T3",)


def test_unlinked_ends_of_one_entry_are_not_compared() -> None:
    """A split whose one half is merged with another control: that one did not become the other half."""
    old = read(document("1", [control("A", "a and b"), control("C", "c")]))
    changes = [change(["split"], ["A"], ["A", "B"], "recheck"), change(["merged"], ["A", "C"], ["B"], "recheck")]
    new = read(document("2", [control("A", "a"), control("B", "b and c")], changes, "1"))
    one = _about(diff(old, new, among(old, new)), "C")
    assert {(text.old, text.new) for text in one.texts} == {("A", "A"), ("A", "B"), ("C", "B")}


def test_entries_stand_in_the_order_of_the_new_version() -> None:
    found = _diff("0.9", "1.1")
    order = [one.id for one in standards()["1.1"].controls]
    shown = [one.move.new[0] for one in found.differences if one.move.new]
    assert shown == sorted(shown, key=order.index)
    assert not any(one.move.new for one in found.differences[len(shown) :])


def test_a_version_differs_from_itself_in_nothing() -> None:
    one = standards()["1.1"]
    assert diff(one, one, among(one)).differences == ()


def test_the_json_says_all_of_it_and_fits_its_schema() -> None:
    document_ = json.loads(json.dumps(diff_json(_diff("0.9", "1.1"))))
    assert (document_["from"], document_["to"], document_["guessed"]) == ("walk@0.9", "walk@1.1", False)
    entry = next(one for one in document_["changes"] if one["to"] == ["W-TIER"])
    assert entry["rules"]["after"] == ["check days: days <= 30 at T1, 20 at T2, 10 at T3"]
    wanted = DIFF["properties"]["changes"]["items"]
    for one in document_["changes"]:
        assert set(one) == set(wanted["required"])
        assert one["effect"] in wanted["properties"]["effect"]["enum"]


def test_a_guess_says_so() -> None:
    tables = documents()
    tables["1.1"]["changes"] = []
    old, new = read(tables["0.9"]), read(tables["1.1"])
    found = diff(old, new, among(old, new))
    assert found.guessed
    assert diff_json(found)["guessed"] is True
