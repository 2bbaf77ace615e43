"""Logs of Inspect (inspect_ai, log version 2): ``.eval`` (a ZIP, deflate or Zstandard) and ``.json``.

The format is not frozen, so an unknown version is refused. Of a ``.eval`` the directory, the header and the summaries are
read, never the samples: a log of a gigabyte costs what those cost. A ``.json`` has its samples after its header, and is read
as a stream. Repeated epochs of one sample are not independent, so counts are over distinct samples: a sample counts as a
success when it was one in any epoch. As in Inspect, the last entry of a sample and epoch stands, and NaN means "not scored".
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers.evaluation import (
    MEASURED,
    add_end,
    add_stated,
    concluded,
    is_instant,
    one_log,
    share,
    within,
)
from compliance_tui.evidence.readers.json_stream import JsonStream
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.evidence.readers.zip_member import Member, directory
from compliance_tui.safe.language import message, remade

READER = "inspect-log/2"
_VERSION = 2
_LARGEST_HEADER, _LARGEST_SUMMARIES = 64 << 20, 256 << 20
_LARGEST_JSON = 1 << 30
_MOST_SCORES = 50
# Inspect's own spellings of a yes and a no (inspect_ai.scorer.value_to_float); anything between is a grade.
_YES = ("C", "c", "yes", "true", "1", 1)
_NO = ("I", "i", "N", "n", "no", "false", "0", 0)
_GRADE = "grade"
_HEADER = ("version", "status", "eval", "results", "stats", "error", "invalidated", "log_updates", "config_updates")
_SAMPLE = ("id", "epoch", "scores", "limit", "error", "completed", "model_fallbacks")


class _Sample(NamedTuple):
    """What counts of one sample in one epoch: its verdicts, each with the scorer and the name of the score ("" for an only
    one), and what happened to it. The same few occur again and again, and are kept once."""

    verdicts: tuple[tuple[str, str, bool | str], ...]
    failed: bool
    fallback: bool
    limit: str
    edited: bool


_Samples = dict[tuple[str, Any], _Sample]


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of an Inspect log. Raises InputError ``unreadable-evidence``."""
    packed = file.read(4) == b"PK\x03\x04"
    file.seek(0)
    header, samples = _from_zip(file, name) if packed else _from_json(file, name)
    if header.get("version") != _VERSION or not isinstance(header.get("eval"), dict):
        refuse(
            name,
            message(
                "not an Inspect log of version {version}, the one that is known here; convert it with `inspect log convert`",
                version=_VERSION,
            ),
        )
    place = "header.json" if packed else ""
    found, doubts, warnings = Gatherer(name), [], []  # type: tuple[Gatherer, list[str], list[str]]
    _run_facts(found, header, place, warnings)
    _end_facts(found, header, place, doubts, warnings)
    _size_facts(found, header, place, doubts, warnings)
    _measure_facts(found, header, samples, place, kind, doubts, warnings)
    add_stated(found, kind, header["eval"].get("metadata") or {}, f"{place}/eval/metadata", warnings)
    return concluded(kind, READER, found, f"{place}/status", doubts, warnings)


read_files = one_log(read)


def _from_zip(file: BinaryIO, name: str) -> tuple[dict[str, Any], _Samples | None]:
    members = directory(file, name)
    if "header.json" not in members:
        refuse(name, message("has no header.json: the run did not end, or this is no Inspect log"))
    stream = JsonStream(Member(file, members["header.json"], name, _LARGEST_HEADER), f"{name}/header.json")
    header = _header(stream, stream.members())
    stream.end()
    if "summaries.json" not in members:
        return header, None
    stream = JsonStream(Member(file, members["summaries.json"], name, _LARGEST_SUMMARIES), f"{name}/summaries.json")
    samples = _samples(stream.elements(), name)
    stream.end()
    return header, samples


def _from_json(file: BinaryIO, name: str) -> tuple[dict[str, Any], _Samples | None]:
    stream = JsonStream(file, name, _LARGEST_JSON)
    samples: _Samples | None = None

    def without_samples() -> Iterator[str]:
        nonlocal samples
        for key in stream.members():
            if key == "samples" and stream.opens("["):
                samples = _samples((stream.fields(_SAMPLE) for _ in stream.steps()), name)
            else:
                yield key

    header = _header(stream, without_samples())
    stream.end()
    return header, samples


