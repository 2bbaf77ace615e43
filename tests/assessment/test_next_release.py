"""The next release begins from the last one: nothing is asked twice without need, and nothing counts by itself."""

import datetime as dt
import errno
import itertools
import os
import signal
import uuid
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.model import Artifact, Subject, Waiver
from compliance_tui.assessment.next_release import start_next_release
from compliance_tui.assessment.store import objects_folder
from compliance_tui.evidence.store import LocalStore
from compliance_tui.safe.errors import InputError
from compliance_tui.standard.load import read_pack
from tests.assessment.sample import NOW, canary_file, codes, complete, policy_file, put
from tests.assessment.walking import copy, home_of, move, tree
from tests.standard.versions import control, document, documents
from tests.standard.versions import put as put_pack

LATER = dt.datetime(2027, 1, 20, 12, 0, tzinfo=dt.UTC)  # the canary of 20 November is too old by then, the policy is not
SUBJECT = Subject(name="thing", version="2", artifacts=[Artifact(name="w2", sha256="cd" * 32)])


pytestmark = pytest.mark.usefixtures("quick")


def _next(root: Path, place: Path | None = None, at: dt.datetime = NOW, **axes: str) -> Contents:
    target = place or root.parent / "next"
    start_next_release(load(root), target, SUBJECT, axes, str(uuid.UUID(int=7)), "ben", at)
    return load(target)


def test_answers_and_fresh_evidence_come_along_and_nothing_counts_yet(tmp_path: Path) -> None:
    root = complete(tmp_path)
    load(root)
    before = tree(root)
    contents = _next(root)
    assert tree(root) == before
    old, new = load(root), contents
    assert new.assessment.subject == SUBJECT
    assert new.assessment.series != old.assessment.series
    assert (new.assessment.standards, new.assessment.people, new.assessment.axes) == (
        old.assessment.standards,
        old.assessment.people,
        old.assessment.axes,
    )
    for key, response in new.responses.items():
        assert (response.status, response.sign_offs) == (None, [])
        assert (response.statement, response.evidence) == (old.responses[key].statement, old.responses[key].evidence)
        assert response.recheck is not None
        assert (response.recheck.was, response.recheck.why) == ("met", "confirm again: met for thing 1")
        assert codes(contents, key[1]) == ["recheck", "sign-off-missing"]
    assert dict(new.items) == dict(old.items)
    digests = [file.sha256 for item in new.items.values() for file in item.files]
    assert LocalStore(objects_folder(new.root)).verify(digests) == []
    actions.answer(new, "S-01", "ben", NOW, status="met")
    assert codes(load(new.root), "S-01") == ["sign-off-missing"]


def test_stale_evidence_stays_behind_and_the_answer_says_so(tmp_path: Path) -> None:
    contents = _next(complete(tmp_path), at=LATER)
    assert set(contents.items) == {"E-0001"}
    assert len(list(objects_folder(contents.root).glob("*/*"))) == 1
    recall = contents.responses["small", "S-02"]
    assert recall.evidence == []
    assert recall.recheck is not None
    assert "E-0002 is too old now and was left behind" in recall.recheck.why
    assert contents.responses["small", "S-01"].evidence == ["E-0001"]


def test_evidence_that_serves_another_control_long_enough_comes_along(tmp_path: Path) -> None:
    root = complete(tmp_path)
    actions.link_evidence(load(root), ["S-03"], "E-0002", "ada", NOW)
    contents = _next(root, at=LATER)
    assert set(contents.items) == {"E-0001", "E-0002"}
    assert "evidence-stale" in codes(contents, "S-02", LATER)


def test_evidence_that_serves_nothing_stays_behind(tmp_path: Path) -> None:
    root = complete(tmp_path)
    actions.unlink_evidence(load(root), "S-01", "E-0001", "ada", NOW)
    assert set(_next(root).items) == {"E-0002"}


def test_what_was_open_stays_open_and_a_waiver_does_not_come_along(tmp_path: Path) -> None:
    root = complete(tmp_path)
    actions.answer(load(root), "S-01", "ada", NOW, status="partly-met", statement="Half.")
    until = NOW.date() + dt.timedelta(days=300)
    waiver = Waiver(reason="r", owner="ada", approver="ben", until=until, approved_at=NOW)
    actions.waive(load(root), "S-02", waiver, "ada", NOW)
    contents = _next(root)
    assert contents.responses["small", "S-01"].status == "partly-met"
    assert contents.responses["small", "S-01"].recheck is None
    waived = contents.responses["small", "S-02"]
    assert waived.waiver is None
    assert waived.recheck is not None
    assert "its waiver was for the release before" in waived.recheck.why


def test_a_recheck_of_the_release_before_comes_along_with_its_reason(template: Path, tmp_path: Path) -> None:
    root = copy(template, tmp_path)
    move(root, "walk@1.1")
    recheck = _next(root).responses["walk", "W-AGE"].recheck
    assert recheck is not None
    assert recheck.was == "met"
    assert "100 -> 30 days" in recheck.why


