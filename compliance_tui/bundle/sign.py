"""One more signature over the statement of a bundle that is there already."""

import hashlib
import tempfile
from pathlib import Path

from compliance_tui.bundle.export import ATTESTATION, signature_members
from compliance_tui.bundle.hashing import hash_many
from compliance_tui.bundle.manifest import LARGEST_MANIFEST
from compliance_tui.bundle.statement import SUBJECT, read_statement
from compliance_tui.bundle.tree import Tree, open_tree, read_file
from compliance_tui.bundle.verify import read_structure
from compliance_tui.bundle.write import Member, write_zip
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.files import fsync_folder, write_atomic
from compliance_tui.trust.dsse import LARGEST_PAYLOAD
from compliance_tui.trust.keys import Signer


def sign_bundle(path: Path, signer: Signer) -> str:
    """Sign the statement of the bundle at ``path`` (folder or ZIP, changed in place); gives the bundle id.

    Everything that the signature would vouch for is hashed first. Raises BrokenError where it does not hold, InputError
    ``signed-already``.
    """
    with open_tree(path) as tree:
        bundle_id, statement = _checked(tree)
        new = signature_members(statement, signer)
        if any(member.path in tree.sizes() for member in new):
            raise InputError("signed-already", f"{tree.where}: this key has signed it already")
        if path.is_dir():
            for member in new:
                assert isinstance(member.source, bytes)
                write_atomic(path / member.path, member.source)
            fsync_folder(path / ATTESTATION)
        else:
            _rewrite(path, tree, new)
    return bundle_id


def _checked(tree: Tree) -> tuple[str, bytes]:
    sums = read_file(tree, SUBJECT, LARGEST_MANIFEST)
    expected, _, _ = read_structure(tree, sums)
    hashes = hash_many(tree, list(expected))
    altered = next((name for name, sha256 in expected.items() if hashes[name] != sha256), None)
    if altered is not None:
        raise BrokenError("altered", f"{tree.where}: {altered} was altered; do not sign this")
    statement = read_file(tree, f"{ATTESTATION}/statement.json", LARGEST_PAYLOAD)
    bundle_id = hashlib.sha256(sums).hexdigest()
    if read_statement(statement, f"{ATTESTATION}/statement.json").bundle_id != bundle_id:
        raise BrokenError("other-bundle", f"{tree.where}: its statement is about another bundle; do not sign this")
    return bundle_id, statement


def _rewrite(path: Path, tree: Tree, new: list[Member]) -> None:
    """Write the ZIP anew with more members; large ones pass through a temporary file beside it."""
    with tempfile.TemporaryDirectory(prefix=".tmp-", dir=path.parent) as temporary:
        members = list(new)
        for number, (name, size) in enumerate(tree.sizes().items()):
            if size < 1 << 20:
                members.append(Member(name, read_file(tree, name, size), size))
                continue
            copy = Path(temporary) / str(number)
            with tree.open(name) as source, copy.open("wb") as target:
                while chunk := source.read(1 << 20):
                    target.write(chunk)
            members.append(Member(name, copy, size))
        write_zip(path, members, replace=True)
