"""CycloneDX 1.4 to 1.7 in JSON: bills of materials of software and of models."""

from decimal import Decimal
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.reading import Gatherer, json_object, refuse

READER = "cyclonedx/1"
_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
_CLOSED = ("resolved", "resolved_with_pedigree", "false_positive", "not_affected")
_SEVERITIES = ("critical", "high", "medium", "low", "info", "none", "unknown")


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a CycloneDX document. Raises InputError ``unreadable-evidence``."""
    bom = json_object(file, name)
    if bom.get("bomFormat") != "CycloneDX" or bom.get("specVersion") not in _VERSIONS:
        refuse(name, "not CycloneDX 1.4 to 1.7 in JSON, the versions that are known here")
    found, warnings = Gatherer(name), []
    found.add("spec_version", bom["specVersion"], "/specVersion")
    metadata = bom.get("metadata") or {}
    found.add("ran_at", metadata.get("timestamp"), "/metadata/timestamp")
    subject = metadata.get("component")
    if subject:
        found.add("subject", subject.get("name"), "/metadata/component/name")
        found.add("subject_version", subject.get("version"), "/metadata/component/version")
    else:
        warnings.append("does not say what it describes (no metadata.component)")
    components = list(_nested(bom.get("components") or []))
    _component_facts(found, components, warnings)
    _vulnerability_facts(found, bom.get("vulnerabilities"))
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


def _nested(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All components, those inside others too."""
    found, waiting = [], list(components)
    while waiting:
        component = waiting.pop()
        found.append(component)
        waiting += component.get("components") or []
    return found


def _component_facts(found: Gatherer, components: list[dict[str, Any]], warnings: list[str]) -> None:
    count = len(components)
    found.count("components", count, "/components")
    if not count:
        warnings.append("lists no components")
        return
    hashed = sum(bool(one.get("hashes")) for one in components)
    licensed = sum(bool(one.get("licenses")) for one in components)
    found.count("hashed_components", hashed, "/components/*/hashes")
    found.add("hashed_share", (Decimal(hashed) / count).quantize(Decimal("0.0001")), "/components/*/hashes")
    found.add("licensed_share", (Decimal(licensed) / count).quantize(Decimal("0.0001")), "/components/*/licenses")
    models = [one for one in components if one.get("type") == "machine-learning-model"]
    found.count("models", len(models), "/components/*/type")
    found.count("model_cards", sum(bool(one.get("modelCard")) for one in models), "/components/*/modelCard")


def _vulnerability_facts(found: Gatherer, vulnerabilities: list[dict[str, Any]] | None) -> None:
    if vulnerabilities is None:
        return
    counts = dict.fromkeys(_SEVERITIES, 0)
    for one in vulnerabilities:
        if (one.get("analysis") or {}).get("state") in _CLOSED:
            continue
        rated = [rating.get("severity", "unknown") for rating in one.get("ratings") or []]
        worst = min((_SEVERITIES.index(severity) for severity in rated if severity in _SEVERITIES), default=6)
        counts[_SEVERITIES[worst]] += 1
    found.count("vulnerabilities_open", sum(counts.values()), "/vulnerabilities")
    for severity in ("critical", "high"):
        found.count(f"vulnerabilities_{severity}", counts[severity], "/vulnerabilities/*/ratings/*/severity")
