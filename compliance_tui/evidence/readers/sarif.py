"""SARIF 2.1.0 (OASIS): results of static analysis.

What looks clean and is not: a run that says nothing of its end, one that scanned nothing, one that could not read a file and
still calls itself successful, results that are kept in another file, and suppressions that nobody accepted. A result
without a level has the level of its rule, else "warning".
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.components import most_different
from compliance_tui.evidence.readers.evaluation import add_end, add_one, one_log
from compliance_tui.evidence.readers.json_stream import JsonStream, walk
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.safe.language import message

READER = "sarif/2"
_LEVELS = ("error", "warning", "note", "none")
_ACCEPTED = (None, "accepted")
_NOTIFICATIONS = ("toolExecutionNotifications", "toolConfigurationNotifications")
_ERROR = {"level": "error"}
_OF_A_RUN = ("tool", "invocations", "properties", "versionControlProvenance", "externalPropertyFileReferences")
_OF_A_RESULT = ("ruleId", "ruleIndex", "rule", "level", "kind", "baselineState")
_FINDINGS = "findings"
_RESULTS = "/runs/*/results"
# From this score on GitHub calls an alert high (its property security-severity is a CVSS score).
_SEVERE = Decimal("7.0")
_ABSOLUTE = re.compile(rb'"uri"\s*:\s*"(file:|/|[A-Za-z]:[\\/])')
_SNIPPET = re.compile(rb'"snippet"\s*:')
_OVERLAP = 128  # longer than what is looked for


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a SARIF log. Raises InputError ``unreadable-evidence``."""
    watched, log = _Watched(file), _Log(name)
    walk(watched, name, log)
    runs = log.runs
    if log.top.get("version") != "2.1.0" or runs is None:
        refuse(name, message("not SARIF 2.1.0, the version that is known here"))
    found, doubts, warnings = Gatherer(name), list[str](), list[str]()
    found.count("runs", len(runs), "/runs", "runs")
    if not runs:
        doubts.append(message("the log holds no runs: nothing was scanned"))
    if log.top.get("inlineExternalProperties") or any(run.get("externalPropertyFileReferences") for run in runs):
        doubts.append(message("parts of the log are kept elsewhere (external properties) and were not read"))
    _result_facts(found, runs, warnings)
    drivers = [(run.get("tool") or {}).get("driver") or {} for run in runs]
    found.add("tool", ", ".join(str(driver.get("name", "?")) for driver in drivers), "/runs/*/tool/driver/name")
    versions = [str(driver.get("semanticVersion") or driver.get("version") or "?") for driver in drivers]
    found.add("tool_version", ", ".join(versions), "/runs/*/tool/driver/version")
    _source_facts(found, runs, warnings)
    _end_facts(found, runs, doubts, warnings)
    if watched.absolute:
        warnings.append(message("holds absolute paths of the machine that ran it; look at them before disclosing it"))
    if watched.snippet:
        warnings.append(message("holds pieces of the source code; check them for secrets before disclosing it"))
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=(*doubts, *warnings))


read_files = one_log(read)


class _Watched:
    """A file that is looked at on its way for what it should not carry along."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._tail = file, b""
        self.absolute = self.snippet = False

    def read(self, size: int, /) -> bytes:
        """The next bytes."""
        content = self._file.read(size)
        seen = self._tail + content
        self.absolute = self.absolute or _ABSOLUTE.search(seen) is not None
        self.snippet = self.snippet or _SNIPPET.search(seen) is not None
        self._tail = seen[-_OVERLAP:]
        return content


class _Log:
    """What counts of a log; of the results of a run only how many there are of each sort (their text aside)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.top: dict[str, Any] = {}
        self.runs: list[dict[str, Any]] | None = None

    def take(self, member: str, stream: JsonStream) -> bool:
        """Keep what counts of the value of a member."""
        if member in ("version", "inlineExternalProperties"):
            self.top[member] = stream.value()
        elif member == "runs":
            self.runs = []
            for _ in stream.steps():
                self.runs.append(self._run(stream))
                most_different(len(self.runs), self.name)
        else:
            return False
        return True

    def _run(self, stream: JsonStream) -> dict[str, Any]:
        run: dict[str, Any] = {}
        for member in stream.members():
            if member == "results" and not stream.opens("n"):
                run[member] = Counter()
                for result in stream.elements():
                    run[member][json.dumps(_sort(result), default=str)] += 1
                    most_different(len(run[member]), self.name)
            elif member == "tool" and stream.opens("{"):
                run[member] = _tool(stream)
            elif member == "invocations" and stream.opens("["):
                run[member] = [_invocation(stream) for _ in stream.steps()]
            elif member == "artifacts":
                run[member] = sum(1 for _ in stream.listed())
            elif member in _OF_A_RUN:
                run[member] = stream.value()
            else:
                stream.skip()
        return run


