import base64
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import SSlibKey

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.trust.dsse import LARGEST_PAYLOAD, PAYLOAD_TYPE, pae, read_envelope, sign_envelope, verify_envelope
from tests.trust.known_keys import STATEMENT, p256_private_key, p256_signer, private_key, signer

KEY = signer(1).public
ENVELOPE = sign_envelope(STATEMENT, signer(1))


def _edited(**fields: object) -> bytes:
    return json.dumps({**json.loads(ENVELOPE), **fields}).encode()


def _signature(**fields: object) -> bytes:
    return _edited(signatures=[{**json.loads(ENVELOPE)["signatures"][0], **fields}])


def test_the_encoding_that_is_signed_is_that_of_the_specification() -> None:
    # The form of the example in secure-systems-lab/dsse, protocol.md, with our payload type.
    assert pae(b"hello world") == b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"
    assert pae("é".encode()) == b"DSSEv1 28 application/vnd.in-toto+json 2 \xc3\xa9"
    assert pae(b"") == b"DSSEv1 28 application/vnd.in-toto+json 0 "


def test_an_envelope_verifies_under_its_key_and_no_other() -> None:
    envelope = read_envelope(ENVELOPE, "e")
    assert envelope.payload == STATEMENT
    assert envelope.signatures[0][0] == KEY.key_id
    assert verify_envelope(envelope, KEY)
    assert not verify_envelope(envelope, signer(2).public)
    assert sign_envelope(STATEMENT, signer(1)) == ENVELOPE


