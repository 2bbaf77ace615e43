"""RFC 3161 time stamps over payload and signature together: over the whole envelope file, or the statement and the SSHSIG file.

A stamp over a signature alone would not say which payload it is of: with ECDSA one signature can be made to fit two. A token
is verified at its own time, against the authorities of the trust policy and nobody else's.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import joined, message
from compliance_tui.safe.panics import panics_too
from compliance_tui.safe.text import clean_line

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

    from compliance_tui.trust.policy_model import Tsa

LARGEST_TOKEN = 64 * 1024
SKEW = dt.timedelta(minutes=5)  # by which two honest clocks may differ
TOKEN_NAME = re.compile(r"(?P<signature>.*\.(?:dsse\.json|sshsig))(?:\.[2-9])?\.tsr")
_GRANTED = (0, 1)  # granted, and granted with modifications (which then does not count)
_HASHES = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


@dataclass(frozen=True)
class TrustedTime:
    """An authority of the policy saw a signature at this instant. ``tsa`` is the policy's id, ``token`` the file's name."""

    tsa: str
    instant: dt.datetime
    token: str


@dataclass(frozen=True)
class TokenState:
    """One token file. Bad: damaged, or over other bytes than its signature's. Not counted: nobody whom the policy trusts."""

    name: str
    state: Literal["valid", "not-counted", "bad"]
    text: str
    time: TrustedTime | None = None


@dataclass(frozen=True)
class Token:
    """A token taken apart, nothing of it verified."""

    response: "TimeStampResponse"
    at: dt.datetime
    policy: str

    def is_over(self, data: bytes) -> bool:
        """Whether its digest (SHA-256, SHA-384 or SHA-512) is that of ``data``."""
        imprint = self.response.tst_info.message_imprint
        digest = _HASHES.get(imprint.hash_algorithm.dotted_string)
        return digest is not None and digest(data).digest() == imprint.message


def stamped_bytes(name: str, content: bytes, statement: bytes) -> bytes:
    """What a token beside the signature file ``name`` is over: the envelope, or the statement and after it the SSHSIG file.

    An SSHSIG does not hold what it signs, so that it alone would not say which statement was seen.
    """
    return content if name.endswith(".dsse.json") else statement + content


def request(data: bytes) -> bytes:
    """A query for a stamp over ``data``, to carry to an authority (SHA-256, with a nonce, asking for the certificate).

    Raises InputError ``missing-extra``.
    """
    library = _library()
    builder = library.TimestampRequestBuilder().data(data).hash_algorithm(library.HashAlgorithm.SHA256)
    content: bytes = builder.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes()
    return content


def read_token(content: bytes, where: str) -> Token:
    """Take a time-stamp response apart.

    Raises BrokenError ``bad-token``; InputError ``missing-extra``, or ``unsorted-token`` where only openssl can check it.
    """
    name = clean_line(where)
    if len(content) > LARGEST_TOKEN:
        raise BrokenError(
            "bad-token",
            message("{name}: larger than the {limit:,} bytes allowed for a time stamp", name=name, limit=LARGEST_TOKEN),
        )
    library = _library()
    try:
        with panics_too():
            response = library.decode_timestamp_response(content)
            if response.status in _GRANTED:
                return Token(response, response.tst_info.gen_time, response.tst_info.policy.dotted_string)
    except ValueError as error:
        if "InvalidSetOrdering" in str(error):
            how = "openssl ts -verify -data ENVELOPE -in TOKEN -CAfile ROOT -attime SECONDS"
            raise InputError(
                "unsorted-token",
                message(
                    "{name}: its certificates are not in the order that DER demands, so it is not read here; try `{how}`",
                    name=name,
                    how=how,
                ),
            ) from None
        raise BrokenError("bad-token", message("{name}: not a time-stamp response (RFC 3161)", name=name)) from None
    raise BrokenError(
        "bad-token",
        message("{name}: the authority did not grant a time stamp (status {status})", name=name, status=response.status),
    )


