"""What every form shares: fields with names, one line for what went wrong, and work that leaves the screen alive."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from compliance_tui.safe.errors import CancelledError, ComplianceError, InputError
from compliance_tui.safe.language import gettext, message
from compliance_tui.tui.bars import Keys
from compliance_tui.tui.job import Job
from compliance_tui.tui.page import Page
from compliance_tui.tui.show import MUTED, line


class Field(Input):
    """One line to type in, with its name above; up and down go to the fields around it."""

    def __init__(self, title: str, value: str = "", *, id: str, hint: str = "", password: bool = False) -> None:
        super().__init__(value, placeholder=hint, id=id, password=password)
        self.cursor_blink = False
        self.label = title

    def on_key(self, event: events.Key) -> None:
        """To the field above or below."""
        if event.key in ("up", "down"):
            event.stop()
            self.screen.focus_next() if event.key == "down" else self.screen.focus_previous()


def fields(*boxes: Field) -> Iterator[Widget]:
    """Fields, each under its name."""
    for box in boxes:
        yield Static(line(box.label, MUTED), classes="name")
        yield box


class Form(Page[str | None]):
    """A form; it ends with what was done, or with None. Esc goes one step back: first it stops the work."""

    DEFAULT_CSS = """
    Form {
        #form { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        #form .name, #form .heading { margin-top: 1; }
        &.-low #form .name { margin-top: 0; }
    }
    """
    place = "form"
    # What the form does, for the line on top, and what F2 does, for the line of keys.
    purpose: str = ""
    verb: str = message("save")

    def __init__(self) -> None:
        super().__init__()
        self._busy = threading.Event()

    def fields(self) -> ComposeResult:
        """The form's own widgets."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """The fields, scrolling where they do not fit."""
        with VerticalScroll(id="form", can_focus=False):
            yield from self.fields()

    def on_mount(self) -> None:
        """The form's name on top."""
        self.title_line(self.headline())

    def headline(self) -> Content:
        """What the form does, to what."""
        return line(self.purpose, "bold")

    def show_keys(self) -> None:
        """F2 by what it does here."""
        actions = [one for one in self.app.keys.at(self.place) if self.app.may(one)]
        self.query_one(Keys).show([one._replace(footer=self.verb) if one.id == "save" else one for one in actions])

    def value(self, field: str) -> str:
        """What was typed into a field."""
        return self.query_one(f"#{field}", Input).value.strip()

    def action_back(self) -> Awaitable[None] | None:
        """Stop the work, or leave without a change."""
        if self._busy.is_set():
            self.workers.cancel_all()
        else:
            self.dismiss(None)
        return None

    def action_save(self) -> Awaitable[None] | None:
        """Do what the form is for."""
        raise NotImplementedError

    def action_field_help(self) -> None:
        """What this form and this field are for."""
        self.app.action_help()

    @property
    def busy(self) -> bool:
        """Whether the work is under way."""
        return self._busy.is_set()

    def run(self, work: Callable[[Job], str], total: int = 0, what: str = "") -> None:
        """Do ``work`` off the UI thread; what it gives ends the form, an error of ours is shown and the form stays.

        ``total`` is the number of bytes that it will report; without it only what is behind is told.
        """
        if self._busy.is_set():
            return
        self._busy.set()
        self.say("")
        self.run_worker(partial(self._in_thread, work, total, what or gettext("working")), thread=True, exclusive=True)

    def _in_thread(self, work: Callable[[Job], str], total: int, what: str) -> None:
        worker, app = get_current_worker(), self.app

        def tell(progress: str) -> None:
            app.call_from_thread(self._told, progress)

        try:
            done = work(Job(tell, lambda: worker.is_cancelled, what, total))
        except CancelledError:
            app.call_from_thread(self._stopped, ComplianceError("cancelled", message("stopped; nothing was changed")))
        except ComplianceError as error:
            app.call_from_thread(self._stopped, error)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            file = error.filename or message("a file")
            told = InputError("unreadable", message("{file}: {reason}; nothing was changed", file=file, reason=reason))
            app.call_from_thread(self._stopped, told)
        else:
            app.call_from_thread(self.ended, done)

    def _told(self, progress: str) -> None:
        if self.busy:
            self.say(progress)

    def ended(self, done: str) -> None:
        """The work is through."""
        self._busy.clear()
        self.dismiss(done)

    def _stopped(self, error: ComplianceError) -> None:
        self._busy.clear()
        self.refused(error)

    def refused(self, error: ComplianceError) -> None:
        """The work was refused, or stopped: say why; the form stays."""
        self.complain(str(error))

    def heading(self, content: Content) -> Static:
        """A line of the form."""
        return Static(content, classes="heading")
