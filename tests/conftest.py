"""Everything is said in English, whatever the machine's owner speaks; a test that wants another language chooses it."""

import os
from collections.abc import Iterator

import pytest

from compliance_tui.safe.language import SOURCE, choose

# For what tests start as processes of their own, too; set before any fixture runs.
os.environ["LC_ALL"] = "C.UTF-8"
for _name in ("LANGUAGE", "COMPLIANCE_TUI_LANGUAGE"):
    os.environ.pop(_name, None)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    choose(SOURCE)
