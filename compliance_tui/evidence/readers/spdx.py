"""SPDX 2.3 in JSON and SPDX 3.0 in JSON-LD (spdx.github.io/spdx-spec): bills of materials of software, models and data sets."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.components import Component, give_components, hashes, is_purl, most_different, says
from compliance_tui.evidence.readers.evaluation import add_end, one_log
from compliance_tui.evidence.readers.json_stream import JsonStream, walk
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.safe.language import message

READER = "spdx/1"
_CONTEXT = re.compile(r"https://spdx\.org/rdf/3\.0(\.[0-9]+)?/spdx-context\.jsonld")
_MODEL, _DATASET = "ai_AIPackage", "dataset_DatasetPackage"
_PACKAGES = ("software_Package", _MODEL, _DATASET)
_COLLECTIONS = ("SpdxDocument", "software_Sbom", "Bom", "Bundle")
# What counts of an element of SPDX 3, besides what begins with ``ai_``; files, annotations and other relationships do not.
_KEPT = frozenset(
    (
        *(
            "type",
            "@type",
            "spdxId",
            "@id",
            "name",
            "creationInfo",
            "created",
            "specVersion",
            "profileConformance",
            "rootElement",
        ),
        *("software_packageVersion", "software_packageUrl", "externalIdentifier", "externalIdentifierType", "identifier"),
        *("verifiedUsing", "algorithm", "hashValue", "relationshipType", "from", "to", "simplelicensing_licenseExpression"),
    )
)
_PASSED_OVER = ("software_File", "software_Snippet", "Annotation")
_RELATIONSHIPS = ("Relationship", "LifecycleScopedRelationship")
_LICENSED_BY = ("hasDeclaredLicense", "hasConcludedLicense")


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of an SPDX document. Raises InputError ``unreadable-evidence``."""
    document = Document(name)
    walk(file, name, document)
    return document.facts(kind)


read_files = one_log(read)


class Document:
    """What the members of a document hold that counts, in whichever order they come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.top: dict[str, Any] = {}
        self.packages: dict[str, _Package] = {}
        self.described: list[tuple[str, str, str]] = []
        self.elements: list[dict[str, Any]] = []
        self._kept: dict[_Package, _Package] = {}

    def take(self, member: str, stream: JsonStream) -> bool:
        """Keep what counts of the value of a member; False leaves it to others."""
        if member in ("spdxVersion", "SPDXID", "creationInfo", "documentDescribes", "@context"):
            self.top[member] = stream.value()
        elif member == "packages":
            for one in stream.listed():
                self._add(one)
        elif member == "relationships":
            for one in stream.listed():
                if one.get("relationshipType") in ("DESCRIBES", "DESCRIBED_BY"):
                    ends = str(one.get("spdxElementId")), str(one.get("relatedSpdxElement"))
                    self.described.append((one["relationshipType"], *ends))
                    most_different(len(self.described), self.name)
        elif member == "@graph":
            for one in stream.listed():
                if _counts(one):
                    self.elements.append({key: value for key, value in one.items() if key in _KEPT or key.startswith("ai_")})
                    most_different(2 * len(self.elements), self.name)  # each takes twice what a package of SPDX 2 takes
        else:
            return False
        return True

    def _add(self, package: dict[str, Any]) -> None:
        identifier = str(package["SPDXID"])
        if identifier in self.packages:
            refuse(self.name, message("gives two packages one SPDXID"))
        one = _Package(_component_of_2(package), str(package.get("name", "")), str(package.get("versionInfo", "")))
        self.packages[identifier] = self._kept.setdefault(one, one)
        most_different(len(self.packages), self.name)

    def facts(self, kind: Kind) -> Facts:
        """Facts of the document. Raises InputError ``unreadable-evidence`` for a version that is not known."""
        found, warnings = Gatherer(self.name), list[str]()
        if self.top.get("spdxVersion") == "SPDX-2.3":
            _facts_of_2(found, self, warnings)
        elif any(isinstance(one, str) and _CONTEXT.fullmatch(one) for one in _list(self.top.get("@context"))):
            _facts_of_3(found, _Graph(self.elements, self.name), warnings)
        else:
            refuse(self.name, message("not SPDX 2.3 in JSON or SPDX 3.0 in JSON-LD, the versions that are known here"))
        if found.facts["components"].value == 0:
            found.add("completed", False, found.facts["components"].where.partition("#")[2])
        return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


def _list(value: Any) -> list[Any]:
    """JSON-LD writes one value bare, several as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


class _Package(NamedTuple):
    """A package of SPDX 2: what counts of it, and what it is called."""

    component: Component
    name: str
    version: str


def _facts_of_2(found: Gatherer, document: Document, warnings: list[str]) -> None:
    found.add("spec_version", "SPDX 2.3", "/spdxVersion")
    add_end(found, (document.top.get("creationInfo") or {}).get("created"), "/creationInfo/created", warnings)
    described = _described(document) & set(document.packages)
    subject = described.pop() if len(described) == 1 else None
    about = document.packages[subject] if subject is not None else None
    _subject(found, (about.name, about.version) if about else None, ("name", "versionInfo"), "/packages", warnings)
    listed = Counter(one.component for identifier, one in document.packages.items() if identifier != subject)
    give_components(found, listed, None, "/packages", warnings)


def _described(document: Document) -> set[str]:
    """The identifiers of what the document says it describes."""
    itself, found = document.top.get("SPDXID"), set(map(str, document.top.get("documentDescribes") or []))
    for relationship, element, related in document.described:
        if relationship == "DESCRIBES" and element == itself:
            found.add(related)
        elif relationship == "DESCRIBED_BY" and related == itself:
            found.add(element)
    return found


