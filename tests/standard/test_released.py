"""A version that was released never changes its bytes, wherever the pack is read."""

import os
from pathlib import Path

import pytest

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.toml import dump_toml
from compliance_tui.standard.load import find_pack, known_versions, versions_of
from compliance_tui.standard.released import FILE_NAME, add_release, read_releases
from tests.standard.versions import documents, put, put_all


def _release(folder: Path, version: str) -> Path:
    pack = put_all(folder)[version]
    add_release(folder, "walk", version, pack.sha256)
    return pack.path


def test_a_released_version_is_found_as_it_was(tmp_path: Path) -> None:
    path = _release(tmp_path, "1.0")
    assert find_pack("walk@1.0", [tmp_path]).path == path
    add_release(tmp_path, "walk", "1.0", find_pack("walk@1.0", [tmp_path]).sha256)
    assert (tmp_path / FILE_NAME).read_text().count("[[released]]") == 1


def test_other_bytes_under_a_released_version_are_refused_everywhere(tmp_path: Path) -> None:
    path = _release(tmp_path, "1.0")
    path.write_bytes(path.read_bytes() + b"# one word more\n")
    for look in (
        lambda: find_pack("walk@1.0", [tmp_path]),
        lambda: find_pack(str(path), []),
        lambda: known_versions([tmp_path]),
        lambda: versions_of("walk", [tmp_path])("1.0"),
    ):
        with pytest.raises(InputError, match=r"1\.0\.toml, line 1: walk 1\.0 was released with other bytes") as caught:
            look()
        assert caught.value.code == "released-otherwise"
    assert find_pack("walk@1.1", [tmp_path]).standard.version == "1.1"


def test_a_released_version_is_not_released_again_with_other_bytes(tmp_path: Path) -> None:
    _release(tmp_path, "1.0")
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(InputError, match="give the change a new version"):
        add_release(tmp_path, "walk", "1.0", "0" * 64)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_releases_are_written_in_order_whatever_the_order_they_came_in(tmp_path: Path) -> None:
    contents = []
    for number, order in enumerate((("1.0", "0.9"), ("0.9", "1.0"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for version in order:
            add_release(folder, "walk", version, version[0] * 64)
        contents.append((folder / FILE_NAME).read_bytes())
    assert contents[0] == contents[1]


def test_a_later_folder_does_not_overrule_what_an_earlier_one_released(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    pack = put(first, documents()["1.0"])
    second.mkdir()
    add_release(first, "walk", "1.0", pack.sha256)
    add_release(second, "walk", "1.0", "0" * 64)
    assert find_pack("walk@1.0", [first, second]).sha256 == pack.sha256
    forged = documents()["1.0"]
    forged["controls"][0]["statement"] = "Nothing need hold."
    other = put(second, forged)
    add_release(tmp_path / "second", "walk", "0.9", "0" * 64)
    assert read_releases([first, second])["walk", "1.0"] == pack.sha256
    with pytest.raises(InputError, match="released with other bytes"):
        find_pack(str(other.path), [first])


def test_a_pack_named_from_inside_its_own_folder_is_held_to_its_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _release(tmp_path, "1.0")
    path.write_bytes(path.read_bytes() + b"# one word more\n")
    monkeypatch.chdir(path.parent)
    with pytest.raises(InputError, match="released with other bytes"):
        find_pack("1.0.toml", [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[[released", "released.toml, line 1"),
        (dump_toml({"released": [{"id": "walk", "version": "1.0"}]}), "released[0].sha256 is missing"),
        (dump_toml({"released": [{"id": "walk", "version": "1.0", "sha256": "0" * 64, "by": "me"}]}), "released[0].by"),
        (dump_toml({"released": [{"id": "../walk", "version": "1.0", "sha256": "0" * 64}]}), "released[0].id"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_damaged_list_of_releases_is_refused_and_not_passed_over(tmp_path: Path, content: bytes, said: str) -> None:
    put_all(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(InputError) as caught:
        find_pack("walk@1.0", [tmp_path])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_of_releases_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    put_all(tmp_path)
    os.symlink("/dev/zero", tmp_path / FILE_NAME)
    with pytest.raises(InputError, match="symbolic link"):
        find_pack("walk@1.0", [tmp_path])
