import datetime as dt
import itertools
import subprocess
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.trust import policy as policies
from compliance_tui.trust.policy import load_policy
from compliance_tui.trust.public_key import LOW_ORDER, PublicKey
from compliance_tui.trust.seating import seated
from compliance_tui.trust.sshsig import sign_ssh
from tests.trust.authority import A
from tests.trust.known_keys import AS_OF, NAMESPACE, STATEMENT, policy_text, signer

LAB = "https://lab.example"
ADA, BEN = ("ada@lab", 1, ["author"]), ("ben@lab", 2, ["author", "officer"])
RULE = '[[rule]]\npredicate = "self-assessment/v1"\nrequire = [{role = "author", k = 1}, {role = "officer", k = 1}]\n'


def _key(more: str) -> policies.Key:
    return load_policy(policy_text(ADA, key_more=more), "t").person[0].key[0]


def _rule(require: str, *, distinct: str = "true", extra: str = "") -> bytes:
    return f'\n[[rule]]\npredicate = "p"\nrequire = [{require}]\ndistinct_persons = {distinct}\n{extra}'.encode()


@pytest.mark.parametrize("path", ["pem", "comment"])
def test_one_key_in_two_spellings_is_refused(path: str) -> None:
    public = signer(1).public
    other = f"'''{public.pem}'''" if path == "pem" else f'"{public.openssh} another name"'
    eve = f'[[person]]\nid = "eve"\nroles = ["officer"]\nkey = [{{public = {other}}}]\n'
    content = policy_text(ADA) + eve.encode()
    with pytest.raises(InputError, match="one key stands twice, for ada@lab and eve"):
        load_policy(content, "t")


