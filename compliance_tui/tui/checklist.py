"""The grouped list of controls."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from compliance_tui.assessment.readiness import ControlState, Readiness
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.model import Group, Standard
from compliance_tui.tui.show import bar, glyph, word

Key = tuple[str, str]
_COLOURS = {"blocked": "bold", "satisfied": "", "waived": "", "advisory": "dim", "not-applicable": "dim"}


class Checklist(Tree[Key | str]):
    """Groups with their controls; labels are drawn from the present states when they are needed."""

    class Rested(Message):
        """The cursor came to stand on a control."""

        def __init__(self, key: Key | None) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        # Before the base class: it draws the root's label while it is being made.
        self.states: dict[Key, ControlState] = {}
        self._leaves: dict[Key, TreeNode[Key | str]] = {}
        self._groups: dict[str, list[Key]] = {}
        super().__init__("", id="checklist")
        self.show_root = False
        self.guide_depth = 2
        self.auto_expand = False

    def fill(self, standards: Sequence[Standard], result: Readiness, words: Sequence[str] = (), gaps: bool = False) -> int:
        """Show the controls that match all ``words``; gives their number. The cursor stays on its control."""
        self.states = {(state.standard, state.control.id): state for state in result.controls}
        kept = self.selected
        self.clear()
        self._leaves, self._groups = {}, {}
        for standard in standards:
            for group in standard.groups:
                self._fill_group(standard, group, words, gaps, len(standards) > 1)
        target = kept if kept in self._leaves else next(iter(self._leaves), None)
        if target is not None:
            self.call_after_refresh(self.go, target)
        return len(self._leaves)

    def _fill_group(self, standard: Standard, group: Group, words: Sequence[str], gaps: bool, several: bool) -> None:
        inside = [
            (standard.id, control.id)
            for control in standard.controls
            if control.group == group.id and self._matches((standard.id, control.id), words, gaps)
        ]
        if not inside:
            return
        title = f"{standard.id} / {group.title}" if several else f"{group.id}  {group.title}"
        name = f"{standard.id}/{group.id}"
        self._groups[name] = [(standard.id, control.id) for control in standard.controls if control.group == group.id]
        node = self.root.add(Text(clean_line(title, 80)), data=name, expand=True)  # a str would be read as markup
        for key in inside:
            self._leaves[key] = node.add_leaf(Text(""), data=key)

    def _matches(self, key: Key, words: Sequence[str], gaps: bool) -> bool:
        state = self.states[key]
        if gaps and state.outcome != "blocked":
            return False
        haystack = _haystack(state) if words else ""
        return all(one in haystack for one in words)

    def renew(self, result: Readiness) -> None:
        """Take new states without building the list anew."""
        self.states = {(state.standard, state.control.id): state for state in result.controls}
        for node in self._leaves.values():
            node.refresh()
        for node in self.root.children:
            node.refresh()

    def render_label(self, node: TreeNode[Key | str], base_style: Style, style: Style) -> Text:
        """A control: glyph, id, title, word. A group: title, bar, count."""
        if isinstance(node.data, tuple):
            state = self.states[node.data]
            emphasis = _COLOURS[state.outcome]
            label = Text(f"{glyph(state)} ", style=Style.parse(emphasis) if emphasis else "")
            label.append(f"{state.control.id}  {clean_line(state.control.title, 60)}")
            label.append(f"  {word(state)}", style="dim")
            label.stylize(style)
            return label
        keys = self._groups.get(str(node.data), [])
        required = [self.states[key] for key in keys if self.states[key].level == "required"]
        done = sum(state.outcome != "blocked" for state in required)
        sign = "▾" if node.is_expanded else "▸"
        counts = f"  {bar(done, len(required), 5)} {done}/{len(required)}" if required else "  nothing required"
        label = Text(f"{sign} {node.label}", style="bold")
        label.append(counts, style="not bold")
        label.stylize(style)
        return label

    @property
    def selected(self) -> Key | None:
        """The control under the cursor."""
        node = self.cursor_node
        return node.data if node is not None and isinstance(node.data, tuple) else None

    @property
    def position(self) -> str:
        """Where the cursor is, in words."""
        keys = list(self._leaves)
        return f"{keys.index(self.selected) + 1} of {len(keys)}" if self.selected in self._leaves else f"{len(keys)} shown"

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Key | str]) -> None:
        """Tell who listens where the cursor is."""
        self.post_message(self.Rested(event.node.data if isinstance(event.node.data, tuple) else None))

    def on_tree_node_selected(self, event: Tree.NodeSelected[Key | str]) -> None:
        """Enter on a group folds it."""
        if not isinstance(event.node.data, tuple):
            event.node.toggle()

    def go(self, key: Key) -> None:
        """Put the cursor on a control."""
        node = self._leaves.get(key)
        if node is not None:
            if node.parent is not None and not node.parent.is_expanded:
                node.parent.expand()
            self.move_cursor(node)
            self.scroll_to_node(node)
            self.post_message(self.Rested(key))  # the tree is silent when the cursor's line stays the same

    def next_gap(self) -> Key | None:
        """The next control that blocks after the cursor, around the end; None when none does."""
        keys = list(self._leaves)
        at = keys.index(self.selected) if self.selected in self._leaves else -1
        around = keys[at + 1 :] + keys[: at + 1]
        return next((key for key in around if self.states[key].outcome == "blocked"), None)


def _haystack(state: ControlState) -> str:
    """What a filter looks into: id, title, outcome, level, kinds and seats."""
    control = state.control
    kinds = " ".join(f"kind:{kind}" for rule in control.evidence for kind in rule.kinds)
    seats = " ".join(f"seat:{seat.seat} {seat.state}" for seat in state.seats)
    is_words = f"is:{'blocking' if state.outcome == 'blocked' else state.outcome} {word(state)} {state.level}"
    codes = " ".join(reason.code for reason in state.reasons)
    return f"{control.id} {control.title} {is_words} {kinds} {seats} {codes}".lower()
