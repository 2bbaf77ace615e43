"""The release and who works on it: subject, date, files, axis values, people and their seats."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from compliance_tui.assessment import actions
from compliance_tui.assessment.artifacts import hash_artifact
from compliance_tui.assessment.model import Subject
from compliance_tui.assessment.plan import what_if
from compliance_tui.safe.errors import ComplianceError, InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.model import validate
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show
from compliance_tui.tui.choice import Several
from compliance_tui.tui.form import Field, Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.page import Page
from compliance_tui.tui.paths import PathField, typed_paths
from compliance_tui.tui.pick import PickPage
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.show import MUTED, line

if TYPE_CHECKING:
    from compliance_tui.standard.model import Axis, Standard


@dataclass(frozen=True)
class Setting:
    """One line: what it is, what it says, and which form changes it."""

    name: str
    said: str
    tone: str
    form: str
    which: str = ""


class SettingList(RowList):
    """The settings, under headings."""

    def rests(self, row: Hashable) -> bool:
        """On what can be changed."""
        return isinstance(row, Setting)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """Name and value."""
        if isinstance(row, Setting):
            return ((fit(f"  {row.name}", min(30, width // 3)), "muted"), (f" {clean_line(row.said, 300)}", row.tone))
        return ((str(row), "accent"),)


class ReleasePage(Page[str | None]):
    """Enter changes what is under the cursor."""

    place = "release"
    about = message(
        "What is released and when, its files by their digests, the axis values that decide which controls apply, and who may "
        "sign in which seat. Enter changes a line. Sign-offs lapse by themselves where the release or an axis value changes."
    )
    parts = {"settings": message("Enter changes the line under the cursor.")}

    def body(self) -> ComposeResult:
        """The list."""
        yield SettingList(id="settings")

    def on_mount(self) -> None:
        """What is there."""
        self.title_line(line(gettext("The release"), "bold"))
        self.renew()

    def renew(self) -> None:
        """Show what is there now."""
        contents, result = self.session.contents, self.session.result
        subject = contents.assessment.subject
        rows: list[Hashable] = [
            gettext("Release"),
            Setting(gettext("name and version"), f"{subject.name} {subject.version}".rstrip(), "text", "subject"),
            Setting(gettext("planned day of release"), str(subject.release_date or gettext("none")), "text", "subject"),
            Setting(gettext("weights published on"), str(subject.published_on or gettext("not published")), "text", "subject"),
            Setting(gettext("in a sentence"), subject.description or "–", "text", "subject"),
        ]
        for artifact in subject.artifacts:
            rows.append(Setting(gettext("file"), f"{artifact.name}  sha256 {artifact.sha256}", "text", "file"))
        rows.append(Setting(gettext("add a file"), gettext("Enter hashes one more"), "muted", "file"))
        states = {(one.id, axis.axis): axis for one in result.standards for axis in one.axes}
        for standard, _ in contents.standards:
            rows += ["", gettext("Axes of {standard} {version}", standard=standard.id, version=standard.version)]
            for axis in standard.axes:
                state = states[standard.id, axis.id]
                value = next((one for one in axis.values if one.id == state.declared), None)
                told = f"{value.id}  {gettext(value.title)}" if value else gettext("not chosen yet")
                computed = "  " + gettext("(computed {value})", value=state.computed) if state.computed else ""
                tone = "bad" if state.understated or value is None else "text"
                rows.append(Setting(gettext(axis.title), f"{told}{computed}", tone, "axis", f"{standard.id}/{axis.id}"))
        rows += ["", gettext("People")]
        for person in contents.assessment.people:
            shown = f"{person.name}: {', '.join(person.seats) or gettext('no seats')}"
            rows.append(Setting(person.id, shown, "text", "person", person.id))
        rows.append(Setting(gettext("add a person"), gettext("Enter lists one more"), "muted", "person"))
        self.query_one(SettingList).show(rows)

    @on(RowList.Chosen)
    def action_open(self) -> None:
        """Change the line."""
        row = self.query_one(SettingList).here
        if isinstance(row, Setting):
            getattr(self, f"_change_{row.form}")(row.which)

    def _change_subject(self, _: str) -> None:
        self.app.show(SubjectForm(), self.app.done)

    def _change_file(self, _: str) -> None:
        self.app.show(FileForm(), self.app.done)

    def _change_person(self, which: str) -> None:
        self.app.show(PersonForm(which), self.app.done)

    def _change_axis(self, which: str) -> None:
        standard_id, _, axis_id = which.partition("/")
        standard = self.session.contents.standard(standard_id)
        axis = standard.axis(axis_id)
        if axis is not None:
            question = show.prose(gettext(axis.question)).plain
            note = gettext("{question} Enter chooses; sign-offs that saw another value lapse.", question=question)
            page = PickPage(gettext(axis.title), self._values(standard, axis), note=note)
            self.app.show(page, partial(self._chosen, which))

    def _values(self, standard: "Standard", axis: "Axis") -> list[tuple[str, str]]:
        """Each value with its meaning and what choosing it would change."""
        session, rows = self.session, []
        for value in axis.values:
            found = what_if(session.contents, session.result, {f"{standard.id}/{axis.id}": value.id})
            required = sum(one.level == "required" for one in found.result.controls)
            blocking = len(found.result.blocking())
            told = gettext("{required} required, {blocking} block", required=required, blocking=blocking)
            rows.append((value.id, f"{value.id:<14} {gettext(value.title)}: {gettext(value.meaning).strip()} ({told})"))
        return rows

    def _chosen(self, which: str, value: str | None) -> None:
        if value is not None:
            session = self.session
            work = partial(actions.set_axes, session.path, {which: value}, session.person, session.clock())
            done = gettext("{axis} is {value}", axis=which.rpartition("/")[2], value=value)
            self.run_worker(partial(self._write, work, done), thread=True, group="axes")

    def _write(self, work: Callable[[], object], done: str) -> None:
        try:
            work()
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, str(error))
            return
        self.app.call_from_thread(self.app.reload, done)


class SubjectForm(Form):
    """What is released, and when."""

    purpose = message("The release")
    about = message("Sign-offs lapse where the name or the version changes: they were given for another release.")

    def fields(self) -> ComposeResult:
        """A line for each."""
        subject = self.session.contents.assessment.subject
        yield from fields(
            Field(gettext("name"), subject.name, id="name"),
            Field(gettext("version"), subject.version, id="version"),
            Field(gettext("planned day of release (2026-12-15)"), str(subject.release_date or ""), id="release_date"),
            Field(
                gettext("day on which the weights were published (empty: not published)"),
                str(subject.published_on or ""),
                id="published_on",
            ),
            Field(gettext("in a sentence"), subject.description, id="description"),
        )

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Write it."""
        said = {name: self.value(name) for name in ("name", "version", "release_date", "published_on", "description")}
        self.run(partial(self._save, said), what=gettext("saving"))

    def _save(self, said: dict[str, str], _: Job) -> str:
        session = self.session
        days = {name: parse_instant(said[name]).date() if said[name] else None for name in ("release_date", "published_on")}
        artifacts = session.contents.assessment.subject.artifacts
        subject = validate({**said, **days, "artifacts": artifacts}, Subject, message("the release"))
        actions.set_subject(session.path, subject, session.person, session.clock())
        return gettext("the release was changed")


