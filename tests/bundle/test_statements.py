"""What others, and the lab later, say about a bundle: each judged by its own rule, in order, with what is current."""

import base64
import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle import declare
from compliance_tui.bundle.attestation import attestation_members
from compliance_tui.bundle.page import page
from compliance_tui.bundle.predicates import PREDICATES, ControlFinding
from compliance_tui.bundle.sign import add_files, add_statement, sign_bundle
from compliance_tui.bundle.statement import about, dump_statement, read_frame
from compliance_tui.bundle.verify import Verification
from compliance_tui.bundle.write import write_folder
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.trust.policy import add_rule
from tests.assessment.sample import NOW
from tests.bundle.sample import ASSESSOR, LAB, REGULATOR, Sample, line, looked_at, sample, with_register

HOUR = dt.timedelta(hours=1)
SOON = NOW + dt.timedelta(days=20)


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture(params=["zip", "folder"])
def bundle(request: pytest.FixtureRequest, tmp_path: Path, made: Sample) -> Path:
    path = tmp_path / f"out-{request.param}"
    made.export(path, folder=request.param == "folder")
    return path


@pytest.fixture
def one(tmp_path: Path, made: Sample) -> Path:
    made.export(tmp_path / "out", folder=True)
    return tmp_path / "out"


def _full(made: Sample, bundle: Path, **more: object) -> Verification:
    return made.verify(bundle, policy=made.full, **more)  # type: ignore[arg-type]


def _decide(bundle: Path, decision: str, at: dt.datetime = NOW, **more: object) -> declare.Draft:
    return declare.determination(looked_at(bundle), REGULATOR, decision, ["In order."], at, **more)  # type: ignore[arg-type]


def test_a_whole_chain_is_shown_in_order_and_each_counts_by_its_rule(made: Sample, bundle: Path) -> None:
    before = looked_at(bundle)
    made.state(bundle, declare.receipt(before, REGULATOR, NOW + HOUR), "regulator")
    findings = [ControlFinding(standard="small", control="S-01", finding="confirmed", note="read it")]
    made.state(bundle, declare.review(looked_at(bundle), ASSESSOR, "Fine.", findings, ["E-0001"], NOW + 2 * HOUR), "assessor")
    draft = _decide(
        bundle, "accepted-with-conditions", NOW + 3 * HOUR, conditions=["Report incidents."], valid_until=NOW.replace(year=2027)
    )
    made.state(bundle, draft, "regulator")
    found = _full(made, bundle)
    assert found.verdict == "accepted", found.lines
    assert found.bundle_id == before.core.bundle_id
    assert [(one.attestation.name, one.name, one.by, one.standing) for one in found.chain] == [
        ("attestations/0002", "receipt/v1", REGULATOR, "counted"),
        ("attestations/0003", "review/v1", ASSESSOR, "counted"),
        ("attestations/0004", "determination/v1", REGULATOR, "counted"),
    ]
    decision = found.decisions[0]
    assert (decision.determination.conditions, decision.in_force) == (["Report incidents."], True)
    basis = {one.digest.sha256 for one in decision.determination.basis}
    assert basis == {one.framed.sha256 for one in looked_at(bundle).attestations[:3]}
    told = "\n".join(page(found, "x"))
    assert "Determination: accepted with conditions by regulator.example" in told
    assert "condition: Report incidents." in told


def test_a_statement_counts_only_by_its_own_rule(made: Sample, one: Path) -> None:
    """The lab's own keys cannot make a determination, and a regulator's cannot withdraw."""
    made.state(one, _decide(one, "accepted"), "lab-author", "lab-officer")
    made.state(one, declare.withdrawal(looked_at(one), "x", NOW), "regulator")
    found = _full(made, one)
    assert [each.standing for each in found.chain] == ["not-counted", "not-counted"]
    assert found.decisions == []
    assert "wanted 1 × regulator" in found.chain[0].reason


def test_without_a_rule_or_a_policy_nothing_counts_and_that_is_said(made: Sample, one: Path) -> None:
    made.state(one, _decide(one, "accepted"), "regulator")
    found = made.verify(one)
    assert found.verdict == "accepted"
    assert (found.chain[0].standing, found.decisions) == ("not-counted", [])
    assert "no rule for determination/v1" in found.chain[0].reason


