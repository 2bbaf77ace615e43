"""Who and when: the standards that were answered, who signed, and every statement about the bundle, judged by the policy."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from compliance_tui.bundle.chain import Judged
from compliance_tui.bundle.predicates import Determination
from compliance_tui.bundle.statement import PREDICATE, StandardReference
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.trust.policy import accepts_standard
from compliance_tui.tui import show
from compliance_tui.tui.halves import Halves
from compliance_tui.tui.page import Page
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import Cell, RowList, fit
from compliance_tui.tui.show import MUTED, line
from compliance_tui.tui.statement_text import (
    KINDS,
    SIGNED,
    STANDINGS,
    SignerRow,
    own_statement_text,
    signature_text,
    signer_name,
    signers,
    standard_text,
    statement_text,
)

if TYPE_CHECKING:
    from compliance_tui.bundle.verify import Verification
    from compliance_tui.tui.bundle_session import BundleSession


@dataclass(frozen=True)
class StandardRow:
    """A standard that was answered, by its place."""

    at: int


@dataclass(frozen=True)
class StatementRow:
    """A statement about the bundle, by its folder; the lab's own is the first."""

    name: str


class WhoList(RowList):
    """Three groups of rows."""

    def __init__(self, page: "StatementsPage") -> None:
        super().__init__(id="who")
        self.page = page

    def rests(self, row: Hashable) -> bool:
        """On everything but headings."""
        return not isinstance(row, str)

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """What the page says of a row."""
        return self.page.cells(row)


