"""The packs that ship: nine versions, released, and never changed since."""

import pytest

from compliance_tui.evidence.kind import load_kinds
from compliance_tui.shipped import shipped
from compliance_tui.standard.lint import lint
from compliance_tui.standard.load import known_versions, standard_folders, versions_of
from compliance_tui.standard.released import read_releases

FOLDERS = standard_folders()
PACKS = {(pack.standard.id, pack.standard.version): pack for pack in known_versions(FOLDERS).packs}
KINDS = {kind.id: {fact.name for fact in kind.facts} for kind in load_kinds().values()}
CONTROLS = {
    ("frontier-release", "0.9"): 37,
    ("frontier-release", "1.0"): 43,
    ("frontier-release", "1.1"): 45,
    ("jailbreak-risk", "0.9"): 31,
    ("jailbreak-risk", "1.0"): 36,
    ("jailbreak-risk", "1.1"): 38,
    ("model-continuity", "0.9"): 28,
    ("model-continuity", "1.0"): 33,
    ("model-continuity", "1.1"): 35,
}


def test_every_version_is_there_with_its_controls() -> None:
    assert {key: len(pack.standard.controls) for key, pack in PACKS.items()} == CONTROLS


def test_every_version_is_released_with_exactly_its_bytes() -> None:
    assert read_releases([shipped("standards")]) == {key: pack.sha256 for key, pack in PACKS.items()}


@pytest.mark.parametrize("key", sorted(CONTROLS), ids="-".join)
def test_every_version_lints_clean_against_the_one_before(key: tuple[str, str]) -> None:
    pack = PACKS[key]
    assert lint(pack.standard, KINDS, versions_of(pack.standard.id, FOLDERS)) == []
    header = pack.standard.standard
    assert header.endorsed_by == []
    assert "illustrative community draft" in header.status
    assert "endorsed by nobody" in header.disclaimer


KINDS_OF_THE_PACKS = """
inspect-eval-log range-report sarif sbom mlbom model-signature slsa-provenance attestation-bundle attestation-report
access-review config-export log-sample benchmark-csv acceptance-results canary-test egress-test jailbreak-register
dependency-register bounty-report disclosure-stats data-flow-map failover-drill tabletop-record notice-record contact-list
policy-doc
risk-decision-memo signoff-letter red-team-report pen-test-report third-party-assessment system-card preview-record
incident-record monitoring-record summary-report delta-review exit-plan legal-memo contract-clause deletion-record
training-record data-provenance-record
"""


def test_each_kind_that_the_packs_name_is_there_with_its_sample() -> None:
    asked = {kind for pack in PACKS.values() for one in pack.standard.controls for rule in one.evidence for kind in rule.kinds}
    assert set(KINDS_OF_THE_PACKS.split()) <= asked <= set(KINDS)
    for kind in load_kinds().values():
        assert (shipped("evidence") / kind.id / kind.sample).is_file()
