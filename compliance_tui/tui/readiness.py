"""Is it ready, and if not, what is missing, who has to act, and what runs out before the release?"""

import calendar as months
import datetime as dt
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from compliance_tui.assessment.history import Point, trend
from compliance_tui.assessment.plan import ACTORS, Actor, Event, Need, WhatIf, calendar, needs, what_if
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show
from compliance_tui.tui.halves import Halves
from compliance_tui.tui.page import Page
from compliance_tui.tui.pick import PickPage
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.session import names
from compliance_tui.tui.show import BAD, GOOD, HEADING, MUTED, WARN, line

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import Readiness

_MOST_MONTHS = 3
_MONTHS = (
    message("January"),
    message("February"),
    message("March"),
    message("April"),
    message("May"),
    message("June"),
    message("July"),
    message("August"),
    message("September"),
    message("October"),
    message("November"),
    message("December"),
)


@dataclass(frozen=True)
class Heading:
    """A line over what one of them has to do."""

    actor: Actor
    count: int


class NeedList(RowList):
    """What is missing, grouped by who has to act."""

    def rests(self, row: Hashable) -> bool:
        """On what can be gone to."""
        return isinstance(row, Need)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """A heading; or what is missing, and for which controls."""
        if isinstance(row, Heading):
            return ((f"{gettext(ACTORS[row.actor])} ({row.count})", "strong"),)
        if not isinstance(row, Need):
            return ((show.said(str(row)), "muted"),)
        count = f"{len(row.controls)}: " if len(row.controls) > 1 else ""
        ids, told = f"{count}{names(row.controls, 3)}", clean_line(gettext(row.text), 400)
        room = width - min(len(ids), max(12, width - len(told) - 4)) - 4
        return (("  ", "text"), (fit(told, room), "text"), ("  ", "text"), (fit(ids, width - room - 4), "muted"))


