"""The lab's audit log in a bundle: its head, and proofs that it continues the heads of the bundles before (RFC 6962).

The head stands in the signed statement, and again in ``core/log.json`` beside the proofs. There is one for each earlier bundle,
not only for the last: a verifier who missed some can still tell whether the log goes on from the one that they remember.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from compliance_tui.assessment.audit import log_lines
from compliance_tui.bundle.core import ExportRecord, LogHead
from compliance_tui.bundle.statement import Count, Digest, LogCheckpoint, Number, SelfAssessment, StatementModel
from compliance_tui.bundle.structure import CoreManifest
from compliance_tui.bundle.tree import Tree, read_file
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.language import Message, message
from compliance_tui.safe.model import load_json_model
from compliance_tui.trust import merkle

LOG = "core/log.json"
LARGEST_LOG = 512 * 1024
MOST_EARLIER = 100
Answer = Literal["yes", "no", "unknown"]
_Hash = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]


class EarlierHead(StatementModel):
    """A head that the log had before, and the proof that it is continued; of which bundle, where it was one's."""

    sequence: Number | None
    bundle: Digest | None
    size: Count
    root: _Hash
    proof: list[_Hash] = Field(max_length=64)


class LogProof(StatementModel):
    """``core/log.json``: the log's head as the statement signs it, and what it continues."""

    schema_: Literal["log-proof/1"] = Field(default="log-proof/1", alias="schema")
    log: LogCheckpoint
    earlier: list[EarlierHead] = Field(max_length=MOST_EARLIER)


@dataclass(frozen=True)
class LogFound:
    """What a bundle shows of the log. ``continues``: whether it is proved to continue the one of the bundle before."""

    proof: LogProof | None
    continues: Answer
    text: Message


def origin_of(series: str) -> str:
    """Whose log it is: that of the assessment with this series."""
    return f"compliance-tui/{series}"


def checkpoint_of(series: str, tree: merkle.Tree) -> LogCheckpoint:
    """The head of the whole log."""
    return LogCheckpoint(origin=origin_of(series), size=tree.size, root=_text(tree.root()))


def read_log_tree(root: Path) -> merkle.Tree:
    """The tree over the log of the assessment in ``root``, as it is now."""
    return merkle.Tree(log_lines(root))


def prove_log(
    root: Path, series: str, records: Sequence[ExportRecord], since: Iterable[int] = ()
) -> tuple[LogProof, tuple[int, ...]]:
    """The head of the log, with a proof from each earlier bundle's head and from each size in ``since``.

    Gives the sequences of the earlier bundles whose head the log no longer continues, too: there is no proof for those.
    Raises InputError ``no-line`` for a size that the log never had.
    """
    tree = read_log_tree(root)
    earlier: list[EarlierHead] = []
    broken: list[int] = []
    for size in sorted(set(since)):
        if not 0 < size <= tree.size:
            raise InputError(
                "no-line",
                message("the log has {number} lines; a head of {size} was never its own", number=tree.size, size=size),
            )
        earlier.append(_earlier(tree, LogHead(size=size, root=_text(tree.root(size)))))
    for record in records[-MOST_EARLIER + len(earlier) :] if len(earlier) < MOST_EARLIER else ():
        if record.log is None:
            continue
        if record.log.size <= tree.size and record.log.root == _text(tree.root(record.log.size)):
            earlier.append(_earlier(tree, record.log, record))
        else:
            broken.append(record.sequence)
    return LogProof(log=checkpoint_of(series, tree), earlier=earlier[:MOST_EARLIER]), tuple(broken)


def _earlier(tree: merkle.Tree, head: LogHead, record: ExportRecord | None = None) -> EarlierHead:
    return EarlierHead(
        sequence=record.sequence if record else None,
        bundle=record.bundle_id if record else None,
        size=head.size,
        root=head.root,
        proof=[_text(one) for one in tree.consistency_proof(head.size)],
    )


def find_log(tree: Tree, core: CoreManifest, said: SelfAssessment) -> LogFound:
    """What the bundle shows of the log, each of its proofs checked.

    Raises BrokenError ``bad-log`` where a proof does not hold, or the core and the statement name different heads.
    """
    if said.log is None:
        if LOG in core.files:
            raise BrokenError("bad-log", message("{file} is there, but the statement names no head of the log", file=LOG))
        return LogFound(None, "unknown", message("the bundle names no head of the lab's audit log: nothing is known about it"))
    if said.log.origin != origin_of(said.series):
        raise BrokenError("bad-log", message("the head of the log in the statement is not of the log of this series"))
    proof = _read(tree, said.log) if LOG in core.files else LogProof(log=said.log, earlier=[])
    for one in proof.earlier:
        if not merkle.verify_consistency(
            one.size, _bytes(one.root), said.log.size, _bytes(said.log.root), [_bytes(step) for step in one.proof]
        ):
            wrong = message("{file}: the log is not shown to continue its head of {size} lines", file=LOG, size=one.size)
            raise BrokenError("bad-log", wrong)
    size = said.log.size
    before = next((one for one in proof.earlier if one.bundle is not None and one.bundle == said.supersedes), None)
    if before is not None:
        text = message(
            "its head has {size} lines, and is proved to continue the {before} that it says the bundle before had",
            size=size,
            before=before.size,
        )
        return LogFound(proof, "yes", text)
    if said.supersedes is None:
        return LogFound(proof, "unknown", message("its head has {size} lines; there is no bundle before", size=size))
    text = message("its head has {size} lines; nothing shows that it continues that of the bundle before", size=size)
    return LogFound(proof, "unknown", text)


def _read(tree: Tree, said: LogCheckpoint) -> LogProof:
    try:
        proof = load_json_model(read_file(tree, LOG, LARGEST_LOG), LogProof, LOG, limit=LARGEST_LOG, signed=True)
    except InputError as error:
        raise BrokenError("bad-log", str(error)) from None
    if proof.log != said:
        raise BrokenError("bad-log", message("{file} and the statement name different heads of the log", file=LOG))
    return proof


def continues(known: LogCheckpoint, given: LogCheckpoint, earlier: Sequence[EarlierHead]) -> Answer:
    """Whether the log with the head ``given`` continues the one with the head ``known``.

    The proofs of ``earlier`` were checked before: each is a head that the log really had. No where it had another head at that
    size; unknown where nothing is proved, which is also so of a shorter log.
    """
    heads = [(given.size, given.root), *((one.size, one.root) for one in earlier)]
    same = next((root for size, root in heads if size == known.size), None)
    return "unknown" if same is None else "yes" if same == known.root else "no"


def root_at(tree: merkle.Tree, size: int) -> str | None:
    """The root of the first ``size`` lines of a log that is at hand, in base64; None where it has fewer, or for none."""
    return _text(tree.root(size)) if 0 < size <= tree.size else None


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
