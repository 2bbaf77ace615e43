"""The audit log as a whole: it hangs together, it continues, and what was altered in it shows."""

import json
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.audit import consistency, inclusion, log_lines, verify_log
from compliance_tui.assessment.folder import load
from compliance_tui.safe.errors import InputError
from compliance_tui.trust.merkle import leaf_hash, verify_consistency, verify_inclusion
from tests.assessment.sample import NOW, start


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = start(tmp_path)
    for status in ("not-met", "partly-met", "met"):
        actions.answer(load(root), "S-01", "ada", NOW, status=status, statement=f"It is {status}.")
    return root


def _rewrite(root: Path, change: "dict[int, bytes | None]") -> None:
    lines = [change.get(number, line) for number, line in enumerate(log_lines(root))]
    (root / "log.jsonl").write_bytes(b"".join(line + b"\n" for line in lines if line is not None))


def test_a_log_that_was_written_by_the_program_has_no_fault(root: Path) -> None:
    report = verify_log(root)
    assert (report.size, report.faults) == (4, ())


def test_proofs_hold_against_the_head(root: Path) -> None:
    report = verify_log(root)
    for line in range(1, 5):
        found = inclusion(root, line)
        proof = [bytes.fromhex(one) for one in found["proof"]]
        leaf = leaf_hash(log_lines(root)[line - 1])
        assert verify_inclusion(leaf, line - 1, report.size, proof, report.root)
    before = verify_log(root)
    actions.answer(load(root), "S-03", "ada", NOW, status="not-met", statement="No.")
    found = consistency(root, before.size, before.root)
    proof = [bytes.fromhex(one) for one in found["proof"]]
    assert verify_consistency(before.size, before.root, 5, verify_log(root).root, proof)


def test_a_dropped_line_shows(root: Path) -> None:
    _rewrite(root, {2: None})
    faults = verify_log(root).faults
    assert "after entry 2 comes entry 4" in faults
    assert any("was something else before than the log knew" in fault for fault in faults)


def test_a_history_that_was_written_anew_does_not_continue_the_head_that_others_remember(root: Path) -> None:
    remembered = verify_log(root)
    entry = json.loads(log_lines(root)[1])
    _rewrite(root, {1: json.dumps({**entry, "by": "ben"}, separators=(",", ":"), sort_keys=True).encode()})
    assert verify_log(root).faults == ()  # by itself it hangs together
    with pytest.raises(InputError, match="not those of the head that was remembered"):
        consistency(root, remembered.size, remembered.root)


def test_a_record_changed_behind_the_log_shows(root: Path) -> None:
    path = root / "responses" / "small" / "S-01.toml"
    path.write_text(path.read_text().replace("It is met.", "It is very met."))
    assert any("responses/small/S-01.toml is not as the log left it" in fault for fault in verify_log(root).faults)


def test_a_torn_line_shows(root: Path) -> None:
    with (root / "log.jsonl").open("ab") as file:
        file.write(b'{"seq":5,"act":"ans')
    assert verify_log(root).faults == ("1 lines were torn by a crash, or are no entries",)


@pytest.mark.parametrize("line", [0, -1, 5])
def test_a_line_that_is_not_there_is_refused(root: Path, line: int) -> None:
    with pytest.raises(InputError, match="4 lines"):
        inclusion(root, line)
    with pytest.raises(InputError, match="4 lines"):
        consistency(root, line)
