"""What the readers of signed statements share: DSSE envelopes (plain, or in a Sigstore bundle), and the keys beside them.

Only a public key that was attached to the same item can show that a signature is genuine. Whose key that is, this room does not
know: the fact ``key_id`` lets a person, or a check, compare it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compliance_tui.evidence.readers import EvidenceFile
from compliance_tui.evidence.readers.reading import LARGEST, Gatherer, refuse
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import load_json

if TYPE_CHECKING:
    from compliance_tui.trust.verifying_key import VerifyingKey

_LARGEST_KEY = 64 * 1024
_MOST_SIGNATURES = 32
STATEMENT_V1, STATEMENT_V01 = "https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"


@dataclass(frozen=True)
class Envelope:
    """What was signed, and the signatures; ``material`` is what a Sigstore bundle says about how to verify them.

    ``certified``: a certificate takes the place of a key.
    """

    payload: bytes
    signatures: tuple[bytes, ...]
    material: dict[str, Any]
    certified: bool

    @property
    def message(self) -> bytes:
        """The bytes that the signatures are over."""
        from compliance_tui.trust.dsse import pae

        return pae(self.payload)


def sort_files(files: Sequence[EvidenceFile]) -> tuple[list["VerifyingKey"], list[EvidenceFile]]:
    """The public keys among the files of an item, and the other files. Raises InputError for a key that cannot be used."""
    from compliance_tui.trust.verifying_key import KEY_SIGNS, parse_verifying_key

    keys, others = [], []
    for name, opened in files:
        with opened() as file:
            content = file.read(_LARGEST_KEY)
        beginning = content[:100].decode("ascii", "replace").lstrip()
        if beginning.startswith("-----BEGIN ") and b"PRIVATE KEY-----" in content:
            refuse(name, message("is a private key; keep it secret, and attach the public one"))
        if beginning.startswith(KEY_SIGNS):
            keys.append(parse_verifying_key(content.decode("utf-8", "replace"), name))
        else:
            others.append((name, opened))
    return keys, others


def unpack(document: dict[str, Any], name: str) -> Envelope:
    """The envelope that a JSON document is, or that a Sigstore bundle holds. Raises InputError ``unreadable-evidence``.

    Formats: secure-systems-lab/dsse, envelope.md; sigstore/protobuf-specs, sigstore_bundle.proto.
    """
    from compliance_tui.trust.dsse import PAYLOAD_TYPE, decode_base64

    envelope = document.get("dsseEnvelope") if "mediaType" in document else document
    if not isinstance(envelope, dict) or not {"payload", "payloadType", "signatures"} <= set(envelope):
        refuse(name, message("not a DSSE envelope (payload, payloadType, signatures), and no Sigstore bundle that holds one"))
    if envelope["payloadType"] != PAYLOAD_TYPE:
        refuse(name, message("its payloadType is not {payload_type}", payload_type=PAYLOAD_TYPE))
    signatures = envelope["signatures"]
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= _MOST_SIGNATURES:
        refuse(name, message("must hold 1 to {most} signatures", most=_MOST_SIGNATURES))
    material = document.get("verificationMaterial") or {}
    try:
        return Envelope(
            payload=decode_base64(envelope["payload"], name),
            signatures=tuple(decode_base64(one["sig"], name) for one in signatures),
            material=material,
            certified=bool({"certificate", "x509CertificateChain"} & set(material)) or any("cert" in one for one in signatures),
        )
    except BrokenError as error:
        refuse(name, str(error).partition(": ")[2])


def payload_object(envelope: Envelope, name: str) -> dict[str, Any]:
    """The JSON object that was signed. Raises InputError."""
    value = load_json(envelope.payload, f"{name}, payload", limit=LARGEST)
    if not isinstance(value, dict):
        refuse(name, message("its payload is not a JSON object"))
    return value


def check_signatures(
    found: Gatherer, signatures: Sequence[bytes], payload: bytes, keys: Sequence["VerifyingKey"], warnings: list[str]
) -> bool:
    """Whether one of the signatures is that of an attached key. Gives the fact ``key_id`` of the key that fits."""
    for key in keys:
        if any(key.verifies(signature, payload) for signature in signatures):
            found.add("key_id", key.key_id, "/signatures")
            return True
    warnings.append(message("no signature was made with an attached key: nothing was read of what was signed"))
    return False


def why_unchecked(keys: Sequence["VerifyingKey"], *, certified: bool) -> str:
    """Why a signature cannot be checked here; "" where it can."""
    if certified:
        return message("the signature was not checked: it was made with a certificate, and certificates are not checked here")
    return "" if keys else message("the signature was not checked: attach the public key with it, as one item")
