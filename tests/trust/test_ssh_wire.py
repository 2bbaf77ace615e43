"""The data types of the SSH protocol: strings that fit, and numbers in their one canonical form."""

import struct

import pytest

from compliance_tui.trust.ssh_wire import ecdsa_from_ssh, ecdsa_to_ssh, read_signature_body, read_ssh_string, ssh_string

ONE = ssh_string(b"\x01")


@pytest.mark.parametrize("content", [b"", b"\x00\x00\x00", b"\x00\x00\x00\x02x", b"\xff\xff\xff\xffx"])
def test_a_string_that_does_not_fit_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="cut short"):
        read_ssh_string(content, 0)


def test_a_string_ends_where_it_says() -> None:
    assert read_ssh_string(b"ab" + ssh_string(b"xyz") + b"rest", 2) == (b"xyz", 9)


def test_an_ecdsa_signature_there_and_back() -> None:
    der = ecdsa_from_ssh(ssh_string(b"\x00\xff") + ssh_string(b"\x7f" * 32))
    assert ecdsa_to_ssh(der) == ssh_string(b"\x00\xff") + ssh_string(b"\x7f" * 32)


@pytest.mark.parametrize(
    "content",
    [
        ONE + ONE + b"x",
        ONE + ONE + ONE,
        ONE,
        ONE + ssh_string(b""),  # zero
        ONE + ssh_string(b"\x00"),
        ONE + ssh_string(b"\xff"),  # negative
        ONE + ssh_string(b"\x00\x01"),  # a zero too many in front
        ssh_string(b"\x00\x01") + ONE,
        ONE + ssh_string(b"\x01" * 34),
    ],
)
def test_an_ecdsa_signature_has_one_form(content: bytes) -> None:
    with pytest.raises(ValueError):
        ecdsa_from_ssh(content)


@pytest.mark.parametrize("p256", [False, True])
@pytest.mark.parametrize("fido", [False, True])
def test_nothing_follows_a_signature(p256: bool, fido: bool) -> None:
    inner = ssh_string(ONE + ONE if p256 else bytes(64)) + (struct.pack(">BI", 1, 7) if fido else b"")
    body = read_signature_body(inner, p256=p256, fido=fido)
    assert (body.flags, body.counter) == ((1, 7) if fido else (0, 0))
    for other in (inner + b"x", inner[:-1]):
        with pytest.raises(ValueError):
            read_signature_body(other, p256=p256, fido=fido)
