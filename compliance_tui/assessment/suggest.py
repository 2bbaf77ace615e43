"""Which controls a piece of evidence could serve."""

import datetime as dt
from dataclasses import dataclass

from compliance_tui.assessment.folder import Contents
from compliance_tui.standard.levels import Level


@dataclass(frozen=True)
class Suggestion:
    """A control that asks for evidence of the kind, and whether it has some already."""

    standard: str
    control: str
    title: str
    level: Level
    wanting: bool


def controls_for(contents: Contents, kind: str, as_of: dt.datetime) -> list[Suggestion]:
    """The controls that ask for evidence of ``kind`` and apply at ``as_of``: those that want it first, required before
    recommended."""
    found = []
    for state in contents.readiness(as_of).controls:
        if state.level == "not-applicable" or not any(kind in rule.kinds for rule in state.control.evidence):
            continue
        attached = state.response.evidence if state.response else []
        wanting = not any(one in contents.items and contents.items[one].kind == kind for one in attached)
        found.append(Suggestion(state.standard, state.control.id, state.control.title, state.level, wanting))
    return sorted(found, key=lambda one: (not one.wanting, one.level != "required"))
