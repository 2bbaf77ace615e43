"""What a verifier remembers from one bundle to the next, in a file of its own beside the trust policy.

A bundle cannot show that a newer one exists; the verifier's own memory can. Only statements that counted are remembered, so
that nobody without a trusted key can write into it.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field

from compliance_tui.bundle.log_proof import EarlierHead, continues
from compliance_tui.bundle.predicates import Register, RegisterEntry
from compliance_tui.bundle.statement import Count, Digest, LogCheckpoint, Number, StatementModel, Text, Time
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic
from compliance_tui.safe.language import message
from compliance_tui.safe.model import load_json_model
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.trust.policy import Policy, rolled_back

LARGEST_STATE = 32 * (1 << 20)
LOCK_SECONDS = 30.0
# What is missing rather than wrong: it keeps a bundle from being accepted, and is no proof against the lab.
DOUBTS = ("log-missing", "log-unproven")


class SeenBundle(StatementModel):
    """A bundle whose statement counted: its id, the statement's digest, when and under which name it was seen first."""

    sequence: Number
    bundle: Digest
    statement: Digest
    seen_at: Time
    seen_as: Text


class SeenRegister(StatementModel):
    """The lab's latest register of a series."""

    version: Number
    statement: Digest
    expires: Time
    bundles: list[RegisterEntry]


class SeenSeries(StatementModel):
    """All that was seen of one lab's series."""

    attester: Text
    series: Text
    bundles: list[SeenBundle] = Field(default_factory=list)
    register_: SeenRegister | None = Field(default=None, alias="register")
    log: LogCheckpoint | None = None


class SeenPolicy(StatementModel):
    """The trust policy that was used last."""

    version: Count
    sha256: Digest


class State(StatementModel):
    """The state file. ``signatures`` maps what is unique to one signature to the digest of the statement it was over."""

    schema_: Literal["verifier-state/1"] = Field(default="verifier-state/1", alias="schema")
    policy: SeenPolicy | None = None
    series: list[SeenSeries] = Field(default_factory=list)
    signatures: dict[Digest, Digest] = Field(default_factory=dict)


@dataclass(frozen=True)
class Sighting:
    """What counted in one bundle: to be compared with what was seen before, and to be remembered."""

    attester: str
    series: str
    sequence: int
    bundle_id: str
    statement: str
    signatures: tuple[tuple[str, str], ...] = ()
    registers: tuple[tuple[Register, str], ...] = ()
    log: LogCheckpoint | None = None
    log_earlier: tuple[EarlierHead, ...] = ()
    at: str = ""
    name: str = ""


@dataclass(frozen=True)
class Met:
    """What the memory says to a bundle: alarms, the latest register known, and whether all this will be remembered."""

    alarms: tuple[tuple[str, str], ...] = ()
    register: SeenRegister | None = None
    remembered: bool = False
    text: str = message(
        "without a state file nothing is remembered, and an older bundle in place of a newer one is not noticed"
    )


@dataclass
class _Notes:
    alarms: list[tuple[str, str]] = field(default_factory=list)

    def alarm(self, code: str, text: str) -> None:
        self.alarms.append((code, text))


def compare(state: State, sighting: Sighting) -> tuple[State, list[tuple[str, str]]]:
    """The state after ``sighting``, and what cannot be true together with what was seen before, as (code, sentence)."""
    notes = _Notes()
    key = (sighting.attester, sighting.series)
    known = next((one for one in state.series if (one.attester, one.series) == key), None)
    series = known or SeenSeries(attester=sighting.attester, series=sighting.series)
    bundles = _bundles(series, sighting, notes)
    register = series.register_
    for given, statement in sorted(sighting.registers, key=lambda one: one[0].version):
        register = _register(register, given, statement, notes)
    log = _log(series, sighting, notes)
    signatures = dict(state.signatures)
    for fingerprint, statement in sighting.signatures:
        if signatures.setdefault(fingerprint, statement) != statement:
            notes.alarm(
                "one-signature-two-statements",
                message(
                    "one signature fits two statements ({one}… and {other}…): its maker prepared both; keep both as proof",
                    one=signatures[fingerprint][:16],
                    other=statement[:16],
                ),
            )
    after = SeenSeries(attester=series.attester, series=series.series, bundles=bundles, register_=register, log=log)
    others = [one for one in state.series if one is not known]
    new = State(policy=state.policy, series=[*others, after] if after != known else state.series, signatures=signatures)
    return new, notes.alarms


