"""Looking into the files of an evidence item: a bounded beginning, read-only, made safe."""

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from compliance_tui.assessment.preview import Preview
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message
from compliance_tui.tui.page import Page
from compliance_tui.tui.reading import Text
from compliance_tui.tui.show import MUTED, line, said

if TYPE_CHECKING:
    from compliance_tui.assessment.model import Item

_WIDEST = 4_000


class PreviewPage(Page[None]):
    """One file of the item at a time; ] and [ go to the next and the one before."""

    place = "preview"
    about = message(
        "The beginning of a file: text as it is, JSON indented, tables in columns, the results of SARIF, the header of a "
        "packed evaluation log, anything else as bytes. Nothing in it is believed, followed or run. Left and right scroll."
    )

    def __init__(self, item: "Item") -> None:
        super().__init__()
        self.item = item
        self._at = 0

    def body(self) -> ComposeResult:
        """The file."""
        yield Text(id="file", wrap=False)

    def on_mount(self) -> None:
        """The first file."""
        self._open()

    def _open(self) -> None:
        self._title(gettext("reading"))
        self.run_worker(partial(self._read, self._at), thread=True, exclusive=True)

    def _title(self, about: str) -> None:
        file, count = self.item.files[self._at], len(self.item.files)
        place = "  " + gettext("file {at} of {number}", at=self._at + 1, number=count) if count > 1 else ""
        self.title_line(line(f"{self.item.id}  {file.name}", "bold"), line(f"{about}{place}", MUTED))

    def _read(self, at: int) -> None:
        try:
            found = self.session.preview(self.item, at)
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, str(error))
            return
        self.app.call_from_thread(self._found, at, found)

    def _found(self, at: int, found: Preview) -> None:
        if at == self._at:
            form = said(found.form)
            self._title(gettext("{form}, only its beginning", form=form) if found.cut else form)
            self.query_one(Text).show([line(one, limit=_WIDEST) for one in found.lines], home=True)

    def action_neighbour_next(self) -> None:
        """The next file."""
        self._go(1)

    def action_neighbour_before(self) -> None:
        """The file before."""
        self._go(-1)

    def _go(self, by: int) -> None:
        if len(self.item.files) > 1:
            self._at = (self._at + by) % len(self.item.files)
            self._open()
