"""standards comment, standards comments: what to tell those who write a standard."""

from pathlib import Path

import click

from compliance_tui.assessment.folder import read_assessment
from compliance_tui.cli.settings import extra_standards, folder, instant, person, piped_text, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import write_atomic, writing
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.model import validate
from compliance_tui.safe.strict_json import dump_json
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.comments import Comment, Comments, add_comment, comments_markdown, read_comments
from compliance_tui.standard.load import Pack, find_pack, read_pack, standard_folders


def _pack(ctx: click.Context, control: str, reference: str | None) -> Pack:
    """The version that is commented on: the one named, else the pinned one that has the control."""
    if reference is not None:
        return find_pack(reference, standard_folders(extra_standards(ctx)))
    root = folder(ctx)
    packs = [read_pack(root / "standards" / pin.file_name) for pin in read_assessment(root).standards]
    found = [pack for pack in packs if pack.standard.control(control) is not None]
    if len(found) == 1:
        return found[0]
    name = clean_line(control, 80)
    if found:
        text = message("several pinned standards have a control {control}; name the version with --of ID@VERSION", control=name)
    else:
        text = message("no pinned standard has a control {control}; name the version with --of ID@VERSION", control=name)
    raise InputError("unknown-control", text)


@click.command()
@click.argument("control")
@click.option("--of", "reference", default=None, metavar="ID@VERSION|FILE", help="The version (default: the one pinned here).")
@click.option("--text", required=True, metavar="TEXT|-", help="The comment; - reads it from standard input.")
@click.pass_context
def comment(ctx: click.Context, control: str, reference: str | None, text: str) -> None:
    """Keep a comment on a control of a draft, to be sent to those who write it.

    \b
    Example:
      compliance-tui standards comment FR-SAF-02 --text "Say whether repeated attempts count as one query."
    """
    pack = _pack(ctx, control, reference)
    if pack.standard.control(control) is None:
        name = f"{pack.standard.id} {pack.standard.version}"
        text = message("{standard} has no control {control}", standard=name, control=clean_line(control, 80))
        raise InputError("unknown-control", text)
    said = piped_text(20_000) if text == "-" else text
    kept = validate({"control": control, "by": person(ctx), "at": instant(None), "text": said}, Comment, message("the comment"))
    everything = add_comment(folder(ctx), pack.standard.id, pack.standard.version, pack.sha256, kept)
    standard = f"{pack.standard.id} {pack.standard.version}"
    count = len(everything.comments)
    say(ngettext("kept; {number} comment on {standard}", "kept; {number} comments on {standard}", count, standard=standard))


@click.command()
@click.option("--export", "target", type=click.Path(path_type=Path), default=None, metavar="DIR", help="Write them there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def comments(ctx: click.Context, target: Path | None, as_json: bool) -> None:
    """List the comments that are kept here; with --export write comments.md and comments.json to send them.

    \b
    Example:
      compliance-tui standards comments --export to-the-authors
    """
    kept = read_comments(folder(ctx))
    document = [one.model_dump(mode="json") for one in kept]
    if target is not None:
        with writing(target):
            target.mkdir(parents=True, exist_ok=True)
            write_atomic(target / "comments.md", comments_markdown(kept).encode())
            write_atomic(target / "comments.json", dump_json(document))
        say(
            ngettext(
                "{number} comment written to {text} and {data}",
                "{number} comments written to {text} and {data}",
                _count(kept),
                text=target / "comments.md",
                data=target / "comments.json",
            )
        )
    elif as_json:
        print_json(document)
    else:
        say(comments_markdown(kept).rstrip() if kept else gettext("no comments are kept here"))


def _count(kept: list[Comments]) -> int:
    return sum(len(one.comments) for one in kept)
