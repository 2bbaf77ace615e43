"""What every log of an evaluation says, in the same words, whichever tool wrote it: so that one check reads any of them.

``completed``              it ran to its end, on all that it was asked, against one model, and each prompt has a verdict
``requested``              distinct prompts (behaviours, samples) that were asked
``scored_samples``         distinct prompts with a verdict; repeats of one prompt are not independent and count once
``attack_success``         distinct prompts for which the attack succeeded in any try
``attack_success_share``   their share (the point estimate; bounds are the business of a check)
``errors``                 tries that ended without an answer or without a verdict
``limited``                only a part of what was there was run; absent where a log cannot tell
``run_id``                 identifies the run: two logs with one ``run_id`` speak of one run
``ran_at``, ``ran_on``     the instant it ended; only the day, where the log gives no offset from UTC

A verdict that is missing is never a pass: it makes the log incomplete, and the sentence that says so is a warning.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from pydantic_core import PydanticSerializationError

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind, expected, typed
from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line

# What only a reader may say, from what was run: no note that somebody wrote into a log stands for it.
MEASURED = frozenset(
    [
        "attack_success",
        "attack_success_share",
        "own_detector_success",
        "benign_refusal",
        "budget_stated",
        "completed",
        "created",
        "dirty_revision",
        "errors",
        "grader",
        "limited",
        "model",
        "ran_at",
        "ran_on",
        "requested",
        "run_id",
        "scored_samples",
        "solved",
        "status",
        "task",
        "task_version",
        "tool",
        "tool_version",
        "unscored",
    ]
)
MOST_PROMPTS = 500_000
_MOST_NAMES = 100
Read = Callable[[BinaryIO, str, Kind], Facts]


def one_log(read: Read) -> Callable[[Sequence[tuple[str, Callable[[], BinaryIO]]], Kind], Facts]:
    """A reader of an item's files that takes exactly one: of several logs, the figures of one would stand for all."""

    def read_files(files: Sequence[tuple[str, Callable[[], BinaryIO]]], kind: Kind) -> Facts:
        if len(files) != 1:
            refuse(
                files[0][0],
                message("one of {number} files; attach each log as its own item, so that each is checked", number=len(files)),
            )
        (name, opened), *_ = files
        with opened() as file:
            return read(file, name.rpartition("/")[2], kind)

    return read_files


