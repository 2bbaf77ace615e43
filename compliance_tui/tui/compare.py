"""What differs between two bundles, or two assessments: a list by kind that can be narrowed, old beside new."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from compliance_tui.bundle.compare import KINDS, Change, Comparison, Field, Side, compare, read_side
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.standard.diff import word_diff
from compliance_tui.tui.bundle_session import remembered_policy_read
from compliance_tui.tui.detail import parts
from compliance_tui.tui.form import Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.page import Page
from compliance_tui.tui.paths import PathField
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.show import BAD, GOOD, HEADING, MUTED, line

_SIGNS = {"added": ("+", "good"), "dropped": ("-", "bad"), "altered": ("~", "warn"), "hidden": ("?", "muted")}
# Texts that a person wrote are laid over each other word by word; the rest stands old above new.
_PROSE = ("statement", "to be rechecked", "title")


class CompareForm(Form):
    """Two paths. What differs is a page of its own; Esc there comes back here."""

    purpose = message("Compare two bundles, or two assessments")
    verb = message("compare")
    about = message(
        "Each is a bundle or the folder of an assessment. They are compared by what they say, not by their bytes. Nothing is "
        "verified but that the records are those of their manifests: who signed, and whether it still stands, is for the "
        "verdict to say. What is withheld cannot be compared, and is said to be so."
    )

    def __init__(self, old: str, new: str) -> None:
        super().__init__()
        self._paths = old, new

    def fields(self) -> ComposeResult:
        """Old and new."""
        hint = gettext("Tab completes")
        yield from fields(
            PathField(gettext("the older bundle or assessment"), self._paths[0], id="old", hint=hint),
            PathField(gettext("the newer one"), self._paths[1], id="new", hint=hint),
        )

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Compare them."""
        for name in ("old", "new"):
            if not self.value(name):
                self.complain(gettext("name both: two bundles, or two folders of assessments"))
                self.query_one(f"#{name}").focus()
                return
        self.run(partial(self._compare, self.value("old"), self.value("new")), what=gettext("reading"))

    def _compare(self, old: str, new: str, _: Job) -> str:
        policy, moment = remembered_policy_read(), self.app.clock()
        sides = []
        for typed in (old, new):
            path = Path(typed).expanduser()
            if not path.exists():
                where = clean_line(str(path))
                raise InputError("not-found", message("{path}: no such file or folder; Tab completes a path", path=where))
            sides.append(read_side(path, moment, policy))
        self._found = compare(*sides)
        return ""

    def ended(self, done: str) -> None:
        """Show what differs."""
        self._busy.clear()
        self.say("")
        self.app.show(ComparePage(self._found))


@dataclass(frozen=True)
class ChangeRow:
    """A change, by its place."""

    at: int


class ChangeList(RowList):
    """Changes under the names of their kinds."""

    def __init__(self, page: "ComparePage") -> None:
        super().__init__(id="changes")
        self.page = page

    def rests(self, row: Hashable) -> bool:
        """On changes."""
        return isinstance(row, ChangeRow)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """Sign, word, id; of a change of one value also old and new."""
        if not isinstance(row, ChangeRow):
            return ((str(row), "accent"),)
        change = self.page.found.changes[row.at]
        mark, tone = _SIGNS[change.change]
        head = f"{mark} {fit(gettext(word(change.change)), 8)} "
        one = change.fields[0] if _is_one(change) else None
        told = f": {_shown(one.old)} -> {_shown(one.new)}" if one is not None else ""
        return ((head, tone), (clean_line(change.id, 200), "text"), (told, "muted"))


