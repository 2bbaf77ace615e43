"""The shipped kinds keep what they say: samples, facts, schemas, blank records; and a kind that is wrong is refused."""

import datetime as dt
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.evidence.declaration import RecordField
from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind, load_kinds, recognise
from compliance_tui.evidence.new import form_schema, new_record, record_fields
from compliance_tui.evidence.readers import read_facts, read_facts_of
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.model import load_model
from compliance_tui.shipped import shipped

KINDS = load_kinds()
FORMS = [kind for kind in KINDS.values() if kind.reader == "form"]
OURS = [kind for kind in KINDS.values() if kind.own_form and kind.format == "json"]
DOCUMENTS = [kind for kind in KINDS.values() if kind.reader == "document"]
DAY = dt.date(2026, 11, 24)
# Facts that a sample need not say: only one of two cases can hold, or a person states them.
NOT_IN_SAMPLES = {
    "attestation-bundle": {"model"},
}


def sample(kind: Kind) -> Path:
    return shipped("evidence") / kind.id / kind.sample


def read(content: bytes, kind: Kind) -> Facts:
    return read_facts_of([("record", lambda: io.BytesIO(content))], kind)


def ids(kinds: list[Kind]) -> list[str]:
    return [kind.id for kind in kinds]


@pytest.mark.parametrize("kind", [*FORMS, KINDS["jailbreak-register"]], ids=lambda kind: str(kind.id))
def test_a_sample_gives_every_fact_that_its_kind_declares(kind: Kind) -> None:
    found = read_facts(sample(kind), kind)
    assert {one.name for one in kind.facts} - set(found.facts) == NOT_IN_SAMPLES.get(kind.id, set())
    for name, fact in found.facts.items():
        declared = kind.declaration(name)
        if declared is not None:
            assert fact.unit == declared.unit
            assert declared.allows(fact.value)
            assert isinstance(fact.value, bool) == (declared.type == "boolean")
            assert isinstance(fact.value, tuple) == (declared.type == "list")
    assert not any("not a whole result" in warning for warning in found.warnings)


FIGURES: dict[str, dict[str, Any]] = {
    "access-review": {
        "completed": True, "people_can_copy": 9, "people_direct": 31, "people_limited_output": 64, "orphaned_accounts": 0,
        "slowest_revocation_hours": 17, "oldest_rescreening_days": 120, "enrolled_users": 0, "vetted_users": 0,
        "oldest_vetting_days": 0,
    },
    "attestation-report": {"completed": True, "serving_hosts": 48, "attested_hosts": 48},
    "canary-test": {"completed": True, "seeded": 200, "detected": 191},
    "contact-list": {"completed": True, "contacts": 9, "unreached_contacts": 0},
    "disclosure-stats": {"completed": True, "validated": 17, "disclosed": 14, "undisclosed_age_p95_days": 61},
    "egress-test": {"completed": True, "full_copy_seconds": 70000, "detection_p95_seconds": 410},
    "notice-record": {
        "completed": True, "shortest_lead_days": 21, "short_without_reason": 0, "slowest_sharing_days": 3,
        "transferable_unshared": 0, "serious_notices_late": 0,
    },
    "range-report": {
        "completed": True, "ranges": 2, "fewest_attempts": 12, "unaided_completions": 0, "mean_progress": Decimal("0.22"),
        "hinted_completion": False, "token_budget": 2000000, "novel_exploit": False,
    },
    "tabletop-record": {"completed": True, "disable_minutes": 95, "other_tenants_affected": 0, "participants": 11},
}  # fmt: skip


@pytest.mark.parametrize("name", list(FIGURES))
def test_a_sample_gives_the_figures_that_the_demo_speaks_of(name: str) -> None:
    found = {fact: one.value for fact, one in read_facts(sample(KINDS[name]), KINDS[name]).facts.items()}
    assert {fact: found[fact] for fact in FIGURES[name]} == FIGURES[name]


