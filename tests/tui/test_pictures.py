"""The pictures of the pages are what the pages look like. ``python -m tests.tui.pictures`` draws them anew."""

import os
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from compliance_tui.tui.app import ComplianceApp
from compliance_tui.tui.themes import CONTRAST, DARK, LIGHT
from tests.tui.contrast import faint_words
from tests.tui.pictured import AGAIN, look_as_pictured
from tests.tui.pictures import DOCS, HERE, SIZES, german_texts, pictures, texts


@pytest.mark.parametrize(
    ("size", "theme", "least"),
    [(SIZES[0], DARK.name, 4.5), (SIZES[1], LIGHT.name, 4.5), (SIZES[2], CONTRAST.name, 7.0)],
    ids=["dark", "light", "high-contrast"],
)
async def test_every_page_looks_as_it_is_pictured_and_can_be_read(
    tmp_path: Path, size: tuple[int, int], theme: str, least: float
) -> None:
    faint: dict[str, dict[str, float]] = {}

    def look(app: ComplianceApp, name: str) -> None:
        faint[name] = faint_words(app, least)

    drawn = await texts(tmp_path, size, look, theme)
    look_as_pictured(drawn, HERE, size)
    for text in drawn.values():
        assert os.fspath(tmp_path) not in text
        assert len(text.splitlines()) <= size[1]
        assert all(cell_len(line) <= size[0] for line in text.splitlines())
    assert not {name: words for name, words in faint.items() if words}


async def test_pages_in_german_look_as_they_are_pictured(tmp_path: Path) -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in (HERE / "de").glob("*.txt")}
    assert await german_texts(tmp_path) == kept, AGAIN


async def test_the_pictures_of_the_documentation_are_current(tmp_path: Path) -> None:
    drawn = await pictures(tmp_path)
    kept = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.svg")}
    assert sorted(drawn) == sorted(kept), AGAIN
    stale = [name for name, picture in drawn.items() if kept[name] != picture]
    assert not stale, f"{', '.join(stale)}: {AGAIN}"
    for name, picture in drawn.items():
        assert not re.search(r"url\(['\"]?http|href=|@import|<script", picture), name  # nothing is loaded from anywhere
        assert os.fspath(tmp_path) not in picture, name
