"""keymap: the keys of the terminal UI as text, for whoever cannot see its help page."""

import click

from compliance_tui.cli.settings import print_json, say
from compliance_tui.safe.language import gettext, message

# Every place of the table of actions, as a person calls it.
PLACES = {
    "start": message("Start page"),
    "controls": message("List of controls"),
    "control": message("One control"),
    "answer": message("Answering"),
    "evidence": message("Evidence"),
    "attach": message("Attaching"),
    "preview": message("Looking into a file"),
    "rating": message("Ratings"),
    "trying": message("Trying values of a rating"),
    "readiness": message("Readiness"),
    "history": message("History"),
    "versions": message("Versions"),
    "difference": message("Two versions side by side"),
    "move": message("A move to another version"),
    "release": message("The release"),
    "verdict": message("Verdict on a bundle"),
    "answers": message("Answers of a bundle"),
    "statements": message("Statements about a bundle"),
    "comparison": message("Comparison"),
    "form": message("Forms"),
    "reading": message("Other texts"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def keymap(as_json: bool) -> None:
    """List the keys of the terminal UI, page by page, with your own keys in place.

    \b
    Example:
      compliance-tui keymap
    """
    from compliance_tui.tui.keymap import keys_file, keys_name, load_keys

    keys = load_keys()
    if as_json:
        rows = [(place, one) for place in PLACES for one in keys.at(place)]
        print_json(
            [
                {"place": place, "action": one.id, "keys": list(one.keys), "title": one.title, "help": one.help}
                for place, one in rows
            ]
        )
        return
    for place, name in PLACES.items():
        if not keys.at(place):
            continue
        say(gettext(name))
        for one in keys.at(place):
            say(f"  {keys_name(one)}  {gettext(one.title)}: {gettext(one.help)}")
        say()
    say(gettext('Your own keys: one line for each action in {file}, such as  answer = "a f7"', file=keys_file()))
