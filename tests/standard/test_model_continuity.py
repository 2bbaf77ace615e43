"""The three shipped versions of model-continuity say what their tables say, and differ by their lists of changes only."""

import datetime as dt
import re
from typing import Any

import pytest

from compliance_tui.evidence.kind import load_kinds
from compliance_tui.shipped import shipped
from compliance_tui.standard.levels import level, matches
from compliance_tui.standard.lint import lint
from compliance_tui.standard.load import read_pack
from compliance_tui.standard.model import Control, Standard

VERSIONS = ("0.9", "1.0", "1.1")
PACKS: dict[str, Standard] = {
    version: read_pack(shipped("standards") / "model-continuity" / f"{version}.toml").standard for version in VERSIONS
}
KINDS = load_kinds()
RELEASED = {"0.9": dt.date(2026, 3, 16), "1.0": dt.date(2026, 7, 20), "1.1": dt.date(2026, 11, 23)}
# The numbers of each group, worked out by hand from the lists of changes.
IDS = {
    "0.9": "GOV 1234|DEP 1245|FBK 1245|EXI 12345|CTR 1245|DAT 134|OSS 12|ALT 5|RCT 5",
    "1.0": "GOV 123|DEP 12345|FBK 12345|EXI 12345|CTR 1234|DAT 134|ALT 12345|RCT 125",
    "1.1": "GOV 123|DEP 1234|FBK 123456|EXI 1234|CTR 1234|DAT 1234|ALT 12345|RCT 12345",
}
COUNTS = {"0.9": 28, "1.0": 33, "1.1": 35}
# Version 1.1. Control; enterprise, public agency, critical operator (R required, r recommended); first level at which it is
# required; seats (1 owner, v with security where vital, a with security for an agency); age and kinds of the evidence.
TABLE = """
GOV-01 RRR D1 v 365 policy-doc|GOV-02 rRR D2 1 90 monitoring-record|GOV-03 rrr D2 0 365 notice-record
DEP-01 RRR D1 1 90 dependency-register|DEP-02 RRR D2 1 90 dependency-register|DEP-03 RRR D2 1 90 legal-memo
DEP-04 RRR D2 1 90 acceptance-results|FBK-01 RRR D2 1 90 dependency-register|FBK-02 RRR D2 1 90 acceptance-results
FBK-03 RRR D2 v 90 failover-drill|FBK-04 rRR D3 1 90 config-export|FBK-05 rRR D3 1 365 policy-doc training-record
FBK-06 RRR D2 1 30 log-sample canary-test|EXI-01 RRR D2 v 365 exit-plan|EXI-02 RRR D2 1 183 config-export
EXI-03 rRR D3 1 365 failover-drill|EXI-04 RRR D2 1 365 contract-clause deletion-record
CTR-01 RRR D2 1 365 contract-clause|CTR-02 rRR D2 1 365 contract-clause|CTR-03 RRR D2 1 180 attestation-bundle
CTR-04 rrR D2 1 365 contract-clause|DAT-01 RRR D1 1 183 data-flow-map|DAT-02 RRR D2 1 35 monitoring-record
DAT-03 RRR D2 1 183 data-flow-map|DAT-04 rRR D2 1 90 config-export canary-test|ALT-01 rRR D2 1 180 acceptance-results
ALT-02 RRR D2 1 180 model-signature inspect-eval-log
ALT-03 RRR D2 1 90 inspect-eval-log/garak-report/pyrit-results/promptfoo-results/harmbench-results
ALT-04 RRR D2 a 180 legal-memo|ALT-05 rRR D3 1 180 config-export failover-drill
RCT-01 RRR D2 v 14 acceptance-results inspect-eval-log|RCT-02 RRR D2 1 14 delta-review
RCT-03 RRR D2 1 14 acceptance-results|RCT-04 rRR D3 1 30 log-sample|RCT-05 RRR D2 1 30 incident-record
"""
ROWS = [row.split() for row in TABLE.replace("\n", "|").split("|") if row]
# Version 1.1: what a machine checks of each control, as "fact op limit". A line that ends with + goes on in the next.
CHECKS = """
GOV-01 workflows_without_tolerance == 0
GOV-02 slowest_escalation_hours <= 24; signals_watched includes legal,supplier,news
DEP-01 unowned == 0; unpinned_vital == 0; completed == True; declared level
DEP-02 concentrations_unaccepted == 0; stated_vendor_share >= max_vendor_share_vital; +
+ stated_country_share >= max_country_share_vital
DEP-03 countries_covered includes countries_of_use
DEP-04 items >= 100; versions_tested includes versions_in_use; completed == True
FBK-01 missing_fallbacks == 0
FBK-02 lcb95 fallback_passed/primary_passed >= D2 0.80,D3 0.90; completed == True
FBK-03 moves_not_live == 0; moves_over_tolerance == 0; slowest_move_hours <= 24; slowest_vital_move_hours <= 4 from D3
FBK-04 fallback_capacity_share >= 1.0
FBK-05 workflows_without_manual_way == 0; trained_share >= 0.9; longest_since_practice_days <= 365
FBK-06 detected_share >= 0.99; substituted_share >= 0; substitutions_unrecorded == 0
EXI-01 suppliers includes important_suppliers; states includes steps,cost,people,dates
EXI-02 portable_share >= 0.9; embeddings_without_source == 0
EXI-03 exit_rehearsals >= 1
EXI-04 return_and_deletion_agreed == True; returned == True; deletion_confirmed == True
CTR-01 planned_notice_days >= 90; ordered_notice_hours <= 24
CTR-02 suspension_terms includes fees,data-access,support
CTR-03 verdict == accepted; lines_failed == 0; model !=
CTR-04 price_and_quota_bounded == True
DAT-01 unknown_location == 0; things_kept includes prompts,outputs,logs; completed == True; +
+ paths includes primary,fallback from D2
DAT-02 slowest_assessment_days <= 30
DAT-03 downgrades == 0; fallback_flows >= 1
DAT-04 paths_without_filter == 0; missed == 0; seeded >= 100
ALT-01 items >= 100; self_hosted == True; completed == True
ALT-02 verified == True; unsafe_files == 0; completed == True
ALT-03 ucb95 attack_success/scored_samples <= 0.05 trials 59; completed == True
ALT-04 weighed includes jurisdiction,licence,reputation,bans
ALT-05 offline_digest is-one-of alternative_digest; hosting_in_place includes hardware,runbook,patch-owner; hosting_starts >= 1
RCT-01 suites_failed == 0; finished_at >= restored_at; created >= restored_at; completed == True
RCT-02 answered includes safeguards,routing,retention,price,reach; unanswered == 0
RCT-03 refusal_delta_pp <= 5; legitimate_items >= 200; finished_at >= restored_at; completed == True
RCT-04 return_steps >= 3; shortest_hold_hours >= 24
RCT-05 reviewed_at not-after restored_at 30 days; updated includes register,plan
"""
# kind, from, to, effect on old answers
CHANGES = {
    "1.0": """
renamed OSS-01 ALT-01 keep|renamed OSS-02 ALT-02 keep|split FBK-02 FBK-02+FBK-03 recheck|merged CTR-01+CTR-05 CTR-01 recheck
added - RCT-01 new|added - RCT-02 new|added - DEP-03 new|added - CTR-03 new|added - ALT-03 new|added - ALT-04 new
tightened EXI-01 EXI-01 recheck|retired GOV-04 - drop
""",
    "1.1": """
added - FBK-06 new|added - RCT-03 new|added - DAT-02 new|split RCT-01 RCT-01+RCT-04 recheck|merged EXI-02+EXI-05 EXI-02 recheck
tightened FBK-03 FBK-03 recheck|scope ALT-01 ALT-01 recheck|relaxed CTR-04 CTR-04 keep|retired DEP-05 - drop
""",
}
CONSUMERS, LEVELS = ("enterprise", "public-agency", "critical-operator"), ("D1", "D2", "D3")
ACCESS = ("direct-api", "reseller", "staged", "self-hosted")
# What nobody can check by machine: a satisfaction survey, a credit score, and letters to those who write standards.
FOR_PEOPLE = {"MC-GOV-03", "MC-GOV-04", "MC-DEP-05"}
# What may honestly not exist: a recent return, a self-hosted model, data with somebody else, embeddings.
MAY_BE_NOT = {
    "0.9": "EXI-04 EXI-05 OSS-02 RCT-05",
    "1.0": "EXI-04 EXI-05 ALT-02 ALT-03 ALT-04 RCT-01 RCT-02 RCT-05",
    "1.1": "EXI-04 DAT-02 ALT-02 ALT-03 ALT-04 RCT-01 RCT-02 RCT-03 RCT-04 RCT-05",
}


