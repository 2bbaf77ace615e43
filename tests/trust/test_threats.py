"""Attacks on signatures, keys and times, one test each, by their number in the design's table of threats.

Each test fails when what detects the attack is taken out of the code: that was tried when it was written.
"""

import base64
import datetime as dt
import hashlib
import json
import struct
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.trust.dsse import read_envelope, sign_envelope
from compliance_tui.trust.policy import evaluate_rules, evaluate_time, load_policy, namespace_of
from compliance_tui.trust.public_key import LOW_ORDER, PublicKey
from compliance_tui.trust.signature import SignatureCount, count_signatures
from compliance_tui.trust.ssh_wire import ssh_string
from compliance_tui.trust.sshsig import sign_ssh
from tests.trust.authority import STAMPED, A, B
from tests.trust.known_keys import AS_OF, fido_signer, p256_signer, policy_text, signer

LAB, SELF, DETERMINATION = "https://lab.example", "self-assessment/v1", "determination/v1"
NAMESPACE = namespace_of(SELF)
STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicate":{"signedAt":"2026-05-01T11:00:00Z"}}\n'
DAY = dt.timedelta(days=1)
ADA, BEN, REG = ("ada@lab", 1, ["author"]), ("ben@lab", 2, ["officer"]), ("reg@state", 3, ["regulator"])
RULES = (
    b'[[rule]]\npredicate = "self-assessment/v1"\nrequire = [{role = "author"}, {role = "officer"}]\n'
    b'[[rule]]\npredicate = "determination/v1"\nrequire = [{role = "regulator"}]\n'
)
POLICY = load_policy(policy_text(ADA, BEN, REG) + RULES, "t")
TSA = f"[[tsa]]\nid = \"tsa-a\"\nroot = '''{A.root_pem}'''\nleaf_sha256 = [\"{A.leaf_sha256}\"]\n".encode()


def _count(
    *envelopes: bytes, ssh: tuple[bytes, ...] = (), tokens: tuple[bytes, ...] = (), key_more: str = ""
) -> SignatureCount:
    policy = load_policy(policy_text(ADA, BEN, REG, key_more=key_more) + RULES + TSA, "t")
    named = [(f"{number}.dsse.json", content) for number, content in enumerate(envelopes)]
    stamps = [(f"{number}.dsse.json.tsr", content) for number, content in enumerate(tokens)]
    armoured = [(f"{number}.sshsig", content) for number, content in enumerate(ssh)]
    return count_signatures(STATEMENT, named, armoured, NAMESPACE, policy, AS_OF, stamps)


def _satisfied(count: SignatureCount, predicate: str = SELF) -> bool:
    return evaluate_rules(POLICY, predicate, LAB, count.people).satisfied


def test_10_one_signature_or_all_of_them_taken_away() -> None:
    both = _count(sign_envelope(STATEMENT, signer(1)), sign_envelope(STATEMENT, signer(2)))
    assert _satisfied(both)
    one = _count(sign_envelope(STATEMENT, signer(1)))
    assert (_satisfied(one), one.unsigned) == (False, False)
    none = _count()
    assert (_satisfied(none), none.unsigned) == (False, True)


def test_11_one_key_is_one_vote_by_whatever_names() -> None:
    envelope = sign_envelope(STATEMENT, signer(1))
    value = json.loads(envelope)
    alias = json.dumps({**value, "signatures": [value["signatures"][0], {**value["signatures"][0], "keyid": "alias"}]})
    count = _count(envelope, alias.encode(), ssh=(sign_ssh(STATEMENT, NAMESPACE, signer(1)),))
    assert len([one for one in count.files if one.state == "valid"]) == 4
    assert (count.people, len(count.keys)) == (["ada@lab"], 1)
    two_roles = load_policy(policy_text(("ada@lab", 1, ["author", "officer"]), BEN, REG) + RULES, "t")
    assert not evaluate_rules(two_roles, SELF, LAB, count.people).satisfied
    public, token = signer(1).public, fido_signer(1).public
    for spelled in (public.pem, f"{public.openssh} another", token.openssh):
        eve = f"[[person]]\nid = \"eve\"\nroles = [\"officer\"]\nkey = [{{public = '''{spelled}'''}}]\n"
        with pytest.raises(InputError, match="one key is one vote"):
            load_policy(policy_text(ADA) + eve.encode(), "t")


