import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import SSlibKey

from compliance_tui.trust.dsse import sign_envelope
from compliance_tui.trust.policy import Policy, evaluate_rules, load_policy
from compliance_tui.trust.signature import SignatureCount, count_signatures
from compliance_tui.trust.sshsig import sign_ssh
from tests.trust.known_keys import AS_OF, NAMESPACE, STATEMENT, policy_text, signer

ADA, BEN = ("ada@lab", 1, ["author"]), ("ben@lab", 2, ["author"])
RULE = b'\n[[rule]]\npredicate = "p"\nrequire = [{role = "author", k = 2}]\n'
POLICY = load_policy(policy_text(ADA, BEN) + RULE, "t")


def _dsse(number: int, statement: bytes = STATEMENT) -> bytes:
    return sign_envelope(statement, signer(number))


def _ssh(number: int, statement: bytes = STATEMENT, namespace: str = NAMESPACE) -> bytes:
    return sign_ssh(statement, namespace, signer(number))


def _count(*envelopes: bytes, ssh: tuple[bytes, ...] = (), policy: Policy | None = POLICY) -> SignatureCount:
    dsse_files = [(f"{n}.dsse.json", content) for n, content in enumerate(envelopes)]
    ssh_files = [(f"{n}.sshsig", content) for n, content in enumerate(ssh)]
    return count_signatures(STATEMENT, dsse_files, ssh_files, NAMESPACE, policy, AS_OF)


def _merged(*envelopes: bytes) -> bytes:
    values = [json.loads(content) for content in envelopes]
    return json.dumps({**values[0], "signatures": [one for value in values for one in value["signatures"]]}).encode()


def _claiming(number: int, envelope: bytes) -> bytes:
    value = json.loads(envelope)
    value["signatures"][0]["keyid"] = signer(number).public.key_id
    return json.dumps(value).encode()


def test_two_persons_by_two_ways_are_two() -> None:
    count = _count(_dsse(1), ssh=(_ssh(2),))
    assert [one.state for one in count.files] == ["valid", "valid"]
    assert count.people == ["ada@lab", "ben@lab"]
    assert count.keys == {signer(1).public.raw, signer(2).public.raw}
    assert evaluate_rules(POLICY, "p", "x", count.people).satisfied


def test_one_key_by_every_way_and_many_times_is_one_vote() -> None:
    count = _count(_dsse(1), _dsse(1), _claiming(2, _dsse(1)), _merged(_dsse(1), _dsse(1)), ssh=(_ssh(1), _ssh(1)))
    assert {one.state for one in count.files} == {"valid"}
    assert count.people == ["ada@lab"]
    assert len(count.keys) == 1
    assert not evaluate_rules(POLICY, "p", "x", count.people).satisfied


def test_two_keys_of_one_person_are_one_person() -> None:
    more = f'\n[[person.key]]\npublic = "{signer(3).public.openssh}"\n'.encode()
    policy = load_policy(policy_text(BEN, ADA) + more + RULE, "t")
    count = _count(_dsse(1), _dsse(3), policy=policy)
    assert len(count.keys) == 2
    assert count.people == ["ada@lab"]
    assert not evaluate_rules(policy, "p", "x", count.people).satisfied


def test_the_alias_that_passes_two_of_two_elsewhere_is_one_of_two_here() -> None:
    # One key under two key ids: securesystemslib counts key ids and accepts; keys and persons are counted here.
    value = json.loads(_dsse(1))
    one = value["signatures"][0]
    value["signatures"] = [{**one, "keyid": "a" * 64}, {**one, "keyid": "b" * 64}]
    raw = {"public": signer(1).public.raw.hex()}
    aliases = [SSlibKey(name * 64, "ed25519", "ed25519", raw) for name in "ab"]
    assert len(OtherEnvelope.from_dict(json.loads(json.dumps(value))).verify(aliases, 2)) == 2
    count = _count(json.dumps(value).encode())
    assert count.people == ["ada@lab"]
    assert not evaluate_rules(POLICY, "p", "x", count.people).satisfied


def test_an_envelope_of_two_signers_counts_as_two_envelopes() -> None:
    assert _count(_merged(_dsse(1), _dsse(2))).people == ["ada@lab", "ben@lab"]
    half = _merged(_dsse(1), _claiming(2, _dsse(3)))
    count = _count(half)
    assert count.people == ["ada@lab"]
    assert [one.person for one in count.bad] == ["ben@lab"]


