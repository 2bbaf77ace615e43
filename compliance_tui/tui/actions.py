"""Every action once: its keys, its name, its help, and where it can be taken.

Keys, the line of keys, the palette, the help page and the key map file are all made from this table.
"""

from collections.abc import Sequence
from typing import NamedTuple

from compliance_tui.safe.language import message, pmessage

CONTROLS = ("controls", "answers", "control")
LISTS = ("controls", "answers")
# The pages of a bundle, and of what differs between two.
BUNDLE = ("verdict", "statements")
READING = (
    *("start", "controls", "control", "evidence", "preview", "readiness", "rating", "trying"),
    *("history", "versions", "release", "reading"),
    *("answers", *BUNDLE, "comparison", "difference", "move"),
)


class Action(NamedTuple):
    """Something a person can do. ``footer`` names it on the line of keys; empty: only in palette and help."""

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    places: tuple[str, ...]
    footer: str = ""
    writes: bool = False
    # What it is taken on, where that is not both: an assessment, or a bundle.
    of: str = ""


def _act(
    id: str, keys: str, title: str, help: str, places: Sequence[str], footer: str = "", writes: bool = False, of: str = ""
) -> Action:
    return Action(id, tuple(keys.split()), title, help, tuple(places), footer, writes, of)


ACTIONS = (
    _act(
        "answer",
        "a",
        message("answer"),
        message("Give a status and a statement; of several controls, one status."),
        CONTROLS,
        message("answer"),
        True,
    ),
    _act(
        "attach",
        "e",
        message("evidence"),
        message("Attach files; facts and checks are shown at once."),
        CONTROLS,
        message("evidence"),
        True,
    ),
    _act(
        "sign_off",
        "s",
        message("sign off"),
        message("Accept the answer as a person in a seat."),
        CONTROLS,
        pmessage("sign-off", "sign"),
        True,
    ),
    _act(
        "waive",
        "w",
        message("waive"),
        message("Accept the gap until a day, or end a waiver."),
        CONTROLS,
        message("waive"),
        True,
    ),
    _act(
        "next_gap",
        "n",
        message("next gap"),
        message("The next control that blocks, in the order that unblocks fastest."),
        CONTROLS,
        message("next gap"),
    ),
    _act("previous_gap", "N", message("previous gap"), message("The gap before, in the same order."), CONTROLS),
    _act(
        "filter",
        "slash",
        message("filter"),
        message("Narrow the list while you type: words, is:blocking, kind:sbom."),
        (*LISTS, "evidence", "comparison", "difference", "move"),
        message("filter"),
    ),
    _act("only_gaps", "g", message("gaps only"), message("Only controls that block, or all again."), LISTS, message("gaps")),
    _act("views", "f", message("views"), message("Filters with a name: those at hand, and your own."), LISTS),
    _act("jump", "j", message("jump"), message("Go to a control by a part of its id."), LISTS),
    _act(
        "select",
        "space",
        message("select"),
        message("Mark the control, or all of a group; actions then take all that are marked."),
        LISTS,
    ),
    _act("select_all", "asterisk", message("select all"), message("Mark all that are shown, or none."), LISTS),
    _act(
        "open",
        "enter",
        pmessage("action", "open"),
        message("What is under the cursor, as a page."),
        (*LISTS, "evidence", "readiness", "start", "release", "versions", *BUNDLE),
        pmessage("action", "open"),
    ),
    _act("detach", "d", message("detach"), message("Take evidence off the control; item and bytes stay."), CONTROLS, "", True),
    _act(
        "undo",
        "u",
        message("undo"),
        message("Take back your last change of an answer; as a new record, nothing is lost."),
        CONTROLS,
        message("undo"),
        True,
    ),
    _act("redo", "U", message("redo"), message("Bring back what you have taken back."), CONTROLS, "", True),
    _act(
        "history",
        "h",
        message("history"),
        message("Who changed this answer, when, and what."),
        ("controls", "control"),
        of="assessment",
    ),
    _act(
        "neighbour_next",
        "right_square_bracket",
        message("next control"),
        message("The next control, or the next file."),
        ("control", "preview"),
    ),
    _act(
        "neighbour_before", "left_square_bracket", message("control before"), message("The one before."), ("control", "preview")
    ),
    _act("items", "i", message("items"), message("All evidence of the assessment."), (*CONTROLS, "verdict"), message("items")),
    _act(
        "readiness",
        "r",
        message("readiness"),
        message("What blocks, who has to act, what goes stale, what if."),
        (*CONTROLS, "verdict"),
        message("ready?"),
    ),
    _act(
        "export",
        "x",
        message("export"),
        message("Write the bundle, signed, and verify it."),
        ("controls",),
        message("export"),
        True,
    ),
    _act(
        "versions",
        "v",
        message("versions"),
        message("Other versions of the standards: what changed, and moving the answers."),
        LISTS,
    ),
    _act(
        "release",
        "p",
        message("release"),
        message("Subject, date, axis values, people and their seats."),
        ("controls",),
        "",
        True,
    ),
    _act(
        "home",
        "o",
        message("open other"),
        message("Recent assessments and bundles, a new one, or verify a bundle."),
        ("controls", "verdict"),
    ),
    _act("controls", "l", message("controls"), message("The controls with their answers."), ("verdict",), message("controls")),
    _act(
        "statements",
        "h",
        message("who and when"),
        message("Standards, signers, and every statement about the bundle in its order."),
        ("verdict",),
        message("statements"),
    ),
    _act("policy", "p", message("your policy"), message("Whom you believe; what you bring along."), BUNDLE, message("policy")),
    _act(
        "any_standard",
        "u",
        message("any standard"),
        message("Read a standard that your policy does not accept, too; or no longer."),
        ("verdict",),
    ),
    _act("determine", "a", message("decide"), message("Answer the bundle with a signed decision."), BUNDLE, message("decide")),
    _act("receipt", "g", message("receipt"), message("Sign that this edition of the bundle arrived whole."), BUNDLE),
    _act(
        "compare",
        "c",
        message("compare"),
        message("What differs from another bundle, or another assessment."),
        ("start", "controls", *BUNDLE),
        message("compare"),
    ),
    _act("new", "n", message("new"), message("Start an assessment, step by step."), ("start",), message("new")),
    _act(
        "open_path",
        "o",
        pmessage("action", "open"),
        message("Open an assessment folder or a bundle by its path."),
        ("start",),
        pmessage("action", "open"),
    ),
    _act("verify", "v", message("verify"), message("Check a bundle against a trust policy."), ("start",), message("verify")),
    _act(
        "forget", "d", message("forget"), message("Take a line off this list; the folder stays."), ("start",), message("forget")
    ),
    _act("attach_item", "e", message("attach"), message("Attach new files."), ("evidence",), message("attach"), True),
    _act(
        "link",
        "l",
        message("serve more"),
        message("Let this item serve further controls."),
        ("evidence",),
        message("serve more"),
        True,
    ),
    _act(
        "replace",
        "c",
        message("newer version"),
        message("Put a newer file in its place, wherever it serves."),
        ("evidence",),
        message("replace"),
        True,
    ),
    _act(
        "check_bytes",
        "b",
        message("check bytes"),
        message("Hash every stored file again."),
        ("evidence",),
        message("check bytes"),
        of="assessment",
    ),
    _act("sort", "o", message("sort"), message("By id, by age, by size, by kind."), ("evidence",)),
    _act(
        "rating",
        "k",
        message("ratings"),
        message("How grave each known bypass is, what is due by when, and what if."),
        (*CONTROLS, "evidence"),
        message("ratings"),
    ),
    _act(
        "what_if",
        "w",
        message("what if"),
        message("Try other values; nothing is changed."),
        ("readiness", "rating"),
        message("what if"),
    ),
    _act(
        "as_it_is", "w", message("as it is"), message("Take back every value that was tried."), ("trying",), message("as it is")
    ),
    _act(
        "difference",
        "d",
        message("differences"),
        message("What changed between the versions."),
        ("versions",),
        message("differences"),
    ),
    _act(
        "only_changes",
        "c",
        message("changes only"),
        message("Only what changes, or everything."),
        ("move",),
        message("changes only"),
    ),
    _act(
        "confirm",
        "f2",
        message("move"),
        message("Move the answers to this version, after one question."),
        ("move",),
        message("move"),
        True,
    ),
    _act(
        "save", "f2 ctrl+s", message("save"), message("Do what the form is for."), ("form", "answer", "attach"), message("save")
    ),
    _act(
        "editor", "f3", message("$EDITOR"), message("Write the statement in your own editor."), ("answer",), message("editor")
    ),
    _act("status", "f5", message("status"), message("Choose another status."), ("answer",), message("status")),
    _act("drop_draft", "f4", message("drop draft"), message("Back to what was saved."), ("answer",), message("drop draft")),
    _act(
        "together",
        "f4",
        message("one item"),
        message("All files as one item, or an item for each."),
        ("attach",),
        message("one item"),
    ),
    _act(
        "withhold",
        "f6",
        message("withhold"),
        message("Commit to the bytes but leave them out of the bundle."),
        ("attach",),
        message("withhold"),
    ),
    _act(
        "copy",
        "y",
        message("copy"),
        message("Put the id or digest into the clipboard of your terminal."),
        (*CONTROLS, "evidence", "rating", *BUNDLE),
    ),
    _act("theme", "t", message("theme"), message("Dark, light, high contrast, or your terminal's own colours."), READING),
    _act(
        "reload",
        "f5",
        message("reload"),
        message("Read the folder again; others' changes also show up by themselves."),
        READING,
    ),
    _act("palette", "colon", message("palette"), message("Every action by name; ctrl+p does the same."), READING),
    _act(
        "help",
        "question_mark f1",
        message("help"),
        message("What this page and this part of it are for."),
        READING,
        message("help"),
    ),
    _act(
        "field_help",
        "f1",
        message("help"),
        message("What this form and this field are for."),
        ("form", "answer", "attach"),
        message("help"),
    ),
    _act(
        "back",
        "escape",
        message("back"),
        message("One step; what was typed is kept."),
        ("form", "answer", "attach"),
        message("back"),
    ),
    _act(
        "leave",
        "escape q",
        message("back"),
        message("One page back."),
        tuple(one for one in READING if one not in ("start", "controls", "verdict")),
        message("back"),
    ),
    _act("close", "escape", message("back"), message("Back to what is open."), ("start",)),
    _act(
        "step_back", "escape", message("step back"), message("First the filter goes, then the marks."), ("controls", "verdict")
    ),
    _act(
        "quit",
        "q",
        message("quit"),
        message("Leave. Everything is saved already."),
        ("start", "controls", "verdict"),
        message("quit"),
    ),
)
