"""Exact one-sided 95 % bounds for a share, from counts (Clopper and Pearson, Biometrika 26, 1934).

The upper bound is the share at which ``successes`` or fewer would be seen in 5 % of repetitions; the lower bound mirrors it.
Solved by bisection on the binomial tail, summed in logarithms, so that no statistics library is needed at run time.
"""

from math import exp, lgamma, log, log1p

CONFIDENCE = 0.95
_MOST_TRIALS = 10_000_000


def upper_bound(successes: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Upper bound of the share behind ``successes`` in ``trials``; 1.0 when everything succeeded or nothing was tried."""
    _check(successes, trials)
    if trials == 0 or successes == trials:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):  # the tail falls as the share grows
        middle = (low + high) / 2
        if _tail(successes, trials, middle) > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def lower_bound(successes: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Lower bound of the share behind ``successes`` in ``trials``; 0.0 when nothing succeeded or nothing was tried."""
    _check(successes, trials)
    return 1.0 - upper_bound(trials - successes, trials, confidence)


def _check(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials <= _MOST_TRIALS:
        raise ValueError(f"{successes} of {trials} is not a count")


def _tail(successes: int, trials: int, share: float) -> float:
    """Probability of ``successes`` or fewer, summed from the largest term down until terms no longer matter."""
    if share <= 0.0:
        return 1.0
    if share >= 1.0:
        return 0.0
    if successes > trials * share:  # then the other tail is the short one
        return 1.0 - _terms(successes + 1, trials, share, step=1)
    return _terms(successes, trials, share, step=-1)


def _terms(first: int, trials: int, share: float, step: int) -> float:
    odds = share / (1.0 - share)
    term = exp(
        lgamma(trials + 1)
        - lgamma(first + 1)
        - lgamma(trials - first + 1)
        + first * log(share)
        + (trials - first) * log1p(-share)
    )
    total, count = 0.0, first
    while 0 <= count <= trials and term > total * 1e-17:
        total += term
        term *= (trials - count) / (count + 1) * odds if step > 0 else count / ((trials - count + 1) * odds)
        count += step
    return min(total, 1.0)
