"""JSON Schemas of what commands print with ``--json``. Fields may be added, never renamed."""

from typing import Any


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties) if required is None else required}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT: dict[str, Any] = {"type": "string"}
_OPTIONAL: dict[str, Any] = {"type": ["string", "null"]}
_VERDICT = {"enum": ["ready", "ready-with-waivers", "not-ready"]}
STATUS = _object(
    {
        "verdict": _VERDICT,
        "as_of": {"type": "string", "format": "date-time"},
        "standards": _list(
            _object(
                {
                    "id": _TEXT,
                    "version": _TEXT,
                    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                    "verdict": _VERDICT,
                    "axes": _list(_object({"axis": _TEXT, "declared": _OPTIONAL, "computed": _OPTIONAL})),
                }
            )
        ),
        "controls": _list(
            _object(
                {
                    "standard": _TEXT,
                    "control": _TEXT,
                    "level": {"enum": ["required", "recommended", "not-applicable"]},
                    "status": {"enum": ["met", "partly-met", "not-met", "not-applicable", "inconclusive", None]},
                    "outcome": {"enum": ["satisfied", "waived", "blocked", "advisory", "not-applicable"]},
                    "reasons": _list(_object({"code": _TEXT, "text": _TEXT})),
                    "checks": _list(
                        _object(
                            {
                                "id": _TEXT,
                                "outcome": {"enum": ["pass", "fail", "stale", "unproven", "manual"]},
                                "text": _TEXT,
                                "measured": _TEXT,
                                "limit": _TEXT,
                            }
                        )
                    ),
                }
            )
        ),
    }
)
VERIFY = _object(
    {
        "verdict": {"enum": ["accepted", "not-accepted", "broken"]},
        "bundle_id": _OPTIONAL,
        "lines": _list(_object({"name": _TEXT, "outcome": {"enum": ["pass", "fail", "unknown"]}, "reason": _TEXT})),
        "items": _object({name: {"type": "integer", "minimum": 0} for name in ("present", "withheld", "sealed")}),
        "readiness": {"oneOf": [STATUS, {"type": "null"}]},
    }
)
FACTS = _object(
    {
        "kind": _TEXT,
        "sha256": _TEXT,
        "facts": {
            "type": "object",
            "additionalProperties": _object({"value": {}, "unit": _TEXT, "where": _TEXT, "source": _TEXT}),
        },
        "warnings": _list(_TEXT),
    }
)
STANDARDS = _list(
    _object(
        {
            "id": _TEXT,
            "version": _TEXT,
            "status": _TEXT,
            "title": _TEXT,
            "controls": {"type": "integer", "minimum": 1},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "path": _TEXT,
        }
    )
)
_SIDES = {"from": _list(_TEXT), "to": _list(_TEXT)}
DIFF = _object(
    {
        "from": _TEXT,
        "to": _TEXT,
        "guessed": {"type": "boolean"},
        "changes": _list(
            _object(
                {
                    "kinds": _list(_TEXT),
                    **_SIDES,
                    "effect": {"enum": ["keep", "recheck", "recompute", "drop", "new"]},
                    "note": _TEXT,
                    "covered_by": _list(_TEXT),
                    "affects": _list(_TEXT),
                    "rules": _object({"before": _list(_TEXT), "after": _list(_TEXT)}),
                    "texts": _list(
                        _object({"from": _TEXT, "to": _TEXT, "field": _TEXT, "words": _list(_list(_TEXT))}),
                    ),
                }
            )
        ),
    }
)
MIGRATE = _object(
    {
        "from": _TEXT,
        "to": _TEXT,
        "guessed": {"type": "boolean"},
        "controls": _list(
            _object(
                {
                    "from": _list(_TEXT),
                    "to": _OPTIONAL,
                    "outcome": {"enum": ["kept", "recheck", "recompute", "new", "archived"]},
                    "why": _TEXT,
                }
            )
        ),
        "warnings": _list(_TEXT),
    }
)
OUTPUTS: dict[str, dict[str, Any]] = {
    "status": STATUS,
    "verify": VERIFY,
    "facts": FACTS,
    "standards": STANDARDS,
    "diff": DIFF,
    "migrate": MIGRATE,
}
