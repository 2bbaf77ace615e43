"""Every field of a policy can be set from the shell; and what ssh-keygen makes of the result."""

import datetime as dt
import hashlib
import subprocess
from pathlib import Path

import pytest

from compliance_tui.safe.errors import InputError
from compliance_tui.trust import policy as policies
from compliance_tui.trust.keys import Signer
from compliance_tui.trust.policy import load_policy, namespace_of, rolled_back
from compliance_tui.trust.sshsig import sign_ssh
from tests.trust.authority import POLICY, A, B
from tests.trust.known_keys import AS_OF, STATEMENT, fido_signer, p256_signer, policy_text, signer

ADA, BEN = ("ada@lab", 1, ["author"]), ("ben@lab", 2, ["officer"])
SELF, REVIEW = namespace_of("self-assessment/v1"), namespace_of("review/v1")


def _rule(predicate: str, role: str, attester: str = "") -> bytes:
    by = f'attester = "{attester}"\n' if attester else ""
    return f'[[rule]]\npredicate = "{predicate}"\n{by}require = [{{role = "{role}"}}]\n'.encode()


def test_the_namespace_of_a_statement_is_its_name_at_ours() -> None:
    assert SELF == "self-assessment.v1@compliance-tui.example"


def test_the_dates_of_a_key_are_set_anew_and_nothing_else_of_it() -> None:
    until, later = dt.datetime(2028, 1, 1, tzinfo=dt.UTC), dt.datetime(2029, 1, 1, tzinfo=dt.UTC)
    content = policies.add_person(policy_text(BEN), "t", "ada@lab", "Ada", ["author"], signer(1).public.openssh, until=until)
    content = policies.add_person(content, "t", "ada@lab", "", ["reviewer"], signer(1).public.pem, from_=AS_OF)
    content = policies.add_person(content, "t", "ada@lab", "", [], signer(1).public.openssh, until=later)
    (ada,) = (one for one in load_policy(content, "t").person if one.id == "ada@lab")
    assert (ada.name, ada.roles) == ("Ada", ["author", "reviewer"])
    assert [(one.from_, one.until) for one in ada.key] == [(AS_OF, later)]


def test_a_touch_is_asked_for_and_waived() -> None:
    token = fido_signer(1)
    content = policies.add_person(policies.new_policy(), "t", "ada@lab", "", ["author"], token.public.openssh)
    assert load_policy(content, "t").person[0].key[0].must_be_touched
    content = policies.add_person(content, "t", "ada@lab", "", [], token.public.openssh, require_touch=False)
    assert not load_policy(content, "t").person[0].key[0].must_be_touched


@pytest.mark.parametrize("named", [signer(1).public.openssh, signer(1).public.pem, signer(1).public.fingerprint])
def test_a_key_is_revoked_by_any_of_its_names(named: str) -> None:
    content = policies.revoke_key(policy_text(ADA, BEN), "t", named, AS_OF, "compromised", AS_OF - dt.timedelta(days=9))
    policy = load_policy(content, "t")
    revoked = policy.person[0].key[0].revoked
    assert revoked is not None
    assert (revoked.at, revoked.reason, revoked.since) == (AS_OF, "compromised", AS_OF - dt.timedelta(days=9))
    assert (policy.person[1].key[0].revoked, policy.version) == (None, 2)


def test_what_cannot_be_revoked_so_is_refused() -> None:
    fingerprint = signer(1).public.fingerprint
    with pytest.raises(InputError) as refusal:
        policies.revoke_key(policy_text(BEN), "t", fingerprint, AS_OF, "retired")
    assert refusal.value.code == "not-found"
    for reason, since in (("retired", AS_OF), ("compromised", AS_OF + dt.timedelta(days=1)), ("lost", None)):
        with pytest.raises(InputError):
            policies.revoke_key(policy_text(ADA), "t", fingerprint, AS_OF, reason, since)


def test_a_rule_with_times_and_age_over_authorities() -> None:
    content = policies.add_tsa(policy_text(ADA), "t", "tsa-a", "some words\n" + A.root_pem, [A.leaf_sha256], [POLICY])
    content = policies.add_tsa(content, "t", "tsa-b", B.root_pem)
    content = policies.add_tsa(content, "t", "tsa-b", B.root_pem, [B.leaf_sha256])
    content = policies.add_rule(
        content,
        "t",
        "review/v1",
        "https://lab.example",
        {"author": 1},
        timestamp=(1, ["tsa-a", "tsa-b"]),
        max_age_days=90,
        distinct_persons=False,
    )
    policy = load_policy(content, "t")
    assert [(one.id, one.leaf_sha256, one.policy) for one in policy.tsa] == [
        ("tsa-a", [A.leaf_sha256], [POLICY]),
        ("tsa-b", [B.leaf_sha256], []),
    ]
    assert policy.tsa[0].certificates == [A.root]
    (rule,) = policy.rule
    assert rule.timestamp is not None
    assert (rule.timestamp.k, rule.timestamp.tsa) == (1, ["tsa-a", "tsa-b"])
    assert (rule.attester, rule.max_age_days, rule.distinct_persons) == ("https://lab.example", 90, False)
    with pytest.raises(InputError, match="which the policy does not have"):
        policies.add_rule(content, "t", "p", None, {"author": 1}, timestamp=(1, ["tsa-c"]))


