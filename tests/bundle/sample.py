"""A signed bundle of the small standard, with the policy of a verifier."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.export import Exported, export
from compliance_tui.bundle.verify import Verification, verify
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.trust import policy as policies
from compliance_tui.trust.keys import Signer, load_signer, new_key
from tests.assessment.sample import NOW, complete

LATER = NOW + dt.timedelta(days=1)


@dataclass(frozen=True)
class Sample:
    """An assessment with two keys, and a policy that asks for both."""

    root: Path
    signers: list[Signer]
    keys: list[Path]
    policy: bytes

    def export(self, out: Path, *, signers: int = 2, folder: bool = False) -> Exported:
        """Export with fixed nonces, so that two exports are the same bytes."""
        counter = iter(range(1, 10_000))
        return export(
            load(self.root),
            out,
            NOW,
            "ada",
            signers=self.signers[:signers],
            attester="lab.example",
            folder=folder,
            nonce=lambda: next(counter).to_bytes(32, "big"),
        )

    def verify(self, path: Path, *, policy: bytes | None = None, as_of: dt.datetime = LATER) -> Verification:
        """Verify with the sample's policy."""
        return verify(path, policies.load_policy(policy or self.policy, "trust.toml"), as_of, load_kinds())


def sample(folder: Path, *, withhold: bool = False) -> Sample:
    """A ready assessment, two keys, a policy."""
    root = complete(folder)
    if withhold:
        secret = folder / "secret.md"
        secret.write_text("---\nkind: policy-doc\nsigned_at: 2026-11-02\n---\nsecret\n")
        attach(load(root), [secret], ["S-01"], "ci", NOW, disclosure="withhold")
        actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW)
    keys = [folder / "author.key", folder / "officer.key"]
    policy = policies.new_policy()
    for key, role in zip(keys, ("lab-author", "lab-officer"), strict=True):
        public = new_key(key, None)
        policy = policies.add_person(policy, "t", f"{role}@lab.example", role.title(), [role], public.openssh)
    policy = policies.add_rule(policy, "t", policies.SELF_ASSESSMENT, None, {"lab-author": 1, "lab-officer": 1})
    standard, sha256 = load(root).standards[0]
    policy = policies.add_standard(policy, "t", standard.id, standard.version, sha256)
    return Sample(root, [load_signer(key, lambda: b"") for key in keys], keys, policy)


def line(found: Verification, name: str) -> tuple[str, str]:
    """Outcome and reason of one line."""
    return next((one.outcome, one.reason) for one in found.lines if one.name == name)
