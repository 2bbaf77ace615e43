"""Commands that only read, on a bundle: what it says, what of it cannot be seen, and nothing that was altered."""

import shutil
from pathlib import Path

import pytest

from compliance_tui.assessment.folder import load
from compliance_tui.bundle.editions import redact
from compliance_tui.bundle.export import export
from tests.assessment.sample import NOW
from tests.cli.calling import Call, caller, refused
from tests.tui.release import release

ANSWER = "A-small.S-02"


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    export(load(release(tmp_path)), tmp_path / "whole", NOW, "ada", folder=True)
    redact(tmp_path / "whole", tmp_path / "public.zip", ["E-0002", ANSWER], as_of=NOW)
    return caller(tmp_path, monkeypatch, capsys)


def test_a_bundle_is_read_like_an_assessment_and_is_said_not_to_be_judged(call: Call) -> None:
    shown = call("-C", "whole", "show", "S-02", "--as-of", "2026-11-24T12:00:00Z")
    assert shown.status == 0
    assert "150 of 200 seeded cases were caught." in shown.out
    assert shown.err == "whole is a bundle: this is what it says; `compliance-tui verify` judges it\n"
    assert call("-C", "whole", "status", "--as-of", "2026-11-24T12:00:00Z").status == 3
    assert '"form": "canary-test/1"' in call("-C", "whole", "evidence", "preview", "E-0002").out


def test_what_is_withheld_is_named_and_what_the_lab_claims_of_it(call: Call) -> None:
    shown = call("-C", "public.zip", "show", "S-02", "--as-of", "2026-11-24T12:00:00Z").out
    assert shown.startswith("S-02  Recall  [required, cannot be told]\n")
    assert "150 of 200" not in shown
    assert "unproven" not in shown
    assert "  its text cannot be seen\n" in shown
    assert f"What cannot be seen\n  {ANSWER}  the text of the answer: withheld\n  E-0002  evidence: withheld\n" in shown
    assert "the lab claims: blocked; it cannot be computed again without them" in shown
    told = call("-C", "public.zip", "status", "--as-of", "2026-11-24T12:00:00Z").out
    assert told.startswith("orchard 2: NOT READY as of ")
    assert "2 of 3 required controls in order, 1 block\n1 control cannot be told\n" in told
    assert f"what cannot be seen: {ANSWER}, E-0002\n" in told
    assert "S-02 Recall: cannot be told (required)\n" in told
    assert "S-02" not in call("-C", "public.zip", "plan", "--as-of", "2026-11-24T12:00:00Z").out
    assert "S-02 Recall: cannot be told (required, met)" in call("-C", "public.zip", "find", "S-02").out
    assert "E-0002: withheld\n" in call("-C", "public.zip", "evidence", "list").out
    ended = call("-C", "public.zip", "evidence", "preview", "E-0002")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.endswith("\nerror: E-0002: withheld; nothing of it can be shown\n")


def test_where_only_what_is_hidden_could_tell_no_verdict_is_given(call: Call, tmp_path: Path) -> None:
    redact(tmp_path / "whole", tmp_path / "less.zip", ["E-0002", ANSWER, "A-small.S-04"], as_of=NOW)
    ended = call("-C", "less.zip", "status", "--as-of", "2026-11-24T12:00:00Z")
    assert ended.status == 3
    assert ended.out.startswith("orchard 2: CANNOT BE TOLD as of 2026-11-24T12:00:00Z\n")
    assert call("-C", "less.zip", "plan", "--as-of", "2026-11-24T12:00:00Z").out.startswith("CANNOT BE TOLD as of ")


def test_nothing_that_was_altered_is_shown(call: Call, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "whole", tmp_path / "altered")
    record = tmp_path / "altered" / "items" / ANSWER / "item.json"
    record.write_bytes(record.read_bytes().replace(b"seeded", b"SEEDED"))
    ended = call("-C", "altered", "show", "S-02")
    assert (ended.status, ended.out) == (1, "")
    assert f"items/{ANSWER}/item.json was altered; nothing of it is shown" in ended.err
    file = next((tmp_path / "whole" / "items" / "E-0002" / "files").iterdir())
    file.write_bytes(file.read_bytes().replace(b"true", b"TRUE"))
    ended = call("-C", "whole", "evidence", "preview", "E-0002")
    assert ended.status == 1
    assert "is no longer what was verified" in ended.err
    assert "TRUE" not in ended.out


def test_nobody_changes_a_bundle(call: Call) -> None:
    before = Path("public.zip").read_bytes()
    for command in (["answer", "S-02", "--status", "met"], ["release", "--subject", "other"], ["axes", "tier=T0"]):
        refused(call("-C", "public.zip", *command), "public.zip: is a bundle, which can be read and not changed")
        refused(call("-C", "whole", *command), "whole: is a bundle, which can be read and not changed")
    assert Path("public.zip").read_bytes() == before