def _header(stream: JsonStream, keys: Iterator[str]) -> dict[str, Any]:
    """What counts of the header; other members are passed over."""
    header = {}
    for key in keys:
        if key in _HEADER:
            header[key] = stream.value()
        else:
            stream.skip()
    return header


def _samples(elements: Iterator[Any], name: str) -> _Samples:
    samples: _Samples = {}
    known: dict[_Sample, _Sample] = {}
    for one in elements:
        scores = one.get("scores") or {}
        limit = one.get("limit")
        sample = _Sample(
            verdicts=tuple(islice(_verdicts(scores), _MOST_SCORES)),
            failed=bool(one.get("error")) or one.get("completed") is False,
            fallback=bool(one.get("model_fallbacks")),
            limit=str(limit.get("type") if isinstance(limit, dict) else limit or "")[:20],
            edited=any(score.get("history") for score in scores.values()),
        )
        samples[str(one["id"]), one.get("epoch", 1)] = known.setdefault(sample, sample)
        within(len(samples), name)
    return samples


def _verdicts(scores: dict[str, Any]) -> Iterator[tuple[str, str, bool | str]]:
    """Each score that there is: yes, no, or a grade. A scorer with several scores keeps them in one value, by name."""
    for scorer, score in scores.items():
        value = score.get("value")
        for name, one in value.items() if isinstance(value, dict) else (("", value),):
            if one is None:
                continue
            plain = not isinstance(one, list | dict)
            yield scorer, name, True if plain and one in _YES else False if plain and one in _NO else _GRADE


def _run_facts(found: Gatherer, header: dict[str, Any], place: str, warnings: list[str]) -> None:
    run = header["eval"]
    for fact in ("task", "model"):
        found.add(fact, run.get(fact), f"{place}/eval/{fact}")
    if is_instant(run.get("created")):
        found.add("created", run["created"], f"{place}/eval/created")
    ended = (header.get("stats") or {}).get("completed_at")
    end, where = (ended, "stats/completed_at") if ended else (run.get("created"), "eval/created")
    add_end(found, end, f"{place}/{where}", warnings)
    version = run.get("task_version")
    found.add("task_version", str(version) if version is not None else None, f"{place}/eval/task_version")
    # One run of the program may write several logs; eval_id is the log's own, and older logs lack it.
    if run.get("eval_id"):
        found.add("run_id", run["eval_id"], f"{place}/eval/eval_id")
    elif run.get("run_id"):
        found.add("run_id", f"{run['run_id']}/{run.get('task_id') or ''}", f"{place}/eval/run_id")
    revision = run.get("revision") or {}
    if isinstance(revision.get("dirty"), bool):
        found.add("dirty_revision", revision["dirty"], f"{place}/eval/revision/dirty")
    found.add("measure", (run.get("metadata") or {}).get("measure"), f"{place}/eval/metadata/measure")
    found.add("tool", "inspect_ai", f"{place}/eval/packages")
    found.add("tool_version", (run.get("packages") or {}).get("inspect_ai"), f"{place}/eval/packages/inspect_ai")
    if run.get("model_args"):
        warnings.append(
            message("the log holds the model's arguments (eval.model_args); check them for secrets before disclosing it")
        )
    if header.get("log_updates") or header.get("config_updates"):
        warnings.append(
            message("the log or its configuration was changed during or after the run (log_updates, config_updates)")
        )


