"""The store in a bucket of a real server: what it does is measured, and what is killed on the way loses nothing."""

import datetime as dt
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("obstore")

from compliance_tui.evidence.connection import connect
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.object_store import ObjectStore
from compliance_tui.evidence.probe import probe
from compliance_tui.evidence.readers import read_facts, read_facts_of
from compliance_tui.safe.errors import InputError
from tests.evidence.buckets import large_log
from tests.evidence.seaweed import ACCESS, SECRET, Server, needs_server, one_node, start_one_node, three_nodes

pytestmark = needs_server
MIB = 1 << 20


def _keys(patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    patch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    _keys(monkeypatch)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        _keys(patch)
        server = one_node(tmp_path_factory.mktemp("server"))
    try:
        server.address = server.address.model_copy(update={"measured": None})
        yield server
    finally:
        server.stop()


def _measured(server: Server) -> ObjectStore:
    if server.address.measured is None:
        found = probe(server.address, lambda: dt.datetime.now(dt.UTC))
        server.address = server.address.model_copy(update={"measured": found.measured})
    return ObjectStore.at(server.address)


def _file(path: Path, size: int, seed: int = 0) -> Path:
    block = os.urandom(MIB)
    with path.open("wb") as file:
        for number in range(size // MIB):
            file.write(seed.to_bytes(8, "big") + number.to_bytes(8, "big") + block[16:])
        file.write(block[: size % MIB])
    return path


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_the_server_is_measured(server: Server) -> None:
    found = probe(server.address, lambda: dt.datetime.now(dt.UTC))
    measured = found.measured
    assert (measured.create, measured.checksum, measured.listing, measured.removal) == (True, True, True, True)
    assert abs(found.skew) < 5
    again = probe(server.address.model_copy(update={"measured": measured}), lambda: measured.at)
    assert again.measured == measured  # the client that is told of it sends checksums of its own
    assert list(connect(server.address).list("probe/").collect()) == []


@pytest.mark.parametrize("size", [0, 1, 8 * MIB, 8 * MIB + 1, 32 * MIB + 1])
def test_bytes_come_back_with_their_checksum_told_to_the_server(server: Server, tmp_path: Path, size: int) -> None:
    store, path = _measured(server), _file(tmp_path / "file", size)
    stored = store.put_many([path])[0]
    assert (stored.sha256, stored.size, stored.created) == (_sha(path), size, True)
    assert b"".join(store.blocks(stored.sha256)) == path.read_bytes()
    assert store.put_many([path])[0].created is False
    with store.open(stored.sha256) as file:
        file.seek(max(0, size - 10))
        assert file.read() == path.read_bytes()[-10:]


def test_many_writers_of_the_same_bytes(server: Server, tmp_path: Path) -> None:
    path = _file(tmp_path / "file", 12 * MIB)
    small = _file(tmp_path / "small", 1000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _measured(server).put_many([path, small]), range(8)))
    assert _measured(server).verify([_sha(path), _sha(small)]) == []


def test_the_facts_of_a_large_log_without_fetching_it(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "long.eval"
    large_log(path, 64 * MIB)
    store, kind = _measured(server), load_kinds()["inspect-eval-log"]
    digest = store.put_many([path])[0].sha256
    assert read_facts_of([("long.eval", lambda: store.open(digest))], kind).facts == read_facts(path, kind).facts


def test_what_the_server_refuses_is_said_in_a_sentence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(**changes: object) -> InputError:
        address = server.address.model_copy(update=changes)
        with pytest.raises(InputError) as caught:
            ObjectStore(connect(address, patient=False), address.url).check({"ab" * 32: 1})
        return caught.value

    assert asked(url="s3://no-such-bucket").code == "no-bucket"
    assert asked(endpoint="http://127.0.0.1:9").code == "unreachable"
    assert asked(endpoint=str(server.address.endpoint).replace("http:", "https:")).code == "unreachable"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert asked().code == "denied"
    with pytest.raises(InputError, match=r"does not accept these keys \(SignatureDoesNotMatch\)"):
        probe(server.address, lambda: dt.datetime.now(dt.UTC))


def test_the_endpoint_of_the_assessment_stands_above_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_BUCKET", "elsewhere")
    assert ObjectStore(connect(server.address, patient=False), server.address.url).stat("ab" * 32) is None


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_client_that_is_killed_leaves_nothing_to_see(server: Server, tmp_path: Path, share: float) -> None:
    store, path = _measured(server), _file(tmp_path / "file", 100 * MIB, seed=int(share * 10))
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from compliance_tui.evidence.object_store import ObjectStore
        from compliance_tui.evidence.store_address import StoreAddress
        address = StoreAddress.model_validate_json(sys.argv[1])
        store, path = ObjectStore.at(address), Path(sys.argv[2])
        def progress(done):
            if done > {share} * path.stat().st_size:
                print("far enough", flush=True)
        store.put_many([path], progress)
    """)
    command = [sys.executable, "-c", program, server.address.model_dump_json(), str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert store.stat(_sha(path)) is None
    assert _sha(path) not in list(store.objects())
    assert store.put_many([path])[0].created
    assert store.verify([_sha(path)]) == []


class _Uploading(threading.Thread):
    """An upload in the background, and a moment at which a share of it is done."""

    def __init__(self, store: ObjectStore, path: Path, share: float) -> None:
        super().__init__()
        self.store, self.path = store, path
        self.enough, self._from = threading.Event(), share * path.stat().st_size
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.store.put_many([self.path], lambda done: self.enough.set() if done >= self._from else None)
        except Exception as error:
            self.error = error
        self.enough.set()


def test_a_server_that_is_killed_has_every_object_that_it_acknowledged(server: Server, tmp_path: Path) -> None:
    store = _measured(server)
    small = [_file(tmp_path / f"s{number}", 1000 + number, number) for number in range(40)]
    acknowledged = [one.sha256 for one in store.put_many(small)]
    path = _file(tmp_path / "file", 120 * MIB, seed=99)
    upload = _Uploading(store, path, 0.4)
    upload.start()
    assert upload.enough.wait(60)
    server.kill("mini")
    time.sleep(0.5)
    start_one_node(server)
    server.wait()
    upload.join()
    assert upload.error is None or isinstance(upload.error, InputError), upload.error
    assert store.stat(_sha(path)) in ((path.stat().st_size,) if upload.error is None else (None, path.stat().st_size))
    store.put_many([path])
    assert store.verify([*acknowledged, _sha(path)]) == []


def test_one_of_three_nodes_is_killed_during_an_upload(tmp_path: Path) -> None:
    cluster = three_nodes(tmp_path / "cluster")
    try:
        store = ObjectStore.at(cluster.address)
        small = [_file(tmp_path / f"s{number}", 1000 + number, number) for number in range(20)]
        acknowledged = [one.sha256 for one in store.put_many(small)]
        path = _file(tmp_path / "file", 100 * MIB)
        upload = _Uploading(store, path, 0.3)
        upload.start()
        assert upload.enough.wait(60)
        cluster.kill("volume1")
        upload.join()
        assert upload.error is None or isinstance(upload.error, InputError), upload.error
        if upload.error is not None:
            assert store.stat(_sha(path)) is None
            store.put_many([path])
        assert store.verify([*acknowledged, _sha(path)]) == []
    finally:
        cluster.stop()
