"""RFC 3161 tokens: what is believed, and what openssl says of the same file."""

import datetime as dt
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.trust import timestamps
from compliance_tui.trust.dsse import pae, read_envelope, sign_envelope, verify_envelope
from compliance_tui.trust.keys import Signer
from compliance_tui.trust.policy import Tsa
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.timestamps import LARGEST_TOKEN, TokenState, check_token, place_token, read_token, request
from tests.trust.authority import POLICY, STAMPED, A, Authority, B, der, key
from tests.trust.known_keys import AS_OF, STATEMENT, signer

pytest.importorskip("rfc3161_client")
ENVELOPE = sign_envelope(STATEMENT, signer(1))
NAME = "e.dsse.json.tsr"
TOKEN = A.token(ENVELOPE)


def _tsa(authority: Authority, identifier: str = "tsa-a", *, pin: bool = True, policy: Sequence[str] = ()) -> Tsa:
    pins = [authority.leaf_sha256] if pin else []
    return Tsa(id=identifier, root=authority.root_pem, leaf_sha256=pins, policy=list(policy))


def _check(token: bytes, *authorities: Tsa, data: bytes = ENVELOPE, as_of: dt.datetime = AS_OF) -> TokenState:
    return check_token(NAME, token, data, authorities or [_tsa(A)], as_of)


def _openssl_says(folder: Path, token: bytes, authority: Authority, data: bytes = ENVELOPE, at: dt.datetime = STAMPED) -> bool:
    (folder / "t.tsr").write_bytes(token)
    (folder / "data").write_bytes(data)
    (folder / "root.pem").write_text(authority.root_pem)
    command = ["openssl", "ts", "-verify", "-data", "data", "-in", "t.tsr", "-CAfile", "root.pem"]
    done = subprocess.run([*command, "-attime", str(int(at.timestamp()))], cwd=folder, capture_output=True)
    return done.returncode == 0


def test_a_stamp_of_a_trusted_authority_says_when(tmp_path: Path) -> None:
    found = _check(TOKEN, _tsa(B, "tsa-b"), _tsa(A))
    assert (found.state, found.name) == ("valid", NAME)
    assert found.time is not None
    assert (found.time.tsa, found.time.instant, found.time.token) == ("tsa-a", STAMPED, NAME)
    assert _openssl_says(tmp_path, TOKEN, A)


def test_the_authorities_of_the_policy_only() -> None:
    for authorities in ([], [_tsa(B)], [_tsa(replace(A, number=7), pin=False)]):
        found = check_token(NAME, TOKEN, ENVELOPE, authorities, AS_OF)
        assert (found.state, found.time) == ("not-counted", None)


SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
LAST_YEAR = STAMPED - dt.timedelta(days=365)
EXPIRED = replace(A, leaf_until=STAMPED - dt.timedelta(days=30))
LATER = replace(A, leaf_from=STAMPED + dt.timedelta(days=30))


@pytest.mark.parametrize(
    ("authority", "token"),
    [
        (replace(A, usages=SERVER), replace(A, usages=SERVER).token(ENVELOPE)),
        (replace(A, usages=()), replace(A, usages=()).token(ENVELOPE)),
        (replace(A, critical=False), replace(A, critical=False).token(ENVELOPE)),
        (EXPIRED, EXPIRED.token(ENVELOPE)),
        (LATER, LATER.token(ENVELOPE)),
        (A, A.token(ENVELOPE, signed_by=5)),
        (A, A.token(ENVELOPE, with_leaf=False)),
        (A, replace(A, number=7).token(ENVELOPE)),
        (A, replace(A, number=7, root_number=8).token(ENVELOPE)),
    ],
    ids=["server", "no usage", "not critical", "expired", "not yet", "another key", "no leaf", "same names", "other root"],
)
def test_a_stamp_that_is_not_sound_is_not_believed_and_openssl_agrees(
    authority: Authority, token: bytes, tmp_path: Path
) -> None:
    for pin in (True, False):
        found = _check(token, _tsa(authority, pin=pin))
        assert (found.state, found.time) == ("not-counted", None)
        assert "\n" not in found.text
    assert not _openssl_says(tmp_path, token, authority)


def test_a_stamp_outlives_the_certificate_that_made_it(tmp_path: Path) -> None:
    token = EXPIRED.token(ENVELOPE, LAST_YEAR)
    found = _check(token, _tsa(EXPIRED), as_of=dt.datetime(2039, 1, 1, tzinfo=dt.UTC))
    assert (found.state, found.time and found.time.instant) == ("valid", LAST_YEAR)
    assert _openssl_says(tmp_path, token, EXPIRED, at=LAST_YEAR)
    assert not _openssl_says(tmp_path, token, EXPIRED, at=STAMPED)  # which is why the recipe gives -attime


