"""Manifests: files that ``sha256sum -c`` reads, and nothing more. No comments: busybox would stumble over them."""

import io
import re
from collections.abc import Mapping

from compliance_tui.bundle.names import check_names
from compliance_tui.safe.errors import BrokenError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

LARGEST_MANIFEST = 32 * (1 << 20)
MOST_LINES = 250_000
_LINE = re.compile(rb"([0-9a-f]{64})  ([A-Za-z0-9_][A-Za-z0-9._/-]{0,239})")


def write_sums(entries: Mapping[str, str]) -> bytes:
    """The manifest of ``entries`` (path to lowercase hex SHA-256), sorted by path."""
    return "".join(f"{entries[path]}  {path}\n" for path in sorted(entries)).encode()


def read_sums(content: bytes, where: str, *, check: bool = True) -> dict[str, str]:
    """The entries of a manifest, in its order. Raises BrokenError ``bad-manifest`` for anything that we would not write.

    With ``check`` false the names are left to the caller, who has many of them and checks them later.
    """
    name = clean_line(where)
    if content and not content.endswith(b"\n"):
        raise BrokenError("bad-manifest", message("{name}: its last line has no end; it was cut short", name=name))
    entries: dict[str, str] = {}
    last = ""
    if content.count(b"\n") > MOST_LINES:
        raise BrokenError("bad-manifest", message("{name}: more than {most:,} lines", name=name, most=MOST_LINES))
    for number, line in enumerate(io.BytesIO(content), 1):
        match = _LINE.fullmatch(line[:-1])
        if match is None:
            raise BrokenError(
                "bad-manifest",
                message("{name}, line {number}: not a SHA-256, two spaces and a safe path", name=name, number=number),
            )
        path = match[2].decode()
        if path <= last:
            raise BrokenError(
                "bad-manifest", message("{name}, line {number}: not in sorted order, or doubled", name=name, number=number)
            )
        entries[path] = match[1].decode()
        last = path
    if check:
        check_names(entries)
    return entries
