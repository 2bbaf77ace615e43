"""Fuzzing of everything that reads a bundle: ``python -m tests.bundle.fuzz --seconds 600 [--seed N] [--only TARGET]``.

Each round takes a seed of ``corpus/`` (or of a fresh bundle), changes it at random, and reads it. A reader may refuse, with one
of the program's own errors; anything else is a finding: it is written to ``corpus/found/``, which the test suite reads again.
"""

import argparse
import hashlib
import io
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.attestation import read_apart
from compliance_tui.bundle.log_proof import LogProof
from compliance_tui.bundle.manifest import read_sums
from compliance_tui.bundle.page import page
from compliance_tui.bundle.predicates import PREDICATES
from compliance_tui.bundle.seal import read_identities, unseal_stream
from compliance_tui.bundle.state import State, fingerprint
from compliance_tui.bundle.statement import read_frame, read_predicate, read_statement
from compliance_tui.bundle.tree import open_tree
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.model import load_json_model
from compliance_tui.standard.load import load_standard
from compliance_tui.trust.dsse import read_envelope
from compliance_tui.trust.sshsig import read_ssh_signature
from tests.assessment.sample import NOW
from tests.bundle.forging import resum, sign_again
from tests.bundle.sample import Sample, sample

CORPUS = Path(__file__).resolve().parent / "corpus"
SLOW = 10.0
LARGEST = 2 * (1 << 30)
TOKENS = (
    b"\0", b'"', b"\\", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"1e999", b"-0", b"9" * 400, b"\n",
    b"\r\n", b"../", b"/", b".", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\x1b]52;c;", b"PK\x01\x02", b"PK\x03\x04",
    b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\xff\xff\xff\xff", b"2026-02-31T00:00:00Z", b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59Z",
)  # fmt: skip


