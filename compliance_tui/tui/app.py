"""The app: one list, one detail, one line of help."""

import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.filter import LineFilter
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer, Input, Static
from textual.worker import get_current_worker

from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.readiness import ControlState, Readiness
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.instant import now
from compliance_tui.tui.actions import ACTIONS, bindings
from compliance_tui.tui.checklist import Checklist
from compliance_tui.tui.detail import detail
from compliance_tui.tui.show import VERDICTS, line
from compliance_tui.tui.themes import DARK, LIGHT
from compliance_tui.tui.visible import Visible

_REST_SECONDS = 0.1
_LOOK_SECONDS = 2.0
_VISIBLE = Visible()


class ComplianceApp(App[int]):
    """The checklist of an assessment, or of a bundle (then read-only)."""

    CSS_PATH = "style.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    TITLE = "compliance-tui"

    def __init__(
        self,
        contents: Contents,
        *,
        person: str = "unknown",
        kinds_folder: Path | None = None,
        standards_folder: Path | None = None,
        read_only: bool = False,
        clock: Callable[[], dt.datetime] = now,
    ) -> None:
        plain = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if plain else None)
        self.animation_level = "none"
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = "ansi-dark" if plain else DARK.name
        self.contents, self.person, self.kinds_folder = contents, person, kinds_folder
        self.standards_folder = standards_folder
        self.read_only, self.clock = read_only, clock
        self.result: Readiness = contents.readiness(clock())
        self._only_gaps = False
        self._rest: Timer | None = None
        self._stamp = self._folder_stamp()

    def compose(self) -> ComposeResult:
        """Two lines on top, list and detail, keys below."""
        yield Static(id="verdict")
        yield Static(id="place")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                filter_box = Input(placeholder="filter: words, is:blocking, kind:sbom, seat:security, stale", id="filter")
                filter_box.cursor_blink = False
                yield filter_box
                yield Checklist()
            with VerticalScroll(id="right"):
                yield Static(id="detail")
        yield Static(id="message")
        yield Footer(show_command_palette=False, compact=True)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every line of every widget passes the last line of defence."""
        return [*super().get_line_filters(), _VISIBLE]

    def on_mount(self) -> None:
        """Show what is there, and start looking for changes from outside."""
        self.query_one("#filter").display = False
        self.query_one("#message").display = False
        self._fill()
        checklist = self.query_one(Checklist)
        checklist.focus()
        first = checklist.next_gap() or next(iter(checklist.states), None)
        if first:
            self.call_after_refresh(checklist.go, first)
        if not self.read_only:
            self.set_interval(_LOOK_SECONDS, self._look)

    # -- showing -------------------------------------------------------------------------------------------------------

    @property
    def _words(self) -> list[str]:
        return self.query_one("#filter", Input).value.lower().split()

    def _fill(self) -> None:
        standards = [standard for standard, _ in self.contents.standards]
        self.query_one(Checklist).fill(standards, self.result, self._words, self._only_gaps)
        self._headline()

    def _headline(self) -> None:
        subject, result = self.contents.assessment.subject, self.result
        blocking = len(result.blocking())
        required = sum(state.level == "required" for state in result.controls)
        colour = "$text-error" if result.verdict == "not-ready" else "$text-success"
        where = " · ".join(f"{axis.declared or '?'}" for standard in result.standards for axis in standard.axes)
        mode = "  READ-ONLY" if self.read_only else ""
        verdict = Content.styled(VERDICTS[result.verdict], f"bold {colour}")
        counts = line(f"  {blocking} block · {required - blocking} of {required} in order{mode}")
        name = line(f"   {subject.name} {subject.version}  {where}", limit=100)
        self.query_one("#verdict", Static).update(verdict + counts + name)
        self._place()

    def _place(self) -> None:
        """Where we are, in words."""
        subject = self.contents.assessment.subject
        pins = ", ".join(f"{pin.id} {pin.version}" for pin in self.contents.assessment.standards)
        planned = f"  release planned {subject.release_date}" if subject.release_date else ""
        position = self.query_one(Checklist).position
        self.query_one("#place", Static).update(line(f"{position}  {pins}{planned}", "$text-muted"))

    @on(Checklist.Rested)
    def _rested(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._show_detail)

    def _show_detail(self) -> None:
        state = self.selected
        shown = detail(self.contents, state, self.clock()) if state else Content("")
        self.query_one("#detail", Static).update(shown)
        self.query_one("#right", VerticalScroll).scroll_home(animate=False)
        self._place()

    @property
    def selected(self) -> ControlState | None:
        """The control under the cursor."""
        checklist = self.query_one(Checklist)
        return checklist.states.get(checklist.selected) if checklist.selected else None

    # -- changes -------------------------------------------------------------------------------------------------------

    def _folder_stamp(self) -> tuple[int, ...]:
        """What changes when a record is written: the folders' own times (every write is a rename)."""
        if self.read_only:
            return ()
        root = self.contents.root
        folders = [root, root / "evidence", *sorted(path for path in (root / "responses").glob("*") if path.is_dir())]
        return tuple(folder.stat().st_mtime_ns for folder in folders if folder.exists())

    def _look(self) -> None:
        stamp = self._folder_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self.action_reload()

    def action_reload(self, done: str = "") -> None:
        """Read the folder again, off the UI thread; what is wrong in it is said, and the old view stays."""
        if not self.read_only:
            self.run_worker(partial(self._read, done), thread=True, exclusive=True, group="reload")

    def _read(self, done: str) -> None:
        worker = get_current_worker()
        stamp = self._folder_stamp()
        try:
            contents = load(self.contents.root)
        except ComplianceError as error:
            self.call_from_thread(self.say, str(error), "$text-error")
            return
        result = contents.readiness(self.clock())
        if not worker.is_cancelled:
            self.call_from_thread(self._renew, contents, result, stamp, done)

    def _renew(self, contents: Contents, result: Readiness, stamp: tuple[int, ...], done: str) -> None:
        same_standards = contents.assessment.standards == self.contents.assessment.standards
        self.contents, self.result, self._stamp = contents, result, stamp
        if self._words or self._only_gaps or not same_standards:
            self._fill()
        else:
            self.query_one(Checklist).renew(result)
            self._headline()
        self._show_detail()
        self.say(done)

    def _done(self, what: str | None) -> None:
        if what:
            self.action_reload(what)

    def say(self, what: str, style: str = "") -> None:
        """One line above the keys, covering nothing; it stays until something else is to be said."""
        message = self.query_one("#message", Static)
        message.update(line(what, style, limit=600))
        message.display = bool(what)

    # -- actions -------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Actions of the checklist rest while a form or page is open; a bundle is never written to."""
        entry = next((one for one in ACTIONS if one.id == action), None)
        if entry is None:
            return super().check_action(action, parameters)
        if len(self.screen_stack) > 1:
            return False
        return None if entry.writes and self.read_only else True

    def get_system_commands(self, screen: Screen[object]) -> "Iterator[SystemCommand]":
        """The palette knows the same actions."""
        for action in ACTIONS:
            if not (action.writes and self.read_only):
                callback = getattr(self, f"action_{action.id}")
                yield SystemCommand(action.title.capitalize(), action.help, callback)

    def action_next_gap(self) -> None:
        """The next control that blocks."""
        checklist = self.query_one(Checklist)
        key = checklist.next_gap()
        if key is None:
            self.say("nothing blocks here")
            return
        checklist.go(key)
        checklist.focus()

    def action_filter(self) -> None:
        """Open the filter line."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    @on(Input.Changed, "#filter")
    def _filtered(self) -> None:
        self._fill()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = bool(box.value)
        self.query_one(Checklist).focus()

    def key_escape(self) -> None:
        """Esc closes the filter, and shows everything again."""
        box = self.query_one("#filter", Input)
        if box.display:
            box.value = ""
            box.display = False
            self.query_one(Checklist).focus()

    def action_only_gaps(self) -> None:
        """Show only what blocks, or everything."""
        self._only_gaps = not self._only_gaps
        self._fill()

    def action_answer(self) -> None:
        """Answer the control under the cursor."""
        from compliance_tui.tui.forms import AnswerForm

        if state := self._wanted():
            self.push_screen(AnswerForm(self.contents, state, self.person, self.clock), self._done)

    def action_attach(self) -> None:
        """Attach evidence to the control under the cursor."""
        from compliance_tui.tui.forms import AttachForm

        if state := self._wanted():
            self.push_screen(AttachForm(self.contents, state, self.person, self.clock, self.kinds_folder), self._done)

    def action_detach(self) -> None:
        """Take an evidence item off the control under the cursor."""
        from compliance_tui.tui.forms import DetachForm

        if state := self._wanted():
            if state.response and state.response.evidence:
                self.push_screen(DetachForm(self.contents, state, self.person, self.clock), self._done)
            else:
                self.say(f"{state.control.id} has no evidence to take off")

    def action_sign_off(self) -> None:
        """Sign off the control under the cursor."""
        from compliance_tui.tui.forms import SignOffForm

        if state := self._wanted():
            self.push_screen(SignOffForm(self.contents, state, self.person, self.clock), self._done)

    def action_waive(self) -> None:
        """Waive the control under the cursor."""
        from compliance_tui.tui.forms import WaiveForm

        if state := self._wanted():
            self.push_screen(WaiveForm(self.contents, state, self.person, self.clock), self._done)

    def _wanted(self) -> ControlState | None:
        if self.selected is None:
            self.say("move to a control first")
        return self.selected

    def action_readiness(self) -> None:
        """The readiness page."""
        from compliance_tui.tui.pages import ReadinessPage

        self.push_screen(ReadinessPage(self.contents, self.result))

    def action_export(self) -> None:
        """Export the assessment."""
        from compliance_tui.tui.export import ExportForm

        self.push_screen(ExportForm(self.contents, self.result, self.person, self.clock), self._done)

    def action_versions(self) -> None:
        """Other versions of the pinned standards."""
        from compliance_tui.standard.load import known_versions, standard_folders
        from compliance_tui.tui.versions import VersionsPage

        try:
            versions = known_versions(standard_folders(self.standards_folder))
        except ComplianceError as error:
            self.say(str(error), "$text-error")
            return
        self.push_screen(VersionsPage(self.contents, versions, self.person, self.clock), self._done)

    def action_help(self) -> None:
        """The keys."""
        from compliance_tui.tui.pages import HelpPage

        self.push_screen(HelpPage())

    async def action_quit(self) -> None:
        """Leave."""
        self.exit(0)


def run(path: Path, *, person: str, kinds_folder: Path | None, standards_folder: Path | None = None) -> int:
    """Open the assessment folder or bundle at ``path``; gives the exit status. Raises ComplianceError where it cannot."""
    bundle = path.is_file() or (path / "core").is_dir()
    if bundle:
        from compliance_tui.bundle.verify import read_bundle

        contents = read_bundle(path).contents
    else:
        contents = load(path)
    app = ComplianceApp(contents, person=person, kinds_folder=kinds_folder, standards_folder=standards_folder, read_only=bundle)
    return app.run() or 0
