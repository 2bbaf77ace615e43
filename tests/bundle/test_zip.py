"""The strict ZIP: what stock tools read, and every archive about which readers disagree is refused."""

import hashlib
import os
import shutil
import signal
import struct
import subprocess
import sys
import textwrap
import time
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_tui.bundle import zip_read
from compliance_tui.bundle.hashing import altered_files
from compliance_tui.bundle.manifest import read_sums, write_sums
from compliance_tui.bundle.names import check_names, name_fault, safe_file_name
from compliance_tui.bundle.tree import open_tree, read_file
from compliance_tui.bundle.write import Member, write_folder, write_zip
from compliance_tui.bundle.zip_format import LIMIT32, central_header, end_records, local_header
from compliance_tui.bundle.zip_read import MOST_MEMBERS
from compliance_tui.safe.errors import BrokenError, CancelledError, InputError

FILES = {"a/one.txt": b"one", "b.bin": bytes(range(256)) * 5000, "c/d/e.json": b"{}"}


def _members(files: dict[str, bytes] = FILES) -> list[Member]:
    return [Member(path, content, len(content)) for path, content in files.items()]


def _written(folder: Path) -> Path:
    write_zip(folder / "x.zip", _members())
    return folder / "x.zip"


def test_it_is_read_back_by_us_and_by_everybody(tmp_path: Path) -> None:
    path = _written(tmp_path)
    with open_tree(path) as tree:
        assert {name: read_file(tree, name, 10**7) for name in tree.sizes()} == FILES
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(FILES)
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tq", str(path)], capture_output=True).returncode == 0


def test_the_same_members_give_the_same_bytes_from_memory_or_from_files(tmp_path: Path) -> None:
    first = _written(tmp_path).read_bytes()
    (tmp_path / "b").write_bytes(FILES["b.bin"])
    members = [Member("b.bin", tmp_path / "b", len(FILES["b.bin"])), *[one for one in _members() if one.path != "b.bin"]]
    write_zip(tmp_path / "y.zip", members)
    assert (tmp_path / "y.zip").read_bytes() == first


def test_sizes_past_four_gigabytes_are_written_as_others_read_them() -> None:
    size = LIMIT32 + 10
    header = local_header(b"x", size, 7)
    assert struct.unpack_from("<2H2Q", header, 31) == (1, 16, size, size)
    directory = central_header(b"x", size, 7, LIMIT32 + 99)
    assert struct.unpack_from("<2H3Q", directory, 47) == (1, 24, size, size, LIMIT32 + 99)
    assert len(end_records(1, 10, 10)) == 22
    assert len(end_records(70_000, 10, 10)) == 22 + 56 + 20


def test_many_members_need_the_wide_end_record(tmp_path: Path) -> None:
    write_zip(tmp_path / "x.zip", [Member(f"f/{number:05d}", b"", 0) for number in range(66_000)])
    with open_tree(tmp_path / "x.zip") as tree:
        assert len(tree.sizes()) == 66_000
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert len(archive.namelist()) == 66_000


def _archive(names: Sequence[bytes] = (b"a.txt",), **fields: int) -> bytes:
    """An archive of ours, but for 16-bit fields named by header and offset: l local, c central, b both."""
    content, directory = b"", b""
    for name in names:
        local, central = local_header(name, 1, zlib.crc32(b"x")), central_header(name, 1, zlib.crc32(b"x"), len(content))
        for where, value in fields.items():
            header, offset = where[0], int(where[1:])
            if header in "lb":
                local = local[:offset] + struct.pack("<H", value) + local[offset + 2 :]
            if header in "cb":
                shifted = offset + 2 if header == "b" else offset  # the central header has one field more in front
                central = central[:shifted] + struct.pack("<H", value) + central[shifted + 2 :]
        content += local + b"x"
        directory += central
    return content + directory + end_records(len(names), len(directory), len(content))


def _with_extra(extra: bytes, local: bool) -> bytes:
    """An archive of ours whose one member has an extra field more."""
    head, central = local_header(b"a.txt", 1, zlib.crc32(b"x")), central_header(b"a.txt", 1, zlib.crc32(b"x"), 0)
    if local:
        head = head[:28] + struct.pack("<H", len(extra)) + head[30:] + extra
    else:
        central = central[:30] + struct.pack("<H", len(extra)) + central[32:] + extra
    return head + b"x" + central + end_records(1, len(central), len(head) + 1)


