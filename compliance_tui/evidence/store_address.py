"""Where a store beyond this machine is, and what was measured about it. Never a key: those come from the environment."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from compliance_tui.safe.language import message

SCHEMES = ("s3", "gs", "az")
# A bucket as S3 names it, and after it plain words: nothing that a URL would read in two ways.
_PLACE = re.compile(r"(s3|gs|az)://[a-z0-9][a-z0-9.-]{1,62}(/[A-Za-z0-9][A-Za-z0-9._=+-]*)*")


def _place(value: object) -> object:
    if isinstance(value, str):
        value = value.rstrip("/")
        if not _PLACE.fullmatch(value):
            raise ValueError(
                message("write s3://bucket or s3://bucket/prefix (or gs://, az://), without keys, spaces or a query")
            )
    return value


def _endpoint(value: object) -> object:
    """Scheme, host and port only: what else a URL can carry (a user and a password above all) has no place in a record."""
    if isinstance(value, str):
        parts = urlsplit(value)
        try:
            plain = bool(parts.hostname) and value.rstrip("/") == f"{parts.scheme}://{parts.netloc}" and parts.port != 0
        except ValueError:
            plain = False
        if parts.scheme not in ("http", "https") or not plain or "@" in parts.netloc:
            raise ValueError(
                message("write an endpoint as https://host or https://host:port, without a user, a path or a query")
            )
        value = value.rstrip("/")
    return value


class Measured(BaseModel):
    """What a store was seen to do; servers say that they speak S3 and ignore parts of it.

    ``create``: of sixteen writers of one name exactly one is told that it wrote it. ``checksum``: a wrong SHA-256 is refused
    (None: this could not be told). ``listing``: what was written is listed. ``removal``: these keys may delete.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: AwareDatetime
    create: StrictBool
    checksum: StrictBool | None = None
    listing: StrictBool
    removal: StrictBool


class StoreAddress(BaseModel):
    """``[store]`` of ``assessment.toml``: the evidence lies under ``url``, as ``sha256/ab/<the rest>``.

    ``endpoint`` is for servers that are not the cloud's own. ``read_back``: what was uploaded is read and hashed again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(max_length=500), BeforeValidator(_place)]
    endpoint: Annotated[str, Field(max_length=300), BeforeValidator(_endpoint)] | None = None
    region: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    allow_http: StrictBool = False
    read_back: StrictBool = True
    measured: Measured | None = None

    @model_validator(mode="after")
    def _said_aloud(self) -> "StoreAddress":
        if self.endpoint and self.endpoint.startswith("http:") and not self.allow_http:
            raise ValueError(
                message(
                    "{endpoint} is not encrypted on its way; use https, or allow it with allow_http", endpoint=self.endpoint
                )
            )
        if not self.url.startswith("s3:") and (self.endpoint or self.region):
            raise ValueError(message("endpoint and region are for s3:// only"))
        return self
