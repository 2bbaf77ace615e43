"""Reading the strict ZIP: one walk that accepts what we write and refuses everything that readers of ZIP disagree about.

Every header is rebuilt from what it says and compared with the bytes, so no field is free.
"""

import os
import struct
from dataclasses import dataclass

from compliance_tui.bundle.names import check_names
from compliance_tui.bundle.zip_format import (
    CENTRAL,
    CENTRAL_MARK,
    END,
    END64,
    END64_MARK,
    END_MARK,
    LIMIT16,
    LIMIT32,
    LOCATOR,
    LOCATOR_MARK,
    central_header,
    end_records,
    local_header,
)
from compliance_tui.safe.errors import BrokenError

MOST_MEMBERS = 1_000_000
_MOST_DIRECTORY = 400 * (1 << 20)


@dataclass(frozen=True)
class ZipMember:
    """Where the bytes of one member lie."""

    path: str
    offset: int
    size: int
    crc: int


def read_members(descriptor: int, where: str) -> list[ZipMember]:
    """The members of the ZIP behind ``descriptor``. Raises BrokenError ``bad-zip``."""
    size = os.fstat(descriptor).st_size
    count, start, length, end_size = _end(descriptor, size, where)
    if start + length + end_size != size:
        raise _bad(where, "has bytes that belong to nothing between its directory and its end")
    if os.pread(descriptor, end_size, size - end_size) != end_records(count, length, start):
        raise _bad(where, "its end record is not as we write it")
    directory = os.pread(descriptor, length, start)
    members, at, position, last = [], 0, 0, ""
    for _ in range(count):
        path, member_size, crc, offset, at = _entry(directory, at, where)
        if path <= last:
            raise _bad(where, "its members are not in sorted order, or one stands twice")
        if offset != position:
            raise _bad(where, f"{path} does not begin where the member before it ends")
        header = local_header(path.encode(), member_size, crc)
        if os.pread(descriptor, len(header), offset) != header:
            raise _bad(where, f"the header of {path} differs from the directory")
        members.append(ZipMember(path, offset + len(header), member_size, crc))
        position, last = offset + len(header) + member_size, path
    if at != length or position != start:
        raise _bad(where, "has bytes that belong to no member")
    check_names(member.path for member in members)
    return members


def _end(descriptor: int, size: int, where: str) -> tuple[int, int, int, int]:
    """Number of members, start and length of the directory, length of what follows it."""
    if size < END.size:
        raise _bad(where, "too short to be a ZIP")
    tail = os.pread(descriptor, END.size, size - END.size)
    mark, *_, count, length, start, comment = END.unpack(tail)
    if mark != END_MARK or comment:
        raise _bad(where, "does not end as a ZIP of ours ends; it was cut short, or something was added")
    end_size = END.size
    if count == LIMIT16 or LIMIT32 in (length, start):
        end_size += END64.size + LOCATOR.size
        if size < end_size:
            raise _bad(where, "too short for its own end record")
        wide = os.pread(descriptor, END64.size + LOCATOR.size, size - end_size)
        if wide[:4] != END64_MARK or wide[END64.size : END64.size + 4] != LOCATOR_MARK:
            raise _bad(where, "its ZIP64 end record is missing")
        *_, count, length, start = END64.unpack_from(wide)
    if count > MOST_MEMBERS or length > _MOST_DIRECTORY:
        raise _bad(where, f"has more than {MOST_MEMBERS:,} members")
    if start + length + end_size > size:
        raise _bad(where, "its directory lies outside of the file; it was cut short")
    return count, start, length, end_size


def _entry(directory: bytes, at: int, where: str) -> tuple[str, int, int, int, int]:
    """Path, size, CRC-32 and offset of the entry at ``at``, and the position behind it."""
    if at + CENTRAL.size > len(directory) or directory[at : at + 4] != CENTRAL_MARK:
        raise _bad(where, "its directory is damaged")
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
            "an entry of its directory is not as we write it (compressed, encrypted, a link, a folder, a comment…)",
        )
    try:
        return name.decode("ascii"), size, crc, offset, end
    except UnicodeDecodeError:
        raise _bad(where, "a member's name is not ASCII") from None


def _bad(where: str, why: str) -> BrokenError:
    return BrokenError("bad-zip", f"{where}: {why}")
