"""What differs between two bundles, or two assessments: a list by kind that can be narrowed, old beside new."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from compliance_tui.bundle.compare import KINDS, Change, Comparison, Field, Side, compare, read_side
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.standard.diff import word_diff
from compliance_tui.tui import show
from compliance_tui.tui.bundle_session import remembered_policy_read
from compliance_tui.tui.detail import parts
from compliance_tui.tui.form import Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.paths import PathField
from compliance_tui.tui.rowlist import Cell, fit
from compliance_tui.tui.show import BAD, GOOD, HEADING, MUTED, line
from compliance_tui.tui.two_sided import Sides, TwoSidedPage

_SIGNS = {"added": ("+", "good"), "dropped": ("-", "bad"), "altered": ("~", "warn"), "hidden": ("?", "muted")}
# Texts that a person wrote are laid over each other word by word; the rest stands old above new.
_PROSE = ("statement", "to be rechecked", "title")
_MOST_LINES = 200


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


class ComparePage(TwoSidedPage):
    """The changes by kind; of the one under the cursor, old beside new."""

    place = "comparison"
    about = message(
        "What changed from the older one to the newer: readiness, subject, axes, standards, outcomes, answers, waivers, "
        "sign-offs, evidence, facts, signers. A plus is new, a minus is gone, a tilde is altered, a question mark is hidden on "
        "a side. Outcomes of both are computed now, by today's date."
    )
    parts = {
        "entries": message("The changes, by kind. Enter goes to the text."),
        "before": message("The older one. Up and down scroll, Tab goes on."),
        "after": message("The newer one. Up and down scroll, Tab goes on."),
        "find": message("Words of id, kind, change, or what was said. Enter keeps the filter, Esc drops it."),
    }

    def __init__(self, found: Comparison) -> None:
        super().__init__()
        self.found = found

    def on_mount(self) -> None:
        """How many, between what."""
        number, old, new = len(self.found.changes), self.found.old, self.found.new
        told = ngettext("1 change", "{number} changes", number) if number else gettext("nothing that they say differs")
        between = f"{Path(old.name).name} -> {Path(new.name).name}"
        self.title_line(line(gettext("What differs"), "bold") + line(f"   {told}"), line(between, MUTED, limit=300))

    def grouped(self) -> Sequence[tuple[str, Sequence[int]]]:
        """By kind."""
        kinds = [change.kind for change in self.found.changes]
        return [(gettext(title), [at for at, one in enumerate(kinds) if one == kind]) for kind, title in KINDS.items()]

    def cells(self, at: int, width: int) -> Sequence[Cell]:
        """Sign, word, id; of a change of one value also old and new."""
        change = self.found.changes[at]
        mark, tone = _SIGNS[change.change]
        head = f"{mark} {fit(gettext(word(change.change)), show.widest(map(word, _SIGNS), 8))} "
        one = change.fields[0] if _is_one(change) else None
        told = f": {_shown(one.old)} -> {_shown(one.new)}" if one is not None else ""
        return ((head, tone), (clean_line(change.id, 200), "text"), (told, "muted"))

    def haystack(self, at: int) -> str:
        """Kind, id, change, and what was said."""
        change = self.found.changes[at]
        said = " ".join(f"{one.name} {one.old or ''} {one.new or ''}" for one in change.fields)
        return f"{change.kind} {gettext(KINDS[change.kind])} {change.change} {gettext(word(change.change))} {change.id} {said}"

    def sides(self, at: int) -> Sides:
        """The change, old beside new."""
        change = self.found.changes[at]
        about = [
            line(change.id, "bold", limit=300),
            line(f"{gettext(KINDS[change.kind])}, {gettext(word(change.change))}", MUTED),
        ]
        return about, self._column("-", change.fields), self._column("+", change.fields)

    def nothing(self) -> Sides:
        """Where no change is under the cursor: what was compared."""
        about = super().nothing()[0] if self.found.changes else [line(gettext("Nothing that they say differs."), "bold")]
        return about, self._column("-", ()), self._column("+", ())

    def _column(self, sign: str, changed: Sequence[Field]) -> Iterator[Content]:
        """One side: what it says, then which of the two it is."""
        side = self.found.old if sign == "-" else self.found.new
        for one in changed:
            yield line(gettext(word(one.name)), HEADING, limit=200)
            yield from _value(one, sign)
            yield Content("")
        yield line(gettext("The older one") if sign == "-" else gettext("The newer one"), HEADING)
        yield from _which(side)
        if sign == "+":
            answer, why = self.found.log
            yield Content("")
            yield line(gettext("Its audit log continues that of the older one"), HEADING)
            yield line(f"{gettext(word(answer))}: {gettext(why)}", limit=600)


def _is_one(change: Change) -> bool:
    """Whether the change is one value that stands for all of it."""
    return len(change.fields) == 1 and change.fields[0].name in ("value", change.id.rpartition(" ")[2])


def _shown(value: str | None) -> str:
    return "–" if value is None else clean_line(gettext(word(value)), 120)


def _value(one: Field, sign: str) -> Iterator[Content]:
    """What one side says; a text that a person wrote with the words marked that the other has not."""
    value, style = (one.old, BAD) if sign == "-" else (one.new, GOOD)
    if one.name in _PROSE and one.old and one.new:
        yield parts([part for part in word_diff(one.old, one.new) if part[0] in ("=", sign)])
    elif value is None:
        yield line("–", MUTED)
    else:
        yield from (line(f"{sign} {gettext(word(row))}", style, limit=2000) for row in value.splitlines()[:_MOST_LINES] or [""])


def _which(side: Side) -> Iterator[Content]:
    yield line(side.name, limit=400)
    if side.bundle_id is not None:
        told = gettext("sequence {sequence}, bundle {id}", sequence=side.sequence, id=f"{side.bundle_id[:16]}…")
        yield line(told, MUTED)
        yield line(gettext("signed by {names}", names=", ".join(side.signers) or gettext("nobody")), MUTED, limit=400)
    if side.hidden:
        yield line(ngettext("1 item cannot be seen", "{number} items cannot be seen", len(side.hidden)), MUTED)
