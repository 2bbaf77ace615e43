"""One assessment on several machines: its folder in git, its bytes in one store, nothing lost on the way."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("obstore")

import obstore

from compliance_tui.assessment import store
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.lint import lint_assessment
from compliance_tui.assessment.log import read_log
from compliance_tui.assessment.model import Subject
from compliance_tui.assessment.next_release import start_next_release
from compliance_tui.assessment.store import add_store, has_bytes, objects_folder, open_store, recorded_sizes, shared_store
from compliance_tui.bundle.export import export
from compliance_tui.bundle.verify import verify
from compliance_tui.evidence import object_store
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.store import LocalStore
from compliance_tui.evidence.store_address import StoreAddress
from compliance_tui.safe.errors import BrokenError, CancelledError, InputError
from tests.assessment.sample import NOW, canary_file, complete, policy_file, put, start
from tests.evidence.buckets import Bucket, key

ADDRESS = StoreAddress(url="s3://evidence/thing", read_back=False)
OTHER = StoreAddress(url="s3://elsewhere", read_back=False)


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> dict[str, Bucket]:
    """Buckets in memory, by their URL, instead of servers."""
    made: dict[str, Bucket] = {}
    monkeypatch.setattr(object_store, "connect", lambda address: made.setdefault(address.url, Bucket()))
    return made


def _git(folder: Path, *arguments: str) -> str:
    identity = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **identity}
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def _share(root: Path, address: StoreAddress = ADDRESS) -> None:
    add_store(load(root), address, "ada", NOW)


def _two_machines(tmp_path: Path) -> tuple[Path, Path]:
    """An assessment with one item, shared, and a clone of its repository: the folder travels, the bytes do not."""
    one, two = start(tmp_path), tmp_path / "two"
    put(one, policy_file(tmp_path), "S-01", by="ada")
    _share(one)
    _git(one, "init", "-q")
    _git(one, "add", "-A")
    _git(one, "commit", "-qm", "shared")
    _git(tmp_path, "clone", "-q", "--bare", str(one), "origin.git")
    _git(one, "remote", "add", "origin", str(tmp_path / "origin.git"))
    _git(tmp_path, "clone", "-q", str(tmp_path / "origin.git"), str(two))
    return one, two


def _commit(root: Path) -> None:
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "work")


def _exchange(one: Path, two: Path) -> None:
    """Both have committed; afterwards both have everything."""
    _git(two, "push", "-q", "origin", "HEAD:main")
    _git(one, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    _git(one, "push", "-q", "origin", "HEAD:main")
    _git(two, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@needs_git
def test_engineers_on_two_machines_attach_to_one_assessment(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    one, two = _two_machines(tmp_path)
    assert "objects" not in _git(one, "ls-files")
    assert not objects_folder(two).exists()
    assert has_bytes(load(two), ask=True)(next(iter(recorded_sizes(load(two)))))

    first = put(one, canary_file(tmp_path), "S-02", by="ada")
    second = put(two, policy_file(tmp_path, name="watch.md", signed_at="2026-11-02"), "S-03", by="ben")
    assert first.id != second.id
    for root in (one, two):
        _commit(root)
    _exchange(one, two)

    for root in (one, two):
        contents = load(root)
        assert set(contents.items) >= {"E-0001", first.id, second.id}
        assert open_store(root, contents.assessment).verify(list(recorded_sizes(contents))) == []
        logged = {(entry["by"], entry["item"]) for entry in read_log(root) if entry["act"] == "item"}
        assert logged >= {("ada", first.id), ("ben", second.id)}
    out = tmp_path / "bundle.zip"
    done = export(load(two), out, NOW, "ben")
    assert done.items == len(load(two).items) + len(load(two).responses)
    assert verify(out, None, NOW, load_kinds()).verdict != "broken"
    here = list(LocalStore(objects_folder(two)).objects())
    assert here == [second.files[0].sha256]  # what others attached went from the bucket into the bundle, and is not kept


@needs_git
def test_the_same_file_attached_on_both_machines_is_kept_once_and_told(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    one, two = _two_machines(tmp_path)
    source = canary_file(tmp_path)
    items = [put(root, source, "S-02" if root == one else "S-03", by=by) for root, by in ((one, "ada"), (two, "ben"))]
    for root in (one, two):
        _commit(root)
    _exchange(one, two)
    contents = load(one)
    assert len({item.id for item in items}) == 2
    assert {file.sha256 for item in items for file in item.files} == {items[0].files[0].sha256}
    assert len(buckets[ADDRESS.url].names()) == len(recorded_sizes(contents)) == 2
    found = lint_assessment(contents, contents.readiness(NOW), has_bytes(contents, ask=True))
    assert [one.code for one in found].count("same-bytes") == 1
    assert "file-missing" not in {one.code for one in found}


@needs_git
def test_two_answers_to_one_control_conflict_openly_and_keep_both_items(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    one, two = _two_machines(tmp_path)
    for root, name, day, by in ((one, "a.md", "2026-10-13", "ada"), (two, "b.md", "2026-10-20", "ben")):
        put(root, policy_file(tmp_path, day, name), "S-01", by=by)
        _commit(root)
    _git(two, "push", "-q", "origin", "HEAD:main")
    with pytest.raises(AssertionError, match="CONFLICT"):
        _git(one, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    with pytest.raises(InputError, match=r"S-01\.toml"):
        load(one)
    path = one / "responses" / "small" / "S-01.toml"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if line[:7] not in ("<" * 7, "=" * 7, ">" * 7)))
    contents = load(one)
    assert set(contents.responses["small", "S-01"].evidence) == set(contents.items)
    assert len(contents.items) == 3
    assert shared_store(contents).verify(list(recorded_sizes(contents))) == []


def test_sharing_uploads_first_and_keeps_the_bytes_out_of_git(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    root = complete(tmp_path)
    ready = load(root).readiness(NOW).verdict
    added = add_store(load(root), ADDRESS, "ada", NOW)
    assert (added.uploaded, added.recorded) == (2, 2)
    assert load(root).assessment.store == ADDRESS
    assert load(root).readiness(NOW).verdict == ready
    assert buckets[ADDRESS.url].names() == sorted(key(sha256) for sha256 in recorded_sizes(load(root)))
    ignored = (root / ".gitignore").read_text().splitlines()
    assert ignored[-1] == "evidence/objects/"
    _share(root)
    assert (root / ".gitignore").read_text().splitlines() == ignored
    assert read_log(root)[-1]["act"] == "store"
    assert "secret" not in (root / "assessment.toml").read_text()


def test_a_store_that_cannot_take_everything_is_not_named(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    root = complete(tmp_path)
    path = LocalStore(objects_folder(root)).path(next(iter(recorded_sizes(load(root)))))
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes(len(content)))
    with pytest.raises(BrokenError, match="not those that were attached"):
        _share(root)
    path.unlink()
    with pytest.raises(BrokenError, match="nowhere to be found"):
        _share(root)
    assert load(root).assessment.store is None
    path.write_bytes(content)
    _share(root)
    assert load(root).assessment.store == ADDRESS


def test_moving_to_another_store_brings_along_what_lies_only_in_the_first(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    root = complete(tmp_path)
    _share(root)
    shutil.rmtree(objects_folder(root))
    _share(root, OTHER)
    assert buckets[OTHER.url].names() == buckets[ADDRESS.url].names()
    shutil.rmtree(objects_folder(root))
    obstore.delete(buckets[OTHER.url].inner, buckets[OTHER.url].names()[0])
    with pytest.raises(BrokenError):
        _share(root, StoreAddress(url="s3://third"))
    assert load(root).assessment.store == OTHER


def test_somebody_who_attaches_while_the_store_is_added_is_taken_along(
    tmp_path: Path, buckets: dict[str, Bucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = start(tmp_path)
    put(root, policy_file(tmp_path), "S-01")
    real, late = store.changing, []

    def meanwhile(folder: Path) -> object:
        if not late:
            late.append(put(root, canary_file(tmp_path), "S-02"))
        return real(folder)

    contents = load(root)
    monkeypatch.setattr(store, "changing", meanwhile)
    add_store(contents, ADDRESS, "ada", NOW)
    assert key(late[0].files[0].sha256) in buckets[ADDRESS.url].names()


def test_an_upload_that_fails_records_nothing(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    root = start(tmp_path)
    _share(root)

    class Down(Bucket):
        def head(self, path: str) -> object:
            raise obstore.exceptions.GenericError("HTTP error: error sending request")

    path = policy_file(tmp_path)
    buckets[ADDRESS.url] = Down()
    with pytest.raises(InputError, match="cannot be reached") as caught:
        put(root, path, "S-01")
    assert caught.value.code == "unreachable"
    assert load(root).items == {}
    assert load(root).responses == {}
    buckets[ADDRESS.url] = Bucket()
    item = put(root, path, "S-01")
    assert buckets[ADDRESS.url].names() == [key(item.files[0].sha256)]


def test_status_asks_no_store_and_lint_does(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    root = complete(tmp_path)
    _share(root)
    bucket = buckets[ADDRESS.url]
    lost = next(iter(recorded_sizes(load(root))))
    obstore.delete(bucket.inner, key(lost))
    bucket.asked.clear()
    assert has_bytes(load(root), ask=False)(lost)
    assert bucket.asked.total() == 0
    assert not has_bytes(load(root), ask=True)(lost)


def test_an_altered_object_in_the_store_never_reaches_a_bundle(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    root = complete(tmp_path)
    _share(root)
    shutil.rmtree(objects_folder(root))
    lost = next(iter(recorded_sizes(load(root))))
    size = len(buckets[ADDRESS.url].content(key(lost)))
    for damaged in (bytes(size), bytes(size - 1), bytes(size + 1)):
        obstore.put(buckets[ADDRESS.url].inner, key(lost), damaged)
        for folder in (False, True):
            with pytest.raises(BrokenError) as caught:
                export(load(root), tmp_path / "out", NOW, "ada", folder=folder)
            assert caught.value.code == "evidence-altered"
            assert not (tmp_path / "out").exists()
    obstore.delete(buckets[ADDRESS.url].inner, key(lost))
    with pytest.raises(InputError, match="not in the store"):
        export(load(root), tmp_path / "out", NOW, "ada")
    assert not list(tmp_path.glob("out*"))
    assert not list(root.glob("bundles/*"))


def test_what_is_exported_from_the_store_is_what_is_exported_from_the_folder(
    tmp_path: Path, buckets: dict[str, Bucket]
) -> None:
    root = complete(tmp_path)
    item = attach(load(root), [_large(tmp_path)], ["S-03"], "ada", NOW, kind="policy-doc", disclosure="withhold")[0]
    _share(root)
    digests, log = [], (root / "log.jsonl").read_bytes()
    for remove in (False, True):
        (root / "log.jsonl").write_bytes(log)
        if remove:
            shutil.rmtree(objects_folder(root))
        shutil.rmtree(root / "bundles")
        seen: list[int] = []
        out = tmp_path / f"{remove}.zip"
        done = export(load(root), out, NOW, "ada", nonce=lambda: bytes(32), progress=seen.append)
        assert seen == sorted(seen)
        digests.append(hashlib.sha256(out.read_bytes()).hexdigest())
        kept = list((root / "bundles" / done.bundle_id / "withheld").rglob(item.files[0].name))
        assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in kept] == [item.files[0].sha256]
    assert digests[0] == digests[1]


def test_an_export_from_the_store_that_is_stopped_leaves_nothing(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    root = complete(tmp_path)
    attach(load(root), [_large(tmp_path)], ["S-03"], "ada", NOW, kind="policy-doc")
    _share(root)
    shutil.rmtree(objects_folder(root))
    seen: list[int] = []
    with pytest.raises(CancelledError):
        export(
            load(root), tmp_path / "out.zip", NOW, "ada", progress=seen.append, cancelled=lambda: max(seen, default=0) > 5 << 20
        )
    assert 0 < max(seen) < 18 << 20
    assert not list(tmp_path.glob("*out*"))


def _large(folder: Path) -> Path:
    path = folder / "large.md"
    path.write_bytes(b"---\nkind: policy-doc\nsigned_at: 2026-11-01\nowner: Ada\n---\n" + os.urandom(9 << 20).hex().encode())
    return path


def test_the_next_release_shares_the_store(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    root = complete(tmp_path)
    _share(root)
    shutil.rmtree(objects_folder(root))
    subject = Subject(name="thing", version="2")
    target = tmp_path / "next"
    start_next_release(load(root), target, subject, {}, "2" * 8 + "-2222-4222-8222-" + "2" * 12, "ada", NOW)
    contents = load(target)
    assert contents.assessment.store == ADDRESS
    assert set(contents.items) == set(load(root).items)
    assert shared_store(contents).check(recorded_sizes(contents)) == []
    assert "evidence/objects/" in (target / ".gitignore").read_text().splitlines()
    assert "log.jsonl merge=union" in (target / ".gitattributes").read_text().splitlines()
    obstore.delete(buckets[ADDRESS.url].inner, buckets[ADDRESS.url].names()[0])
    with pytest.raises(InputError, match="are gone"):
        start_next_release(load(root), tmp_path / "more", subject, {}, "2" * 8 + "-2222-4222-8222-" + "2" * 12, "ada", NOW)


def test_an_assessment_without_a_shared_store_counts_its_items_as_before(tmp_path: Path) -> None:
    root = complete(tmp_path)
    assert list(load(root).items) == ["E-0001", "E-0002"]
    with pytest.raises(InputError, match="store add"):
        shared_store(load(root))
    assert "store" not in (root / "assessment.toml").read_text()


def test_ids_on_two_machines_differ_however_often_one_attaches(tmp_path: Path, buckets: dict[str, Bucket]) -> None:
    ids = []
    for machine in ("one", "two"):
        folder = tmp_path / machine
        folder.mkdir()
        root = start(folder)
        _share(root)
        for day in range(1, 6):
            ids.append(put(root, policy_file(folder, f"2026-11-0{day}", f"{machine}.md"), "S-01").id)
    assert len(set(ids)) == len(ids)
