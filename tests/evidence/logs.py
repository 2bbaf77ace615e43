"""Evaluation logs for tests: the shipped samples, and how to read and change them."""

import io
import json
from pathlib import Path
from typing import Any

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.shipped import shipped

KINDS = load_kinds()
LOGS = ["inspect-eval-log", "garak-report", "pyrit-results", "promptfoo-results", "harmbench-results"]
SAMPLES = Path(__file__).parent / "samples"


def sample(kind: str) -> bytes:
    return (shipped("evidence") / kind / KINDS[kind].sample).read_bytes()


def read(content: bytes | str, kind: str, name: str = "log") -> Facts:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return read_facts_of([(name, lambda: stream)], KINDS[kind])


def values(facts: Facts) -> dict[str, Any]:
    return {name: fact.value for name, fact in facts.facts.items()}


def lines(kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sample(kind).splitlines()]


def as_lines(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
