"""What has a place in a bundle and what has not, also where the lab itself signed it so."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance_tui.bundle import structure
from compliance_tui.bundle.attestation import attested_files
from compliance_tui.bundle.verdict import Verification
from compliance_tui.bundle.verify import verify
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.safe.errors import BrokenError
from compliance_tui.trust.policy import load_policy
from tests.bundle.forging import forge
from tests.bundle.sample import LATER, Sample, line, sample


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture
def bundle(made: Sample, tmp_path: Path) -> Path:
    made.export(tmp_path / "out", folder=True)
    return tmp_path / "out"


def _listed(bundle: Path, name: str) -> None:
    """One more item that the core commits to, and that is not there."""
    path = bundle / "core/items.sha256"
    rows = [*path.read_text().splitlines(), f"{'0' * 64}  items/{name}/SHA256SUMS"]
    path.write_text("".join(f"{row}\n" for row in sorted(rows, key=lambda row: row[66:])))
    core = json.loads((bundle / "core/assessment.json").read_text())
    core["items"] = sorted([*core["items"], name])
    (bundle / "core/assessment.json").write_text(json.dumps(core))


def _twin_of_an_item_in_capitals(bundle: Path) -> None:
    _listed(bundle, "A-SMALL.S-01")


def _no_nonce(bundle: Path) -> None:
    (bundle / "items/E-0001/nonce").unlink()


def _no_record(bundle: Path) -> None:
    (bundle / "items/E-0001/item.json").unlink()


def _one_more_file(bundle: Path) -> None:
    (bundle / "items/E-0001/more.txt").write_text("x")


def _a_folder_in_files(bundle: Path) -> None:
    (bundle / "items/E-0001/files/deep").mkdir()
    (bundle / "items/E-0001/files/deep/more.txt").write_text("x")


def _no_assessment(bundle: Path) -> None:
    (bundle / "core/assessment.json").unlink()


def _capitals_in_the_core(bundle: Path) -> None:
    (bundle / "core/Notes").write_text("x")


def _a_folder_in_the_core(bundle: Path) -> None:
    (bundle / "core/more").mkdir()
    (bundle / "core/more/notes").write_text("x")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_twin_of_an_item_in_capitals, "differs only in case"),
        (_no_nonce, "lists no nonce, or no item.json"),
        (_no_record, "lists no nonce, or no item.json"),
        (_one_more_file, "items/E-0001/more.txt has no place in an item"),
        (_a_folder_in_files, "has no place in an item"),
        (_no_assessment, "does not list the core files"),
        (_capitals_in_the_core, "core/Notes, which has no place in a core"),
        (_a_folder_in_the_core, "which has no place in a core"),
    ],
)
def test_what_the_lab_signed_has_the_form_of_a_bundle_all_the_same(
    made: Sample, bundle: Path, change: Callable[[Path], None], reason: str
) -> None:
    forge(bundle, made, change)
    found = made.verify(bundle)
    assert (found.verdict, line(found, "structure")[0]) == ("broken", "fail")
    assert reason in line(found, "structure")[1]


def test_a_core_without_the_list_of_items_is_none(made: Sample, bundle: Path) -> None:
    sums = bundle / "core/SHA256SUMS"
    sums.write_text("".join(row for row in sums.read_text().splitlines(keepends=True) if "items.sha256" not in row))
    assert "does not list the core files" in line(made.verify(bundle), "structure")[1]


def test_an_item_without_its_manifest_is_not_taken_for_withheld(made: Sample, bundle: Path) -> None:
    (bundle / "items/E-0001/SHA256SUMS").unlink()
    found = made.verify(bundle)
    assert (found.verdict, line(found, "structure")[0]) == ("broken", "fail")
    assert "items/E-0001 is there without its manifest" in line(found, "structure")[1]


def test_a_manifest_names_files_of_its_own_item_only(made: Sample, bundle: Path) -> None:
    def change(folder: Path) -> None:
        manifest, other = folder / "items/E-0001/SHA256SUMS", folder / "items/E-0002/SHA256SUMS"
        stranger = next(row for row in other.read_text().splitlines(keepends=True) if "nonce" in row)
        manifest.write_text(manifest.read_text() + stranger)

    change(bundle)
    found = made.verify(bundle)
    assert found.verdict == "broken"
    with pytest.raises(BrokenError, match="a file of another item"):
        structure._explain("E-0001", "m", {"items/E-0002/nonce": "0"}, [])


def test_there_is_a_most_of_everything(made: Sample, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "MOST_ITEMS", 3)
    found = made.verify(bundle)
    assert "lists more than 3 items" in line(found, "structure")[1]
    monkeypatch.undo()
    monkeypatch.setattr(structure, "_LARGEST_CORE", 5000)
    found = made.verify(bundle)
    assert "the core is larger than the 5,000 bytes allowed" in line(found, "structure")[1]


def test_the_core_is_told_before_items_are_looked_at(made: Sample, bundle: Path) -> None:
    told: list[list[str]] = []

    def core_known(found: Verification) -> None:
        told.append([one.name for one in found.lines])
        shutil.rmtree(bundle / "items")  # nothing of it was needed so far

    verify(bundle, load_policy(made.policy, "t"), LATER, load_kinds(), core_known=core_known)
    assert told == [["signatures", "identity", "time", "standard", "freshness"]]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        (lambda b: _flip(b / "core/readiness.json"), "integrity", "its SHA-256 is not the one in core/SHA256SUMS"),
        (lambda b: _flip(b / "README.txt"), "integrity", "README.txt was altered"),
        (lambda b: (b / "core/readiness.json").unlink(), "structure", "core/readiness.json is missing"),
        (lambda b: (b / "core/SHA256SUMS").unlink(), "structure", "core/SHA256SUMS"),
        (lambda b: (b / "items/E-0001/nonce").unlink(), "structure", "items/E-0001/nonce is missing"),
        (lambda b: (b / "items/E-0001/more").write_text(""), "structure", "items/E-0001/more is in no manifest; it was added"),
        (lambda b: (b / "more").write_text(""), "structure", "more is in no manifest; it was added"),
        (lambda b: _flip(b / "items/E-0001/SHA256SUMS"), "integrity", "is not the one that core/items.sha256 commits to"),
    ],
)
def test_the_reason_names_the_file_and_what_is_wrong_with_it(
    made: Sample, bundle: Path, change: Callable[[Path], None], name: str, reason: str
) -> None:
    change(bundle)
    found = made.verify(bundle)
    assert (found.verdict, line(found, name)[0]) == ("broken", "fail")
    assert reason in line(found, name)[1]
    if "items" not in reason and reason != "more is in no manifest; it was added":
        assert line(found, "signatures") == ("unknown", "not reached")  # of an altered core nothing is believed


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("attestations/0001/statement.json", 64 * 1024),
        ("items/E-0001/nonce", 65),
        ("core/log.json", 512 * 1024),
    ],
)
def test_each_file_has_its_largest_size(made: Sample, bundle: Path, name: str, size: int) -> None:
    (bundle / name).write_bytes(b"\n" * (size + 1))
    if name.startswith("core"):
        forge(bundle, made, lambda _: None)
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert any(f"{name} is larger than the {size:,} bytes allowed" in each.reason for each in found.lines), found.lines


def _attested(*names: str, size: int = 1) -> dict[str, int]:
    return {f"attestations/{name}": size for name in names}


SIGNATURE = "0123456789abcdef.sshsig"


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ({}, "attestations/0001/statement.json is missing"),
        (_attested(f"0001/{SIGNATURE}"), "attestations/0001/statement.json is missing"),
        (_attested("0002/statement.json"), "attestations/0001 is missing: the attestations are numbered without gaps"),
        (_attested("0001/statement.json", "0003/statement.json"), "attestations/0002 is missing"),
        (_attested("0001/statement.json", "0001/notes.txt"), "0001/notes.txt has no place among the attestations"),
        (_attested("0001/statement.json", "0001/a/statement.json"), "has no place"),
        (_attested("0001/statement.json", f"0001/{SIGNATURE}.1.tsr"), "has no place"),
        (_attested("0001/statement.json", f"0001/{SIGNATURE}.10.tsr"), "has no place"),
        (_attested("0001/statement.json", f"0001/{SIGNATURE.upper()}"), "has no place"),
        (_attested("1/statement.json"), "has no place"),
        (_attested(*(f"{n:04d}/statement.json" for n in range(1, 102))), "holds more than 100 attestations"),
        (_attested("0001/statement.json", *(f"0001/{n:016x}.sshsig" for n in range(320))), "holds more than 320 files"),
        (_attested("0001/statement.json", size=(16 << 20) + 1), "more than anybody states"),
        (_attested(*(f"{n:05d}" for n in range(32_001))), "more than anybody states"),
    ],
)
def test_the_attestations_are_numbered_few_and_nothing_else(sizes: dict[str, int], reason: str) -> None:
    with pytest.raises(BrokenError, match=reason):
        attested_files(sizes)


def test_as_many_attestations_as_there_may_be_are_read() -> None:
    many = [f"{n:04d}/statement.json" for n in range(1, 101)]
    tokens = [f"0001/{SIGNATURE}{number}.tsr" for number in ("", *(f".{n}" for n in range(2, 10)))]
    signatures = [f"0001/{n:016x}.dsse.json" for n in range(310)]
    found = attested_files(_attested(*sorted([*many, *tokens, *signatures])))
    assert len(found) == 100
    assert len(found["attestations/0001"]) == 320


@pytest.mark.parametrize(
    "path", ["items/E-0001/nonce", "items/x/SHA256SUMS", "items/E-0001/files/SHA256SUMS", "core/SHA256SUMS"]
)
def test_the_list_of_items_names_manifests_only(path: str) -> None:
    with pytest.raises(BrokenError, match=f"{path} is not the manifest of an item"):
        structure.read_commitments(f"{'0' * 64}  {path}\n".encode())