def test_an_unsigned_statement_is_shown_as_such(made: Sample, one: Path) -> None:
    made.state(one, _decide(one, "refused"))
    found = _full(made, one)
    assert found.chain[0].standing == "unsigned"
    assert found.verdict == "accepted"


def test_two_signers_where_the_rule_wants_two(made: Sample, bundle: Path) -> None:
    policy = add_rule(made.full, "t", "determination/v1", None, {"regulator": 1, "assessor": 1})
    folder = made.state(bundle, _decide(bundle, "accepted"), "regulator")
    assert made.verify(bundle, policy=policy).decisions == []
    sign_bundle(bundle, made.by_role["assessor"], folder)
    assert made.verify(bundle, policy=policy).decisions[0].in_force


def test_what_was_shown_is_what_is_signed(made: Sample, one: Path) -> None:
    with pytest.raises(BrokenError, match="no longer what was shown"):
        sign_bundle(one, made.by_role["regulator"], shown=b"{}")
    with pytest.raises(InputError, match=r"no attestations/0007; its last is attestations/0001"):
        sign_bundle(one, made.by_role["regulator"], "attestations/0007")


def test_a_later_determination_replaces_the_earlier_whatever_the_folders_are_called(made: Sample, one: Path) -> None:
    made.state(one, _decide(one, "accepted", NOW), "regulator")
    made.state(one, _decide(one, "withdrawn", NOW + HOUR), "regulator")
    found = _full(made, one)
    assert [(each.determination.decision, each.in_force) for each in found.decisions] == [("withdrawn", False)]
    home = one / "attestations"
    (home / "0002").rename(home / "x")
    (home / "0003").rename(home / "0002")
    (home / "x").rename(home / "0003")
    assert [each.determination.decision for each in _full(made, one).decisions] == ["withdrawn"]


def test_a_determination_holds_until_its_day(made: Sample, one: Path) -> None:
    made.state(one, _decide(one, "accepted", valid_until=SOON), "regulator")
    assert _full(made, one).decisions[0].in_force
    late = _full(made, one, as_of=SOON).decisions[0]
    assert not late.in_force
    assert "was valid until" in late.text


@pytest.mark.parametrize(
    ("decision", "more", "why"),
    [
        ("accepted", {"conditions": ["x"]}, "conditions go with"),
        ("accepted-with-conditions", {}, "conditions go with"),
        ("refused", {"valid_until": SOON}, "only a decision that accepts"),
        ("withdrawn", {}, "only where there is one"),
        ("accepted", {"basis": [7]}, "no attestations/0007"),
        ("accepted", {"replaces": "xyz"}, "replaces"),
    ],
)
def test_a_determination_that_does_not_fit_together_is_not_written(
    one: Path, decision: str, more: dict[str, object], why: str
) -> None:
    with pytest.raises(InputError, match=why):
        _decide(one, decision, **more)


def test_more_than_a_reader_accepts_is_not_written(made: Sample, one: Path) -> None:
    findings = [ControlFinding(standard="small", control=f"S-{n}", finding="confirmed", note="x" * 1900) for n in range(40)]
    with pytest.raises(InputError, match="say it in two"):
        declare.review(looked_at(one), ASSESSOR, "Fine.", findings, [], NOW)
    with pytest.raises(InputError, match="is not open in this bundle"):
        declare.review(looked_at(one), ASSESSOR, "Fine.", [], ["E-0099"], NOW)


def _lying(made: Sample, one: Path, name: str, change: object) -> None:
    """Add a signed statement of the kind, whose predicate was changed before it was signed."""
    draft = {
        "receipt/v1": lambda: declare.receipt(looked_at(one), REGULATOR, NOW),
        "withdrawal/v1": lambda: declare.withdrawal(looked_at(one), "x", NOW),
    }[name]()
    value = json.loads(draft.content)
    change(value)  # type: ignore[operator]
    made.state(one, declare.Draft(name, json.dumps(value).encode()), "regulator", "lab-officer")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda value: value["predicate"].update(more=1), "not a known field"),
        (lambda value: value.update(more=1), "not a known field"),
        (lambda value: value["predicate"].update(sequence=2), "another series or sequence"),
        (lambda value: value["predicate"].update(signedAt="2026-02-31T00:00:00Z"), "signedAt"),
        (lambda value: value["subject"][0]["digest"].update(sha256="0" * 64), "about another bundle"),
        (lambda value: value["subject"].append(value["subject"][0]), "about another bundle"),
        (lambda value: value.update(_type="https://in-toto.io/Statement/v0.1"), "_type"),
    ],
)
def test_a_statement_that_is_not_what_it_should_be_breaks_the_bundle(made: Sample, one: Path, change: object, why: str) -> None:
    _lying(made, one, "receipt/v1", change)
    found = _full(made, one)
    assert found.verdict == "broken"
    assert any(why in each.reason for each in found.lines), found.lines