def _record(name: str) -> dict[str, Any]:
    value = json.loads(sample(KINDS[name]).read_text())
    assert isinstance(value, dict)
    return value


def _said(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {fact: one.value for fact, one in read(json.dumps(record).encode(), KINDS[name]).facts.items()}


def test_one_more_row_changes_the_figures_and_breaks_what_was_announced() -> None:
    record = _record("canary-test")
    record["seeds"].append({"seed": "c-201", "caught": False})
    found = _said(record, "canary-test")
    assert (found["seeded"], found["detected"], found["completed"]) == (201, 191, False)


@pytest.mark.parametrize(
    ("name", "rows", "at", "change", "found"),
    [
        ("canary-test", "seeds", 0, {"caught": None}, {"detected": None, "completed": False}),
        ("access-review", "entitlements", 0, {"person": None}, {"orphaned_accounts": 1, "people_can_copy": None}),
        ("access-review", "entitlements", 0, {"reviewed_by": ""}, {"completed": False, "people_can_copy": 9}),
        ("access-review", "leavers", 0, {"access_ended_at": None}, {"slowest_revocation_hours": None}),
        ("attestation-report", "hosts", 0, {"verdict": "failed"}, {"serving_hosts": 48, "attested_hosts": 47}),
        ("contact-list", "contacts", 0, {"reached": False}, {"unreached_contacts": 1, "completed": True}),
        ("egress-test", "attempts", 0, {"noticed_at": None}, {"detection_p95_seconds": None, "full_copy_seconds": 70000}),
        ("egress-test", "attempts", 0, {"bytes_sent": 0}, {"completed": False}),
        ("egress-test", "attempts", 0, {"bytes_per_second": 4_000_000}, {"full_copy_seconds": 35000}),
        ("range-report", "attempts", 0, {"ended": "error"}, {"completed": False}),
        (
            "range-report",
            "attempts",
            0,
            {"ended": "completed", "hints": 5},
            {"hinted_completion": True, "unaided_completions": 0},
        ),
        (
            "range-report",
            "attempts",
            0,
            {"ended": "completed", "hints": 0},
            {"hinted_completion": True, "unaided_completions": 1},
        ),
        ("tabletop-record", "places", 0, {"off_at": None}, {"disable_minutes": None, "completed": False}),
        ("tabletop-record", "tenants", 7, {"affected": True}, {"other_tenants_affected": 1}),
        ("disclosure-stats", "flaws", 0, {"disclosed_at": None}, {"disclosed": 13, "undisclosed_age_p95_days": 250}),
        ("notice-record", "notices", 0, {"urgent": True}, {"short_without_reason": 1}),
        ("notice-record", "findings", 0, {"shared_at": None}, {"transferable_unshared": 1, "slowest_sharing_days": 0}),
    ],
)
def test_a_changed_row_changes_what_is_read(
    name: str, rows: str, at: int, change: dict[str, Any], found: dict[str, Any]
) -> None:
    record = _record(name)
    record[rows][at].update(change)
    said = _said(record, name)
    assert {fact: said.get(fact) for fact in found} == found


# --- schemas and blank records -------------------------------------------------------------------------------------------


def faults(value: Any, schema: dict[str, Any], at: str = "") -> list[str]:
    """What of a schema (the part of JSON Schema that ``form_schema`` uses) a value does not meet."""
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    asked = schema.get("type", [])
    names = [asked] if isinstance(asked, str) else asked
    number = isinstance(value, int | float) and not isinstance(value, bool)
    good = [number and (name == "number" or isinstance(value, int)) for name in names if name in ("number", "integer")]
    good += [isinstance(value, types[name]) for name in names if name in types]
    if names and not any(good):
        return [f"{at} is no {' or '.join(names)}"]
    found = [f"{at} is not {schema['const']}"] if "const" in schema and value != schema["const"] else []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at} is none of {schema['enum']}")
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value) or len(value) < schema.get("minLength", 0):
            found.append(f"{at} does not match")
        if schema.get("format") == "date":
            dt.date.fromisoformat(value)
        if schema.get("format") == "date-time":
            assert dt.datetime.fromisoformat(value).tzinfo
    if number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at} is out of bounds")
    if isinstance(value, list):
        found += [fault for n, one in enumerate(value) for fault in faults(one, schema.get("items", {}), f"{at}/{n}")]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}/{name} is missing" for name in schema.get("required", []) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{at}/{name} is not known" for name in value if name not in known]
        found += [fault for name, one in value.items() if name in known for fault in faults(one, known[name], f"{at}/{name}")]
    return found


