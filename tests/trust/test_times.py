"""What trusted times change: which signatures count, whether a statement is in time, and how old it is."""

import datetime as dt
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.trust import policy as policies
from compliance_tui.trust.dsse import sign_envelope
from compliance_tui.trust.policy import Policy, evaluate_freshness, evaluate_time, load_policy
from compliance_tui.trust.signature import SignatureCount, claimed_time, count_signatures
from compliance_tui.trust.sshsig import sign_ssh
from compliance_tui.trust.timestamps import stamped_bytes
from tests.trust.authority import STAMPED, A, Authority, B
from tests.trust.known_keys import AS_OF, NAMESPACE, fido_signer, policy_text, signer

pytest.importorskip("rfc3161_client")
DAY = dt.timedelta(days=1)
LAB = "https://lab.example"


def _statement(signed_at: dt.datetime | None = STAMPED - DAY) -> bytes:
    claim = f'"signedAt":"{signed_at:%Y-%m-%dT%H:%M:%SZ}"' if signed_at else ""
    return f'{{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicate":{{{claim}}}}}\n'.encode()


def _tsa(authority: Authority, identifier: str) -> str:
    return f"[[tsa]]\nid = \"{identifier}\"\nroot = '''{authority.root_pem}'''\nleaf_sha256 = [\"{authority.leaf_sha256}\"]\n"


def _policy(*, key_more: str = "", rule_more: str = "") -> Policy:
    people = policy_text(("ada@lab", 1, ["author"]), key_more=key_more).decode()
    rule = f'[[rule]]\npredicate = "p"\nrequire = [{{role = "author"}}]\n{rule_more}\n'
    return load_policy((people + rule + _tsa(A, "tsa-a") + _tsa(B, "tsa-b")).encode(), "t")


def _count(
    policy: Policy,
    *stamps: tuple[Authority, dt.datetime],
    statement: bytes | None = None,
    as_of: dt.datetime = AS_OF,
    number: int = 1,
) -> SignatureCount:
    content = _statement() if statement is None else statement
    envelope = sign_envelope(content, signer(number))
    names = ["e.dsse.json.tsr", *(f"e.dsse.json.{n}.tsr" for n in range(2, 10))]
    tokens = [(name, who.token(envelope, when)) for name, (who, when) in zip(names, stamps, strict=False)]
    return count_signatures(content, [("e.dsse.json", envelope)], [], NAMESPACE, policy, as_of, tokens)


def test_a_state_carries_the_times_at_which_its_file_was_seen() -> None:
    later = STAMPED + DAY
    count = _count(_policy(), (A, later), (B, STAMPED), (Authority(number=9), STAMPED))
    (found,) = count.files
    assert [(one.tsa, one.instant) for one in found.times] == [("tsa-a", later), ("tsa-b", STAMPED)]
    assert [one.state for one in count.tokens] == ["valid", "valid", "not-counted"]
    assert [one.tsa for one in count.times] == ["tsa-b", "tsa-a"]


def test_a_stamp_belongs_to_the_envelope_whose_name_it_bears() -> None:
    policy, content = _policy(), _statement()
    mine, other = sign_envelope(content, signer(1)), sign_envelope(content, signer(2))
    envelopes = [("1.dsse.json", mine), ("2.dsse.json", other)]
    over_mine = A.token(mine)

    def states(name: str) -> list[str]:
        return [
            one.state for one in count_signatures(content, envelopes, [], NAMESPACE, policy, AS_OF, [(name, over_mine)]).tokens
        ]

    assert states("1.dsse.json.tsr") == states("1.dsse.json.9.tsr") == ["valid"]
    for name in ("2.dsse.json.tsr", "3.dsse.json.tsr", "1.dsse.json.1.tsr", "1.dsse.json.10.tsr", "1.tsr", "x1.dsse.json.tsr"):
        assert states(name) == ["bad"], name
    bad = count_signatures(content, envelopes, [], NAMESPACE, policy, AS_OF, [("2.dsse.json.tsr", over_mine)]).bad
    assert [one.name for one in bad] == ["2.dsse.json.tsr"]


BEFORE, AFTER = STAMPED - 10 * DAY, STAMPED + 10 * DAY


