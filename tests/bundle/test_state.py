"""The verifier's memory: replay, equivocation and roll-back are caught, across bundles, registers, policies and logs."""

import base64
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle import declare
from compliance_tui.bundle.state import Memory, Sighting, State, compare, fingerprint
from compliance_tui.bundle.statement import LogCheckpoint
from compliance_tui.safe.errors import InputError
from compliance_tui.trust.policy import add_person, load_policy, new_policy
from tests.assessment.sample import NOW
from tests.bundle.sample import LAB, Sample, line, looked_at, sample, with_register

SOON = NOW + dt.timedelta(days=20)


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "regulator").mkdir()
    return tmp_path / "regulator" / "trust.state.json"


def _two(made: Sample, tmp_path: Path) -> tuple[Path, Path]:
    made.export(tmp_path / "one.zip")
    actions.answer(load(made.root), "S-01", "ada", NOW, statement="S-01 is met.")
    actions.sign_off(load(made.root), "S-01", "ada", "owner", "ada", NOW)
    made.export(tmp_path / "two.zip")
    return tmp_path / "one.zip", tmp_path / "two.zip"


def test_an_older_bundle_in_place_of_a_newer_one_is_noticed(made: Sample, tmp_path: Path, state: Path) -> None:
    one, two = _two(made, tmp_path)
    first = made.verify(one, state=state)
    assert (first.verdict, first.current) == ("accepted", "unknown")
    assert first.met is not None
    assert first.met.remembered
    assert made.verify(two, state=state).verdict == "accepted"
    assert made.verify(two, state=state).verdict == "accepted"
    replayed = made.verify(one, state=state)
    assert (replayed.verdict, replayed.current) == ("not-accepted", "no")
    assert "sequence 1 is not the latest: sequence 2 of this series was seen" in line(replayed, "freshness")[1]
    assert "as two.zip" in line(replayed, "freshness")[1]
    assert made.verify(one).verdict == "accepted"  # without a memory nobody can know


def _twin(made: Sample, tmp_path: Path) -> tuple[Path, Path]:
    """Two bundles that the lab signed as one and the same sequence."""
    made.export(tmp_path / "one.zip")
    shutil.rmtree(made.root / "bundles")
    made.export(tmp_path / "twin.zip", nonce=lambda: os.urandom(32))
    return tmp_path / "one.zip", tmp_path / "twin.zip"


def test_two_bundles_of_one_sequence_are_shown_for_what_they_are(made: Sample, tmp_path: Path, state: Path) -> None:
    one, twin = _twin(made, tmp_path)
    assert made.verify(one, state=state).verdict == "accepted"
    for bundle in (twin, one):  # from now on, with each of the two
        found = made.verify(bundle, state=state)
        assert (found.verdict, line(found, "freshness")[0]) == ("not-accepted", "fail")
        assert "signed two bundles as sequence 1" in line(found, "freshness")[1]
        assert found.met is not None
        assert found.met.alarms[0][0] == "equivocation"
    kept = json.loads(state.read_text())["series"][0]["bundles"]
    assert {entry["bundle"] for entry in kept} == {looked_at(one).core.bundle_id, looked_at(twin).core.bundle_id}


def test_nobody_without_a_trusted_key_writes_into_the_memory(made: Sample, tmp_path: Path, state: Path) -> None:
    _, two = _two(made, tmp_path)
    made.export(tmp_path / "half.zip", signers=1)
    found = made.verify(tmp_path / "half.zip", state=state)
    assert line(found, "signatures")[0] == "fail"
    assert found.met is not None
    assert "not remembered" in found.met.text
    assert not state.exists()
    assert made.verify(two, state=state).verdict == "accepted"


def test_an_altered_bundle_is_still_a_signed_statement_of_its_lab(made: Sample, tmp_path: Path, state: Path) -> None:
    """The lab's statement was genuine: that it made sequence 1 is remembered, whatever happened to the evidence."""
    made.export(tmp_path / "out", folder=True)
    (tmp_path / "out/items/E-0002/files/canary.json").write_text("{}")
    assert made.verify(tmp_path / "out", state=state).verdict == "broken"
    assert json.loads(state.read_text())["series"][0]["bundles"][0]["sequence"] == 1


def test_registers_may_only_go_on(made: Sample, tmp_path: Path, state: Path) -> None:
    one, two = _two(made, tmp_path)
    policy = with_register(made.full)
    registers = []
    for number in range(3):
        draft = declare.register(made.root, LAB, (), SOON + dt.timedelta(days=number), NOW)
        declare.keep_register(made.root, draft, "ada", NOW)
        registers.append(made.apart(tmp_path / f"r{number + 1}", draft, "lab-officer"))
    assert made.verify(two, policy=policy, state=state, folders=[registers[1]]).current == "yes"
    assert made.verify(two, policy=policy, state=state).current == "yes"  # the register is remembered
    back = made.verify(two, policy=policy, state=state, folders=[registers[0]])
    assert "its register is version 1; version 2 was seen before" in line(back, "freshness")[1]
    assert made.verify(two, policy=policy, state=state, folders=[registers[2]]).current == "yes"
    assert made.verify(one, policy=policy, state=state).current == "no"


