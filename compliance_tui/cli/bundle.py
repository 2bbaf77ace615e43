"""export, sign, verify."""

from collections.abc import Sequence
from pathlib import Path

import click

from compliance_tui.assessment.folder import load
from compliance_tui.cli.keys import passphrase_from
from compliance_tui.cli.settings import (
    NOT_ACCEPTED,
    READY,
    Bar,
    extra_kinds,
    folder,
    instant,
    note,
    person,
    print_json,
    say,
)

_KEY = click.option("--key", "keys", multiple=True, type=click.Path(path_type=Path), help="A private key that signs.")
_PASSPHRASE = click.option("--passphrase-fd", type=int, default=None, metavar="N", help="Read the passphrase from there.")


@click.command()
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The ZIP (or with --dir the folder) to write.",
)
@click.option("--dir", "as_folder", is_flag=True, help="Write a plain folder instead of a ZIP.")
@_KEY
@_PASSPHRASE
@click.option("--attester", default=None, metavar="ID", help="Who attests (default: the subject's name).")
@click.option("--as-of", default=None, metavar="T", help="The instant of the assessment (default: now).")
@click.pass_context
def export(
    ctx: click.Context,
    output: Path,
    as_folder: bool,
    keys: Sequence[Path],
    passphrase_fd: int | None,
    attester: str | None,
    as_of: str | None,
) -> None:
    """Write the bundle: answers, evidence, standards, the computed readiness, and signatures over all of it.

    \b
    Example:
      compliance-tui export -o northwind-2.zip --key ada.key --key ben.key
    """
    from compliance_tui.bundle.export import export as export_bundle
    from compliance_tui.trust.keys import load_signer

    signers = [load_signer(key, passphrase_from(passphrase_fd, key.name)) for key in keys]
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
        progress=Bar("exported", total),
    )
    say(f"{done.path}: {done.items} items, {done.size:,} bytes, {done.readiness.verdict.replace('-', ' ')}")
    say(f"bundle id {done.bundle_id}")
    if done.withheld:
        say(f"withheld, but committed to: {', '.join(done.withheld)}")
    if not signers:
        note("unsigned: `compliance-tui sign BUNDLE --key KEY` adds a signature")


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@_KEY
@_PASSPHRASE
def sign(bundle: Path, keys: Sequence[Path], passphrase_fd: int | None) -> None:
    """Add one more signature over the bundle's statement, once everything under it has been checked.

    \b
    Example:
      compliance-tui sign northwind-2.zip --key ben.key
    """
    from compliance_tui.bundle.sign import sign_bundle
    from compliance_tui.trust.keys import load_signer

    if not keys:
        raise click.UsageError("name the key with --key")
    for key in keys:
        signer = load_signer(key, passphrase_from(passphrase_fd, key.name))
        bundle_id = sign_bundle(bundle, signer)
        say(f"{bundle}: signed by {signer.public.fingerprint}")
        say(f"bundle id {bundle_id}")


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), default=None, help="Your trust policy.")
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--allow-unknown-standard", is_flag=True, help="Read a standard that the policy does not accept, too.")
@click.pass_context
def verify(
    ctx: click.Context,
    bundle: Path,
    trust: Path | None = None,
    as_of: str | None = None,
    as_json: bool = False,
    allow_unknown_standard: bool = False,
) -> int:
    """Check a bundle against your own trust policy. Exit status 0 accepted, 1 broken or altered, 3 genuine but not accepted.

    \b
    Example:
      compliance-tui verify northwind-2.zip --trust trust.toml
    """
    from compliance_tui.bundle.verify import verification_json
    from compliance_tui.bundle.verify import verify as verify_bundle
    from compliance_tui.cli.trust import read_policy
    from compliance_tui.evidence.kind import load_kinds

    policy = read_policy(trust) if trust else None
    size = bundle.stat().st_size if bundle.is_file() else 0
    found = verify_bundle(
        bundle,
        policy,
        instant(as_of),
        load_kinds(extra_kinds(ctx)),
        progress=Bar("verified", size),
        allow_unknown_standard=allow_unknown_standard,
    )
    if as_json:
        print_json(verification_json(found))
    else:
        say(f"{found.verdict.upper().replace('-', ' ')}: {bundle}")
        say(f"bundle id {found.bundle_id or 'unknown'}")
        for line in found.lines:
            say(f"  {line.outcome:<8}{line.name:<14}{line.reason}")
    return {"accepted": READY, "broken": 1}.get(found.verdict, NOT_ACCEPTED)
