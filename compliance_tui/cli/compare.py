"""compare: what changed between two bundles, or between two assessments."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compliance_tui.cli.settings import instant, print_json, say
from compliance_tui.safe.language import gettext
from compliance_tui.safe.text import clean_line

if TYPE_CHECKING:
    from compliance_tui.bundle.compare import Change, Comparison, Side


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
    for side, word in ((found.old, "from"), (found.new, "to")):
        say(f"{word:<5}{side.name}{_label(side)}")
    if not found.changes:
        say("nothing that they say differs")
    for kind, title in KINDS.items():
        changes = found.of(kind)
        if changes:
            say()
            say(f"{gettext(title)} ({len(changes)})")
            for change in changes:
                _say(change)


def _label(side: "Side") -> str:
    parts = [f"sequence {side.sequence}" if side.sequence else "", f"bundle {side.bundle_id[:16]}…" if side.bundle_id else ""]
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def _say(change: "Change") -> None:
    if len(change.fields) == 1 and change.fields[0].name in ("value", change.id.rpartition(" ")[2]):
        one = change.fields[0]
        say(f"  {change.change:<9}{clean_line(change.id)}: {_shown(one.old)} -> {_shown(one.new)}")
        return
    say(f"  {change.change:<9}{clean_line(change.id)}")
    for one in change.fields:
        say(f"{'':11}{clean_line(one.name, 80)}: {_shown(one.old)} -> {_shown(one.new)}")


def _shown(value: str | None) -> str:
    return "–" if value is None else clean_line(value, 120)


def _json(found: "Comparison") -> dict[str, Any]:
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