def test_a_key_of_low_order_is_refused_by_the_loader() -> None:
    for raw in LOW_ORDER:
        content = policy_text(ADA).replace(signer(1).public.openssh.encode(), PublicKey(raw).openssh.encode())
        with pytest.raises(InputError, match="low order"):
            load_policy(content, "t")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (policy_text(ADA, more="unknown = 1"), "unknown is not a known field"),
        (policy_text(ADA, key_more="unknown = 1"), "unknown"),
        (policy_text(ADA, key_more="from_ = 2026-01-01T00:00:00Z"), "from_"),
        (policy_text(ADA).replace(b"trust/1", b"trust/2"), "schema"),
        (policy_text(ADA).replace(b"version = 1", b"version = 0"), "version"),
        (policy_text(ADA).replace(b"version = 1", b"version = true"), "version"),
        (policy_text(ADA, ("ada@lab", 2, [])), "person ada@lab stands twice"),
        (policy_text(("*@lab", 1, [])), "wildcards"),
        (policy_text(("a?a@lab", 1, [])), "wildcards"),
        (policy_text(("ada,ben", 1, [])), "may not hold"),
        (policy_text(("!ada", 1, [])), "may not hold"),
        (policy_text(("#ada", 1, [])), "may not hold"),
        (policy_text(("ada ben", 1, [])), "id"),
        (policy_text(("", 1, [])), "id"),
        (policy_text(("ada", 1, ["*"])), "wildcards"),
        (policy_text(ADA, key_more="from = 2026-01-02T00:00:00Z\nuntil = 2026-01-01T00:00:00Z"), "until must come"),
        (policy_text(ADA, key_more="from = 2026-01-02T00:00:00Z\nuntil = 2026-01-02T00:00:00Z"), "until must come"),
        (policy_text(ADA, key_more="from = 2026-01-02T00:00:00"), "offset"),
        (policy_text(ADA, key_more="from = 2026-01-02"), "offset"),
        (policy_text(ADA, key_more='from = "2026-01-02T00:00:00Z"'), "offset"),
        (policy_text(ADA, key_more='revoked = {at = 2026-01-02T00:00:00Z, reason = "lost"}'), "reason"),
        (policy_text(ADA, key_more="revoked = {at = 2026-01-02T00:00:00Z}"), "reason is missing"),
        (policy_text(ADA) + _rule('{role = "author", k = 2}'), "wants 2 in the role author, which 1 persons"),
        (policy_text(ADA) + _rule('{role = "nobody"}'), "nobody"),
        (policy_text(ADA) + _rule('{role = "author", k = 0}'), "k"),
        (policy_text(ADA) + _rule(""), "require"),
        (policy_text(ADA) + _rule('{role = "author"}, {role = "author"}'), "names one role twice"),
        (policy_text(ADA) + _rule('{role = "author"}') + _rule('{role = "author"}'), "two rules for p"),
        (policy_text(ADA) + b'\n[[standard]]\nid = "s"\naccept = []\n', "accept"),
        (policy_text(ADA) + b'\n[[standard]]\nid = "s"\naccept = [{version = "1", sha256 = "AB"}]\n', "sha256"),
        (b"\xff", "not UTF-8"),
        (b"schema = ", "line 1"),
    ],
)
def test_an_unsound_policy_is_refused_in_one_sentence(content: bytes, says: str) -> None:
    with pytest.raises(InputError) as refusal:
        load_policy(content, "trust.toml")
    assert says in str(refusal.value)
    assert str(refusal.value).startswith("trust.toml")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("more", "instant", "counts"),
    [
        ("", "2026-06-01T00:00:00", True),
        ("from = 2026-06-01T00:00:00Z", "2026-06-01T00:00:00", True),
        ("from = 2026-06-01T00:00:00Z", "2026-05-31T23:59:59", False),
        ("until = 2026-06-01T00:00:00Z", "2026-05-31T23:59:59", True),
        ("until = 2026-06-01T00:00:00Z", "2026-06-01T00:00:00", False),
        ("until = 2026-06-01T02:00:00+02:00", "2026-06-01T00:00:00", False),
        ('revoked = {at = 2026-06-01T00:00:00Z, reason = "retired"}', "2026-05-31T23:59:59", True),
        ('revoked = {at = 2026-06-01T00:00:00Z, reason = "retired"}', "2026-06-01T00:00:00", False),
        ('revoked = {at = 2026-06-01T00:00:00Z, reason = "compromised"}', "2020-01-01T00:00:00", False),
        (
            'revoked = {at = 2026-06-01T00:00:00Z, reason = "compromised", since = 2026-05-01T00:00:00Z}',
            "2026-04-01T00:00:00",
            False,
        ),
    ],
)
def test_when_a_key_counts(more: str, instant: str, counts: bool) -> None:
    as_of = dt.datetime.fromisoformat(instant).replace(tzinfo=dt.UTC)
    assert (_key(more).counts(as_of) == "") == counts


def _outcome(content: bytes, predicate: str, attester: str, *signed_by: str) -> policies.RuleOutcome:
    return policies.evaluate_rules(load_policy(content, "t"), predicate, attester, iter(signed_by))


def test_one_person_fills_one_role_only() -> None:
    content = policy_text(ADA, BEN) + RULE.encode()
    assert not _outcome(content, "self-assessment/v1", LAB, "ben@lab").satisfied
    both = _outcome(content, "self-assessment/v1", LAB, "ben@lab", "ada@lab")
    assert both.satisfied
    assert both.by_role == {"author": ("ada@lab",), "officer": ("ben@lab",)}
    relaxed = content.replace(RULE.encode(), RULE.encode() + b"distinct_persons = false\n")
    alone = _outcome(relaxed, "self-assessment/v1", LAB, "ben@lab")
    assert alone.satisfied
    assert alone.by_role == {"author": ("ben@lab",), "officer": ("ben@lab",)}


def test_naming_one_person_twice_or_a_stranger_adds_nothing() -> None:
    content = policy_text(ADA, BEN) + _rule('{role = "author", k = 2}')
    assert not _outcome(content, "p", LAB, "ada@lab", "ada@lab", "eve").satisfied
    assert not _outcome(content, "p", LAB).satisfied
    assert _outcome(content, "p", LAB, "ada@lab", "ben@lab").satisfied


