"""What of a bundle is worth remembering: only statements that counted, and their signatures."""

import datetime as dt
from collections.abc import Iterator, Sequence

from compliance_tui.bundle.attestation import Attestation
from compliance_tui.bundle.chain import Judged
from compliance_tui.bundle.log_proof import LogProof
from compliance_tui.bundle.predicates import Register
from compliance_tui.bundle.state import Sighting, fingerprint
from compliance_tui.bundle.statement import Statement
from compliance_tui.safe.instant import format_instant
from compliance_tui.trust.dsse import read_envelope
from compliance_tui.trust.signature import SignatureCount
from compliance_tui.trust.sshsig import read_ssh_signature


def sighting_of(
    statement: Statement,
    first: Attestation,
    count: SignatureCount,
    chain: Sequence[Judged],
    log: LogProof | None,
    as_of: dt.datetime,
    name: str,
) -> Sighting:
    """The sighting of a bundle whose own statement counted; ``name`` is what its file is called here."""
    counted = [one for one in chain if one.standing == "counted"]
    said = statement.predicate
    signatures = [*_signatures(first, count), *(pair for one in counted for pair in _signatures(one.attestation, one.count))]
    registers = tuple(
        (one.predicate, one.attestation.framed.sha256)
        for one in counted
        if isinstance(one.predicate, Register) and one.predicate.series == said.series
    )
    return Sighting(
        attester=said.attester.id,
        series=said.series,
        sequence=said.sequence,
        bundle_id=statement.bundle_id,
        statement=first.framed.sha256,
        signatures=tuple(signatures),
        registers=registers,
        log=said.log,
        log_earlier=tuple(log.earlier) if log else (),
        at=format_instant(as_of),
        name=name,
    )


def _signatures(attestation: Attestation, count: SignatureCount) -> Iterator[tuple[str, str]]:
    """Each valid signature by what is unique to it, with the digest of the statement that it is over."""
    valid = {one.name for one in count.files if one.state == "valid"}
    for name, content in attestation.envelopes:
        if name in valid:
            for _, signature in read_envelope(content, name).signatures:
                yield fingerprint(signature), attestation.framed.sha256
    for name, content in attestation.ssh_signatures:
        if name in valid:
            yield fingerprint(read_ssh_signature(content, name).signature), attestation.framed.sha256
