"""One way to read a bundle, whether it is a folder or a ZIP. Only plain files exist in it; no link is followed."""

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from compliance_tui.bundle.names import check_names
from compliance_tui.bundle.zip_read import MOST_MEMBERS, ZipMember, read_members
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.files import MEBIBYTE, open_regular
from compliance_tui.safe.text import clean_line


class Tree(Protocol):
    """The files of a bundle by their paths."""

    where: str

    def sizes(self) -> dict[str, int]:
        """Path and size of every file, sorted by path."""

    def open(self, path: str) -> io.BufferedReader:
        """The bytes of one file, seekable; the caller closes it."""


class Window(io.RawIOBase):
    """A part of a file as a file of its own, read with ``pread``: threads share the descriptor."""

    def __init__(self, descriptor: int, offset: int, size: int) -> None:
        self._descriptor, self._offset, self._size, self._at = descriptor, offset, size, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes, at no cost."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The position."""
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Read at the position."""
        view = memoryview(buffer)[: max(0, self._size - self._at)]
        count = os.preadv(self._descriptor, [view], self._offset + self._at) if len(view) else 0
        self._at += count
        return count


class ZipTree:
    """A bundle as a ZIP."""

    def __init__(self, path: Path, file: io.FileIO) -> None:
        self.where = clean_line(str(path))
        self._descriptor = file.fileno()
        self._members: dict[str, ZipMember] = {one.path: one for one in read_members(self._descriptor, self.where)}

    def sizes(self) -> dict[str, int]:
        """Path and size of every file, sorted by path."""
        return {path: member.size for path, member in self._members.items()}

    def open(self, path: str) -> io.BufferedReader:
        """A window on the ZIP."""
        member = self._members[path]
        return io.BufferedReader(Window(self._descriptor, member.offset, member.size), MEBIBYTE)


class FolderTree:
    """A bundle as a folder."""

    def __init__(self, path: Path) -> None:
        self.where = clean_line(str(path))
        self._root = path
        self._sizes = dict(sorted(self._walk(path, "")))
        check_names(self._sizes)

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                name = prefix + entry.name
                status = entry.stat(follow_symlinks=False)
                if count > MOST_MEMBERS:
                    raise BrokenError("bad-structure", f"{self.where}: too many files")
                if stat.S_ISDIR(status.st_mode):
                    inside = list(self._walk(Path(entry.path), name + "/"))
                    if not inside:
                        raise BrokenError("bad-structure", f"{self.where}: {clean_line(name)} is an empty folder")
                    yield from inside
                elif stat.S_ISREG(status.st_mode):
                    yield name, status.st_size
                else:
                    raise BrokenError("bad-structure", f"{self.where}: {clean_line(name)} is neither a file nor a folder")

    def sizes(self) -> dict[str, int]:
        """Path and size of every file, sorted by path."""
        return dict(self._sizes)

    def open(self, path: str) -> io.BufferedReader:
        """The file, if it is still a plain one of the size that was found."""
        file = open_regular(self._root / path)
        if os.fstat(file.fileno()).st_size != self._sizes[path]:
            file.close()
            raise BrokenError("changed", f"{self.where}: {path} changed while it was read")
        return io.BufferedReader(file, MEBIBYTE)


@contextlib.contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """The bundle at ``path``. Raises InputError where there is nothing, BrokenError where its form is not a bundle's."""
    if path.is_dir():
        yield FolderTree(path)
        return
    with open_regular(path) as file:
        if os.pread(file.fileno(), 2, 0) != b"PK":
            raise InputError("not-a-bundle", f"{clean_line(str(path))}: neither a bundle's ZIP nor its folder")
        yield ZipTree(path, file)


def read_file(tree: Tree, path: str, limit: int) -> bytes:
    """All bytes of a small file of the bundle. Raises BrokenError ``too-large`` or ``missing``."""
    size = tree.sizes().get(path)
    if size is None:
        raise BrokenError("missing", f"{tree.where}: {clean_line(path)} is missing")
    if size > limit:
        raise BrokenError("too-large", f"{tree.where}: {path} is larger than the {limit:,} bytes allowed")
    with tree.open(path) as file:
        return file.read()


def hash_file(tree: Tree, path: str) -> str:
    """SHA-256 of one file."""
    with tree.open(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