def test_a_statement_of_a_kind_that_is_not_known_is_never_green(made: Sample, one: Path) -> None:
    _lying(made, one, "withdrawal/v1", lambda value: value.update(predicateType=value["predicateType"][:-1] + "2"))
    found = _full(made, one)
    assert found.chain[0].standing == "not-understood"
    assert (found.verdict, line(found, "freshness")[0]) == ("not-accepted", "unknown")
    assert "not understood" in line(found, "freshness")[1]


def test_a_predicate_type_from_elsewhere_is_not_taken_for_ours(made: Sample, one: Path) -> None:
    _lying(made, one, "withdrawal/v1", lambda value: value.update(predicateType="withdrawal/v1"))
    assert _full(made, one).chain[0].standing == "not-understood"


def test_a_second_self_assessment_breaks_the_bundle(made: Sample, one: Path) -> None:
    add_statement(one, (one / "attestations/0001/statement.json").read_bytes(), "self-assessment/v1", made.signers)
    found = _full(made, one)
    assert found.verdict == "broken"
    assert "one self-assessment" in line(found, "freshness")[1]


def test_a_signature_over_another_statement_breaks_the_bundle(made: Sample, one: Path) -> None:
    made.state(one, _decide(one, "refused"), "regulator")
    made.state(one, _decide(one, "accepted", NOW + HOUR), "regulator")
    for path in (one / "attestations/0002").glob("*.dsse.json"):
        shutil.copy(path, one / "attestations/0003" / path.name)
    found = _full(made, one)
    assert found.verdict == "broken"
    assert "signs other bytes" in line(found, "freshness")[1]


def test_an_ssh_signature_for_one_purpose_is_none_for_another(made: Sample, one: Path) -> None:
    """The namespace tells them apart: a receipt's signature cannot be put under a determination."""
    draft = _decide(one, "accepted")
    signer = made.by_role["regulator"]
    members = attestation_members("", draft.content, "receipt/v1", [signer])
    write_folder(one / "attestations/0002", [member for member in members if not member.path.endswith(".dsse.json")])
    assert _full(made, one).verdict == "broken"


def test_a_gap_in_the_numbers_shows_that_one_was_taken_out(made: Sample, one: Path) -> None:
    made.state(one, _decide(one, "refused"), "regulator")
    made.state(one, _decide(one, "accepted", NOW + HOUR), "regulator")
    shutil.rmtree(one / "attestations/0002")
    found = _full(made, one)
    assert found.verdict == "broken"
    assert "attestations/0002 is missing" in line(found, "structure")[1]


# What is current ---------------------------------------------------------------------------------------------------------


def _register(
    made: Sample, expires: dt.datetime = SOON, withdrawn: tuple[str, ...] = (), at: dt.datetime = NOW
) -> declare.Draft:
    return declare.register(made.root, LAB, withdrawn, expires, at)


def test_without_a_fresh_register_the_status_is_unknown_and_said_to_be(made: Sample, one: Path) -> None:
    found = _full(made, one)
    assert line(found, "freshness") == (
        "unknown",
        "valid as of 2026-11-25T12:00:00Z; current status unknown: no fresh register",
    )
    assert (found.verdict, found.current) == ("accepted", "unknown")


def test_a_policy_that_wants_a_register_accepts_nothing_without_one(made: Sample, one: Path, tmp_path: Path) -> None:
    policy = with_register(made.full)
    found = made.verify(one, policy=policy)
    assert (found.verdict, line(found, "freshness")[0]) == ("not-accepted", "unknown")
    folder = made.apart(tmp_path / "register", _register(made), "lab-officer")
    fresh = made.verify(one, policy=policy, folders=[folder])
    assert (fresh.verdict, fresh.current, line(fresh, "freshness")[0]) == ("accepted", "yes", "pass")
    assert (
        line(made.verify(one, policy=policy, folders=[folder], as_of=SOON), "freshness")[1]
        == "valid as of 2026-12-14T12:00:00Z; current status unknown: register 1 expired at 2026-12-14T12:00:00Z"
    )


