"""Sign-offs that carry a person's own signature, held against the verifier's policy: nobody can sign for another."""

import atexit
import datetime as dt
import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import SignOff
from compliance_tui.assessment.signed import NAMESPACE, sign_off_message
from compliance_tui.bundle.compare import compare, read_side
from compliance_tui.bundle.core import Core, CoreAnswer
from compliance_tui.bundle.editions import redact
from compliance_tui.bundle.page import page
from compliance_tui.bundle.sign_offs import JudgedSignOff, judge_sign_offs
from compliance_tui.bundle.verdict import verification_json
from compliance_tui.bundle.verify import Verification, verify
from compliance_tui.cli.output_schemas import VERIFY
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.safe.instant import format_instant
from compliance_tui.trust import policy as policies
from compliance_tui.trust.keys import load_signer, new_key
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.signer import Signer
from compliance_tui.trust.sshsig import sign_ssh
from tests.assessment.sample import NOW, SERIES, STANDARD, canary_file, policy_file, put, start
from tests.bundle.forging import forge
from tests.bundle.sample import LATER, Sample, line, sample
from tests.trust.known_keys import fido_signer

DEMANDING = STANDARD.replace('sign_offs = [{ seats = ["owner"] }, {', 'sign_offs = [{ seats = ["owner"], signed = true }, {', 1)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class People:
    """A sample whose standard wants S-01 signed with the owner's own key, and the keys of three persons."""

    made: Sample
    ada: Signer
    ben: Signer
    eve: Signer

    def sign(self, signer: Signer | None, *, control: str = "S-01", seat: str = "owner", person: str = "ada") -> None:
        """A sign-off, signed with that key."""
        actions.sign_off(load(self.made.root), control, person, seat, person, NOW, signer)

    def policy(self, **persons: Signer) -> bytes:
        """The policy of a verifier who knows the lab's two signers, and these persons."""
        policy = self.made.policy
        for name, signer in persons.items():
            policy = policies.add_person(policy, "t", name, "", ["lab-engineer"], signer.public.openssh)
        return policy

    def verified(self, out: Path, policy: bytes) -> Verification:
        """Export and verify."""
        self.made.export(out)
        return self.made.verify(out, policy=policy)


def _key(folder: Path, name: str) -> Signer:
    new_key(folder / f"{name}.key", None)
    return load_signer(folder / f"{name}.key", lambda: b"")


@cache
def _template() -> tuple[Path, People]:
    """Made once: copying the assessment is ten times quicker."""
    home = tempfile.TemporaryDirectory(prefix="people-")
    atexit.register(home.cleanup)
    folder = Path(home.name)
    made = sample(folder)
    shutil.rmtree(made.root)
    root = start(folder, content=DEMANDING)
    put(root, policy_file(folder), "S-01")
    put(root, canary_file(folder), "S-02")
    for control in ("S-01", "S-02"):
        actions.answer(load(root), control, "ada", NOW, status="met", statement=f"{control} is met.")
    actions.sign_off(load(root), "S-02", "ada", "owner", "ada", NOW)
    standard, sha256 = load(root).standards[0]
    policy = policies.add_standard(made.policy, "t", standard.id, standard.version, sha256)
    return root, People(replace(made, policy=policy), *(_key(folder, name) for name in ("ada", "ben", "eve")))


@pytest.fixture
def people(tmp_path: Path) -> People:
    root, made = _template()
    shutil.copytree(root, tmp_path / "assessment")
    return replace(made, made=replace(made.made, root=tmp_path / "assessment"))


def _standings(found: Verification) -> list[tuple[str, str, str | None]]:
    return [(one.control, one.standing, one.person) for one in found.sign_offs]


def test_a_signed_sign_off_counts_by_whom_the_policy_knows(people: People, tmp_path: Path) -> None:
    people.sign(people.ada)
    found = people.verified(tmp_path / "out.zip", people.policy(ada=people.ada))
    assert found.verdict == "accepted"
    assert _standings(found) == [("S-01", "counted", "ada")]
    assert line(found, "identity")[0] == "pass"
    assert "1 of 1 signed sign-offs are by persons whom your policy knows" in line(found, "identity")[1]
    value = verification_json(found)
    assert set(value) == set(VERIFY["properties"])
    assert set(value["sign_offs"][0]) == set(VERIFY["properties"]["sign_offs"]["items"]["properties"])
    assert value["sign_offs"][0]["fingerprint"] == people.ada.public.fingerprint
    assert any("counted" in row and "ada: S-01 as owner" in row for row in page(found, "out.zip"))