class ReadinessPage(Page[list[tuple[str, str]]]):
    """Ends with the controls that were chosen, or with None."""

    AUTO_FOCUS = "#needs"
    place = "readiness"
    about = message(
        "The verdict, and the shortest list of what still blocks: equal wants of several controls stand on one line, by who "
        "has to act. Enter marks the controls of a line in the list, so that one action can take them all. Beside them: "
        "bars by group, what goes stale before the release, how it went so far. w tries another axis value and changes nothing."
    )
    parts = {
        "needs": message("What blocks. Enter marks its controls in the list of controls."),
        "right": message("Bars by group and standard; what runs out before the release; the trend. Up and down scroll."),
    }

    def __init__(self) -> None:
        super().__init__()
        self._trend: list[Point] | None = None
        self._tried: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """What is missing, and beside it how it stands."""
        with Halves():
            yield NeedList(id="needs")
            yield Text(id="right")

    def on_mount(self) -> None:
        """What is missing first."""
        self.renew()

    def renew(self) -> None:
        """Show what is there now; the trend takes longer and follows."""
        result = self.session.result
        rows: list[Hashable] = []
        found = needs(self.session.contents, result)
        for actor in ACTORS:
            inside = [need for need in found if need.actor == actor]
            if inside:
                rows += [Heading(actor, len(inside)), *inside]
        self.query_one(NeedList).show(rows or [message("nothing blocks")])
        self._title(result)
        self._show()
        if not self.session.read_only:
            self.run_worker(self._look_up, thread=True, exclusive=True, group="trend")

    def _title(self, result: "Readiness") -> None:
        blocking = len(result.blocking())
        required = sum(state.level == "required" for state in result.controls)
        verdict = show.verdict_chip(result.verdict, not self.session.unseen)
        subject = self.session.contents.assessment.subject
        told = gettext(
            "{in_order} of {required} required controls in order, {blocking} block",
            in_order=required - blocking,
            required=required,
            blocking=blocking,
        )
        self.title_line(verdict + line(f"  {told}"), line(f"{subject.name} {subject.version}".rstrip(), MUTED))

    def _show(self) -> None:
        self.query_one("#right", Text).show([*self._tried_lines(), *self._bars(), *self._stale(), *self._trend_lines()])

    # -- how it stands -----------------------------------------------------------------------------------------------------

    def _bars(self) -> list[Content]:
        rows: list[Content] = []
        for standard, _ in self.session.contents.standards:
            states = [state for state in self.session.result.controls if state.standard == standard.id]
            rows.append(line(f"{gettext(standard.standard.title)} {standard.version}", HEADING))
            for group in standard.groups:
                inside = [state for state in states if state.control.group == group.id and state.level == "required"]
                done = sum(state.outcome != "blocked" for state in inside)
                if not inside:
                    told = gettext("{group}: nothing required", group=f"{group.id}  {gettext(group.title)}")
                    rows.append(line(f"  {'':<12}       {told}", MUTED))
                    continue
                style = GOOD if done == len(inside) else WARN if done else MUTED
                counts = f"{done:>3}/{len(inside):<3}"
                bar = Content.styled(f"  {show.bar(done, len(inside), 12)}", style)
                rows.append(bar + line(f"{counts} {group.id}  {gettext(group.title)}"))
            rows.append(Content(""))
        return rows

    def _stale(self) -> list[Content]:
        result, subject = self.session.result, self.session.contents.assessment.subject
        today = result.as_of.date()
        until = subject.release_date
        if until is None or until < today:
            if until is None:
                told = gettext("no release date is planned: p on the list sets one")
            else:
                told = gettext("the planned release, {day}, is over", day=until)
            return [line(gettext("Before the release"), HEADING), line(f"  {told}", MUTED), Content("")]
        events = calendar(self.session.contents, result, until)
        heading = ngettext(
            "Before the release on {day}, in {number:,} day",
            "Before the release on {day}, in {number:,} days",
            (until - today).days,
            day=until,
        )
        rows = [line(heading, HEADING)]
        rows += grid(today, until, {event.day for event in events})
        rows += [self._event(event) for event in events]
        if not events:
            rows.append(line("  " + gettext("nothing runs out before then"), GOOD))
        return [*rows, Content("")]

    def _event(self, event: Event) -> Content:
        told = line(gettext(event.text), limit=200)
        return line(f"  {event.day}  ", WARN) + told + line(f"  {names(event.controls, 4)}", MUTED)

    def _trend_lines(self) -> list[Content]:
        if not self._trend or len(self._trend) < 2:
            return []
        first, last = self._trend[0], self._trend[-1]
        drawn = show.spark([point.in_order for point in self._trend])
        told = ", ".join(
            gettext("{in_order} of {required} on {day}", in_order=one.in_order, required=one.required, day=one.day)
            for one in (first, last)
        )
        return [
            line(gettext("In order, day by day, by today's rules"), HEADING),
            Content.styled(f"  {drawn}  ", GOOD) + line(told),
            Content(""),
        ]

    def _look_up(self) -> None:
        try:
            found = trend(self.session.contents, self.session.result.as_of)
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, str(error))
            return
        self.app.call_from_thread(self._found_trend, found)

    def _found_trend(self, found: list[Point]) -> None:
        self._trend = found
        self._show()

    # -- what if -----------------------------------------------------------------------------------------------------------

    def action_what_if(self) -> None:
        """Choose another value for an axis, to see what it would change."""
        rows = [("", gettext("as it is"))]
        result = self.session.result
        for standard, _ in self.session.contents.standards:
            now = {axis.axis: axis.declared for one in result.standards if one.id == standard.id for axis in one.axes}
            for axis in standard.axes:
                for value in axis.values:
                    mark = " " + gettext("(as it is)") if now.get(axis.id) == value.id else ""
                    rows.append((f"{standard.id}/{axis.id}={value.id}", f"{axis.id} {value.id}  {gettext(value.title)}{mark}"))
        note = gettext("Nothing is written. Values of several axes add up; the first line takes all of them back.")
        self.app.show(PickPage(gettext("What if"), rows, note=note), self._try)

    def _try(self, chosen: str | None) -> None:
        if chosen is None:
            self._tried = {}
        else:
            name, _, value = chosen.partition("=")
            self._tried[name] = value
        self._show()
        self.query_one("#right", Text).turn(0)

    def _tried_lines(self) -> list[Content]:
        if not self._tried:
            return []
        found: WhatIf = what_if(self.session.contents, self.session.result, self._tried)
        said = ", ".join(f"{name.rpartition('/')[2]} {value}" for name, value in self._tried.items())
        verdict = gettext(show.VERDICTS[found.result.verdict]).lower()
        rows = [
            line(gettext("What if {said}", said=said), HEADING),
            line("  " + gettext("{verdict}; nothing was changed", verdict=verdict), show.VERDICT_STYLES[found.result.verdict]),
        ]
        for keys, word, style in (
            (found.newly_required, gettext("newly required"), WARN),
            (found.no_longer_required, gettext("no longer required"), GOOD),
            (found.newly_blocking, gettext("newly blocking"), BAD),
            (found.no_longer_blocking, gettext("no longer blocking"), GOOD),
        ):
            if keys:
                rows.append(line(f"  {len(keys):>3} {word}: ", style) + line(names(keys, 40), limit=1000))
        if len(rows) == 2:
            rows.append(line("  " + gettext("no control changes"), MUTED))
        return [*rows, Content("")]

    # -- leaving -----------------------------------------------------------------------------------------------------------

    @on(RowList.Chosen)
    def action_open(self) -> None:
        """To the controls of the line."""
        here = self.query_one(NeedList).here
        if isinstance(here, Need) and here.controls:
            self.dismiss(list(here.controls))
        else:
            self.say(gettext("this concerns no single control: p on the list of controls sets axes"))


def grid(today: dt.date, until: dt.date, marked: set[dt.date]) -> list[Content]:
    """The months from today to the release, side by side: days on which something runs out, today, the release."""
    blocks: list[list[Content]] = []
    year, month = today.year, today.month
    while (year, month) <= (until.year, until.month) and len(blocks) < _MOST_MONTHS:
        blocks.append(_month(year, month, today, until, marked))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    height = max(len(block) for block in blocks)
    blank = Content(" " * 21)
    rows = [
        Content("  ").join([blank[:0], *(block[at] if at < len(block) else blank for block in blocks)]) for at in range(height)
    ]
    legend = (f"] {gettext('today')}", f"! {gettext('something runs out')}", f"> {gettext('release')}")
    return [*rows, line("  " + " · ".join(legend), MUTED)]


def _month(year: int, month: int, today: dt.date, until: dt.date, marked: set[dt.date]) -> list[Content]:
    rows = [
        line(fit(f"{gettext(_MONTHS[month - 1])} {year}", 21), "bold"),
        line(gettext("Mo Tu We Th Fr Sa Su") + " ", MUTED),
    ]
    for week in months.Calendar().monthdatescalendar(year, month):
        cells = []
        for day in week:
            if day.month != month:
                cells.append(Content("   "))
            elif day == until:
                cells.append(Content.styled(f"{day.day:>2}>", f"bold {GOOD}"))
            elif day in marked:
                cells.append(Content.styled(f"{day.day:>2}!", f"bold {WARN}"))
            elif day == today:
                cells.append(Content.styled(f"{day.day:>2}]", "bold"))
            else:
                cells.append(Content.styled(f"{day.day:>2} ", MUTED if day < today or day > until else ""))
        rows.append(Content("").join(cells))
    return rows
