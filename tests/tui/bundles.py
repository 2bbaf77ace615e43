"""Bundles of the release that look the same every time, a regulator's policy and key: for pictures and walks."""

import atexit
import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle import declare
from compliance_tui.bundle.editions import redact
from compliance_tui.bundle.export import export
from compliance_tui.bundle.sign import add_statement, look_at
from compliance_tui.trust import policy as policies
from compliance_tui.trust.keys import Signer, load_signer
from tests.assessment.sample import NOW
from tests.tui.release import release

ROLES = {"ada": "lab-author", "ben": "lab-officer", "rae": "regulator"}
NAMES = {"ada": "Ada Ortiz", "ben": "Ben A.", "rae": "Rae Gula"}
REGULATOR = "regulator.example"
_CHANGES = """
[[changes]]
from_version = "1.0"
kinds = ["tightened"]
from = ["S-01"]
to = ["S-01"]
effect = "recheck"
note = "fifty days instead of a hundred"
"""


@dataclass(frozen=True)
class Kit:
    """What a regulator has: two bundles of one series, an edition of the first, an altered copy, a policy, a key."""

    bundle: Path
    newer: Path
    edition: Path
    altered: Path
    policy: Path
    key: Path


def _key(folder: Path, person: str, seed: int) -> Signer:
    """A key that is the same every time, in a file."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    path = folder / f"{person}.key"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return load_signer(path, lambda: b"")


def later_version(folder: Path) -> None:
    """The next version of the release's standard, beside the first."""
    first = (folder / "packs" / "small" / "1.0.toml").read_text()
    content = first.replace('version = "1.0"', 'version = "1.1"\nsupersedes = "1.0"', 1)
    content = content.replace("max_age_days = 100 ", "max_age_days = 50 ", 1)
    content = content.replace("There is a policy.", "There is a signed policy.")
    (folder / "packs" / "small" / "1.1.toml").write_text(content + _CHANGES)


def kit(folder: Path) -> Kit:
    """All of it, in ``folder``, made once and copied."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True)
    return _kit(folder)


def _kit(folder: Path) -> Kit:
    return Kit(
        bundle=folder / "orchard-2.zip",
        newer=folder / "orchard-2b.zip",
        edition=folder / "edition.zip",
        altered=folder / "altered.zip",
        policy=folder / "trust.toml",
        key=folder / "rae.key",
    )


@cache
def _template() -> Path:
    """The files: the lab's statements are of ``NOW`` and of an hour later, the regulator's receipt is of ``NOW``."""
    home = tempfile.TemporaryDirectory(prefix="kit-")
    atexit.register(home.cleanup)
    folder = Path(home.name)
    root, made = release(folder), _kit(folder)
    signers = {person: _key(folder, person, seed) for seed, person in enumerate(ROLES, 1)}
    policy = policies.new_policy()
    for person, role in ROLES.items():
        public = signers[person].public.openssh
        policy = policies.add_person(policy, "t", f"{person}@some.example", NAMES[person], [role], public)
    policy = policies.add_rule(policy, "t", policies.SELF_ASSESSMENT, None, {"lab-author": 1, "lab-officer": 1})
    for predicate in ("receipt/v1", "determination/v1"):
        policy = policies.add_rule(policy, "t", predicate, None, {"regulator": 1})
    pin = load(root).assessment.standards[0]
    made.policy.write_bytes(policies.add_standard(policy, "t", pin.id, pin.version, pin.sha256))
    _export(root, made.bundle, signers, NOW)
    actions.answer(load(root), "S-01", "ada", NOW, status="partly-met", statement="The policy waits for the board.")
    _export(root, made.newer, signers, NOW + dt.timedelta(hours=1))
    redact(made.bundle, made.edition, ["E-0002", "A-small.S-01"])
    _alter(made.bundle, made.altered)
    draft = declare.receipt(look_at(made.bundle, whole=True), REGULATOR, NOW)
    add_statement(made.bundle, draft.content, draft.name, [signers["rae"]])
    return folder


def _export(root: Path, out: Path, signers: dict[str, Signer], at: dt.datetime) -> None:
    counter = iter(range(1, 10_000))
    lab = [signers["ada"], signers["ben"]]
    export(load(root), out, at, "ada", signers=lab, attester="lab.example", nonce=lambda: next(counter).to_bytes(32, "big"))


def _alter(bundle: Path, altered: Path) -> None:
    """One byte of the policy's text is another."""
    shutil.copyfile(bundle, altered)
    content = bytearray(altered.read_bytes())
    content[content.index(b"Text.")] ^= 1
    altered.write_bytes(content)


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Other bytes in place of the old ones, at the same time of the last change."""
    status = path.stat()
    path.write_bytes(change(path.read_bytes()))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
