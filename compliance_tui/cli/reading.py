"""What commands that only read work on: an assessment, or a bundle, with what of it cannot be seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import click

from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.readiness import Readiness
from compliance_tui.bundle.names import is_bundle
from compliance_tui.cli.settings import named, note
from compliance_tui.safe.language import gettext
from compliance_tui.safe.text import clean_line

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import ControlKey
    from compliance_tui.bundle.look import Looked


@dataclass(frozen=True)
class Opened:
    """``hidden`` are the items of a bundle that are withheld or sealed, ``claimed`` the outcomes that the lab claims of it."""

    contents: Contents
    hidden: Mapping[str, str] = field(default_factory=dict)
    claimed: "Mapping[ControlKey, str]" = field(default_factory=dict)
    looked: "Looked | None" = None
    paths: Mapping[str, list[str]] = field(default_factory=dict)

    @cached_property
    def unseen(self) -> "frozenset[ControlKey]":
        """The controls of whose answer or evidence something is hidden: how they stand cannot be told."""
        if not self.hidden:
            return frozenset()
        from compliance_tui.bundle.core import answer_name

        answers = self.contents.responses.items()
        return frozenset(key for key, one in answers if any(name in self.hidden for name in (answer_name(*key), *one.evidence)))

    def seen(self, result: Readiness) -> Readiness:
        """The part of a readiness that can be told."""
        controls = (state for state in result.controls if (state.standard, state.control.id) not in self.unseen)
        return replace(result, controls=tuple(controls)) if self.unseen else result


def opened(ctx: click.Context) -> Opened:
    """The assessment or the bundle that ``-C`` names. Raises InputError; BrokenError for a bundle that was altered.

    Of a bundle the records are hashed; whom to believe is for ``verify`` to say, and that is noted.
    """
    path = named(ctx)
    if not is_bundle(path):
        return Opened(load(path))
    from compliance_tui.bundle.reading import read_bundle

    read = read_bundle(path)
    note(gettext("{path} is a bundle: this is what it says; `compliance-tui verify` judges it", path=clean_line(str(path))))
    return Opened(read.view.contents, read.hidden, read.claimed, read.looked, read.view.paths)
