"""Other versions of the pinned standards: what changed, and what a move would do to each answer, with the answer beside it."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.migrate import Plan, Step, migrate, plan_migration
from compliance_tui.standard.diff import Difference, Part, TextChange, VersionDiff, diff
from compliance_tui.standard.load import Pack, Versions
from compliance_tui.tui.form import Clock, Form, Job
from compliance_tui.tui.show import line, text

_HEADING = "bold $text-accent"
# outcome -> glyph, word, colour
OUTCOMES = {
    "kept": ("●", "kept", "$text-success"),
    "recheck": ("◐", "recheck", "$text-warning"),
    "recompute": ("◐", "recomputed", "$text-warning"),
    "new": ("○", "new", "$text-accent"),
    "archived": ("–", "archived", "$text-muted"),
}


class VersionsPage(Screen[str | None]):
    """The versions that are known of each pinned standard; Enter shows what a move would do."""

    BINDINGS = [Binding("escape,q", "back", "back"), Binding("d", "difference", "differences")]

    def __init__(self, contents: Contents, versions: Versions, person: str, clock: Clock) -> None:
        super().__init__()
        self.contents, self.versions, self.person, self.clock = contents, versions, person, clock
        pinned = {pin.id: pin.sha256 for pin in contents.assessment.standards}
        self.packs = [pack for pack in versions.packs if pack.standard.id in pinned and pack.sha256 != pinned[pack.standard.id]]

    def compose(self) -> ComposeResult:
        """The pinned versions in words, then the others as a list."""
        with Vertical(classes="page"):
            yield Static(line("Other versions of the standards pinned here", "bold"))
            pins = ", ".join(f"{pin.id} {pin.version}" for pin in self.contents.assessment.standards)
            yield Static(line(f"pinned: {pins}", "$text-muted", limit=400))
            if not self.packs:
                yield Static(line("No other version of them is known; --standards DIR names a folder with further ones."))
            yield OptionList(*[Option(self._named(pack)) for pack in self.packs], id="versions")
            yield Static(line("Enter: what a move would do · d: the differences · Esc: back", "$text-muted"))
        yield Footer(show_command_palette=False, compact=True)

    def _named(self, pack: Pack) -> Content:
        header = pack.standard.standard
        return line(f"{header.id} {header.version}  {len(pack.standard.controls)} controls, released {header.released}")

    def on_mount(self) -> None:
        """The newest version first under the cursor."""
        listing = self.query_one(OptionList)
        listing.focus()
        if self.packs:
            listing.highlighted = len(self.packs) - 1

    @property
    def _chosen(self) -> Pack | None:
        at = self.query_one(OptionList).highlighted
        return self.packs[at] if at is not None and self.packs else None

    @on(OptionList.OptionSelected)
    def action_move(self) -> None:
        """Open the preview of a move to the version under the cursor."""
        if pack := self._chosen:
            page = MovePage(self.contents, pack, self.versions, self.person, self.clock)
            self.app.push_screen(page, self._ended)

    def _ended(self, done: str | None) -> None:
        if done:
            self.dismiss(done)

    def action_difference(self) -> None:
        """Open the differences between the pinned version and the one under the cursor."""
        if pack := self._chosen:
            old = self.contents.standard(pack.standard.id)
            known = self.versions.of(old.id, [old, pack.standard])
            self.app.push_screen(DifferencePage(diff(old, pack.standard, known)))

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)


class _ListPage(Screen[str | None]):
    """A list that one walks, with what is to be read beside it."""

    BINDINGS = [Binding("escape,q", "back", "back")]

    def headline(self) -> Content:
        """One or two lines on top."""
        raise NotImplementedError

    def rows(self) -> Sequence[Content]:
        """The list."""
        raise NotImplementedError

    def show(self, at: int) -> None:
        """Show what belongs to the row."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Headline, list, and the detail in two columns where there is room."""
        yield Static(self.headline(), id="headline")
        with Horizontal(id="body"):
            yield OptionList(*[Option(row) for row in self.rows()], id="rows")
            with VerticalScroll(id="right"):
                yield Static(id="about")
                with Horizontal(id="columns"):
                    yield Static(id="before")
                    yield Static(id="after")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Start on the first row."""
        self.query_one("#rows", OptionList).focus()

    @on(OptionList.OptionHighlighted, "#rows")
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        self.show(event.option_index)
        self.query_one("#right").scroll_home(animate=False)

    def fill(self, about: Iterator[Content], before: Iterator[Content], after: Iterator[Content]) -> None:
        """Put the detail on the screen."""
        for name, rows in (("about", about), ("before", before), ("after", after)):
            self.query_one(f"#{name}", Static).update(Content("\n").join(list(rows)))

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)


def _parts(parts: Sequence[Part], wanted: str) -> Content:
    """One side of a text: what was kept, and the removed (``-``) or the added (``+``) words, marked by sign and colour."""
    marks = {"-": ("[-", "-]", "$text-error"), "+": ("{+", "+}", "$text-success")}
    shown: list[Content] = []
    for sign, words in parts:
        if sign == "=":
            shown.append(text(words))
        elif sign == wanted:
            begin, end, colour = marks[sign]
            space = " " if words[:1].isspace() else ""
            shown.append(text(f"{space}{begin}{words.strip()}{end}", colour))
    return Content("").join(shown)


def _side(texts: Sequence[TextChange], rules: Sequence[str], sign: str, heading: str) -> Iterator[Content]:
    yield line(heading, _HEADING)
    colour = "$text-error" if sign == "-" else "$text-success"
    for rule in rules:
        yield line(f"{sign} {rule}", colour, limit=600)
    for one in texts:
        yield Content("")
        yield line(f"{one.field} of {one.old if sign == '-' else one.new}", "$text-muted")
        yield _parts(one.parts, sign)


def _about(one: Difference) -> Iterator[Content]:
    ids = " -> ".join(filter(None, (", ".join(one.move.old), ", ".join(one.move.new))))
    yield line(ids, "bold")
    yield line(f"{', '.join(one.move.kinds)}; an old answer: {one.move.effect}")
    for note in one.move.notes:
        yield line(f"  {note}", limit=400)
    if one.move.covered_by:
        yield line(f"  covered by {', '.join(one.move.covered_by)}")
    if one.affects:
        yield line(f"  concerns {'; '.join(one.affects)}", limit=400)


class DifferencePage(_ListPage):
    """The differences of two versions: old beside new, changed words marked."""

    def __init__(self, found: VersionDiff) -> None:
        super().__init__()
        self.found = found

    def headline(self) -> Content:
        """Which versions, and whether it was guessed."""
        old, new = self.found.old, self.found.new
        guessed = "  guessed: no list of changes leads from one to the other" if self.found.guessed else ""
        return line(f"{new.id}  {old.version} -> {new.version}: {len(self.found.differences)} changes{guessed}", "bold")

    def rows(self) -> Sequence[Content]:
        """One row for each entry."""
        return [
            line(f"{', '.join(one.move.new or one.move.old)}  {', '.join(one.move.kinds)}") for one in self.found.differences
        ]

    def show(self, at: int) -> None:
        """The entry, old beside new."""
        one = self.found.differences[at]
        before = _side(one.texts, one.rules_before, "-", self.found.old.version)
        self.fill(_about(one), before, _side(one.texts, one.rules_after, "+", self.found.new.version))


class MovePage(_ListPage):
    """What a move would do, control by control, with the answer beside it; F2 moves, after one question."""

    BINDINGS = [
        Binding("f2", "confirm", "move"),
        Binding("c", "only_changes", "changes only"),
    ]

    def __init__(self, contents: Contents, pack: Pack, versions: Versions, person: str, clock: Clock) -> None:
        super().__init__()
        self.contents, self.pack, self.person, self.clock = contents, pack, person, clock
        old = contents.standard(pack.standard.id)
        self.version = versions.of(old.id, [old, pack.standard])
        self.plan: Plan = plan_migration(contents, pack, self.version, clock())
        found = diff(old, pack.standard, self.version)
        self._by_new: Mapping[str, Difference] = {new: one for one in found.differences for new in one.move.new}
        self._by_old: Mapping[str, Difference] = {old: one for one in found.differences for old in one.move.old}
        self._only_changes = True

    @property
    def steps(self) -> list[Step]:
        """The steps that are listed."""
        return [step for step in self.plan.steps if not self._only_changes or step.outcome != "kept"]

    def headline(self) -> Content:
        """Counts first: nothing was changed yet."""
        counts = Counter(step.outcome for step in self.plan.steps)
        told = " · ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
        new = self.pack.standard
        guessed = " · guessed" if self.plan.guessed else ""
        first = line(f"{new.id}  {self.plan.old.version} -> {new.version}   preview, nothing was changed yet", "bold")
        return Content("\n").join(
            [first, line(f"{told}{guessed}"), *[line(one, "$text-warning") for one in self.plan.warnings]]
        )

    def rows(self) -> Sequence[Content]:
        """One row for each control: glyph, id, word."""
        rows = []
        for step in self.steps:
            glyph, word, colour = OUTCOMES[step.outcome]
            rows.append(Content.styled(f"{glyph} {word:<11}", colour) + line(step.new or ", ".join(step.old)))
        return rows

    def show(self, at: int) -> None:
        """Why, the answer as it would be, and the texts old beside new."""
        step = self.steps[at]
        difference = self._by_new.get(step.new or "") or self._by_old.get(step.old[0] if step.old else "")
        before = _side(difference.texts, difference.rules_before, "-", self.plan.old.version) if difference else iter(())
        after = _side(difference.texts, difference.rules_after, "+", self.pack.standard.version) if difference else iter(())
        self.fill(self._said(step), before, after)

    def _said(self, step: Step) -> Iterator[Content]:
        glyph, word, colour = OUTCOMES[step.outcome]
        name = f"{', '.join(step.old)} -> {step.new}" if step.new and step.old not in ((), (step.new,)) else step.new
        yield line(name or ", ".join(step.old), "bold")
        yield Content.styled(f"{glyph} {word}", colour) + line(f"  {step.why}", limit=600)
        yield Content("")
        response = step.response
        yield line("The answer after the move" if step.new else "The answer, kept in the archive", _HEADING)
        if response is None:
            yield line("  none yet")
            return
        status = response.status.replace("-", " ") if response.status else "to be answered again"
        yield line(f"  {status} · evidence {', '.join(response.evidence) or 'none'} · {len(response.sign_offs)} sign-offs")
        if response.statement:
            yield text(f"  {response.statement.strip()[:2000]}")

    def action_only_changes(self) -> None:
        """List only what changes, or everything."""
        self._only_changes = not self._only_changes
        listing = self.query_one("#rows", OptionList)
        listing.clear_options()
        listing.add_options([Option(row) for row in self.rows()])
        listing.highlighted = 0 if self.steps else None

    def action_confirm(self) -> None:
        """Ask once, then move."""
        self.app.push_screen(MoveForm(self), self._ended)

    def _ended(self, done: str | None) -> None:
        if done:
            self.dismiss(done)


class MoveForm(Form):
    """One question before the move."""

    HINT = "F2 moves · Esc goes back"

    def __init__(self, page: MovePage) -> None:
        super().__init__(page.contents, page.clock)
        self.page = page

    def fields(self) -> ComposeResult:
        """What will happen, in three lines."""
        plan, new = self.page.plan, self.page.pack.standard
        yield Static(line(f"Move {new.id} from {plan.old.version} to {new.version}?", "bold"), classes="heading")
        again = sum(step.outcome == "recheck" for step in plan.steps)
        yield Static(line(f"{again} answers keep statement and evidence, and have to be confirmed and signed again."))
        yield Static(line("Nothing is lost: what has no place in the new version is kept in the archive."))
        yield Static(line("`compliance-tui migrate --undo` takes it back, until the next answer."))

    def action_save(self) -> None:
        """Move."""
        self.run(partial(self._move))

    def _move(self, _: Job) -> str:
        page = self.page
        plan = migrate(page.contents, page.pack, page.version, str(uuid.uuid4()), page.person, self.clock())
        return f"moved to {plan.pack.standard.id} {plan.pack.standard.version}"