def _registers(made: Sample, *entries: tuple[int, str, str], version: int = 2) -> declare.Register:
    bundles = [{"sequence": n, "digest": {"sha256": digest}, "status": status} for n, digest, status in entries]
    return declare.Register.model_validate(
        {
            "attester": {"id": LAB, "name": LAB},
            "series": "s",
            "version": version,
            "expires": "2027-01-01T00:00:00Z",
            "bundles": bundles,
            "signedAt": "2026-01-01T00:00:00Z",
        }
    )


A, B, C = "a" * 64, "b" * 64, "c" * 64


def _sighting(**more: object) -> Sighting:
    said = {"attester": LAB, "series": "s", "sequence": 1, "bundle_id": A, "statement": C, "at": "2026-01-01T00:00:00Z"}
    return Sighting(**{**said, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ([(1, A, "current")], [(2, B, "current")], "register-forgot"),
        ([(1, A, "withdrawn")], [(1, A, "current")], "register-revived"),
        ([(1, A, "superseded"), (2, B, "current")], [(1, A, "current"), (2, B, "superseded")], "register-revived"),
    ],
)
def test_a_register_that_takes_something_back_is_noticed(made: Sample, before: list, after: list, code: str) -> None:  # type: ignore[type-arg]
    state, alarms = compare(State(), _sighting(registers=((_registers(made, *before, version=1), C),)))
    assert alarms == []
    _, alarms = compare(state, _sighting(registers=((_registers(made, *after), B),)))
    assert [name for name, _ in alarms] == [code]


def test_two_registers_of_one_version_are_noticed_and_one_twice_is_not(made: Sample) -> None:
    one, other = _registers(made, (1, A, "current")), _registers(made, (1, A, "withdrawn"))
    state, _ = compare(State(), _sighting(registers=((one, B),)))
    assert compare(state, _sighting(registers=((one, B),)))[1] == []
    assert [name for name, _ in compare(state, _sighting(registers=((other, C),)))[1]] == ["two-registers"]


def _root(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


@pytest.mark.parametrize(
    ("origin", "size", "root", "alarms"),
    [
        ("lab", 5, "b", ["log-forked"]),
        ("lab", 5, "a", []),
        ("lab", 6, "b", ["log-unproven"]),
        ("other", 5, "b", ["log-forked"]),  # whose log it is does not hang on what it calls itself
    ],
)
def test_a_log_that_was_written_twice_is_noticed(origin: str, size: int, root: str, alarms: list[str]) -> None:
    state, _ = compare(State(), _sighting(log=LogCheckpoint(origin="lab", size=5, root=_root("a"))))
    again = _sighting(log=LogCheckpoint(origin=origin, size=size, root=_root(root)))
    assert [name for name, _ in compare(state, again)[1]] == alarms


def test_a_log_that_shrinks_from_one_bundle_to_the_next_is_noticed() -> None:
    state, _ = compare(State(), _sighting(log=LogCheckpoint(origin="lab", size=5, root=_root("a"))))
    later = _sighting(sequence=2, bundle_id=B, log=LogCheckpoint(origin="lab", size=4, root=_root("a")))
    assert [name for name, _ in compare(state, later)[1]] == ["log-shrank"]
    earlier = _sighting(sequence=1, log=LogCheckpoint(origin="lab", size=5, root=_root("a")))
    assert compare(state, earlier)[1] == []


def test_one_signature_over_two_statements_is_noticed_within_one_bundle_too() -> None:
    _, alarms = compare(State(), _sighting(signatures=((A, B), (A, B))))
    assert alarms == []
    _, alarms = compare(State(), _sighting(signatures=((A, B), (A, C))))
    assert [name for name, _ in alarms] == ["one-signature-two-statements"]


def test_the_second_spelling_of_an_ecdsa_signature_is_the_same_signature() -> None:
    r, s, other = b"\x11" * 32, b"\x22" * 32, b"\x33" * 32

    def der(first: bytes, second: bytes) -> bytes:
        body = b"".join(b"\x02" + bytes([len(part)]) + part for part in (first, second))
        return b"\x30" + bytes([len(body)]) + body

    assert fingerprint(der(r, s)) == fingerprint(der(r, other)) != fingerprint(der(other, s))
    longer = b"\x00" + b"\x99" * 32  # of the two spellings of the second half, one may be a byte longer
    assert fingerprint(der(r, s)) == fingerprint(der(r, longer))
    assert fingerprint(der(r, s)) != fingerprint(der(r[:-1] + b"\x12", s))
    assert fingerprint(r + s) == fingerprint(r + other) != fingerprint(other + s)


@given(st.binary(max_size=80))
def test_any_bytes_have_a_fingerprint(signature: bytes) -> None:
    assert len(fingerprint(signature)) == 64


def test_the_policy_may_not_go_back(made: Sample, tmp_path: Path, state: Path) -> None:
    made.export(tmp_path / "out.zip")
    newer = add_person(made.policy, "t", "x@some.example", "", ["x"], made.by_role["assessor"].public.openssh)
    assert made.verify(tmp_path / "out.zip", policy=newer, state=state).verdict == "accepted"
    back = made.verify(tmp_path / "out.zip", state=state)
    assert (back.verdict, line(back, "signatures")[0]) == ("not-accepted", "fail")
    assert "version may not go down" in line(back, "signatures")[1]
    assert line(back, "identity") == ("unknown", "a policy that may have been rolled back vouches for nobody")
    assert made.verify(tmp_path / "out.zip", policy=newer, state=state).verdict == "accepted"


def test_what_cannot_be_written_is_compared_all_the_same_and_said(made: Sample, tmp_path: Path, state: Path) -> None:
    one, two = _two(made, tmp_path)
    made.verify(two, state=state)
    before = state.read_bytes()

    def fails(*arguments: object) -> None:
        raise OSError(30, "Read-only file system")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", fails)
        newer = add_person(made.policy, "t", "x@some.example", "", ["x"], made.by_role["assessor"].public.openssh)
        found = made.verify(one, policy=newer, state=state)
    assert "not the latest" in line(found, "freshness")[1]
    assert found.met is not None
    assert not found.met.remembered
    assert found.met.text.endswith("cannot be written (read-only file system): nothing of this verification is remembered")
    assert state.read_bytes() == before
    nowhere = made.verify(two, state=tmp_path / "none" / "s.json")
    assert nowhere.met is not None
    assert "no such folder" in nowhere.met.text
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"schema": "verifier-state/9"}', b'{"schema": "verifier-state/1", "x": 1}']
)
def test_a_damaged_memory_is_refused_and_left_as_it_is(made: Sample, tmp_path: Path, state: Path, content: bytes) -> None:
    made.export(tmp_path / "out.zip")
    state.write_bytes(content)
    with pytest.raises(InputError, match=r"trust\.state\.json"):
        made.verify(tmp_path / "out.zip", state=state)
    assert state.read_bytes() == content


