"""Supply-chain evidence that is cut off, of another kind, or made to break a reader."""

import copy
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.kind import recognise
from compliance_tui.evidence.readers import read_facts, read_facts_of
from compliance_tui.safe.errors import InputError
from tests.evidence.supply_chain import ALIKE, KINDS, MINE, SAMPLES, mutate, read, sample


@pytest.mark.parametrize("kind", [*MINE, "slsa-provenance", "model-signature"])
def test_every_fact_that_is_read_is_declared_with_its_type_and_unit(kind: str) -> None:
    types = {"boolean": bool, "integer": int, "decimal": (int, Decimal), "list": tuple}
    facts = read_facts(sample(kind), KINDS[kind]).facts
    assert facts
    for name, fact in facts.items():
        declared = KINDS[kind].declaration(name)
        assert declared is not None and declared.meaning, name
        assert isinstance(fact.value, types.get(declared.type, str)), name
        assert fact.unit == declared.unit, name


# Whatever else may come


@pytest.mark.parametrize("kind", MINE)
def test_of_two_files_none_stands_for_both(kind: str) -> None:
    content = sample(kind).read_bytes()
    with pytest.raises(InputError, match="own item"):
        read_facts_of([("a", lambda: io.BytesIO(content)), ("b", lambda: io.BytesIO(content))], KINDS[kind])


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "an array": b"[]",
    "another kind": b'{"a": 1}',
    "an unknown CycloneDX": b'{"bomFormat": "CycloneDX", "specVersion": "9.9"}',
    "an unknown SPDX": b'{"spdxVersion": "SPDX-9.9", "packages": []}',
    "an unknown SARIF": b'{"version": "2.0.0", "runs": []}',
    "an unknown OpenVEX": b'{"@context": "https://openvex.dev/ns", "statements": []}',
    "not a number": b'{"score": NaN, "scorecard": {}, "checks": []}',
    "one name twice": b'{"version": "2.1.0", "runs": [], "runs": []}',
    "too deep": b'{"results": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a document type": b"<!DOCTYPE t [<!ENTITY a 'b'>]><testsuite><testcase/></testsuite>",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", [*MINE, "slsa-provenance", "model-signature"])
def test_what_is_not_of_the_kind_is_refused_in_one_sentence(kind: str, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(kind, content)
    assert caught.value.code == "unreadable-evidence" and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [*MINE, "slsa-provenance", "model-signature"])
def test_a_file_that_was_cut_off_is_refused(kind: str) -> None:
    content = sample(kind).read_bytes().rstrip()
    for at in range(0, len(content), max(1, len(content) // 40)):
        with pytest.raises(InputError):
            read(kind, content[:at])


@pytest.mark.parametrize("kind", [one for one in MINE if one != "junit-report"])
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_shape_of_json_crashes_a_reader(kind: str, data: st.DataObject) -> None:
    documents = {"sbom": list(ALIKE.values())}.get(kind) or [json.loads(sample(kind).read_bytes())]
    document = copy.deepcopy(data.draw(st.sampled_from(documents)))
    for _ in range(data.draw(st.integers(1, 3))):
        document = mutate(document, data.draw)
    try:
        found = read(kind, document)
    except InputError as error:
        assert error.code == "unreadable-evidence" and "\n" not in str(error)
    else:
        assert all(fact.where for fact in found.facts.values())


def test_kinds_are_told_apart_by_their_bytes(tmp_path: Path) -> None:
    for form, document in ALIKE.items():
        path = tmp_path / f"{form}.json"
        path.write_text(json.dumps(document))
        assert recognise(path, KINDS) == "sbom"
    assert recognise(SAMPLES / "in-toto-build.link", KINDS) == "slsa-provenance"
    assert recognise(SAMPLES / "pip-audit-false-green.json", KINDS) == "pip-audit"
