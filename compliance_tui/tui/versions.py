"""Other versions of the pinned standards: what changed, and what a move would do to each answer, with the answer beside it."""

import uuid
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from compliance_tui.assessment.migrate import Plan, Step, migrate, plan_migration
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.diff import Difference, TextChange, VersionDiff, diff
from compliance_tui.standard.load import Pack, Versions, known_versions, standard_folders
from compliance_tui.standard.model import Standard
from compliance_tui.tui import show
from compliance_tui.tui.detail import parts
from compliance_tui.tui.form import Form
from compliance_tui.tui.job import Job
from compliance_tui.tui.page import Page
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList, fit, tone
from compliance_tui.tui.show import BAD, GOOD, HEADING, MUTED, WARN, Sign, line, text

if TYPE_CHECKING:
    from compliance_tui.tui.controls import ControlsPage

Version = Callable[[str], Standard | None]
OUTCOMES = {
    "kept": Sign("●", "[x]", "kept", GOOD),
    "recheck": Sign("◐", "[~]", "recheck", WARN),
    "recompute": Sign("◐", "[~]", "recomputed", WARN),
    "new": Sign("○", "[ ]", "new", "$text-accent"),
    "archived": Sign("–", "[-]", "archived", MUTED),
}
_LONGEST_SHOWN = 2000


def open_versions(page: "ControlsPage") -> None:
    """Read every version that is known, in a thread, then show those of the pinned standards."""
    page.say("reading the standards")
    page.run_worker(partial(_read_versions, page), thread=True, exclusive=True, group="versions")


def _read_versions(page: "ControlsPage") -> None:
    app = page.app
    try:
        versions = known_versions(standard_folders(app.standards_folder))
    except ComplianceError as error:
        app.call_from_thread(page.complain, str(error))
        return
    app.call_from_thread(page.say, "")
    app.call_from_thread(app.show, VersionsPage(versions), app.done)