def check_token(name: str, content: bytes, data: bytes, authorities: Sequence["Tsa"], as_of: dt.datetime) -> TokenState:
    """Whether the token file ``name`` is over ``data``, and which of the authorities vouches for its time.

    A time after ``as_of`` (but for ``SKEW``) does not count.
    """
    try:
        token = read_token(content, name)
    except BrokenError as error:
        return TokenState(name, "bad", str(error))
    except InputError as error:
        return TokenState(name, "not-counted", str(error))
    if not token.is_over(data):
        return TokenState(name, "bad", message("stamps other bytes than those of the signature that it stands beside"))
    shown = format_instant(token.at)
    if token.at > as_of + SKEW:
        return TokenState(name, "not-counted", message("stamped at {at}, which is after the instant asked about", at=shown))
    leaf = _leaf(token.response)
    refusals = {one.id: _refusal(token, leaf, data, one) for one in authorities}
    accepted = next((identifier for identifier, why in refusals.items() if not why), None)
    if accepted is not None:
        return TokenState(
            name, "valid", message("seen by {tsa} at {at}", tsa=accepted, at=shown), TrustedTime(accepted, token.at, name)
        )
    why_not = [message("{where}: {reason}", where=identifier, reason=why) for identifier, why in refusals.items()]
    reasons = joined(why_not, "; ") if why_not else message("the policy trusts no authority")
    text = message("says {at}, but that time is not trusted ({reasons})", at=shown, reasons=clean_line(reasons, 300))
    return TokenState(name, "not-counted", text)


def place_token(
    content: bytes, where: str, signatures: Sequence[tuple[str, bytes]], tokens: Sequence[tuple[str, bytes]]
) -> tuple[str, str]:
    """The signature file that a token stamps, and the name under which the token lies beside it.

    ``signatures`` are the files' names, each with what a stamp of it is over (``stamped_bytes``);
    ``tokens`` are those that are there already. Raises BrokenError ``bad-token``, InputError ``other-data`` (it stamps none of
    them), ``exists`` (attached already) or ``too-many``.
    """
    token, taken = read_token(content, where), dict(tokens)
    signature = next((name for name, data in signatures if token.is_over(data)), None)
    if signature is None:
        raise InputError(
            "other-data",
            message(
                "{where}: stamps no signature of this bundle; ask for it with `timestamp request`", where=clean_line(where)
            ),
        )
    places = [f"{signature}.tsr", *(f"{signature}.{number}.tsr" for number in range(2, 10))]
    if content in (taken.get(place) for place in places):
        raise InputError("exists", message("{where}: is attached already", where=clean_line(where)))
    free = next((place for place in places if place not in taken), None)
    if free is None:
        raise InputError(
            "too-many",
            message(
                "{signature}: has {number} time stamps already, which is the most", signature=signature, number=len(places)
            ),
        )
    return signature, free


def _refusal(token: Token, leaf: str | None, data: bytes, authority: "Tsa") -> str:
    """Empty when ``authority`` made the token, by the certificate ``leaf``; else why not."""
    if leaf is None:
        return message("does not carry the one certificate that its signer names")
    if authority.leaf_sha256 and leaf not in authority.leaf_sha256:
        return message("stamped with a certificate that is not one of those pinned")
    if authority.policy and token.policy not in authority.policy:
        return message("stamped under the policy {policy}, which is not asked for", policy=token.policy)
    library = _library()
    # A fresh builder each time: it adds to the lists of the one that it was copied from. Only the policy's certificates are
    # handed over as trusted, never one that the token carries.
    verifier = library.VerifierBuilder(roots=list(authority.certificates)).build()
    try:
        with panics_too():
            verifier.verify_message(token.response, data)
    except Exception as error:  # certificates made to hurt raise whatever they like; none of it is a yes
        said = re.search(r"Verify error: ?([^\"]*)", str(error))
        return said[1] if said else message("does not verify under its root")
    return ""


def _leaf(response: "TimeStampResponse") -> str | None:
    """SHA-256 of the one certificate in the token that its one signer names; None where there is none, or two."""
    from cryptography.x509 import load_der_x509_certificate

    try:
        with panics_too():
            (signer,) = response.signed_data.signer_infos
            named = (signer.issuer, signer.serial_number)
            held = [(one, load_der_x509_certificate(one)) for one in response.signed_data.certificates]
            (leaf,) = [raw for raw, one in held if (one.issuer, one.serial_number) == named]
    except Exception:  # as above
        return None
    return hashlib.sha256(leaf).hexdigest()


def _library() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise InputError(
            "missing-extra", message("time stamps need the extra: pip install 'compliance-tui[timestamps]'")
        ) from None
    return rfc3161_client