def test_12_a_key_of_low_order_signs_everything() -> None:
    identity = bytes([1]) + bytes(31)
    universal = identity + bytes(32)
    assert not PublicKey(identity).verifies(universal, b"anything")
    for raw in LOW_ORDER:
        with pytest.raises(InputError, match="low order"):
            load_policy(policy_text(ADA).replace(signer(1).public.openssh.encode(), PublicKey(raw).openssh.encode()), "t")


def test_13_a_signature_has_the_form_that_its_kind_has() -> None:
    order = 2**252 + 27742317777372353535851937790883648493  # RFC 8032, section 5.1
    made = signer(1).sign(b"m")
    shifted = made[:32] + (int.from_bytes(made[32:], "little") + order).to_bytes(32, "little")
    assert signer(1).public.verifies(made, b"m")
    assert not signer(1).public.verifies(shifted, b"m")
    key, good = p256_signer(1).public, p256_signer(1).sign(b"m")
    r, s = decode_dss_signature(good)
    assert key.verifies(good, b"m")
    for other in (r.to_bytes(32, "big") + s.to_bytes(32, "big"), b"\x30\x81" + good[1:], good + b"\x00"):
        assert not key.verifies(other, b"m")


def test_15_what_was_signed_for_one_purpose_serves_no_other() -> None:
    other_type = b"DSSEv1 10 text/plain %d %s" % (len(STATEMENT), STATEMENT)
    envelope = json.loads(sign_envelope(STATEMENT, signer(1)))
    envelope["signatures"][0]["sig"] = base64.b64encode(signer(1).sign(other_type)).decode()
    assert _count(json.dumps(envelope).encode()).people == []
    with pytest.raises(BrokenError):
        read_envelope(json.dumps({**envelope, "payloadType": "text/plain"}).encode(), "e")
    determined = sign_ssh(STATEMENT, namespace_of(DETERMINATION), signer(1))
    assert [one.state for one in _count(ssh=(determined,)).files] == ["bad"]
    signed = _count(sign_envelope(STATEMENT, signer(1)), sign_envelope(STATEMENT, signer(2)))
    assert _satisfied(signed)
    assert not _satisfied(signed, DETERMINATION)


