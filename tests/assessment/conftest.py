"""The answered assessment of ``walk`` 0.9, built once; each test that asks for ``root`` gets a copy of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assessment.walking import build, copy, without_fsync


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """Nothing waits for the disk: processes die in tests, not machines."""
    with without_fsync:
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template")
    with without_fsync:
        build(home)
    return home


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return copy(template, tmp_path)
