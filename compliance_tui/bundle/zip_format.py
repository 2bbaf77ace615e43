"""The one shape of ZIP that a bundle has (PKWARE APPNOTE 6.3.10): STORED, contiguous, sorted, dated 1980, mode 0644.

Readers of ZIP disagree about everything outside this shape, so nothing outside it is written or read.
"""

import struct

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
END64 = struct.Struct("<4sQ2H2I4Q")
LOCATOR = struct.Struct("<4sIQI")
LOCAL_MARK, CENTRAL_MARK, END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END64_MARK, LOCATOR_MARK = b"PK\x06\x06", b"PK\x06\x07"
MODE = 0o100644 << 16
DATE_1980 = (1 << 5) | 1
UNIX_45 = (3 << 8) | 45
VERSION = 45
LIMIT32 = 0xFFFFFFFF
LIMIT16 = 0xFFFF


def local_header(name: bytes, size: int, crc: int) -> bytes:
    """The header in front of a member; sizes past 4 GiB go to the ZIP64 field, which is there only then."""
    extra = struct.pack("<2H2Q", 1, 16, size, size) if size >= LIMIT32 else b""
    shown = LIMIT32 if extra else size
    fixed = LOCAL.pack(LOCAL_MARK, VERSION, 0, 0, 0, DATE_1980, crc, shown, shown, len(name), len(extra))
    return fixed + name + extra


def central_header(name: bytes, size: int, crc: int, offset: int) -> bytes:
    """The entry of the directory at the end."""
    fields = [value for value in (size, size) if size >= LIMIT32] + [offset] * (offset >= LIMIT32)
    extra = struct.pack(f"<2H{len(fields)}Q", 1, 8 * len(fields), *fields) if fields else b""
    shown = min(size, LIMIT32)
    fixed = CENTRAL.pack(
        CENTRAL_MARK, UNIX_45, VERSION, 0, 0, 0, DATE_1980, crc, shown, shown,
        len(name), len(extra), 0, 0, 0, MODE, min(offset, LIMIT32),
    )  # fmt: skip
    return fixed + name + extra


def end_records(count: int, size: int, offset: int) -> bytes:
    """What closes the file: the ZIP64 records where a number needs them, and the end of the directory."""
    end = END.pack(END_MARK, 0, 0, min(count, LIMIT16), min(count, LIMIT16), min(size, LIMIT32), min(offset, LIMIT32), 0)
    if count < LIMIT16 and size < LIMIT32 and offset < LIMIT32:
        return end
    end64 = END64.pack(END64_MARK, END64.size - 12, UNIX_45, VERSION, 0, 0, count, count, size, offset)
    return end64 + LOCATOR.pack(LOCATOR_MARK, 0, offset + size, 1) + end
