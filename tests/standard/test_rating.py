"""Ratings in integers: the published vectors, and what must hold of every combination."""

from decimal import Decimal
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.standard.model import Axis, AxisValue
from compliance_tui.standard.rating import JEF_WEIGHTS, clocks, jef, rate
from compliance_tui.standard.scale import RatingScale
from tests.standard.jailbreak_scale import MODIFIERS, POINTS, ours, table, theirs

SCALE = ours()
TIERS = Axis(id="tier", title="Tier", ordered=True, values=[AxisValue(id=f"T{one}", title="t") for one in range(4)])
DONE = {"detection": "swept", "fix": "interim"}, {"detection": "live", "fix": "proven"}
# Levels, base, modifiers, residual; then the levels that a rater typed for the other scale, and its sum and band.
GOLDEN = [
    ((0, 3, 3, 2, 2), (0, "J0"), {}, (0, "J0"), ("0", "2", "2", "2"), (0, "CJS-0")),
    ((1, 0, 0, 0, 0), (10, "J1"), {}, (10, "J1"), ("1", "0", "0", "0"), (2, "CJS-1")),
    ((2, 1, 1, 0, 0), (35, "J2"), {}, (35, "J2"), ("2", "1", "1", "0"), (8, "CJS-2")),
    ((3, 2, 2, 1, 0), (62, "J3"), {}, (62, "J3"), ("3", "1.5", "1.5", "1"), (14, "CJS-3")),
    ((4, 3, 3, 1, 0), (85, "J4"), {}, (85, "J4"), ("4", "2", "2", "0"), (16, "CJS-3")),
    ((4, 3, 3, 2, 2), (100, "J4"), {}, (100, "J4"), ("4", "2", "2", "2"), (20, "CJS-4")),
    ((4, 3, 3, 2, 2), (100, "J4"), DONE[0], (85, "J4"), None, None),
    ((4, 3, 3, 2, 2), (100, "J4"), DONE[1], (65, "J3"), None, None),
    ((3, 2, 2, 1, 2), (72, "J3"), {"wild": "yes", "no-fix": "yes"}, (87, "J4"), ("3", "1.5", "1.5", "2"), (16, "CJS-3")),
    ((1, 0, 0, 0, 0), (10, "J1"), DONE[1], (1, "J1"), ("1", "0", "0", "0"), (2, "CJS-1")),
]


def _levels(positions: tuple[int, ...]) -> dict[str, str]:
    return {axis: str(position) for axis, position in zip(POINTS, positions, strict=True)}


@pytest.mark.parametrize("case", GOLDEN)
def test_the_published_vectors(
    case: tuple[tuple[int, ...], object, dict[str, str], object, tuple[str, ...] | None, object],
) -> None:
    positions, base, modifiers, residual, typed, outside = case
    found = rate(SCALE, _levels(positions), modifiers)
    assert (found.base, found.base_band) == base
    assert (found.residual, found.residual_band) == residual
    if typed is not None:
        other = theirs()
        beside = rate(other, dict(zip((axis.id for axis in other.axes), typed, strict=True)))
        assert (beside.base, beside.base_band) == outside


def test_the_base_never_falls_when_a_level_rises() -> None:
    combinations = list(product(*(range(len(points)) for points in POINTS.values())))
    assert len(combinations) == 720
    base = {one: rate(SCALE, _levels(one)).base for one in combinations}
    for one in combinations:
        for place in range(5):
            higher = (*one[:place], one[place] + 1, *one[place + 1 :])
            assert base.get(higher, 100) >= base[one], (one, higher)
    assert (min(base.values()), max(base.values())) == (0, 100)


_POSITIONS = st.tuples(*(st.integers(0, len(points) - 1) for points in POINTS.values()))
_CIRCUMSTANCES = st.fixed_dictionaries({name: st.sampled_from(["no", "yes"]) for name in ("wild", "chain", "no-fix")})


@settings(deadline=None)
@given(_POSITIONS, _CIRCUMSTANCES)
def test_the_residual_never_rises_as_detection_or_fix_improves(positions: tuple[int, ...], around: dict[str, str]) -> None:
    levels = _levels(positions)
    for one, other in (("detection", "fix"), ("fix", "detection")):
        for fixed in MODIFIERS[other]:
            rated = [rate(SCALE, levels, {**around, other: fixed, one: option}).residual for option in MODIFIERS[one]]
            assert all(before >= after for before, after in pairwise(rated)), (one, fixed, rated)


