"""Answering a bundle: a signed decision or receipt. First the form, then the exact bytes, a typed word, and the signature."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from compliance_tui.bundle import declare
from compliance_tui.bundle.attestation import attestation_members
from compliance_tui.bundle.predicates import DECISIONS, Decision
from compliance_tui.bundle.sign import Checked, add_statement, look_at
from compliance_tui.bundle.write import write_folder
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.tui import memory
from compliance_tui.tui.bundle_session import BundleSession
from compliance_tui.tui.choice import Choice
from compliance_tui.tui.form import Field, Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.paths import PathField
from compliance_tui.tui.reading import Text
from compliance_tui.tui.show import MUTED, line, text

if TYPE_CHECKING:
    from compliance_tui.bundle.declare import Draft
    from compliance_tui.tui.page import Page

WORD = "sign"


def may_state(page: "Page[Any]") -> bool:
    """Whether anything may be signed about the bundle; where not, the page says why."""
    session = page.session
    if isinstance(session, BundleSession) and session.found is not None and session.found.view and not session.found.broken:
        return True
    page.say(gettext("nothing is signed about a bundle that is broken, or not verified to its end"))
    return False


class StatementForm(Form):
    """What is to be stated. It is composed in a thread, from a bundle that is checked first; then comes the signing."""

    DEFAULT_CSS = """
    StatementForm {
        TextArea { height: 4; border: none; padding: 0 1; background: $field; color: $foreground; }
        TextArea:focus { border: none; background: $field-focus; }
        &.-low TextArea { height: 2; }
    }
    """
    verb = message("go on")

    @property
    def bundle(self) -> "BundleSession":
        """The bundle."""
        return cast("BundleSession", self.session)

    def attester(self) -> Field:
        """In whose name; the one of the last time is there already."""
        title = gettext("in whose name: the id that trust policies ask for")
        known = memory.recall("attester")
        return Field(title, known if isinstance(known, str) else "", id="attester", hint="regulator.example")

    def compose_draft(self, whole: bool, draft: "Callable[[Checked], Draft]") -> None:
        """Check the bundle, compose the draft, and go on to the signing."""
        attester, path = self.value("attester"), self.bundle.path
        if not attester:
            self.complain(gettext("say in whose name: the id that trust policies ask for"))
            self.query_one("#attester").focus()
            return
        memory.remember("attester", attester)
        total = path.stat().st_size if whole and path.is_file() else 0
        self.run(partial(self._composed, path, whole, draft), total, what=gettext("checking the bundle"))

    def _composed(self, path: Path, whole: bool, draft: "Callable[[Checked], Draft]", job: Job) -> str:
        found = look_at(path, whole, job.progress, job.cancelled)
        if self.bundle.found is None or found.core.bundle_id != self.bundle.found.bundle_id:
            raise BrokenError("changed", message("another bundle lies there now; verify it again"))
        self._made = draft(found)
        return ""

    def ended(self, done: str) -> None:
        """On to the signing; Esc there comes back here."""
        self._busy.clear()
        self.say("")
        self.app.show(SignForm(self._made), self._signed)

    def _signed(self, done: str | None) -> None:
        if done:
            self.dismiss(done)


class DetermineForm(StatementForm):
    """A regulator's decision, with its reasons, its conditions, and how long it stands."""

    purpose = message("Answer the bundle with a decision")
    about = message(
        "A determination is signed and names what it rests on: every statement in the bundle, by its SHA-256. It replaces your "
        "last one. To accept a bundle, all of it is hashed first. Nothing is signed here: F2 shows the exact bytes, and only "
        "the typed word there signs them."
    )
    parts = {
        "decision": message("1 to 5, or left and right. Conditions go with the second, and only with it."),
        "reasons": message("Why; each line is a reason of its own. Tab goes on."),
        "conditions": message("What must be met; each line is a condition. Only with a decision under conditions."),
        "until": message("A day, as 2027-06-30, or an instant. Only a decision that accepts stands until a day."),
    }

    def fields(self) -> ComposeResult:
        """Decision, reasons, conditions, validity, name."""
        yield Static(line(gettext("decision"), MUTED), classes="name")
        yield Choice([(one, gettext(word(one))) for one in DECISIONS], id="decision")
        yield from _lines(gettext("reasons, each on a line"), "reasons")
        yield from _lines(gettext("conditions, each on a line"), "conditions")
        yield from fields(Field(gettext("valid until (may stay empty)"), id="until", hint="2027-06-30"), self.attester())

    @on(Choice.Taken)
    def _next(self) -> None:
        self.focus_next()

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Compose it."""
        decision = cast("Decision | None", self.query_one("#decision", Choice).chosen)
        reasons, conditions = self._said("reasons"), self._said("conditions")
        if decision is None or not reasons:
            which = gettext("choose a decision first: 1 to 5") if decision is None else gettext("give a reason first")
            self.complain(which)
            self.query_one("#decision" if decision is None else "#reasons").focus()
            return
        try:
            until = parse_instant(self.value("until")) if self.value("until") else None
        except InputError as error:
            self.complain(str(error))
            self.query_one("#until").focus()
            return
        attester, moment = self.value("attester"), self.app.clock()

        def draft(found: Checked) -> "Draft":
            return declare.determination(found, attester, decision, reasons, moment, conditions=conditions, valid_until=until)

        self.compose_draft(decision.startswith("accepted"), draft)

    def _said(self, name: str) -> list[str]:
        return [one.strip() for one in self.query_one(f"#{name}", TextArea).text.splitlines() if one.strip()]


class ReceiptForm(StatementForm):
    """A receipt for the edition at hand."""

    purpose = message("Confirm that this edition arrived whole")
    about = message(
        "A receipt shows the lab, and everybody, that this edition of the bundle existed by then. All of it is hashed first. "
        "F2 shows the exact bytes; only the typed word there signs them."
    )

    def fields(self) -> ComposeResult:
        """In whose name."""
        yield from fields(self.attester())

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Compose it."""
        attester, moment = self.value("attester"), self.app.clock()
        self.compose_draft(True, lambda found: declare.receipt(found, attester, moment))


