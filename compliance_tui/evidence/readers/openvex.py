"""OpenVEX 0.2.0 (openvex/spec, OPENVEX-SPEC.md): which known vulnerabilities touch a product, and why the others do not.

Statements are counted as they stand; one that a later statement supersedes still counts, so that nothing is closed by guessing.
"""

from collections import Counter
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import add_end, one_log
from compliance_tui.evidence.readers.reading import Gatherer, json_object, refuse
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

READER = "openvex/1"
_CONTEXT = "https://openvex.dev/ns/v0.2.0"
_STATUSES = ("not_affected", "affected", "fixed", "under_investigation")
_OPEN = ("affected", "under_investigation")
_JUSTIFICATIONS = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)
_UNIT = "statements"


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of an OpenVEX document. Raises InputError ``unreadable-evidence``."""
    document = json_object(file, name)
    statements = document.get("statements")
    if document.get("@context") != _CONTEXT or not isinstance(statements, list):
        refuse(name, message("not OpenVEX 0.2.0, the version that is known here (@context {context})", context=_CONTEXT))
    for position, one in enumerate(statements, 1):
        if one.get("status") not in _STATUSES or not _vulnerability(one):
            refuse(
                name,
                message("statement {position} names no vulnerability, or has no status that OpenVEX knows", position=position),
            )
    found, warnings = Gatherer(name), list[str]()
    counts = Counter(one["status"] for one in statements)
    found.count("statements", len(statements), "/statements", _UNIT)
    for status in _STATUSES:
        found.count(status, counts[status], "/statements/*/status", _UNIT)
    found.count("open", sum(counts[status] for status in _OPEN), "/statements/*/status", _UNIT)
    still_open = [_vulnerability(one) for one in statements if one["status"] in _OPEN]
    found.add("open_vulnerabilities", sorted(set(still_open)), "/statements/*/vulnerability/name")
    _reason_facts(found, statements, warnings)
    products = {product.get("@id") for one in statements for product in one.get("products") or []} - {None}
    found.add("products", sorted(map(str, products)), "/statements/*/products/*/@id")
    unbound = sum(not one.get("products") for one in statements)
    if unbound:
        warnings.append(message("{unbound} statements name no product", unbound=unbound))
    if not statements:
        warnings.append(message("makes no statements"))
        found.add("completed", False, "/statements")
    found.add("author", document.get("author"), "/author")
    changed = "last_updated" if document.get("last_updated") else "timestamp"
    add_end(found, document.get(changed), f"/{changed}", warnings)
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


read_files = one_log(read)


def _vulnerability(statement: dict[str, Any]) -> str:
    given = statement.get("vulnerability")
    name = given.get("name") or given.get("@id") if isinstance(given, dict) else None
    return clean_line(name) if isinstance(name, str) else ""


def _reason_facts(found: Gatherer, statements: list[dict[str, Any]], warnings: list[str]) -> None:
    """Statements that lack what the specification asks of them: why not affected, and what to do if affected."""
    unjustified = sum(
        one["status"] == "not_affected" and one.get("justification") not in _JUSTIFICATIONS and not one.get("impact_statement")
        for one in statements
    )
    helpless = sum(one["status"] == "affected" and not one.get("action_statement") for one in statements)
    found.count("unjustified", unjustified, "/statements/*/justification", _UNIT)
    found.count("without_action", helpless, "/statements/*/action_statement", _UNIT)
    if unjustified:
        warnings.append(message("{unjustified} statements say not_affected without a justification", unjustified=unjustified))
    if helpless:
        warnings.append(message("{helpless} statements say affected, and not what to do about it", helpless=helpless))
