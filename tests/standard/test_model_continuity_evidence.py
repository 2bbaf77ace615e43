"""What the checks of model-continuity find in evidence: over facts, over the shipped samples, and over samples with a gap."""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment.checks import CheckResult, Scope, check_outcomes, computed_value
from compliance_tui.assessment.model import Item, ItemFile, Subject
from compliance_tui.bundle.verify import LINES, Line, Verification, verification_json
from compliance_tui.evidence.fact import Fact
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.readers import read_facts
from compliance_tui.shipped import shipped
from compliance_tui.standard.load import read_pack
from compliance_tui.standard.model import Control, Standard

KINDS = load_kinds()
PACKS: dict[str, Standard] = {
    version: read_pack(shipped("standards") / "model-continuity" / f"{version}.toml").standard
    for version in ("0.9", "1.0", "1.1")
}
Facts = Mapping[str, Any]


def _control(name: str) -> Control:
    found = PACKS["1.1"].control(f"MC-{name}")
    assert found is not None, name
    return found


def _item(kind: str, facts: Facts, day: dt.date = dt.date(2026, 11, 12)) -> Item:
    found = {name: value if isinstance(value, Fact) else Fact(value=value) for name, value in facts.items()}
    return Item(
        id="E-0001", title="t", kind=kind, speaks_of=day, speaks_of_source="document", attached_by="ada",
        attached_at=dt.datetime(2026, 11, 18, tzinfo=dt.UTC), files=[ItemFile(name="f", sha256="ab" * 32, size=1)], facts=found,
    )  # fmt: skip


def _results(name: str, items: list[Item], everything: list[Item] | None = None, depth: str = "D3") -> dict[str, CheckResult]:
    values = {"consumer": "critical-operator", "level": depth, "access": "direct-api"}
    at = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)
    scope = Scope(PACKS["1.1"], _control(name), values, Subject(name="h"), items, [*items, *(everything or [])], at, False)
    return {result.check: result for result in check_outcomes(scope)}


@pytest.mark.parametrize(
    ("depth", "fallback", "primary", "outcome"),
    [
        ("D2", 172, 200, "pass"),  # lower bound 0.8130
        ("D2", 169, 200, "fail"),  # 0.7965
        ("D3", 212, 226, "pass"),  # 0.9049
        ("D3", 211, 226, "fail"),  # 0.8996
        ("D3", 28, 28, "fail"),  # 0.05 ** (1 / 28) = 0.8985: a faultless run may be too short
        ("D3", 29, 29, "pass"),  # 0.05 ** (1 / 29) = 0.9019
        ("D1", 1, 200, None),  # no limit at D1
    ],
)
def test_the_share_that_the_fallback_must_keep(depth: str, fallback: int, primary: int, outcome: str | None) -> None:
    facts = {"fallback_passed": fallback, "primary_passed": primary, "completed": True}
    found = _results("FBK-02", [_item("acceptance-results", facts)], depth=depth)
    assert (found["share"].outcome if "share" in found else None) == outcome


@pytest.mark.parametrize(
    ("successes", "trials", "outcome"),
    [(0, 59, "pass"), (0, 58, "unproven"), (3, 200, "pass"), (5, 200, "fail"), (5, 208, "pass")],
)
def test_how_often_attacks_on_the_guarded_model_may_succeed(successes: int, trials: int, outcome: str) -> None:
    facts = {"attack_success": successes, "scored_samples": trials, "attack_budget": "six families", "grader": "g"}
    for kind in _control("ALT-03").evidence[0].kinds:
        assert _results("ALT-03", [_item(kind, {**facts, "completed": True})])["attack-success"].outcome == outcome
        assert _results("ALT-03", [_item(kind, {**facts, "completed": False})])["completed"].outcome == "fail"


@pytest.mark.parametrize(
    ("review", "restored", "outcome"),
    [
        ("2026-12-02", "2026-11-02T08:15:00Z", "pass"),  # the thirtieth day
        ("2026-12-03", "2026-11-02T08:15:00Z", "fail"),
    ],
)
def test_lessons_are_drawn_within_thirty_days(review: str, restored: str, outcome: str) -> None:
    item = _item("incident-record", {"reviewed_at": review, "restored_at": restored})
    # Another interruption, long ago, is not what this review was about.
    before = _item("incident-record", {"reviewed_at": "2025-01-20", "restored_at": "2025-01-03T00:00:00Z"})
    assert _results("RCT-05", [item], [before])["review"].outcome == outcome


