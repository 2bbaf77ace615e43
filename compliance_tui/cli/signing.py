"""Before anything is signed: what it is, to the last byte, and the question whether to sign it."""

import hashlib
import sys
from collections.abc import Sequence

import click

from compliance_tui.cli.settings import note
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message
from compliance_tui.trust.keys import Signer

YES_OPTION = click.option("--yes", is_flag=True, help="Sign without asking; what is signed is shown all the same.")


def show_and_ask(content: bytes, name: str, signers: Sequence[Signer], yes: bool) -> None:
    """Show the statement on standard error; on a terminal, ask. Raises InputError ``not-signed`` for a no."""
    sha256 = hashlib.sha256(content).hexdigest()
    note(gettext("To be signed ({name}, sha256 {sha256}):", name=name, sha256=sha256))
    note(content.decode("utf-8", "replace").rstrip())
    for signer in signers:
        note(gettext("with the key {fingerprint}", fingerprint=signer.public.fingerprint))
    if not yes and sys.stdin.isatty() and not click.confirm(gettext("Sign this?"), err=True):
        raise InputError("not-signed", message("nothing was signed"))
