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
from compliance_tui.safe.language import gettext, message, ngettext, pmessage
from compliance_tui.safe.model import validate
from compliance_tui.tui import show
from compliance_tui.tui.choice import Choice
from compliance_tui.tui.form import Field, Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.pick import Pick
from compliance_tui.tui.session import names
from compliance_tui.tui.show import MUTED, line, said

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
            return f"{self.states[0].control.id}  {gettext(self.states[0].control.title)}"
        return ngettext("{number:,} control", "{number:,} controls", len(self.states))

    def headline(self) -> Content:
        """What it does, to whom."""
        return line(f"{gettext(self.purpose)}  {self.whom}", "bold")

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
                return gettext("{controls} {done}", controls=self.states[0].control.id, done=done)
            controls = ngettext("{number:,} control", "{number:,} controls", count)
            told = gettext("{controls} {done}", controls=controls, done=done)
            if not refused:
                return told
            return gettext("{done}; {number} refused: {reason}", done=told, number=len(refused), reason=said(str(refused[0])))

        return through


def reference(state: "ControlState") -> str:
    """The control, unmistakably."""
    return f"{state.standard}/{state.control.id}"


class StatusForm(ControlsForm):
    """One status for several controls; each keeps its statement unless one is typed."""

    purpose = message("Answer")
    verb = message("answer")
    about = message(
        "One status for all that are marked. A statement typed here is given to each; left empty, each keeps its own."
    )

    def fields(self) -> ComposeResult:
        """Status, statement."""
        yield from self.listed()
        yield Static(line(gettext("status"), MUTED), classes="name")
        yield Choice([(status, show.status_word(status)) for status in STATUSES], id="status")
        yield from fields(Field(gettext("statement for each of them (empty: each keeps its own)"), id="statement"))

    @on(Choice.Taken)
    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Answer each."""
        at = self.query_one("#status", Choice).at
        if at is None:
            self.complain(gettext("choose a status first: 1 to 5"))
            return
        status, statement = STATUSES[at], self.value("statement") or None
        session, moment = self.session, self.session.clock()

        def work(state: "ControlState") -> None:
            actions.answer(session.contents, reference(state), session.person, moment, status=status, statement=statement)

        done = gettext("answered {status}", status=show.status_word(status))
        self.run(self.each(work, done), what=gettext("saving"))


class DetachForm(ControlsForm):
    """Which item no longer serves; the item and its bytes stay."""

    purpose = message("Take evidence off")
    verb = message("take off")
    about = message("The item no longer serves the control. It stays in the assessment with its bytes, and can serve again.")

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
        self.run(self.each(work, gettext("no longer served by {item}", item=item)), what=gettext("saving"))


class SignOffForm(ControlsForm):
    """Who accepts, in which seat; what is accepted stands above."""

    purpose = message("Sign off")
    verb = pmessage("sign-off", "sign")
    about = message(
        "A named person in a seat accepts the answer as it stands: status, statement, evidence. When any of it changes, the "
        "sign-off lapses by itself. Enter signs."
    )

    def fields(self) -> ComposeResult:
        """What is accepted, then the seats with the people who hold them."""
        yield from self.listed()
        if len(self.states) == 1:
            response = self.states[0].response
            status = show.status_word(response.status if response else None)
            yield Static(line(gettext("status  {status}", status=status), "bold"))
            yield Static(show.text((response.statement if response else "")[:2000]), classes="heading")
            items = ", ".join(response.evidence) if response else ""
            yield Static(line(gettext("evidence  {items}", items=items or gettext("none")), MUTED))
        choices = self.choices
        if choices:
            yield Static(line(gettext("who accepts this, in which seat"), MUTED), classes="name")
        else:
            yield Static(line(gettext("Nobody holds a seat yet: p on the list of controls adds people.")), classes="name")
        rows = [
            (f"{person}\n{seat}", gettext("{person} as {seat}", person=name, seat=seat) + mark)
            for person, name, seat, mark in choices
        ]
        yield Pick(rows, id="seats")

    @property
    def choices(self) -> list[tuple[str, str, str, str]]:
        """Person id, shown name, seat, and a word on it; seats that are still wanted first."""
        wanted = {seat.seat for state in self.states for seat in state.seats if seat.state != "signed"}
        people = self.session.contents.assessment.people
        mark = "  " + gettext("(not asked for)")
        pairs = [(one.id, one.name, seat, "" if seat in wanted else mark) for one in people for seat in one.seats]
        return sorted(pairs, key=lambda pair: (pair[2] not in wanted, pair[0] != self.session.person, pair[2], pair[0]))

    @on(Pick.Chosen)
    def action_save(self) -> None:
        """Sign."""
        chosen = self.query_one("#seats", Pick).chosen
        if chosen is None:
            self.complain(gettext("nobody holds a seat: p on the list of controls adds people"))
            return
        person, seat = chosen.split("\n")
        session, moment = self.session, self.session.clock()

        def work(state: "ControlState") -> None:
            actions.sign_off(session.contents, reference(state), person, seat, session.person, moment)

        done = gettext("signed off by {person} as {seat}", person=person, seat=seat)
        self.run(self.each(work, done), what=gettext("signing"))


class WaiveForm(ControlsForm):
    """Reason, measures, owner, approver, last day; or the end of a waiver."""

    purpose = message("Waive")
    verb = message("waive")
    about = message(
        "An accepted gap, until a day. It has an owner and an approver who is somebody else; after its last day the control "
        "blocks again by itself. F2 saves. Where a waiver is in force already, emptying all fields ends it."
    )
    NAMES = (
        ("reason", message("why the gap is accepted")),
        ("measures", message("what is done instead")),
        ("owner", message("who owns the gap")),
        ("approver", message("who approves it; not its owner")),
        ("until", message("last day on which it counts (2026-12-31)")),
    )

    def fields(self) -> ComposeResult:
        """A line for each; the waiver in force, where there is one."""
        yield from self.listed()
        response = self.states[0].response if len(self.states) == 1 else None
        old = response.waiver if response else None
        typed = old.model_dump(mode="json") if old else {"owner": self.session.person}
        yield from fields(*[Field(gettext(hint), str(typed.get(name, "")), id=name) for name, hint in self.NAMES])

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Write the waiver, or end it."""
        typed = {name: self.value(name) for name, _ in self.NAMES}
        session, moment = self.session, self.session.clock()
        if not any(typed.values()):
            ending = partial(self._end, moment)
            self.run(self.each(ending, gettext("is no longer waived")), what=gettext("saving"))
            return

        def waive(state: "ControlState") -> None:
            if not typed["reason"]:
                raise InputError("bad-field", message("say why the gap is accepted"))
            record = {**typed, "until": parse_instant(typed["until"]).date(), "approved_at": moment}
            actions.waive(
                session.contents, reference(state), validate(record, Waiver, message("the waiver")), session.person, moment
            )

        self.run(self.each(waive, gettext("waived until {day}", day=typed["until"])), what=gettext("saving"))

    def _end(self, moment: dt.datetime, state: "ControlState") -> None:
        session = self.session
        actions.end_waiver(session.contents, reference(state), session.person, moment)
