"""Pictures of every page: as text for comparing, as SVG for people. ``python -m tests.tui.pictures`` draws them anew.

The texts lie in ``tests/tui/screens``, drawn from a small release; the SVGs lie in ``docs/screens``, drawn from the demo.
"""

import asyncio
import datetime as dt
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time

from textual import events
from textual.worker import WorkerCancelled

from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.cli.demo import ADA, build_assessment
from compliance_tui.safe.language import SOURCE, choose
from compliance_tui.shipped import shipped
from compliance_tui.tui import answer, controls, evidence, memory, rating, show, two_sided
from compliance_tui.tui.app import ComplianceApp
from tests.assessment.sample import NOW
from tests.tui.release import release

HERE = Path(__file__).parent / "screens"
DOCS = Path(__file__).parents[2] / "docs" / "screens"
SIZES = ((60, 20), (80, 24), (140, 40))
DOCS_SIZE = (118, 34)
_MOMENT = 0.012
DOCS_AT = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC)


_CHARACTERS = {"slash": "/", "colon": ":", "asterisk": "*", "question_mark": "?", "space": " ", "left_square_bracket": "["}


@dataclass(frozen=True)
class Shot:
    """A page: its name, the keys that lead to it from the one before, and those that lead back to the list."""

    name: str
    keys: tuple[str, ...]
    back: tuple[str, ...] = ()


def _shot(name: str, keys: str = "", back: str = "escape") -> Shot:
    return Shot(name, tuple(keys.split()), tuple(back.split()))


SHOTS = (
    _shot("controls", back=""),
    _shot("filter", "slash n e e d s colon", "escape"),
    _shot("marked", "asterisk", "escape"),
    _shot("control", "enter"),
    _shot("answer", "a"),
    _shot("attach", "e"),
    _shot("sign-off", "s"),
    _shot("waive", "w"),
    _shot("history", "h"),
    _shot("views", "f"),
    _shot("evidence", "i"),
    _shot("preview", "i enter", "escape escape"),
    _shot("readiness", "r"),
    _shot("rating", "k"),
    _shot("trying", "k w right", "escape escape"),
    _shot("export", "x"),
    _shot("release", "p"),
    _shot("versions", "v"),
    _shot("start", "o", "q"),
    _shot("help", "question_mark"),
)
GERMAN_SHOTS = ("controls", "control", "readiness", "start")
DOCS_SHOTS = ("controls", "control", "answer", "evidence", "readiness", "rating", "export")


