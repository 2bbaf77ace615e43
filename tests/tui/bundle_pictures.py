"""Pictures of the pages of bundles, of comparisons, and of other versions; drawn with those of ``tests.tui.pictures``."""

import contextlib
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from compliance_tui.tui import memory
from compliance_tui.tui.app import ComplianceApp
from tests.tui.bundles import REGULATOR, Kit, kit, later_version
from tests.tui.pictures import DOCS_SIZE, HERE, Shot, app_for, screen_text, svg, walk

FOLDER = HERE / "bundles"
# Digests follow the format of bundles; the pictures are of the pages, and show another of the same length.
_DIGEST = re.compile(r"\b(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{6,64}\b")


def _shot(name: str, keys: str = "", back: str = "escape") -> Shot:
    return Shot(name, tuple(keys.split()), tuple(back.split()))


VERSIONS = (
    _shot("versions", "v"),
    _shot("difference", "v d", "escape escape"),
    _shot("move", "v enter", "escape escape"),
)
BUNDLE = (
    _shot("verdict", back=""),
    _shot("statements", "h"),
    _shot("answers", "l"),
    _shot("policy", "p"),
    _shot("determine", "a"),
    _shot("sign", "g f2", "escape escape"),
)
EDITION = (
    _shot("edition", back=""),
    _shot("items", "i end"),
    _shot("hidden", "l enter", "escape escape"),
)
COMPARE = (_shot("compare", "c o r c h a r d - 2 . z i p", ""), _shot("comparison", "f2", "escape escape"))
BROKEN = (_shot("broken", back=""),)


def _remember(made: Kit) -> None:
    memory.remember("policy", str(made.policy))
    memory.remember("attester", REGULATOR)


async def bundle_texts(
    folder: Path, size: tuple[int, int], look: Callable[[ComplianceApp, str], None] = lambda app, name: None, theme: str = ""
) -> dict[str, str]:
    """The text of every page at a size, by its file name; ``look`` sees the app on each of them."""
    found = {}

    async def take(app: ComplianceApp, shots: Sequence[Shot]) -> None:
        app.theme = theme or app.theme
        async for shot in walk(app, size, shots):
            found[f"{shot.name}-{size[0]}x{size[1]}.txt"] = screen_text(app)
            look(app, shot.name)

    with contextlib.chdir(folder):  # paths on the pages are then the same everywhere
        made = kit(Path())
        later_version(Path())
        _remember(made)
        await take(app_for(made.bundle, None), BUNDLE)
        await take(app_for(made.edition, None), EDITION)
        await take(app_for(made.altered, None), BROKEN)
        await take(app_for(made.newer, None), COMPARE)
        await take(app_for(Path("assessment"), Path("packs")), VERSIONS)
    return {name: _DIGEST.sub(_another, text) for name, text in found.items()}


async def bundle_svgs() -> dict[str, str]:
    """The pictures of a bundle for the documentation, by their file name."""
    found = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        made = kit(Path())
        _remember(made)
        app = app_for(made.bundle, None)
        app.theme = "compliance-dark"
        async for shot in walk(app, DOCS_SIZE, BUNDLE[:1]):
            found[f"{shot.name}-dark.svg"] = re.sub(r"\b[0-9a-f]{16,64}\b", _another, svg(app, "compliance-tui"))
    return found


def _another(digest: re.Match[str]) -> str:
    return ("5ac9c4ea0d1b7f32" * 4)[: len(digest[0])]
