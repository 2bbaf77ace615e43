"""All evidence of the assessment: what it is, how fresh, whom it serves, whether its bytes are still there."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input
from textual.worker import get_current_worker

from compliance_tui.assessment import actions
from compliance_tui.assessment.checks import age_days, largest_age
from compliance_tui.assessment.compare import shown
from compliance_tui.assessment.serving import owners, served_by
from compliance_tui.assessment.suggest import controls_for
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.words import word
from compliance_tui.tui import show
from compliance_tui.tui.items import ItemList
from compliance_tui.tui.job import Job
from compliance_tui.tui.narrowing import Narrowing
from compliance_tui.tui.pick import PickPage
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import RowList
from compliance_tui.tui.session import Fault, Session, names
from compliance_tui.tui.show import BAD, HEADING, MUTED, WARN, line, said, worded

if TYPE_CHECKING:
    from compliance_tui.assessment.model import Item
    from compliance_tui.assessment.readiness import ControlKey

_REST_SECONDS = 0.1
_ORDERS = {"id": message("by id"), "age": message("by age"), "size": message("by size"), "kind": message("by kind")}


def evidence_page(session: Session, control: "ControlKey | None" = None) -> "EvidencePage":
    """The page of the evidence, at the items of ``control``; of a bundle with what cannot be seen."""
    if session.read_only:
        from compliance_tui.tui.answers import BundleEvidencePage

        return BundleEvidencePage(control)
    return EvidencePage(control)


class EvidencePage(Narrowing[None]):
    """Items on the left, the one under the cursor on the right."""

    DEFAULT_CSS = """
    EvidencePage {
        #body { height: 1fr; }
        #left { width: 3fr; height: 1fr; }
        #right { width: 2fr; border-left: vkey $primary; }
        #find { background: $field-focus; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #left { width: 100%; }
        &.-narrow #right { width: 100%; border-left: none; border-top: hkey $primary; }
    }
    """
    AUTO_FOCUS = "#items"
    place = "evidence"
    about = message(
        "Every evidence item with its kind, the age of what it speaks of against the strictest rule it serves, and whether its "
        "stored bytes are still those that were attached. Enter looks into its files; l lets it serve further controls; c puts "
        "a newer file in its place everywhere."
    )
    parts = {
        "items": message("The items. Enter previews the files of one."),
        "right": message("Its files, digests and facts, with the place in the file where each was read."),
        "find": message(
            "Words of id, kind, title, control or state (fresh, too old, missing, altered, serves none, withheld)."
        ),
    }

    def __init__(self, control: "ControlKey | None" = None) -> None:
        super().__init__()
        self._control = control
        self._order = 0
        self._rest: Timer | None = None

    def body(self) -> ComposeResult:
        """List and detail."""
        with Horizontal(id="body"):
            with Vertical(id="left"):
                box = Input(id="find", placeholder=gettext("words of id, kind, title, control, state"))
                box.cursor_blink = False
                box.display = False
                yield box
                yield self.listing()
            yield Text(id="right")

    def on_mount(self) -> None:
        """Start on an item of the control that one came from."""
        self.renew()
        response = self.session.contents.responses.get(self._control) if self._control else None
        if response is not None and response.evidence:
            self.items.go_to(response.evidence[0])

    def listing(self) -> ItemList:
        """The list."""
        return ItemList(self.session)

    def further(self, words: Sequence[str]) -> list[str]:
        """Rows for what is no item here, found by ``words``."""
        return []

    def hidden_words(self) -> Content:
        """How many more there are that cannot be seen."""
        return Content("")

    def nothing(self) -> list[Content]:
        """What is told where no item is under the cursor."""
        return [line(gettext("nothing here yet; e attaches files"), MUTED)]

    @property
    def items(self) -> ItemList:
        """The list."""
        return self.query_one(ItemList)

    @property
    def item(self) -> "Item | None":
        """The item under the cursor."""
        return self.session.contents.items.get(str(self.items.here))

    def renew(self) -> None:
        """Show what is there now."""
        contents = self.session.contents
        words = self.query_one("#find", Input).value.lower().split()
        found = [item for item in contents.items.values() if all(word in self._haystack(item) for word in words)]
        order = list(_ORDERS)[self._order]
        if order == "age":
            found.sort(key=lambda item: item.speaks_of)
        elif order == "size":
            found.sort(key=lambda item: -item.size)
        elif order == "kind":
            found.sort(key=lambda item: (item.kind, item.id))
        self.items.show([*(item.id for item in found), *self.further(words)])
        total = sum(item.size for item in contents.items.values())
        bad = sum(self.items.fault(item.id) is not None for item in contents.items.values())
        faults = line("  " + gettext("{number} missing or altered", number=bad), BAD) if bad else self.hidden_words()
        items = ngettext("{number:,} item", "{number:,} items", len(contents.items))
        self.title_line(
            line(gettext("Evidence"), "bold") + line(f"   {items}, {show.size(total)}", MUTED) + faults,
            line(_ORDERS[order], MUTED),
        )
        self._show_item()

    def _haystack(self, item: "Item") -> str:
        controls = " ".join(control for _, control in served_by(self.session.contents, item.id))
        state, disclosure = self.items.state(item)[0], word(item.disclosure)
        words = f"{state} {gettext(state)} {disclosure} {gettext(disclosure)}"
        return f"{item.id} {item.kind} {item.title} {controls} {words}".lower()

    @on(RowList.Moved)
    def _moved(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._show_item)

    def _show_item(self) -> None:
        item = self.item
        right = self.query_one("#right", Text)
        if right.display:
            right.show(self._lines(item) if item else self.nothing(), home=True)

    def _lines(self, item: "Item") -> list[Content]:
        session = self.session
        if item.speaks_of_source == "document":
            speaks_of = gettext("speaks of {day} (the file says so)", day=item.speaks_of)
        else:
            speaks_of = gettext("speaks of {day} (a person said so)", day=item.speaks_of)
        attached = f"{item.attached_at:%Y-%m-%d %H:%M} UTC"
        rows = [
            line(f"{item.id}  {item.title}", "bold"),
            line(f"{item.kind}  ·  {worded(item.disclosure)}  ·  {show.size(item.size)}", MUTED),
            Content(""),
            line(speaks_of),
            line(gettext("attached by {person}, {when}", person=item.attached_by, when=attached), MUTED),
        ]
        if item.replaces:
            rows.append(line(gettext("took the place of {item}", item=item.replaces), MUTED))
        fault = self.items.fault(item.id)
        if fault is not None:
            told = gettext("its stored bytes are {fault}: restore the original, or attach it again", fault=worded(fault))
            rows.append(line(told, BAD))
        rows += [line(gettext("warning: {warning}", warning=warning), WARN, limit=400) for warning in item.warnings]
        rows += self._serves(item)
        rows += [Content(""), line(gettext("Files ({number})", number=len(item.files)), HEADING)]
        for file in item.files[:20]:
            rows.append(line(f"  {file.name}", limit=200) + line(f"  {show.size(file.size)}", MUTED))
            rows.append(line(f"    sha256 {file.sha256}", MUTED))
        if len(item.files) > 20:
            rows.append(line("  " + gettext("and {number} more", number=len(item.files) - 20), MUTED))
        rows += [Content(""), line(gettext("Facts ({number})", number=len(item.facts)), HEADING)]
        for name, fact in item.facts.items():
            source = " " + gettext("(stated)") if fact.source == "stated" else ""
            rows.append(
                line(f"  {name}  ", MUTED) + line(f"{said(shown(fact.value))} {fact.unit}".rstrip() + source, "bold", limit=200)
            )
            rows.append(line("      " + gettext("at {where}", where=fact.where), MUTED, limit=200))
        return rows if session.loaded else []

    def _serves(self, item: "Item") -> list[Content]:
        session = self.session
        rows = [Content(""), line(gettext("Serves"), HEADING)]
        served = served_by(session.contents, item.id)
        for key in served:
            state = session.state(key)
            if state is None:
                continue
            most = largest_age(session.contents.evidence_rules(state), item.kind)
            age = age_days(item, session.result.as_of)
            aged = gettext("{age} d old, at most {most}", age=age, most=most)
            late = aged if most is not None else gettext("any age")
            sign = show.sign_of(state)
            rows.append(
                Content.styled(f"  {sign.mark} ", sign.style)
                + line(f"{key[1]}  {gettext(state.control.title)}")
                + line(f"  {late}", WARN if most is not None and age > most else MUTED)
            )
        if not served:
            rows.append(line("  " + gettext("nothing yet"), MUTED))
        others = [
            one
            for one in controls_for(session.contents, item.kind, session.result.as_of)
            if (one.standard, one.control) not in served
        ]
        if others:
            ids = names([(one.standard, one.control) for one in others])
            rows.append(line("  " + gettext("could also serve {ids}: l", ids=ids), MUTED, limit=400))
        return rows

    # -- actions -----------------------------------------------------------------------------------------------------------

    @on(RowList.Chosen)
    def action_open(self) -> None:
        """Look into its files."""
        from compliance_tui.tui.look import PreviewPage

        if self.item is not None:
            self.app.show(PreviewPage(self.item))

    def action_rating(self) -> None:
        """The ratings of the register under the cursor, or of all."""
        from compliance_tui.tui.rating import RatingPage

        self.app.show(RatingPage(self.item.id if self.item is not None else None))

    @property
    def narrowed(self) -> Widget:
        """The list."""
        return self.items

    def narrow(self) -> None:
        """Another filter."""
        self.renew()

    def action_sort(self) -> None:
        """The next order."""
        self._order = (self._order + 1) % len(_ORDERS)
        self.renew()

    def action_attach_item(self) -> None:
        """New files; whom they serve is asked afterwards."""
        from compliance_tui.tui.attach import AttachForm

        form = AttachForm([])
        self.app.show(form, partial(self._attached, form.attached))

    def _attached(self, items: list[str], what: str | None) -> None:
        self.app.done(what)
        if what and items:
            self.say(gettext("{what}; l lets it serve controls", what=what))

    def action_replace(self) -> None:
        """A newer file in its place."""
        from compliance_tui.tui.attach import AttachForm

        if self.item is not None:
            self.app.show(AttachForm([], self.item.id), self.app.done)

    def action_link(self) -> None:
        """Let the item serve further controls."""
        item = self.item
        if item is None:
            return
        served = served_by(self.session.contents, item.id)
        found = controls_for(self.session.contents, item.kind, self.session.result.as_of)
        none = ", " + gettext("has none yet")
        rows = [
            (
                f"{one.standard}/{one.control}",
                f"{one.control}  {gettext(one.title)}  ({worded(one.level)}{none if one.wanting else ''})",
            )
            for one in found
            if (one.standard, one.control) not in served
        ]
        if not rows:
            self.say(gettext("no further control asks for {kind}", kind=item.kind))
            return
        note = gettext(
            "Controls that ask for {kind}, those without any first. Space marks several, Enter lets it serve them.",
            kind=item.kind,
        )
        self.app.show(
            PickPage(gettext("Let {item} serve", item=item.id), rows, note=note, several=True), partial(self._link, item.id)
        )

    def _link(self, item: str, chosen: str | None) -> None:
        if chosen:
            self.run_worker(partial(self._linked, item, chosen.split("\n")), thread=True, group="link")

    def _linked(self, item: str, references: list[str]) -> None:
        session = self.session
        try:
            actions.link_evidence(session.contents, references, item, session.person, session.clock())
        except ComplianceError as error:
            self.app.call_from_thread(self.complain, str(error))
            return
        controls = ", ".join(one.rpartition("/")[2] for one in references)
        self.app.call_from_thread(self.app.reload, gettext("{item} now serves {controls}", item=item, controls=controls))

    def action_check_bytes(self) -> None:
        """Hash every stored file again, off the UI thread."""
        self.run_worker(self._check, thread=True, exclusive=True, group="check")

    def _check(self) -> None:
        from compliance_tui.assessment.store import open_store, recorded_sizes

        contents, worker, app = self.session.contents, get_current_worker(), self.app
        sizes = recorded_sizes(contents)
        job = Job(
            lambda told: app.call_from_thread(self.say, told),
            lambda: worker.is_cancelled,
            gettext("hashing"),
            sum(sizes.values()),
        )
        try:
            findings = open_store(contents.root, contents.assessment).verify(list(sizes), job.progress)
        except ComplianceError as error:
            app.call_from_thread(self.complain, str(error))
            return
        if not worker.is_cancelled:
            app.call_from_thread(self._checked, owners(contents, findings), len(sizes))

    def _checked(self, faults: dict[str, Fault], looked: int) -> None:
        self.items.altered = faults
        self.renew()
        bad = ngettext("{number:,} item", "{number:,} items", len(faults)) if faults else gettext("nothing")
        files = ngettext("{number:,} file", "{number:,} files", looked)
        told = gettext("{files} hashed, {items} missing or altered", files=files, items=bad)
        self.say(told, BAD if faults else "")

    def action_copy(self) -> None:
        """The digest of its first file."""
        if self.item is not None:
            self.app.copy_to_clipboard(self.item.files[0].sha256)
            self.say(gettext("in the clipboard: {text}", text=f"sha256 {self.item.files[0].sha256}"))
