"""The app without a terminal, driven by its keyboard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.widgets import Input, TextArea

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Response
from compliance_tui.tui.app import ComplianceApp
from compliance_tui.tui.controls import ControlsPage
from compliance_tui.tui.reading import Text
from tests.assessment.sample import NOW
from tests.tui.pictures import press, screen_text, settle


@dataclass
class Driver:
    """Hands and eyes."""

    app: ComplianceApp

    async def settle(self) -> None:
        """Until threads are through, the folder was read again, and the screen shows it."""
        await settle(self.app)

    async def press(self, *keys: str) -> None:
        """Keys one after the other, then what follows from them."""
        await press(self.app, *keys)
        await self.settle()

    async def type(self, text: str, *keys: str) -> None:
        """Text into the field that has the focus, as if pasted; then keys."""
        box = self.app.focused
        assert isinstance(box, Input | TextArea), box
        if isinstance(box, Input):
            box.insert_text_at_cursor(text)
        else:
            box.insert(text)
        await self.press(*keys)

    async def until(self, text: str) -> None:
        """Until ``text`` stands on the screen: work that begins other work may look like rest on a crowded machine."""
        for _ in range(100):
            if text in self.text:
                return
            await self.settle()
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text}")

    @property
    def text(self) -> str:
        """What is on the screen."""
        return screen_text(self.app)

    @property
    def detail(self) -> str:
        """All of the text beside the list."""
        return self.app.screen.query_one("#right", Text).plain

    @property
    def page(self) -> str:
        """The name of the page on top."""
        return type(self.app.screen).__name__

    @property
    def selected(self) -> str:
        """The id of the control under the cursor of the list."""
        page = next(one for one in self.app.screen_stack if isinstance(one, ControlsPage))
        assert page.checklist.selected is not None
        return page.checklist.selected[1]


@asynccontextmanager
async def driving(path: Path | None, size: tuple[int, int] = (100, 30), **more: Any) -> AsyncIterator[Driver]:
    """The app on an assessment or a bundle, at the tests' instant, as Ada."""
    app = ComplianceApp(path, **{"person": "ada", "clock": lambda: NOW, **more})
    async with app.run_test(size=size):
        driver = Driver(app)
        await driver.settle()
        yield driver


def response(root: Path, control: str) -> Response:
    """The answer on disk."""
    return load(root).responses["small", control]
