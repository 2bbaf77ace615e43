"""What has a place in a bundle, and what the manifests say of it: first the core, in milliseconds, then every item."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from compliance_tui.bundle.manifest import LARGEST_MANIFEST, read_sums
from compliance_tui.bundle.names import check_names
from compliance_tui.bundle.statement import SUBJECT
from compliance_tui.bundle.tree import Tree, read_file
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

README = "README.txt"
ITEMS = "core/items.sha256"
NONCE_LENGTH = 65
MOST_ITEMS = 100_000
_CORE_FILE = re.compile(r"core/([a-z0-9.]+|standards/[A-Za-z0-9._-]+)")
_MANIFEST = re.compile(r"items/([AE]-[A-Za-z0-9._-]{1,160})/SHA256SUMS")
_ITEM_FILE = re.compile(r"items/[^/]+/(nonce|item\.json|files/[A-Za-z0-9_][A-Za-z0-9._-]*)")
_SEALED = re.compile(r"sealed/([AE]-[A-Za-z0-9._-]{1,160})\.age")
# The core is read whole and at once: whatever is larger than this was not written by us.
_LARGEST_CORE = 48 * (1 << 20)


@dataclass(frozen=True)
class CoreManifest:
    """The bundle id, the files of the core with their digests, and each item's commitment: its manifest's digest."""

    bundle_id: str
    files: Mapping[str, str]
    commitments: Mapping[str, str]


@dataclass
class Structure:
    """Every file that a manifest or a delivery lists, with its digest; how each item stands, and how many files it has."""

    expected: dict[str, bytes]
    present: list[str] = field(default_factory=list)
    sealed: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    nonces: set[bytes] = field(default_factory=set, repr=False)


def read_core(tree: Tree) -> CoreManifest:
    """The core's manifest, its files checked against it byte for byte; items are not looked at.

    Raises BrokenError for whatever has no place there, is missing, or was altered.
    """
    sums = read_file(tree, SUBJECT, LARGEST_MANIFEST)
    files = read_sums(sums, SUBJECT)
    sizes = tree.front()
    for path in files:
        if path != README and not _CORE_FILE.fullmatch(path):
            raise BrokenError(
                "bad-structure", message("{subject} lists {path}, which has no place in a core", subject=SUBJECT, path=path)
            )
        if path not in sizes:
            raise BrokenError("missing", message("{path} is missing", path=path))
    if ITEMS not in files or "core/assessment.json" not in files:
        raise BrokenError("bad-structure", message("{subject} does not list the core files", subject=SUBJECT))
    if sum(sizes[path] for path in files) > _LARGEST_CORE:
        raise BrokenError("too-large", message("the core is larger than the {limit:,} bytes allowed", limit=_LARGEST_CORE))
    commitments: dict[str, str] = {}
    for path, sha256 in files.items():
        content = read_file(tree, path, _LARGEST_CORE)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BrokenError(
                "altered", message("{path} was altered: its SHA-256 is not the one in {subject}", path=path, subject=SUBJECT)
            )
        if path == ITEMS:
            commitments = read_commitments(content)
    return CoreManifest(hashlib.sha256(sums).hexdigest(), files, commitments)


def read_commitments(content: bytes) -> dict[str, str]:
    """Each item with the digest of its manifest, from ``core/items.sha256``. Raises BrokenError ``bad-structure``.

    Whether two names would meet on some disk is asked with all other names: the core is to be read at once.
    """
    commitments = {}
    for path, sha256 in read_sums(content, ITEMS, check=False).items():
        named = _MANIFEST.fullmatch(path)
        if named is None:
            raise BrokenError(
                "bad-structure", message("{items}: {path} is not the manifest of an item", items=ITEMS, path=path)
            )
        commitments[named[1]] = sha256
    if len(commitments) > MOST_ITEMS:
        raise BrokenError("too-large", message("{items} lists more than {most:,} items", items=ITEMS, most=MOST_ITEMS))
    return commitments


def read_structure(tree: Tree, core: CoreManifest, delivered: Mapping[str, str], attested: Sequence[str]) -> Structure:
    """How every item stands, and all that its files must hash to.

    ``delivered`` is the digest of each ciphertext that a delivery names, ``attested`` the files of the attestations. Raises
    BrokenError for whatever is missing, listed nowhere, or not what ``core/items.sha256`` commits to.
    """
    check_names(f"items/{name}/SHA256SUMS" for name in core.commitments)
    found = Structure(expected={path: bytes.fromhex(sha256) for path, sha256 in core.files.items()})
    known = {SUBJECT, *core.files, *attested}
    for (top, name), group in groupby(tree.sizes(), key=_place):
        paths = list(group)
        if top == "items" and name in core.commitments:
            add_item(found, tree, name, core.commitments[name], paths)
        elif top == "sealed" and (sealed := _SEALED.fullmatch(paths[0])) and sealed[1] in core.commitments:
            _sealed(found, sealed[1], paths[0], delivered)
        elif (stray := next((path for path in paths if path not in known), None)) is not None:
            raise BrokenError("bad-structure", message("{path} is in no manifest; it was added", path=clean_line(stray)))
    away = {*found.present, *found.sealed}
    found.withheld = [name for name in core.commitments if name not in away]
    return found


def _place(path: str) -> tuple[str, str]:
    top, _, rest = path.partition("/")
    return top, rest.partition("/")[0]


def add_item(found: Structure, tree: Tree, name: str, commitment: str, paths: list[str]) -> None:
    """Take one item's folder, whose files in ``tree`` are ``paths`` (sorted), into ``found``.

    Raises BrokenError where its manifest is not the one committed to, or the files are not those that it lists.
    """
    manifest = f"items/{name}/SHA256SUMS"
    if manifest not in paths:
        raise BrokenError("bad-structure", message("items/{name} is there without its manifest", name=name))
    content = read_file(tree, manifest, LARGEST_MANIFEST)
    if hashlib.sha256(content).hexdigest() != commitment:
        raise BrokenError(
            "altered", message("{manifest} is not the one that {items} commits to", manifest=manifest, items=ITEMS)
        )
    entries = read_sums(content, manifest)
    if [manifest, *entries] != paths:
        _explain(name, manifest, entries, paths)
    if f"items/{name}/nonce" not in entries or f"items/{name}/item.json" not in entries:
        raise BrokenError("bad-structure", message("{manifest} lists no nonce, or no item.json", manifest=manifest))
    odd = next((path for path in entries if not _ITEM_FILE.fullmatch(path)), None)
    if odd is not None:
        raise BrokenError("bad-structure", message("{odd} has no place in an item", odd=odd))
    nonce = read_file(tree, f"items/{name}/nonce", NONCE_LENGTH)
    if not re.fullmatch(rb"[0-9a-f]{64}\n", nonce) or nonce in found.nonces:
        raise BrokenError(
            "bad-structure", message("items/{name}/nonce is no nonce of 32 bytes, or stands in two items", name=name)
        )
    found.nonces.add(nonce)
    # The paths of the listing, not their twins in the manifest: of a hundred thousand, one copy is enough.
    found.expected.update({path: bytes.fromhex(entries[path]) for path in paths[1:]})
    found.expected[paths[0]] = bytes.fromhex(commitment)
    found.files[name] = len(entries)
    found.present.append(name)


def _explain(name: str, manifest: str, entries: Mapping[str, str], paths: list[str]) -> None:
    stranger = next((path for path in entries if not path.startswith(f"items/{name}/")), None)
    if stranger is not None:
        raise BrokenError(
            "bad-structure",
            message("{manifest} lists {stranger}, a file of another item", manifest=manifest, stranger=stranger),
        )
    there = set(paths)
    missing = next((path for path in entries if path not in there), None)
    if missing is not None:
        raise BrokenError("missing", message("{path} is missing", path=missing))
    extra = next((path for path in paths if path != manifest and path not in entries), manifest)
    raise BrokenError("bad-structure", message("{path} is in no manifest; it was added", path=clean_line(extra)))


def _sealed(found: Structure, name: str, path: str, delivered: Mapping[str, str]) -> None:
    if name in found.present:
        raise BrokenError("bad-structure", message("{name} is there twice: sealed and open", name=name))
    if path not in delivered:
        raise BrokenError("bad-structure", message("{path} is in no delivery statement; it was added", path=path))
    found.expected[path] = bytes.fromhex(delivered[path])
    found.sealed.append(name)


def item_lines(core: CoreManifest, names: Sequence[str]) -> Iterator[str]:
    """The lines of ``core/items.sha256`` for these items, in its order: ``grep`` finds the same."""
    wanted = set(names)
    return (f"{sha256}  items/{name}/SHA256SUMS\n" for name, sha256 in core.commitments.items() if name in wanted)