def _component_of_2(package: dict[str, Any]) -> Component:
    hashed, _ = hashes([(one.get("algorithm"), one.get("checksumValue")) for one in package.get("checksums") or []])
    references = [one for one in package.get("externalRefs") or [] if one.get("referenceType") == "purl"]
    return Component(
        hashed=hashed,
        licensed=says(package.get("licenseConcluded")) or says(package.get("licenseDeclared")),
        purl=any(is_purl(one.get("referenceLocator")) for one in references),
    )


class _Graph:
    """The elements of an SPDX 3 document by their identifiers."""

    def __init__(self, graph: list[dict[str, Any]], name: str) -> None:
        if not graph:
            refuse(name, message("holds no elements (@graph)"))
        self.elements: list[dict[str, Any]] = graph
        self.by_id = {key: one for one in graph if isinstance(key := _id(one), str)}
        self.documents = self.of_type("SpdxDocument")
        if len(self.documents) != 1:
            refuse(name, message("holds {number} SpdxDocument; one is needed", number=len(self.documents)))

    def of_type(self, *types: str) -> list[dict[str, Any]]:
        """The elements of these types."""
        return [one for one in self.elements if _type(one) in types]

    def get(self, reference: Any) -> dict[str, Any]:
        """The element itself, or the one that an identifier refers to; {} where it is not in the document."""
        return reference if isinstance(reference, dict) else self.by_id.get(str(reference), {})

    def roots(self) -> Iterator[dict[str, Any]]:
        """What the document is about: its root elements, and of collections among them the root elements."""
        waiting, seen = list(self.documents), set[int]()
        while waiting:
            one = waiting.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            if _type(one) in _COLLECTIONS:
                waiting += [self.get(root) for root in _list(one.get("rootElement"))]
            else:
                yield one


def _id(element: dict[str, Any]) -> Any:
    return element.get("spdxId") or element.get("@id")


def _type(element: dict[str, Any]) -> Any:
    return element.get("type") or element.get("@type")


def _counts(element: dict[str, Any]) -> bool:
    """Whether anything that is asked could depend on an element."""
    kind = _type(element)
    return kind not in _PASSED_OVER and (kind not in _RELATIONSHIPS or element.get("relationshipType") in _LICENSED_BY)


def _facts_of_3(found: Gatherer, graph: _Graph, warnings: list[str]) -> None:
    document, place = graph.documents[0], "/@graph"
    made = graph.get(document.get("creationInfo"))
    found.add("spec_version", f"SPDX {made.get('specVersion') or '3.0'}", f"{place}/CreationInfo/specVersion")
    add_end(found, made.get("created"), f"{place}/CreationInfo/created", warnings)
    profiles = _list(document.get("profileConformance"))
    if profiles:
        found.add("profiles", profiles, f"{place}/SpdxDocument/profileConformance")
    roots = [one for one in graph.roots() if _type(one) in _PACKAGES]
    subject = roots[0] if len(roots) == 1 else None
    fields = ("name", "software_packageVersion")
    _subject(found, (subject.get(fields[0]), subject.get(fields[1])) if subject else None, fields, place, warnings)
    licensed = _licensed(graph)
    listed = Counter(_component_of_3(graph, one, licensed) for one in graph.of_type(*_PACKAGES) if one is not subject)
    described = _component_of_3(graph, subject, licensed) if subject else None
    give_components(found, listed, described, place, warnings)
    found.count("datasets", len(graph.of_type(_DATASET)), place, "datasets")


def _licensed(graph: _Graph) -> set[str]:
    """The identifiers of what has a licence, by the relationships that say so."""
    found = set()
    for one in graph.of_type(*_RELATIONSHIPS):
        if one.get("relationshipType") in _LICENSED_BY and any(_names_licence(graph, to) for to in _list(one.get("to"))):
            found.add(str(one.get("from")))
    return found


def _names_licence(graph: _Graph, reference: Any) -> bool:
    named = re.search(r"(NoAssertion|None)(Element|License)$", str(reference)) is None
    licence = graph.get(reference)
    return named and ("simplelicensing_licenseExpression" not in licence or says(licence["simplelicensing_licenseExpression"]))


def _component_of_3(graph: _Graph, package: dict[str, Any], licensed: set[str]) -> Component:
    checked = [graph.get(one) for one in _list(package.get("verifiedUsing"))]
    hashed, sha256 = hashes([(one.get("algorithm"), one.get("hashValue")) for one in checked if "hashValue" in one])
    others = [graph.get(one) for one in _list(package.get("externalIdentifier"))]
    purls = [one.get("identifier") for one in others if one.get("externalIdentifierType") == "packageUrl"]
    return Component(
        hashed=hashed,
        licensed=str(_id(package)) in licensed,
        purl=any(is_purl(one) for one in [package.get("software_packageUrl"), *purls]),
        model=_type(package) == _MODEL,
        # The AI profile has no card of its own: what a card says stands in the properties of the package.
        model_card=any(key.startswith("ai_") for key in package),
        sha256=sha256 if _type(package) == _MODEL else "",
    )


def _subject(
    found: Gatherer, subject: tuple[Any, Any] | None, fields: tuple[str, str], place: str, warnings: list[str]
) -> None:
    """Name and version of the one thing described, and the fields where they stand."""
    if subject is None:
        warnings.append(message("does not say which one thing it describes"))
        return
    for fact, value, field in zip(("subject", "subject_version"), subject, fields, strict=True):
        found.add(fact, value or None, f"{place}/*/{field}")