def _control(version: str, name: str) -> Control:
    found = PACKS[version].control(f"MC-{name}")
    assert found is not None, name
    return found


def _seats(control: Control, **values: str) -> list[str]:
    axes = PACKS["1.1"].axes
    return [seat for rule in control.sign_offs if matches(rule, values, axes) for seat in rule.seats]


def _words(check: Any) -> str:
    """A check in the words of CHECKS."""
    if check.axis:
        return f"declared {check.axis}"
    what = check.fact if check.statistic == "value" else f"{check.statistic} {check.successes}/{check.trials}"
    if check.other:
        limit = str(check.other.fact) + (f" {check.other.days} days" if check.other.days else "")
    elif check.by:
        limit = ",".join(f"{value} {limit}" for limits in check.by.values() for value, limit in limits.items())
    else:
        limit = ",".join(check.limit) if isinstance(check.limit, list) else str(check.limit)
    first = "".join(f" from {rule.from_['level']}" for rule in check.when)
    return f"{what} {check.op} {limit}".rstrip() + (f" trials {check.minimum_trials}" if check.minimum_trials else "") + first


def _spoken(control: Control) -> set[str]:
    return {_words(check) for check in control.checks}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_complete_and_says_what_it_is_not(version: str) -> None:
    pack, header = PACKS[version], PACKS[version].standard
    groups = [entry.split() for entry in IDS[version].split("|")]
    assert sorted(one.id for one in pack.controls) == sorted(f"MC-{group}-0{one}" for group, all_ in groups for one in all_)
    assert len(pack.controls) == COUNTS[version]
    assert [group.id for group in pack.groups] == [group for group, _ in groups]
    assert all(control.group == control.id.split("-")[1] for control in pack.controls)
    assert (header.id, header.version, header.released) == ("model-continuity", version, RELEASED[version])
    assert (header.status, header.endorsed_by, header.licence) == ("illustrative community draft", [], "CC-BY-4.0")
    assert header.supersedes == {"0.9": None, "1.0": "0.9", "1.1": "1.0"}[version]
    disclaimer = " ".join(header.disclaimer.split())
    said = ("endorsed by nobody", "no approval", "no legal advice", "does not show that a model is safe", 'never "equivalent"')
    assert all(words in disclaimer for words in said)
    assert "The subject is the organisation's use of models" in " ".join(header.summary.split())
    assert {axis.id: [value.id for value in axis.values] for axis in pack.axes} == {
        "consumer": list(CONSUMERS), "level": list(LEVELS), "access": list(ACCESS)
    }  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_lint_finds_nothing(version: str) -> None:
    kinds = {kind.id: {fact.name for fact in kind.facts} for kind in KINDS.values()}
    assert lint(PACKS[version], kinds, PACKS.get) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_every_control_can_be_acted_on(version: str) -> None:
    pack = PACKS[version]
    for control in pack.controls:
        assert len(re.findall(r"^- ", control.guidance, re.M)) >= 5, control.id
        assert len(control.example) > 80, control.id
        assert bool(control.checks) == (control.id not in FOR_PEOPLE), control.id
        assert 3 <= len(control.references) <= 6, control.id
        assert ("answer not applicable" in control.guidance.replace("\n  ", " ")) == control.may_be_not_applicable, control.id
        prose = " ".join((control.title, control.statement, control.guidance, control.example))
        assert set(re.findall(r"MC-[A-Z]{3}-\d\d", prose)) <= {one.id for one in pack.controls}, control.id
    assert sorted(one.id[3:] for one in pack.controls if one.may_be_not_applicable) == sorted(MAY_BE_NOT[version].split())


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_levels_by_consumer_and_level(row: list[str]) -> None:
    name, marks, first = row[:3]
    for consumer, mark in zip(CONSUMERS, marks, strict=True):
        for depth in LEVELS:
            values = {"consumer": consumer, "level": depth, "access": "reseller"}
            found = level(_control("1.1", name), values, PACKS["1.1"].axes)
            assert found == ("required" if mark == "R" and depth >= first else "recommended"), values


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("depth", LEVELS)
def test_what_the_access_path_switches_off(version: str, depth: str) -> None:
    pack = PACKS[version]
    off = {control.id for control in pack.controls if control.group == "CTR"} | {"MC-FBK-06"} & {c.id for c in pack.controls}
    for access in ACCESS:
        values = {"consumer": "critical-operator", "level": depth, "access": access}
        none = {control.id for control in pack.controls if level(control, values, pack.axes) == "not-applicable"}
        assert none == (off if access == "self-hosted" else set()), access
    # Who has not said how the model is reached is asked for everything.
    unset = {"consumer": "critical-operator", "level": depth}
    assert all(level(control, unset, pack.axes) != "not-applicable" for control in pack.controls)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_evidence_and_sign_offs(row: list[str]) -> None:
    name, seats, age, kinds = row[0], row[3], int(row[4]), row[5:]
    control = _control("1.1", name)
    assert ["/".join(rule.kinds) for rule in control.evidence] == kinds
    assert {rule.max_age_days for rule in control.evidence} == {age}
    for consumer in CONSUMERS:
        for depth in LEVELS:
            two = (seats == "v" and depth == "D3") or (seats == "a" and consumer == "public-agency")
            wanted = [] if seats == "0" else ["owner", "security"] if two else ["owner"]
            assert _seats(control, consumer=consumer, level=depth) == wanted


