"""One way to read a bundle, whether it is a folder or a ZIP. Only plain files exist in it; no link is followed.

A bundle is read in two steps: its front (everything but items) in milliseconds, then all of it. Each file is remembered as
it was found, so that one that is exchanged between two looks is noticed.
"""

import contextlib
import io
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from compliance_tui.bundle.names import DEEPEST, check_names
from compliance_tui.bundle.zip_read import MOST_MEMBERS, Members, read_front, read_members
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.files import open_regular
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

# Readers of facts look at the head of a file; hashing goes around the buffer.
_BUFFER = 1 << 16
# The folders that grow with the evidence; everything else sorts before them.
LARGE = ("items", "sealed")


class Tree(Protocol):
    """The files of a bundle by their paths."""

    where: str

    def front(self) -> Mapping[str, int]:
        """Path and size of every file outside of items, without a look at the rest; ``sizes`` confirms it."""

    def sizes(self) -> Mapping[str, int]:
        """Path and size of every file, sorted by path."""

    def open(self, path: str) -> io.BufferedReader:
        """The bytes of one file, seekable; the caller closes it."""

    def source(self, path: str) -> tuple[Path, int]:
        """The file on disk that holds the bytes, and where in it they begin."""

    def check_unchanged(self) -> None:
        """Raises BrokenError ``changed`` where a file is no longer the one that was found."""


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


def _stamp(status: os.stat_result) -> int:
    """What changes when a file is written to or exchanged: nobody can set the time of its last change of status."""
    return hash((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))


def _changed(where: str, path: str) -> BrokenError:
    return BrokenError(
        "changed", message("{where}: {path} changed while it was read; nothing can be said about it", where=where, path=path)
    )


def _is_front(path: str) -> bool:
    return path.partition("/")[0] not in LARGE


class ZipTree:
    """A bundle as a ZIP."""

    def __init__(self, path: Path, file: io.FileIO) -> None:
        self.where = clean_line(str(path))
        self._path = path
        self._descriptor = file.fileno()
        self._stamp = _stamp(os.fstat(self._descriptor))
        self._front: Members | None = None
        self._members: Members | None = None

    def front(self) -> Mapping[str, int]:
        """Path and size of every file outside of items, from their own headers."""
        if self._front is None:
            self._front = read_front(self._descriptor, self.where, until=f"{LARGE[0]}/")
        return self._front

    def sizes(self) -> Mapping[str, int]:
        """Path and size of every file, sorted by path."""
        return self._all()

    def _all(self) -> Members:
        if self._members is None:
            self._members = read_members(self._descriptor, self.where)
        return self._members

    def _holding(self, path: str) -> Members:
        return self._front if self._front is not None and path in self._front else self._all()

    def open(self, path: str) -> io.BufferedReader:
        """A window on the ZIP."""
        members = self._holding(path)
        return io.BufferedReader(Window(self._descriptor, members.offset(path), members[path]), _BUFFER)

    def source(self, path: str) -> tuple[Path, int]:
        """The ZIP, and where in it the bytes begin."""
        return self._path, self._holding(path).offset(path)

    def check_unchanged(self) -> None:
        """Raises BrokenError ``changed`` where the ZIP was written to since it was opened."""
        if _stamp(os.fstat(self._descriptor)) != self._stamp:
            raise _changed(self.where, "it")


