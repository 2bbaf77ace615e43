"""What changed between two bundles or two assessments, as a person and a program read it."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Waiver
from compliance_tui.bundle.compare import KINDS, Change, Comparison, compare, read_side
from compliance_tui.bundle.editions import redact
from compliance_tui.cli.output_schemas import COMPARE
from compliance_tui.safe.errors import BrokenError
from compliance_tui.trust.policy import load_policy
from tests.assessment.sample import NOW, canary_file
from tests.bundle.sample import LATER, Sample, sample
from tests.cli.calling import Call, caller


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    return caller(tmp_path, monkeypatch, capsys)


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


def _change_everything(made: Sample, folder: Path) -> None:
    root = made.root
    actions.answer(load(root), "S-01", "ada", NOW, status="not-met", statement="S-01 is no longer met.")
    waiver = Waiver(reason="soon", owner="ada", approver="ben", until=NOW.date().replace(year=2027), approved_at=NOW)
    actions.waive(load(root), "S-01", waiver, "ada", NOW)
    actions.unlink_evidence(load(root), "S-02", "E-0002", "ada", NOW)
    attach(load(root), [canary_file(folder, detected=170, name="new.json")], ["S-02"], "ci", NOW)
    actions.sign_off(load(root), "S-02", "ada", "owner", "ada", NOW)
    actions.set_axes(root, {"tier": "T0"}, "ada", NOW)
    path = root / "evidence/E-0001.toml"
    path.write_text(path.read_text().replace('title = "policy.md"', 'title = "The policy"'))


def _found(old: Path, new: Path, made: Sample | None = None) -> Comparison:
    policy = load_policy(made.policy, "t") if made else None
    return compare(read_side(old, LATER, policy), read_side(new, LATER, policy))


def _of(found: Comparison, kind: str) -> dict[str, Change]:
    return {change.id: change for change in found.of(kind)}


@pytest.mark.parametrize("as_bundles", [True, False])
def test_all_that_changed_is_told(made: Sample, tmp_path: Path, as_bundles: bool) -> None:
    if as_bundles:
        made.export(tmp_path / "one.zip")
        old = tmp_path / "one.zip"
    else:
        old = Path(shutil.copytree(made.root, tmp_path / "before"))
    _change_everything(made, tmp_path)
    new = made.root
    if as_bundles:
        made.export(tmp_path / "two.zip", signers=1)
        new = tmp_path / "two.zip"
    found = _found(old, new, made)
    assert {change.kind for change in found.changes} <= set(KINDS)
    assert [(one.old, one.new) for one in _of(found, "verdict")["readiness"].fields] == [("ready", "ready-with-waivers")]
    assert [(one.old, one.new) for one in _of(found, "axis")["tier"].fields] == [("T1", "T0")]
    answers = _of(found, "answer")
    assert {one.name: (one.old, one.new) for one in answers["small/S-01"].fields} == {
        "status": ("met", "not-met"),
        "statement": ("S-01 is met.", "S-01 is no longer met."),
    }
    assert [(one.name, one.old, one.new) for one in answers["small/S-02"].fields] == [("evidence", "E-0002", "E-0003")]
    assert _of(found, "waiver")["small/S-01"].change == "added"
    assert _of(found, "outcome")["small/S-01"].fields[0].new == "waived"
    evidence = _of(found, "evidence")
    assert evidence["E-0003"].change == "added"
    assert [(one.name, one.old, one.new) for one in evidence["E-0001"].fields] == [("title", "policy.md", "The policy")]
    assert "small/S-01 owner" not in _of(found, "sign-off")  # it lapsed, and is still there
    if as_bundles:
        assert [(name, one.change) for name, one in _of(found, "signer").items()] == [("lab-officer@lab.example", "dropped")]


def test_the_same_is_the_same(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "one.zip")
    made.export(tmp_path / "two", folder=True, nonce=lambda: os.urandom(32))
    assert _found(tmp_path / "one.zip", tmp_path / "two").changes == []
    assert _found(tmp_path / "one.zip", made.root).changes == []


def test_an_altered_fact_and_an_altered_file_of_one_item(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "one.zip")
    shutil.rmtree(made.root / "bundles")
    path = made.root / "evidence/E-0002.toml"
    path.write_text(path.read_text().replace("value = 190", "value = 171"))
    found = _found(tmp_path / "one.zip", made.root)
    facts = [(change.id, change.fields[0].old, change.fields[0].new) for change in found.of("fact")]
    assert facts == [("E-0002 detected", "190 seeds", "171 seeds")]


def test_what_is_hidden_is_said_to_be_and_not_called_dropped(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "whole.zip")
    redact(tmp_path / "whole.zip", tmp_path / "edition.zip", ["E-0002", "A-small.S-01"])
    found = _found(tmp_path / "whole.zip", tmp_path / "edition.zip")
    assert found.new.verdict is None
    assert _of(found, "evidence")["E-0002"].change == "hidden"
    assert _of(found, "answer")["small/S-01"].change == "hidden"
    both = _found(tmp_path / "edition.zip", tmp_path / "edition.zip")
    assert [(one.kind, one.id, one.change) for one in both.changes] == [
        ("answer", "small/S-01", "hidden"),
        ("evidence", "E-0002", "hidden"),
    ]


def test_items_of_two_series_belong_together_by_their_bytes(made: Sample, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = sample(tmp_path / "other")
    path = other.root / "assessment.toml"
    path.write_text(path.read_text().replace("11111111", "22222222"))
    for name in ("E-0001", "E-0002"):
        record = other.root / f"evidence/{name}.toml"
        moved = f"E-001{name[-1]}"
        (other.root / f"evidence/{moved}.toml").write_text(record.read_text().replace(name, moved))
        record.unlink()
        for response in (other.root / "responses").rglob("*.toml"):
            response.write_text(response.read_text().replace(name, moved))
    found = _found(made.root, other.root)
    assert {change.id: [one.name for one in change.fields] for change in found.of("evidence")} == {
        "E-0011": ["id"],
        "E-0012": ["id"],
    }


def test_without_a_policy_signers_are_keys_and_nobody(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "one.zip")
    side = read_side(tmp_path / "one.zip", LATER)
    assert sorted(side.signers) == sorted(f"key {signer.public.key_id[:16]}" for signer in made.signers)


def test_a_record_that_is_not_its_manifest_s_is_not_compared(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "one", folder=True)
    path = tmp_path / "one/items/E-0002/item.json"
    path.write_text(path.read_text().replace("190", "191"))
    with pytest.raises(BrokenError, match="altered"):
        read_side(tmp_path / "one", LATER)


def _fits(value: Any, schema: dict[str, Any]) -> None:
    if "enum" in schema:
        assert value in schema["enum"]
    if schema.get("type") == "object":
        assert set(value) == set(schema["properties"])
        for name, inner in schema["properties"].items():
            _fits(value[name], inner)
    if schema.get("type") == "array":
        for one in value:
            _fits(one, schema["items"])


def test_the_command_says_it_as_text_and_as_json(made: Sample, tmp_path: Path, call: Call) -> None:
    made.export(tmp_path / "one.zip")
    _change_everything(made, tmp_path)
    made.export(tmp_path / "two.zip")
    text = call("compare", "one.zip", "two.zip", "--as-of", "2026-11-25")
    assert text.status == 0
    assert "Answers (2)\n  altered  small/S-01\n" in text.out
    assert "status: met -> not met" in text.out
    assert text.out.startswith("from one.zip (sequence 1, bundle ")
    told = call("compare", "one.zip", "two.zip", "--as-of", "2026-11-25", "--json")
    document = json.loads(told.out)
    _fits(document, COMPARE)
    assert document["to"]["verdict"] == "ready-with-waivers"
    assert not document["same"]
    same = call("compare", "one.zip", "one.zip", "--json")
    assert json.loads(same.out)["same"]
    assert "nothing that they say differs" in call("compare", "one.zip", "one.zip").out
    assert call("compare", "one.zip", "none.zip").status == 2