@pytest.mark.parametrize(
    "line", [line for line in CHECKS.replace("+\n+ ", "").split("\n") if line], ids=lambda line: line.split()[0]
)
def test_checks(line: str) -> None:
    name, _, checks = line.partition(" ")
    assert _spoken(_control("1.1", name)) == set(checks.split("; "))


def test_an_attack_figure_needs_its_budget_and_its_grader_from_whichever_tool() -> None:
    check = next(one for one in _control("1.1", "ALT-03").checks if one.id == "attack-success")
    assert check.needs == ["attack_budget", "grader"]
    assert set(check.kinds) == set(_control("1.1", "ALT-03").evidence[0].kinds)


def _listed(version: str) -> list[list[str]]:
    return [entry.split() for entry in CHANGES[version].replace("\n", "|").split("|") if entry]


@pytest.mark.parametrize(("old", "new"), [("0.9", "1.0"), ("1.0", "1.1")])
def test_the_list_of_changes_adds_up(old: str, new: str) -> None:
    def names(ids: list[str]) -> str:
        return "+".join(one.removeprefix("MC-") for one in ids) or "-"

    changes = PACKS[new].changes
    found = [["+".join(one.kinds), names(one.from_), names(one.to), one.effect] for one in changes]
    assert sorted(found) == sorted(_listed(new))
    assert {change.from_version for change in changes} == {old}
    assert all(change.note and "\n" not in change.note for change in changes)
    gone, come = {one for change in changes for one in change.from_}, {one for change in changes for one in change.to}
    before = {control.id for control in PACKS[old].controls}
    assert gone <= before
    assert (before - gone) | come == {control.id for control in PACKS[new].controls}
    assert PACKS["0.9"].changes == []


