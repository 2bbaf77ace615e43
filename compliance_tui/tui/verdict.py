"""The first page of a bundle: the verdict, every independent line with its reason, and the way to all that is in it."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.tui import show
from compliance_tui.tui.bars import Bar
from compliance_tui.tui.bundle_session import BundleSession
from compliance_tui.tui.halves import Halves
from compliance_tui.tui.page import NOTHING
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import RowList
from compliance_tui.tui.show import BAD, HEADING, MUTED, WARN, line
from compliance_tui.tui.verdict_list import ANSWERS, CHIPS, LEADS, MEANS, PARTS, LineRow, PartRow, VerdictList
from compliance_tui.tui.verifying import Verifying

if TYPE_CHECKING:
    from compliance_tui.bundle.verify import Line, Verification


_ROOM_FOR_ID = 100


def _answers(found: "Verification", valid: str) -> Content:
    answers = (
        (valid, found.signature_valid),
        (gettext("trusted"), found.trusted),
        (gettext("current"), found.current),
        (gettext("ready"), found.ready),
    )
    return Content(" · ").join([line(f"{name} ", MUTED) + line(*ANSWERS[said]) for name, said in answers])


class VerdictPage(Verifying):
    """The bundle is verified in a thread: the core at once, then every file. Esc stops it."""

    DEFAULT_CSS = """
    VerdictPage {
        #place { background: $background; }
        #verdict { width: 3fr; }
        #right { width: 2fr; }
        &.-narrow #verdict { width: 100%; }
        &.-narrow #right { width: 100%; height: 6; }
        &.-narrow.-low #right { height: 5; }
    }
    """
    AUTO_FOCUS = "#verdict"
    place = "verdict"
    about = message(
        "A bundle, verified here and now; nothing that it says is believed. Accepted: every line that your policy asks for "
        "passes. Not accepted: genuine as far as can be seen, but something that you ask for is missing. Broken: altered, "
        "incomplete, or not what it claims to be; then nothing of its answers and evidence is shown. Ready is the standard's "
        "rule, computed again; it is no approval. The policy is your own file, named with p, and never comes from the bundle."
    )
    parts = {
        "verdict": message(
            "The lines, each independent of the others, then the parts of the bundle. Enter opens what is behind."
        ),
        "right": message("The line under the cursor: its whole reason, and what it asks. Up and down scroll."),
    }

    def __init__(self) -> None:
        super().__init__()
        # Where the cursor was put, until somebody moves it.
        self._placed: Hashable | None = None

    def head(self) -> ComposeResult:
        """Verdict and release; the four words."""
        yield Bar(line(str(self.session.path), "bold"), line(gettext("reading"), MUTED), id="head")
        yield Bar(id="place")

    def body(self) -> ComposeResult:
        """Lines and parts; beside them the one under the cursor."""
        with Halves():
            yield VerdictList(self)
            yield Text(id="right")

    def on_mount(self) -> None:
        """What is known already."""
        self.renew()

    def begin_again(self) -> None:
        """Another bundle was opened: as at the beginning."""
        self._placed, self.statement_awaited = None, False
        self.query_one(VerdictList).show([])
        self.query_one("#right", Text).show([])
        self.renew()

    # -- verifying ---------------------------------------------------------------------------------------------------------

    def action_step_back(self) -> None:
        """Stop the verification."""
        if self.verifying:
            self.workers.cancel_group(self, "verify")
        else:
            self.say("")

    # -- showing -----------------------------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Show what was found so far."""
        if not isinstance(self.app.session, BundleSession):
            return  # an assessment was opened in place of the bundle
        found = self.bundle.found
        listing = self.query_one(VerdictList)
        self._headline(found)
        if found is None:
            listing.show([])
            if self.bundle.failure:
                self.query_one("#right", Text).show([line(gettext(self.bundle.failure), BAD, limit=800)])
            return
        rows = listing.rows_for(self._names(found))
        if listing.here in (None, self._placed):
            listing.show(rows, self._worst(found))
            self._placed = listing.here
        else:
            listing.show(rows, listing.here)
        self._show_detail()

    def on_resize(self) -> None:
        """As many words on top as there is room for."""
        if self.is_mounted and isinstance(self.app.session, BundleSession):
            self._headline(self.bundle.found)

    def _names(self, found: "Verification") -> list[str]:
        from compliance_tui.bundle.verify import LINES

        return list(dict.fromkeys([*LINES, *(one.name for one in found.lines)]))

    def _worst(self, found: "Verification") -> Hashable:
        """Where a reader looks first: what fails, else what is missing, else the top."""
        wanted = [one for one in found.lines if one.required]
        for outcome in ("fail", "unknown"):
            name = next((one.name for one in wanted if one.outcome == outcome), None)
            if name is not None:
                return LineRow(name)
        return LineRow(found.lines[0].name) if found.lines else None

    def line(self, name: str) -> "Line | None":
        """A line of the verdict, once it is there."""
        return self.bundle.found.line(name) if self.bundle.found is not None else None

    def _headline(self, found: "Verification | None") -> None:
        bundle = self.bundle
        known = bundle.trust if not bundle.policy_fault else None
        trust = gettext("policy {name}", name=known.name) if known else gettext("no policy: p")
        subject = found.statement.predicate.target if found is not None and found.statement is not None else None
        name = f"  {subject.name} {subject.version}".rstrip() if subject else f"  {bundle.path.name}"
        self.title_line(self._chip(found) + line(name, "bold", limit=80), line(trust, MUTED, limit=40))
        if found is None:
            self.query_one("#place", Bar).show(line(str(bundle.path), MUTED, limit=400))
            return
        width = self.app.size.width
        whole, short = _answers(found, gettext("signature valid")), _answers(found, gettext("valid"))
        words = whole if whole.cell_length + 2 <= width else short
        wide = width >= _ROOM_FOR_ID
        self.query_one("#place", Bar).show(words, line(f"{(found.bundle_id or '?')[:16]}…", MUTED) if wide else NOTHING)

    def _chip(self, found: "Verification | None") -> Content:
        if self.verifying:
            return line(gettext("verifying"), MUTED)
        if found is None:
            word, style = (gettext("NOT VERIFIED"), BAD) if self.bundle.failure else (gettext("reading"), MUTED)
        elif not self.bundle.complete:
            word, style = gettext("NOT VERIFIED TO ITS END"), WARN
        elif found.verdict == "not-accepted" and self.bundle.policy is None:
            word, style = gettext("NOT ACCEPTED: NOBODY IS KNOWN"), WARN
        else:
            word, style = gettext(CHIPS[found.verdict][0]), CHIPS[found.verdict][1]
        return line(f" {word} ", f"bold reverse {style}")

    # -- what there is -----------------------------------------------------------------------------------------------------

    def counts(self, part: str) -> str:
        """What there is of a part, in a few words."""
        found, bundle = self.bundle.found, self.bundle
        if found is None:
            return ""
        if part == "policy":
            return self._policy_words()
        if part == "decide":
            return gettext("with a signed decision (a), or a receipt (g)")
        if part == "compare":
            return gettext("with another bundle, or an assessment (c)")
        if part == "statements":
            told = [clean_line(one.text, 120) for one in found.decisions]
            return "; ".join([ngettext("1 besides the lab's own", "{number} besides the lab's own", len(found.chain)), *told])
        if part == "signers":
            names = ", ".join(clean_line(self._called(one.person), 60) for one in found.signers)
            return names or gettext("nobody whom your policy knows")
        if part == "standards":
            said = found.statement.predicate.standards if found.statement else []
            return clean_line(", ".join(f"{one.id} {one.version}" for one in said), 200)
        if found.broken:
            return gettext("not shown: nothing of a broken bundle can be relied on")
        if bundle.loaded is None:
            unread = gettext("not read: your policy does not accept the standard; u reads it all the same")
            stopped = gettext("being looked at") if self.verifying else gettext("not looked at")
            return unread if bundle.complete else stopped
        if part == "controls":
            states = bundle.loaded.result.controls
            blocked = sum(one.outcome == "blocked" for one in states)
            if bundle.hidden:
                return gettext("{number} controls, {blocked} block as far as can be seen", number=len(states), blocked=blocked)
            return gettext("{number} controls, {blocked} block", number=len(states), blocked=blocked)
        parts = [gettext("{number} here", number=len(bundle.contents.items))]
        parts += [gettext("{number} withheld", number=len(found.withheld))] if found.withheld else []
        parts += [gettext("{number} sealed", number=len(found.sealed))] if found.sealed else []
        return ", ".join(parts)

    def _policy_words(self) -> str:
        bundle, trust = self.bundle, self.bundle.trust
        if bundle.policy_fault:
            return clean_line(gettext(bundle.policy_fault), 200)
        if bundle.policy is None or trust is None:
            return gettext("none: nobody is known, and nothing is accepted; p names one")
        return gettext("{path}, version {version}", path=clean_line(str(trust), 200), version=bundle.policy.version)

    def _called(self, person: str) -> str:
        """What the policy calls somebody."""
        known = {one.id: one for one in self.bundle.policy.person} if self.bundle.policy else {}
        return (known[person].name or person) if person in known else person

    @on(RowList.Moved)
    def _show_detail(self) -> None:
        here, found = self.query_one(VerdictList).here, self.bundle.found
        if found is None or here is None:
            return
        rows = self._line_detail(found, here.name) if isinstance(here, LineRow) else []
        if isinstance(here, PartRow):
            rows = [line(gettext(PARTS[here.name]), "bold"), line(self.counts(here.name), limit=600)]
        self.query_one("#right", Text).show(rows, home=True)

    def _line_detail(self, found: "Verification", name: str) -> list[Content]:
        one = self.line(name)
        rows = [line(gettext(word(name)), "bold")]
        if one is not None:
            sign = show.LINES[one.outcome]
            rows = [line(f"{gettext(word(name))}  ", "bold") + line(f"{sign.mark} {gettext(word(one.outcome))}", sign.style)]
            rows.append(line(gettext(one.reason), limit=2000))
            if one.outcome == "unknown" and not one.required:
                rows.append(line(gettext("Your policy does not ask for it: it does not stop an acceptance."), MUTED))
        if found.broken and one is not None and one.outcome == "fail":
            told = gettext("Nothing of its answers and evidence is shown: what is not as it claims to be cannot be relied on.")
            rows += [Content(""), line(told, BAD)]
        if name == "freshness":
            rows += self._memory(found)
        if name in MEANS:
            rows += [Content(""), line(gettext("It asks"), HEADING), line(gettext(MEANS[name]), limit=400)]
        return rows

    def _memory(self, found: "Verification") -> list[Content]:
        rows = [line(one.text, limit=800) for one in found.decisions]
        if found.met is not None:
            rows += [line(text, BAD, limit=800) for _, text in found.met.alarms]
            rows.append(line(gettext(found.met.text), MUTED, limit=600))
        return [Content(""), *rows] if rows else []

    # -- going on ----------------------------------------------------------------------------------------------------------

    @on(RowList.Chosen)
    def action_open(self) -> None:
        """What is behind the row."""
        here = self.query_one(VerdictList).here
        if isinstance(here, LineRow):
            self._open(LEADS.get(here.name, "statements"))
        elif isinstance(here, PartRow):
            self._open(here.name)

    def _open(self, part: str, done: str = "") -> None:
        if part in ("policy", "decide", "compare"):
            {"policy": self.action_policy, "decide": self.action_determine, "compare": self.app.action_compare}[part]()
        elif part in ("controls", "evidence", "readiness"):
            if self.bundle.loaded is None:
                self.say(self.counts(part) or gettext("nothing was read yet"))
            else:
                {"controls": self.action_controls, "evidence": self.action_items, "readiness": self.action_readiness}[part]()
        elif self.bundle.found is not None and self.bundle.found.statement is not None:
            from compliance_tui.tui.statements import StatementsPage

            self.app.show(StatementsPage(part, done), self._left)
        else:
            self.say(gettext("no statement of the lab could be read"))

    def _left(self, done: str | None) -> None:
        if done:
            self.stated(done)

    def action_controls(self) -> None:
        """The controls with their answers."""
        from compliance_tui.tui.answers import AnswersPage

        if self.bundle.loaded is None:
            self._open("controls")
        else:
            self.app.show(AnswersPage())

    def action_items(self) -> None:
        """The evidence."""
        from compliance_tui.tui.answers import BundleEvidencePage

        if self.bundle.loaded is None:
            self._open("evidence")
        else:
            self.app.show(BundleEvidencePage())

    def action_readiness(self) -> None:
        """What blocks, as far as can be seen."""
        from compliance_tui.tui.readiness import ReadinessPage

        if self.bundle.loaded is None:
            self._open("readiness")
        else:
            self.app.show(ReadinessPage(), self._chosen)

    def _chosen(self, keys: "list[tuple[str, str]] | None") -> None:
        if keys:
            from compliance_tui.tui.answers import AnswersPage

            self.app.show(AnswersPage(keys))

    def action_statements(self) -> None:
        """Standards, signers, and all that was stated about it."""
        self._open("statements")

    def action_policy(self) -> None:
        """Whom you believe, and what you bring along."""
        from compliance_tui.tui.verify import PolicyForm

        self.app.show(PolicyForm(self.bundle.brought), self._again)

    def _again(self, done: str | None) -> None:
        if done:
            self.app.reload(done)

    def action_any_standard(self) -> None:
        """Read a standard that the policy does not accept, too; or no longer."""
        from dataclasses import replace

        bundle = self.bundle
        bundle.brought = replace(bundle.brought, any_standard=not bundle.brought.any_standard)
        told = gettext("a standard that your policy does not accept is read, too; the verdict says so")
        self.app.reload(told if bundle.brought.any_standard else gettext("only standards that your policy accepts are read"))

    def action_determine(self) -> None:
        """A signed decision about it."""
        from compliance_tui.tui.determine import DetermineForm, may_state

        if may_state(self):
            self.app.show(DetermineForm(), self._left)

    def action_receipt(self) -> None:
        """A signed receipt for it."""
        from compliance_tui.tui.determine import ReceiptForm, may_state

        if may_state(self):
            self.app.show(ReceiptForm(), self._left)

    def stated(self, done: str) -> None:
        """A statement was signed: verify again, and show it."""
        self.statement_awaited = True
        self.app.reload(done)

    def show_statements(self, done: str) -> None:
        """All that was stated, the cursor on the latest; and what was done."""
        self._open("statements", done)

    def action_home(self) -> None:
        """Recent assessments and bundles."""
        from compliance_tui.tui.start import StartPage

        self.app.show(StartPage())

    def action_copy(self) -> None:
        """The bundle's id."""
        if self.bundle.found is not None and self.bundle.found.bundle_id:
            self.app.copy_to_clipboard(self.bundle.found.bundle_id)
            self.say(gettext("in the clipboard: bundle id {id}", id=self.bundle.found.bundle_id))
