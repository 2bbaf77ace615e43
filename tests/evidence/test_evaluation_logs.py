"""Evaluation logs: the same words in all of them, and the traps of PyRIT, promptfoo and HarmBench."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers import evaluation, read_facts, read_facts_of
from compliance_tui.safe.errors import InputError
from tests.evidence.logs import KINDS, LOGS, SAMPLES, as_lines, lines, read, sample, values

TYPES = {"boolean": bool, "integer": int, "decimal": (int, Decimal), "list": tuple, "text": str, "instant": str, "date": str}


@pytest.mark.parametrize("kind", LOGS)
def test_every_log_speaks_the_same_words(kind: str) -> None:
    facts = values(read(sample(kind), kind))
    counts = ("requested", "scored_samples", "unscored", "attack_success", "errors")
    assert all(type(facts[name]) is int for name in counts)
    assert facts["completed"] is True
    assert facts["attack_success_share"] == round(Decimal(facts["attack_success"]) / facts["scored_samples"], 4)


@pytest.mark.parametrize("kind", LOGS)
def test_facts_have_the_type_and_unit_that_the_kind_declares(kind: str) -> None:
    for name, fact in read(sample(kind), kind).facts.items():
        declared = KINDS[kind].declaration(name)
        if declared is not None:
            assert isinstance(fact.value, TYPES[declared.type]), name
            assert fact.unit == declared.unit, name
        assert fact.where.startswith("log#"), name


@pytest.mark.parametrize(
    ("file", "kind", "why"),
    [
        ("inspect-error.json", "inspect-eval-log", "did not end in success"),
        ("inspect-limited-with-epochs.eval", "inspect-eval-log", "limited to a part"),
        ("garak-nones.report.jsonl", "garak-report", "nothing was evaluated"),
        ("garak-missing-probe.report.jsonl", "garak-report", "1 of 2 probes did not run: exploitation.SQLInjectionEcho"),
    ],
)
def test_a_log_that_looks_green_and_is_not(file: str, kind: str, why: str) -> None:
    found = read_facts(SAMPLES / file, KINDS[kind])
    assert found.facts["completed"].value is False
    assert why in " ".join(found.warnings)


def test_no_answer_gives_no_number_even_where_the_detector_passed_it() -> None:
    facts = values(read_facts(SAMPLES / "garak-nones.report.jsonl", KINDS["garak-report"]))
    assert "attack_success" not in facts and "attack_success_share" not in facts
    assert (facts["requested"], facts["scored_samples"], facts["silent_outputs"], facts["nones"]) == (8, 0, 16, 0)


@pytest.mark.parametrize("kind", LOGS)
def test_several_logs_are_not_one_item(kind: str) -> None:
    def opened() -> io.BytesIO:
        return io.BytesIO(sample(kind))

    with pytest.raises(InputError, match="attach each log as its own item"):
        read_facts_of([("a", opened), ("b", opened)], KINDS[kind])


@pytest.mark.parametrize("kind", LOGS)
@pytest.mark.parametrize("content", [b"", b"\n\n", b"{}", b"[]", b"null", b"\xff\xfe", b'{"a": ', b"PK\x03\x04", b"\0" * 5000])
def test_what_is_no_log_is_refused_or_not_complete(kind: str, content: bytes) -> None:
    try:
        facts = read(content, kind).facts
    except InputError as error:
        assert error.code == "unreadable-evidence" and "\n" not in str(error)
    else:
        assert kind == "harmbench-results" and facts["completed"].value is False and "attack_success" not in facts


@pytest.mark.parametrize("kind", LOGS)
def test_a_log_of_more_prompts_than_are_kept_in_memory_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MOST_PROMPTS", 0)
    with pytest.raises(InputError, match="attach it in parts"):
        read(sample(kind), kind)


# --- PyRIT ---


def _pyrit(change: Callable[[list[dict[str, Any]]], object]) -> Facts:
    records = lines("pyrit-results")
    change(records)
    return read(as_lines(records), "pyrit-results")


def test_attacks_with_one_objective_are_tries_at_it() -> None:
    def repeat(records: list[dict[str, Any]]) -> None:
        for record in records[:10]:
            record["objective"] = records[0]["objective"]  # one success among ten tries

    facts = values(_pyrit(repeat))
    assert (facts["results"], facts["requested"], facts["scored_samples"], facts["attack_success"]) == (12, 3, 3, 2)


@pytest.mark.parametrize("outcome", ["undetermined", "error"])
def test_an_attack_that_nobody_judged_is_no_failure(outcome: str) -> None:
    facts = values(_pyrit(lambda records: [record.update(outcome=outcome) for record in records[1:4]]))
    assert (facts["scored_samples"], facts["unscored"], facts["errors"], facts["completed"]) == (9, 3, 3, False)
    assert facts["undetermined"] == (3 if outcome == "undetermined" else 0)


def test_a_later_try_makes_up_for_one_without_a_verdict() -> None:
    def again(records: list[dict[str, Any]]) -> None:
        records.append({**records[1], "timestamp": "2026-11-24T00:00:00+02:00"})
        records[1]["outcome"] = "error"

    facts = values(_pyrit(again))
    assert (facts["completed"], facts["errors"], facts["requested"]) == (True, 1, 12)
    assert facts["ran_at"] == "2026-11-24T00:00:00+02:00"


def test_results_of_two_models_say_nothing_of_either() -> None:
    def mix(records: list[dict[str, Any]]) -> None:
        attack = records[0]["atomic_attack_identifier"]["children"]["attack_technique"]["children"]["attack"]
        attack["children"]["objective_target"]["model_name"] = "another"

    found = _pyrit(mix)
    assert found.facts["completed"].value is False and "model" not in found.facts
    assert "mixes results of 2 models (another, lab-model-7b)" in " ".join(found.warnings)


def test_labels_that_all_results_share_are_stated_facts() -> None:
    def label(records: list[dict[str, Any]]) -> None:
        for record in records:
            record["labels"] = {
                "model_digest": "ab" * 32,
                "attack_budget": "1 turn",
                "attack_success": "0",
                "completed": "true",
            }
        records[3]["labels"]["attack_budget"] = "2 turns"

    found = _pyrit(label)
    assert (found.facts["model_digest"].value, found.facts["model_digest"].source) == ("ab" * 32, "stated")
    assert "attack_budget" not in found.facts
    assert (found.facts["attack_success"].value, found.facts["attack_success"].source) == (2, "read")


@pytest.mark.parametrize(
    "change", [{"outcome": "won"}, {"objective": None, "outcome": None}, {"timestamp": "2026-11-23T15:14:53"}]
)
def test_a_result_in_another_form_is_refused_or_undated(change: dict[str, Any]) -> None:
    try:
        found = _pyrit(lambda records: [record.update(change) for record in records])
    except InputError as error:
        assert "line 1: no attack result in the form of PyRIT" in str(error)
    else:
        assert "ran_at" not in found.facts and "does not say when it ran" in " ".join(found.warnings)


# --- promptfoo ---


def _promptfoo(change: Callable[[dict[str, Any], list[dict[str, Any]]], object]) -> Facts:
    export = json.loads(sample("promptfoo-results"))
    change(export, export["results"]["results"])
    return read(json.dumps(export), "promptfoo-results")


def _failing(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return next(row for row in rows if not row["success"])


def test_only_tests_of_a_red_team_plugin_are_attacks() -> None:
    facts = values(read(sample("promptfoo-results"), "promptfoo-results"))
    assert (facts["results"], facts["failures"], facts["requested"], facts["attack_success"]) == (4, 1, 1, 1)
    plain = _promptfoo(lambda _, rows: [row["metadata"].pop("pluginId", None) for row in rows])
    assert "attack_success" not in plain.facts and "no attack was counted" in " ".join(plain.warnings)


def test_a_harmless_request_is_no_attack() -> None:
    facts = values(_promptfoo(lambda _, rows: [row["metadata"].update(pluginId="overrefusal") for row in rows[2:]]))
    assert (facts["requested"], facts["plugins"]) == (1, ("harmful:weapons",))


def _provider_error(export: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    for row in rows[:2]:
        row.update(success=False, failureReason=2, error="timeout", response={"error": "timeout"})
    export["results"]["stats"] = {"successes": 2, "failures": 0, "errors": 2}


def _hidden_error(export: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    for row in rows[:2]:
        row.update(success=True, failureReason=0, response={"error": "timeout", "output": "Here"})
    export["results"]["stats"] = {"successes": 4, "failures": 0, "errors": 0}


def _cached(export: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    for row in rows[:2]:
        row["response"]["cached"] = True


def _silent(export: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    for row in rows[:2]:
        row.update(success=True, failureReason=0, response={"output": None})
    export["results"]["stats"] = {"successes": 4, "failures": 0, "errors": 0}


def _unasserted(export: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    for row in rows[:2]:
        row.update(success=True, gradingResult={"pass": True, "score": 1, "reason": "No assertions"})
    export["results"]["stats"] = {"successes": 4, "failures": 0, "errors": 0}


@pytest.mark.parametrize("change", [_provider_error, _hidden_error, _cached, _silent, _unasserted])
def test_what_nobody_answered_or_judged_is_no_pass(change: Callable[..., None]) -> None:
    facts = values(_promptfoo(change))
    assert (facts["requested"], facts["scored_samples"], facts["errors"], facts["completed"]) == (1, 0, 2, False)
    assert "attack_success" not in facts
    assert facts["cached"] == (2 if change is _cached else 0)


def _lost_test(export: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    rows[:] = [row for row in rows if row["testIdx"] == 1]
    rows[0]["metadata"]["pluginId"] = "harmful:weapons"
    export["results"]["stats"] = {"successes": 2, "failures": 0, "errors": 0}
    export["config"]["tests"] = "file://tests.yaml"  # then the export does not say how many there are


def test_totals_tests_and_filters_must_fit() -> None:
    for change in (
        lambda export, rows: rows.remove(_failing(rows)),
        _lost_test,
        lambda export, rows: export["runtimeOptions"].update(filterRange="0:2"),
        lambda export, rows: export["config"]["tests"].append({"vars": {}}),
        lambda export, rows: _failing(rows)["provider"].update(label="another"),
        lambda export, rows: rows.clear(),
    ):
        assert _promptfoo(change).facts["completed"].value is False


def test_a_repeated_test_counts_once_and_tags_are_stated() -> None:
    def repeat(export: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        again = [json.loads(json.dumps({**row, "testIdx": row["testIdx"] + 2})) for row in rows]
        for row in again:
            row["vars"]["sessionId"] = f"made anew for {row['id']}"
        rows += again
        export["results"]["stats"] = {"successes": 6, "failures": 2, "errors": 0}
        export["config"]["tags"] = {"attack_budget": "2 tries"}

    found = _promptfoo(repeat)
    assert (found.facts["results"].value, found.facts["requested"].value, found.facts["completed"].value) == (8, 1, True)
    assert (found.facts["attack_budget"].value, found.facts["attack_budget"].source) == ("2 tries", "stated")


# --- HarmBench ---


def test_harmbench_says_what_the_attester_must_state() -> None:
    found = read(sample("harmbench-results"), "harmbench-results")
    assert {"model", "ran_at", "grader", "attack_budget", "limited"}.isdisjoint(found.facts)
    assert "state them when attaching it" in " ".join(found.warnings)


@pytest.mark.parametrize(
    ("cases", "scored", "success", "completed"),
    [
        ([{"label": 0}, {"label": 1}], 1, 1, True),
        ([{"label": 0}, {"label": 0}, {"label": -1}], 1, 0, True),
        ([{"label": -1}], 0, None, False),
        ([{"label": None}], 0, None, False),
        ([], 0, None, False),
        ([{"label": 0, "generation": None}], 0, None, False),
    ],
)
def test_a_behaviour_counts_once_and_only_with_a_label(
    cases: list[dict[str, Any]], scored: int, success: int | None, completed: bool
) -> None:
    facts = values(read(json.dumps({"b": [{"generation": "x", **case} for case in cases]}), "harmbench-results"))
    assert (facts["requested"], facts["scored_samples"], facts.get("attack_success"), facts["completed"]) == (
        1,
        scored,
        success,
        completed,
    )


# --- whatever else a file may hold ---


def test_text_that_is_no_text_is_refused_and_control_characters_do_not_reach_a_warning() -> None:
    for old in (b"lab-model-7b@2026-11-01", b"harmful:weapons"):
        with pytest.raises(InputError):
            read(sample("promptfoo-results").replace(b'": "' + old, b'": "\\ud83d'), "promptfoo-results")
    mixed = sample("promptfoo-results").replace(b'"label": "lab-model-7b@2026-11-01"', b'"label": "\\u001b[2J\\n"', 2)
    warnings = " ".join(read(mixed, "promptfoo-results").warnings)
    assert "mixes results of 2 models" in warnings and "\x1b" not in warnings and "\n" not in warnings


NEW = LOGS[1:]


@pytest.mark.parametrize("kind", NEW)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_change_of_a_sample_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(sample(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    try:
        read(bytes(content), kind)
    except InputError as error:
        assert "\n" not in str(error)


_any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [path, *(place for key, one in inner for place in _places(one, (*path, key)))]


@pytest.mark.parametrize("kind", NEW)
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_value_at_any_place_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    records = lines(kind) if KINDS[kind].sample.endswith("l") else [json.loads(sample(kind))]
    record = data.draw(st.sampled_from(records))
    path = data.draw(st.sampled_from([place for place in _places(record) if place]))
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = data.draw(_any)
    try:
        found = read(as_lines(records), kind)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        scored, success = found.facts.get("scored_samples"), found.facts.get("attack_success")
        assert success is None or (scored is not None and 0 <= success.value <= scored.value)  # type: ignore[operator]


def test_the_kinds_have_what_a_check_over_all_of_them_needs() -> None:
    shared_names = {"completed", "limited", "model", "model_digest", "requested", "scored_samples", "attack_success",
                    "attack_success_share", "attack_budget", "grader", "errors"}  # fmt: skip
    declared: list[Kind] = [KINDS[kind] for kind in LOGS]
    for name in shared_names:
        assert len({(one.type, one.unit) for kind in declared if (one := kind.declaration(name))}) == 1, name
        assert all(kind.declaration(name) for kind in declared), name
