"""The audit log in a bundle: its signed head, and proofs that it continues the heads of the bundles before."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle import log_proof
from compliance_tui.bundle.compare import compare, read_side
from compliance_tui.bundle.export import exports
from compliance_tui.bundle.log_proof import EarlierHead, continues
from compliance_tui.bundle.state import DOUBTS
from compliance_tui.bundle.statement import LogCheckpoint
from compliance_tui.safe.errors import InputError
from compliance_tui.trust import merkle
from tests.assessment.sample import NOW
from tests.bundle.forging import forge
from tests.bundle.sample import LATER, Sample, line, sample


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "regulator").mkdir()
    return tmp_path / "regulator" / "trust.state.json"


def _work_on(made: Sample, text: str) -> None:
    actions.answer(load(made.root), "S-01", "ada", NOW, statement=text)
    actions.sign_off(load(made.root), "S-01", "ada", "owner", "ada", NOW)


def _three(made: Sample, tmp_path: Path) -> list[Path]:
    bundles = [tmp_path / f"{number}.zip" for number in (1, 2, 3)]
    for bundle in bundles:
        made.export(bundle)
        _work_on(made, f"S-01 is met, also after {bundle.name}.")
    return bundles


def test_each_bundle_proves_that_its_log_continues_all_before(made: Sample, tmp_path: Path, state: Path) -> None:
    bundles = _three(made, tmp_path)
    first = made.verify(bundles[0], state=state)
    assert first.log is not None
    assert (first.verdict, first.log.continues) == ("accepted", "unknown")
    assert "there is no bundle before" in first.log.text
    third = made.verify(bundles[2], state=state)  # the second was never seen
    assert third.log is not None
    assert third.log.proof is not None
    assert (third.verdict, third.log.continues) == ("accepted", "yes")
    assert [one.sequence for one in third.log.proof.earlier] == [1, 2]
    assert third.met is not None
    assert third.met.alarms == ()
    remembered = json.loads(state.read_text())["series"][0]["log"]
    assert remembered == third.log.proof.log.model_dump()


def _rewrite(made: Sample) -> None:
    """The lab takes a word out of its history, and makes the log whole again."""
    path = made.root / "log.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"by": "ada"', b'"by": "ben"').replace(b'"by":"ada"', b'"by":"ben"')
    lines[2] = lines[2] if b"ben" in lines[2] else lines[2].replace(b"}", b', "note": "x"}')
    path.write_bytes(b"".join(lines))


def test_a_log_that_was_rewritten_between_two_bundles_cannot_be_proved(made: Sample, tmp_path: Path, state: Path) -> None:
    made.export(tmp_path / "1.zip")
    assert made.verify(tmp_path / "1.zip", state=state).verdict == "accepted"
    _rewrite(made)
    done = made.export(tmp_path / "2.zip")
    assert done.log_broken == (1,)
    for _ in range(2):  # and it stays so when it is looked at again
        found = made.verify(tmp_path / "2.zip", state=state)
        assert (found.verdict, line(found, "freshness")[0]) == ("not-accepted", "unknown")
        assert "nothing shows that the lab's log continues" in line(found, "freshness")[1]
        assert found.met is not None
        assert [code for code, _ in found.met.alarms] == ["log-unproven"]
    # A verifier without a memory sees as much as the bundle shows.
    blank = made.verify(tmp_path / "2.zip")
    assert blank.log is not None
    assert (blank.verdict, blank.log.continues) == ("accepted", "unknown")


def test_a_lab_that_forgets_its_first_bundle_proves_something_else(made: Sample, tmp_path: Path, state: Path) -> None:
    """The lab rewrites its log and its own record of the bundle before, too: the proof then is of a log that nobody saw."""
    made.export(tmp_path / "1.zip")
    made.verify(tmp_path / "1.zip", state=state)
    _rewrite(made)
    (record,) = made.root.glob("bundles/*/export.toml")
    (seen,) = exports(made.root)
    assert seen.log is not None
    other = log_proof.root_at(log_proof.read_log_tree(made.root), seen.log.size)
    assert other is not None
    record.write_text(record.read_text().replace(seen.log.root, other))
    made.export(tmp_path / "2.zip")
    found = made.verify(tmp_path / "2.zip", state=state)
    assert found.log is not None
    assert found.log.continues == "yes"  # it says so
    assert (found.verdict, line(found, "freshness")[0]) == ("not-accepted", "fail")
    assert "it was written anew" in line(found, "freshness")[1]
    assert found.met is not None
    assert [code for code, _ in found.met.alarms] == ["log-rewritten"]
    assert compare(read_side(tmp_path / "1.zip", LATER), read_side(tmp_path / "2.zip", LATER)).log[0] == "no"


def test_a_head_that_only_the_verifier_remembers_can_be_proved_on_demand(made: Sample, tmp_path: Path, state: Path) -> None:
    made.export(tmp_path / "1.zip")
    made.verify(tmp_path / "1.zip", state=state)
    size = json.loads(state.read_text())["series"][0]["log"]["size"]
    (record,) = made.root.glob("bundles/*/export.toml")  # as made by a version that did not record heads yet
    record.write_text(record.read_text().partition("[log]")[0])
    _work_on(made, "S-01 is met, still.")
    made.export(tmp_path / "2.zip")
    assert made.verify(tmp_path / "2.zip", state=state).verdict == "not-accepted"
    made.export(tmp_path / "3.zip", log_since=[size])
    assert made.verify(tmp_path / "3.zip", state=state).verdict == "accepted"
    with pytest.raises(InputError, match="a head of 9999 was never its own"):
        made.export(tmp_path / "4.zip", log_since=[9999])
    assert not (tmp_path / "4.zip").exists()


def _log_of(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "core/log.json").read_text())
    return value


def _forge(bundle: Path, made: Sample, log: dict[str, Any] | None, head: dict[str, Any] | None) -> None:
    """The lab signs another ``core/log.json``, or none, and another head, or none."""
    path = bundle / "core/log.json"

    def change(_: Path) -> None:
        if log is None:
            path.unlink()
        else:
            path.write_text(json.dumps(log))

    def state(statement: dict[str, Any]) -> None:
        statement["predicate"].pop("log")
        if head is not None:
            statement["predicate"]["log"] = head

    forge(bundle, made, change, state)


def _other_hash(text: str) -> str:
    raw = base64.b64decode(text)
    return base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()


def _alter_proof(value: dict[str, Any]) -> None:
    value["earlier"][0]["proof"][0] = _other_hash(value["earlier"][0]["proof"][0])


def _alter_root(value: dict[str, Any]) -> None:
    value["earlier"][0]["root"] = _other_hash(value["earlier"][0]["root"])


def _alter_head(value: dict[str, Any]) -> None:
    value["log"]["size"] += 1


def _no_proof(value: dict[str, Any]) -> None:
    value["earlier"][0]["proof"] = []


def _zero(value: dict[str, Any]) -> None:
    value["earlier"][0].update(size=0, proof=[])


def _unknown_field(value: dict[str, Any]) -> None:
    value["note"] = "trust me"


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        (_alter_proof, "not shown to continue"),
        (_alter_root, "not shown to continue"),
        (_no_proof, "not shown to continue"),
        (_zero, "not shown to continue"),
        (_alter_head, "different heads"),
        (_unknown_field, "note"),
    ],
)
def test_a_proof_that_does_not_hold_breaks_the_bundle(
    made: Sample, tmp_path: Path, alter: Callable[[dict[str, Any]], None], reason: str
) -> None:
    made.export(tmp_path / "1.zip")
    _work_on(made, "S-01 is met, still.")
    made.export(tmp_path / "out", folder=True)
    value = _log_of(tmp_path / "out")
    head = dict(value["log"])
    alter(value)
    _forge(tmp_path / "out", made, value, head)
    found = made.verify(tmp_path / "out")
    assert (found.verdict, line(found, "freshness")[0]) == ("broken", "fail")
    assert reason in line(found, "freshness")[1]


def test_the_head_of_another_log_breaks_the_bundle(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "out", folder=True)
    value = _log_of(tmp_path / "out")
    value["log"]["origin"] = "compliance-tui/another"
    _forge(tmp_path / "out", made, value, value["log"])
    assert "not of the log of this series" in line(made.verify(tmp_path / "out"), "freshness")[1]


def test_a_bundle_from_before_there_were_heads_is_still_verified(made: Sample, tmp_path: Path, state: Path) -> None:
    made.export(tmp_path / "old", folder=True)
    _forge(tmp_path / "old", made, None, None)
    found = made.verify(tmp_path / "old", state=state)
    assert found.log is not None
    assert (found.verdict, found.log.continues) == ("accepted", "unknown")
    assert "names no head" in found.log.text
    # A later bundle without a head, after one with a head: that is not forgetfulness that a verifier should share.
    made.export(tmp_path / "2.zip")
    assert made.verify(tmp_path / "2.zip", state=state).verdict == "accepted"
    made.export(tmp_path / "3", folder=True)
    _forge(tmp_path / "3", made, None, None)
    later = made.verify(tmp_path / "3", state=state)
    assert (later.verdict, line(later, "freshness")[0]) == ("not-accepted", "unknown")
    assert "are remembered" in line(later, "freshness")[1]


def test_a_log_without_the_statements_word_for_it_breaks_the_bundle(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "out", folder=True)
    _forge(tmp_path / "out", made, _log_of(tmp_path / "out"), None)
    assert "the statement names no head" in line(made.verify(tmp_path / "out"), "freshness")[1]


def test_what_was_changed_by_hand_is_in_the_log_before_its_head_is_taken(made: Sample, tmp_path: Path) -> None:
    path = made.root / "responses/small/S-01.toml"
    path.write_text(path.read_text() + "\n# by hand\n")
    made.export(tmp_path / "out", folder=True)
    size = _log_of(tmp_path / "out")["log"]["size"]
    lines = (made.root / "log.jsonl").read_text().splitlines()
    assert json.loads(lines[size - 1])["act"] == "found"
    assert json.loads(lines[size])["act"] == "export"


def test_a_line_that_a_crash_tore_is_continued_like_any_other(made: Sample, tmp_path: Path) -> None:
    with (made.root / "log.jsonl").open("ab") as file:
        file.write(b'{"seq": 99, "act": "answ')
    made.export(tmp_path / "1.zip")
    _work_on(made, "S-01 is met, still.")
    done = made.export(tmp_path / "2.zip")
    found = made.verify(tmp_path / "2.zip")
    assert found.log is not None
    assert (done.log_broken, found.log.continues) == ((), "yes")


def test_compare_says_whether_the_log_goes_on(made: Sample, tmp_path: Path) -> None:
    one, two, three = (read_side(path, LATER) for path in _three(made, tmp_path))
    now = read_side(made.root, LATER)
    assert [compare(*pair).log[0] for pair in ((one, two), (one, three), (two, three), (one, now))] == ["yes"] * 4
    assert compare(three, one).log[0] == "no"  # a log does not get shorter
    assert compare(one, one).log[0] == "yes"
    _rewrite(made)
    assert compare(one, read_side(made.root, LATER)).log[0] == "no"


def test_compare_of_two_series_says_nothing_about_their_logs(made: Sample, tmp_path: Path) -> None:
    shutil.copytree(made.root, tmp_path / "other")
    path = tmp_path / "other/assessment.toml"
    series = load(made.root).assessment.series
    path.write_text(path.read_text().replace(series, series[::-1]))
    assert compare(read_side(made.root, LATER), read_side(tmp_path / "other", LATER)).log[0] == "unknown"


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=40), st.data())
@settings(max_examples=60, deadline=None)
def test_only_a_log_that_continues_another_is_said_to(lines: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(lines)))
    asked = data.draw(st.integers(1, len(lines)))
    tree, other = merkle.Tree(lines), merkle.Tree([*lines[: asked - 1], lines[asked - 1] + b"!", *lines[asked:]])

    def head(of: merkle.Tree, size: int) -> LogCheckpoint:
        return LogCheckpoint(origin="o", size=size, root=base64.b64encode(of.root(size)).decode())

    earlier = [EarlierHead(sequence=1, bundle=None, size=old, root=head(tree, old).root, proof=[])]
    given_head = head(tree, len(lines))
    known = asked in (old, len(lines))
    assert continues(head(tree, asked), given_head, earlier) == ("yes" if known else "unknown")
    assert continues(head(other, asked), given_head, earlier) == ("no" if known else "unknown")


def test_the_words_for_doubt_are_alarms_of_the_memory() -> None:
    assert set(DOUBTS) == {"log-missing", "log-unproven"}