def _end_facts(found: Gatherer, header: dict[str, Any], place: str, doubts: list[str], warnings: list[str]) -> None:
    """Did it end, and end well."""
    status, results = header.get("status"), header.get("results") or {}
    found.add("status", status, f"{place}/status")
    found.add("invalidated", bool(header.get("invalidated")), f"{place}/invalidated")
    if status != "success":
        doubts.append(message("the run did not end in success (status {status!r})", status=str(status)[:30]))
    if header.get("error"):
        doubts.append(message("the run ended in an error"))
    if header.get("invalidated"):
        doubts.append(message("the log was invalidated"))
    if results.get("early_stopping"):
        doubts.append(message("the run was stopped early"))
    total, completed = results.get("total_samples"), results.get("completed_samples")
    found.count("total_samples", total, f"{place}/results/total_samples")
    found.count("completed_samples", completed, f"{place}/results/completed_samples")
    counts = [count for count in (total, completed, results.get("logged_samples")) if count is not None]
    if any(not isinstance(count, int) or count < 0 for count in counts):
        doubts.append(
            message("a number of samples in its header is no count ({counts})", counts=", ".join(map(str, counts))[:60])
        )
    elif counts and min(counts) < max(counts):
        doubts.append(message("only {least} of {most} samples were completed", least=min(counts), most=max(counts)))


def _size_facts(found: Gatherer, header: dict[str, Any], place: str, doubts: list[str], warnings: list[str]) -> None:
    """On how much."""
    config, dataset = header["eval"].get("config") or {}, header["eval"].get("dataset") or {}
    size, chosen = dataset.get("samples"), dataset.get("sample_ids")
    found.count("requested", size, f"{place}/eval/dataset/samples", "samples")
    if "requested" not in found.facts:
        doubts.append(message("does not say how many samples the dataset has"))
    part = isinstance(chosen, list) and isinstance(size, int) and 0 < len(chosen) < size
    limited = config.get("limit") is not None or config.get("sample_id") is not None or part
    found.add("limited", limited, f"{place}/eval/config/limit")
    if limited:
        doubts.append(message("the run was limited to a part of the dataset"))
    for fact, unit in (("token_limit", "tokens"), ("message_limit", "messages"), ("epochs", "")):
        found.count(fact, config.get(fact), f"{place}/eval/config/{fact}", unit)
    found.add("cost_limit", config.get("cost_limit"), f"{place}/eval/config/cost_limit")
    stated = config.get("token_limit") is not None or config.get("cost_limit") is not None
    found.add("budget_stated", stated, f"{place}/eval/config")
    if (config.get("epochs") or 1) != 1:
        warnings.append(message("samples were repeated (epochs); counts are over distinct samples"))


def _measure_facts(
    found: Gatherer,
    header: dict[str, Any],
    samples: _Samples | None,
    place: str,
    kind: Kind,
    doubts: list[str],
    warnings: list[str],
) -> None:
    """With which result."""
    scores = ((header.get("results") or {}).get("scores") or [])[:_MOST_SCORES]
    if not scores:
        doubts.append(message("the log holds no scores: nothing was evaluated"))
    for position, score in enumerate(scores):
        _metric_facts(found, score, f"{place}/results/scores/{position}", warnings)
    if scores:
        found.add("grader", str(scores[0].get("scorer") or scores[0].get("name")), f"{place}/results/scores/0/scorer")
    source = "summaries.json" if place else "/samples"
    if samples is None:
        found.count("scored_samples", 0, source, "samples")
        doubts.append(message("the log has no samples or summaries: nothing can be counted"))
        return
    _sample_facts(found, list(samples.values()), source, doubts, warnings)
    counts = [_count(samples, score) for score in scores]
    for position, (score, (_, total)) in enumerate(zip(scores, counts, strict=True), 1):
        if (scored := score.get("scored_samples")) is not None and scored != total:
            doubts.append(
                message(
                    "score {position}: the header says {scored} scored samples, the samples show {total}",
                    position=position,
                    scored=scored,
                    total=total,
                )
            )
    total = min((total for _, total in counts), default=0)
    found.count("scored_samples", total, source, "samples")
    if scores and total == 0:
        doubts.append(message("no sample was scored: nothing was evaluated"))
    requested = found.facts.get("requested")
    if requested and isinstance(requested.value, int):
        found.count("unscored", requested.value - total, source, "samples")
        if total != requested.value and total and not found.facts["limited"].value:
            doubts.append(
                message(
                    "{total} of {requested} samples have a score; run the others again", total=total, requested=requested.value
                )
            )
    _success_facts(found, header, scores, counts, source, kind, warnings)