@pytest.mark.parametrize("kind", OURS, ids=ids(OURS))
def test_a_sample_is_valid_for_the_schema_of_its_form(kind: Kind) -> None:
    record = json.loads(sample(kind).read_text())
    schema = form_schema(kind)
    assert faults(record, schema) == []
    assert faults({**record, "form": "other/1"}, schema) and faults({**record, "slip_of_the_pen": 1}, schema)
    assert json.loads(json.dumps(schema)) == schema


def test_an_optional_choice_may_be_null_and_bounds_are_kept() -> None:
    fields = """
[[fields]]
name = "choice"
type = "text"
values = ["a", "b"]
optional = true
meaning = "m"

[[fields]]
name = "number"
type = "decimal"
least = 0
most = 1.5
meaning = "m"
"""
    schema = form_schema(load_model((HEAD + fields).encode(), Kind, "k"))
    record = {"form": "t/1", "speaks_of": "2026-01-01", "number": 1.5}
    assert faults(record, schema) == faults({**record, "choice": None}, schema) == []
    assert faults({**record, "choice": "c"}, schema) and faults({**record, "number": 1.6}, schema)
    assert faults({**record, "number": None}, schema)


def _filled(field: RecordField) -> Any:
    if field.type == "rows":
        return [{one.name: _filled(one) for one in field.fields}]
    if field.type == "table":
        return {one.name: _filled(one) for one in field.fields} if field.fields else {"axis": "1"}
    if field.values:
        return field.values[0]
    if field.pattern:
        return next(text for text in ("ab" * 32, "J2", "jsr") if re.search(field.pattern, text))
    examples: dict[str, Any] = {
        "boolean": True, "integer": int(field.least or 1), "decimal": float(field.least or 1), "text": "x",
        "instant": "2026-11-20T09:00:00Z", "date": "2026-11-20", "list": ["x"],
    }  # fmt: skip
    return examples[field.type]


@pytest.mark.parametrize("kind", OURS, ids=ids(OURS))
def test_a_blank_record_is_valid_once_it_is_filled_in(kind: Kind) -> None:
    content = new_record(kind, DAY)
    blank = json.loads(content)
    assert (blank["form"], blank["speaks_of"]) == (kind.own_form, "2026-11-24")
    fields = record_fields(kind)
    assert list(blank) == ["form", "speaks_of", "note", "help", *(field.name for field in fields)]
    if any(not field.optional for field in fields):
        assert faults(blank, form_schema(kind)), "a blank record should not pass for a filled one"
    filled = {**blank, **{field.name: _filled(field) for field in fields}}
    assert faults(filled, form_schema(kind)) == []
    read(json.dumps(filled).encode(), kind)
    assert all(name.split("[")[0].split(".")[0] in blank for name in blank["help"])


@pytest.mark.parametrize("kind", FORMS, ids=ids(FORMS))
def test_a_blank_record_proves_nothing(kind: Kind) -> None:
    if not kind.own_form or kind.format != "json":
        return
    if any(field.type == "rows" for field in record_fields(kind)):
        with pytest.raises(InputError, match="is blank; fill it in, or remove it"):
            read(new_record(kind, DAY), kind)
    else:
        assert set(read(new_record(kind, DAY), kind).facts) == {"speaks_of"}