def _at(instant: dt.datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("key_more", "without", "seen"),
    [
        ("", True, True),
        (f"until = {_at(AFTER)}", False, True),
        (f"until = {_at(BEFORE)}", False, False),
        (f"from = {_at(BEFORE)}", True, True),
        (f"from = {_at(AFTER)}", True, False),
        (f'revoked = {{at = {_at(AFTER)}, reason = "retired"}}', False, True),
        (f'revoked = {{at = {_at(BEFORE)}, reason = "retired"}}', False, False),
        (f'revoked = {{at = {_at(AFTER)}, reason = "compromised", since = {_at(AFTER)}}}', False, True),
        (f'revoked = {{at = {_at(AFTER)}, reason = "compromised", since = {_at(BEFORE)}}}', False, False),
        (f'revoked = {{at = {_at(AFTER)}, reason = "compromised", since = {_at(STAMPED)}}}', False, False),
        (f'revoked = {{at = {_at(AFTER)}, reason = "compromised"}}', False, False),
        (f'revoked = {{at = {_at(AFTER)}, reason = "compromised", since = {_at(AFTER)}}}\nuntil = {_at(BEFORE)}', False, False),
        # Not revoked yet at the instant asked about: a retired key counts still, a compromised one never did.
        ('revoked = {at = 2026-07-01T00:00:00Z, reason = "retired"}', True, True),
        ('revoked = {at = 2026-07-01T00:00:00Z, reason = "compromised", since = 2026-07-01T00:00:00Z}', False, True),
    ],
)
def test_which_signatures_of_a_key_count_with_and_without_a_trusted_time(key_more: str, without: bool, seen: bool) -> None:
    policy = _policy(key_more=key_more)
    assert (_count(policy).people == ["ada@lab"]) is without
    assert (_count(policy, (A, STAMPED)).people == ["ada@lab"]) is seen
    assert (_count(policy, (Authority(number=9), STAMPED)).people == ["ada@lab"]) is without
    assert (_count(policy, (A, AS_OF + DAY)).people == ["ada@lab"]) is without


def test_the_earliest_of_several_trusted_times_is_the_one_that_says_most() -> None:
    policy = _policy(key_more=f'revoked = {{at = {_at(AFTER)}, reason = "compromised", since = {_at(STAMPED)}}}')
    times = [(A, STAMPED + DAY), (B, STAMPED - DAY)]
    for order in itertools.permutations(times):
        assert _count(policy, *order).people == ["ada@lab"]
    assert _count(policy, times[0]).people == []


def test_an_ssh_signature_has_no_trusted_time() -> None:
    policy = _policy(key_more=f'revoked = {{at = {_at(AFTER)}, reason = "compromised", since = {_at(AFTER)}}}')
    content = _statement()
    envelope = sign_envelope(content, signer(1))
    tokens = [("e.dsse.json.tsr", A.token(envelope))]
    armoured = [("e.sshsig", sign_ssh(content, NAMESPACE, signer(1)))]
    count = count_signatures(content, [("e.dsse.json", envelope)], armoured, NAMESPACE, policy, AS_OF, tokens)
    assert [one.state for one in count.files] == ["valid", "not-counted"]


def _time(rule_more: str, count_of: Sequence[tuple[Authority, dt.datetime]] = (), **more: object) -> policies.RuleOutcome:
    policy = _policy(rule_more=rule_more)
    return evaluate_time(policy, "p", LAB, _count(policy, *count_of, **more))  # type: ignore[arg-type]


ONE, TWO = 'timestamp = {k = 1, tsa = ["tsa-a"]}', 'timestamp = {k = 2, tsa = ["tsa-a", "tsa-b"]}'


@pytest.mark.parametrize(
    ("rule", "stamps", "satisfied"),
    [
        ("", [], True),
        (ONE, [], False),
        (ONE, [(A, STAMPED)], True),
        (ONE, [(B, STAMPED)], False),
        (TWO, [(A, STAMPED), (B, STAMPED)], True),
        (TWO, [(A, STAMPED)], False),
        (TWO, [(A, STAMPED), (A, STAMPED + DAY)], False),
        (TWO, [(A, STAMPED), (B, AS_OF + DAY)], False),
        ('timestamp = {tsa = ["tsa-a", "tsa-b"]}', [(B, STAMPED)], True),
    ],
)
def test_a_rule_wants_trusted_times_of_so_many_authorities(
    rule: str, stamps: list[tuple[Authority, dt.datetime]], satisfied: bool
) -> None:
    found = _time(rule, stamps)
    assert found.satisfied is satisfied
    assert "as claimed" in found.text


def test_a_stamp_on_a_stranger_s_signature_is_no_trusted_time() -> None:
    assert not _time(ONE, [(A, STAMPED)], number=9).satisfied


def test_why_a_stamp_did_not_count_is_said() -> None:
    assert "that time is not trusted" in _time(ONE, [(Authority(number=9), STAMPED)]).text


