"""Keys of other people's tools: each curve with its hash, one id however a key is written, and kinds that cannot be used."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance_tui.safe.errors import InputError
from compliance_tui.trust.verifying_key import parse_verifying_key

CURVES = [(ec.SECP256R1(), hashes.SHA256()), (ec.SECP384R1(), hashes.SHA384()), (ec.SECP521R1(), hashes.SHA512())]


@pytest.mark.parametrize(("curve", "fitting"), CURVES, ids=lambda one: one.name)
def test_ecdsa_verifies_with_the_hash_of_its_curve_and_no_other(curve: ec.EllipticCurve, fitting: hashes.HashAlgorithm) -> None:
    private = ec.generate_private_key(curve)
    key = parse_verifying_key(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), "k")
    assert key.verifies(private.sign(b"m", ec.ECDSA(fitting)), b"m")
    assert not key.verifies(private.sign(b"m", ec.ECDSA(fitting)), b"n")
    assert not key.verifies(private.sign(b"m", ec.ECDSA(hashes.SHA224())), b"m")
    assert not key.verifies(b"", b"m") and not key.verifies(b"\x30\x06\x02\x01\x00\x02\x01\x00", b"m")


@pytest.mark.parametrize("curve", [None, *(one for one, _ in CURVES)], ids=lambda one: one.name if one else "Ed25519")
def test_one_key_has_one_id_however_it_is_written(curve: ec.EllipticCurve | None) -> None:
    private = ec.generate_private_key(curve) if curve else ed25519.Ed25519PrivateKey.generate()
    public = private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    ssh = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    wanted = hashlib.sha256(der).hexdigest()
    assert parse_verifying_key(pem, "k").key_id == parse_verifying_key(f"{ssh} me@lab\n", "k").key_id == wanted


def test_ed25519_verifies() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    key = parse_verifying_key(pem, "k")
    assert key.verifies(private.sign(b"m"), b"m") and not key.verifies(private.sign(b"m"), b"n")


def test_other_keys_and_other_texts_are_refused() -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    curve = ec.generate_private_key(ec.SECP256K1()).public_key()
    for text in (
        other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        other.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n",
        "ecdsa-sha2-nistp256 AAAA",
        "ü",
        "",
    ):
        with pytest.raises(InputError) as caught:
            parse_verifying_key(text, "k")
        assert caught.value.code == "bad-key"