def test_axis_values_may_change_and_those_of_earlier_versions_are_let_go(template: Path, tmp_path: Path) -> None:
    root = copy(template, tmp_path)
    tier = [{"id": "T0", "title": "none"}]
    axes = [{"id": "reach", "title": "Reach", "values": tier}, {"id": "tier", "title": "Tier", "values": tier}]
    put_pack(home_of(root), document("3.0", [control("W-KEEP")], axes=axes))
    move(root, "walk@3.0")
    assert load(root).assessment.axes == {"profile": "api", "tier": "T1"}
    assert _next(root).assessment.axes == {}
    assert _next(root, root.parent / "other", tier="T0").assessment.axes == {"tier": "T0"}


def test_which_evidence_is_fresh_is_asked_at_the_new_axis_values(template: Path, tmp_path: Path) -> None:
    root = copy(template, tmp_path)
    table = documents()["0.9"]
    strict = {"kinds": ["policy-doc"], "max_age_days": 10, "when": [{"from": {"tier": "T3"}}]}
    for one in table["controls"]:
        one["evidence"] = [strict, {"kinds": ["policy-doc"], "max_age_days": 100}]
    table["standard"] |= {"version": "0.9.5"}
    put_pack(home_of(root), table)
    move(root, "walk@0.9.5")
    assert set(_next(root).items) == {"E-0001", "E-0002"}
    assert set(_next(root, root.parent / "other", tier="T3").items) == set()


def test_an_item_does_not_name_a_forerunner_that_stayed_behind(tmp_path: Path) -> None:
    root = complete(tmp_path)
    newer = canary_file(tmp_path, day="2026-11-23", name="newer.json")
    attach(load(root), [newer], ["S-02"], "ci", NOW, replaces="E-0002")
    assert load(root).items["E-0003"].replaces == "E-0002"
    contents = _next(root)
    assert set(contents.items) == {"E-0001", "E-0003"}
    assert contents.items["E-0003"].replaces is None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda old, new: new.mkdir() or (new / "assessment.toml").write_text("x"), "already holds an assessment"),
        (lambda old, new: next(objects_folder(old).glob("*/*")).unlink(), "restore them first"),
        (lambda old, new: new.write_text("a file"), "cannot be made|could not be written"),
    ],
)
def test_what_cannot_begin_leaves_no_assessment_behind(tmp_path: Path, spoil: Any, said: str) -> None:
    root = complete(tmp_path)
    load(root)
    spoil(root, tmp_path / "next")
    before = tree(root)
    with pytest.raises(InputError, match=said):
        _next(root)
    assert tree(root) == before
    assert not (tmp_path / "next/evidence").exists()


def test_an_axis_value_that_is_not_there_is_refused_before_anything_is_copied(tmp_path: Path) -> None:
    root = complete(tmp_path)
    with pytest.raises(InputError, match="tier has no value T9"):
        _next(root, tier="T9")
    assert not (tmp_path / "next").exists()


def test_altered_bytes_are_not_carried_over(tmp_path: Path) -> None:
    root = complete(tmp_path)
    stored = next(objects_folder(root).glob("*/*"))
    stored.chmod(0o644)
    stored.write_bytes(b"altered")
    with pytest.raises(InputError, match="were altered"):
        _next(root)
    assert not (tmp_path / "next/assessment.toml").exists()


def test_a_full_disk_leaves_no_assessment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = complete(tmp_path)
    real = os.fsync
    for step in itertools.count(1, 3):
        left = itertools.count(1)

        def fails(descriptor: int, left: Any = left, step: int = step) -> None:
            if next(left) == step:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        place = tmp_path / str(step)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fails)
            try:
                _next(root, place)
            except InputError as error:
                assert error.code == "not-written"
        if next(left) <= step:
            break
        if (place / "assessment.toml").exists():
            assert len(load(place).responses) == 2
        else:
            with pytest.raises(InputError, match="no assessment here"):
                load(place)
    assert load(place).assessment.subject == SUBJECT


def test_killed_halfway_there_is_no_assessment_and_no_second_one_begins_on_top(tmp_path: Path) -> None:
    root = complete(tmp_path)
    cut = 0
    for number in range(2, 60, 4):
        place = tmp_path / str(number)
        child = os.fork()
        if not child:
            left, real = itertools.count(1), os.replace

            def dies(*arguments: Any, left: Any = left, number: int = number, real: Any = real) -> None:
                if next(left) == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                real(*arguments)

            try:
                os.replace = dies  # type: ignore[assignment]
                _next(root, place)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        if (place / "assessment.toml").exists():
            assert len(load(place).responses) == 2
            break
        with pytest.raises(InputError, match="no assessment here"):
            load(place)
        if list(place.glob("responses/*/*.toml")):
            cut += 1
            for begin in (_next, _begin):
                with pytest.raises(InputError, match="belongs to no assessment"):
                    begin(root, place)
    assert cut


def _begin(root: Path, place: Path) -> None:
    pack = read_pack(root / "standards/small-1.0.toml")
    actions.create(place, [pack], SUBJECT, {}, [], str(uuid.UUID(int=8)), "ben", NOW)


def test_two_releases_in_a_row(tmp_path: Path) -> None:
    root = complete(tmp_path)
    second = _next(root)
    put(second.root, policy_file(tmp_path, "2026-11-20", "later.md"), "S-01")
    third = _next(second.root, tmp_path / "third")
    assert third.responses["small", "S-01"].evidence == ["E-0001", "E-0003"]
    why = third.responses["small", "S-01"].recheck
    assert why is not None
    assert why.was == "met"
