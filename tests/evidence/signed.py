"""What the tests of signed statements share: a key, envelopes signed with it, and items of several files."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.trust.dsse import PAYLOAD_TYPE, pae
from tests.evidence.supply_chain import KINDS

STATEMENT = "https://in-toto.io/Statement/v1"
DIGEST = "cd" * 32
PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_item(kind: str, **files: bytes) -> Facts:
    """The files of one item, in this order; ``__`` in a name stands for a folder, ``_`` for a dot."""
    given: list[tuple[str, Callable[[], io.BytesIO]]] = [
        (name.replace("__", "/").replace("_", "."), lambda content=content: io.BytesIO(content))  # type: ignore[misc]
        for name, content in files.items()
    ]
    return read_facts_of(given, KINDS[kind])


def envelope(statement: Any, *, url_safe: bool = False, **more: Any) -> dict[str, Any]:
    payload = json.dumps(statement).encode()
    signature = PRIVATE.sign(pae(payload), ec.ECDSA(hashes.SHA256()))
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    return {
        "payload": encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": None, "sig": encode(signature).decode(), **more}],
    }


def dumps(value: Any) -> bytes:
    return json.dumps(value).encode()
