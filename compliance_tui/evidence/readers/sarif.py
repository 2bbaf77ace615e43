"""SARIF 2.1.0 (OASIS): results of static analysis. ``level`` defaults to "warning"; suppressed results are counted apart."""

from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.reading import Gatherer, json_object, refuse

READER = "sarif/1"


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a SARIF log. Raises InputError ``unreadable-evidence``."""
    log = json_object(file, name)
    runs = log.get("runs")
    if log.get("version") != "2.1.0" or not isinstance(runs, list):
        refuse(name, "not SARIF 2.1.0, the version that is known here")
    found, warnings = Gatherer(name), []
    found.count("runs", len(runs), "/runs")
    if not runs:
        warnings.append("the log holds no runs: nothing was scanned")
    counts = {"error": 0, "warning": 0, "note": 0, "none": 0}
    suppressed = total = 0
    for run in runs:
        for result in run.get("results") or []:
            total += 1
            if result.get("suppressions"):
                suppressed += 1
            elif result.get("kind", "fail") == "fail" and result.get("baselineState") != "absent":
                counts[_level(result, run)] += 1
    found.count("errors_unsuppressed", counts["error"], "/runs/*/results")
    found.count("warnings_unsuppressed", counts["warning"], "/runs/*/results")
    found.count("notes_unsuppressed", counts["note"], "/runs/*/results")
    found.count("suppressed", suppressed, "/runs/*/results")
    found.count("results_total", total, "/runs/*/results")
    drivers = [(run.get("tool") or {}).get("driver") or {} for run in runs]
    found.add("tool", ", ".join(str(driver.get("name", "?")) for driver in drivers), "/runs/*/tool/driver/name")
    versions = [str(driver.get("semanticVersion") or driver.get("version") or "?") for driver in drivers]
    found.add("tool_version", ", ".join(versions), "/runs/*/tool/driver/version")
    _invocations(found, runs, warnings)
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


def _level(result: dict[str, Any], run: dict[str, Any]) -> str:
    """The level of a result: its own, else its rule's default, else "warning" (SARIF 2.1.0, 3.27.10)."""
    level = result.get("level")
    if level is None:
        rules = ((run.get("tool") or {}).get("driver") or {}).get("rules") or []
        rule: dict[str, Any] = next((one for one in rules if one.get("id") == result.get("ruleId")), {})
        level = (rule.get("defaultConfiguration") or {}).get("level", "warning")
    return level if level in ("error", "warning", "note", "none") else "error"


def _invocations(found: Gatherer, runs: list[dict[str, Any]], warnings: list[str]) -> None:
    invocations = [one for run in runs for one in run.get("invocations") or []]
    if not invocations:
        warnings.append("the log has no invocations: it does not say when it ran, or whether it ran to the end")
        return
    successful = all(one.get("executionSuccessful") is True for one in invocations)
    found.add("completed", successful, "/runs/*/invocations/*/executionSuccessful")
    if not successful:
        warnings.append("the tool says that its run did not succeed")
    ends = [str(one["endTimeUtc"]) for one in invocations if one.get("endTimeUtc")]
    if ends:
        found.add("ran_at", min(ends), "/runs/*/invocations/*/endTimeUtc")
