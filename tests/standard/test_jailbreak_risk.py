"""The three shipped versions of jailbreak-risk say what their tables say, and differ by their lists of changes only."""

import datetime as dt
import re
from itertools import product
from typing import Any

import pytest

from compliance_tui.evidence.kind import load_kinds
from compliance_tui.shipped import shipped
from compliance_tui.standard.levels import level, matches
from compliance_tui.standard.lint import lint
from compliance_tui.standard.load import read_pack
from compliance_tui.standard.model import Control, Standard

KINDS = load_kinds()
PACKS: dict[str, Standard] = {
    version: read_pack(shipped("standards") / "jailbreak-risk" / f"{version}.toml").standard
    for version in ("0.9", "1.0", "1.1")
}
RELEASED = {"0.9": dt.date(2026, 3, 16), "1.0": dt.date(2026, 7, 20), "1.1": dt.date(2026, 11, 23)}
# The numbers of each group, worked out by hand from the lists of changes.
IDS = {
    "0.9": "SCP 1234|RED 1234|MET 1356|RAT 12357|DET 1345|MIT 124|BTY 1234|RPT 124",
    "1.0": "SCP 123|PRT 123456|MET 123456|RAT 12345|DET 12345|MIT 124|BTY 1234|RPT 1234",
    "1.1": "SCP 123|PRT 1234567|MET 1234567|RAT 12345|DET 1234|MIT 12345|BTY 1234|RPT 123",
}
COUNTS = {"0.9": 31, "1.0": 36, "1.1": 38}
LOGS = "inspect-eval-log/garak-report/pyrit-results/promptfoo-results/harmbench-results"
# Version 1.1. Control; API-only, staged, open weights (R required, r recommended, - not at all); first tier at which it is
# required; sign-offs (1 owner, 2 with security); age and kinds of the evidence.
TABLE = f"""
SCP-01 RRR T0 1 180 policy-doc|SCP-02 RRR T1 1 90 policy-doc benchmark-csv|SCP-03 RRR T1 1 30 config-export
PRT-01 RRR T1 1 90 policy-doc|PRT-02 RRr T1 1 120 red-team-report|PRT-03 RRR T1 1 60 inspect-eval-log
PRT-04 RRR T1 1 60 inspect-eval-log red-team-report|PRT-05 RRR T1 1 60 inspect-eval-log|PRT-06 RRR T2 1 90 inspect-eval-log
PRT-07 --R T0 2 90 red-team-report inspect-eval-log|MET-01 RRr T1 1 60 {LOGS}
MET-02 RRr T2 2 90 red-team-report inspect-eval-log|MET-03 RRr T2 1 120 red-team-report|MET-04 RRR T1 1 90 benchmark-csv
MET-05 RR- T1 1 60 inspect-eval-log|MET-06 RRR T2 1 90 inspect-eval-log|MET-07 RRr T1 1 30 inspect-eval-log
RAT-01 RRR T0 1 7 jailbreak-register|RAT-02 RRR T1 2 30 jailbreak-register|RAT-03 RRR T1 1 7 jailbreak-register
RAT-04 rrr T1 1 30 jailbreak-register|RAT-05 RRR T0 1 7 jailbreak-register|DET-01 RR- T1 1 30 canary-test
DET-02 RR- T1 1 30 incident-record|DET-03 RR- T1 1 30 log-sample|DET-04 RR- T1 1 180 policy-doc config-export
MIT-01 RRR T0 1 180 policy-doc|MIT-02 RR- T1 1 7 jailbreak-register|MIT-03 RRr T1 1 30 {LOGS}
MIT-04 RR- T2 1 180 tabletop-record|MIT-05 rrR T0 2 180 policy-doc|BTY-01 RRR T0 1 365 policy-doc
BTY-02 RRr T2 1 90 bounty-report|BTY-03 RRR T1 1 90 bounty-report|BTY-04 RRR T2 1 90 notice-record
RPT-01 RRR T1 1 100 summary-report|RPT-02 RRR T1 2 30 notice-record jailbreak-register
RPT-03 RRR T0 2 90 config-export policy-doc
"""
ROWS = [row.split() for row in TABLE.replace("\n", "|").split("|") if row]
# Version 1.1: all that a machine checks of each control, as "fact op limit"; ratings are figures over the register.
CHECKS = """
SCP-01 behaviours_without_class == 0; behaviours_without_items == 0
SCP-02 baseline_described == True; baseline_systems >= 3; baseline_age_days <= 90
SCP-03 tested_surfaces == offered_surfaces
PRT-01 signed_at before first_attempt_on
PRT-02 expert_hours >= T1 40,T2 200,T3 1000; teams >= 2 from T2
PRT-03 attack_families >= 8; queries_per_behaviour >= T1 100,T2 500,T3 1000; completed == True
PRT-04 agentic_items >= 100; completed == True; attack_routes includes tools,long-sessions,injected-content
PRT-05 replayed == known_bypasses; completed == True
PRT-06 safeguards_off == True; reference_of is-one-of run_id; completed == True
PRT-07 weight_attack_methods >= 3; gpu_hours > 0; completed == True
MET-01 ucb95 attack_success/scored_samples <= T1 0.05,T2 0.02,T3 0.01 trials T1 59,T2 149,T3 299; completed == True
MET-02 held_out_targets >= 50; universals_unregistered == 0; completed == True
MET-03 hours_to_universal >= T1 10,T2 40,T3 100
MET-04 grader_kappa >= 0.70; grader_items >= 200
MET-05 ucb95 benign_refusal/scored_samples <= 0.15 trials 300; completed == True
MET-06 fidelity.lowest >= 0; fidelity.highest <= 1; completed == True
MET-07 replayed >= entries; ucb95 attack_success/scored_samples <= 0.05; completed == True
RAT-01 rating differences == 0
RAT-02 widest_rater_gap <= 1; single_rated_entries == 0
RAT-03 rating lowered == 0
RAT-04 rating unexplained-gaps == 0
RAT-05 incomplete_entries == 0; entries_without_kit_hash == 0
DET-01 lcb95 detected/seeded >= T1 0.80,T2 0.90,T3 0.95
DET-02 lookback_hours <= 168; serious_lookback_hours <= 72
DET-03 alert_p95_minutes <= T1 240,T2 60,T3 60; paging_tests >= 1; paging_tests_missed == 0
DET-04 log_retention_days >= 30; retention_declared == True
MIT-01 clocks_monotone == True; bands_without_clock == 0
MIT-02 rating late == 0 on J3; rating late-share <= 0.05 below J3
MIT-03 ucb95 attack_success/scored_samples <= 0.03 trials 100; completed == True
MIT-04 narrow_shutoff_minutes <= 60; other_tenants_affected == 0
MIT-05 unfixable_plan == True; downstream_notice_list == True
BTY-01 report_channel_published == True; safe_harbour == True
BTY-02 payout_monotone == True
BTY-03 first_answer_p95_business_days <= 3; unanswered_reports == 0
BTY-04 slowest_sharing_days <= 7; transferable_unshared == 0
RPT-01 entries_reported == entries
RPT-02 serious_notices_late == 0; rating unnoticed == 0 on J3
RPT-03 kits_outside_store == 0; kit_handling_described == True
"""
# kind, from, to, effect on old answers. Where the scale moves, so do all controls that rate by it.
CHANGES = {
    "1.0": """
split MET-01 MET-01+MET-02 recheck|merged RAT-05+RAT-07 RAT-05 recheck|renamed RED-01 PRT-01 keep|renamed RED-02 PRT-02 keep
renamed RED-03 PRT-03 keep|renamed RED-04 PRT-04 keep|added - PRT-05 new|added - PRT-06 new|added - MET-04 new
added - RAT-04 new|added - DET-02 new|added - RPT-03 new|tightened RAT-01 RAT-01 recheck|tightened BTY-03 BTY-03 recheck
retired SCP-04 - drop
""",
    "1.1": """
added - PRT-07 new|added - MIT-05 new|added - MET-07 new|split MIT-02 MIT-02+MIT-03 recheck
merged DET-03+DET-05 DET-03 recheck|tightened MET-01 MET-01 recheck|tightened PRT-02 PRT-02 recheck
rating RAT-01 RAT-01 recompute
reworded SCP-01 SCP-01 keep|retired RPT-04 - drop
""",
}
PROFILES, TIERS = ("api-only", "staged-trusted", "open-weight"), ("T0", "T1", "T2", "T3")


