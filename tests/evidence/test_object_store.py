"""The store in a bucket: bytes come back under their digest, nothing half done is visible, and servers are not believed."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("obstore")

import obstore
from obstore.exceptions import GenericError

from compliance_tui.evidence import object_store, range_reader
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.object_store import ObjectStore
from compliance_tui.evidence.range_reader import RangeReader
from compliance_tui.evidence.readers import read_facts, read_facts_of
from compliance_tui.evidence.shared_store import SharedStore
from compliance_tui.evidence.store import LocalStore
from compliance_tui.safe.errors import BrokenError, CancelledError, InputError
from tests.evidence.buckets import Bucket, key, large_log

MIB = 1 << 20


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts, blocks and steps of a few bytes, so that small contents meet every boundary."""
    monkeypatch.setattr(object_store, "ONE_REQUEST", 64)
    monkeypatch.setattr(object_store, "_PART", 32)
    monkeypatch.setattr(object_store, "_STEP", 10)
    monkeypatch.setattr(object_store, "_READ", 24)
    monkeypatch.setattr(range_reader, "BLOCK", 16)
    monkeypatch.setattr(range_reader, "_MOST_KEPT", 3)


def _store(bucket: Bucket | None = None, **options: bool) -> tuple[ObjectStore, Bucket]:
    bucket = bucket or Bucket()
    return ObjectStore(bucket, "s3://evidence/one", **options), bucket  # type: ignore[arg-type]


