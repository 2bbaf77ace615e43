"""Texts about which two readers would not agree, or over which one would take minutes: in a bundle they break it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance_tui.assessment.folder import load
from tests.bundle.forging import forge
from tests.bundle.sample import Sample, line, sample


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture
def bundle(made: Sample, tmp_path: Path) -> Path:
    made.export(tmp_path / "out", folder=True)
    return tmp_path / "out"


HOSTILE_JSON = {
    "a name twice": b'{"a": 1, "a": 2}',
    "NaN": b'{"a": NaN}',
    "a fraction": b'{"a": 1.5}',
    "a huge number": b'{"a": ' + b"9" * 5000 + b"}",
    "half a surrogate": b'{"a": "\\ud800"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "not closed": b'{"a": [1, 2',
    "another type": b"[]",
    "nothing": b"",
    "many values": b"[" + b"[]," * 500_000 + b"1]",
}
JSON_FILES = ("core/assessment.json", "core/readiness.json", "items/E-0002/item.json", "items/A-small.S-01/item.json")


@pytest.mark.parametrize("place", JSON_FILES)
@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_json_that_readers_disagree_about(made: Sample, bundle: Path, name: str, place: str) -> None:
    forge(bundle, made, lambda _: (bundle / place).write_bytes(HOSTILE_JSON[name]))
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert any(one.outcome == "fail" and "json" in one.reason for one in found.lines), found.lines


def _twice(content: bytes) -> bytes:
    """The first field stands twice, first with another value: whoever takes the last one reads what we meant."""
    name = content[content.index(b'"') : content.index(b":")]
    return content.replace(b"{", b"{" + name + b': "another",', 1)


AMBIGUOUS: dict[str, Callable[[bytes], bytes]] = {
    "a name twice": _twice,
    "a name twice, deeper": lambda content: content.replace(b'"code":', b'"code": "x", "code":', 1),
    "NaN": lambda content: content.replace(b'"reasons": [', b'"more": NaN, "reasons": [', 1),
    "a fraction": lambda content: content.replace(b'"reasons": [', b'"more": 1.0, "reasons": [', 1),
    "half a surrogate": lambda content: content.replace(b'"reasons": [', b'"more": "\\ud800", "reasons": [', 1),
    "deep": lambda content: content.replace(b'"reasons": [', b'"more": ' + b"[" * 70 + b"]" * 70 + b', "reasons": [', 1),
    "a byte order mark": lambda content: b"\xef\xbb\xbf" + content,
}


@pytest.mark.parametrize("place", JSON_FILES)
@pytest.mark.parametrize("name", AMBIGUOUS)
def test_json_that_another_reader_would_take(made: Sample, bundle: Path, name: str, place: str) -> None:
    """Right but for one thing, and signed by the lab: two readers would read two things in it."""
    path = bundle / place
    changed = AMBIGUOUS[name](path.read_bytes())
    if changed == path.read_bytes():
        pytest.skip("this file has no such field")
    forge(bundle, made, lambda _: path.write_bytes(changed))
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert any(one.outcome == "fail" and place in one.reason for one in found.lines), found.lines


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_a_statement_that_readers_disagree_about(made: Sample, bundle: Path, name: str) -> None:
    (bundle / "attestations/0001/statement.json").write_bytes(HOSTILE_JSON[name])
    assert made.verify(bundle).verdict == "broken"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a." * 30_000 + "a = 1\n", "dotted parts"),
        ("[" + "a." * 60_000 + "a]\n", "dotted parts"),
        ("x = " + "[" * 50_000 + "\n", "nested deeper"),
        ("x = 1\n" * 50_000, "larger than"),
        ("\0" * 1000, "line 1"),
    ],
)
def test_toml_that_takes_minutes(made: Sample, bundle: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str) -> None:
    """The standard library's parser is quadratic in dotted keys; a text that no policy accepts is not read at all."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()

    def pin(_: Path) -> None:
        (bundle / "core/standards/small-1.0.toml").write_text(text)
        path = bundle / "core/assessment.json"
        value = json.loads(path.read_text())
        value["standards"][0]["sha256"] = sha256
        path.write_text(json.dumps(value))

    forge(bundle, made, pin, lambda statement: statement["predicate"]["standards"][0].update(sha256=sha256))
    accepted = made.policy.replace(load(made.root).standards[0][1].encode(), sha256.encode())
    found = made.verify(bundle, policy=accepted)
    assert found.verdict == "broken"
    assert "core/standards/small-1.0.toml" in line(found, "completeness")[1]
    assert why in line(found, "completeness")[1]

    def reads(*_: object, **__: object) -> None:
        raise AssertionError("a text that the policy does not accept was read")

    monkeypatch.setattr("compliance_tui.bundle.view.load_standard", reads)
    assert line(made.verify(bundle), "standard")[0] == "fail"
