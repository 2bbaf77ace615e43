"""The store of evidence bytes in a bucket, by SHA-256: ``sha256/ab/<the rest>``, for S3 and whatever else obstore speaks.

An object becomes visible whole or not at all: a small one is one request, a large one a multipart upload that is completed
last. What is uploaded is hashed again on its way, and an upload whose bytes are not those of the digest is never completed.
A client that is killed leaves parts that nobody sees; the server's rule for incomplete uploads removes them.
"""

import hashlib
import io
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from compliance_tui.evidence.blob_store import (
    Blocks,
    Cancelled,
    Progress,
    StoredFile,
    StoreFinding,
    altered,
    is_digest,
    parts_of,
)
from compliance_tui.evidence.connection import connect, speaking
from compliance_tui.evidence.range_reader import BLOCK, RangeReader
from compliance_tui.evidence.store_address import StoreAddress
from compliance_tui.safe.errors import BrokenError, CancelledError, InputError
from compliance_tui.safe.files import MEBIBYTE, open_regular
from compliance_tui.safe.language import message

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client

A = TypeVar("A")
B = TypeVar("B")
PREFIX = "sha256"
# One request up to here: the whole file is in memory then. Above, parts; a server takes 10,000 of them.
ONE_REQUEST = 8 * MEBIBYTE
_PART, _MOST_PARTS, _PARTS_IN_FLIGHT = 8 * MEBIBYTE, 9_000, 4
_STEP = MEBIBYTE
_SMALL_AT_ONCE, _QUESTIONS_AT_ONCE = 6, 16
_READ, _READS_AHEAD, _READ_AT_ONCE = 4 * MEBIBYTE, 2, 2


