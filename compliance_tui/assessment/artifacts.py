"""The files of a release, known by their digests."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from compliance_tui.assessment.model import Artifact
from compliance_tui.safe.errors import CancelledError
from compliance_tui.safe.files import MEBIBYTE, open_regular
from compliance_tui.safe.model import validate
from compliance_tui.safe.text import clean_line

_STEP = 4 * MEBIBYTE


def hash_artifact(
    path: Path, progress: Callable[[int], None] | None = None, cancelled: Callable[[], bool] | None = None
) -> Artifact:
    """The file at ``path`` as an artifact. ``progress`` is given the bytes read so far. Raises InputError, CancelledError."""
    digest, done = hashlib.sha256(), 0
    buffer = memoryview(bytearray(_STEP))
    with open_regular(path) as file:
        while count := file.readinto(buffer):
            if cancelled and cancelled():
                raise CancelledError
            digest.update(buffer[:count])
            done += count
            if progress:
                progress(done)
    return validate({"name": path.name, "sha256": digest.hexdigest(), "size": done}, Artifact, clean_line(str(path)))
