"""Every action once: its key, its name, its help. Bindings, footer, palette and help page are all made from this table."""

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Action:
    """Something a person can do on the checklist."""

    id: str
    key: str
    title: str
    help: str
    footer: bool = True
    writes: bool = False


ACTIONS = (
    Action("next_gap", "n", "next gap", "Go to the next control that blocks, after the present one."),
    Action("answer", "a", "answer", "Give the control a status and a statement.", writes=True),
    Action("attach", "e", "evidence", "Attach a file to the control; facts and checks are shown at once.", writes=True),
    Action("sign_off", "s", "sign off", "Accept the answer as a person in a seat.", writes=True),
    Action("waive", "w", "waive", "Accept the gap until a day.", writes=True),
    Action("readiness", "r", "readiness", "The verdict, bars by group, and what still blocks."),
    Action("export", "x", "export", "Write the bundle, signed.", writes=True),
    Action("filter", "slash", "filter", "Show only controls whose id, title or state has all the words typed."),
    Action("only_gaps", "g", "gaps only", "Show only controls that block, or all again.", footer=False),
    Action("reload", "f5", "reload", "Read the folder again.", footer=False),
    Action("help", "question_mark,f1", "help", "This page."),
    Action("quit", "q", "quit", "Leave. Everything is saved already."),
)


def bindings() -> list[Binding]:
    """The table as bindings. Raises ValueError where two actions want one key."""
    taken: dict[str, str] = {}
    for action in ACTIONS:
        for key in action.key.split(","):
            if key in taken:
                raise ValueError(f"the key {key} is wanted by {taken[key]} and {action.id}")
            taken[key] = action.id
    return [Binding(action.key, action.id, action.title, show=action.footer, id=action.id) for action in ACTIONS]


def key_name(action: Action) -> str:
    """The key as a person would say it."""
    return action.key.replace("question_mark", "?").replace("slash", "/").replace(",", " or ")