@pytest.mark.parametrize(
    ("signed_at", "satisfied"),
    [
        (STAMPED - DAY, True),
        (STAMPED + dt.timedelta(minutes=4), True),
        (STAMPED + dt.timedelta(minutes=6), False),  # seen before it says that it was signed
        (AS_OF + dt.timedelta(minutes=6), False),  # says that it will be signed
        (None, True),
    ],
)
def test_a_claim_that_a_trusted_time_contradicts_is_false(signed_at: dt.datetime | None, satisfied: bool) -> None:
    for rule in ("", ONE):
        assert _time(rule, [(A, STAMPED)], statement=_statement(signed_at)).satisfied is satisfied


def test_a_claim_of_the_future_needs_no_stamp_to_be_false() -> None:
    assert _time("", statement=_statement(AS_OF + dt.timedelta(minutes=4))).satisfied
    assert not _time("", statement=_statement(AS_OF + dt.timedelta(minutes=6))).satisfied


def test_without_a_rule_nothing_is_in_time() -> None:
    policy = _policy()
    for evaluate in (evaluate_time, evaluate_freshness):
        assert not evaluate(policy, "other/v1", LAB, _count(policy)).satisfied


@pytest.mark.parametrize(
    ("signed_at", "stamps", "days", "fresh"),
    [
        (AS_OF - 30 * DAY, [], 30, True),
        (AS_OF - 30 * DAY - dt.timedelta(seconds=1), [], 30, False),
        (AS_OF - 2 * DAY, [(A, AS_OF - 40 * DAY)], 30, False),  # a trusted time shows it to be older than it says
        (AS_OF - 40 * DAY, [(A, AS_OF - 2 * DAY)], 30, False),  # a stamp that was got late makes nothing younger
        (None, [(A, AS_OF - 2 * DAY)], 30, True),
        (None, [], 30, False),
        (AS_OF - 900 * DAY, [], None, True),
    ],
)
def test_how_old_a_statement_may_be(
    signed_at: dt.datetime | None, stamps: list[tuple[Authority, dt.datetime]], days: int | None, fresh: bool
) -> None:
    policy = _policy(rule_more=f"max_age_days = {days}" if days else "")
    found = evaluate_freshness(policy, "p", LAB, _count(policy, *stamps, statement=_statement(signed_at)))
    assert found.satisfied is fresh


@pytest.mark.parametrize(
    "statement", [b"", b"[]", b"{}", b'{"predicate":{"signedAt":5}}', b'{"predicate":{"signedAt":"yesterday"}}']
)
def test_a_statement_that_claims_no_time_has_none(statement: bytes) -> None:
    assert claimed_time(statement) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (_tsa(A, "a") + _tsa(A, "a"), "stands twice"),
        (_tsa(A, "a") + _tsa(A, "b"), "pinned twice"),
        (f"[[tsa]]\nid = \"a\"\nroot = '''{A.root_pem}'''\n" + _tsa(A, "b"), "share a root"),
        ('[[tsa]]\nid = "a"\nroot = "tsa-a.pem"\n', "no certificate in PEM form"),
        (
            '[[tsa]]\nid = "a"\nroot = "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----"\n',
            "no certificate in PEM",
        ),
        (_tsa(A, "a").replace('leaf_sha256 = ["', 'leaf_sha256 = ["x'), "leaf_sha256"),
        (_tsa(A, "a") + 'policy = ["any"]\n', "policy"),
        (_tsa(A, "a") + 'url = "https://tsa.example"\n', "url"),
        ('[[rule]]\npredicate = "p"\nrequire = [{role = "author"}]\ntimestamp = {k = 1, tsa = ["gone"]}\n', "does not have"),
        (
            _tsa(A, "a") + '[[rule]]\npredicate = "p"\nrequire = [{role = "author"}]\ntimestamp = {k = 2, tsa = ["a"]}\n',
            "wants 2",
        ),
        (
            _tsa(A, "a") + '[[rule]]\npredicate = "p"\nrequire = [{role = "author"}]\ntimestamp = {tsa = ["a", "a"]}\n',
            "stands twice",
        ),
        ('[[rule]]\npredicate = "p"\nrequire = [{role = "author"}]\ntimestamp = {k = 1, tsa = []}\n', "tsa"),
        ('[[rule]]\npredicate = "p"\nrequire = [{role = "author"}]\nmax_age_days = 0\n', "max_age_days"),
    ],
)
def test_an_authority_or_a_demand_that_is_not_sound_is_refused(content: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refusal:
        load_policy(policy_text(("ada@lab", 1, ["author"])) + content.encode(), "t")
    assert "\n" not in str(refusal.value)


def test_the_root_of_an_authority_is_an_authority_s_certificate() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    leaf = A.leaf.public_bytes(Encoding.PEM).decode()
    with pytest.raises(InputError, match="certificate of an authority"):
        load_policy(policy_text() + f"[[tsa]]\nid = \"a\"\nroot = '''{leaf}'''\n".encode(), "t")


def test_two_authorities_under_one_root_are_two_by_their_pins() -> None:
    from dataclasses import replace

    second = replace(A, number=41, root_number=A.number)
    content = policy_text(("ada@lab", 1, ["author"])) + (_tsa(A, "a") + _tsa(second, "b")).encode()
    policy = load_policy(content, "t")
    count = _count(policy, (second, STAMPED), (A, STAMPED))
    assert sorted(one.tsa for one in count.times) == ["a", "b"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-50, 50), max_size=3),
    st.integers(-50, 50) | st.none(),
    st.integers(-50, 50) | st.none(),
    st.integers(-50, 50) | st.none(),
)
def test_an_earlier_stamp_never_takes_a_signature_out_of_its_time(
    seen: list[int], until: int | None, retired: int | None, since: int | None
) -> None:
    """The later bounds of a key (until, retired, compromised since) only ever let more count as the trusted time is earlier."""
    if since is not None:
        revoked = policies.Revocation(at=AS_OF + 60 * DAY, reason="compromised", since=AS_OF + since * DAY)
    else:
        revoked = policies.Revocation(at=AS_OF + retired * DAY, reason="retired") if retired is not None else None
    key = policies.Key(
        public=signer(1).public.openssh, until=AS_OF + until * DAY if until is not None else None, revoked=revoked
    )
    times = [AS_OF + day * DAY for day in seen if day <= 0]
    counted = not key.counts(AS_OF, times)
    earlier = not key.counts(AS_OF, [*times, AS_OF - 100 * DAY])
    assert earlier or not counted
    assert earlier == (all(bound is None or bound > -100 for bound in (until, retired if since is None else None, since)))


