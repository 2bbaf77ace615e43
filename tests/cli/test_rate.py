"""rate: a register in a file, one that is attached, one bypass by hand; what is due by when."""

import json
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.shipped import shipped
from tests.assessment.sample import NOW, policy_file, start
from tests.cli.calling import Call, caller, refused

SAMPLE = shipped("evidence") / "jailbreak-register" / "jailbreak-register.json"
AT = ("--as-of", "2026-11-24T12:00:00Z")


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    root = start(tmp_path)
    attach(load(root), [SAMPLE], [], "ci", NOW)
    attach(load(root), [policy_file(tmp_path)], [], "ci", NOW)
    return caller(tmp_path, monkeypatch, capsys)


def _register(folder: Path, **changed: Any) -> Path:
    document = json.loads(SAMPLE.read_bytes())
    document["entries"][3] |= changed
    (folder / "register.json").write_text(json.dumps(document))
    return folder / "register.json"


def test_an_attached_register_is_rated_as_its_file_is(call: Call, tmp_path: Path) -> None:
    attached = call("-C", "assessment", "rate", "--item", "E-0001", *AT)
    filed = call("-C", "assessment", "rate", str(_register(tmp_path)), *AT)
    assert (attached.status, attached.out) == (0, filed.out)
    assert "JB-2026-04: base 57 J2, residual 42 J2, in force J2" in attached.out
    assert "    fix: by 2026-12-24 12:30, 30 d 0 h left" in attached.out
    assert "    notify: was due 2026-09-22 16:20, over by 62 d 19 h" in attached.out
    assert json.loads(call("-C", "assessment", "rate", "--item", "E-0001", "--json", *AT).out)[3]["band"] == "J2"


def test_a_stored_rating_that_is_not_the_computed_one_is_status_1_until_it_is_written(call: Call, tmp_path: Path) -> None:
    path = _register(tmp_path, base=10, base_band="J1", override={"band": "J0", "reason": "calm", "by": "us"})
    found = call("rate", str(path), *AT)
    assert found.status == 1
    assert "JB-2026-04: base 57 J2, residual 42 J2, in force J2  (stored otherwise)" in found.out
    assert "J0 was asked for and is not higher: people may raise a rating, never lower it" in found.out
    assert call("rate", str(path), "--write").status == 0
    assert json.loads(path.read_bytes())["entries"][3]["base"] == 57
    assert call("rate", str(path), *AT).status == 0


def test_one_bypass_by_hand_needs_no_folder(call: Call) -> None:
    levels = [f"--level={name}" for name in ("uplift=3", "breadth=2", "ease=2", "transfer=1", "exposure=0")]
    found = call("rate", *levels, "--modifier", "fix=proven", "--set", "tier=T3")
    assert found.status == 0
    assert "base 62 J3, residual 37 J2" in found.out
    assert "contain 36" in found.out


def test_what_cannot_be_rated_is_refused_in_a_sentence(call: Call, tmp_path: Path) -> None:
    refused(call("-C", "assessment", "rate", "--item", "E-0002"), "E-0002 is evidence of kind policy-doc")
    refused(call("-C", "assessment", "rate", "--item", "E-\x1b[2J9"), "no item E-")
    refused(call("rate", "--item", "E-0001"), "no assessment here")
    refused(call("-C", "assessment", "rate", str(_register(tmp_path)), "--item", "E-0001"), "not both")
    refused(call("rate", "--level", "uplift=9"), "uplift cannot be 9")
    for content in (
        b"",
        b"[]",
        b"{",
        b'{"entries": 3}',
        b'{"entries": [3]}',
        b'{"entries": [{"id": "a", "levels": {"uplift": NaN}}]}',
    ):
        (tmp_path / "bad.json").write_bytes(content)
        refused(call("rate", "bad.json"), "")
