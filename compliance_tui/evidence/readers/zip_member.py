"""One member of a ZIP archive, unpacked within bounds, without reading the rest of the archive.

Inspect packs its logs with deflate or, since January 2026, with Zstandard (method 93), a large member in several frames.
``zipfile`` of Python before 3.14 does not know that method; and it hands a decompressor all that it has read and takes whatever
comes out, so that a kilobyte may become gigabytes before any check. Here each step has a largest output, and a member that
is larger than its directory says is refused. Format: APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.16, 4.4.5.
"""

import io
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from compliance_tui.evidence.readers.reading import refuse
from compliance_tui.safe.language import message

_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93
_LARGEST_DIRECTORY = 64 << 20
_STEP = 1 << 18
# What compresses better than this is no text that a tool wrote; small members are not worth the question.
_MOST_RATIO, _RATIO_FROM = 500, 4 << 20
_ENCRYPTED = 0x1


def directory(file: BinaryIO, name: str) -> dict[str, zipfile.ZipInfo]:
    """The members of the archive by name. Raises InputError ``unreadable-evidence`` for one that is damaged or ambiguous."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(max(0, size - (1 << 16) - 22 - 76))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        refuse(name, message("a damaged log (no directory at its end); copy it again"))
    sizes = [struct.unpack_from("<I", tail, at + 12)[0]]
    if at >= 76 and tail[at - 76 : at - 72] == b"PK\x06\x06":  # the record of more than 65,535 members
        sizes.append(struct.unpack_from("<Q", tail, at - 36)[0])
    if max(sizes) > _LARGEST_DIRECTORY:
        refuse(name, message("holds too many members"))
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        refuse(name, message("a damaged log ({reason}); copy it again", reason=str(error)[:60].lower()))
    found = {member.filename: member for member in members}
    if len(found) != len(members):
        refuse(name, message("holds two members of one name"))
    return found


class Member:
    """The unpacked bytes of one member of ``file``, to be read once, in pieces.

    Raises InputError ``unreadable-evidence`` for another packing, more than ``largest`` bytes, a bomb, damage.
    """

    def __init__(self, file: BinaryIO, info: zipfile.ZipInfo, name: str, largest: int) -> None:
        self._name = f"{name}/{info.filename}"
        if info.flag_bits & _ENCRYPTED or info.compress_type not in (_STORED, _DEFLATED, _ZSTANDARD):
            refuse(self._name, message("packed in a way that Inspect does not use"))
        if info.file_size > largest:
            refuse(self._name, message("larger than the {largest:,} bytes that are read of it", largest=largest))
        if info.file_size > _RATIO_FROM and info.file_size > _MOST_RATIO * info.compress_size:
            refuse(self._name, message("packed more tightly than any log is; it may be made to fill the memory"))
        self._info, self._crc, self._size = info, 0, 0
        self._pieces = self._unpacked(file)
        self._waiting = b""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        while not self._waiting:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._waiting = piece
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        return taken

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        pieces = _packed(file, self._info, self._name)
        unpack = {_STORED: _plain, _DEFLATED: _inflate, _ZSTANDARD: _zstandard}[self._info.compress_type]
        for piece in unpack(pieces, lambda why: refuse(self._name, message("damaged ({why}); copy the log again", why=why))):
            self._crc = zlib.crc32(piece, self._crc)
            self._size += len(piece)
            if self._size > self._info.file_size:
                refuse(self._name, message("larger than its directory says"))
            yield piece
        if (self._size, self._crc) != (self._info.file_size, self._info.CRC):
            refuse(self._name, message("damaged (its checksum is another); copy the log again"))


_Refuse = Callable[[str], None]


def _packed(file: BinaryIO, info: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    file.seek(info.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        refuse(name, message("damaged (its header is not where the directory says); copy the log again"))
    lengths = struct.unpack_from("<HH", header, 26)
    at, left = info.header_offset + 30 + sum(lengths), info.compress_size
    while left > 0:
        file.seek(at)
        content = file.read(min(left, _STEP))
        if not content:
            refuse(name, message("cut off; copy the log again"))
        at, left = at + len(content), left - len(content)
        yield content


def _plain(pieces: Iterator[bytes], _: _Refuse) -> Iterator[bytes]:
    return pieces


def _inflate(pieces: Iterator[bytes], broken: _Refuse) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in pieces:
            while piece:
                yield inflater.decompress(piece, _STEP)
                piece = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error:
        broken(message("not deflate"))


def _zstandard(pieces: Iterator[bytes], broken: _Refuse) -> Iterator[bytes]:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor, ZstdError
    else:
        from backports.zstd import ZstdDecompressor, ZstdError

    decompressor = ZstdDecompressor()
    try:
        for piece in pieces:
            while piece or not decompressor.needs_input:
                if decompressor.eof:  # the next frame
                    piece = decompressor.unused_data + piece
                    decompressor = ZstdDecompressor()
                    if not piece:
                        break
                yield decompressor.decompress(piece, _STEP)
                piece = b""
    except ZstdError:
        broken(message("not Zstandard"))