@pytest.mark.parametrize("p256", [False, True])
def test_where_there_is_no_envelope_statement_and_ssh_signature_are_seen_together(p256: bool) -> None:
    """A FIDO2 token makes no envelope. Its SSHSIG alone would not say which statement was seen."""
    token, statement = fido_signer(1, p256=p256), _statement()
    policy = load_policy(policy_text(("ada@lab", token, ["author"])) + _tsa(A, "tsa-a").encode(), "t")
    armoured = sign_ssh(statement, NAMESPACE, token)

    def count(over: bytes, name: str = "s.sshsig.tsr") -> SignatureCount:
        tokens = [(name, A.token(over, STAMPED))]
        return count_signatures(statement, [], [("s.sshsig", armoured)], NAMESPACE, policy, AS_OF, tokens)

    found = count(stamped_bytes("s.sshsig", armoured, statement))
    assert stamped_bytes("s.sshsig", armoured, statement) == statement + armoured
    assert [(one.tsa, one.instant) for one in found.times] == [("tsa-a", STAMPED)]
    assert found.bad == []
    assert [one.state for one in count(statement + armoured, "s.sshsig.4.tsr").tokens] == ["valid"]
    for other in (armoured, statement, armoured + statement, sign_envelope(statement, signer(1))):
        assert [one.state for one in count(other).tokens] == ["bad"]
    for name in ("t.sshsig.tsr", "s.dsse.json.tsr", "s.sshsig.1.tsr", "s.tsr"):
        assert [one.state for one in count(statement + armoured, name).tokens] == ["bad"], name


def test_only_the_stamp_of_a_signature_that_counts_says_when() -> None:
    """Who prepends a stamped envelope of their own makes nothing older."""
    content, policy = _statement(), _policy()
    mine, stranger = sign_envelope(content, signer(1)), sign_envelope(content, signer(9))
    envelopes = [("1.dsse.json", mine), ("9.dsse.json", stranger)]
    tokens = [("9.dsse.json.tsr", A.token(stranger, STAMPED))]
    found = count_signatures(content, envelopes, [], NAMESPACE, policy, AS_OF, tokens)
    assert [one.state for one in found.tokens] == ["valid"]
    assert found.times == []
    assert found.people == ["ada@lab"]


def test_without_a_policy_no_authority_is_trusted() -> None:
    content = _statement()
    envelope = sign_envelope(content, signer(1))
    tokens = [("1.dsse.json.tsr", A.token(envelope, STAMPED))]
    found = count_signatures(content, [("1.dsse.json", envelope)], [], NAMESPACE, None, AS_OF, tokens)
    assert [one.state for one in found.tokens] == ["not-counted"]
    assert "the policy trusts no authority" in found.tokens[0].text
