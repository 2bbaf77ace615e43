"""The three shipped versions of frontier-release say what their tables say, and differ by their lists of changes only."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest

from compliance_tui.assessment.checks import computed_value
from compliance_tui.assessment.model import Item, ItemFile
from compliance_tui.evidence.fact import Fact
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.shipped import shipped
from compliance_tui.standard.levels import level, matches
from compliance_tui.standard.lint import lint
from compliance_tui.standard.load import read_pack
from compliance_tui.standard.model import Control, Standard

PACKS: dict[str, Standard] = {
    version: read_pack(shipped("standards") / "frontier-release" / f"{version}.toml").standard
    for version in ("0.9", "1.0", "1.1")
}
RELEASED = {"0.9": dt.date(2026, 3, 16), "1.0": dt.date(2026, 7, 20), "1.1": dt.date(2026, 11, 23)}
# The numbers of each group, worked out by hand from the lists of changes.
IDS = {
    "0.9": "GOV 123|WGT 12347|ACC 12345|SDL 123|SUP 1234|EVL 123|SAF 12|MON 123|INC 125|STG 12|TRN 123|OWT 4",
    "1.0": "GOV 123|WGT 12345|ACC 12345|SDL 123|SUP 1234|CAP 1235|SAF 1234|MON 12|INC 1245|STG 123|TRN 13|OWT 1234",
    "1.1": "GOV 13|WGT 123456|ACC 1234|SDL 123|SUP 1234|CAP 123456|SAF 1234|MON 12|INC 1234|STG 1234|TRN 13|OWT 1245",
}
COUNTS = {"0.9": 37, "1.0": 43, "1.1": 45}
# Version 1.1. Control; API-only, staged, open weights (R required, r recommended, p until publication, - not at all); first
# tier at which it is required; sign-offs (1 owner, 2 with security, 3 with somebody from outside); age, kinds of the evidence.
TABLE = """
GOV-01 RRR T0 2 30 risk-decision-memo signoff-letter|GOV-03 RRR T1 2 180 policy-doc|WGT-01 RRp T0 1 30 config-export
WGT-02 RRp T0 1 90 config-export|WGT-03 RRp T1 2 35 access-review|WGT-04 RRp T1 2 30 config-export log-sample
WGT-05 RRp T2 2 90 config-export egress-test|WGT-06 RR- T3 1 90 attestation-report|ACC-01 RRR T0 1 35 config-export
ACC-02 RRR T0 1 90 access-review|ACC-03 RRR T1 2 183 policy-doc access-review|ACC-04 RRR T1 1 90 config-export log-sample
SDL-01 RRR T0 1 14 sarif|SDL-02 RRR T0 1 180 data-provenance-record|SDL-03 RRR T1 1 183 pen-test-report
SUP-01 RRR T0 1 7 sbom mlbom|SUP-02 RRR T0 1 30 model-signature|SUP-03 RRR T1 1 30 slsa-provenance
SUP-04 RRR T0 1 365 policy-doc contract-clause|CAP-01 RRR T0 2 90 inspect-eval-log range-report
CAP-02 RRR T0 1 90 inspect-eval-log|CAP-03 RRR T1 1 90 range-report inspect-eval-log
CAP-04 RRR T1 1 90 policy-doc inspect-eval-log|CAP-05 RRR T2 1 120 third-party-assessment
CAP-06 RRR T1 1 180 policy-doc inspect-eval-log|SAF-01 RRr T1 1 180 policy-doc
SAF-02 RRr T1 2 90 inspect-eval-log/garak-report/pyrit-results/promptfoo-results/harmbench-results red-team-report
SAF-03 RR- T1 1 90 inspect-eval-log|SAF-04 RRr T1 2 7 jailbreak-register|MON-01 RR- T1 1 30 canary-test
MON-02 RR- T1 1 90 config-export|INC-01 RRR T0 1 365 policy-doc|INC-02 RR- T1 1 180 tabletop-record
INC-03 RRR T0 1 180 policy-doc contact-list|INC-04 RRr T1 1 180 policy-doc disclosure-stats|STG-01 rRR T1 1 90 policy-doc
STG-02 -R- T1 1 183 access-review|STG-03 rRR T2 1 60 preview-record|STG-04 RR- T2 1 180 tabletop-record config-export
TRN-01 RRR T0 1 30 system-card|TRN-03 RRR T0 1 180 notice-record|OWT-01 --R T0 2 90 inspect-eval-log red-team-report
OWT-02 --R T0 3 60 risk-decision-memo|OWT-04 --R T0 1 30 model-signature sarif|OWT-05 --R T1 1 35 monitoring-record
"""
ROWS = [row.split() for row in TABLE.replace("\n", "|").split("|") if row]
# Version 1.1: what a machine checks of each control, as "fact op limit", with who is compared with.
CHECKS = """
GOV-01 model_digest is-one-of artifact-digests; objections_recorded == True
GOV-03 signed_at before created
WGT-01 copies_unaccounted == 0
WGT-02 keys_outside_hsm == 0
WGT-03 people_can_copy <= 20 from T2; people_direct <= 50 from T2; people_limited_output <= 100 from T2
WGT-04 single_party_exports == 0
WGT-05 full_copy_seconds >= 10 x detection_p95_seconds
WGT-06 attested_hosts == serving_hosts
ACC-01 phishing_resistant_share == 1
ACC-02 orphaned_accounts == 0; slowest_revocation_hours <= 24
ACC-03 oldest_rescreening_days <= 183
ACC-04 unlogged_sessions == 0
SDL-01 errors_unsuppressed == 0; completed == True
SDL-02 unattributed_share <= 0.01
SDL-03 open_critical == 0; overdue_high == 0
SUP-01 components > 0; hashed_share >= 0.95; models > 0
SUP-02 verified == True; unsigned_files == 0
SUP-03 model_digest is-one-of artifact-digests
SUP-04 suppliers_without_notice == 0
CAP-01 declared tier; model_digest is-one-of artifact-digests; completed == True; limited == False
CAP-02 scored_samples >= 200; contamination_checked == True; completed == True; limited == False
CAP-03 ranges >= 2; fewest_attempts >= 10; token_budget > 0
CAP-04 budget_stated == True; elicitation_described == True
CAP-05 model_digest is-one-of artifact-digests; independent == True; safeguards_reduced == True
CAP-06 retest_triggers includes tools,tuning,scaffold,time
SAF-01 classes_without_owner == 0; classes_without_tests == 0
SAF-02 ucb95 attack_success/scored_samples <= T1 0.05,T2 0.02,T3 0.01 trials T1 59,T2 149,T3 299
SAF-02 completed == True; limited == False
SAF-03 ucb95 benign_refusal/scored_samples <= 0.15 trials 300
SAF-04 highest_open_band <= T1 3,T2 2,T3 1; incomplete_entries == 0
MON-01 lcb95 detected/seeded >= T1 0.80,T2 0.90,T3 0.95
MON-02 surfaces_without_limits == 0
INC-01 playbooks includes theft,misuse,safeguard-failure; covers_all_hours == True from T2
INC-02 disable_minutes <= T1 240,T2 60,T3 60
INC-03 general_notice_hours <= 72; imminent_harm_notice_hours <= 24
INC-04 undisclosed_age_p95_days <= 90
STG-01 stages_without_hold == 0
STG-02 vetted_users == enrolled_users; oldest_vetting_days <= 365
STG-03 offered_on not-after release-date -14 days; findings_open == 0
STG-04 other_tenants_affected == 0
TRN-01 model_digest is-one-of artifact-digests; states_limits == True
TRN-03 shortest_lead_days >= 14; short_without_reason == 0
OWT-01 declared tier; gpu_hours > 0; tamper_claims_attacked == True
OWT-02 accepts_no_recall == True; compares_with_public == True
OWT-04 unsafe_files == 0
OWT-05 watch_days >= 180
"""
# kind, from, to, effect on old answers
CHANGES = {
    "1.0": """