def test_where_the_standard_demands_it_one_without_a_signature_does_not_count(people: People, tmp_path: Path) -> None:
    people.sign(None)
    found = people.verified(tmp_path / "out.zip", people.policy(ada=people.ada))
    assert (found.verdict, line(found, "readiness")[0]) == ("not-accepted", "fail")
    assert found.readiness is not None
    assert [state.control.id for state in found.readiness.blocking()] == ["S-01"]


def test_a_lab_cannot_claim_ready_with_an_unsigned_one(people: People, tmp_path: Path) -> None:
    people.sign(people.ada)
    people.made.export(tmp_path / "out", folder=True)

    def unsign(bundle: Path) -> None:
        for path in (bundle / "core/assessment.json", bundle / "items/A-small.S-01/item.json"):
            text = path.read_text()
            signature = next(row for row in text.splitlines() if '"signature": "-' in row).strip().rstrip(",")
            path.write_text(text.replace(signature, '"signature": ""'))

    forge(tmp_path / "out", people.made, unsign)
    found = people.made.verify(tmp_path / "out", policy=people.policy(ada=people.ada))
    assert (found.verdict, line(found, "readiness")[0]) == ("broken", "fail")
    assert "computed again, it is not as claimed" in line(found, "readiness")[1]


def test_a_person_whom_the_policy_does_not_know_does_not_count_where_it_is_demanded(people: People, tmp_path: Path) -> None:
    people.sign(people.ada)
    found = people.verified(tmp_path / "out.zip", people.policy())
    assert (found.verdict, line(found, "readiness")[0]) == ("not-accepted", "fail")
    assert "1 signed sign-off does not count for you" in line(found, "readiness")[1]
    assert line(found, "identity")[0] == "pass"
    assert _standings(found) == [("S-01", "unknown-signer", None)]
    assert "0 of 1 signed sign-offs" in line(found, "identity")[1]
    # Without a policy nobody is known, and what the lab claims is computed as the lab has it.
    blank = verify(tmp_path / "out.zip", None, LATER, load_kinds())
    assert line(blank, "readiness")[0] == "pass"
    assert "0 of 1 signed sign-offs" in line(blank, "identity")[1]
    assert "only a trust policy (--trust) knows whose key that is" in blank.sign_offs[0].reason


def test_nobody_signs_in_the_name_of_another_whom_the_policy_knows(people: People, tmp_path: Path) -> None:
    people.sign(people.ben)  # as ada
    found = people.verified(tmp_path / "out.zip", people.policy(ada=people.ada, ben=people.ben))
    assert (found.verdict, line(found, "identity")[0], line(found, "readiness")[0]) == ("not-accepted", "fail", "fail")
    assert "signed with the key of ben, in another's name" in line(found, "identity")[1]
    assert _standings(found) == [("S-01", "false", "ben")]


def test_a_key_that_the_lab_itself_does_not_list_is_not_counted_on_either_side(people: People, tmp_path: Path) -> None:
    actions.add_person(people.made.root, "ada", "", [], "ada", NOW, [people.ada.public.openssh])
    people.sign(people.eve)
    found = people.verified(tmp_path / "out.zip", people.policy())
    assert (found.verdict, line(found, "readiness")[0]) == ("not-accepted", "fail")  # and not broken: the lab did not count it
    assert _standings(found) == [("S-01", "not-counted", None)]


def test_where_it_is_not_demanded_a_false_signature_still_counts_for_nothing(people: People, tmp_path: Path) -> None:
    people.sign(people.ada)
    people.sign(people.ben, control="S-02")  # S-02 asks for no signature
    found = people.verified(tmp_path / "out.zip", people.policy(ada=people.ada, ben=people.ben))
    assert (line(found, "identity")[0], line(found, "readiness")[0]) == ("fail", "fail")
    assert found.readiness is not None
    assert [state.control.id for state in found.readiness.blocking()] == ["S-02"]
    # By a stranger it is as good as one without a signature, which is all that S-02 asks for.
    people.sign(people.eve, control="S-02")
    found = people.verified(tmp_path / "again.zip", people.policy(ada=people.ada, ben=people.ben))
    assert found.verdict == "accepted"
    assert ("S-02", "unknown-signer", None) in _standings(found)


