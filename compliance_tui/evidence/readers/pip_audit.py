"""pip-audit 2 in JSON (``--format json``): known vulnerabilities of Python packages.

It ends with "No known vulnerabilities found" and exit status 0 where it could look up nothing at all: each dependency then has
a reason why it was skipped. The report bears no date and does not say what was audited.
"""

from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import add_end, concluded, one_log
from compliance_tui.evidence.readers.reading import Gatherer, json_object, refuse
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

READER = "pip-audit/1"
_PLACE = "/dependencies"


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a pip-audit report. Raises InputError ``unreadable-evidence``."""
    report = json_object(file, name)
    dependencies = report.get("dependencies")
    if not isinstance(dependencies, list):
        refuse(name, message("not a report of pip-audit 2 in JSON (dependencies)"))
    found, doubts, warnings = Gatherer(name), list[str](), list[str]()
    audited = [one for one in dependencies if _is_audited(one, name)]
    skipped = [clean_line(str(one["name"]), 60) for one in dependencies if "skip_reason" in one]
    known = [given for one in audited for given in one["vulns"]]
    found.count("dependencies", len(dependencies), _PLACE, "dependencies")
    found.count("audited", len(audited), f"{_PLACE}/*/vulns", "dependencies")
    found.count("skipped", len(skipped), f"{_PLACE}/*/skip_reason", "dependencies")
    found.count("vulnerable", sum(bool(one["vulns"]) for one in audited), f"{_PLACE}/*/vulns", "dependencies")
    found.count("vulnerabilities", len(known), f"{_PLACE}/*/vulns", "vulnerabilities")
    found.count("without_fix", sum(not one["fix_versions"] for one in known), f"{_PLACE}/*/vulns", "vulnerabilities")
    found.add("vulnerability_ids", sorted({str(one["id"]) for one in known}), f"{_PLACE}/*/vulns/*/id")
    if not audited:
        doubts.append(message("nothing was audited"))
    if skipped:
        more = message(" and {skipped} more", skipped=len(skipped) - 3) if len(skipped) > 3 else ""
        doubts.append(message("skipped, and so not audited: {skipped}{more}", skipped=", ".join(skipped[:3]), more=more))
    if report.get("fixes"):
        warnings.append(message("packages were changed after the audit (--fix); audit again to show the result"))
    warnings.append(message("does not say what was audited (pip-audit names no target)"))
    add_end(found, None, "/", warnings)
    return concluded(kind, READER, found, _PLACE, doubts, warnings)


read_files = one_log(read)


def _is_audited(dependency: dict[str, Any], name: str) -> bool:
    """Whether the dependency was looked up; one that was neither looked up nor skipped is no dependency of pip-audit."""
    if "skip_reason" in dependency:
        return False
    if not isinstance(dependency.get("vulns"), list) or not dependency.get("version"):
        refuse(
            name,
            message(
                "{name} has neither a version with its vulns nor a skip_reason",
                name=clean_line(str(dependency.get("name")), 60),
            ),
        )
    return True
