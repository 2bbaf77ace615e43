"""What others say about a bundle (receipt, review, determination), and what the lab says later about its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compliance_tui.cli.keys import KEY_OPTION, PASSPHRASE_OPTION, load_signers
from compliance_tui.cli.settings import folder, instant, person, say
from compliance_tui.cli.signing import YES_OPTION, show_and_ask
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line

if TYPE_CHECKING:
    from compliance_tui.bundle.declare import Draft
    from compliance_tui.bundle.predicates import ControlFinding
    from compliance_tui.bundle.sign import Checked

_DECISIONS = ("accepted", "accepted-with-conditions", "returned", "refused", "withdrawn")
_FINDINGS = ("confirmed", "disputed", "not-examined")
_BUNDLE = click.argument("bundle", type=click.Path(path_type=Path))
_REASON = click.option("--reason", required=True, help="Why, in a sentence or two.")
_AS = click.option("--as", "attester", required=True, metavar="ID", help="In whose name: the id that trust policies ask for.")
_BASIS = click.option(
    "--basis", multiple=True, type=click.IntRange(1, 9999), metavar="N", help="The statements relied on (default: all)."
)


def _signing(command: click.decorators.FC) -> click.decorators.FC:
    """The options of every command that signs a statement."""
    options = (
        KEY_OPTION,
        PASSPHRASE_OPTION,
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            default=None,
            help="Write the statement's folder there, and leave the bundle as it is.",
        ),
        click.option("--as-of", default=None, metavar="T", help="The instant of the statement (default: now)."),
        YES_OPTION,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _look(bundle: Path, whole: bool) -> "Checked":
    """The bundle, checked: all of it, or the core that a statement is about."""
    from compliance_tui.bundle.sign import look_at

    return look_at(bundle, whole)


def _finish(
    draft: "Draft", bundle: Path | None, keys: Sequence[str], passphrase_fd: int | None, output: Path | None, yes: bool
) -> None:
    """Show the draft, sign it, and put it where it belongs."""
    from compliance_tui.bundle.attestation import attestation_members
    from compliance_tui.bundle.sign import add_statement
    from compliance_tui.bundle.write import write_folder

    if not keys:
        raise click.UsageError(message("name the key with --key"))
    signers = load_signers(keys, passphrase_fd)
    show_and_ask(draft.content, draft.name, signers, yes)
    if output is not None:
        write_folder(output, attestation_members("", draft.content, draft.name, signers))
        say(
            gettext(
                "{path}: {statement}, signed; it goes along with `verify BUNDLE --with {path}`",
                path=output,
                statement=draft.name,
            )
        )
    elif bundle is not None:
        where = add_statement(bundle, draft.content, draft.name, signers)
        say(gettext("{bundle}: {place} is {statement}, signed", bundle=bundle, place=where, statement=draft.name))
    say(f"sha256 {draft.sha256}")


@click.command()
@_BUNDLE
@click.option("--decision", required=True, type=click.Choice(_DECISIONS))
@click.option("--reason", "reasons", multiple=True, required=True, help="Why; more than one is allowed.")
@click.option("--condition", "conditions", multiple=True, help="What must be met; with accepted-with-conditions.")
@click.option("--valid-until", default=None, metavar="T", help="Until when it stands.")
@click.option("--replaces", default=None, metavar="SHA256", help="The determination that it replaces (default: your last one).")
@_BASIS
@_AS
@_signing
def determine(
    bundle: Path,
    decision: str,
    reasons: Sequence[str],
    conditions: Sequence[str],
    valid_until: str | None,
    replaces: str | None,
    basis: Sequence[int],
    attester: str,
    keys: Sequence[str],
    passphrase_fd: int | None,
    output: Path | None,
    as_of: str | None,
    yes: bool,
) -> None:
    """Answer a bundle with a signed determination. To accept one, all of it must be as its manifests say.

    \b
    Example:
      compliance-tui determine northwind-2.zip --decision accepted-with-conditions --as regulator.example \\
        --reason "All controls in order." --condition "Report incidents within a day." --valid-until 2027-06-30 --key reg.key
    """
    from compliance_tui.bundle.declare import determination

    found = _look(bundle, whole=decision.startswith("accepted"))
    draft = determination(
        found,
        attester,
        decision,  # type: ignore[arg-type]
        reasons,
        instant(as_of),
        conditions=conditions,
        valid_until=instant(valid_until) if valid_until else None,
        basis=basis,
        replaces=replaces,
    )
    _finish(draft, bundle, keys, passphrase_fd, output, yes)


@click.command()
@_BUNDLE
@_AS
@_signing
def receipt(
    bundle: Path,
    attester: str,
    keys: Sequence[str],
    passphrase_fd: int | None,
    output: Path | None,
    as_of: str | None,
    yes: bool,
) -> None:
    """Confirm that this edition of the bundle arrived whole. It shows the lab, and everybody, that it existed by then.

    \b
    Example:
      compliance-tui receipt northwind-2.zip --as regulator.example --key reg.key -o receipt
    """
    from compliance_tui.bundle import declare

    draft = declare.receipt(_look(bundle, whole=True), attester, instant(as_of))
    _finish(draft, bundle, keys, passphrase_fd, output, yes)


@click.command()
@_BUNDLE
@click.option("--conclusion", required=True, help="What the review comes to.")
@click.option(
    "--finding", "findings", multiple=True, metavar="STANDARD/CONTROL=FINDING[:NOTE]", help=f"One of {', '.join(_FINDINGS)}."
)
@click.option("--opened", multiple=True, metavar="ITEM", help="An item that you really opened.")
@_BASIS
@_AS
@_signing
def review(
    bundle: Path,
    conclusion: str,
    findings: Sequence[str],
    opened: Sequence[str],
    basis: Sequence[int],
    attester: str,
    keys: Sequence[str],
    passphrase_fd: int | None,
    output: Path | None,
    as_of: str | None,
    yes: bool,
) -> None:
    """Add an assessor's signed review: what was opened, and what was found of which control.

    \b
    Example:
      compliance-tui review northwind-2.zip --as assessor.example --conclusion "Evidence supports the answers." \\
        --finding frontier-release/FR-SAF-02=confirmed --opened E-0002 --key assessor.key
    """
    from compliance_tui.bundle import declare

    found = _look(bundle, whole=True)
    draft = declare.review(found, attester, conclusion, [_finding(one) for one in findings], opened, instant(as_of), basis)
    _finish(draft, bundle, keys, passphrase_fd, output, yes)


def _finding(text: str) -> "ControlFinding":
    from compliance_tui.bundle.predicates import ControlFinding

    where, _, said = text.partition("=")
    standard, _, control = where.rpartition("/")
    finding, _, note = said.partition(":")
    if not standard or not control or finding not in _FINDINGS:
        why = message(
            "--finding {given}: write it as STANDARD/CONTROL=FINDING[:NOTE], with one of {findings}",
            given=clean_line(text, 80),
            findings=", ".join(_FINDINGS),
        )
        raise InputError("bad-option", why)
    return ControlFinding(standard=standard, control=control, finding=finding, note=note)


@click.command()
@_BUNDLE
@_REASON
@_signing
def withdraw(
    bundle: Path,
    reason: str,
    keys: Sequence[str],
    passphrase_fd: int | None,
    output: Path | None,
    as_of: str | None,
    yes: bool,
) -> None:
    """The lab no longer stands by its bundle. List it in the register too: whoever hides this statement cannot hide that.

    \b
    Example:
      compliance-tui withdraw northwind-2.zip --reason "An evaluation log was wrong." --key ada.key -o withdrawal
      compliance-tui -C release register --withdrawn 1f0c3a… --expires 2026-12-31 --key ada.key -o register
    """
    from compliance_tui.bundle import declare

    draft = declare.withdrawal(_look(bundle, whole=False), reason, instant(as_of))
    _finish(draft, bundle, keys, passphrase_fd, output, yes)


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@_REASON
@_signing
def supersede(
    old: Path,
    new: Path,
    reason: str,
    keys: Sequence[str],
    passphrase_fd: int | None,
    output: Path | None,
    as_of: str | None,
    yes: bool,
) -> None:
    """The lab puts the bundle NEW in the place of OLD; the statement is about OLD.

    \b
    Example:
      compliance-tui supersede northwind-2.zip northwind-2b.zip --reason "New evaluation." --key ada.key -o supersession
    """
    from compliance_tui.bundle import declare

    draft = declare.supersession(_look(old, whole=False), _look(new, whole=False), reason, instant(as_of))
    _finish(draft, old, keys, passphrase_fd, output, yes)


@click.command()
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@click.option("--expires", required=True, metavar="T", help="Until when it is fresh; soon, as a rule within weeks.")
@click.option("--withdrawn", multiple=True, metavar="ID", help="A bundle id (or its beginning) that is withdrawn.")
@click.option("--attester", default=None, metavar="ID", help="Who attests, as at export (default: as in the last register).")
@_signing
@click.pass_context
def register(
    ctx: click.Context,
    bundle: Path | None,
    expires: str,
    withdrawn: Sequence[str],
    attester: str | None,
    keys: Sequence[str],
    passphrase_fd: int | None,
    output: Path | None,
    as_of: str | None,
    yes: bool,
) -> None:
    """Sign the lab's register of what was exported from the assessment: which bundle is current, and which no longer.

    Without a fresh register nobody can know that a bundle is current. Its version rises by one each time.

    \b
    Example:
      compliance-tui -C release register --expires 2026-12-31 --key ada.key -o register
    """
    from compliance_tui.bundle import declare

    if bundle is None and output is None:
        raise click.UsageError(message("say where it goes: a BUNDLE, or a folder with -o"))
    root, at = folder(ctx), instant(as_of)
    draft = declare.register(root, attester, withdrawn, instant(expires), at)
    _finish(draft, bundle, keys, passphrase_fd, output, yes)
    declare.keep_register(root, draft, person(ctx), at)