class ObjectStore:
    """Objects in a bucket.

    ``create``: the server honours conditional writes. ``read_back``: what was uploaded is read and hashed again.
    """

    def __init__(self, client: "Client", url: str, *, create: bool = True, read_back: bool = False) -> None:
        self._client, self.url = client, url
        self._create, self._read_back = create, read_back

    @classmethod
    def at(cls, address: StoreAddress) -> "ObjectStore":
        """The store at ``address``, as it was measured. Raises InputError ``missing-extra``, ``no-credentials``."""
        create = address.measured is not None and address.measured.create
        return cls(connect(address), address.url, create=create, read_back=address.read_back)

    def _key(self, sha256: str) -> str:
        folder, name = parts_of(sha256)
        return f"{PREFIX}/{folder}/{name}"

    def _where(self, sha256: str) -> str:
        return f"{self.url}/{self._key(sha256)[:26]}…"

    def put_many(
        self, sources: Sequence[Path], progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> list[StoredFile]:
        """Take in files. Raises BrokenError ``evidence-altered`` for one that changes meanwhile; it is not stored then."""
        with ThreadPoolExecutor(2) as pool:
            digests = list(pool.map(_digest_of, sources))
        created = self.push(dict(zip(digests, sources, strict=True)), progress, cancelled)
        sizes = [source.stat().st_size for source in sources]
        return [StoredFile(one, size, one in created) for one, size in zip(digests, sizes, strict=True)]

    def push(
        self,
        files: Mapping[str, Path],
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
        hurt: Callable[[str], None] | None = None,
    ) -> set[str]:
        """Upload files whose digests are known; gives the digests that were not there before.

        A file that is not what its digest says is not stored: BrokenError ``evidence-altered``, or its digest goes to
        ``hurt`` and the others go on.
        """
        done, lock = 0, Lock()

        def advanced(count: int) -> None:
            nonlocal done
            with lock:
                done += count
                if progress:
                    progress(done)

        def one(sha256: str) -> bool:
            try:
                return self._push(sha256, files[sha256], advanced, cancelled)
            except BrokenError:
                if hurt is None:
                    raise
                hurt(sha256)
                return False

        small = [sha256 for sha256, path in files.items() if path.stat().st_size <= ONE_REQUEST]
        created = dict(zip(small, _several(one, small, _SMALL_AT_ONCE), strict=True))
        for sha256 in files:  # a large one has several parts under way already
            if sha256 not in created:
                created[sha256] = one(sha256)
        return {sha256 for sha256, new in created.items() if new}

    def _push(self, sha256: str, path: Path, advanced: Progress, cancelled: Cancelled | None) -> bool:
        if cancelled and cancelled():
            raise CancelledError
        size = path.stat().st_size
        if self.stat(sha256) == size:
            advanced(size)
            return False
        with open_regular(path) as file, speaking(self._where(sha256)):
            if size <= ONE_REQUEST:
                self._put_whole(sha256, file.read(size + 1))
                advanced(size)
            else:
                self._client.put(
                    self._key(sha256),
                    _checked(file, sha256, str(path), advanced, cancelled),
                    chunk_size=(part := max(_PART, -(-size // _MOST_PARTS))),
                    max_concurrency=max(1, _PARTS_IN_FLIGHT * _PART // part),
                    use_multipart=True,
                )
        self._confirm(sha256, size)
        return True

    def _put_whole(self, sha256: str, content: bytes) -> None:
        from obstore.exceptions import AlreadyExistsError

        if hashlib.sha256(content).hexdigest() != sha256:
            raise altered(sha256, "what was to be uploaded")
        put = partial(self._client.put, self._key(sha256), content, use_multipart=False)
        if not self._create:
            put()
            return
        try:
            put(mode="create")
        except AlreadyExistsError:
            if self.stat(sha256) != len(content):  # somebody's damaged one; this was hashed a moment ago
                put()

    def _confirm(self, sha256: str, size: int) -> None:
        """Ask for what was acknowledged; where the server does not check what it takes in, read it."""
        if self._read_back:
            for _ in self.blocks(sha256):
                pass
        elif size > ONE_REQUEST and self.stat(sha256) != size:
            raise InputError(
                "store-failed",
                message("{where}: acknowledged, and not there as it was sent; repeat", where=self._where(sha256)),
            )

    def stat(self, sha256: str) -> int | None:
        """The object's size in bytes; None where it is not there."""
        try:
            with speaking(self._where(sha256)):
                return self._client.head(self._key(sha256))["size"]
        except InputError as error:
            if error.code == "not-found":
                return None
            raise

    def _size(self, sha256: str) -> int:
        size = self.stat(sha256)
        if size is None:
            raise InputError(
                "not-found",
                message(
                    "{where}: is not in the store; `compliance-tui store verify` says what is missing",
                    where=self._where(sha256),
                ),
            )
        return size

    def _range(self, sha256: str, start: int, end: int) -> bytes:
        with speaking(self._where(sha256)):
            return bytes(self._client.get_range(self._key(sha256), start=start, end=end))

    def open(self, sha256: str) -> BinaryIO:
        """The object for reading and seeking, by range requests; what is read is not checked against the digest."""
        return io.BufferedReader(RangeReader(partial(self._range, sha256), self._size(sha256)), BLOCK // 8)

    def blocks(self, sha256: str) -> Iterator[bytes]:
        """All bytes in order, a few requests ahead. Raises BrokenError ``evidence-altered`` before the last ones are given."""
        size, digest = self._size(sha256), hashlib.sha256()
        starts = iter(range(0, size, _READ))
        with ThreadPoolExecutor(_READS_AHEAD) as pool:
            waiting: deque[Future[bytes]] = deque()

            def ask() -> None:
                if (start := next(starts, None)) is not None:
                    waiting.append(pool.submit(self._range, sha256, start, min(size, start + _READ)))

            try:
                for _ in range(_READS_AHEAD):
                    ask()
                while waiting:
                    block = waiting.popleft().result()
                    ask()
                    digest.update(block)
                    if not waiting and digest.hexdigest() != sha256:
                        raise altered(sha256, self._where(sha256))
                    yield block
                if size == 0 and digest.hexdigest() != sha256:
                    raise altered(sha256, self._where(sha256))
            finally:
                for future in waiting:
                    future.cancel()

    def source(self, sha256: str) -> Blocks:
        """The object's checked bytes, to be read once."""
        return partial(self.blocks, sha256)

    def check(self, sizes: Mapping[str, int]) -> list[StoreFinding]:
        """Which digests are missing, or there with another size than said: one small request for each."""
        digests = sorted(sizes)
        there = _several(self.stat, digests, _QUESTIONS_AT_ONCE)
        if digests and not any(size is not None for size in there):
            self.reach()  # every object of a bucket that does not exist is missing too
        return [
            StoreFinding(sha256, "missing" if size is None else "altered")
            for sha256, size in zip(digests, there, strict=True)
            if size != sizes[sha256]
        ]

    def reach(self) -> bool:
        """Ask the bucket for its first names; whether they may be listed. Raises InputError, but for ``denied``."""
        try:
            with speaking(self.url):
                next(iter(self._client.list(f"{PREFIX}/", chunk_size=1)), None)
                return True
        except InputError as error:
            if error.code != "denied":
                raise
            return False

    def verify(self, digests: Sequence[str], progress: Progress | None = None) -> list[StoreFinding]:
        """Read and hash all of the objects: which are missing, which hold other bytes."""
        done, lock = 0, Lock()

        def one(sha256: str) -> StoreFinding | None:
            nonlocal done
            try:
                for block in self.blocks(sha256):
                    with lock:
                        done += len(block)
                        if progress:
                            progress(done)
            except BrokenError:
                return StoreFinding(sha256, "altered")
            except InputError as error:
                if error.code == "not-found":
                    return StoreFinding(sha256, "missing")
                raise
            return None

        wanted = sorted(set(digests))
        found = [finding for finding in _several(one, wanted, _READ_AT_ONCE) if finding is not None]
        if found and len(found) == len(wanted):
            self.reach()
        return found

    def objects(self) -> Iterator[str]:
        """The digests of all objects, sorted. Raises InputError ``denied`` where the keys may not list."""
        found = []
        with speaking(self.url):
            for page in self._client.list(f"{PREFIX}/"):
                for entry in page:
                    digest = "".join(entry["path"].split("/")[-2:])
                    if is_digest(digest):
                        found.append(digest)
        yield from sorted(found)


def _several(work: Callable[[A], B], things: Sequence[A], at_once: int) -> list[B]:
    """``work`` for each, some at a time; at the first error those that did not begin are given up."""
    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(work, thing) for thing in things]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _digest_of(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(file: BinaryIO, sha256: str, where: str, advanced: Progress, cancelled: Cancelled | None) -> Iterator[bytes]:
    """The file in pieces; raises before the end where they are not the bytes of the digest, so that nothing is completed."""
    digest, left = hashlib.sha256(), b""
    while piece := file.read(_STEP):
        if cancelled and cancelled():
            raise CancelledError
        digest.update(piece)
        if left:
            yield left
            advanced(len(left))
        left = piece
    if digest.hexdigest() != sha256:
        raise altered(sha256, where)
    yield left
    advanced(len(left))
