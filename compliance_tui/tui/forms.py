"""The forms that change something: answer, evidence, sign-off, waiver. Esc goes back; a draft is never lost."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Label, OptionList, ProgressBar, Static, TextArea
from textual.widgets.option_list import Option

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import STATUSES, Response, Waiver
from compliance_tui.assessment.readiness import ControlState
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.files import write_atomic
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.model import validate
from compliance_tui.tui.show import line

Clock = Callable[[], dt.datetime]


class Form(ModalScreen[str | None]):
    """A form over the checklist; it ends with what was done, or with None."""

    BINDINGS = [Binding("escape", "back", "back"), Binding("f2,ctrl+s", "save", "save")]

    def __init__(self, contents: Contents, state: ControlState, person: str, clock: Clock) -> None:
        super().__init__()
        self.contents, self.state, self.person, self.clock = contents, state, person, clock

    @property
    def reference(self) -> str:
        """The control, unmistakably."""
        return f"{self.state.standard}/{self.state.control.id}"

    def action_back(self) -> None:
        """Leave without a change."""
        self.dismiss(None)

    def action_save(self) -> None:
        """Do what the form is for; an error is shown and the form stays."""
        try:
            done = self.save()
        except ComplianceError as error:
            self.app.notify(str(error), severity="error", markup=False)
            return
        self.dismiss(done)

    def save(self) -> str:
        """What the form is for, in words once it is done."""
        raise NotImplementedError

    def heading(self, what: str) -> Static:
        """The form's title."""
        return Static(line(f"{what}  {self.state.control.id}  {self.state.control.title}", "bold"), classes="heading")


