"""Evidence beside controls: whom an item serves, how old it may be for them, the word for it, the facts that checks look at."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal

from compliance_tui.assessment.checks import age_days, largest_age
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import Item
from compliance_tui.assessment.readiness import ControlKey, ControlState
from compliance_tui.assessment.store import open_store, recorded_sizes
from compliance_tui.evidence.blob_store import StoreFinding
from compliance_tui.standard.model import Control

States = Mapping[ControlKey, ControlState]
Fault = Literal["missing", "altered"]
Standing = Literal["missing", "altered", "too old", "future", "serves none", "fresh"]
_MOST_LOOKED_AT = 20_000


def served_by(contents: Contents, item: str) -> list[ControlKey]:
    """The controls that an item serves."""
    return [key for key, response in contents.responses.items() if item in response.evidence]


def tightest_age(contents: Contents, states: States, item: Item) -> int | None:
    """The oldest that the item may be for the strictest control that it serves, in days; None where none says."""
    ages = []
    for key in served_by(contents, item.id):
        state = states.get(key)
        most = largest_age(contents.evidence_rules(state), item.kind) if state else None
        ages += [most] if most is not None else []
    return min(ages, default=None)


def standing(contents: Contents, states: States, item: Item, as_of: dt.datetime, fault: Fault | None = None) -> Standing:
    """The one word for an item at ``as_of``; ``fault`` is what is known of its stored bytes."""
    if fault is not None:
        return fault
    most, age = tightest_age(contents, states, item), age_days(item, as_of)
    if age < 0:
        return "future"
    if most is not None and age > most:
        return "too old"
    return "fresh" if served_by(contents, item.id) else "serves none"


def fact_names(control: Control) -> list[str]:
    """The facts that the checks of a control look at, each once."""
    names = [name for one in control.checks for name in (one.fact, one.successes, one.trials, *one.needs) if name]
    return list(dict.fromkeys(names))


def faults_of(contents: Contents) -> dict[str, Fault]:
    """The items whose stored bytes are gone or of another size; nothing is hashed, a store beyond this machine is not asked."""
    sizes = recorded_sizes(contents)
    if contents.assessment.store is not None or len(sizes) > _MOST_LOOKED_AT:
        return {}
    return owners(contents, open_store(contents.root, contents.assessment).check(sizes))


def owners(contents: Contents, findings: Sequence[StoreFinding]) -> dict[str, Fault]:
    """The items that findings about stored objects are about."""
    faults = {finding.sha256: finding.fault for finding in findings}
    return {item.id: faults[file.sha256] for item in contents.items.values() for file in item.files if file.sha256 in faults}
