"""The register of bypasses: what is counted, what is refused, and what a rating check is given."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.safe.errors import InputError
from compliance_tui.shipped import shipped
from compliance_tui.standard.load import find_pack, standard_folders
from compliance_tui.standard.rating import rate as scale_rate

KIND = load_kinds()["jailbreak-register"]
SAMPLE: dict[str, Any] = json.loads((shipped("evidence") / KIND.id / KIND.sample).read_text())

# The five axes of the computed rating, its bands and modifiers, as points (ours; the standard jailbreak-risk has the anchors).
POINTS = {
    "uplift": (0, 10, 20, 30, 40), "breadth": (0, 8, 14, 20), "ease": (0, 7, 13, 20), "transfer": (0, 5, 10),
    "exposure": (0, 5, 10),
}  # fmt: skip
FLOORS = {"J0": 0, "J1": 1, "J2": 35, "J3": 60, "J4": 80}
MODIFIERS = {"detection": {"none": 0, "swept": -5, "live": -10}, "fix": {"open": 0, "interim": -10, "proven": -25}}


def band(points: int) -> str:
    return max((name for name, floor in FLOORS.items() if points >= floor), key=lambda name: FLOORS[name])


def rate(levels: dict[str, int], modifiers: dict[str, str]) -> tuple[int, str, int, str]:
    base = sum(POINTS[axis][level] for axis, level in levels.items()) if levels["uplift"] else 0
    residual = max(1, min(100, base + sum(MODIFIERS[name][option] for name, option in modifiers.items()))) if base else 0
    if modifiers["fix"] != "proven":
        bands = list(FLOORS)
        residual = max(residual, FLOORS[bands[max(0, bands.index(band(base)) - 1)]])
    return base, band(base), residual, band(residual)


def read(record: Any) -> Facts:
    return read_facts_of([("register.json", lambda: io.BytesIO(json.dumps(record).encode()))], KIND)


def values(record: Any) -> dict[str, Any]:
    return {name: fact.value for name, fact in read(record).facts.items()}


def changed(at: int, **fields: Any) -> dict[str, Any]:
    entries = [{**entry, **fields} if number == at else entry for number, entry in enumerate(SAMPLE["entries"])]
    return {**SAMPLE, "entries": entries}


def test_the_sample_is_rated_as_the_scale_says() -> None:
    for entry in SAMPLE["entries"]:
        stored = tuple(entry[name] for name in ("base", "base_band", "residual", "residual_band"))
        assert stored == rate(entry["levels"], entry["modifiers"])


def test_the_shipped_scale_rates_the_sample_in_the_same_way() -> None:
    standard = find_pack("jailbreak-risk@1.1", standard_folders()).standard
    ours, outside = standard.scale(SAMPLE["scale"]), standard.scale("cjs")
    assert ours is not None and outside is not None
    for entry in SAMPLE["entries"]:
        rating = scale_rate(ours, {axis: str(level) for axis, level in entry["levels"].items()}, entry["modifiers"])
        assert (rating.base, rating.residual_band) == (entry["base"], entry["residual_band"])
        if "cjs" in entry:
            levels = {axis: str(level) for axis, level in entry["cjs"]["levels"].items()}
            assert scale_rate(outside, levels).base_band == entry["cjs"]["band"]


def test_the_sample_gives_its_figures() -> None:
    found = values(SAMPLE)
    counts = {name: found[name] for name in ("entries", "open_entries", "incomplete_entries", "highest_open_band")}
    assert counts == {"entries": 4, "open_entries": 1, "incomplete_entries": 0, "highest_open_band": 2}
    assert (found["widest_rater_gap"], found["single_rated_entries"], found["entries_without_kit_hash"]) == (1, 0, 0)


def test_ratings_carry_what_a_check_computes_again_and_no_title_or_kit() -> None:
    ratings = [json.loads(text) for text in values(SAMPLE)["ratings"]]
    assert [one["id"] for one in ratings] == [entry["id"] for entry in SAMPLE["entries"]]
    for rating, entry in zip(ratings, SAMPLE["entries"], strict=True):
        assert not {"title", "kit_sha256", "raters", "surfaces", "owner"} & set(rating)
        assert rating == {name: entry[name] for name in rating}
        assert {"levels", "modifiers", "base", "state", "reported_at", "contained_at"} <= set(rating)
    assert values(SAMPLE)["ratings"][0] == json.dumps(ratings[0], sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize(
    ("at", "fields", "found"),
    [
        (3, {"override": {"band": "J4", "reason": "severe on its own", "by": "ben"}}, {"highest_open_band": 4}),
        (3, {"override": {"band": "J0", "reason": "we like it so", "by": "ben"}}, {"highest_open_band": 2}),
        (3, {"state": "closed"}, {"highest_open_band": 0, "open_entries": 0}),
        (3, {"state": None}, {"highest_open_band": 2, "open_entries": 1, "incomplete_entries": 1}),
        (0, {"state": "open"}, {"highest_open_band": 2, "open_entries": 2}),
        (0, {"kit_sha256": None}, {"entries_without_kit_hash": 1, "incomplete_entries": 1}),
        (0, {"surfaces": []}, {"incomplete_entries": 1}),
        (0, {"owner": None}, {"incomplete_entries": 1}),
        (0, {"base": None}, {"incomplete_entries": 1}),
        (0, {"modifiers": None}, {"incomplete_entries": 0}),
        (0, {"raters": [{"person": "a", "levels": {"uplift": 3}}]}, {"single_rated_entries": 1, "incomplete_entries": 1}),
        (0, {"raters": [{"person": "a", "levels": {}}, {"person": "a", "levels": {}}]}, {"single_rated_entries": 1}),
        (
            0,
            {"raters": [{"person": p, "levels": {"uplift": n}} for p, n in (("a", 1), ("b", 4), ("c", 2))]},
            {"widest_rater_gap": 3},
        ),
        (0, {"raters": [{"person": p, "levels": {"uplift": n}} for p, n in (("a", 1), ("b", 1.5))]}, {"widest_rater_gap": 1}),
    ],
)
def test_what_an_entry_says_is_counted(at: int, fields: dict[str, Any], found: dict[str, Any]) -> None:
    figures = values(changed(at, **fields))
    assert {name: figures[name] for name in found} == found


def test_an_open_entry_without_a_band_leaves_the_highest_open_band_unknown() -> None:
    record = changed(3, residual_band=None)
    assert "highest_open_band" not in values(record)
    assert "highest open band is not known" in " ".join(read(record).warnings)


def test_an_empty_register_says_so() -> None:
    found = read({**SAMPLE, "entries": []})
    assert (found.facts["entries"].value, found.facts["highest_open_band"].value) == (0, 0)
    assert "the register holds no entries" in found.warnings


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (changed(0, prompt="first ask it to"), r"entries\[0\].prompt is not a known field"),
        (changed(0, kit_sha256="ab"), "kit_sha256"),
        (changed(1, reported_at="2026-09-08T16:20:00"), "not an instant"),
        (changed(1, reported_at="2026-13-08"), "not an instant"),
        (changed(1, **{"class": "huge"}), "class"),
        (changed(1, state="mostly"), "state"),
        (changed(1, residual="5"), "residual"),
        (changed(1, residual_band="5"), "residual_band"),
        (changed(1, levels={"uplift": True}), "uplift"),
        (changed(1, id=None), r"entries\[1\].id"),
        (changed(1, id="JB-2026-01"), "2 entries are called JB-2026-01"),
        (changed(1, title="x" * 201), "title"),
        (changed(1, raters=[{"person": "a", "levels": {"uplift": "high"}}]), "as numbers"),
        (changed(1, override={"band": "J3", "reason": "é" * 501}), "reason"),
        (changed(1, levels={f"a-long-name-of-an-axis-{n}": "x" * 20 for n in range(21)}), "levels"),
        ({**SAMPLE, "entries": [{"id": f"e{n}"} for n in range(1001)]}, "at most 1000"),
        ({**SAMPLE, "form": "jailbreak-register/2"}, "form"),
        ({**SAMPLE, "speaks_of": "soon"}, "speaks_of"),
        ({name: value for name, value in SAMPLE.items() if name != "scale"}, "scale is missing"),
        ([], "dictionary|object|model"),
    ],
)
def test_what_a_register_does_not_know_is_refused(record: Any, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        read(record)
    assert caught.value.code == "unreadable-evidence" and "\n" not in str(caught.value)


def test_a_rating_that_is_too_long_is_refused() -> None:
    note, levels = "n" * 500, {f"axis-{n}": "x" * 20 for n in range(20)}
    record = changed(
        0, cjs={"levels": levels, "note": note}, override={"band": "J4", "reason": note, "by": note}, levels=levels,
        modifiers={"m" * 40: "o" * 40},
    )  # fmt: skip
    with pytest.raises(InputError, match=r"JB-2026-01: more than 2,000 characters"):
        read(record)


_any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["J2", "2026-01-01", "ab" * 32, 1.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["uplift", "person", "levels", "band"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(value=_any, field=st.sampled_from(sorted(SAMPLE["entries"][0])), top=st.booleans())
def test_any_shape_of_register_is_read_or_refused(value: Any, field: str, top: bool) -> None:
    record = {**SAMPLE, "entries": value} if top else changed(0, **{field: value})
    try:
        found = read(record)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert set(found.facts) <= {"speaks_of", *(fact.name for fact in KIND.facts)}
