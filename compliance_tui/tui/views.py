"""Filters with a name: those at hand, and one's own."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from compliance_tui.assessment.search import VIEWS
from compliance_tui.safe.language import gettext, message
from compliance_tui.tui import memory
from compliance_tui.tui.form import Field, Form, fields
from compliance_tui.tui.pick import Pick
from compliance_tui.tui.show import MUTED, line


class ViewsPage(Form):
    """Ends with the filter that was chosen."""

    purpose = message("Views")
    verb = message("take")
    about = message(
        "A view is a filter with a name. Enter takes one; a name typed below keeps the present filter under it, for you."
    )

    def __init__(self, query: str) -> None:
        super().__init__()
        self.present = query.strip()

    def fields(self) -> ComposeResult:
        """Views, and a name for a new one."""
        rows = [(query, f"{gettext(name):<26} {query}") for name, query in VIEWS]
        yours = gettext("(yours)")
        rows += [(query, f"{name:<26} {query}   {yours}") for name, query in memory.views().items()]
        yield Pick(list({query: (query, shown) for query, shown in rows}.values()), id="views")
        if self.present:
            yield Static(line(gettext("the present filter is: {filter}", filter=self.present), MUTED), classes="name")
            yield from fields(Field(gettext("keep it under this name (an own name given again replaces the view)"), id="name"))

    @on(Pick.Chosen)
    def action_save(self) -> None:
        """Take the view; or keep the filter where a name was typed."""
        if self.focused is not None and self.focused.id == "name":
            self._keep()
            return
        self.dismiss(self.query_one("#views", Pick).chosen or "")

    @on(Input.Submitted)
    def _keep(self) -> None:
        name = self.value("name")
        if not name:
            self.complain(gettext("type a name first"))
            return
        memory.keep_view(name, self.present)
        self.dismiss(self.present)
