"""What every form shares: fields, a bar, one line for what went wrong, and work that leaves the screen alive."""

import datetime as dt
import threading
from collections.abc import Callable
from functools import partial

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, ProgressBar, Static
from textual.worker import get_current_worker

from compliance_tui.assessment.folder import Contents
from compliance_tui.safe.errors import CancelledError, ComplianceError
from compliance_tui.tui.show import line

Clock = Callable[[], dt.datetime]
# A bar that moves more often than this costs more than it tells.
_STEP_BYTES = 64 << 20


class Job:
    """A piece of work in a thread: it tells how far it is, and asks whether it should stop."""

    def __init__(self, progress: Callable[[int], None], cancelled: Callable[[], bool]) -> None:
        self._show, self.cancelled, self._last = progress, cancelled, 0

    def progress(self, done: int) -> None:
        """``done`` bytes are behind us."""
        if done - self._last >= _STEP_BYTES:
            self._last = done
            self._show(done)


class Form(ModalScreen[str | None]):
    """A form over the checklist; it ends with what was done, or with None. Esc goes one step back: first stops the work."""

    BINDINGS = [Binding("escape", "back", "back"), Binding("f2,ctrl+s", "save", "save")]
    HINT = "Tab moves · F2 saves · Esc goes back"

    def __init__(self, contents: Contents, clock: Clock) -> None:
        super().__init__()
        self.contents, self.clock = contents, clock
        self._busy = threading.Event()

    def fields(self) -> ComposeResult:
        """The form's own widgets."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Fields, bar, message, keys."""
        with VerticalScroll(classes="form", can_focus=False):
            yield from self.fields()
            yield ProgressBar(id="progress", show_eta=True)
            yield Static(id="complaint")
            yield Label(self.HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Bar and message hidden until something happens; no blinking."""
        self.query_one("#progress").display = False
        self.query_one("#complaint").display = False
        for box in self.query(Input):
            box.cursor_blink = False

    def complain(self, why: str) -> None:
        """Say in the form what was wrong, and what to do."""
        message = self.query_one("#complaint", Static)
        message.update(line(why, "$text-error", limit=600))
        message.display = True
        message.scroll_visible(animate=False)

    def value(self, field: str) -> str:
        """What was typed into an input."""
        return self.query_one(f"#{field}", Input).value.strip()

    def action_back(self) -> None:
        """Stop the work, or leave without a change."""
        if self._busy.is_set():
            self.workers.cancel_all()
        else:
            self.dismiss(None)

    def action_save(self) -> None:
        """Do what the form is for."""
        raise NotImplementedError

    def run(self, work: Callable[[Job], str], total: int = 0) -> None:
        """Do ``work`` off the UI thread; what it gives ends the form, an error of ours is shown and the form stays.

        ``total`` is the number of bytes that it will report; without it there is no bar.
        """
        if self._busy.is_set():
            return
        self._busy.set()
        self.query_one("#complaint").display = False
        bar = self.query_one("#progress", ProgressBar)
        bar.update(total=total or None, progress=0)
        bar.display = total > 0
        self.run_worker(partial(self._in_thread, work, bar), thread=True, exclusive=True)

    def _in_thread(self, work: Callable[[Job], str], bar: ProgressBar) -> None:
        worker = get_current_worker()

        def progress(done: int) -> None:
            self.app.call_from_thread(bar.update, progress=done)

        try:
            done = work(Job(progress, lambda: worker.is_cancelled))
        except CancelledError:
            self.app.call_from_thread(self._stopped, "stopped; nothing was changed")
        except ComplianceError as error:
            self.app.call_from_thread(self._stopped, str(error))
        else:
            self.app.call_from_thread(self.dismiss, done)

    def _stopped(self, why: str) -> None:
        self._busy.clear()
        self.query_one("#progress").display = False
        self.complain(why)
