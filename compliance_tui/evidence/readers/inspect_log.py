"""Logs of Inspect (inspect_ai, log version 2): ``.eval`` (a ZIP, deflate or Zstandard) and ``.json``.

The format is not frozen, so an unknown version is refused. The header and the summaries are read, never the samples: a
log of a gigabyte costs what its directory costs. Repeated epochs of one prompt are not independent, so counts are over
distinct samples: a sample counts as a success when it was one in any epoch.
"""

import json
import re
import zipfile
from decimal import Decimal
from typing import Any, BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.reading import LARGEST, Gatherer, all_bytes, refuse
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.strict_json import load_json

READER = "inspect-log/1"
_VERSION = 2
_LARGEST_MEMBER = 64 * (1 << 20)
_MOST_MEMBERS = 1_000_000
_ZSTANDARD = 93
_YES = ("C", "c", "yes", "true", True, 1, Decimal(1))


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of an Inspect log. Raises InputError ``unreadable-evidence``."""
    start = file.read(4)
    file.seek(0)
    warnings: list[str] = []
    if start == b"PK\x03\x04":
        header, summaries, place = _from_zip(file, name)
    else:
        header, summaries = _from_json(file, name)
        place = ""
    if header.get("version") != _VERSION or not isinstance(header.get("eval"), dict):
        refuse(name, "not an Inspect log of version 2, the one that is known here")
    found = Gatherer(name)
    _run_facts(found, header, place, warnings)
    _size_facts(found, header, place, warnings)
    _measure_facts(found, header, summaries, place, warnings)
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


def _from_zip(file: BinaryIO, name: str) -> tuple[dict[str, Any], list[Any] | None, str]:
    try:
        with zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > _MOST_MEMBERS:
                refuse(name, "holds too many members")
            if any(info.compress_type == _ZSTANDARD for info in archive.infolist()):
                return _from_zstandard(file, name)
            return _members(archive, name)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        refuse(name, f"a damaged log ({str(error)[:60].lower()}); copy it again")


def _from_zstandard(file: BinaryIO, name: str) -> tuple[dict[str, Any], list[Any] | None, str]:
    try:
        from backports.zstd import ZstdError
        from backports.zstd import zipfile as zstd_zipfile
    except ImportError:  # Python 3.14 and later have it built in, and plain zipfile reads such logs
        refuse(name, "packed with Zstandard; install the package backports.zstd to read it")

    file.seek(0)
    try:
        with zstd_zipfile.ZipFile(file) as archive:
            return _members(archive, name)
    except (ZstdError, zstd_zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        refuse(name, f"a damaged log ({str(error)[:60].lower()}); copy it again")


def _members(archive: Any, name: str) -> tuple[dict[str, Any], list[Any] | None, str]:
    names = set(archive.namelist())
    if "header.json" not in names:
        refuse(name, "has no header.json: the run did not end, or this is no Inspect log")
    header = _member(archive, "header.json", name)
    summaries = _member(archive, "summaries.json", name) if "summaries.json" in names else None
    if not isinstance(header, dict):
        refuse(name, "its header.json is not an object")
    return header, summaries if isinstance(summaries, list) else None, "header.json"


def _member(archive: Any, member: str, name: str) -> Any:
    with archive.open(member) as stream:
        content = all_bytes(stream, f"{name}/{member}", _LARGEST_MEMBER)
    return load_json(content, f"{name}/{member}", limit=_LARGEST_MEMBER)


def _from_json(file: BinaryIO, name: str) -> tuple[dict[str, Any], list[Any] | None]:
    content = all_bytes(file, name, LARGEST)
    try:
        value = load_json(content, name, limit=LARGEST)
    except InputError as error:
        if "NaN" in str(error) or "Infinity" in str(error):
            refuse(name, "holds NaN or Infinity as a number; a score that is not a number measures nothing")
        raise
    if not isinstance(value, dict):
        refuse(name, "must hold a JSON object")
    samples = value.get("samples")
    return value, samples if isinstance(samples, list) else None


def _run_facts(found: Gatherer, header: dict[str, Any], place: str, warnings: list[str]) -> None:
    run = header["eval"]
    found.add("status", header.get("status"), f"{place}/status")
    invalidated = header.get("invalidated", False)
    results = header.get("results") or {}
    early = results.get("early_stopping")
    completed = header.get("status") == "success" and not invalidated and not header.get("error") and not early
    if header.get("error"):
        warnings.append("the run ended in an error")
    if invalidated:
        warnings.append("the log was invalidated")
    if early:
        warnings.append("the run was stopped early")
    found.add("completed", completed, f"{place}/status")
    found.add("invalidated", bool(invalidated), f"{place}/invalidated")
    for fact in ("task", "model", "created"):
        found.add(fact, run.get(fact), f"{place}/eval/{fact}")
    found.add("ran_at", (header.get("stats") or {}).get("completed_at") or run.get("created"), f"{place}/stats/completed_at")
    version = run.get("task_version")
    found.add("task_version", str(version) if version is not None else None, f"{place}/eval/task_version")
    revision = run.get("revision") or {}
    if isinstance(revision.get("dirty"), bool):
        found.add("dirty_revision", revision["dirty"], f"{place}/eval/revision/dirty")
    metadata = run.get("metadata") or {}
    for fact in ("model_digest", "attack_budget", "measure"):
        found.add(fact, metadata.get(fact), f"{place}/eval/metadata/{fact}")
    if isinstance(metadata.get("contamination_checked"), bool):
        found.add("contamination_checked", metadata["contamination_checked"], f"{place}/eval/metadata/contamination_checked")
    found.add("tool", "inspect_ai", f"{place}/eval/packages")
    found.add("tool_version", (run.get("packages") or {}).get("inspect_ai"), f"{place}/eval/packages/inspect_ai")
    if run.get("model_args"):
        warnings.append("the log holds the model's arguments (eval.model_args); check them for secrets before disclosing it")


def _size_facts(found: Gatherer, header: dict[str, Any], place: str, warnings: list[str]) -> None:
    run = header["eval"]
    config, results = run.get("config") or {}, header.get("results") or {}
    limited = config.get("limit") is not None
    found.add("limited", limited, f"{place}/eval/config/limit")
    if limited:
        warnings.append("the run was limited to a part of the dataset")
    for fact in ("token_limit", "message_limit", "epochs"):
        found.count(fact, config.get(fact), f"{place}/eval/config/{fact}")
    found.add("cost_limit", config.get("cost_limit"), f"{place}/eval/config/cost_limit")
    stated = config.get("token_limit") is not None or config.get("cost_limit") is not None
    found.add("budget_stated", stated, f"{place}/eval/config")
    found.count("requested", (run.get("dataset") or {}).get("samples"), f"{place}/eval/dataset/samples")
    found.count("total_samples", results.get("total_samples"), f"{place}/results/total_samples")
    found.count("completed_samples", results.get("completed_samples"), f"{place}/results/completed_samples")
    total, completed = results.get("total_samples"), results.get("completed_samples")
    if isinstance(total, int) and isinstance(completed, int) and completed < total:
        warnings.append(f"only {completed} of {total} samples were completed")
    if (config.get("epochs") or 1) != 1:
        warnings.append("samples were repeated (epochs); counts are over distinct samples")


def _measure_facts(
    found: Gatherer, header: dict[str, Any], summaries: list[Any] | None, place: str, warnings: list[str]
) -> None:
    scores = (header.get("results") or {}).get("scores") or []
    if not scores:
        warnings.append("the log holds no scores: nothing was evaluated")
        return
    for position, score in enumerate(scores[:50]):
        where = f"{place}/results/scores/{position}"
        for metric, value in list((score.get("metrics") or {}).items())[:50]:
            number = value.get("value") if isinstance(value, dict) else None
            if isinstance(number, int | Decimal) and not isinstance(number, bool):
                found.add(f"{_word(score.get('name'))}.{_word(metric)}", number, f"{where}/metrics/{metric}/value")
    found.add("grader", str(scores[0].get("scorer") or scores[0].get("name")), f"{place}/results/scores/0/scorer")
    if summaries is None:
        found.count("scored_samples", scores[0].get("scored_samples"), f"{place}/results/scores/0/scored_samples")
        warnings.append("the log has no samples or summaries: no successes can be counted")
        return
    source = "summaries.json" if place else "/samples"
    found.count("model_fallbacks", sum(bool(one.get("model_fallbacks")) for one in summaries), source)
    totals = []
    for position, score in enumerate(scores[:50]):
        successes, total = _count(summaries, score)
        totals.append(total)
        found.count(_word(score.get("name")), successes, source)
        scored = score.get("scored_samples")
        if isinstance(scored, int) and scored != total:
            warnings.append(f"score {position + 1}: the header says {scored} scored samples, the samples show {total}")
    found.count("scored_samples", min(totals), source)
    if min(totals) == 0:
        warnings.append("no sample was scored: nothing was evaluated")
    measure = (header["eval"].get("metadata") or {}).get("measure")
    if isinstance(measure, str):
        # A task that measures one thing may say its name, whatever its scorer is called.
        found.count(_word(measure.replace("-", "_")), _count(summaries, scores[0])[0], source)
    elif len(scores) == 1:
        found.count("solved", _count(summaries, scores[0])[0], source)


def _count(summaries: list[Any], score: dict[str, Any]) -> tuple[int, int]:
    """Distinct samples with a success under the score, and distinct samples that it scored.

    A scorer with several scores keeps them in one value, by name.
    """
    outcomes: dict[str, bool] = {}
    for sample in summaries:
        given = (sample.get("scores") or {}).get(score.get("scorer") or score.get("name"))
        value = given.get("value") if isinstance(given, dict) else None
        if isinstance(value, dict):
            value = value.get(score.get("name"))
        if value is None or isinstance(value, list | dict) or sample.get("error"):
            continue
        identifier = json.dumps(sample.get("id"), default=str)
        outcomes[identifier] = outcomes.get(identifier, False) or value in _YES
    return sum(outcomes.values()), len(outcomes)


def _word(text: Any) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", str(text))[:30].strip("_") or "score"
