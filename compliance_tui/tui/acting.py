"""What the list of controls and the page of one control share: everything that can be done to a control."""

from functools import partial
from typing import TYPE_CHECKING

from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext
from compliance_tui.tui.page import Page
from compliance_tui.tui.show import said

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import ControlKey, ControlState
    from compliance_tui.assessment.undo import Direction


class Acting(Page[None]):
    """A page on which controls are acted on: those that ``targets`` gives."""

    def targets(self) -> "list[ControlKey]":
        """The controls that the next action takes."""
        raise NotImplementedError

    def finished(self, what: str | None) -> None:
        """A form ended."""
        self.app.done(what)

    def select(self, key: "ControlKey") -> None:
        """Look at another control."""
        raise NotImplementedError

    def wanted(self) -> "list[ControlState]":
        """The states of the targets; says so where there are none."""
        loaded = self.session.loaded
        states = [loaded.states[key] for key in self.targets() if key in loaded.states] if loaded else []
        if not states:
            self.say(gettext("move to a control first"))
        return states

    def next_gap(self, here: "ControlKey | None", among: "set[ControlKey] | None" = None) -> "ControlKey | None":
        """The first gap of the order that was not visited in this round; when all were, the round begins again.

        The order changes with every answer; so a place in it would lead to some twice, and to others never.
        """
        gaps = self.session.loaded.gaps if self.session.loaded else ()
        order = [key for key in gaps if among is None or key in among]
        visited = self.session.visited
        if here is not None and (not visited or visited[-1] != here):
            visited.append(here)
        left = [key for key in order if key not in visited]
        if not left and order:
            visited[:] = [here] if here is not None else []
            left = [key for key in order if key != here] or order
        return left[0] if left else None

    def gap_before(self, here: "ControlKey | None") -> "ControlKey | None":
        """Where one came from; at the beginning of a round the last gap of the order."""
        visited = self.session.visited
        while visited and visited[-1] == here:
            visited.pop()
        gaps = self.session.loaded.gaps if self.session.loaded else ()
        return visited.pop() if visited else next((key for key in reversed(gaps) if key != here), None)

    def open_control(self, key: "ControlKey | None") -> None:
        """One control as a page."""
        from compliance_tui.tui.control import ControlPage

        if key is not None and self.session.loaded is not None:
            self.app.show(ControlPage(key))

    # -- forms -------------------------------------------------------------------------------------------------------------

    def action_answer(self) -> None:
        """A status and a statement; of several controls, one status."""
        states = self.wanted()
        if len(states) == 1:
            from compliance_tui.tui.answer import AnswerForm

            self.app.show(AnswerForm(states[0]), self.finished)
        elif states:
            from compliance_tui.tui.forms import StatusForm

            self.app.show(StatusForm(states), self.finished)

    def action_attach(self) -> None:
        """Files as evidence."""
        if states := self.wanted():
            from compliance_tui.tui.attach import AttachForm

            self.app.show(AttachForm(states), self.finished)

    def action_detach(self) -> None:
        """Take an evidence item off."""
        from compliance_tui.tui.forms import DetachForm

        if states := self.wanted():
            if any(state.response and state.response.evidence for state in states):
                self.app.show(DetachForm(states), self.finished)
            else:
                self.say(gettext("{control} has no evidence to take off", control=states[0].control.id))

    def action_sign_off(self) -> None:
        """Accept, as a person in a seat."""
        if states := self.wanted():
            from compliance_tui.tui.forms import SignOffForm

            self.app.show(SignOffForm(states), self.finished)

    def action_waive(self) -> None:
        """Accept the gap until a day."""
        if states := self.wanted():
            from compliance_tui.tui.forms import WaiveForm

            self.app.show(WaiveForm(states), self.finished)

    # -- undo --------------------------------------------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Take back the last change."""
        self.run_worker(partial(self._undo, "undo"), thread=True, group="undo", exclusive=True)

    def action_redo(self) -> None:
        """Bring it back."""
        self.run_worker(partial(self._undo, "redo"), thread=True, group="undo", exclusive=True)

    def _undo(self, direction: "Direction") -> None:
        from compliance_tui.assessment.undo import undo

        session = self.session
        try:
            step = undo(session.path, session.person, session.clock(), direction)
        except ComplianceError as error:
            self.app.call_from_thread(self.say, str(error))
            return
        if direction == "undo":
            done = gettext("taken back: {step} (U brings it back)", step=said(step.text))
        else:
            done = gettext("brought back: {step} (u takes it back)", step=said(step.text))
        self.app.call_from_thread(self.app.reload, done)

    # -- pages -------------------------------------------------------------------------------------------------------------

    def action_history(self) -> None:
        """Who changed this answer, when, and what."""
        from compliance_tui.tui.history import HistoryPage

        if states := self.wanted():
            self.app.show(HistoryPage(states[0]))

    def action_items(self) -> None:
        """All evidence."""
        from compliance_tui.tui.evidence import evidence_page

        if self.session.loaded is not None:
            targets = self.targets()
            self.app.show(evidence_page(self.session, targets[0] if len(targets) == 1 else None))

    def action_readiness(self) -> None:
        """What blocks, who has to act."""
        from compliance_tui.tui.readiness import ReadinessPage

        if self.session.loaded is not None:
            self.app.show(ReadinessPage(), self._chosen)

    def action_rating(self) -> None:
        """How grave each known bypass is."""
        from compliance_tui.tui.rating import RatingPage

        if self.session.loaded is not None:
            self.app.show(RatingPage())

    def _chosen(self, keys: "list[ControlKey] | None") -> None:
        if keys:
            self.take_up(keys)

    def take_up(self, keys: "list[ControlKey]") -> None:
        """Go on with these controls."""
        self.select(keys[0])
