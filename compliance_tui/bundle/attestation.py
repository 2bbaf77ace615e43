"""The attestations of a bundle: ``0001`` is the lab's own statement, each later number one more statement about it.

They lie outside of what is signed, so that one can be added without touching the others. Each is a folder: the statement's
exact bytes, and for each signer a DSSE envelope and an SSHSIG over them, with RFC 3161 tokens beside the envelope, or beside
the SSHSIG of a key that makes no envelope.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compliance_tui.bundle.statement import Framed, namespace_of, read_frame
from compliance_tui.bundle.tree import Tree, open_tree, read_file
from compliance_tui.bundle.write import Member
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.dsse import LARGEST_ENVELOPE, LARGEST_PAYLOAD, sign_envelope
from compliance_tui.trust.keys import Signer
from compliance_tui.trust.sshsig import LARGEST_SSHSIG, sign_ssh
from compliance_tui.trust.timestamps import stamped_bytes

FOLDER = "attestations"
FIRST = f"{FOLDER}/0001"
STATEMENT = "statement.json"
MOST_ATTESTATIONS = 100
LARGEST_TOKEN = 64 * 1024
_SIGNATURE = r"[0-9a-f]{16}\.(dsse\.json|sshsig)((\.[2-9])?\.tsr)?"
_FILE = re.compile(rf"{FOLDER}/([0-9]{{4}})/({STATEMENT}|{_SIGNATURE})")
_LARGEST_TOGETHER = 16 * (1 << 20)
_MOST_FILES = 320

Files = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Attestation:
    """One statement and the files that vouch for it; nothing is judged yet."""

    name: str
    content: bytes
    framed: Framed
    envelopes: Files
    ssh_signatures: Files
    tokens: Files
    apart: bool = False

    @property
    def stampable(self) -> Files:
        """Each signature file with what a time stamp of it is over; where there is an envelope, that is to be stamped."""
        made = [name.removesuffix(".dsse.json") for name, _ in self.envelopes]
        alone = [one for one in self.ssh_signatures if one[0].removesuffix(".sshsig") not in made]
        return tuple((name, stamped_bytes(name, content, self.content)) for name, content in (*self.envelopes, *alone))

    @property
    def namespace(self) -> str:
        """The SSHSIG namespace that its signatures must carry."""
        return namespace_of(self.framed.name)


def attested_files(sizes: Mapping[str, int]) -> dict[str, list[str]]:
    """The files of each attestation, by its folder. Raises BrokenError for a gap in the numbers, or anything else there."""
    found: dict[str, list[str]] = defaultdict(list)
    inside = [path for path in sizes if path.startswith(f"{FOLDER}/")]
    if len(inside) > MOST_ATTESTATIONS * _MOST_FILES or sum(sizes[path] for path in inside) > _LARGEST_TOGETHER:
        raise BrokenError("too-large", message("{folder} holds more than anybody states about a bundle", folder=FOLDER))
    for path in inside:
        placed = _FILE.fullmatch(path)
        if placed is None:
            raise BrokenError(
                "bad-structure", message("{path} has no place among the attestations; it was added", path=clean_line(path))
            )
        found[f"{FOLDER}/{placed[1]}"].append(path)
    for number, (folder, paths) in enumerate(found.items(), 1):
        if folder != f"{FOLDER}/{number:04d}":
            raise BrokenError(
                "missing",
                message(
                    "{folder}/{number:04d} is missing: the attestations are numbered without gaps", folder=FOLDER, number=number
                ),
            )
        if f"{folder}/{STATEMENT}" not in paths:
            raise BrokenError("missing", message("{folder}/{statement} is missing", folder=folder, statement=STATEMENT))
        if len(paths) > _MOST_FILES:
            raise BrokenError("too-large", message("{folder} holds more than {most} files", folder=folder, most=_MOST_FILES))
    if len(found) > MOST_ATTESTATIONS:
        raise BrokenError(
            "too-large",
            message("{folder} holds more than {most} attestations", folder=FOLDER, most=MOST_ATTESTATIONS),
        )
    if not found:
        raise BrokenError("missing", message("{first}/{statement} is missing", first=FIRST, statement=STATEMENT))
    return dict(found)


def read_attestations(tree: Tree) -> list[Attestation]:
    """All attestations of a bundle, in order. Raises BrokenError for what cannot be a statement."""
    return [_read(tree, folder, paths, folder) for folder, paths in attested_files(tree.front()).items()]


def read_apart(folder: Path) -> Attestation:
    """A statement that was handed over apart from the bundle, as a folder. Raises InputError or BrokenError."""
    where = clean_line(str(folder))
    with open_tree(folder) as tree:
        paths = [path for path in tree.sizes() if _FILE.fullmatch(f"{FIRST}/{path}")]
        if paths != list(tree.sizes()):
            raise BrokenError(
                "bad-structure", message("{where}: holds something besides one statement and its signatures", where=where)
            )
        return _read(tree, "", paths, where, apart=True)


def is_apart(folder: Path) -> bool:
    """Whether the folder holds a statement, not an item."""
    return (folder / STATEMENT).is_file()


def _read(tree: Tree, folder: str, paths: Sequence[str], name: str, apart: bool = False) -> Attestation:
    where = f"{folder}/{STATEMENT}".removeprefix("/")
    content = read_file(tree, where, LARGEST_PAYLOAD)

    def files(suffix: str, limit: int) -> Files:
        return tuple((path, read_file(tree, path, limit)) for path in paths if path.endswith(suffix))

    return Attestation(
        name=name,
        content=content,
        framed=read_frame(content, f"{name}/{STATEMENT}"),
        envelopes=files(".dsse.json", LARGEST_ENVELOPE),
        ssh_signatures=files(".sshsig", LARGEST_SSHSIG),
        tokens=files(".tsr", LARGEST_TOKEN),
        apart=apart,
    )


def signature_members(folder: str, content: bytes, name: str, signer: Signer) -> list[Member]:
    """Signatures over the same bytes: a DSSE envelope and an SSHSIG, so that openssl or ssh-keygen alone is enough.

    Every key makes an SSHSIG; one that cannot sign an envelope gives that alone.
    """
    stem = f"{folder}/{signer.public.key_id[:16]}".removeprefix("/")
    members = []
    if signer.dsse:
        members.append(_bytes(f"{stem}.dsse.json", sign_envelope(content, signer)))
    members.append(_bytes(f"{stem}.sshsig", sign_ssh(content, namespace_of(name), signer)))
    return members


def attestation_members(folder: str, content: bytes, name: str, signers: Sequence[Signer]) -> list[Member]:
    """The statement, and the signatures of each signer over it."""
    members = [_bytes(f"{folder}/{STATEMENT}".removeprefix("/"), content)]
    for signer in signers:
        members += signature_members(folder, content, name, signer)
    return members


def _bytes(path: str, content: bytes) -> Member:
    return Member(path, content, len(content))
