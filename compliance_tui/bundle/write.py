"""Writing a bundle, as a strict ZIP or as a folder: all of it, or nothing.

Large files are copied by the kernel while a second thread hashes what arrived, so a digest always speaks of the bytes that
were written, and evidence that was altered in the store is caught here.
"""

import hashlib
import io
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from compliance_tui.bundle.names import check_names
from compliance_tui.bundle.zip_format import central_header, end_records, local_header
from compliance_tui.bundle.zip_read import MOST_MEMBERS
from compliance_tui.evidence.blob_store import Blocks
from compliance_tui.safe.errors import BrokenError, CancelledError, InputError
from compliance_tui.safe.files import MEBIBYTE, fsync_folder, open_regular, replacing, writing
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

_STEP = 32 * MEBIBYTE
_WRITE_OUT = 128 * MEBIBYTE
_MOST_FSYNCS = 2_000
Progress = Callable[[int], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a bundle: where it goes, its bytes, the file or the stream that gives them, and for these its known digest.

    ``offset`` says where in that file the bytes begin: a member of another ZIP is copied from where it lies.
    """

    path: str
    source: bytes | Path | Blocks
    size: int
    sha256: str | None = None
    offset: int | None = None


# The CRC-32 of a member: at once for what is small, later for what a second thread still reads.
Checksum = int | Future[int]


@dataclass(frozen=True, slots=True)
class _Placed:
    path: str
    size: int
    offset: int
    checksum: Checksum


def write_zip(
    target: Path,
    members: Sequence[Member],
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    *,
    replace: bool = False,
) -> None:
    """Write ``members`` as the strict ZIP ``target``; the same members give the same bytes.

    Raises InputError ``exists`` unless ``replace``, BrokenError ``evidence-altered`` where a file is not what its digest
    says, CancelledError. Nothing is left behind then.
    """
    ordered = _ordered(members)
    if target.exists() and not replace:
        raise InputError("exists", message("{target}: is there already; choose another name", target=clean_line(str(target))))
    with writing(target), replacing(target) as file, ThreadPoolExecutor(3) as pool:
        descriptor, position, done = file.fileno(), 0, 0
        placed: list[_Placed] = []
        unwritten = 0
        for member in ordered:
            header = len(local_header(member.path.encode(), member.size, 0))
            data = position + header
            checksum = _place(descriptor, data, member, pool, _after(done, progress), cancelled)
            placed.append(_Placed(member.path, member.size, position, checksum))
            position, done, unwritten = data + member.size, done + member.size, unwritten + member.size
            if unwritten >= _WRITE_OUT:  # let the disk begin, so that the last fsync is short
                unwritten = 0
                pool.submit(os.fdatasync, descriptor)
        _finish(descriptor, placed, position)


def _finish(descriptor: int, placed: Sequence[_Placed], position: int) -> None:
    directory = []
    for one in placed:
        crc, name = _known(one.checksum), one.path.encode()
        os.pwrite(descriptor, local_header(name, one.size, crc), one.offset)
        directory.append(central_header(name, one.size, crc, one.offset))
    content = b"".join(directory)
    content += end_records(len(placed), len(content), position)
    while content:
        written = os.pwrite(descriptor, content, position)
        content, position = content[written:], position + written


def write_folder(
    target: Path,
    members: Sequence[Member],
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    *,
    beside: Path | None = None,
) -> None:
    """Write ``members`` as the folder ``target``, which must not exist. Raises as ``write_zip``.

    It grows in ``beside``, on the same disk (default: beside the target), and is then moved to its place.
    """
    ordered = _ordered(members)
    if target.exists():
        raise InputError("exists", message("{target}: is there already; choose another name", target=clean_line(str(target))))
    with writing(target):
        temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=beside or target.parent))
        # Each fsync waits for the disk: of a hundred thousand small files, one sync of everything is a hundred times quicker.
        one_by_one = len(ordered) <= _MOST_FSYNCS
        try:
            done = 0
            with ThreadPoolExecutor(3) as pool:
                for member in ordered:
                    path = temporary / member.path
                    path.parent.mkdir(parents=True, exist_ok=True)
                    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
                    try:
                        _known(_place(descriptor, 0, member, pool, _after(done, progress), cancelled))
                        if one_by_one or member.size >= MEBIBYTE:
                            os.fsync(descriptor)
                    finally:
                        os.close(descriptor)
                    done += member.size
            if one_by_one:
                for folder, _, _ in os.walk(temporary):
                    fsync_folder(Path(folder))
            else:
                os.sync()
            temporary.chmod(0o755)
            temporary.rename(target)
            fsync_folder(target.parent)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def _ordered(members: Sequence[Member]) -> list[Member]:
    if len(members) > MOST_MEMBERS:
        most = message(
            "a bundle holds at most {most:,} files, this would be {number:,}; pack some of the evidence",
            most=MOST_MEMBERS,
            number=len(members),
        )
        raise InputError("too-many", most)
    ordered = sorted(members, key=lambda member: member.path)
    check_names(member.path for member in ordered)
    return ordered


def _after(done: int, progress: Progress | None) -> Progress | None:
    return (lambda more: progress(done + more)) if progress else None


def _place(
    descriptor: int,
    at: int,
    member: Member,
    pool: ThreadPoolExecutor,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> Checksum:
    """Put the member's bytes at ``at``; gives their CRC-32, once their SHA-256 proved right."""
    if isinstance(member.source, bytes):
        _write_all(descriptor, member.source, at)
        return zlib.crc32(member.source)
    if isinstance(member.source, Path) and member.size < MEBIBYTE:
        content = _small(member, member.source)
        _write_all(descriptor, content, at)
        if cancelled and cancelled():
            raise CancelledError
        if progress:
            progress(member.size)
        return zlib.crc32(content)
    if isinstance(member.source, Path):
        _copy(descriptor, at, member, member.source, pool, progress, cancelled)
    else:
        _stream(descriptor, at, member, member.source(), progress, cancelled)
    return pool.submit(_checksum, descriptor, at, member)


def _known(checksum: Checksum) -> int:
    return checksum if isinstance(checksum, int) else checksum.result()


def _begin(member: Member, file: io.FileIO) -> int:
    """Where in the file the member's bytes begin, once the file proved to be as long as it was."""
    size, start = os.fstat(file.fileno()).st_size, member.offset or 0
    if size < start + member.size or (member.offset is None and size != member.size):
        raise _altered(member)
    return start


def _small(member: Member, source: Path) -> bytes:
    """All bytes of a small member, checked: quicker than two more threads for it."""
    with open_regular(source) as file:
        content = os.pread(file.fileno(), member.size, _begin(member, file))
    if len(content) != member.size or (member.sha256 is not None and hashlib.sha256(content).hexdigest() != member.sha256):
        raise _altered(member)
    return content


def _stream(
    descriptor: int, at: int, member: Member, blocks: Iterator[bytes], progress: Progress | None, cancelled: Cancelled | None
) -> None:
    copied = 0
    for block in blocks:
        if cancelled and cancelled():
            raise CancelledError
        if copied + len(block) > member.size:
            raise _altered(member)
        _write_all(descriptor, block, at + copied)
        copied += len(block)
        if progress:
            progress(copied)
    if copied != member.size:
        raise _altered(member)


def _write_all(descriptor: int, content: bytes, at: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written


def _copy(
    descriptor: int,
    at: int,
    member: Member,
    source: Path,
    pool: ThreadPoolExecutor,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> None:
    with open_regular(source) as file:
        start, copied = _begin(member, file), 0
        while copied < member.size:
            if cancelled and cancelled():
                raise CancelledError
            count = _copy_some(file.fileno(), start + copied, descriptor, at + copied, min(_STEP, member.size - copied))
            if count == 0:
                raise _altered(member)
            copied += count
            if copied // _WRITE_OUT > (copied - count) // _WRITE_OUT:
                pool.submit(os.fdatasync, descriptor)
            if progress:
                progress(copied)


def _copy_some(source: int, start: int, target: int, at: int, count: int) -> int:
    try:
        return os.copy_file_range(source, target, count, start, at)
    except OSError as error:
        import errno

        if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        chunk = os.pread(source, min(count, MEBIBYTE), start)
        _write_all(target, chunk, at)
        return len(chunk)


def _checksum(descriptor: int, at: int, member: Member) -> int:
    digest, crc, left = hashlib.sha256(), 0, member.size
    buffer = memoryview(bytearray(max(1, min(MEBIBYTE, member.size))))
    while left > 0:
        count = os.preadv(descriptor, [buffer[: min(left, len(buffer))]], at)
        if count == 0:
            raise _altered(member)
        digest.update(buffer[:count])
        crc = zlib.crc32(buffer[:count], crc)
        at, left = at + count, left - count
    if member.sha256 is not None and digest.hexdigest() != member.sha256:
        raise _altered(member)
    return crc


def _altered(member: Member) -> BrokenError:
    where = clean_line(str(member.source) if isinstance(member.source, Path) else member.path)
    if member.offset is not None:
        return BrokenError(
            "altered", message("{where}: {member} was altered; nothing was written", where=where, member=member.path)
        )
    return BrokenError(
        "evidence-altered",
        message(
            "{where}: no longer the bytes that were attached (for {member}); `compliance-tui evidence verify` says which "
            "items are hurt",
            where=where,
            member=member.path,
        ),
    )
