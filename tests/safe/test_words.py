"""Every value of a fixed set has a word, and what is no such value is left alone."""

from typing import get_args

import pytest

from compliance_tui.assessment import checks, migrate, model, readiness
from compliance_tui.bundle import predicates, verdict
from compliance_tui.evidence import blob_store
from compliance_tui.safe.language import Message
from compliance_tui.safe.words import word
from compliance_tui.standard.changes import Effect
from compliance_tui.standard.levels import Level
from compliance_tui.standard.model import ChangeKind

SETS = (
    model.Status,
    readiness.Outcome,
    readiness.Verdict,
    readiness.SeatState.__annotations__["state"],
    checks.Outcome,
    Level,
    migrate.Outcome,
    Effect,
    ChangeKind,
    verdict.Outcome,
    verdict.Answer,
    verdict.Verdict,
    predicates.Decision,
    predicates.Finding,
    predicates.Status,
    blob_store.StoreFinding.__annotations__["fault"],
)


@pytest.mark.parametrize("value", sorted({value for one in SETS for value in get_args(one)} | set(verdict.LINES)))
def test_every_value_has_a_word(value: str) -> None:
    said = word(value)
    assert isinstance(said, Message)
    assert said == value.replace("-", " ")


def test_what_is_no_value_of_a_set_stays_as_it_is() -> None:
    assert word("small-standard") == "small-standard"
