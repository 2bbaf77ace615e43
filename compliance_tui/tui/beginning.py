"""What was said so far of an assessment that is not made yet; kept between runs, outside of any folder."""

from dataclasses import dataclass, field
from typing import Any

from compliance_tui.safe.language import gettext, message
from compliance_tui.standard.levels import level
from compliance_tui.standard.model import Standard
from compliance_tui.tui import memory

STEPS = (
    message("what is released"),
    message("its files"),
    message("standards"),
    message("axes"),
    message("people"),
    message("where it goes"),
)


@dataclass
class Draft:
    """What was said so far."""

    name: str = ""
    version: str = ""
    release_date: str = ""
    description: str = ""
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    standards: list[str] = field(default_factory=list)
    axes: dict[str, str] = field(default_factory=dict)
    seats: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    step: int = 0


def remembered() -> Draft:
    """The draft that was kept; an empty one where there is none, or where it is not ours."""
    said = memory.recall("new-assessment")
    if not isinstance(said, dict):
        return Draft()
    draft = Draft()
    for name, value in said.items():
        if type(value) is type(getattr(draft, str(name), None)):
            setattr(draft, str(name), value)
    draft.step = max(0, min(draft.step, len(STEPS) - 1))
    return draft


def counts(standard: Standard, values: dict[str, str]) -> str:
    """How many controls the chosen values require and recommend, in words."""
    chosen = {axis.id: values[f"{standard.id}/{axis.id}"] for axis in standard.axes if f"{standard.id}/{axis.id}" in values}
    levels = [level(control, chosen, standard.axes) for control in standard.controls]
    required, recommended = levels.count("required"), levels.count("recommended")
    return gettext(
        "{required} of {number} controls required, {recommended} recommended",
        required=required,
        number=len(levels),
        recommended=recommended,
    )
