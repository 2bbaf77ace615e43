"""CycloneDX 1.4 to 1.7 in JSON (cyclonedx.org/docs): bills of materials of software and models, lists of vulnerabilities."""

from collections import Counter
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.components import Component, give_components, hashes, is_purl, most_different, says
from compliance_tui.evidence.readers.evaluation import add_end, one_log
from compliance_tui.evidence.readers.json_stream import JsonStream, walk
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.evidence.readers.severity import give_severities, of_score, worst
from compliance_tui.safe.language import message

READER = "cyclonedx/2"
_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
_MODEL = "machine-learning-model"
# States of an analysis after which a vulnerability is no longer open.
_CLOSED = ("resolved", "resolved_with_pedigree", "false_positive", "not_affected")


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a CycloneDX document. Raises InputError ``unreadable-evidence``."""
    bom = Bom(name)
    walk(file, name, bom)
    return bom.facts(kind)


read_files = one_log(read)


class Bom:
    """What the members of a document add up to, in whichever order they come; of lists only counts are kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.top: dict[str, Any] = {}
        self._listed: Counter[Component] = Counter()
        self._datasets = 0
        self._aggregates: set[str] = set()
        self._vulnerabilities: Counter[str] | None = None
        self._closed = 0

    def take(self, member: str, stream: JsonStream) -> bool:
        """Count in the value of a member that counts; False leaves it to others."""
        if member in ("bomFormat", "specVersion", "metadata"):
            self.top[member] = stream.value()
        elif member == "components":
            for one in stream.listed():
                self._add(one)
        elif member == "compositions":
            self._aggregates |= {str(one.get("aggregate")) for one in stream.listed()}
        elif member == "vulnerabilities":
            self._vulnerabilities = None if stream.opens("n") else Counter()
            for one in stream.listed():
                self._add_vulnerability(one)
        else:
            return False
        return True

    def _add(self, component: dict[str, Any]) -> None:
        """A component, and those inside it."""
        waiting = [component]
        while waiting:
            one = waiting.pop()
            self._listed[_component(one)] += 1
            self._datasets += _datasets(one)
            waiting += one.get("components") or []
        most_different(len(self._listed), self.name)

    def _add_vulnerability(self, one: dict[str, Any]) -> None:
        assert self._vulnerabilities is not None
        if (one.get("analysis") or {}).get("state") in _CLOSED:
            self._closed += 1
        else:
            self._vulnerabilities[worst([_severity(rating) for rating in one.get("ratings") or []])] += 1

    def facts(self, kind: Kind) -> Facts:
        """Facts of the document. Raises InputError ``unreadable-evidence`` for a version that is not known."""
        if self.top.get("bomFormat") != "CycloneDX" or self.top.get("specVersion") not in _VERSIONS:
            refuse(self.name, message("not CycloneDX 1.4 to 1.7 in JSON, the versions that are known here"))
        found, warnings = Gatherer(self.name), list[str]()
        found.add("spec_version", f"CycloneDX {self.top['specVersion']}", "/specVersion")
        metadata = self.top.get("metadata") or {}
        add_end(found, metadata.get("timestamp"), "/metadata/timestamp", warnings)
        subject = metadata.get("component") or {}
        if subject:
            found.add("subject", subject.get("name"), "/metadata/component/name")
            found.add("subject_version", subject.get("version"), "/metadata/component/version")
            self._datasets += _datasets(subject)
        else:
            warnings.append(message("does not say what it describes (no metadata.component)"))
        for one in subject.get("components") or []:
            self._add(one)
        give_components(found, self._listed, _component(subject) if subject else None, "/components", warnings)
        found.count("datasets", self._datasets, "/components", "datasets")
        self._completeness(found, warnings)
        self._give_vulnerabilities(found, warnings)
        return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))

    def _completeness(self, found: Gatherer, warnings: list[str]) -> None:
        """Whether the document says that its list is whole (``compositions``); most do not say."""
        if found.facts["components"].value == 0:
            found.add("completed", False, "/components")
        elif any(one.startswith("incomplete") for one in self._aggregates):
            found.add("completed", False, "/compositions/*/aggregate")
            warnings.append(message("says of itself that it is incomplete (compositions)"))
        elif self._aggregates == {"complete"}:
            found.add("completed", True, "/compositions/*/aggregate")

    def _give_vulnerabilities(self, found: Gatherer, warnings: list[str]) -> None:
        if self._vulnerabilities is None:
            return
        if not self._vulnerabilities and not self._closed:
            warnings.append(message("its list of vulnerabilities is empty, which does not show that anybody looked for them"))
            return
        give_severities(found, "vulnerabilities_open", self._vulnerabilities, "/vulnerabilities", warnings)


def _component(one: dict[str, Any]) -> Component:
    licences = [given.get("license") or given for given in one.get("licenses") or []]
    hashed, sha256 = hashes([(each.get("alg"), each.get("content")) for each in one.get("hashes") or []])
    return Component(
        hashed=hashed,
        licensed=any(says(given.get(key)) for given in licences for key in ("id", "name", "expression")),
        purl=is_purl(one.get("purl")),
        model=(model := one.get("type") == _MODEL),
        model_card=bool(one.get("modelCard")),
        sha256=sha256 if model else "",
    )


def _datasets(one: dict[str, Any]) -> int:
    """The data sets that a component is, or that its model card describes in place; one that it refers to is a component."""
    described = ((one.get("modelCard") or {}).get("modelParameters") or {}).get("datasets") or []
    return sum(given.get("type") == "dataset" for given in [*(one.get("data") or []), *described])


def _severity(rating: dict[str, Any]) -> str:
    """What a rating says; its score where it names no severity."""
    severity = rating.get("severity")
    if severity is None:
        return of_score(rating.get("score"))
    return "none" if severity == "info" else str(severity)
