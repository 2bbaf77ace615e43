"""What every store of evidence bytes can do, wherever the bytes lie. There is no way to delete or to change an object."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

_DIGEST = re.compile(r"[0-9a-f]{64}")
Progress = Callable[[int], None]
Cancelled = Callable[[], bool]
# Bytes in order, in pieces; raises BrokenError before its end where they are not what their digest says.
Blocks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class StoredFile:
    """What was stored: the digest and size of the bytes, and whether they are new in the store."""

    sha256: str
    size: int
    created: bool


@dataclass(frozen=True)
class StoreFinding:
    """An object whose bytes are not what its name says, or that is not there."""

    sha256: str
    fault: Literal["missing", "altered"]


class BlobStore(Protocol):
    """A store of objects named by their SHA-256 (64 lowercase hexadecimal digits).

    All methods raise InputError (``bad-digest``, ``not-found``; for a store behind a network also ``unreachable``, ``denied``,
    ``no-bucket``…); those that take ``cancelled`` raise CancelledError. Nothing half written is ever visible under a digest.
    """

    def put_many(
        self, sources: Sequence[Path], progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> list[StoredFile]:
        """Take in files, durably; the same bytes are kept once. ``progress`` is given the bytes done so far."""
        ...

    def stat(self, sha256: str) -> int | None:
        """The object's size in bytes; None where it is not there."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """The object for reading and seeking; what is read is not checked against the digest."""
        ...

    def source(self, sha256: str) -> Path | Blocks:
        """The object for reading all of it once: a file of this machine, or its checked bytes."""
        ...

    def check(self, sizes: Mapping[str, int]) -> list[StoreFinding]:
        """Which digests are missing, or there with another size than said; no bytes are read."""
        ...

    def verify(self, digests: Sequence[str], progress: Progress | None = None) -> list[StoreFinding]:
        """Which digests are missing, and which objects hold other bytes: every byte is read and hashed."""
        ...

    def objects(self) -> Iterator[str]:
        """The digests of all objects, sorted."""
        ...


def is_digest(text: str) -> bool:
    """Whether ``text`` is a SHA-256 in lowercase hexadecimal."""
    return _DIGEST.fullmatch(text) is not None


def parts_of(sha256: str) -> tuple[str, str]:
    """The folder and the name of an object. Raises InputError ``bad-digest``."""
    if not is_digest(sha256):
        raise InputError(
            "bad-digest", message("{sha256} is not a SHA-256 in lowercase hexadecimal", sha256=clean_line(sha256, 80))
        )
    return sha256[:2], sha256[2:]


def altered(sha256: str, where: str) -> BrokenError:
    """The error for bytes that are not what their digest says."""
    return BrokenError(
        "evidence-altered",
        message(
            "{where}: the bytes of {sha256}… are not those that were attached; `compliance-tui evidence verify` says "
            "which items are hurt",
            where=clean_line(where),
            sha256=sha256[:16],
        ),
    )
