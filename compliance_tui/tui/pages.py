"""Whole pages: readiness, help, export."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Input, Label, ProgressBar, Static

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.readiness import ControlState, Readiness
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.tui.actions import ACTIONS, key_name
from compliance_tui.tui.show import bar, line, text

VERDICTS = {"ready": "READY", "ready-with-waivers": "READY WITH WAIVERS", "not-ready": "NOT READY"}
_HEADING = "bold $text-accent"
# Who has to act, by the code of the reason.
_ACTORS = (
    ("Answers to write", ("unanswered", "unjustified", "not-applicable-refused", "status-")),
    ("Evidence to bring", ("evidence-",)),
    ("Checks to pass", ("check-",)),
    ("People to sign", ("sign-off-", "same-person", "attacher-")),
    ("Decisions to take", ("waiver-", "not-waivable", "blocked-by-rule")),
)


class Page(Screen[None]):
    """A page that scrolls; Esc or q goes back."""

    BINDINGS = [Binding("escape,q", "back", "back")]

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)

    def content(self) -> Content:
        """What the page says."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        with VerticalScroll(classes="page"):
            yield Static(self.content())
        yield Footer()


class ReadinessPage(Page):
    """The verdict, bars by group, and the shortest list of what still blocks, by who has to act."""

    def __init__(self, contents: Contents, result: Readiness) -> None:
        super().__init__()
        self.contents, self.result = contents, result

    def content(self) -> Content:
        """The page as text."""
        return Content("\n").join(list(self._lines()))

    def _lines(self) -> Iterator[Content]:
        subject, result = self.contents.assessment.subject, self.result
        blocking = result.blocking()
        required = [state for state in result.controls if state.level == "required"]
        colour = "$text-error" if result.verdict == "not-ready" else "$text-success"
        yield Content.styled(VERDICTS[result.verdict], f"bold {colour}") + line(f"   {subject.name} {subject.version}", "bold")
        yield line(f"{len(required) - len(blocking)} of {len(required)} required controls in order, {len(blocking)} block")
        if subject.release_date:
            days = (subject.release_date - result.as_of.date()).days
            stale = len(self._stale_by(subject.release_date))
            yield line(
                f"release planned {subject.release_date}, in {days} days; {stale} controls in order today go stale by then"
            )
        for standard, _ in self.contents.standards:
            states = [state for state in result.controls if state.standard == standard.id]
            yield Content("")
            yield line(f"{standard.standard.title} {standard.version}", _HEADING)
            for group in standard.groups:
                inside = [state for state in states if state.control.group == group.id and state.level == "required"]
                done = sum(state.outcome != "blocked" for state in inside)
                counts = f"{done:>3}/{len(inside)}" if inside else "  nothing required"
                yield line(f"  {bar(done, len(inside))} {counts}  {group.id}  {group.title}")
        for title, codes in _ACTORS:
            yield from _blockers(title, codes, blocking)

    def _stale_by(self, day: dt.date) -> list[str]:
        then = self.contents.readiness(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC))
        now = {(state.standard, state.control.id) for state in self.result.blocking()}
        return [state.control.id for state in then.blocking() if (state.standard, state.control.id) not in now]


def _blockers(title: str, codes: tuple[str, ...], blocking: list[ControlState]) -> Iterator[Content]:
    rows = [
        (state.control.id, reason.text)
        for state in blocking
        for reason in state.reasons
        if any(reason.code.startswith(code) for code in codes)
    ]
    if rows:
        yield Content("")
        yield line(f"{title} ({len(rows)})", _HEADING)
        for identifier, reason in rows:
            yield line(f"  {identifier:<12} {reason}", limit=400)


class HelpPage(Page):
    """All actions, from the table that feeds the keys."""

    def content(self) -> Content:
        """The page as text."""
        rows = [Content.styled("Keys", "bold"), Content("")]
        rows += [line(f"  {key_name(action):<12} {action.title:<12} {action.help}", limit=300) for action in ACTIONS]
        rows += [
            Content(""),
            text("  up, down     move          in the list; Enter folds a group, Tab goes to the text beside it"),
            text("  ctrl+p       palette       every action by name"),
            text("  Esc          back          one step, and nothing is lost"),
            Content(""),
            text("States: ● in order · ◐ waived · ✗ blocks · ○ recommended · – does not apply."),
            text("Filter: is:blocking, kind:sbom, seat:security, stale, or any words of an id or a title."),
        ]
        return Content("\n").join(rows)


