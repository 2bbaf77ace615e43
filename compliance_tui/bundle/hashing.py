"""Hashing all files of a bundle: two threads over the large ones, one over the small (threads would only cost there)."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from compliance_tui.bundle.tree import Tree
from compliance_tui.safe.errors import CancelledError
from compliance_tui.safe.files import MEBIBYTE

THREADS = 2


def hash_many(
    tree: Tree,
    paths: Sequence[str],
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, str]:
    """SHA-256 of each file; ``progress`` is given the bytes done so far. Raises CancelledError."""
    sizes = tree.sizes()
    done, lock = 0, Lock()

    def one(path: str) -> tuple[str, str]:
        nonlocal done
        digest, buffer = hashlib.sha256(), memoryview(bytearray(max(1, min(MEBIBYTE, sizes[path]))))
        with tree.open(path) as file:
            while count := file.raw.readinto(buffer):
                if cancelled and cancelled():
                    raise CancelledError
                digest.update(buffer[:count])
                with lock:
                    done += count
                    if progress:
                        progress(done)
        return path, digest.hexdigest()

    small = [one(path) for path in paths if sizes[path] < MEBIBYTE]
    large = sorted((path for path in paths if sizes[path] >= MEBIBYTE), key=lambda path: -sizes[path])
    with ThreadPoolExecutor(THREADS) as pool:
        return dict(small + list(pool.map(one, large)))
