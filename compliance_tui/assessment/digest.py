"""Digests that bind answers and sign-offs to what they were about."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from compliance_tui.assessment.model import Item, Response, Subject
from compliance_tui.safe.strict_json import dump_json_line
from compliance_tui.standard.model import Control

# What decides about a control. Its id, title and prose may change between versions without changing what is asked.
_RULES = {"required", "recommended", "blocked", "evidence", "checks", "sign_offs", "may_be_not_applicable", "waivable"}


def _sha256(value: Any) -> str:
    return hashlib.sha256(dump_json_line(value)).hexdigest()


def rules_digest(control: Control) -> str:
    """SHA-256 of the rules, limits and seats of a control, whatever it is called and however it is worded."""
    return _sha256(control.model_dump(mode="json", by_alias=True, include=_RULES))


def control_digest(control: Control) -> str:
    """SHA-256 of the statement, rules and limits of a control: what an answer answers."""
    return _sha256({"statement": control.statement, "rules": rules_digest(control)})


def seen_digest(
    control: Control,
    response: Response,
    items: Sequence[Item],
    values: Mapping[str, str],
    subject: Subject,
) -> str:
    """SHA-256 of what a person accepts when signing off a response; it changes when any of it changes.

    Covers the rules, the status and statement, each evidence item (files, kind, date, stated facts), the axis values and
    the release with its artifacts.
    """
    return _sha256(
        {
            "standard": response.standard,
            "rules": rules_digest(control),
            "status": response.status,
            "statement": response.statement,
            "evidence": sorted(_item(item) for item in items),
            "axes": dict(sorted(values.items())),
            "subject": [subject.name, subject.version, sorted(artifact.sha256 for artifact in subject.artifacts)],
        }
    )


def _item(item: Item) -> str:
    stated = {name: str(fact.value) for name, fact in item.facts.items() if fact.source == "stated"}
    files = sorted([file.name, file.sha256] for file in item.files)
    return _sha256([item.kind, item.speaks_of.isoformat(), files, dict(sorted(stated.items()))])
