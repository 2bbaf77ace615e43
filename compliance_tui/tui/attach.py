"""Attaching evidence: files are looked at first, then taken in; progress and Esc while the bytes are copied."""

import datetime as dt
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from compliance_tui.assessment.attach import attach
from compliance_tui.evidence.kind import load_kinds, recognise
from compliance_tui.safe.errors import ComplianceError, InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show
from compliance_tui.tui.form import Field, fields
from compliance_tui.tui.forms import ControlsForm, reference
from compliance_tui.tui.job import Job
from compliance_tui.tui.paths import PathField, typed_paths
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.show import MUTED, line

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import ControlState

_MOST_SHOWN = 8
_MOST_COUNTED = 100_000


@dataclass(frozen=True)
class Found:
    """A file or folder that is to be attached, as it looks."""

    path: Path
    size: int
    files: int
    kind: str | None
    modified: dt.date


def look_at(path: Path, kinds_folder: Path | None) -> Found:
    """What a file or folder is, without reading more than its beginning. Raises InputError."""
    if path.is_dir() and not path.is_symlink():
        inside = [one for one in path.rglob("*") if one.is_file()][:_MOST_COUNTED]
        if not inside:
            raise InputError("empty", message("{path}: the folder holds no files", path=clean_line(str(path))))
        total = sum(one.stat().st_size for one in inside)
        return Found(path, total, len(inside), None, _day(path))
    return Found(path, path.stat().st_size, 1, recognise(path, load_kinds(kinds_folder)), _day(path))


def _day(path: Path) -> dt.date:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date()


class Files(RowList):
    """What is to be attached."""

    DEFAULT_CSS = """
    Files { height: auto; min-height: 1; max-height: 8; background: $field; }
    """

    def __init__(self) -> None:
        super().__init__(id="files")
        self.found: dict[Path, Found] = {}

    def put(self, found: Found) -> None:
        """One more."""
        self.found[found.path] = found
        self._again(found.path)

    def drop(self) -> None:
        """Not the one under the cursor after all."""
        if self.here is not None:
            self.found.pop(Path(str(self.here)), None)
            self._again(None)

    def _again(self, at: Path | None) -> None:
        self.styles.height = max(1, min(8, len(self.found)))
        self.show(list(self.found), at)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """Name, what it was recognised as, size."""
        one = self.found[Path(str(row))]
        several = ngettext("{number:,} file", "{number:,} files", one.files)
        what = several if one.files > 1 else one.kind or gettext("kind?")
        size = show.size(one.size)
        room = max(8, width - 22 - len(size) - 2)
        tone = "good" if one.kind else "warn"
        return ((fit(clean_line(one.path.name, 200), room), "text"), (f" {fit(what, 21)}", tone), (f" {size}", "muted"))


