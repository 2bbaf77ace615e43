"""A time-stamping authority for tests: certificates and tokens of any date and any fault, made by us and worth nothing.

A token is RFC 3161 over CMS (RFC 5652), written out here so that each field can be wrong; openssl reads the good ones. The
same fields give the same bytes.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass, field, replace
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

UTC = dt.UTC
STAMPED = dt.datetime(2026, 5, 1, 12, tzinfo=UTC)
POLICY = "1.2.3.4.1"
_SHA256 = "2.16.840.1.101.3.4.2.1"


def der(tag: int, *parts: bytes) -> bytes:
    """One DER value."""
    content = b"".join(parts)
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    raw = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(raw)]) + raw + content


def oid(dotted: str) -> bytes:
    """An object identifier."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    body = bytearray()
    for number in (first * 40 + second, *rest):
        chunk = [number & 0x7F]
        while number := number >> 7:
            chunk.append(0x80 | number & 0x7F)
        body += bytes(reversed(chunk))
    return der(0x06, bytes(body))


def integer(number: int) -> bytes:
    """An INTEGER."""
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def set_of(*parts: bytes, tag: int = 0x31) -> bytes:
    """A SET OF in the order that DER demands."""
    return der(tag, *sorted(parts))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@cache
def key(number: int) -> EllipticCurvePrivateKey:
    """The private key number ``number``."""
    return derive_private_key(number + 1000, SECP256R1())


@dataclass(frozen=True)
class Authority:
    """A root with one leaf under it; each keyword makes another authority, good or bad."""

    name: str = "Test TSA A"
    number: int = 1
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,)
    critical: bool = True
    leaf_from: dt.datetime = dt.datetime(2020, 1, 1, tzinfo=UTC)
    leaf_until: dt.datetime = dt.datetime(2040, 1, 1, tzinfo=UTC)
    root_number: int | None = field(default=None)

    @property
    def root(self) -> x509.Certificate:
        """The self-signed root."""
        return _root(self.name, self.root_number or self.number)

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate that stamps."""
        return _leaf(self)

    @property
    def root_pem(self) -> str:
        """The root as the policy holds it."""
        return self.root.public_bytes(Encoding.PEM).decode()

    @property
    def leaf_sha256(self) -> str:
        """The digest by which a policy pins the leaf."""
        return hashlib.sha256(self.leaf.public_bytes(Encoding.DER)).hexdigest()

    def token(self, data: bytes, at: dt.datetime = STAMPED, **more: object) -> bytes:
        """A time-stamp response over ``data``; ``more`` are fields of ``Token``."""
        return Token(self, data, at, **more).response()  # type: ignore[arg-type]


@cache
def _root(name: str, number: int) -> x509.Certificate:
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(f"{name} root"))
        .issuer_name(_name(f"{name} root"))
        .public_key(key(number).public_key())
        .serial_number(number + 1)
        .not_valid_before(dt.datetime(2010, 1, 1))
        .not_valid_after(dt.datetime(2060, 1, 1))
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(usage, True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key(number).public_key()), False)
        .sign(key(number), SHA256(), ecdsa_deterministic=True)
    )


@cache
def _leaf(authority: Authority) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(f"{authority.name} unit"))
        .issuer_name(authority.root.subject)
        .public_key(key(authority.number + 100).public_key())
        .serial_number(authority.number + 500)
        .not_valid_before(authority.leaf_from.replace(tzinfo=None))
        .not_valid_after(authority.leaf_until.replace(tzinfo=None))
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key(authority.root_number or authority.number).public_key()),
            False,
        )
    )
    if authority.usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(authority.usages), authority.critical)
    return builder.sign(key(authority.root_number or authority.number), SHA256(), ecdsa_deterministic=True)


@dataclass(frozen=True)
class Token:
    """What goes into a token; the defaults make a good one."""

    authority: Authority
    data: bytes
    at: dt.datetime
    policy: str = POLICY
    status: int = 0
    certificates: tuple[bytes, ...] | None = None  # besides the leaf
    sorted_certificates: bool = True
    with_leaf: bool = True
    signed_by: int | None = None
    fraction: str = ""

    def info(self) -> bytes:
        """TSTInfo (RFC 3161, section 2.4.2)."""
        imprint = der(0x30, der(0x30, oid(_SHA256), der(0x05)), der(0x04, hashlib.sha256(self.data).digest()))
        when = self.at.astimezone(UTC).strftime("%Y%m%d%H%M%S") + self.fraction + "Z"
        return der(0x30, integer(1), oid(self.policy), imprint, integer(77), der(0x18, when.encode()), integer(99))

    def response(self) -> bytes:
        """TimeStampResp (RFC 3161, section 2.4.2)."""
        return der(0x30, der(0x30, integer(self.status)), self._signed_data())

    def _signed_data(self) -> bytes:
        leaf, info = self.authority.leaf, self.info()
        content = leaf.public_bytes(Encoding.DER)
        signing_certificate = der(0x30, der(0x30, der(0x30, der(0x04, hashlib.sha256(content).digest()))))
        attributes = [
            der(0x30, oid("1.2.840.113549.1.9.3"), der(0x31, oid("1.2.840.113549.1.9.16.1.4"))),
            der(0x30, oid("1.2.840.113549.1.9.4"), der(0x31, der(0x04, hashlib.sha256(info).digest()))),
            der(0x30, oid("1.2.840.113549.1.9.16.2.47"), der(0x31, signing_certificate)),
        ]
        signing = key(self.authority.number + 100 if self.signed_by is None else self.signed_by)
        signature = signing.sign(set_of(*attributes), ECDSA(SHA256(), deterministic_signing=True))
        algorithm = der(0x30, oid(_SHA256))
        signer = der(
            0x30,
            integer(1),
            der(0x30, leaf.issuer.public_bytes(), integer(leaf.serial_number)),
            algorithm,
            set_of(*attributes, tag=0xA0),
            der(0x30, oid("1.2.840.10045.4.3.2")),
            der(0x04, signature),
        )
        held = [*([content] if self.with_leaf else []), *(self.certificates or ())]
        certificates = der(0xA0, *sorted(held, reverse=not self.sorted_certificates))
        body = der(
            0x30,
            integer(3),
            der(0x31, algorithm),
            der(0x30, oid("1.2.840.113549.1.9.16.1.4"), der(0xA0, der(0x04, info))),
            certificates if held else b"",
            der(0x31, signer),
        )
        return der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, body))


A = Authority()
B = replace(A, name="Test TSA B", number=2)