def test_17_an_envelope_has_one_spelling() -> None:
    good = sign_envelope(STATEMENT, signer(1)).decode()
    signature = json.loads(good)["signatures"][0]["sig"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    padding_bits = signature[:-3] + alphabet[alphabet.index(signature[-3]) + 1] + "=="
    assert base64.b64decode(padding_bits) == base64.b64decode(signature)
    url_safe = good.replace(signature, signature.replace("+", "-").replace("/", "_"))
    assert _count(url_safe.encode()).people == ["ada@lab"]  # which DSSE demands
    for other in (
        good.replace(signature, padding_bits),
        good.replace(signature, signature[:-1]),
        good.replace(signature, signature[:8] + "\\n" + signature[8:]),
        good.replace('"payloadType"', '"extra": 1, "payloadType"'),
        good.replace('"payload"', '"payload": "", "payload"', 1),
        good.replace('"keyid"', '"extra": 1, "keyid"'),
    ):
        assert [one.state for one in _count(other.encode()).files] == ["bad"], other


def test_18_a_key_id_is_a_hint_and_a_key_in_a_bundle_is_nobody_s() -> None:
    envelope = json.loads(sign_envelope(STATEMENT, signer(1)))
    for lie in (signer(2).public.key_id, "", "x"):
        envelope["signatures"][0]["keyid"] = lie
        assert _count(json.dumps(envelope).encode()).people == ["ada@lab"]
    stranger = json.loads(sign_envelope(STATEMENT, signer(9)))
    stranger["signatures"][0]["keyid"] = signer(1).public.key_id
    count = _count(json.dumps(stranger).encode(), ssh=(sign_ssh(STATEMENT, NAMESPACE, signer(9)),))
    assert count.people == []
    assert [one.state for one in count.files] == ["bad", "unknown-signer"]  # an SSHSIG brings its key along


def test_24_a_clock_that_lies() -> None:
    pytest.importorskip("rfc3161_client")
    policy = load_policy(policy_text(ADA, BEN, REG) + RULES + TSA, "t")
    envelope = sign_envelope(STATEMENT, signer(1))
    minute = dt.timedelta(minutes=1)
    claimed = dt.datetime(2026, 5, 1, 11, tzinfo=dt.UTC)
    for at, in_time in ((claimed + 9 * DAY, True), (claimed - 4 * minute, True), (claimed - 6 * minute, False)):
        assert evaluate_time(policy, SELF, LAB, _count(envelope, tokens=(A.token(envelope, at),))).satisfied is in_time
    for at, believed in ((AS_OF, True), (AS_OF + 4 * minute, True), (AS_OF + 6 * minute, False)):
        assert bool(_count(envelope, tokens=(A.token(envelope, at),)).times) is believed
    before = count_signatures(STATEMENT, [], [], NAMESPACE, policy, claimed - 6 * minute)
    assert not evaluate_time(policy, SELF, LAB, before).satisfied
    assert "as claimed" in evaluate_time(policy, SELF, LAB, _count(envelope)).text


def test_25_a_token_that_proves_nothing() -> None:
    pytest.importorskip("rfc3161_client")
    envelope = sign_envelope(STATEMENT, signer(1))
    assert _count(envelope, tokens=(A.token(envelope),)).times
    expired = replace(A, leaf_until=STAMPED - DAY)
    worthless = {
        "other data": A.token(b"other"),
        "other authority": B.token(envelope),
        "stamped after the certificate expired": expired.token(envelope),
        "for another purpose": replace(A, usages=(ExtendedKeyUsageOID.SERVER_AUTH,)).token(envelope),
        "not the pinned certificate": replace(A, number=41, root_number=A.number).token(envelope),
        "signed by somebody else": A.token(envelope, signed_by=5),
        "trailing bytes": A.token(envelope) + b"x",
    }
    for why, token in worthless.items():
        assert not _count(envelope, tokens=(token,)).times, why
    valid_then = replace(A, leaf_until=STAMPED + DAY)
    pinned = TSA.replace(A.leaf_sha256.encode(), valid_then.leaf_sha256.encode())
    policy = load_policy(policy_text(ADA) + pinned, "t")
    seen = [("0.dsse.json.tsr", valid_then.token(envelope))]
    later = STAMPED + 900 * DAY
    assert count_signatures(STATEMENT, [("0.dsse.json", envelope)], [], NAMESPACE, policy, later, seen).times


def test_26_a_key_that_fell_into_other_hands() -> None:
    pytest.importorskip("rfc3161_client")
    since = STAMPED.strftime("%Y-%m-%dT%H:%M:%SZ")
    compromised = f'revoked = {{at = 2026-12-01T00:00:00Z, reason = "compromised", since = {since}}}'
    envelope = sign_envelope(STATEMENT, signer(1))
    for at, counts in ((None, False), (STAMPED - DAY, True), (STAMPED, False), (STAMPED + DAY, False)):
        tokens = (A.token(envelope, at),) if at else ()
        assert (_count(envelope, tokens=tokens, key_more=compromised).people == ["ada@lab"]) is counts
    # The thief's own signature, with the stamp of the owner's older one beside it.
    thief = json.dumps({**json.loads(envelope), "signatures": json.loads(envelope)["signatures"]}, indent=1).encode()
    stolen = _count(thief, tokens=(A.token(envelope, STAMPED - DAY),), key_more=compromised)
    assert stolen.people == []
    assert stolen.bad


def test_38_a_key_that_also_opens_a_login_signs_nothing_here_by_that() -> None:
    asked_for: list[bytes] = []

    def watching(message: bytes) -> bytes:
        asked_for.append(message)
        return signer(1).sign(message)

    sign_ssh(STATEMENT, NAMESPACE, replace(signer(1), sign=watching))
    sign_envelope(STATEMENT, replace(signer(1), sign=watching))
    # What a login has a key sign begins with the length of the session's id (RFC 4252, section 7), which the server chooses:
    # 20 to 64 bytes. Whatever begins otherwise cannot be got from a login, nor a login from it.
    for message, beginning in zip(asked_for, (b"SSHSIG", b"DSSEv1"), strict=True):
        assert message.startswith(beginning)
        assert struct.unpack(">I", message[:4])[0] > 64
    session = hashlib.sha256(b"session").digest()
    login = ssh_string(session) + b"\x32" + b"".join(ssh_string(part) for part in (b"ada", b"ssh-connection", b"publickey"))
    login += b"\x01" + ssh_string(b"ssh-ed25519") + ssh_string(signer(1).public.blob)
    envelope = json.loads(sign_envelope(STATEMENT, signer(1)))
    envelope["payload"] = base64.b64encode(login).decode()
    envelope["signatures"][0]["sig"] = base64.b64encode(signer(1).sign(login)).decode()
    count = count_signatures(login, [("e.dsse.json", json.dumps(envelope).encode())], [], NAMESPACE, POLICY, AS_OF)
    assert count.people == []