def test_the_stock_recipe_verifies_it(tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(ENVELOPE)
    (tmp_path / "k.pem").write_text(KEY.pem)
    recipe = r"""set -eu
    sed -n 's/.*"payload": "\([^"]*\)".*/\1/p' e | base64 -d > payload
    sed -n 's/.*"sig": "\([^"]*\)".*/\1/p' e | base64 -d > sig
    { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c < payload | tr -d ' ')"; cat payload; } > pae
    openssl pkeyutl -verify -pubin -inkey k.pem -rawin -in pae -sigfile sig"""
    assert (
        b"Verified Successfully" in subprocess.run(["sh", "-c", recipe], cwd=tmp_path, capture_output=True, check=True).stdout
    )
    assert (tmp_path / "payload").read_bytes() == STATEMENT


def _other_key(key_id: str) -> SSlibKey:
    return SSlibKey(key_id, "ed25519", "ed25519", {"public": KEY.raw.hex()})


def test_another_implementation_verifies_ours_and_ours_verifies_its() -> None:
    other = OtherEnvelope.from_dict(json.loads(ENVELOPE))
    assert set(other.verify([_other_key(KEY.key_id)], 1)) == {KEY.key_id}
    from securesystemslib.signer import CryptoSigner

    theirs = OtherEnvelope(STATEMENT, PAYLOAD_TYPE, {})
    theirs.sign(CryptoSigner(private_key(1)))
    assert verify_envelope(read_envelope(json.dumps(theirs.to_dict()).encode(), "e"), KEY)


P256 = p256_signer(1).public


def test_the_stock_recipe_verifies_p256_too(tmp_path: Path) -> None:
    envelope = sign_envelope(STATEMENT, p256_signer(1))
    (tmp_path / "e").write_bytes(envelope)
    (tmp_path / "k.pem").write_text(P256.pem)
    recipe = r"""set -eu
    sed -n 's/.*"payload": "\([^"]*\)".*/\1/p' e | base64 -d > payload
    sed -n 's/.*"sig": "\([^"]*\)".*/\1/p' e | base64 -d > sig
    { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c < payload | tr -d ' ')"; cat payload; } > pae
    openssl dgst -sha256 -verify k.pem -signature sig pae"""
    assert b"Verified OK" in subprocess.run(["sh", "-c", recipe], cwd=tmp_path, capture_output=True, check=True).stdout


def test_another_implementation_verifies_our_p256_and_ours_verifies_its() -> None:
    from securesystemslib.signer import CryptoSigner

    theirs = CryptoSigner(p256_private_key(1))
    other = OtherEnvelope.from_dict(json.loads(sign_envelope(STATEMENT, p256_signer(1))))
    key = SSlibKey(P256.key_id, "ecdsa", "ecdsa-sha2-nistp256", {"public": P256.pem})
    assert set(other.verify([key], 1)) == {P256.key_id}
    envelope = OtherEnvelope(STATEMENT, PAYLOAD_TYPE, {})
    envelope.sign(theirs)
    read = read_envelope(json.dumps(envelope.to_dict()).encode(), "e")
    assert verify_envelope(read, P256)
    assert not verify_envelope(read, p256_signer(2).public)


def test_the_two_numbers_side_by_side_are_no_signature_in_an_envelope() -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(p256_signer(1).sign(pae(STATEMENT)))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    envelope = read_envelope(_signature(sig=base64.b64encode(raw).decode()), "e")
    assert not verify_envelope(envelope, P256)


def test_openssl_signs_what_we_accept(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = private_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "k").write_bytes(pem)
    (tmp_path / "pae").write_bytes(pae(STATEMENT))
    command = ["openssl", "pkeyutl", "-sign", "-inkey", "k", "-rawin", "-in", "pae"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    assert _signature(sig=base64.b64encode(made).decode()) == _edited()


def test_the_url_safe_alphabet_and_a_missing_key_id_are_read() -> None:
    payload = b"\xfb\xff\xfe" * 5
    value = json.loads(sign_envelope(payload, signer(1)))
    value["payload"] = base64.urlsafe_b64encode(payload).decode()
    assert "_" in value["payload"]
    value["signatures"][0]["sig"] = value["signatures"][0]["sig"].replace("+", "-").replace("/", "_")
    del value["signatures"][0]["keyid"]
    envelope = read_envelope(json.dumps(value).encode(), "e")
    assert envelope.signatures[0][0] == ""
    assert verify_envelope(envelope, KEY)


def test_a_lying_key_id_neither_helps_nor_harms() -> None:
    envelope = read_envelope(_signature(keyid=signer(2).public.key_id), "e")
    assert verify_envelope(envelope, KEY)
    assert not verify_envelope(envelope, signer(2).public)


def _base64_with_padding_bits() -> str:
    text = json.loads(ENVELOPE)["signatures"][0]["sig"]
    assert text.endswith("==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-3] + alphabet[alphabet.index(text[-3]) + 1] + "=="


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xef\xbb\xbf" + ENVELOPE,
        ENVELOPE + b"x",
        ENVELOPE[:-3],
        ENVELOPE.replace(b'"payloadType"', b'"payload": "", "payloadType"'),
        _edited(extra=1),
        _edited(payloadType="text/plain"),
        _edited(payloadType=PAYLOAD_TYPE + " "),
        _edited(payloadType=None),
        _edited(payload=1),
        _edited(payload=None),
        _edited(payload="Zm9v\n"),
        _edited(payload="Zm9vIA"),
        _edited(payload="+_+_"),
        _edited(payload="aGVsbG9="),
        _edited(payload="é"),
        _edited(signatures=[]),
        _edited(signatures={}),
        _edited(signatures=["x"]),
        _edited(signatures=json.loads(ENVELOPE)["signatures"] * 33),
        _signature(extra=1),
        _signature(keyid=1),
        _signature(keyid=None),
        _signature(keyid="x" * 201),
        _signature(sig=None),
        _signature(sig=_base64_with_padding_bits()),
        _edited(payload=base64.b64encode(b"x" * (LARGEST_PAYLOAD + 1)).decode()),
        _edited(payload="A" * (300 * 1024)),
        b"[" * 100_000,
    ],
)
def test_anything_but_a_plain_envelope_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenError) as refusal:
        read_envelope(content, "e\x1b]0;")
    assert refusal.value.code == "bad-envelope"
    assert "\x1b" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_largest_statement_is_signed_and_read_and_a_larger_one_is_not_signed() -> None:
    largest = b"x" * LARGEST_PAYLOAD
    assert read_envelope(sign_envelope(largest, signer(1)), "e").payload == largest
    with pytest.raises(InputError):
        sign_envelope(largest + b"x", signer(1))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(ENVELOPE) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_an_altered_envelope_never_speaks_for_another_payload(at: int, instead: bytes, length: int) -> None:
    altered = ENVELOPE[:at] + instead + ENVELOPE[at + length :]
    try:
        envelope = read_envelope(altered, "e")
    except BrokenError:
        return
    assert not verify_envelope(envelope, signer(2).public)
    if verify_envelope(envelope, KEY):  # white space or the key id was altered; what was signed was not
        assert envelope.payload == STATEMENT


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 64 * 8 - 1))
def test_every_payload_verifies_and_no_signature_with_a_flipped_bit_does(payload: bytes, bit: int) -> None:
    envelope = read_envelope(sign_envelope(payload, signer(1)), "e")
    assert envelope.payload == payload
    assert verify_envelope(envelope, KEY)
    raw = bytearray(envelope.signatures[0][1])
    raw[bit // 8] ^= 1 << bit % 8
    value = json.loads(sign_envelope(payload, signer(1)))
    value["signatures"][0]["sig"] = base64.b64encode(raw).decode()
    assert not verify_envelope(read_envelope(json.dumps(value).encode(), "e"), KEY)


@pytest.mark.parametrize(
    ("signatures", "why"),
    [
        ([], "must hold 1 to 32 signatures"),
        ({}, "must hold 1 to 32 signatures"),
        ("x", "must hold 1 to 32 signatures"),
        ([{"sig": ""}] * 33, "must hold 1 to 32 signatures"),
        (["sig"], "a signature must hold sig, and may hold keyid"),
        ([{"keyid": "x"}], "a signature must hold sig, and may hold keyid"),
        ([{"sig": "", "more": 1}], "a signature must hold sig, and may hold keyid"),
        ([{"sig": "", "keyid": 7}], "a keyid must be a short text"),
        ([{"sig": "", "keyid": "x" * 201}], "a keyid must be a short text"),
        ([{"sig": 7}], "base64"),
    ],
)
def test_signatures_have_a_form(signatures: object, why: str) -> None:
    value = {**json.loads(ENVELOPE), "signatures": signatures}
    with pytest.raises(BrokenError, match=why):
        read_envelope(json.dumps(value).encode(), "e")