def _tool(stream: JsonStream) -> dict[str, Any]:
    """The tool and its extensions, without the help that each rule brings."""
    tool: dict[str, Any] = {}
    for member in stream.members():
        if member == "driver" and stream.opens("{"):
            tool[member] = _component(stream)
        elif member == "extensions" and stream.opens("["):
            tool[member] = [_component(stream) for _ in stream.steps()]
        else:
            stream.skip()
    return tool


def _component(stream: JsonStream) -> dict[str, Any]:
    component: dict[str, Any] = {}
    for member in stream.members():
        if member == "rules" and stream.opens("["):
            component[member] = [stream.fields(("id", "properties", "defaultConfiguration")) for _ in stream.steps()]
        elif member in ("name", "version", "semanticVersion"):
            component[member] = stream.value()
        else:
            stream.skip()
    return component


def _invocation(stream: JsonStream) -> dict[str, Any]:
    """How a run went; of what the tool notes, which may be a line for each file, only the errors."""
    invocation: dict[str, Any] = {}
    for member in stream.members():
        if member in _NOTIFICATIONS and stream.opens("["):
            invocation[member] = [_ERROR for one in stream.elements() if one.get("level") == "error"]
        elif member in ("executionSuccessful", "endTimeUtc", "startTimeUtc"):
            invocation[member] = stream.value()
        else:
            stream.skip()
    return invocation


def _sort(result: dict[str, Any]) -> dict[str, Any]:
    """What tells results apart that count differently."""
    kept = {name: result[name] for name in _OF_A_RESULT if name in result}
    kept["suppressions"] = [
        {"status": one.get("status"), "justification": bool(one.get("justification"))}
        for one in result.get("suppressions") or []
    ]
    return kept


class _Rules:
    """The rules of one run, of the tool and of its extensions, by id and by position."""

    def __init__(self, run: dict[str, Any]) -> None:
        tool = run.get("tool") or {}
        self._of_driver: list[dict[str, Any]] = (tool.get("driver") or {}).get("rules") or []
        of_extensions = [rule for one in tool.get("extensions") or [] for rule in one.get("rules") or []]
        self._by_id: dict[str, dict[str, Any]] = {str(rule.get("id")): rule for rule in [*of_extensions, *self._of_driver]}

    def of(self, result: dict[str, Any]) -> dict[str, Any]:
        """The rule of a result; {} where the log does not describe it. ``A/1`` is a special case of ``A`` (3.27.5)."""
        reference = result.get("rule") or {}
        at = result.get("ruleIndex", reference.get("index", -1))
        if "toolComponent" not in reference and isinstance(at, int) and 0 <= at < len(self._of_driver):
            return self._of_driver[at]
        identifier = str(result.get("ruleId") or reference.get("id") or "")
        while identifier not in self._by_id and "/" in identifier:
            identifier = identifier.rpartition("/")[0]
        return self._by_id.get(identifier, {})


def _result_facts(found: Gatherer, runs: list[dict[str, Any]], warnings: list[str]) -> None:
    counts: Counter[str] = Counter()
    rated = False
    for run in runs:
        rules = _Rules(run)
        for sort, number in (run.get("results") or {}).items():
            result = json.loads(sort)
            suppressions = result["suppressions"]
            rule = rules.of(result)
            counts["total"] += number
            if suppressions and all(one["status"] in _ACCEPTED for one in suppressions):
                counts["suppressed"] += number
                counts["no reason"] += number * (not all(one["justification"] for one in suppressions))
            elif result.get("kind", "fail") in ("open", "review"):
                counts["undecided"] += number
            elif result.get("kind", "fail") == "fail" and result.get("baselineState") != "absent":
                counts[_level(result, rule)] += number
                severity = (rule.get("properties") or {}).get("security-severity")
                rated = rated or severity is not None
                counts["severe"] += number * (severity is not None and _is_severe(severity))
    for fact, level in (("errors_unsuppressed", "error"), ("warnings_unsuppressed", "warning"), ("notes_unsuppressed", "note")):
        found.count(fact, counts[level], _RESULTS, _FINDINGS)
    found.count("suppressed", counts["suppressed"], _RESULTS, _FINDINGS)
    found.count("suppressed_without_reason", counts["no reason"], _RESULTS, _FINDINGS)
    found.count("undecided", counts["undecided"], _RESULTS, _FINDINGS)
    found.count("results_total", counts["total"], _RESULTS, _FINDINGS)
    silenced = [count for run in runs for one in ("nosec", "skipped_tests") if (count := _total(run, one)) is not None]
    if silenced:
        found.count("silenced", sum(silenced), "/runs/*/properties/metrics/_totals", _FINDINGS)
    if sum(silenced):
        warnings.append(
            message("{silenced} findings were silenced by comments in the code and are not in the log", silenced=sum(silenced))
        )
    if rated:
        found.count("severe_unsuppressed", counts["severe"], "/runs/*/tool/driver/rules/*/properties", _FINDINGS)
    if counts["no reason"]:
        warnings.append(message("{number} findings are suppressed without a reason", number=counts["no reason"]))
    if counts["undecided"]:
        warnings.append(
            message("{number} findings wait for a person to decide (kind open or review)", number=counts["undecided"])
        )


