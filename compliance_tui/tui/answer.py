"""Answering a control: status, statement, and beside them what is asked and what the evidence shows. A draft is never lost."""

import os
import shlex
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import TextArea

from compliance_tui.assessment import actions
from compliance_tui.assessment.model import LONGEST_STATEMENT, STATUSES, Response
from compliance_tui.safe.files import read_bounded, write_atomic
from compliance_tui.safe.language import gettext, message
from compliance_tui.tui import detail, show
from compliance_tui.tui.choice import BeforeText, Choice
from compliance_tui.tui.draft import Draft, Typed, draft_of
from compliance_tui.tui.form import Form
from compliance_tui.tui.job import Job
from compliance_tui.tui.reading import Text
from compliance_tui.tui.show import WARN, line

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import ControlState

_DRAFT_SECONDS = 0.3


class AnswerForm(Form):
    """Status and statement of one control."""

    DEFAULT_CSS = """
    AnswerForm {
        #status { margin: 1 1 0 1; }
        #answering { height: 1fr; }
        #statement { width: 6fr; height: 1fr; border: none; padding: 0 1; margin: 1; background: $field; color: $foreground; }
        #statement:focus { border: none; background: $field-focus; }
        #asked { width: 5fr; margin-top: 1; }
        &.-narrow #answering { layout: vertical; }
        &.-narrow #asked { width: 100%; height: 7; }
        &.-narrow #statement { width: 100%; margin: 0 1; }
        &.-low #asked { height: 4; margin-top: 0; }
        &.-low #status { margin: 0 1; }
    }
    """
    AUTO_FOCUS = ""  # depends on what is there
    place = "answer"
    about = message(
        "The answer to one control. What is typed is kept as a draft while it is typed; F2 saves it as the answer, with your "
        "name and the time, and whatever stood there before stays in the history."
    )
    parts = {
        "status": message("The status: 1 to 5, or left and right. Enter, or just typing, goes on to the statement."),
        "statement": message("The statement, in plain text. F3 opens it in your own editor ($VISUAL or $EDITOR)."),
        "asked": message("What is asked, and what the evidence shows. Up and down scroll."),
    }

    def __init__(self, state: "ControlState") -> None:
        super().__init__()
        self.state = state
        self.expected = state.response or Response(standard=state.standard, control=state.control.id)
        self._resting: Timer | None = None
        self._over = False

    def fields(self) -> ComposeResult:
        """Not used: the body is laid out below."""
        yield from ()

    def body(self) -> ComposeResult:
        """Status on top; the text, and beside or above it what is asked."""
        draft = self.draft.read() or self._saved
        options = [(status, show.status_word(status)) for status in STATUSES]
        yield BeforeText(options, draft.status, id="status", text="statement")
        with Horizontal(id="answering"):
            yield Text(self._asked(), id="asked")
            editor = TextArea(draft.statement, id="statement", tab_behavior="focus", show_line_numbers=False)
            editor.cursor_blink = False
            editor.move_cursor(editor.document.end)
            yield editor

    def on_mount(self) -> None:
        """Start where the work is: at the status where none was given, else in the text."""
        self.set_focus(self.query_one("#statement" if self._typed.status else "#status"))
        if self.draft.read() not in (None, self._saved):
            self.say(gettext("this is your draft, not saved yet: F2 saves it, F4 drops it"), WARN)

    def headline(self) -> Content:
        """Which control."""
        control = self.state.control
        return line(gettext("Answer  {control}  {title}", control=control.id, title=gettext(control.title)), "bold")

    @property
    def draft(self) -> Draft:
        """Where the draft is kept."""
        return draft_of(self.session.path, self.state.standard, self.state.control.id)

    @property
    def _saved(self) -> Typed:
        return Typed(self.expected.status, self.expected.statement)

    @property
    def _typed(self) -> Typed:
        return Typed(self.query_one("#status", Choice).chosen, self.query_one("#statement", TextArea).text)

    def _asked(self) -> list[Content]:
        state, session = self.state, self.session
        return [
            show.prose(gettext(state.control.statement)),
            *detail.missing(self.session, state),
            *detail.checks(state),
            *detail.evidence(session, state, facts=True),
            *detail.guidance(state),
        ]

    # -- the draft ---------------------------------------------------------------------------------------------------------

    @on(TextArea.Changed)
    @on(Choice.Changed)
    def _changed(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_DRAFT_SECONDS, self._keep_draft)

    def _keep_draft(self) -> None:
        self._resting = None
        if self._over:
            return
        typed = self._typed
        try:
            if typed == self._saved:
                self.draft.drop()
            elif typed != self.draft.read():
                self.draft.keep(typed)
        except OSError as error:
            self.complain(
                gettext(
                    "the draft cannot be kept ({reason}); free space or mend the permissions",
                    reason=(error.strerror or "").lower(),
                )
            )

    def action_back(self) -> None:
        """Leave; what was typed a moment ago is kept too."""
        if not self.busy and self._resting is not None:
            self._resting.stop()
            self._keep_draft()
        super().action_back()

    def action_drop_draft(self) -> None:
        """Back to what was saved."""
        saved = self._saved
        self.query_one("#statement", TextArea).text = saved.statement
        choice = self.query_one("#status", Choice)
        choice.at = next((at for at, (value, _) in enumerate(choice.values) if value == saved.status), None)
        choice.refresh()
        self.draft.drop()
        self.say("")

    # -- saving ------------------------------------------------------------------------------------------------------------

    def action_status(self) -> None:
        """Back to the status."""
        self.query_one("#status").focus()

    def renew(self) -> None:
        """The folder was read again: if somebody changed this answer meanwhile, say so before anything is written over it."""
        state = self.session.state((self.state.standard, self.state.control.id))
        if state is None or self._over:
            return
        self.state = state
        self.query_one("#asked", Text).show(self._asked())
        now = state.response or Response(standard=state.standard, control=state.control.id)
        if (now.status, now.statement) != (self.expected.status, self.expected.statement):
            said = f"{show.status_word(now.status)}: {now.statement.strip()}"
            self.expected = now
            self.say(
                gettext(
                    "{person} answered this meanwhile: {said} (F2 saves yours over it, theirs stays kept)",
                    person=now.answered_by,
                    said=said[:200],
                ),
                WARN,
            )

    def action_save(self) -> None:
        """Write the answer, unless somebody changed it meanwhile."""
        typed = self._typed
        if typed.status is None:
            self.complain(gettext("choose a status first: 1 to 5"))
            self.query_one("#status").focus()
            return
        if len(typed.statement) > LONGEST_STATEMENT:
            over = len(typed.statement) - LONGEST_STATEMENT
            self.complain(
                gettext("the statement is {number:,} characters too long; attach what does not fit as evidence", number=over)
            )
            return
        self.run(partial(self._save, typed), what=gettext("saving"))

    def _save(self, typed: Typed, _: Job) -> str:
        session, control = self.session, self.state.control.id
        status = next(one for one in STATUSES if one == typed.status)
        actions.answer(
            session.contents,
            f"{self.state.standard}/{control}",
            session.person,
            session.clock(),
            status=status,
            statement=typed.statement,
            expected=self.expected,
        )
        self._over = True
        self.draft.drop()
        return gettext("{control} answered {status}", control=control, status=show.status_word(status))

    # -- the user's own editor ---------------------------------------------------------------------------------------------

    def action_editor(self) -> None:
        """Write the statement in $VISUAL or $EDITOR."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not editor:
            self.complain(gettext("set VISUAL or EDITOR to the command of your editor first"))
            return
        path = self.draft.in_editor
        box = self.query_one("#statement", TextArea)
        try:
            path.parent.mkdir(exist_ok=True)
            write_atomic(path, box.text.encode("utf-8", "replace"), mode=0o600)
            with self.app.suspend():
                status = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
            self._take_from(path, box, status)
        except (OSError, ValueError) as error:
            self.complain(gettext("the editor could not be started ({error}); look at VISUAL and EDITOR", error=error))
        except SuspendNotSupported:
            self.complain(gettext("this terminal cannot be handed to another program"))

    def _take_from(self, path: Path, box: TextArea, status: int) -> None:
        text = read_bounded(path, 8 * LONGEST_STATEMENT).decode("utf-8", "replace")
        path.unlink()
        if status != 0:
            self.complain(gettext("the editor said that it failed; the statement is as it was"))
            return
        box.text = text.removesuffix("\n")
        self._keep_draft()
        box.focus()
