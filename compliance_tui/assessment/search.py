"""Finding controls by words and by state: ``weights is:blocking kind:sbom needs:security -is:waived``.

A bare word is looked for in everything that is written about a control. ``name:value`` looks at its state, and a value may be
cut short, so that a filter narrows while it is typed. A minus in front turns a term around. All terms have to hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.readiness import ControlKey, ControlState, Readiness
from compliance_tui.safe.language import gettext, message, speaks_source

FIELDS = ("is", "kind", "seat", "needs", "group", "level", "by", "standard")
# Filters with a name, for those who do not want to learn the terms first.
VIEWS = (
    (message("everything"), ""),
    (message("blocks the release"), "is:blocking"),
    (message("not answered yet"), "is:unanswered -level:not-applicable"),
    (message("to be rechecked"), "is:recheck"),
    (message("evidence missing"), "is:missing is:blocking"),
    (message("evidence too old"), "is:stale"),
    (message("checks that fail"), "is:failing"),
    (message("checks that cannot tell"), "is:unproven"),
    (message("to be signed"), "is:unsigned is:blocking"),
    (message("sign-offs that lapsed"), "is:lapsed"),
    (message("waived"), "is:waived"),
    (message("recommended, still open"), "is:advisory"),
)
_MARK = "\x1f"
# The words under ``is:`` that a reason's code stands for; the other words are outcome, level and status as they are.
_STATES = {
    "evidence-missing": "missing",
    "evidence-stale": "stale",
    "check-stale": "stale",
    "check-fail": "failing",
    "check-unproven": "unproven",
    "sign-off-missing": "unsigned",
    "sign-off-lapsed": "lapsed",
    "waiver-expired": "expired",
    "unanswered": "unanswered",
    "recheck": "recheck",
}


@dataclass(frozen=True)
class Index:
    """What each control is found by, made once for one state of the assessment."""

    keys: tuple[ControlKey, ...]
    texts: tuple[str, ...]

    def find(self, query: str) -> list[ControlKey]:
        """The controls for which every term of ``query`` holds, in the packs' order; all of them for an empty one."""
        terms = [_term(word) for word in query.lower().split()]
        terms = [term for term in terms if term[1]]
        return [
            key
            for key, text in zip(self.keys, self.texts, strict=True)
            if all((needle in text) == wanted for wanted, needle in terms)
        ]


def _term(word: str) -> tuple[bool, str]:
    """Whether the text is wanted or unwanted, and the text itself."""
    wanted = not word.startswith("-")
    word = word if wanted else word[1:]
    field, colon, _ = word.partition(":")
    return wanted, f"{_MARK}{word}" if colon and field in FIELDS else word


def index(contents: Contents, result: Readiness) -> Index:
    """The index of every control of ``result``."""
    keys = tuple((state.standard, state.control.id) for state in result.controls)
    return Index(keys, tuple(_text(contents, state) for state in result.controls))


def _text(contents: Contents, state: ControlState) -> str:
    control, response = state.control, state.response
    words = [control.id, control.title, control.statement, control.guidance, control.example]
    if not speaks_source():
        words += [gettext(control.title), gettext(control.statement), gettext(control.guidance)]
    if response is not None:
        words += [response.statement, *response.evidence]
        words += [contents.items[one].title for one in response.evidence if one in contents.items]
    marks = "".join(f"{_MARK}{mark}" for mark in dict.fromkeys(_marks(contents, state)))
    return "\n".join([f"{marks}{_MARK}", *words]).lower()


def _marks(contents: Contents, state: ControlState) -> Iterator[str]:
    control, response = state.control, state.response
    yield f"standard:{state.standard}"
    yield f"group:{control.group}"
    yield f"level:{state.level}"
    yield f"is:{state.level}"
    yield f"is:{'blocking' if state.outcome == 'blocked' else state.outcome}"
    if state.outcome == "satisfied":
        yield "is:in-order"
    for reason in state.reasons:
        if reason.code in _STATES:
            yield f"is:{_STATES[reason.code]}"
    for rule in control.evidence:
        yield from (f"kind:{kind}" for kind in rule.kinds)
    for kind in missing_kinds(contents, state):
        yield f"needs:{kind}"
    for seat in state.seats:
        yield f"seat:{seat.seat}"
        yield "is:signed" if seat.state == "signed" else f"needs:{seat.seat}"
    if response is None:
        return
    if response.status:
        yield f"is:{response.status}"
    if response.waiver:
        yield "is:waived"
    if response.answered_by:
        yield f"by:{response.answered_by}"
    for identifier in response.evidence:
        if identifier in contents.items:
            yield f"kind:{contents.items[identifier].kind}"


def missing_kinds(contents: Contents, state: ControlState) -> Sequence[str]:
    """The kinds of evidence that a control asks for and has no item of."""
    have = {contents.items[one].kind for one in (state.response.evidence if state.response else []) if one in contents.items}
    if state.level == "not-applicable":
        return []
    return [kind for rule in contents.evidence_rules(state) if not have & set(rule.kinds) for kind in rule.kinds]
