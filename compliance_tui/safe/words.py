"""The values of fixed sets as a person says them: ``partly-met`` is "partly met", in whatever language was chosen.

What is typed, stored and printed as JSON is always the value itself.
"""

from compliance_tui.safe.language import Message, message, pmessage

_WORDS: dict[str, Message] = {
    # how a control was answered
    "met": message("met"),
    "partly-met": message("partly met"),
    "not-met": message("not met"),
    "not-applicable": message("not applicable"),
    "inconclusive": message("inconclusive"),
    # how it is asked, and how it stands
    "required": message("required"),
    "recommended": message("recommended"),
    "satisfied": message("satisfied"),
    "waived": message("waived"),
    "blocked": message("blocked"),
    "advisory": message("advisory"),
    # readiness
    "ready": message("ready"),
    "ready-with-waivers": message("ready with waivers"),
    "not-ready": message("not ready"),
    # checks, seats, lines of a verification
    "pass": message("pass"),
    "fail": message("fail"),
    "stale": message("stale"),
    "unproven": message("unproven"),
    "manual": message("manual"),
    "signed": message("signed"),
    "lapsed": message("lapsed"),
    "missing": message("missing"),
    "unsigned": message("unsigned"),
    "structure": message("structure"),
    "integrity": message("integrity"),
    "signatures": message("signatures"),
    "identity": message("identity"),
    "time": message("time"),
    "standard": message("standard"),
    "freshness": message("freshness"),
    "completeness": message("completeness"),
    "readiness": message("readiness"),
    "yes": message("yes"),
    "no": message("no"),
    "unknown": message("unknown"),
    # bundles, and what is decided about them
    "broken": message("broken"),
    "accepted": message("accepted"),
    "not-accepted": message("not accepted"),
    "accepted-with-conditions": message("accepted with conditions"),
    "returned": message("returned"),
    "refused": message("refused"),
    "withdrawn": message("withdrawn"),
    "superseded": message("superseded"),
    "current": message("current"),
    "confirmed": message("confirmed"),
    "disputed": message("disputed"),
    "not-examined": message("not examined"),
    # standards that change, and what becomes of answers
    "added": message("added"),
    "dropped": message("dropped"),
    "altered": message("altered"),
    "hidden": message("hidden"),
    "retired": message("retired"),
    "renamed": message("renamed"),
    "split": message("split"),
    "merged": message("merged"),
    "reworded": message("reworded"),
    "tightened": message("tightened"),
    "relaxed": message("relaxed"),
    "scope": message("scope"),
    "rating": message("rating"),
    "keep": message("keep"),
    "recheck": message("recheck"),
    "recompute": message("recompute"),
    "drop": message("drop"),
    "new": message("new"),
    "kept": message("kept"),
    "archived": message("archived"),
    # evidence
    "disclose": message("disclose"),
    "withhold": message("withhold"),
    "read": message("read"),
    "stated": message("stated"),
    "document": message("document"),
    "attested": message("attested"),
    "too old": message("too old"),
    "future": message("future"),
    "serves none": message("serves none"),
    "fresh": message("fresh"),
    # what was opened; what a comparison names
    "assessment": message("assessment"),
    "bundle": message("bundle"),
    "value": message("value"),
    "text": message("text"),
    "status": message("status"),
    "statement": message("statement"),
    "evidence": message("evidence"),
    "to be rechecked": message("to be rechecked"),
    "title": message("title"),
    "guidance": message("guidance"),
    "example": message("example"),
    "kind": message("kind"),
    "speaks of": message("speaks of"),
    "attached by": message("attached by"),
    "disclosure": message("disclosure"),
    "name": message("name"),
    "version": message("version"),
    "release date": message("release date"),
    "withheld": message("withheld"),
    "sealed": message("sealed"),
}
# What the log calls a change; apart, because the same words are said of other things elsewhere.
_ACTS = {
    "answer": pmessage("a change in the log", "answer"),
    "attach": pmessage("a change in the log", "attach"),
    "detach": pmessage("a change in the log", "detach"),
    "sign-off": pmessage("a change in the log", "sign-off"),
    "waive": pmessage("a change in the log", "waive"),
    "end-waiver": pmessage("a change in the log", "end-waiver"),
    "carry-over": pmessage("a change in the log", "carry-over"),
    "migrate": pmessage("a change in the log", "migrate"),
    "migrate-undo": pmessage("a change in the log", "migrate-undo"),
    "replace": pmessage("a change in the log", "replace"),
    "undo": pmessage("a change in the log", "undo"),
    "redo": pmessage("a change in the log", "redo"),
}
# The texts of a control; apart, because the statement of an answer is another thing.
_TEXTS = {"statement": pmessage("a text of a control", "statement")}


def word(value: str) -> str:
    """The word for a value of a fixed set, to be said with ``gettext``; any other text stays as it is."""
    return _WORDS.get(value, value)


def act(value: str) -> str:
    """As ``word``, of what the log calls a change of an answer."""
    return _ACTS.get(value, value)


def text_name(value: str) -> str:
    """As ``word``, of the name of one of the texts of a control."""
    return _TEXTS.get(value, word(value))