@pytest.mark.parametrize(("old", "new", "count"), [("0.9", "1.0", 21), ("1.0", "1.1", 26)])
def test_what_no_change_names_is_identical_and_what_is_renamed_differs_by_its_name_only(old: str, new: str, count: int) -> None:
    named = {one for change in PACKS[new].changes for one in (*change.from_, *change.to)}
    same = [control for control in PACKS[old].controls if control.id not in named]
    assert len(same) == count
    for control in same:
        assert PACKS[new].control(control.id) == control
    for kind, source, target, _ in _listed(new):
        if kind == "renamed":
            name = {"id": f"MC-{target}", "group": target[:3]}
            assert _control(old, source).model_copy(update=name) == _control(new, target)


@pytest.mark.parametrize(
    ("old", "new", "name", "fields"),
    [
        ("0.9", "1.0", "EXI-01", {"sign_offs"}),
        ("1.0", "1.1", "FBK-03", {"evidence", "checks"}),
        ("1.0", "1.1", "ALT-01", {"required"}),
        ("1.0", "1.1", "CTR-04", {"required"}),
    ],
)
def test_a_change_touches_what_its_note_says(old: str, new: str, name: str, fields: set[str]) -> None:
    before, after = _control(old, name).model_dump(), _control(new, name).model_dump()
    assert {field for field in before if before[field] != after[field]} == fields