def test_a_statement_of_another_kind_or_lab_finds_no_rule() -> None:
    own = _rule('{role = "author"}', extra=f'attester = "{LAB}"\n')
    content = policy_text(ADA) + own
    assert _outcome(content, "p", LAB, "ada@lab").satisfied
    for predicate, attester in (("p", "https://other.example"), ("q", LAB), ("p", LAB + "/"), ("P", LAB)):
        found = _outcome(content, predicate, attester, "ada@lab")
        assert not found.satisfied
        assert "no rule" in found.text


def test_a_rule_for_a_lab_goes_before_the_one_for_everybody_though_that_is_weaker() -> None:
    strict = _rule('{role = "author", k = 2}', extra=f'attester = "{LAB}"\n')
    content = policy_text(ADA, BEN) + _rule('{role = "author"}') + strict
    assert not _outcome(content, "p", LAB, "ada@lab").satisfied
    assert _outcome(content, "p", "https://other.example", "ada@lab").satisfied


def test_an_attester_s_text_reaches_the_message_only_cleaned() -> None:
    assert "\x1b" not in _outcome(policy_text(ADA), "p", "\x1b]52;c;x\x07", "ada@lab").text


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sets(st.sampled_from("abc")), min_size=1, max_size=5),
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 3), min_size=1),
)
def test_seating_agrees_with_trying_every_order(roles: list[set[str]], needs: dict[str, int]) -> None:
    people = [policies.Person(id=f"p{n}", roles=sorted(held)) for n, held in enumerate(roles)]
    seats = [role for role, k in needs.items() for _ in range(k)]
    rule = policies.Rule(predicate="p", require=[policies.Need(role=role, k=k) for role, k in needs.items()])
    found = seated(rule, people)
    orders = itertools.permutations(people, len(seats))
    possible = any(all(seat in one.roles for seat, one in zip(seats, order, strict=True)) for order in orders)
    assert (found is not None) == possible
    if found is not None:
        counted = [one for group in found.values() for one in group]
        assert len(counted) == len(set(counted)) == len(seats)
        assert {role: len(group) for role, group in found.items()} == needs
        held = {one.id: one.roles for one in people}
        assert all(role in held[one] for role, group in found.items() for one in group)


STANDARD = f"""
[[standard]]
id = "s"
accept = [{{version = "2.1.0", sha256 = "{"a" * 64}"}}, {{version = "1.9", sha256 = "{"b" * 64}"}}]
""".encode()


def test_a_standard_is_accepted_by_its_digest_only() -> None:
    policy = load_policy(policy_text(ADA) + STANDARD, "t")
    assert policies.accepts_standard(policy, "s", "2.1.0", "a" * 64) == ""
    assert policies.accepts_standard(policy, "s", "1.9", "b" * 64) == ""
    assert "SHA-256 differs" in policies.accepts_standard(policy, "s", "2.1.0", "b" * 64)
    assert "2.1.0, 1.9" in policies.accepts_standard(policy, "s", "2.2.0", "a" * 64)
    assert "no standard" in policies.accepts_standard(policy, "other", "2.1.0", "a" * 64)


@pytest.mark.parametrize(("minimum", "accepted"), [("2.1", ["2.1.0"]), ("1.10", ["2.1.0"]), ("1.9.0", ["2.1.0", "1.9"])])
def test_a_minimum_bars_older_versions_by_number_and_not_by_letter(minimum: str, accepted: list[str]) -> None:
    policy = load_policy(policy_text(ADA) + STANDARD + f'minimum = "{minimum}"\n'.encode(), "t")
    pairs = (("2.1.0", "a"), ("1.9", "b"))
    assert [version for version, c in pairs if not policies.accepts_standard(policy, "s", version, c * 64)] == accepted


def test_a_minimum_over_versions_without_an_order_is_refused() -> None:
    content = policy_text(ADA) + STANDARD.replace(b"1.9", b"beta") + b'minimum = "2.1"\n'
    with pytest.raises(InputError, match="which beta is not"):
        load_policy(content, "t")


