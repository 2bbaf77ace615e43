"""The shipped pack says what its table says."""

import pytest

from compliance_tui.evidence.kind import load_kinds
from compliance_tui.shipped import shipped
from compliance_tui.standard.levels import level
from compliance_tui.standard.lint import lint
from compliance_tui.standard.load import read_pack
from compliance_tui.standard.model import Standard

R, r, N = "required", "recommended", "not-applicable"
# control: API-only, staged, open weights, first tier at which it is required
TABLE = """
GOV-01 RRR T0|GOV-03 RRR T1|WGT-01 RRp T0|WGT-02 RRp T0|WGT-03 RRp T1|WGT-04 RRp T1|WGT-05 RRp T2|ACC-01 RRR T0|ACC-02 RRR T0
ACC-03 RRR T1|ACC-04 RRR T1|SDL-01 RRR T0|SDL-02 RRR T0|SDL-03 RRR T1|SUP-01 RRR T0|SUP-02 RRR T0|SUP-03 RRR T1|SUP-04 RRR T0
CAP-01 RRR T0|CAP-02 RRR T0|CAP-03 RRR T1|CAP-04 RRR T1|CAP-05 RRR T2|CAP-06 RRR T1|SAF-01 RRr T1|SAF-02 RRr T1|SAF-03 RR- T1
SAF-04 RRr T1|MON-01 RR- T1|MON-02 RR- T1|INC-01 RRR T0|INC-02 RR- T1|INC-03 RRR T0|INC-04 RRr T1|STG-02 -R- T1|STG-03 rRR T2
STG-04 RR- T2|TRN-01 RRR T0|TRN-03 RRR T0|OWT-01 --R T0|OWT-02 --R T0|OWT-04 --R T0|OWT-05 --R T1
"""
ROWS = [row.split() for row in TABLE.replace("\n", "|").split("|") if row.strip()]


@pytest.fixture(scope="module")
def pack() -> Standard:
    return read_pack(shipped("standards") / "frontier-release" / "1.1.toml").standard


def test_it_is_complete_and_says_what_it_is_not(pack: Standard) -> None:
    assert (len(pack.controls), len(pack.groups)) == (45, 12)
    header = pack.standard
    assert header.status == "illustrative community draft"
    assert header.endorsed_by == []
    assert "endorsed by nobody" in " ".join(header.disclaimer.split())


def test_lint_finds_nothing(pack: Standard) -> None:
    assert lint(pack, set(load_kinds())) == []


def test_every_control_can_be_acted_on(pack: Standard) -> None:
    for control in pack.controls:
        assert len(control.guidance) > 250, control.id
        assert len(control.example) > 80, control.id
        assert control.checks, control.id
        assert control.references, control.id


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_levels_by_profile_and_tier(pack: Standard, row: list[str]) -> None:
    name, marks, first = row
    control = pack.control(f"FR-{name}")
    assert control is not None
    for profile, mark in zip(("api-only", "staged-trusted", "open-weight"), marks, strict=True):
        for tier in ("T0", "T1", "T2", "T3"):
            values = {"profile": profile, "tier": tier}
            found = level(control, values, pack.axes)
            if mark == "-":
                assert found == N
            elif mark == "r" or tier < first:
                assert found == r
            else:
                assert found == R
            if mark == "p":
                assert level(control, values, pack.axes, published=True) == r


def test_the_exceptions_of_the_table(pack: Standard) -> None:
    isolation, ramp = pack.control("FR-WGT-06"), pack.control("FR-STG-01")
    assert isolation is not None
    assert ramp is not None
    assert [level(isolation, {"profile": "api-only", "tier": tier}, pack.axes) for tier in ("T2", "T3")] == [r, R]
    assert [level(ramp, {"profile": "api-only", "tier": tier}, pack.axes) for tier in ("T1", "T2")] == [r, R]
    assert level(ramp, {"profile": "open-weight", "tier": "T1"}, pack.axes) == R


@pytest.mark.parametrize(
    ("control", "check", "limits"),
    [
        ("FR-SAF-02", "attack-success", {"T1": "0.05", "T2": "0.02", "T3": "0.01"}),
        ("FR-MON-01", "recall", {"T1": "0.80", "T2": "0.90", "T3": "0.95"}),
        ("FR-SAF-04", "open-band", {"T1": "3", "T2": "2", "T3": "1"}),
        ("FR-INC-02", "minutes", {"T1": "240", "T2": "60", "T3": "60"}),
    ],
)
def test_limits_by_tier(pack: Standard, control: str, check: str, limits: dict[str, str]) -> None:
    found = next(one for one in pack.control(control).checks if one.id == check)  # type: ignore[union-attr]
    assert {tier: str(limit) for tier, limit in found.by["tier"].items()} == limits


def test_every_new_name_in_the_changes_is_there(pack: Standard) -> None:
    ids = {control.id for control in pack.controls}
    assert {change.from_version for change in pack.changes} == {"1.0"}
    assert {one for change in pack.changes for one in change.to} <= ids
    assert {one for change in pack.changes if change.effect == "drop" for one in change.from_} == {"FR-ACC-05"}
