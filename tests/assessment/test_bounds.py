"""The exact bounds, against scipy and the figures that the packs were written with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from compliance_tui.assessment.bounds import lower_bound, upper_bound


@pytest.mark.parametrize(
    ("successes", "trials", "bound"),
    [(0, 300, 0.00994), (1, 500, 0.00945), (2, 1000, 0.00628), (5, 1000, 0.01048), (44, 1000, 0.05621)],
)
def test_published_figures(successes: int, trials: int, bound: float) -> None:
    assert upper_bound(successes, trials) == pytest.approx(bound, abs=5e-6)


@given(st.integers(1, 5000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_scipy_says_the_same(counts: tuple[int, int]) -> None:
    successes, trials = counts
    upper = 1.0 if successes == trials else beta.ppf(0.95, successes + 1, trials - successes)
    lower = 0.0 if successes == 0 else beta.ppf(0.05, successes, trials - successes + 1)
    assert upper_bound(successes, trials) == pytest.approx(upper, abs=1e-9)
    assert lower_bound(successes, trials) == pytest.approx(lower, abs=1e-9)


def test_nothing_tried_shows_nothing() -> None:
    assert (lower_bound(0, 0), upper_bound(0, 0)) == (0.0, 1.0)


@pytest.mark.parametrize("counts", [(-1, 5), (6, 5), (0, 10**9)])
def test_what_is_no_count_is_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not a count"):
        upper_bound(*counts)
