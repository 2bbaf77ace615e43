"""recent, evidence preview: the plain twins of the start page and of looking into a file."""

import click

from compliance_tui.assessment.preview import preview as preview_file
from compliance_tui.assessment.store import open_store
from compliance_tui.cli.reading import opened
from compliance_tui.cli.settings import note, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message, nmessage
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word


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
        verdict, what = gettext(word(entry.get("verdict", "?"))), gettext(word(entry.get("what", "?")))
        say(f"{entry.get('name', '?')}: {verdict} ({what})")
        say("  " + gettext("{path}, opened {instant}", path=entry["path"], instant=entry.get("opened", "?")))
    if not entries:
        say(gettext("nothing was opened yet"))


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
    there = opened(ctx)
    contents = there.contents
    found = contents.items.get(item)
    if found is None and item in there.hidden:
        text = message("{item}: {how}; nothing of it can be shown", item=item, how=word(there.hidden[item]))
        raise InputError("hidden", text)
    if found is None:
        text = message("there is no evidence item {item}; `evidence list` shows them", item=clean_line(item, 30))
        raise InputError("unknown-item", text)
    if number > len(found.files):
        text = nmessage(
            "{item} has {number} file; choose that",
            "{item} has {number} files; choose one of them",
            len(found.files),
            item=found.id,
        )
        raise InputError("unknown-file", text)
    file = found.files[number - 1]
    if there.looked is not None:
        from compliance_tui.bundle.look import preview_file as preview_member

        shown = preview_member(there.looked, found.id, there.paths[found.id][number - 1], file.name)
    else:
        store = open_store(contents.root, contents.assessment)
        shown = preview_file(lambda: store.open(file.sha256), file.name)
    form = gettext(shown.form)
    say(gettext("{item} {file}: {form}, {size:,} bytes", item=found.id, file=file.name, form=form, size=file.size))
    for line in shown.lines:
        say(line)
    if shown.cut:
        note(gettext("this is only its beginning"))