def test_other_data_and_damage_are_bad() -> None:
    for token, data in ((TOKEN, ENVELOPE + b" "), (A.token(b"other"), ENVELOPE), (TOKEN + b"x", ENVELOPE), (b"", ENVELOPE)):
        assert _check(token, data=data).state == "bad"
    for status in (2, 3, 5):
        assert _check(A.token(ENVELOPE, status=status)).state == "bad"
    assert _check(A.token(ENVELOPE, status=1)).state == "not-counted"  # granted, but not as it was asked for
    many = tuple(Authority(number=number).leaf.public_bytes(Encoding.DER) for number in range(10, 200))
    large = A.token(ENVELOPE, certificates=many)
    assert len(large) > LARGEST_TOKEN
    assert "larger than" in _check(large).text


def test_trailing_bytes_pass_in_openssl_and_not_here(tmp_path: Path) -> None:
    assert _openssl_says(tmp_path, TOKEN + b"trailing", A)
    assert _check(TOKEN + b"trailing").state == "bad"


def test_a_pinned_certificate_is_the_one_that_stamped() -> None:
    second = replace(A, name="Test TSA A", number=41, root_number=A.number)
    assert second.root == A.root
    token = second.token(ENVELOPE)
    assert _check(token, _tsa(A, pin=False)).state == "valid"
    found = _check(token, _tsa(A))
    assert found.state == "not-counted"
    assert "pinned" in found.text
    # The pinned certificate lies in the token as well; it stamped nothing.
    beside = second.token(ENVELOPE, certificates=(A.leaf.public_bytes(Encoding.DER),))
    assert _check(beside, _tsa(A)).state == "not-counted"


@pytest.mark.parametrize("first", [True, False])
def test_two_certificates_of_one_name_in_a_token_are_one_too_many(first: bool) -> None:
    leaf = A.leaf.public_bytes(Encoding.DER)
    # The same issuer, serial number and key, of other dates; a token holds its certificates in the order of their bytes.
    field = "leaf_from" if first else "leaf_until"
    others = (replace(A, **{field: getattr(A, field) + dt.timedelta(days=-day if first else day)}) for day in range(1, 999))
    twin = next(one for other in others if ((one := other.leaf.public_bytes(Encoding.DER)) < leaf) is first)
    assert _check(A.token(ENVELOPE, certificates=(twin,)), _tsa(A, pin=False)).state == "not-counted"


def test_a_certificate_that_is_none_beside_the_right_one_ends_in_a_sentence() -> None:
    leaf = A.leaf.public_bytes(Encoding.DER)
    of_version_five = leaf.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020104"), 1)
    assert of_version_five != leaf
    for other in (of_version_five, leaf[:-1], b"\x30\x00"):
        assert _check(A.token(ENVELOPE, certificates=(other,)), _tsa(A, pin=False)).state in ("bad", "not-counted")


def test_an_authority_stamps_under_the_policies_that_were_asked_for() -> None:
    assert _check(TOKEN, _tsa(A, policy=[POLICY])).state == "valid"
    found = _check(TOKEN, _tsa(A, policy=["1.2.3.4"]))
    assert found.state == "not-counted"
    assert POLICY in found.text


def test_a_chain_of_certificates_that_is_sorted_is_read_and_another_is_left_to_openssl(tmp_path: Path) -> None:
    chain = (A.root.public_bytes(Encoding.DER),)
    assert _check(A.token(ENVELOPE, certificates=chain)).state == "valid"
    unsorted = A.token(ENVELOPE, certificates=chain, sorted_certificates=False)
    found = _check(unsorted)
    assert found.state == "not-counted"
    assert "openssl ts -verify" in found.text
    assert _openssl_says(tmp_path, unsorted, A)


def test_a_time_after_the_instant_asked_about_does_not_count() -> None:
    for minutes, state in ((0, "valid"), (4, "valid"), (6, "not-counted")):
        assert _check(TOKEN, as_of=STAMPED - dt.timedelta(minutes=minutes)).state == state


def test_the_moment_may_have_fractions() -> None:
    found = _check(A.token(ENVELOPE, fraction=".987"))
    assert found.state == "valid"
    assert found.time is not None
    assert found.time.instant.replace(microsecond=0) == STAMPED


def test_without_the_library_a_stamp_does_not_count_and_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    found = _check(TOKEN)
    assert found.state == "not-counted"
    assert "compliance-tui[timestamps]" in found.text
    with pytest.raises(InputError) as refusal:
        request(ENVELOPE)
    assert refusal.value.code == "missing-extra"


def test_a_panic_of_the_library_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    panic = type("PanicException", (BaseException,), {})
    library = timestamps._library()

    def panics(_: bytes) -> object:
        raise panic

    monkeypatch.setattr(library, "decode_timestamp_response", panics)
    assert _check(TOKEN).state == "bad"


