"""How severe open vulnerabilities are, in the same facts whoever found them. Without a rating, none can be called harmless."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from compliance_tui.evidence.readers.reading import Gatherer
from compliance_tui.safe.language import message

# From worst to least; a vulnerability that nobody rated may be any of them.
SEVERITIES = ("critical", "high", "medium", "low", "none")
UNRATED = "unrated"
_LOWEST = {"critical": Decimal("9"), "high": Decimal("7"), "medium": Decimal("4"), "low": Decimal("0.1"), "none": Decimal("0")}


def of_score(score: Any) -> str:
    """The severity of a CVSS score from 0 to 10, a number or its text (CVSS v3.1 section 5, v4.0 section 6); or "unrated"."""
    try:
        value = Decimal(str(score)) if isinstance(score, str | int | Decimal) and not isinstance(score, bool) else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite() or not 0 <= value <= 10:
        return UNRATED
    return next(name for name in SEVERITIES if value >= _LOWEST[name])


def worst(severities: Sequence[str]) -> str:
    """The worst of several ratings of one vulnerability."""
    return min((one for one in severities if one in SEVERITIES), key=SEVERITIES.index, default=UNRATED)


def give_severities(found: Gatherer, total: str, severities: Iterable[str], place: str, warnings: list[str]) -> None:
    """The fact ``total``, and how many of the ``severities`` (or counts of them) are critical, high, medium and low.

    Where some are unrated, those counts would look better than they may be: they are not given.
    """
    unit = "vulnerabilities"
    counts = Counter(severities)
    found.count(total, counts.total(), place, unit)
    found.count("vulnerabilities_unrated", counts[UNRATED], place, unit)
    if counts[UNRATED]:
        warnings.append(
            message(
                "{unrated} of {number} vulnerabilities have no rating: each may be critical",
                unrated=counts[UNRATED],
                number=counts.total(),
            )
        )
        return
    for severity in ("critical", "high", "medium", "low"):
        found.count(f"vulnerabilities_{severity}", counts[severity], place, unit)
