import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.trust.public_key import LOW_ORDER, PublicKey, parse_public_key, public_key, public_key_of_blob
from compliance_tui.trust.ssh_wire import ecdsa_from_ssh, ecdsa_to_ssh, ssh_string
from tests.shared_data import shared
from tests.trust.known_keys import fido_signer, p256_private_key, p256_signer, private_key, signer

KEY, P256 = signer(1).public, p256_signer(1).public
FIDO, FIDO_P256 = fido_signer(1).public, fido_signer(1, p256=True).public
_FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize("key", [KEY, P256])
def test_one_key_reads_back_from_each_of_its_spellings(key: PublicKey) -> None:
    for text in (key.openssh, f"{key.openssh} ada@lab", f"  {key.openssh} \n", key.pem, key.pem.replace("\n", "\r\n")):
        assert parse_public_key(text) == key


@pytest.mark.parametrize("key", [FIDO, FIDO_P256])
def test_a_key_in_a_token_is_another_key_than_the_plain_one_by_its_type_alone(key: PublicKey, tmp_path: Path) -> None:
    assert parse_public_key(f"{key.openssh} token") == key
    assert parse_public_key(key.pem) == PublicKey(key.raw) != key
    assert (parse_public_key(key.pem).raw, parse_public_key(key.pem).key_id) == (key.raw, key.key_id)
    (tmp_path / "k.pub").write_text(key.openssh)
    shown = subprocess.run(["ssh-keygen", "-l", "-f", tmp_path / "k.pub"], capture_output=True, check=True, text=True).stdout
    assert key.fingerprint in shown


@pytest.mark.parametrize(("key", "library"), [(KEY, private_key(1).public_key()), (P256, p256_private_key(1).public_key())])
def test_the_spellings_are_those_of_the_library_and_the_stock_tools(key: PublicKey, library: Any) -> None:
    assert library.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() == key.openssh
    assert library.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() == key.pem
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "DER"], input=key.pem.encode(), capture_output=True, check=True
    ).stdout
    assert hashlib.sha256(der).hexdigest() == key.key_id
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", "-"], input=key.openssh.encode(), capture_output=True, check=True
    ).stdout.decode()
    assert key.fingerprint in listed


def test_the_fourteen_points_of_low_order_are_refused_in_both_spellings() -> None:
    assert len(LOW_ORDER) == 14
    for raw in LOW_ORDER:
        for text in (PublicKey(raw).openssh, PublicKey(raw).pem):
            with pytest.raises(InputError, match="low order"):
                parse_public_key(text)


def test_the_identity_key_that_signs_everything_is_why() -> None:
    # Without the list, this key and this signature verify any message, in the library and in openssl alike.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    identity = bytes.fromhex("01" + "00" * 31)
    Ed25519PublicKey.from_public_bytes(identity).verify(identity + bytes(32), b"anything")
    assert not PublicKey(identity).verifies(identity + bytes(32), b"anything")


@pytest.mark.parametrize("above", range(19))
def test_a_coordinate_at_or_above_the_prime_is_refused(above: int) -> None:
    number = 2**255 - 19 + above
    for raw in (number.to_bytes(32, "little"), (number | 1 << 255).to_bytes(32, "little")):
        with pytest.raises(InputError):
            public_key(raw, "k")


