"""Files: only regular ones are read, links are not followed, and a write is whole or has not happened."""

import contextlib
import io
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

MEBIBYTE = 1 << 20


def _cannot(path: Path, error: OSError) -> InputError:
    reason = (error.strerror or "unknown reason").lower()
    if isinstance(error, FileNotFoundError):
        return InputError("not-found", message("{path}: no such file; check the path", path=clean_line(str(path))))
    return InputError("unreadable", message("{path}: cannot be read ({reason})", path=clean_line(str(path)), reason=reason))


def open_regular(path: Path) -> io.FileIO:
    """Open ``path`` for reading; only a regular file reached without a symbolic link in its last part.

    Raises InputError ``not-found``, ``unreadable`` or ``not-regular`` (a device, FIFO, socket, folder or link never blocks).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise InputError(
                "not-regular", message("{path}: is a symbolic link; name the file itself", path=clean_line(str(path)))
            ) from None
        raise _cannot(path, error) from None
    except ValueError:  # a NUL inside the name
        raise InputError("not-found", message("{path}: not a possible file name", path=clean_line(str(path)))) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError("not-regular", message("{path}: is not a regular file; name a file", path=clean_line(str(path))))
    return io.FileIO(descriptor, "rb")


def read_bounded(path: Path, limit: int) -> bytes:
    """All bytes of the regular file ``path``, which may hold at most ``limit`` bytes (InputError ``too-large``)."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise InputError(
                "too-large",
                message(
                    "{path}: larger than the {limit:,} bytes allowed for this kind of file",
                    path=clean_line(str(path)),
                    limit=limit,
                ),
            )
        chunks: list[bytes] = []
        left = limit + 1
        while left > 0 and (chunk := file.read(min(left, MEBIBYTE))):
            chunks.append(chunk)
            left -= len(chunk)
    if left <= 0:
        raise InputError(
            "too-large", message("{path}: grew past {limit:,} bytes while it was read", path=clean_line(str(path)), limit=limit)
        )
    return b"".join(chunks)


def fsync_folder(folder: Path | str) -> None:
    """Make the entries of ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def writing(where: Path) -> Iterator[None]:
    """Turns what the system says about a full disk or a folder that may not be written into InputError ``not-written``."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            "not-written",
            message(
                "{where}: could not be written ({reason}); nothing is half written; free space or mend the permissions, and "
                "repeat",
                where=clean_line(str(where)),
                reason=reason,
            ),
        ) from None


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o644, settle: bool = True) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` when the block ends well, and leaves no trace when it does not.

    Temporary file in the same folder, flush, fsync, rename, fsync of the folder; ``settle=False`` leaves the last step to a
    caller who has more to write first.
    """
    descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    if settle:
        fsync_folder(path.parent)


def write_atomic(path: Path, content: bytes, *, mode: int = 0o644, settle: bool = True) -> None:
    """Write ``content`` to ``path`` so that a crash at any instant leaves the old bytes or the new ones."""
    folder = os.path.dirname(path) or "."
    descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=folder)
    try:
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    if settle:
        fsync_folder(folder)


Tail = Callable[[int], bytes]


def append_line(path: Path, compose: Callable[[Tail], bytes]) -> None:
    """Append the line that ``compose`` makes, durably, in one ``write``; a torn last line of a crash is closed off first.

    ``compose`` is given a function that reads the last bytes of what is there, at most as many as asked for.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(descriptor).st_size

        def tail(count: int) -> bytes:
            return os.pread(descriptor, min(count, size), max(0, size - count))

        torn = size > 0 and tail(1) != b"\n"
        content = (b"\n" if torn else b"") + compose(tail) + b"\n"
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
