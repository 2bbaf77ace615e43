"""Moving the answers to another version: what becomes of each, with the answer beside it, and one question before."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from compliance_tui.assessment.migrate import Outcome, Plan, Step, migrate
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.standard.diff import Difference, VersionDiff
from compliance_tui.standard.load import Pack
from compliance_tui.tui import show
from compliance_tui.tui.form import Form
from compliance_tui.tui.job import Job
from compliance_tui.tui.rowlist import Cell, tone
from compliance_tui.tui.show import GOOD, HEADING, MUTED, WARN, Sign, line, text
from compliance_tui.tui.two_sided import Sides, TwoSidedPage, side
from compliance_tui.tui.versions import Version

# How each outcome is shown, in the order in which a person has to look at them.
OUTCOMES: dict[Outcome, Sign] = {
    "recheck": Sign("◐", "[~]", message("to be rechecked"), WARN),
    "recompute": Sign("◐", "[~]", message("computed anew"), WARN),
    "new": Sign("○", "[ ]", message("new"), "$text-accent"),
    "archived": Sign("–", "[-]", message("archived"), MUTED),
    "kept": Sign("●", "[x]", message("kept"), GOOD),
}
_LONGEST_SHOWN = 2000


class MovePage(TwoSidedPage):
    """What a move would do, control by control, with the answer beside it; F2 moves, after one question."""

    place = "move"
    about = message(
        "A preview: nothing was changed yet. What has to be looked at again comes first. F2 moves the answers, after one "
        "question; c lists what stays as it is, too."
    )
    parts = {
        "entries": message("What becomes of each control. Enter goes to the text."),
        "about": message("Why, and the answer as it would be after the move. Up and down scroll."),
        "before": message("Rules and texts before. Up and down scroll, Tab goes on."),
        "after": message("Rules and texts after. Up and down scroll, Tab goes on."),
        "find": message("Words of id, reason or answer. Enter keeps the filter, Esc drops it."),
    }

    def __init__(self, pack: Pack, version: Version, plan: Plan, found: VersionDiff) -> None:
        super().__init__()
        self.pack, self.version, self.plan = pack, version, plan
        self._by_new: Mapping[str, Difference] = {new: one for one in found.differences for new in one.move.new}
        self._by_old: Mapping[str, Difference] = {old: one for one in found.differences for old in one.move.old}
        self._only_changes = True

    def on_mount(self) -> None:
        """Counts first: nothing was changed yet."""
        counts = Counter(step.outcome for step in self.plan.steps)
        told = [f"{counts[name]} {sign.said}" for name, sign in OUTCOMES.items() if counts[name]]
        told += [gettext("guessed")] if self.plan.guessed else []
        new = self.pack.standard
        self.title_line(
            line(f"{new.id}  {self.plan.old.version} -> {new.version}", "bold") + line(f"   {' · '.join(told)}"),
            line(gettext("nothing was changed yet"), MUTED),
        )
        if self.plan.warnings:
            self.say("; ".join(gettext(warning) for warning in self.plan.warnings), WARN)

    def grouped(self) -> Sequence[tuple[str, Sequence[int]]]:
        """By outcome, what has to be looked at first."""
        return [
            (sign.said.capitalize(), [at for at, step in enumerate(self.plan.steps) if step.outcome == name])
            for name, sign in OUTCOMES.items()
            if name != "kept" or not self._only_changes
        ]

    def cells(self, at: int, width: int) -> Sequence[Cell]:
        """Sign, id, the status that the answer will have."""
        step = self.plan.steps[at]
        sign, response = OUTCOMES[step.outcome], step.response
        status = f"  {show.status_word(response.status)}" if response is not None else ""
        return ((f"{sign.mark} ", tone(sign.style)), (_named(step), "text"), (status, "muted"))

    def haystack(self, at: int) -> str:
        """Ids, reason, statement."""
        step = self.plan.steps[at]
        return f"{_named(step)} {step.outcome} {step.why} {step.response.statement if step.response else ''}"

    def sides(self, at: int) -> Sides:
        """Why, the answer as it would be, and the texts old beside new."""
        step = self.plan.steps[at]
        found = self._by_new.get(step.new or "") or self._by_old.get(step.old[0] if step.old else "")
        if found is None:
            return _said(step), (), ()
        before = side(found.texts, found.rules_before, "-", self.plan.old.version)
        return _said(step), before, side(found.texts, found.rules_after, "+", self.pack.standard.version)

    def action_only_changes(self) -> None:
        """List only what changes, or everything."""
        self._only_changes = not self._only_changes
        self.fill()

    def action_confirm(self) -> None:
        """Ask once, then move."""
        self.app.show(MoveForm(self), self._ended)

    def _ended(self, done: str | None) -> None:
        if done:
            self.dismiss(done)


def _named(step: Step) -> str:
    old = ", ".join(step.old)
    return f"{old} -> {step.new}" if step.new and step.old not in ((), (step.new,)) else step.new or old


def _said(step: Step) -> Iterator[Content]:
    sign = OUTCOMES[step.outcome]
    yield line(_named(step), "bold")
    yield Content.styled(f"{sign.mark} {sign.said}", sign.style) + line(f"  {gettext(step.why)}", limit=600)
    yield Content("")
    response = step.response
    heading = gettext("The answer after the move") if step.new else gettext("The answer, kept in the archive")
    yield line(heading, HEADING)
    if response is None:
        yield line("  " + gettext("none yet"))
        return
    status = show.status_word(response.status) if response.status else gettext("to be answered again")
    evidence = gettext("evidence {items}", items=", ".join(response.evidence) or gettext("none"))
    signed = ngettext("1 sign-off", "{number} sign-offs", len(response.sign_offs))
    yield line(f"  {status} · {evidence} · {signed}")
    if response.statement:
        yield from (row.pad_left(2) for row in text(response.statement.strip()[:_LONGEST_SHOWN]).split("\n"))


class MoveForm(Form):
    """One question before the move."""

    purpose = message("Move the answers")
    verb = message("move")
    about = message("F2 moves, Esc goes back. The move is all or nothing, and can be taken back until the next answer.")

    def __init__(self, page: MovePage) -> None:
        super().__init__()
        self.page = page

    def fields(self) -> ComposeResult:
        """What will happen, in four lines."""
        plan, new = self.page.plan, self.page.pack.standard
        again = sum(step.outcome == "recheck" for step in plan.steps)
        question = gettext("Move {standard} from {old} to {new}?", standard=new.id, old=plan.old.version, new=new.version)
        yield Static(line(question, "bold"), classes="heading")
        for told in (
            ngettext(
                "1 answer keeps statement and evidence, and has to be confirmed and signed again.",
                "{number} answers keep statement and evidence, and have to be confirmed and signed again.",
                again,
            ),
            gettext("Nothing is lost: what has no place in the new version is kept in the archive."),
            gettext("`compliance-tui migrate --undo` takes it back, until the next answer. F2 moves, Esc goes back."),
        ):
            yield Static(line(told), classes="heading")

    def action_save(self) -> None:
        """Move."""
        self.run(self._move, what=gettext("moving"))

    def _move(self, _: Job) -> str:
        page, session = self.page, self.session
        plan = migrate(session.contents, page.pack, page.version, str(uuid.uuid4()), session.person, session.clock())
        new = plan.pack.standard
        return gettext("moved to {standard} {version}", standard=new.id, version=new.version)
