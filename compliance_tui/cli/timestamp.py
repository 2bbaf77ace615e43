"""timestamp request, attach: trusted times from an authority, which may well be on another machine than the bundle."""

from collections.abc import Sequence
from pathlib import Path

import click

from compliance_tui.cli.settings import instant, note, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic, writing
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line


@click.group()
def timestamp() -> None:
    """RFC 3161 time stamps over the signatures of a bundle: a query to carry out, an answer to bring back."""


@timestamp.command()
@click.argument("target", metavar="BUNDLE|SIGNATURE", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The query to write (.tsq).")
@click.option("--envelope", default="", metavar="NAME", help="Which signature, where there are several: how its name begins.")
def request(target: Path, output: Path, envelope: str) -> None:
    """Write a query for a time stamp over one signature. Nothing is sent: carry it to the authority yourself.

    \b
    Example:
      compliance-tui timestamp request northwind-2.zip -o northwind-2.tsq
      curl -H "Content-Type: application/timestamp-query" --data-binary @northwind-2.tsq https://tsa.example > northwind-2.tsr
    """
    from compliance_tui.trust.timestamps import request as query

    name, content = _chosen(target, envelope)
    with writing(output):
        write_atomic(output, query(content))
    say(gettext("{path}: asks for the time of {name}", path=output, name=name))
    say(gettext("the answer belongs into the bundle: `compliance-tui timestamp attach BUNDLE ANSWER`"))


@timestamp.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("tokens", nargs=-1, required=True, metavar="TOKEN...", type=click.Path(path_type=Path))
@click.option(
    "--trust", type=click.Path(path_type=Path), default=None, help="Take only what this policy's authorities stamped."
)
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
def attach(bundle: Path, tokens: Sequence[Path], trust: Path | None, as_of: str | None) -> None:
    """Put time stamps beside the signatures that they are over; the bundle id stays.

    \b
    Example:
      compliance-tui timestamp attach northwind-2.zip northwind-2.tsr --trust trust.toml
    """
    from compliance_tui.bundle.sign import add_files
    from compliance_tui.cli.trust import read_policy
    from compliance_tui.trust.timestamps import LARGEST_TOKEN, check_token, place_token, read_token

    authorities = read_policy(trust).tsa if trust else []
    for path in tokens:
        content = read_bounded(path, LARGEST_TOKEN)
        envelopes, held = _signatures(bundle)
        envelope, place = place_token(content, str(path), envelopes, held)
        at = format_instant(read_token(content, str(path)).at)
        if trust is not None:
            checked = check_token(str(path), content, dict(envelopes)[envelope], authorities, instant(as_of))
            if checked.time is None:
                text = message("{path}: {reason}; not attached", path=clean_line(str(path)), reason=checked.text)
                raise InputError("not-trusted", text)
            at = gettext("{instant}, as {authority} saw it", instant=at, authority=checked.time.tsa)
        add_files(bundle, {place: content})
        say(gettext("{bundle}: {file} says {instant}", bundle=bundle, file=place, instant=at))
    if trust is None:
        note(gettext("not verified: `--trust POLICY` checks who stamped, `compliance-tui verify` does so in any case"))


def _signatures(bundle: Path) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """The signatures of a bundle, each with what a stamp of it is over, and the tokens beside them."""
    from compliance_tui.bundle.attestation import read_attestations
    from compliance_tui.bundle.tree import open_tree

    with open_tree(bundle) as tree:
        found = read_attestations(tree)
    return [one for each in found for one in each.stampable], [one for each in found for one in each.tokens]


def _chosen(target: Path, wanted: str) -> tuple[str, bytes]:
    """One signature, as ``_signatures`` has it: the file itself, or the one of a bundle whose (file) name begins as wanted."""
    from compliance_tui.trust.dsse import LARGEST_ENVELOPE, LARGEST_PAYLOAD, read_envelope
    from compliance_tui.trust.sshsig import LARGEST_SSHSIG, read_ssh_signature
    from compliance_tui.trust.timestamps import stamped_bytes

    if target.name.endswith(".sshsig"):  # it does not hold what it signs; that lies beside it
        content = read_bounded(target, LARGEST_SSHSIG)
        read_ssh_signature(content, str(target))
        statement = read_bounded(target.with_name("statement.json"), LARGEST_PAYLOAD)
        return target.name, stamped_bytes(target.name, content, statement)
    if target.name.endswith(".dsse.json"):
        content = read_bounded(target, LARGEST_ENVELOPE)
        read_envelope(content, str(target))
        return target.name, content
    envelopes, _ = _signatures(target)
    fitting = [one for one in envelopes if one[0].startswith(wanted) or one[0].rpartition("/")[2].startswith(wanted)]
    if len(fitting) != 1:
        names = ", ".join(name for name, _ in envelopes[:8]) or message("none")
        where = clean_line(str(target))
        if fitting:
            text = message(
                "{path}: several signatures; say which with --envelope (there are: {names})", path=where, names=names
            )
        else:
            text = message("{path}: no such signature to stamp (there are: {names})", path=where, names=names)
        raise InputError("which-envelope", text)
    return fitting[0]
