"""The rating page: the attached register's entries, what is due, what people raised, scales beside it; trying values."""

import json
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.shipped import shipped
from compliance_tui.tui.rating import EntryList, Place
from compliance_tui.tui.reading import Text
from compliance_tui.tui.trying import QuestionList
from tests.assessment.sample import NOW, start
from tests.tui.driving import Driver, driving

SAMPLE = shipped("evidence") / "jailbreak-register" / "jailbreak-register.json"


def _with_register(folder: Path, entry: int = 3, **changed: Any) -> Path:
    document = json.loads(SAMPLE.read_bytes())
    document["entries"][entry] |= changed
    (folder / "register.json").write_text(json.dumps(document))
    root = start(folder)
    attach(load(root), [folder / "register.json"], [], "ci", NOW)
    return root


def _bytes(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".cache" not in path.parts}


def _told(it: Driver) -> str:
    """Everything on the right, seen or not."""
    return it.app.screen.query_one("#right", Text).plain


async def test_the_page_begins_with_the_open_entry_and_says_what_is_left_to_do(tmp_path: Path) -> None:
    async with driving(_with_register(tmp_path), (140, 45)) as it:
        await it.press("k")
        assert "4 entries, 1 open   highest open: J2 Moderate" in it.text
        assert "JB-2026-04  Tool output carries a bypass of several classes" in it.text
        assert "30 d left" in it.text
        told = _told(it)
        assert "base       57  J2 Moderate" in told
        assert "residual   42  J2 Moderate   detection swept -5, fix interim -10" in told
        assert "fix proven        by 2026-12-24 12:30, 30 d 0 h left" in told
        assert "● 3  30  A part of a serious attack can be relied on" in told
        assert "○ 4  40  Work of an expert's grade" in told
        assert "● interim -10" in told


async def test_clocks_that_are_over_and_outside_scales_are_said_of_the_entry_they_belong_to(tmp_path: Path) -> None:
    levels = {"capability-gain": 3, "breadth": 1.5, "weaponisation": 1.5, "discoverability": 1}
    cjs = {"levels": levels, "band": "CJS-3", "note": "theirs asks for weaponisation, ours does not"}
    root = _with_register(tmp_path, 0, cjs=cjs, jef={"vendors": 0.5, "models": 0.5, "retargetability": 1, "fidelity": 0})
    async with driving(root, (140, 45)) as it:
        await it.press("k")
        await it.press("home")
        told = _told(it)
        assert "cjs  CJS-3  70 points  (breadth 1.5, capability-gain 3, discoverability 1, weaponisation 1.5)" in told
        assert "JEF  5.00 of 10" in told
        assert "never converted" in told
        assert "theirs asks for weaponisation, ours does not" in told
        assert "authorities told  within 72 hours, if contained late" in told
        await it.press("down")
        assert "one over" in it.text
        assert "✗ partners told     was due 2026-09-22 16:20, over by 62 d 19 h" in _told(it)
        assert "CJS" not in _told(it)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            {"band": "J4", "reason": "one output was terrible", "by": "the board"},
            "raised to J4 (the board): one output was terrible",
        ),
        ({"band": "J3"}, "no reason is given for it"),
        ({"band": "J0", "reason": "calm"}, "J0 was asked for and is not higher: people may raise a rating, never lower it"),
    ],
)
async def test_what_a_person_raised_is_shown_and_lowering_is_not_followed(
    tmp_path: Path, override: dict[str, str], said: str
) -> None:
    async with driving(_with_register(tmp_path, override=override), (140, 45)) as it:
        await it.press("k")
        assert said in _told(it)
        assert f"highest open: {max(override['band'], 'J2')}" in it.text


async def test_a_stored_rating_that_is_not_the_computed_one_is_said(tmp_path: Path) -> None:
    async with driving(_with_register(tmp_path, base=10, base_band="J1"), (140, 45)) as it:
        await it.press("k")
        assert "the register says otherwise" in _told(it)
        assert "base       57" in _told(it)


async def test_values_are_tried_with_the_arrows_and_nothing_is_written(tmp_path: Path) -> None:
    root = _with_register(tmp_path)
    before = _bytes(root)
    async with driving(root, (100, 40)) as it:
        await it.press("k")
        await it.press("w")
        assert it.page == "TryPage"
        assert "base       57  J2 Moderate" in it.text
        await it.press("right")
        assert "base       67  J3 Serious" in it.text
        assert "Work of an expert's grade" in it.text
        assert "was due 2026-11-10 12:30, over by" not in it.text  # it was triaged in time even so
        await it.press("right")
        assert "base       67" in it.text  # the last value stays
        await it.press("end", "left", "left", "left")
        assert "not said" in it.text
        await it.press("w")
        assert "base       57  J2 Moderate" in it.text
        listing = it.app.screen.query_one(QuestionList)
        assert listing.tried == listing.before
        await it.press("home", "space", "enter")
        assert listing.tried["level", "uplift"] == "0"
        assert "J0 No uplift" in it.text
        await it.press("escape")
        assert it.page == "RatingPage"
        assert "base       57  J2 Moderate" in _told(it)
    assert _bytes(root) == before


async def test_without_a_register_the_scale_can_be_read_and_tried(tmp_path: Path) -> None:
    async with driving(start(tmp_path), (80, 24)) as it:
        await it.press("k")
        assert "No register of bypasses is attached." in it.text
        assert "J4 Severe             from 80" in _told(it)
        await it.press("w")
        await it.press("right", "right", "right", "right")
        assert "base       40  J2 Moderate" in it.text
        assert "within 72 hours of the report" in it.app.screen.query_one("#outcome", Text).plain


async def test_from_the_evidence_page_it_begins_in_the_register_under_the_cursor(tmp_path: Path) -> None:
    root = _with_register(tmp_path)
    older = tmp_path / "older.json"
    older.write_bytes(SAMPLE.read_bytes().replace(b"2026-11-14", b"2026-10-31").replace(b"JB-2026-0", b"JB-2025-0"))
    attach(load(root), [older], [], "ci", NOW)
    async with driving(root, (140, 45)) as it:
        for key in ("i", "end", "k"):
            await it.press(key)
        assert it.app.screen.query_one(EntryList).here == Place("E-0002", "JB-2025-04")
        assert "8 entries, 2 open" in it.text


async def test_a_register_that_cannot_be_rated_says_why_in_its_place(tmp_path: Path) -> None:
    root = _with_register(tmp_path, levels={"uplift": 9, "breadth": 0, "ease": 0, "transfer": 0, "exposure": 0})
    async with driving(root, (140, 45)) as it:
        await it.press("k")
        assert "JB-2026-04: jsr: uplift cannot be 9" in it.text
        assert "from 80" in _told(it)


async def test_hostile_words_of_a_register_are_made_visible(tmp_path: Path) -> None:
    title = "a\x1b[2Jb\u202ec[bold]d"
    async with driving(_with_register(tmp_path, title=title, override={"band": "J4", "reason": title}), (140, 45)) as it:
        await it.press("k")
        assert "\x1b" not in it.text
        assert "\u202e" not in it.text
        assert "c[bold]d" in it.text
