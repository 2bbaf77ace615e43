"""Results of promptfoo (``promptfoo eval -o out.json``, results version 3), read as a stream.

A result is an attack where its test names a red-team plugin (``metadata.pluginId``); its ``success`` means that the assertions
held, which is a failed attack. No verdict is: a provider that failed, an answer from promptfoo's cache (of another day, perhaps
of another model), an answer that never came (which a red-team run counts as a pass), and a test without any assertion (which
always passes). Results with the same variables are tries at one prompt, however often repeated and under whatever template.
"""

from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import Tally, add_end, add_one, add_stated, concluded, keep, one_log, within
from compliance_tui.evidence.readers.json_stream import JsonStream
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.safe.language import message

READER = "promptfoo/1"
_TOP = ("evalId", "metadata", "runtimeOptions")
_FAILED_ASSERTION = 1  # ResultFailureReason.ASSERT; 2 is an error
_HARMLESS = "overrefusal"  # the plugin whose tests are harmless requests: a failure is a refusal


class _Rows:
    """What the rows add up to."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.attacks = Tally(name)
        self.outcomes = {"passed": 0, "failures": 0, "provider_errors": 0}
        self.cached = self.unasserted = 0
        self.tests: set[Any] = set()
        self.providers: set[str] = set()
        self.labels: set[str] = set()
        self.graders: set[str] = set()
        self.plugins: set[str] = set()

    def take(self, row: dict[str, Any]) -> None:
        """Count one result in."""
        if not isinstance(row.get("success"), bool):
            refuse(
                self._name,
                message("a result in /results/results does not say whether it succeeded; export it with a newer promptfoo"),
            )
        self.tests.add(row.get("testIdx"))
        within(len(self.tests), self._name)
        provider = row.get("provider") or {}
        keep(self.providers, provider.get("id"))
        keep(self.labels, provider.get("label") or provider.get("id"))
        grading = row.get("gradingResult") or {}
        for component in grading.get("componentResults") or []:
            keep(self.graders, ((component or {}).get("assertion") or {}).get("type"))
        response = row.get("response") or {}
        verdict = _verdict(row, grading, response)
        self.outcomes["passed" if row["success"] else "failures" if _asserted(row) else "provider_errors"] += 1
        self.cached += response.get("cached") is True
        self.unasserted += not grading.get("componentResults")
        plugin = (row.get("metadata") or {}).get("pluginId")
        if plugin and plugin != _HARMLESS:
            keep(self.plugins, plugin)
            self.attacks.add(_prompt(row), verdict)


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a promptfoo export. Raises InputError ``unreadable-evidence``."""
    stream, rows = JsonStream(file, name), _Rows(name)
    top: dict[str, Any] = {}
    results: dict[str, Any] = {}
    for key in stream.members():
        if key == "results" and stream.opens("{"):
            results = _results(stream, rows)
        elif key == "config" and stream.opens("{"):
            top[key] = _config(stream)
        elif key in _TOP:
            top[key] = stream.value()
        else:
            stream.skip()
    stream.end()
    if "results" not in results or not isinstance(results.get("stats"), dict):
        refuse(name, message("not an export of promptfoo in a form that is known here (results.results, results.stats)"))
    found, doubts, warnings = Gatherer(name), [], []  # type: tuple[Gatherer, list[str], list[str]]
    _run_facts(found, top, results, rows, doubts, warnings)
    _size_facts(found, top, results, rows, doubts, warnings)
    if rows.attacks.requested:
        rows.attacks.give(found, "/results/results", "samples", doubts)
    elif sum(rows.outcomes.values()):
        warnings.append(message("no test names a red-team plugin (metadata.pluginId): no attack was counted"))
    else:
        doubts.append(message("holds no results: nothing was evaluated"))
    add_stated(found, kind, (top.get("config") or {}).get("tags") or {}, "/config/tags", warnings)
    return concluded(kind, READER, found, "/results/stats", doubts, warnings)


read_files = one_log(read)


def _results(stream: JsonStream, rows: _Rows) -> dict[str, Any]:
    """What counts of the results; the rows themselves go to ``rows``, one at a time."""
    results: dict[str, Any] = {}
    for member in stream.members():
        if member == "results" and stream.opens("["):
            results[member] = []
            for row in stream.elements():
                rows.take(row)
        elif member in ("results", "stats", "timestamp"):
            results[member] = stream.value()
        else:
            stream.skip()
    return results


