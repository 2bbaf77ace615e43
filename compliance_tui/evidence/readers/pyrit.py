"""Results of attacks by PyRIT (1.1): one ``AttackResult`` a line, as ``AttackResult.model_dump_json()`` writes it.

PyRIT has no command that exports them. An attack has one of four outcomes: success, failure, error (the attack broke down, and
nothing was refused) and undetermined (nobody judged it); the last two are no verdict. Attacks with one objective are tries at
one behaviour. The lines do not say how many there should be, so the attester vouches that the file is whole.
"""

from collections import Counter
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import Tally, add_end, add_one, add_stated, concluded, is_instant, keep, one_log
from compliance_tui.evidence.readers.json_stream import decoder, json_line, json_lines
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import message

READER = "pyrit/1"
_VERDICTS = {"success": True, "failure": False, "error": None, "undetermined": None}


class _Results:
    """What the lines add up to."""

    def __init__(self, name: str) -> None:
        self.tally = Tally(name)
        self.outcomes: Counter[str] = Counter()
        self.models: set[str] = set()
        self.scorers: set[str] = set()
        self.attacks: set[str] = set()
        self.versions: set[str] = set()
        self.runs: set[str] = set()
        self.turns = 0
        self.ended: tuple[Any, int] = (None, 0)
        self.undated = 0
        self.labels: dict[str, Any] | None = None

    def take(self, result: dict[str, Any], number: int) -> None:
        """Count one attack in."""
        self.tally.add(result["objective"], _VERDICTS[result["outcome"]])
        self.outcomes[result["outcome"]] += 1
        attack = _attack(result)
        children = attack.get("children") or {}
        target, scorer = children.get("objective_target") or {}, children.get("objective_scorer") or {}
        keep(self.models, target.get("model_name") or target.get("class_name"))
        keep(self.scorers, scorer.get("class_name"))
        keep(self.attacks, attack.get("class_name"))
        keep(self.versions, attack.get("pyrit_version"))
        keep(self.runs, result.get("attribution_parent_id"))
        if isinstance(turns := result.get("executed_turns"), int):
            self.turns = max(self.turns, turns)
        stamp = result["timestamp"]
        if not is_instant(stamp):
            self.undated += 1
        elif self.ended[0] is None or parse_instant(stamp) > parse_instant(self.ended[0]):
            self.ended = stamp, number
        labels = result.get("labels") or {}
        before = labels if self.labels is None else self.labels
        self.labels = {key: value for key, value in before.items() if labels.get(key) == value}


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of attack results. Raises InputError ``unreadable-evidence``."""
    results, decoded_by, number = _Results(name), decoder(name), 0
    for number, line in json_lines(file, name):
        result = json_line(line, number, name, decoded_by)
        if not {"objective", "outcome", "timestamp"} <= result.keys() or result["outcome"] not in _VERDICTS:
            refuse(
                name,
                message(
                    "line {number}: no attack result in the form of PyRIT 1.1 (objective, outcome, timestamp)", number=number
                ),
            )
        results.take(result, number)
    if not number:
        refuse(name, message("is empty"))
    found, doubts, warnings = Gatherer(name), [], []  # type: tuple[Gatherer, list[str], list[str]]
    every = "line *"
    add_one(found, "model", results.models, f"{every}/objective_target/model_name", doubts, "models")
    if not results.models:
        doubts.append(message("does not say which model was attacked; state it when attaching"))
    if len(results.runs) == 1:
        found.add("run_id", next(iter(results.runs)), f"{every}/attribution_parent_id")
    found.add("tool", "PyRIT", every)
    for fact, names in (("tool_version", results.versions), ("grader", results.scorers), ("attacks", results.attacks)):
        found.add(fact, ", ".join(sorted(names)) or None, every)
    found.count("turns", results.turns, f"{every}/executed_turns", "turns")
    add_end(found, results.ended[0], f"line {results.ended[1]}/timestamp", warnings)
    if results.undated:
        warnings.append(message("{undated} results have no time with an offset from UTC", undated=results.undated))
    found.count("results", results.outcomes.total(), every, "tries")
    found.count("undetermined", results.outcomes["undetermined"], f"{every}/outcome", "tries")
    results.tally.give(found, f"{every}/outcome", "samples", doubts)
    add_stated(found, kind, results.labels or {}, f"{every}/labels", warnings)
    warnings.append(message("does not say how many attacks were planned: whoever attaches it vouches that the file is whole"))
    return concluded(kind, READER, found, f"{every}/outcome", doubts, warnings)


read_files = one_log(read)


def _attack(result: dict[str, Any]) -> dict[str, Any]:
    """The identifier of the attack; without a technique around it in older rows."""
    children = (result.get("atomic_attack_identifier") or {}).get("children") or {}
    technique = (children.get("attack_technique") or {}).get("children") or {}
    return technique.get("attack") or children.get("attack") or {}