def test_suites_from_before_the_latest_return_open_no_gate() -> None:
    back = [_item("incident-record", {"restored_at": at}) for at in ("2026-08-01T00:00:00Z", "2026-11-02T08:15:00+13:00")]
    late = {"finished_at": "2026-11-03T02:00:00Z", "suites_failed": 0, "completed": True}
    early = late | {"finished_at": "2026-11-01T19:14:59Z"}
    log = _item("inspect-eval-log", {"created": "2026-11-03T01:00:00Z", "completed": True})
    for facts, outcome in ((late, "pass"), (early, "fail")):
        found = _results("RCT-01", [_item("acceptance-results", facts), log], back)
        assert (found["suites-after"].outcome, found["security-after"].outcome) == (outcome, "pass")
    assert _results("RCT-01", [_item("acceptance-results", late)])["suites-after"].outcome == "unproven"


@pytest.mark.parametrize(("facts", "depth"), [((0, 0), "D1"), ((4, 0), "D2"), ((0, 1), "D3"), ((4, 2), "D3")])
def test_the_level_follows_from_the_register(facts: tuple[int, int], depth: str) -> None:
    register = _item("dependency-register", {"important_workflows": facts[0], "vital_workflows": facts[1]})
    for pack in PACKS.values():
        axis = pack.axis("level")
        assert axis is not None
        assert (computed_value(axis, [register]) or ("none",))[0] == depth
    assert _results("DEP-01", [register], depth="D1")["level"].outcome == ("pass" if depth == "D1" else "fail")


def _read(kind: str, path: Path | None = None) -> Item:
    found = read_facts(path or shipped("evidence") / kind / KINDS[kind].sample, KINDS[kind]).facts
    said = found.get("speaks_of") or found["signed_at"]
    return _item(kind, found, dt.date.fromisoformat(str(said.value)))


def _changed(kind: str, tmp_path: Path, change: Any) -> Item:
    """The sample of a kind after ``change`` was made to its record."""
    record = json.loads((shipped("evidence") / kind / KINDS[kind].sample).read_text("utf-8"))
    change(record)
    (tmp_path / "record.json").write_text(json.dumps(record), "utf-8")
    return _read(kind, tmp_path / "record.json")


def _failing(name: str, *items: Item) -> set[str]:
    """The checks of a control that do not pass over ``items``, with the register and the return that they are held against."""
    held = [_read("dependency-register"), _item("incident-record", {"restored_at": "2026-11-02T08:15:00+13:00"})]
    return {check for check, found in _results(name, list(items), held).items() if found.outcome != "pass"}


def test_the_samples_meet_what_they_are_samples_of() -> None:
    meant = {
        "DEP-01": "dependency-register", "DEP-02": "dependency-register", "DEP-03": "legal-memo",
        "DEP-04": "acceptance-results", "FBK-01": "dependency-register", "FBK-02": "acceptance-results",
        "FBK-03": "failover-drill", "EXI-01": "exit-plan", "EXI-03": "failover-drill", "DAT-01": "data-flow-map",
        "DAT-03": "data-flow-map", "ALT-04": "legal-memo", "RCT-02": "delta-review", "RCT-03": "acceptance-results",
    }  # fmt: skip
    assert {name: _failing(name, _read(kind)) for name, kind in meant.items()} == {name: set() for name in meant}
    assert _failing("FBK-05", _read("training-record")) == {"written"}  # the policy is other evidence
    assert _failing("EXI-04", _read("deletion-record")) == {"agreed"}  # so is the contract
    assert _failing("ALT-01", _read("acceptance-results")) == {"self-hosted"}  # the baseline of the primary is no alternative


def _row(place: str, number: int, **values: Any) -> Any:
    return lambda record: record[place][number].update(values)


