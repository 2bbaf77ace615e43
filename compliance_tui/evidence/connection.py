"""A connection to an object store: which client, with whose keys, how patient; and what its errors say in one sentence.

obstore is called synchronously only: with its asynchronous calls an interpreter may abort when it exits (seen with 0.12).
"""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_tui.evidence.store_address import StoreAddress
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client

# A server that is started again is waited for; one that is not there is told of within seconds.
_RETRIES, _PATIENCE = 6, timedelta(seconds=45)
_BACKOFF = {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=8), "base": 2}
# Stalled is what moves no byte for so long; the whole of a large part may take its time.
_CONNECT, _STALLED, _REQUEST = timedelta(seconds=5), timedelta(seconds=60), timedelta(hours=2)
_METADATA_SERVICE = "169.254.169.254"
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,60})</Code>")
_STATUS = re.compile(r"status code: ([0-9]{3})")
_CREDENTIALS = message("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")


def connect(address: StoreAddress, *, headers: Mapping[str, str] | None = None, patient: bool = True) -> "Client":
    """A client for ``address``. Keys are taken from the environment, else (for S3) from the profile that AWS_PROFILE names.

    ``headers`` are sent with every request. Raises InputError ``missing-extra``, ``no-credentials``; nothing is sent yet.
    """
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store, from_url
    except ImportError:
        raise InputError(
            "missing-extra",
            message("{url}: a store beyond this machine needs obstore; install compliance-tui[s3]", url=address.url),
        ) from None
    common: dict[str, Any] = {
        "client_options": {
            "allow_http": address.allow_http,
            "connect_timeout": _CONNECT,
            "read_timeout": _STALLED,
            "timeout": _REQUEST,
            **({"default_headers": dict(headers)} if headers else {}),
        },
        "retry_config": {
            "max_retries": _RETRIES if patient else 1,
            "retry_timeout": _PATIENCE,
            "backoff": _BACKOFF,
        },
    }
    scheme, _, place = address.url.partition("://")
    try:
        if scheme != "s3":
            client: Client = from_url(address.url, **common)
            return client
        bucket, _, prefix = place.partition("/")
        return S3Store(bucket, prefix=prefix or None, config=_config(address), **common)
    except (BaseError, ValueError) as error:
        raise _sentence(error, address.url) from None


def _config(address: StoreAddress) -> Any:
    config = _profile()
    if address.region:
        config["region"] = address.region
    if address.endpoint:  # by both names: the environment would overrule the first with the second
        config |= {"endpoint": address.endpoint, "aws_endpoint_url_s3": address.endpoint}
    if address.measured and address.measured.checksum:
        config["checksum_algorithm"] = "SHA256"
    return config


def _profile() -> dict[str, str]:
    """Keys from the shared credentials file, where the environment has none and a profile holds them as plain text.

    The file and its variables are those of the AWS tools: AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE.
    """
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return {}
    named = os.environ.get("AWS_PROFILE")
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (ConfigError, UnicodeDecodeError, OSError):
        raise InputError(
            "no-credentials", message("{path}: cannot be read as a credentials file; mend it", path=clean_line(str(path)))
        ) from None
    section = named or "default"
    found = dict(parser[section]) if parser.has_section(section) else {}
    if "aws_access_key_id" in found and "aws_secret_access_key" in found:
        names = {
            "access_key_id": "aws_access_key_id",
            "secret_access_key": "aws_secret_access_key",
            "session_token": "aws_session_token",
        }
        return {option: found[name] for option, name in names.items() if name in found}
    if named:
        raise InputError(
            "no-credentials",
            message(
                'the profile {named} holds no keys in {path}; `eval "$(aws configure export-credentials --format env)"` '
                "gives those of a login or a role",
                named=clean_line(named, 60),
                path=clean_line(str(path)),
            ),
        )
    return {}


@contextlib.contextmanager
def speaking(where: str) -> Iterator[None]:
    """Turns what obstore raises into an InputError with one sentence.

    Codes: ``not-found``, ``exists``, ``unreachable``, ``denied``, ``rejected-keys``, ``no-bucket``, ``no-credentials``,
    ``clock-skew``, ``store-failed``.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        raise _sentence(error, where) from None


def _sentence(error: Exception, where: str) -> InputError:
    from obstore.exceptions import AlreadyExistsError, PermissionDeniedError, UnauthenticatedError

    text, place = str(error), clean_line(where, 300)
    found, status = _CODE.search(text), _STATUS.search(text)
    code = found.group(1) if found else ""
    if code == "NoSuchBucket":
        return InputError(
            "no-bucket", message("{place}: there is no such bucket; make it first, or check its name", place=place)
        )
    if isinstance(error, AlreadyExistsError):
        return InputError("exists", message("{place}: is there already", place=place))
    if isinstance(error, FileNotFoundError):
        return InputError(
            "not-found",
            message("{place}: is not in the store; `compliance-tui store verify` says what is missing", place=place),
        )
    if code == "RequestTimeTooSkewed":
        return InputError(
            "clock-skew",
            message("{place}: refused, because this machine's clock and the server's differ; set the clock", place=place),
        )
    if _METADATA_SERVICE in text:
        return InputError(
            "no-credentials", message("{place}: no keys were found; set {credentials}", place=place, credentials=_CREDENTIALS)
        )
    if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"):
        return InputError(
            "rejected-keys",
            message(
                "{place}: the server does not accept these keys ({code}); check {credentials}",
                place=place,
                code=code,
                credentials=_CREDENTIALS,
            ),
        )
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or (status and status.group(1) in ("401", "403")):
        return InputError(
            "denied",
            message(
                "{place}: denied ({code}); check the keys, and that they may read, write and list there",
                place=place,
                code=code or message("no reason given"),
            ),
        )
    if status:
        return InputError(
            "store-failed",
            message(
                "{place}: the server failed ({code}); repeat later", place=place, code=f"{status.group(1)} {code}".rstrip()
            ),
        )
    if "InvalidCertificate" in text:
        return InputError(
            "unreachable",
            message(
                "{place}: the server's certificate is not trusted here; name its authority's file in SSL_CERT_FILE", place=place
            ),
        )
    if "error sending request" in text or "HTTP error" in text or "timed out" in text.lower():
        return InputError(
            "unreachable", message("{place}: cannot be reached; check the endpoint and the network, and repeat", place=place)
        )
    return InputError(
        "store-failed", message("{where}: {reason}", where=place, reason=clean_line(text.partition("Debug source")[0], 300))
    )
