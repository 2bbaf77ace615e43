"""pip-audit 2 in JSON (``--format json``): known vulnerabilities of Python packages.

It ends with "No known vulnerabilities found" and exit status 0 where it could look up nothing at all: each dependency then has
a reason why it was skipped. The report bears no date and does not say what was audited.
"""

from collections import Counter
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.components import most_different
from compliance_tui.evidence.readers.evaluation import add_end, concluded, one_log
from compliance_tui.evidence.readers.json_stream import JsonStream, walk
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

READER = "pip-audit/1"
_PLACE = "/dependencies"


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a pip-audit report. Raises InputError ``unreadable-evidence``."""
    report = _Report(name)
    walk(file, name, report)
    counts = report.counts
    if counts is None:
        refuse(name, message("not a report of pip-audit 2 in JSON (dependencies)"))
    audited, skipped = counts["audited"], counts["skipped"]
    found, doubts, warnings = Gatherer(name), list[str](), list[str]()
    found.count("dependencies", audited + skipped, _PLACE, "dependencies")
    found.count("audited", audited, f"{_PLACE}/*/vulns", "dependencies")
    found.count("skipped", skipped, f"{_PLACE}/*/skip_reason", "dependencies")
    found.count("vulnerable", counts["vulnerable"], f"{_PLACE}/*/vulns", "dependencies")
    found.count("vulnerabilities", counts["known"], f"{_PLACE}/*/vulns", "vulnerabilities")
    found.count("without_fix", counts["without fix"], f"{_PLACE}/*/vulns", "vulnerabilities")
    found.add("vulnerability_ids", sorted(report.ids), f"{_PLACE}/*/vulns/*/id")
    if not audited:
        doubts.append(message("nothing was audited"))
    if skipped:
        more = message(" and {skipped} more", skipped=skipped - 3) if skipped > 3 else ""
        doubts.append(message("skipped, and so not audited: {skipped}{more}", skipped=", ".join(report.skipped), more=more))
    if report.fixed:
        warnings.append(message("packages were changed after the audit (--fix); audit again to show the result"))
    warnings.append(message("does not say what was audited (pip-audit names no target)"))
    add_end(found, None, "/", warnings)
    return concluded(kind, READER, found, _PLACE, doubts, warnings)


read_files = one_log(read)


class _Report:
    """What the dependencies of a report add up to; of those skipped the first three by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.counts: Counter[str] | None = None
        self.skipped: list[str] = []
        self.ids: set[str] = set()
        self.fixed = False

    def take(self, member: str, stream: JsonStream) -> bool:
        """Count in the value of a member that counts."""
        if member == "fixes":
            self.fixed = sum(1 for _ in stream.listed()) > 0
        elif member == "dependencies":
            self.counts = Counter()
            for one in stream.elements():
                self._add(self.counts, one)
        else:
            return False
        return True

    def _add(self, counts: Counter[str], dependency: dict[str, Any]) -> None:
        """One that was neither looked up nor skipped is no dependency of pip-audit."""
        called = clean_line(str(dependency.get("name")), 60)
        if "skip_reason" in dependency:
            counts["skipped"] += 1
            self.skipped += [called] if len(self.skipped) < 3 else []
            return
        known = dependency.get("vulns")
        if not isinstance(known, list) or not dependency.get("version"):
            told = message("{name} has neither a version with its vulns nor a skip_reason", name=called)
            refuse(self.name, told)
        counts["audited"] += 1
        counts["vulnerable"] += bool(known)
        counts["known"] += len(known)
        counts["without fix"] += sum(not one["fix_versions"] for one in known)
        self.ids |= {str(one["id"])[:100] for one in known}
        most_different(len(self.ids), self.name)