def _hostile() -> dict[str, bytes]:
    clean, inner = _archive(), _archive([b"inner.txt"])
    comment = struct.pack("<H", len(inner))
    unicode_path = struct.pack("<2HBI", 0x7075, 10, 1, zlib.crc32(b"a.txt")) + b"b.txt"
    return {
        "duplicate names": _archive([b"a.txt", b"a.txt"]),
        "case": _archive([b"A.txt", b"a.txt"]),
        "unsorted": _archive([b"b.txt", b"a.txt"]),
        "traversal": _archive([b"../a.txt"]),
        "absolute": _archive([b"/a.txt"]),
        "backslash": _archive([b"a\\b.txt"]),
        "drive": _archive([b"C:a.txt"]),
        "device": _archive([b"con.txt"]),
        "not ASCII": _archive(["ä.txt".encode()]),
        "NUL in a name": _archive([b"a\0.txt"]),
        "folder entry": _archive([b"a/"]),
        "file and folder": _archive([b"a", b"a/b"]),
        "symbolic link": _archive(c40=0o120777),
        "executable": _archive(c40=0o100755),
        "compressed": _archive(b8=8),
        "encrypted": _archive(b6=1),
        "data descriptor": _archive(b6=8),
        "UTF-8 flag": _archive(b6=0x800),
        "flag in the directory only": _archive(c8=1),
        "dated": _archive(b12=0x5C21),
        "another disk": _archive(c34=1),
        "comment of a member": _archive(c32=1),
        "unicode path in the directory": _with_extra(unicode_path, local=False),
        "unicode path at the member": _with_extra(unicode_path, local=True),
        "comment": clean[:-2] + b"\1\0x",
        "archive in the comment": clean[:-2] + comment + inner,
        "local name differs": clean[:30] + b"b.txt" + clean[35:],
        "local size differs": clean[:22] + b"\2" + clean[23:],
        "local checksum differs": clean[:14] + b"\0" + clean[15:],
        "concatenated": clean + inner,
        "prefix": b"MZ" + clean,
        "suffix": clean + b"x",
        "fewer members than there are": clean[:-14] + b"\0\0\0\0" + clean[-10:],
        "cut short": clean[:-1],
        "cut in the directory": clean[:-30],
    }


def test_the_archive_that_the_hostile_ones_differ_from_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(_archive([b"a.txt", b"b.txt"]))
    with open_tree(tmp_path / "x.zip") as tree:
        assert tree.sizes() == {"a.txt": 1, "b.txt": 1}


@pytest.mark.parametrize("name", list(_hostile()))
def test_hostile_archives_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(_hostile()[name])
    with pytest.raises((BrokenError, InputError)), open_tree(path):
        pass


def test_what_another_program_wrote_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.txt", b"x")
    with pytest.raises(BrokenError), open_tree(tmp_path / "x.zip"):
        pass


def test_more_members_than_allowed_are_refused_before_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK" + b"\0" * 98 + end_records(MOST_MEMBERS + 1, 100, 0))
    with pytest.raises(BrokenError, match="more than 250,000 members"), open_tree(tmp_path / "x.zip"):
        pass


def test_the_disk_has_it_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, _name=name, _real=real: calls.append(_name) or _real(*given))
    _written(tmp_path)
    assert calls == ["fsync", "replace", "fsync"]


