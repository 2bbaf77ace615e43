"""Bills of materials, audits and statements about vulnerabilities: what they say, and those that look green and are not."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.evidence.readers import read_facts
from compliance_tui.safe.errors import InputError
from tests.evidence.supply_chain import ALIKE, KINDS, SAMPLES, STRONG, cyclonedx, read, sample, spdx, spdx3, values
from tests.shared_data import shared

# Bills of materials


@pytest.mark.parametrize("form", ALIKE)
def test_one_software_has_the_same_facts_in_each_format(form: str) -> None:
    found = values(read("sbom", ALIKE[form]))
    assert (found["components"], found["hashed_components"], found["models"]) == (2, 1, 0)
    assert (found["hashed_share"], found["licensed_share"], found["purl_share"]) == (Decimal("0.5"),) * 3
    assert (found["subject"], found["subject_version"], found["ran_at"]) == ("serving", "2", "2026-11-20T00:00:00Z")
    assert "completed" not in found


def test_a_share_never_looks_better_than_it_is() -> None:
    parts = [{"hashes": [{"alg": "SHA-256", "content": STRONG}]}] * 29_999 + [{}]
    assert values(read("sbom", cyclonedx(*parts)))["hashed_share"] == Decimal("0.9999")


@pytest.mark.parametrize(
    "hashes", [{"alg": "MD5", "content": "ab" * 16}, {"alg": "SHA-256", "content": "ab"}, {"alg": "SHA-256"}]
)
def test_a_hash_that_proves_nothing_does_not_count(hashes: dict[str, str]) -> None:
    facts = read("sbom", cyclonedx({"hashes": [hashes]}))
    assert facts.facts["hashed_components"].value == 0
    assert any("do not count" in warning for warning in facts.warnings)


def test_an_unknown_subject_and_an_empty_list_are_said() -> None:
    facts = read("sbom", cyclonedx())
    assert values(facts)["completed"] is False and "hashed_share" not in facts.facts
    assert any("what it describes" in warning for warning in facts.warnings)
    # What describes only itself lists no part of itself.
    alone = spdx({"name": "a"}, documentDescribes=["SPDXRef-0"])
    assert values(read("sbom", alone))["components"] == 0


def test_two_packages_of_one_identifier_are_refused() -> None:
    with pytest.raises(InputError, match="SPDXID"):
        read("sbom", spdx({"SPDXID": "SPDXRef-1"}, {"SPDXID": "SPDXRef-1"}))


def test_a_document_may_say_that_it_is_whole_or_not() -> None:
    def said(*aggregates: str) -> Any:
        document = cyclonedx({"name": "a"}, compositions=[{"aggregate": one} for one in aggregates])
        return values(read("sbom", document)).get("completed")

    assert (said("complete"), said("complete", "incomplete"), said("unknown"), said()) == (True, False, None, None)


def test_a_model_that_only_the_head_names_is_a_model() -> None:
    model = {
        "type": "machine-learning-model",
        "name": "m",
        "hashes": [{"alg": "SHA-256", "content": STRONG.upper()}],
        "modelCard": {"modelParameters": {"datasets": [{"type": "dataset", "name": "d"}, {"ref": "other"}]}},
    }
    found = values(read("mlbom", cyclonedx({"type": "data", "data": [{"type": "dataset"}]}, metadata={"component": model})))
    assert (found["models"], found["model_cards"], found["datasets"], found["components"]) == (1, 1, 2, 2)
    assert found["model_digest"] == STRONG


def test_components_inside_of_others_count_wherever_they_stand() -> None:
    inner = {"name": "b", "components": [{"name": "c"}]}
    found = values(
        read("sbom", cyclonedx({"name": "a", "components": [inner]}, metadata={"component": {"components": [inner]}}))
    )
    assert found["components"] == 5


def test_the_ai_profile_of_spdx_3() -> None:
    hashed = {"verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": STRONG}]}
    found = values(
        read(
            "mlbom",
            spdx3(
                {"type": "ai_AIPackage", "spdxId": "urn:m", "name": "m", "ai_limitation": "English only", **hashed},
                {"type": "dataset_DatasetPackage", "spdxId": "urn:d"},
                root=["urn:m"],
            ),
        )
    )
    assert (found["subject"], found["models"], found["model_cards"], found["datasets"]) == ("m", 1, 1, 1)
    assert (found["components"], found["hashed_share"], found["model_digest"]) == (2, Decimal("0.5"), STRONG)


def test_the_public_example_of_spdx_3() -> None:
    facts = read_facts(shared("evidence/spdx/spdx3-ai-example02.sbom.spdx3.json"), KINDS["mlbom"])
    found = values(facts)
    assert (found["models"], found["datasets"], found["hashed_share"]) == (1, 1, Decimal(0))
    assert found["ran_at"] == "2024-06-24T05:30:00Z"


def vulnerabilities(*ratings: list[dict[str, Any]]) -> dict[str, Any]:
    return values(read("sbom", cyclonedx({}, vulnerabilities=[{"ratings": one} for one in ratings])))


def test_a_vulnerability_takes_its_worst_rating() -> None:
    found = vulnerabilities([{"severity": "low"}, {"score": 9.8}], [{"severity": "high"}], [{"score": 7}])
    assert (found["vulnerabilities_critical"], found["vulnerabilities_high"], found["vulnerabilities_open"]) == (1, 2, 3)


def test_without_a_rating_nothing_can_be_called_harmless() -> None:
    found = vulnerabilities([], [{"severity": "low"}])
    assert (found["vulnerabilities_open"], found["vulnerabilities_unrated"]) == (2, 1)
    assert "vulnerabilities_critical" not in found


def test_a_closed_vulnerability_is_not_open_and_an_empty_list_proves_nothing() -> None:
    closed = [{"analysis": {"state": "not_affected"}}, {"analysis": {"state": "exploitable"}, "ratings": [{"severity": "low"}]}]
    assert values(read("sbom", cyclonedx({}, vulnerabilities=closed)))["vulnerabilities_open"] == 1
    assert values(read("sbom", cyclonedx({}, vulnerabilities=closed[:1])))["vulnerabilities_open"] == 0
    assert "vulnerabilities_open" not in values(read("sbom", cyclonedx({}, vulnerabilities=[])))


# Scorecard, OpenVEX, audits


def scorecard(score: Any, *checks: tuple[str, Any, str]) -> dict[str, Any]:
    listed = [{"name": name, "score": given, "reason": reason} for name, given, reason in checks]
    return {"date": "2026-11-20T00:00:00Z", "repo": {}, "scorecard": {"version": "v5"}, "score": score, "checks": listed}


def test_an_inconclusive_check_is_no_number() -> None:
    facts = read("scorecard", scorecard(8.5, ("License", 10, ""), ("Signed-Releases", -1, "no releases")))
    found = values(facts)
    assert (found["score"], found["check.License"], found["inconclusive"], found["completed"]) == (Decimal("8.5"), 10, 1, True)
    assert "check.Signed-Releases" not in found
    assert any("Signed-Releases" in warning for warning in facts.warnings)


@pytest.mark.parametrize(
    "checks", [[("License", -1, "")], [], [("License", 10, ""), ("SAST", -1, "internal error: the host did not answer")]]
)
def test_a_scorecard_that_scored_nothing_or_failed_is_not_complete(checks: list[tuple[str, Any, str]]) -> None:
    assert values(read("scorecard", scorecard(-1, *checks)))["completed"] is False


@pytest.mark.parametrize("score", [11, -2, "10", True, None])
def test_a_score_that_is_none_is_refused(score: Any) -> None:
    with pytest.raises(InputError):
        read("scorecard", scorecard(5, ("License", score, "")))
    with pytest.raises(InputError):
        read("scorecard", scorecard(5, ("License", 1, ""), ("License", 10, "")))


def vex(*statements: dict[str, Any]) -> dict[str, Any]:
    listed = [{"vulnerability": {"name": "CVE-1"}, "products": [{"@id": "pkg:a/b"}], **one} for one in statements]
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "timestamp": "2026-01-08T18:02:03.647787998-06:00",
        "statements": listed,
    }


def test_statements_are_counted_by_status() -> None:
    excuse = {"status": "not_affected", "justification": "component_not_present"}
    found = values(
        read(
            "openvex",
            vex(
                excuse,
                {"status": "not_affected"},
                {"status": "not_affected", "justification": "because"},
                {"status": "affected", "vulnerability": {"name": "CVE-2"}},
                {"status": "under_investigation"},
                {"status": "fixed"},
            ),
        )
    )
    assert (found["not_affected"], found["unjustified"], found["open"], found["without_action"]) == (3, 2, 2, 1)
    assert found["open_vulnerabilities"] == ("CVE-1", "CVE-2")
    assert found["ran_at"].startswith("2026-01-08T18:02:03")


def test_a_vex_document_without_statements_says_nothing() -> None:
    assert values(read("openvex", vex()))["completed"] is False
    with pytest.raises(InputError, match="statement 1"):
        read("openvex", vex({"status": "wontfix"}))


def test_pip_audit_that_looked_up_nothing_is_not_complete() -> None:
    facts = read_facts(SAMPLES / "pip-audit-false-green.json", KINDS["pip-audit"])
    found = values(facts)
    assert (found["completed"], found["audited"], found["skipped"], found["vulnerable"]) == (False, 0, 1, 0)
    assert "ran_at" not in found and any("nothing was audited" in warning for warning in facts.warnings)


def test_pip_audit_counts_what_has_no_fix() -> None:
    found = values(read_facts(sample("pip-audit"), KINDS["pip-audit"]))
    assert (found["completed"], found["audited"], found["vulnerable"], found["without_fix"]) == (True, 2, 1, 0)
    bare = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": []}]}
    assert values(read("pip-audit", {"dependencies": [bare], "fixes": []}))["without_fix"] == 1
    # One dependency that was skipped among many that were not is enough.
    skipped = {"dependencies": [bare, {"name": "b", "skip_reason": "gone"}], "fixes": []}
    assert values(read("pip-audit", skipped))["completed"] is False
    with pytest.raises(InputError, match="neither"):
        read("pip-audit", {"dependencies": [{"name": "a"}], "fixes": []})


def osv(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"results": [{"source": {"path": "a.lock", "type": "lockfile"}, "packages": list(packages)}]}


def test_an_empty_osv_result_proves_nothing() -> None:
    assert values(read("osv-scanner", {"results": []}))["completed"] is False
    assert values(read("osv-scanner", osv()))["completed"] is False
    # Only a list with packages without a finding is a list of what was scanned.
    bad = {"package": {}, "groups": [{"ids": ["A", "B"], "max_severity": "9.1"}], "vulnerabilities": [{"id": "A"}, {"id": "B"}]}
    assert "completed" not in values(read("osv-scanner", osv(bad)))
    found = values(read("osv-scanner", osv(bad, {"package": {}})))
    assert (found["completed"], found["packages"], found["vulnerable"], found["vulnerabilities_critical"]) == (True, 2, 1, 1)


@pytest.mark.parametrize("severity", ["", None, "NaN", "11", "high"])
def test_an_osv_finding_without_a_score_is_unrated(severity: Any) -> None:
    one = {"package": {}, "groups": [{"ids": ["A"], "max_severity": severity}]}
    found = values(read("osv-scanner", osv(one)))
    assert found["vulnerabilities_unrated"] == 1 and "vulnerabilities_high" not in found


# Against other people's readers, where they are installed


@pytest.mark.parametrize("path", [sample("sbom"), "evidence/cyclonedx/env.cdx.json"])
def test_cyclonedx_agrees_with_the_library_of_its_makers(path: Path | str) -> None:
    library = pytest.importorskip("cyclonedx.model.bom")
    path = shared(path) if isinstance(path, str) else path
    bom = library.Bom.from_json(json.loads(path.read_bytes()))
    found = values(read_facts(path, KINDS["sbom"]))
    count = len(bom.components)
    assert found["components"] == count
    assert found["hashed_components"] == sum(bool(one.hashes) for one in bom.components)
    for fact, having in (("licensed_share", "licenses"), ("purl_share", "purl")):
        share = Decimal(sum(bool(getattr(one, having)) for one in bom.components)) / count
        assert share - Decimal("0.0001") < found[fact] <= share


def test_spdx_agrees_with_the_library_of_its_makers() -> None:
    library = pytest.importorskip("spdx_tools.spdx.parser.parse_anything")
    path = shared("evidence/spdx/env.spdx.json")
    packages = library.parse_file(str(path)).packages
    found = values(read_facts(path, KINDS["sbom"]))
    assert found["components"] == len(packages)
    assert found["hashed_components"] == sum(bool(one.checksums) for one in packages)
    purls = sum(any(ref.reference_type == "purl" for ref in one.external_references) for one in packages)
    assert found["purl_share"] == Decimal(purls) / len(packages)
