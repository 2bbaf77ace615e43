"""Digests of what a control asks: two controls with the same digest ask the same, whatever they are called.

Fields that are left at their defaults do not count, so a language that grows does not change what old answers were about.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from compliance_tui.safe.strict_json import dump_json_line
from compliance_tui.standard.check import Check
from compliance_tui.standard.levels import level, matches, matches_any
from compliance_tui.standard.model import Control, Standard

# What decides about a control. Its id, title and prose may change between versions without changing what is asked.
_RULES = {"required", "recommended", "blocked", "evidence", "checks", "sign_offs", "may_be_not_applicable", "waivable"}
_WORDS = {"title", "note", "monotone"}
_TABLES = {"when", "by", "minimum_trials_by"}


def sha256_of(value: Any) -> str:
    """SHA-256 of a value as canonical JSON."""
    return hashlib.sha256(dump_json_line(value)).hexdigest()


def rules_digest(control: Control) -> str:
    """SHA-256 of the rules, limits and seats of a control, whatever it is called and however it is worded.

    A rating scale is not in it: where one changes, what is asked stays, and what is computed changes by itself.
    """
    words = {"checks": {"__all__": _WORDS}, "evidence": {"__all__": {"note"}}}
    return sha256_of(control.model_dump(mode="json", by_alias=True, include=_RULES, exclude=words, exclude_defaults=True))


def control_digest(control: Control) -> str:
    """SHA-256 of the statement, rules and limits of a control: what an answer answers."""
    return sha256_of({"statement": control.statement, "rules": rules_digest(control)})


def scales_digest(control: Control, standard: Standard) -> str:
    """SHA-256 of the rating scales that the checks of a control use."""
    return sha256_of([_scale(check, standard) for check in control.checks if check.scale])


def wording(control: Control) -> dict[str, Any]:
    """How a control is worded beside its statement, part by part; none of it decides about an answer."""
    return {
        "title": control.title,
        "guidance": control.guidance,
        "example": control.example,
        "notes": [*((check.title, check.note) for check in control.checks), *(rule.note for rule in control.evidence)],
        "references": control.references,
        "first day": control.counts_from,
    }


def in_force_digest(control: Control, standard: Standard, values: Mapping[str, str], published: bool = False) -> str:
    """SHA-256 of the rules of a control as they bear on these axis values: what a sign-off accepted.

    A limit that moved for another tier, or a rule for another profile, is not in it.
    """
    axes = standard.axes
    return sha256_of(
        {
            "level": level(control, values, axes, published),
            "evidence": [
                rule.model_dump(mode="json", include={"kinds", "max_age_days", "minimum"})
                for rule in control.evidence
                if matches_any(rule.when, values, axes, published)
            ],
            "checks": [
                _check(check, standard, values) for check in control.checks if matches_any(check.when, values, axes, published)
            ],
            "seats": [
                [*rule.seats, *(["signed"] if rule.signed else [])]
                for rule in control.sign_offs
                if matches(rule, values, axes, published)
            ],
            "blocked": [rule.reason for rule in control.blocked if matches(rule, values, axes, published)],
            "may_be": [control.may_be_not_applicable, control.waivable],
        }
    )


def _check(check: Check, standard: Standard, values: Mapping[str, str]) -> Any:
    tables = (check.by, check.minimum_trials_by)
    limits = [str(limits.get(values.get(axis, ""))) for table in tables for axis, limits in table.items()]
    return [check.model_dump(mode="json", exclude=_WORDS | _TABLES, exclude_defaults=True), limits, _scale(check, standard)]


def _scale(check: Check, standard: Standard) -> Any:
    scale = standard.scale(check.scale)
    return scale.model_dump(mode="json", by_alias=True, exclude_defaults=True) if scale else None
