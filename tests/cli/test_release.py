"""What is said of the release itself, and the export looked at before it is made."""

import json
from pathlib import Path

import pytest

from compliance_tui.assessment.folder import load
from tests.cli.calling import Call, caller, refused
from tests.tui.release import release


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    release(tmp_path)
    return caller(tmp_path / "assessment", monkeypatch, capsys)


def test_the_release_is_changed_field_by_field(call: Call, tmp_path: Path) -> None:
    weights = tmp_path / "more.bin"
    weights.write_bytes(b"weights")
    ended = call("release", "--release-date", "2027-01-15", "--artifact", str(weights), "--description", "Another sentence.")
    assert ended.status == 0
    assert "planned day of release: 2027-01-15" in ended.out
    again = call("release", "--artifact", str(weights), "--release-date", "none", "--published", "2026-12-01")
    assert "planned day of release: none" in again.out
    assert "weights published on: 2026-12-01" in again.out
    subject = load(tmp_path / "assessment").assessment.subject
    assert (subject.name, subject.version, subject.description) == ("orchard", "2", "Another sentence.")
    assert [one.name for one in subject.artifacts] == ["orchard.bin", "more.bin"]
    assert json.loads(call("release", "--json").out)["name"] == "orchard"


def test_a_bad_value_changes_nothing(call: Call, tmp_path: Path) -> None:
    before = (tmp_path / "assessment" / "assessment.toml").read_bytes()
    refused(call("release", "--release-date", "soon"), "soon")
    refused(call("release", "--subject", ""), "the release: name: ")
    refused(call("release", "--artifact", "sha256:zz"), "--artifact")
    assert (tmp_path / "assessment" / "assessment.toml").read_bytes() == before


def test_an_export_is_looked_at_without_being_made(call: Call, tmp_path: Path) -> None:
    before = (tmp_path / "assessment" / "log.jsonl").read_bytes()
    ended = call("export", "--dry-run", "--as-of", "2026-11-24T12:00:00Z")
    assert ended.status == 0
    assert "NOT READY: 1 in order, 1 waived, 2 block, of 6 controls\n  gaps: S-02, S-04\n" in ended.out
    assert "withheld, but committed to: nothing" in ended.out
    assert (tmp_path / "assessment" / "log.jsonl").read_bytes() == before
    assert not list(tmp_path.rglob("*.zip"))
    next((tmp_path / "assessment" / "evidence" / "objects").rglob("*/*")).unlink()
    assert "bytes missing or altered: E-000" in call("export", "--dry-run").out
    refused(call("export"), "say where to write it with -o, or look at it first with --dry-run")
