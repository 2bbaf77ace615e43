"""Which items are sealed, to whom; and the delivery statement that says what was handed over."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance_tui.bundle.attestation import attestation_members
from compliance_tui.bundle.predicates import Delivery, SealedItem
from compliance_tui.bundle.seal import Ciphertext, Recipient, seal, unseal_stream
from compliance_tui.bundle.statement import Attester, DigestSet, ResourceDescriptor, dump_statement
from compliance_tui.bundle.write import Member, write_zip
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.files import open_regular
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message
from compliance_tui.trust.keys import Signer

DELIVERY = "delivery/v1"


@dataclass(frozen=True)
class Sealing:
    """The items to seal, their recipients, the lab's own escrow recipient, and the identity to try it with, if at hand."""

    items: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    escrow: Recipient
    escrow_identities: tuple[Any, ...] = ()


@dataclass(frozen=True)
class SealedFile:
    """One item's ciphertext, and the digest of the manifest that is inside."""

    name: str
    commitment: str
    ciphertext: Ciphertext


def seal_items(
    folder: Path,
    items: Mapping[str, Sequence[Member]],
    commitments: Mapping[str, str],
    sealing: Sealing,
    cancelled: Callable[[], bool] | None = None,
) -> list[SealedFile]:
    """Write the ciphertext of each of ``items`` (its members under ``items/<name>/``) into ``folder``, and check it.

    With the escrow identity each is opened again; without it, its size and its bytes on disk are what they must be. Raises
    InputError ``not-written``, BrokenError ``bad-age``, CancelledError.
    """
    everybody = list({one.text: one for one in (*sealing.recipients, sealing.escrow)}.values())
    done = []
    for name, members in items.items():
        plain, target = folder / f"{name}.zip", folder / f"{name}.age"
        write_zip(plain, members, None, cancelled)
        ciphertext = seal(plain, target, everybody, None, cancelled)
        _check(plain, ciphertext, sealing.escrow_identities)
        plain.unlink()
        done.append(SealedFile(name, commitments[name], ciphertext))
    return done


def _check(plain: Path, ciphertext: Ciphertext, identities: Sequence[Any]) -> None:
    where = ciphertext.path.name
    with open_regular(ciphertext.path) as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != ciphertext.sha256:
            raise InputError(
                "not-written", message("{where}: is not on disk as it was written; check the disk, and repeat", where=where)
            )
        if not identities:
            return
        file.seek(0)
        with Path("/dev/null").open("wb", buffering=0) as nowhere:
            inside = unseal_stream(file, ciphertext.size, nowhere, identities, where)
    with open_regular(plain) as file:
        if inside is None:
            raise InputError(
                "bad-identity", message("the escrow identity is not that of the escrow recipient; nothing was written")
            )
        if inside != hashlib.file_digest(file, "sha256").hexdigest():
            raise BrokenError(
                "bad-age", message("{where}: opens to something else than was sealed; nothing was written", where=where)
            )


def delivery_members(
    folder: str,
    bundle_id: str,
    attester: Attester,
    sealed: Sequence[SealedFile],
    sealing: Sealing,
    as_of: dt.datetime,
    signers: Sequence[Signer],
) -> list[Member]:
    """The ciphertexts, and the signed statement in ``folder`` that names each by its digest.

    Raises InputError ``no-key`` without a signer: an unsigned delivery proves nothing.
    """
    if not signers:
        raise InputError("no-key", message("what is sealed is delivered under a signature: name a key with --key"))
    subjects = [
        ResourceDescriptor(name=f"sealed/{one.name}.age", digest=DigestSet(sha256=one.ciphertext.sha256)) for one in sealed
    ]
    predicate = Delivery(
        attester=attester,
        bundle=DigestSet(sha256=bundle_id),
        items=[SealedItem(name=one.name, digest=DigestSet(sha256=one.commitment)) for one in sealed],
        recipients=[one.text for one in sealing.recipients],
        escrow=sealing.escrow.text,
        signed_at=format_instant(as_of),
    )
    statement = dump_statement(DELIVERY, subjects, predicate)
    files = [
        Member(f"sealed/{one.name}.age", one.ciphertext.path, one.ciphertext.size, one.ciphertext.sha256) for one in sealed
    ]
    return [*files, *attestation_members(folder, statement, DELIVERY, signers)]