def _bundles(series: SeenSeries, sighting: Sighting, notes: _Notes) -> list[SeenBundle]:
    twins = [one for one in series.bundles if one.sequence == sighting.sequence]
    other = next((one for one in twins if one.bundle != sighting.bundle_id), None)
    if other is not None:
        notes.alarm(
            "equivocation",
            message(
                "the lab signed two bundles as sequence {sequence} of one series: this one, and {other}…, seen {seen_at} as "
                "{seen_as}; keep both as proof",
                sequence=sighting.sequence,
                other=other.bundle[:16],
                seen_at=other.seen_at,
                seen_as=clean_line(other.seen_as, 80),
            ),
        )
    highest = max(series.bundles, key=lambda one: one.sequence, default=None)
    if highest is not None and highest.sequence > sighting.sequence:
        notes.alarm(
            "replay",
            message(
                "sequence {sequence} is not the latest: sequence {highest} of this series was seen {seen_at} as {seen_as}",
                sequence=sighting.sequence,
                highest=highest.sequence,
                seen_at=highest.seen_at,
                seen_as=clean_line(highest.seen_as, 80),
            ),
        )
    if any((one.bundle, one.statement) == (sighting.bundle_id, sighting.statement) for one in twins):
        return series.bundles
    new = SeenBundle(
        sequence=sighting.sequence,
        bundle=sighting.bundle_id,
        statement=sighting.statement,
        seen_at=sighting.at,
        seen_as=clean_line(sighting.name, 200),
    )
    return sorted([*series.bundles, new], key=lambda one: one.sequence)


def _register(known: SeenRegister | None, given: Register, statement: str, notes: _Notes) -> SeenRegister:
    new = SeenRegister(version=given.version, statement=statement, expires=given.expires, bundles=given.bundles)
    if known is None:
        return new
    if given.version < known.version:
        text = message(
            "its register is version {version}; version {known} was seen before", version=given.version, known=known.version
        )
        notes.alarm("register-rolled-back", text)
        return known
    if given.version == known.version:
        if statement != known.statement:
            text = message("the lab signed two registers of version {version}; keep both as proof", version=given.version)
            notes.alarm("two-registers", text)
        return known
    listed = {(entry.sequence, entry.digest.sha256): entry.status for entry in given.bundles}
    for entry in known.bundles:
        status = listed.get((entry.sequence, entry.digest.sha256))
        if status is None:
            text = message(
                "register {version} no longer lists sequence {sequence}, as {known} did",
                version=given.version,
                sequence=entry.sequence,
                known=known.version,
            )
            notes.alarm("register-forgot", text)
        elif entry.status != "current" and status == "current":
            text = message(
                "register {version} calls sequence {sequence} current, which was {status}",
                version=given.version,
                sequence=entry.sequence,
                status=word(entry.status),
            )
            notes.alarm("register-revived", text)
    return new


def _log(series: SeenSeries, sighting: Sighting, notes: _Notes) -> LogCheckpoint | None:
    """The head to remember from now on: a longer one only once it is proved to continue the one remembered."""
    known, given = series.log, sighting.log
    if known is None:
        return given
    latest = all(one.sequence <= sighting.sequence for one in series.bundles)
    if given is None:
        if latest:
            notes.alarm(
                "log-missing",
                message("it names no head of the lab's log, though {size} lines of it are remembered", size=known.size),
            )
        return known
    match continues(known, given, sighting.log_earlier):
        case "yes":
            return given if given.size > known.size else known
        case "no" if given.size == known.size:
            notes.alarm(
                "log-forked",
                message("the lab's log has two roots at size {size}: it was written twice", size=given.size),
            )
        case "no":
            notes.alarm(
                "log-rewritten",
                message(
                    "the lab's log does not continue the {size} lines that were seen before: it was written anew; "
                    "keep both as proof",
                    size=known.size,
                ),
            )
        case _ if latest and given.size < known.size:
            notes.alarm(
                "log-shrank",
                message(
                    "the lab's log had {known} lines, and has {given} in this later bundle: some were taken out",
                    known=known.size,
                    given=given.size,
                ),
            )
        case _ if latest:
            notes.alarm(
                "log-unproven",
                message(
                    "nothing shows that the lab's log continues the {size} lines that were seen before; ask the lab for a "
                    "bundle made with `export --log-since {size}`",
                    size=known.size,
                ),
            )
    return known