def _metric_facts(found: Gatherer, score: dict[str, Any], where: str, warnings: list[str]) -> None:
    for metric, value in list((score.get("metrics") or {}).items())[:_MOST_SCORES]:
        number = value.get("value") if isinstance(value, dict) else None
        if isinstance(number, int | Decimal) and not isinstance(number, bool):
            found.add(f"{_word(score.get('name'))}.{_word(metric)}", number, f"{where}/metrics/{metric[:100]}/value")
        elif isinstance(value, dict):
            warnings.append(
                message("the metric {metric} of {score} is not a number", metric=_word(metric), score=_word(score.get("name")))
            )


def _sample_facts(found: Gatherer, samples: list[_Sample], source: str, doubts: list[str], warnings: list[str]) -> None:
    counts = {
        "errors": (sum(one.failed for one in samples), doubts, message("{count} of {number} samples ended in an error")),
        "model_fallbacks": (
            sum(one.fallback for one in samples),
            doubts,
            message("{count} of {number} samples were answered by another model"),
        ),
        "operator_stops": (
            sum(one.limit == "operator" for one in samples),
            doubts,
            message("{count} of {number} samples were stopped by a person"),
        ),
        "limits_hit": (
            sum(bool(one.limit) for one in samples),
            warnings,
            message("{count} of {number} samples ended at a limit of tokens, time or messages"),
        ),
        "edited_scores": (
            sum(one.edited for one in samples),
            warnings,
            message("{count} of {number} samples have a score that was changed after the run"),
        ),
    }
    for fact, (count, sentences, what) in counts.items():
        found.count(fact, count, source, "tries")
        if count:
            sentences.append(remade(what, count=count, number=len(samples)))
    completed, there = found.facts.get("completed_samples"), sum(not one.failed for one in samples)
    if completed and isinstance(completed.value, int) and there < completed.value:
        doubts.append(
            message(
                "the header speaks of {completed} completed samples, the log holds {there}",
                completed=completed.value,
                there=there,
            )
        )


def _success_facts(
    found: Gatherer,
    header: dict[str, Any],
    scores: list[Any],
    counts: list[tuple[int | None, int]],
    source: str,
    kind: Kind,
    warnings: list[str],
) -> None:
    names = [_word(score.get("name")) for score in scores]
    measure = (header["eval"].get("metadata") or {}).get("measure")
    if len(set(names)) == 1:
        if isinstance(measure, str):  # a task that measures one thing may say its name, whatever its scorer is called
            names = [_word(measure.replace("-", "_"))]
        elif kind.declaration(names[0]) is None:
            names = [names[0], "solved"]
        counts = [counts[0]] * len(names)
    elif isinstance(measure, str) and _word(measure.replace("-", "_")) not in names:
        warnings.append(
            message(
                "has several scores, none of them called {measure}: which one measures it cannot be told",
                measure=_word(measure),
            )
        )
    for name, (successes, total) in zip(names, counts, strict=True):
        if successes is None:
            warnings.append(
                message("{name} has grades that are neither yes nor no; its successes cannot be counted", name=name)
            )
        elif name in found.facts or (name in MEASURED and name not in ("attack_success", "benign_refusal", "solved")):
            warnings.append(message("a score is called {name}, which has another meaning here; it was not counted", name=name))
        elif total:
            found.count(name, successes, source, "samples")
            if name == "attack_success":
                found.add("attack_success_share", share(successes, total), source)


def _count(samples: _Samples, score: dict[str, Any]) -> tuple[int | None, int]:
    """Distinct samples with a success under the score (None: a grade was neither yes nor no), and distinct samples scored."""
    outcomes: dict[str, bool] = {}
    graded = False
    names = ("", score.get("name"))
    scorer = score.get("scorer") or score.get("name")
    for (identifier, _), sample in samples.items():
        verdict = next((found for by, name, found in sample.verdicts if by == scorer and name in names), None)
        if verdict is None or sample.failed:
            continue
        graded = graded or verdict == _GRADE
        outcomes[identifier] = outcomes.get(identifier, False) or verdict is True
    return None if graded else sum(outcomes.values()), len(outcomes)


def _word(text: Any) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", str(text))[:30].strip("_") or "score"