def test_limits_before_and_after() -> None:
    drills = {version: _control(version, name) for version, name in (("0.9", "FBK-02"), ("1.0", "FBK-03"), ("1.1", "FBK-03"))}
    for version, age, hours in (("0.9", 180, 8), ("1.0", 180, 8), ("1.1", 90, 4)):
        ages = [rule.max_age_days for rule in drills[version].evidence if "failover-drill" in rule.kinds]
        assert ages == [age]
        assert f"slowest_vital_move_hours <= {hours} from D3" in _spoken(drills[version])
        assert "slowest_move_hours <= 24" in _spoken(drills[version])
    assert [_seats(_control(one, "EXI-01"), level="D3") for one in VERSIONS] == [["owner"], *[["owner", "security"]] * 2]
    agency, firm = ({"consumer": who, "level": "D2", "access": "staged"} for who in ("public-agency", "enterprise"))
    for version, alternative, prices in (("0.9", "OSS-01", "CTR-04"), ("1.0", "ALT-01", "CTR-04"), ("1.1", "ALT-01", "CTR-04")):
        axes = PACKS[version].axes
        found = level(_control(version, alternative), agency, axes), level(_control(version, prices), firm, axes)
        assert found == (("required", "recommended") if version == "1.1" else ("recommended", "required"))


@pytest.mark.parametrize(
    ("apart", "parts", "together", "whole"),
    [
        ("1.0", ["FBK-02", "FBK-03"], "0.9", "FBK-02"),
        ("1.1", ["RCT-01", "RCT-04"], "1.0", "RCT-01"),
        ("0.9", ["CTR-01", "CTR-05"], "1.0", "CTR-01"),
        ("1.0", ["EXI-02", "EXI-05"], "1.1", "EXI-02"),
    ],
)
def test_a_split_or_merge_loses_no_check(apart: str, parts: list[str], together: str, whole: str) -> None:
    def asked(control: Control) -> set[str]:
        return {words.partition(" from ")[0] for words in _spoken(control)}

    controls = [_control(apart, part) for part in parts]
    assert set().union(*map(asked, controls)) == asked(_control(together, whole))
    kinds = {kind for control in controls for rule in control.evidence for kind in rule.kinds}
    assert kinds == {kind for rule in _control(together, whole).evidence for kind in rule.kinds}
    assert len({control.statement for control in [*controls, _control(together, whole)]}) == 3


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize("depth", LEVELS)
def test_before_the_split_the_log_of_the_return_is_asked_for_where_it_is_after_it(consumer: str, depth: str) -> None:
    values = {"consumer": consumer, "level": depth, "access": "reseller"}
    rule = next(rule for rule in _control("1.0", "RCT-01").evidence if "log-sample" in rule.kinds)
    asked = any(matches(one, values, PACKS["1.0"].axes) for one in rule.when)
    assert asked == (level(_control("1.1", "RCT-04"), values, PACKS["1.1"].axes) == "required")
