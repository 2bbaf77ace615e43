"""What an object store really does, tried on objects of our own: servers that speak S3 silently ignore parts of it."""

import base64
import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_tui.evidence.connection import connect, speaking
from compliance_tui.evidence.object_store import ObjectStore
from compliance_tui.evidence.store_address import Measured, StoreAddress
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client

_WRITERS = 16
_CHECKSUM = "x-amz-checksum-sha256"
Connect = Callable[[Mapping[str, str]], "Client"]


@dataclass(frozen=True)
class Probe:
    """What was measured, and by how many seconds the server's clock is ahead of ours."""

    measured: Measured
    skew: float


def probe(address: StoreAddress, clock: Callable[[], dt.datetime], *, connected: Connect | None = None) -> Probe:
    """Try the store at ``address`` with some thirty small requests; what was written under ``probe/`` is removed again.

    ``clock`` gives the present instant; ``connected`` makes a client that sends given headers with every request. Raises
    InputError as ``connection.speaking``, and ``unfit`` where a store cannot hold evidence at all.
    """
    plain = address.model_copy(update={"measured": None})  # a client that sends its own checksums would hide the wrong one
    connected = connected or (lambda headers: connect(plain, headers=headers, patient=False))
    client, folder = connected({}), f"probe/{secrets.token_hex(8)}"
    store = ObjectStore(client, address.url)
    listing = store.reach()
    written = []

    def key(name: str) -> str:
        written.append(f"{folder}/{name}")
        return written[-1]

    try:
        with speaking(address.url):
            content, first = b"0123456789", key("first")
            before = clock()
            client.put(first, content, use_multipart=False)
            after, said = clock(), client.head(first)
            if said["size"] != len(content) or bytes(client.get_range(first, start=3, end=7)) != content[3:7]:
                raise InputError(
                    "unfit", message("{url}: does not give back parts of what was written; use another server", url=address.url)
                )
            listed = listing and first in [entry["path"] for page in client.list(folder) for entry in page]
        create = _one_winner(client, key("raced"), address.url)
        checksum = _refuses_wrong_checksum(connected, key)
    finally:
        removal = _removed(client, written)
    skew = (said["last_modified"] - (before + (after - before) / 2)).total_seconds()
    return Probe(Measured(at=after, create=create, checksum=checksum, listing=listed, removal=removal), skew)


def _one_winner(client: "Client", key: str, where: str) -> bool:
    """Whether of many writers of one new name exactly one is told that it wrote it, and it is its bytes that stay."""
    from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

    def write(number: int) -> bool:
        try:
            client.put(key, b"writer %d" % number, mode="create", use_multipart=False)
            return True
        except (AlreadyExistsError, PreconditionError):
            return False

    try:
        with ThreadPoolExecutor(_WRITERS) as pool:
            winners = [number for number, won in enumerate(pool.map(write, range(_WRITERS))) if won]
    except BaseError:  # refused as not implemented
        return False
    with speaking(where):
        return len(winners) == 1 and bytes(client.get(key).bytes()) == b"writer %d" % winners[0]


def _refuses_wrong_checksum(connected: Connect, key: Callable[[str], str]) -> bool | None:
    """Whether a wrong SHA-256 beside the bytes is refused; None where the header is refused even when it is right."""
    from obstore.exceptions import BaseError

    def accepted(name: str, content: bytes) -> bool:
        header = base64.b64encode(hashlib.sha256(content).digest()).decode()
        try:
            connected({_CHECKSUM: header}).put(key(name), b"these bytes", use_multipart=False)
            return True
        except BaseError:
            return False

    return not accepted("wrong", b"other bytes") if accepted("right", b"these bytes") else None


def _removed(client: "Client", written: list[str]) -> bool:
    from obstore.exceptions import BaseError

    removed = True
    for path in written:
        try:
            client.delete(path)
        except FileNotFoundError:
            continue
        except BaseError:
            removed = False
    return removed
