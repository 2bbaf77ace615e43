"""standards list, show, lint, release, new; diff and comments are in modules of their own."""

import uuid
from collections.abc import Sequence
from pathlib import Path

import click

from compliance_tui.cli.assess import pinned_line
from compliance_tui.cli.comments import comment, comments
from compliance_tui.cli.settings import extra_standards, folder, instant, person, print_json, say
from compliance_tui.cli.standards_diff import diff
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.describe import rule_lines
from compliance_tui.standard.lint import Finding
from compliance_tui.standard.lint import lint as lint_standard
from compliance_tui.standard.load import Pack, find_pack, line_in, pack_paths, read_pack, standard_folders, versions_of
from compliance_tui.standard.model import Control, Standard
from compliance_tui.standard.translation import lint_translations


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
        count = len(pack.standard.controls)
        told = ngettext("{number} control", "{number} controls", count)
        say(f"{header.id}@{header.version}  {told}  {gettext(header.title)} ({header.status})")
        say("  " + gettext("released {day}, sha256 {sha256}", day=header.released, sha256=pack.sha256))


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
        name = f"{pack.standard.id} {pack.standard.version}"
        text = message("{standard} has no control {control}", standard=name, control=clean_line(control))
        raise InputError("unknown-control", text)
    if as_json:
        model = found or pack.standard
        print_json(model.model_dump(by_alias=True, exclude_defaults=True))
    elif found:
        _show_control(pack.standard, found)
    else:
        _show_standard(pack)


def _show_standard(pack: Pack) -> None:
    standard, header = pack.standard, pack.standard.standard
    title = gettext(header.title)
    say(gettext("{title}, version {version} ({status})", title=title, version=header.version, status=header.status))
    say(
        gettext(
            "released {day}, endorsed by {whom}, sha256 {sha256}",
            day=header.released,
            whom=", ".join(header.endorsed_by) or message("nobody"),
            sha256=pack.sha256,
        )
    )
    for prose in (header.summary, header.disclaimer):
        if prose:
            say("\n" + gettext(prose).strip())
    for axis in standard.axes:
        values = ", ".join(f"{value.id} ({gettext(value.title)})" for value in axis.values)
        say()
        say(gettext("axis {axis}: {title}: {values}", axis=axis.id, title=gettext(axis.title), values=values))
    for group in standard.groups:
        say(f"\n{group.id}  {gettext(group.title)}")
        for one in standard.controls:
            if one.group == group.id:
                say(f"  {one.id}  {gettext(one.title)}")


def _show_control(standard: Standard, control: Control) -> None:
    say(f"{control.id}  {gettext(control.title)}\n\n{gettext(control.statement).strip()}")
    for heading, prose in ((message("Guidance"), control.guidance), (message("Example"), control.example)):
        if prose:
            say(f"\n{gettext(heading)}\n{gettext(prose).strip()}")
    say("\n" + gettext("Rules"))
    for line in rule_lines(control, standard):
        say(f"  {gettext(line)}")
    if control.references:
        say("\n" + gettext("Related: {names}", names=", ".join(control.references)))


