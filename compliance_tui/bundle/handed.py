"""Items that are not in the bundle at hand, but were handed over apart or sealed in it: proved to be those committed to."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compliance_tui.bundle.hashing import Cancelled, altered_files
from compliance_tui.bundle.manifest import LARGEST_MANIFEST, read_sums
from compliance_tui.bundle.seal import unseal
from compliance_tui.bundle.structure import CoreManifest, Structure, add_item
from compliance_tui.bundle.tree import Overlay, Tree, open_tree, read_file
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

MANIFEST = "SHA256SUMS"
Places = dict[str, tuple[Tree, str]]


@dataclass
class Handed:
    """Where the files of items lie that were handed over: in folders, or opened from their seals."""

    places: Places = field(default_factory=dict)
    items: list[str] = field(default_factory=list)

    def over(self, tree: Tree) -> Tree:
        """The bundle with these items in it."""
        return Overlay(tree, self.places) if self.places else tree


def add_folder(handed: Handed, given: Tree, core: CoreManifest, found: Structure, cancelled: Cancelled | None = None) -> None:
    """Take the items in a folder that was handed over: one item's own folder, or one with ``items/…`` inside.

    Raises InputError where it holds no item, or one that is here already; BrokenError ``not-committed`` where it is not what
    the bundle commits to.
    """
    for name, places in _items_in(given).items():
        _add(handed, given.where, name, places, core, found, cancelled)


def _items_in(given: Tree) -> dict[str, Places]:
    paths = list(given.sizes())
    if MANIFEST in paths:
        prefix = next(iter(read_sums(read_file(given, MANIFEST, LARGEST_MANIFEST), f"{given.where}/{MANIFEST}")), "")
        name = [*prefix.split("/"), ""][1]
        return {name: {f"items/{name}/{path}": (given, path) for path in paths}}
    found: dict[str, Places] = {}
    for path in paths:
        top, _, rest = path.partition("/")
        if top != "items" or "/" not in rest:
            raise InputError(
                "no-item",
                message("{where}: not an item's folder (it has no SHA256SUMS), nor one of items/…", where=given.where),
            )
        found.setdefault(rest.partition("/")[0], {})[path] = (given, path)
    return found


def _add(
    handed: Handed,
    where: str,
    name: str,
    places: Places,
    core: CoreManifest,
    found: Structure,
    cancelled: Cancelled | None,
) -> None:
    if name not in core.commitments:
        what = clean_line(name) or message("no item's files")
        raise BrokenError(
            "not-committed", message("{where}: holds {what}, which this bundle does not commit to", where=where, what=what)
        )
    if name in found.present:
        raise InputError(
            "exists", message("{where}: {name} is in the bundle already; leave it out of --with", where=where, name=name)
        )
    overlay = Overlay(next(iter(places.values()))[0], places)
    apart = Structure(expected={}, nonces=found.nonces)
    try:
        add_item(apart, overlay, name, core.commitments[name], sorted(places))
        altered = altered_files(overlay, apart.expected, None, cancelled)
        if altered:
            raise BrokenError("altered", message("{path} was altered", path=altered[0]))
    except BrokenError as error:
        raise BrokenError(
            "not-committed",
            message(
                "{where}: not the {name} that this bundle commits to ({reason})", where=where, name=name, reason=str(error)
            ),
        ) from None
    handed.places.update(places)
    handed.items.append(name)
    found.expected.update(apart.expected)
    found.files.update(apart.files)
    found.present.append(name)
    for elsewhere in (found.withheld, found.sealed):
        if name in elsewhere:
            elsewhere.remove(name)


@contextmanager
def open_sealed(
    handed: Handed,
    tree: Tree,
    core: CoreManifest,
    found: Structure,
    identities: Sequence[Any],
    cancelled: Cancelled | None = None,
) -> Iterator[None]:
    """Open what is sealed to ``identities``, in a temporary folder that is gone afterwards; the rest stays sealed.

    Raises BrokenError where something opens to another thing than the bundle commits to, or is damaged.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="compliance-tui-")))
        for name in list(found.sealed):
            path = f"sealed/{name}.age"
            target = folder / f"{len(handed.places)}.zip"
            with tree.open(path) as file:
                opened = unseal(file, tree.sizes()[path], target, identities, path, cancelled)
            if not opened:
                continue
            try:
                given = stack.enter_context(open_tree(target))
            except (BrokenError, InputError):
                raise BrokenError(
                    "not-committed", message("{path}: opens to something that is no item's ZIP", path=path)
                ) from None
            given.where = path
            places: Places = {inner: (given, inner) for inner in given.sizes()}
            if any(not inner.startswith(f"items/{name}/") for inner in places):
                raise BrokenError("not-committed", message("{path}: opens to another item than {name}", path=path, name=name))
            _add(handed, path, name, places, core, found, cancelled)
        yield


@contextmanager
def open_folders(folders: Sequence[Path]) -> Iterator[list[Tree]]:
    """The folders that were handed over, open. Raises InputError for one that is none."""
    with ExitStack() as stack:
        for folder in folders:
            if not folder.is_dir():
                raise InputError(
                    "not-found",
                    message("{folder}: no such folder; --with wants one item's folder", folder=clean_line(str(folder))),
                )
        yield [stack.enter_context(open_tree(folder)) for folder in folders]