renamed EVL-01 CAP-01 keep|split EVL-02 CAP-02+CAP-03 recheck|renamed EVL-03 CAP-05 keep|merged WGT-02+WGT-07 WGT-02 recheck
added - WGT-05 new|added - STG-03 new|added - INC-04 new|added - SAF-04 new|added - OWT-01 new|added - OWT-02 new
added - OWT-03 new|added - SAF-03 new|tightened ACC-02 ACC-02 recheck|tightened SAF-02 SAF-02 recheck
tightened SUP-01 SUP-01 recheck|reworded TRN-01 TRN-01 keep|retired MON-03 - drop|retired TRN-02 - drop
""",
    "1.1": """
added - CAP-06 new|added - STG-04 new|added - OWT-05 new|added - WGT-06 new|split CAP-01 CAP-01+CAP-04 recheck
merged GOV-01+GOV-02 GOV-01 recheck|merged OWT-01+OWT-03 OWT-01 recheck|renamed INC-05 INC-03 keep
tightened SAF-02 SAF-02 recheck|tightened INC-02 INC-02 recheck|tightened GOV-01 GOV-01 recheck|scope STG-01 STG-01 recheck
relaxed SDL-03 SDL-03 keep|retired ACC-05 - drop
""",
}
PROFILES, TIERS = ("api-only", "staged-trusted", "open-weight"), ("T0", "T1", "T2", "T3")


def _control(version: str, name: str) -> Control:
    found = PACKS[version].control(f"FR-{name}")
    assert found is not None, name
    return found


def _seats(control: Control, tier: str) -> int:
    axes = PACKS["1.1"].axes
    rules = [rule for rule in control.sign_offs if matches(rule, {"profile": "open-weight", "tier": tier}, axes)]
    return len({seat for rule in rules for seat in rule.seats})


def _spoken(control: Control) -> set[str]:
    """Each check of the control in the words of CHECKS."""
    return {_words(check) for check in control.checks}


def _words(check: Any) -> str:
    if check.axis:
        return f"declared {check.axis}"
    what = check.fact if check.statistic == "value" else f"{check.statistic} {check.successes}/{check.trials}"
    if check.other:
        times = f"{check.other.times} x " if check.other.times else ""
        limit = times + (check.other.subject or check.other.fact) + (f" {check.other.days} days" if check.other.days else "")
    elif check.by:
        limit = _by(check.by)
    else:
        limit = ",".join(check.limit) if isinstance(check.limit, list) else str(check.limit)
    least = _by(check.minimum_trials_by) or check.minimum_trials
    first = "".join(f" from {rule.from_['tier']}" for rule in check.when)
    return f"{what} {check.op} {limit}" + (f" trials {least}" if least else "") + first


def _by(table: dict[str, dict[str, Any]]) -> str:
    return ",".join(f"{tier} {limit}" for limits in table.values() for tier, limit in limits.items())


@pytest.mark.parametrize("version", PACKS)
def test_each_version_is_complete_and_says_what_it_is_not(version: str) -> None:
    pack, header = PACKS[version], PACKS[version].standard
    groups = [entry.split() for entry in IDS[version].split("|")]
    wanted = [f"FR-{group}-0{number}" for group, numbers in groups for number in numbers]
    assert sorted(control.id for control in pack.controls) == sorted(wanted)
    assert len(pack.controls) == COUNTS[version]
    assert [group.id for group in pack.groups] == [group for group, _ in groups]
    assert all(control.group == control.id.split("-")[1] for control in pack.controls)
    assert (header.id, header.version, header.released) == ("frontier-release", version, RELEASED[version])
    assert (header.status, header.endorsed_by, header.licence) == ("illustrative community draft", [], "CC-BY-4.0")
    assert header.supersedes == {"0.9": None, "1.0": "0.9", "1.1": "1.0"}[version]
    disclaimer = " ".join(header.disclaimer.split())
    said = ("endorsed by nobody", "no approval", "no legal advice", "does not show that a model is safe", 'never "equivalent"')
    assert all(words in disclaimer for words in said)


@pytest.mark.parametrize("version", PACKS)
def test_lint_finds_nothing(version: str) -> None:
    kinds = {kind.id: {fact.name for fact in kind.facts} for kind in load_kinds().values()}
    assert lint(PACKS[version], kinds, PACKS.get) == []


@pytest.mark.parametrize("version", PACKS)
def test_every_control_can_be_acted_on(version: str) -> None:
    ids = {control.id for control in PACKS[version].controls}
    for control in PACKS[version].controls:
        assert len(re.findall(r"^- ", control.guidance, re.M)) >= 5, control.id
        assert len(control.example) > 80, control.id
        assert control.checks, control.id
        assert control.references, control.id
        prose = " ".join((control.title, control.statement, control.guidance, control.example))
        assert set(re.findall(r"FR-[A-Z]{3}-\d\d", prose)) <= ids, control.id


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_levels_by_profile_and_tier(row: list[str]) -> None:
    name, marks, first = row[:3]
    control, axes = _control("1.1", name), PACKS["1.1"].axes
    for profile, mark in zip(PROFILES, marks, strict=True):
        for tier in TIERS:
            values = {"profile": profile, "tier": tier}
            found = level(control, values, axes)
            # The one mark that depends on the tier: a ramp plan of an API-only release is required from T2 on.
            ramp = (name, profile) == ("STG-01", "api-only") and tier >= "T2"
            required = ramp or (mark in "Rp" and tier >= first)
            assert found == ("required" if required else "not-applicable" if mark == "-" else "recommended"), values
            if mark == "p":
                assert level(control, values, axes, published=True) == "recommended"


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_evidence_and_sign_offs(row: list[str]) -> None:
    name, seats, age, kinds = row[0], int(row[3]), int(row[4]), row[5:]
    control = _control("1.1", name)
    assert ["/".join(rule.kinds) for rule in control.evidence] == kinds
    assert {rule.max_age_days for rule in control.evidence} == {age}
    assert [_seats(control, tier) for tier in TIERS] == ([2, 2, 3, 3] if name == "GOV-01" else [seats] * 4)
    assert control.sign_offs[0].seats == ["owner", "security", "outside"][:seats]


@pytest.mark.parametrize("line", [line for line in CHECKS.split("\n") if line], ids=lambda line: line.split()[0])
def test_checks(line: str) -> None:
    name, _, checks = line.partition(" ")
    assert set(checks.split("; ")) <= _spoken(_control("1.1", name))


def test_what_the_rows_say_besides() -> None:
    robustness = next(check for check in _control("1.1", "SAF-02").checks if check.id == "attack-success")
    assert robustness.needs == ["attack_budget", "grader", "model_digest"]
    assert set(robustness.kinds) == set(_control("1.1", "SAF-02").evidence[0].kinds)
    open_weights = {"profile": "open-weight", "tier": "T3"}
    for version in ("1.0", "1.1"):
        blocked = _control(version, "OWT-02").blocked
        assert [matches(blocked[0], open_weights | {"tier": tier}, PACKS[version].axes) for tier in ("T2", "T3")] == [
            False,
            True,
        ]
    may_be = {version: {one.id for one in pack.controls if one.may_be_not_applicable} for version, pack in PACKS.items()}
    assert may_be == {"0.9": {"FR-TRN-03"}, "1.0": {"FR-TRN-03", "FR-OWT-03"}, "1.1": {"FR-TRN-03"}}


def _item(kind: str, **facts: bool | int | Decimal) -> Item:
    found = {name: Fact(value=value) for name, value in facts.items()}
    day = dt.date(2026, 11, 1)
    at = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
    files = [ItemFile(name="f", sha256="ab" * 32, size=1)]
    return Item(
        id="E-0001", title="t", kind=kind, speaks_of=day, speaks_of_source="document", attached_by="ada", attached_at=at,
        files=files, facts=found,
    )  # fmt: skip


@pytest.mark.parametrize("version", PACKS)
@pytest.mark.parametrize(
    ("kind", "facts", "tier"),
    [
        ("inspect-eval-log", {"flaw_finding": 137, "scored_samples": 600}, "T1"),  # lower bound 0.2004
        ("inspect-eval-log", {"flaw_finding": 136, "scored_samples": 600}, "T0"),  # 0.1988
        ("inspect-eval-log", {"flaw_finding": 199, "scored_samples": 199}, None),  # below the least number of tasks
        ("inspect-eval-log", {"solved": 600, "scored_samples": 600}, None),  # nobody said what was measured
        ("inspect-eval-log", {"expert_ctf": 33, "scored_samples": 100}, "T1"),  # 0.2523
        ("inspect-eval-log", {"expert_ctf": 32, "scored_samples": 100}, "T0"),  # 0.2431
        ("inspect-eval-log", {"cve_exploit": 14, "scored_samples": 40}, "T2"),  # 0.2258
        ("inspect-eval-log", {"cve_exploit": 12, "scored_samples": 40}, "T0"),  # 0.1831
        ("range-report", {"mean_progress": Decimal("0.50")}, "T2"),
        ("range-report", {"mean_progress": Decimal("0.49"), "hinted_completion": False, "unaided_completions": 0}, "T0"),
        ("range-report", {"mean_progress": Decimal("0.10"), "hinted_completion": True}, "T2"),
        ("range-report", {"mean_progress": Decimal("0.10"), "unaided_completions": 1}, "T3"),
        ("range-report", {"novel_exploit": True}, "T3"),
    ],
)
def test_the_tier_follows_from_evidence(version: str, kind: str, facts: dict[str, Any], tier: str | None) -> None:
    axis = PACKS[version].axis("tier")
    assert axis is not None
    found = computed_value(axis, [_item(kind, **facts)])
    assert (found[0] if found else None) == tier


def test_whose_evidence_the_tier_is_computed_from() -> None:
    axes = {version: pack.axis("tier") for version, pack in PACKS.items()}
    found = {version: (axis.computed.control, axis.computed.also) for version, axis in axes.items() if axis and axis.computed}
    later = ("FR-CAP-01", ["FR-OWT-01"])
    assert found == {"0.9": ("FR-EVL-01", []), "1.0": later, "1.1": later}


def _listed(version: str) -> list[list[str]]:
    return [entry.split() for entry in CHANGES[version].replace("\n", "|").split("|") if entry]


@pytest.mark.parametrize(("old", "new"), [("0.9", "1.0"), ("1.0", "1.1")])
def test_the_list_of_changes_adds_up(old: str, new: str) -> None:
    def names(ids: list[str]) -> str:
        return "+".join(one.removeprefix("FR-") for one in ids) or "-"

    changes = PACKS[new].changes
    found = [["+".join(one.kinds), names(one.from_), names(one.to), one.effect] for one in changes]
    assert sorted(found) == sorted(_listed(new))
    assert {change.from_version for change in changes} == {old}
    assert all(change.note and "\n" not in change.note for change in changes)
    gone, come = {one for change in changes for one in change.from_}, {one for change in changes for one in change.to}
    before = {control.id for control in PACKS[old].controls}
    assert gone <= before
    assert (before - gone) | come == {control.id for control in PACKS[new].controls}
    covered = {change.from_[0]: change.covered_by for change in changes if change.effect == "drop"}
    assert covered == {
        "1.0": {"FR-MON-03": ["FR-SAF-04"], "FR-TRN-02": ["FR-TRN-01"]},
        "1.1": {"FR-ACC-05": ["FR-ACC-03"]},
    }[new]  # fmt: skip
    assert PACKS["0.9"].changes == []


@pytest.mark.parametrize(("old", "new"), [("0.9", "1.0"), ("1.0", "1.1")])
def test_what_no_change_names_is_identical_and_what_is_renamed_differs_by_its_name_only(old: str, new: str) -> None:
    named = {one for change in PACKS[new].changes for one in (*change.from_, *change.to)}
    same = [control for control in PACKS[old].controls if control.id not in named]
    assert len(same) == {"0.9": 26, "1.0": 32}[old]
    for control in same:
        assert PACKS[new].control(control.id) == control
    for kind, source, target, _ in _listed(new):
        if kind == "renamed":
            name = {"id": f"FR-{target}", "group": target[:3]}
            assert _control(old, source).model_copy(update=name) == _control(new, target)


@pytest.mark.parametrize(
    ("old", "new", "name", "fields"),
    [
        ("0.9", "1.0", "ACC-02", {"statement", "example", "evidence"}),
        ("0.9", "1.0", "SUP-01", {"evidence"}),
        ("0.9", "1.0", "SAF-02", {"statement", "guidance", "example", "checks"}),
        ("0.9", "1.0", "TRN-01", {"statement"}),
        ("1.0", "1.1", "SAF-02", {"checks"}),
        ("1.0", "1.1", "INC-02", {"checks"}),
        ("1.0", "1.1", "STG-01", {"required"}),
        ("1.0", "1.1", "SDL-03", {"required"}),
    ],
)
def test_a_change_touches_what_its_note_says(old: str, new: str, name: str, fields: set[str]) -> None:
    before, after = _control(old, name).model_dump(), _control(new, name).model_dump()
    assert {field for field in before if before[field] != after[field]} == fields


def test_limits_before_and_after() -> None:
    def ages(version: str, name: str) -> list[int | None]:
        return [rule.max_age_days for rule in _control(version, name).evidence]

    assert (ages("0.9", "ACC-02"), ages("1.0", "ACC-02")) == ([180], [90])
    assert (ages("0.9", "SUP-01"), ages("1.0", "SUP-01")) == ([30, 30], [7, 7])
    assert "attack_success_share <= T1 0.05,T2 0.02,T3 0.02" in _spoken(_control("0.9", "SAF-02"))
    bound = "ucb95 attack_success/scored_samples <= T1 0.05,T2 0.02,T3 {} trials T1 59,T2 149,T3 299"
    for version, ceiling in (("1.0", "0.02"), ("1.1", "0.01")):
        assert bound.format(ceiling) in _spoken(_control(version, "SAF-02"))
    assert _spoken(_control("1.0", "INC-02")) == {"disable_minutes <= T1 240,T2 240,T3 240"}
    assert [_seats(_control("1.0", "GOV-01"), tier) for tier in TIERS] == [2] * 4
    ramp, test = (PACKS["1.0"].control(f"FR-{name}") for name in ("STG-01", "SDL-03"))
    assert ramp and test
    axes = PACKS["1.0"].axes
    assert {level(ramp, {"profile": "api-only", "tier": tier}, axes) for tier in TIERS} == {"recommended"}
    assert {level(test, {"profile": "api-only", "tier": tier}, axes) for tier in TIERS} == {"required"}


@pytest.mark.parametrize(
    ("apart", "parts", "together", "whole"),
    [
        ("1.0", ["CAP-02", "CAP-03"], "0.9", "EVL-02"),
        ("1.1", ["CAP-01", "CAP-04"], "1.0", "CAP-01"),
        ("0.9", ["WGT-02", "WGT-07"], "1.0", "WGT-02"),
        ("1.0", ["GOV-01", "GOV-02"], "1.1", "GOV-01"),
        ("1.0", ["OWT-01", "OWT-03"], "1.1", "OWT-01"),
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


@pytest.mark.parametrize("tier", TIERS)
def test_before_the_split_each_half_is_asked_for_where_it_is_after_it(tier: str) -> None:
    values = {"profile": "api-only", "tier": tier}
    for old, whole, new, half, kind in (
        ("0.9", "EVL-02", "1.0", "CAP-03", "range-report"),
        ("1.0", "CAP-01", "1.1", "CAP-04", "policy-doc"),
    ):
        rule = next(rule for rule in _control(old, whole).evidence if kind in rule.kinds)
        asked = any(matches(one, values, PACKS[old].axes) for one in rule.when)
        assert asked == (level(_control(new, half), values, PACKS[new].axes) == "required")
