"""Large files are read in pieces: memory follows what counts in them, not their size. What cannot be, is refused early."""

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from compliance_tui.evidence.fact import Facts
from compliance_tui.safe.errors import InputError
from tests.evidence.logs import read

_MEBIBYTE = 1 << 20
_PADDING = "x" * 600


def _list(head: str, one: Any, tail: str, size: int = 6 * _MEBIBYTE) -> bytes:
    text = json.dumps(one)
    return (head + ",".join([text] * (size // len(text))) + tail).encode()


_COMPONENT = {"type": "library", "name": "a", "purl": "pkg:pypi/a@1", "description": _PADDING}
_RESULT = {"ruleId": "a", "level": "error", "message": {"text": _PADDING}}
_FOUND = {"package": {"name": "a"}, "groups": [{"ids": ["G"]}], "vulnerabilities": [{"id": "G", "details": _PADDING * 9}]}
LARGE = {
    "sbom": _list('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[', _COMPONENT, "]}"),
    "sarif": _list('{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[', _RESULT, "]}]}"),
    "osv-scanner": _list('{"results":[{"source":{"path":"a"},"packages":[', _FOUND, "]}]}"),
    "pip-audit": _list('{"dependencies":[', {"name": "a", "version": "1", "vulns": [], "note": _PADDING}, "]}"),
    "promptfoo-results": _list(
        '{"config":{"tests":[',
        {"vars": {"question": _PADDING}},
        ']},"results":{"stats":{"successes":0,"failures":0,"errors":0},"results":[]}}',
    ),
    "sarif-with-help": _list(
        '{"version":"2.1.0","runs":[{"results":[],"tool":{"driver":{"name":"x"},"extensions":[{"rules":[',
        {"id": "a", "help": {"markdown": _PADDING}},
        "]}]}}]}",
    ),
    "sarif-with-notes": _list(
        '{"version":"2.1.0","runs":[{"results":[],"tool":{},"invocations":[{"toolExecutionNotifications":[',
        {"level": "note", "message": {"text": _PADDING}},
        "]}]}]}",
    ),
    "inspect-eval-log": _list(
        '{"version":2,"status":"success","eval":{"task":"t","model":"m"},"samples":[',
        {"id": 1, "epoch": 1, "scores": {"a": {"value": "C"}}, "messages": [_PADDING] * 99},
        "]}",
    ),
}


def _peak(content: bytes, kind: str) -> tuple[Facts, int]:
    """The facts, and the bytes that reading took at most, the content aside."""
    tracemalloc.start()
    try:
        facts = read(content, kind)
        return facts, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", sorted(LARGE))
def test_a_large_document_takes_little_memory(name: str) -> None:
    facts, peak = _peak(LARGE[name], name.partition("-with-")[0])
    assert facts.facts
    assert peak < 3 * len(LARGE[name])  # the test's own copy of the file, two pieces of it, and one of their values


def _hostile() -> Iterator[tuple[str, str, bytes]]:
    bom = '{"bomFormat":"CycloneDX","specVersion":"1.6",'
    yield "sbom", "one value is larger", (bom + '"metadata":"').encode() + b"z" * (9 * _MEBIBYTE) + b'"}'
    yield "sbom", "one value is larger", (bom + '"metadata":{"x":[').encode() + b"[]," * (3 * _MEBIBYTE // 2) + b"[]]}}"
    rules = ",".join(f'{{"ruleId":"r{at}"}}' for at in range(100_002))
    yield "sarif", "more than 100,000 different", f'{{"version":"2.1.0","runs":[{{"results":[{rules}]}}]}}'.encode()
    packages = ",".join(f'{{"SPDXID":"p{at}"}}' for at in range(100_002))
    yield "sbom", "more than 100,000 different", f'{{"spdxVersion":"SPDX-2.3","packages":[{packages}]}}'.encode()
    yield "openvex", "larger than the 4,194,304 bytes", b'{"@context":"' + b"z" * (5 * _MEBIBYTE) + b'"}'
    yield "junit-report", "larger than the 16,777,216 bytes", b"<testsuite>" + b"<a/>" * (5 * _MEBIBYTE) + b"</testsuite>"
    yield "garak-report", "line 1 is larger", b'{"entry_type": "init", "x": "' + b"z" * (5 * _MEBIBYTE) + b'"}\n'


@pytest.mark.parametrize(("kind", "said", "content"), list(_hostile()))
def test_what_would_take_too_much_is_refused_in_a_sentence(kind: str, said: str, content: bytes) -> None:
    with pytest.raises(InputError, match=said):
        read(content, kind)
