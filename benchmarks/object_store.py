"""Evidence to and from a bucket of a real server on this machine; nothing without SeaweedFS, obstore and boto3."""

import contextlib
import hashlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.evidence import _fill
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.object_store import PREFIX, ObjectStore
from compliance_tui.evidence.readers import read_facts_of

_KEYS = {"AWS_ACCESS_KEY_ID": "testkey", "AWS_SECRET_ACCESS_KEY": "testsecret"}


@contextlib.contextmanager
def _server(folder: Path):  # type: ignore[no-untyped-def]
    from tests.evidence.seaweed import one_node

    kept = {name: os.environ.get(name) for name in _KEYS}
    os.environ.update(_KEYS)
    server = one_node(folder.resolve() / "server")
    try:
        yield server
    finally:
        server.stop()
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _installed() -> bool:
    try:
        import boto3  # noqa: F401

        from tests.evidence.seaweed import program
    except ImportError:
        return False
    return program() is not None


def _other(path: Path) -> None:
    """The same file with other bytes: what is in the store already would not be sent."""
    with path.open("r+b") as file:
        file.write(secrets.token_bytes(32))


def _forgotten(store: ObjectStore, digest: str, taken: float) -> float:
    """Remove the object, so that the server's disk does not fill; gives ``taken`` back."""
    store._client.delete(f"{PREFIX}/{digest[:2]}/{digest[2:]}")
    return taken


def pairs(folder: Path, size: int) -> Iterator[tuple]:  # type: ignore[type-arg]
    """The rows of this module."""
    if not _installed():
        return
    import boto3
    from boto3.s3.transfer import S3Transfer

    path = folder / "upload.bin"
    _fill(path, size, 0)
    with _server(folder) as server:
        store = ObjectStore.at(server.address)
        client = boto3.client("s3", endpoint_url=server.address.endpoint, region_name="us-east-1")

        def put() -> float:
            _other(path)
            start = time.perf_counter()
            digest = store.put_many([path])[0].sha256
            return _forgotten(store, digest, time.perf_counter() - start)

        def upload() -> float:
            _other(path)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            start = time.perf_counter()
            store.push({digest: path})
            return _forgotten(store, digest, time.perf_counter() - start)

        def theirs() -> float:
            _other(path)
            start = time.perf_counter()
            S3Transfer(client).upload_file(str(path), "evidence", "theirs")
            taken = time.perf_counter() - start
            client.delete_object(Bucket="evidence", Key="theirs")
            return taken

        yield "put of one file to an object store (hash, then upload)", "boto3 `upload_file`", 1.1, put, theirs
        yield "upload of what was attached, hashed on its way", "boto3 `upload_file`", 1.1, upload, theirs


# The kernel's own high-water mark: getrusage counts what the parent held when it forked.
_PEAK = """
import sys
from pathlib import Path
from compliance_tui.evidence.object_store import ObjectStore
from compliance_tui.evidence.store_address import StoreAddress
store = ObjectStore.at(StoreAddress.model_validate_json(sys.argv[1]))
digest = store.put_many([Path(sys.argv[2])])[0].sha256
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM")))
peak()
for block in store.blocks(digest):
    pass
peak()
"""


class _Counted(ObjectStore):
    requests = fetched = 0

    def _range(self, sha256: str, start: int, end: int) -> bytes:
        self.requests, self.fetched = self.requests + 1, self.fetched + end - start
        return super()._range(sha256, start, end)


def figures(folder: Path, size: int) -> Iterator[str]:
    """Peak memory of both ways, and what the facts of a large log in the bucket cost."""
    if not _installed():
        return
    from tests.evidence.buckets import large_log

    path = folder / "upload.eval"
    large_log(path, size)
    with _server(folder) as server:
        command = [sys.executable, "-c", _PEAK, server.address.model_dump_json(), str(path)]
        peaks = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        for what, peak in zip(("put to", "read of all from"), peaks, strict=True):
            mark = "" if int(peak) <= 100 else " **missed**"
            yield f"| peak memory of {what} an object store | – | ≤ 100 MB | {peak} MB{mark} | |"
        store = _Counted.at(server.address)
        digest = next(iter(store.objects()))
        start = time.perf_counter()
        read_facts_of([("upload.eval", lambda: store.open(digest))], load_kinds()["inspect-eval-log"])
        taken = (time.perf_counter() - start) * 1000
        mark = "" if store.requests <= 3 and store.fetched <= 2 << 20 else " **missed**"
        what = f"{store.requests} requests, {store.fetched / 1e6:.1f} MB{mark}"
        yield f"| facts of a {size / 1e9:.1f} GB log in a bucket | – | ≤ 3 requests, ≤ 2 MB | {what} | {taken:,.0f} ms |"
