"""Editions under one id and one set of signatures, and items that are disclosed later and prove themselves."""

import shutil
import subprocess
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.editions import disclose, redact
from compliance_tui.bundle.tree import open_tree
from compliance_tui.safe.errors import BrokenError, ComplianceError, InputError
from tests.assessment.sample import NOW
from tests.bundle.sample import Sample, line, sample


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path, withhold=True)


def _names(path: Path) -> set[str]:
    with open_tree(path) as tree:
        return set(tree.sizes())


@pytest.mark.parametrize("source", ["zip", "folder"])
@pytest.mark.parametrize("folder", [False, True])
def test_an_edition_has_the_same_id_and_the_same_signatures(tmp_path: Path, made: Sample, source: str, folder: bool) -> None:
    whole = made.export(tmp_path / "whole", folder=source == "folder")
    done = redact(tmp_path / "whole", tmp_path / "edition", ["E-0002", "A-small.S-01"], folder=folder)
    assert done.bundle_id == whole.bundle_id
    assert done.withheld == ("A-small.S-01", "E-0002", "E-0003")
    gone = _names(tmp_path / "whole") - _names(tmp_path / "edition")
    assert {name.split("/")[1] for name in gone} == {"E-0002", "A-small.S-01"}
    found = made.verify(tmp_path / "edition")
    assert (found.verdict, found.bundle_id, found.broken) == ("not-accepted", whole.bundle_id, False)
    assert found.withheld == ["A-small.S-01", "E-0002", "E-0003"]
    assert [one.outcome for one in found.lines if one.name in ("integrity", "signatures", "identity")] == ["pass"] * 3
    assert "3 withheld: A-small.S-01, E-0002, E-0003" in line(found, "completeness")[1]
    assert found.view is not None
    answer = found.view.contents.responses["small", "S-01"]
    assert (answer.status, answer.statement) == ("met", "")


def test_the_bytes_that_stay_are_the_same(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "whole", folder=True)
    redact(tmp_path / "whole", tmp_path / "edition", ["E-0002"], folder=True)
    for name in _names(tmp_path / "edition"):
        assert (tmp_path / "edition" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_an_edition_of_a_whole_bundle_at_once_and_in_steps_is_the_same(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "whole")
    redact(tmp_path / "whole", tmp_path / "one", ["E-0001", "E-0002"])
    redact(tmp_path / "whole", tmp_path / "step", ["E-0001"])
    redact(tmp_path / "step", tmp_path / "two", ["E-0002"])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("item", "why"),
    [("E-0009", "has no item"), ("../x", "has no item"), ("E-0003", "withheld already"), ("A-x", "has no item")],
)
def test_what_cannot_be_withheld_is_said(tmp_path: Path, made: Sample, item: str, why: str) -> None:
    made.export(tmp_path / "whole")
    with pytest.raises(InputError, match=why):
        redact(tmp_path / "whole", tmp_path / "edition", [item])
    assert not (tmp_path / "edition").exists()


def test_nothing_is_made_of_an_altered_bundle(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "whole", folder=True)
    (tmp_path / "whole/items/E-0002/files/canary.json").write_bytes(b"{}")
    with pytest.raises(BrokenError, match="altered"):
        redact(tmp_path / "whole", tmp_path / "edition", ["E-0001"])
    with pytest.raises(BrokenError, match="altered"):
        disclose(tmp_path / "whole", "E-0001", tmp_path / "item")
    with pytest.raises(InputError, match="already"):
        (tmp_path / "there").write_text("")
        made_again = tmp_path / "good"
        shutil.rmtree(made.root / "bundles")
        made.export(made_again)
        redact(made_again, tmp_path / "there", ["E-0001"])
    assert sorted(path.name for path in tmp_path.glob(".tmp-*")) == []


def test_what_was_withheld_at_export_is_disclosed_later_and_proves_itself(tmp_path: Path, made: Sample) -> None:
    done = made.export(tmp_path / "out.zip")
    assert made.verify(tmp_path / "out.zip").withheld == ["E-0003"]
    assert disclose(made.root, "E-0003", tmp_path / "item") == done.bundle_id
    found = made.verify(tmp_path / "out.zip", folders=[tmp_path / "item"])
    assert (found.verdict, found.withheld, found.handed) == ("accepted", [], ["E-0003"])
    assert "1 items that were handed over" in line(found, "integrity")[1]
    assert "all of them here" in line(found, "completeness")[1]


def test_what_was_redacted_comes_from_the_whole_bundle(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "whole.zip")
    redact(tmp_path / "whole.zip", tmp_path / "edition.zip", ["E-0002", "A-small.S-02"])
    folders = [tmp_path / "one", tmp_path / "two", made.root / "bundles"]
    disclose(tmp_path / "whole.zip", "E-0002", folders[0])
    disclose(tmp_path / "whole.zip", "A-small.S-02", folders[1])
    folders[2] = next(folders[2].glob("*/withheld"))  # a folder with items/… inside does, too
    found = made.verify(tmp_path / "edition.zip", folders=folders)
    assert (found.verdict, sorted(found.handed)) == ("accepted", ["A-small.S-02", "E-0002", "E-0003"])
    assert made.verify(tmp_path / "edition.zip", folders=folders[:1]).withheld == ["A-small.S-02", "E-0003"]


