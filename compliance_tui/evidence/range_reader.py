"""A file behind a network, read by ranges: seeks cost nothing, and what was fetched a moment ago is not fetched again."""

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from compliance_tui.safe.language import message

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 512 * 1024
_MOST_KEPT = 32
_MOST_AHEAD = 16
Fetch = Callable[[int, int], bytes]


class RangeReader(io.RawIOBase):
    """Reads ``size`` bytes through ``fetch(start, end)``, in blocks that are counted from the end.

    What is read first of an archive is its tail, so that the tail should be one whole block. Reading on in one direction
    fetches ever more at once, up to 8 MiB; at most 16 MiB are kept.
    """

    def __init__(self, fetch: Fetch, size: int) -> None:
        super().__init__()
        self._fetch, self._size, self._position = fetch, size, 0
        self._first = size % BLOCK or BLOCK  # the length of the block at the beginning
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._next, self._ahead = -1, 1

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; no request is made. Raises ValueError for a place before the beginning."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(message("a place before the beginning of the file"))
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill ``buffer``, or less at the end."""
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._size - self._position))
        done = 0
        while done < wanted:
            block, start = self._place(self._position)
            content = self._block(block)
            taken = memoryview(content)[self._position - start :][: wanted - done]
            view[done : done + len(taken)] = taken
            done += len(taken)
            self._position += len(taken)
        return done

    def _place(self, position: int) -> tuple[int, int]:
        """The block that holds ``position``, and where it begins."""
        if position < self._first:
            return 0, 0
        block = (position - self._first) // BLOCK + 1
        return block, self._first + (block - 1) * BLOCK

    def _block(self, block: int) -> bytes:
        if block in self._kept:
            self._kept.move_to_end(block)
            return self._kept[block]
        self._ahead = min(2 * self._ahead, _MOST_AHEAD) if block == self._next else 1
        start = 0 if block == 0 else self._first + (block - 1) * BLOCK
        end = min(self._size, self._first + (block + self._ahead - 1) * BLOCK)
        content = self._fetch(start, end)
        if len(content) != end - start:
            raise OSError(message("asked for {end} bytes, got {number}", end=end - start, number=len(content)))
        at, self._next = 0, block
        while at < len(content):
            length = self._first if self._next == 0 else BLOCK
            self._kept[self._next] = content[at : at + length]
            at, self._next = at + length, self._next + 1
        wanted = self._kept[block]
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return wanted
