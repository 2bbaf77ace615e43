"""standards diff: two versions side by side."""

import click

from compliance_tui.cli.settings import extra_standards, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import text_name, word
from compliance_tui.standard.diff import Difference, Part, TextChange, diff_json
from compliance_tui.standard.diff import diff as diff_versions
from compliance_tui.standard.load import find_pack, standard_folders, versions_of

_CONTEXT_WORDS = 6


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--control", default=None, help="Only what concerns this control.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, control: str | None, as_json: bool) -> None:
    """Say what changed between two versions, whom it concerns, and what it does to old answers.

    OLD and NEW are ID@VERSION or a file; a NEW that is only @VERSION is of the same standard. Versions need not be neighbours:
    the steps between them are put together.

    \b
    Example:
      compliance-tui standards diff frontier-release@0.9 @1.1
    """
    folders = standard_folders(extra_standards(ctx))
    packs = [find_pack(old, folders)]
    before = packs[0].standard
    packs.append(find_pack(f"{before.id}{new}" if new.startswith("@") else new, folders))
    after = packs[1].standard
    places = list(dict.fromkeys([*folders, *(pack.home for pack in packs)]))
    found = diff_versions(before, after, versions_of(after.id, places, (before, after)))
    shown = [one for one in found.differences if control is None or control in (*one.move.old, *one.move.new)]
    if control is not None and not shown and before.control(control) is None and after.control(control) is None:
        text = message("neither version has a control {control}", control=clean_line(control, 80))
        raise InputError("unknown-control", text)
    if as_json:
        document = diff_json(found)
        document["changes"] = [
            entry for entry in document["changes"] if control is None or control in (*entry["from"], *entry["to"])
        ]
        print_json(document)
        return
    move = f"{before.id} {before.version} -> {after.id} {after.version}"
    say(ngettext("{move}: {number} change", "{move}: {number} changes", len(shown), move=move))
    if found.guessed:
        say(gettext("guessed from ids and texts: no list of changes leads from one to the other"))
    for one in shown:
        _say(one)


def _say(one: Difference) -> None:
    move = one.move
    ids = " -> ".join(filter(None, (", ".join(move.old), ", ".join(move.new)))) if move.old != move.new else ", ".join(move.new)
    kinds, effect = ", ".join(gettext(word(kind)) for kind in move.kinds), word(move.effect)
    say()
    say(gettext("{kinds}: {controls}   [old answer: {effect}]", kinds=kinds, controls=ids, effect=effect))
    for sentence in move.notes:
        say(f"  {gettext(sentence)}")
    if move.covered_by:
        say("  " + gettext("covered by {controls}", controls=", ".join(move.covered_by)))
    if one.affects:
        say("  " + gettext("concerns {whom}", whom="; ".join(map(gettext, one.affects))))
    for line in one.rules_before:
        say(f"  - {gettext(line)}")
    for line in one.rules_after:
        say(f"  + {gettext(line)}")
    for text in one.texts:
        name = gettext(text_name(text.field))
        if not len(move.old) == len(move.new) == 1:
            name = gettext("{field} of {old} -> {new}", field=name, old=text.old, new=text.new)
        say(f"  {name}: {changed_words(text)}")


def changed_words(text: TextChange) -> str:
    """A text with what went and what came, word by word, in one line."""
    return " ".join(filter(None, map(_part, text.parts)))


def _part(part: Part) -> str:
    """Removed and added words as ``[-…-]`` and ``{+…+}``; of what was kept, the words around them."""
    sign, text = part
    words = text.split()
    if sign == "-":
        return f"[-{' '.join(words)}-]"
    if sign == "+":
        return f"{{+{' '.join(words)}+}}"
    if len(words) <= 2 * _CONTEXT_WORDS:
        return " ".join(words)
    return " ".join([*words[:_CONTEXT_WORDS], "…", *words[-_CONTEXT_WORDS:]])
