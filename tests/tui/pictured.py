"""What is drawn, held against the pictures that are kept."""

import difflib
from collections.abc import Mapping
from pathlib import Path

AGAIN = "look at the difference; if it is meant, run: python -m tests.tui.pictures"


def look_as_pictured(drawn: Mapping[str, str], folder: Path, size: tuple[int, int]) -> None:
    """Every page is pictured at this size, none besides, and each looks as it is pictured."""
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.glob(f"*-{size[0]}x{size[1]}.txt")}
    assert sorted(drawn) == sorted(kept), AGAIN
    for name, text in drawn.items():
        difference = "\n".join(difflib.unified_diff(kept[name].splitlines(), text.splitlines(), "kept", "drawn", lineterm=""))
        assert not difference, f"{name}: {AGAIN}\n{difference}"
