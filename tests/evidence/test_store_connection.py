"""Where a store is, with whose keys, what its server really does, and what is said when it fails."""

import datetime as dt
import hashlib
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("obstore")

import obstore
from obstore.exceptions import GenericError, PermissionDeniedError

from compliance_tui.evidence.connection import connect, speaking
from compliance_tui.evidence.object_store import ObjectStore
from compliance_tui.evidence.probe import probe
from compliance_tui.evidence.store_address import StoreAddress
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.model import validate
from tests.evidence.buckets import Bucket

ADDRESS = StoreAddress(url="s3://evidence/one")


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# What a server really does


def _probe(bucket: Bucket, clock: dt.datetime | None = None) -> Any:
    return probe(ADDRESS, lambda: clock or dt.datetime.now(dt.UTC), connected=lambda headers: bucket)  # type: ignore[arg-type,return-value]


def test_a_good_server_is_measured_as_one_and_left_clean() -> None:
    bucket = Bucket()
    found = _probe(bucket)
    assert (found.measured.create, found.measured.listing, found.measured.removal) == (True, True, True)
    assert found.measured.checksum is False  # memory takes any bytes beside any checksum
    assert abs(found.skew) < 60
    assert bucket.names() == []


def test_conditional_writes_that_are_ignored_are_noticed() -> None:
    class Ignores(Bucket):
        def put(self, path: str, file: Any, mode: str = "overwrite", **options: Any) -> Any:
            return super().put(path, file, **options)

    assert _probe(Ignores()).measured.create is False


def test_conditional_writes_that_are_not_implemented_are_noticed() -> None:
    class Refuses(Bucket):
        def put(self, path: str, file: Any, mode: str = "overwrite", **options: Any) -> Any:
            if mode == "create":
                raise GenericError("status code: 501 Not Implemented")
            return super().put(path, file, **options)

    assert _probe(Refuses()).measured.create is False


@pytest.mark.parametrize(("refused", "measured"), [(set(), False), ({"wrong"}, True), ({"wrong", "right"}, None)])
def test_checksums_are_believed_only_where_the_wrong_one_alone_is_refused(refused: set[str], measured: bool | None) -> None:
    class Checks(Bucket):
        def put(self, path: str, file: Any, **options: Any) -> Any:
            if path.rpartition("/")[2] in refused:
                raise GenericError("status code: 400 Bad Request: <Code>BadDigest</Code>")
            return super().put(path, file, **options)

    assert _probe(Checks()).measured.checksum is measured


def test_keys_that_may_neither_list_nor_delete_are_enough() -> None:
    class Narrow(Bucket):
        def list(self, prefix: str, **options: Any) -> Any:
            raise PermissionDeniedError("status code: 403 Forbidden: <Code>AccessDenied</Code>")

        def delete(self, path: str) -> None:
            raise PermissionDeniedError("status code: 403 Forbidden: <Code>AccessDenied</Code>")

    measured = _probe(Narrow()).measured
    assert (measured.create, measured.listing, measured.removal) == (True, False, False)


def test_a_server_without_ranges_is_refused() -> None:
    class Whole(Bucket):
        def get_range(self, path: str, *, start: int, end: int) -> Any:
            return obstore.get(self.inner, path).bytes()

    with pytest.raises(InputError, match="parts of what was written"):
        _probe(Whole())


def test_the_clocks_are_compared() -> None:
    assert 3500 < _probe(Bucket(), dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).skew < 3700


# Where it is, and with whose keys


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("url", "https://s3.example/bucket", "s3://bucket"),
        ("url", "s3://key:secret@bucket/x", "s3://bucket"),
        ("url", "s3://bucket/a/../b", "s3://bucket"),
        ("url", "s3://bucket/x?versionId=1", "s3://bucket"),
        ("url", "file:///etc", "s3://bucket"),
        ("endpoint", "https://key:secret@host", "without a user"),
        ("endpoint", "https://host/path", "without a user"),
        ("endpoint", "ftp://host", "without a user"),
        ("endpoint", "https://host:99999", "without a user"),
        ("endpoint", "http://host:8333", "not encrypted"),
        ("access_key_id", "AKIA", "not a known field"),
        ("read_back", "yes", "read_back"),
    ],
)
def test_an_address_is_a_plain_place_without_keys(field: str, value: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        validate({"url": "s3://evidence/one", field: value}, StoreAddress, "the store")


def test_an_endpoint_belongs_to_s3() -> None:
    with pytest.raises(InputError, match="s3:// only"):
        validate({"url": "gs://evidence", "endpoint": "https://host"}, StoreAddress, "the store")
    address = validate({"url": "s3://evidence/", "endpoint": "http://[::1]:8333/", "allow_http": True}, StoreAddress, "x")
    assert (address.url, address.endpoint) == ("s3://evidence", "http://[::1]:8333")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    yield tmp_path / "credentials"


def test_keys_come_from_the_environment_or_a_profile(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def key_of(address: StoreAddress) -> object:
        return dict(connect(address).config).get("access_key_id")  # type: ignore[union-attr]

    bare.write_text("[default]\naws_access_key_id = one\naws_secret_access_key = s%s\n[other]\nsso_session = x\n")
    assert key_of(ADDRESS) == "one"
    monkeypatch.setenv("AWS_PROFILE", "other")
    with pytest.raises(InputError, match="the profile other holds no keys"):
        connect(ADDRESS)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "two")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    assert key_of(ADDRESS) is None  # the client takes it from the environment itself
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    bare.write_text("not a credentials file")
    with pytest.raises(InputError, match="cannot be read as a credentials file"):
        connect(ADDRESS)


def test_the_environment_does_not_send_evidence_elsewhere(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint in the assessment stands above every endpoint that a shell may have set."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://elsewhere.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")
    config = dict(connect(StoreAddress(url="s3://evidence", endpoint="https://here.example")).config)  # type: ignore[union-attr]
    assert (config["endpoint"], config["endpoint_url_s3"]) == ("https://here.example", "https://here.example")


def test_without_the_extra_a_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(InputError, match=r"install compliance-tui\[s3\]"):
        connect(ADDRESS)


def _said(error: Exception) -> InputError:
    with pytest.raises(InputError) as caught, speaking("s3://evidence"):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("HTTP error: error sending request", "unreachable"),
        ("HTTP error: error sending request\n\nDebug source: InvalidCertificate(UnknownIssuer)", "unreachable"),
        ("status code: 403 Forbidden: <Error><Code>RequestTimeTooSkewed</Code></Error>", "clock-skew"),
        ("status code: 403 Forbidden: <Code>SignatureDoesNotMatch</Code>", "rejected-keys"),
        ("status code: 401 Unauthorized: ", "denied"),
        ("status code: 404 Not Found: <Code>NoSuchBucket</Code>", "no-bucket"),
        ("Error performing PUT http://169.254.169.254/latest/api/token in 5s", "no-credentials"),
        ("status code: 503 Service Unavailable: <Code>SlowDown</Code>", "store-failed"),
        ("something else\n\nDebug source:\nGeneric {\n\x1b[31m", "store-failed"),
    ],
)
def test_what_went_wrong_is_one_sentence(text: str, code: str) -> None:
    error = _said(GenericError(text))
    assert error.code == code
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)


def test_a_server_that_is_not_there_is_told_of_soon(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    address = StoreAddress(url="s3://evidence", endpoint="http://127.0.0.1:9", allow_http=True)
    with pytest.raises(InputError, match=r"s3://evidence.*: cannot be reached"):
        ObjectStore(connect(address, patient=False), address.url).stat(_sha(random.randbytes(4)))
