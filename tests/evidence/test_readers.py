"""Facts of real samples, the traps in them, and whatever else a file may hold."""

import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.kind import Kind, load_kinds, recognise, recognition
from compliance_tui.evidence.readers import read_facts, read_facts_of
from compliance_tui.safe.errors import InputError
from compliance_tui.shipped import shipped
from tests.shared_data import shared

KINDS = load_kinds()


def _sample(kind: Kind) -> Path:
    return shipped("evidence") / kind.id / kind.sample


def _values(path: Path, kind: str) -> dict[str, Any]:
    return {name: fact.value for name, fact in read_facts(path, KINDS[kind]).facts.items()}


@pytest.mark.parametrize("kind", list(KINDS.values()), ids=list(KINDS))
def test_every_kind_has_a_sample_that_is_known_and_read(kind: Kind) -> None:
    assert recognise(_sample(kind), KINDS) == kind.id
    facts = read_facts(_sample(kind), kind)
    declared = {one.name for one in kind.facts} | {"speaks_of"}
    if kind.reader in ("form", "document"):
        assert set(facts.facts) <= declared
    assert all(fact.where for fact in facts.facts.values())


def test_an_inspect_log_in_zstandard() -> None:
    values = _values(_sample(KINDS["inspect-eval-log"]), "inspect-eval-log")
    assert (values["attack_success"], values["scored_samples"]) == (2, 40)
    assert (values["completed"], values["limited"], values["budget_stated"]) == (True, False, False)
    assert values["attack_success.mean"] == Decimal("0.05")
    assert "model_digest" not in values


def test_the_same_log_as_json_has_the_same_facts() -> None:
    folder = shared("evidence/inspect")
    one = next(path for path in folder.glob("*M8CU*.eval"))
    other = next(path for path in folder.glob("*U6uY*.json"))
    first, second = _values(one, "inspect-eval-log"), _values(other, "inspect-eval-log")
    assert first == {**second, **{name: first[name] for name in ("created", "ran_at", "run_id")}}


def test_a_limited_log_with_epochs_counts_distinct_samples() -> None:
    path = next(shared("evidence/inspect").glob("*capability-mc*.eval"))
    values = _values(path, "inspect-eval-log")
    assert (values["scored_samples"], values["total_samples"], values["limited"], values["solved"]) == (10, 20, True, 1)


def test_a_cancelled_log_is_not_complete() -> None:
    path = shared("inspect/2025-05-12T20-28-13-04-00_no-samples.json")
    values = _values(path, "inspect-eval-log")
    assert (values["completed"], values["status"], values["scored_samples"]) == (False, "cancelled", 0)


def _log(**changes: Any) -> dict[str, Any]:
    log: dict[str, Any] = {
        "version": 2,
        "status": "success",
        "eval": {"task": "t", "model": "m", "created": "2026-01-01T00:00:00+00:00", "config": {}, "dataset": {"samples": 2}},
        "results": {
            "total_samples": 2,
            "completed_samples": 2,
            "scores": [{"name": "match", "scorer": "match", "scored_samples": 2, "metrics": {}}],
        },
        "samples": [{"id": 1, "scores": {"match": {"value": "C"}}}, {"id": 2, "scores": {"match": {"value": "I"}}}],
    }
    return {**log, **changes}


def _read(value: Any, kind: str = "inspect-eval-log") -> dict[str, Any]:
    stream = io.BytesIO(json.dumps(value).encode())
    return {name: fact.value for name, fact in read_facts_of([("x.json", lambda: stream)], KINDS[kind]).facts.items()}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "error"},
        {"invalidated": True},
        {"error": {"message": "x"}},
        {"results": {"early_stopping": {"by": "x"}, "scores": []}},
    ],
)
def test_a_run_that_did_not_end_well_is_never_complete(changes: dict[str, Any]) -> None:
    assert _read(_log())["completed"] is True
    assert _read(_log(**changes))["completed"] is False


def test_an_errored_sample_is_not_scored() -> None:
    log = _log()
    log["samples"][0]["error"] = {"message": "x"}
    values = _read(log)
    assert (values["scored_samples"], values["solved"]) == (1, 0)


def test_a_log_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(InputError, match="version 2"):
        _read(_log(version=3))


def test_a_deflated_log_is_read_and_a_bomb_is_not() -> None:
    stream = io.BytesIO()
    log = _log()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("summaries.json", json.dumps(log.pop("samples")))
        archive.writestr("header.json", json.dumps(log))
    stream.seek(0)
    assert read_facts_of([("x.eval", lambda: stream)], KINDS["inspect-eval-log"]).facts["solved"].value == 1
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", b" " * (65 << 20))
    bomb.seek(0)
    with pytest.raises(InputError, match="larger than"):
        read_facts_of([("x.eval", lambda: bomb)], KINDS["inspect-eval-log"])


