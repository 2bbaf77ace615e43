"""compare: what changed between two bundles, or between two assessments."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compliance_tui.cli.settings import instant, print_json, say
from compliance_tui.safe.language import Message, gettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word

if TYPE_CHECKING:
    from compliance_tui.bundle.compare import Change, Comparison, Field, Side


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), default=None, help="Your trust policy, which knows the signers.")
@click.option("--as-of", default=None, metavar="T", help="The instant at which both are asked for readiness (default: now).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def compare(old: Path, new: Path, trust: Path | None, as_of: str | None, as_json: bool) -> None:
    """Say what changed from OLD to NEW: standards, answers, evidence, facts, waivers, signers, the verdict.

    Each is a bundle or an assessment folder. Nothing is verified but that the records are those of their manifests: who
    signed, and whether it still stands, is for `verify` to say.

    \b
    Example:
      compliance-tui compare northwind-2.zip northwind-2b.zip --trust trust.toml
    """
    from compliance_tui.bundle.compare import KINDS, read_side
    from compliance_tui.bundle.compare import compare as compare_sides
    from compliance_tui.cli.trust import read_policy

    policy, at = read_policy(trust) if trust else None, instant(as_of)
    found = compare_sides(read_side(old, at, policy), read_side(new, at, policy))
    if as_json:
        print_json(_json(found))
        return
    sides = {gettext("from"): found.old, gettext("to"): found.new}
    width = max(map(len, sides))
    for said, side in sides.items():
        say(f"{said:<{width}} {side.name}{_label(side)}")
    if not found.changes:
        say(gettext("nothing that they say differs"))
    for kind, title in KINDS.items():
        changes = found.of(kind)
        if changes:
            say()
            say(f"{gettext(title)} ({len(changes)})")
            for change in changes:
                _say(change)
    continued, why = found.log
    answer = {"yes": gettext("continued"), "no": gettext("NOT CONTINUED"), "unknown": gettext("not known to be continued")}
    say()
    say(gettext("audit log {answer}: {why}", answer=answer[continued], why=gettext(why)))


def _label(side: "Side") -> str:
    parts = [gettext("sequence {number}", number=side.sequence)] if side.sequence else []
    parts += [gettext("bundle {id}", id=f"{side.bundle_id[:16]}…")] if side.bundle_id else []
    return f" ({', '.join(parts)})" if parts else ""


def _say(change: "Change") -> None:
    name = gettext(word(change.id)) if change.kind in ("verdict", "subject") else change.id
    head = f"  {gettext(word(change.change)):<8} {clean_line(name)}"
    if len(change.fields) == 1 and change.fields[0].name in ("value", change.id.rpartition(" ")[2]):
        say(f"{head}: {_shown(change.kind, change.fields[0])}")
        return
    say(head)
    for one in change.fields:
        say(f"{'':11}{clean_line(gettext(word(one.name)), 80)}: {_shown(change.kind, one)}")


def _shown(kind: str, field: "Field") -> str:
    """Both values; those of a fixed set by their words, what a person wrote as it is."""
    fixed = kind in ("verdict", "outcome") or field.name in ("status", "disclosure", "text")
    sides = []
    for value in (field.old, field.new):
        if value is not None and (fixed or isinstance(value, Message)):
            value = gettext(word(value))
        sides.append("–" if value is None else clean_line(value, 120))
    return " -> ".join(sides)


def _json(found: "Comparison") -> dict[str, Any]:
    continued, why = found.log
    return {
        "from": _side_json(found.old),
        "to": _side_json(found.new),
        "same": not found.changes,
        "changes": [
            {
                "kind": one.kind,
                "id": one.id,
                "change": one.change,
                "fields": [{"name": each.name, "from": each.old, "to": each.new} for each in one.fields],
            }
            for one in found.changes
        ],
        "log": {"continues": continued, "text": why},
    }


def _side_json(side: "Side") -> dict[str, Any]:
    return {
        "name": side.name,
        "bundle_id": side.bundle_id,
        "sequence": side.sequence,
        "verdict": side.verdict,
        "signers": list(side.signers),
        "hidden": sorted(side.hidden),
    }