class FileForm(Form):
    """One more file of the release, by its digest."""

    purpose = message("Add a file of the release")
    about = message("The file is hashed; it is neither copied nor read otherwise. Sign-offs lapse: they were given without it.")

    def fields(self) -> ComposeResult:
        """Its path."""
        yield Static(line(gettext("Only the digest and the size are kept."), MUTED), classes="heading")
        yield from fields(PathField(gettext("path of the file"), id="path", hint=gettext("Tab completes, Enter hashes it")))

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Hash it and write it."""
        try:
            paths = typed_paths(self.value("path"))
        except ComplianceError as error:
            self.complain(str(error))
            return
        if len(paths) != 1:
            self.complain(gettext("name one file"))
            return
        self.run(partial(self._save, paths[0]), paths[0].stat().st_size, what=gettext("hashing"))

    def _save(self, path: Path, job: Job) -> str:
        session = self.session
        found = hash_artifact(path, job.progress, job.cancelled)
        subject = session.contents.assessment.subject
        if any(one.sha256 == found.sha256 for one in subject.artifacts):
            raise InputError("exists", message("{name}: is a file of the release already", name=found.name))
        changed = subject.model_copy(update={"artifacts": [*subject.artifacts, found]})
        actions.set_subject(session.path, changed, session.person, session.clock())
        return gettext("{file} added, sha256 {digest}…", file=found.name, digest=found.sha256[:16])


class PersonForm(Form):
    """A person and the seats that they may sign in."""

    purpose = message("A person")
    about = message(
        "One person may hold several seats, but never sign two of one control. Seats are added; nobody loses one here."
    )

    def __init__(self, which: str = "") -> None:
        super().__init__()
        self._which = which

    def fields(self) -> ComposeResult:
        """Id, name, seats."""
        contents = self.session.contents
        person = contents.assessment.person(self._which)
        seats = {seat.id: gettext(seat.title) for standard, _ in contents.standards for seat in standard.seats}
        yield from fields(
            Field(gettext("id, such as an address"), self._which, id="id"),
            Field(gettext("name"), person.name if person else "", id="name"),
        )
        yield Static(line(gettext("seats: Space marks"), MUTED), classes="name")
        yield Several([(seat, f"{seat}: {title}") for seat, title in seats.items()], person.seats if person else [], id="seats")

    @on(Input.Submitted)
    @on(Several.Taken)
    def action_save(self) -> None:
        """Write it."""
        if not self.value("id"):
            self.complain(gettext("give the person an id"))
            return
        picked = sorted(self.query_one("#seats", Several).picked)
        self.run(partial(self._save, self.value("id"), self.value("name"), picked), what=gettext("saving"))

    def _save(self, identifier: str, name: str, seats: list[str], _: Job) -> str:
        session = self.session
        actions.add_person(session.path, identifier, name, seats, session.person, session.clock())
        return gettext("{person} holds {seats}", person=identifier, seats=", ".join(seats) or gettext("no seat"))