@pytest.mark.parametrize("demanded", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [("seen", "0" * 64), ("seat", "security"), ("person", "ben"), ("at", "2026-11-23T12:00:00Z")],
)
def test_an_altered_sign_off_is_false_under_the_labs_own_signature_too(
    people: People, tmp_path: Path, field: str, value: str, demanded: bool
) -> None:
    people.sign(people.ada)
    people.sign(people.ada, control="S-02")
    people.made.export(tmp_path / "out", folder=True)
    control = "S-01" if demanded else "S-02"

    def alter(bundle: Path) -> None:
        path, item = bundle / "core/assessment.json", bundle / f"items/A-small.{control}/item.json"
        core, record = json.loads(path.read_text()), json.loads(item.read_text())
        (answer,) = (one for one in core["answers"] if one["control"] == control)
        answer["sign_offs"][0][field] = record["sign_offs"][0][field] = value
        path.write_text(json.dumps(core))
        item.write_text(json.dumps(record))

    forge(tmp_path / "out", people.made, alter)
    found = people.made.verify(tmp_path / "out", policy=people.policy(ada=people.ada))
    assert (found.verdict, line(found, "identity")[0]) == ("broken", "fail")
    assert f"the sign-off of {control} as {value if field == 'seat' else 'owner'} is false" in line(found, "identity")[1]
    assert (control, "false", None) in _standings(found)


def _signed(signer: Signer, *, series: str = SERIES, control: str = "S-01", **more: Any) -> SignOff:
    made = SignOff(**{"person": "ada", "seat": "owner", "at": NOW, "seen": "a" * 64, **more})
    armoured = sign_ssh(sign_off_message(series, "small", control, made), NAMESPACE, signer)
    return made.model_copy(update={"signature": armoured.decode()})


def _judge(*sign_offs: SignOff, policy: bytes, control: str = "S-01", **more: Any) -> list[JudgedSignOff]:
    answer = CoreAnswer(
        standard="small",
        control=control,
        status="met",
        item=f"A-small.{control}",
        evidence=[],
        waiver=None,
        sign_offs=list(sign_offs),
    )
    core = Core.model_construct(series=SERIES, answers=[answer], people=[])
    return judge_sign_offs(core, policies.load_policy(policy, "t"), more.pop("as_of", LATER), **more)


def _only(*sign_offs: SignOff, policy: bytes, **more: Any) -> tuple[str, str]:
    judged = _judge(*sign_offs, policy=policy, **more)[-1]
    return judged.standing, judged.reason


def test_one_that_was_lifted_from_elsewhere_is_false(people: People) -> None:
    policy = people.policy(ada=people.ada)
    assert _only(_signed(people.ada), policy=policy)[0] == "counted"
    for lifted in (_signed(people.ada, control="S-02"), _signed(people.ada, series=SERIES[::-1])):
        assert _only(lifted, policy=policy)[0] == "false"
    statement = _signed(people.ada).model_copy(
        update={"signature": sign_ssh(b"{}\n", "self-assessment.v1@compliance-tui.example", people.ada).decode()}
    )
    assert _only(statement, policy=policy)[0] == "false"
    assert _only(_signed(people.ada).model_copy(update={"signature": "yes, Ada"}), policy=policy)[0] == "false"


def _revoked(people: People, reason: str, at: dt.datetime, since: dt.datetime | None = None) -> bytes:
    policy = people.policy(ada=people.ada)
    return policies.revoke_key(policy, "t", people.ada.public.openssh, at, reason, since)


def test_a_key_counts_at_the_time_of_the_sign_off(people: People) -> None:
    sign_off = _signed(people.ada)
    assert _only(sign_off, policy=_revoked(people, "retired", NOW + DAY), as_of=NOW + 9 * DAY)[0] == "counted"
    standing, reason = _only(sign_off, policy=_revoked(people, "retired", NOW - DAY))
    assert (standing, "retired" in reason) == ("not-counted", True)
    bounded = policies.add_person(
        people.made.policy, "t", "ada", "", ["lab-engineer"], people.ada.public.openssh, from_=NOW - DAY, until=NOW + DAY
    )
    assert _only(sign_off, policy=bounded, as_of=NOW + 9 * DAY)[0] == "counted"
    for at, told in ((NOW - 2 * DAY, "counts only from"), (NOW + DAY, "counted until")):
        standing, reason = _only(_signed(people.ada, at=at), policy=bounded, as_of=NOW + 9 * DAY)
        assert (standing, told in reason) == ("not-counted", True)
    standing, reason = _only(_signed(people.ada, at=NOW + 9 * DAY), policy=people.policy(ada=people.ada), as_of=LATER)
    assert (standing, "after the instant asked about" in reason) == ("not-counted", True)