def test_a_policy_grows_from_nothing_step_by_step() -> None:
    content = policies.new_policy()
    assert load_policy(content, "t").person == []
    until = dt.datetime(2028, 1, 1, tzinfo=dt.UTC)
    content = policies.add_person(content, "t", "ada@lab", "Ada", ["author"], signer(1).public.pem, until=until)
    content = policies.add_person(content, "t", "ben@lab", "Ben", ["officer"], signer(2).public.openssh + " ben")
    content = policies.add_person(content, "t", "ada@lab", "", ["reviewer"], signer(3).public.openssh)
    content = policies.add_rule(content, "t", "self-assessment/v1", None, {"author": 1})
    content = policies.add_rule(content, "t", "self-assessment/v1", None, {"author": 1, "officer": 1})
    content = policies.add_standard(content, "t", "s", "1.0", "a" * 64)
    content = policies.add_standard(content, "t", "s", "1.0", "b" * 64)
    policy = load_policy(content, "t")
    assert policy.version == 8
    assert [(one.id, one.name, one.roles, len(one.key)) for one in policy.person] == [
        ("ada@lab", "Ada", ["author", "reviewer"], 2),
        ("ben@lab", "Ben", ["officer"], 1),
    ]
    assert policy.person[0].key[0].until == until
    assert [{need.role: need.k for need in rule.require} for rule in policy.rule] == [{"author": 1, "officer": 1}]
    assert [one.sha256 for one in policy.standard[0].accept] == ["b" * 64]
    assert content.startswith(policies.new_policy().split(b"schema")[0])  # what the file says of itself stays


def test_a_policy_written_by_hand_keeps_every_field_when_something_is_added() -> None:
    revoked = 'revoked = {at = 2026-01-02T00:00:00Z, reason = "compromised", since = 2026-01-01T00:00:00Z}'
    old = policy_text(ADA, BEN, more="expires = 2027-06-30T00:00:00Z", key_more=revoked) + RULE.encode() + STANDARD
    new = tomllib.loads(policies.add_person(old, "t", "eve", "", ["author"], signer(3).public.openssh).decode())
    before = tomllib.loads(old.decode())
    assert new["version"] == before["version"] + 1
    assert new["person"].pop()["id"] == "eve"
    assert {**new, "version": 1} == before


@pytest.mark.parametrize(
    "content",
    [b"", b'schema = "trust/1"\nversion = 1\nperson = "x"\n', b'schema = "trust/1"\nversion = "1"\n', b"\xff", b"= 1"],
)
def test_adding_to_an_unsound_policy_is_refused_and_not_stumbled_over(content: bytes) -> None:
    with pytest.raises(InputError):
        policies.add_person(content, "t", "ada", "", ["author"], signer(1).public.openssh)
    with pytest.raises(InputError):
        policies.add_rule(content, "t", "p", None, {"author": 1})
    with pytest.raises(InputError):
        policies.add_standard(content, "t", "s", "1", "a" * 64)


def test_what_would_make_a_policy_unsound_is_not_added() -> None:
    content = policy_text(ADA)
    with pytest.raises(InputError, match="one key stands twice"):
        policies.add_person(content, "t", "eve", "", ["author"], signer(1).public.openssh)
    with pytest.raises(InputError, match="low order"):
        policies.add_person(content, "t", "eve", "", ["author"], PublicKey(min(LOW_ORDER)).openssh)
    with pytest.raises(InputError, match="wants 2"):
        policies.add_rule(content, "t", "p", None, {"author": 2})
    with pytest.raises(InputError):
        policies.add_person(content, "t", "e*", "", ["author"], signer(2).public.openssh)


def _keygen_says(folder: Path, allowed: str, person: str, number: int, time: str) -> bool:
    (folder / "allowed").write_text(allowed)
    (folder / "s").write_bytes(sign_ssh(STATEMENT, NAMESPACE, signer(number)))
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", person, "-n", NAMESPACE, "-s", "s"]
    done = subprocess.run([*command, f"-Overify-time={time}"], cwd=folder, input=STATEMENT, capture_output=True)
    return done.returncode == 0