class Memory:
    """The state file of one verifier, asked and written while nobody else writes it."""

    def __init__(self, path: Path, policy: Policy, policy_sha256: str) -> None:
        self.path, self._policy, self._sha256 = path, policy, policy_sha256
        self._where = clean_line(str(path))

    @classmethod
    def beside(cls, trust: Path, policy: Policy, content: bytes, path: Path | None = None) -> "Memory":
        """The state file at ``path``, else ``NAME.state.json`` beside the policy at ``trust``, whose bytes are ``content``."""
        return cls(path or trust.with_name(f"{trust.stem}.state.json"), policy, hashlib.sha256(content).hexdigest())

    def check_policy(self) -> str:
        """Empty when the policy may follow the one that was used last; else why not. Raises InputError for a bad file."""
        seen = self._read().policy
        return rolled_back(self._policy, self._sha256, seen.version, seen.sha256) if seen else ""

    def meet(self, sighting: Sighting) -> Met:
        """Compare with what is remembered, and remember. Without the right to write, the comparison is all there is.

        Raises InputError where the file is no state file.
        """
        with self._locked() as why_not:
            state, alarms = compare(self._read(), sighting)
            seen = SeenPolicy(version=self._policy.version, sha256=self._sha256)
            new = State(policy=seen, series=state.series, signatures=state.signatures)
            if not why_not:
                why_not = self._write(new)
        key = (sighting.attester, sighting.series)
        register = next((one.register_ for one in new.series if (one.attester, one.series) == key), None)
        if why_not:
            text = message(
                "{where} cannot be written ({reason}): nothing of this verification is remembered",
                where=self._where,
                reason=why_not,
            )
            return Met(tuple(alarms), register, False, text)
        return Met(tuple(alarms), register, True, message("remembered in {where}", where=self._where))

    def _read(self) -> State:
        if not self.path.exists():
            return State()
        return load_json_model(read_bounded(self.path, LARGEST_STATE), State, str(self.path), limit=LARGEST_STATE, signed=True)

    def _write(self, new: State) -> str:
        """Empty once the file holds ``new``; else why it does not."""
        content = dump_json(new.model_dump(mode="json", by_alias=True))
        try:
            if not (self.path.exists() and self.path.read_bytes() == content):
                write_atomic(self.path, content)
        except OSError as error:
            return (error.strerror or str(error)).lower()
        return ""

    @contextlib.contextmanager
    def _locked(self) -> Iterator[str]:
        """Hold the lock; gives why not, where the folder may not be written. Raises InputError ``busy``."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"))
        why_not = "" if self.path.parent.is_dir() else message("no such folder")
        try:
            if not why_not:
                lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            raise InputError(
                "busy", message("{where}: another verification is writing it; try again", where=self._where)
            ) from None
        except OSError as error:
            why_not = (error.strerror or str(error)).lower()
        try:
            yield why_not
        finally:
            lock.release()


def fingerprint(signature: bytes) -> str:
    """What is unique to a signature: the SHA-256 of its first half (R of Ed25519, r of ECDSA in DER).

    No honest signer uses one twice. The second half of an ECDSA signature has two spellings, so it does not count.
    """
    first = signature[:32]
    if len(signature) != 64 and signature[:1] == b"\x30" and signature[2:3] == b"\x02":
        first = signature[4 : 4 + signature[3]]
    return hashlib.sha256(first).hexdigest()
