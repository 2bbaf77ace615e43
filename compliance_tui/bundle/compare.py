"""What changed from one bundle to another, or from one assessment to another: by what they say, not by their bytes.

Bundles are compared by their manifests: every record that is read was hashed, and evidence is told apart by its digest without
being read. What is withheld cannot be compared, and is said to be so: its commitment is new in every export.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.model import Item, Response, SignOff, Waiver
from compliance_tui.assessment.readiness import ControlKey
from compliance_tui.bundle.chain import count_all
from compliance_tui.bundle.core import answer_name
from compliance_tui.bundle.log_proof import Answer, LogProof, checkpoint_of, continues, find_log, read_log_tree, root_at
from compliance_tui.bundle.reading import read_records
from compliance_tui.bundle.sign import check_core
from compliance_tui.bundle.tree import open_tree
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import Message, message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust import merkle
from compliance_tui.trust.policy import Policy


@dataclass(frozen=True)
class Side:
    """One of the two: what it holds, what of it is hidden, who signed it as far as the policy knows."""

    name: str
    contents: Contents
    verdict: str | None
    outcomes: Mapping[ControlKey, str]
    hidden: frozenset[str] = frozenset()
    signers: tuple[str, ...] = ()
    bundle_id: str | None = None
    sequence: int | None = None
    log: LogProof | None = None
    log_tree: merkle.Tree | None = None


@dataclass(frozen=True)
class Field:
    """One thing that is another now; None: it was not there, or is no longer."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Change:
    """One entry of a kind (standard, answer, evidence…): added, dropped, altered, or hidden on a side."""

    kind: str
    id: str
    change: str
    fields: tuple[Field, ...] = ()


@dataclass
class Comparison:
    """All changes, in the order in which a person asks for them."""

    old: Side
    new: Side
    changes: list[Change] = field(default_factory=list)

    @property
    def log(self) -> tuple[Answer, Message]:
        """Whether the audit log of the new one continues that of the old one, and why it is said so."""
        return _log(self.old, self.new)

    def of(self, kind: str) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind == kind]


# Each kind with its heading, in the order in which a person asks for them.
KINDS: Mapping[str, str] = {
    "verdict": message("Readiness"),
    "subject": message("Subject"),
    "axis": message("Axes"),
    "standard": message("Standards"),
    "outcome": message("Outcomes of controls"),
    "answer": message("Answers"),
    "waiver": message("Waivers"),
    "sign-off": message("Sign-offs"),
    "evidence": message("Evidence"),
    "fact": message("Facts"),
    "signer": message("Signers"),
}


def read_side(path: Path, as_of: dt.datetime, policy: Policy | None = None) -> Side:
    """The assessment folder or the bundle at ``path``. Raises InputError where it is neither, BrokenError where it is altered.

    A bundle's signers are named where ``policy`` knows them; else by the beginning of their keys' ids, which prove nothing.
    """
    if (path / "assessment.toml").is_file():
        contents, lines = load(path), read_log_tree(path)
        log = LogProof(log=checkpoint_of(contents.assessment.series, lines), earlier=[])
        return _side(clean_line(str(path)), contents, as_of, log=log, log_tree=lines)
    with open_tree(path) as tree:
        found = check_core(tree)
        view, _ = read_records(tree, found)
        first = found.attestations[0]
        people = count_all(first, policy, as_of).people if policy else []
        keys = {name.rpartition("/")[2][:16] for name, _ in (*first.envelopes, *first.ssh_signatures)}
        return _side(
            tree.where,
            view.contents,
            as_of,
            hidden=view.withheld,
            signers=tuple(people) if policy else tuple(message("key {key}", key=key) for key in sorted(keys)),
            bundle_id=found.core.bundle_id,
            sequence=found.statement.predicate.sequence,
            log=find_log(tree, found.core, found.statement.predicate).proof,
        )