def test_ssh_keygen_reads_the_exported_signers_and_agrees_on_when_they_count(tmp_path: Path) -> None:
    bounds = "from = 2026-01-01T00:00:00Z\nuntil = 2028-01-01T00:00:00Z\n"
    retired = bounds + 'revoked = {at = 2027-01-01T00:00:00Z, reason = "retired"}'
    allowed = policies.allowed_signers(load_policy(policy_text(ADA, key_more=retired), "t"), NAMESPACE)
    assert _keygen_says(tmp_path, allowed, "ada@lab", 1, "20260601120000Z")
    assert not _keygen_says(tmp_path, allowed, "ada@lab", 2, "20260601120000Z")
    assert not _keygen_says(tmp_path, allowed, "ben@lab", 1, "20260601120000Z")
    for outside in ("20251231235900Z", "20270101000100Z"):
        assert not _keygen_says(tmp_path, allowed, "ada@lab", 1, outside)


def test_keys_that_never_count_are_not_exported_and_do_not_spoil_the_others(tmp_path: Path) -> None:
    compromised = 'revoked = {at = 2026-06-01T00:00:00Z, reason = "compromised"}'
    policy = load_policy(policy_text(ADA, key_more=compromised), "t")
    assert policies.allowed_signers(policy, NAMESPACE) == ""
    early = 'from = 2026-01-01T00:00:00Z\nrevoked = {at = 2025-06-01T00:00:00Z, reason = "retired"}'
    content = policies.add_person(policy_text(ADA, key_more=early), "t", "ben@lab", "", [], signer(2).public.openssh)
    allowed = policies.allowed_signers(load_policy(content, "t"), NAMESPACE)
    assert allowed.count("\n") == 1
    assert _keygen_says(tmp_path, allowed, "ben@lab", 2, "20260601120000Z")


def _lint(content: bytes) -> str:
    return "\n".join(policies.lint_policy(load_policy(content, "t"), AS_OF))


def test_lint_names_what_its_owner_would_not_expect() -> None:
    assert _lint(policy_text(ADA, BEN) + RULE.encode() + STANDARD) == ""
    assert "no rule" in _lint(policy_text(ADA))
    assert "no standard" in _lint(policy_text(ADA))
    assert "expired" in _lint(policy_text(ADA, more="expires = 2026-01-01T00:00:00Z"))
    assert "only until" in _lint(policy_text(ADA, key_more="until = 2026-06-20T00:00:00Z"))
    assert "counted until" in _lint(policy_text(ADA, key_more="until = 2026-05-20T00:00:00Z"))


def test_lint_finds_a_rule_that_nobody_can_satisfy() -> None:
    alone = policy_text(("ben@lab", 2, ["author", "officer"])) + RULE.encode()
    assert "nobody can satisfy the rule for self-assessment/v1" in _lint(alone)
    expired = policy_text(ADA, BEN, key_more="until = 2026-05-01T00:00:00Z") + RULE.encode()
    assert "nobody can satisfy" in _lint(expired)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 400), st.binary(max_size=4), st.integers(0, 4))
def test_an_altered_policy_is_loaded_or_refused(at: int, instead: bytes, length: int) -> None:
    content = policy_text(ADA, BEN) + RULE.encode()
    try:
        load_policy(content[:at] + instead + content[at + length :], "t")
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("root", "why"),
    [
        ("no certificate", "no certificate in PEM form"),
        (A.root_pem * 9, "one to eight certificates"),
        (A.leaf.public_bytes(Encoding.PEM).decode(), "must be the certificate of an authority"),
        (A.root_pem + A.leaf.public_bytes(Encoding.PEM).decode(), "must be the certificate of an authority"),
    ],
)
def test_the_root_of_an_authority_is_one(root: str, why: str) -> None:
    tsa = f"[[tsa]]\nid = \"tsa-a\"\nroot = '''{root}'''\n".encode()
    with pytest.raises(InputError, match=why):
        load_policy(policy_text(ADA) + tsa, "t")
    eight = f"[[tsa]]\nid = \"tsa-a\"\nroot = '''{A.root_pem * 8}'''\n".encode()
    assert len(load_policy(policy_text(ADA) + eight, "t").tsa[0].certificates) == 8
