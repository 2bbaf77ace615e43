"""Whole pages to read: readiness, help."""

import datetime as dt
from collections.abc import Iterator

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.readiness import ControlState, Readiness
from compliance_tui.tui.actions import ACTIONS, SCREEN_KEYS, key_name
from compliance_tui.tui.show import VERDICTS, bar, line, text

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
        yield Footer(show_command_palette=False, compact=True)


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
            *[line(f"  {keys:<12} {title:<12} {help}", limit=300) for keys, title, help in SCREEN_KEYS],
            Content(""),
            text("States: ● in order · ◐ waived · ✗ blocks · ○ recommended · – does not apply."),
            text("Filter: is:blocking, kind:sbom, seat:security, stale, or any words of an id or a title."),
        ]
        return Content("\n").join(rows)