def _control(version: str, name: str) -> Control:
    found = PACKS[version].control(f"JB-{name}")
    assert found is not None, name
    return found


def _seats(control: Control, tier: str) -> int:
    rules = [rule for rule in control.sign_offs if matches(rule, {"tier": tier}, PACKS["1.1"].axes)]
    return len({seat for rule in rules for seat in rule.seats})


def _words(check: Any) -> str:
    """A check in the words of CHECKS."""
    what = check.fact or (f"rating {check.rating}" if check.rating else f"{check.statistic} {check.successes}/{check.trials}")
    if check.other:
        limit = check.other.fact
    elif check.by:
        limit = _by(check.by)
    else:
        limit = ",".join(check.limit) if isinstance(check.limit, list) else str(check.limit)
    least = _by(check.minimum_trials_by) or check.minimum_trials
    bands = (f" on {check.from_band}" if check.from_band else "") + (f" below {check.below_band}" if check.below_band else "")
    first = "".join(f" from {rule.from_['tier']}" for rule in check.when)
    return f"{what} {check.op} {limit}{bands}" + (f" trials {least}" if least else "") + first


def _by(table: dict[str, dict[str, Any]]) -> str:
    return ",".join(f"{tier} {limit}" for limits in table.values() for tier, limit in limits.items())


