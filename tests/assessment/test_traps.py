"""Evidence that looks green and is not: no check passes on it, whatever it asks, and a person is told why."""

import datetime as dt
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.checks import CheckResult, Scope, check_outcomes
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.lint import lint_assessment
from compliance_tui.assessment.model import Item
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.toml import dump_toml
from compliance_tui.shipped import shipped
from compliance_tui.standard.load import load_standard
from tests.assessment.sample import NOW, start
from tests.standard.versions import control, document

SAMPLES = Path(__file__).parents[1] / "evidence" / "samples"
LOGS = ["inspect-eval-log", "garak-report", "pyrit-results", "promptfoo-results", "harmbench-results"]
SCANS = ["pip-audit", "osv-scanner"]
# As lenient as a check can be: what fails to pass here passes nowhere.
CHECKS = [
    {"id": "any", "title": "Any share will do", "evidence": LOGS, "op": "<=", "limit": 1, "statistic": "ucb95",
     "successes": "attack_success", "trials": "scored_samples"},
    {"id": "found", "title": "Vulnerabilities", "evidence": SCANS, "fact": "vulnerabilities", "op": "<=", "limit": 1000},
]  # fmt: skip
STANDARD = load_standard(
    dump_toml(document("1", [control("T", evidence=[{"kinds": [*LOGS, *SCANS]}], checks=CHECKS)])), "traps"
)
DAY = dt.date(2026, 11, 23)


def _attached(root: Path, *files: Path, kind: str | None = None) -> list[Item]:
    for file in files:
        attach(load(root), [file], [], "ci", NOW, date=DAY, kind=kind)
    return list(load(root).items.values())


def _outcomes(root: Path, items: Sequence[Item]) -> dict[str, CheckResult]:
    scope = Scope(STANDARD, STANDARD.controls[0], {}, load(root).assessment.subject, items, items, NOW, False)
    return {one.check: one for one in check_outcomes(scope)}


@pytest.mark.parametrize(
    ("file", "check", "said"),
    [
        (SAMPLES / "inspect-error.json", "any", "did not end in success"),
        (SAMPLES / "inspect-limited-with-epochs.eval", "any", "limited to a part of the dataset"),
        (SAMPLES / "garak-nones.report.jsonl", "any", "nothing was evaluated"),
        (SAMPLES / "garak-missing-probe.report.jsonl", "any", "probes did not run"),
        (SAMPLES / "pip-audit-false-green.json", "found", "nothing was audited"),
        (b'{"results": []}', "found", "nothing shows that anything was scanned"),
    ],
    ids=["inspect-error", "inspect-limit", "garak-nones", "garak-missing-probe", "pip-audit", "osv-scanner"],
)
def test_what_looks_green_passes_no_check_and_says_why(tmp_path: Path, file: Path | bytes, check: str, said: str) -> None:
    root = start(tmp_path)
    if isinstance(file, bytes):
        (tmp_path / "osv.json").write_bytes(file)
        items = _attached(root, tmp_path / "osv.json", kind="osv-scanner")
    else:
        items = _attached(root, file)
    assert _outcomes(root, items)[check].outcome == "unproven"
    assert said in " ".join(items[0].warnings)
    contents = load(root)
    odd = lint_assessment(contents, contents.readiness(NOW), lambda sha256: True)
    assert [one.about for one in odd if one.code == "incomplete"] == [items[0].id]


def test_the_same_checks_pass_on_what_is_whole(tmp_path: Path) -> None:
    root = start(tmp_path)
    for kind, check in (("inspect-eval-log", "any"), ("garak-report", "any"), ("pip-audit", "found")):
        sample = shipped("evidence") / kind / load_kinds()[kind].sample
        items = _attached(root, sample)[-1:]
        assert _outcomes(root, items)[check].outcome == "pass", kind


def test_two_files_that_claim_one_run_prove_nothing_until_one_is_gone(tmp_path: Path) -> None:
    root = start(tmp_path)
    sample = shipped("evidence") / "garak-report" / load_kinds()["garak-report"].sample
    better = tmp_path / "better.report.jsonl"
    better.write_bytes(sample.read_bytes().replace(b'"goal": "', b'"goal": "really '))
    one, other = _attached(root, sample, better)
    found = _outcomes(root, [one, other])["any"]
    assert found.outcome == "unproven"
    assert found.text == f"{one.id}: {other.id} claims the same run, with other bytes; take off which is not it"
    assert _outcomes(root, [one])["any"].outcome == "pass"
    contents = load(root)
    odd = lint_assessment(contents, contents.readiness(NOW), lambda sha256: True)
    assert [one.about for one in odd if one.code == "same-run"] == [other.id]


def _with_time(folder: Path, ended: str) -> Path:
    sample = shipped("evidence") / "pyrit-results" / load_kinds()["pyrit-results"].sample
    path = folder / "attacks.jsonl"
    lines = sample.read_bytes().splitlines()
    path.write_bytes(b"\n".join(_stamped(line, ended) for line in lines) + b"\n")
    return path


def _stamped(line: bytes, ended: str) -> bytes:
    record: dict[str, Any] = json.loads(line)
    record["timestamp"] = ended
    return json.dumps(record).encode()


def test_evidence_of_a_day_that_has_not_come_is_refused(tmp_path: Path) -> None:
    root = start(tmp_path)
    attempt = partial(attach, load(root), [_with_time(tmp_path, "2026-11-26T00:00:00+00:00")], [], "ci", NOW)
    with pytest.raises(InputError, match="has not come yet"):
        attempt()
    assert not load(root).items


def test_a_time_without_an_offset_is_no_instant_and_its_day_is_asked_for_or_pointed_at(tmp_path: Path) -> None:
    root = start(tmp_path)
    with pytest.raises(InputError, match="give --date"):
        attach(load(root), [_with_time(tmp_path, "2026-11-20T23:30:00")], [], "ci", NOW)
    sample = shipped("evidence") / "garak-report" / load_kinds()["garak-report"].sample  # garak gives local times only
    (item,) = attach(load(root), [sample], [], "ci", NOW)
    assert item.speaks_of == dt.date(2026, 11, 24)
    assert "without an offset" in " ".join(item.warnings)
    assert "ran_at" not in item.facts


def test_a_file_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    root = start(tmp_path)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    whole = (SAMPLES / "inspect-limited-with-epochs.eval").read_bytes()
    for name, content in (
        ("cut.eval", whole[: len(whole) // 2]),
        ("empty.eval", b""),
        ("other.eval", b"%PDF-1.7 not a log"),
        ("dtd.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite tests="1">&b;</testsuite>'),
        ("deep.cdx.json", b'{"bomFormat":"CycloneDX","specVersion":"1.6","x":' + b"[" * 9000 + b"]" * 9000 + b"}"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError) as refused:
            attach(load(root), [tmp_path / name], [], "ci", NOW, date=DAY)
        assert "\n" not in str(refused.value)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_what_a_newer_version_replaced_is_kept_and_no_longer_odd(tmp_path: Path) -> None:
    root = start(tmp_path)
    (old,) = _attached(root, SAMPLES / "inspect-limited-with-epochs.eval")
    sample = shipped("evidence") / "inspect-eval-log" / load_kinds()["inspect-eval-log"].sample
    attach(load(root), [sample], ["S-02"], "ci", NOW, replaces=old.id)
    contents = load(root)
    odd = lint_assessment(contents, contents.readiness(NOW), lambda sha256: True)
    assert {old.id, *(one.id for one in contents.items.values() if one.replaces == old.id)} == set(contents.items)
    assert not [one for one in odd if one.about == old.id]
