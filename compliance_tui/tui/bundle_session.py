"""A bundle that is open: what verifying it found, by whose policy, and what of it cannot be seen."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from compliance_tui.safe.errors import ComplianceError, InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import memory
from compliance_tui.tui.job import Job
from compliance_tui.tui.session import Loaded, Session, uncollected

if TYPE_CHECKING:
    from compliance_tui.assessment.model import Item
    from compliance_tui.assessment.preview import Preview
    from compliance_tui.assessment.readiness import ControlKey
    from compliance_tui.bundle.look import Looked
    from compliance_tui.bundle.state import Memory
    from compliance_tui.bundle.verify import Verification
    from compliance_tui.trust.policy import Policy

Hidden = Literal["withheld", "sealed"]


@dataclass(frozen=True)
class Brought:
    """What the verifier brings along: folders handed over apart, files of secret keys, whether any standard is read.

    Also the text that the lab was asked to put into its statement, and the instant asked about where that is not the present.
    """

    folders: tuple[Path, ...] = ()
    identities: tuple[Path, ...] = ()
    any_standard: bool = False
    challenge: str | None = None
    as_of: dt.datetime | None = None


@dataclass
class BundleSession(Session):
    """A bundle. ``found`` is None until the core was judged; ``loaded`` until readiness was computed from what is there."""

    found: "Verification | None" = None
    # Whether it was verified to its end: until then there is no verdict, whatever the core shows.
    complete: bool = False
    policy: "Policy | None" = None
    # Why there is no policy although one was named, or why nothing could be found at all; told on the page of the verdict.
    policy_fault: str = ""
    failure: str = ""
    brought: Brought = field(default_factory=Brought)
    hidden: Mapping[str, Hidden] = field(default_factory=dict)
    claimed: "Mapping[ControlKey, str]" = field(default_factory=dict)
    _looked: "Looked | None" = field(default=None, init=False, repr=False)

    @property
    def read_only(self) -> bool:
        """Always."""
        return True

    @property
    def unseen(self) -> Mapping[str, str]:
        """The items that are withheld or sealed."""
        return self.hidden

    def sees(self, key: "ControlKey") -> bool:
        """Whether neither its answer nor any of its evidence is hidden."""
        response = self.contents.responses.get(key)
        return not self.hidden or not (self.hides_text(key) or self.hidden_of(response.evidence if response else ()))

    def hides_text(self, key: "ControlKey") -> bool:
        """Whether the answer's own item is withheld or sealed."""
        from compliance_tui.bundle.core import answer_name

        return answer_name(*key) in self.hidden

    @property
    def trust(self) -> Path | None:
        """The verifier's own policy file: the one that was named last, in this run or another."""
        return remembered_policy()

    def stamp(self) -> tuple[int, ...]:
        """When what belongs to the bundle was written last: files are exchanged whole, and statements are added as folders."""
        folders = [self.path, self.path / "core", self.path / "attestations"]
        return tuple(one.stat().st_mtime_ns for one in folders if one.exists())

    def verify(self, job: Job, core_known: "Callable[[Verification], None]") -> "tuple[Verification, Loaded | None]":
        """Verify all of it anew; ``core_known`` is given what the core shows, before the items are hashed.

        Raises ComplianceError where there is no bundle to read, and CancelledError.
        """
        from compliance_tui.bundle.look import Looked, claimed_outcomes
        from compliance_tui.bundle.verify import verify
        from compliance_tui.evidence.kind import load_kinds

        stamp, moment = self.stamp(), self.brought.as_of or self.clock()
        policy, state = self._policy()
        self.policy, self.failure = policy, ""
        identities = self._identities()
        with uncollected():
            found = verify(
                self.path,
                policy,
                moment,
                load_kinds(self.kinds_folder),
                progress=job.progress,
                cancelled=job.cancelled,
                allow_unknown_standard=self.brought.any_standard,
                folders=self.brought.folders,
                identities=identities,
                memory=state,
                challenge=self.brought.challenge,
                core_known=lambda known: core_known(replace(known, lines=list(known.lines))),
            )
        self.hidden = {**dict.fromkeys(found.withheld, "withheld"), **dict.fromkeys(found.sealed, "sealed")}
        self._looked = Looked(self.path, found.bundle_id or "", self.brought.folders, identities)
        self.claimed = claimed_outcomes(self._looked) if self.hidden and not found.broken else {}
        if found.view is None or found.readiness is None or found.broken:
            return found, None
        return found, Loaded(found.view.contents, found.readiness, stamp)

    def _identities(self) -> list[Any]:
        if not self.brought.identities:
            return []
        from compliance_tui.bundle.seal import read_identities

        return [secret for path in self.brought.identities for secret in read_identities(path)]

    def _policy(self) -> "tuple[Policy | None, Memory | None]":
        """The policy with what it remembers; without one nobody is known, and nothing is accepted."""
        from compliance_tui.bundle.state import Memory

        self.policy_fault, trust = "", self.trust
        if trust is None:
            return None, None
        try:
            policy, content = read_policy(trust)
        except ComplianceError as error:
            self.policy_fault = str(error)
            return None, None
        return policy, Memory.beside(trust, policy, content)

    def preview(self, item: "Item", at: int) -> "Preview":
        """The beginning of one file of an item, hashed in the same breath. Raises ComplianceError."""
        from compliance_tui.bundle.look import preview_file

        assert self._looked is not None
        assert self.found is not None
        assert self.found.view is not None
        return preview_file(self._looked, item.id, self.found.view.paths[item.id][at], item.files[at].name)

    def bring(self, folder: Path) -> None:
        """Bring one more folder along: it is verified with the bundle from now on."""
        self.brought = replace(self.brought, folders=(*self.brought.folders, folder.absolute()))

    def hidden_of(self, names: Iterable[str]) -> list[str]:
        """Those of the items that cannot be seen."""
        return [name for name in names if name in self.hidden]


def remembered_policy() -> Path | None:
    """The policy that was named last; None where there is none, or it was let go."""
    value = memory.recall("policy")
    return Path(value) if isinstance(value, str) and value else None


def remember_policy(path: str) -> None:
    """Keep the path of a policy for the next bundle; empty: nobody is known any more."""
    memory.remember("policy", str(Path(path).expanduser().absolute()) if path else "")


def remembered_policy_read() -> "Policy | None":
    """The policy that was named last, read. Raises InputError where it no longer can be."""
    trust = remembered_policy()
    return read_policy(trust)[0] if trust is not None else None


def read_policy(path: Path) -> "tuple[Policy, bytes]":
    """A policy and the bytes of its file. Raises InputError."""
    from compliance_tui.safe.files import read_bounded
    from compliance_tui.safe.toml import LARGEST_TOML
    from compliance_tui.trust.policy import load_policy

    try:
        content = read_bounded(path, LARGEST_TOML)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputError("unreadable", message("{path}: {reason}", path=clean_line(str(path)), reason=why)) from None
    return load_policy(content, str(path)), content
