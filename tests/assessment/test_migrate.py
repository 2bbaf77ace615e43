"""Moving an assessment to another version: each answer to its place, nothing lost, nothing overwritten, all or none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.assessment import actions
from compliance_tui.assessment.archive import archived_answers
from compliance_tui.assessment.folder import Contents, load, record_bytes
from compliance_tui.assessment.log import read_log, reconcile
from compliance_tui.assessment.migrate import migrate, plan_json, plan_migration, undo_migration
from compliance_tui.assessment.model import LONGEST_STATEMENT, Assessment, Recheck, Response, Status
from compliance_tui.cli.output_schemas import MIGRATE
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.standard.digest import control_digest
from compliance_tui.standard.load import find_pack
from tests.assessment.sample import NOW, SERIES
from tests.assessment.walking import MOVE, UNDO, copy, home_of, move, plan, responses, target, tree
from tests.standard.versions import among, change, control, document, documents, put, read, scale

# By hand from the two lists of changes: new id -> old ids, and what becomes of the answer.
OUTCOMES = {
    "W-KEEP": (("W-KEEP",), "kept"),
    "W-NEWNAME": (("W-NAME",), "kept"),
    "W-WORD": (("W-WORD",), "kept"),
    "W-AGE": (("W-AGE",), "recheck"),
    "W-EASE": (("W-EASE",), "kept"),
    "W-BOTH": (("W-BOTH",), "recheck"),
    "W-HALF": (("W-BOTH",), "recheck"),
    "W-ONE": (("W-ONE", "W-TWO"), "recheck"),
    "W-WIDE": (("W-WIDE",), "recheck"),
    "W-RATE": (("W-RATE",), "recompute"),
    "W-MOVED": (("W-MOVE",), "recheck"),
    "W-APART": (("W-MOVE",), "recheck"),
    "W-TIER": (("W-TIER",), "recheck"),
    "W-FRESH": ((), "new"),
}
ARCHIVED = {"W-GONE", "W-LEAVE"}


pytestmark = pytest.mark.usefixtures("quick")


def test_a_preview_changes_nothing_on_disk(root: Path) -> None:
    load(root)
    before = tree(root)
    found = plan(root, "walk@1.1")
    assert {step.new: (step.old, step.outcome) for step in found.steps if step.new} == OUTCOMES
    assert {step.old[0] for step in found.steps if step.new is None} == ARCHIVED
    assert tree(root) == before


@pytest.mark.parametrize("way", [["walk@1.1"], ["walk@1.0", "walk@1.1"]])
def test_every_answer_comes_to_its_place_by_one_step_or_two(root: Path, way: list[str]) -> None:
    before = responses(load(root))
    for number, reference in enumerate(way):
        move(root, reference, f"{MOVE[:-1]}{number}")
    contents = load(root)
    after = responses(contents)
    assert contents.assessment.standards[0].version == "1.1"
    assert set(after) == set(OUTCOMES) - {"W-FRESH"}
    for name, (olds, outcome) in OUTCOMES.items():
        if not olds:
            continue
        new, old = after[name], before[olds[0]]
        if outcome != "recheck":
            assert (new.status, new.recheck) == ("met", None), name
            assert (new.statement, new.evidence, new.sign_offs) == (old.statement, old.evidence, old.sign_offs), name
            continue
        assert (new.status, new.sign_offs, new.waiver) == (None, [], None), name
        assert new.recheck is not None
        assert new.recheck.was == "met"
        assert "1.1" in new.recheck.why or name in ("W-AGE", "W-BOTH", "W-HALF"), name
        assert new.evidence == (["E-0001", "E-0002"] if name == "W-ONE" else old.evidence), name
        assert old.statement in new.statement, name
    assert {one.response.control for one in archived_answers(root)} >= ARCHIVED | {"W-ONE", "W-TWO"}


def test_unchanged_answers_keep_their_bytes_however_they_were_written(root: Path) -> None:
    path = root / "responses/walk/W-KEEP.toml"
    path.write_bytes(b"# by hand\n" + path.read_bytes().replace(b'status = "met"', b"status  =  'met'"))
    before = tree(root)
    move(root, "walk@1.1")
    after = tree(root)
    assert after["responses/walk/W-KEEP.toml"] == before["responses/walk/W-KEEP.toml"]
    assert after["evidence/E-0001.toml"] == before["evidence/E-0001.toml"]
    assert after["standards/walk-0.9.toml"] == before["standards/walk-0.9.toml"]
    renamed = after["responses/walk/W-NEWNAME.toml"]
    assert renamed == before["responses/walk/W-NAME.toml"].replace(b'"W-NAME"', b'"W-NEWNAME"')


def test_sign_offs_survive_a_rename_a_rewording_and_what_does_not_bear_on_the_release(root: Path) -> None:
    move(root, "walk@1.1")
    states = {state.control.id: state for state in load(root).readiness(NOW).controls}
    for name in ("W-KEEP", "W-NEWNAME", "W-WORD", "W-EASE"):
        assert [seat.state for seat in states[name].seats] == ["signed"], name
        assert states[name].outcome == "satisfied", name
    for name in ("W-AGE", "W-BOTH", "W-ONE"):
        assert {seat.state for seat in states[name].seats} == {"missing"}, name
        assert states[name].reasons[0].code == "recheck", name
    assert [seat.state for seat in states["W-RATE"].seats] == ["lapsed"]


def test_a_sign_off_lapses_by_itself_where_a_relaxed_rule_bears_on_the_release(root: Path) -> None:
    actions.set_axes(root, {"tier": "T0"}, "ada", NOW)
    actions.sign_off(load(root), "W-EASE", "ada", "owner", "ada", NOW)
    move(root, "walk@1.1")
    contents = load(root)
    state = contents.readiness(NOW).state("walk", "W-EASE")
    assert state is not None
    assert contents.responses["walk", "W-EASE"].status == "met"
    assert [seat.state for seat in state.seats] == ["lapsed"]


def test_what_changed_is_said_in_the_answer(root: Path) -> None:
    move(root, "walk@1.1")
    why = {name: response.recheck.why for name, response in responses(load(root)).items() if response.recheck}
    assert why["W-AGE"] == "0.9 -> 1.1: tightened: 100 -> 30 days"
    assert "two belongs to one; late belongs to one; two sign" in why["W-ONE"]
    assert "its waiver until 2027-11-24 was for the old rule" in why["W-WIDE"]


def test_reasons_to_recheck_add_up_over_moves(root: Path) -> None:
    move(root, "walk@1.0", MOVE)
    move(root, "walk@1.1", MOVE[:-1] + "9")
    found = responses(load(root))["W-ONE"].recheck
    assert found is not None
    assert found.was == "met"
    assert found.why.startswith("0.9 -> 1.0: merged: two belongs to one; 1.0 -> 1.1: merged, tightened: ")


def test_a_second_run_changes_no_byte(root: Path) -> None:
    move(root, "walk@1.1")
    before = tree(root)
    again = move(root, "walk@1.1", MOVE[:-1] + "9")
    assert again.nothing_to_do
    assert tree(root) == before


def test_the_log_tells_of_every_file_and_once_of_the_whole(root: Path) -> None:
    last = read_log(root)[-1]["seq"]
    reconcile(root, "ada", NOW)
    last = read_log(root)[-1]["seq"]
    move(root, "walk@1.1")
    told = [entry for entry in read_log(root) if entry["seq"] > last]
    assert {entry["act"] for entry in told} == {"migrate"}
    paths = [entry["path"] for entry in told if "path" in entry]
    assert len(paths) == len(set(paths)) == told[-1]["files"] == len(told) - 1
    assert (told[-1]["from"], told[-1]["to"], told[-1]["by"]) == ("0.9", "1.1", "ada")
    assert reconcile(root, "ada", NOW) == []


def test_what_was_written_ahead_is_kept_and_what_it_displaces_is_archived(root: Path) -> None:
    ahead = Response(standard="walk", control="W-NEWNAME", status="partly-met", statement="Written ahead.")
    path = root / "responses/walk/W-NEWNAME.toml"
    path.write_bytes(record_bytes(ahead))
    fresh = Response(standard="walk", control="W-FRESH", status="not-met", statement="Ahead, too.")
    (root / "responses/walk/W-FRESH.toml").write_bytes(record_bytes(fresh))
    before = path.read_bytes()
    found = {step.new: step for step in move(root, "walk@1.1").steps}
    assert found["W-NEWNAME"].why == "answered here already; that answer stays"
    assert path.read_bytes() == before
    assert load(root).responses["walk", "W-FRESH"] == fresh
    (displaced,) = archived_answers(root, "W-NAME")
    assert displaced.response.statement == "How W-NAME is met."
    assert not (root / "responses/walk/W-NAME.toml").exists()


def test_answers_to_controls_of_no_version_stay_where_they_are(root: Path) -> None:
    stray = root / "responses/walk/W-STRAY.toml"
    stray.write_bytes(record_bytes(Response(standard="walk", control="W-STRAY", status="met", statement="?")))
    before = stray.read_bytes()
    move(root, "walk@1.1")
    assert stray.read_bytes() == before


def test_there_and_back_and_there_again_every_answer_is_still_somewhere(root: Path) -> None:
    said = {"How W-GONE is met.", "How W-LEAVE is met.", "How W-TWO is met."}
    move(root, "walk@1.1", MOVE[:-1] + "1")
    for number, text in enumerate(("First.", "Second."), 2):
        actions.answer(load(root), "W-FRESH", "ada", NOW, status="met", statement=text)
        said.add(text)
        move(root, "walk@0.9", f"{MOVE[:-2]}{number}0")
        assert "W-FRESH" not in responses(load(root))
        move(root, "walk@1.1", f"{MOVE[:-2]}{number}1")
        assert load(root).responses["walk", "W-FRESH"].statement == text
        actions.answer(load(root), "W-FRESH", "ada", NOW, status="not-met", statement=f"{text} No more.")
        said.add(f"{text} No more.")
    kept = [one.response.statement for one in archived_answers(root)]
    kept += [response.statement for response in responses(load(root)).values()]
    missing = {text for text in said if not any(text in one for one in kept)}
    assert missing <= {"First. No more."}  # said, and replaced by its own author before the move
    assert len(archived_answers(root, "W-FRESH")) == 2


def test_an_answer_comes_back_from_the_archive_with_the_same_text_and_is_rechecked_with_another(root: Path) -> None:
    move(root, "walk@1.0", MOVE[:-1] + "1")
    tables = documents()
    changes = [change(["added"], [], ["W-GONE"], "new")]
    back = document("1.2", [*tables["1.0"]["controls"], control("W-GONE")], changes, "1.0", scales=[scale(60)])
    put(home_of(root), back)
    step = next(step for step in move(root, "walk@1.2", MOVE[:-1] + "2").steps if step.new == "W-GONE")
    response = load(root).responses["walk", "W-GONE"]
    assert (step.outcome, response.status, response.sign_offs) == ("kept", "met", [])
    move(root, "walk@1.0", MOVE[:-1] + "3")
    back["standard"]["version"] = "1.3"
    back["controls"][-1]["statement"] = "It holds otherwise."
    put(home_of(root), back)
    step = next(step for step in move(root, "walk@1.3", MOVE[:-1] + "4").steps if step.new == "W-GONE")
    response = load(root).responses["walk", "W-GONE"]
    assert (step.outcome, response.status) == ("recheck", None)
    assert response.recheck is not None
    assert response.recheck.was == "met"


def test_a_control_that_went_and_came_back_is_the_same_by_one_step_or_two(template: Path, tmp_path: Path) -> None:
    found = []
    for way in (["walk@1.2"], ["walk@1.0", "walk@1.2"]):
        root = copy(template, tmp_path / str(len(way)))
        controls = [*documents()["1.0"]["controls"], control("W-GONE")]
        again = document("1.2", controls, [change(["added"], [], ["W-GONE"], "new")], "1.0", scales=[scale(60)])
        put(home_of(root), again)
        for number, reference in enumerate(way):
            move(root, reference, f"{MOVE[:-1]}{number}")
        found.append(load(root).responses["walk", "W-GONE"])
        assert [one.response.statement for one in archived_answers(root, "W-GONE")] == ["How W-GONE is met."]
    assert found[0] == found[1]
    assert (found[0].status, found[0].sign_offs) == ("met", [])


def test_a_large_pack_in_json_is_moved_to_and_back(root: Path) -> None:
    path = home_of(root) / "walk/1.1.toml"
    standard = read(documents()["1.1"])
    path.unlink()
    path.with_suffix(".json").write_bytes(dump_json(standard.model_dump(by_alias=True, exclude_defaults=True)))
    before = tree(root, "log.jsonl", "history/")
    move(root, "walk@1.1")
    contents = load(root)
    assert contents.standard("walk") == standard
    assert contents.assessment.standards[0].file_name == "walk-1.1.json"
    undo_migration(root, UNDO, "ada", NOW)
    assert tree(root, "log.jsonl", "history/") == before


def test_an_answer_to_another_text_than_the_pinned_one_is_rechecked_and_says_so(root: Path) -> None:
    path = root / "responses/walk/W-NAME.toml"
    said = load(root).responses["walk", "W-NAME"]
    path.write_bytes(record_bytes(said.model_copy(update={"answers": "0" * 64})))
    move(root, "walk@1.1")
    response = load(root).responses["walk", "W-NEWNAME"]
    assert (response.status, response.sign_offs) == (None, [])
    assert response.recheck is not None
    assert "W-NAME was answered to another text than the one pinned" in response.recheck.why


def test_without_lists_answers_are_carried_by_content(root: Path) -> None:
    put(home_of(root), document("5.0", [control("X-NAME", "The name says nothing."), control("W-KEEP", "Different.")]))
    found = move(root, "walk@5.0")
    assert found.guessed
    after = responses(load(root))
    assert (after["X-NAME"].status, after["X-NAME"].recheck) == ("met", None)
    recheck = after["W-KEEP"].recheck
    assert recheck is not None
    assert "no change of the standard says why" in recheck.why
    assert len(archived_answers(root)) == 12


@pytest.mark.parametrize("status", ["partly-met", "not-met", "inconclusive"])
def test_an_answer_that_claims_little_keeps_its_status(root: Path, status: Status) -> None:
    actions.answer(load(root), "W-AGE", "ada", NOW, status=status)
    move(root, "walk@1.1")
    response = load(root).responses["walk", "W-AGE"]
    assert response.status == status
    assert response.recheck is not None
    assert response.recheck.was == status
    actions.answer(load(root), "W-AGE", "ada", NOW, status="met")
    assert load(root).responses["walk", "W-AGE"].recheck is None


_STATUSES: list[Status | None] = ["met", "not-applicable", "partly-met", "inconclusive", "not-met", None]
_ANSWER = st.none() | st.tuples(
    st.sampled_from(_STATUSES),
    st.lists(st.sampled_from(["E-0001", "E-0002", "E-0003"]), unique=True),
    st.sampled_from(["", "Because.", "So it is."]),
)


@settings(max_examples=40, deadline=None)
@given(_ANSWER, _ANSWER)
def test_a_merge_takes_all_evidence_and_the_worst_status(tmp_path_factory: pytest.TempPathFactory, one: Any, two: Any) -> None:
    old, new = read(documents()["0.9"]), documents()["1.0"]
    folder = tmp_path_factory.getbasetemp() / "merge"
    pack = find_pack("walk@1.0", [folder]) if (folder / "walk/1.0.toml").exists() else put(folder, new)
    said = {
        ("walk", name): Response(
            standard="walk", control=name, status=answer[0], evidence=answer[1], statement=answer[2], answered_at=NOW
        )
        for name, answer in (("W-ONE", one), ("W-TWO", two))
        if answer is not None
    }
    assessment = _pinning(old.version)
    contents = Contents(folder, assessment, ((old, "0" * 64),), said, {})
    step = next(s for s in plan_migration(contents, pack, among(old, pack.standard), NOW).steps if s.new == "W-ONE")
    given_ = [answer for answer in (one, two) if answer is not None]
    if not given_:
        assert step.response is None
        return
    found = step.response
    assert found is not None
    assert set(found.evidence) == {item for answer in given_ for item in answer[1]}
    assert all(answer[2] in found.statement for answer in given_)
    worst = max((answer[0] for answer in given_ if answer[0]), key=_STATUSES.index, default=None)
    assert found.recheck is not None
    assert found.recheck.was == worst
    assert found.status == (worst if worst not in ("met", "not-applicable") else None)


def _pinning(version: str) -> Assessment:
    pins = [{"id": "walk", "version": version, "sha256": "0" * 64}]
    return Assessment.model_validate({"schema": "assessment/1", "series": SERIES, "subject": {"name": "s"}, "standards": pins})


@pytest.mark.parametrize("letter", ["a", "\U0001f512"])
def test_long_answers_merge_into_one_that_can_be_read_back(root: Path, letter: str) -> None:
    length = 60_000
    texts = {name: f"{name} {letter * length}"[:length] for name in ("W-ONE", "W-TWO")}
    for name, text in texts.items():
        actions.answer(load(root), name, "ada", NOW, status="met", statement=text)
    move(root, "walk@1.0")
    found = load(root).responses["walk", "W-ONE"]
    assert len(found.statement) <= LONGEST_STATEMENT
    assert found.statement.endswith("each answer is whole in the archive)")
    assert {one.response.control: one.response.statement for one in archived_answers(root)}.items() >= texts.items()
    longest = letter * LONGEST_STATEMENT
    actions.answer(load(root), "W-KEEP", "ada", NOW, statement=longest)
    assert load(root).responses["walk", "W-KEEP"].statement == longest


def test_the_json_of_a_plan_fits_its_schema(root: Path) -> None:
    found = json.loads(json.dumps(plan_json(plan(root, "walk@1.1"))))
    assert set(found) == set(MIGRATE["required"])
    wanted = MIGRATE["properties"]["controls"]["items"]["properties"]["outcome"]["enum"]
    assert {one["outcome"] for one in found["controls"]} == {"kept", "recheck", "recompute", "new", "archived"} == set(wanted)
    assert [one["from"] for one in found["controls"] if one["to"] is None] == [["W-GONE"], ["W-LEAVE"]]


def test_a_recheck_outlives_moves_that_keep_the_answer(root: Path) -> None:
    path = root / "responses/walk/W-NAME.toml"
    said = load(root).responses["walk", "W-NAME"]
    why = Recheck(why="the release changed", was="met", since=NOW)
    path.write_bytes(record_bytes(said.model_copy(update={"status": None, "recheck": why, "sign_offs": []})))
    move(root, "walk@1.1")
    assert load(root).responses["walk", "W-NEWNAME"].recheck == why


def test_the_target_is_read_again_under_the_lock(root: Path) -> None:
    """What somebody answers between the plan and the move is moved, too."""
    contents = load(root)
    pack, version = target(root, "walk@1.1")
    actions.answer(load(root), "W-NAME", "ben", NOW, status="partly-met", statement="Meanwhile.")
    migrate(contents, pack, version, MOVE, "ada", NOW)
    assert load(root).responses["walk", "W-NEWNAME"].statement == "Meanwhile."


def test_digests_say_what_is_answered_now(root: Path) -> None:
    move(root, "walk@1.1")
    contents = load(root)
    standard = contents.standard("walk")
    for name, response in responses(contents).items():
        asked = standard.control(name)
        assert asked is not None
        assert response.answers == control_digest(asked), name
