"""The grouped list of controls."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.message import Message

from compliance_tui.safe.language import gettext, pgettext
from compliance_tui.safe.text import clean_line
from compliance_tui.tui import show
from compliance_tui.tui.rowlist import Cell, RowList, fit, tone
from compliance_tui.tui.session import Session

if TYPE_CHECKING:
    from compliance_tui.assessment.readiness import ControlKey, ControlState
    from compliance_tui.tui.page import Page

_TITLE_LEAST = 16


@dataclass(frozen=True)
class GroupRow:
    """A chapter of a standard."""

    standard: str
    id: str
    title: str


@dataclass(frozen=True)
class StandardRow:
    """A standard, where several are pinned."""

    id: str
    title: str


class Column(NamedTuple):
    """A column on the right: id, width, the width of the list from which on it is shown."""

    id: str
    width: int
    from_width: int


COLUMNS = (
    Column("level", 5, 88),
    Column("answer", 12, 0),
    Column("evid", 4, 56),
    Column("checks", 6, 50),
    Column("sign", 4, 56),
)


def columns_at(width: int) -> list[Column]:
    """The columns that a list of that width has room for."""
    return [column for column in COLUMNS if width >= column.from_width]


def heading(width: int) -> str:
    """The names of the columns, where they stand."""
    said = {
        "level": pgettext("column of 5 cells", "level"),
        "answer": pgettext("column of 12 cells", "answer"),
        "evid": pgettext("column of 4 cells: evidence", "evid"),
        "checks": pgettext("column of 6 cells", "checks"),
        "sign": pgettext("column of 4 cells: sign-offs", "sign"),
    }
    names = "".join(f" {fit(said[column.id], column.width)}" for column in columns_at(width))
    return fit("   " + gettext("control"), width - len(names)) + names


class Checklist(RowList):
    """Groups with their controls. What stands in a row is made when the row is seen, and kept until the states change."""

    class Fitted(Message):
        """The list has another width."""

    def __init__(self) -> None:
        super().__init__(id="checklist")
        self.marked: set[ControlKey] = set()
        self.folded: set[GroupRow] = set()
        self.narrowed = ""
        self._made: dict[tuple[Hashable, int], list[Cell]] = {}

    @property
    def session(self) -> Session:
        """What is open."""
        return cast("Page[None]", self.screen).session

    # -- which rows --------------------------------------------------------------------------------------------------------

    def fill(self, query: str = "", at: Hashable | None = None) -> int:
        """Show the controls that ``query`` finds; gives their number. The cursor stays on its control where that is left."""
        loaded = self.session.loaded
        if loaded is None:
            return 0
        self.narrowed = query
        self.marked &= loaded.states.keys()
        found = loaded.index.find(query) if query.strip() else list(loaded.states)
        wanted = set(found)
        rows: list[Hashable] = []
        for standard, _ in loaded.contents.standards:
            if len(loaded.contents.standards) > 1:
                rows.append(StandardRow(standard.id, clean_line(f"{gettext(standard.standard.title)} {standard.version}", 80)))
            inside: dict[str, list[ControlKey]] = {}
            for control in standard.controls:
                if (standard.id, control.id) in wanted:
                    inside.setdefault(control.group, []).append((standard.id, control.id))
            for group in standard.groups:
                if group.id in inside:
                    row = GroupRow(standard.id, group.id, clean_line(gettext(group.title), 80))
                    rows.append(row)
                    rows += inside[group.id] if query or row not in self.folded else []
        self.show(rows, at if at is not None else self._kept(rows))
        return len(found)

    def _kept(self, rows: Sequence[Hashable]) -> Hashable | None:
        """The row under the cursor, where it stays; else the first control, so that Enter has something to open."""
        if self.here in rows:
            return self.here
        return next((row for row in rows if isinstance(row, tuple)), None)

    def rests(self, row: Hashable) -> bool:
        """On everything but the name of a standard."""
        return not isinstance(row, StandardRow)

    @property
    def selected(self) -> "ControlKey | None":
        """The control under the cursor."""
        return self.here if isinstance(self.here, tuple) else None

    @property
    def shown(self) -> "list[ControlKey]":
        """The controls in the list."""
        return [row for row in self.rows if isinstance(row, tuple)]

    @property
    def position(self) -> str:
        """Where the cursor is, in words."""
        shown = self.shown
        marked = gettext("{number} marked", number=len(self.marked)) + " · " if self.marked else ""
        if self.selected not in shown:
            return marked + gettext("{number} shown", number=len(shown))
        return marked + gettext("{at} of {number}", at=shown.index(self.selected) + 1, number=len(shown))

    # -- folding and marking -----------------------------------------------------------------------------------------------

    def fold(self, row: GroupRow) -> None:
        """Fold a group, or unfold it."""
        self.folded ^= {row}
        self.fill(self.narrowed, row)

    def mark(self) -> None:
        """Mark the control under the cursor and go on, or all controls of the group; what is marked is unmarked."""
        if self.selected is not None:
            self.marked ^= {self.selected}
            self.step(1)
        elif isinstance(self.here, GroupRow):
            groups = self.session.loaded.groups if self.session.loaded else {}
            states = groups.get((self.here.standard, self.here.id), ())
            inside = {(state.standard, state.control.id) for state in states}
            self.marked = self.marked - inside if inside <= self.marked else self.marked | inside
        self.changed()

    def mark_all(self) -> None:
        """Mark all that are shown, or none where they are marked."""
        shown = set(self.shown)
        self.marked = self.marked - shown if shown <= self.marked else self.marked | shown
        self.changed()

    def changed(self) -> None:
        """Draw the rows anew."""
        self._made = {}
        self.refresh()

    def open_up(self, key: "ControlKey") -> bool:
        """Put the cursor on a control, unfolding its group; False where the filter hides it."""
        state = self.session.state(key)
        folded = next((row for row in self.folded if state and (row.standard, row.id) == (key[0], state.control.group)), None)
        if folded is not None and not self.narrowed:
            self.folded -= {folded}
            self.fill(self.narrowed, key)
            return True
        return self.go_to(key)

    def on_resize(self) -> None:
        """Tell whoever shows the names of the columns."""
        self.post_message(self.Fitted())

    # -- drawing -----------------------------------------------------------------------------------------------------------

    def cells(self, row: Hashable, width: int) -> Sequence[Cell]:
        """A control with its columns, or a group with its bar."""
        if isinstance(row, GroupRow):
            return self._group_cells(row, width)
        if isinstance(row, StandardRow):
            return [(row.title, "accent")]
        assert isinstance(row, tuple)
        made = self._made.get((row, width))
        if made is None:
            made = self._made[row, width] = self._control_cells(row, width)
        return made

    def _group_cells(self, row: GroupRow, width: int) -> list[Cell]:
        groups = self.session.loaded.groups if self.session.loaded else {}
        inside = groups.get((row.standard, row.id), ())
        required = [one for one in inside if one.level == "required"]
        done = sum(one.outcome != "blocked" for one in required)
        sign = ("v" if show.ASCII else "▾", ">" if show.ASCII else "▸")[row in self.folded and not self.narrowed]
        counts = f"{done}/{len(required)}" if required else gettext("nothing required")
        drawn = show.bar(done, len(required), 8) if required else ""
        name = fit(f"{sign} {row.id}  {row.title}", max(8, width - len(drawn) - len(counts) - 2))
        whole = "good" if required and done == len(required) else "muted"
        return [(name, "strong"), (drawn, whole), (f" {counts}", whole)]

    def _control_cells(self, key: "ControlKey", width: int) -> list[Cell]:
        state = self.session.state(key)
        if state is None:
            return [(key[1], "muted")]
        sign = show.sign_of(state, self.session.sees(key))
        mark = ("*" if show.ASCII else "▌") if key in self.marked else " "
        columns = columns_at(width)
        right = sum(column.width + 1 for column in columns)
        name = f"{state.control.id}  {clean_line(gettext(state.control.title), 120)}"
        left = max(_TITLE_LEAST, width - right - len(sign.mark) - 2)
        dim = state.outcome in ("advisory", "not-applicable")
        cells: list[Cell] = [(mark, "mark"), (f"{sign.mark} ", tone(sign.style)), (fit(name, left), "muted" if dim else "text")]
        values = {"level": _level, "answer": self._answer, "evid": self._evidence, "checks": _checks, "sign": _signed}
        for column in columns:
            made = values[column.id](state)
            length = sum(len(text) for text, _ in made)
            if length > column.width:
                made, length = [(fit("".join(text for text, _ in made), column.width), made[0][1])], column.width
            cells += [(" ", "text"), *made, (" " * (column.width - length), "text")]
        return cells

    def _answer(self, state: "ControlState") -> list[Cell]:
        response = state.response
        if response is not None and response.recheck is not None:
            return [(gettext("recheck"), "warn")]
        if state.outcome == "waived" and response is not None and response.waiver is not None:
            left = (response.waiver.until - self.session.clock().date()).days
            return [(pgettext("in 12 cells; d is days", "waived {days} d").format(days=left)[:12], "warn")]
        if state.level == "not-applicable" and (response is None or response.status is None):
            return [("–" if not show.ASCII else "-", "muted")]
        status = response.status if response else None
        return [(_status(status), {"met": "good", "not-applicable": "good", None: "muted"}.get(status, "warn"))]

    def _evidence(self, state: "ControlState") -> list[Cell]:
        """Rules that have evidence out of rules that want some; a sign where some is too old, gone or altered."""
        loaded = self.session.loaded
        if loaded is None or state.level == "not-applicable":
            return []
        rules = loaded.contents.evidence_rules(state)
        items = [
            loaded.contents.items[one]
            for one in (state.response.evidence if state.response else [])
            if one in loaded.contents.items
        ]
        if any(item.id in loaded.faults for item in items):
            return [(pgettext("in 4 cells: evidence", "lost"), "bad")]
        if not rules:
            return [(f"{len(items)}", "muted")] if items else []
        have = sum(sum(item.kind in rule.kinds for item in items) >= rule.minimum for rule in rules)
        stale = any(reason.code == "evidence-stale" for reason in state.reasons)
        text = f"{have}/{len(rules)}" + (show.CHECKS["stale"].mark if stale else "")
        return [(text, "warn" if stale else "good" if have == len(rules) else "muted")]


def _status(status: str | None) -> str:
    """A status as it is said in the list."""
    match status:
        case "met":
            return pgettext("status, in 12 cells", "met")
        case "partly-met":
            return pgettext("status, in 12 cells", "partly met")
        case "not-met":
            return pgettext("status, in 12 cells", "not met")
        case "inconclusive":
            return pgettext("status, in 12 cells", "inconclusive")
        case "not-applicable":
            return pgettext("status, in 12 cells", "not applicable")
    return pgettext("status, in 12 cells", "open")


def _level(state: "ControlState") -> list[Cell]:
    match state.level:
        case "required":
            return [(pgettext("level, in 5 cells", "must"), "text")]
        case "recommended":
            return [(pgettext("level, in 5 cells", "may"), "muted")]
    return [(pgettext("level, in 5 cells", "no"), "muted")]


def _checks(state: "ControlState") -> list[Cell]:
    """How many checks came out how, the worst first."""
    cells: list[Cell] = []
    for outcome in ("fail", "unproven", "stale", "manual", "pass"):
        number = sum(check.outcome == outcome for check in state.checks)
        if number and sum(len(text) for text, _ in cells) <= 5:
            sign = show.CHECKS[outcome]
            cells.append((f"{' ' if cells else ''}{sign.mark}{number}", tone(sign.style)))
    return cells


def _signed(state: "ControlState") -> list[Cell]:
    """Seats that signed out of seats that have to."""
    if not state.seats:
        return []
    signed = sum(seat.state == "signed" for seat in state.seats)
    lapsed = any(seat.state == "lapsed" for seat in state.seats)
    text = f"{signed}/{len(state.seats)}" + (show.SEATS["lapsed"].mark if lapsed else "")
    return [(text, "good" if signed == len(state.seats) else "warn" if lapsed or signed else "muted")]
