"""standards list, show, lint."""

from pathlib import Path

import click

from compliance_tui.cli.settings import extra_standards, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.levels import explain
from compliance_tui.standard.lint import lint as lint_standard
from compliance_tui.standard.load import Pack, find_pack, pack_paths, read_pack, standard_folders
from compliance_tui.standard.model import Control, Standard


@click.group()
def standards() -> None:
    """The standards that an assessment can pin."""


@standards.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def listing(ctx: click.Context, as_json: bool) -> None:
    """List every version of every standard that is known here.

    \b
    Example:
      compliance-tui standards list
    """
    packs = [read_pack(path) for path in pack_paths(standard_folders(extra_standards(ctx)))]
    if as_json:
        print_json([_entry(pack) for pack in packs])
        return
    for pack in packs:
        header = pack.standard.standard
        say(f"{header.id}@{header.version}  {len(pack.standard.controls)} controls  {header.title} ({header.status})")
        say(f"  released {header.released}, sha256 {pack.sha256}")


def _entry(pack: Pack) -> dict[str, object]:
    return {
        "id": pack.standard.id,
        "version": pack.standard.version,
        "status": pack.standard.standard.status,
        "title": pack.standard.standard.title,
        "controls": len(pack.standard.controls),
        "sha256": pack.sha256,
        "path": str(pack.path),
    }


@standards.command()
@click.argument("reference", metavar="ID[@VERSION]|FILE")
@click.argument("control", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def show(ctx: click.Context, reference: str, control: str | None, as_json: bool) -> None:
    """Show a standard, or one of its controls.

    \b
    Example:
      compliance-tui standards show frontier-release@1.1 FR-SAF-02
    """
    pack = find_pack(reference, standard_folders(extra_standards(ctx)))
    found = pack.standard.control(control) if control else None
    if control and found is None:
        raise InputError("unknown-control", f"{pack.standard.id} {pack.standard.version} has no control {clean_line(control)}")
    if as_json:
        model = found or pack.standard
        print_json(model.model_dump(by_alias=True, exclude_defaults=True))
    elif found:
        _show_control(pack.standard, found)
    else:
        _show_standard(pack)


def _show_standard(pack: Pack) -> None:
    standard, header = pack.standard, pack.standard.standard
    say(f"{header.title}, version {header.version} ({header.status})")
    say(f"released {header.released}, endorsed by {', '.join(header.endorsed_by) or 'nobody'}, sha256 {pack.sha256}")
    for prose in (header.summary, header.disclaimer):
        if prose:
            say("\n" + prose.strip())
    for axis in standard.axes:
        values = ", ".join(f"{value.id} ({value.title})" for value in axis.values)
        say(f"\naxis {axis.id}: {axis.title}: {values}")
    for group in standard.groups:
        say(f"\n{group.id}  {group.title}")
        for one in standard.controls:
            if one.group == group.id:
                say(f"  {one.id}  {one.title}")


def _show_control(standard: Standard, control: Control) -> None:
    say(f"{control.id}  {control.title}\n\n{control.statement.strip()}")
    say(f"\nRequired for: {explain(control.required, standard.axes) or 'nobody'}")
    if control.recommended:
        say(f"Recommended for: {explain(control.recommended, standard.axes)}")
    for heading, prose in (("Guidance", control.guidance), ("Example", control.example)):
        if prose:
            say(f"\n{heading}\n{prose.strip()}")
    for rule in control.evidence:
        age = f", at most {rule.max_age_days} days old" if rule.max_age_days else ""
        say(f"\nEvidence: {' or '.join(rule.kinds)}{age}")
    for check in control.checks:
        say(f"Check: {check.title} ({check.id})")
    for seats in control.sign_offs:
        say(f"Sign-off: {', '.join(seats.seats)} ({explain([seats], standard.axes)})")
    if control.references:
        say(f"Related: {', '.join(control.references)}")


@standards.command()
@click.argument("references", nargs=-1, metavar="[ID[@VERSION]|FILE]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def lint(ctx: click.Context, references: tuple[str, ...], as_json: bool) -> int:
    """Check packs for what their author would miss. Exit status 1 when something is wrong.

    \b
    Example:
      compliance-tui standards lint my-standard/1.0.toml
    """
    from compliance_tui.cli.settings import extra_kinds
    from compliance_tui.evidence.kind import load_kinds

    folders = standard_folders(extra_standards(ctx))
    known = set(load_kinds(extra_kinds(ctx)))
    packs = [find_pack(one, folders) for one in references] or [read_pack(path) for path in pack_paths(folders)]
    findings = [(pack, finding) for pack in packs for finding in lint_standard(pack.standard, known)]
    if as_json:
        print_json([{"path": str(pack.path), "where": one.where, "text": one.text} for pack, one in findings])
    else:
        for pack, one in findings:
            say(f"{_shown(pack.path)}: {one.where}: {one.text}")
        say(f"{len(packs)} checked, {len(findings)} findings")
    return 1 if findings else 0


def _shown(path: Path) -> str:
    return clean_line(str(path))
