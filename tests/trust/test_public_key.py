import base64
import hashlib
import json
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.safe.errors import InputError
from compliance_tui.trust.public_key import LOW_ORDER, PublicKey, parse_public_key, public_key, ssh_string
from tests.shared_data import shared
from tests.trust.known_keys import private_key, signer

KEY = signer(1).public


def test_one_key_reads_back_from_each_of_its_spellings() -> None:
    for text in (KEY.openssh, f"{KEY.openssh} ada@lab", f"  {KEY.openssh} \n", KEY.pem, KEY.pem.replace("\n", "\r\n")):
        assert parse_public_key(text) == KEY


def test_the_spellings_are_those_of_the_library_and_the_stock_tools(tmp_path: object) -> None:
    library = private_key(1).public_key()
    assert library.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() == KEY.openssh
    assert library.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() == KEY.pem
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "DER"], input=KEY.pem.encode(), capture_output=True, check=True
    ).stdout
    assert hashlib.sha256(der).hexdigest() == KEY.key_id
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", "-"], input=KEY.openssh.encode(), capture_output=True, check=True
    ).stdout.decode()
    assert KEY.fingerprint in listed


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
    hardware = base64.b64encode(ssh_string(b"sk-ssh-ed25519@openssh.com") + ssh_string(KEY.raw) + ssh_string(b"ssh:"))
    weak = rsa.generate_private_key(65537, 2048).public_key()
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    texts = [f"sk-ssh-ed25519@openssh.com {hardware.decode()}", f"ssh-ed25519-cert-v01@openssh.com {hardware.decode()}"]
    for key in (weak, curve):
        texts.append(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())
        texts.append(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    for text in texts:
        with pytest.raises(InputError, match="only Ed25519 keys are accepted"):
            parse_public_key(text)


def test_a_hardware_key_under_a_plain_label_is_not_taken_for_a_plain_key() -> None:
    blob = ssh_string(b"sk-ssh-ed25519@openssh.com") + ssh_string(KEY.raw) + ssh_string(b"ssh:")
    with pytest.raises(InputError):
        parse_public_key(f"ssh-ed25519 {base64.b64encode(blob).decode()}")


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


@given(st.text(max_size=200) | st.binary(max_size=90).map(lambda raw: "ssh-ed25519 " + base64.b64encode(raw).decode()))
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
