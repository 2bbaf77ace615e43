"""What the tests of supply-chain evidence share: reading bytes as a kind, and one software in three formats."""

import io
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.shipped import shipped

KINDS = load_kinds()
SAMPLES = Path(__file__).parent / "samples"
MINE = ["sbom", "mlbom", "scorecard", "openvex", "pip-audit", "osv-scanner", "sarif", "junit-report"]


def sample(kind: str) -> Path:
    return shipped("evidence") / kind / KINDS[kind].sample


def read(kind: str, content: Any, name: str = "x") -> Facts:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_facts_of([(name, lambda: io.BytesIO(raw))], KINDS[kind])


def values(facts: Facts) -> dict[str, Any]:
    return {name: fact.value for name, fact in facts.facts.items()}


def cyclonedx(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components), **more}


def spdx(*packages: dict[str, Any], **more: Any) -> dict[str, Any]:
    listed = [{"SPDXID": f"SPDXRef-{position}", **one} for position, one in enumerate(packages)]
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": listed, **more}


def spdx3(*elements: dict[str, Any], root: list[str] | None = None) -> dict[str, Any]:
    made = {"type": "CreationInfo", "@id": "_:made", "created": "2026-11-20T00:00:00Z", "specVersion": "3.0.1"}
    document = {"type": "SpdxDocument", "spdxId": "urn:doc", "creationInfo": "_:made", "rootElement": ["urn:sbom"]}
    bill = {"type": "software_Sbom", "spdxId": "urn:sbom", "rootElement": root or []}
    return {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [made, document, bill, *elements]}


STRONG = "ab" * 32
# The same software in the three formats: a described program, one hashed part with a licence, one bare part.
ALIKE = {
    "CycloneDX": cyclonedx(
        {
            "type": "library",
            "purl": "pkg:pypi/a@1",
            "hashes": [{"alg": "SHA-256", "content": STRONG}],
            "licenses": [{"license": {"id": "MIT"}}],
            "components": [{"type": "library"}],
        },
        metadata={"timestamp": "2026-11-20T00:00:00Z", "component": {"name": "serving", "version": "2"}},
    ),
    "SPDX 2.3": spdx(
        {
            "checksums": [{"algorithm": "SHA256", "checksumValue": STRONG}],
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "MIT",
            "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/a@1"}],
        },
        {"licenseConcluded": "NOASSERTION", "licenseDeclared": "NONE"},
        {"name": "serving", "versionInfo": "2"},
        creationInfo={"created": "2026-11-20T00:00:00Z"},
        relationships=[
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-2"},
            {"spdxElementId": "SPDXRef-2", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-0"},
        ],
    ),
    "SPDX 3": spdx3(
        {"type": "software_Package", "spdxId": "urn:serving", "name": "serving", "software_packageVersion": "2"},
        {
            "type": "software_Package",
            "spdxId": "urn:a",
            "software_packageUrl": "pkg:pypi/a@1",
            "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": STRONG}],
        },
        {"type": "software_Package", "spdxId": "urn:b"},
        {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:mit", "simplelicensing_licenseExpression": "MIT"},
        {"type": "Relationship", "from": "urn:a", "relationshipType": "hasDeclaredLicense", "to": ["urn:mit"]},
        {
            "type": "Relationship",
            "from": "urn:b",
            "relationshipType": "hasConcludedLicense",
            "to": ["https://spdx.org/rdf/3.0.1/terms/Core/NoAssertionElement"],
        },
        root=["urn:serving"],
    ),
}


_leaf = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "x", "-1", "NaN", "SHA-256"])
    | st.decimals(-10, 10, places=1).map(float)
)
_names = st.sampled_from(["name", "id", "type", "@id"])
_odd = st.recursive(_leaf, lambda one: st.lists(one, max_size=2) | st.dictionaries(_names, one, max_size=2), max_leaves=4)


def mutate(value: Any, draw: Any) -> Any:
    """The value with one thing in it replaced or left out."""
    where = value
    while isinstance(where, dict | list) and where:
        key = draw(st.sampled_from(sorted(where) if isinstance(where, dict) else range(len(where))))
        if not isinstance(where[key], dict | list) or not where[key] or draw(st.integers(0, 3)) == 0:
            if draw(st.booleans()):
                where[key] = draw(_odd)
            else:
                del where[key]
            return value
        where = where[key]
    return value