class ComparePage(Page[None]):
    """The list on the left, the change under the cursor on the right."""

    DEFAULT_CSS = """
    ComparePage {
        #halves { height: 1fr; }
        #left { width: 1fr; height: 1fr; }
        #right { width: 1fr; border-left: vkey $primary; }
        #find { background: $field-focus; }
        &.-narrow #halves { layout: vertical; }
        &.-narrow #left { width: 100%; height: 1fr; }
        &.-narrow #right { width: 100%; height: 1fr; border-left: none; border-top: hkey $primary; }
    }
    """
    AUTO_FOCUS = "#changes"
    place = "comparison"
    about = message(
        "What changed from the older one to the newer: readiness, subject, axes, standards, outcomes, answers, waivers, "
        "sign-offs, evidence, facts, signers. A plus is new, a minus is gone, a tilde is altered, a question mark is hidden on "
        "a side. Outcomes of both are computed now, by today's date."
    )
    parts = {
        "changes": message("The changes, by kind. Tab goes to the text."),
        "right": message("The change under the cursor, old and new. Up and down scroll."),
        "find": message("Words of id, kind, change, or what was said. Enter keeps the filter, Esc drops it."),
    }

    def __init__(self, found: Comparison) -> None:
        super().__init__()
        self.found = found
        self._haystacks = [_haystack(one) for one in found.changes]

    def body(self) -> ComposeResult:
        """List and text."""
        with Horizontal(id="halves"):
            with Vertical(id="left"):
                box = Input(id="find", placeholder=gettext("words of id, kind, change, or what was said"))
                box.cursor_blink = False
                box.display = False
                yield box
                yield ChangeList(self)
            yield Text(id="right")

    def on_mount(self) -> None:
        """All of it."""
        number = len(self.found.changes)
        told = ngettext("1 change", "{number} changes", number) if number else gettext("nothing that they say differs")
        self.title_line(line(gettext("What differs"), "bold") + line(f"   {told}"), line(self._sides(), MUTED, limit=300))
        self.fill()

    def _sides(self) -> str:
        old, new = self.found.old, self.found.new
        return f"{Path(old.name).name} -> {Path(new.name).name}"

    def fill(self) -> None:
        """Show what the filter finds."""
        words = self.query_one("#find", Input).value.lower().split()
        rows: list[Hashable] = []
        for kind, title in KINDS.items():
            inside = [
                ChangeRow(at)
                for at, change in enumerate(self.found.changes)
                if change.kind == kind and all(one in self._haystacks[at] for one in words)
            ]
            rows += [f"{gettext(title)} ({len(inside)})", *inside] if inside else []
        listing = self.query_one(ChangeList)
        listing.show(rows, listing.here if listing.here in rows else next((row for row in rows if listing.rests(row)), None))
        if not rows:
            self._show_detail()

    @on(RowList.Moved)
    def _show_detail(self) -> None:
        here = self.query_one(ChangeList).here
        rows = list(self._change(self.found.changes[here.at])) if isinstance(here, ChangeRow) else []
        if not self.found.changes:
            rows.append(line(gettext("Nothing that they say differs."), "bold"))
        elif not rows:
            rows.append(line(gettext("nothing is found; Esc shows everything again"), MUTED))
        self.query_one("#right", Text).show([*rows, Content(""), *self._about()], home=True)

    def _change(self, change: Change) -> Iterator[Content]:
        yield line(change.id, "bold", limit=300)
        yield line(f"{gettext(KINDS[change.kind])}, {gettext(word(change.change))}", MUTED)
        for one in change.fields:
            yield Content("")
            yield line(gettext(word(one.name)), HEADING, limit=200)
            yield from _old_and_new(one)

    def _about(self) -> Iterator[Content]:
        for side, heading in ((self.found.old, gettext("The older one")), (self.found.new, gettext("The newer one"))):
            yield line(heading, HEADING)
            yield line(f"  {side.name}", limit=400)
            yield from _side(side)
        answer, why = self.found.log
        yield line(gettext("Audit log of the newer one continues that of the older"), HEADING)
        yield line(f"  {gettext(word(answer))}: {gettext(why)}", limit=600)

    # -- the filter --------------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Narrow the list."""
        box = self.query_one("#find", Input)
        box.display = True
        box.focus()

    @on(Input.Changed, "#find")
    def _typed(self) -> None:
        self.fill()

    @on(Input.Submitted, "#find")
    def _typed_enough(self) -> None:
        box = self.query_one("#find", Input)
        box.display = bool(box.value)
        self.query_one(ChangeList).focus()

    @on(RowList.Chosen)
    def _to_the_text(self) -> None:
        self.query_one("#right").focus()

    def action_leave(self) -> None:
        """First the filter goes, then the page."""
        box = self.query_one("#find", Input)
        if box.display:
            box.value = ""
            box.display = False
            self.query_one(ChangeList).focus()
        else:
            self.dismiss(None)


def _is_one(change: Change) -> bool:
    """Whether the change is one value that stands for all of it."""
    return len(change.fields) == 1 and change.fields[0].name in ("value", change.id.rpartition(" ")[2])


def _shown(value: str | None) -> str:
    return "–" if value is None else clean_line(gettext(word(value)), 120)


def _haystack(change: Change) -> str:
    said = " ".join(f"{one.name} {one.old or ''} {one.new or ''}" for one in change.fields)
    kind = f"{change.kind} {gettext(KINDS[change.kind])} {change.change} {gettext(word(change.change))}"
    return f"{kind} {change.id} {said}".lower()


def _old_and_new(one: Field) -> Iterator[Content]:
    if one.name in _PROSE and one.old and one.new:
        yield parts(word_diff(one.old, one.new))
        return
    for mark, value, style in (("-", one.old, BAD), ("+", one.new, GOOD)):
        if value is not None:
            rows = clean_lines(value)
            yield from (line(f"  {mark} {row}", style, limit=2000) for row in rows)


def clean_lines(value: str) -> list[str]:
    """The lines of a value, as many as anybody reads."""
    return value.splitlines()[:200] or [""]


def _side(side: Side) -> Iterator[Content]:
    if side.bundle_id is not None:
        told = gettext("sequence {sequence}, bundle {id}", sequence=side.sequence, id=f"{side.bundle_id[:16]}…")
        yield line(f"  {told}", MUTED)
        yield line("  " + gettext("signed by {names}", names=", ".join(side.signers) or gettext("nobody")), MUTED, limit=400)
    if side.hidden:
        hidden = ngettext("1 item cannot be seen", "{number} items cannot be seen", len(side.hidden))
        yield line(f"  {hidden}", MUTED)