def _spoken(version: str, name: str) -> list[str]:
    return [_words(check) for check in _control(version, name).checks]


@pytest.mark.parametrize("version", PACKS)
def test_each_version_is_complete_and_says_what_it_is_not(version: str) -> None:
    pack, header = PACKS[version], PACKS[version].standard
    groups = [entry.split() for entry in IDS[version].split("|")]
    wanted = [f"JB-{group}-0{number}" for group, numbers in groups for number in numbers]
    assert [control.id for control in pack.controls] == wanted
    assert len(wanted) == COUNTS[version]
    assert [group.id for group in pack.groups] == [group for group, _ in groups]
    assert all(control.group == control.id.split("-")[1] for control in pack.controls)
    assert (header.id, header.version, header.released) == ("jailbreak-risk", version, RELEASED[version])
    assert (header.status, header.endorsed_by, header.licence) == ("illustrative community draft", [], "CC-BY-4.0")
    assert header.supersedes == {"0.9": None, "1.0": "0.9", "1.1": "1.0"}[version]
    disclaimer = " ".join(header.disclaimer.split())
    said = ("endorsed by nobody", "no approval", "no legal advice", "does not show that a model is safe", 'never "equivalent"')
    assert all(words in disclaimer for words in said)
    assert all(axis.computed is None for axis in pack.axes)


@pytest.mark.parametrize("version", PACKS)
def test_lint_finds_nothing(version: str) -> None:
    facts = {kind.id: {fact.name for fact in kind.facts} for kind in KINDS.values()}
    assert lint(PACKS[version], facts, PACKS.get) == []


@pytest.mark.parametrize("version", PACKS)
def test_every_control_can_be_acted_on(version: str) -> None:
    ids = {control.id for control in PACKS[version].controls}
    for control in PACKS[version].controls:
        assert len(re.findall(r"^- ", control.guidance, re.M)) >= 5, control.id
        assert len(control.example) > 70, control.id
        assert control.checks, control.id
        assert 3 <= len(control.references) <= 7, control.id
        prose = " ".join((control.title, control.statement, control.guidance, control.example))
        assert set(re.findall(r"JB-[A-Z]{3}-\d\d", prose)) <= ids, control.id


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_table(row: list[str]) -> None:
    name, marks, first, seats, age, *kinds = row
    control, axes = _control("1.1", name), PACKS["1.1"].axes
    for (profile, mark), tier in product(zip(PROFILES, marks, strict=True), TIERS):
        found = level(control, {"profile": profile, "tier": tier}, axes)
        below = "not-applicable" if mark == "-" else "recommended"
        assert found == ("required" if mark == "R" and tier >= first else below), (profile, tier)
    assert ["/".join(rule.kinds) for rule in control.evidence] == kinds
    assert {rule.max_age_days for rule in control.evidence} == {int(age)}
    assert [rule.seats for rule in control.sign_offs] == [["owner", "security"][: int(seats)]]


@pytest.mark.parametrize("line", [line for line in CHECKS.split("\n") if line], ids=lambda line: line.split()[0])
def test_checks(line: str) -> None:
    name, _, checks = line.partition(" ")
    assert _spoken("1.1", name) == checks.split("; ")


def test_what_the_rows_say_besides() -> None:
    for name in ("MET-01", "MET-07", "MIT-03"):
        bound = next(check for check in _control("1.1", name).checks if check.id == "attack-success")
        assert bound.needs == ["attack_budget", "grader", "model_digest"]
        assert list(bound.kinds) == _control("1.1", name).evidence[0].kinds
    may_be = {version: {one.id for one in pack.controls if one.may_be_not_applicable} for version, pack in PACKS.items()}
    assert may_be == {
        "0.9": {"JB-MIT-02"},
        "1.0": {"JB-MIT-02", "JB-DET-02"},
        "1.1": {"JB-DET-02", "JB-MET-07", "JB-MIT-03"},
    }


def _listed(version: str) -> list[list[str]]:
    return [entry.split() for entry in CHANGES[version].replace("\n", "|").split("|") if entry]


