"""An append-only log as a Merkle tree (RFC 6962, section 2.1), and its signed head (C2SP tlog-checkpoint, signed-note).

It can show that a line is in the log, and that a later log continues an earlier one. It cannot show that a log which never left
the building was not written anew: only heads that somebody else remembers do that.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.signer import Signer

DIGEST_SIZE = 32
LARGEST_CHECKPOINT = 8 * 1024
_ED25519 = b"\x01"  # the type of a note signature, C2SP signed-note
_LONGEST_PROOF = 64
_COUNT = re.compile("0|[1-9][0-9]{0,17}")


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one line of the log."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The tree over some leaves; every whole subtree is hashed once."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self._levels = [[leaf_hash(leaf) for leaf in leaves]]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([_node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])

    def root(self, size: int | None = None) -> bytes:
        """The head of the first ``size`` leaves (default: all). Raises ValueError for a size that the tree does not have."""
        size = self.size if size is None else size
        if not 0 <= size <= self.size:
            raise ValueError(message("a tree of {leaves} leaves has no head of {size}", leaves=self.size, size=size))
        return self._range(0, size) if size else hashlib.sha256(b"").digest()

    def _range(self, start: int, end: int) -> bytes:
        width = end - start
        height = width.bit_length() - 1
        if width == 1 << height and start % width == 0:
            return self._levels[height][start >> height]
        split = start + _split(width)
        return _node(self._range(start, split), self._range(split, end))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of leaf ``index`` in the head of ``size`` (RFC 6962, 2.1.1). Raises ValueError."""
        size = self.size if size is None else size
        if not 0 <= index < size <= self.size:
            raise ValueError(message("leaf {index} is not among {size} of {leaves}", index=index, size=size, leaves=self.size))
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            split = start + _split(end - start)
            if index < split:
                path.append(self._range(split, end))
                end = split
            else:
                path.append(self._range(start, split))
                start = split
        return path[::-1]

    def consistency_proof(self, old: int, size: int | None = None) -> list[bytes]:
        """That the head of ``old`` leaves is continued by that of ``size`` (RFC 6962, 2.1.2). Raises ValueError."""
        size = self.size if size is None else size
        if not 0 < old <= size <= self.size:
            raise ValueError(message("no proof from {old} to {size} of {leaves}", old=old, size=size, leaves=self.size))
        return self._subproof(old, 0, size, True) if old < size else []

    def _subproof(self, old: int, start: int, end: int, whole: bool) -> list[bytes]:
        if old == end - start:
            return [] if whole else [self._range(start, end)]
        split = _split(end - start)
        if old <= split:
            return [*self._subproof(old, start, start + split, whole), self._range(start + split, end)]
        return [*self._subproof(old - split, start + split, end, False), self._range(start, start + split)]


def _split(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << (width - 1).bit_length() - 1


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` shows that ``leaf`` (its hash) is number ``index`` of the tree with that head (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or len(proof) > _LONGEST_PROOF or any(len(one) != DIGEST_SIZE for one in (leaf, *proof)):
        return False
    position, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            found = _node(one, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = _node(found, one)
        position, last = position >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows that the tree of ``size`` continues that of ``old`` leaves (RFC 9162, 2.1.4.2).

    A head of no leaves says nothing that could be continued: it is never consistent.
    """
    if not 0 < old <= size or len(proof) > _LONGEST_PROOF or any(len(one) != DIGEST_SIZE for one in proof):
        return False
    if old == size:
        return not proof and old_root == root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    position, last = old - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            first, second = _node(one, first), _node(one, second)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second = _node(second, one)
        position, last = position >> 1, last >> 1
    return last == 0 and first == old_root and second == root


@dataclass(frozen=True)
class Checkpoint:
    """A tree's head: whose log it is, how many lines it holds, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """The bytes that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The checkpoint as a signed note; the key's name is the log's origin. The signer's key is Ed25519."""
    signature = base64.b64encode(_key_hash(checkpoint.origin, signer.public) + signer.sign(checkpoint.text)).decode()
    return checkpoint.text + f"\n\u2014 {checkpoint.origin} {signature}\n".encode()


def read_checkpoint(content: bytes, where: str) -> Checkpoint:
    """The checkpoint in a signed note, its signatures not looked at. Raises BrokenError ``bad-checkpoint``."""
    try:
        if len(content) > LARGEST_CHECKPOINT:
            raise ValueError
        body, _, _ = content.decode("utf-8").partition("\n\n")
        origin, size, root, *_ = body.split("\n")
        digest = base64.b64decode(root, validate=True)
        if not origin or not _COUNT.fullmatch(size) or len(digest) != DIGEST_SIZE:
            raise ValueError
        return Checkpoint(origin, int(size), digest)
    except (ValueError, binascii.Error):
        raise BrokenError("bad-checkpoint", message("{where}: is no checkpoint of a log", where=clean_line(where))) from None


def verifies_checkpoint(content: bytes, checkpoint: Checkpoint, public: PublicKey) -> bool:
    """Whether one of the note's signatures is that of ``public`` over exactly this checkpoint."""
    body, _, lines = content.partition(b"\n\n")
    if body + b"\n" != checkpoint.text:
        return False
    wanted = _key_hash(checkpoint.origin, public)
    for line in lines.decode("utf-8", "replace").splitlines():
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.rpartition(" ")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        if dash == "\u2014" and name == checkpoint.origin and signature[:4] == wanted:
            return public.verifies(signature[4:], checkpoint.text)
    return False


def _key_hash(name: str, public: PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public.raw).digest()[:4]
