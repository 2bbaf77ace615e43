"""Every action once: its key, its name, its help. Bindings, footer, palette and help page are all made from this table."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Action:
    """Something a person can do on the checklist. ``footer`` names it on the line of keys; empty: only in the help."""

    id: str
    key: str
    title: str
    help: str
    footer: str = ""
    writes: bool = False


ACTIONS = (
    Action("help", "question_mark,f1", "help", "This page.", "help"),
    Action("next_gap", "n", "next gap", "Go to the next control that blocks, around the end.", "next"),
    Action("answer", "a", "answer", "Give the control a status and a statement.", "answer", True),
    Action("attach", "e", "evidence", "Attach a file to the control; facts and checks are shown at once.", "evidence", True),
    Action("detach", "d", "detach", "Take an evidence item off the control; the item and its bytes stay.", "", True),
    Action("sign_off", "s", "sign off", "Accept the answer as a person in a seat.", "sign", True),
    Action("waive", "w", "waive", "Accept the gap until a day.", "waive", True),
    Action("readiness", "r", "readiness", "The verdict, bars by group, and what still blocks.", "ready?"),
    Action("export", "x", "export", "Write the bundle, signed.", "export", True),
    Action("versions", "v", "versions", "Other versions of the standards: what changed, and moving the answers there."),
    Action("filter", "slash", "filter", "Show only controls whose id, title or state has all the words typed.", "filter"),
    Action("only_gaps", "g", "gaps only", "Show only controls that block, or all again."),
    Action("reload", "f5", "reload", "Read the folder again; changes by others show up by themselves within two seconds."),
    Action("quit", "q", "quit", "Leave. Everything is saved already."),
)
# Keys that the screens themselves use, for the help page; an action may not take one of them.
SCREEN_KEYS = (
    ("up, down", "move", "In the list. Enter or Space folds a group; Tab goes to the text beside the list and back."),
    ("Esc", "back", "One step; what was typed is kept."),
    ("F2", "save", "In a form; ctrl+s does the same."),
    ("ctrl+p", "palette", "Every action by name."),
)
RESERVED = frozenset({"up", "down", "enter", "space", "tab", "escape", "f2", "ctrl+s", "ctrl+p", "left", "right"})


def bindings(actions: Sequence[Action] = ACTIONS) -> list[Binding]:
    """The table as bindings. Raises ValueError where two actions want one key, or one wants a key of the screens."""
    taken: dict[str, str] = dict.fromkeys(RESERVED, "the screens")
    for action in actions:
        for key in action.key.split(","):
            if key in taken:
                raise ValueError(f"the key {key} is wanted by {taken[key]} and {action.id}")
            taken[key] = action.id
    return [
        Binding(
            action.key,
            action.id,
            action.footer or action.title,
            show=bool(action.footer),
            key_display=key_name(action).split(" ")[0],
            id=action.id,
        )
        for action in actions
    ]


def key_name(action: Action) -> str:
    """The keys as a person would say them."""
    spoken = action.key.replace("question_mark", "?").replace("slash", "/").replace(",", " or ")
    return spoken.replace("f1", "F1").replace("f5", "F5")