class SignForm(Form):
    """The exact bytes above, then which keys sign, where it goes, and the word. Ends with what was signed."""

    DEFAULT_CSS = """
    SignForm #what { height: auto; max-height: 40%; background: $boost; }
    """
    AUTO_FOCUS = "#keys"
    purpose = message("Sign the statement")
    verb = message("sign")
    about = message(
        "Above stands what is signed, to the last byte. It goes into the bundle as one more folder, and touches nothing that "
        "was there; or it becomes a folder of its own, to be handed over apart. Then the bundle is verified again with it."
    )
    parts = {
        "what": message("What is signed, to the last byte. Up and down scroll."),
        "keys": message("A file, agent:SHA256:…, pkcs11:token=…;object=…, or a key service's address; several with blanks."),
        "passphrase": message("Of the key file, or the PIN of the token. It is used once and not kept."),
        "out": message("A new folder for the statement. Empty: it is added to the bundle."),
        "word": message("Type sign, then Enter. There is no default."),
    }

    def __init__(self, draft: "Draft") -> None:
        super().__init__()
        self.draft = draft

    def body(self) -> ComposeResult:
        """The bytes, then the fields."""
        yield Text(self._what(), id="what")
        yield from super().body()

    def fields(self) -> ComposeResult:
        """Keys, passphrase, place, word."""
        known = memory.recall("signing-keys")
        yield from fields(
            Field(gettext("keys that sign"), known if isinstance(known, str) else "", id="keys", hint="reg.key, agent:…"),
            Field(gettext("their passphrase or PIN, where one is needed"), id="passphrase", password=True),
            PathField(gettext("write it as a folder of its own (empty: into the bundle)"), id="out"),
            Field(gettext("type {word} to go on", word=WORD), id="word"),
        )

    def _what(self) -> list[Content]:
        shown = text(self.draft.content.decode("utf-8", "replace").rstrip())
        head = line(f"{self.draft.name}", "bold") + line(f"  sha256 {self.draft.sha256}", MUTED)
        return [head, *shown.split("\n", allow_blank=True)]

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Sign, once the word was typed."""
        keys = self.value("keys").split()
        if not keys:
            self.complain(gettext("name the key that signs"))
            self.query_one("#keys").focus()
        elif self.value("word") != WORD:
            self.complain(gettext("type {word} in the last field to go on", word=WORD))
            self.query_one("#word").focus()
        else:
            memory.remember("signing-keys", " ".join(keys))
            out, passphrase = self.value("out"), self.query_one("#passphrase", Input).value
            self.run(partial(self._sign, keys, passphrase, out), what=gettext("signing"))

    def _sign(self, keys: list[str], passphrase: str, out: str, _: Job) -> str:
        from compliance_tui.trust.keys import is_address, load_signer

        bundle, draft = cast("BundleSession", self.session), self.draft
        signers = [load_signer(key if is_address(key) else Path(key).expanduser(), passphrase.encode) for key in keys]
        if out:
            folder = Path(out).expanduser()
            write_folder(folder, attestation_members("", draft.content, draft.name, signers))
            bundle.bring(folder)
            return gettext("{path}: {name}, signed", path=clean_line(str(folder)), name=draft.name)
        if bundle.found is None or look_at(bundle.path, whole=False).core.bundle_id != bundle.found.bundle_id:
            raise BrokenError("changed", message("another bundle lies there now; nothing was signed"))
        where = add_statement(bundle.path, draft.content, draft.name, signers)
        return gettext("{place} is {name}, signed", place=where, name=draft.name)


def _lines(title: str, name: str) -> ComposeResult:
    yield Static(line(title, MUTED), classes="name")
    box = TextArea("", id=name, tab_behavior="focus", show_line_numbers=False)
    box.cursor_blink = False
    yield box
