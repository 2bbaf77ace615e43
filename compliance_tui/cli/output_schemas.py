"""JSON Schemas of what commands print with ``--json``. Fields may be added, never renamed."""

from typing import Any


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties) if required is None else required}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT: dict[str, Any] = {"type": "string"}
_OPTIONAL: dict[str, Any] = {"type": ["string", "null"]}
_SHA256: dict[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_ANSWER = {"enum": ["yes", "no", "unknown"]}
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
                    "sha256": _SHA256,
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
        "lines": _list(
            _object(
                {
                    "name": _TEXT,
                    "outcome": {"enum": ["pass", "fail", "unknown"]},
                    "reason": _TEXT,
                    "required": {"type": "boolean"},
                }
            )
        ),
        "items": _object({name: {"type": "integer", "minimum": 0} for name in ("present", "withheld", "sealed")}),
        "readiness": {"oneOf": [STATUS, {"type": "null"}]},
        **dict.fromkeys(("signature_valid", "trusted", "current", "ready"), _ANSWER),
        "signers": _list(_object({"person": _TEXT, "fingerprint": _TEXT})),
        **{name: _list(_TEXT) for name in ("withheld", "sealed", "handed")},
        "statements": _list(
            _object(
                {
                    "name": _TEXT,
                    "predicate": _TEXT,
                    "sha256": _SHA256,
                    "by": _TEXT,
                    "claimed_at": _OPTIONAL,
                    "standing": {"enum": ["counted", "not-counted", "unsigned", "not-understood", "unknown"]},
                    "reason": _TEXT,
                    "summary": _TEXT,
                    "signed_by": _list(_TEXT),
                }
            )
        ),
        "determinations": _list(
            _object(
                {
                    "decision": {"enum": ["accepted", "accepted-with-conditions", "returned", "refused", "withdrawn"]},
                    "by": _TEXT,
                    "statement": _SHA256,
                    "claimed_at": _TEXT,
                    "valid_until": _OPTIONAL,
                    "in_force": {"type": "boolean"},
                    "reasons": _list(_TEXT),
                    "conditions": _list(_TEXT),
                }
            )
        ),
        "memory": _object(
            {"remembered": {"type": "boolean"}, "text": _TEXT, "alarms": _list(_object({"code": _TEXT, "text": _TEXT}))}
        ),
        "log": {
            "oneOf": [
                _object(
                    {
                        "size": {"type": "integer", "minimum": 0},
                        "root": _TEXT,
                        "continues": _ANSWER,
                        "text": _TEXT,
                        "earlier": _list(
                            _object(
                                {
                                    "sequence": {"type": ["integer", "null"]},
                                    "bundle_id": {"oneOf": [_SHA256, {"type": "null"}]},
                                    "size": {"type": "integer", "minimum": 0},
                                }
                            )
                        ),
                    }
                ),
                {"type": "null"},
            ]
        },
        "statement": {
            "oneOf": [
                _object(
                    {
                        "attester": _TEXT,
                        "subject": _object(
                            {
                                "name": _TEXT,
                                "version": _TEXT,
                                "artifacts": _list(_object({"name": _TEXT, "sha256": _SHA256})),
                            }
                        ),
                        "standards": _list(_object({"id": _TEXT, "version": _TEXT, "sha256": _SHA256})),
                        "axes": {"type": ["object", "null"], "additionalProperties": _TEXT},
                        "series": _TEXT,
                        "sequence": {"type": "integer", "minimum": 1},
                        "supersedes": {"oneOf": [_SHA256, {"type": "null"}]},
                        "claimed_at": _TEXT,
                        "valid_until": _OPTIONAL,
                        "trusted_times": _list(_object({"authority": _TEXT, "at": _TEXT})),
                        "sha256": _SHA256,
                    }
                ),
                {"type": "null"},
            ]
        },
        "sign_offs": _list(
            _object(
                {
                    **dict.fromkeys(("standard", "control", "seat", "claimed_person", "claimed_at", "reason"), _TEXT),
                    "standing": {"enum": ["counted", "unknown-signer", "not-counted", "false"]},
                    "person": _OPTIONAL,
                    "fingerprint": _TEXT,
                }
            )
        ),
    }
)
_SIDE = _object(
    {
        "name": _TEXT,
        "bundle_id": _OPTIONAL,
        "sequence": {"type": ["integer", "null"]},
        "verdict": {"enum": [*_VERDICT["enum"], None]},
        "signers": _list(_TEXT),
        "hidden": _list(_TEXT),
    }
)
COMPARE = _object(
    {
        "from": _SIDE,
        "to": _SIDE,
        "same": {"type": "boolean"},
        "changes": _list(
            _object(
                {
                    "kind": {
                        "enum": [
                            "verdict",
                            "subject",
                            "axis",
                            "standard",
                            "outcome",
                            "answer",
                            "waiver",
                            "sign-off",
                            "evidence",
                            "fact",
                            "signer",
                        ]
                    },
                    "id": _TEXT,
                    "change": {"enum": ["added", "dropped", "altered", "hidden"]},
                    "fields": _list(_object({"name": _TEXT, "from": _OPTIONAL, "to": _OPTIONAL})),
                }
            )
        ),
        "log": _object({"continues": _ANSWER, "text": _TEXT}),
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
            "sha256": _SHA256,
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
    "compare": COMPARE,
    "facts": FACTS,
    "standards": STANDARDS,
    "diff": DIFF,
    "migrate": MIGRATE,
}
