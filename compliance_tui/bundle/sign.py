"""Adding to a bundle that is there already: one more signature over a statement in it, or one more statement about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compliance_tui.bundle.attestation import (
    FIRST,
    FOLDER,
    Attestation,
    attestation_members,
    attested_files,
    read_attestations,
    signature_members,
)
from compliance_tui.bundle.chain import delivered
from compliance_tui.bundle.hashing import Cancelled, Progress, altered_files
from compliance_tui.bundle.statement import Statement, read_statement
from compliance_tui.bundle.structure import CoreManifest, Structure, read_core, read_structure
from compliance_tui.bundle.tree import Tree, open_tree
from compliance_tui.bundle.write import Member, write_folder, write_zip
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.files import write_atomic, writing
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.keys import Signer


@dataclass(frozen=True)
class Checked:
    """A bundle that is whole: what signing, redacting and handing over start from. Nobody's signature was judged."""

    core: CoreManifest
    statement: Statement
    attestations: list[Attestation]
    structure: Structure | None = None


def check_core(tree: Tree) -> Checked:
    """The core, checked byte for byte, and the lab's statement about it; items are not looked at. Raises BrokenError."""
    core = read_core(tree)
    attestations = read_attestations(tree)
    statement = read_statement(attestations[0].content, f"{FIRST}/statement.json")
    if statement.bundle_id != core.bundle_id:
        raise BrokenError("other-bundle", message("{where}: its statement is about another bundle", where=tree.where))
    return Checked(core, statement, attestations)


def check_whole(tree: Tree, progress: Progress | None = None, cancelled: Cancelled | None = None) -> Checked:
    """As ``check_core``, with every file hashed. Raises BrokenError, CancelledError."""
    found = check_core(tree)
    attested = [path for paths in attested_files(tree.front()).values() for path in paths]
    structure = read_structure(tree, found.core, delivered(found.attestations), attested)
    altered = altered_files(tree, structure.expected, progress, cancelled)
    if altered:
        raise BrokenError("altered", message("{where}: {path} was altered", where=tree.where, path=altered[0]))
    return Checked(found.core, found.statement, found.attestations, structure)


def look_at(path: Path, whole: bool, progress: Progress | None = None, cancelled: Cancelled | None = None) -> Checked:
    """The bundle at ``path``, checked: ``whole``, or the core that a statement is about. Raises as ``check_whole`` does."""
    with open_tree(path, front_first=not whole) as tree:
        return check_whole(tree, progress, cancelled) if whole else check_core(tree)


def sign_bundle(path: Path, signer: Signer, attestation: str = FIRST, shown: bytes | None = None) -> str:
    """Sign a statement of the bundle at ``path`` (folder or ZIP, changed in place); gives the bundle id.

    Everything that the signature would vouch for is hashed first. ``shown`` is what the person saw: nothing else is signed.
    Raises BrokenError where it does not hold, InputError ``signed-already`` or ``not-found``.
    """
    with open_tree(path) as tree:
        try:
            found = check_whole(tree)
        except BrokenError as error:
            raise BrokenError(error.code, message("{fault}; do not sign this", fault=str(error))) from None
        chosen = next((one for one in found.attestations if one.name == attestation), None)
        if chosen is None:
            raise InputError(
                "not-found",
                message(
                    "{where}: has no {attestation}; its last is {last}",
                    where=tree.where,
                    attestation=attestation,
                    last=found.attestations[-1].name,
                ),
            )
        if shown is not None and chosen.content != shown:
            raise BrokenError(
                "changed",
                message(
                    "{where}: {attestation} is no longer what was shown; nothing was signed",
                    where=tree.where,
                    attestation=attestation,
                ),
            )
        new = signature_members(chosen.name, chosen.content, chosen.framed.name, signer)
        if any(member.path in tree.front() for member in new):
            raise InputError("signed-already", message("{where}: this key has signed it already", where=tree.where))
        _put(path, tree, new)
    return found.core.bundle_id


def add_files(path: Path, files: Mapping[str, bytes]) -> None:
    """Add small files beside the statements of a bundle, as time stamps are, changed in place.

    Raises InputError ``exists``; BrokenError where such a file has no place there.
    """
    with open_tree(path) as tree:
        taken = next((name for name in files if name in tree.front()), None)
        if taken is not None:
            raise InputError("exists", message("{where}: has a {taken} already", where=tree.where, taken=clean_line(taken)))
        attested_files({**tree.front(), **{name: len(content) for name, content in files.items()}})
        _put(path, tree, [Member(name, content, len(content)) for name, content in files.items()])


def _put(path: Path, tree: Tree, new: Sequence[Member]) -> None:
    if not path.is_dir():
        write_zip(path, [*kept_members(tree), *new], replace=True)
        return
    with writing(path):
        for member in new:
            assert isinstance(member.source, bytes)  # signatures and time stamps are small
            write_atomic(path / member.path, member.source)


def add_statement(path: Path, content: bytes, name: str, signers: Sequence[Signer]) -> str:
    """Add a statement with its signatures to the bundle at ``path``, changed in place; gives the folder's name.

    Nothing that was there is touched. Raises InputError ``exists`` where another process was quicker.
    """
    with open_tree(path) as tree:
        folder = f"{FOLDER}/{len(attested_files(tree.front())) + 1:04d}"
        if path.is_dir():
            write_folder(path / folder, attestation_members("", content, name, signers), beside=path.absolute().parent)
        else:
            write_zip(path, [*kept_members(tree), *attestation_members(folder, content, name, signers)], replace=True)
    return folder


def kept_members(tree: Tree, expected: Mapping[str, bytes] | None = None) -> list[Member]:
    """The files of a bundle as members of another, copied from where they lie, checked against ``expected`` on the way."""
    known = expected or {}
    return [
        Member(path, source, size, known[path].hex() if path in known else None, offset)
        for path, size in tree.sizes().items()
        for source, offset in [tree.source(path)]
    ]
