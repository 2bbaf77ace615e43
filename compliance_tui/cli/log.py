"""log show, verify, prove, checkpoint: the audit log, and what it can show."""

from pathlib import Path

import click

from compliance_tui.assessment import audit
from compliance_tui.assessment.folder import read_assessment
from compliance_tui.assessment.log import read_log
from compliance_tui.cli.settings import folder, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import write_atomic, writing
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line


@click.group()
def log() -> None:
    """The audit log: one line for each change, as a tree that can be proven to continue."""


@log.command()
@click.option("--about", default="", metavar="TEXT", help="Only entries about this control, item or person.")
@click.option("--last", default=50, show_default=True, metavar="N", help="At most the last N entries.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def show(ctx: click.Context, about: str, last: int, as_json: bool) -> None:
    """Show who did what, when.

    \b
    Example:
      compliance-tui log show --about FR-SAF-02
    """
    entries = [one for one in read_log(folder(ctx)) if not about or about in map(str, one.values())][-last:]
    if as_json:
        print_json(entries)
        return
    for one in entries:
        what = " ".join(str(one[name]) for name in ("control", "item", "person", "seat", "standard") if name in one)
        who = clean_line(str(one.get("by", "?")), 60)
        say(f"{one['seq']}  {one.get('at', '?')}  {who}  {one.get('act', '?')}  {what}".rstrip())


@log.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> int:
    """Check that the log hangs together and ends where the records are. Exit status 1 when it does not.

    It cannot show that a log which never left this place was not written anew; heads that others remember do that.

    \b
    Example:
      compliance-tui log verify
    """
    read_assessment(folder(ctx))
    report = audit.verify_log(folder(ctx))
    if as_json:
        print_json({"size": report.size, "root": report.root.hex(), "faults": list(report.faults)})
    else:
        for fault in report.faults:
            say(gettext(fault))
        faults = len(report.faults)
        say(gettext("{lines} lines, head {root}, {faults} faults", lines=report.size, root=report.root.hex(), faults=faults))
    return 1 if report.faults else 0


@log.command()
@click.option("--line", type=int, default=None, help="That this line is in the log (the first is 1).")
@click.option("--since", type=int, default=None, metavar="SIZE", help="That the log continues its first SIZE lines.")
@click.option("--root", "old_root", default=None, metavar="HEX", help="The head of those lines, as somebody remembered it.")
@click.pass_context
def prove(ctx: click.Context, line: int | None, since: int | None, old_root: str | None) -> None:
    """Print a proof (RFC 6962) as JSON: that a line is in the log, or that the log continues an earlier head.

    \b
    Example:
      compliance-tui log prove --since 120 --root 5d1f…
    """
    if (line is None) == (since is None):
        raise InputError("bad-option", message("say what to prove: --line N, or --since SIZE"))
    try:
        remembered = bytes.fromhex(old_root) if old_root else None
    except ValueError:
        raise InputError("bad-option", message("--root is the head in hexadecimal, 64 digits")) from None
    root = folder(ctx)
    print_json(audit.inclusion(root, line) if line is not None else audit.consistency(root, since or 0, remembered))


@log.command()
@click.option("--key", required=True, help="The Ed25519 key that signs; as for export.")
@click.option("--passphrase-fd", type=int, default=None, metavar="N", help="Read the passphrase from there.")
@click.option("--origin", default=None, help="Whose log it is (default: the assessment's series).")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=None, help="Where to write it (default: standard output)."
)
@click.pass_context
def checkpoint(ctx: click.Context, key: str, passphrase_fd: int | None, origin: str | None, output: Path | None) -> None:
    """Sign the head of the log as a note (C2SP tlog-checkpoint), for somebody else to remember.

    \b
    Example:
      compliance-tui log checkpoint --key ada.key -o head.txt
    """
    from compliance_tui.cli.keys import passphrase_from
    from compliance_tui.trust.keys import load_signer
    from compliance_tui.trust.merkle import Checkpoint, sign_checkpoint

    assessment = read_assessment(folder(ctx))
    report = audit.verify_log(folder(ctx))
    signer = load_signer(key, passphrase_from(passphrase_fd, key))
    signed = sign_checkpoint(Checkpoint(origin or f"compliance-tui/{assessment.series}", report.size, report.root), signer)
    if output is None:
        click.echo(signed.decode(), nl=False)
        return
    with writing(output):
        write_atomic(output, signed)
    key = signer.public.fingerprint
    say(gettext("{path}: head of {lines} lines, signed by {key}", path=output, lines=report.size, key=key))
