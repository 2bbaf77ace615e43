"""A store that several machines share, with what was attached or fetched here kept in a folder of this machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from compliance_tui.evidence.blob_store import Blocks, Cancelled, Progress, StoredFile, StoreFinding
from compliance_tui.evidence.object_store import ObjectStore
from compliance_tui.evidence.store import LocalStore
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.language import message


class SharedStore:
    """Bytes are taken in here first, then uploaded; the bucket is what counts, the folder spares a download."""

    def __init__(self, here: LocalStore, remote: ObjectStore) -> None:
        self.here, self.remote = here, remote

    def put_many(
        self, sources: Sequence[Path], progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> list[StoredFile]:
        """Take in files and upload them. Where the upload fails the bytes stay in the folder, and nothing may refer to them."""
        stored = self.here.put_many(sources, _half(progress, 0), cancelled)
        total = sum(one.size for one in stored)
        paths = {one.sha256: self.here.path(one.sha256) for one in stored}
        try:
            created = self.remote.push(paths, _half(progress, total), cancelled)
        except InputError as error:
            raise InputError(
                error.code,
                message(
                    "{fault} (nothing was recorded; the bytes wait in {folder})", fault=str(error), folder=self.here.folder
                ),
            ) from None
        return [StoredFile(one.sha256, one.size, one.sha256 in created) for one in stored]

    def stat(self, sha256: str) -> int | None:
        """The size of the shared object; None where it is not there."""
        return self.remote.stat(sha256)

    def open(self, sha256: str) -> BinaryIO:
        """The object for reading and seeking, from the folder or by range requests."""
        return self.here.open(sha256) if self.here.has(sha256) else self.remote.open(sha256)

    def source(self, sha256: str) -> Path | Blocks:
        """The file of this machine, or the checked bytes of the shared object."""
        return self.here.source(sha256) if self.here.has(sha256) else self.remote.source(sha256)

    def check(self, sizes: Mapping[str, int]) -> list[StoreFinding]:
        """Which shared objects are missing, or there with another size than said."""
        return self.remote.check(sizes)

    def verify(self, digests: Sequence[str], progress: Progress | None = None) -> list[StoreFinding]:
        """Hash every object: the copy that is here, else the shared one; those that are here must be there too."""
        sizes = {sha256: size for sha256 in digests if (size := self.here.stat(sha256)) is not None}
        found = self.here.verify(list(sizes), progress)
        away = [sha256 for sha256 in digests if sha256 not in sizes]
        found += self.remote.verify(away, _after(sum(sizes.values()), progress)) + self.remote.check(sizes)
        return list({finding.sha256: finding for finding in reversed(found)}.values())

    def objects(self) -> Iterator[str]:
        """The digests of all shared objects, sorted."""
        return self.remote.objects()

    def push(
        self, digests: Sequence[str], progress: Progress | None = None, hurt: Callable[[str], None] | None = None
    ) -> set[str]:
        """Upload what is here and not there, and give what is new there; digests of altered files here go to ``hurt``."""
        return self.remote.push({sha256: self.here.path(sha256) for sha256 in digests}, progress, hurt=hurt)

    def pull(self, sizes: Mapping[str, int], progress: Progress | None = None) -> tuple[list[str], list[StoreFinding]]:
        """Fetch what is not here, or here with another size. What was fetched, and what could not be."""
        done, fetched, findings = 0, [], []

        def counted(blocks: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal done
            for block in blocks:
                yield block
                done += len(block)
                if progress:
                    progress(done)

        for sha256 in [finding.sha256 for finding in self.here.check(sizes)]:
            try:
                self.here.take(sha256, counted(self.remote.blocks(sha256)))
                fetched.append(sha256)
            except BrokenError:
                findings.append(StoreFinding(sha256, "altered"))
            except InputError as error:
                if error.code != "not-found":
                    raise
                findings.append(StoreFinding(sha256, "missing"))
        return fetched, findings


def _half(progress: Progress | None, before: int) -> Progress | None:
    """Taking in and uploading are each half of the work on the same bytes."""
    return (lambda done: progress((before + done) // 2)) if progress else None


def _after(before: int, progress: Progress | None) -> Progress | None:
    return (lambda done: progress(before + done)) if progress else None