def screen_text(app: ComplianceApp) -> str:
    """What is on the screen, line by line."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips()) + "\n"


async def idle() -> None:
    """Until this process has stopped working for a moment (as Textual's own tests find out, at a finer grain)."""
    for _ in range(200):
        spent, began = process_time(), monotonic()
        await asyncio.sleep(_MOMENT)
        # Where the moment took much longer, others had the processor, and what is still to be done had no chance to be seen.
        if process_time() - spent < _MOMENT / 20 and monotonic() - began < 2 * _MOMENT:
            return


async def press(app: ComplianceApp, *keys: str) -> None:
    """Keys one after the other, each once what the one before it set off is through (as Pilot does it, at half the waiting)."""
    driver = app._driver
    assert driver is not None
    for key in keys:
        known = _CHARACTERS.get(key)
        event = events.Key(key, known or (key if len(key) == 1 else None))
        event.set_sender(app)
        driver.send_message(event)
        await idle()


def _reading(app: ComplianceApp) -> bool:
    """Whether what was opened is still being read for the first time."""
    session = app.session
    if session is None or session.loaded is not None or app.failure is not None:
        return False
    return not (getattr(session, "complete", False) or getattr(session, "failure", ""))


async def settle(app: ComplianceApp) -> None:
    """Until threads are through, what they set off is through too, and the screen shows it: twice idle with nothing at work."""
    for _ in range(1000):
        if not _reading(app):
            break
        await asyncio.sleep(_MOMENT)
    quiet = 0
    while quiet < 2:
        if any(not worker.is_finished for worker in app.workers):
            quiet = 0
            with suppress(WorkerCancelled):
                await app.workers.wait_for_complete()
        await idle()
        quiet += 1


async def walk(app: ComplianceApp, size: tuple[int, int], shots: Sequence[Shot]) -> AsyncIterator[Shot]:
    """The app on each page in turn."""
    async with app.run_test(size=size):
        await settle(app)
        for shot in shots:
            if shot.name == "start" and app.session is not None:
                memory.forget(str(app.session.path))  # it lies elsewhere each time
            await _walk_by(app, shot.keys)
            await settle(app)
            yield shot
            await _walk_by(app, shot.back)
            await settle(app)


async def _walk_by(app: ComplianceApp, keys: Sequence[str]) -> None:
    """Keys one after the other; where one sets a thread to work, the next waits for it."""
    for key in keys:
        await press(app, key)
        if any(not worker.is_finished for worker in app.workers):
            await settle(app)


def app_for(root: Path, packs: Path | None, *, person: str = "ada", at: dt.datetime = NOW) -> ComplianceApp:
    """The app on an assessment, at a fixed instant; ``packs`` is a folder with other versions of its standards."""
    return ComplianceApp(root, person=person, clock=lambda: at, standards_folder=packs)


def _remember_in(folder: Path) -> None:
    """What the program remembers lies in ``folder``: two lines for the start page that are the same everywhere."""
    os.environ["COMPLIANCE_TUI_STATE"] = str(folder / "state")
    os.environ["COMPLIANCE_TUI_KEYS"] = "/srv/keys.toml"  # which is not there; help names it
    about = {"what": "assessment", "verdict": "not-ready", "blocking": "3", "opened": "2026-11-23 17:05"}
    memory.opened(Path("/srv/releases/orchard-2"), {**about, "name": "orchard 2"})
    about = {"what": "bundle", "verdict": "ready", "blocking": "0", "opened": "2026-11-20 08:12"}
    memory.opened(Path("/srv/bundles/orchard-1.zip"), {**about, "name": "orchard 1"})


async def texts(
    folder: Path,
    size: tuple[int, int],
    look: Callable[[ComplianceApp, str], None] = lambda app, name: None,
    theme: str = "",
    shots: Sequence[Shot] = SHOTS,
) -> dict[str, str]:
    """The text of every page at a size, by its file name; ``look`` sees the app on each of them."""
    found = {}
    _remember_in(folder)
    root = release(folder)
    register = shipped("evidence") / "jailbreak-register" / "jailbreak-register.json"
    attach(load(root), [register], [], "ci", NOW - dt.timedelta(days=1))
    app = app_for(root, folder / "packs")
    app.theme = theme or app.theme
    async for shot in walk(app, size, shots):
        found[f"{shot.name}-{size[0]}x{size[1]}.txt"] = screen_text(app)
        look(app, shot.name)
    return found


async def german_texts(folder: Path) -> dict[str, str]:
    """Some pages as they are said in German, at one size."""
    choose("de")
    try:
        return await texts(folder, SIZES[1], shots=[shot for shot in SHOTS if shot.name in GERMAN_SHOTS])
    finally:
        choose(SOURCE)


_CELL = 12.2
_RUN = re.compile(r'x="([0-9.]+)" y="([0-9.]+)" textLength="([0-9.]+)" ([^>]*)>((?:&#160;)*)(.*?)((?:&#160;)*)</text>')


def svg(app: ComplianceApp, title: str) -> str:
    """A picture of the screen that loads nothing from anywhere; blanks around a run are left out: some viewers drop them."""
    drawn = app.export_screenshot(title=title, simplify=True)
    drawn = re.sub(r"@font-face\s*{[^}]*}", "", drawn)
    drawn = re.sub(r"terminal-\d+-", "terminal-", drawn)
    drawn = _RUN.sub(_tight, drawn)
    drawn = re.sub(r"<text [^>]*></text>", "", drawn)
    return re.sub(r"[ \t]+\n", "\n", drawn)


def _tight(run: re.Match[str]) -> str:
    before, after = (len(blanks) // len("&#160;") for blanks in (run[5], run[7]))
    x, length = float(run[1]) + before * _CELL, float(run[3]) - (before + after) * _CELL
    return f'x="{x:.1f}" y="{run[2]}" textLength="{length:.1f}" {run[4]}>{run[6]}</text>'


async def pictures(folder: Path) -> dict[str, str]:
    """The pictures of the documentation, by their file name."""
    root = folder / "demo"
    _remember_in(folder)
    build_assessment(root, DOCS_AT)
    found = {}
    for theme in ("dark", "light", "contrast"):
        app = app_for(root, None, person=ADA, at=DOCS_AT)
        app.theme = f"compliance-{theme}"
        wanted = [shot for shot in SHOTS if shot.name in (DOCS_SHOTS if theme == "dark" else DOCS_SHOTS[:1])]
        async for shot in walk(app, DOCS_SIZE, wanted):
            found[f"{shot.name}-{theme}.svg"] = svg(app, "compliance-tui")
    from tests.tui.bundle_pictures import bundle_svgs

    return {**found, **await bundle_svgs()}


def hurry(change: Callable[[object, str, object], None] = setattr) -> None:
    """What follows when the keys rest follows at once; signs are those of a good terminal."""
    change(controls, "_REST_SECONDS", 0.01)
    change(evidence, "_REST_SECONDS", 0.01)
    change(rating, "_REST_SECONDS", 0.01)
    change(two_sided, "_REST_SECONDS", 0.01)
    change(answer, "_DRAFT_SECONDS", 0.01)
    change(show, "ASCII", False)


def main() -> None:
    """Draw all of them anew."""
    from tests.tui.bundle_pictures import FOLDER, bundle_texts

    hurry()
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            _write(HERE, asyncio.run(texts(Path(folder), size)))
        with tempfile.TemporaryDirectory() as folder:
            _remember_in(Path(folder))
            _write(FOLDER, asyncio.run(bundle_texts(Path(folder), size)))
    with tempfile.TemporaryDirectory() as folder:
        _write(HERE / "de", asyncio.run(german_texts(Path(folder))))
    with tempfile.TemporaryDirectory() as folder:
        _write(DOCS, asyncio.run(pictures(Path(folder))))


def _write(where: Path, found: dict[str, str]) -> None:
    where.mkdir(exist_ok=True)
    for name, content in found.items():
        (where / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
