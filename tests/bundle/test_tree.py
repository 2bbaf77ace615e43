"""A folder is read as strictly as a ZIP, and each file is the one that was found first."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.bundle import tree as trees
from compliance_tui.bundle import view
from compliance_tui.bundle.tree import open_tree
from compliance_tui.bundle.verify import verify
from compliance_tui.evidence.kind import Kind, load_kinds
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


def test_a_folder_has_a_depth(bundle: Path) -> None:
    (bundle / "/".join("abcdefghi")).mkdir(parents=True)
    with pytest.raises(BrokenError, match="is nested too deep"), open_tree(bundle):
        pass


@pytest.mark.parametrize("name", ["more", "items/E-0099", "core/standards/more"])
def test_an_empty_folder_has_no_place(bundle: Path, name: str) -> None:
    (bundle / name).mkdir()
    with pytest.raises(BrokenError, match=f"{name}/ is an empty folder"), open_tree(bundle):
        pass


def test_an_empty_folder_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(BrokenError, match="it is an empty folder"), open_tree(tmp_path / "nothing"):
        pass


def test_a_folder_has_a_most_of_entries(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_MEMBERS", 5)
    with pytest.raises(BrokenError, match="more than 5 files"), open_tree(bundle):
        pass


def test_a_file_exchanged_between_the_front_and_the_whole_is_noticed(bundle: Path) -> None:
    with open_tree(bundle, front_first=True) as tree:
        assert "README.txt" in tree.front()
        assert not any(path.startswith("items/") for path in tree.front())
        shutil.copy2(bundle / "README.txt", bundle.parent / "same")
        os.replace(bundle.parent / "same", bundle / "README.txt")
        with pytest.raises(BrokenError, match=r"README\.txt changed while it was read"):
            tree.sizes()


def test_a_file_exchanged_before_it_is_opened_is_noticed(bundle: Path) -> None:
    with open_tree(bundle) as tree:
        assert tree.front() == {path: size for path, size in tree.sizes().items() if not path.startswith("items/")}
        (bundle / "README.txt").write_text((bundle / "README.txt").read_text())
        with pytest.raises(BrokenError, match=r"README\.txt changed while it was read"):
            tree.open("README.txt")


def test_a_file_taken_away_is_a_change(bundle: Path) -> None:
    with open_tree(bundle) as tree:
        tree.check_unchanged()
        (bundle / "README.txt").unlink()
        with pytest.raises(BrokenError, match=r"README\.txt changed while it was read"):
            tree.check_unchanged()


def test_what_was_handed_over_is_looked_at_once_more_too(tmp_path: Path) -> None:
    made = sample(tmp_path, withhold=True)
    done = made.export(tmp_path / "out.zip")
    given = made.root / "bundles" / done.bundle_id / "withheld/items/E-0003"

    class Kinds(dict[str, Kind]):
        def get(self, key: str, default: Any = None) -> Any:
            os.utime(given / "nonce")
            return super().get(key, default)

    found = verify(tmp_path / "out.zip", load_policy(made.policy, "t"), LATER, Kinds(load_kinds()), folders=[given])
    assert found.verdict == "broken"
    assert "changed while it was read" in line(found, "integrity")[1]
    assert made.verify(tmp_path / "out.zip", folders=[given]).verdict == "accepted"


def test_a_record_has_a_most_of_values(made: Sample, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "_MOST_VALUES_CORE", 20)
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert any("core/assessment.json holds more than 20 values" in each.reason for each in found.lines), found.lines


def test_the_labs_statement_is_about_the_manifest_of_the_core(made: Sample, bundle: Path) -> None:
    forge(bundle, made, lambda _: None, lambda statement: statement["subject"][0].update(name="core/items.sha256"))
    found = made.verify(bundle)
    assert (found.verdict, line(found, "signatures")[0]) == ("broken", "fail")
    assert "its subject is not core/SHA256SUMS" in line(found, "signatures")[1]