class StatementsPage(Page[str | None]):
    """A list, and beside it the one under the cursor. It starts at ``part``, says ``done``, and ends with what was signed."""

    AUTO_FOCUS = "#who"
    place = "statements"
    about = message(
        "The standards with the digest of their text, and whether your policy accepts it; who signed, by the names of your "
        "policy; and what was stated about the bundle since, by the time that each claims for itself. A statement counts "
        "where the persons whom your policy asks for signed it. Who and when are claims until somebody vouches for them."
    )
    parts = {
        "who": message("Standards, signatures over the lab's statement, statements. Tab goes to the text."),
        "right": message("All of what is under the cursor. Up and down scroll."),
    }

    def __init__(self, part: str = "statements", done: str = "") -> None:
        super().__init__()
        self.part, self._done = part, done

    @property
    def bundle(self) -> "BundleSession":
        """The bundle."""
        return cast("BundleSession", self.session)

    @property
    def found(self) -> "Verification":
        """What verifying found."""
        assert self.bundle.found is not None
        return self.bundle.found

    def body(self) -> ComposeResult:
        """List and text."""
        with Halves():
            yield WhoList(self)
            yield Text(id="right")

    def on_mount(self) -> None:
        """Start at the part that was asked for."""
        self.title_line(line(gettext("Who and when"), "bold"), line(self._stands(), MUTED, limit=300))
        rows, starts = self._rows()
        self.query_one(WhoList).show(rows, starts.get(self.part))
        self.say(self._done)

    def renew(self) -> None:
        """It was verified again."""
        if self.bundle.found is not None and self.bundle.found.statement is not None:
            self.title_line(line(gettext("Who and when"), "bold"), line(self._stands(), MUTED, limit=300))
            rows, _ = self._rows()
            listing = self.query_one(WhoList)
            listing.show(rows, listing.here)
            self._show_detail()

    def _stands(self) -> str:
        """Whether it still stands, in a word."""
        return gettext("current: {answer}", answer=gettext(word(self.found.current)))

    def _rows(self) -> tuple[list[Hashable], dict[str, Hashable]]:
        """The rows, and where each part starts: the statements at the latest."""
        statement = self.found.statement
        assert statement is not None
        standards: list[Hashable] = [StandardRow(at) for at in range(len(statement.predicate.standards))]
        signed: list[Hashable] = list(signers(self.found.signatures))
        statements: list[Hashable] = [StatementRow("")]
        statements += [StatementRow(one.attestation.name) for one in sorted(self.found.chain, key=_claimed)]
        rows: list[Hashable] = [gettext("Standards"), *standards, gettext("Signatures over the lab's statement"), *signed]
        rows += [] if signed else [gettext("  none: it is unsigned")]
        rows += [gettext("Statements, by the time that they claim"), *statements]
        return rows, {
            "standards": next(iter(standards), None),
            "signers": next(iter(signed), None),
            "statements": statements[-1],
        }

    # -- rows --------------------------------------------------------------------------------------------------------------

    def cells(self, row: Hashable) -> Sequence[Cell]:
        """A word in colour, then what it is."""
        if isinstance(row, StandardRow):
            one = self._reference(row)
            said, tone = self._acceptance(one)
            return ((f"  {fit(said, _wide())}", tone), (f" {clean_line(f'{one.id} {one.version}', 120)}", "text"))
        if isinstance(row, SignerRow):
            said, _, tone = SIGNED[row.files[0].state]
            name = signer_name(row.files[0], self.bundle.policy)
            name += "" if row.files[0].person else f"  {gettext('key {id}', id=row.name)}"
            return ((f"  {fit(gettext(said), _wide())}", tone), (f" {clean_line(name, 200)}", "text"))
        if isinstance(row, StatementRow):
            return self._statement_cells(row)
        return ((clean_line(str(row), 200), "muted" if str(row).startswith(" ") else "accent"),)

    def _statement_cells(self, row: StatementRow) -> Sequence[Cell]:
        judged = self._judged(row)
        if judged is None:
            statement = self.found.statement
            assert statement is not None
            at = statement.predicate.signed_at
            lab = clean_line(statement.predicate.attester.id, 80)
            trusted = {"yes": ("counted", "good"), "no": ("not-counted", "warn")}.get(self.found.trusted, ("unknown", "muted"))
            head = f"  {fit(gettext(STANDINGS[trusted[0]][0]), _wide())}"
            return ((head, trusted[1]), (f" {at[:10]} ", "muted"), (f"{gettext(KINDS[PREDICATE])}  {lab}", "text"))
        said, _, tone = STANDINGS[judged.standing]
        at = judged.predicate.signed_at[:10] if judged.predicate else "?" * 10
        what = gettext(KINDS.get(judged.name, judged.name))
        if isinstance(judged.predicate, Determination):
            what += f": {gettext(word(judged.predicate.decision))}"
        stands = gettext("in force") if self._in_force(judged) else gettext(said)
        return (
            (f"  {fit(stands, _wide())}", tone),
            (f" {at} ", "muted"),
            (clean_line(f"{what}  {judged.by}", 200), "text"),
        )

    def _in_force(self, judged: Judged) -> bool:
        return any(one.judged is judged and one.in_force for one in self.found.decisions)

    def _judged(self, row: StatementRow) -> Judged | None:
        return next((one for one in self.found.chain if one.attestation.name == row.name), None)

    def _reference(self, row: StandardRow) -> StandardReference:
        assert self.found.statement is not None
        return self.found.statement.predicate.standards[row.at]

    def _acceptance(self, one: StandardReference) -> tuple[str, str]:
        policy = self.bundle.policy
        if policy is None:
            return gettext("unknown"), "muted"
        return (
            (gettext("not accepted"), "warn")
            if accepts_standard(policy, one.id, one.version, one.sha256)
            else (
                gettext("accepted"),
                "good",
            )
        )

    # -- the text beside the list ------------------------------------------------------------------------------------------

    @on(RowList.Moved)
    def _show_detail(self) -> None:
        here, policy = self.query_one(WhoList).here, self.bundle.policy
        rows: list[Content] = []
        if isinstance(here, StandardRow):
            rows = list(standard_text(self._reference(here), policy, self.bundle.loaded))
        elif isinstance(here, SignerRow):
            rows = list(signature_text(here, policy))
        elif isinstance(here, StatementRow):
            judged = self._judged(here)
            rows = list(own_statement_text(self.found) if judged is None else statement_text(judged, self.found, policy))
        self.query_one("#right", Text).show(rows, home=True)

    # -- going on ----------------------------------------------------------------------------------------------------------

    @on(RowList.Chosen)
    def action_open(self) -> None:
        """To the text."""
        self.query_one("#right").focus()

    def action_copy(self) -> None:
        """The digest of the standard or the statement, or the fingerprint of the key."""
        here = self.query_one(WhoList).here
        value = ""
        if isinstance(here, StandardRow):
            value = self._reference(here).sha256
        elif isinstance(here, SignerRow) and here.files[0].key is not None:
            value = here.files[0].key.fingerprint
        elif isinstance(here, StatementRow):
            judged = self._judged(here)
            value = judged.attestation.framed.sha256 if judged is not None else self.found.bundle_id or ""
        if value:
            self.app.copy_to_clipboard(value)
            self.say(gettext("in the clipboard: {text}", text=value))

    def action_policy(self) -> None:
        """Whom you believe."""
        from compliance_tui.tui.verify import PolicyForm

        self.app.show(PolicyForm(self.bundle.brought), self.app.done)

    def action_determine(self) -> None:
        """A signed decision; the verdict verifies it and comes back here."""
        from compliance_tui.tui.determine import DetermineForm, may_state

        if may_state(self):
            self.app.show(DetermineForm(), self._signed)

    def action_receipt(self) -> None:
        """A signed receipt."""
        from compliance_tui.tui.determine import ReceiptForm, may_state

        if may_state(self):
            self.app.show(ReceiptForm(), self._signed)

    def _signed(self, done: str | None) -> None:
        if done:
            self.dismiss(done)


def _claimed(one: Judged) -> tuple[str, str]:
    """The order of what was said: by the time that a statement claims; those that claim none are the last."""
    return (one.predicate.signed_at if one.predicate is not None else "~", one.attestation.name)


def _wide() -> int:
    """The width of the words that say how something stands."""
    return show.widest([text for text, _, _ in (*STANDINGS.values(), *SIGNED.values())], 12)
