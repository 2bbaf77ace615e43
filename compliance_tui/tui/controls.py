"""The first page: the list of controls, and beside it the one under the cursor."""

from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer

from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show
from compliance_tui.tui.acting import Acting
from compliance_tui.tui.bars import Bar
from compliance_tui.tui.checklist import Checklist, GroupRow, heading
from compliance_tui.tui.detail import below, beside
from compliance_tui.tui.reading import Text
from compliance_tui.tui.session import names
from compliance_tui.tui.show import MUTED, line

_REST_SECONDS = 0.1

if TYPE_CHECKING:
    from compliance_tui.tui.finder import Finder


class ControlsPage(Acting):
    """One list, one detail, one line of keys."""

    DEFAULT_CSS = """
    ControlsPage {
        #place, #columns { background: $background; }
        #body { height: 1fr; }
        #left { width: 3fr; height: 1fr; }
        #right { width: 2fr; border-left: vkey $primary; }
        #filter { background: $field-focus; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #left { width: 100%; }
        &.-narrow #right { width: 100%; height: 8; border-left: none; border-top: hkey $primary; }
        &.-narrow.-low #right { display: none; }
    }
    """
    AUTO_FOCUS = "#checklist"
    place = "controls"
    about = message(
        "Every control of the pinned standards, by group. The sign says whether it is in order; the columns say what was "
        "answered, how much of the wanted evidence is there, how the checks came out, and who has signed. "
        "n walks the gaps: first what decides the axes, then what needs the least to be closed."
    )
    parts = {
        "checklist": message(
            "The list. Up and down move, Enter opens, Space marks, left and right fold a group. Tab goes to the text."
        ),
        "right": message("The control under the cursor. Up and down scroll, Tab goes back to the list."),
        "filter": message("All terms must hold; a minus in front turns one around. Enter keeps the filter, Esc drops it."),
    }

    def __init__(self) -> None:
        super().__init__()
        self._only_gaps = False
        self._fresh = True
        self._rest: Timer | None = None

    def head(self) -> ComposeResult:
        """Subject and verdict; standards and position."""
        yield Bar(line(str(self.session.path), "bold"), line(gettext("reading"), MUTED), id="head")
        yield Bar(id="place")

    def body(self) -> ComposeResult:
        """List and detail."""
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Bar(id="columns")
                yield Checklist()
            yield Text(id="right")

    def on_mount(self) -> None:
        """The frame at once; the list follows when it was read."""
        if self.session.loaded is not None:
            self.renew()

    def begin_again(self) -> None:
        """Something else was opened: as at the beginning."""
        if self.finder is not None:
            self.finder.reset()
        self._only_gaps = False
        self.checklist.marked, self.checklist.folded = set(), set()
        self.checklist.show([])
        self.title_line(line(str(self.session.path), "bold"), line(gettext("reading"), MUTED))
        self.query_one("#right", Text).show([])
        self._fresh = True

    # -- showing -----------------------------------------------------------------------------------------------------------

    @property
    def checklist(self) -> Checklist:
        """The list."""
        return self.query_one(Checklist)

    def renew(self) -> None:
        """Show the states that were read; the cursor stays where it is, and starts on the first gap."""
        first, self._fresh = self._fresh, False
        gaps = self.session.loaded.gaps if self.session.loaded else ()
        self.checklist.changed()
        self.checklist.fill(self.filtering, gaps[0] if first and gaps else None)
        self._headline()
        if self.finder is None:
            self.call_after_refresh(self._complete)
        else:
            self._show_detail()

    def _complete(self) -> None:
        """What the first frame does without: the line of the filter, and what belongs to the control under the cursor."""
        from compliance_tui.tui.finder import Finder

        if self.finder is None:
            self.query_one("#left", Vertical).mount(Finder(), before=0)
        self.show_keys()
        self._show_detail()

    def _headline(self) -> None:
        session, result = self.session, self.session.result
        subject = session.contents.assessment.subject
        blocking = len(result.blocking())
        required = sum(state.level == "required" for state in result.controls)
        waived = sum(state.outcome == "waived" for state in result.controls)
        axes = [axis.declared or f"{axis.axis}?" for standard in result.standards for axis in standard.axes]
        where = " · ".join(dict.fromkeys(axes))  # two standards that ask for one axis in the same words say it once
        verdict = show.verdict_chip(result.verdict, not session.unseen)
        told = [gettext("{number} block", number=blocking)]
        if waived:
            told.append(gettext("{number} waived", number=waived))
        told.append(gettext("{at} of {number}", at=required - blocking, number=required))
        counts = "  " + " · ".join(told) + ("  " + gettext("read-only") if session.read_only else "")
        name = line(f"{subject.name} {subject.version}".rstrip(), "bold", limit=60) + line(f"   {where}", MUTED, limit=60)
        self.title_line(name, verdict + line(counts))
        self._place()

    def _place(self) -> None:
        """Standards, date and filter on the left; where we are, in words, on the right."""
        if self.session.loaded is None:
            return
        assessment = self.session.contents.assessment
        pins = ", ".join(f"{pin.id} {pin.version}" for pin in assessment.standards)
        planned = ""
        if assessment.subject.release_date:
            day = assessment.subject.release_date
            days = (day - self.session.result.as_of.date()).days
            if days >= 0:
                planned = ngettext("release {day}, in {number:,} day", "release {day}, in {number:,} days", days, day=day)
            else:
                planned = ngettext("release {day}, {number:,} day ago", "release {day}, {number:,} days ago", -days, day=day)
            planned = f"  {planned}"
        narrowed = "  " + gettext("filter: {filter}", filter=self.filtering) if self.filtering else ""
        gaps, here = self.session.loaded.gaps, self.checklist.selected
        gap = gettext("gap {at} of {number}", at=gaps.index(here) + 1, number=len(gaps)) + " · " if here in gaps else ""
        self.query_one("#place", Bar).show(
            line(f"{pins}{planned}", MUTED) + line(narrowed, show.WARN), line(f"{gap}{self.checklist.position}", MUTED)
        )

    @on(Checklist.Moved)
    def _moved(self) -> None:
        """The detail follows when the cursor rests: a held key does not send it all."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._show_detail)

    def _show_detail(self) -> None:
        self._place()
        right = self.query_one("#right", Text)
        if right.display and self.session.loaded is not None:
            right.show(self._detail(), home=True)

    def _detail(self) -> "list[Content]":
        here = self.checklist.here
        if isinstance(here, GroupRow):
            standard = self.session.contents.standard(here.standard)
            group = next(one for one in standard.groups if one.id == here.id)
            return [line(f"{group.id}  {gettext(group.title)}", "bold"), Content(""), show.prose(gettext(group.summary))]
        state = self.session.state(here) if isinstance(here, tuple) else None
        if state is None:
            return [line(gettext("nothing is found; Esc shows everything again"), MUTED)]
        return below(self.session, state) if self.app.size.width < 100 else beside(self.session, state)

    @on(Checklist.Fitted)
    def _columns(self) -> None:
        """Columns come and go with the width."""
        self.query_one("#columns", Bar).show(line(heading(max(0, self.checklist.size.width - 2)), MUTED))
        self._show_detail()

    # -- the list ----------------------------------------------------------------------------------------------------------

    @on(Checklist.Chosen)
    def _chosen_row(self) -> None:
        """Enter in the list; one that was on its way when the line above got the focus ends what is typed there."""
        if self.finder is not None and self.focused is self.finder:
            self.finder.finish()
        else:
            self.action_open()

    def action_open(self) -> None:
        """A control as a page; a group folds."""
        if isinstance(self.checklist.here, GroupRow):
            self.checklist.fold(self.checklist.here)
        else:
            self.open_control(self.checklist.selected)

    def key_left(self) -> None:
        """To the group, then fold it."""
        here = self.checklist.here
        if not self.checklist.has_focus:
            return
        if isinstance(here, GroupRow):
            if here not in self.checklist.folded:
                self.checklist.fold(here)
        else:
            above = [row for row in self.checklist.rows[: self.checklist.at] if isinstance(row, GroupRow)]
            if above:
                self.checklist.go_to(above[-1])

    def key_right(self) -> None:
        """Unfold the group."""
        here = self.checklist.here
        if self.checklist.has_focus and isinstance(here, GroupRow) and here in self.checklist.folded:
            self.checklist.fold(here)

    def action_select(self) -> None:
        """Mark what is under the cursor."""
        self.checklist.mark()
        self._place()

    def action_select_all(self) -> None:
        """Mark all that are shown."""
        self.checklist.mark_all()
        self._place()

    def action_next_gap(self) -> None:
        """The next gap, around the end."""
        self._to_gap(self.next_gap(self.checklist.selected, set(self.checklist.shown) if self.filtering else None))

    def action_previous_gap(self) -> None:
        """The gap before."""
        self._to_gap(self.gap_before(self.checklist.selected))

    def _to_gap(self, key: "tuple[str, str] | None") -> None:
        if key is None:
            self.say(
                gettext("nothing blocks")
                if not self.filtering
                else gettext("nothing of what is shown blocks; Esc shows everything")
            )
            return
        self.select(key)
        self.checklist.focus()

    # -- filter, jump, views -----------------------------------------------------------------------------------------------

    @property
    def finder(self) -> "Finder | None":
        """The line above the list; None before the first reading."""
        return cast("Finder | None", next(iter(self.query("#filter")), None))

    @property
    def filtering(self) -> str:
        """The filter in force."""
        typed = self.finder.filter if self.finder is not None else ""
        return f"{typed} is:blocking" if self._only_gaps else typed

    def action_filter(self) -> None:
        """Open the line for a filter."""
        self._type(jump=False)

    def action_jump(self) -> None:
        """Open the line for an id."""
        self._type(jump=True)

    def _type(self, *, jump: bool) -> None:
        if self.finder is not None:
            self.finder.open(jump=jump)
            self.set_focus(self.finder)

    def on_finder_filtered(self) -> None:
        """Another filter: what was typed and what it finds are drawn together."""
        self.checklist.fill(self.filtering)
        self._place()
        self.draw_now(self.checklist, self.query_one("#place"))

    def on_finder_jumped(self, event: "Finder.Jumped") -> None:
        """Another part of an id."""
        from compliance_tui.tui.finder import named

        key = named(self.checklist.shown, event.typed)
        if key is not None:
            self.checklist.open_up(key)

    def on_finder_left(self) -> None:
        """Back to the list."""
        self.checklist.focus()
        self._place()

    def action_step_back(self) -> None:
        """Esc: the line that is typed in, the filter, gaps only, the marks, one after the other."""
        if self.finder is not None and self.finder.display:
            self.finder.drop()
        elif self._only_gaps:
            self.action_only_gaps()
        elif self.checklist.marked:
            self.checklist.marked = set()
            self.checklist.changed()
        self.say("")
        self._place()

    def action_only_gaps(self) -> None:
        """Only what blocks, or everything."""
        self._only_gaps = not self._only_gaps
        self.on_finder_filtered()

    def narrow(self, query: str) -> None:
        """Put a filter in force."""
        if self.finder is not None:
            self._only_gaps = False
            self.finder.narrow(query)

    def action_views(self) -> None:
        """Filters with a name."""
        from compliance_tui.tui.views import ViewsPage

        self.app.show(ViewsPage(self.filtering), self._viewed)

    def _viewed(self, query: str | None) -> None:
        if query is not None:
            self.narrow(query)

    # -- what the actions act on -------------------------------------------------------------------------------------------

    def targets(self) -> "list[tuple[str, str]]":
        """What is marked, in the list's order; else the control under the cursor."""
        if self.checklist.marked and self.session.loaded is not None:
            return [key for key in self.session.loaded.states if key in self.checklist.marked]
        return [self.checklist.selected] if self.checklist.selected is not None else []

    def finished(self, what: str | None) -> None:
        """After a form: what was marked is unmarked once it was acted on."""
        if what and self.checklist.marked:
            self.checklist.marked = set()
            self.checklist.changed()
        self.app.done(what)

    def select(self, key: "tuple[str, str]") -> None:
        """Put the cursor on a control, dropping a filter that hides it."""
        if not self.checklist.open_up(key):
            self.narrow("")
            self.checklist.fill(self.filtering, key)

    def take_up(self, keys: "list[tuple[str, str]]") -> None:
        """Mark them, and go to the first: one action then takes them all."""
        self.checklist.marked = set(keys) if len(keys) > 1 else set()
        self.checklist.changed()
        self.select(keys[0])
        if len(keys) > 1:
            self.say(gettext("{number} controls are marked: the next action takes all of them; Esc unmarks", number=len(keys)))

    def action_copy(self) -> None:
        """The id of the control, or the ids of what is marked."""
        ids = names(self.targets(), 1000)
        if ids:
            self.app.copy_to_clipboard(clean_line(ids, 10_000))
            self.say(gettext("in the clipboard: {text}", text=ids))

    # -- other pages -------------------------------------------------------------------------------------------------------

    def action_export(self) -> None:
        """Sign and export."""
        from compliance_tui.tui.export import ExportForm

        self.app.show(ExportForm(), self.app.done)

    def action_versions(self) -> None:
        """Other versions of the pinned standards."""
        from compliance_tui.tui.versions import open_versions

        open_versions(self)

    def action_release(self) -> None:
        """Subject, axes, people."""
        from compliance_tui.tui.release import ReleasePage

        self.app.show(ReleasePage(), self.app.done)

    def action_home(self) -> None:
        """Recent assessments and bundles."""
        from compliance_tui.tui.start import StartPage

        self.app.show(StartPage())
