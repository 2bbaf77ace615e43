"""What every page shares: its place in the table of actions, the lines around it, and how a key becomes an action."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import events
from textual._styles_cache import StylesCache
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from compliance_tui.tui.actions import Action
from compliance_tui.tui.bars import Bar, Keys
from compliance_tui.tui.session import Session
from compliance_tui.tui.show import BAD, line

if TYPE_CHECKING:
    from compliance_tui.tui.app import ComplianceApp

Result = TypeVar("Result")
NOTHING = Content("")


class Page(Screen[Result], Generic[Result]):
    """A page over the whole terminal."""

    place: ClassVar[str] = "reading"
    # What F1 says: of the page, and of its parts by their id.
    about: ClassVar[str] = ""
    parts: ClassVar[dict[str, str]] = {}

    app: "ComplianceApp"

    @property
    def session(self) -> Session:
        """What is open."""
        assert self.app.session is not None
        return self.app.session

    def head(self) -> ComposeResult:
        """The lines on top."""
        yield Bar(id="head")

    def body(self) -> ComposeResult:
        """What is between the lines."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Lines on top, body, message, keys."""
        yield from self.head()
        yield from self.body()
        message = Static(id="message")
        message.display = False
        yield message
        yield Keys()

    def on_mount(self) -> None:
        """The keys of this place."""
        self.show_keys()

    def draw_now(self, *widgets: Widget) -> None:
        """Draw what changed at once; the screen's own timer would wait for the next sixtieth of a second (Textual 8.2.8)."""
        self._dirty_widgets.update(widgets)
        self._on_timer_update()

    def _compositor_refresh(self) -> None:
        """Nothing is drawn while the page is put together: Textual 8.2.8 would draw all of it, and throw that away."""
        if not self.app._batch_count:
            super()._compositor_refresh()

    def on_unmount(self) -> None:
        """A cache on a method of Textual 8.2.8 keeps 1,024 widgets of closed pages, each with its drawn lines: empty it."""
        StylesCache.get_inner_outer.cache_clear()

    def show_keys(self) -> None:
        """Show what can be done here now."""
        self.query_one(Keys).show([one for one in self.app.keys.at(self.place) if self.app.may(one)])

    def renew(self) -> None:
        """The assessment was read again: show what is there now."""

    def title_line(self, left: Content, right: Content = NOTHING) -> None:
        """What stands in the first line."""
        self.query_one("#head", Bar).show(left, right)

    def say(self, what: str, style: str = "") -> None:
        """One line above the keys, covering nothing; it stays until something else is to be said."""
        message = self.query_one("#message", Static)
        message.update(line(what, style, limit=600))
        message.display = bool(what)

    def complain(self, why: str) -> None:
        """Say what was wrong, and what to do."""
        self.say(why, BAD)

    async def on_key(self, event: events.Key) -> None:
        """A key that no part of the page took, or will take: a field moves its own cursor, and Enter in it is its own.

        A letter that was on its way to a list when a field got the focus is typed into the field; it means no action.
        """
        focused = self.focused
        if focused is not None and event.key in focused._bindings.key_to_bindings:
            return
        if isinstance(focused, Input) and event.is_printable and event.character is not None:
            event.stop()
            focused.insert_text_at_cursor(event.character)
            return
        action = self.app.keys.action(self.place, event.key)
        if action is not None:
            event.stop()
            event.prevent_default()
            await self.app.take(action, self)

    def actions(self) -> Iterator[Action]:
        """The actions of this place that may be taken now, for palette and help."""
        yield from (action for action in self.app.keys.at(self.place) if self.app.may(action))

    def part_help(self) -> str:
        """What F1 says of the part that has the focus."""
        focused: Widget | None = self.focused
        return self.parts.get(focused.id or "", "") if focused is not None else ""

    def action_leave(self) -> None:
        """One page back."""
        self.dismiss(None)
