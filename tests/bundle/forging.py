"""What an attacker can do to a bundle: without a key, make every manifest fit again; with the lab's keys, sign anything."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compliance_tui.bundle.attestation import attestation_members
from tests.bundle.sample import Sample


def resum(bundle: Path) -> None:
    """Make every manifest of a bundle (a folder) say what its files are."""
    for item in sorted((bundle / "items").iterdir()) if (bundle / "items").is_dir() else []:
        names = [path for path in item.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
        _write(item / "SHA256SUMS", names, bundle)
    manifests = sorted((bundle / "items").glob("*/SHA256SUMS"))
    kept = {
        row[66:]: row for row in (bundle / "core/items.sha256").read_text().splitlines(keepends=True) if _is_away(bundle, row)
    }
    rows = kept | {f"{path.relative_to(bundle)}\n": _row(path, bundle) for path in manifests}
    (bundle / "core/items.sha256").write_text("".join(rows[name] for name in sorted(rows)))
    core = [path for path in (bundle / "core").rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    _write(bundle / "core/SHA256SUMS", [bundle / "README.txt", *core], bundle)


def _is_away(bundle: Path, row: str) -> bool:
    return not (bundle / row[66:].strip()).exists()


def _row(path: Path, bundle: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bundle)}\n"


def _write(manifest: Path, names: list[Path], bundle: Path) -> None:
    manifest.write_text("".join(sorted((_row(path, bundle) for path in names), key=lambda row: row[66:])))


def sign_again(bundle: Path, made: Sample, change: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Sign a bundle (a folder) as it is now with the lab's keys, its statement changed before."""
    home = bundle / "attestations/0001"
    statement = json.loads((home / "statement.json").read_text())
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256((bundle / "core/SHA256SUMS").read_bytes()).hexdigest()
    if change:
        change(statement)
    for path in home.iterdir():
        path.unlink()
    content = (json.dumps(statement, indent=2, ensure_ascii=False) + "\n").encode()
    for member in attestation_members("", content, "self-assessment/v1", made.signers):
        assert isinstance(member.source, bytes)
        (home / member.path).write_bytes(member.source)


def forge(
    bundle: Path, made: Sample, change: Callable[[Path], object], statement: Callable[[dict[str, Any]], None] | None = None
) -> None:
    """Change files of a bundle, and sign it as if it had always been so: a lab that lies."""
    change(bundle)
    resum(bundle)
    sign_again(bundle, made, statement)
