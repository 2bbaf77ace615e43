"""OSV-Scanner in JSON (``--format json``; google.github.io/osv-scanner/output): known vulnerabilities of dependencies.

``{"results": []}`` says the same for "all is well" and for "nothing was scanned". Only with ``--all-packages`` are packages
without a vulnerability listed, and only then is the list what was scanned.
"""

from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import add_end, one_log
from compliance_tui.evidence.readers.reading import Gatherer, json_object, refuse
from compliance_tui.evidence.readers.severity import UNRATED, give_severities, of_score
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

READER = "osv-scanner/1"
_PLACE = "/results/*/packages"


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of an OSV-Scanner report. Raises InputError ``unreadable-evidence``."""
    report = json_object(file, name)
    results = report.get("results")
    if not isinstance(results, list):
        refuse(name, message("not a report of OSV-Scanner in JSON (results)"))
    for one in results:
        if not isinstance(one.get("source"), dict) or not isinstance(one.get("packages"), list):
            refuse(name, message("a result of OSV-Scanner names its source and its packages; one here does not"))
    found, warnings = Gatherer(name), list[str]()
    packages = [package for one in results for package in one["packages"]]
    vulnerable = [one for one in packages if _groups(one)]
    found.count("sources", len(results), "/results/*/source", "sources")
    found.count("packages", len(packages), _PLACE, "packages")
    found.count("vulnerable", len(vulnerable), f"{_PLACE}/*/groups", "packages")
    severities = [severity for one in packages for severity in _groups(one)]
    give_severities(found, "vulnerabilities", severities, f"{_PLACE}/*/groups/*/max_severity", warnings)
    known = {str(given["id"]) for one in packages for given in one.get("vulnerabilities") or []}
    found.add("vulnerability_ids", sorted(known), f"{_PLACE}/*/vulnerabilities/*/id")
    sources = [str(one["source"].get("path")) for one in results]
    found.add("scanned", [clean_line(path) for path in sources], "/results/*/source/path")
    if not packages:
        found.add("completed", False, "/results")
        warnings.insert(
            0, message("lists no packages: nothing shows that anything was scanned; run it again with --all-packages")
        )
    elif len(vulnerable) < len(packages):
        found.add("completed", True, _PLACE)
    else:
        warnings.append(
            message("lists vulnerable packages only: how many were scanned it does not say; run it with --all-packages")
        )
    if any(path.startswith(("/", "\\")) or path[1:2] == ":" for path in sources):
        warnings.append(message("holds absolute paths of the machine that ran it; look at them before disclosing it"))
    add_end(found, None, "/", warnings)
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


read_files = one_log(read)


def _groups(package: dict[str, Any]) -> list[str]:
    """The severity of each vulnerability of a package; a group is one vulnerability under the ids of several databases."""
    groups = package.get("groups") or []
    grouped = {identifier for group in groups for identifier in group["ids"]}
    alone = [one for one in package.get("vulnerabilities") or [] if one["id"] not in grouped]
    return [*(of_score(group.get("max_severity")) for group in groups), *(UNRATED for _ in alone)]
