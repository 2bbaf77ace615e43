"""One control as a page: what is asked and why on the left, what is there and what is missing on the right."""

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.worker import get_current_worker

from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message
from compliance_tui.tui import detail, show
from compliance_tui.tui.acting import Acting
from compliance_tui.tui.reading import Text
from compliance_tui.tui.show import HEADING, line, worded

if TYPE_CHECKING:
    from compliance_tui.assessment.history import Event
    from compliance_tui.assessment.readiness import ControlKey, ControlState
    from compliance_tui.standard.diff import Difference

_SHOWN_EVENTS = 5


class ControlPage(Acting):
    """One control. What takes longer to find (history, lapses, the version before) is found in a thread and follows."""

    DEFAULT_CSS = """
    ControlPage {
        #columns-of-control { height: 1fr; }
        #asked, #there { width: 1fr; }
        #there { border-left: vkey $primary; }
    }
    """
    AUTO_FOCUS = "#there"
    place = "control"
    about = message(
        "One control: what it asks, why it applies to this release, what changed since the version before; what was answered, "
        "which evidence with which figures against which limits, who signed, and what is missing. ] and [ go along the list."
    )
    parts = {
        "asked": message("What is asked. Up and down scroll, Tab goes to the answer."),
        "there": message("The answer and its proof."),
    }

    def __init__(self, key: "ControlKey") -> None:
        super().__init__()
        self.key = key
        self._events: list[Event] | None = None
        self._lapses: dict[str, list[str]] = {}
        self._changes: list[Difference] | None = None
        self._since = ""

    def body(self) -> ComposeResult:
        """Two columns, one under the other where it is narrow."""
        with Horizontal(id="columns-of-control"):
            yield Text(id="asked")
            yield Text(id="there")

    def on_mount(self) -> None:
        """Show it; look up the rest."""
        self.renew()

    def renew(self) -> None:
        """Show what is known now, and look up the rest."""
        self._draw()
        self.call_after_refresh(self._begin_looking_up)

    def _begin_looking_up(self) -> None:
        self.run_worker(partial(self._look_up, self.key), thread=True, exclusive=True, group="look-up")

    def targets(self) -> "list[ControlKey]":
        """This control."""
        return [self.key]

    def select(self, key: "ControlKey") -> None:
        """Show another control in place of this one."""
        self.key = key
        self._events, self._lapses, self._changes, self._since = None, {}, None, ""
        for pane in self.query(Text):
            pane.turn(0)
        self.say("")
        self.renew()

    # -- drawing -----------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        state = self.session.state(self.key)
        if state is None:
            self.title_line(line(gettext("{control}: no pinned standard has it any more", control=self.key[1]), "bold"))
            return
        sign = show.sign_of(state, self.session.sees(self.key))
        self.title_line(
            line(f"{state.control.id}  {gettext(state.control.title)}", "bold"),
            Content.styled(f"{sign.mark} {sign.said}", f"bold {sign.style}") + line(f" · {worded(state.level)}"),
        )
        narrow = self.app.size.width < 100
        left, right = self._left(state), self._right(state)
        self.query_one("#there", Text).display = not narrow
        self.query_one("#asked", Text).show([*right, *left] if narrow else left)
        self.query_one("#there", Text).show(right)

    def _left(self, state: "ControlState") -> list[Content]:
        rows = [*detail.asked(state), *detail.guidance(state), *detail.why(self.session, state)]
        if not self.session.read_only:
            rows += detail.changed(self._changes, self._since)
        return [*rows, *detail.related(state)]

    def _right(self, state: "ControlState") -> list[Content]:
        session = self.session
        rows = [
            *detail.missing(self.session, state),
            *detail.answer(session, state),
            *detail.checks(state),
            *detail.evidence(session, state, facts=True),
            *detail.sign_offs(state, self._lapses),
        ]
        if self._events:
            rows += [Content(""), line(gettext("History"), HEADING), *detail.past(self._events, _SHOWN_EVENTS)]
        return rows

    def on_resize(self) -> None:
        """One column or two."""
        if self.session.loaded is not None and self.is_mounted:
            self._draw()

    # -- what is found in a thread ------------------------------------------------------------------------------------------

    def _look_up(self, key: "ControlKey") -> None:
        from compliance_tui.assessment.history import control_history, lapse_reasons

        session, worker = self.session, get_current_worker()
        state = session.state(key)
        if session.read_only or state is None:
            return
        try:
            events = control_history(session.path, *key)
            lapsed = [seat.seat for seat in state.seats if seat.state == "lapsed"]
            lapses = {seat: lapse_reasons(session.contents, state, seat) for seat in lapsed}
            if not worker.is_cancelled:
                self.app.call_from_thread(self._found, key, events, lapses)
            changes, since = session.changes_of(key)
        except ComplianceError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.complain, str(error))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._found_changes, key, changes, since)

    def _found(self, key: "ControlKey", events: "list[Event]", lapses: dict[str, list[str]]) -> None:
        if key == self.key:
            self._events, self._lapses = events, lapses
            self._draw()

    def _found_changes(self, key: "ControlKey", changes: "list[Difference]", since: str) -> None:
        if key == self.key:
            self._changes, self._since = changes, since
            self._draw()

    # -- going on ----------------------------------------------------------------------------------------------------------

    def action_next_gap(self) -> None:
        """The next gap."""
        self._go(self.next_gap(self.key))

    def action_previous_gap(self) -> None:
        """The gap before."""
        self._go(self.gap_before(self.key))

    def action_neighbour_next(self) -> None:
        """The next control of the list."""
        self._go(self._neighbour(1))

    def action_neighbour_before(self) -> None:
        """The control before in the list."""
        self._go(self._neighbour(-1))

    def _neighbour(self, by: int) -> "ControlKey | None":
        keys = list(self.session.loaded.states) if self.session.loaded else []
        at = keys.index(self.key) + by if self.key in keys else 0
        return keys[at % len(keys)] if keys else None

    def _go(self, key: "ControlKey | None") -> None:
        if key is None:
            self.say(gettext("nothing blocks"))
        else:
            self.select(key)

    def action_leave(self) -> None:
        """Back to the list, on this control."""
        from compliance_tui.tui.controls import ControlsPage

        below = self.app.screen_stack[-2]
        if isinstance(below, ControlsPage):
            below.select(self.key)
        self.dismiss(None)

    def action_copy(self) -> None:
        """The id."""
        self.app.copy_to_clipboard(self.key[1])
        self.say(gettext("in the clipboard: {text}", text=self.key[1]))
