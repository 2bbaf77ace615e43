"""A new assessment in six short steps. What was typed is kept between runs until the assessment is there."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from compliance_tui.assessment import actions
from compliance_tui.assessment.artifacts import hash_artifact
from compliance_tui.assessment.model import Artifact, Person, Subject
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.model import validate
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import Pack, pack_paths, read_pack, standard_folders, version_key
from compliance_tui.standard.model import Axis, Standard
from compliance_tui.tui import memory, show
from compliance_tui.tui.beginning import STEPS, counts, remembered
from compliance_tui.tui.choice import Choice
from compliance_tui.tui.form import Field, Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.paths import PathField, typed_paths
from compliance_tui.tui.pick import Pick
from compliance_tui.tui.show import HEADING, MUTED, line

_DRAFT_SECONDS = 0.3


class NewForm(Form):
    """One step at a time: F2 or Enter goes on, Esc goes back. Ends with the new folder's path."""

    verb = message("go on")
    about = message(
        "Six steps: what is released, its files (only their digests are kept), the standards it answers, the axis values that "
        "decide which controls apply, who may sign, and the folder. What you type is kept until the assessment is there."
    )
    parts = {
        "path": message(
            "A file of the release, such as the weights. It is hashed; neither copied nor read otherwise. Enter adds it."
        ),
        "standards": message("Space marks a standard; several may be answered at once."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.draft = remembered()
        self.packs: list[Pack] = []
        self._resting: Timer | None = None
        self._makers: tuple[Callable[[], Sequence[Widget]], ...] = (
            self._subject, self._files, self._standards, self._axes, self._people, self._folder,
        )  # fmt: skip

    def fields(self) -> ComposeResult:
        """The step that was reached; standards have to be read first."""
        if self.draft.step > 2:
            self.draft.step = 2
        yield from self._makers[self.draft.step]()

    def on_mount(self) -> None:
        """Read the standards, in a thread."""
        self.run_worker(self._read_packs, thread=True, group="packs")

    def headline(self) -> Content:
        """Which step."""
        step = self.draft.step
        told = line("   " + gettext("step {at} of {number}:", at=step + 1, number=len(STEPS)) + " ", MUTED)
        return line(gettext("New assessment"), "bold") + told + line(STEPS[step], HEADING)

    async def _go(self, step: int) -> None:
        self._take()
        self.draft.step = step
        self._keep()
        box = self.query_one("#form")
        await box.remove_children()
        await box.mount(*self._makers[step]())
        self.title_line(self.headline())
        self.say("")
        first = next((one for one in box.query("*") if one.focusable), None)
        if first is not None:
            first.focus()

    # -- the steps ---------------------------------------------------------------------------------------------------------

    def _subject(self) -> Sequence[Widget]:
        said = self.draft
        return list(
            fields(
                Field(gettext("name of the release"), said.name, id="name", hint="northwind-3"),
                Field(gettext("its version"), said.version, id="version"),
                Field(gettext("planned day of release (2026-12-15)"), said.release_date, id="release_date"),
                Field(gettext("in a sentence"), said.description, id="description"),
            )
        )

    def _files(self) -> Sequence[Widget]:
        note = gettext(
            "Files of the release, such as the weights: each is hashed, and its digest binds evidence and sign-offs to it."
        )
        return [
            Static(line(note, MUTED, limit=300), classes="heading"),
            *fields(
                PathField(gettext("path of a file (empty: go on)"), id="path", hint=gettext("Enter adds it, Tab completes"))
            ),
            Pick(self._artifact_rows(), id="artifacts"),
        ]

    def _artifact_rows(self) -> list[tuple[str, str]]:
        rows = [
            (str(one["sha256"]), f"{one['name']}  {show.size(one.get('size') or 0)}  sha256 {one['sha256']}")
            for one in self.draft.artifacts
        ]
        return rows or [("", gettext("none yet"))]

    def _standards(self) -> Sequence[Widget]:
        note = gettext(
            "Space marks the standards that the release answers; the marked versions are pinned by the digest of their bytes."
        )
        pick = Pick(self._pack_rows(), id="standards", several=True)
        pick.picked = set(self.draft.standards)
        return [Static(line(note, MUTED, limit=300), classes="heading"), pick, Static(id="about-standard")]

    def _pack_rows(self) -> list[tuple[str, str]]:
        rows = []
        for pack in self.packs:
            header = pack.standard.standard
            told = ngettext(
                "{title}, {number} control ({status})",
                "{title}, {number} controls ({status})",
                len(pack.standard.controls),
                title=gettext(header.title),
                status=header.status,
            )
            rows.append((f"{header.id}@{header.version}", f"{header.id} {header.version}  {told}"))
        return rows

    @property
    def chosen(self) -> list[Pack]:
        """The packs that were marked."""
        return [pack for pack in self.packs if f"{pack.standard.id}@{pack.standard.version}" in self.draft.standards]

    def _axes(self) -> Sequence[Widget]:
        rows: list[Widget] = []
        for pack in self.chosen:
            for axis in pack.standard.axes:
                name = f"{pack.standard.id}/{axis.id}"
                several = f"{pack.standard.id}: " if len(self.chosen) > 1 else ""
                rows.append(Static(line(f"{several}{gettext(axis.title)}", "bold"), classes="name"))
                rows.append(Static(show.prose(gettext(axis.question))))
                values = [(value.id, f"{value.id} {gettext(value.title)}") for value in axis.values]
                rows.append(Choice(values, self.draft.axes.get(name), id=_id_of(name)))
                rows.append(Static(self._meaning(pack.standard, axis), id=f"meaning-{_id_of(name)}"))
            rows.append(Static(line(counts(pack.standard, self.draft.axes), HEADING), id=f"counts-{pack.standard.id}"))
        return rows or [Static(line(gettext("these standards have no axes; Enter goes on")))]

    def _meaning(self, standard: Standard, axis: Axis) -> Content:
        chosen = self.draft.axes.get(f"{standard.id}/{axis.id}")
        value = next((one for one in axis.values if one.id == chosen), None)
        if value is None:
            return line(gettext("choose with left and right; what is not chosen counts as asked for"), MUTED)
        return show.prose(gettext(value.meaning) or gettext(value.title))

    def _people(self) -> Sequence[Widget]:
        seats = {seat.id: seat for pack in self.chosen for seat in pack.standard.seats}
        note = gettext(
            "Who may sign, by their ids (such as addresses); several with commas. Nobody signs two seats of one control."
        )
        boxes = [
            Field(
                f"{seat.id}: {clean_line(gettext(seat.title), 80)}",
                self.draft.seats.get(seat.id, self.app.person if seat.id == "owner" else ""),
                id=f"seat-{seat.id}",
            )
            for seat in seats.values()
        ]
        return [Static(line(note, MUTED, limit=300), classes="heading"), *fields(*boxes)]

    def _folder(self) -> Sequence[Widget]:
        said = self.draft
        stem = "".join(one if one.isalnum() or one in "-_." else "-" for one in said.name.lower()) or "assessment"
        axes = ", ".join(f"{name} {value}" for name, value in said.axes.items())
        people = ", ".join(one for one in said.seats.values() if one)
        table = (
            (gettext("files"), str(len(said.artifacts))),
            (gettext("standards"), ", ".join(said.standards) or gettext("none")),
            (gettext("axes"), axes or gettext("none chosen")),
            (gettext("people"), people or gettext("nobody yet")),
        )
        width = max(len(name) for name, _ in table)
        rows = [
            line(f"{said.name} {said.version}", "bold"),
            *(line(f"{name:<{width}}  {value}", limit=400) for name, value in table),
        ]
        return [
            *fields(PathField(gettext("folder to make"), said.folder or str(Path.cwd() / stem), id="folder")),
            Static(show.lines(rows), classes="heading"),
            Static(line(gettext("F2 makes the assessment."), HEADING), classes="heading"),
        ]

    # -- keeping what was typed --------------------------------------------------------------------------------------------

    @on(Input.Changed)
    @on(Choice.Changed)
    def _changed(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_DRAFT_SECONDS, self._rested)

    def _rested(self) -> None:
        self._take()
        self._keep()

    def _keep(self) -> None:
        memory.remember("new-assessment", asdict(self.draft))

    def _take(self) -> None:
        """Take what the present step says into the draft."""
        for box in self.query(Input):
            name = box.id or ""
            if name.startswith("seat-"):
                self.draft.seats[name.removeprefix("seat-")] = box.value.strip()
            elif name in ("name", "version", "release_date", "description", "folder"):
                setattr(self.draft, name, box.value.strip())
        for pick in self.query("#standards").results(Pick):
            self.draft.standards = sorted(pick.picked)
        for pack in self.chosen:
            for axis in pack.standard.axes:
                name = f"{pack.standard.id}/{axis.id}"
                for choice in self.query(f"#{_id_of(name)}").results(Choice):
                    if choice.chosen is not None:
                        self.draft.axes[name] = choice.chosen
                    for told in self.query(f"#meaning-{_id_of(name)}").results(Static):
                        told.update(self._meaning(pack.standard, axis))
            for told in self.query(f"#counts-{pack.standard.id}").results(Static):
                told.update(line(counts(pack.standard, self.draft.axes), HEADING))

    @on(Choice.Changed)
    def _chosen_value(self) -> None:
        self._take()

    def _read_packs(self) -> None:
        try:
            packs = [read_pack(path) for path in pack_paths(standard_folders(self.app.standards_folder))]
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, str(error))
            return
        packs.sort(key=lambda pack: version_key(pack.standard.version), reverse=True)
        packs.sort(key=lambda pack: pack.standard.id)
        self.app.call_from_thread(self._packs_read, packs)

    def _packs_read(self, packs: list[Pack]) -> None:
        self.packs = packs
        for pick in self.query("#standards").results(Pick):
            pick.set_values(self._pack_rows())
            pick.picked = set(self.draft.standards)

    @on(Pick.Moved, "#standards")
    def _about_standard(self) -> None:
        for pick in self.query("#standards").results(Pick):
            pack = next((one for one in self.packs if f"{one.standard.id}@{one.standard.version}" == pick.chosen), None)
            if pack is not None:
                self.query_one("#about-standard", Static).update(show.prose(gettext(pack.standard.standard.summary)))

    # -- going on ----------------------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    @on(Choice.Taken)
    @on(Pick.Chosen)
    async def _entered(self) -> None:
        focused = self.focused
        if isinstance(focused, PathField) and focused.id == "path" and focused.value.strip():
            self._add_file(focused)
        elif isinstance(focused, Pick) and focused.several and not focused.picked:
            focused.toggle()
        elif focused is not None and self.focus_chain and focused is not self.focus_chain[-1] and focused.id != "path":
            self.focus_next()
        else:
            await self.action_save()

    async def action_save(self) -> None:
        """On to the next step; at the last one, make it."""
        self._take()
        fault = self._fault()
        if fault:
            self.complain(fault)
        elif self.draft.step < len(STEPS) - 1:
            await self._go(self.draft.step + 1)
        else:
            self.run(self._make, what=gettext("making"))

    def _fault(self) -> str:
        """What the present step still lacks; empty where it may go on."""
        said = self.draft
        if said.step == 0 and not said.name:
            return gettext("name what is released")
        if said.step == 0 and said.release_date:
            try:
                parse_instant(said.release_date)
            except ComplianceError:
                return gettext("write the day as 2026-12-15, or leave it empty")
        if said.step == 2 and not said.standards:
            return gettext("mark at least one standard with Space")
        return ""

    async def action_back(self) -> None:
        """A step back; from the first one, out. What was typed is kept."""
        if self.busy:
            self.workers.cancel_all()
        elif self.draft.step:
            await self._go(self.draft.step - 1)
        else:
            self._rested()
            self.dismiss(None)

    def _add_file(self, box: PathField) -> None:
        text = box.value.strip()
        if text.startswith("sha256:"):
            digest = text.removeprefix("sha256:")
            try:
                self._hashed([validate({"name": text[:19], "sha256": digest}, Artifact, message("the digest"))])
            except ComplianceError as error:
                self.complain(str(error))
            return
        try:
            paths = typed_paths(text)
        except ComplianceError as error:
            self.complain(str(error))
            return
        total = sum(path.stat().st_size for path in paths if path.is_file())
        self.run(partial(self._hash, paths), total, what=gettext("hashing"))

    def _hash(self, paths: list[Path], job: Job) -> str:
        found, behind = [], 0
        for path in paths:
            found.append(hash_artifact(path, partial(_further, job, behind), job.cancelled))
            behind += found[-1].size or 0
        self.app.call_from_thread(self._hashed, found)
        return ""

    def _hashed(self, found: list[Artifact]) -> None:
        known = {one["sha256"] for one in self.draft.artifacts}
        self.draft.artifacts += [one.model_dump() for one in found if one.sha256 not in known]
        self._keep()
        self.query_one("#artifacts", Pick).set_values(self._artifact_rows())
        self.query_one("#path", Input).value = ""

    def ended(self, done: str) -> None:
        """After hashing the step goes on; after making, the form is through."""
        self._busy.clear()
        self.say("")
        if done:
            memory.remember("new-assessment", {})
            self.dismiss(done)

    def _make(self, _: Job) -> str:
        said, app = self.draft, self.app
        subject = validate(
            {
                "name": said.name,
                "version": said.version,
                "description": said.description,
                "release_date": parse_instant(said.release_date).date() if said.release_date else None,
                "artifacts": said.artifacts,
            },
            Subject,
            message("the release"),
        )
        seats: dict[str, list[str]] = {}
        for seat, ids in said.seats.items():
            for one in (part.strip() for part in ids.split(",")):
                if one:
                    seats.setdefault(one, []).append(seat)
        people = [
            validate({"id": one, "name": one, "seats": held}, Person, message("the people")) for one, held in seats.items()
        ]
        pinned = {pack.standard.id for pack in self.chosen}
        axes = {name: value for name, value in said.axes.items() if name.partition("/")[0] in pinned}
        root = Path(said.folder).expanduser()
        actions.create(root, self.chosen, subject, axes, people, str(uuid.uuid4()), app.person, app.clock())
        return str(root)


def _further(job: Job, behind: int, done: int) -> None:
    job.progress(behind + done)


def _id_of(name: str) -> str:
    """An axis as the id of a widget."""
    return "axis-" + name.replace("/", "-").replace(".", "-")