@settings(deadline=None)
@given(_POSITIONS, st.fixed_dictionaries({name: st.sampled_from(list(options)) for name, options in MODIFIERS.items()}))
def test_the_residual_stays_in_its_bounds(positions: tuple[int, ...], modifiers: dict[str, str]) -> None:
    found = rate(SCALE, _levels(positions), modifiers)
    assert found.residual == 0 if found.base == 0 else 1 <= found.residual <= 100
    fall = SCALE.rank(found.base_band) - SCALE.rank(found.residual_band)
    assert modifiers["fix"] == "proven" or fall <= 1


def test_what_is_not_said_counts_as_the_worst_that_is_assumed() -> None:
    assert rate(SCALE, _levels((3, 2, 2, 1, 0))) == rate(
        SCALE, _levels((3, 2, 2, 1, 0)), {name: next(iter(options)) for name, options in MODIFIERS.items()}
    )


@pytest.mark.parametrize(
    ("levels", "modifiers", "said"),
    [
        ({}, {}, "uplift is not rated"),
        ({**_levels((1, 0, 0, 0, 0)), "uplift": "5"}, {}, "uplift cannot be 5; choose 0, 1, 2, 3, 4"),
        ({**_levels((1, 0, 0, 0, 0)), "uplift": "-1"}, {}, "uplift cannot be -1"),
        ({**_levels((1, 0, 0, 0, 0)), "uplift": "1\x1b[31m"}, {}, "uplift cannot be 1\u241b[31m"),
        ({**_levels((1, 0, 0, 0, 0)), "charm": "1"}, {}, "no axis charm; its axes are uplift, breadth"),
        (_levels((1, 0, 0, 0, 0)), {"fix": "hoped-for"}, "no fix=hoped-for"),
        (_levels((1, 0, 0, 0, 0)), {"luck": "yes"}, "no luck=yes"),
    ],
)
def test_what_the_scale_does_not_have_is_refused(levels: dict[str, str], modifiers: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        rate(SCALE, levels, modifiers)
    assert caught.value.code == "bad-rating"
    assert said in str(caught.value)


def test_a_zero_axis_that_the_scale_does_not_have_does_not_stop_the_rating() -> None:
    odd = RatingScale.model_validate({**table(), "zero_axis": "charm"})
    assert rate(odd, _levels((0, 3, 3, 2, 2))).base == 60


def test_the_clocks_of_each_band() -> None:
    assert clocks(SCALE, "J4", {"tier": "T2"}, [TIERS]) == {
        "triage": 4, "contain": 24, "fix": 168, "notify": 24, "authority": 72,
    }  # fmt: skip
    assert clocks(SCALE, "J3", {"tier": "T3"}, [TIERS]) == {
        "triage": 24, "contain": 36, "fix": 168, "notify": 72, "authority": 72,
    }  # fmt: skip
    assert clocks(SCALE, "J0", {"tier": "T3"}, [TIERS]) == {}
    assert clocks(SCALE, "J9", {}, [TIERS]) == {}


def test_jef_by_hand() -> None:
    shares = {
        "vendors": Decimal("0.5"), "models": Decimal("0.8"), "retargetability": Decimal("0.9"), "fidelity": Decimal("0.6"),
    }  # fmt: skip
    # 10 × (0.25 × 0.5 + 0.15 × 0.8 + 0.30 × 0.9 + 0.30 × 0.6) = 10 × (0.125 + 0.12 + 0.27 + 0.18) = 6.95
    assert jef(shares) == Decimal("6.95")
    assert jef(dict.fromkeys(shares, Decimal(1))) == Decimal("10.00")
    assert sum(JEF_WEIGHTS.values()) == 1


@pytest.mark.parametrize("share", [Decimal("1.01"), Decimal("-0.1"), Decimal("NaN"), Decimal("Infinity"), None])
def test_jef_refuses_what_is_no_share(share: Decimal | None) -> None:
    shares = dict.fromkeys(JEF_WEIGHTS, Decimal("0.5"))
    with pytest.raises(InputError, match="JEF needs fidelity"):
        jef({name: one for name, one in {**shares, "fidelity": share}.items() if one is not None})
