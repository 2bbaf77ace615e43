"""One control in sections, each a few lines. The list shows them in one column beside it, the control's page in two."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from compliance_tui.tui import show
from compliance_tui.tui.session import Session
from compliance_tui.tui.show import BAD, CHECKS, HEADING, MUTED, SEATS, WARN, line, prose, text

if TYPE_CHECKING:
    from compliance_tui.assessment.checks import CheckResult
    from compliance_tui.assessment.history import Event
    from compliance_tui.assessment.model import Item
    from compliance_tui.assessment.readiness import ControlState
    from compliance_tui.standard.diff import Difference

Lines = Iterator[Content]
_MOST_FACTS = 6


def beside(session: Session, state: "ControlState") -> list[Content]:
    """What an officer wants to see beside the list, the most urgent first."""
    return [
        row
        for section in (
            title(state),
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
    sign = show.sign_of(state)
    head = line(f"{state.control.id}  {state.control.title}  ", "bold") + Content.styled(f"{sign.mark} {sign.word}", sign.style)
    reasons = list(missing(session, state))[2:] or [line(f"  {reason.text}", limit=400) for reason in state.reasons]
    return [head, *reasons, *(row for row in beside(session, state)[2:])]


def title(state: "ControlState") -> Lines:
    """Id and title; outcome and level."""
    sign = show.sign_of(state)
    yield line(f"{state.control.id}  {state.control.title}", "bold")
    yield Content.styled(f"{sign.mark} {sign.word}", sign.style) + line(f"  ·  {state.level.replace('-', ' ')}", MUTED)


def asked(state: "ControlState") -> Lines:
    """The statement."""
    yield Content("")
    yield prose(state.control.statement)


def missing(session: Session, state: "ControlState") -> Lines:
    """What keeps it from being in order; a check that only waits for evidence that is wanted anyway is not said twice."""
    from compliance_tui.assessment.plan import own_reasons

    if state.outcome in ("blocked", "advisory", "waived"):
        yield Content("")
        yield line("What is missing" if state.outcome != "waived" else "Why it stands so", HEADING)
        for reason in own_reasons(session.contents, state):
            yield line(f"  {reason.text}", limit=400)


def answer(session: Session, state: "ControlState") -> Lines:
    """The answer, its recheck note, its waiver."""
    response = state.response
    yield Content("")
    yield line("Answer", HEADING)
    if response is not None and response.recheck is not None:
        was = f", it was {show.status_word(response.recheck.was)}" if response.recheck.was else ""
        yield line(f"  {show.OUTCOMES['waived'].mark} to be rechecked{was}, since {response.recheck.since:%Y-%m-%d}", WARN)
        yield line(f"    {response.recheck.why}", MUTED, limit=800)
    if response is None or (response.status is None and not response.statement):
        yield line("  not answered yet; press a")
    else:
        when = f"{response.answered_at:%Y-%m-%d %H:%M} UTC" if response.answered_at else "?"
        word = show.status_word(response.status) if response.status else "no status now"
        yield line(f"  {word}", "bold") + line(f"  by {response.answered_by or '?'}, {when}", MUTED)
        if response.statement:
            yield from (row.pad_left(2) for row in text(response.statement.strip()).split("\n", allow_blank=True))
    if response is not None and response.waiver is not None:
        yield from _waiver(session, state)


def _waiver(session: Session, state: "ControlState") -> Lines:
    assert state.response is not None
    waiver = state.response.waiver
    assert waiver is not None
    left = (waiver.until - session.clock().date()).days
    ended = f"ended {show.count(-left, 'day')} ago" if left < 0 else f"{show.count(left, 'day')} left"
    yield Content.styled(f"  {show.OUTCOMES['waived'].mark} waived ", WARN) + line(f"until {waiver.until}, {ended}")
    yield line(f"    owner {waiver.owner}, approved by {waiver.approver}", MUTED)
    yield line(f"    {waiver.reason}", limit=600)
    if waiver.measures:
        yield line(f"    instead: {waiver.measures}", limit=600)


def evidence(session: Session, state: "ControlState", facts: bool = False) -> Lines:
    """What is wanted, and what is there; with ``facts`` those that the checks look at."""
    contents = session.contents
    rules = contents.evidence_rules(state)
    attached = state.response.evidence if state.response else []
    if not rules and not attached:
        return
    yield Content("")
    yield line("Evidence", HEADING)
    have = {contents.items[one].kind for one in attached if one in contents.items}
    for rule in rules:
        age = f", at most {rule.max_age_days} days old" if rule.max_age_days else ""
        there = CHECKS["pass"].mark if have & set(rule.kinds) else SEATS["missing"].mark
        yield line(f"  {there} wants {' or '.join(rule.kinds)}{age}", MUTED, limit=400)
    for identifier in attached:
        item = contents.items.get(identifier)
        if item is None:
            yield line(f"  {identifier}: not in the evidence folder", BAD)
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
    days = f"{age} d old" + (f" of {most}" if most else "")
    kept = " · withheld" if item.disclosure == "withhold" else ""
    yield line(f"      {days}", WARN if old else "") + line(f" · {show.size(item.size)}{kept}", MUTED)
    if session.loaded is not None and item.id in session.loaded.faults:
        yield line(f"      its stored bytes are {session.loaded.faults[item.id]}; restore the original", BAD)
    for warning in item.warnings[:3]:
        yield line(f"      warning: {warning}", WARN, limit=300)


def fact_names(state: "ControlState") -> list[str]:
    """The facts that the checks of a control look at."""
    names = []
    for check in state.control.checks:
        names += [name for name in (check.fact, check.successes, check.trials, *check.needs) if name]
    return list(dict.fromkeys(names))


def _facts(state: "ControlState", item: "Item") -> Lines:
    from compliance_tui.assessment.compare import shown

    wanted = [name for name in fact_names(state) if name in item.facts]
    for name in wanted[:_MOST_FACTS]:
        fact = item.facts[name]
        stated = " (stated)" if fact.source == "stated" else ""
        value = line(f"      {name} ", MUTED) + line(f"{shown(fact.value)} {fact.unit}".rstrip() + stated, limit=80)
        yield value + line(f"  at {fact.where}", MUTED, limit=80)
    more = len(item.facts) - len(wanted[:_MOST_FACTS])
    if more:
        yield line(f"      {show.count(more, 'further fact')}", MUTED)


def checks(state: "ControlState") -> Lines:
    """Each check: how it came out, what was measured, the limit."""
    if not state.checks:
        return
    yield Content("")
    yield line("Checks", HEADING)
    for check in state.checks:
        yield from _check(check)


def _check(check: "CheckResult") -> Lines:
    sign = CHECKS[check.outcome]
    yield Content.styled(f"  {sign.mark} {sign.word:<9}", sign.style) + line(check.title)
    before, measured, after = check.text.partition(f"{check.measured}, wanted")
    if check.measured and measured:
        wanted = line(f"wanted{after}", "bold", limit=300)
        yield line(f"      {before}", MUTED) + line(check.measured, "bold", limit=80) + line(", ", MUTED) + wanted
        return
    if check.measured or check.limit:
        limit = line("  limit ", MUTED) + line(check.limit or "none", "bold", limit=80)
        yield line("      measured ", MUTED) + line(check.measured or "nothing", "bold", limit=80) + limit
    yield line(f"      {check.text}", MUTED, limit=400)


def sign_offs(state: "ControlState", lapses: dict[str, list[str]] | None = None) -> Lines:
    """Who signed in which seat; for what lapsed, why."""
    if not state.seats:
        return
    yield Content("")
    yield line("Sign-offs", HEADING)
    when = {one.seat: one.at for one in state.response.sign_offs} if state.response else {}
    for seat in state.seats:
        sign = SEATS[seat.state]
        who = f"  {seat.person}" if seat.person else ""
        day = f", {when[seat.seat]:%Y-%m-%d}" if seat.seat in when else ""
        yield Content.styled(f"  {sign.mark} {sign.word:<8}", sign.style) + line(f"{seat.seat}{who}") + line(day, MUTED)
        if seat.state == "lapsed":
            for reason in (lapses or {}).get(seat.seat, []):
                yield line(f"      {reason}", MUTED, limit=400)


def why(session: Session, state: "ControlState") -> Lines:
    """Which axis values make it apply."""
    from compliance_tui.assessment.readiness import axis_values
    from compliance_tui.standard.levels import explain

    standard = session.contents.standard(state.standard)
    yield Content("")
    yield line("Why it applies" if state.level != "not-applicable" else "Why it does not apply", HEADING)
    scope = explain(state.control.required, standard.axes) or "nobody"
    yield line(f"  required {'' if scope == 'always' else 'for '}{scope}", limit=400)
    may = explain(state.control.recommended, standard.axes)
    if may and scope != "always":
        yield line(f"  recommended {'' if may == 'always' else 'for '}{may}", limit=400)
    chosen = axis_values(session.contents.assessment, standard)
    said = ", ".join(f"{axis.id} {chosen.get(axis.id, 'not set')}" for axis in standard.axes)
    yield line(f"  this release: {said or 'no axes'}", MUTED, limit=400)
    for rule in state.control.blocked:
        yield line(f"  forbidden for {explain([rule], standard.axes)}: {rule.reason}", MUTED, limit=400)
    if not state.control.waivable:
        yield line("  cannot be waived", MUTED)
    if state.control.may_be_not_applicable:
        yield line("  may be answered not applicable, with a signed justification", MUTED)
    if state.control.counts_from:
        yield line(f"  counts from {state.control.counts_from} on", MUTED)


def guidance(state: "ControlState") -> Lines:
    """Guidance and example."""
    for heading, passage in (("Guidance", state.control.guidance), ("Example", state.control.example)):
        if passage:
            yield Content("")
            yield line(heading, HEADING)
            yield prose(passage)


def related(state: "ControlState") -> Lines:
    """References to other documents."""
    if state.control.references:
        yield Content("")
        yield line(f"Related: {', '.join(state.control.references)}", MUTED, limit=600)


def changed(found: "Sequence[Difference] | None", versions: str) -> Lines:
    """What changed since the version before; None while that is being looked up."""
    yield Content("")
    yield line(f"Changed {versions}" if versions else "Changed since the version before", HEADING)
    if found is None:
        yield line("  looking it up…" if not show.ASCII else "  looking it up...", MUTED)
        return
    if not found:
        yield line("  nothing in this control", MUTED)
    for one in found:
        yield line(f"  {', '.join(one.move.kinds)}; an old answer: {one.move.effect}")
        for note in one.move.notes:
            yield line(f"    {note}", limit=400)
        for sign, rules in (("-", one.rules_before), ("+", one.rules_after)):
            for rule in rules:
                yield line(f"    {sign} {rule}", show.BAD if sign == "-" else show.GOOD, limit=400)
        for change in one.texts:
            yield line(f"    {change.field}:", MUTED)
            yield parts(change.parts)


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
        yield line(f"  {_ago(event.at)}  {event.by}", MUTED, limit=120) + line(f"  {event.act}")
        for change in event.changes:
            yield line(f"      {change}", limit=300)
    if most and len(events) > most:
        yield line(f"  {show.count(len(events) - most, 'earlier change')}: h", MUTED)


def _ago(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
