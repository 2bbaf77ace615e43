"""The history of one answer: who, when, what."""

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message
from compliance_tui.tui import detail
from compliance_tui.tui.page import Page
from compliance_tui.tui.reading import Text
from compliance_tui.tui.show import MUTED, line

if TYPE_CHECKING:
    from compliance_tui.assessment.history import Event
    from compliance_tui.assessment.readiness import ControlState


class HistoryPage(Page[None]):
    """From the audit log and the records kept under ``history/``."""

    place = "history"
    about = message(
        "Every change of this answer that the audit log tells of, the latest first. The log can show that a history was "
        "continued; it cannot show that one which never left the building was not rewritten."
    )

    def __init__(self, state: "ControlState") -> None:
        super().__init__()
        self.state = state

    def body(self) -> ComposeResult:
        """One text that scrolls."""
        yield Text([line(gettext("reading the log"), MUTED)])

    def on_mount(self) -> None:
        """Whose history."""
        control = self.state.control
        self.title_line(line(gettext("History  {control}  {title}", control=control.id, title=gettext(control.title)), "bold"))
        self.renew()

    def renew(self) -> None:
        """Read the log, in a thread."""
        self.run_worker(partial(self._look_up), thread=True, exclusive=True)

    def _look_up(self) -> None:
        from compliance_tui.assessment.history import control_history

        try:
            events = control_history(self.session.path, self.state.standard, self.state.control.id)
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, str(error))
            return
        self.app.call_from_thread(self._found, events)

    def _found(self, events: "list[Event]") -> None:
        rows = list(detail.past(events)) or [line(gettext("nothing yet"))]
        self.query_one(Text).show(rows)
