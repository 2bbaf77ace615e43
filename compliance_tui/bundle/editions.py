"""Editions: a bundle with some items withheld or sealed, under the same id and signatures; and later disclosure."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from compliance_tui.bundle.attestation import FOLDER
from compliance_tui.bundle.export import exports
from compliance_tui.bundle.handed import MANIFEST
from compliance_tui.bundle.hashing import Cancelled, Progress, altered_files
from compliance_tui.bundle.sealing import Sealing, delivery_members, seal_items
from compliance_tui.bundle.sign import Checked, check_whole, kept_members
from compliance_tui.bundle.structure import Structure, add_item
from compliance_tui.bundle.tree import Tree, open_tree
from compliance_tui.bundle.write import Member, write_folder, write_zip
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.keys import Signer


@dataclass(frozen=True)
class Redacted:
    """An edition that was written."""

    bundle_id: str
    path: Path
    withheld: tuple[str, ...]
    sealed: tuple[str, ...]


def redact(
    path: Path,
    out: Path,
    withhold: Sequence[str],
    *,
    folder: bool = False,
    sealing: Sealing | None = None,
    as_of: dt.datetime | None = None,
    signers: Sequence[Signer] = (),
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Redacted:
    """Write the bundle at ``path`` to ``out`` without the items in ``withhold``, and with those of ``sealing`` sealed.

    The bundle is checked whole first. Raises BrokenError where it is not, InputError ``unknown-item``, ``withheld-already``,
    ``exists``, ``no-key``.
    """
    with ExitStack() as stack:
        tree = stack.enter_context(open_tree(path))
        found = check_whole(tree, progress, cancelled)
        assert found.structure is not None  # check_whole gives it
        seal = sealing.items if sealing else ()
        _check_wanted(tree, found, found.structure, withhold, seal)
        gone = (*withhold, *seal)
        kept = [member for member in kept_members(tree, found.structure.expected) if not _belongs(member.path, gone)]
        if sealing and seal:
            if as_of is None:
                raise ValueError(message("sealing needs the instant of the delivery"))
            work = Path(stack.enter_context(TemporaryDirectory(prefix=".tmp-", dir=out.absolute().parent)))
            items = {name: _item_members(tree, found.structure, name) for name in seal}
            sealed = seal_items(work, items, found.core.commitments, sealing, cancelled)
            number = f"{FOLDER}/{len(found.attestations) + 1:04d}"
            attester = found.statement.predicate.attester
            kept += delivery_members(number, found.core.bundle_id, attester, sealed, sealing, as_of, signers)
        (write_folder if folder else write_zip)(out, kept, None, cancelled)
        hidden = sorted({*found.structure.withheld, *withhold})
        closed = sorted({*found.structure.sealed, *seal} - set(withhold))
        return Redacted(found.core.bundle_id, out, tuple(hidden), tuple(closed))


def _check_wanted(tree: Tree, found: Checked, structure: Structure, withhold: Sequence[str], seal: Sequence[str]) -> None:
    for name in (*withhold, *seal):
        shown = clean_line(name, 80)
        if name not in found.core.commitments:
            some = ", ".join(structure.present[:3])
            raise InputError(
                "unknown-item",
                message("{where}: has no item {item}; its items are {items}, …", where=tree.where, item=shown, items=some),
            )
        if name in structure.withheld:
            raise InputError("withheld-already", message("{where}: {item} is withheld already", where=tree.where, item=shown))
        if name in seal and (name in withhold or name in structure.sealed):
            raise InputError(
                "sealed-already",
                message("{where}: {item} is sealed already, or both sealed and withheld", where=tree.where, item=shown),
            )


def _belongs(path: str, items: Sequence[str]) -> bool:
    top, _, rest = path.partition("/")
    return (top == "items" and rest.partition("/")[0] in items) or (top == "sealed" and rest.removesuffix(".age") in items)


def _item_members(tree: Tree, structure: Structure, name: str) -> list[Member]:
    return [
        Member(path, source, tree.sizes()[path], digest.hex(), offset)
        for path, digest in structure.expected.items()
        if path.startswith(f"items/{name}/")
        for source, offset in [tree.source(path)]
    ]


def disclose(path: Path, item: str, out: Path, *, bundle_id: str | None = None) -> str:
    """Write the folder of one item to ``out``, to hand over; gives the id of the bundle that commits to it.

    ``path`` is a bundle that has the item, or the assessment that it was exported from: then the item comes from what was
    withheld at the latest export, or at that of ``bundle_id`` (its beginning is enough). Raises InputError ``unknown-item``,
    ``withheld-already`` or ``exists``; BrokenError where it is not what it was.
    """
    if (path / "assessment.toml").is_file():
        return _disclose_withheld(path, item, out, bundle_id)
    with open_tree(path) as tree:
        found = check_whole(tree)
        assert found.structure is not None  # check_whole gives it
        if item not in found.structure.present:
            shown = clean_line(item, 80)
            closed = message("{where}: {item} is not open in it", where=tree.where, item=shown)
            strange = message("{where}: {item} is no item of it", where=tree.where, item=shown)
            raise InputError("unknown-item", closed if item in found.core.commitments else strange)
        _write(out, item, _item_members(tree, found.structure, item))
        return found.core.bundle_id


def _disclose_withheld(root: Path, item: str, out: Path, bundle_id: str | None) -> str:
    where = clean_line(str(root))
    records = [one for one in reversed(exports(root)) if item in (*one.withheld, *one.sealed)]
    chosen = next((one for one in records if one.bundle_id.startswith(bundle_id or "")), None)
    if chosen is None:
        which = message("the export {bundle_id}", bundle_id=clean_line(bundle_id, 20)) if bundle_id else message("any export")
        raise InputError(
            "unknown-item",
            message(
                "{where}: {item} was not withheld or sealed at {which}", where=where, item=clean_line(item, 80), which=which
            ),
        )
    with open_tree(root / "bundles" / chosen.bundle_id / "withheld") as tree:
        paths = [path for path in tree.sizes() if path.startswith(f"items/{item}/")]
        found = Structure(expected={})
        manifest = root / "bundles" / chosen.bundle_id / "withheld" / "items" / item / MANIFEST
        commitment = hashlib.sha256(read_bounded(manifest, 1 << 25)).hexdigest()
        add_item(found, tree, item, commitment, paths)
        altered = altered_files(tree, found.expected)
        if altered:
            raise BrokenError(
                "altered", message("{where}: {item} of the withheld items was altered", where=where, item=altered[0])
            )
        _write(out, item, _item_members(tree, found, item))
    return chosen.bundle_id


def _write(out: Path, item: str, members: Sequence[Member]) -> None:
    prefix = f"items/{item}/"
    inside = [Member(one.path.removeprefix(prefix), one.source, one.size, one.sha256, one.offset) for one in members]
    write_folder(out, inside)