@pytest.mark.parametrize(("old", "new"), [("0.9", "1.0"), ("1.0", "1.1")])
def test_the_list_of_changes_adds_up(old: str, new: str) -> None:
    def names(ids: list[str]) -> str:
        return "+".join(one.removeprefix("JB-") for one in ids) or "-"

    changes = PACKS[new].changes
    found = [["+".join(one.kinds), names(one.from_), names(one.to), one.effect] for one in changes]
    assert found == _listed(new)
    assert {change.from_version for change in changes} == {old}
    assert all(change.note and "\n" not in change.note for change in changes)
    gone, come = {one for change in changes for one in change.from_}, {one for change in changes for one in change.to}
    before = {control.id for control in PACKS[old].controls}
    assert gone <= before
    assert (before - gone) | come == {control.id for control in PACKS[new].controls}
    assert PACKS["0.9"].changes == []


@pytest.mark.parametrize(("old", "new"), [("0.9", "1.0"), ("1.0", "1.1")])
def test_what_is_not_changed_is_identical(old: str, new: str) -> None:
    named = {one for change in PACKS[new].changes for one in (*change.from_, *change.to)}
    same = [control for control in PACKS[old].controls if control.id not in named]
    assert len(same) == {"0.9": 21, "1.0": 28}[old]
    for control in same:
        assert PACKS[new].control(control.id) == control
    for kind, source, target, _ in _listed(new):
        if kind in ("renamed", "rating"):  # another name, or another scale: the control itself stays as it was
            name = {"id": f"JB-{target}", "group": target[:3]}
            assert _control(old, source).model_copy(update=name) == _control(new, target)


@pytest.mark.parametrize(
    ("old", "new", "name", "fields"),
    [
        ("0.9", "1.0", "RAT-01", {"title", "statement", "guidance", "example"}),  # what it rates by is in the scale
        ("0.9", "1.0", "BTY-03", {"statement", "checks"}),
        ("1.0", "1.1", "MET-01", {"checks"}),
        ("1.0", "1.1", "PRT-02", {"checks"}),
        ("1.0", "1.1", "SCP-01", {"statement"}),
    ],
)
def test_a_change_touches_what_its_note_says(old: str, new: str, name: str, fields: set[str]) -> None:
    before, after = _control(old, name).model_dump(), _control(new, name).model_dump()
    assert {field for field in before if before[field] != after[field]} == fields


def test_limits_before_and_after() -> None:
    assert "first_answer_p95_business_days <= 5" in _spoken("0.9", "BTY-03")
    for version, name in (("0.9", "RED-02"), ("1.0", "PRT-02")):
        assert "expert_hours >= T1 40,T2 100,T3 500" in _spoken(version, name)
    for version in ("0.9", "1.0"):
        assert "ucb95 attack_success/scored_samples <= T1 0.05,T2 0.02,T3 0.02" in _spoken(version, "MET-01")
    assert _spoken("0.9", "MIT-02")[:2] == ["rating late == 0 on J3", "rating late-share <= 0.05 below J3"]


@pytest.mark.parametrize(
    ("apart", "parts", "together", "whole"),
    [
        ("1.0", ["MET-01", "MET-02"], "0.9", "MET-01"),
        ("1.1", ["MIT-02", "MIT-03"], "1.0", "MIT-02"),
        ("0.9", ["RAT-05", "RAT-07"], "1.0", "RAT-05"),
        ("1.0", ["DET-03", "DET-05"], "1.1", "DET-03"),
    ],
)
def test_a_split_or_merge_loses_no_check(apart: str, parts: list[str], together: str, whole: str) -> None:
    def asked(version: str, name: str) -> set[str]:
        return {re.sub(" (from T2|trials T1.*)$", "", words) for words in _spoken(version, name)}

    assert set().union(*(asked(apart, part) for part in parts)) == asked(together, whole)
    controls = [_control(apart, part) for part in parts]
    kinds = {kind for control in controls for rule in control.evidence for kind in rule.kinds}
    assert kinds == {kind for rule in _control(together, whole).evidence for kind in rule.kinds}
    assert len({control.statement for control in [*controls, _control(together, whole)]}) == 3


@pytest.mark.parametrize("tier", TIERS)
def test_before_the_split_the_search_is_asked_for_where_it_is_after_it(tier: str) -> None:
    whole, half = _control("0.9", "MET-01"), _control("1.0", "MET-02")
    values = {"profile": "api-only", "tier": tier}
    required = level(half, values, PACKS["1.0"].axes) == "required"
    rule = next(rule for rule in whole.evidence if "red-team-report" in rule.kinds)
    assert [matches(one, values, PACKS["0.9"].axes) for one in rule.when] == [required]
    assert _seats(whole, tier) == (2 if required else 1)
