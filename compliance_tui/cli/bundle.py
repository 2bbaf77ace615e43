"""export, sign, verify."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compliance_tui.assessment.folder import load
from compliance_tui.cli.keys import KEY_OPTION, PASSPHRASE_OPTION, load_signers
from compliance_tui.cli.settings import (
    NOT_ACCEPTED,
    READY,
    Bar,
    escrow_recipient,
    extra_kinds,
    folder,
    instant,
    note,
    person,
    print_json,
    say,
)
from compliance_tui.cli.signing import YES_OPTION, show_and_ask
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.words import word

if TYPE_CHECKING:
    from compliance_tui.bundle.sealing import Sealing
    from compliance_tui.bundle.state import Memory
    from compliance_tui.bundle.verdict import Verification
    from compliance_tui.trust.policy import Policy

SEAL_OPTIONS = (
    click.option("--seal", "sealed", multiple=True, metavar="ITEM", help="Put this item in encrypted."),
    click.option(
        "--seal-to", "recipients", multiple=True, metavar="RECIPIENT", help="Who can open it: age1…, ssh-…, or a file."
    ),
    click.option("--escrow", default=None, metavar="RECIPIENT", help="The lab's own recipient, who can always open it."),
    click.option(
        "--escrow-identity",
        type=click.Path(path_type=Path),
        default=None,
        metavar="FILE",
        help="Its secret key: each ciphertext is opened once as a check.",
    ),
)


def seal_options(command: click.decorators.FC) -> click.decorators.FC:
    """The options that say what is sealed, and to whom."""
    for option in reversed(SEAL_OPTIONS):
        command = option(command)
    return command


def sealing_from(
    sealed: Sequence[str], recipients: Sequence[str], escrow: str | None, escrow_identity: Path | None
) -> "Sealing | None":
    """What is to be sealed; None where nothing is. Raises InputError where a recipient or the escrow is missing."""
    if not sealed:
        if recipients:
            raise InputError("bad-option", message("--seal-to goes with --seal ITEM: say what is to be sealed"))
        return None
    if not recipients:
        raise InputError("bad-option", message("--seal wants --seal-to RECIPIENT: say who can open it"))
    escrow = escrow or escrow_recipient()
    if not escrow:
        why = message(
            "the lab must be able to open what it sealed: name its own recipient with --escrow, or in the configuration file"
        )
        raise InputError("no-escrow", why)
    from compliance_tui.bundle.seal import read_identities, read_recipients
    from compliance_tui.bundle.sealing import Sealing

    identities = read_identities(escrow_identity) if escrow_identity else []
    return Sealing(tuple(sealed), tuple(read_recipients(recipients)), read_recipients([escrow])[0], tuple(identities))


@click.command()
@click.option(
    "-o",
    "--output",
    default=None,
    type=click.Path(path_type=Path),
    help="The ZIP (or with --dir the folder) to write.",
)
@click.option("--dry-run", is_flag=True, help="Only say what the signatures would cover; write nothing.")
@click.option("--dir", "as_folder", is_flag=True, help="Write a plain folder instead of a ZIP.")
@KEY_OPTION
@PASSPHRASE_OPTION
@click.option("--attester", default=None, metavar="ID", help="Who attests (default: the subject's name).")
@click.option("--as-of", default=None, metavar="T", help="The instant of the assessment (default: now).")
@click.option("--valid-until", default=None, metavar="T", help="Until when the lab stands by it.")
@click.option("--challenge", default=None, metavar="TEXT", help="What a regulator asked the statement to carry.")
@click.option(
    "--log-since",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="SIZE",
    help="Prove, too, that the audit log continues its first SIZE lines, which somebody remembers.",
)
@seal_options
@click.pass_context
def export(
    ctx: click.Context,
    output: Path | None,
    dry_run: bool,
    as_folder: bool,
    keys: Sequence[str],
    passphrase_fd: int | None,
    attester: str | None,
    as_of: str | None,
    valid_until: str | None,
    challenge: str | None,
    log_since: Sequence[int],
    sealed: Sequence[str],
    recipients: Sequence[str],
    escrow: str | None,
    escrow_identity: Path | None,
) -> None:
    """Write the bundle: answers, evidence, standards, the computed readiness, and signatures over all of it.

    With --dry-run it is only said what that would be: gaps, items, what is withheld, digests.

    \b
    Example:
      compliance-tui export --dry-run
      compliance-tui export -o northwind-2.zip --key ada.key --key ben.key
      compliance-tui export -o northwind-2.zip --key ada.key --seal E-0004 --seal-to age1… --escrow escrow.pub
    """
    from compliance_tui.bundle.export import export as export_bundle

    if dry_run:
        from compliance_tui.assessment.serving import faults_of
        from compliance_tui.cli.text import export_lines

        contents = load(folder(ctx))
        for line in export_lines(contents, contents.readiness(instant(as_of)), faults_of(contents)):
            say(line)
        return
    if output is None:
        raise click.UsageError(message("say where to write it with -o, or look at it first with --dry-run"))
    sealing = sealing_from(sealed, recipients, escrow, escrow_identity)
    signers = load_signers(keys, passphrase_fd)
    contents = load(folder(ctx))
    total = sum(item.size for item in contents.items.values())
    done = export_bundle(
        contents,
        output,
        instant(as_of),
        person(ctx),
        signers=signers,
        attester=attester,
        folder=as_folder,
        sealing=sealing,
        valid_until=instant(valid_until) if valid_until else None,
        challenge=challenge,
        log_since=log_since,
        progress=Bar(message("exported"), total),
    )
    told = gettext(
        "{items} items, {size:,} bytes, {verdict}", items=done.items, size=done.size, verdict=word(done.readiness.verdict)
    )
    say(f"{done.path}: {told}")
    say(gettext("bundle id {id}", id=done.bundle_id))
    if done.withheld:
        say(gettext("withheld, but committed to: {items}", items=", ".join(done.withheld)))
    if done.sealed:
        opened = (
            message("opened once as a check") if escrow_identity else message("not opened as a check: no --escrow-identity")
        )
        say(
            ngettext(
                "sealed to {number} recipient and the escrow, {opened}: {items}",
                "sealed to {number} recipients and the escrow, {opened}: {items}",
                len(recipients),
                opened=opened,
                items=", ".join(done.sealed),
            )
        )
    if done.log_broken:
        text = gettext(
            "the audit log no longer continues that of sequence {sequences}: a verifier who remembers it will not accept this "
            "bundle; bring back the lines that were there (see the log of the copy that exported it)",
            sequences=", ".join(map(str, done.log_broken)),
        )
        note(text)
    if not signers:
        note(gettext("unsigned: `compliance-tui sign BUNDLE --key KEY` adds a signature"))


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@KEY_OPTION
@PASSPHRASE_OPTION
@click.option(
    "--statement", "number", type=click.IntRange(1, 9999), default=1, show_default=True, help="Which statement in it."
)
@YES_OPTION
def sign(bundle: Path, keys: Sequence[str], passphrase_fd: int | None, number: int, yes: bool) -> None:
    """Add one more signature over a statement in the bundle, once everything under it has been checked.

    \b
    Example:
      compliance-tui sign northwind-2.zip --key ben.key
    """
    from compliance_tui.bundle.attestation import FOLDER, read_attestations
    from compliance_tui.bundle.sign import sign_bundle
    from compliance_tui.bundle.tree import open_tree

    if not keys:
        raise click.UsageError(message("name the key with --key"))
    signers = load_signers(keys, passphrase_fd)
    name = f"{FOLDER}/{number:04d}"
    with open_tree(bundle, front_first=True) as tree:
        chosen = next((one for one in read_attestations(tree) if one.name == name), None)
    if chosen is not None:
        show_and_ask(chosen.content, chosen.framed.name, signers, yes)
    for signer in signers:
        bundle_id = sign_bundle(bundle, signer, name, chosen.content if chosen else None)
        say(gettext("{bundle}: signed by {key}", bundle=bundle, key=signer.public.fingerprint))
        say(gettext("bundle id {id}", id=bundle_id))


def memory_of(state: Path | None, trust: Path | None, policy: "Policy | None") -> "Memory | None":
    """The state file: the one named, or ``NAME.state.json`` beside the trust policy; none without a policy."""
    if trust is None or policy is None:
        if state is not None:
            text = message("--state goes with --trust: without a policy there is nothing to remember")
            raise InputError("bad-option", text)
        return None
    from compliance_tui.bundle.state import Memory
    from compliance_tui.safe.toml import LARGEST_TOML

    return Memory.beside(trust, policy, read_bounded(trust, LARGEST_TOML), state)


def _size(bundle: Path) -> int:
    """Bytes to read, for the progress; only where it is shown."""
    if bundle.is_file():
        return bundle.stat().st_size
    if not sys.stderr.isatty():
        return 0
    return sum(os.lstat(os.path.join(home, name)).st_size for home, _, names in os.walk(bundle) for name in names)


def _tell_core(found: "Verification") -> None:
    """On a terminal, what the core shows, while the files are still being hashed."""
    if sys.stderr.isatty():
        lines = ", ".join(f"{gettext(word(line.name))} {gettext(word(line.outcome))}" for line in found.lines)
        note(gettext("core read: {lines}; now the files …", lines=lines))


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), default=None, help="Your trust policy.")
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--allow-unknown-standard", is_flag=True, help="Read a standard that the policy does not accept, too.")
@click.option(
    "--with",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="An item disclosed later, or a statement handed over apart.",
)
@click.option(
    "--identity",
    "identities",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A secret key that opens what is sealed to you.",
)
@click.option(
    "--state", type=click.Path(path_type=Path), default=None, help="What you remember (default: beside the trust policy)."
)
@click.option("--challenge", default=None, metavar="TEXT", help="What you asked the lab to put into its statement.")
@click.pass_context
def verify(
    ctx: click.Context,
    bundle: Path,
    trust: Path | None = None,
    as_of: str | None = None,
    as_json: bool = False,
    allow_unknown_standard: bool = False,
    folders: Sequence[Path] = (),
    identities: Sequence[Path] = (),
    state: Path | None = None,
    challenge: str | None = None,
) -> int:
    """Check a bundle against your own trust policy. Exit status 0 accepted, 1 broken or altered, 3 genuine but not accepted.

    \b
    Example:
      compliance-tui verify northwind-2.zip --trust trust.toml
      compliance-tui verify northwind-2.zip --trust trust.toml --with E-0003 --identity regulator.key
    """
    from compliance_tui.bundle.page import page
    from compliance_tui.bundle.verify import verification_json
    from compliance_tui.bundle.verify import verify as verify_bundle
    from compliance_tui.cli.trust import read_policy
    from compliance_tui.evidence.kind import load_kinds

    policy = read_policy(trust) if trust else None
    secrets = []
    if identities:
        from compliance_tui.bundle.seal import read_identities

        secrets = [secret for path in identities for secret in read_identities(path)]
    found = verify_bundle(
        bundle,
        policy,
        instant(as_of),
        load_kinds(extra_kinds(ctx)),
        progress=Bar(message("verified"), _size(bundle)),
        allow_unknown_standard=allow_unknown_standard,
        folders=folders,
        identities=secrets,
        memory=memory_of(state, trust, policy),
        challenge=challenge,
        core_known=_tell_core,
    )
    if as_json:
        print_json(verification_json(found))
    else:
        for line in page(found, str(bundle)):
            say(line)
    return {"accepted": READY, "broken": 1}.get(found.verdict, NOT_ACCEPTED)
