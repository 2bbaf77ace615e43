"""redact, disclose."""

from collections.abc import Sequence
from pathlib import Path

import click

from compliance_tui.cli.bundle import seal_options, sealing_from
from compliance_tui.cli.keys import KEY_OPTION, PASSPHRASE_OPTION, load_signers
from compliance_tui.cli.settings import Bar, instant, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--withhold", multiple=True, metavar="ITEM", help="Leave this item out (E-0001, or A-STANDARD.CONTROL).")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The edition to write.")
@click.option("--dir", "as_folder", is_flag=True, help="Write a plain folder instead of a ZIP.")
@seal_options
@KEY_OPTION
@PASSPHRASE_OPTION
@click.option("--as-of", default=None, metavar="T", help="The instant of the delivery (default: now).")
def redact(
    bundle: Path,
    withhold: Sequence[str],
    output: Path,
    as_folder: bool,
    sealed: Sequence[str],
    recipients: Sequence[str],
    escrow: str | None,
    escrow_identity: Path | None,
    keys: Sequence[str],
    passphrase_fd: int | None,
    as_of: str | None,
) -> None:
    """Write an edition: the same bundle without some items, or with some sealed, under the same id and signatures.

    \b
    Example:
      compliance-tui redact northwind-2.zip --withhold E-0003 --withhold A-frontier-release.FR-WGT-01 -o public.zip
      compliance-tui redact northwind-2.zip --seal E-0004 --seal-to age1… --escrow escrow.pub --key ada.key -o sealed.zip
    """
    from compliance_tui.bundle.editions import redact as write_edition

    if not withhold and not sealed:
        text = message("say what to leave out with --withhold ITEM, or what to encrypt with --seal ITEM")
        raise InputError("bad-option", text)
    done = write_edition(
        bundle,
        output,
        withhold,
        folder=as_folder,
        sealing=sealing_from(sealed, recipients, escrow, escrow_identity),
        as_of=instant(as_of),
        signers=load_signers(keys, passphrase_fd),
        progress=Bar(message("checked"), bundle.stat().st_size if bundle.is_file() else 0),
    )
    say(gettext("{path}: an edition of the same bundle", path=done.path))
    say(gettext("bundle id {id}", id=done.bundle_id))
    if done.withheld:
        say(gettext("withheld, but committed to: {items}", items=", ".join(done.withheld)))
    if done.sealed:
        say(gettext("sealed, but committed to: {items}", items=", ".join(done.sealed)))


@click.command()
@click.argument("source", metavar="BUNDLE|ASSESSMENT", type=click.Path(path_type=Path))
@click.option("--item", required=True, metavar="ITEM", help="Which item (E-0001, or A-STANDARD.CONTROL).")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@click.option("--bundle-id", default=None, metavar="ID", help="Which export's item (default: the latest's).")
def disclose(source: Path, item: str, output: Path, bundle_id: str | None) -> None:
    """Write one item's folder, to hand over later. It proves itself: `verify BUNDLE --with FOLDER`.

    From an assessment it comes out of what was withheld at an export, with the nonce that its bundle commits to.

    \b
    Example:
      compliance-tui disclose release --item E-0003 -o E-0003
    """
    from compliance_tui.bundle.editions import disclose as write_item

    found = write_item(source, item, output, bundle_id=bundle_id)
    say(gettext("{path}: {item} as bundle {id} commits to it", path=output, item=item, id=found))
    say(gettext("the reviewer proves it with `compliance-tui verify BUNDLE --with {path}`", path=output))