class AnswerForm(Form):
    """Status and statement. What is typed is kept as a draft on disk, so that a lost connection costs nothing."""

    def compose(self) -> ComposeResult:
        """Status on top, text below."""
        response = self.state.response
        with Vertical(classes="form"):
            yield self.heading("Answer")
            options = [Option(line(status.replace("-", " ")), id=status) for status in STATUSES]
            yield OptionList(*options, id="status")
            yield TextArea(self._draft() or (response.statement if response else ""), id="statement")
            yield Label("Tab moves · F2 saves · Esc goes back, and keeps a draft", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Start where the answer stands."""
        status = self.state.response.status if self.state.response else None
        listing = self.query_one("#status", OptionList)
        listing.highlighted = STATUSES.index(status) if status else 0
        listing.focus()

    @property
    def _draft_path(self) -> Path:
        return self.contents.root / ".cache" / "drafts" / f"{self.state.standard}.{self.state.control.id}.txt"

    def _draft(self) -> str:
        try:
            return self._draft_path.read_text("utf-8")[:100_000]
        except (OSError, UnicodeDecodeError):
            return ""

    @on(TextArea.Changed)
    def _keep_draft(self, event: TextArea.Changed) -> None:
        said = self.state.response.statement if self.state.response else ""
        if event.text_area.text != said:
            try:
                self._draft_path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(self._draft_path, event.text_area.text.encode("utf-8", "replace"), mode=0o600)
            except OSError as error:
                self.app.notify(f"the draft cannot be kept ({error.strerror})", severity="warning", markup=False)

    @on(OptionList.OptionSelected)
    def _on_to_the_text(self) -> None:
        self.query_one("#statement", TextArea).focus()

    def save(self) -> str:
        """Write the answer, unless somebody changed it meanwhile."""
        highlighted = self.query_one("#status", OptionList).highlighted or 0
        status = STATUSES[highlighted]
        expected = self.state.response or Response(standard=self.state.standard, control=self.state.control.id)
        statement = self.query_one("#statement", TextArea).text
        actions.answer(
            self.contents,
            self.reference,
            self.person,
            self.clock(),
            status=status,
            statement=statement,
            expected=expected,
        )
        self._draft_path.unlink(missing_ok=True)
        return f"{self.state.control.id} answered {status.replace('-', ' ')}"


class PathSuggester(Suggester):
    """Completes a path from the file system."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first entry that continues what is typed."""
        return complete_path(value)


def complete_path(value: str) -> str | None:
    """``value`` continued to the first file or folder that begins so; None where nothing does."""
    folder, slash, start = value.rpartition("/")
    try:
        base = Path(folder + slash).expanduser() if slash else Path()
        found = sorted(entry for entry in base.iterdir() if entry.name.startswith(start) and (start or entry.name[0] != "."))
    except (OSError, RuntimeError):
        return None
    if not found:
        return None
    return folder + slash + found[0].name + ("/" if found[0].is_dir() else "")


class AttachForm(Form):
    """A path with completion, a kind and a date where the file does not say them; progress while it is taken in."""

    BINDINGS = [Binding("tab", "complete", "complete", priority=True)]

    def __init__(
        self, contents: Contents, state: ControlState, person: str, clock: Clock, kinds_folder: Path | None = None
    ) -> None:
        super().__init__(contents, state, person, clock)
        self.kinds_folder = kinds_folder
        self._busy = False

    def compose(self) -> ComposeResult:
        """Path, kind, date, bar."""
        wanted = ", ".join(dict.fromkeys(kind for rule in self.state.control.evidence for kind in rule.kinds))
        with Vertical(classes="form"):
            yield self.heading("Attach evidence to")
            yield Static(line(f"wanted: {wanted or 'nothing in particular'}", "$text-muted", limit=400))
            yield Input(placeholder="path of a file or folder", suggester=PathSuggester(), id="path")
            yield Input(placeholder="kind, where the file does not show it", id="kind")
            yield Input(placeholder="date it speaks of, where the file does not say it (2026-11-20)", id="date")
            yield ProgressBar(id="progress", show_eta=True)
            yield Label("Tab completes or moves on · Enter attaches · Esc stops or goes back", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Bar hidden until something happens."""
        self.query_one("#progress").display = False
        for box in self.query(Input):
            box.cursor_blink = False

    def action_complete(self) -> None:
        """Complete the path, or move on."""
        box = self.query_one("#path", Input)
        longer = complete_path(box.value) if self.focused is box and box.value else None
        if longer and longer != box.value:
            box.value = longer
            box.cursor_position = len(longer)
        else:
            self.focus_next()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_save()

    def action_back(self) -> None:
        """Stop the work, or leave."""
        if self._busy:
            self.workers.cancel_all()
        else:
            self.dismiss(None)

    def action_save(self) -> None:
        """Take the file in, off the UI thread."""
        value = self.query_one("#path", Input).value.strip()
        if not value or self._busy:
            return
        path = Path(value).expanduser()
        size = path.stat().st_size if path.is_file() else 0
        bar = self.query_one("#progress", ProgressBar)
        bar.update(total=size or None, progress=0)
        bar.display = True
        self._busy = True
        self._take_in(path, self.query_one("#kind", Input).value.strip(), self.query_one("#date", Input).value.strip())

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _take_in(self, path: Path, kind: str, date: str) -> None:
        from textual.worker import get_current_worker

        from compliance_tui.assessment.attach import attach

        worker = get_current_worker()
        last = 0

        def progress(done: int) -> None:
            nonlocal last
            if done - last >= 64 << 20:
                last = done
                self.app.call_from_thread(self.query_one("#progress", ProgressBar).update, progress=done)

        try:
            items = attach(
                self.contents,
                [path],
                [self.reference],
                self.person,
                self.clock(),
                kind=kind or None,
                date=parse_instant(date).date() if date else None,
                kinds_folder=self.kinds_folder,
                progress=progress,
                cancelled=lambda: worker.is_cancelled,
            )
        except ComplianceError as error:
            self.app.call_from_thread(self._stopped, str(error))
            return
        self.app.call_from_thread(self.dismiss, f"{items[0].id} {items[0].kind} attached: {len(items[0].facts)} facts")

    def _stopped(self, why: str) -> None:
        self._busy = False
        self.query_one("#progress").display = False
        self.app.notify(why, severity="error", markup=False)


class SignOffForm(Form):
    """Who, in which seat; what is accepted stands above."""

    def compose(self) -> ComposeResult:
        """What is accepted, then the seats with the people who hold them."""
        response = self.state.response
        with VerticalScroll(classes="form"):
            yield self.heading("Sign off")
            status = response.status if response else None
            yield Static(line(f"Status: {(status or 'not answered').replace('-', ' ')}"))
            yield Static(line(response.statement if response else "", limit=600))
            yield Static(line(f"Evidence: {', '.join(response.evidence) if response else ''}"))
            yield Label("Choose who accepts this, in which seat:", markup=False)
            yield OptionList(*[Option(line(f"{name} as {seat}")) for _, name, seat in self.choices], id="seats")
            yield Label("Enter signs · Esc goes back", classes="hint", markup=False)

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """Person id, shown name, seat; seats that the control still wants first."""
        wanted = [seat.seat for seat in self.state.seats if seat.state != "signed"]
        people = self.contents.assessment.people
        pairs = [(person.id, f"{person.name} ({person.id})", seat) for person in people for seat in person.seats]
        return sorted(pairs, key=lambda pair: (pair[2] not in wanted, pair[2], pair[0]))

    def on_mount(self) -> None:
        """The list has the focus."""
        self.query_one("#seats", OptionList).focus()

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        self.action_save()

    def save(self) -> str:
        """Sign."""
        at = self.query_one("#seats", OptionList).highlighted
        if at is None:
            return "nobody signed"
        person, name, seat = self.choices[at]
        actions.sign_off(self.contents, self.reference, person, seat, self.person, self.clock())
        return f"{self.state.control.id} signed off by {name} as {seat}"


class WaiveForm(Form):
    """Reason, measures, owner, approver, last day."""

    FIELDS = (
        ("reason", "why the gap is accepted"),
        ("measures", "what is done instead"),
        ("owner", "who owns the gap"),
        ("approver", "who approves it; not its owner"),
        ("until", "last day on which it counts (2026-12-31)"),
    )

    def compose(self) -> ComposeResult:
        """One line for each."""
        with VerticalScroll(classes="form"):
            yield self.heading("Waive")
            for name, hint in self.FIELDS:
                yield Input(value=self.person if name == "owner" else "", placeholder=hint, id=name)
            yield Label("Tab moves · Enter or F2 saves · Esc goes back", classes="hint", markup=False)

    def on_mount(self) -> None:
        """No blinking."""
        for box in self.query(Input):
            box.cursor_blink = False

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_save()

    def save(self) -> str:
        """Write the waiver."""
        said = {name: self.query_one(f"#{name}", Input).value.strip() for name, _ in self.FIELDS}
        at = self.clock()
        record = {**said, "until": parse_instant(said["until"]).date(), "approved_at": at}
        actions.waive(self.contents, self.reference, validate(record, Waiver, "the waiver"), self.person, at)
        return f"{self.state.control.id} waived until {said['until']}"
