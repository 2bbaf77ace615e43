"""Keys made from fixed seeds, so that every signature in these tests is the same on each run. They protect nothing."""

import datetime as dt
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance_tui.trust.keys import Signer
from compliance_tui.trust.public_key import PublicKey

NAMESPACE = "self-assessment.v1@lab.example"
STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1","subject":[]}\n'
AS_OF = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def private_key(number: int) -> Ed25519PrivateKey:
    """The private key number ``number``."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


@cache
def signer(number: int) -> Signer:
    """The signer number ``number``."""
    private = private_key(number)
    return Signer(PublicKey(private.public_key().public_bytes_raw()), private.sign)


def policy_text(*people: tuple[str, int, list[str]], more: str = "", key_more: str = "") -> bytes:
    """A policy in which each (id, number of the key, roles) is a person."""
    lines = ['schema = "trust/1"', "version = 1", more]
    for identifier, number, roles in people:
        lines += [
            "[[person]]",
            f'id = "{identifier}"',
            f"roles = {roles!r}",
            "[[person.key]]",
            f'public = "{signer(number).public.openssh}"',
            key_more,
        ]
    return ("\n".join(lines) + "\n").encode()