@pytest.mark.parametrize("kind", FORMS, ids=ids(FORMS))
def test_what_a_fact_reads_is_a_field_that_the_form_declares(kind: Kind) -> None:
    if not kind.own_form or kind.format != "json":
        return
    declared = {f"/{one.name}": one for one in record_fields(kind)}
    for fact in kind.facts:
        if fact.derived:
            inside = {one.name for one in declared[fact.each].fields}
            assert {name for name in fact.fields if not name.startswith("/")} <= inside
            assert {name for name in fact.fields if name.startswith("/")} <= {*declared, "/speaks_of"}


@pytest.mark.parametrize("kind", DOCUMENTS, ids=ids(DOCUMENTS))
def test_a_blank_document_names_every_fact_and_is_read_once_it_is_filled_in(kind: Kind, tmp_path: Path) -> None:
    content = new_record(kind, DAY).decode()
    answers = {"boolean": "yes", "integer": "3", "decimal": "0.5", "text": "x", "list": "a, b", "date": "2026-11-20"}
    answers["instant"] = "2026-11-20T09:00:00Z"
    for fact in kind.facts:
        assert re.search(rf"^{re.escape(fact.name)}:", content, re.MULTILINE)
        answer = str(fact.most) if fact.most is not None else answers[fact.type]
        content = re.sub(rf"^{re.escape(fact.name)}:$", f"{fact.name}: {answer}", content, flags=re.MULTILINE)
    (tmp_path / "filled.md").write_text(content)
    assert recognise(tmp_path / "filled.md", KINDS) == kind.id
    assert {one.name for one in kind.facts} <= set(read_facts(tmp_path / "filled.md", kind).facts)


@pytest.mark.parametrize("name", ["sarif", "junit-report", "inspect-eval-log"])
def test_what_a_tool_writes_is_not_filled_in_by_hand(name: str) -> None:
    for make in (form_schema, lambda kind: new_record(kind, DAY)):
        with pytest.raises(InputError, match="written by a tool"):
            make(KINDS[name])


# --- kinds that are wrong ------------------------------------------------------------------------------------------------

