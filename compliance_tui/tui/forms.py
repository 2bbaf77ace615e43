"""The small forms that change controls, one or many at once: status, evidence taken off, sign-off, waiver."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from compliance_tui.assessment import actions
from compliance_tui.assessment.model import STATUSES, Waiver
from compliance_tui.safe.errors import CancelledError, ComplianceError, InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.model import validate
from compliance_tui.tui import show
from compliance_tui.tui.choice import Choice
from compliance_tui.tui.form import Field, Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.pick import Pick
from compliance_tui.tui.session import names
from compliance_tui.tui.show import MUTED, line

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import ControlState


class ControlsForm(Form):
    """A form about one control, or about several that were marked."""

    def __init__(self, states: "Sequence[ControlState]") -> None:
        super().__init__()
        self.states = list(states)

    @property
    def whom(self) -> str:
        """The control, or how many."""
        if len(self.states) == 1:
            return f"{self.states[0].control.id}  {self.states[0].control.title}"
        return show.count(len(self.states), "control")

    def headline(self) -> Content:
        """What it does, to whom."""
        return line(f"{self.purpose}  {self.whom}", "bold")

    def listed(self) -> ComposeResult:
        """Which controls, where there are several."""
        if len(self.states) > 1:
            keys = [(state.standard, state.control.id) for state in self.states]
            yield Static(line(names(keys, 40), MUTED, limit=2000), classes="heading")

    def each(self, work: "Callable[[ControlState], object]", done: str) -> Callable[[Job], str]:
        """The work, one control after the other; what one refuses does not keep the others from it."""

        def through(job: Job) -> str:
            refused: list[ComplianceError] = []
            count = 0
            for state in self.states:
                if job.cancelled():
                    if count:
                        break
                    raise CancelledError
                try:
                    work(state)
                    count += 1
                except ComplianceError as error:
                    refused.append(error)
            if refused and not count:
                raise refused[0]
            if len(self.states) == 1:
                return f"{self.states[0].control.id} {done}"
            rest = f"; {len(refused)} refused: {refused[0]}" if refused else ""
            return f"{show.count(count, 'control')} {done}{rest}"

        return through


def reference(state: "ControlState") -> str:
    """The control, unmistakably."""
    return f"{state.standard}/{state.control.id}"


class StatusForm(ControlsForm):
    """One status for several controls; each keeps its statement unless one is typed."""

    purpose = "Answer"
    verb = "answer"
    about = "One status for all that are marked. A statement typed here is given to each; left empty, each keeps its own."

    def fields(self) -> ComposeResult:
        """Status, statement."""
        yield from self.listed()
        yield Static(line("status", MUTED), classes="name")
        yield Choice([(status, show.status_word(status)) for status in STATUSES], id="status")
        yield from fields(Field("statement for each of them (empty: each keeps its own)", id="statement"))

    @on(Choice.Taken)
    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Answer each."""
        at = self.query_one("#status", Choice).at
        if at is None:
            self.complain("choose a status first: 1 to 5")
            return
        status, statement = STATUSES[at], self.value("statement") or None
        session, moment = self.session, self.session.clock()

        def work(state: "ControlState") -> None:
            actions.answer(session.contents, reference(state), session.person, moment, status=status, statement=statement)

        self.run(self.each(work, f"answered {show.status_word(status)}"), what="saving")


class DetachForm(ControlsForm):
    """Which item no longer serves; the item and its bytes stay."""

    purpose = "Take evidence off"
    verb = "take off"
    about = "The item no longer serves the control. It stays in the assessment with its bytes, and can serve again."

    def fields(self) -> ComposeResult:
        """The items that serve now."""
        yield from self.listed()
        items = dict.fromkeys(one for state in self.states if state.response for one in state.response.evidence)
        yield Pick([(one, self._named(one)) for one in items], id="items")

    def _named(self, identifier: str) -> str:
        item = self.session.contents.items.get(identifier)
        return f"{identifier}  {item.kind}  {item.title}" if item else identifier

    @on(Pick.Chosen)
    def action_save(self) -> None:
        """Take it off."""
        item = self.query_one("#items", Pick).chosen
        session, moment = self.session, self.session.clock()
        if item is None:
            return
        serving = [state for state in self.states if state.response and item in state.response.evidence]

        def work(state: "ControlState") -> None:
            actions.unlink_evidence(session.contents, reference(state), item, session.person, moment)

        self.states = serving
        self.run(self.each(work, f"no longer served by {item}"), what="saving")