def test_a_minimum_and_an_expiry() -> None:
    content = policies.add_standard(policies.new_policy(), "t", "s", "1.1", "a" * 64, "1.1")
    content = policies.add_standard(content, "t", "s", "1.2", "b" * 64)
    content = policies.set_expiry(content, "t", AS_OF)
    policy = load_policy(content, "t")
    assert (policy.standard[0].minimum, policy.expires) == ("1.1", AS_OF)
    assert "the policy expired" in "\n".join(policies.lint_policy(policy, AS_OF))


def test_a_policy_may_not_go_back() -> None:
    old = policy_text(ADA)
    new = policies.set_expiry(old, "t", AS_OF)
    policy_of = {one: load_policy(one, "t") for one in (old, new)}
    digest = {one: hashlib.sha256(one).hexdigest() for one in (old, new)}
    assert rolled_back(policy_of[new], digest[new], policy_of[old].version, digest[old]) == ""
    assert rolled_back(policy_of[new], digest[new], policy_of[new].version, digest[new]) == ""
    assert "may not go down" in rolled_back(policy_of[old], digest[old], policy_of[new].version, digest[new])
    edited = old + b"# one more word\n"
    why = rolled_back(load_policy(edited, "t"), hashlib.sha256(edited).hexdigest(), 1, digest[old])
    assert "still 1" in why


def _keygen_says(folder: Path, allowed: str, person: str, key: Signer, namespace: str, *options: str) -> bool:
    (folder / "allowed").write_text(allowed)
    (folder / "s").write_bytes(sign_ssh(STATEMENT, namespace, key))
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", person, "-n", namespace, "-s", "s", *options]
    return subprocess.run(command, cwd=folder, input=STATEMENT, capture_output=True).returncode == 0


def test_each_person_may_sign_what_the_rules_let_their_roles_sign(tmp_path: Path) -> None:
    people = policy_text(ADA, BEN, ("cy@lab", p256_signer(3), ["author"]), ("dee@lab", fido_signer(4), ["officer", "clerk"]))
    rules = _rule("self-assessment/v1", "author") + _rule("review/v1", "officer") + _rule("review/v1", "officer", "x")
    allowed = policies.allowed_signers(load_policy(people + rules, "t"))
    keys = {"ada@lab": signer(1), "ben@lab": signer(2), "cy@lab": p256_signer(3), "dee@lab": fido_signer(4)}
    for person, key in keys.items():
        for namespace in (SELF, REVIEW):
            may = (namespace == SELF) == (person in ("ada@lab", "cy@lab"))
            assert _keygen_says(tmp_path, allowed, person, key, namespace) == may, (person, namespace)


def test_somebody_whom_no_rule_needs_is_left_out() -> None:
    policy = load_policy(policy_text(ADA, BEN) + _rule("self-assessment/v1", "author"), "t")
    assert [line.split()[0] for line in policies.allowed_signers(policy).splitlines()] == ["ada@lab"]
    assert [line.split()[0] for line in policies.allowed_signers(policy, SELF).splitlines()] == ["ada@lab", "ben@lab"]


def test_a_revocation_list_is_made_of_the_compromised_keys_and_ssh_keygen_keeps_to_it(tmp_path: Path) -> None:
    content = policy_text(ADA, BEN, ("cy@lab", 3, ["author"])) + _rule("self-assessment/v1", "author")
    own = policies.allowed_signers(load_policy(content, "t"), SELF)
    content = policies.revoke_key(content, "t", signer(1).public.fingerprint, AS_OF, "compromised")
    content = policies.revoke_key(content, "t", signer(3).public.fingerprint, AS_OF, "retired")
    revoked = policies.revoked_keys(load_policy(content, "t"))
    (tmp_path / "revoked.pub").write_text(revoked)
    command = ["ssh-keygen", "-k", "-f", "revoked.krl", "revoked.pub"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    for person, key, accepted in (("ada@lab", signer(1), False), ("ben@lab", signer(2), True), ("cy@lab", signer(3), True)):
        assert _keygen_says(tmp_path, own, person, key, SELF, "-r", "revoked.krl") == accepted, person


def test_lint_names_a_token_that_needs_no_touch_and_authorities_that_are_wide_or_idle() -> None:
    token = fido_signer(1)
    content = policies.add_person(
        policies.new_policy(), "t", "ada@lab", "", ["author"], token.public.openssh, require_touch=False
    )
    content = policies.add_tsa(content, "t", "tsa-a", A.root_pem)
    findings = "\n".join(policies.lint_policy(load_policy(content, "t"), AS_OF))
    assert "without a touch" in findings
    assert "pin leaf_sha256" in findings
    assert "asked for by no rule" in findings
    assert "root is over" in "\n".join(policies.lint_policy(load_policy(content, "t"), dt.datetime(2070, 1, 1, tzinfo=dt.UTC)))
