"""Looking into a bundle after it was verified: it is opened once more, and what is shown is hashed in the same breath."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance_tui.assessment.preview import Preview, preview
from compliance_tui.assessment.readiness import ControlKey
from compliance_tui.bundle.attestation import attested_files, is_apart, read_attestations
from compliance_tui.bundle.chain import delivered
from compliance_tui.bundle.content import READINESS
from compliance_tui.bundle.handed import Handed, add_folder, open_folders, open_sealed
from compliance_tui.bundle.hashing import Cancelled, Progress, altered_files
from compliance_tui.bundle.structure import CoreManifest, Structure, read_core, read_structure
from compliance_tui.bundle.tree import Tree, open_tree
from compliance_tui.bundle.view import LARGEST_CORE, read_json
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

_MOST_VALUES = 400_000


@dataclass(frozen=True)
class Looked:
    """Which bundle was verified: where it is, its id, and what was handed over or opened with it."""

    path: Path
    bundle_id: str
    folders: Sequence[Path] = ()
    identities: Sequence[Any] = ()


def preview_file(
    looked: Looked,
    item: str,
    place: str,
    name: str,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Preview:
    """The beginning of one file of an item, ``place`` being its path in the bundle and ``name`` what it was called.

    Raises BrokenError ``changed`` where the bundle or the file is no longer what was verified, CancelledError.
    """
    with _reopened(looked, item, cancelled) as (tree, structure):
        digest = structure.expected.get(place)
        if digest is None:
            raise BrokenError("changed", message("{item} is no longer in the bundle; verify it again", item=clean_line(item)))
        if altered_files(tree, {place: digest}, progress, cancelled):
            text = message("{place} is no longer what was verified; nothing of it is shown", place=clean_line(place))
            raise BrokenError("changed", text)
        found = preview(lambda: tree.open(place), name)
        tree.check_unchanged()
    return found


def claimed_outcomes(looked: Looked) -> dict[ControlKey, str]:
    """What the lab claims of each control, from the signed core: nobody can compute it again where items are withheld.

    Raises BrokenError where the bundle is no longer what was verified, or the claim is none.
    """
    with open_tree(looked.path, front_first=True) as tree:
        _same_core(tree, looked)
        claimed = read_json(tree, READINESS, LARGEST_CORE, _MOST_VALUES)
    try:
        return {(str(one["standard"]), str(one["control"])): str(one["outcome"]) for one in claimed["controls"]}
    except (TypeError, KeyError):
        raise BrokenError("bad-content", message("{file} is not a readiness", file=READINESS)) from None


def _same_core(tree: Tree, looked: Looked) -> CoreManifest:
    core = read_core(tree)
    if core.bundle_id != looked.bundle_id:
        raise BrokenError("changed", message("another bundle lies there now; verify it again"))
    return core


@contextmanager
def _reopened(looked: Looked, item: str, cancelled: Cancelled | None) -> Iterator[tuple[Tree, Structure]]:
    """The bundle, and over it what was handed over where the item is not in the bundle itself."""
    with ExitStack() as stack:
        tree = stack.enter_context(open_tree(looked.path))
        core = _same_core(tree, looked)
        attested = [path for paths in attested_files(tree.front()).values() for path in paths]
        structure = read_structure(tree, core, delivered(read_attestations(tree)), attested)
        handed = Handed()
        if item not in structure.present:
            for given in stack.enter_context(open_folders([one for one in looked.folders if not is_apart(one)])):
                add_folder(handed, given, core, structure, cancelled)
            if looked.identities and item not in structure.present:
                stack.enter_context(open_sealed(handed, tree, core, structure, looked.identities, cancelled))
        yield handed.over(tree), structure
