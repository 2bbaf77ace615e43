"""Inspect itself, asked about the same logs: its status, samples, scores and model are the facts that we read.

Runs where COMPLIANCE_TUI_INSPECT_PYTHON names a Python that has inspect_ai (0.3.285 is what it was tried with); that Python
also writes logs of awkward runs, against its mock model, for both to read.
"""

import datetime as dt
import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.readers import read_facts
from compliance_tui.shipped import shipped
from tests.shared_data import shared

PYTHON = os.environ.get("COMPLIANCE_TUI_INSPECT_PYTHON", "")
KIND = load_kinds()["inspect-eval-log"]
COMMITTED = [shipped("evidence") / "inspect-eval-log" / KIND.sample, *(Path(__file__).parent / "samples").glob("inspect-*")]

pytestmark = pytest.mark.skipif(not PYTHON, reason="COMPLIANCE_TUI_INSPECT_PYTHON names no Python that has inspect_ai")

_WRITE = r"""
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, match, mean, scorer
from inspect_ai.solver import generate, solver

def answer(*_):
    out = ModelOutput.from_content("mockllm/model", "1")
    out.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return out

@scorer(metrics=[mean()], name="attack_success")
def judge():
    async def score(state, target):
        number = int(state.sample_id)
        return Score.unscored() if number == 5 else Score(value=1 if number in (2, 3) and state.epoch == 1 else 0)
    return score

@scorer(metrics={"attack_success": [mean()], "refused": [mean()]}, name="both")
def both():
    async def score(state, target):
        return Score(value={"attack_success": state.sample_id == 1, "refused": state.sample_id != 1})
    return score

@solver
def failing():
    async def solve(state, generate):
        if state.sample_id == 4:
            raise RuntimeError("a sample that breaks")
        return state
    return solve

def run(name, scorers, solvers=(), **options):
    data = [Sample(id=at, input=f"prompt {at}", target=str(at)) for at in range(1, 7)]
    task = Task(dataset=data, solver=[*solvers, generate()], scorer=scorers, name=name, metadata={"attack_budget": "1 try"})
    model = get_model("mockllm/model", custom_outputs=answer, memoize=False)
    for form in ("eval", "json"):
        eval(task, model=model, log_dir=sys.argv[1], log_format=form, display="none", **options)

run("whole", both())
run("several", [both(), match()])
run("unscored", judge())
run("epochs", both(), epochs=3)
run("limited", match(), limit=2)
run("chosen", match(), sample_id=[1, 2])
run("failing", match(), [failing()], fail_on_error=False)
run("broken", match(), [failing()])
run("unlogged", match(), log_samples=False)
"""

_ASK = r"""
import json, math, sys
from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
from inspect_ai.scorer import value_to_float

def said(path):
    log = read_eval_log(path, header_only=True)
    summaries = read_eval_log_sample_summaries(path)
    as_float, scores = value_to_float(), {}
    for score in (log.results.scores if log.results else []):
        tries = {}
        for sample in summaries:
            given = (sample.scores or {}).get(score.scorer)
            value = given.value if given else None
            value = value.get(score.name) if isinstance(value, dict) else value
            if value is None or sample.error or (isinstance(value, float) and math.isnan(value)):
                continue
            tries.setdefault(str(sample.id), []).append(as_float(value) == 1.0)
        scores[score.name] = {
            "scored": score.scored_samples,
            "successes": sum(map(any, tries.values())),
            "metrics": {name: repr(metric.value) for name, metric in score.metrics.items()},
        }
    return {
        "status": log.status, "model": log.eval.model, "task": log.eval.task, "created": log.eval.created,
        "ended": log.stats.completed_at, "samples": log.eval.dataset.samples, "run": log.eval.eval_id,
        "limited": log.eval.config.limit is not None or log.eval.config.sample_id is not None,
        "errors": sum(sample.error is not None for sample in summaries), "summaries": len(summaries),
        "version": log.eval.packages.get("inspect_ai"), "scores": scores,
    }

print(json.dumps({path: said(path) for path in sys.argv[1:]}))
"""


def _ask(script: str, *arguments: str) -> str:
    done = subprocess.run([PYTHON, "-c", script, *arguments], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def _said(paths: list[Path]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(_ask(_ASK, *(str(path) for path in paths)))
    return said


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("logs")
    _ask(_WRITE, str(folder))
    written = sorted(folder.iterdir())
    assert len(written) == 18
    return _said(written)


def _agree(path: str, theirs: dict[str, Any]) -> None:
    ours = {name: fact.value for name, fact in read_facts(Path(path), KIND).facts.items()}
    same = {
        "status": "status",
        "model": "model",
        "task": "task",
        "requested": "samples",
        "limited": "limited",
        "tool_version": "version",
    }
    assert {fact: ours[fact] for fact in same} == {fact: theirs[name] for fact, name in same.items()}, path
    if "/" not in str(ours["run_id"]):  # older logs have no id of their own, and Inspect makes one up
        assert ours["run_id"] == theirs["run"], path
    assert ours.get("errors", 0) == theirs["errors"], path
    for fact, instant in (("created", theirs["created"]), ("ran_at", theirs["ended"])):
        assert dt.datetime.fromisoformat(str(ours[fact])) == dt.datetime.fromisoformat(instant), (path, fact)
    for name, score in theirs["scores"].items():
        if theirs["summaries"]:
            assert ours[name] == score["successes"], (path, name)
            assert score["scored"] in (None, ours["scored_samples"]), (path, name)
        for metric, value in score["metrics"].items():
            assert float(ours[f"{name}.{metric}"]) == pytest.approx(float(value)), (path, metric)


def test_inspect_reads_what_we_read_of_the_logs_here() -> None:
    for path, theirs in _said(COMMITTED).items():
        _agree(path, theirs)


@pytest.mark.parametrize("folder", ["inspect", "evidence/inspect"])
def test_inspect_reads_what_we_read_of_public_logs(folder: str) -> None:
    for path, theirs in _said([path for path in shared(folder).iterdir() if path.suffix in (".eval", ".json")]).items():
        _agree(path, theirs)


def test_inspect_reads_what_we_read_of_awkward_runs(answers: dict[str, Any]) -> None:
    for path, theirs in answers.items():
        _agree(path, theirs)


@pytest.mark.parametrize(
    ("task", "completed", "scored", "success"),
    [
        ("whole", True, 6, 1),
        ("several", True, 6, 1),
        ("unscored", False, 5, 2),
        ("epochs", True, 6, 1),
        ("limited", False, 2, None),
        ("chosen", False, 2, None),
        ("failing", False, 5, None),
        ("broken", False, 0, None),
        ("unlogged", False, 0, None),
    ],
)
def test_a_log_that_inspect_wrote_says_whether_it_is_whole(
    answers: dict[str, Any], task: str, completed: bool, scored: int, success: int | None
) -> None:
    paths = [path for path, theirs in answers.items() if theirs["task"] == task]
    assert len(paths) == 2
    for path in paths:
        facts = {name: fact.value for name, fact in read_facts(Path(path), KIND).facts.items()}
        assert facts["completed"] is completed, path
        assert (facts["scored_samples"], facts.get("attack_success")) == (scored, success), path
        assert facts["attack_budget"] == "1 try"
        assert success is None or facts["attack_success_share"] == round(Decimal(success) / scored, 4)
