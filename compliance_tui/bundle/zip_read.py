"""Reading the strict ZIP: one walk that accepts what we write and refuses everything that readers of ZIP disagree about.

Every header is rebuilt from what it says and compared with the bytes, so no field is free. The directory is read entry by
entry: a hostile one of the largest size takes no more memory than the names in it.
"""

import os
import struct
from array import array
from collections.abc import Iterator, Mapping

from compliance_tui.bundle.names import LONGEST, check_names
from compliance_tui.bundle.zip_format import (
    CENTRAL,
    CENTRAL_MARK,
    END,
    END64,
    END64_MARK,
    END_MARK,
    LIMIT16,
    LIMIT32,
    LOCAL,
    LOCAL_MARK,
    LOCATOR,
    LOCATOR_MARK,
    central_header,
    end_records,
    local_header,
)
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

MOST_MEMBERS = 250_000
_LONGEST_ENTRY = CENTRAL.size + LONGEST + 32
_WINDOW = 1 << 20


class Members(Mapping[str, int]):
    """Paths in sorted order with their sizes; two numbers are kept for each, beside its name."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._offsets, self._sizes = array("Q"), array("Q")

    def add(self, path: str, offset: int, size: int) -> None:
        """Add one behind the others."""
        self._places[path] = len(self._offsets)
        self._offsets.append(offset)
        self._sizes.append(size)

    def offset(self, path: str) -> int:
        """Where in the ZIP the bytes of the member begin."""
        return self._offsets[self._places[path]]

    def __getitem__(self, path: str) -> int:
        return self._sizes[self._places[path]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def read_members(descriptor: int, where: str) -> Members:
    """The members of the ZIP behind ``descriptor``. Raises BrokenError ``bad-zip`` or ``bad-name``."""
    size = os.fstat(descriptor).st_size
    count, start, length, end_size = _end(descriptor, size, where)
    if start + length + end_size != size:
        raise _bad(where, message("has bytes that belong to nothing between its directory and its end"))
    if os.pread(descriptor, end_size, size - end_size) != end_records(count, length, start):
        raise _bad(where, message("its end record is not as we write it"))
    members, position, last = Members(), 0, ""
    for path, member_size, crc, offset in _entries(descriptor, start, length, count, where):
        if path <= last:
            raise _bad(where, message("its members are not in sorted order, or one stands twice"))
        if offset != position:
            raise _bad(where, message("{path} does not begin where the member before it ends", path=path))
        header = local_header(path.encode(), member_size, crc)
        if os.pread(descriptor, len(header), offset) != header:
            raise _bad(where, message("the header of {path} differs from the directory", path=path))
        members.add(path, offset + len(header), member_size)
        position, last = offset + len(header) + member_size, path
    if position != start:
        raise _bad(where, message("has bytes that belong to no member"))
    check_names(members)
    return members


def read_front(descriptor: int, where: str, until: str) -> Members:
    """The members whose names sort before ``until``, from their own headers: quick, whatever comes behind them.

    Preliminary: only ``read_members`` knows that the directory says the same. Raises BrokenError ``bad-zip`` or ``bad-name``.
    """
    members, at, last = Members(), 0, ""
    while len(members) < MOST_MEMBERS:
        head = os.pread(descriptor, LOCAL.size + LONGEST, at)
        if head[:4] != LOCAL_MARK or len(head) < LOCAL.size:
            break
        fields = LOCAL.unpack_from(head)
        crc, size, name_length, extra_length = fields[6], fields[7], fields[9], fields[10]
        name = head[LOCAL.size : LOCAL.size + name_length]
        if name >= until.encode():
            break
        if extra_length:
            raise _bad(where, message("a member in front of the items is too large to belong there"))
        header = local_header(name, size, crc)
        if head[: len(header)] != header or not name.isascii() or name.decode() <= last:
            raise _bad(where, message("the header of a member is not as we write it, or they are not in sorted order"))
        last = name.decode()
        members.add(last, at + len(header), size)
        at += len(header) + size
    check_names(members)
    return members


def _end(descriptor: int, size: int, where: str) -> tuple[int, int, int, int]:
    """Number of members, start and length of the directory, length of what follows it."""
    if size < END.size:
        raise _bad(where, message("too short to be a ZIP"))
    tail = os.pread(descriptor, END.size, size - END.size)
    mark, *_, count, length, start, comment = END.unpack(tail)
    if mark != END_MARK or comment:
        raise _bad(where, message("does not end as a ZIP of ours ends; it was cut short, or something was added"))
    end_size = END.size
    if count == LIMIT16 or LIMIT32 in (length, start):
        end_size += END64.size + LOCATOR.size
        if size < end_size:
            raise _bad(where, message("too short for its own end record"))
        wide = os.pread(descriptor, END64.size + LOCATOR.size, size - end_size)
        if wide[:4] != END64_MARK or wide[END64.size : END64.size + 4] != LOCATOR_MARK:
            raise _bad(where, message("its ZIP64 end record is missing"))
        *_, count, length, start = END64.unpack_from(wide)
    if count > MOST_MEMBERS or length > MOST_MEMBERS * _LONGEST_ENTRY:
        raise _bad(where, message("has more than {most:,} members", most=MOST_MEMBERS))
    if start + length + end_size > size:
        raise _bad(where, message("its directory lies outside of the file; it was cut short"))
    return count, start, length, end_size


def _entries(descriptor: int, start: int, length: int, count: int, where: str) -> Iterator[tuple[str, int, int, int]]:
    """Path, size, CRC-32 and offset of each entry of the directory, which must fill its place to the byte."""
    window, at, read = b"", 0, 0
    for _ in range(count):
        if len(window) - at < _LONGEST_ENTRY and read < length:
            more = os.pread(descriptor, min(_WINDOW, length - read), start + read)
            window, at, read = window[at:] + more, 0, read + len(more)
        path, size, crc, offset, at = _entry(window, at, where)
        yield path, size, crc, offset
    if at != len(window) or read != length:
        raise _bad(where, message("has bytes that belong to no member"))


def _entry(directory: bytes, at: int, where: str) -> tuple[str, int, int, int, int]:
    """Path, size, CRC-32 and offset of the entry at ``at``, and the position behind it."""
    if at + CENTRAL.size > len(directory) or directory[at : at + 4] != CENTRAL_MARK:
        raise _bad(where, message("its directory is damaged"))
    fields = CENTRAL.unpack_from(directory, at)
    crc, size, name_length, extra_length, offset = fields[7], fields[9], fields[10], fields[11], fields[16]
    name_end = at + CENTRAL.size + name_length
    end = name_end + extra_length
    name, extra = directory[at + CENTRAL.size : name_end], directory[name_end:end]
    wide = list(struct.unpack(f"<{len(extra[4:]) // 8}Q", extra[4 : 4 + len(extra[4:]) // 8 * 8]))
    if size == LIMIT32 and len(wide) >= 2:
        size = wide[0]
        wide = wide[2:]
    if offset == LIMIT32 and wide:
        offset = wide[0]
    if central_header(name, size, crc, offset) != directory[at:end]:
        raise _bad(
            where,
            message("an entry of its directory is not as we write it (compressed, encrypted, a link, a folder, a comment…)"),
        )
    try:
        return name.decode("ascii"), size, crc, offset, end
    except UnicodeDecodeError:
        raise _bad(where, message("a member's name is not ASCII")) from None


def _bad(where: str, why: str) -> BrokenError:
    return BrokenError("bad-zip", message("{where}: {reason}", where=where, reason=clean_line(why, 400)))
