"""One control as plain lines, with all that its page in the terminal UI says."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from compliance_tui.assessment.archive import Archived
from compliance_tui.assessment.checks import age_days, largest_age
from compliance_tui.assessment.compare import shown
from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.model import Item, Response, Waiver
from compliance_tui.assessment.readiness import ControlState, axis_values
from compliance_tui.assessment.serving import fact_names
from compliance_tui.cli.standards_diff import changed_words
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import either, gettext, ngettext
from compliance_tui.safe.words import text_name, word
from compliance_tui.standard.diff import Difference
from compliance_tui.standard.levels import explain


@dataclass(frozen=True)
class Further:
    """What is looked up beside the assessment: why sign-offs lapsed, what the version before said, what cannot be seen."""

    lapses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    changes: Sequence[Difference] | None = ()
    hidden: Mapping[str, str] = field(default_factory=dict)
    answer_item: str = ""
    claimed: str = ""


def control_page(contents: Contents, state: ControlState, as_of: dt.datetime, further: Further) -> Iterator[str]:
    """Everything about one control, top to bottom."""
    control, response = state.control, state.response
    stands = gettext("cannot be told") if _hidden_names(state, further) else gettext(word(state.outcome))
    yield f"{control.id}  {gettext(control.title)}  [{gettext(word(state.level))}, {stands}]"
    yield ""
    yield gettext(control.statement).strip()
    if control.guidance:
        yield from ("", gettext("Guidance"), gettext(control.guidance).strip())
    if control.example:
        yield from ("", gettext("Example"), gettext(control.example).strip())
    yield ""
    yield from _applies_lines(contents, state)
    yield from ("", gettext("Answer"))
    if further.answer_item in further.hidden:
        status = gettext(word(response.status)) if response and response.status else gettext("no status now")
        yield f"  {status}"
        yield "  " + gettext("its text cannot be seen")
    else:
        yield from _answer_lines(response)
    yield from ("", gettext("Evidence"))
    yield from (f"  {line}" for line in _evidence_lines(contents, state, as_of, further))
    yield from ("", gettext("Checks"))
    if _hidden_names(state, further):
        yield "  " + gettext("cannot be told")
    else:
        yield from (f"  {gettext(word(one.outcome))}: {gettext(one.title)}: {gettext(one.text)}" for one in state.checks)
    yield from ("", gettext("Sign-offs"))
    yield from (f"  {line}" for line in _sign_off_lines(state, further))
    if response and response.waiver:
        yield ""
        yield from _waiver_lines(response.waiver, as_of)
    if not _hidden_names(state, further):
        yield from ("", gettext("Why it stands so"))
        yield from (f"  - {gettext(reason.text)}" for reason in state.reasons)
    yield from _hidden_lines(state, further)
    yield from _change_lines(control.id, further)
    if control.references:
        yield from ("", gettext("Related: {names}", names=", ".join(control.references)))


def _applies_lines(contents: Contents, state: ControlState) -> Iterator[str]:
    control, standard = state.control, contents.standard(state.standard)
    rules = explain(control.required, standard.axes)
    yield gettext("Required for: {rules}", rules=gettext(rules) if rules else gettext("nobody"))
    may = explain(control.recommended, standard.axes)
    if may and rules != "always":
        told = gettext("recommended for {whom}", whom=gettext(may)) if may != "always" else gettext("recommended always")
        yield f"  {told}"
    chosen = axis_values(contents.assessment, standard)
    values = ", ".join(f"{axis.id} {chosen.get(axis.id) or gettext('not set')}" for axis in standard.axes)
    yield "  " + gettext("this release: {values}", values=values or gettext("no axes"))
    for rule in control.blocked:
        whom = explain([rule], standard.axes)
        yield "  " + gettext("forbidden for {whom}: {reason}", whom=gettext(whom), reason=rule.reason)
    if not control.waivable:
        yield "  " + gettext("cannot be waived")
    if control.may_be_not_applicable:
        yield "  " + gettext("may be answered not applicable, with a signed justification")
    if control.counts_from:
        yield "  " + gettext("counts from {day} on", day=control.counts_from)


def _evidence_lines(contents: Contents, state: ControlState, as_of: dt.datetime, further: Further) -> Iterator[str]:
    for rule in contents.evidence_rules(state):
        if rule.max_age_days:
            yield ngettext(
                "wants {kinds}, at most {number} day old",
                "wants {kinds}, at most {number} days old",
                rule.max_age_days,
                kinds=either(rule.kinds),
            )
        else:
            yield gettext("wants {kinds}", kinds=either(rule.kinds))
    for identifier in state.response.evidence if state.response else []:
        item = contents.items.get(identifier)
        if item is not None:
            yield from _item_lines(contents, state, item, as_of, further.faults.get(identifier))
        elif identifier not in further.hidden:
            yield gettext("{item}: not in the evidence folder", item=identifier)


def _item_lines(contents: Contents, state: ControlState, item: Item, as_of: dt.datetime, fault: str | None) -> Iterator[str]:
    most, age = largest_age(contents.evidence_rules(state), item.kind), age_days(item, as_of)
    old = ngettext("{number} day old", "{number} days old", age)
    if most:
        old = ngettext("{number} day old of {most}", "{number} days old of {most}", age, most=most)
    kept = ", " + gettext("withheld") if item.disclosure == "withhold" else ""
    yield f"{item.id} {item.kind}: {item.title}, {old}{kept}"
    if fault:
        yield "  " + gettext("its stored bytes are {fault}; restore the original", fault=word(fault))
    for warning in item.warnings:
        yield "  " + gettext("warning: {text}", text=gettext(warning))
    wanted = [name for name in fact_names(state.control) if name in item.facts]
    for name in wanted:
        fact = item.facts[name]
        stated = " " + gettext("(stated)") if fact.source == "stated" else ""
        value = f"{shown(fact.value)} {fact.unit}".rstrip()
        yield f"  {name} {value}{stated}  " + gettext("at {where}", where=fact.where)
    more = len(item.facts) - len(wanted)
    if more:
        yield "  " + ngettext("{number:,} further fact", "{number:,} further facts", more)


def _sign_off_lines(state: ControlState, further: Further) -> Iterator[str]:
    when = {one.seat: one.at for one in state.response.sign_offs} if state.response else {}
    for seat in state.seats:
        day = f", {when[seat.seat]:%Y-%m-%d}" if seat.seat in when else ""
        yield f"{seat.seat}: {gettext(word(seat.state))}" + (f" ({seat.person}{day})" if seat.person else "")
        for reason in further.lapses.get(seat.seat, ()):
            yield f"  {gettext(reason)}"


def _waiver_lines(waiver: Waiver, as_of: dt.datetime) -> Iterator[str]:
    yield ngettext(
        "Waiver until {until} ({number} day left), owner {owner}, approver {approver}",
        "Waiver until {until} ({number} days left), owner {owner}, approver {approver}",
        (waiver.until - as_of.date()).days,
        until=waiver.until,
        owner=waiver.owner,
        approver=waiver.approver,
    )
    yield f"  {waiver.reason}"
    if waiver.measures:
        yield "  " + gettext("instead: {measures}", measures=waiver.measures)


def _hidden_names(state: ControlState, further: Further) -> list[str]:
    evidence = state.response.evidence if state.response else []
    return [name for name in (further.answer_item, *evidence) if name in further.hidden]


def _hidden_lines(state: ControlState, further: Further) -> Iterator[str]:
    """What of a bundle's answer cannot be seen, and what the lab claims of it."""
    names = _hidden_names(state, further)
    if not names:
        return
    yield from ("", gettext("What cannot be seen"))
    for name in names:
        what = gettext("the text of the answer") if name == further.answer_item else gettext("evidence")
        yield f"  {name}  {what}: {gettext(word(further.hidden[name]))}"
    if further.claimed:
        outcome = word(further.claimed)
        yield "  " + gettext("the lab claims: {outcome}; it cannot be computed again without them", outcome=outcome)