class AttachForm(ControlsForm):
    """One or many files; kind and date where the file does not show them."""

    AUTO_FOCUS = "#path"
    place = "attach"
    purpose = message("Attach evidence to")
    verb = message("attach")
    about = message(
        "Type or paste the path of a file or folder and press Enter: it is looked at, and listed with what it was recognised "
        "as. More can follow. Enter on the empty line, or F2, attaches all that are listed. A folder becomes one item."
    )
    parts = {
        "path": message(
            "Tab completes. Several paths, quoted as for a shell, and patterns such as logs/*.eval are understood."
        ),
        "files": message("What will be attached. Delete takes a line off."),
        "kind": message("Only where a file does not show its kind by itself. The kinds that are wanted here stand on top."),
        "date": message("The day that the evidence speaks of, where the file does not say it."),
    }

    def __init__(self, states: "Sequence[ControlState]", replaces: str | None = None) -> None:
        super().__init__(states)
        self.replaces = replaces
        self._together = self._withheld = False
        self.attached: list[str] = []

    @property
    def whom(self) -> str:
        """What it is for."""
        if self.replaces:
            return gettext("take the place of {item}", item=self.replaces)
        return super().whom if self.states else gettext("this assessment")

    def fields(self) -> ComposeResult:
        """What is wanted; path, list, kind, date, title."""
        yield from self.listed()
        wanted = ", ".join(self.wanted) or gettext("nothing in particular")
        yield Static(line(gettext("wanted  {kinds}", kinds=wanted), MUTED, limit=400), id="wanted")
        yield from fields(
            PathField(gettext("path of a file or folder"), id="path", hint=gettext("Enter lists it, Tab completes"))
        )
        yield Static(id="ways")
        yield Files()
        yield Static(id="how")
        yield from fields(
            Field(gettext("kind, where the file does not show it"), id="kind"),
            Field(gettext("date it speaks of, where the file does not say it (2026-11-20)"), id="date"),
            Field(gettext("title (empty: the file's name)"), id="title"),
        )

    def on_mount(self) -> None:
        """The path first."""
        self.query_one("#ways").display = False
        self.query_one("#files").display = False
        self._say_how()

    @property
    def wanted(self) -> list[str]:
        """The kinds that the controls ask for and have none of, then the others that they ask for."""
        from compliance_tui.assessment.search import missing_kinds

        contents = self.session.contents
        lacking = [kind for state in self.states for kind in missing_kinds(contents, state)]
        asked = [kind for state in self.states for rule in contents.evidence_rules(state) for kind in rule.kinds]
        if self.replaces:
            asked.append(contents.items[self.replaces].kind)
        return list(dict.fromkeys([*lacking, *asked]))

    def _say_how(self) -> None:
        together = gettext("all files as one item") if self._together else gettext("an item for each file")
        withheld = gettext("withheld: committed to, not in the bundle") if self._withheld else gettext("disclosed")
        self.query_one("#how", Static).update(line(f"{together} (F4) · {withheld} (F6)", MUTED))

    def action_together(self) -> None:
        """One item, or one for each."""
        self._together = not self._together
        self._say_how()

    def action_withhold(self) -> None:
        """Withheld, or disclosed."""
        self._withheld = not self._withheld
        self._say_how()

    # -- listing -----------------------------------------------------------------------------------------------------------

    @on(PathField.Several)
    def _ways(self, event: PathField.Several) -> None:
        names = [clean_line(one.rstrip("/").rpartition("/")[2] + ("/" if one.endswith("/") else ""), 40) for one in event.found]
        more = "  " + gettext("and {number} more", number=len(names) - _MOST_SHOWN) if len(names) > _MOST_SHOWN else ""
        ways = self.query_one("#ways", Static)
        ways.update(line("  ".join(names[:_MOST_SHOWN]) + more, MUTED, limit=500))
        ways.display = True

    @on(PathField.Pasted)
    def _pasted(self, event: PathField.Pasted) -> None:
        self._list(event.text)

    @on(Input.Submitted, "#path")
    def _entered(self) -> None:
        if self.value("path"):
            self._list(self.query_one("#path", Input).value)
        elif self.query_one(Files).found:
            self.action_save()
        else:
            self.complain(gettext("type the path of a file or folder first"))

    @on(Input.Submitted, "#kind, #date, #title")
    def _submitted(self) -> None:
        self.action_save()

    def _list(self, text: str, then_save: bool = False) -> None:
        """Look at what was named, in a thread: a folder may be large."""
        try:
            paths = typed_paths(text)
        except ComplianceError as error:
            self.complain(str(error))
            return
        self.run_worker(partial(self._look, paths, then_save), thread=True, group="look", exclusive=True)

    def _look(self, paths: list[Path], then_save: bool) -> None:
        found, faults = [], []
        for path in paths:
            try:
                found.append(look_at(path, self.session.kinds_folder))
            except ComplianceError as error:
                faults.append(str(error))
            except OSError as error:
                faults.append(f"{clean_line(str(path))}: {(error.strerror or '').lower()}")
        self.app.call_from_thread(self._looked, found, faults, then_save)

    def _looked(self, found: list[Found], faults: list[str], then_save: bool) -> None:
        files = self.query_one(Files)
        for one in found:
            files.put(one)
        files.display = bool(files.found)
        if faults:
            self.complain(faults[0])
            return
        self.query_one("#path", Input).value = ""
        self.query_one("#ways").display = False
        if then_save:
            self.action_save()
            return
        self.say(gettext("Enter attaches; or list more"))
        unknown = [one for one in found if one.kind is None]
        if unknown and not self.value("kind") and len(self.wanted) != 1:
            self.say(
                gettext(
                    "{file} does not show its kind: name it below, then F2",
                    file=clean_line(unknown[0].path.name, 80),
                ),
                show.WARN,
            )
            self.query_one("#kind").focus()

    def key_delete(self) -> None:
        """Take a line off the list."""
        files = self.query_one(Files)
        if files.has_focus:
            files.drop()
            files.display = bool(files.found)
            if not files.found:
                self.query_one("#path").focus()

    # -- taking in ---------------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Attach what is listed; a path that was typed and not listed yet comes along."""
        if self.value("path"):
            self._list(self.query_one("#path", Input).value, then_save=True)
            return
        found = list(self.query_one(Files).found.values())
        if not found:
            self.complain(gettext("type the path of a file or folder first"))
            self.query_one("#path").focus()
            return
        self.run(partial(self._take_in, found), sum(one.size for one in found), what=gettext("attaching"))

    def _take_in(self, found: list[Found], job: Job) -> str:
        session, date, kind = self.session, self.value("date"), self.value("kind")
        items = attach(
            session.contents,
            [one.path for one in found],
            [reference(state) for state in self.states],
            session.person,
            session.clock(),
            kind=kind or self._only_wanted(found),
            title=self.value("title") or None,
            date=parse_instant(date).date() if date else None,
            disclosure="withhold" if self._withheld else "disclose",
            replaces=self.replaces,
            kinds_folder=session.kinds_folder,
            as_one=self._together,
            progress=job.progress,
            cancelled=job.cancelled,
        )
        self.attached = [item.id for item in items]
        warnings = sum(len(item.warnings) for item in items)
        told = "; " + ngettext("{number:,} warning", "{number:,} warnings", warnings) if warnings else ""
        first, last = items[0], items[-1]
        if len(items) == 1:
            facts = ngettext("{number:,} fact", "{number:,} facts", len(first.facts))
            return gettext("{item} {kind} attached: {facts}", item=first.id, kind=first.kind, facts=facts) + told
        number = ngettext("{number:,} item", "{number:,} items", len(items))
        return gettext("{items} attached: {first} to {last}", items=number, first=first.id, last=last.id) + told

    def _only_wanted(self, found: list[Found]) -> str | None:
        """The one kind that is wanted, where nothing that is attached shows a kind of its own."""
        return self.wanted[0] if len(self.wanted) == 1 and not any(one.kind for one in found) else None

    def refused(self, error: ComplianceError) -> None:
        """Go to the field that would help."""
        field, said = {
            "no-date": ("date", message("the file does not say which day it speaks of: type it under date, then F2")),
            "unknown-kind": ("kind", message("cannot tell what kind of evidence this is: name the kind, then F2")),
        }.get(error.code, ("path", str(error)))
        self.complain(said)
        self.query_one(f"#{field}").focus()
