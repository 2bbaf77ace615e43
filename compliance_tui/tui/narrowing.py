"""A page whose list is narrowed by a line above it, which is there only while it is wanted."""

from typing import Generic

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from compliance_tui.tui.page import Page, Result


class Narrowing(Page[Result], Generic[Result]):
    """The line has the id ``find``; what it holds is read by ``narrow``."""

    @property
    def narrowed(self) -> Widget:
        """The list."""
        raise NotImplementedError

    def narrow(self) -> None:
        """Show what the line finds."""
        raise NotImplementedError

    def action_filter(self) -> None:
        """Narrow the list."""
        box = self.query_one("#find", Input)
        box.display = True
        box.focus()

    @on(Input.Changed, "#find")
    def _typed(self) -> None:
        self.narrow()

    @on(Input.Submitted, "#find")
    def _typed_enough(self) -> None:
        box = self.query_one("#find", Input)
        box.display = bool(box.value)
        self.narrowed.focus()

    def action_leave(self) -> None:
        """First the filter goes, then the page."""
        box = self.query_one("#find", Input)
        if box.display:
            box.value = ""
            box.display = False
            self.narrowed.focus()
        else:
            self.dismiss(None)
