"""The forms that change one control: answer, evidence, sign-off, waiver. A draft is never lost."""

from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.suggester import Suggester
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import STATUSES, Response, Waiver
from compliance_tui.assessment.readiness import ControlState
from compliance_tui.safe.files import write_atomic
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.model import validate
from compliance_tui.tui.form import Clock, Form, Job
from compliance_tui.tui.show import line

_DRAFT_SECONDS = 0.3
_LARGEST_DRAFT = 100_000


class ControlForm(Form):
    """A form about the control under the cursor."""

    def __init__(self, contents: Contents, state: ControlState, person: str, clock: Clock) -> None:
        super().__init__(contents, clock)
        self.state, self.person = state, person

    @property
    def reference(self) -> str:
        """The control, unmistakably."""
        return f"{self.state.standard}/{self.state.control.id}"

    def heading(self, what: str) -> Static:
        """The form's title."""
        return Static(line(f"{what}  {self.state.control.id}  {self.state.control.title}", "bold"), classes="heading")


class AnswerForm(ControlForm):
    """Status and statement. What is typed is kept as a draft on disk, so that a lost connection costs nothing."""

    HINT = "Tab moves · F2 saves · F4 drops the draft · Esc keeps it"
    BINDINGS = [Binding("f4", "drop_draft", "drop the draft")]
    _resting: Timer | None = None
    _typed = ""
    _saved = False

    def fields(self) -> ComposeResult:
        """Status on top, text below."""
        yield self.heading("Answer")
        options = [Option(line(status.replace("-", " ")), id=status) for status in STATUSES]
        yield OptionList(*options, id="status")
        draft = self._draft()
        yield TextArea(self._said if draft is None else draft, id="statement", tab_behavior="focus")

    def on_mount(self) -> None:
        """Start where the answer stands."""
        self.add_class("tall")
        status = self.state.response.status if self.state.response else None
        listing = self.query_one("#status", OptionList)
        listing.highlighted = STATUSES.index(status) if status else 0
        listing.focus()
        if self._draft() not in (None, self._said):
            self.complain("This is your draft, not saved yet: F2 saves it, F4 drops it.")

    @property
    def _said(self) -> str:
        return self.state.response.statement if self.state.response else ""

    @property
    def _draft_path(self) -> Path:
        return self.contents.root / ".drafts" / f"{self.state.standard}.{self.state.control.id}.txt"

    def _draft(self) -> str | None:
        try:
            return self._draft_path.read_text("utf-8")[:_LARGEST_DRAFT]
        except (OSError, UnicodeDecodeError):
            return None

    @on(TextArea.Changed)
    def _typed_something(self, event: TextArea.Changed) -> None:
        self._typed = event.text_area.text
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_DRAFT_SECONDS, self._keep_draft)

    def _keep_draft(self) -> None:
        self._resting = None
        if self._saved:
            return
        typed, kept = self._typed, self._draft()
        try:
            if typed == self._said:
                self._draft_path.unlink(missing_ok=True)
            elif typed != kept:
                self._draft_path.parent.mkdir(exist_ok=True)
                write_atomic(self._draft_path, typed.encode("utf-8", "replace"), mode=0o600)
        except OSError as error:
            self.complain(f"the draft cannot be kept ({(error.strerror or '').lower()}); free space or mend the permissions")

    def on_unmount(self) -> None:
        """What was typed a moment ago is kept too."""
        if self._resting is not None:
            self._keep_draft()

    def action_drop_draft(self) -> None:
        """Back to what was saved."""
        self.query_one("#statement", TextArea).text = self._said
        self._draft_path.unlink(missing_ok=True)
        self.query_one("#complaint").display = False

    @on(OptionList.OptionSelected)
    def _on_to_the_text(self) -> None:
        self.query_one("#statement", TextArea).focus()

    def action_save(self) -> None:
        """Write the answer, unless somebody changed it meanwhile."""
        highlighted = self.query_one("#status", OptionList).highlighted or 0
        self.run(partial(self._save, highlighted, self.query_one("#statement", TextArea).text))

    def _save(self, highlighted: int, statement: str, _: Job) -> str:
        status = STATUSES[highlighted]
        expected = self.state.response or Response(standard=self.state.standard, control=self.state.control.id)
        actions.answer(
            self.contents,
            self.reference,
            self.person,
            self.clock(),
            status=status,
            statement=statement,
            expected=expected,
        )
        self._saved = True
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


