"""The local store of evidence bytes, by SHA-256: ``objects/ab/<the rest>``.

Bytes are copied by the kernel while a second thread hashes what arrived: the digest is of what was stored, even when the
source changes meanwhile. Then they are made durable, and only then do they get their name; a kill at any instant leaves a
temporary file at most, which the next sweep removes.
"""

import contextlib
import errno
import fcntl
import hashlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Lock

from compliance_tui.evidence.blob_store import Cancelled, Progress, StoredFile, StoreFinding, altered, is_digest, parts_of
from compliance_tui.safe.errors import CancelledError, InputError
from compliance_tui.safe.files import MEBIBYTE, fsync_folder, open_regular, writing

_STEP = 32 * MEBIBYTE
_WRITE_OUT = 64 * MEBIBYTE
_THREADS = 4


class LocalStore:
    """A folder of objects named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the object lies, or would lie. Raises InputError ``bad-digest``."""
        folder, name = parts_of(sha256)
        return self.folder / folder / name

    def has(self, sha256: str) -> bool:
        """Whether the object is there (its bytes are not looked at)."""
        return self.path(sha256).is_file()

    def stat(self, sha256: str) -> int | None:
        """The object's size in bytes; None where it is not there."""
        try:
            return self.path(sha256).stat().st_size
        except OSError:
            return None

    def open(self, sha256: str) -> io.FileIO:
        """The object's bytes. Raises InputError ``not-found``."""
        return open_regular(self.path(sha256))

    def source(self, sha256: str) -> Path:
        """The file that holds the object."""
        return self.path(sha256)

    def put(self, source: Path, progress: Progress | None = None, cancelled: Cancelled | None = None) -> StoredFile:
        """Take in one file. The same bytes are kept once. Raises InputError, CancelledError; nothing is left behind then."""
        return self.put_many([source], progress, cancelled)[0]

    def put_many(
        self, sources: Sequence[Path], progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> list[StoredFile]:
        """Take in files, several at a time, durably; ``progress`` is given the bytes done so far."""
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.sweep()
        done, lock = 0, Lock()

        def advanced(count: int) -> None:
            nonlocal done
            with lock:
                done += count
                if progress:
                    progress(done)

        threads = min(_THREADS, len(sources)) or 1
        with ThreadPoolExecutor(threads) as files, ThreadPoolExecutor(2 * threads) as helpers:
            futures = [files.submit(self._put, source, helpers, advanced, cancelled) for source in sources]
            stored = self._gather(futures)
        with writing(self.folder):
            for folder in {self.path(one.sha256).parent for one in stored}:
                fsync_folder(folder)
            fsync_folder(self.folder)
        return stored

    def take(self, sha256: str, blocks: Iterable[bytes]) -> None:
        """Take in the bytes of another store, which must be those of the digest (BrokenError ``evidence-altered``)."""
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = self._temporary()
        try:
            digest = hashlib.sha256()
            for block in blocks:
                digest.update(block)
                with writing(self.folder):
                    _write_all(descriptor, block)
            if digest.hexdigest() != sha256:
                raise altered(sha256, str(self.folder))
            with writing(self.folder):
                self._name(descriptor, name, sha256)
                fsync_folder(self.path(sha256).parent)
                fsync_folder(self.folder)
        finally:
            os.close(descriptor)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)

    @staticmethod
    def _gather(futures: "Sequence[Future[StoredFile]]") -> list[StoredFile]:
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def _put(self, source: Path, helpers: ThreadPoolExecutor, advanced: Progress, cancelled: Cancelled | None) -> StoredFile:
        with open_regular(source) as file:
            with writing(self.folder):
                descriptor, name = self._temporary()
            try:
                with writing(self.folder):
                    digest, size = _copy_and_hash(file.fileno(), descriptor, helpers, advanced, cancelled)
                    return StoredFile(digest, size, self._name(descriptor, name, digest))
            finally:
                os.close(descriptor)
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name)

    def _temporary(self) -> tuple[int, str]:
        """A new file that is ours as long as we live: a sweep takes only what nobody holds locked."""
        while True:
            descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=self.folder)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return descriptor, name
            os.close(descriptor)  # a sweep came between the two calls

    def _name(self, descriptor: int, temporary: str, digest: str) -> bool:
        """Give the finished bytes their name, unless they have it already; the name goes to durable bytes only."""
        target = self.path(digest)
        if target.exists() and target.stat().st_size == os.fstat(descriptor).st_size:
            return False
        os.fchmod(descriptor, 0o444)
        os.fdatasync(descriptor)
        target.parent.mkdir(exist_ok=True)
        os.replace(temporary, target)  # over an object of the wrong size too: this one was hashed a moment ago
        return True

    def sweep(self) -> int:
        """Remove temporary files whose writer is gone (its lock ended with it); gives their number."""
        removed = 0
        for path in self.folder.glob(".tmp-*"):
            with contextlib.suppress(OSError):
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                    removed += 1
                finally:
                    os.close(descriptor)
        return removed

    def objects(self) -> Iterator[str]:
        """The digests of all objects, sorted."""
        for folder in sorted(path for path in self.folder.glob("[0-9a-f][0-9a-f]") if path.is_dir()):
            for name in sorted(os.listdir(folder)):
                if is_digest(folder.name + name):
                    yield folder.name + name

    def check(self, sizes: Mapping[str, int]) -> list[StoreFinding]:
        """Which digests are missing, or there with another size than said; no bytes are read."""
        found = ((sha256, size, self.stat(sha256)) for sha256, size in sorted(sizes.items()))
        return [StoreFinding(one, "missing" if there is None else "altered") for one, size, there in found if there != size]

    def verify(self, digests: Sequence[str], progress: Progress | None = None) -> list[StoreFinding]:
        """Hash the objects again: which are missing, which are altered."""
        done, lock = 0, Lock()

        def one(sha256: str) -> StoreFinding | None:
            nonlocal done
            try:
                with self.open(sha256) as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    size = file.tell()
            except InputError:
                return StoreFinding(sha256, "missing")
            with lock:
                done += size
                if progress:
                    progress(done)
            return None if digest == sha256 else StoreFinding(sha256, "altered")

        with ThreadPoolExecutor(2) as pool:
            return [finding for finding in pool.map(one, sorted(set(digests))) if finding is not None]


