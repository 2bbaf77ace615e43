"""Which run of an evaluation a piece of evidence is of: two files that claim one run cannot both be what they say."""

from collections.abc import Sequence

from compliance_tui.assessment.model import Item

RUN = "run_id"


def rival(item: Item, others: Sequence[Item]) -> Item | None:
    """The first of ``others`` that claims to be of the same run as ``item``, with other bytes; None where none does."""
    run = item.facts.get(RUN)
    if run is None:
        return None
    own = {file.sha256 for file in item.files}
    for one in others:
        fact = one.facts.get(RUN)
        if fact is not None and (one.kind, fact.value) == (item.kind, run.value) and {file.sha256 for file in one.files} != own:
            return one
    return None
