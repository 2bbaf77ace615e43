"""Hashing all files of a bundle: two threads over the large ones, one over the small (threads would only cost there)."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from compliance_tui.bundle.tree import Tree
from compliance_tui.safe.errors import CancelledError
from compliance_tui.safe.files import MEBIBYTE

THREADS = 2
Progress = Callable[[int], None]
Cancelled = Callable[[], bool]


def altered_files(
    tree: Tree, expected: Mapping[str, bytes], progress: Progress | None = None, cancelled: Cancelled | None = None
) -> list[str]:
    """The files whose SHA-256 is not the expected one, sorted; ``progress`` is given the bytes done so far.

    Raises CancelledError.
    """
    return sorted(path for path, digest in _hashes(tree, list(expected), progress, cancelled) if digest != expected[path])


def _hashes(
    tree: Tree, paths: Sequence[str], progress: Progress | None, cancelled: Cancelled | None
) -> Iterator[tuple[str, bytes]]:
    sizes = tree.sizes()
    done, lock = 0, Lock()

    def one(path: str) -> tuple[str, bytes]:
        nonlocal done
        # No more than was there at first is read: a file that grows while it is read has no end.
        digest, left = hashlib.sha256(), sizes[path]
        buffer = memoryview(bytearray(max(1, min(MEBIBYTE, left))))
        with tree.open(path) as file:
            while left and (count := file.raw.readinto(buffer[: min(left, len(buffer))])):
                if cancelled and cancelled():
                    raise CancelledError
                digest.update(buffer[:count])
                left -= count
                with lock:
                    done += count
                    if progress:
                        progress(done)
        return path, digest.digest()

    yield from (one(path) for path in paths if sizes[path] < MEBIBYTE)
    large = sorted((path for path in paths if sizes[path] >= MEBIBYTE), key=lambda path: -sizes[path])
    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(one, large)