class VersionList(RowList):
    """Packs by their place."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        super().__init__(id="versions")
        self.packs = packs

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """Id, version, size, date."""
        pack = self.packs[int(str(row))]
        header = pack.standard.standard
        name = f"{header.id} {header.version}"
        return ((clean_line(f"{name}  {len(pack.standard.controls)} controls, released {header.released}", 200), "text"),)


class VersionsPage(Page[str | None]):
    """The versions that are known of each pinned standard; Enter shows what a move would do."""

    DEFAULT_CSS = """
    VersionsPage .note { padding: 0 1; margin: 1 0; }
    """
    place = "versions"
    about = (
        "Other versions of the standards that are pinned here. Enter shows what moving to one would do to every answer; d lays "
        "the two versions side by side. Nothing moves before a question."
    )

    def __init__(self, versions: Versions) -> None:
        super().__init__()
        self.versions = versions
        self.packs: list[Pack] = []

    def body(self) -> ComposeResult:
        """The others as a list."""
        pinned = {pin.id: pin.sha256 for pin in self.session.contents.assessment.standards}
        known = self.versions.packs
        self.packs = [pack for pack in known if pack.standard.id in pinned and pack.sha256 != pinned[pack.standard.id]]
        if not self.packs:
            told = "No other version of them is known; --standards DIR names a folder with further ones."
            yield Static(line(told), classes="note")
        yield VersionList(self.packs)

    def on_mount(self) -> None:
        """The newest version under the cursor."""
        pins = ", ".join(f"{pin.id} {pin.version}" for pin in self.session.contents.assessment.standards)
        self.title_line(line("Other versions", "bold"), line(f"pinned: {pins}", MUTED))
        listing = self.query_one(VersionList)
        listing.show([str(at) for at in range(len(self.packs))], str(len(self.packs) - 1))

    @property
    def _chosen(self) -> Pack | None:
        here = self.query_one(VersionList).here
        return self.packs[int(str(here))] if here is not None else None

    @on(RowList.Chosen)
    def action_open(self) -> None:
        """What a move to the version under the cursor would do; worked out in a thread."""
        if pack := self._chosen:
            self.run_worker(partial(self._work_out, partial(self._move_to, pack)), thread=True, exclusive=True)

    def action_difference(self) -> None:
        """The differences between the pinned version and the one under the cursor; worked out in a thread."""
        if pack := self._chosen:
            self.run_worker(partial(self._work_out, partial(self._differs_from, pack)), thread=True, exclusive=True)

    def _work_out(self, make: "Callable[[], Page[str | None]]") -> None:
        try:
            page = make()
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, str(error))
            return
        self.app.call_from_thread(self.app.show, page, self._ended)

    def _move_to(self, pack: Pack) -> "Page[str | None]":
        session, old, version = self.session, *self._known(pack)
        plan = plan_migration(session.contents, pack, version, session.clock())
        return MovePage(pack, version, plan, diff(old, pack.standard, version))

    def _differs_from(self, pack: Pack) -> "Page[str | None]":
        old, version = self._known(pack)
        return DifferencePage(diff(old, pack.standard, version))

    def _known(self, pack: Pack) -> tuple[Standard, Version]:
        """The pinned version, and whatever gives the versions between the two."""
        old = self.session.contents.standard(pack.standard.id)
        return old, self.versions.of(old.id, [old, pack.standard])

    def _ended(self, done: str | None) -> None:
        if done:
            self.dismiss(done)


class _Rows(RowList):
    """Cells made by the page."""

    def __init__(self, page: "_ListPage") -> None:
        super().__init__(id="rows")
        self.page = page

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """What the page says of the row."""
        return self.page.row(int(str(row)), width)


class _ListPage(Page[str | None]):
    """A list that one walks, with what is to be read beside it."""

    DEFAULT_CSS = """
    _ListPage {
        #comparing { height: 1fr; }
        #rows { width: 40; }
        #told { width: 1fr; height: 1fr; border-left: vkey $primary; }
        #about { height: auto; max-height: 50%; }
        #sides { height: 1fr; }
        #before, #after { width: 1fr; height: 1fr; }
        &.-narrow #comparing { layout: vertical; }
        &.-narrow #rows { width: 100%; height: 1fr; }
        &.-narrow #told { width: 100%; height: 2fr; border-left: none; border-top: hkey $primary; }
    }
    """
    place = "versions"

    def row(self, at: int, width: int) -> Sequence[Cell]:
        """One row."""
        raise NotImplementedError

    def told(self, at: int) -> tuple[Iterable[Content], Iterable[Content], Iterable[Content]]:
        """What belongs to a row: about it, before, after."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """List, and the detail in two columns where there is room."""
        with Horizontal(id="comparing"):
            yield _Rows(self)
            with Vertical(id="told"):
                yield Text(id="about")
                with Horizontal(id="sides"):
                    yield Text(id="before")
                    yield Text(id="after")

    def on_mount(self) -> None:
        """Start on the first row."""
        self.fill()

    def fill(self) -> None:
        """Show the rows."""
        self.query_one(_Rows).show([str(at) for at in range(self.rows_count())], "0")

    def rows_count(self) -> int:
        """How many rows."""
        raise NotImplementedError

    @on(RowList.Moved)
    def _moved(self) -> None:
        here = self.query_one(_Rows).here
        if here is None:
            return
        for name, rows in zip(("about", "before", "after"), self.told(int(str(here))), strict=True):
            self.query_one(f"#{name}", Text).show(rows, home=True)


def _side(texts: Sequence[TextChange], rules: Sequence[str], sign: str, heading: str) -> Iterable[Content]:
    yield line(heading, HEADING)
    colour = BAD if sign == "-" else GOOD
    for rule in rules:
        yield line(f"{sign} {rule}", colour, limit=600)
    for one in texts:
        yield Content("")
        yield line(f"{one.field} of {one.old if sign == '-' else one.new}", MUTED)
        yield parts([part for part in one.parts if part[0] in ("=", sign)])


def _about(one: Difference) -> Iterable[Content]:
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

    about = "What the new version did to each control: rules and texts before and after, and whom it concerns."

    def __init__(self, found: VersionDiff) -> None:
        super().__init__()
        self.found = found

    def on_mount(self) -> None:
        """Which versions, and whether it was guessed."""
        old, new = self.found.old, self.found.new
        guessed = line("  guessed: no list of changes leads from one to the other", WARN) if self.found.guessed else Content("")
        told = line(f"{new.id}  {old.version} -> {new.version}: {len(self.found.differences)} changes", "bold")
        self.title_line(told + guessed)

    def rows_count(self) -> int:
        """One row for each entry."""
        return len(self.found.differences)

    def row(self, at: int, width: int) -> Sequence[Cell]:
        """Ids and kinds."""
        move = self.found.differences[at].move
        return ((fit(", ".join(move.new or move.old), 18), "text"), (f" {', '.join(move.kinds)}", "muted"))

    def told(self, at: int) -> tuple[Iterable[Content], Iterable[Content], Iterable[Content]]:
        """The entry, old beside new."""
        one = self.found.differences[at]
        before = _side(one.texts, one.rules_before, "-", self.found.old.version)
        return _about(one), before, _side(one.texts, one.rules_after, "+", self.found.new.version)


class MovePage(_ListPage):
    """What a move would do, control by control, with the answer beside it; F2 moves, after one question."""

    about = "A preview: nothing was changed yet. F2 moves the answers, after one question; c lists what stays as it is, too."

    def __init__(self, pack: Pack, version: Version, plan: Plan, found: VersionDiff) -> None:
        super().__init__()
        self.pack, self.version, self.plan = pack, version, plan
        self._by_new: Mapping[str, Difference] = {new: one for one in found.differences for new in one.move.new}
        self._by_old: Mapping[str, Difference] = {old: one for one in found.differences for old in one.move.old}
        self._only_changes = True

    @property
    def steps(self) -> list[Step]:
        """The steps that are listed."""
        return [step for step in self.plan.steps if not self._only_changes or step.outcome != "kept"]

    def on_mount(self) -> None:
        """Counts first: nothing was changed yet."""
        outcomes = Counter(step.outcome for step in self.plan.steps)
        told = " · ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
        guessed = " · guessed" if self.plan.guessed else ""
        new = self.pack.standard
        self.title_line(
            line(f"{new.id}  {self.plan.old.version} -> {new.version}", "bold") + line(f"   {told}{guessed}"),
            line("preview, nothing was changed yet", MUTED),
        )
        if self.plan.warnings:
            self.say("; ".join(self.plan.warnings), WARN)

    def rows_count(self) -> int:
        """One row for each control."""
        return len(self.steps)

    def row(self, at: int, width: int) -> Sequence[Cell]:
        """Sign, word, id."""
        step = self.steps[at]
        sign = OUTCOMES[step.outcome]
        return ((f"{sign.mark} {sign.word:<11}", tone(sign.style)), (step.new or ", ".join(step.old), "text"))

    def told(self, at: int) -> tuple[Iterable[Content], Iterable[Content], Iterable[Content]]:
        """Why, the answer as it would be, and the texts old beside new."""
        step = self.steps[at]
        found = self._by_new.get(step.new or "") or self._by_old.get(step.old[0] if step.old else "")
        before = _side(found.texts, found.rules_before, "-", self.plan.old.version) if found else ()
        after = _side(found.texts, found.rules_after, "+", self.pack.standard.version) if found else ()
        return self._said(step), before, after

    def _said(self, step: Step) -> Iterable[Content]:
        sign = OUTCOMES[step.outcome]
        name = f"{', '.join(step.old)} -> {step.new}" if step.new and step.old not in ((), (step.new,)) else step.new
        yield line(name or ", ".join(step.old), "bold")
        yield Content.styled(f"{sign.mark} {sign.word}", sign.style) + line(f"  {step.why}", limit=600)
        yield Content("")
        response = step.response
        yield line("The answer after the move" if step.new else "The answer, kept in the archive", HEADING)
        if response is None:
            yield line("  none yet")
            return
        status = show.status_word(response.status) if response.status else "to be answered again"
        yield line(f"  {status} · evidence {', '.join(response.evidence) or 'none'} · {len(response.sign_offs)} sign-offs")
        if response.statement:
            yield from (row.pad_left(2) for row in text(response.statement.strip()[:_LONGEST_SHOWN]).split("\n"))

    def action_only_changes(self) -> None:
        """List only what changes, or everything."""
        self._only_changes = not self._only_changes
        self.fill()

    def action_confirm(self) -> None:
        """Ask once, then move."""
        self.app.show(MoveForm(self), self._ended)

    def _ended(self, done: str | None) -> None:
        if done:
            self.dismiss(done)


class MoveForm(Form):
    """One question before the move."""

    purpose = "Move the answers"
    verb = "move"
    about = "F2 moves, Esc goes back. The move is all or nothing, and can be taken back until the next answer."

    def __init__(self, page: MovePage) -> None:
        super().__init__()
        self.page = page

    def fields(self) -> ComposeResult:
        """What will happen, in four lines."""
        plan, new = self.page.plan, self.page.pack.standard
        again = sum(step.outcome == "recheck" for step in plan.steps)
        for told in (
            f"Move {new.id} from {plan.old.version} to {new.version}?",
            f"{again} answers keep statement and evidence, and have to be confirmed and signed again.",
            "Nothing is lost: what has no place in the new version is kept in the archive.",
            "`compliance-tui migrate --undo` takes it back, until the next answer. F2 moves, Esc goes back.",
        ):
            yield Static(line(told, "bold" if told.endswith("?") else ""), classes="heading")

    def action_save(self) -> None:
        """Move."""
        self.run(partial(self._move), what="moving")

    def _move(self, _: Job) -> str:
        page, session = self.page, self.session
        plan = migrate(session.contents, page.pack, page.version, str(uuid.uuid4()), session.person, session.clock())
        return f"moved to {plan.pack.standard.id} {plan.pack.standard.version}"
