"""A query carried out of the house, and an answer brought back: the time stamps of a bundle, from the shell."""

import datetime as dt
import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.test_commands import run
from tests.trust.authority import STAMPED, A, B

pytest.importorskip("rfc3161_client")
SIGNED = "2026-05-01T11:00:00Z"
AS_OF = ["--as-of", "2026-05-02T00:00:00Z"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A bundle with two signatures, and a policy that wants both, and the time of one authority."""
    assert run("init", "a", "--standard", "frontier-release@1.1", "--subject", "northwind-2", cwd=tmp_path).returncode == 0
    assert run("trust", "init", "t.toml", cwd=tmp_path).returncode == 0
    for name, role in (("ada", "lab-author"), ("ben", "lab-officer")):
        assert run("keys", "new", f"{name}.key", "--unencrypted", cwd=tmp_path).returncode == 0
        add = ["trust", "add", "t.toml", "--person", f"{name}@x.example", "--role", role, "--key", f"{name}.key.pub"]
        assert run(*add, cwd=tmp_path).returncode == 0
    (tmp_path / "root.pem").write_text(A.root_pem)
    steps = [
        ["trust", "tsa", "t.toml", "tsa-a", "--root", "root.pem", "--leaf", A.leaf_sha256],
        ["trust", "rule", "t.toml", "--need", "lab-author=1", "--need", "lab-officer=1", "--timestamp", "1=tsa-a"],
        ["trust", "accept", "t.toml", "frontier-release@1.1"],
        ["-C", "a", "export", "-o", str(tmp_path / "b.zip"), "--key", str(tmp_path / "ada.key"), "--as-of", SIGNED],
    ]
    for step in steps:
        done = run(*step, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    return tmp_path


def _envelopes(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as file:
        return {name: file.read(name) for name in file.namelist() if name.endswith(".dsse.json")}


def _time_line(home: Path) -> tuple[str, str]:
    found = json.loads(run("verify", "b.zip", "--trust", "t.toml", "--json", *AS_OF, cwd=home).stdout)
    (line,) = (one for one in found["lines"] if one["name"] == "time")
    return line["outcome"], line["reason"]


def test_a_query_is_of_the_envelope_and_an_answer_makes_the_time_trusted(home: Path) -> None:
    ((name, envelope),) = _envelopes(home / "b.zip").items()
    asked = run("timestamp", "request", "b.zip", "-o", "q.tsq", cwd=home)
    assert asked.returncode == 0, asked.stderr
    (home / "e.dsse.json").write_bytes(envelope)
    expected = subprocess.run(
        ["openssl", "ts", "-query", "-data", "e.dsse.json", "-sha256", "-no_nonce", "-text"], cwd=home, capture_output=True
    )
    shown = subprocess.run(["openssl", "ts", "-query", "-in", "q.tsq", "-text"], cwd=home, capture_output=True)
    message = [line for line in expected.stdout.splitlines() if b"    0" in line]
    assert message and all(line in shown.stdout.splitlines() for line in message)
    assert run("timestamp", "request", "e.dsse.json", "-o", "q2.tsq", cwd=home).returncode == 0

    outcome, reason = _time_line(home)
    assert outcome == "fail"
    assert "none saw it" in reason
    (home / "r.tsr").write_bytes(A.token(envelope, STAMPED))
    attached = run("timestamp", "attach", "b.zip", "r.tsr", "--trust", "t.toml", *AS_OF, cwd=home)
    assert attached.returncode == 0, attached.stderr
    assert f"{name}.tsr says 2026-05-01T12:00:00Z, as tsa-a saw it" in attached.stdout
    outcome, reason = _time_line(home)
    assert outcome == "pass"
    assert "tsa-a saw it at 2026-05-01T12:00:00Z" in reason
    assert "signed at 2026-05-01T11:00:00Z as claimed" in reason
    assert run("timestamp", "attach", "b.zip", "r.tsr", cwd=home).returncode == 2  # it is there already


def test_the_bundle_stays_the_same_bundle_and_may_be_a_folder(home: Path) -> None:
    export = ["-C", "a", "export", "-o", str(home / "b"), "--dir", "--key", str(home / "ada.key"), "--as-of", SIGNED]
    assert run(*export, cwd=home).returncode == 0
    (envelope,) = (home / "b").glob("attestations/0001/*.dsse.json")
    before = {path: path.read_bytes() for path in (home / "b").rglob("*") if path.is_file()}
    for number, token in enumerate((A.token(envelope.read_bytes()), B.token(envelope.read_bytes()))):
        (home / f"{number}.tsr").write_bytes(token)
    attached = run("timestamp", "attach", "b", "0.tsr", "1.tsr", cwd=home)
    assert attached.returncode == 0, attached.stderr
    assert "not verified" in attached.stderr
    new = {path.name for path in (home / "b").rglob("*") if path.is_file() and path not in before}
    assert new == {f"{envelope.name}.tsr", f"{envelope.name}.2.tsr"}
    assert all(path.read_bytes() == content for path, content in before.items())
    assert run("verify", "b", "--trust", "t.toml", *AS_OF, cwd=home).returncode == 3


def test_several_signatures_are_told_apart(home: Path) -> None:
    assert run("sign", "b.zip", "--key", "ben.key", cwd=home).returncode == 0
    envelopes = _envelopes(home / "b.zip")
    assert len(envelopes) == 2
    asked = run("timestamp", "request", "b.zip", "-o", "q.tsq", cwd=home)
    assert asked.returncode == 2
    assert all(name in asked.stderr for name in envelopes)
    for name, envelope in envelopes.items():
        key = name.rpartition("/")[2][:16]
        assert run("timestamp", "request", "b.zip", "-o", f"{key}.tsq", "--envelope", key, cwd=home).returncode == 0
        (home / f"{key}.tsr").write_bytes(A.token(envelope))
        attached = run("timestamp", "attach", "b.zip", f"{key}.tsr", cwd=home)
        assert f"{name}.tsr" in attached.stdout
    with zipfile.ZipFile(home / "b.zip") as file:
        assert sum(name.endswith(".tsr") for name in file.namelist()) == 2
    assert _time_line(home)[0] == "pass"


def test_what_is_no_stamp_of_this_bundle_or_not_trusted_is_not_attached(home: Path) -> None:
    ((_, envelope),) = _envelopes(home / "b.zip").items()
    before = (home / "b.zip").read_bytes()
    expired = replace(A, leaf_until=STAMPED - dt.timedelta(days=1))
    tokens = {
        "other": A.token(b"other"),
        "damaged": A.token(envelope)[:-9],
        "trailing": A.token(envelope) + b"x",
        "expired": expired.token(envelope),
        "stranger": B.token(envelope),
        "future": A.token(envelope, STAMPED + dt.timedelta(days=9)),
        "empty": b"",
        "large": bytes(100_000),
    }
    for name, token in tokens.items():
        (home / name).write_bytes(token)
        refused = run("timestamp", "attach", "b.zip", name, "--trust", "t.toml", *AS_OF, cwd=home)
        assert refused.returncode in (1, 2), name
        assert refused.stderr.startswith("error: ")
        assert refused.stderr.count("\n") == 1
    assert (home / "b.zip").read_bytes() == before


def test_a_stamp_of_other_bytes_beside_a_signature_breaks_the_bundle(home: Path) -> None:
    export = ["-C", "a", "export", "-o", str(home / "b"), "--dir", "--key", str(home / "ada.key"), "--as-of", SIGNED]
    assert run(*export, cwd=home).returncode == 0
    (envelope,) = (home / "b").glob("attestations/0001/*.dsse.json")
    envelope.with_name(f"{envelope.name}.tsr").write_bytes(A.token(b"other"))
    found = run("verify", "b", "--trust", "t.toml", *AS_OF, cwd=home)
    assert found.returncode == 1
    assert "stamps other bytes" in found.stdout
