"""Other versions of the pinned standards: what each is, what changed from one to the other, and the way to a move."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.standard.diff import Difference, VersionDiff, diff
from compliance_tui.standard.load import Pack, Versions, known_versions, standard_folders, version_key
from compliance_tui.standard.model import Standard
from compliance_tui.tui import show
from compliance_tui.tui.halves import Halves
from compliance_tui.tui.page import NOTHING, Page
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.show import HEADING, MUTED, WARN, line
from compliance_tui.tui.two_sided import Sides, TwoSidedPage, side

if TYPE_CHECKING:
    from compliance_tui.tui.controls import ControlsPage

_PINNED, _NEWER, _OLDER = message("pinned"), message("newer"), message("older")
Version = Callable[[str], Standard | None]


def open_versions(page: "ControlsPage") -> None:
    """Read every version that is known, in a thread, then show those of the pinned standards."""
    page.say(gettext("reading the standards"))
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


@dataclass(frozen=True)
class VersionRow:
    """A version of a pinned standard; one that is pinned has no pack."""

    standard: str
    version: str
    at: int | None


class VersionList(RowList):
    """The versions of each pinned standard, the oldest first, under its title."""

    def __init__(self, page: "VersionsPage") -> None:
        super().__init__(id="versions")
        self.page = page

    def rests(self, row: Hashable) -> bool:
        """On versions."""
        return isinstance(row, VersionRow)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """Whether it is pinned, newer or older; version, size, date."""
        if not isinstance(row, VersionRow):
            return ((str(row), "accent"),)
        standard = self.page.standard_of(row)
        pinned = self.page.session.contents.standard(row.standard)
        newer = version_key(row.version) > version_key(pinned.version)
        said = gettext(_PINNED if row.at is None else _NEWER if newer else _OLDER)
        tone = "good" if row.at is None else "accent" if newer else "muted"
        number = ngettext("1 control", "{number} controls", len(standard.controls))
        released = gettext("released {day}", day=standard.standard.released)
        name = clean_line(f"{row.standard} {row.version}", 120)
        return (
            (f"  {fit(said, show.widest((_PINNED, _NEWER, _OLDER), 8))} ", tone),
            (fit(name, 26), "text"),
            (f" {fit(number, 13)} {released}", "muted"),
        )


class VersionsPage(Page[str | None]):
    """The versions that are known of each pinned standard; Enter shows what a move would do."""

    AUTO_FOCUS = "#versions"
    place = "versions"
    about = message(
        "Other versions of the standards that are pinned here. Enter shows what moving to one would do to every answer; d lays "
        "the two versions side by side. Nothing moves before a question."
    )
    parts = {
        "versions": message("The versions. Enter shows the move to one, d its differences from what is pinned."),
        "right": message("What the version says of itself, and of its changes. Up and down scroll."),
    }

    def __init__(self, versions: Versions) -> None:
        super().__init__()
        self.versions = versions
        self.packs: list[Pack] = []

    def body(self) -> ComposeResult:
        """List, and the version under the cursor."""
        with Halves():
            yield VersionList(self)
            yield Text(id="right")

    def on_mount(self) -> None:
        """The newest version under the cursor."""
        pins = self.session.contents.assessment.standards
        pinned = {pin.id: pin.sha256 for pin in pins}
        known = self.versions.packs
        self.packs = [pack for pack in known if pack.standard.id in pinned and pack.sha256 != pinned[pack.standard.id]]
        names = ", ".join(f"{pin.id} {pin.version}" for pin in pins)
        self.title_line(line(gettext("Other versions"), "bold"), line(gettext("pinned: {names}", names=names), MUTED))
        rows: list[Hashable] = []
        for pin in pins:
            others = [
                VersionRow(pin.id, pack.standard.version, at)
                for at, pack in enumerate(self.packs)
                if pack.standard.id == pin.id
            ]
            inside = sorted([*others, VersionRow(pin.id, pin.version, None)], key=lambda row: version_key(row.version))
            rows += [clean_line(self.session.contents.standard(pin.id).standard.title, 80), *inside]
        newest = next((row for row in reversed(rows) if isinstance(row, VersionRow) and row.at is not None), None)
        self.query_one(VersionList).show(rows, newest)
        if not self.packs:
            self.say(gettext("no other version of them is known; --standards DIR names a folder with further ones"))

    def standard_of(self, row: VersionRow) -> Standard:
        """The version of a row."""
        return self.session.contents.standard(row.standard) if row.at is None else self.packs[row.at].standard

    @on(RowList.Moved)
    def _show(self) -> None:
        here = self.query_one(VersionList).here
        rows = list(_version(self.standard_of(here))) if isinstance(here, VersionRow) else []
        self.query_one("#right", Text).show(rows, home=True)

    def _chosen(self) -> Pack | None:
        here = self.query_one(VersionList).here
        if isinstance(here, VersionRow) and here.at is not None:
            return self.packs[here.at]
        self.say(gettext("this is the version that is pinned"))
        return None

    @on(RowList.Chosen)
    def action_open(self) -> None:
        """What a move to the version under the cursor would do; worked out in a thread."""
        if pack := self._chosen():
            self.run_worker(partial(self._work_out, partial(self._move_to, pack)), thread=True, exclusive=True)

    def action_difference(self) -> None:
        """The differences between the pinned version and the one under the cursor; worked out in a thread."""
        if pack := self._chosen():
            self.run_worker(partial(self._work_out, partial(self._differs_from, pack)), thread=True, exclusive=True)

    def _work_out(self, make: "Callable[[], Page[str | None]]") -> None:
        try:
            page = make()
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, str(error))
            return
        self.app.call_from_thread(self.app.show, page, self._ended)

    def _move_to(self, pack: Pack) -> "Page[str | None]":
        from compliance_tui.assessment.migrate import plan_migration
        from compliance_tui.tui.move import MovePage

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


def _version(standard: Standard) -> Iterator[Content]:
    """What a version says of itself."""
    header = standard.standard
    yield line(f"{gettext(header.title)} {header.version}", "bold")
    yield line(gettext("{status}, released {day}", status=header.status, day=header.released), MUTED)
    if header.supersedes:
        yield line(gettext("it takes the place of {version}", version=header.supersedes), MUTED)
    yield Content("")
    yield show.prose(gettext(header.summary))
    if standard.changes:
        yield Content("")
        yield line(
            ngettext("1 change to the version before", "{number} changes to the version before", len(standard.changes)), HEADING
        )
        for change in standard.changes:
            ids = " -> ".join(filter(None, dict.fromkeys((", ".join(change.from_), ", ".join(change.to)))))
            kinds = ", ".join(gettext(word(kind)) for kind in change.kinds)
            yield line(f"  {ids}  ", limit=200) + line(kinds, MUTED)
    if header.disclaimer:
        yield Content("")
        yield show.prose(gettext(header.disclaimer))


class DifferencePage(TwoSidedPage):
    """The differences of two versions: old beside new, changed words marked."""

    place = "difference"
    about = message(
        "What the new version did to each control: rules and texts before and after, what it does to an old answer, and whom "
        "it concerns. Words that went stand in [-…-], words that came in {+…+}."
    )
    parts = {
        "entries": message("The changes, in the order of the controls. Enter goes to the text."),
        "about": message("What was done to the control, and why. Up and down scroll."),
        "before": message("Rules and texts before. Up and down scroll, Tab goes on."),
        "after": message("Rules and texts after. Up and down scroll, Tab goes on."),
        "find": message("Words of id, kind or text. Enter keeps the filter, Esc drops it."),
    }

    def __init__(self, found: VersionDiff) -> None:
        super().__init__()
        self.found = found

    def on_mount(self) -> None:
        """Which versions, and whether it was guessed."""
        old, new, number = self.found.old, self.found.new, len(self.found.differences)
        told = ngettext("1 change", "{number} changes", number)
        guessed = gettext("guessed: no list of changes leads from one to the other") if self.found.guessed else ""
        self.title_line(
            line(f"{new.id}  {old.version} -> {new.version}", "bold") + line(f"   {told}"),
            line(guessed, WARN) if guessed else NOTHING,
        )

    def grouped(self) -> Sequence[tuple[str, Sequence[int]]]:
        """All of them, in the order of the controls."""
        return [("", range(len(self.found.differences)))]

    def cells(self, at: int, width: int) -> Sequence[Cell]:
        """Sign, ids, kinds."""
        move = self.found.differences[at].move
        mark, tone = ("+", "good") if not move.old else ("-", "bad") if not move.new else ("~", "warn")
        kinds = ", ".join(gettext(word(kind)) for kind in move.kinds)
        return ((f"{mark} ", tone), (fit(", ".join(move.new or move.old), 20), "text"), (f" {kinds}", "muted"))

    def haystack(self, at: int) -> str:
        """Ids, kinds, notes, rules, texts."""
        one = self.found.differences[at]
        texts = " ".join(part for text in one.texts for _, part in text.parts)
        said = (
            *one.move.old,
            *one.move.new,
            *one.move.kinds,
            *one.move.notes,
            *one.rules_before,
            *one.rules_after,
            *one.affects,
        )
        return f"{' '.join(said)} {texts}"

    def sides(self, at: int) -> Sides:
        """The entry, old beside new."""
        one = self.found.differences[at]
        before = side(one.texts, one.rules_before, "-", self.found.old.version)
        return _about(one), before, side(one.texts, one.rules_after, "+", self.found.new.version)


def _about(one: Difference) -> Iterator[Content]:
    yield line(" -> ".join(filter(None, dict.fromkeys((", ".join(one.move.old), ", ".join(one.move.new))))), "bold")
    kinds = ", ".join(gettext(word(kind)) for kind in one.move.kinds)
    yield line(gettext("{kinds}; an old answer: {effect}", kinds=kinds, effect=gettext(word(one.move.effect))))
    for note in one.move.notes:
        yield line(f"  {note}", limit=400)
    if one.move.covered_by:
        yield line("  " + gettext("covered by {controls}", controls=", ".join(one.move.covered_by)))
    if one.affects:
        concerned = "; ".join(gettext(text) for text in one.affects)
        yield line("  " + gettext("concerns {whom}", whom=concerned), limit=400)