def _change_lines(control: str, further: Further) -> Iterator[str]:
    """What the pinned version changed in the control."""
    if not further.before:
        return
    yield ""
    if further.changes is None:
        yield gettext("Changed since {version}: that version is not known here", version=further.before)
        return
    yield gettext("Changed since {version}", version=further.before)
    found = [one for one in further.changes if control in one.move.new]
    if not found:
        yield "  " + gettext("nothing in this control")
    for one in found:
        kinds = ", ".join(gettext(word(kind)) for kind in one.move.kinds)
        yield "  " + gettext("{kinds}; an old answer: {effect}", kinds=kinds, effect=word(one.move.effect))
        yield from (f"    {gettext(note)}" for note in one.move.notes)
        yield from (f"    - {gettext(rule)}" for rule in one.rules_before)
        yield from (f"    + {gettext(rule)}" for rule in one.rules_after)
        yield from (f"    {gettext(text_name(text.field))}: {changed_words(text)}" for text in one.texts)


def _answer_lines(response: Response | None) -> Iterator[str]:
    if response is not None and response.recheck is not None:
        recheck = response.recheck
        since, why = _when(recheck.since), gettext(recheck.why)
        if recheck.was:
            was = gettext(word(recheck.was))
            yield "  " + gettext("to be rechecked since {since}, it was {was}: {why}", since=since, was=was, why=why)
        else:
            yield "  " + gettext("to be rechecked since {since}: {why}", since=since, why=why)
    if response is None or (response.status is None and not response.statement):
        yield "  " + gettext("not answered yet")
        return
    status = gettext(word(response.status)) if response.status else gettext("no status now")
    when = _when(response.answered_at)
    yield "  " + gettext("{status}, by {person} at {instant}", status=status, person=response.answered_by, instant=when)
    if response.statement:
        yield f"  {response.statement.strip()}"


def archived_page(archived: Sequence[Archived]) -> Iterator[str]:
    """Archived answers to a control, the latest first."""
    for one in reversed(archived):
        response = one.response
        yield ""
        standard = f"{response.standard} {one.version}"
        yield gettext("{control}  archived: an answer to {standard}", control=response.control, standard=standard)
        yield from _answer_lines(response)
        if response.evidence:
            yield "  " + gettext("evidence {items}", items=", ".join(response.evidence))


def _when(instant: dt.datetime | None) -> str:
    return format_instant(instant) if instant else gettext("an unknown time")
