"""Sign-offs that are signed with the person's own key, so that nobody can sign for another.

The signature is an SSHSIG over one JSON line, so that file keys, agents, tokens and FIDO2 keys can all make it, and
``ssh-keygen -Y verify`` can check it.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from compliance_tui.assessment.model import SignOff
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.strict_json import dump_json_line
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.signer import Signer

if TYPE_CHECKING:
    from compliance_tui.trust.sshsig import SshSignature

NAMESPACE = "sign-off.v1@compliance-tui.example"


def sign_off_message(series: str, standard: str, control: str, sign_off: SignOff) -> bytes:
    """The bytes that a person signs: which control of which assessment, which seat, when, and the digest of what they saw."""
    record = {
        "form": "sign-off/1",
        "series": series,
        "standard": standard,
        "control": control,
        "person": sign_off.person,
        "seat": sign_off.seat,
        "at": format_instant(sign_off.at),
        "seen": sign_off.seen,
    }
    return dump_json_line(record) + b"\n"


def with_signature(series: str, standard: str, control: str, sign_off: SignOff, signer: Signer) -> SignOff:
    """``sign_off`` with the signature of ``signer``."""
    from compliance_tui.trust.sshsig import sign_ssh

    armoured = sign_ssh(sign_off_message(series, standard, control, sign_off), NAMESPACE, signer)
    return sign_off.model_copy(update={"signature": armoured.decode()})


@lru_cache(maxsize=16_384)  # the same are asked for again and again: by each readiness, by each line of a verdict
def read_sign_off(series: str, standard: str, control: str, sign_off: SignOff) -> "SshSignature | None":
    """The sign-off's signature; None where there is none, or it does not verify under the key that it carries.

    Whose key that is, only a trust policy (or the assessment's own list of people) can say.
    """
    if not sign_off.signature:
        return None
    from compliance_tui.trust.sshsig import read_ssh_signature, verify_ssh

    try:
        signature = read_ssh_signature(sign_off.signature.encode(), "the sign-off")
    except ComplianceError:
        return None
    message = sign_off_message(series, standard, control, sign_off)
    return signature if verify_ssh(signature, message, NAMESPACE, signature.key) else None


def signing_key(series: str, standard: str, control: str, sign_off: SignOff) -> PublicKey | None:
    """The key under which the sign-off's signature verifies; None as ``read_sign_off`` has it."""
    signature = read_sign_off(series, standard, control, sign_off)
    return signature.key if signature else None
