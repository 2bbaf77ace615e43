"""The app: what is open, which page is shown, and how keys, palette and threads reach them."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.app import App, SystemCommand
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widget import AwaitMount
from textual.worker import get_current_worker

from compliance_tui.bundle.names import is_bundle
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.instant import now
from compliance_tui.safe.language import gettext
from compliance_tui.tui import memory
from compliance_tui.tui.actions import Action
from compliance_tui.tui.keymap import KeyMap
from compliance_tui.tui.page import Page
from compliance_tui.tui.session import Clock, Loaded, Session
from compliance_tui.tui.themes import DARK, TERMINAL, THEMES, TITLES
from compliance_tui.tui.visible import Visible

if TYPE_CHECKING:
    from compliance_tui.tui.controls import ControlsPage
    from compliance_tui.tui.verdict import VerdictPage

Result = TypeVar("Result")
_LOOK_SECONDS = 2.0
_VISIBLE = Visible()


class ComplianceApp(App[int]):
    """The officer's terminal: an assessment, a bundle (then read-only), or the start page when there is neither."""

    CSS_PATH = "style.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]
    TITLE = "compliance-tui"

    def __init__(
        self,
        path: Path | None,
        *,
        person: str = "unknown",
        kinds_folder: Path | None = None,
        standards_folder: Path | None = None,
        keys: KeyMap | None = None,
        clock: Clock = now,
    ) -> None:
        plain = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if plain else None)
        self.animation_level = "none"
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = TERMINAL.name if plain else _remembered_theme()
        self.keys = keys or KeyMap()
        self.person, self.kinds_folder, self.standards_folder, self.clock = person, kinds_folder, standards_folder, clock
        self.session: Session | None = None
        self._before: Session | None = None
        self.failure: ComplianceError | None = None
        if path is not None:
            self.session = self._session(path)

    def _session(self, path: Path) -> Session:
        if is_bundle(path):
            from compliance_tui.tui.bundle_session import BundleSession

            return BundleSession(path, self.person, self.kinds_folder, self.standards_folder, self.clock)
        return Session(path, self.person, self.kinds_folder, self.standards_folder, self.clock)

    def get_default_screen(self) -> Screen[Any]:
        """The start page where nothing is open."""
        if self.session is None:
            from compliance_tui.tui.start import StartPage

            return StartPage()
        return self._first_page(self.session)

    def _first_page(self, session: Session) -> "ControlsPage | VerdictPage":
        """The list of controls; of a bundle the verdict."""
        if session.read_only:
            from compliance_tui.tui.verdict import VerdictPage

            return VerdictPage()
        from compliance_tui.tui.controls import ControlsPage

        return ControlsPage()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every line of every widget passes the last line of defence."""
        return [*super().get_line_filters(), _VISIBLE]

    def on_mount(self) -> None:
        """The first frame is drawn before anything is read; then look for changes from outside."""
        self.set_interval(_LOOK_SECONDS, self._look)
        if self.session is not None:
            self.call_after_refresh(self.reload)

    # -- reading -----------------------------------------------------------------------------------------------------------

    def reload(self, done: str = "") -> None:
        """Read again, off the UI thread; what is wrong is said, and the old view stays. ``done`` is said when it is through."""
        if self.session is None:
            return
        if self.session.read_only:
            from compliance_tui.tui.verdict import VerdictPage

            next(page for page in reversed(self.screen_stack) if isinstance(page, VerdictPage)).verify(done)
        else:
            self.run_worker(partial(self._read, self.session, done), thread=True, exclusive=True, group="reload")

    def _read(self, session: Session, done: str) -> None:
        worker = get_current_worker()
        try:
            loaded = session.read()
        except ComplianceError as error:
            if not worker.is_cancelled:
                self.call_from_thread(self._not_read, session, error)
            return
        if not worker.is_cancelled:
            self.call_from_thread(self.renew, session, loaded, done)

    def _not_read(self, session: Session, error: ComplianceError) -> None:
        if session.loaded is not None:
            session.loaded.stamp = session.stamp()  # the fault is told once, not every two seconds
        elif self._before is not None or len(self.screen_stack) > 1:
            self._go_back()
        else:
            self.failure = error
            self.exit(error.exit_status)
            return
        self.call_after_refresh(self.say, str(error), "$text-error")

    def _go_back(self) -> None:
        """What was to be opened cannot be read: back to what was open before, or to the start page."""
        self.session, self._before = self._before, None
        self.back_to(self.screen_stack[0])
        if self.session is None:
            return
        root, page = self.screen_stack[0], self._first_page(self.session)
        if isinstance(root, type(page)):
            root.renew()
        else:
            self.show(page)

    def back_to(self, page: Screen[Any]) -> None:
        """Leave the pages above that one."""
        while self.screen is not page and len(self.screen_stack) > 1:
            self.pop_screen()

    def renew(self, session: Session, loaded: Loaded, done: str) -> None:
        """Show on every page what was read, and say what was done."""
        if session is not self.session:
            return
        first = session.loaded is None
        if session.loaded is not None:
            loaded.faults = session.loaded.faults
        session.loaded = loaded
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.renew()
        if done:
            self.say(done)
        if first and not gc.isenabled():
            # What start-up made and read first mostly stays: a collection between two keys need not walk it. Once only, since
            # what is frozen while it is part of a cycle is never collected.
            gc.freeze()
            gc.enable()
        self.run_worker(partial(self._prepare, loaded, first), thread=True, group="prepare", exclusive=True)

    def _prepare(self, loaded: Loaded, first: bool) -> None:
        """After the list is drawn: what the next key will want, and what may be told a moment later."""
        session = self.session
        assert session is not None
        _ = loaded.index
        if first:
            from compliance_tui.tui import answer, attach, control, forms  # noqa: F401

            _note(session, loaded)
        if not session.read_only:
            before = loaded.faults
            loaded.look_at_bytes()
            if loaded.faults != before:
                self.call_from_thread(self._show_faults, loaded)

    def _show_faults(self, loaded: Loaded) -> None:
        if self.session is not None and self.session.loaded is loaded:
            for screen in self.screen_stack:
                if isinstance(screen, Page):
                    screen.renew()

    def _look(self) -> None:
        session = self.session
        if session is not None and session.loaded is not None and session.stamp() != session.loaded.stamp:
            self.reload()

    def open(self, path: Path) -> None:
        """Open another assessment or bundle in place of what is open."""
        self._before, self.session = self.session, self._session(path)
        self.back_to(self.screen_stack[0])
        root, page = self.screen_stack[0], self._first_page(self.session)
        if isinstance(root, type(page)):
            root.begin_again()
        else:
            self.show(page)
        self.call_after_refresh(self.reload)

    def show(self, page: Page[Result], callback: "Callable[[Result | None], None] | None" = None) -> None:
        """Put a page on top. It is drawn once, when all of it is there; keys that come meanwhile wait for it."""
        width, height = self.size
        for size, steps in ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS)):
            page.add_class(max((least, name) for least, name in steps if size >= least)[1])
        self._begin_batch()
        self.call_next(self._shown, page, self.push_screen(page, callback))

    async def _shown(self, page: Page[Any], mounted: AwaitMount) -> None:
        """Lay out first, then draw all of it once."""
        await mounted
        page._refresh_layout()
        self._end_batch()
        page._layout_required, page._repaint_required = False, True
        page.draw_now()

    # -- saying ------------------------------------------------------------------------------------------------------------

    def say(self, what: str, style: str = "") -> None:
        """Say it on the page that is shown."""
        if isinstance(self.screen, Page):
            self.screen.say(what, style)

    def done(self, what: str | None) -> None:
        """A form ended with what was done, or with None: then there is nothing to read again."""
        if what:
            self.reload(what)

    # -- actions -----------------------------------------------------------------------------------------------------------

    def may(self, action: Action) -> bool:
        """Whether the action can be taken: a bundle is never written to."""
        if self.session is None:
            return True
        return action.of != "assessment" and not action.writes if self.session.read_only else action.of != "bundle"

    async def take(self, action: Action, page: Page[Any]) -> None:
        """Take an action: on the page, else on the app. A key that was on its way while the page was left means nothing."""
        if page is not self.screen:
            return
        if not self.may(action):
            self.say(gettext("this is a bundle: it is only read"))
            return
        target = getattr(page, f"action_{action.id}", None) or getattr(self, f"action_{action.id}")
        result = target()
        if result is not None:
            await result

    def get_system_commands(self, screen: Screen[Any]) -> "Iterator[SystemCommand]":
        """The palette knows the same actions."""
        if isinstance(screen, Page):
            for action in screen.actions():
                title = gettext(action.title)
                yield SystemCommand(
                    title[:1].upper() + title[1:], gettext(action.help), partial(self.call_later, self.take, action, screen)
                )

    def action_palette(self) -> None:
        """Every action by name."""
        self.action_command_palette()

    def action_command_palette(self) -> None:
        """As Textual does it, in the reader's language."""
        if not CommandPalette.is_open(cast("App[object]", self)):
            self.push_screen(CommandPalette(placeholder=gettext("Search for commands…"), id="--command-palette"))

    def action_help_quit(self) -> None:
        """As Textual does it, in the reader's language."""
        self.notify(gettext("Press [b]{key}[/b] to quit the app", key="ctrl+q"), title=gettext("Do you want to quit?"))

    def action_theme(self) -> None:
        """The next theme; it is remembered."""
        names = list(THEMES)
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        memory.remember("theme", self.theme)
        self.say(gettext("colours: {theme}", theme=gettext(TITLES[self.theme])))

    def action_reload(self) -> None:
        """Read the folder again."""
        self.reload(gettext("read again"))

    def action_compare(self) -> None:
        """What differs from another bundle, or another assessment."""
        from compliance_tui.tui.compare import CompareForm

        self.show(CompareForm("", str(self.session.path) if self.session is not None else ""))

    def action_help(self) -> None:
        """What this page and its parts are for, and its keys."""
        from compliance_tui.tui.help import HelpPage

        if isinstance(self.screen, Page):
            self.show(HelpPage(self.screen))

    async def action_quit(self) -> None:
        """Leave."""
        self.exit(0)


def _remembered_theme() -> str:
    name = memory.recall("theme")
    return name if name in THEMES else DARK.name


def _note(session: Session, loaded: Loaded) -> None:
    """Note it among the recent ones."""
    subject, result = loaded.contents.assessment.subject, loaded.result
    about = {
        "what": "bundle" if session.read_only else "assessment",
        "name": f"{subject.name} {subject.version}".strip(),
        "verdict": result.verdict,
        "blocking": str(len(result.blocking())),
        "opened": f"{result.as_of:%Y-%m-%d %H:%M}",
    }
    memory.opened(session.path, about)


def run(
    path: Path | None, *, person: str, kinds_folder: Path | None, standards_folder: Path | None = None, mouse: bool = True
) -> int:
    """Open the assessment folder or bundle at ``path``, or the start page; gives the exit status.

    Raises ComplianceError where it cannot be read, or the key map is not right.
    """
    from compliance_tui.tui.keymap import load_keys

    app = ComplianceApp(path, person=person, kinds_folder=kinds_folder, standards_folder=standards_folder, keys=load_keys())
    status = app.run(mouse=mouse) or 0
    if app.failure is not None:
        raise app.failure
    return status