def mutate(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """``content`` with some changes: bytes, pieces, numbers, tokens that readers stumble over, pieces of ``other``."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(changed) + 1)
        end = min(len(changed), at + chance.choice((1, 1, 2, 4, 16, 64, 1024)))
        match chance.randrange(8):
            case 0 if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(changed):
                changed[at] = chance.randrange(256)
            case 2:
                del changed[at:end]
            case 3:
                changed[at:at] = changed[at:end] * chance.choice((1, 2, 50))
            case 4:
                changed[at:end] = chance.choice(TOKENS)
            case 5:
                changed[at:at] = chance.choice(TOKENS)
            case 6 if other:
                start = chance.randrange(len(other))
                changed[at:end] = other[start : start + chance.choice((1, 8, 64, 512))]
            case _:
                changed = changed[:at]
    return bytes(changed)


def _manifest(content: bytes) -> None:
    read_sums(content, "x")


def _statement(content: bytes) -> None:
    framed = read_frame(content, "x")
    for model in PREDICATES.values():
        try:
            read_predicate(framed, model, "x")
        except ComplianceError:
            continue
    read_statement(content, "x")


def _state(content: bytes) -> None:
    load_json_model(content, State, "x", signed=True)


def _log(content: bytes) -> None:
    load_json_model(content, LogProof, "x", signed=True)


def _envelope(content: bytes) -> None:
    for _, signature in read_envelope(content, "x").signatures:
        fingerprint(signature)


def _sshsig(content: bytes) -> None:
    fingerprint(read_ssh_signature(content, "x").signature)


def _age(content: bytes) -> None:
    identities = read_identities(CORPUS / "age.identity")
    unseal_stream(io.BytesIO(content), len(content), io.BytesIO(), identities, "x")


def _standard(content: bytes) -> None:
    load_standard(content, "x")


def _zip(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(content)
        file.flush()
        with open_tree(Path(file.name)) as tree:
            for path in tree.sizes():
                with tree.open(path) as member:
                    member.read(10)


READERS: dict[str, Callable[[bytes], None]] = {
    "manifest": _manifest,
    "statement": _statement,
    "state": _state,
    "log": _log,
    "envelope": _envelope,
    "sshsig": _sshsig,
    "age": _age,
    "standard": _standard,
    "zip": _zip,
}


def seeds(target: str) -> list[bytes]:
    """The corpus of a target: the files whose names begin with it."""
    paths = sorted(path for path in CORPUS.iterdir() if path.is_file() and path.suffix != ".identity")
    return [path.read_bytes() for path in paths if path.name.startswith((f"{target}.", f"{target}-"))]


def refused(read: Callable[[bytes], None], content: bytes) -> bool:
    """Whether the reader refuses ``content`` as it should. Raises whatever else the reader raises."""
    try:
        read(content)
    except ComplianceError as error:
        assert "\n" not in str(error), "an error of more than one line"
        assert "\x1b" not in str(error), "an error that a terminal obeys"
        return True
    return False


@dataclass
class Bundles:
    """Whole bundles: one file is changed, with or without making manifests and signatures fit, and all is verified."""

    home: Path
    chance: random.Random
    made: Sample = field(init=False)
    whole: dict[Path, bytes] = field(init=False)
    files: list[Path] = field(init=False)

    def __post_init__(self) -> None:
        (self.home / "lab").mkdir()
        self.made = sample(self.home / "lab", withhold=True)
        self.made.export(self.home / "before.zip")  # so that there is a proof from the log's head in it
        root, owner = self.made.root, self.made.by_role["assessor"]
        actions.sign_off(load(root), "S-02", "ada", "owner", "ada", NOW, owner)
        self.made.export(self.home / "whole", folder=True)
        self.whole = self._contents(self.home / "whole")
        self.files = sorted(self.whole)

    def _contents(self, bundle: Path) -> dict[Path, bytes]:
        return {path.relative_to(bundle): path.read_bytes() for path in bundle.rglob("*") if path.is_file()}

    def round(self) -> str:
        """Change and verify once; says how it was changed. Raises where the verifier does what it must not."""
        bundle = self.home / "changed"
        shutil.rmtree(bundle, ignore_errors=True)
        shutil.copytree(self.home / "whole", bundle)
        path, other = (bundle / self.chance.choice(self.files) for _ in range(2))
        path.write_bytes(mutate(path.read_bytes(), other.read_bytes(), self.chance))
        how = self.chance.choice(("plain", "resum", "sign"))
        try:
            if how != "plain":
                resum(bundle)
            if how == "sign":
                sign_again(bundle, self.made)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError):
            how = "plain"  # the forger could not read its own forgery
        found = self.made.verify(bundle, policy=self.made.full)
        for row in page(found, "fuzzed"):
            assert not any(character < " " for character in row), "a line that a terminal obeys"
        hint = path.name.endswith(".dsse.json") and found.verdict != "broken"  # the key id in an envelope is a hint
        same = self._contents(bundle) == self.whole
        assert how == "sign" or same or hint or found.verdict == "broken", f"{how} {path} was taken for genuine"
        return f"{how} {path.relative_to(bundle)}"

    def apart(self) -> None:
        """Change a folder that is handed over, and verify the bundle with it."""
        kept = next((self.made.root / "bundles").glob("*/withheld/items/*"))
        folder = self.home / "apart"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept if self.chance.random() < 0.7 else self.home / "whole/attestations/0001", folder)
        path = self.chance.choice([path for path in sorted(folder.rglob("*")) if path.is_file()])
        before = path.read_bytes()
        path.write_bytes(mutate(before, b"", self.chance))
        if (folder / "statement.json").is_file():
            refused(lambda _: read_apart(folder) and None, b"")
            return
        try:
            found = self.made.verify(self.home / "whole", folders=[folder])
        except ComplianceError:
            return
        assert found.verdict == "broken" or path.read_bytes() == before, f"{path} was taken for the item committed to"


def rounds(seconds: float, seed: int, only: str) -> Iterator[tuple[str, bytes, BaseException, str]]:
    """Fuzz for so long; gives each finding: the target, the bytes, what was raised, a description."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    known = {name: seeds(name) for name in READERS}
    counts: dict[str, int] = dict.fromkeys((*READERS, "bundle", "apart"), 0)
    with tempfile.TemporaryDirectory() as home:
        bundles = Bundles(Path(home), chance)
        while time.monotonic() < end:
            target = only or chance.choice((*READERS, "bundle", "bundle", "apart"))
            content, begun, how = b"", time.monotonic(), ""
            try:
                if target == "bundle":
                    how = bundles.round()
                elif target == "apart":
                    bundles.apart()
                else:
                    content = mutate(chance.choice(known[target]), chance.choice(known[target]), chance)
                    if not refused(READERS[target], content) and len(known[target]) < 200:
                        known[target].append(content)  # what is read goes deeper: change it further
                assert time.monotonic() - begun < SLOW, "took too long"
            except Exception as error:
                yield target, content, error, how
            counts[target] += 1
    print(", ".join(f"{name} {count:,}" for name, count in counts.items() if count), file=sys.stderr)


def main() -> int:
    """Run; the exit status is the number of findings, at most 100."""
    import resource

    parser = argparse.ArgumentParser(prog="python -m tests.bundle.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", choices=("", *READERS, "bundle", "apart"))
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST))
    findings = 0
    for target, content, error, how in rounds(arguments.seconds, arguments.seed, arguments.only):
        findings += 1
        name = f"{target}-{hashlib.sha256(content).hexdigest()[:16]}"
        if content:
            (CORPUS / "found").mkdir(exist_ok=True)
            (CORPUS / "found" / name).write_bytes(content)
        print(f"finding {name} {how}: {type(error).__name__}: {error}", file=sys.stderr)
        traceback.print_exception(error, limit=-4, file=sys.stderr)
    print(f"{findings} findings", file=sys.stderr)
    return min(findings, 100)


if __name__ == "__main__":
    sys.exit(main())