class SignOffForm(ControlsForm):
    """Who accepts, in which seat; what is accepted stands above."""

    purpose = "Sign off"
    verb = "sign"
    about = (
        "A named person in a seat accepts the answer as it stands: status, statement, evidence. When any of it changes, the "
        "sign-off lapses by itself. Enter signs."
    )

    def fields(self) -> ComposeResult:
        """What is accepted, then the seats with the people who hold them."""
        yield from self.listed()
        if len(self.states) == 1:
            response = self.states[0].response
            yield Static(line(f"status  {show.status_word(response.status if response else None)}", "bold"))
            yield Static(show.text((response.statement if response else "")[:2000]), classes="heading")
            items = ", ".join(response.evidence) if response else ""
            yield Static(line(f"evidence  {items or 'none'}", MUTED))
        choices = self.choices
        if choices:
            yield Static(line("who accepts this, in which seat", MUTED), classes="name")
        else:
            yield Static(line("Nobody holds a seat yet: p on the list of controls adds people."), classes="name")
        yield Pick([(f"{person}\n{seat}", f"{name} as {seat}{mark}") for person, name, seat, mark in choices], id="seats")

    @property
    def choices(self) -> list[tuple[str, str, str, str]]:
        """Person id, shown name, seat, and a word on it; seats that are still wanted first."""
        wanted = {seat.seat for state in self.states for seat in state.seats if seat.state != "signed"}
        people = self.session.contents.assessment.people
        pairs = [
            (one.id, one.name, seat, "" if seat in wanted else "  (not asked for)") for one in people for seat in one.seats
        ]
        return sorted(pairs, key=lambda pair: (pair[2] not in wanted, pair[0] != self.session.person, pair[2], pair[0]))

    @on(Pick.Chosen)
    def action_save(self) -> None:
        """Sign."""
        chosen = self.query_one("#seats", Pick).chosen
        if chosen is None:
            self.complain("nobody holds a seat: p on the list of controls adds people")
            return
        person, seat = chosen.split("\n")
        session, moment = self.session, self.session.clock()

        def work(state: "ControlState") -> None:
            actions.sign_off(session.contents, reference(state), person, seat, session.person, moment)

        self.run(self.each(work, f"signed off by {person} as {seat}"), what="signing")


class WaiveForm(ControlsForm):
    """Reason, measures, owner, approver, last day; or the end of a waiver."""

    purpose = "Waive"
    verb = "waive"
    about = (
        "An accepted gap, until a day. It has an owner and an approver who is somebody else; after its last day the control "
        "blocks again by itself. F2 saves. Where a waiver is in force already, emptying all fields ends it."
    )
    NAMES = (
        ("reason", "why the gap is accepted"),
        ("measures", "what is done instead"),
        ("owner", "who owns the gap"),
        ("approver", "who approves it; not its owner"),
        ("until", "last day on which it counts (2026-12-31)"),
    )

    def fields(self) -> ComposeResult:
        """A line for each; the waiver in force, where there is one."""
        yield from self.listed()
        response = self.states[0].response if len(self.states) == 1 else None
        old = response.waiver if response else None
        said = old.model_dump(mode="json") if old else {"owner": self.session.person}
        yield from fields(*[Field(hint, str(said.get(name, "")), id=name) for name, hint in self.NAMES])

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Write the waiver, or end it."""
        said = {name: self.value(name) for name, _ in self.NAMES}
        session, moment = self.session, self.session.clock()
        if not any(said.values()):
            ending = partial(self._end, moment)
            self.run(self.each(ending, "is no longer waived"), what="saving")
            return

        def waive(state: "ControlState") -> None:
            if not said["reason"]:
                raise InputError("bad-field", "say why the gap is accepted")
            record = {**said, "until": parse_instant(said["until"]).date(), "approved_at": moment}
            actions.waive(session.contents, reference(state), validate(record, Waiver, "the waiver"), session.person, moment)

        self.run(self.each(waive, f"waived until {said['until']}"), what="saving")

    def _end(self, moment: dt.datetime, state: "ControlState") -> None:
        session = self.session
        actions.end_waiver(session.contents, reference(state), session.person, moment)