def _file(folder: Path, content: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.usefixtures("small")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(contents=st.lists(st.binary(max_size=200), min_size=1, max_size=5), create=st.booleans(), data=st.data())
def test_whatever_was_put_comes_back(tmp_path: Path, contents: list[bytes], create: bool, data: st.DataObject) -> None:
    store, bucket = _store(create=create, read_back=True)
    seen = [0]
    stored = store.put_many([_file(tmp_path, content, str(at)) for at, content in enumerate(contents)], seen.append)
    assert [(one.sha256, one.size) for one in stored] == [(_sha(content), len(content)) for content in contents]
    assert seen[-1] == sum(len(content) for content in {_sha(one): one for one in contents}.values())
    assert list(store.objects()) == sorted({_sha(content) for content in contents})
    assert {name.partition("/")[0] for name in bucket.names()} == {"sha256"}
    content = data.draw(st.sampled_from(contents))
    assert b"".join(store.blocks(_sha(content))) == content
    with store.open(_sha(content)) as file:
        twin = io.BytesIO(content)
        for _ in range(data.draw(st.integers(1, 8))):
            place = data.draw(st.integers(0, len(content) + 5))
            count = data.draw(st.integers(-1, 70))
            assert (file.seek(place), file.read(count), file.tell()) == (twin.seek(place), twin.read(count), twin.tell())
    assert store.verify([_sha(one) for one in contents]) == []
    assert not any(one.created for one in store.put_many([tmp_path / "0"]))


@pytest.mark.parametrize("size", [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 32 * MIB - 1, 32 * MIB, 32 * MIB + 1])
def test_at_the_sizes_where_the_way_of_uploading_changes(tmp_path: Path, size: int) -> None:
    content = (os.urandom(4096) * (size // 4096 + 1))[:size]
    store, _ = _store(read_back=True)
    stored = store.put_many([_file(tmp_path, content)])
    assert (stored[0].sha256, stored[0].size, stored[0].created) == (_sha(content), size, True)
    assert store.stat(_sha(content)) == size
    digest = hashlib.sha256()
    for block in store.blocks(_sha(content)):
        digest.update(block)
    assert digest.hexdigest() == _sha(content)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [20, 500])
def test_a_file_that_changes_meanwhile_is_never_stored(tmp_path: Path, size: int) -> None:
    store, bucket = _store()
    path = _file(tmp_path, b"a" * size)
    path.write_bytes(b"b" * size)
    with pytest.raises(BrokenError, match="not those that were attached"):
        store.push({_sha(b"a" * size): path})
    assert bucket.names() == []
    hurt: list[str] = []
    other = _file(tmp_path, b"c" * size, "other")
    new = store.push({_sha(b"a" * size): path, _sha(b"c" * size): other}, hurt=hurt.append)
    assert (hurt, new) == ([_sha(b"a" * size)], {_sha(b"c" * size)})


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [20, 500])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_stopping_leaves_nothing(tmp_path: Path, size: int, after: int) -> None:
    store, bucket = _store()
    left = [after]

    def cancelled() -> bool:
        left[0] -= 1
        return left[0] < 0

    try:
        store.put_many([_file(tmp_path, b"a" * size)], cancelled=cancelled)
    except CancelledError:
        assert bucket.names() == []
    else:
        assert (size, after > 0) == (20, True)  # it had happened before anybody asked again


@pytest.mark.usefixtures("small")
def test_what_is_there_is_not_sent_again_and_a_damaged_one_is_replaced(tmp_path: Path) -> None:
    for create in (True, False):
        store, bucket = _store(create=create)
        content = b"x" * 50
        path = _file(tmp_path, content)
        store.put_many([path])
        sent = bucket.asked["put"]
        assert not store.put_many([path])[0].created
        assert bucket.asked["put"] == sent
        obstore.put(bucket.inner, key(_sha(content)), b"cut")
        assert [one.fault for one in store.check({_sha(content): 50})] == ["altered"]
        store.put_many([path])
        assert bucket.content(key(_sha(content))) == content


def test_an_upload_that_was_acknowledged_and_lost_is_an_error(tmp_path: Path, small: None) -> None:
    class Loses(Bucket):
        def put(self, path: str, file: Any, **options: Any) -> Any:
            for _ in file:
                pass

    store, _ = _store(Loses())
    with pytest.raises(InputError, match="acknowledged, and not there"):
        store.put_many([_file(tmp_path, b"x" * 500)])


@pytest.mark.parametrize("size", [50, 500])
def test_reading_back_finds_a_server_that_damages_what_it_takes_in(tmp_path: Path, small: None, size: int) -> None:
    class Damages(Bucket):
        def put(self, path: str, file: Any, **options: Any) -> Any:
            content = b"".join([file] if isinstance(file, bytes) else list(file))
            return super().put(path, b"?" + content[1:], use_multipart=False)

    path = _file(tmp_path, b"x" * size)
    with pytest.raises(BrokenError):
        _store(Damages(), read_back=True)[0].put_many([path])
    store, _ = _store(Damages())
    digest = store.put_many([path])[0].sha256
    assert store.check({digest: size}) == []
    assert [(one.sha256, one.fault) for one in store.verify([digest])] == [(digest, "altered")]


def test_missing_objects_are_told_from_a_bucket_that_is_missing(small: None) -> None:
    class NoBucket(Bucket):
        def list(self, prefix: str, **options: Any) -> Any:
            raise GenericError("status code: 404 Not Found: <Code>NoSuchBucket</Code>")

    digests = [_sha(b"a"), _sha(b"b")]
    store, _ = _store()
    assert {one.fault for one in store.check(dict.fromkeys(digests, 1))} == {"missing"}
    assert {one.fault for one in store.verify(digests)} == {"missing"}
    for ask in (lambda s: s.check(dict.fromkeys(digests, 1)), lambda s: s.verify(digests), lambda s: list(s.objects())):
        with pytest.raises(InputError, match="no such bucket"):
            ask(_store(NoBucket())[0])


@pytest.mark.parametrize("name", ["../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 32 + "\n", ""])
def test_only_digests_become_names(name: str) -> None:
    store, bucket = _store()
    for ask in (store.stat, store.open, lambda one: list(store.blocks(one))):
        with pytest.raises(InputError, match="not a SHA-256"):
            ask(name)
    assert bucket.asked.total() == 0


# Reading by ranges


def test_the_facts_of_a_large_log_cost_a_few_requests(tmp_path: Path) -> None:
    path = tmp_path / "long.eval"
    large_log(path, 40 * MIB)
    store, bucket = _store()
    digest = store.put_many([path])[0].sha256
    kind = load_kinds()["inspect-eval-log"]
    bucket.asked.clear()
    bucket.fetched = 0
    found = read_facts_of([("long.eval", lambda: store.open(digest))], kind)
    assert found.facts == read_facts(path, kind).facts
    assert found.facts["completed"].value is True
    assert (bucket.asked["range"] <= 3, bucket.fetched <= 2 * MIB, bucket.asked.total() <= 4) == (True, True, True)


def test_reading_on_fetches_more_at_once_and_keeps_little(tmp_path: Path) -> None:
    size = 30 * MIB + 5
    calls: list[int] = []

    def fetch(start: int, end: int) -> bytes:
        calls.append(end - start)
        return bytes(end - start)

    reader = RangeReader(fetch, size)
    assert sum(len(piece) for piece in iter(lambda: reader.read(256 * 1024), b"")) == size
    assert sum(calls) == size
    assert len(calls) < 12
    assert sum(len(block) for block in reader._kept.values()) <= 16 * MIB
    calls.clear()
    reader.seek(-22, io.SEEK_END)
    assert len(reader.read(100)) == 22
    assert calls == []


def test_a_server_that_ignores_ranges_is_noticed() -> None:
    with pytest.raises(OSError, match="asked for"):
        RangeReader(lambda start, end: b"all of it", 100).read(10)


# The folder in front of it


def _shared(folder: Path, bucket: Bucket) -> SharedStore:
    return SharedStore(LocalStore(folder / "objects"), _store(bucket)[0])


def test_bytes_go_from_machine_to_machine(tmp_path: Path) -> None:
    bucket, sizes = Bucket(), {}
    one, two = _shared(tmp_path / "one", bucket), _shared(tmp_path / "two", bucket)
    seen: list[int] = []
    contents = [b"first", b"", b"third" * 100]
    for stored in one.put_many([_file(tmp_path, content, str(at)) for at, content in enumerate(contents)], seen.append):
        sizes[stored.sha256] = stored.size
    assert (seen[-1], sorted(seen)) == (sum(map(len, contents)), seen)
    assert isinstance(one.source(_sha(b"first")), Path)
    streamed = two.source(_sha(b"first"))
    assert not isinstance(streamed, Path)
    assert b"".join(streamed()) == b"first"
    assert list(two.here.objects()) == []  # streaming keeps nothing
    assert two.pull(sizes)[1] == []
    assert sorted(two.here.objects()) == sorted(sizes)
    assert two.here.verify(list(sizes)) == []
    assert two.pull(sizes) == ([], [])


def test_altered_and_missing_bytes_never_get_a_name_here(tmp_path: Path) -> None:
    bucket = Bucket()
    one, two = _shared(tmp_path / "one", bucket), _shared(tmp_path / "two", bucket)
    good, bad = (stored.sha256 for stored in one.put_many([_file(tmp_path, b"good", "a"), _file(tmp_path, b"baad", "b")]))
    obstore.put(bucket.inner, key(bad), b"evil")
    gone = _sha(b"gone")
    fetched, findings = two.pull({good: 4, bad: 4, gone: 4})
    assert fetched == [good]
    assert {(finding.sha256, finding.fault) for finding in findings} == {(bad, "altered"), (gone, "missing")}
    assert list(two.here.objects()) == [good]
    assert not list((tmp_path / "two").rglob(".tmp-*"))
    with pytest.raises(BrokenError):
        list(two.source(bad)())  # type: ignore[operator]


def test_both_the_copy_here_and_the_shared_object_are_verified(tmp_path: Path) -> None:
    bucket = Bucket()
    shared = _shared(tmp_path, bucket)
    digests = [
        one.sha256 for one in shared.put_many([_file(tmp_path, content, str(content)) for content in (b"1", b"2", b"3")])
    ]
    assert shared.verify(digests) == []
    shared.here.path(digests[0]).chmod(0o644)
    shared.here.path(digests[0]).write_bytes(b"0")
    obstore.delete(bucket.inner, key(digests[1]))
    shared.here.path(digests[2]).unlink()
    obstore.put(bucket.inner, key(digests[2]), b"0")
    faults = {one.sha256: one.fault for one in shared.verify(digests)}
    assert faults == {digests[0]: "altered", digests[1]: "missing", digests[2]: "altered"}


def test_a_failed_upload_says_that_the_bytes_wait_here(tmp_path: Path) -> None:
    class Full(Bucket):
        def put(self, path: str, file: Any, **options: Any) -> Any:
            raise GenericError("Server returned non-2xx status code: 507 Insufficient Storage: <Code>StorageFull</Code>")

    shared = _shared(tmp_path, Full())
    with pytest.raises(InputError, match=r"507 StorageFull.*nothing was recorded; the bytes wait in"):
        shared.put_many([_file(tmp_path, b"x")])
    assert list(shared.here.objects()) == [_sha(b"x")]
