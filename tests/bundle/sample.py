"""A signed bundle of the small standard, with the policy of a verifier."""

import atexit
import datetime as dt
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.attestation import attestation_members
from compliance_tui.bundle.declare import Draft
from compliance_tui.bundle.export import Exported, export
from compliance_tui.bundle.sign import Checked, add_statement, check_whole
from compliance_tui.bundle.state import Memory
from compliance_tui.bundle.tree import open_tree
from compliance_tui.bundle.verify import Verification, verify
from compliance_tui.bundle.write import write_folder
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.trust import policy as policies
from compliance_tui.trust.keys import Signer, load_signer, new_key
from tests.assessment.sample import NOW, complete

LATER = NOW + dt.timedelta(days=1)
LAB, REGULATOR, ASSESSOR = "lab.example", "regulator.example", "assessor.example"
ROLES = ("lab-author", "lab-officer", "regulator", "assessor", "lab-operations")
# Which roles each kind of statement wants, in a policy that knows them all.
RULES = {
    "review/v1": "assessor",
    "receipt/v1": "regulator",
    "determination/v1": "regulator",
    "supersession/v1": "lab-officer",
    "withdrawal/v1": "lab-officer",
    "delivery/v1": "lab-operations",
}


@dataclass(frozen=True)
class Sample:
    """An assessment with keys of the lab, and a policy that asks for both; ``full`` knows the regulator and others too."""

    root: Path
    signers: list[Signer]
    keys: list[Path]
    policy: bytes
    full: bytes
    by_role: dict[str, Signer] = field(default_factory=dict)

    def export(self, out: Path, *, signers: int = 2, folder: bool = False, **more: Any) -> Exported:
        """Export with fixed nonces, so that two exports are the same bytes."""
        counter = iter(range(1, 10_000))
        chosen = {"attester": LAB, "nonce": lambda: next(counter).to_bytes(32, "big"), **more}
        return export(load(self.root), out, NOW, "ada", signers=self.signers[:signers], folder=folder, **chosen)

    def verify(
        self,
        path: Path,
        *,
        policy: bytes | None = None,
        as_of: dt.datetime = LATER,
        state: Path | None = None,
        folders: Sequence[Path] = (),
        identities: Sequence[Any] = (),
        challenge: str | None = None,
    ) -> Verification:
        """Verify with the sample's policy."""
        content = policy or self.policy
        read = policies.load_policy(content, "trust.toml")
        memory = Memory(state, read, hashlib.sha256(content).hexdigest()) if state else None
        return verify(
            path,
            read,
            as_of,
            load_kinds(),
            folders=folders,
            identities=identities,
            memory=memory,
            challenge=challenge,
        )

    def state(self, bundle: Path, draft: Draft, *roles: str) -> str:
        """Sign a draft with the keys of these roles, and add it to the bundle."""
        return add_statement(bundle, draft.content, draft.name, [self.by_role[role] for role in roles])

    def apart(self, folder: Path, draft: Draft, *roles: str) -> Path:
        """Sign a draft with the keys of these roles, as a folder of its own."""
        write_folder(folder, attestation_members("", draft.content, draft.name, [self.by_role[role] for role in roles]))
        return folder


def looked_at(bundle: Path) -> Checked:
    """The bundle, checked whole."""
    with open_tree(bundle) as tree:
        return check_whole(tree)


@cache
def _template(withhold: bool) -> Path:
    """The files of a sample, made once: copying them is ten times quicker."""
    home = tempfile.TemporaryDirectory(prefix="sample-")
    atexit.register(home.cleanup)
    folder = Path(home.name)
    root = complete(folder)
    if withhold:
        secret = folder / "secret.md"
        secret.write_text("---\nkind: policy-doc\nsigned_at: 2026-11-02\n---\nsecret\n")
        attach(load(root), [secret], ["S-01"], "ci", NOW, disclosure="withhold")
        actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW)
    for role in ROLES:
        new_key(folder / f"{role}.key", None)
    return folder


def sample(folder: Path, *, withhold: bool = False) -> Sample:
    """A ready assessment, keys, a policy."""
    shutil.copytree(_template(withhold), folder, dirs_exist_ok=True)
    root = folder / "assessment"
    keys = [folder / f"{role}.key" for role in ROLES]
    public = {role: (folder / f"{role}.key.pub").read_text().strip() for role in ROLES}
    signers = {role: load_signer(key, lambda: b"") for key, role in zip(keys, ROLES, strict=True)}
    policy = full = policies.new_policy()
    for role in ROLES[:2]:
        policy = policies.add_person(policy, "t", f"{role}@lab.example", role.title(), [role], public[role])
    for role in ROLES:
        full = policies.add_person(full, "t", f"{role}@some.example", role.title(), [role], public[role])
    standard, sha256 = load(root).standards[0]
    both = {"lab-author": 1, "lab-officer": 1}
    policy, full = (policies.add_rule(one, "t", policies.SELF_ASSESSMENT, None, both) for one in (policy, full))
    policy, full = (policies.add_standard(one, "t", standard.id, standard.version, sha256) for one in (policy, full))
    for predicate, role in RULES.items():
        full = policies.add_rule(full, "t", predicate, None, {role: 1})
    lab_signers = [signers[role] for role in ROLES[:2]]
    return Sample(root, lab_signers, keys[:2], policy, full, signers)


def with_register(policy: bytes) -> bytes:
    """The policy with the demand for a fresh register."""
    return policies.add_rule(policy, "t", "register/v1", None, {"lab-officer": 1})


def line(found: Verification, name: str) -> tuple[str, str]:
    """Outcome and reason of one line."""
    return next((one.outcome, one.reason) for one in found.lines if one.name == name)
