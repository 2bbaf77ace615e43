"""The start page: what was opened last, a new assessment, another folder, a bundle to verify."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from compliance_tui.safe.language import gettext, message, pmessage
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import memory, show
from compliance_tui.tui.form import Form, fields
from compliance_tui.tui.page import Page
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.show import MUTED, line

# What can be begun, as rows of the list: action, words, explanation.
BEGINNINGS = (
    ("new", message("Start an assessment"), message("subject, files, standards, axes, people: six short steps")),
    ("open_path", message("Open a folder or a bundle"), message("by its path")),
    ("verify", message("Verify a bundle"), message("against a trust policy; nothing in it is believed")),
)
_WHAT = {"assessment": message("assessment"), "bundle": message("bundle")}
_TONES = {"ready": "good", "ready-with-waivers": "warn", "not-ready": "bad"}


class RecentList(RowList):
    """Beginnings, then what was opened last."""

    def __init__(self) -> None:
        super().__init__(id="recent")
        self.entries: dict[str, dict[str, str]] = {}

    def rests(self, row: Hashable) -> bool:
        """On everything but the lines between."""
        return row not in ("", "recent")

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """A beginning, or an assessment or bundle with the verdict it had."""
        if row == "recent":
            return ((gettext("Opened last"), "accent"),)
        begun = next((one for one in BEGINNINGS if one[0] == row), None)
        if begun is not None:
            return ((fit(f"+ {gettext(begun[1])}", 30), "strong"), (f" {gettext(begun[2])}", "muted"))
        entry = self.entries.get(str(row))
        if entry is None:
            return ((str(row), "muted"),)
        name = fit(clean_line(f"{entry.get('name', '?')}", 60), 26)
        told = fit(_verdict(entry), max(22, *(len(_verdict(one)) for one in self.entries.values())))
        tone = _TONES.get(entry.get("verdict", ""), "muted")
        what = entry.get("what", "")
        what = fit(clean_line(gettext(_WHAT.get(what, what)), 12), 11)
        rest = clean_line(f"{entry.get('opened', '')}  {entry['path']}", 400)
        return ((f"  {name}", "text"), (f" {told}", tone), (f" {what}", "muted"), (f" {rest}", "muted"))


def _verdict(entry: Mapping[str, str]) -> str:
    word = gettext(show.VERDICTS.get(entry.get("verdict", ""), "?")).lower()
    if entry.get("verdict") == "not-ready":
        word += ", " + gettext("{number} block", number=entry.get("blocking", "?"))
    return clean_line(word, 40)


class StartPage(Page[None]):
    """A list to choose from."""

    place = "start"
    about = message(
        "An assessment is a folder for one release. Start one here, open one by its path, or take one that was open before; a "
        "bundle opens read-only. The verdicts are those of the last time; opening reads them anew."
    )
    parts = {
        "recent": message("Enter opens what is under the cursor; d takes a line off this list and leaves the folder alone.")
    }

    def body(self) -> ComposeResult:
        """The list."""
        yield RecentList()

    def on_mount(self) -> None:
        """What was opened last."""
        self.title_line(line("compliance-tui", "bold") + line("  " + gettext("readiness, never approval"), MUTED))
        self._fill()

    def _fill(self) -> None:
        listing = self.query_one(RecentList)
        listing.entries = {entry["path"]: entry for entry in memory.recent()}
        rows: list[Hashable] = [begun[0] for begun in BEGINNINGS]
        if listing.entries:
            rows += ["", "recent", *listing.entries]
        listing.show(rows, next(iter(listing.entries), None))

    @on(RowList.Chosen)
    async def action_open(self) -> None:
        """Begin, or open."""
        row = str(self.query_one(RecentList).here)
        if row in self.query_one(RecentList).entries:
            self.open(Path(row))
        else:
            getattr(self, f"action_{row}")()

    def open(self, path: Path) -> None:
        """Open it, if it is there and holds something."""
        if not path.exists():
            self.complain(gettext("{path}: is no longer there; d takes it off this list", path=clean_line(str(path))))
        elif path.is_dir() and not (path / "assessment.toml").exists() and not (path / "core").is_dir():
            self.complain(gettext("{path}: holds neither an assessment nor a bundle", path=clean_line(str(path))))
        else:
            self.app.open(path)

    def action_new(self) -> None:
        """Start an assessment."""
        from compliance_tui.tui.new import NewForm

        self.app.show(NewForm(), self._made)

    def _made(self, path: str | None) -> None:
        if path:
            self.app.open(Path(path))

    def action_open_path(self) -> None:
        """By its path."""
        self.app.show(OpenForm(), self._made)

    def action_verify(self) -> None:
        """Check a bundle."""
        from compliance_tui.tui.verify import VerifyForm

        row = self.query_one(RecentList).here
        entry = self.query_one(RecentList).entries.get(str(row), {})
        self.app.show(VerifyForm(entry["path"] if entry.get("what") == "bundle" else ""), self._made)

    def action_forget(self) -> None:
        """Take a line off the list."""
        listing = self.query_one(RecentList)
        row = str(listing.here)
        if row in listing.entries:
            memory.forget(row)
            self._fill()

    def action_close(self) -> None:
        """Back to what is open, where something is."""
        if len(self.app.screen_stack) > 1:
            self.dismiss(None)

    def action_quit(self) -> None:
        """Leave, or back to what is open."""
        if len(self.app.screen_stack) > 1:
            self.dismiss(None)
        else:
            self.app.exit(0)


class OpenForm(Form):
    """One path. Ends with it."""

    purpose = message("Open an assessment folder or a bundle")
    verb = pmessage("action", "open")
    about = message(
        "The folder of an assessment (it holds assessment.toml), a bundle as a ZIP, or a bundle unpacked. Tab completes."
    )

    def fields(self) -> ComposeResult:
        """The path."""
        from compliance_tui.tui.paths import PathField

        yield from fields(PathField(gettext("path of the folder or the bundle"), id="path", hint=gettext("Tab completes")))

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Leave with it."""
        path = Path(self.value("path")).expanduser()
        if not self.value("path") or not path.exists():
            self.complain(gettext("no such file or folder; Tab completes a path"))
        elif path.is_dir() and not (path / "assessment.toml").exists() and not (path / "core").is_dir():
            self.complain(gettext("this folder holds neither an assessment nor a bundle"))
        else:
            self.dismiss(str(path))