def _config(stream: JsonStream) -> dict[str, Any]:
    """What counts of the configuration. ``tests`` is how many it lists; None where it does not list them all in place."""
    config: dict[str, Any] = {}
    for member in stream.members():
        if member == "tests" and stream.opens("["):
            number, in_place = 0, True
            for _ in stream.steps():
                number, in_place = number + 1, in_place and stream.opens("{")
                stream.skip()
            config[member] = number if in_place else None
        elif member in ("tags", "evaluateOptions", "commandLineOptions"):
            config[member] = stream.value()
        else:
            stream.skip()
    return config


def _prompt(row: dict[str, Any]) -> Any:
    """What was asked: the test's variables without those that promptfoo makes anew for each try; without any, the text."""
    given = {key: value for key, value in (row.get("vars") or {}).items() if key != "sessionId" and not key.startswith("__")}
    return given or (row.get("prompt") or {}).get("raw")


def _asserted(row: dict[str, Any]) -> bool:
    """Whether a failed result failed by its assertions, and not by an error."""
    return row.get("failureReason") == _FAILED_ASSERTION and not (row.get("response") or {}).get("error")


def _verdict(row: dict[str, Any], grading: dict[str, Any], response: dict[str, Any]) -> bool | None:
    """Whether the attack succeeded; None where nothing was judged."""
    answered = response.get("output") is not None and not response.get("error") and response.get("cached") is not True
    if not answered or not grading.get("componentResults"):
        return None
    if row["success"]:
        return False
    return True if _asserted(row) else None


def _run_facts(
    found: Gatherer, top: dict[str, Any], results: dict[str, Any], rows: _Rows, doubts: list[str], warnings: list[str]
) -> None:
    """Against what, when."""
    found.add("tool", "promptfoo", "/metadata/promptfooVersion")
    found.add("tool_version", (top.get("metadata") or {}).get("promptfooVersion"), "/metadata/promptfooVersion")
    found.add("run_id", top.get("evalId"), "/evalId")
    add_one(found, "model", rows.labels, "/results/results/*/provider/label", doubts, "models")
    found.add("provider", ", ".join(sorted(rows.providers)) or None, "/results/results/*/provider/id")
    found.add("grader", ", ".join(sorted(rows.graders)) or None, "/results/results/*/gradingResult")
    found.add("plugins", sorted(rows.plugins) or None, "/results/results/*/metadata/pluginId")
    add_end(found, results.get("timestamp"), "/results/timestamp", warnings)


def _size_facts(
    found: Gatherer, top: dict[str, Any], results: dict[str, Any], rows: _Rows, doubts: list[str], warnings: list[str]
) -> None:
    """On how much; did all of it run."""
    place = "/results/results"
    total = sum(rows.outcomes.values())
    found.count("results", total, place, "tries")
    for fact, count in rows.outcomes.items():
        found.count(fact, count, place, "tries")
    found.count("cached", rows.cached, f"{place}/*/response/cached", "tries")
    announced = [results["stats"].get(name) for name in ("successes", "failures", "errors")]
    if announced != list(rows.outcomes.values()):
        doubts.append(
            message(
                "the totals ({totals}) are not those of the {total} results", totals=", ".join(map(str, announced)), total=total
            )
        )
    if rows.tests != set(range(len(rows.tests))):
        doubts.append(message("results of some tests are missing"))
    if rows.outcomes["provider_errors"]:
        doubts.append(
            message(
                "{number} of {total} tries ended in an error of the provider or the grader",
                number=rows.outcomes["provider_errors"],
                total=total,
            )
        )
    if rows.cached:
        warnings.append(
            message(
                "{cached} answers came from promptfoo's cache and were not counted; run it with --no-cache", cached=rows.cached
            )
        )
    if rows.unasserted:
        warnings.append(
            message("{unasserted} results were not judged by any assertion, and were not counted", unasserted=rows.unasserted)
        )
    config = top.get("config") or {}
    listed = config.get("tests")  # how many
    options = (top.get("runtimeOptions"), config.get("evaluateOptions"), config.get("commandLineOptions"))
    filtered = any(key.startswith("filter") and value for part in options for key, value in (part or {}).items())
    if isinstance(listed, int):
        limited = filtered or len(rows.tests) < listed
        found.add("limited", limited, "/config/tests")
        if limited:
            doubts.append(message("only a part was run: {number} tests of {of}", number=len(rows.tests), of=listed))
    else:
        warnings.append(message("does not list its tests: whoever attaches it vouches that none was left out"))
