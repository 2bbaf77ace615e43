"""CycloneDX 1.4 to 1.7 in JSON (cyclonedx.org/docs): bills of materials of software and models, lists of vulnerabilities."""

from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.components import Component, give_components, hashes, is_purl, says
from compliance_tui.evidence.readers.evaluation import add_end, one_log
from compliance_tui.evidence.readers.reading import Gatherer, json_object, refuse
from compliance_tui.evidence.readers.severity import give_severities, of_score, worst
from compliance_tui.safe.language import message

READER = "cyclonedx/2"
_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
_MODEL = "machine-learning-model"
# States of an analysis after which a vulnerability is no longer open.
_CLOSED = ("resolved", "resolved_with_pedigree", "false_positive", "not_affected")


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a CycloneDX document. Raises InputError ``unreadable-evidence``."""
    return facts_of(json_object(file, name), name, kind)


read_files = one_log(read)


def facts_of(bom: dict[str, Any], name: str, kind: Kind) -> Facts:
    """Facts of a CycloneDX document that was read already. Raises InputError ``unreadable-evidence``."""
    if bom.get("bomFormat") != "CycloneDX" or bom.get("specVersion") not in _VERSIONS:
        refuse(name, message("not CycloneDX 1.4 to 1.7 in JSON, the versions that are known here"))
    found, warnings = Gatherer(name), list[str]()
    found.add("spec_version", f"CycloneDX {bom['specVersion']}", "/specVersion")
    metadata = bom.get("metadata") or {}
    add_end(found, metadata.get("timestamp"), "/metadata/timestamp", warnings)
    subject = metadata.get("component") or {}
    if subject:
        found.add("subject", subject.get("name"), "/metadata/component/name")
        found.add("subject_version", subject.get("version"), "/metadata/component/version")
    else:
        warnings.append(message("does not say what it describes (no metadata.component)"))
    listed = _nested([*(bom.get("components") or []), *(subject.get("components") or [])])
    described = _component(subject) if subject else None
    give_components(found, [_component(one) for one in listed], described, "/components", warnings)
    found.count("datasets", sum(_datasets(one) for one in [*listed, subject]), "/components", "datasets")
    _completeness(found, bom, warnings)
    _vulnerability_facts(found, bom.get("vulnerabilities"), warnings)
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


def _nested(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All components, those inside others too."""
    found, waiting = [], list(components)
    while waiting:
        component = waiting.pop()
        found.append(component)
        waiting += component.get("components") or []
    return found


def _component(one: dict[str, Any]) -> Component:
    licences = [given.get("license") or given for given in one.get("licenses") or []]
    hashed, sha256 = hashes([(each.get("alg"), each.get("content")) for each in one.get("hashes") or []])
    return Component(
        hashed=hashed,
        licensed=any(says(given.get(key)) for given in licences for key in ("id", "name", "expression")),
        purl=is_purl(one.get("purl")),
        model=one.get("type") == _MODEL,
        model_card=bool(one.get("modelCard")),
        sha256=sha256,
    )


def _datasets(one: dict[str, Any]) -> int:
    """The data sets that a component is, or that its model card describes in place; one that it refers to is a component."""
    described = ((one.get("modelCard") or {}).get("modelParameters") or {}).get("datasets") or []
    return sum(given.get("type") == "dataset" for given in [*(one.get("data") or []), *described])


def _completeness(found: Gatherer, bom: dict[str, Any], warnings: list[str]) -> None:
    """Whether the document says that its list is whole (``compositions``); most do not say."""
    aggregates = {str(one.get("aggregate")) for one in bom.get("compositions") or []}
    if found.facts["components"].value == 0:
        found.add("completed", False, "/components")
    elif any(one.startswith("incomplete") for one in aggregates):
        found.add("completed", False, "/compositions/*/aggregate")
        warnings.append(message("says of itself that it is incomplete (compositions)"))
    elif aggregates == {"complete"}:
        found.add("completed", True, "/compositions/*/aggregate")


def _vulnerability_facts(found: Gatherer, vulnerabilities: list[dict[str, Any]] | None, warnings: list[str]) -> None:
    if vulnerabilities is None:
        return
    if not vulnerabilities:
        warnings.append(message("its list of vulnerabilities is empty, which does not show that anybody looked for them"))
        return
    still_open = [one for one in vulnerabilities if (one.get("analysis") or {}).get("state") not in _CLOSED]
    severities = [worst([_severity(rating) for rating in one.get("ratings") or []]) for one in still_open]
    give_severities(found, "vulnerabilities_open", severities, "/vulnerabilities", warnings)


def _severity(rating: dict[str, Any]) -> str:
    """What a rating says; its score where it names no severity."""
    severity = rating.get("severity")
    if severity is None:
        return of_score(rating.get("score"))
    return "none" if severity == "info" else str(severity)