def _copy_and_hash(
    source: int, target: int, helpers: ThreadPoolExecutor, advanced: Progress, cancelled: Cancelled | None
) -> tuple[str, int]:
    """Copy everything, with the hash one step behind in another thread, and the disk kept busy in a third.

    A file of one step is hashed at once: its worker has others beside it, and a hand-over would only cost.
    """
    digest, copied = hashlib.sha256(), 0
    hashing: Future[None] | None = None
    writing: Future[None] | None = None
    small = os.fstat(source).st_size <= _STEP
    try:
        while True:
            if cancelled and cancelled():
                raise CancelledError
            count = _copy_some(source, copied, target)
            if hashing is not None:
                hashing.result()
            if count == 0:
                return digest.hexdigest(), copied
            if small:
                _hash_part(digest, target, copied, count)
            else:
                hashing = helpers.submit(_hash_part, digest, target, copied, count)
            copied += count
            if copied % _WRITE_OUT < count and (writing is None or writing.done()):
                writing = helpers.submit(os.fdatasync, target)
            advanced(count)
    finally:
        wait([future for future in (hashing, writing) if future is not None])  # before the caller closes the file


def _hash_part(digest: "hashlib._Hash", descriptor: int, at: int, count: int) -> None:
    buffer = memoryview(bytearray(min(MEBIBYTE, count)))
    while count > 0:
        read = os.preadv(descriptor, [buffer[: min(count, len(buffer))]], at)
        if read == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        digest.update(buffer[:read])
        at, count = at + read, count - read


def _copy_some(source: int, at: int, target: int) -> int:
    try:
        return os.copy_file_range(source, target, _STEP, at, at)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
    chunk = os.pread(source, MEBIBYTE, at)
    view = memoryview(chunk)
    while view:
        view = view[os.pwrite(target, view, at + len(chunk) - len(view)) :]
    return len(chunk)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