def _level(result: dict[str, Any], rule: dict[str, Any]) -> str:
    """The level of a result: its own, else its rule's default, else "warning" (3.27.10); an unknown one is an error."""
    level = result.get("level")
    if level is None:
        level = (rule.get("defaultConfiguration") or {}).get("level", "warning")
    return level if level in _LEVELS else "error"


def _is_severe(score: Any) -> bool:
    """Whether a security-severity is high or critical; one that is no number may be."""
    try:
        return not Decimal(str(score)) < _SEVERE
    except InvalidOperation:
        return True


def _source_facts(found: Gatherer, runs: list[dict[str, Any]], warnings: list[str]) -> None:
    """What was scanned, where the log says it."""
    sources = [one for run in runs for one in run.get("versionControlProvenance") or []]
    for fact, field, what in (("repo", "repositoryUri", "repositories"), ("revision", "revisionId", "revisions")):
        values = {str(one[field]) for one in sources if one.get(field)}
        add_one(found, fact, values, f"/runs/*/versionControlProvenance/*/{field}", warnings, what)


def _end_facts(found: Gatherer, runs: list[dict[str, Any]], doubts: list[str], warnings: list[str]) -> None:
    """Whether every run went to its end, over something, and when the oldest one did."""
    unknown = False
    for run in runs:
        invocations = run.get("invocations") or []
        doubts += _failures(run, invocations)
        if not invocations:
            warnings.append(message("has a run without invocations: it does not say whether it went to its end, or when"))
            unknown = True
            if not _examined(run):
                doubts.append(message("has a run that found nothing and says nothing of itself: nothing shows that it scanned"))
        elif not _examined(run):
            warnings.append(message("has a run that found nothing and does not say what it scanned"))
            unknown = True
    if doubts:
        found.add("completed", False, "/runs/*/invocations")
    elif not unknown:
        found.add("completed", True, "/runs/*/invocations")
    ends = [one.get("endTimeUtc") or one.get("startTimeUtc") for run in runs for one in run.get("invocations") or [{}]]
    given = sorted(str(end) for end in ends if end)
    add_end(found, given[0] if len(given) == len(ends) and ends else None, "/runs/*/invocations/*/endTimeUtc", warnings)


def _failures(run: dict[str, Any], invocations: list[dict[str, Any]]) -> Iterator[str]:
    if run.get("results") is None:
        yield message("has a run without results: it did not scan")
    if any(one.get("executionSuccessful") is not True for one in invocations):
        yield message("the tool says that its run did not succeed")
    if _total(run, "loc") == 0:
        yield message("the tool scanned 0 lines of code")
    notifications = [given for one in invocations for name in _NOTIFICATIONS for given in one.get(name) or []]
    errors = sum(one.get("level") == "error" for one in notifications)
    if errors:
        yield message("the tool reports {errors} errors of its own: what it could not read, it did not scan", errors=errors)


def _examined(run: dict[str, Any]) -> bool:
    """Whether anything in the run shows that there was something to scan."""
    return bool(run.get("results") or run.get("artifacts") or _total(run, "loc"))


def _total(run: dict[str, Any], metric: str) -> int | None:
    """A total that the tool keeps: Bandit counts lines of code, and what comments in the code silenced."""
    metrics = (run.get("properties") or {}).get("metrics")
    totals = metrics.get("_totals") if isinstance(metrics, dict) else None
    total = totals.get(metric) if isinstance(totals, dict) else None
    return total if isinstance(total, int) else None