def test_a_key_that_does_not_count_now_hides_no_other_signature_in_its_envelope() -> None:
    expired = "until = 2026-01-01T00:00:00Z"
    content = policy_text(ADA, key_more=expired) + policy_text(BEN).split(b"version = 1\n")[1]
    count = _count(_merged(_dsse(1), _dsse(2)), policy=load_policy(content, "t"))
    assert [one.state for one in count.files] == ["not-counted", "valid"]
    assert count.people == ["ben@lab"]


@pytest.mark.parametrize(
    "more",
    [
        "until = 2026-06-01T00:00:00Z",
        "from = 2026-06-01T00:00:01Z",
        'revoked = {at = 2026-05-01T00:00:00Z, reason = "retired"}',
        'revoked = {at = 2027-05-01T00:00:00Z, reason = "compromised"}',
    ],
)
def test_a_key_out_of_its_time_is_recognised_and_not_counted(more: str) -> None:
    count = _count(_dsse(1), ssh=(_ssh(1),), policy=load_policy(policy_text(ADA, key_more=more), "t"))
    assert [(one.state, one.person) for one in count.files] == [("not-counted", "ada@lab")] * 2
    assert count.people == []
    assert count.keys == frozenset()


def test_a_stranger_is_unknown_and_not_bad() -> None:
    count = _count(_dsse(9), ssh=(_ssh(9),))
    assert [(one.state, one.person) for one in count.files] == [("unknown-signer", None)] * 2
    assert not count.bad


def test_without_a_policy_everybody_is_unknown() -> None:
    assert {one.state for one in _count(_dsse(1), ssh=(_ssh(1),), policy=None).files} == {"unknown-signer"}


def test_a_stranger_who_claims_a_known_key_is_bad() -> None:
    count = _count(_claiming(1, _dsse(9)))
    assert [(one.state, one.person) for one in count.bad] == [("bad", "ada@lab")]
    assert count.people == []


@pytest.mark.parametrize(
    ("envelopes", "ssh"),
    [
        ([_dsse(1, STATEMENT + b" ")], ()),
        ([_dsse(9, b"{}")], ()),
        ([b""], ()),
        ([_ssh(1)], ()),
        ([], (_dsse(1),)),
        ([], (_ssh(1, STATEMENT + b" "),)),
        ([], (_ssh(1, namespace="file"),)),
        ([], (_ssh(9, namespace="determination.v1@lab.example"),)),
        ([], (b"",)),
    ],
)
def test_what_is_over_other_bytes_for_another_purpose_or_damaged_is_bad(envelopes: list[bytes], ssh: tuple[bytes, ...]) -> None:
    count = _count(*envelopes, ssh=ssh)
    assert [one.state for one in count.files] == ["bad"]
    assert count.people == []
    assert "\n" not in count.files[0].text


def test_a_bad_file_is_named_and_takes_nothing_from_a_good_one() -> None:
    count = _count(b"junk", _dsse(1))
    assert [one.name for one in count.bad] == ["0.dsse.json"]
    assert count.people == ["ada@lab"]


def test_more_signatures_than_anybody_needs_are_not_all_checked() -> None:
    envelope, armoured = _dsse(1), _ssh(1)
    many = _count(*[envelope] * 40, ssh=(armoured,) * 40)
    assert [one.state for one in many.files] == (["valid"] * 32 + ["bad"] * 8) * 2
    value = json.loads(envelope)
    crowded = json.dumps({**value, "signatures": value["signatures"] * 20}).encode()
    assert len(_count(crowded, crowded).files) == 21


def test_no_files_are_no_people() -> None:
    assert (_count().files, _count().tokens, _count().people) == ((), (), [])
    assert _count().unsigned
    assert not _count(_dsse(9)).unsigned


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3), st.data())
def test_an_altered_signature_makes_nobody_else_a_signer(instead: bytes, data: st.DataObject) -> None:
    ssh = data.draw(st.booleans())
    content = _ssh(1) if ssh else _dsse(1)
    at = data.draw(st.integers(0, len(content) - 1))
    altered = content[:at] + instead + content[at + 1 :]
    count = _count(ssh=(altered,)) if ssh else _count(altered)
    assert count.people in ([], ["ada@lab"])
    assert all("\x1b" not in one.text for one in count.files)


def test_importing_the_room_s_cheap_half_loads_no_heavy_library() -> None:
    import subprocess
    import sys

    from compliance_tui.trust import keys

    code = "import sys, compliance_tui.trust.keys, compliance_tui.trust.dsse, compliance_tui.trust.sshsig\n"
    code += "print([name for name in ('cryptography', 'pydantic', 'bcrypt') if name in sys.modules])"
    root = Path(keys.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True).stdout == b"[]\n"
