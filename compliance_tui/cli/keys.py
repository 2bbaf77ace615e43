"""keys new, show, list."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from compliance_tui.cli.settings import print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.keys import LARGEST_KEY_FILE, new_key
from compliance_tui.trust.public_key import PublicKey, parse_public_key


def passphrase_from(descriptor: int | None, name: str) -> Callable[[], bytes]:
    """How to get a passphrase: from a file descriptor, or asked on the terminal; never from an argument."""

    def ask() -> bytes:
        if descriptor is not None:
            try:
                content = os.read(descriptor, 4096)
            except OSError:
                raise InputError("no-passphrase", f"--passphrase-fd {descriptor}: cannot be read") from None
            return content.split(b"\n")[0]
        if not sys.stdin.isatty():
            raise InputError("no-passphrase", f"{clean_line(name)}: is encrypted; pass its passphrase with --passphrase-fd")
        return str(click.prompt(f"Passphrase of {name}", hide_input=True, err=True)).encode()

    return ask


@click.group()
def keys() -> None:
    """Ed25519 keys that sign bundles."""


@keys.command("new")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--passphrase-fd", type=int, default=None, metavar="N", help="Read the passphrase from this file descriptor.")
@click.option("--unencrypted", is_flag=True, help="Without a passphrase; for demonstrations and sealed machines only.")
def new(path: Path, passphrase_fd: int | None, unencrypted: bool) -> None:
    """Make a key: PATH (secret), PATH.pub and PATH.pub.pem (to hand out).

    \b
    Example:
      compliance-tui keys new ~/.config/compliance-tui/ada.key
    """
    passphrase = None
    if not unencrypted:
        passphrase = passphrase_from(passphrase_fd, path.name)()
        if len(passphrase) < 8:
            raise InputError("weak-passphrase", "the passphrase has fewer than 8 characters; take a longer one")
        if passphrase_fd is None and click.prompt("Once more", hide_input=True, err=True).encode() != passphrase:
            raise InputError("bad-passphrase", "the two passphrases differ; nothing was written")
    public = new_key(path, passphrase)
    say(f"{path}: new key, keep it secret")
    _show(public)


def _show(public: PublicKey) -> None:
    say(f"key id       {public.key_id}")
    say(f"fingerprint  {public.fingerprint}")
    say(f"public       {public.openssh}")


def _read(path: Path) -> PublicKey:
    beside = path.with_name(path.name + ".pub")
    source = beside if path.suffix not in (".pub", ".pem") and beside.exists() else path
    return parse_public_key(read_bounded(source, LARGEST_KEY_FILE).decode("utf-8", "replace"), str(source))


@keys.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(path: Path, as_json: bool) -> None:
    """Show the public half of a key: its id, its fingerprint, the line to hand out.

    \b
    Example:
      compliance-tui keys show ada.key
    """
    public = _read(path)
    if as_json:
        print_json({"key_id": public.key_id, "fingerprint": public.fingerprint, "public": public.openssh})
    else:
        _show(public)


@keys.command("list")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
def listing(directory: Path) -> None:
    """List the keys in a folder by their public halves.

    \b
    Example:
      compliance-tui keys list keys
    """
    if not directory.is_dir():
        raise InputError("not-found", f"{clean_line(str(directory))}: no such folder")
    for path in sorted(directory.glob("*.pub")):
        say(f"{path.name}  {_read(path).fingerprint}")
