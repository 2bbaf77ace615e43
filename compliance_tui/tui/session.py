"""What is open: an assessment folder (a bundle: ``bundle_session``). Nothing heavy is imported before something is read."""

import contextlib
import datetime as dt
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from compliance_tui.safe.instant import now
from compliance_tui.safe.language import gettext

if TYPE_CHECKING:
    from compliance_tui.assessment.folder import Contents
    from compliance_tui.assessment.model import Item
    from compliance_tui.assessment.preview import Preview
    from compliance_tui.assessment.readiness import ControlKey, ControlState, Readiness
    from compliance_tui.assessment.search import Index
    from compliance_tui.standard.diff import Difference

Fault = Literal["missing", "altered"]
Clock = Callable[[], dt.datetime]


class Loaded:
    """One reading of it, with what the pages need. What the first sight of the list does without is made when asked for."""

    def __init__(self, contents: "Contents", result: "Readiness", stamp: tuple[int, ...]) -> None:
        self.contents, self.result, self.stamp = contents, result, stamp
        self.states: Mapping[ControlKey, ControlState] = {
            (state.standard, state.control.id): state for state in result.controls
        }
        self.faults: Mapping[str, Fault] = {}

    @cached_property
    def gaps(self) -> "tuple[ControlKey, ...]":
        """What blocks, in the order that unblocks the release fastest."""
        from compliance_tui.assessment.plan import gap_order

        return tuple(gap_order(self.contents, self.result))

    @cached_property
    def groups(self) -> "Mapping[tuple[str, str], Sequence[ControlState]]":
        """The controls of each group, by standard and group."""
        groups: dict[tuple[str, str], list[ControlState]] = {}
        for state in self.result.controls:
            groups.setdefault((state.standard, state.control.group), []).append(state)
        return groups

    @cached_property
    def index(self) -> "Index":
        """What each control is found by."""
        from compliance_tui.assessment.search import index

        return index(self.contents, self.result)

    def look_at_bytes(self) -> None:
        """Find out whose stored bytes are gone or of another size; a store beyond this machine is not asked."""
        from compliance_tui.assessment.serving import faults_of

        self.faults = faults_of(self.contents)


@dataclass
class Session:
    """Who looks at what. ``loaded`` is None until the first reading is through."""

    path: Path
    person: str
    kinds_folder: Path | None = None
    standards_folder: Path | None = None
    clock: Clock = now
    loaded: Loaded | None = field(default=None, repr=False)
    # The gaps that were walked to in this round, the last one at the end.
    visited: "list[ControlKey]" = field(default_factory=list, repr=False)
    _differences: "dict[tuple[str, str], tuple[str, list[Difference] | None]]" = field(default_factory=dict, repr=False)

    @property
    def read_only(self) -> bool:
        """Whether this is a bundle, which nobody changes."""
        return False

    @property
    def unseen(self) -> "Mapping[str, str]":
        """The items that cannot be seen, with what keeps them from it; of an assessment none."""
        return {}

    def sees(self, key: "ControlKey") -> bool:
        """Whether all of an answer and its evidence can be seen."""
        return True

    def hides_text(self, key: "ControlKey") -> bool:
        """Whether the text of an answer cannot be seen."""
        return False

    @property
    def contents(self) -> "Contents":
        """What was read."""
        assert self.loaded is not None
        return self.loaded.contents

    @property
    def result(self) -> "Readiness":
        """Its readiness."""
        assert self.loaded is not None
        return self.loaded.result

    def state(self, key: "ControlKey") -> "ControlState | None":
        """The state of one control; None for one that is gone."""
        return self.loaded.states.get(key) if self.loaded else None

    def read(self) -> Loaded:
        """Read all of it anew. Raises ComplianceError naming what is wrong; whatever was read before stays as it is."""
        stamp = self.stamp()
        with uncollected():
            contents = self._contents()
            return Loaded(contents, contents.readiness(self.clock()), stamp)

    def changes_of(self, key: "ControlKey") -> "tuple[list[Difference], str]":
        """What the pinned version did to a control of the version before it, and a heading that says which version that is.

        Raises InputError where a list of changes does not add up.
        """
        from compliance_tui.standard.load import standard_folders
        from compliance_tui.standard.since import changes_since

        standard = self.contents.standard(key[0])
        if (standard.id, standard.version) not in self._differences:
            found = changes_since(standard, standard_folders(self.standards_folder))
            self._differences[standard.id, standard.version] = found
        before, differences = self._differences[standard.id, standard.version]
        if not before:
            return [], gettext("Changed since the version before: this is the first")
        if differences is None:
            return [], gettext("Changed since {version}: that version is not known here", version=before)
        return [one for one in differences if key[1] in one.move.new], gettext("Changed since {version}", version=before)

    def preview(self, item: "Item", at: int) -> "Preview":
        """The beginning of one file of an item. Raises ComplianceError."""
        from compliance_tui.assessment.preview import preview
        from compliance_tui.assessment.store import open_store

        contents, file = self.contents, item.files[at]
        store = open_store(contents.root, contents.assessment)
        return preview(lambda: store.open(file.sha256), file.name)

    def _contents(self) -> "Contents":
        from compliance_tui.assessment.folder import load

        return load(self.path)

    def stamp(self) -> tuple[int, ...]:
        """What changes when a record is written: the folders' own times (every write is a rename)."""
        root = self.path
        folders = [root, root / "evidence", root / "responses"]
        if (root / "responses").is_dir():
            folders += sorted(path for path in (root / "responses").iterdir() if path.is_dir())
        return tuple(folder.stat().st_mtime_ns for folder in folders if folder.exists())


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Thousands of small models in one go: the cycle collector would only look at them again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def names(keys: "Sequence[ControlKey]", most: int = 6) -> str:
    """Ids of controls for a sentence."""
    shown = ", ".join(control for _, control in keys[:most])
    if len(keys) <= most:
        return shown
    return gettext("{names} and {number} more", names=shown, number=len(keys) - most)