def test_sarif_defaults_and_suppressions() -> None:
    run = {
        "tool": {"driver": {"name": "t", "rules": [{"id": "R", "defaultConfiguration": {"level": "error"}}]}},
        "results": [{"ruleId": "R"}, {"ruleId": "other"}, {"ruleId": "R", "suppressions": [{}]}, {"level": "note"}],
    }
    values = _read({"version": "2.1.0", "runs": [run]}, "sarif")
    assert (values["errors_unsuppressed"], values["warnings_unsuppressed"], values["suppressed"]) == (1, 1, 1)
    assert "completed" not in values


def test_a_bill_of_materials_counts_hashes() -> None:
    hashes = [{"alg": "SHA-256", "content": "ab" * 32}]
    parts = [{"hashes": hashes, "components": [{"type": "library"}]}, {"type": "machine-learning-model"}]
    values = _read({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts}, "sbom")
    assert (values["components"], values["hashed_share"], values["models"]) == (3, Decimal("0.3333"), 1)


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite tests="1"><testcase/></testsuite>',
        b"<testsuite>" + b"<a>" * 200,
        b"<html/>",
        b"",
        b"<testsuite tests='x'/>",
    ],
)
def test_xml_that_no_test_report_needs_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_facts_of([("x.xml", lambda: io.BytesIO(content))], KINDS["junit-report"])


def test_a_report_that_lost_tests_is_not_complete() -> None:
    content = b'<testsuite tests="5"><testcase name="a"/></testsuite>'
    facts = read_facts_of([("x.xml", lambda: io.BytesIO(content))], KINDS["junit-report"])
    assert facts.facts["completed"].value is False


def test_what_a_document_says_is_stated_not_read() -> None:
    facts = read_facts(_sample(KINDS["pen-test-report"]), KINDS["pen-test-report"]).facts
    assert facts["overdue_high"].value == 1
    assert {fact.source for fact in facts.values()} == {"stated"}


READERS = ["inspect-eval-log", "sarif", "sbom", "junit-report", "policy-doc", "canary-test"]


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_change_of_a_sample_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(_sample(KINDS[kind]).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    try:
        read_facts_of([("x", lambda: io.BytesIO(bytes(content)))], KINDS[kind])
    except InputError as error:
        assert "\n" not in str(error)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "scores", "value", "runs", "results", "tool"]), inner)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", ["inspect-eval-log", "sarif", "sbom", "canary-test"])
@settings(max_examples=80, deadline=None)
@given(value=_json)
def test_any_shape_of_json_is_read_or_refused(kind: str, value: Any) -> None:
    base = {
        "inspect-eval-log": _log(results=value, samples=value),
        "sarif": {"version": "2.1.0", "runs": value},
        "sbom": {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "components": value,
            "vulnerabilities": value,
            "metadata": value,
        },
        "canary-test": {"form": "canary-test/1", "seeded": value, "detected": value},
    }[kind]
    try:
        _read(base, kind)
    except InputError as error:
        assert "\n" not in str(error)


def test_an_empty_file_is_called_empty_whatever_its_name(tmp_path: Path) -> None:
    for name in ("a.eval", "a.sarif", "a.report.jsonl", "a.xml"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(InputError, match=f"{name}: is empty"):
            recognise(tmp_path / name, KINDS)


@pytest.mark.parametrize(
    ("name", "content", "confidence", "kinds"),
    [
        ("a.sarif", b'{"$schema": "https://x/sarif-2.1.0.json", "version": "2.1.0", "runs": []}', "certain", ("sarif",)),
        ("a.txt", b'{"$schema": "https://x/sarif-2.1.0.json", "version": "2.1.0", "runs": []}', "likely", ("sarif",)),
        ("a.md", b"---\nkind: policy-doc\nkind: legal-memo\n---\n", "unsure", ("legal-memo", "policy-doc")),
        ("a.json", b'{"hello": "world"}', "none", ()),
    ],
)
def test_how_certain_a_kind_is(tmp_path: Path, name: str, content: bytes, confidence: str, kinds: tuple[str, ...]) -> None:
    (tmp_path / name).write_bytes(content)
    found = recognition(tmp_path / name, KINDS)
    assert (found.confidence, found.kinds) == (confidence, kinds)
    assert recognise(tmp_path / name, KINDS) == ("sarif" if confidence == "certain" else None)
