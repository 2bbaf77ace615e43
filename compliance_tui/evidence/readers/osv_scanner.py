"""OSV-Scanner in JSON (``--format json``; google.github.io/osv-scanner/output): known vulnerabilities of dependencies.

``{"results": []}`` says the same for "all is well" and for "nothing was scanned". Only with ``--all-packages`` are packages
without a vulnerability listed, and only then is the list what was scanned.
"""

from collections import Counter
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.components import most_different
from compliance_tui.evidence.readers.evaluation import add_end, one_log
from compliance_tui.evidence.readers.json_stream import JsonStream, walk
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.evidence.readers.severity import UNRATED, give_severities, of_score
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

READER = "osv-scanner/1"
_PLACE = "/results/*/packages"
_SHAPE = message("a result of OSV-Scanner names its source and its packages; one here does not")


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of an OSV-Scanner report. Raises InputError ``unreadable-evidence``."""
    report = _Report(name)
    walk(file, name, report)
    sources = report.sources
    if sources is None:
        refuse(name, message("not a report of OSV-Scanner in JSON (results)"))
    packages, vulnerable = report.packages, report.vulnerable
    found, warnings = Gatherer(name), list[str]()
    found.count("sources", len(sources), "/results/*/source", "sources")
    found.count("packages", packages, _PLACE, "packages")
    found.count("vulnerable", vulnerable, f"{_PLACE}/*/groups", "packages")
    give_severities(found, "vulnerabilities", report.severities, f"{_PLACE}/*/groups/*/max_severity", warnings)
    found.add("vulnerability_ids", sorted(report.ids), f"{_PLACE}/*/vulnerabilities/*/id")
    found.add("scanned", [clean_line(path) for path in sources], "/results/*/source/path")
    if not packages:
        found.add("completed", False, "/results")
        warnings.insert(
            0, message("lists no packages: nothing shows that anything was scanned; run it again with --all-packages")
        )
    elif vulnerable < packages:
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


class _Report:
    """What the results of a report add up to; the records of vulnerabilities, which are long, are passed over."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sources: list[str] | None = None
        self.packages = self.vulnerable = 0
        self.severities: Counter[str] = Counter()
        self.ids: set[str] = set()

    def take(self, member: str, stream: JsonStream) -> bool:
        """Count in the results."""
        if member != "results":
            return False
        self.sources = []
        for _ in stream.steps():
            source = self._result(stream)
            if not isinstance(source, dict):
                refuse(self.name, _SHAPE)
            self.sources.append(str(source.get("path"))[:1000])
            most_different(len(self.sources), self.name)
        return True

    def _result(self, stream: JsonStream) -> Any:
        """Count in one result, and give its source."""
        source, listed = None, False
        for member in stream.members():
            if member == "source":
                source = stream.value()
            elif member == "packages" and stream.opens("["):
                listed = True
                for _ in stream.steps():
                    self._package(stream)
            else:
                stream.skip()
        if not listed:
            refuse(self.name, _SHAPE)
        return source

    def _package(self, stream: JsonStream) -> None:
        """A group is one vulnerability under the ids of several databases; what is in no group is one by itself."""
        ids, groups = list[str](), list[dict[str, Any]]()
        for member in stream.members():
            if member == "vulnerabilities" and stream.opens("["):
                ids = [str(stream.fields(("id",))["id"])[:100] for _ in stream.steps()]
            elif member == "groups":
                groups = list(stream.listed())
            else:
                stream.skip()
        grouped = {identifier for group in groups for identifier in group["ids"]}
        found = [*(of_score(group.get("max_severity")) for group in groups), *(UNRATED for one in ids if one not in grouped)]
        self.severities.update(found)
        self.packages += 1
        self.vulnerable += bool(found)
        self.ids.update(ids)
        most_different(len(self.ids), self.name)