def _side(
    name: str,
    contents: Contents,
    as_of: dt.datetime,
    *,
    hidden: frozenset[str] = frozenset(),
    signers: tuple[str, ...] = (),
    bundle_id: str | None = None,
    sequence: int | None = None,
    log: LogProof | None = None,
    log_tree: merkle.Tree | None = None,
) -> Side:
    result = contents.readiness(as_of)
    outcomes = {(state.standard, state.control.id): state.outcome for state in result.controls}
    verdict = None if hidden else result.verdict
    return Side(name, contents, verdict, outcomes, hidden, signers, bundle_id, sequence, log, log_tree)


def compare(old: Side, new: Side) -> Comparison:
    """Everything that differs between the two."""
    found = Comparison(old, new)
    found.changes += _values("verdict", {"readiness": old.verdict or _UNKNOWN}, {"readiness": new.verdict or _UNKNOWN})
    found.changes += _values("subject", _subject(old.contents), _subject(new.contents))
    found.changes += _values("axis", old.contents.assessment.axes, new.contents.assessment.axes)
    found.changes += _values("standard", _standards(old.contents), _standards(new.contents))
    found.changes += _values("outcome", _named(old.outcomes), _named(new.outcomes))
    found.changes += _responses(old, new)
    found.changes += _evidence(old, new)
    if old.bundle_id and new.bundle_id:  # nobody signs an assessment
        found.changes += _values("signer", dict.fromkeys(old.signers, _SIGNED), dict.fromkeys(new.signers, _SIGNED))
    return found


def _log(old: Side, new: Side) -> tuple[Answer, Message]:
    if old.contents.assessment.series != new.contents.assessment.series:
        return "unknown", message("they are of two series, each with a log of its own")
    if old.log is None or new.log is None:
        return "unknown", message("a bundle without a head of the log: nothing is known about it")
    before, after = old.log.log, new.log.log
    if after.size < before.size:
        return "no", message("it has {after} lines, and had {before}", after=after.size, before=before.size)
    if new.log_tree is not None:
        found: Answer = "yes" if root_at(new.log_tree, before.size) == before.root else "no"
    else:
        found = continues(before, after, new.log.earlier)
    sizes = {"after": after.size, "before": before.size}
    said = {
        "yes": message("its {after} lines continue the {before} there were", **sizes),
        "no": message("its {after} lines are not a continuation of the {before} there were", **sizes),
        "unknown": message("no proof that its {after} lines continue the {before} there were", **sizes),
    }
    return found, said[found]


_UNKNOWN = message("unknown, as items are hidden")
_SIGNED = message("signed")
_BOTH = message("on both sides")


