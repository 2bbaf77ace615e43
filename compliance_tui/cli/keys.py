"""keys new, show, list; and how every command that signs is given its keys."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from compliance_tui.cli.settings import note, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.keys import LARGEST_KEY_FILE, KeyType, Signer, load_signer, new_key, public_half
from compliance_tui.trust.public_key import PublicKey, parse_public_key

_LONGEST_PASSPHRASE = 4096
_KEY_HELP = (
    "A key that signs: a file, agent:SHA256:…, pkcs11:…, or the address of a cloud's key (awskms:, gcpkms:, azurekms:, hv:)."
)

KEY_OPTION = click.option("--key", "keys", multiple=True, metavar="KEY", help=_KEY_HELP)
PASSPHRASE_OPTION = click.option(
    "--passphrase-fd",
    type=int,
    default=None,
    metavar="N",
    help="Read passphrases and PINs from this file descriptor, one on a line, in the order of the keys.",
)


def load_signers(keys: Sequence[str], descriptor: int | None) -> list[Signer]:
    """The signers that ``--key`` named; a passphrase comes from the descriptor or from the terminal. Raises InputError."""
    return [load_signer(key, passphrase_from(descriptor, key)) for key in keys]


def passphrase_from(descriptor: int | None, name: str) -> Callable[[], bytes]:
    """How to get a passphrase: from a file descriptor, or asked on the terminal; never from an argument."""

    def ask() -> bytes:
        if descriptor is not None:
            return _line_of(descriptor)
        if not sys.stdin.isatty():
            text = message("{key}: needs a passphrase; pass it with --passphrase-fd", key=clean_line(name))
            raise InputError("no-passphrase", text)
        key = clean_line(name, 60)
        prompt = gettext("PIN of {key}", key=key) if name.startswith("pkcs11:") else gettext("Passphrase of {key}", key=key)
        return str(click.prompt(prompt, hide_input=True, err=True)).encode()

    return ask


def _line_of(descriptor: int) -> bytes:
    """The next line, read byte by byte: what follows is for the next key."""
    line = b""
    try:
        while len(line) < _LONGEST_PASSPHRASE and (byte := os.read(descriptor, 1)) != b"\n":
            if not byte and not line:
                text = message("--passphrase-fd {number}: has no further line; give one for each key", number=descriptor)
                raise InputError("no-passphrase", text)
            if not byte:
                break
            line += byte
    except OSError:
        text = message("--passphrase-fd {number}: cannot be read", number=descriptor)
        raise InputError("no-passphrase", text) from None
    return line


@click.group()
def keys() -> None:
    """Keys that sign bundles: Ed25519 and ECDSA P-256, in files, in ssh-agent, in tokens and in key services."""


@keys.command("new")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--type", "kind", type=click.Choice(["ed25519", "p256"]), default="ed25519", show_default=True)
@PASSPHRASE_OPTION
@click.option("--unencrypted", is_flag=True, help="Without a passphrase; for demonstrations and sealed machines only.")
def new(path: Path, kind: KeyType, passphrase_fd: int | None, unencrypted: bool) -> None:
    """Make a key: PATH (secret), PATH.pub and PATH.pub.pem (to hand out).

    \b
    Example:
      compliance-tui keys new ~/.config/compliance-tui/ada.key
    """
    passphrase = None
    if not unencrypted:
        passphrase = passphrase_from(passphrase_fd, path.name)()
        if len(passphrase) < 8:
            raise InputError("weak-passphrase", message("the passphrase has fewer than 8 characters; take a longer one"))
        if passphrase_fd is None and click.prompt(gettext("Once more"), hide_input=True, err=True).encode() != passphrase:
            raise InputError("bad-passphrase", message("the two passphrases differ; nothing was written"))
    public = new_key(path, passphrase, kind)
    say(gettext("{path}: new key, keep it secret", path=path))
    _show(public)


def _show(public: PublicKey) -> None:
    rows = {gettext("kind"): public.kind}
    if public.application is not None:
        application = public.application
        rows[gettext("application")] = gettext("{name} (signs SSH signatures only, never a DSSE envelope)", name=application)
    rows[gettext("key id")] = public.key_id
    rows[gettext("fingerprint")] = public.fingerprint
    rows[gettext("public")] = public.openssh
    width = max([11, *map(len, rows)])
    for name, value in rows.items():
        say(f"{name:<{width}}  {value}")


@keys.command()
@click.argument("key", metavar="KEY")
@PASSPHRASE_OPTION
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(key: str, passphrase_fd: int | None, as_json: bool) -> None:
    """Show the public half of a key: its kind, its id, its fingerprint, the line to hand out.

    KEY is a file, agent:SHA256:…, pkcs11:…, or the address of a cloud's key.

    \b
    Example:
      compliance-tui keys show ada.key
      compliance-tui keys show "pkcs11:token=lab;object=sign"
    """
    public = public_half(key, passphrase_from(passphrase_fd, key))
    if as_json:
        signs = ["dsse", "sshsig"] if public.application is None else ["sshsig"]
        print_json(
            {
                "kind": public.kind,
                "key_id": public.key_id,
                "fingerprint": public.fingerprint,
                "public": public.openssh,
                "application": public.application,
                "signs": signs,
            }
        )
    else:
        _show(public)


@keys.command("list")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--agent", is_flag=True, help="The keys in ssh-agent instead.")
def listing(directory: Path, agent: bool) -> None:
    """List the keys in a folder by their public halves, or those in ssh-agent.

    \b
    Example:
      compliance-tui keys list keys
      compliance-tui keys list --agent
    """
    if agent:
        from compliance_tui.trust.agent import agent_keys

        for one in agent_keys():
            say(f"agent:{one.public.fingerprint}  {one.public.kind}  {clean_line(one.comment, 60)}")
        return
    if not directory.is_dir():
        raise InputError("not-found", message("{path}: no such folder", path=clean_line(str(directory))))
    for path in sorted(directory.glob("*.pub")):
        try:
            public = parse_public_key(read_bounded(path, LARGEST_KEY_FILE).decode("utf-8", "replace"), path.name)
            say(f"{path.name}  {public.fingerprint}  {public.kind}")
        except InputError as error:  # an RSA key beside the others is no reason to hide them
            note(gettext(str(error)))