def test_stock_tools_prove_a_disclosed_item_too(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out", folder=True)
    disclose(made.root, "E-0003", tmp_path / "item")
    shutil.copytree(tmp_path / "item", tmp_path / "out/items/E-0003")
    script = "sha256sum --strict --ignore-missing -c core/items.sha256 && sha256sum --strict -c items/E-0003/SHA256SUMS"
    assert subprocess.run(["sh", "-c", script], cwd=tmp_path / "out", capture_output=True).returncode == 0


def _disclosed(tmp_path: Path, made: Sample) -> Path:
    made.export(tmp_path / "out.zip")
    disclose(made.root, "E-0003", tmp_path / "item")
    return tmp_path / "item"


@pytest.mark.parametrize(
    "name",
    ["a byte of the file", "a byte of the record", "another nonce", "a file more", "a file less", "sums made to fit", "a link"],
)
def test_a_folder_that_is_not_the_one_committed_to_is_refused(tmp_path: Path, made: Sample, name: str) -> None:
    item = _disclosed(tmp_path, made)
    secret = item / "files/secret.md"
    if name == "a byte of the file":
        secret.write_bytes(secret.read_bytes().replace(b"secret", b"sacred"))
    elif name == "a byte of the record":
        (item / "item.json").write_bytes((item / "item.json").read_bytes().replace(b"secret", b"sacred"))
    elif name == "another nonce":
        (item / "nonce").write_bytes(b"0" * 64 + b"\n")
    elif name == "a file more":
        (item / "files/more.md").write_text("x")
    elif name == "a file less":
        secret.unlink()
        (item / "files").rmdir()
    elif name == "sums made to fit":
        secret.write_text("another secret")
        prefix = item.parent / "items"
        (prefix).mkdir()
        shutil.copytree(item, prefix / "E-0003")
        script = "find items/E-0003 -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum > item/SHA256SUMS"
        subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True)
    else:
        secret.unlink()
        secret.symlink_to("/etc/hostname")
    found = made.verify(tmp_path / "out.zip", folders=[item])
    assert found.verdict == "broken"
    assert str(item) in line(found, "integrity")[1]
    assert found.handed == []


def test_an_item_of_another_export_is_not_this_ones(tmp_path: Path, made: Sample) -> None:
    """The nonce is another in each export: what one commits to says nothing about what another does."""
    first = made.export(tmp_path / "one.zip", nonce=lambda: b"\1" * 31 + next(numbers))
    actions.answer(load(made.root), "S-01", "ada", NOW, statement="Changed.")
    second = made.export(tmp_path / "two.zip")
    disclose(made.root, "E-0003", tmp_path / "latest")
    assert made.verify(tmp_path / "two.zip", folders=[tmp_path / "latest"]).handed == ["E-0003"]
    assert made.verify(tmp_path / "one.zip", folders=[tmp_path / "latest"]).verdict == "broken"
    disclose(made.root, "E-0003", tmp_path / "older", bundle_id=first.bundle_id[:12])
    assert made.verify(tmp_path / "one.zip", folders=[tmp_path / "older"]).handed == ["E-0003"]
    assert first.bundle_id != second.bundle_id


numbers = iter([bytes([number]) for number in range(250)])


def test_a_folder_that_is_no_item_or_is_here_already_is_said(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").write_text("x")
    disclose(tmp_path / "out.zip", "E-0001", tmp_path / "open")
    for folder, why in ((tmp_path / "other", "not an item's folder"), (tmp_path / "none", "no such folder")):
        with pytest.raises(InputError, match=why):
            made.verify(tmp_path / "out.zip", folders=[folder])
    with pytest.raises(InputError, match="in the bundle already"):
        made.verify(tmp_path / "out.zip", folders=[tmp_path / "open"])
    for source, item in ((made.root, "E-0001"), (tmp_path / "out.zip", "E-0003"), (made.root, "../../etc")):
        with pytest.raises(InputError, match=r"was not withheld|is not open|no item of it"):
            disclose(source, item, tmp_path / "x")


def test_what_the_lab_keeps_to_disclose_is_checked_too(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    kept = next((made.root / "bundles").glob("*/withheld/items/E-0003/files/*"))
    kept.write_text("altered")
    with pytest.raises(ComplianceError, match="altered"):
        disclose(made.root, "E-0003", tmp_path / "item")


def test_what_is_withheld_is_kept_before_the_bundle_exists(tmp_path: Path, made: Sample) -> None:
    """Without its nonce a withheld item could never be disclosed: a failed export may leave neither half behind."""
    (tmp_path / "out.zip").write_text("in the way")
    with pytest.raises(InputError, match="there already"):
        made.export(tmp_path / "out.zip")
    assert not any((made.root / "bundles").iterdir())


@pytest.mark.parametrize("older", [True, False])
def test_what_is_withheld_is_kept_out_of_version_control(tmp_path: Path, older: bool) -> None:
    made = sample(tmp_path, withhold=True)
    if older:  # an assessment that was begun before it was ignored, whose owner has lines of their own
        (made.root / ".gitignore").write_bytes(b".lock\nmy notes \xff")
    made.export(tmp_path / "out.zip")
    made.export(tmp_path / "again.zip")
    assert list(made.root.glob("bundles/*/withheld/items/*/files/secret.md"))
    subprocess.run(["git", "init", "-q", str(made.root)], check=True)
    subprocess.run(["git", "-C", str(made.root), "add", "-A"], check=True)
    listed = subprocess.run(["git", "-C", str(made.root), "ls-files"], check=True, capture_output=True, text=True).stdout
    assert "export.toml" in listed
    assert "withheld" not in listed
    ignored = (made.root / ".gitignore").read_bytes().splitlines()
    assert ignored.count(b"bundles/*/withheld/") == 1
    assert not older or b"my notes \xff" in ignored