class ExportForm(ModalScreen[str | None]):
    """What will be signed, a typed word, progress, and where it went."""

    BINDINGS = [Binding("escape", "back", "back")]
    WORD = "export"

    def __init__(self, contents: Contents, result: Readiness, person: str, clock: Callable[[], dt.datetime]) -> None:
        super().__init__()
        self.contents, self.result, self.person, self.clock = contents, result, person, clock
        self._busy = False

    def compose(self) -> ComposeResult:
        """Counts and digests first, then the fields."""
        subject = self.contents.assessment.subject
        items = self.contents.items.values()
        withheld = [item.id for item in items if item.disclosure == "withhold"]
        with VerticalScroll(classes="form"):
            yield Static(line(f"Export  {subject.name} {subject.version}", "bold"), classes="heading")
            blocked = len(self.result.blocking())
            yield Static(line(f"It will say: {VERDICTS[self.result.verdict]}; {blocked} required controls block"))
            answers = len(self.contents.responses)
            size = sum(item.size for item in items)
            yield Static(line(f"{answers} answers, {len(items)} evidence items, {size:,} bytes"))
            yield Static(line(f"withheld: {', '.join(withheld) or 'nothing'}"))
            for pin in self.contents.assessment.standards:
                yield Static(line(f"{pin.id} {pin.version}  sha256 {pin.sha256}"))
            yield Input(value=f"{_file_stem(subject.name)}.zip", placeholder="file to write", id="out")
            yield Input(placeholder="private key that signs (none: unsigned)", id="key")
            yield Input(placeholder="its passphrase", password=True, id="passphrase")
            yield Input(placeholder=f"type {self.WORD} to go on", id="word")
            yield ProgressBar(id="progress", show_eta=True)
            yield Label("Tab moves · Enter exports · Esc stops or goes back", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Bar hidden until something happens."""
        self.query_one("#progress").display = False
        for box in self.query(Input):
            box.cursor_blink = False

    def action_back(self) -> None:
        """Stop the work, or leave."""
        if self._busy:
            self.workers.cancel_all()
        else:
            self.dismiss(None)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        values = {name: self.query_one(f"#{name}", Input).value.strip() for name in ("out", "key", "passphrase", "word")}
        if self._busy:
            return
        if values["word"] != self.WORD:
            self.app.notify(f"type {self.WORD} in the last field to go on", severity="warning", markup=False)
            self.query_one("#word", Input).focus()
            return
        self._busy = True
        bar_widget = self.query_one("#progress", ProgressBar)
        bar_widget.update(total=sum(item.size for item in self.contents.items.values()) or None, progress=0)
        bar_widget.display = True
        self._export(Path(values["out"]).expanduser(), values["key"], values["passphrase"])

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _export(self, out: Path, key: str, passphrase: str) -> None:
        from textual.worker import get_current_worker

        from compliance_tui.bundle.export import export
        from compliance_tui.trust.keys import load_signer

        worker = get_current_worker()
        last = 0

        def progress(done: int) -> None:
            nonlocal last
            if done - last >= 64 << 20:
                last = done
                self.app.call_from_thread(self.query_one("#progress", ProgressBar).update, progress=done)

        try:
            signers = [load_signer(Path(key).expanduser(), passphrase.encode)] if key else []
            done = export(
                self.contents,
                out,
                self.clock(),
                self.person,
                signers=signers,
                progress=progress,
                cancelled=lambda: worker.is_cancelled,
            )
        except ComplianceError as error:
            self.app.call_from_thread(self._stopped, str(error))
            return
        self.app.call_from_thread(self.dismiss, f"{done.path} written, bundle id {done.bundle_id[:16]}…")

    def _stopped(self, why: str) -> None:
        self._busy = False
        self.query_one("#progress").display = False
        self.app.notify(why, severity="error", markup=False)


def _file_stem(name: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "-_.") else "-" for one in name)[:60] or "bundle"


__all__ = ["ExportForm", "HelpPage", "ReadinessPage", "Vertical"]