class FolderTree:
    """A bundle as a folder."""

    def __init__(self, path: Path) -> None:
        self.where = clean_line(str(path))
        self._root = path
        self._stamps: dict[str, int] = {}
        self._front: dict[str, int] | None = None
        self._sizes: dict[str, int] | None = None

    def front(self) -> Mapping[str, int]:
        """Path and size of every file outside of items."""
        if self._front is None and self._sizes is not None:
            self._front = {path: size for path, size in self._sizes.items() if _is_front(path)}
        if self._front is None:
            self._front = self._listed(but=LARGE)
        return self._front

    def sizes(self) -> Mapping[str, int]:
        """Path and size of every file, sorted by path."""
        if self._sizes is None:
            self._sizes = self._listed()
        return self._sizes

    def _listed(self, but: tuple[str, ...] = ()) -> dict[str, int]:
        found: dict[str, int] = {}
        try:
            for path, status in self._walk(but):
                if self._stamps.setdefault(path, _stamp(status)) != _stamp(status):
                    raise _changed(self.where, path)
                found[path] = status.st_size
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise InputError(
                "unreadable", message("{where}: cannot be read ({reason})", where=self.where, reason=reason)
            ) from None
        found = dict(sorted(found.items()))
        check_names(found)
        return found

    def _walk(self, but: tuple[str, ...]) -> Iterator[tuple[str, os.stat_result]]:
        """Every plain file with what the system says of it; anything that is neither file nor folder is refused."""
        folders, count = [("", 1)], 0
        while folders:
            folder, depth = folders.pop()
            empty = True
            with os.scandir(self._root / folder) as entries:
                for entry in entries:
                    empty, count, name = False, count + 1, folder + entry.name
                    status = entry.stat(follow_symlinks=False)
                    if count > 2 * MOST_MEMBERS:
                        raise BrokenError(
                            "bad-structure",
                            message("{where}: more than {most:,} files", where=self.where, most=MOST_MEMBERS),
                        )
                    if stat.S_ISREG(status.st_mode):
                        yield name, status
                    elif not stat.S_ISDIR(status.st_mode):
                        raise BrokenError(
                            "bad-structure",
                            message("{where}: {name} is neither a file nor a folder", where=self.where, name=clean_line(name)),
                        )
                    elif depth >= DEEPEST:
                        raise BrokenError(
                            "bad-structure",
                            message("{where}: {name} is nested too deep", where=self.where, name=clean_line(name)),
                        )
                    elif name not in but:
                        folders.append((f"{name}/", depth + 1))
            if empty:
                raise BrokenError(
                    "bad-structure",
                    message("{where}: {folder} is an empty folder", where=self.where, folder=clean_line(folder) or "it"),
                )

    def open(self, path: str) -> io.BufferedReader:
        """The file, if it is still the one that was found."""
        file = open_regular(self._root / path)
        if _stamp(os.fstat(file.fileno())) != self._stamps[path]:
            file.close()
            raise _changed(self.where, path)
        return io.BufferedReader(file, _BUFFER)

    def source(self, path: str) -> tuple[Path, int]:
        """The file itself."""
        return self._root / path, 0

    def check_unchanged(self) -> None:
        """Raises BrokenError ``changed`` where a file was written to, exchanged or taken away since it was found."""
        for path, stamp in self._stamps.items():
            try:
                now = _stamp(os.lstat(self._root / path))
            except OSError:
                raise _changed(self.where, path) from None
            if now != stamp:
                raise _changed(self.where, path)


class Overlay:
    """A bundle with files of other trees put into it: items that were handed over apart."""

    def __init__(self, base: Tree, added: Mapping[str, tuple[Tree, str]]) -> None:
        self.where = base.where
        self._base, self._added = base, added
        self._sizes: dict[str, int] | None = None

    def front(self) -> Mapping[str, int]:
        """As in the bundle itself: only items are added."""
        return self._base.front()

    def sizes(self) -> Mapping[str, int]:
        """Path and size of every file, sorted by path."""
        if self._sizes is None:
            added = {path: tree.sizes()[inner] for path, (tree, inner) in self._added.items()}
            self._sizes = dict(sorted({**self._base.sizes(), **added}.items()))
        return self._sizes

    def _found(self, path: str) -> tuple[Tree, str]:
        return self._added.get(path, (self._base, path))

    def open(self, path: str) -> io.BufferedReader:
        """The file, wherever it lies."""
        tree, inner = self._found(path)
        return tree.open(inner)

    def source(self, path: str) -> tuple[Path, int]:
        """The file on disk that holds the bytes, and where in it they begin."""
        tree, inner = self._found(path)
        return tree.source(inner)

    def check_unchanged(self) -> None:
        """Raises BrokenError ``changed`` where a file is no longer the one that was found."""
        for tree in {id(tree): tree for tree, _ in [(self._base, ""), *self._added.values()]}.values():
            tree.check_unchanged()


@contextlib.contextmanager
def open_tree(path: Path, *, front_first: bool = False) -> Iterator[Tree]:
    """The bundle at ``path``. Raises InputError where there is nothing, BrokenError where its form is not a bundle's.

    With ``front_first`` the whole is only walked when its sizes are asked for, and refused then.
    """
    if path.is_dir():
        if (path / "assessment.toml").is_file() and not (path / "core").exists():
            where = clean_line(str(path))
            raise InputError(
                "not-a-bundle", message("{path}: an assessment, not a bundle; `export` makes one of it", path=where)
            )
        tree: Tree = FolderTree(path)
        if not front_first:
            tree.sizes()
        yield tree
        return
    with open_regular(path) as file:
        if os.pread(file.fileno(), 2, 0) != b"PK":
            raise InputError(
                "not-a-bundle", message("{path}: neither a bundle's ZIP nor its folder", path=clean_line(str(path)))
            )
        tree = ZipTree(path, file)
        if not front_first:
            tree.sizes()
        yield tree


def read_file(tree: Tree, path: str, limit: int) -> bytes:
    """All bytes of a small file of the bundle. Raises BrokenError ``too-large`` or ``missing``."""
    size = (tree.front() if _is_front(path) else tree.sizes()).get(path)
    if size is None:
        raise BrokenError("missing", message("{where}: {path} is missing", where=tree.where, path=clean_line(path)))
    if size > limit:
        raise BrokenError(
            "too-large",
            message("{where}: {path} is larger than the {limit:,} bytes allowed", where=tree.where, path=path, limit=limit),
        )
    with tree.open(path) as file:
        return file.read(size)
