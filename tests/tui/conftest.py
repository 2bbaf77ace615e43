"""Nothing of the machine's owner is read or written: no remembered theme, no key map, no list of recent folders."""

from pathlib import Path

import pytest

from compliance_tui.tui import memory
from tests.tui.bundles import Kit, kit
from tests.tui.pictures import hurry


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_TUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COMPLIANCE_TUI_KEYS", str(tmp_path / "keys.toml"))
    monkeypatch.setenv("COMPLIANCE_TUI_CONFIG", str(tmp_path / "config.toml"))
    for name in ("NO_COLOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    hurry(monkeypatch.setattr)


@pytest.fixture
def made(tmp_path: Path) -> Kit:
    return kit(tmp_path)


@pytest.fixture
def known(made: Kit) -> Kit:
    """The regulator has named the policy once."""
    memory.remember("policy", str(made.policy))
    return made
