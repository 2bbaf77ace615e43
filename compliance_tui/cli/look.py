"""recent, evidence preview: the plain twins of the start page and of looking into a file."""

import click

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.preview import preview as preview_file
from compliance_tui.assessment.store import open_store
from compliance_tui.cli.settings import folder, note, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.text import clean_line


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def recent(as_json: bool) -> None:
    """List the assessments and bundles that were opened last in the terminal UI, with the verdict of that time.

    \b
    Example:
      compliance-tui recent
    """
    from compliance_tui.tui.memory import recent as remembered

    entries = remembered()
    if as_json:
        print_json(entries)
        return
    for entry in entries:
        say(f"{entry.get('name', '?')}: {entry.get('verdict', '?').replace('-', ' ')} ({entry.get('what', '?')})")
        say(f"  {entry['path']}, opened {entry.get('opened', '?')}")
    if not entries:
        say("nothing was opened yet")


@click.command()
@click.argument("item")
@click.option("--file", "number", type=click.IntRange(min=1), default=1, help="Which of its files (default: the first).")
@click.pass_context
def preview(ctx: click.Context, item: str, number: int) -> None:
    """Show the beginning of a file of an item: text, indented JSON, tables, SARIF results, the header of an evaluation log.

    \b
    Example:
      compliance-tui evidence preview E-0001
    """
    contents = load(folder(ctx))
    found = contents.items.get(item)
    if found is None:
        raise InputError("unknown-item", f"there is no evidence item {clean_line(item, 30)}; `evidence list` shows them")
    if number > len(found.files):
        raise InputError("unknown-file", f"{found.id} has {len(found.files)} files; choose one of them")
    file, store = found.files[number - 1], open_store(contents.root, contents.assessment)
    shown = preview_file(lambda: store.open(file.sha256), file.name)
    say(f"{found.id} {file.name}: {shown.form}, {file.size:,} bytes")
    for line in shown.lines:
        say(line)
    if shown.cut:
        note("this is only its beginning")
