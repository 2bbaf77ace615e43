"""A pack that is wrong is refused with its place; one that is unwise is told so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.standard.lint import lint
from compliance_tui.standard.load import find_pack, load_standard, read_pack, version_key
from tests.assessment.sample import STANDARD, pack
from tests.standard.versions import KINDS as WALK_KINDS
from tests.standard.versions import Document, documents, limit, read, scale

KINDS = {"policy-doc": {"present"}, "canary-test": {"detected", "seeded"}}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('op = ">="\nby', 'op = "~"\nby', "line 64: controls[1].checks[0].op"),
        ('id = "S-02"\ngroup', 'id = "s-01"\ngroup', "stands twice"),
        ('group = "G"\ntitle = "Recall"', 'group = "G"\ntitel = "Recall"', "titel is not a known field"),
        ('statement = "There is a policy."', "", "statement is missing"),
        ('id = "S-01"', 'id = "../S"', "controls[0].id"),
        ("max_age_days = 100", "max_age_days = 0", "max_age_days"),
        ('successes = "detected"', "", "name successes and trials"),
    ],
)
def test_a_wrong_pack_is_refused_with_file_line_and_field(old: str, new: str, said: str) -> None:
    content = STANDARD.replace(old, new, 1)
    assert content != STANDARD
    with pytest.raises(InputError) as caught:
        load_standard(content.encode(), "packs/small/1.0.toml")
    assert "packs/small/1.0.toml, line " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('group = "G"', 'group = "H"', "group H, which is not declared"),
        ('kinds = ["policy-doc"]', 'kinds = ["poem"]', "kind poem"),
        ('seats = ["security"]', 'seats = ["pope"]', "seat pope"),
        ('from = { tier = "T2" } }]\nmay', 'from = { tier = "T9" } }]\nmay', "T9, which is none of its values"),
        ('is = { profile = ["open"] }, until', 'is = { colour = ["open"] }, until', "axis colour, which is not declared"),
        ('control = "S-02"', 'control = "S-99"', "S-99, which is no control"),
        ('evidence = "canary-test"\nstatistic', 'evidence = "policy-doc"\nstatistic', "which the control does not ask for"),
        ("T1 = 0.80, T2 = 0.95", "T1 = 0.80, T7 = 0.95", "T7, which is not declared"),
        ("T1 = 0.80, T2 = 0.95 } }", 'T1 = 0.99, T2 = 0.95 } }\nmonotone = "rising"', "not rising"),
    ],
)
def test_lint_finds_what_an_author_would_miss(old: str, new: str, said: str) -> None:
    content = STANDARD.replace(old, new, 1)
    assert content != STANDARD
    texts = [finding.text for finding in lint(load_standard(content.encode(), "x"), KINDS)]
    assert any(said in text for text in texts), texts


def test_lint_has_nothing_to_say_about_a_sound_pack() -> None:
    assert lint(load_standard(STANDARD.encode(), "x"), KINDS) == []


def _first_check(table: Document, **fields: Any) -> None:
    table["controls"][9]["checks"][0].update(fields)


FAULTS: dict[str, tuple[Callable[[Document], object], str]] = {
    "a scale twice": (lambda t: t["scales"].append(scale(60)), "stands twice"),
    "a band twice": (lambda t: t["scales"][0]["bands"].append({"id": "low", "floor": 70}), "has the band low twice"),
    "floors that fall": (lambda t: t["scales"][0]["bands"][1].update(floor=-1), "bands whose floors do not rise"),
    "points that fall": (lambda t: t["scales"][0]["axes"][0]["levels"][2].update(points=1), "fewer points to a higher level"),
    "an unknown zero axis": (lambda t: t["scales"][0].update(zero_axis="charm"), "zero axis charm, which is none"),
    "an unknown modifier": (lambda t: t["scales"][0].update(most_bands_down_until="fix=now"), "fix=now, which is none of its"),
    "an unknown axis in a clock": (
        lambda t: t["scales"][0].update(hastened=[{"from": {"rank": "T1"}, "clocks": ["fix"], "percent": 50}]),
        "axis rank, which is not declared",
    ),
    "an unknown scale": (lambda t: _first_check(t, scale="charm"), "scale charm, which is not declared"),
    "an unknown band": (lambda t: _first_check(t, from_band="J9"), "band J9, which severity does not have"),
    "an empty chapter": (lambda t: t["groups"].append({"id": "H", "title": "H"}), "holds no control"),
    "a control for nobody": (lambda t: t["controls"][0].pop("required"), "never required nor recommended"),
    "a control that asks for nothing": (
        lambda t: t["controls"][0].update(evidence=[], sign_offs=[]), "an answer alone would satisfy it",
    ),
    "a control without words": (lambda t: t["controls"][0].update(statement=" "), "has no statement"),
    "a control that nothing satisfies": (
        lambda t: t["controls"][0].update(blocked=[{"reason": "never"}]), "blocked wherever it is required",
    ),
    "a check that nothing answers": (
        lambda t: t["controls"][9]["evidence"][0].update(when=[{"from": {"tier": "T3"}}]), "where no jailbreak-register",
    ),
    "a bound on the wrong side": (
        lambda t: t["controls"][0].update(
            checks=[{**limit(1), "statistic": "lcb95", "successes": "days", "trials": "days", "op": "<="}]
        ),
        "holds a bound against the wrong side",
    ),
    "a check twice": (lambda t: t["controls"][0].update(checks=[limit(1), limit(2)]), "has two checks days"),
    "an unknown source": (lambda t: t["controls"][0].update(references=["iso:A.5"]), "whose source is not declared"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_lint_finds_each_fault_that_a_sound_pack_does_not_have(name: str) -> None:
    spoil, said = FAULTS[name]
    table = documents()["1.1"]
    assert lint(read(table), WALK_KINDS) == []
    spoil(table)
    texts = [finding.text for finding in lint(read(table), WALK_KINDS)]
    assert any(said in text for text in texts), texts


def test_json_of_the_same_model_is_the_same_standard(tmp_path: Path) -> None:
    standard = pack(tmp_path).standard
    path = tmp_path / "packs/small/1.0.json"
    path.write_bytes(dump_json(standard.model_dump(by_alias=True, exclude_defaults=True)))
    assert read_pack(path).standard == standard


def test_the_newest_version_is_meant_when_none_is_named(tmp_path: Path) -> None:
    for version in ("1.9", "1.10", "1.2"):
        path = tmp_path / "small" / f"{version}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(STANDARD.replace('version = "1.0"', f'version = "{version}"'))
    assert find_pack("small", [tmp_path]).standard.version == "1.10"
    assert find_pack("small@1.2", [tmp_path]).standard.version == "1.2"
    with pytest.raises(InputError, match=r"known are small@1\.10"):
        find_pack("large", [tmp_path])


def test_versions_are_ordered_by_number() -> None:
    assert sorted(["1.10", "1.2", "1.0-rc1", "1.0"], key=version_key) == ["1.0", "1.0-rc1", "1.2", "1.10"]


@given(st.binary(max_size=400))
def test_any_bytes_are_a_standard_or_refused(content: bytes) -> None:
    for json in (False, True):
        with pytest.raises(InputError):
            load_standard(content, "x", json=json)