WORDS = ("title", "summary", "complete_when", "how_to_produce", "sample", "sample_origin")
HEAD = 'id = "t"\nreader = "form"\n' + "".join(f'{word} = "w"\n' for word in WORDS)
COUNT = '[[facts]]\nname = "n"\ntype = "integer"\neach = "/r"\n'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEAD + COUNT, "say with take"),
        (HEAD + COUNT + 'take = "average"', "take"),
        (HEAD + COUNT + 'take = "p100"', "take"),
        (HEAD + COUNT + 'take = "share"\nwhere = [{ field = "a", is = 1 }]', "share gives a decimal"),
        (HEAD + COUNT + 'take = "sum"', "needs of"),
        (HEAD + COUNT + 'take = "count"\nof = "a"', "leave of out"),
        (HEAD + COUNT + 'take = "count"\npath = "/a"', "not both"),
        (HEAD + COUNT + 'take = "count"\namong = [{ field = "a", is = 1 }]', "into where"),
        (HEAD + COUNT + 'take = "count"\nsince = "a"\nunit = "d"', "no since or over"),
        (HEAD + COUNT + 'take = "distinct"\nof = "a"\nover = "b"', "no since or over"),
        (HEAD + COUNT + 'take = "max"\nof = "a"\nsince = "b"', "units"),
        (HEAD + COUNT + 'take = "max"\nof = "a"\nsince = "b"\nover = "c"\nunit = "d"', "not both"),
        (HEAD + COUNT + 'take = "max"\nof = "a"\nwhen_none = "none"', "when_none should be a integer"),
        (HEAD + COUNT + 'take = "max"\nof = "a"\nwhen_none = true', "when_none should be a integer"),
        (HEAD + COUNT + 'take = "count"\nwhere = [{ field = "a" }]', "give one of is"),
        (HEAD + COUNT + 'take = "count"\nwhere = [{ field = "a", is = 1, above = 2 }]', "give one of is"),
        (HEAD + COUNT + 'take = "count"\nwhere = [{ field = "a", equals = 1 }]', "not a known field"),
        (HEAD + COUNT + 'take = "count"\n' + COUNT + 'take = "count"', "declared twice"),
        (HEAD + 'format = "yaml"', "format"),
        (HEAD + 'format = "csv"\n' + COUNT + 'take = "count"', "leave each out"),
        (HEAD + 'format = "jsonl"\n[[facts]]\nname = "n"\ntype = "text"\npath = "/a"', "without the leading /"),
        (HEAD + 'format = "toml"\n[[facts]]\nname = "n"\ntype = "integer"\ntake = "count"', "where the rows stand"),
        (HEAD + 'format = "xml"\n[[facts]]\nname = "n"\ntype = "integer"', "say with path"),
        (HEAD + '[complete]\nrows = "/r"', "declare it as a boolean"),
        (HEAD + '[complete]\nevery = []\nsame = ["a"]\n[[facts]]\nname = "completed"\ntype = "boolean"', "say with rows"),
        (HEAD + 'format = "csv"\n[complete]\nneeds = ["/a"]\n[[facts]]\nname = "completed"\ntype = "boolean"', "no top"),
        (HEAD.replace('"form"', '"sarif"') + COUNT + 'take = "count"', "only the reader form"),
        (HEAD + '[[fields]]\nname = "a"\ntype = "rows"\nmeaning = "m"', "which fields a row has"),
        (
            HEAD
            + '[[fields]]\nname = "a"\ntype = "text"\nmeaning = "m"\nfields = [{ name = "b", type = "text", meaning = "m" }]',
            "only rows",
        ),
    ],
)
def test_a_kind_that_makes_no_sense_is_refused_with_its_line(content: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        load_model(content.encode(), Kind, "kind.toml")
    assert str(caught.value).startswith("kind.toml, line ")


def test_a_lab_adds_its_kind_and_cannot_take_a_wrong_folder(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "kind.toml").write_text(HEAD)
    assert load_kinds(tmp_path)["t"].own_form == "t/1"
    (tmp_path / "t").rename(tmp_path / "other")
    with pytest.raises(InputError, match="must lie in a folder of its name"):
        load_kinds(tmp_path)


def test_the_digest_of_the_rules_changes_with_what_is_read_and_not_with_words() -> None:
    kind = load_model((HEAD + COUNT + 'take = "count"\nmeaning = "a"').encode(), Kind, "k")
    reworded = load_model((HEAD + COUNT + 'take = "count"\nmeaning = "b"').encode(), Kind, "k")
    other = load_model((HEAD + COUNT + 'take = "count"\nwhere = [{ field = "a", is = 1 }]').encode(), Kind, "k")
    assert kind.rules == reworded.rules != other.rules
    record = b'{"form": "t/1", "speaks_of": "2026-01-01", "r": []}'
    assert read(record, kind).reader == f"form/2+{kind.rules}"


def test_a_record_of_another_form_is_refused_and_a_slip_of_the_pen_is_said() -> None:
    record = _record("canary-test")
    with pytest.raises(InputError, match='it should say "form": "canary-test/1"'):
        _said({**record, "form": "canary-test/2"}, "canary-test")
    said = read(json.dumps({**record, "seed": 3, "help": {}}).encode(), KINDS["canary-test"]).warnings
    assert said == ("seed is no field of canary-test and was passed over",)
    with pytest.raises(InputError, match="speaks_of should be a date"):
        _said({**record, "speaks_of": "November"}, "canary-test")


@pytest.mark.parametrize("text", ["-1", "1.5", "x", ""])
def test_what_a_person_states_is_held_to_the_same_bounds(text: str) -> None:
    with pytest.raises(InputError, match="should be a whole number not below 0"):
        KINDS["pen-test-report"].state("open_critical", text)
