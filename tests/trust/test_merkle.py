"""The log as a Merkle tree: every proof holds, every alteration of one fails, and public vectors agree."""

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import BrokenError
from compliance_tui.trust.merkle import (
    Checkpoint,
    Tree,
    leaf_hash,
    read_checkpoint,
    sign_checkpoint,
    verifies_checkpoint,
    verify_consistency,
    verify_inclusion,
)
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.signer import Signer
from tests.shared_data import shared


def _plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + _plain_root(leaves[:split]) + _plain_root(leaves[split:])).digest()


def _leaves(count: int) -> list[bytes]:
    return [f"line {number}".encode() for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 7, 8, 9, 31, 33])
def test_the_head_is_that_of_the_rfc(count: int) -> None:
    leaves = _leaves(count)
    tree = Tree(leaves)
    assert [tree.root(size) for size in range(count + 1)] == [_plain_root(leaves[:size]) for size in range(count + 1)]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 70), st.data())
def test_every_proof_holds_for_its_place_only(count: int, data: st.DataObject) -> None:
    tree = Tree(_leaves(count))
    size = data.draw(st.integers(1, count))
    index = data.draw(st.integers(0, size - 1))
    leaf, proof, root = leaf_hash(f"line {index}".encode()), tree.inclusion_proof(index, size), tree.root(size)
    assert verify_inclusion(leaf, index, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not verify_inclusion(leaf, index, size, proof, leaf_hash(b"another head"))
    for other in range(size):
        if other != index:
            assert not verify_inclusion(leaf, other, size, proof, root)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 70), st.data())
def test_a_log_continues_only_what_it_began_with(count: int, data: st.DataObject) -> None:
    tree = Tree(_leaves(count))
    old = data.draw(st.integers(1, count))
    proof = tree.consistency_proof(old)
    assert verify_consistency(old, tree.root(old), count, tree.root(), proof)
    forged = Tree([b"forged", *_leaves(count)[1:]])
    assert not verify_consistency(old, forged.root(old), count, tree.root(), proof)
    assert not verify_consistency(old, tree.root(old), count, forged.root(), proof)
    if old < count:
        assert not verify_consistency(old, tree.root(old), count, tree.root(), proof[:-1])
        assert not verify_consistency(count, tree.root(), old, tree.root(old), proof)
    assert not verify_consistency(0, tree.root(0), count, tree.root(), proof)


def _cases(folder: str) -> list[dict[str, Any]]:
    paths = sorted((shared("vectors") / "merkle" / folder).rglob("*.json"))
    assert len(paths) == 98
    return [json.loads(path.read_text()) for path in paths]


def _bytes(*texts: str) -> list[bytes]:
    return [base64.b64decode(text) for text in texts]


def test_public_vectors_of_inclusion() -> None:
    for case in _cases("inclusion"):
        leaf, root, *proof = _bytes(case["leafHash"], case["root"], *(case["proof"] or []))
        held = verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
        assert held is not case["wantErr"], case["desc"]


def test_public_vectors_of_consistency() -> None:
    for case in _cases("consistency"):
        old, new, *proof = _bytes(case["root1"], case["root2"], *(case["proof"] or []))
        held = verify_consistency(case["size1"], old, case["size2"], new, proof)
        assert held is not case["wantErr"], case["desc"]


def _signer() -> Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return Signer(PublicKey(private.public_key().public_bytes_raw()), private.sign)


def test_a_checkpoint_is_signed_and_read_back() -> None:
    signer, tree = _signer(), Tree(_leaves(9))
    checkpoint = Checkpoint("northwind.example/northwind-2", 9, tree.root())
    note = sign_checkpoint(checkpoint, signer)
    assert read_checkpoint(note, "x") == checkpoint
    assert verifies_checkpoint(note, checkpoint, signer.public)
    assert not verifies_checkpoint(note.replace(b"\n9\n", b"\n8\n"), checkpoint, signer.public)
    assert not verifies_checkpoint(note, Checkpoint(checkpoint.origin, 8, checkpoint.root), signer.public)
    assert not verifies_checkpoint(note, checkpoint, PublicKey(bytes(range(1, 33))))


@pytest.mark.parametrize(
    "content", [b"", b"x", b"o\n09\n" + base64.b64encode(bytes(32)), b"o\n1\nAA==\n\n", b"\xff\n1\n\n", b"o\n1\n" + b"A" * 9000]
)
def test_what_is_no_checkpoint_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenError, match="no checkpoint"):
        read_checkpoint(content, "x")


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    try:
        checkpoint = read_checkpoint(content, "x")
    except BrokenError:
        return
    assert len(checkpoint.root) == 32


@pytest.mark.parametrize(("size", "asked"), [(0, 1), (3, 4), (3, -1)])
def test_a_log_has_no_head_beyond_its_end(size: int, asked: int) -> None:
    tree = Tree(_leaves(size))
    for ask in (tree.root, lambda end: tree.inclusion_proof(0, end), lambda end: tree.consistency_proof(1, end)):
        with pytest.raises(ValueError, match=str(asked)):
            ask(asked)
    with pytest.raises(ValueError, match="leaf 3 is not among 3"):
        Tree(_leaves(3)).inclusion_proof(3)
    with pytest.raises(ValueError, match="no proof from 0"):
        Tree(_leaves(3)).consistency_proof(0)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 8, 13])
def test_no_proof_holds_that_is_longer_shorter_or_of_other_hashes(count: int) -> None:
    tree = Tree(_leaves(count))
    root, strange = tree.root(), leaf_hash(b"strange")
    for index in range(count):
        leaf, proof = leaf_hash(f"line {index}".encode()), tree.inclusion_proof(index)
        assert verify_inclusion(leaf, index, count, proof, root)
        others = [[*proof, strange], [strange, *proof], [*proof, *[strange] * 64], *([proof[:-1], proof[1:]] if proof else [])]
        others += [[*proof[:at], one, *proof[at + 1 :]] for at in range(len(proof)) for one in (strange, proof[at][:31], b"")]
        assert not any(verify_inclusion(leaf, index, count, other, root) for other in others)
        assert not verify_inclusion(leaf[:31], index, count, proof, root)
        assert not verify_inclusion(leaf, -1, count, proof, root)
        assert not verify_inclusion(leaf, count, count, proof, root)
    for old in range(1, count + 1):
        proof, before = tree.consistency_proof(old), tree.root(old)
        assert verify_consistency(old, before, count, root, proof)
        others = [[*proof, strange], [strange, *proof], [*proof, *[strange] * 64], *([proof[:-1], proof[1:]] if proof else [])]
        others += [[*proof[:at], one, *proof[at + 1 :]] for at in range(len(proof)) for one in (strange, proof[at][:31], b"")]
        assert not any(verify_consistency(old, before, count, root, other) for other in others)
        assert not verify_consistency(old, strange, count, root, proof)
        assert not verify_consistency(old, before, count, strange, proof)


def test_a_note_of_any_length_is_no_checkpoint() -> None:
    note = Checkpoint("o", 1, bytes(32)).text
    assert read_checkpoint(note + b"more\n" * 100, "x").size == 1
    with pytest.raises(BrokenError, match="no checkpoint"):
        read_checkpoint(note + b"more\n" * 2000, "x")
    with pytest.raises(BrokenError, match="no checkpoint"):
        read_checkpoint(note.replace(b"\n1\n", "\n\u0661\n".encode()), "x")  # a digit, and none of ours
