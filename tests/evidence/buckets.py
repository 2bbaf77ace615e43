"""Buckets in memory for tests, and ones that misbehave as real servers do; and an evaluation log of any size."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore
from backports.zstd import zipfile as zstd_zipfile
from obstore.store import MemoryStore

from compliance_tui.shipped import shipped


class Bucket:
    """A bucket in memory that counts what is asked of it, and whose single calls a test may replace."""

    def __init__(self) -> None:
        self.inner = MemoryStore()
        self.asked: Counter[str] = Counter()
        self.fetched = 0
        self.keys: list[str] = []

    def put(self, path: str, file: Any, **options: Any) -> Any:
        self.asked["put"] += 1
        self.keys.append(path)
        return obstore.put(self.inner, path, file, **options)

    def head(self, path: str) -> Any:
        self.asked["head"] += 1
        return obstore.head(self.inner, path)

    def get(self, path: str) -> Any:
        self.asked["get"] += 1
        return obstore.get(self.inner, path)

    def get_range(self, path: str, *, start: int, end: int) -> Any:
        self.asked["range"] += 1
        self.fetched += end - start
        return obstore.get_range(self.inner, path, start=start, end=end)

    def delete(self, path: str) -> None:
        self.asked["delete"] += 1
        obstore.delete(self.inner, path)

    def content(self, key: str) -> bytes:
        return bytes(obstore.get(self.inner, key).bytes())

    def names(self) -> list[str]:
        return sorted(entry["path"] for entry in obstore.list(self.inner).collect())

    def list(self, prefix: str, **options: Any) -> Any:
        self.asked["list"] += 1
        return obstore.list(self.inner, prefix, **options)


def key(sha256: str) -> str:
    return f"sha256/{sha256[:2]}/{sha256[2:]}"


def large_log(path: Path, size: int) -> None:
    """An Inspect log with a member of ``size`` bytes before what counts, as a long run leaves it."""
    with zstd_zipfile.ZipFile(shipped("evidence") / "inspect-eval-log" / "refusal.eval") as sample:
        parts = {name: sample.read(name) for name in ("summaries.json", "header.json")}
    with zipfile.ZipFile(path, "w") as log:
        with log.open("samples/long_epoch_1.json", "w", force_zip64=True) as member:
            for piece in _zeros(size):
                member.write(piece)
        for name, content in parts.items():
            log.writestr(name, content, zipfile.ZIP_DEFLATED)


def _zeros(size: int) -> Iterator[bytes]:
    piece = bytes(1 << 20)
    for _ in range(size >> 20):
        yield piece
    yield piece[: size & ((1 << 20) - 1)]
