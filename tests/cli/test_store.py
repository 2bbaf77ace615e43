"""The commands about the store as an engineer meets them: a sentence, an exit status, one JSON document."""

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("obstore")

import obstore

from compliance_tui.assessment.folder import load
from compliance_tui.evidence import object_store, probe
from tests.assessment.sample import complete
from tests.cli.calling import Call, caller, refused
from tests.evidence.buckets import Bucket, key, large_log

URL = "s3://evidence/thing"
ENDPOINT = ("--endpoint", "https://s3.example:8333", "--region", "eu-1")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    bucket = Bucket()
    monkeypatch.setattr(object_store, "connect", lambda address: bucket)
    monkeypatch.setattr(probe, "connect", lambda address, **options: bucket)
    return bucket


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    complete(tmp_path)
    return caller(tmp_path / "assessment", monkeypatch, capsys)


def test_add_show_doctor_verify(call: Call, bucket: Bucket) -> None:
    assert "evidence/objects of this folder" in call("store", "show").out
    added = call("store", "add", URL, *ENDPOINT)
    assert added.status == 0
    assert "holds the evidence of this assessment from now on (2 of 2 files uploaded)" in added.out
    assert "refuses bytes with a wrong SHA-256: no; we read back" in added.out
    assert {name.partition("/")[0] for name in bucket.names()} == {"sha256"}
    shown = json.loads(call("store", "show", "--json").out)
    assert (shown["files"], shown["store"]["url"], shown["store"]["endpoint"]) == (2, URL, ENDPOINT[1])
    assert (shown["store"]["region"], shown["store"]["read_back"]) == ("eu-1", True)
    assert shown["store"]["measured"]["create"] is True
    assert call("store", "doctor").status == 0
    found = json.loads(call("store", "doctor", "--json").out)
    assert (found["worse"], abs(found["clock_skew_seconds"]) < 60) == ([], True)
    for more in ([], ["--deep"]):
        verified = call("store", "verify", *more)
        assert (verified.status, "2 files" in verified.out, "0 missing or altered" in verified.out) == (0, True, True)
    assert call("evidence", "verify").status == 0
    assert call("evidence", "lint").status == 0
    assert call("status").status == 0


def test_verify_names_the_items_that_are_hurt(call: Call, bucket: Bucket) -> None:
    call("store", "add", URL)
    first, second = bucket.names()
    obstore.delete(bucket.inner, first)
    obstore.put(bucket.inner, second, bytes(len(bucket.content(second))))
    shallow = json.loads(call("store", "verify", "--json").out)
    assert [one["fault"] for one in shallow["findings"]] == ["missing"]
    deep = call("store", "verify", "--deep")
    assert (deep.status, "E-000" in deep.out) == (1, True)
    assert "is missing in the store" in deep.out
    assert "is altered in the store" in deep.out
    assert call("evidence", "lint").status == 1
    copied = json.loads(call("store", "copy", "--json").out)
    assert [f"sha256/{one[:2]}/{one[2:]}" for one in copied["copied"]] == [first]
    assert call("store", "verify").status == 0


def test_copy_both_ways(call: Call, bucket: Bucket, tmp_path: Path) -> None:
    call("store", "add", URL)
    shutil.rmtree(tmp_path / "assessment/evidence/objects")
    pulled = call("store", "copy", "--pull")
    assert (pulled.status, pulled.out) == (0, "2 of 2 files fetched, 0 missing or altered\n")
    victim = next(path for path in (tmp_path / "assessment/evidence/objects").rglob("*") if path.is_file())
    digest = victim.parent.name + victim.name
    victim.chmod(0o644)
    victim.write_bytes(b"x")
    obstore.delete(bucket.inner, key(digest))
    pushed = call("store", "copy")
    assert (pushed.status, f"sha256 {digest} is altered in this folder" in pushed.out) == (1, True)
    assert key(digest) not in bucket.names()
    pulled = call("store", "copy", "--pull", "--json")
    assert (pulled.status, json.loads(pulled.out)["findings"]) == (1, [{"sha256": digest, "fault": "missing"}])


def test_facts_of_an_item_are_read_from_where_it_lies(call: Call, bucket: Bucket, tmp_path: Path) -> None:
    log = tmp_path / "long.eval"
    large_log(log, 3 << 20)
    assert call("attach", str(log), "--control", "S-03", "--kind", "inspect-eval-log").status == 0
    call("store", "add", URL)
    expected = json.loads(call("evidence", "facts", str(log), "--kind", "inspect-eval-log", "--json").out)
    shutil.rmtree(tmp_path / "assessment/evidence/objects")
    item = next(one for one in load(tmp_path / "assessment").items.values() if one.files[0].name == "long.eval")
    assert json.loads(call("evidence", "facts", item.id, "--json").out) == expected
    assert not (tmp_path / "assessment/evidence/objects").exists()
    refused(call("evidence", "facts", "E-9999"), "no such file, and no such evidence item")


def test_a_server_that_got_worse_is_told(call: Call, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    call("store", "add", URL)
    real = bucket.put
    monkeypatch.setattr(bucket, "put", lambda path, file, mode="overwrite", **options: real(path, file, **options))
    found = call("store", "doctor")
    assert (found.status, "create was measured, and is no longer so" in found.out) == (1, True)


@pytest.mark.parametrize("command", ["doctor", "copy", "verify"])
def test_without_a_store_the_commands_say_how_to_name_one(call: Call, command: str) -> None:
    refused(call("store", command), "compliance-tui store add URL")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["https://x/y"], "s3://bucket"),
        (["s3://k:s@bucket"], "without keys"),
        ([URL, "--endpoint", "http://h:1"], "not encrypted"),
        ([URL, "--endpoint", "h:1"], "https://host"),
        ([URL, "--region", "no such"], "region"),
    ],
)
def test_an_address_that_is_none_is_refused(call: Call, bucket: Bucket, arguments: list[str], said: str) -> None:
    refused(call("store", "add", *arguments), said)
    assert bucket.asked.total() == 0


def test_a_server_that_cannot_be_reached_changes_nothing(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    before = (tmp_path / "assessment/assessment.toml").read_bytes()
    refused(call("store", "add", URL, "--endpoint", "http://127.0.0.1:9", "--allow-http"), "cannot be reached")
    assert (tmp_path / "assessment/assessment.toml").read_bytes() == before


def test_a_store_written_by_hand_with_a_key_in_it_is_refused(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "assessment/assessment.toml"
    path.write_text(path.read_text() + '\n[store]\nurl = "s3://evidence"\nsecret_access_key = "x"\n')
    refused(call("status"), "store.secret_access_key is not a known field")
