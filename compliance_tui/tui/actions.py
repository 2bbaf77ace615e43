"""Every action once: its keys, its name, its help, and where it can be taken.

Keys, the line of keys, the palette, the help page and the key map file are all made from this table.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.text import clean_line

CONTROLS = ("controls", "control")
READING = (
    *("start", "controls", "control", "evidence", "preview", "readiness", "rating", "trying"),
    *("history", "versions", "release", "reading"),
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


def _act(id: str, keys: str, title: str, help: str, places: Sequence[str], footer: str = "", writes: bool = False) -> Action:
    return Action(id, tuple(keys.split()), title, help, tuple(places), footer, writes)


ACTIONS = (
    _act("answer", "a", "answer", "Give a status and a statement; of several controls, one status.", CONTROLS, "answer", True),
    _act("attach", "e", "evidence", "Attach files; facts and checks are shown at once.", CONTROLS, "evidence", True),
    _act("sign_off", "s", "sign off", "Accept the answer as a person in a seat.", CONTROLS, "sign", True),
    _act("waive", "w", "waive", "Accept the gap until a day, or end a waiver.", CONTROLS, "waive", True),
    _act(
        "next_gap", "n", "next gap", "The next control that blocks, in the order that unblocks fastest.", CONTROLS, "next gap"
    ),
    _act("previous_gap", "N", "previous gap", "The gap before, in the same order.", CONTROLS),
    _act(
        "filter",
        "slash",
        "filter",
        "Narrow the list while you type: words, is:blocking, kind:sbom.",
        ("controls", "evidence"),
        "filter",
    ),
    _act("only_gaps", "g", "gaps only", "Only controls that block, or all again.", ("controls",), "gaps"),
    _act("views", "f", "views", "Filters with a name: those at hand, and your own.", ("controls",)),
    _act("jump", "j", "jump", "Go to a control by a part of its id.", ("controls",)),
    _act(
        "select",
        "space",
        "select",
        "Mark the control, or all of a group; actions then take all that are marked.",
        ("controls",),
    ),
    _act("select_all", "asterisk", "select all", "Mark all that are shown, or none.", ("controls",)),
    _act(
        "open",
        "enter",
        "open",
        "What is under the cursor, as a page.",
        ("controls", "evidence", "readiness", "start", "release", "versions"),
        "open",
    ),
    _act("detach", "d", "detach", "Take evidence off the control; item and bytes stay.", CONTROLS, "", True),
    _act(
        "undo",
        "u",
        "undo",
        "Take back your last change of an answer; as a new record, nothing is lost.",
        CONTROLS,
        "undo",
        True,
    ),
    _act("redo", "U", "redo", "Bring back what you have taken back.", CONTROLS, "", True),
    _act("history", "h", "history", "Who changed this answer, when, and what.", CONTROLS),
    _act(
        "neighbour_next", "right_square_bracket", "next control", "The next control, or the next file.", ("control", "preview")
    ),
    _act("neighbour_before", "left_square_bracket", "control before", "The one before.", ("control", "preview")),
    _act("items", "i", "items", "All evidence of the assessment.", CONTROLS, "items"),
    _act("readiness", "r", "readiness", "What blocks, who has to act, what goes stale, what if.", CONTROLS, "ready?"),
    _act(
        "rating",
        "k",
        "ratings",
        "How grave each known bypass is, what is due by when, and what if.",
        (*CONTROLS, "evidence"),
        "ratings",
    ),
    _act("export", "x", "export", "Write the bundle, signed, and verify it.", ("controls",), "export", True),
    _act("versions", "v", "versions", "Other versions of the standards: what changed, and moving the answers.", ("controls",)),
    _act("release", "p", "release", "Subject, date, axis values, people and their seats.", ("controls",), "", True),
    _act("home", "o", "open other", "Recent assessments and bundles, a new one, or verify a bundle.", ("controls",)),
    _act("new", "n", "new", "Start an assessment, step by step.", ("start",), "new"),
    _act("open_path", "o", "open", "Open an assessment folder or a bundle by its path.", ("start",), "open"),
    _act("verify", "v", "verify", "Check a bundle against a trust policy.", ("start",), "verify"),
    _act("forget", "d", "forget", "Take a line off this list; the folder stays.", ("start",), "forget"),
    _act("attach_item", "e", "attach", "Attach new files.", ("evidence",), "attach", True),
    _act("link", "l", "serve more", "Let this item serve further controls.", ("evidence",), "serve more", True),
    _act("replace", "c", "newer version", "Put a newer file in its place, wherever it serves.", ("evidence",), "replace", True),
    _act("check_bytes", "b", "check bytes", "Hash every stored file again.", ("evidence",), "check bytes"),
    _act("sort", "o", "sort", "By id, by age, by size, by kind.", ("evidence",)),
    _act("what_if", "w", "what if", "Try other values; nothing is changed.", ("readiness", "rating"), "what if"),
    _act("as_it_is", "w", "as it is", "Take back every value that was tried.", ("trying",), "as it is"),
    _act("difference", "d", "differences", "What changed between the versions.", ("versions",), "differences"),
    _act("only_changes", "c", "changes only", "Only what changes, or everything.", ("versions",), "changes only"),
    _act("confirm", "f2", "move", "Move the answers to this version, after one question.", ("versions",), "move", True),
    _act("save", "f2 ctrl+s", "save", "Do what the form is for.", ("form", "answer", "attach"), "save", True),
    _act("editor", "f3", "$EDITOR", "Write the statement in your own editor.", ("answer",), "editor"),
    _act("drop_draft", "f4", "drop draft", "Back to what was saved.", ("answer",), "drop draft"),
    _act("together", "f4", "one item", "All files as one item, or an item for each.", ("attach",), "one item"),
    _act("withhold", "f6", "withhold", "Commit to the bytes but leave them out of the bundle.", ("attach",), "withhold"),
    _act(
        "copy",
        "y",
        "copy",
        "Put the id or digest into the clipboard of your terminal.",
        ("controls", "control", "evidence", "rating"),
    ),
    _act("theme", "t", "theme", "Dark, light, high contrast, or your terminal's own colours.", READING),
    _act("reload", "f5", "reload", "Read the folder again; others' changes also show up by themselves.", READING),
    _act("palette", "colon", "palette", "Every action by name; ctrl+p does the same.", READING),
    _act("help", "question_mark f1", "help", "What this page and this part of it are for.", READING, "help"),
    _act("field_help", "f1", "help", "What this form and this field are for.", ("form", "answer", "attach"), "help"),
    _act("back", "escape", "back", "One step; what was typed is kept.", ("form", "answer", "attach"), "back"),
    _act(
        "leave", "escape q", "back", "One page back.", tuple(one for one in READING if one not in ("start", "controls")), "back"
    ),
    _act("close", "escape", "back", "Back to what is open.", ("start",)),
    _act("step_back", "escape", "step back", "First the filter goes, then the marks.", ("controls",)),
    _act("quit", "q", "quit", "Leave. Everything is saved already.", ("start", "controls"), "quit"),
)
# Keys that lists and fields use themselves; an action may not take one of them, save those that say so above.
_LISTS = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter", "space", "tab", "shift+tab", "escape")
RESERVED = frozenset((*_LISTS, "backspace", "delete", "ctrl+c", "ctrl+q", "ctrl+p"))
_OWN = {
    ("open", "enter"),
    ("select", "space"),
    ("back", "escape"),
    ("leave", "escape"),
    ("close", "escape"),
    ("step_back", "escape"),
}
_SPOKEN = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "asterisk": "*",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
}


def key_name(key: str) -> str:
    """A key as a person would say it."""
    return _SPOKEN.get(key) or (key.upper() if key[:1] == "f" and key[1:].isdigit() else key)


def keys_name(action: Action) -> str:
    """The keys of an action as a person would say them."""
    return " or ".join(map(key_name, action.keys))


class KeyMap:
    """Which key means which action at which place."""

    def __init__(self, actions: Sequence[Action] = ACTIONS, keys: Mapping[str, str] | None = None) -> None:
        """``keys`` maps action ids to keys of the user's choice, separated by blanks.

        Raises InputError ``bad-keys`` naming both actions where two want one key at one place, for an unknown action, and for
        a key that the screens themselves use.
        """
        wanted = dict(keys or {})
        known = {action.id for action in actions}
        unknown = next((name for name in wanted if name not in known), None)
        if unknown is not None:
            raise InputError("bad-keys", f"the key map names {clean_line(unknown, 40)}, which is no action; F1 lists them")
        self.actions = tuple(one._replace(keys=tuple(wanted.get(one.id, " ".join(one.keys)).split())) for one in actions)
        self._places: dict[str, dict[str, Action]] = {}
        for action in self.actions:
            self._add(action)

    def _add(self, action: Action) -> None:
        if not action.keys:
            raise InputError("bad-keys", f"the key map leaves {action.id} without a key; name one")
        for key in action.keys:
            if key in RESERVED and (action.id, key) not in _OWN:
                raise InputError("bad-keys", f"the key {clean_line(key, 20)} is wanted by {action.id} and by the screens")
            for place in action.places:
                other = self._places.setdefault(place, {}).setdefault(key, action)
                if other is not action:
                    raise InputError("bad-keys", f"the key {clean_line(key, 20)} is wanted by {other.id} and {action.id}")

    def action(self, place: str, key: str) -> Action | None:
        """The action that ``key`` takes at ``place``."""
        return self._places.get(place, {}).get(key)

    def at(self, place: str) -> list[Action]:
        """The actions of a place, in the table's order."""
        return [action for action in self.actions if place in action.places]
