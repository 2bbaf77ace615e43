"""Sealed items: an item's folder as a STORED ZIP, encrypted with age to named recipients (age-encryption.org/v1, C2SP).

age keeps a secret; it says nothing about who wrote it. What is inside is checked against the item's commitment before
anything of it is shown, and the ciphertext's digest stands in a signed delivery statement.

Three traps of the library, and what stands against each: it holds the interpreter's lock while it encrypts a file by name, so
files of our own are handed to it; it swallows an error of the last write (a full disk), so the writer remembers it and the size
is checked; it leaves partial plaintext behind on a cut ciphertext, so a file gets its name only once all of it is there.
"""

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from compliance_tui.safe.errors import BrokenError, CancelledError, InputError
from compliance_tui.safe.files import open_regular, read_bounded, writing
from compliance_tui.safe.language import message
from compliance_tui.safe.panics import panics_too
from compliance_tui.safe.text import clean_line

MARK = b"age-encryption.org/v1\n"
LARGEST_HEADER = 64 * 1024
_CHUNK, _TAG, _NONCE = 1 << 16, 16, 16
_LARGEST_KEYS = 64 * 1024
Progress = Callable[[int], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class Recipient:
    """Who can open: the public text that stands in the delivery statement, and the library's form of it."""

    text: str
    key: Any


@dataclass(frozen=True)
class Ciphertext:
    """One sealed file: where it lies, its size in bytes, its SHA-256."""

    path: Path
    size: int
    sha256: str


def _library() -> Any:
    try:
        return import_module("pyrage")
    except ImportError:
        raise InputError("missing-extra", message("sealing needs the extra: pip install 'compliance-tui[seal]'")) from None


def read_recipients(given: Sequence[str]) -> list[Recipient]:
    """The recipients that ``given`` names: each an age recipient, an ssh-ed25519 public key, or a file with lines of these.

    Raises InputError ``bad-recipient`` or ``missing-extra``.
    """
    lines: list[str] = []
    for one in given:
        if one.startswith(("age1", "ssh-")):
            lines.append(one)
            continue
        content = read_bounded(Path(one), _LARGEST_KEYS).decode("utf-8", "replace")
        found = [line.strip() for line in content.splitlines() if line.strip() and not line.startswith("#")]
        if not found:
            raise InputError("bad-recipient", message("{path}: holds no recipient", path=clean_line(one)))
        lines += found
    return [_recipient(line) for line in dict.fromkeys(lines)]


def _recipient(text: str) -> Recipient:
    library = _library()
    kind = library.ssh if text.startswith("ssh-") else library.x25519
    words = text.split()
    text = " ".join(words[:2]) if text.startswith("ssh-") else text
    try:
        if text.startswith("ssh-") and words[0] != "ssh-ed25519":
            raise library.RecipientError(message("another kind"))
        return Recipient(text, kind.Recipient.from_str(text))
    except (library.RecipientError, ValueError):
        shown = clean_line(text, 60)
        raise InputError(
            "bad-recipient", message("{shown}: not a recipient; write age1… or ssh-ed25519 …, or name a file", shown=shown)
        ) from None


def read_identities(path: Path) -> list[Any]:
    """The secret keys in ``path``: age's own file, or an OpenSSH private key without a passphrase.

    Raises InputError ``bad-identity`` or ``missing-extra``.
    """
    library = _library()
    content = read_bounded(path, _LARGEST_KEYS)
    where = clean_line(str(path))
    try:
        if b"PRIVATE KEY-----" in content:
            return [library.ssh.Identity.from_buffer(content)]
        lines = [line.strip() for line in content.decode("ascii").splitlines()]
        found = [library.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (library.IdentityError, ValueError):
        raise InputError(
            "bad-identity", message("{where}: not an age identity, nor an OpenSSH key without a passphrase", where=where)
        ) from None
    if not found:
        raise InputError("bad-identity", message("{where}: holds no identity (AGE-SECRET-KEY-1…)", where=where))
    return found


class _Writer(io.RawIOBase):
    """What the library writes to: it hashes, and remembers an error that the library might not pass on."""

    def __init__(self, target: BinaryIO, limit: int | None = None) -> None:
        self.error: Exception | None = None
        self.size, self.digest = 0, hashlib.sha256()
        self._target, self._limit = target, limit

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, content: Any) -> int:
        """Write all of it, or remember why not."""
        try:
            view = memoryview(content)
            if self._limit is not None and self.size + len(view) > self._limit:
                raise BrokenError("too-large", message("it opens to more than it can hold"))
            while view:
                written = self._target.write(view)
                self.digest.update(view[:written])
                self.size += written
                view = view[written:]
        except Exception as error:
            self.error = self.error or error
            raise
        return len(content)


class _Reader(io.RawIOBase):
    """What the library reads from: between two reads the work can be stopped, and others get their turn."""

    def __init__(self, source: BinaryIO, progress: Progress | None, cancelled: Cancelled | None) -> None:
        self.error: Exception | None = None
        self._source, self._progress, self._cancelled, self._done = source, progress, cancelled, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        try:
            if self._cancelled and self._cancelled():
                raise CancelledError
            content = self._source.read(size)
            self._done += len(content)
            if self._progress:
                self._progress(self._done)
        except Exception as error:
            self.error = self.error or error
            raise
        return content


def seal(
    source: Path,
    target: Path,
    recipients: Sequence[Recipient],
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Ciphertext:
    """Encrypt the file ``source`` to all of ``recipients`` as ``target``, durably.

    Raises InputError ``not-written`` (also where only the last bytes found no room), CancelledError; nothing is left then.
    """
    with writing(target), open_regular(source) as plain:
        size = os.fstat(plain.fileno()).st_size
        try:
            with target.open("xb", buffering=0) as file:
                done = seal_stream(plain, file, recipients, progress, cancelled)
                os.fsync(file.fileno())
            if done.size != os.stat(target).st_size or plain_size(target) != size:
                raise InputError(
                    "not-written", message("{target}: came out short; free space, and repeat", target=clean_line(str(target)))
                )
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    return Ciphertext(target, done.size, done.digest.hexdigest())


def seal_stream(
    plain: BinaryIO,
    target: BinaryIO,
    recipients: Sequence[Recipient],
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> _Writer:
    """Encrypt what ``plain`` holds into ``target``. Raises what reading or writing raised, whatever the library makes of it."""
    library = _library()
    reader, writer = _Reader(plain, progress, cancelled), _Writer(target)
    try:
        library.encrypt_io(reader, writer, [one.key for one in recipients])
    except Exception as error:
        raise reader.error or writer.error or error from None
    if writer.error or reader.error:
        raise writer.error or reader.error or OSError
    return writer


def plain_size(path: Path) -> int:
    """How many bytes a sealed file opens to, from its own size. Raises BrokenError ``bad-age`` where none would."""
    with open_regular(path) as file:
        return _plain_size(file, os.fstat(file.fileno()).st_size, clean_line(str(path)))


def _plain_size(file: BinaryIO, size: int, where: str) -> int:
    head = file.read(LARGEST_HEADER)
    file.seek(0)
    last = head.find(b"\n---")
    end = head.find(b"\n", last + 1) + 1
    if not head.startswith(MARK) or last < 0 or end <= 0:
        raise BrokenError("bad-age", message("{where}: not an age file (age-encryption.org/v1, not armoured)", where=where))
    body = size - end - _NONCE
    chunks = max(1, -(-body // (_CHUNK + _TAG)))
    plain = body - chunks * _TAG
    if plain < 0 or max(1, -(-plain // _CHUNK)) != chunks:
        raise BrokenError("bad-age", message("{where}: was cut short: no age file has this size", where=where))
    return plain


def unseal(
    sealed: BinaryIO, size: int, target: Path, identities: Sequence[Any], where: str, cancelled: Cancelled | None = None
) -> bool:
    """Open an age file of ``size`` bytes as ``target``; gives whether it was for these keys.

    The file gets its name only once all of it is there. Raises BrokenError ``bad-age`` for a damaged one.
    """
    partial = target.with_name(target.name + ".part")
    try:
        with writing(target), partial.open("xb", buffering=0) as file:
            os.fchmod(file.fileno(), 0o600)
            opened = unseal_stream(sealed, size, file, identities, where, cancelled)
        if opened is None:
            return False
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return True


def unseal_stream(
    sealed: BinaryIO, size: int, target: BinaryIO, identities: Sequence[Any], where: str, cancelled: Cancelled | None = None
) -> str | None:
    """Decrypt into ``target``; gives the SHA-256 of what was inside, or None: not for these keys.

    Raises BrokenError ``bad-age`` for a damaged file; what was written before that was noticed is no plaintext to use.
    """
    library = _library()
    expected = _plain_size(sealed, size, where)
    reader, writer = _Reader(sealed, None, cancelled), _Writer(target, expected)
    try:
        with panics_too():
            library.decrypt_io(reader, writer, list(identities))
    except (library.DecryptError, OSError, ValueError, CancelledError) as error:
        if reader.error or writer.error:
            raise reader.error or writer.error or error from None
        if isinstance(error, library.DecryptError) and "No matching keys" in str(error):
            return None
        raise BrokenError(
            "bad-age", message("{where}: does not open: damaged, or never what it is said to be", where=where)
        ) from None
    if writer.error or writer.size != expected:
        raise writer.error or BrokenError("bad-age", message("{where}: opens to less than it holds", where=where))
    return writer.digest.hexdigest()
