"""Digests of what a control asks: two controls with the same digest ask the same, whatever they are called."""

import hashlib
from typing import Any

from compliance_tui.safe.strict_json import dump_json_line
from compliance_tui.standard.model import Control

# What decides about a control. Its id, title and prose may change between versions without changing what is asked.
_RULES = {"required", "recommended", "blocked", "evidence", "checks", "sign_offs", "may_be_not_applicable", "waivable"}


def sha256_of(value: Any) -> str:
    """SHA-256 of a value as canonical JSON."""
    return hashlib.sha256(dump_json_line(value)).hexdigest()


def rules_digest(control: Control) -> str:
    """SHA-256 of the rules, limits and seats of a control, whatever it is called and however it is worded."""
    return sha256_of(control.model_dump(mode="json", by_alias=True, include=_RULES))


def control_digest(control: Control) -> str:
    """SHA-256 of the statement, rules and limits of a control: what an answer answers."""
    return sha256_of({"statement": control.statement, "rules": rules_digest(control)})