def test_a_memory_that_knows_it_already_is_not_written_again(made: Sample, tmp_path: Path, state: Path) -> None:
    made.export(tmp_path / "out.zip")
    made.verify(tmp_path / "out.zip", state=state)
    before = state.stat().st_mtime_ns
    made.verify(tmp_path / "out.zip", state=state)
    assert state.stat().st_mtime_ns == before


def test_two_verifications_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom compliance_tui.bundle.state import Memory, Sighting\n"
        "from compliance_tui.trust.policy import load_policy, new_policy\n"
        "memory = Memory(Path(sys.argv[1]), load_policy(new_policy(), 't'), 'a' * 64)\n"
        "for number in range(1, 26):\n"
        "    memory.meet(Sighting('lab', sys.argv[2], number, f'{number:064x}', 'b' * 64, at='2026-01-01T00:00:00Z'))\n"
    )
    path = tmp_path / "s.json"
    both = [subprocess.Popen([sys.executable, "-c", program, str(path), series]) for series in ("one", "two")]
    assert [process.wait() for process in both] == [0, 0]
    seen = Memory(path, load_policy(new_policy(), "t"), "a" * 64)._read()
    assert sorted((one.series, len(one.bundles)) for one in seen.series) == [("one", 25), ("two", 25)]


def test_the_file_is_what_its_published_schema_says(made: Sample, tmp_path: Path, state: Path) -> None:
    made.export(tmp_path / "out.zip")
    made.verify(tmp_path / "out.zip", state=state)
    value = json.loads(state.read_text())
    schema = State.model_json_schema(by_alias=True)
    assert set(value) == set(schema["properties"])
    assert State.model_validate(value).series[0].log is not None


def test_one_verification_writes_at_a_time_and_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance_tui.bundle.state.LOCK_SECONDS", 0.05)
    path = tmp_path / "s.json"
    memory, lock = Memory(path, load_policy(new_policy(), "t"), "a" * 64), FileLock(tmp_path / ".s.json.lock")
    with lock.acquire(timeout=0), pytest.raises(InputError, match="another verification is writing it; try again"):
        memory.meet(_sighting(at="2026-01-01T00:00:00Z"))
    assert not path.exists()
    assert memory.meet(_sighting(at="2026-01-01T00:00:00Z")).remembered
    with lock.acquire(timeout=0):  # it was let go
        assert path.exists()
