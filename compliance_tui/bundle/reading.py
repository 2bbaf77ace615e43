"""Reading what a bundle says, without judging who signed it: what is read was hashed against the manifests first."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compliance_tui.assessment.readiness import ControlKey
from compliance_tui.bundle.attestation import attested_files
from compliance_tui.bundle.chain import delivered
from compliance_tui.bundle.hashing import altered_files
from compliance_tui.bundle.look import Looked, claimed_outcomes
from compliance_tui.bundle.sign import Checked, check_core
from compliance_tui.bundle.structure import read_structure
from compliance_tui.bundle.tree import Tree, open_tree
from compliance_tui.bundle.view import BundleView, read_view
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message


@dataclass(frozen=True)
class Read:
    """What a bundle says: its view, what of it cannot be seen, and what the lab claims where that keeps one from computing."""

    looked: Looked
    view: BundleView
    hidden: Mapping[str, Literal["withheld", "sealed"]]
    claimed: Mapping[ControlKey, str]


def read_bundle(path: Path) -> Read:
    """Read the records of the bundle at ``path``. Raises BrokenError where one of them is not what its manifest says."""
    with open_tree(path) as tree:
        found = check_core(tree)
        view, hidden = read_records(tree, found)
    looked = Looked(path, found.core.bundle_id)
    return Read(looked, view, hidden, claimed_outcomes(looked) if hidden else {})


def read_records(tree: Tree, found: Checked) -> tuple[BundleView, dict[str, Literal["withheld", "sealed"]]]:
    """The records of a bundle whose core was checked, each hashed first, and the items that cannot be seen.

    Raises BrokenError ``altered`` naming the first record that is not what its manifest says.
    """
    attested = [path for paths in attested_files(tree.front()).values() for path in paths]
    structure = read_structure(tree, found.core, delivered(found.attestations), attested)
    records = {name: digest for name, digest in structure.expected.items() if name.endswith("/item.json")}
    altered = altered_files(tree, records)
    if altered:
        text = message("{bundle}: {file} was altered; nothing of it is shown", bundle=tree.where, file=altered[0])
        raise BrokenError("altered", text)
    hidden: dict[str, Literal["withheld", "sealed"]] = dict.fromkeys(structure.withheld, "withheld")
    return read_view(tree, structure), hidden | dict.fromkeys(structure.sealed, "sealed")