class Tally:
    """Distinct prompts, each with what came of it: True (the attack succeeded in a try), False, or None (no verdict)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._outcomes: dict[bytes, bool | None] = {}
        self.errors = 0

    def add(self, prompt: Any, verdict: bool | None) -> bytes:
        """Count one try at ``prompt`` (any JSON value), and give what identifies the prompt.

        A try without a verdict is an error, and does not undo another's.
        """
        if verdict is None:
            self.errors += 1
        key = hashlib.sha256(json.dumps(prompt, sort_keys=True, default=str).encode()).digest()[:16]
        before = self._outcomes.get(key)
        self._outcomes[key] = before if verdict is None else verdict or bool(before)
        within(len(self._outcomes), self._name)
        return key

    @property
    def requested(self) -> int:
        """Distinct prompts."""
        return len(self._outcomes)

    @property
    def scored(self) -> int:
        """Distinct prompts with a verdict."""
        return sum(outcome is not None for outcome in self._outcomes.values())

    @property
    def successes(self) -> int:
        """Distinct prompts with a success."""
        return sum(outcome is True for outcome in self._outcomes.values())

    def give(self, found: Gatherer, place: str, unit: str, doubts: list[str]) -> None:
        """The facts of the tally; ``doubts`` gains a sentence where a prompt has no verdict. Nothing scored is no number."""
        found.count("requested", self.requested, place, unit)
        found.count("scored_samples", self.scored, place, unit)
        found.count("unscored", self.requested - self.scored, place, unit)
        found.count("errors", self.errors, place, "tries")
        if self.scored:
            found.count("attack_success", self.successes, place, unit)
            found.add("attack_success_share", share(self.successes, self.scored), place)
        if not self.scored:
            doubts.append(message("nothing was evaluated: no answer has a verdict"))
        elif self.scored < self.requested:
            doubts.append(
                message(
                    "{number} of {of} {unit} have no verdict; run them again",
                    number=self.requested - self.scored,
                    of=self.requested,
                    unit=unit,
                )
            )


def within(count: int, name: str) -> None:
    """Refuse a log of more prompts (or tries, or samples) than are kept in memory."""
    if count > MOST_PROMPTS:
        refuse(name, message("holds more than {most:,} prompts; attach it in parts", most=MOST_PROMPTS))


def share(successes: int, trials: int) -> Decimal:
    """The share of ``successes``, to four places."""
    return (Decimal(successes) / trials).quantize(Decimal("0.0001"))


def concluded(kind: Kind, reader: str, found: Gatherer, place: str, doubts: list[str], warnings: list[str]) -> Facts:
    """The facts, with ``completed``: true where there are no ``doubts``. Doubts are shown before other warnings.

    Raises InputError ``unreadable-evidence`` for a text that is no text: half of a surrogate pair cannot be written down.
    """
    found.add("completed", not doubts, place)
    said = tuple(dict.fromkeys(clean_line(sentence, 500) for sentence in [*doubts, *warnings]))
    for fact in found.facts.values():
        try:
            fact.model_dump_json()
        except PydanticSerializationError:
            refuse(fact.where, message("holds half of a surrogate pair, which is no text; write the log again"))
    return Facts(kind=kind.id, reader=reader, facts=found.facts, warnings=said)


def add_end(found: Gatherer, value: Any, place: str, warnings: list[str]) -> None:
    """``value`` as ``ran_at``; as ``ran_on``, the day by the clock of the machine, where it has no offset from UTC.

    A local time is no instant, and is not made one by assuming an offset; even its day may be one off.
    """
    moment = _moment(value)
    if moment is None:
        warnings.append(message("does not say when it ran; give the date when attaching it"))
    elif moment.tzinfo is not None:
        found.add("ran_at", value, place)
    else:
        found.add("ran_on", moment.date().isoformat(), place)
        warnings.append(
            message("gives its times without an offset from UTC: the day is by the clock of the machine that ran it")
        )


def is_instant(value: Any) -> bool:
    """Whether ``value`` is a time with its offset from UTC."""
    moment = _moment(value)
    return moment is not None and moment.tzinfo is not None


def _moment(value: Any) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None


def add_stated(found: Gatherer, kind: Kind, said: Mapping[str, Any], place: str, warnings: list[str]) -> None:
    """Facts that somebody wrote into the log as notes (``said``): those that the kind declares, if the type is right.

    They are marked as stated. Counts over samples, and whatever else is measured, are never taken from notes.
    """
    for declared in kind.facts:
        value = said.get(declared.name)
        if value is None or declared.name in found.facts or declared.name in MEASURED or declared.unit == "samples":
            continue
        if declared.type == "text" and isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
            value = ", ".join(str(one).strip() for one in value)  # Inspect's command line takes a comma for the end of an item
        if isinstance(value, dict) or isinstance(value, list) != (declared.type == "list"):
            warnings.append(
                message(
                    "{place}: {fact} should be {expected}; it was not read",
                    place=place,
                    fact=declared.name,
                    expected=expected(declared),
                )
            )
            continue
        try:
            fact = value if isinstance(value, list) else typed(_as_text(value), declared, place)
        except InputError as error:
            warnings.append(str(error))
            continue
        found.add(declared.name, fact, f"{place}/{declared.name}", declared.unit)
        if declared.name in found.facts:
            found.facts[declared.name] = found.facts[declared.name].model_copy(update={"source": "stated"})


def keep(names: set[str], name: Any) -> None:
    """Remember a name that occurred; after a hundred different ones no more are needed to say that they differ."""
    if name is not None and len(names) < _MOST_NAMES:
        names.add(str(name))


def add_one(found: Gatherer, fact: str, values: set[str], place: str, doubts: list[str], what: str) -> None:
    """The one value that all results share; several are a doubt, and no fact: figures over them speak of none."""
    if len(values) == 1:
        found.add(fact, next(iter(values)), place)
    elif values:
        named = ", ".join(clean_line(value, 60) for value in sorted(values)[:3])
        doubts.append(
            message("mixes results of {number} {what} ({named}); export each apart", number=len(values), what=what, named=named)
        )


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
