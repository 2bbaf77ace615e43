"""The shipped packs: an assessment with every control of 0.9 answered comes to 1.1 as their histories say, by hand."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.archive import archived_answers
from compliance_tui.assessment.folder import load, record_bytes
from compliance_tui.assessment.migrate import migrate, plan_migration
from compliance_tui.assessment.model import Response, Subject
from compliance_tui.shipped import shipped
from compliance_tui.standard.digest import control_digest
from compliance_tui.standard.load import find_pack, versions_of
from tests.assessment.sample import NOW, SERIES, policy_file, put
from tests.assessment.walking import MOVE, responses, tree, without_fsync

# One line for each control of 1.1: its id; what becomes of the answer; the ids of 0.9 that it comes from, where not its own.
# The last line names what goes to the archive. Worked out by hand from what each version is said to have changed.
TABLES = {
    "frontier-release": """
        FR-GOV-01 recheck FR-GOV-01 FR-GOV-02
        FR-GOV-03 kept
        FR-WGT-01 kept
        FR-WGT-02 recheck FR-WGT-02 FR-WGT-07
        FR-WGT-03 kept
        FR-WGT-04 kept
        FR-WGT-05 new
        FR-WGT-06 new
        FR-ACC-01 kept
        FR-ACC-02 recheck
        FR-ACC-03 kept
        FR-ACC-04 kept
        FR-SDL-01 kept
        FR-SDL-02 kept
        FR-SDL-03 kept
        FR-SUP-01 recheck
        FR-SUP-02 kept
        FR-SUP-03 kept
        FR-SUP-04 kept
        FR-CAP-01 recheck FR-EVL-01
        FR-CAP-02 recheck FR-EVL-02
        FR-CAP-03 recheck FR-EVL-02
        FR-CAP-04 recheck FR-EVL-01
        FR-CAP-05 kept FR-EVL-03
        FR-CAP-06 new
        FR-SAF-01 kept
        FR-SAF-02 recheck
        FR-SAF-03 new
        FR-SAF-04 new
        FR-MON-01 kept
        FR-MON-02 kept
        FR-INC-01 kept
        FR-INC-02 recheck
        FR-INC-03 kept FR-INC-05
        FR-INC-04 new
        FR-STG-01 recheck
        FR-STG-02 kept
        FR-STG-03 new
        FR-STG-04 new
        FR-TRN-01 kept
        FR-TRN-03 kept
        FR-OWT-01 new
        FR-OWT-02 new
        FR-OWT-04 kept
        FR-OWT-05 new
        archived FR-ACC-05 FR-MON-03 FR-TRN-02
    """,
    "jailbreak-risk": """
        JB-SCP-01 kept
        JB-SCP-02 kept
        JB-SCP-03 kept
        JB-PRT-01 kept JB-RED-01
        JB-PRT-02 recheck JB-RED-02
        JB-PRT-03 kept JB-RED-03
        JB-PRT-04 kept JB-RED-04
        JB-PRT-05 new
        JB-PRT-06 new
        JB-PRT-07 new
        JB-MET-01 recheck
        JB-MET-02 recheck JB-MET-01
        JB-MET-03 kept
        JB-MET-04 new
        JB-MET-05 kept
        JB-MET-06 kept
        JB-MET-07 new
        JB-RAT-01 recheck
        JB-RAT-02 kept
        JB-RAT-03 kept
        JB-RAT-04 new
        JB-RAT-05 recheck JB-RAT-05 JB-RAT-07
        JB-DET-01 kept
        JB-DET-02 new
        JB-DET-03 recheck JB-DET-03 JB-DET-05
        JB-DET-04 kept
        JB-MIT-01 kept
        JB-MIT-02 recheck
        JB-MIT-03 recheck JB-MIT-02
        JB-MIT-04 kept
        JB-MIT-05 new
        JB-BTY-01 kept
        JB-BTY-02 kept
        JB-BTY-03 recheck
        JB-BTY-04 kept
        JB-RPT-01 kept
        JB-RPT-02 kept
        JB-RPT-03 new
        archived JB-RPT-04 JB-SCP-04
    """,
    "model-continuity": """
        MC-GOV-01 kept
        MC-GOV-02 kept
        MC-GOV-03 kept
        MC-DEP-01 kept
        MC-DEP-02 kept
        MC-DEP-03 new
        MC-DEP-04 kept
        MC-FBK-01 kept
        MC-FBK-02 recheck
        MC-FBK-03 recheck MC-FBK-02
        MC-FBK-04 kept
        MC-FBK-05 kept
        MC-FBK-06 new
        MC-EXI-01 recheck
        MC-EXI-02 recheck MC-EXI-02 MC-EXI-05
        MC-EXI-03 kept
        MC-EXI-04 kept
        MC-CTR-01 recheck MC-CTR-01 MC-CTR-05
        MC-CTR-02 kept
        MC-CTR-03 new
        MC-CTR-04 kept
        MC-DAT-01 kept
        MC-DAT-02 new
        MC-DAT-03 kept
        MC-DAT-04 kept
        MC-ALT-01 recheck MC-OSS-01
        MC-ALT-02 kept MC-OSS-02
        MC-ALT-03 new
        MC-ALT-04 new
        MC-ALT-05 kept
        MC-RCT-01 new
        MC-RCT-02 new
        MC-RCT-03 new
        MC-RCT-04 new
        MC-RCT-05 kept
        archived MC-DEP-05 MC-GOV-04
    """,
}
COUNTS = {"frontier-release": (37, 43, 45), "jailbreak-risk": (31, 36, 38), "model-continuity": (28, 33, 35)}
Row = tuple[str, tuple[str, ...]]


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    with without_fsync:
        yield


def _table(identifier: str) -> tuple[dict[str, Row], set[str]]:
    """New id -> outcome and old ids; and the ids that are archived."""
    lines = [line.split() for line in TABLES[identifier].split("\n") if line.strip()]
    rows = {
        name: (outcome, tuple(olds) or (() if outcome == "new" else (name,))) for name, outcome, *olds in lines[:-1]
    }  # fmt: skip
    return rows, set(lines[-1][1:])


def _all_met(folder: Path, identifier: str) -> Path:
    root = folder / "assessment"
    pack = find_pack(f"{identifier}@0.9", [shipped("standards")])
    actions.create(root, [pack], Subject(name="thing", version="1"), {}, [], SERIES, "ada", NOW)
    put(root, policy_file(folder), pack.standard.controls[0].id)
    (root / f"responses/{identifier}").mkdir(exist_ok=True)
    for control in pack.standard.controls:
        digest = control_digest(control)
        said = {"statement": f"How {control.id} is met.", "evidence": ["E-0001"], "status": "met", "answers": digest}
        who = {"answered_by": "ada", "answered_at": NOW}
        response = Response(standard=identifier, control=control.id, **said, **who)  # type: ignore[arg-type]
        (root / f"responses/{identifier}/{control.id}.toml").write_bytes(record_bytes(response))
    return root


def _move(root: Path, reference: str, name: str = MOVE) -> None:
    folders = [shipped("standards")]
    pack = find_pack(reference, folders)
    migrate(load(root), pack, versions_of(pack.standard.id, folders), name, "ada", NOW)


@pytest.mark.parametrize("identifier", TABLES)
def test_the_tables_name_every_control_of_both_versions(identifier: str) -> None:
    rows, archived = _table(identifier)
    packs = [find_pack(f"{identifier}@{version}", [shipped("standards")]).standard for version in ("0.9", "1.0", "1.1")]
    assert tuple(len(standard.controls) for standard in packs) == COUNTS[identifier]
    assert list(rows) == [control.id for control in packs[2].controls]
    assert {old for _, olds in rows.values() for old in olds} | archived == {control.id for control in packs[0].controls}


@pytest.mark.parametrize("identifier", TABLES)
def test_every_answer_comes_to_its_place(tmp_path: Path, identifier: str) -> None:
    rows, archived = _table(identifier)
    root = _all_met(tmp_path, identifier)
    folders = [shipped("standards")]
    pack = find_pack(f"{identifier}@1.1", folders)
    load(root)
    before = tree(root)
    found = plan_migration(load(root), pack, versions_of(identifier, folders), NOW)
    assert tree(root) == before
    assert not found.guessed
    assert {step.new: (step.outcome, step.old) for step in found.steps if step.new} == rows
    assert {step.old[0] for step in found.steps if step.new is None} == archived
    _move(root, f"{identifier}@1.1")
    after = responses(load(root), identifier)
    assert set(after) == {name for name, (outcome, _) in rows.items() if outcome != "new"}
    for name, response in after.items():
        outcome, olds = rows[name]
        assert response.evidence == ["E-0001"]
        assert all(f"How {old} is met." in response.statement for old in olds)
        assert response.status == (None if outcome == "recheck" else "met"), name
        assert (response.recheck is None) == (outcome != "recheck"), name
        if name in olds and outcome == "kept" and name not in ("FR-TRN-01", "FR-SDL-03", "JB-SCP-01", "MC-CTR-04"):
            path = f"responses/{identifier}/{name}.toml"
            assert (root / path).read_bytes() == before[path]
    gone = {one.response.control: one.response for one in archived_answers(root)}
    assert set(gone) == archived | {old for _, olds in rows.values() for old in olds if len(olds) > 1}
    assert all(response.statement == f"How {name} is met." for name, response in gone.items())


@pytest.mark.parametrize("identifier", TABLES)
def test_two_steps_come_to_the_same_answers_as_one(tmp_path: Path, identifier: str) -> None:
    ways = []
    for number, way in enumerate((["1.1"], ["1.0", "1.1"])):
        (tmp_path / str(number)).mkdir()
        root = _all_met(tmp_path / str(number), identifier)
        for step, version in enumerate(way):
            _move(root, f"{identifier}@{version}", f"{MOVE[:-1]}{step}")
        ways.append(responses(load(root), identifier))
    assert set(ways[0]) == set(ways[1])
    for name, one in ways[0].items():
        other = ways[1][name]
        assert (one.status, one.evidence, bool(one.recheck)) == (other.status, other.evidence, bool(other.recheck)), name


@pytest.mark.parametrize("identifier", TABLES)
def test_there_and_back_no_answer_is_lost(tmp_path: Path, identifier: str) -> None:
    root = _all_met(tmp_path, identifier)
    before = responses(load(root), identifier)
    _move(root, f"{identifier}@1.1", MOVE[:-1] + "1")
    _move(root, f"{identifier}@0.9", MOVE[:-1] + "2")
    after = responses(load(root), identifier)
    assert set(after) == set(before)
    assert all(before[name].statement.strip() in response.statement for name, response in after.items())
    assert Counter(item for response in after.values() for item in response.evidence)["E-0001"] == len(before)