def test_a_register_lies_in_the_bundle_too(made: Sample, bundle: Path) -> None:
    made.state(bundle, _register(made), "lab-officer")
    found = made.verify(bundle, policy=with_register(made.full))
    assert (found.verdict, found.current) == ("accepted", "yes")


def test_only_the_lab_that_attested_can_withdraw_list_or_replace(made: Sample, one: Path, tmp_path: Path) -> None:
    draft = declare.register(made.root, "other.example", (), SOON, NOW)
    folder = made.apart(tmp_path / "register", draft, "lab-officer")
    found = made.verify(one, policy=with_register(made.full), folders=[folder])
    assert found.current == "unknown"
    assert "only lab.example" in found.chain[0].reason


def test_a_withdrawn_bundle_is_not_current(made: Sample, one: Path) -> None:
    made.state(one, declare.withdrawal(looked_at(one), "A log was wrong.", NOW), "lab-officer")
    found = _full(made, one)
    assert (found.verdict, found.current) == ("not-accepted", "no")
    assert line(found, "freshness")[1].endswith("A log was wrong.")


def test_a_withdrawal_that_does_not_count_but_is_signed_by_somebody_known_leaves_doubt(made: Sample, one: Path) -> None:
    made.state(one, declare.withdrawal(looked_at(one), "x", NOW), "lab-author")
    found = _full(made, one)
    assert (found.verdict, found.current) == ("not-accepted", "unknown")
    assert "somebody you know signed" in line(found, "freshness")[1]


def test_a_superseded_bundle_names_its_replacement(made: Sample, one: Path, tmp_path: Path) -> None:
    actions.answer(load(made.root), "S-01", "ada", NOW, statement="Changed.")
    newer = made.export(tmp_path / "two.zip")
    draft = declare.supersession(looked_at(one), looked_at(tmp_path / "two.zip"), "New answer.", NOW)
    made.state(one, draft, "lab-officer")
    found = _full(made, one)
    assert (found.current, found.verdict) == ("no", "not-accepted")
    assert f"superseded by sequence 2, bundle {newer.bundle_id[:16]}" in line(found, "freshness")[1]
    with pytest.raises(InputError, match="higher sequence"):
        declare.supersession(looked_at(tmp_path / "two.zip"), looked_at(one), "x", NOW)


def test_the_register_says_which_is_current_and_what_is_withdrawn_stays_so(made: Sample, one: Path, tmp_path: Path) -> None:
    first = looked_at(one).core.bundle_id
    actions.answer(load(made.root), "S-01", "ada", NOW, statement="Changed.")
    second = made.export(tmp_path / "two", folder=True).bundle_id
    draft = _register(made)
    declare.keep_register(made.root, draft, "ada", NOW)
    folder = made.apart(tmp_path / "r1", draft, "lab-officer")
    policy = with_register(made.full)
    assert "lists it as superseded" in line(made.verify(one, policy=policy, folders=[folder]), "freshness")[1]
    assert made.verify(tmp_path / "two", policy=policy, folders=[folder]).current == "yes"
    declare.keep_register(made.root, _register(made, withdrawn=(second[:10],)), "ada", NOW)
    third = _register(made)
    said = json.loads(third.content)["predicate"]
    assert said["version"] == 3
    assert [(each["digest"]["sha256"], each["status"]) for each in said["bundles"]] == [
        (first, "superseded"),
        (second, "withdrawn"),
    ]
    with pytest.raises(InputError, match="no export of this assessment"):
        _register(made, withdrawn=("00",))


def test_a_register_that_does_not_know_the_bundle_speaks_against_it(made: Sample, one: Path, tmp_path: Path) -> None:
    folder = made.apart(tmp_path / "register", _register(made), "lab-officer")
    shutil.rmtree(made.root / "bundles")
    actions.answer(load(made.root), "S-01", "ada", NOW, statement="Another.")
    made.export(tmp_path / "twin.zip")
    found = made.verify(tmp_path / "twin.zip", policy=with_register(made.full), folders=[folder])
    assert (found.verdict, found.current) == ("not-accepted", "no")
    assert "lists another bundle as sequence 1" in line(found, "freshness")[1]
    shutil.rmtree(one)