def _authority_of_openssl(folder: Path) -> None:
    """An authority that openssl runs: its certificates are ours, its clock is the machine's."""
    (folder / "root.pem").write_text(A.root_pem)
    (folder / "leaf.pem").write_bytes(A.leaf.public_bytes(Encoding.PEM))
    (folder / "leaf.key").write_bytes(key(A.number + 100).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_cert = leaf.pem\nsigner_key = leaf.key\n"
        "signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\n"
        "ess_cert_id_chain = no\ness_cert_id_alg = sha256\n"
    )


def test_a_query_of_ours_answered_by_openssl_s_authority(tmp_path: Path) -> None:
    _authority_of_openssl(tmp_path)
    (tmp_path / "q.tsq").write_bytes(request(ENVELOPE))
    shown = subprocess.run(["openssl", "ts", "-query", "-in", "q.tsq", "-text"], cwd=tmp_path, capture_output=True, check=True)
    assert b"Hash Algorithm: sha256" in shown.stdout
    assert b"Certificate required: yes" in shown.stdout
    assert b"Nonce: 0x" in shown.stdout
    command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-out", "r.tsr"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    token = (tmp_path / "r.tsr").read_bytes()
    at = read_token(token, "t").at
    found = _check(token, as_of=at)
    assert (found.state, found.time and found.time.instant) == ("valid", at)
    assert _openssl_says(tmp_path, token, A, at=at)
    assert _check(token, as_of=at, data=ENVELOPE + b" ").state == "bad"
    assert request(ENVELOPE) != request(ENVELOPE)  # the nonce


def test_a_stamp_finds_the_envelope_that_it_is_over_and_a_free_name() -> None:
    envelopes = [("a/1.dsse.json", b"one"), ("a/2.dsse.json", ENVELOPE)]
    assert place_token(TOKEN, "t", envelopes, []) == ("a/2.dsse.json", "a/2.dsse.json.tsr")
    held = [("a/2.dsse.json.tsr", B.token(ENVELOPE))]
    assert place_token(TOKEN, "t", envelopes, held)[1] == "a/2.dsse.json.2.tsr"
    full = [(f"a/2.dsse.json{number}.tsr", b"") for number in ("", *(f".{n}" for n in range(2, 10)))]
    for tokens, over, code in ((full, envelopes, "too-many"), ([("a/2.dsse.json.tsr", TOKEN)], envelopes, "exists")):
        with pytest.raises(InputError) as refusal:
            place_token(TOKEN, "t", over, tokens)
        assert refusal.value.code == code
    with pytest.raises(InputError) as refusal:
        place_token(TOKEN, "t", envelopes[:1], [])
    assert refusal.value.code == "other-data"
    with pytest.raises(BrokenError):
        place_token(b"x", "t", envelopes, [])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TOKEN) - 1), st.binary(max_size=4), st.integers(0, 4))
def test_an_altered_stamp_never_says_another_time(at: int, instead: bytes, length: int) -> None:
    found = _check(TOKEN[:at] + instead + TOKEN[at + length :])
    if found.time is not None:  # a field that nobody signs: a version, the name of an algorithm
        assert found.time.instant == STAMPED


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.lists(st.tuples(st.sampled_from([2, 4, 6, 0x30, 0x31, 0xA0, 0x18]), st.binary(max_size=40))).map(
        lambda parts: der(0x30, *(der(tag, content) for tag, content in parts))
    )
)
def test_no_bytes_make_the_reader_stumble(content: bytes) -> None:
    assert _check(content).state == "bad"


def test_one_signature_over_two_payloads_is_told_apart_by_what_the_stamp_is_over() -> None:
    """ECDSA lets a signer build one signature for two payloads; the stamp is over the envelope, payload and all."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    payloads = (b'{"verdict":"ready"}', b'{"verdict":"not-ready"}')
    first, second = (int.from_bytes(hashlib.sha256(pae(one)).digest(), "big") for one in payloads)
    nonce = 12345
    r = derive_private_key(nonce, SECP256R1()).public_key().public_numbers().x % order
    private = -(first + second) * pow(2 * r, -1, order) % order
    s = (first + r * private) * pow(nonce, -1, order) % order
    public = derive_private_key(private, SECP256R1()).public_key().public_numbers()
    raw = b"\x04" + public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big")
    crafted = Signer(PublicKey(raw), lambda _: encode_dss_signature(r, s))
    envelopes = [sign_envelope(one, crafted) for one in payloads]
    assert all(verify_envelope(read_envelope(one, "e"), crafted.public) for one in envelopes)
    stamp = A.token(envelopes[0])
    assert _check(stamp, data=envelopes[0]).state == "valid"
    assert _check(stamp, data=envelopes[1]).state == "bad"