@standards.command()
@click.argument("references", nargs=-1, metavar="[ID[@VERSION]|FILE]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def lint(ctx: click.Context, references: tuple[str, ...], as_json: bool) -> int:
    """Check packs for what their author would miss. Exit status 1 when something is wrong.

    The list of changes is held against the version before, where that is known; released versions against released.toml.

    \b
    Example:
      compliance-tui standards lint my-standard/1.1.toml
    """
    folders = standard_folders(extra_standards(ctx))
    packs = _packs(references, folders)
    findings = [
        (pack.path, line_in(pack, finding.location), finding) for pack in packs for finding in _findings(ctx, pack, folders)
    ]
    findings += [found for pack in packs for found in lint_translations(pack.standard, pack.sha256, pack.path)]
    if as_json:
        print_json([{"path": str(path), "line": line, "where": one.where, "text": one.text} for path, line, one in findings])
    else:
        for path, line, one in findings:
            say(_finding_line(path, line, one))
        say(gettext("{checked} checked, {findings} findings", checked=len(packs), findings=len(findings)))
    return 1 if findings else 0


def _finding_line(path: Path, line: int, one: Finding) -> str:
    where, text = gettext(one.where), gettext(one.text)
    return gettext("{path}, line {line}: {where}: {text}", path=clean_line(str(path)), line=line, where=where, text=text)


def _packs(references: Sequence[str], folders: Sequence[Path]) -> list[Pack]:
    """The packs that were named; without names, all versions in the folders."""
    return [find_pack(one, folders) for one in references or [str(path) for path in pack_paths(folders)]]


def _findings(ctx: click.Context, pack: Pack, folders: Sequence[Path]) -> list[Finding]:
    from compliance_tui.cli.settings import extra_kinds
    from compliance_tui.evidence.kind import load_kinds

    kinds = {kind.id: {fact.name for fact in kind.facts} for kind in load_kinds(extra_kinds(ctx)).values()}
    # A pack that lies at its place has its neighbours beside it, whether or not that folder is known.
    places = list(dict.fromkeys([*folders, pack.home]))
    return lint_standard(pack.standard, kinds, versions_of(pack.standard.id, places, [pack.standard]))


@standards.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_context
def release(ctx: click.Context, path: Path) -> int:
    """Record a version as released: from then on its bytes never change. It must lint clean, at <id>/<version>.toml.

    \b
    Example:
      compliance-tui standards release standards/my-standard/1.0.toml
    """
    from compliance_tui.standard.released import add_release

    folders = standard_folders(extra_standards(ctx))
    pack = find_pack(str(path), folders)
    home = pack.path.resolve()
    if (home.parent.name, home.stem) != (pack.standard.id, pack.standard.version):
        place = f"<id>/<version>{pack.suffix}"
        text = message("{path}: a released pack lies at {place}", path=clean_line(str(path)), place=place)
        raise InputError("bad-standard", text)
    findings = _findings(ctx, pack, folders)
    for one in findings:
        say(_finding_line(pack.path, line_in(pack, one.location), one))
    if findings:
        say(gettext("not released; mend these first"))
        return 1
    add_release(home.parent.parent, pack.standard.id, pack.standard.version, pack.sha256)
    name = f"{pack.standard.id} {pack.standard.version}"
    say(gettext("{standard} is released, sha256 {sha256}", standard=name, sha256=pack.sha256))
    return 0


@standards.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--title", default=None, help="The title of the standard (default: its id).")
@click.option("--after", default=None, metavar="ID@VERSION|FILE", help="Start the next version of this one.")
@click.option("--released", default=None, metavar="DATE", help="The day of release (default: today).")
@click.pass_context
def new(ctx: click.Context, path: Path, title: str | None, after: str | None, released: str | None) -> None:
    """Write a starting pack with comments at PATH (<id>/<version>.toml); with --after, the next version of an old one.

    \b
    Example:
      compliance-tui standards new standards/my-standard/0.1.toml --title "My standard"
    """
    from compliance_tui.standard.new import next_version, starting_pack

    day = instant(released).date()
    if after is None:
        starting_pack(path, title, day)
    else:
        next_version(path, find_pack(after, standard_folders(extra_standards(ctx))), day)
    say(gettext("{path} written; `compliance-tui standards lint {path}` checks it as you go", path=path))


@standards.command()
@click.argument("reference", metavar="ID[@VERSION]|FILE")
@click.pass_context
def pin(ctx: click.Context, reference: str) -> None:
    """Answer one more standard in this assessment; evidence and people serve all of them.

    \b
    Example:
      compliance-tui standards pin jailbreak-risk@1.1
    """
    from compliance_tui.assessment.pins import pin_standard

    pack = find_pack(reference, standard_folders(extra_standards(ctx)))
    pin_standard(folder(ctx), pack, person(ctx), instant(None))
    say(pinned_line(pack.standard, pack.sha256))


@standards.command()
@click.argument("identifier", metavar="ID")
@click.pass_context
def unpin(ctx: click.Context, identifier: str) -> None:
    """Let a standard go. Its answers move to the archive and stay readable with `show CONTROL`.

    \b
    Example:
      compliance-tui standards unpin jailbreak-risk
    """
    from compliance_tui.assessment.pins import unpin_standard

    count = unpin_standard(folder(ctx), identifier, str(uuid.uuid4()), person(ctx), instant(None))
    say(
        ngettext(
            "{standard} is no longer pinned; {number} answer is in the archive",
            "{standard} is no longer pinned; {number} answers are in the archive",
            count,
            standard=identifier,
        )
    )


standards.add_command(diff)
standards.add_command(comment)
standards.add_command(comments)
