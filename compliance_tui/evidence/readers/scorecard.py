"""OpenSSF Scorecard in JSON, as ``scorecard --format json`` writes it (ossf/scorecard, pkg/scorecard/json.v2.schema).

Scores are 0 to 10. A score of −1 means that a check came to no conclusion: it is no number, and the aggregate leaves it out.
"""

import re
from decimal import Decimal
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import add_end, concluded, one_log
from compliance_tui.evidence.readers.reading import Gatherer, json_object, refuse
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

READER = "scorecard/1"
_INCONCLUSIVE = -1


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a Scorecard result. Raises InputError ``unreadable-evidence``."""
    result = json_object(file, name)
    checks, tool = result.get("checks"), result.get("scorecard")
    if not isinstance(checks, list) or not isinstance(tool, dict) or "score" not in result:
        refuse(name, message("not a result of Scorecard in JSON (score, scorecard, checks)"))
    found, doubts, warnings = Gatherer(name), list[str](), list[str]()
    found.add("tool", "scorecard", "/scorecard")
    found.add("tool_version", tool.get("version"), "/scorecard/version")
    _repo_facts(found, result.get("repo") or {}, warnings)
    names = [one["name"] for one in checks]
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None or not all(isinstance(one, str) and re.fullmatch(r"[A-Za-z0-9-]{1,60}", one) for one in names):
        refuse(name, message("names a check twice, or gives one a name that no check has"))
    inconclusive = [one["name"] for position, one in enumerate(checks) if not _score(found, one, position, name)]
    found.count("checks", len(checks), "/checks", "checks")
    found.count("inconclusive", len(inconclusive), "/checks/*/score", "checks")
    if inconclusive:
        warnings.append(
            message(
                "came to no conclusion, and not counted in the score: {checks}", checks=", ".join(map(clean_line, inconclusive))
            )
        )
    if len(inconclusive) == len(checks):
        doubts.append(message("no check came to a conclusion: nothing was scored"))
    failed = [one["name"] for one in checks if str(one.get("reason")).startswith("internal error")]
    if failed:
        doubts.append(message("could not be run: {checks}", checks=", ".join(map(clean_line, failed))))
    score = result["score"]
    if _is_score(score):
        found.add("score", score, "/score", "points")
    elif score != _INCONCLUSIVE:
        refuse(name, message("its score is not a number from 0 to 10"))
    add_end(found, result.get("date"), "/date", warnings)
    return concluded(kind, READER, found, "/checks", doubts, warnings)


read_files = one_log(read)


def _score(found: Gatherer, check: dict[str, Any], position: int, name: str) -> bool:
    """Whether the check has a score, which becomes the fact ``check.<name>``."""
    score = check.get("score")
    if score == _INCONCLUSIVE and not isinstance(score, bool):
        return False
    if not _is_score(score):
        refuse(name, message("the score of {check} is not a number from 0 to 10", check=clean_line(check["name"], 60)))
    found.add(f"check.{check['name']}", score, f"/checks/{position}/score", "points")
    return True


def _is_score(score: Any) -> bool:
    return isinstance(score, int | Decimal) and not isinstance(score, bool) and 0 <= score <= 10


def _repo_facts(found: Gatherer, repo: dict[str, Any], warnings: list[str]) -> None:
    commit = str(repo.get("commit") or "")
    found.add("repo", repo.get("name"), "/repo/name")
    if re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", commit) and commit.strip("0"):
        found.add("commit", commit, "/repo/commit")
    else:
        warnings.append(message("does not say which commit was scored"))
    if str(repo.get("name")).startswith("file:"):
        warnings.append(message("a local folder was scored: what only the host of the repository knows was not looked at"))
