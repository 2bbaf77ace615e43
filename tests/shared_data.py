"""Public files to try things on, kept beside the checkout and not inside it; a test that wants one is skipped without it."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(name: str) -> Path:
    """The shared file or folder ``name``; skips the calling test where it is absent."""
    path = _SHARED / name
    if not path.exists():
        pytest.skip(f"the public file {name} is not beside this checkout")
    return path
