"""standards comment, standards comments: what to tell those who write a standard."""

from pathlib import Path

import click

from compliance_tui.assessment.folder import read_assessment
from compliance_tui.cli.settings import extra_standards, folder, instant, person, piped_text, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import write_atomic, writing
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
    what = "several pinned standards have" if found else "no pinned standard has"
    raise InputError("unknown-control", f"{what} a control {clean_line(control, 80)}; name the version with --of ID@VERSION")


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
        raise InputError("unknown-control", f"{name} has no control {clean_line(control, 80)}")
    said = piped_text(20_000) if text == "-" else text
    kept = validate({"control": control, "by": person(ctx), "at": instant(None), "text": said}, Comment, "the comment")
    everything = add_comment(folder(ctx), pack.standard.id, pack.standard.version, pack.sha256, kept)
    say(f"kept; {len(everything.comments)} comments on {pack.standard.id} {pack.standard.version}")


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
        say(f"{_count(kept)} comments written to {target / 'comments.md'} and {target / 'comments.json'}")
    elif as_json:
        print_json(document)
    else:
        say(comments_markdown(kept).rstrip() if kept else "no comments are kept here")


def _count(kept: list[Comments]) -> int:
    return sum(len(one.comments) for one in kept)