def test_a_compromised_key_counts_only_where_a_trusted_time_says_that_it_was_before(people: People) -> None:
    sign_off = _signed(people.ada)
    policy = _revoked(people, "compromised", NOW + 5 * DAY, NOW + 2 * DAY)
    assert _only(sign_off, policy=policy, as_of=NOW + 9 * DAY)[0] == "not-counted"  # its own time is only a claim
    assert _only(sign_off, policy=policy, as_of=NOW + 9 * DAY, seen=[NOW + DAY])[0] == "counted"
    assert _only(sign_off, policy=policy, as_of=NOW + 9 * DAY, seen=[NOW + 3 * DAY])[0] == "not-counted"
    never = _revoked(people, "compromised", NOW + 5 * DAY)
    assert _only(sign_off, policy=never, as_of=NOW + 9 * DAY, seen=[NOW + DAY])[0] == "not-counted"


def test_the_policy_may_say_in_which_seats_a_persons_sign_offs_count(people: People) -> None:
    openssh = people.ada.public.openssh
    seated = policies.add_person(people.made.policy, "t", "ada", "", ["lab-engineer"], openssh, seats=["security"])
    standing, reason = _only(_signed(people.ada), policy=seated)
    assert (standing, "another seat (security)" in reason) == ("not-counted", True)
    assert _only(_signed(people.ada, seat="security"), policy=seated)[0] == "counted"
    both = policies.add_person(seated, "t", "ada", "", [], openssh, seats=["owner"])
    assert _only(_signed(people.ada), policy=both)[0] == "counted"


def test_one_person_fills_one_seat_of_a_control_under_whatever_names(people: People) -> None:
    both = (_signed(people.ben, person="someone"), _signed(people.ben, person="someone-else", seat="security"))
    judged = _judge(*both, policy=people.policy(ben=people.ben))
    assert [one.standing for one in judged] == ["counted", "not-counted"]
    assert "ben fills the seat owner of this control already" in judged[1].reason


def test_a_token_must_have_been_touched(people: People) -> None:
    for flags, standing in ((1, "counted"), (0, "not-counted")):
        signer = fido_signer(1, flags=flags)
        policy = policies.add_person(people.made.policy, "t", "ada", "", ["lab-engineer"], signer.public.openssh)
        assert _only(_signed(signer), policy=policy)[0] == standing


def test_compare_tells_a_sign_off_that_lost_its_signature(people: People) -> None:
    people.sign(people.ada)
    before = read_side(people.made.root, LATER)
    people.sign(None)
    (change,) = compare(before, read_side(people.made.root, LATER)).of("sign-off")
    assert "own signature" in str(change.fields[0].old)
    assert "own signature" not in str(change.fields[0].new)


def test_a_key_signs_as_the_kind_that_the_policy_has_it_as(people: People) -> None:
    token = fido_signer(1)
    plain = policies.add_person(people.made.policy, "t", "ada", "", ["lab-engineer"], PublicKey(token.public.raw).openssh)
    standing, reason = _only(_signed(token), policy=plain)
    assert (standing, "the policy has this key as" in reason) == ("not-counted", True)


def test_an_unknown_signer_is_said_to_be_one(people: People) -> None:
    assert _only(_signed(people.eve), policy=people.policy()) == (
        "unknown-signer",
        "signed with a key that the policy does not know",
    )


def test_what_is_withheld_hides_no_signature(people: People, tmp_path: Path) -> None:
    """The sign-offs are in the core: a false one is noticed though the answer's text is withheld."""
    people.sign(people.ben)
    people.made.export(tmp_path / "full.zip")
    redact(tmp_path / "full.zip", tmp_path / "part.zip", ["A-small.S-01"])
    found = people.made.verify(tmp_path / "part.zip", policy=people.policy(ada=people.ada, ben=people.ben))
    assert (found.verdict, line(found, "identity")[0]) == ("not-accepted", "fail")


def test_ten_thousand_characters_of_a_name_stay_off_the_page(people: People, tmp_path: Path) -> None:
    people.sign(people.ada)
    found = people.verified(tmp_path / "out.zip", people.policy(ada=people.ada))
    ours = found.sign_offs[0]
    hostile = replace(ours, standing="false", sign_off=ours.sign_off.model_copy(update={"seat": "\x1b]52;c;" + "x" * 10_000}))
    found.sign_offs = [hostile] * 50
    rows = list(page(found, "out.zip"))
    assert not any("\x1b" in row or len(row) > 1000 for row in rows)
    assert any("and 38 more that do not count" in row for row in rows)


def test_the_time_of_a_sign_off_is_said_to_be_a_claim(people: People) -> None:
    assert _only(_signed(people.ada), policy=people.policy(ada=people.ada))[1] == (
        f"signed by ada, {format_instant(NOW)} as claimed"
    )