def _values(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Changes of things that are one text each."""
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            change = "added" if name not in old else "dropped" if name not in new else "altered"
            yield Change(kind, name, change, (Field("value", old.get(name), new.get(name)),))


def _named(outcomes: Mapping[ControlKey, str]) -> dict[str, str]:
    return {f"{standard}/{control}": outcome for (standard, control), outcome in outcomes.items()}


def _subject(contents: Contents) -> dict[str, str]:
    subject = contents.assessment.subject
    said = {"name": subject.name, "version": subject.version, "release date": str(subject.release_date or "")}
    said |= {message("artifact {name}", name=one.name): one.sha256 for one in subject.artifacts}
    return {name: value for name, value in said.items() if value}


def _standards(contents: Contents) -> dict[str, str]:
    return {pin.id: f"{pin.version} (sha256 {pin.sha256[:16]}…)" for pin in contents.assessment.standards}


def _fields(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Field, ...]:
    names = dict.fromkeys([*old, *new])
    return tuple(Field(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))


def _responses(old: Side, new: Side) -> Iterator[Change]:
    for key in sorted({*old.contents.responses, *new.contents.responses}):
        before, after = old.contents.responses.get(key), new.contents.responses.get(key)
        name = "/".join(key)
        hidden = answer_name(*key) in (old.hidden | new.hidden)
        if before is None or after is None:
            yield Change("answer", name, "added" if before is None else "dropped", _fields(_answer(before), _answer(after)))
        else:
            fields = _fields(_answer(before, hidden), _answer(after, hidden))
            if fields:
                yield Change("answer", name, "altered", fields)
        if hidden:
            yield Change("answer", name, "hidden", _fields(_seen(key, old), _seen(key, new)))
        else:
            yield from _values("waiver", _waiver(name, before), _waiver(name, after))
        yield from _values("sign-off", _sign_offs(name, before), _sign_offs(name, after))


def _answer(response: Response | None, hidden: bool = False) -> dict[str, str]:
    if response is None:
        return {}
    said = {
        "status": response.status or message("none"),
        "evidence": ", ".join(response.evidence) or message("none"),
        "statement": "" if hidden else response.statement,
        "to be rechecked": response.recheck.why if response.recheck and not hidden else "",
    }
    return {name: value for name, value in said.items() if value}


def _seen(key: ControlKey, side: Side) -> dict[str, str]:
    return {"text": message("withheld") if answer_name(*key) in side.hidden else message("disclosed")}


def _waiver(name: str, response: Response | None) -> dict[str, str]:
    waiver: Waiver | None = response.waiver if response else None
    if waiver is None:
        return {}
    return {
        name: message(
            "until {until}, owner {owner}, approver {approver}: {reason}",
            until=waiver.until,
            owner=waiver.owner,
            approver=waiver.approver,
            reason=waiver.reason,
        )
    }


def _sign_offs(name: str, response: Response | None) -> dict[str, str]:
    said = response.sign_offs if response else []
    return {f"{name} {one.seat}": _sign_off(one) for one in said}


def _sign_off(one: SignOff) -> str:
    text = message("{person} at {at}, over {seen}…", person=one.person, at=format_instant(one.at), seen=one.seen[:16])
    if not one.signature:
        return text
    own = hashlib.sha256(one.signature.encode()).hexdigest()[:16]
    return message("{text}, own signature {signature}…", text=text, signature=own)


def _evidence(old: Side, new: Side) -> Iterator[Change]:
    pairs = _pairs(old.contents, new.contents)
    for before, after in pairs:
        name = after.id if after else before.id if before else ""
        if before is None or after is None:
            elsewhere = old.hidden if before is None else new.hidden
            change = "hidden" if name in elsewhere else "added" if before is None else "dropped"
            yield Change("evidence", name, change, _fields(_item(before), _item(after)))
            continue
        fields = _fields(_item(before), _item(after))
        if fields:
            yield Change("evidence", name, "altered", fields)
        for one in _fields(_facts(before), _facts(after)):
            change = "added" if one.old is None else "dropped" if one.new is None else "altered"
            yield Change("fact", f"{name} {one.name}", change, (one,))
    for name in sorted(name for name in old.hidden & new.hidden if name.startswith("E-")):
        yield Change("evidence", name, "hidden", (Field("withheld", _BOTH, _BOTH),))


def _pairs(old: Contents, new: Contents) -> Iterator[tuple[Item | None, Item | None]]:
    """Items that belong together: of one series by their id, else by their bytes."""
    if old.assessment.series == new.assessment.series:
        for name in sorted({*old.items, *new.items}):
            yield old.items.get(name), new.items.get(name)
        return
    left = dict(sorted(old.items.items()))
    for _, item in sorted(new.items.items()):
        twin = next((name for name, one in left.items() if _digests(one) == _digests(item)), None)
        yield (left.pop(twin) if twin else None), item
    for item in left.values():
        yield item, None


def _digests(item: Item) -> list[str]:
    return sorted(file.sha256 for file in item.files)


def _facts(item: Item) -> dict[str, str]:
    return {name: _whole(fact.value) + (f" {fact.unit}" if fact.unit else "") for name, fact in item.facts.items()}


def _whole(value: object) -> str:
    """The value as text, uncut: two long ones may differ in their last letter."""
    if isinstance(value, bool):
        return message("yes") if value else message("no")
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _item(item: Item | None) -> dict[str, str]:
    if item is None:
        return {}
    said = {
        "id": item.id,
        "title": item.title,
        "kind": item.kind,
        "speaks of": str(item.speaks_of),
        "attached by": item.attached_by,
        "disclosure": item.disclosure,
    }
    return said | {
        message("file {name}", name=file.name): message("sha256 {sha256}, {size} bytes", sha256=file.sha256, size=file.size)
        for file in item.files
    }
