"""Readiness as the published JSON (``compliance-tui schema status``)."""

from typing import Any

from compliance_tui.assessment.readiness import ControlState, Readiness
from compliance_tui.safe.instant import format_instant


def readiness_json(result: Readiness) -> dict[str, Any]:
    """The document that ``status --json`` prints and that a bundle carries as ``core/readiness.json``."""
    return {
        "verdict": result.verdict,
        "as_of": format_instant(result.as_of),
        "standards": [
            {
                "id": state.id,
                "version": state.version,
                "sha256": state.sha256,
                "verdict": state.verdict,
                "axes": [{"axis": axis.axis, "declared": axis.declared, "computed": axis.computed} for axis in state.axes],
            }
            for state in result.standards
        ],
        "controls": [_control(state) for state in result.controls],
    }


def _control(state: ControlState) -> dict[str, Any]:
    return {
        "standard": state.standard,
        "control": state.control.id,
        "level": state.level,
        "status": state.response.status if state.response else None,
        "outcome": state.outcome,
        "reasons": [{"code": reason.code, "text": reason.text} for reason in state.reasons],
        "checks": [
            {
                "id": check.check,
                "outcome": check.outcome,
                "text": check.text,
                "measured": check.measured,
                "limit": check.limit,
            }
            for check in state.checks
        ],
    }