class AttachForm(ControlForm):
    """A path with completion, a kind and a date where the file does not say them; progress while it is taken in."""

    HINT = "Tab completes or moves on · Enter attaches · Esc stops or goes back"
    BINDINGS = [Binding("tab", "complete", "complete", priority=True)]

    def __init__(
        self, contents: Contents, state: ControlState, person: str, clock: Clock, kinds_folder: Path | None = None
    ) -> None:
        super().__init__(contents, state, person, clock)
        self.kinds_folder = kinds_folder

    def fields(self) -> ComposeResult:
        """Path, kind, date."""
        wanted = ", ".join(dict.fromkeys(kind for rule in self.state.control.evidence for kind in rule.kinds))
        yield self.heading("Attach evidence to")
        yield Static(line(f"wanted: {wanted or 'nothing in particular'}", "$text-muted", limit=400))
        yield Input(placeholder="path of a file or folder", suggester=PathSuggester(), id="path")
        yield Input(placeholder="kind, where the file does not show it", id="kind")
        yield Input(placeholder="date it speaks of, where the file does not say it (2026-11-20)", id="date")

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

    def action_save(self) -> None:
        """Take the file in."""
        if not self.value("path"):
            self.complain("type the path of a file or folder first")
            return
        path = Path(self.value("path")).expanduser()
        size = path.stat().st_size if path.is_file() else 1
        self.run(partial(self._take_in, path, self.value("kind"), self.value("date")), size or 1)

    def _take_in(self, path: Path, kind: str, date: str, job: Job) -> str:
        from compliance_tui.assessment.attach import attach

        items = attach(
            self.contents,
            [path],
            [self.reference],
            self.person,
            self.clock(),
            kind=kind or None,
            date=parse_instant(date).date() if date else None,
            kinds_folder=self.kinds_folder,
            progress=job.progress,
            cancelled=job.cancelled,
        )
        return f"{items[0].id} {items[0].kind} attached: {len(items[0].facts)} facts"


class DetachForm(ControlForm):
    """Which item no longer serves the control; the item and its bytes stay."""

    HINT = "Enter takes it off · Esc goes back"

    def fields(self) -> ComposeResult:
        """The items that serve it now."""
        yield self.heading("Take evidence off")
        yield OptionList(*[Option(line(self._named(one))) for one in self._items], id="items")

    @property
    def _items(self) -> list[str]:
        return list(self.state.response.evidence) if self.state.response else []

    def _named(self, identifier: str) -> str:
        item = self.contents.items.get(identifier)
        return f"{identifier}  {item.kind}  {item.title}" if item else identifier

    def on_mount(self) -> None:
        """The list has the focus."""
        listing = self.query_one("#items", OptionList)
        listing.focus()
        listing.highlighted = 0

    @on(OptionList.OptionSelected)
    def action_save(self) -> None:
        """Take it off."""
        at = self.query_one("#items", OptionList).highlighted
        if at is not None:
            self.run(partial(self._take_off, self._items[at]))

    def _take_off(self, item: str, _: Job) -> str:
        actions.unlink_evidence(self.contents, self.reference, item, self.person, self.clock())
        return f"{item} no longer serves {self.state.control.id}"


class SignOffForm(ControlForm):
    """Who, in which seat; what is accepted stands above."""

    HINT = "Enter signs · Esc goes back"

    def fields(self) -> ComposeResult:
        """What is accepted, then the seats with the people who hold them."""
        response = self.state.response
        yield self.heading("Sign off")
        status = response.status if response else None
        yield Static(line(f"Status: {(status or 'not answered').replace('-', ' ')}"))
        yield Static(line(response.statement if response else "", limit=600))
        yield Static(line(f"Evidence: {', '.join(response.evidence) if response else ''}"))
        if self.choices:
            yield Label("Choose who accepts this, in which seat:", markup=False)
        else:
            yield Label("Nobody holds a seat yet: compliance-tui people add NAME --seat SEAT", markup=False)
        yield OptionList(*[Option(line(f"{name} as {seat}")) for _, name, seat in self.choices], id="seats")

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
    def action_save(self) -> None:
        """Sign."""
        at = self.query_one("#seats", OptionList).highlighted
        if at is None:
            self.complain("choose a person and a seat first")
            return
        self.run(partial(self._sign, *self.choices[at]))

    def _sign(self, person: str, name: str, seat: str, _: Job) -> str:
        actions.sign_off(self.contents, self.reference, person, seat, self.person, self.clock())
        return f"{self.state.control.id} signed off by {name} as {seat}"


class WaiveForm(ControlForm):
    """Reason, measures, owner, approver, last day."""

    HINT = "Tab moves · Enter or F2 saves · Esc goes back"
    FIELDS = (
        ("reason", "why the gap is accepted"),
        ("measures", "what is done instead"),
        ("owner", "who owns the gap"),
        ("approver", "who approves it; not its owner"),
        ("until", "last day on which it counts (2026-12-31)"),
    )

    def fields(self) -> ComposeResult:
        """One line for each."""
        yield self.heading("Waive")
        for name, hint in self.FIELDS:
            yield Input(value=self.person if name == "owner" else "", placeholder=hint, id=name)

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Write the waiver."""
        self.run(partial(self._waive, {name: self.value(name) for name, _ in self.FIELDS}))

    def _waive(self, said: dict[str, str], _: Job) -> str:
        at = self.clock()
        record = {**said, "until": parse_instant(said["until"]).date(), "approved_at": at}
        actions.waive(self.contents, self.reference, validate(record, Waiver, "the waiver"), self.person, at)
        return f"{self.state.control.id} waived until {said['until']}"