def test_other_kinds_of_key_are_named_and_refused() -> None:
    certificate = base64.b64encode(ssh_string(b"ssh-ed25519-cert-v01@openssh.com") + ssh_string(KEY.raw)).decode()
    texts = [f"ssh-ed25519-cert-v01@openssh.com {certificate}"]
    weak = rsa.generate_private_key(65537, 2048).public_key()
    for key in (weak, ec.generate_private_key(ec.SECP384R1()).public_key()):
        texts.append(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())
        texts.append(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    other_curve = ec.generate_private_key(ec.SECP256K1()).public_key()  # 65 bytes as well
    texts.append(other_curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    for text in texts:
        with pytest.raises(InputError, match="only Ed25519 keys and ECDSA keys on P-256 are accepted"):
            parse_public_key(text)


def _point(x: int, y: int, first: int = 4) -> bytes:
    return bytes([first]) + x.to_bytes(32, "big") + y.to_bytes(32, "big")


_X, _Y = int.from_bytes(P256.raw[1:33], "big"), int.from_bytes(P256.raw[33:], "big")


@pytest.mark.parametrize(
    "raw",
    [
        _point(_X, _Y ^ 1),
        _point(_X + 1, _Y),
        _point(0, 0),
        _point(_X, _Y, first=6),
        _point(_X, _Y, first=2),
        _point(_X, _FIELD),
        # A point of secp256k1, of the same length.
        bytes.fromhex(
            "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
            "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
        ),
    ],
)
def test_a_point_that_is_not_on_the_curve_is_refused_in_each_spelling(raw: bytes) -> None:
    key = PublicKey(raw)
    for text in (key.openssh, key.pem, PublicKey(raw, "ssh:").openssh):
        with pytest.raises(InputError, match="not a point on P-256"):
            parse_public_key(text)


def test_a_coordinate_above_the_field_is_no_second_spelling_of_a_key() -> None:
    # x + p is the same point to a careless reader; there is room for it only where x is small.
    x = next(x for x in range(5, 100) if pow(_square(x), (_FIELD - 1) // 2, _FIELD) == 1)
    y = pow(_square(x), (_FIELD + 1) // 4, _FIELD)
    assert public_key(_point(x, y), "k").is_p256
    with pytest.raises(InputError, match="not a point on P-256"):
        public_key(_point(x + _FIELD, y), "k")


def _square(x: int) -> int:
    return (x**3 - 3 * x + 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B) % _FIELD


def test_a_compressed_point_is_refused_with_the_line_that_writes_it_anew(tmp_path: Path) -> None:
    (tmp_path / "k.pem").write_text(P256.pem)
    command = ["openssl", "ec", "-pubin", "-in", "k.pem", "-conv_form"]
    compressed = subprocess.run([*command, "compressed"], cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    with pytest.raises(InputError, match="openssl ec -pubin -conv_form uncompressed"):
        parse_public_key(compressed)
    (tmp_path / "k.pem").write_text(compressed)
    again = subprocess.run([*command, "uncompressed"], cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    assert parse_public_key(again) == P256


def test_a_hardware_key_under_a_plain_label_is_not_taken_for_a_plain_key() -> None:
    for key, other in ((FIDO, KEY), (KEY, FIDO), (FIDO_P256, P256), (P256, FIDO_P256), (KEY, P256), (P256, KEY)):
        with pytest.raises(InputError):
            parse_public_key(f"{other.ssh_type.decode()} {base64.b64encode(key.blob).decode()}")


@pytest.mark.parametrize("key", [FIDO, FIDO_P256])
def test_a_key_in_a_token_verifies_nothing_bare(key: PublicKey) -> None:
    plain = p256_signer(1) if key.is_p256 else signer(1)
    assert plain.public.verifies(plain.sign(b"m"), b"m")
    assert not key.verifies(plain.sign(b"m"), b"m")
    assert not plain.public.verifies_fido(plain.sign(b"m"), 1, 7, b"m")


@pytest.mark.parametrize("application", ["x" * 256, "ssh:\n", "ssh:\x1b", "ssh:é"])
def test_an_application_is_a_short_plain_text(application: str) -> None:
    blob = ssh_string(b"sk-ssh-ed25519@openssh.com") + ssh_string(KEY.raw) + ssh_string(application.encode())
    with pytest.raises(InputError):
        parse_public_key(f"sk-ssh-ed25519@openssh.com {base64.b64encode(blob).decode()}")


def test_an_ecdsa_signature_is_der_and_the_two_numbers_side_by_side_are_none() -> None:
    signature = p256_signer(1).sign(b"m")
    r, s = decode_dss_signature(signature)
    assert P256.verifies(signature, b"m")
    assert P256.verifies(encode_dss_signature(r, _ORDER - s), b"m")  # the other of the two that ECDSA always has
    side_by_side = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    r_der = signature[2 : 4 + signature[3]]
    s_der = signature[4 + signature[3] :]
    refused = [
        side_by_side,
        b"\x00" + side_by_side,
        signature + b"\x00",
        signature[:-1],
        b"",
        bytes([0x30, 0x81, len(signature) - 2]) + signature[2:],  # a longer spelling of the length
        bytes([0x30, len(signature) - 1]) + bytes([0x02, r_der[1] + 1, 0]) + r_der[2:] + s_der,  # a zero in front
        bytes([0x31]) + signature[1:],
        encode_dss_signature(r + _ORDER, s),
        encode_dss_signature(0, s),
        encode_dss_signature(r, 0),
        b"\x30\x80" + signature[2:] + b"\x00\x00",
    ]
    for other in refused:
        assert not P256.verifies(other, b"m"), other.hex()
    assert not P256.verifies(signature, b"n")
    assert not p256_signer(2).public.verifies(signature, b"m")


def test_an_ed25519_signature_has_one_spelling() -> None:
    order = 2**252 + 27742317777372353535851937790883648493  # RFC 8032, section 5.1
    signature = signer(1).sign(b"m")
    larger = int.from_bytes(signature[32:], "little") + order
    assert KEY.verifies(signature, b"m")
    assert not KEY.verifies(signature[:32] + larger.to_bytes(32, "little"), b"m")
    assert not KEY.verifies(signature + b"\x00", b"m")
    assert not KEY.verifies(signature[:63], b"m")


@pytest.mark.parametrize("key", [KEY, P256])
def test_openssl_gives_the_same_verdict(tmp_path: Path, key: PublicKey) -> None:
    plain = p256_signer(1) if key.is_p256 else signer(1)
    good = plain.sign(b"message")  # a byte behind it is not tried: `openssl dgst` reads no further than the longest signature
    for number, signature in enumerate((good, good[:-1] + bytes([good[-1] ^ 1]), good[:-1], bytes(64), b"")):
        (tmp_path / "k.pem").write_text(key.pem)
        (tmp_path / "m").write_bytes(b"message")
        (tmp_path / "s").write_bytes(signature)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "k.pem", "-rawin", "-in", "m", "-sigfile", "s"]
        if key.is_p256:
            command = ["openssl", "dgst", "-sha256", "-verify", "k.pem", "-signature", "s", "m"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True)
        assert (done.returncode == 0) == key.verifies(signature, b"message") == (number == 0)


@given(st.integers(1, _ORDER - 1), st.integers(1, _ORDER - 1))
def test_the_two_spellings_of_an_ecdsa_signature_are_one(r: int, s: int) -> None:
    der = encode_dss_signature(r, s)
    assert ecdsa_from_ssh(ecdsa_to_ssh(der)) == der


@given(st.binary(max_size=80))
def test_the_two_numbers_of_ssh_have_one_spelling(content: bytes) -> None:
    try:
        der = ecdsa_from_ssh(content)
    except ValueError:
        return
    assert ecdsa_to_ssh(der) == content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 ",
        "ssh-ed25519 ÄÖ",
        "ssh-ed25519 AAAA",
        f'command="x" {KEY.openssh}',
        f"{KEY.openssh} one\n{signer(2).public.openssh} two",
        KEY.pem + KEY.pem,
        KEY.pem.replace("-----END PUBLIC KEY-----", ""),
        f"ssh-ed25519 {base64.b64encode(KEY.blob + b'x').decode()}",
        f"ssh-ed25519 {base64.b64encode(ssh_string(b'ssh-ed25519') + bytes([255] * 4)).decode()}",
        f"ssh-ed25519 {base64.b64encode(ssh_string(b'ssh-ed25519') + ssh_string(KEY.raw[:31])).decode()}",
        f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(KEY.spki + b'x').decode()}\n-----END PUBLIC KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "\x1b]52;c;x\x07",
    ],
)
def test_what_is_not_one_public_key_is_refused_in_one_clean_sentence(text: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_public_key(text, "some\x1bwhere")
    assert "\x1b" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


_TYPES = st.sampled_from([one.ssh_type for one in (KEY, P256, FIDO, FIDO_P256)])
_WIRE = st.lists(st.binary(max_size=70) | _TYPES | st.just(b"nistp256"), max_size=5).map(
    lambda parts: b"".join(ssh_string(part) for part in parts)
)
_LINES = st.tuples(_TYPES, st.binary(max_size=160) | _WIRE).map(
    lambda pair: f"{pair[0].decode()} {base64.b64encode(pair[1]).decode()}"
)


@given(st.text(max_size=200) | _LINES)
def test_no_text_makes_the_parser_stumble(text: str) -> None:
    try:
        parse_public_key(text)
    except InputError as error:
        assert error.code == "bad-key"


def test_wycheproof_ed25519() -> None:
    vectors = json.loads(shared("vectors/wycheproof_ed25519.json").read_bytes())
    seen = 0
    for group in vectors["testGroups"]:
        key = PublicKey(bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            verdict = key.verifies(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            assert verdict == (case["result"] == "valid"), case
            seen += 1
    assert seen == 151


def test_wycheproof_p256() -> None:
    vectors = json.loads(shared("vectors/wycheproof_ecdsa_secp256r1_sha256.json").read_bytes())
    seen = 0
    for group in vectors["testGroups"]:
        key = public_key(bytes.fromhex(group["publicKey"]["uncompressed"]), "k")
        for case in group["tests"]:
            verdict = key.verifies(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            assert verdict == (case["result"] == "valid"), case
            seen += 1
    assert seen == 484


def test_cctv_edge_points_under_a_key_of_low_order_never_verify() -> None:
    vectors = json.loads(shared("vectors/cctv_ed25519.json").read_bytes())
    accepted = refused_key = 0
    for case in vectors:
        raw, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        try:
            key = public_key(raw, "k")
        except InputError:
            refused_key += 1
            continue
        assert raw not in LOW_ORDER
        if key.verifies(signature, case["msg"].encode()):
            accepted += 1
            assert not {"low_order_A", "low_order_R", "non_canonical_A"} & set(case["flags"] or []), case
    assert (len(vectors), accepted) == (914, 43)
    assert refused_key > 0


@pytest.mark.parametrize("number", [0, 31, 33, 64, 66])
def test_a_key_has_the_length_of_its_kind(number: int) -> None:
    with pytest.raises(InputError, match=f"this is neither, with {number}"):
        public_key(bytes(number), "k")


def test_a_private_key_is_named_as_one_and_not_shown() -> None:
    text = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"
    with pytest.raises(InputError, match="is a private key; give the public one") as refusal:
        parse_public_key(text)
    assert "c2VjcmV0" not in str(refusal.value)


def test_a_key_on_another_curve_than_its_type_says_is_refused() -> None:
    raw = P256.raw
    for curve in (b"nistp384", b"nistp521", b""):
        blob = b"".join(ssh_string(part) for part in (b"ecdsa-sha2-nistp256", curve, raw))
        with pytest.raises(ValueError, match="another curve"):
            public_key_of_blob(blob, "k")
    assert public_key_of_blob(b"".join(ssh_string(part) for part in (b"ecdsa-sha2-nistp256", b"nistp256", raw)), "k") == P256


def test_a_pem_that_does_not_end_is_refused() -> None:
    assert parse_public_key(P256.pem) == P256
    for pem in (P256.pem.replace("-----END PUBLIC KEY-----\n", ""), P256.pem.replace("END PUBLIC KEY", "END CERTIFICATE")):
        with pytest.raises(InputError, match="not a public key"):
            parse_public_key(pem)