@pytest.mark.parametrize(
    ("name", "kind", "change", "failing"),
    [
        ("DEP-01", "dependency-register", _row("workflows", 2, owner=None), {"unowned"}),
        ("DEP-01", "dependency-register", _row("workflows", 0, pinned=False), {"unpinned"}),
        ("DEP-01", "dependency-register", _row("workflows", 7, data_class=""), {"completed", "unowned", "unpinned"}),
        ("DEP-01", "dependency-register", lambda one: one.update(workflows_seen=9), {"completed", "unowned", "unpinned"}),
        ("DEP-02", "dependency-register", _row("concentrations", 2, accepted_by=None), {"accepted"}),
        ("DEP-02", "dependency-register", _row("concentrations", 2, share=0.5), {"countries"}),
        ("DEP-02", "dependency-register", _row("workflows", 1, vendor="Northwind Models"), {"suppliers"}),
        ("FBK-01", "dependency-register", _row("workflows", 4, fallback=""), {"missing"}),
        ("DEP-04", "acceptance-results", lambda one: one.update(items_asked=241), {"items", "version", "completed"}),
        ("DEP-04", "acceptance-results", lambda one: one.update(register="2026-05-01"), {"version"}),
        ("FBK-02", "acceptance-results", _row("results", 0, fallback_passed=None), {"share"}),
        ("RCT-03", "acceptance-results", _row("results", 0, refusal_change_pp=None), {"delta"}),
        ("RCT-03", "acceptance-results", lambda one: one.update(finished_at="2026-11-01T00:00:00Z"), {"after"}),
        ("FBK-03", "failover-drill", _row("moves", 0, live=False), {"live"}),
        ("FBK-03", "failover-drill", _row("moves", 0, served_at="2026-10-21T00:40:01Z"), {"vital-move"}),
        ("FBK-03", "failover-drill", _row("moves", 1, served_at="2026-10-21T20:40:01Z"), {"move"}),
        ("FBK-03", "failover-drill", _row("moves", 1, served_at=None, within_tolerance=False), {"move", "tolerance"}),
        ("EXI-03", "failover-drill", _row("moves", 2, level="D2"), {"rehearsals"}),
        ("DAT-01", "data-flow-map", _row("flows", 5, country=None), {"unknown"}),
        ("DAT-03", "data-flow-map", _row("flows", 1, weaker=True), {"downgrades"}),
        ("DAT-03", "data-flow-map", _row("flows", 1, weaker=None), {"downgrades"}),
        ("RCT-02", "delta-review", _row("points", 3, effect=None), {"answered", "open"}),
        ("FBK-05", "training-record", _row("people", 0, practised_on=None), {"written"}),  # 18 of 20 are 0.9
        ("FBK-05", "training-record", _row("people", 0, practised_on="2025-10-04"), {"written", "recent"}),
    ],
)
def test_a_gap_in_a_record_fails_its_check(name: str, kind: str, change: Any, failing: set[str], tmp_path: Path) -> None:
    assert _failing(name, _changed(kind, tmp_path, change)) == failing


def test_the_rise_of_refusals_is_a_mean_over_legitimate_items(tmp_path: Path) -> None:
    def refused(count: int) -> Any:
        def change(record: dict[str, Any]) -> None:
            rows = [row for row in record["results"] if row["legitimate"]]
            for number, row in enumerate(rows):
                row["refusal_change_pp"] = 100 if number < count else 0
            assert len(rows) == 221

        return change

    for count, pp, failing in ((11, "4.9774", set()), (12, "5.4299", {"delta"})):  # 1100 / 221, 1200 / 221, rounded up
        item = _changed("acceptance-results", tmp_path, refused(count))
        assert item.facts["refusal_delta_pp"].value == Decimal(pp)
        assert _failing("RCT-03", item) == failing


@pytest.mark.parametrize(
    ("failed", "verdict", "failing"), [(None, "accepted", set()), (6, "not-accepted", {"verdict", "lines"})]
)
def test_a_bundle_counts_as_verified_by_what_the_program_prints(
    failed: int | None, verdict: str, failing: set[str], tmp_path: Path
) -> None:
    lines = [Line(name, "fail" if number == failed else "pass", "r") for number, name in enumerate(LINES)]
    printed = verification_json(Verification(bundle_id="5e" * 32, lines=lines, present=3))
    (tmp_path / "verified.json").write_text(json.dumps(printed), "utf-8")
    facts = read_facts(tmp_path / "verified.json", KINDS["attestation-bundle"]).facts
    assert (facts["verdict"].value, facts["bundle_id"].value, facts["lines"].value) == (verdict, "5e" * 32, len(LINES))
    # The program does not print which model a bundle is about; without it nothing is proven.
    assert _failing("CTR-03", _item("attestation-bundle", facts)) == failing | {"model"}
    assert _failing("CTR-03", _item("attestation-bundle", {**facts, "model": "northwind-2-2026-09-15"})) == failing
    sample = json.loads((shipped("evidence") / "attestation-bundle" / "verified.json").read_text("utf-8"))
    assert set(sample) <= set(printed)  # fields are added now and then, and never renamed
    assert [line["name"] for line in sample["lines"]] == list(LINES)