def test_the_lab_and_the_policy_can_say_how_long(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "out.zip", valid_until=SOON)
    assert _full(made, tmp_path / "out.zip").verdict == "accepted"
    over = _full(made, tmp_path / "out.zip", as_of=SOON)
    assert (over.verdict, over.current) == ("not-accepted", "no")
    wanted = b"max_age_days = 2\ndistinct_persons = true\n"
    policy = made.full.replace(
        b'[[rule]]\npredicate = "self-assessment/v1"\n', b'[[rule]]\npredicate = "self-assessment/v1"\n' + wanted
    )
    good = made.verify(tmp_path / "out.zip", policy=policy, as_of=NOW + dt.timedelta(days=2))
    assert good.verdict == "accepted"
    assert "2 days old" in line(good, "freshness")[1]
    old = made.verify(tmp_path / "out.zip", policy=policy, as_of=NOW + dt.timedelta(days=3))
    assert "at most 2 allowed" in line(old, "freshness")[1]
    assert (old.verdict, line(old, "freshness")[0]) == ("not-accepted", "fail")


def test_a_challenge_shows_that_the_statement_was_made_afterwards(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "out.zip", challenge="case 41, asked on 2026-11-20")
    assert _full(made, tmp_path / "out.zip", challenge="case 41, asked on 2026-11-20").verdict == "accepted"
    other = _full(made, tmp_path / "out.zip", challenge="case 42")
    assert (other.verdict, line(other, "freshness")[0]) == ("not-accepted", "fail")


# Handed over apart -------------------------------------------------------------------------------------------------------


def test_a_statement_apart_must_be_about_this_bundle(made: Sample, one: Path, tmp_path: Path) -> None:
    folder = made.apart(tmp_path / "apart", _decide(one, "refused"), "regulator")
    found = _full(made, one, folders=[folder])
    assert [(each.attestation.apart, each.standing) for each in found.chain] == [(True, "counted")]
    actions.answer(load(made.root), "S-01", "ada", NOW, statement="Changed.")
    made.export(tmp_path / "two.zip")
    other = _full(made, tmp_path / "two.zip", folders=[folder])
    assert other.verdict == "broken"
    assert f"{folder}" in line(other, "freshness")[1]
    (folder / "more.txt").write_text("x")
    assert _full(made, one, folders=[folder]).verdict == "broken"


def test_files_beside_a_statement_have_their_names(made: Sample, one: Path) -> None:
    with pytest.raises(BrokenError, match="no place among the attestations"):
        add_files(one, {"attestations/0001/notes.txt": b"x"})
    with pytest.raises(InputError, match="already"):
        add_files(one, {"attestations/0001/statement.json": b"x"})


def test_every_kind_is_closed_and_survives_writing_and_reading(made: Sample, one: Path) -> None:
    drafts = [
        declare.receipt(looked_at(one), REGULATOR, NOW),
        declare.review(looked_at(one), ASSESSOR, "Fine.", [], ["E-0001"], NOW),
        _decide(one, "refused"),
        declare.withdrawal(looked_at(one), "x", NOW),
        _register(made),
    ]
    for draft in drafts:
        framed = read_frame(draft.content, "x")
        said = PREDICATES[draft.name].model_validate(framed.predicate)
        assert dump_statement(draft.name, framed.subjects, said) == draft.content
        assert about(looked_at(one).core.bundle_id) in framed.subjects


def test_dsse_alone_and_ssh_alone_are_enough(made: Sample, one: Path) -> None:
    made.state(one, _decide(one, "accepted"), "regulator")
    kept = {path.name: path.read_bytes() for path in (one / "attestations/0002").iterdir()}
    for suffix in (".dsse.json", ".sshsig"):
        for name, content in kept.items():
            path = one / "attestations/0002" / name
            path.write_bytes(content)
            if name.endswith(suffix):
                path.unlink()
        assert _full(made, one).decisions[0].in_force
    payload = json.loads(next(content for name, content in kept.items() if name.endswith(".dsse.json")))["payload"]
    assert base64.b64decode(payload) == kept["statement.json"]