def test_bytes_between_members_are_refused(tmp_path: Path) -> None:
    header = local_header(b"a", 0, 0)
    directory = central_header(b"a", 0, 0, 5)
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04x" + header + directory + end_records(1, len(directory), 5 + len(header)))
    with pytest.raises(BrokenError), open_tree(tmp_path / "x.zip"):
        pass


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    header = local_header(b"a", 0, 0)
    directory = central_header(b"a", 0, 0, 0) + central_header(b"b", 0, 0, 0)
    (tmp_path / "x.zip").write_bytes(header + directory + end_records(2, len(directory), len(header)))
    with pytest.raises(BrokenError), open_tree(tmp_path / "x.zip"):
        pass


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_one_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("zip") / "x.zip"
    path.write_bytes(b"PK" + content)
    with pytest.raises(BrokenError), open_tree(path):
        pass


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    path = _written(tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="there already"):
        write_zip(path, _members())
    (tmp_path / "big").write_bytes(b"x" * 5000)
    wrong = Member("x", tmp_path / "big", 5000, "0" * 64)
    for write, target in ((write_zip, tmp_path / "new.zip"), (write_folder, tmp_path / "new")):
        with pytest.raises(BrokenError, match="no longer the bytes"):
            write(target, [wrong])
        with pytest.raises(CancelledError):
            write(target, [Member("x", tmp_path / "big", 5000)], None, lambda: True)
        with pytest.raises(InputError, match="no such file"):
            write(target, [Member("x", tmp_path / "none", 5000)])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["big", "x.zip"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("attempt", range(3))
def test_killed_while_writing_there_is_a_whole_bundle_or_none(tmp_path: Path, attempt: int) -> None:
    program = textwrap.dedent(f"""
        from pathlib import Path
        from compliance_tui.bundle.write import Member, write_zip
        source = Path({str(tmp_path / "source")!r})
        source.write_bytes(b"x" * 3_000_000)
        print("go", flush=True)
        while True:
            write_zip(Path({str(tmp_path / "x.zip")!r}), [Member("x", source, 3_000_000)], replace=True)
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.01 + 0.023 * attempt)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    if (tmp_path / "x.zip").exists():
        with open_tree(tmp_path / "x.zip") as tree:
            assert tree.sizes() == {"x": 3_000_000}


def test_folder_and_zip_have_the_same_hashes(tmp_path: Path) -> None:
    write_folder(tmp_path / "f", _members())
    with open_tree(_written(tmp_path)) as one, open_tree(tmp_path / "f") as other:
        for tree in (one, other):
            expected = {path: hashlib.sha256(content).digest() for path, content in FILES.items()}
            assert altered_files(tree, expected) == []
            assert altered_files(tree, {**expected, "a/one.txt": b"x"}) == ["a/one.txt"]


@pytest.mark.parametrize(
    "name", ["", "/a", "a//b", "a/../b", "a b", "a\nb", "é", "a.", "CON", "aux.txt", "-a", ".a", "x" * 300, "a/" * 9 + "b"]
)
def test_unsafe_names_have_a_fault(name: str) -> None:
    assert name_fault(name)


@pytest.mark.parametrize("names", [["a", "A"], ["a", "a"], ["a", "a/b"], ["x/Y", "X/y"]])
def test_names_that_would_meet_are_refused(names: list[str]) -> None:
    with pytest.raises(BrokenError):
        check_names(names)


@given(st.lists(st.text(max_size=120), max_size=20))
def test_any_original_name_becomes_a_safe_one_of_its_own(originals: list[str]) -> None:
    taken: set[str] = set()
    check_names(safe_file_name(original, taken) for original in originals)


@given(
    st.dictionaries(
        st.from_regex(r"[b-e]{1,5}/[a-z]{6,9}", fullmatch=True),
        st.binary(min_size=32, max_size=32).map(bytes.hex),
        max_size=8,
    )
)
def test_manifests_are_read_back(entries: dict[str, str]) -> None:
    content = write_sums(entries)
    assert read_sums(content, "x") == entries


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"0" * 64 + b" a\n",
        b"0" * 64 + b"  a",
        b"0" * 64 + b"  ../a\n",
        b"# x\n",
        (b"0" * 64 + b"  a\n") * 2,
        b"A" * 64 + b"  a\n",
        b"\n",
    ],
)
def test_manifests_that_we_would_not_write_are_refused(content: bytes) -> None:
    with pytest.raises(BrokenError, match=r"^x"):
        read_sums(content, "x")


def test_special_files_in_a_folder_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "f", _members())
    os.mkfifo(tmp_path / "f" / "fifo")
    with pytest.raises(BrokenError, match="neither a file nor a folder"), open_tree(tmp_path / "f"):
        pass


def _between(gap: bytes) -> bytes:
    """An archive of ours with bytes between its last member and its directory, which say where that is."""
    head = local_header(b"a.txt", 1, zlib.crc32(b"x")) + b"x"
    central = central_header(b"a.txt", 1, zlib.crc32(b"x"), 0)
    return head + gap + central + end_records(1, len(central), len(head + gap))


def _more_in_the_directory(more: bytes) -> bytes:
    """An archive of ours whose directory goes on behind the one entry that it counts."""
    head = local_header(b"a.txt", 1, zlib.crc32(b"x")) + b"x"
    central = central_header(b"a.txt", 1, zlib.crc32(b"x"), 0) + more
    return head + central + end_records(1, len(central), len(head))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (_more_in_the_directory(central_header(b"b.txt", 1, zlib.crc32(b"x"), 0)), "has bytes that belong to no member"),
        (_more_in_the_directory(b"x"), "has bytes that belong to no member"),
        (_archive()[:-2] + b"\1\0x", "does not end as a ZIP of ours ends"),
        (_archive() + b"x", "does not end as a ZIP of ours ends"),
        (b"PK", "too short to be a ZIP"),
        (b"PK\5\6" + bytes(17), "too short to be a ZIP"),
        (_between(b"hidden"), "has bytes that belong to no member"),
        (_archive()[:-18] + b"\1\0" + _archive()[-16:], "its end record is not as we write it"),
        (_archive()[:-14] + b"\2\0" + _archive()[-12:], "its end record is not as we write it"),
        (_archive()[:-22] + b"x" + _archive()[-22:], "has bytes that belong to nothing between"),
        (_archive([b"b.txt", b"a.txt"]), "not in sorted order"),
        (_archive([b"A.txt", b"a.txt"]), "differs only in case"),
        (_archive(b8=8), "not as we write it"),
    ],
)
def test_an_archive_is_refused_for_what_is_wrong_with_it(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(BrokenError, match=why), open_tree(tmp_path / "x.zip"):
        pass
    assert _between(b"") == _archive()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK" + b"\0" * 98 + end_records(1, 47, 10**6), "its directory lies outside of the file"),
        (b"PK" + b"\0" * 98 + end_records(1, 50, 50), "its directory is damaged"),
        (_archive()[:-22].replace(b"PK\1\2", b"PK\1\3") + _archive()[-22:], "its directory is damaged"),
        (b"PK" + end_records(70_000, 10, 10)[-20:], "too short for its own end record"),
        (b"PK" + bytes(100) + end_records(70_000, 10, 10)[-22:], "its ZIP64 end record is missing"),
    ],
)
def test_a_damaged_directory_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(BrokenError, match=why), open_tree(tmp_path / "x.zip"):
        pass


@pytest.mark.parametrize("size", [LIMIT32 - 1, LIMIT32, LIMIT32 + 10])
@pytest.mark.parametrize("offset", [LIMIT32 - 1, LIMIT32, LIMIT32 + 99])
def test_entries_past_four_gigabytes_are_read_back(size: int, offset: int) -> None:
    written = central_header(b"x", size, 7, offset)
    assert zip_read._entry(written, 0, "w") == ("x", size, 7, offset, len(written))


def test_a_member_past_four_gigabytes_has_no_place_in_front(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(local_header(b"a.txt", LIMIT32 + 10, 7))
    with (tmp_path / "x.zip").open("rb") as file, pytest.raises(BrokenError, match="too large to belong there"):
        zip_read.read_front(file.fileno(), "w", "items/")


def test_the_front_is_as_we_write_it(tmp_path: Path) -> None:
    for content in (_archive(l8=8), _archive(l6=1), _archive([b"b.txt", b"a.txt"]), _archive([b"a\xc3.txt"])):
        (tmp_path / "x.zip").write_bytes(content)
        with (tmp_path / "x.zip").open("rb") as file, pytest.raises(BrokenError, match="not as we write it"):
            zip_read.read_front(file.fileno(), "w", "items/")


def test_names_that_would_meet_are_refused_in_front_too(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(_archive([b"A.txt", b"a.txt"]))
    with (tmp_path / "x.zip").open("rb") as file, pytest.raises(BrokenError, match="differs only in case"):
        zip_read.read_front(file.fileno(), "w", "items/")


def test_the_front_ends_where_items_begin(tmp_path: Path) -> None:
    write_zip(tmp_path / "x.zip", _members({"core/a": b"1", "items/b": b"2", "sealed/c": b"3"}))
    with (tmp_path / "x.zip").open("rb") as file:
        assert list(zip_read.read_front(file.fileno(), "w", "items/")) == ["core/a"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/".join(["a" * 100] * 3), "is longer than 240 characters"),
        ("/".join("abcdefghi"), "is deeper than 8 folders"),
        ("a/.b", "has a part that is not made of"),
        ("a//b", "has a part that is not made of"),
        ("a/", "has a part that is not made of"),
        ("a" * 161, "has a part that is not made of"),
        ("a/b.", "has a part that ends in a dot"),
        ("a/Con.txt", "is the name of a device"),
        ("LPT1", "is the name of a device"),
        ("/".join(["a" * 79] * 3), ""),
        ("console/com10/a-.b", ""),
    ],
)
def test_what_is_wrong_with_a_name_is_said(name: str, why: str) -> None:
    assert why in name_fault(name)
    assert bool(name_fault(name)) == bool(why)


def test_names_that_are_made_are_legal_and_each_its_own() -> None:
    taken: set[str] = set()
    made = [safe_file_name(name, taken) for name in ("con.txt", "AUX", "a.txt", "A.txt", "a.txt", "x/../a.txt", "…", "")]
    assert made == ["_con.txt", "_AUX", "a.txt", "A-2.txt", "a-3.txt", "a-4.txt", "file", "file-2"]
    assert taken == {name.lower() for name in made}


def test_hashing_stops_when_it_is_told_to(tmp_path: Path) -> None:
    with open_tree(_written(tmp_path)) as tree, pytest.raises(CancelledError):
        altered_files(tree, dict.fromkeys(tree.sizes(), b""), cancelled=lambda: True)
