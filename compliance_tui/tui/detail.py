"""One control in sections, each a few lines. The list shows them in one column beside it, the control's page in two."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.words import act, text_name, word
from compliance_tui.tui import show
from compliance_tui.tui.session import Session
from compliance_tui.tui.show import BAD, CHECKS, HEADING, MUTED, SEATS, WARN, line, prose, said, text, worded

if TYPE_CHECKING:
    from compliance_tui.assessment.checks import CheckResult
    from compliance_tui.assessment.history import Event
    from compliance_tui.assessment.model import Item
    from compliance_tui.assessment.readiness import ControlState
    from compliance_tui.standard.changes import Move
    from compliance_tui.standard.diff import Difference

Lines = Iterator[Content]
_MOST_FACTS = 6


def beside(session: Session, state: "ControlState") -> list[Content]:
    """What an officer wants to see beside the list, the most urgent first."""
    return [
        row
        for section in (
            title(session, state),
            asked(state),
            missing(session, state),
            answer(session, state),
            evidence(session, state),
            checks(state),
            sign_offs(state),
            why(session, state),
            guidance(state),
            related(state),
        )
        for row in section
    ]


def below(session: Session, state: "ControlState") -> list[Content]:
    """The same under the list, where there are few lines: first what is missing."""
    sign = show.sign_of(state, session.sees((state.standard, state.control.id)))
    named = f"{state.control.id}  {gettext(state.control.title)}  "
    head = line(named, "bold") + Content.styled(f"{sign.mark} {sign.said}", sign.style)
    reasons = list(missing(session, state))[2:] or [line(f"  {gettext(reason.text)}", limit=400) for reason in state.reasons]
    return [head, *reasons, *(row for row in beside(session, state)[2:])]


def title(session: Session, state: "ControlState") -> Lines:
    """Id and title; outcome and level."""
    sign = show.sign_of(state, session.sees((state.standard, state.control.id)))
    yield line(f"{state.control.id}  {gettext(state.control.title)}", "bold")
    yield Content.styled(f"{sign.mark} {sign.said}", sign.style) + line(f"  ·  {worded(state.level)}", MUTED)


def asked(state: "ControlState") -> Lines:
    """The statement."""
    yield Content("")
    yield prose(gettext(state.control.statement))


def missing(session: Session, state: "ControlState") -> Lines:
    """What keeps it from being in order; a check that only waits for evidence that is wanted anyway is not said twice.

    Of a bundle first what cannot be seen.
    """
    from compliance_tui.assessment.plan import own_reasons

    if session.unseen:
        from compliance_tui.tui.answers import hidden_lines

        yield from hidden_lines(session, (state.standard, state.control.id))
    if state.outcome in ("blocked", "advisory", "waived"):
        yield Content("")
        yield line(gettext("What is missing") if state.outcome != "waived" else gettext("Why it stands so"), HEADING)
        for reason in own_reasons(session.contents, state):
            if not (session.unseen and reason.code == "evidence-unknown"):
                yield line(f"  {gettext(reason.text)}", limit=400)


def answer(session: Session, state: "ControlState") -> Lines:
    """The answer, its recheck note, its waiver."""
    response = state.response
    yield Content("")
    yield line(gettext("Answer"), HEADING)
    if response is not None and response.recheck is not None:
        since = f"{response.recheck.since:%Y-%m-%d}"
        if response.recheck.was:
            was = show.status_word(response.recheck.was)
            told = gettext("to be rechecked, it was {status}, since {day}", status=was, day=since)
        else:
            told = gettext("to be rechecked, since {day}", day=since)
        yield line(f"  {show.OUTCOMES['waived'].mark} {told}", WARN)
        yield line(f"    {response.recheck.why}", MUTED, limit=800)
    if response is None or (response.status is None and not response.statement):
        yield line("  " + (gettext("not answered") if session.read_only else gettext("not answered yet; press a")))
    elif session.hides_text((state.standard, state.control.id)):
        yield line(f"  {show.status_word(response.status)}", "bold") + line("  " + gettext("its text cannot be seen"), MUTED)
    else:
        when = f"{response.answered_at:%Y-%m-%d %H:%M} UTC" if response.answered_at else "?"
        status = show.status_word(response.status) if response.status else gettext("no status now")
        by = gettext("by {person}, {when}", person=response.answered_by or "?", when=when)
        yield line(f"  {status}", "bold") + line(f"  {by}", MUTED)
        if response.statement:
            yield from (row.pad_left(2) for row in text(response.statement.strip()).split("\n", allow_blank=True))
    if response is not None and response.waiver is not None:
        yield from _waiver(session, state)


def _waiver(session: Session, state: "ControlState") -> Lines:
    assert state.response is not None
    waiver = state.response.waiver
    assert waiver is not None
    left = (waiver.until - session.clock().date()).days
    if left < 0:
        ended = ngettext("ended {number:,} day ago", "ended {number:,} days ago", -left)
    else:
        ended = ngettext("{number:,} day left", "{number:,} days left", left)
    until = line(gettext("until {day}, {ended}", day=waiver.until, ended=ended))
    yield Content.styled(f"  {show.OUTCOMES['waived'].mark} {show.OUTCOMES['waived'].said} ", WARN) + until
    yield line("    " + gettext("owner {owner}, approved by {approver}", owner=waiver.owner, approver=waiver.approver), MUTED)
    yield line(f"    {waiver.reason}", limit=600)
    if waiver.measures:
        yield line("    " + gettext("instead: {measures}", measures=waiver.measures), limit=600)


def evidence(session: Session, state: "ControlState", facts: bool = False) -> Lines:
    """What is wanted, and what is there; with ``facts`` those that the checks look at."""
    contents = session.contents
    rules = contents.evidence_rules(state)
    attached = state.response.evidence if state.response else []
    if not rules and not attached:
        return
    yield Content("")
    yield line(gettext("Evidence"), HEADING)
    have = {contents.items[one].kind for one in attached if one in contents.items}
    for rule in rules:
        there = CHECKS["pass"].mark if have & set(rule.kinds) else SEATS["missing"].mark
        kinds = gettext(" or ").join(rule.kinds)
        if rule.max_age_days:
            wants = gettext("wants {kinds}, at most {days} days old", kinds=kinds, days=rule.max_age_days)
        else:
            wants = gettext("wants {kinds}", kinds=kinds)
        yield line(f"  {there} {wants}", MUTED, limit=400)
    for identifier in attached:
        item = contents.items.get(identifier)
        if identifier in session.unseen:
            yield line(f"  {identifier}  ", limit=120) + line(gettext(word(session.unseen[identifier])), WARN)
            continue
        if item is None:
            yield line("  " + gettext("{item}: not in the evidence folder", item=identifier), BAD)
            continue
        yield from _item(session, state, item)
        if facts:
            yield from _facts(state, item)


def _item(session: Session, state: "ControlState", item: "Item") -> Lines:
    from compliance_tui.assessment.checks import age_days, largest_age

    most = largest_age(session.contents.evidence_rules(state), item.kind)
    age = age_days(item, session.result.as_of)
    old = most is not None and age > most
    yield line(f"  {item.id}  {item.title}", limit=120) + line(f"  {item.kind}", MUTED)
    days = gettext("{age} d old of {most}", age=age, most=most) if most else gettext("{age} d old", age=age)
    kept = " · " + gettext("withheld") if item.disclosure == "withhold" else ""
    yield line(f"      {days}", WARN if old else "") + line(f" · {show.size(item.size)}{kept}", MUTED)
    if session.loaded is not None and item.id in session.loaded.faults:
        fault = worded(session.loaded.faults[item.id])
        yield line("      " + gettext("its stored bytes are {fault}; restore the original", fault=fault), BAD)
    for warning in item.warnings[:3]:
        yield line("      " + gettext("warning: {warning}", warning=warning), WARN, limit=300)


def _facts(state: "ControlState", item: "Item") -> Lines:
    from compliance_tui.assessment.compare import shown
    from compliance_tui.assessment.serving import fact_names

    wanted = [name for name in fact_names(state.control) if name in item.facts]
    for name in wanted[:_MOST_FACTS]:
        fact = item.facts[name]
        stated = " " + gettext("(stated)") if fact.source == "stated" else ""
        value = line(f"      {name} ", MUTED) + line(f"{said(shown(fact.value))} {fact.unit}".rstrip() + stated, limit=80)
        yield value + line("  " + gettext("at {where}", where=fact.where), MUTED, limit=80)
    more = len(item.facts) - len(wanted[:_MOST_FACTS])
    if more:
        yield line("      " + ngettext("{number:,} further fact", "{number:,} further facts", more), MUTED)


def checks(state: "ControlState") -> Lines:
    """Each check: how it came out, what was measured, the limit."""
    if not state.checks:
        return
    yield Content("")
    yield line(gettext("Checks"), HEADING)
    for check in state.checks:
        yield from _check(check)


def _check(check: "CheckResult") -> Lines:
    sign = CHECKS[check.outcome]
    yield Content.styled(f"  {sign.mark} {sign.said:<{show.longest(CHECKS)}} ", sign.style) + line(gettext(check.title))
    # What was measured and what is wanted stand out, where the sentence says both one after the other.
    told, measured, limit = gettext(check.text), said(check.measured), said(check.limit)
    both = gettext("{measured}, wanted", measured=measured)
    before, found, after = told.partition(both)
    if measured and found and both.startswith(f"{measured}, "):
        wanted = line(both.removeprefix(f"{measured}, ") + after, "bold", limit=300)
        yield line(f"      {before}", MUTED) + line(measured, "bold", limit=80) + line(", ", MUTED) + wanted
        return
    if measured or limit:
        yield (
            line("      " + gettext("measured") + " ", MUTED)
            + line(measured or gettext("nothing"), "bold", limit=80)
            + line("  " + gettext("limit") + " ", MUTED)
            + line(limit or gettext("none"), "bold", limit=80)
        )
    yield line(f"      {told}", MUTED, limit=400)


def sign_offs(state: "ControlState", lapses: dict[str, list[str]] | None = None) -> Lines:
    """Who signed in which seat; for what lapsed, why."""
    if not state.seats:
        return
    yield Content("")
    yield line(gettext("Sign-offs"), HEADING)
    when = {one.seat: one.at for one in state.response.sign_offs} if state.response else {}
    for seat in state.seats:
        sign = SEATS[seat.state]
        who = f"  {seat.person}" if seat.person else ""
        day = f", {when[seat.seat]:%Y-%m-%d}" if seat.seat in when else ""
        word = Content.styled(f"  {sign.mark} {sign.said:<{show.longest(SEATS)}} ", sign.style)
        yield word + line(f"{seat.seat}{who}") + line(day, MUTED)
        if seat.state == "lapsed":
            for reason in (lapses or {}).get(seat.seat, []):
                yield line(f"      {said(reason)}", MUTED, limit=400)


def why(session: Session, state: "ControlState") -> Lines:
    """Which axis values make it apply."""
    from compliance_tui.assessment.readiness import axis_values
    from compliance_tui.standard.levels import explain

    standard = session.contents.standard(state.standard)
    yield Content("")
    yield line(gettext("Why it applies") if state.level != "not-applicable" else gettext("Why it does not apply"), HEADING)
    scope = explain(state.control.required, standard.axes)
    if scope == "always":
        yield line("  " + gettext("required always"), limit=400)
    else:
        yield line("  " + gettext("required for {whom}", whom=said(scope) or gettext("nobody")), limit=400)
    may = explain(state.control.recommended, standard.axes)
    if may == "always" and scope != "always":
        yield line("  " + gettext("recommended always"), limit=400)
    elif may and scope != "always":
        yield line("  " + gettext("recommended for {whom}", whom=said(may)), limit=400)
    chosen = axis_values(session.contents.assessment, standard)
    values = ", ".join(f"{axis.id} {chosen.get(axis.id) or gettext('not set')}" for axis in standard.axes)
    yield line("  " + gettext("this release: {values}", values=values or gettext("no axes")), MUTED, limit=400)
    for rule in state.control.blocked:
        whom = said(explain([rule], standard.axes))
        yield line("  " + gettext("forbidden for {whom}: {reason}", whom=whom, reason=rule.reason), MUTED, limit=400)
    if not state.control.waivable:
        yield line("  " + gettext("cannot be waived"), MUTED)
    if state.control.may_be_not_applicable:
        yield line("  " + gettext("may be answered not applicable, with a signed justification"), MUTED)
    if state.control.counts_from:
        yield line("  " + gettext("counts from {day} on", day=state.control.counts_from), MUTED)


def guidance(state: "ControlState") -> Lines:
    """Guidance and example."""
    for heading, passage in (
        (message("Guidance"), gettext(state.control.guidance)),
        (message("Example"), gettext(state.control.example)),
    ):
        if passage:
            yield Content("")
            yield line(heading, HEADING)
            yield prose(passage)


def related(state: "ControlState") -> Lines:
    """References to other documents."""
    if state.control.references:
        yield Content("")
        yield line(gettext("Related: {references}", references=", ".join(state.control.references)), MUTED, limit=600)


def changed(found: "Sequence[Difference] | None", heading: str) -> Lines:
    """What changed since the version before; None while that is being looked up."""
    yield Content("")
    yield line(heading or gettext("Changed since the version before"), HEADING)
    if found is None:
        looking = gettext("looking it up…")
        yield line("  " + (looking.replace("…", "...") if show.ASCII else looking), MUTED)
        return
    if not found:
        yield line("  " + gettext("nothing in this control"), MUTED)
    for one in found:
        yield line(f"  {moved(one.move)}")
        for note in one.move.notes:
            yield line(f"    {said(note)}", limit=400)
        for sign, rules in (("-", one.rules_before), ("+", one.rules_after)):
            for rule in rules:
                yield line(f"    {sign} {said(rule)}", show.BAD if sign == "-" else show.GOOD, limit=400)
        for change in one.texts:
            yield line(f"    {gettext(text_name(change.field))}:", MUTED)
            yield parts(change.parts)


def moved(move: "Move") -> str:
    """What was done to a control, and what that does to an old answer, in words."""
    kinds = ", ".join(worded(kind) for kind in move.kinds)
    return gettext("{kinds}; an old answer: {effect}", kinds=kinds, effect=worded(move.effect))


def parts(change: "Sequence[tuple[str, str]]") -> Content:
    """A text word by word: what went in ``[-…-]``, what came in ``{+…+}``, by sign and colour."""
    marks = {"-": ("[-", "-]", show.BAD), "+": ("{+", "+}", show.GOOD)}
    shown: list[Content] = []
    for sign, words in change:
        if sign == "=":
            shown.append(text(words))
        else:
            begin, end, colour = marks[sign]
            space = " " if words[:1].isspace() else ""
            shown.append(text(f"{space}{begin}{words.strip()}{end}", colour))
    return Content("").join(shown)


def past(events: "Sequence[Event] | None", most: int = 0) -> Lines:
    """The history of the answer, the latest first."""
    if events is None:
        return
    for event in events[:most] if most else events:
        yield line(f"  {_ago(event.at)}  {event.by}", MUTED, limit=120) + line(f"  {gettext(act(event.act))}")
        for change in event.changes:
            yield line(f"      {said(change)}", limit=300)
    if most and len(events) > most:
        earlier = ngettext("{number:,} earlier change", "{number:,} earlier changes", len(events) - most)
        yield line(f"  {earlier}: h", MUTED)


def _ago(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
