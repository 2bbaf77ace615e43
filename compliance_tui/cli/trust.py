"""trust init, add, rule, accept, show, lint, allowed-signers."""

from collections.abc import Sequence
from pathlib import Path

import click

from compliance_tui.cli.assess import pairs
from compliance_tui.cli.settings import extra_standards, instant, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import LARGEST_TOML
from compliance_tui.standard.load import find_pack, standard_folders
from compliance_tui.trust import policy as policies

_FILE = click.argument("path", type=click.Path(path_type=Path))


@click.group()
def trust() -> None:
    """The trust policy of a verifier: persons, keys, roles, thresholds, accepted standards."""


def read_policy(path: Path) -> policies.Policy:
    """The policy in the file. Raises InputError."""
    return policies.load_policy(read_bounded(path, LARGEST_TOML), str(path))


@trust.command()
@_FILE
def init(path: Path) -> None:
    """Start a policy that trusts nobody yet.

    \b
    Example:
      compliance-tui trust init trust.toml
    """
    if path.exists():
        raise InputError("exists", f"{clean_line(str(path))}: is there already")
    write_atomic(path, policies.new_policy())
    say(f"{path}: trusts nobody yet; add people, a rule and the standards that you accept")


@trust.command()
@_FILE
@click.option("--person", required=True, metavar="ID")
@click.option("--name", default="", help="The name that verdicts show.")
@click.option("--role", "roles", multiple=True, required=True, metavar="ROLE")
@click.option("--key", required=True, type=click.Path(path_type=Path), help="A public key file (OpenSSH or PEM).")
def add(path: Path, person: str, name: str, roles: Sequence[str], key: Path) -> None:
    """Trust a person's key in roles.

    \b
    Example:
      compliance-tui trust add trust.toml --person ada@lab.example --role lab-author --key ada.key.pub
    """
    public = read_bounded(key, 64 * 1024).decode("utf-8", "replace")
    content = policies.add_person(read_bounded(path, LARGEST_TOML), str(path), person, name, roles, public)
    write_atomic(path, content)
    say(f"{path}: {person} is trusted as {', '.join(roles)}")


@trust.command()
@_FILE
@click.option("--need", "needs", multiple=True, required=True, metavar="ROLE=K", help="How many persons in which role.")
@click.option("--attester", default=None, help="Only for statements of this lab.")
@click.option("--predicate", default=policies.SELF_ASSESSMENT, show_default=True)
def rule(path: Path, needs: Sequence[str], attester: str | None, predicate: str) -> None:
    """Say who must have signed a kind of statement.

    \b
    Example:
      compliance-tui trust rule trust.toml --need lab-author=1 --need lab-officer=1
    """
    counts = pairs(needs, "--need", "ROLE=K")
    if not all(count.isdigit() for count in counts.values()):
        raise InputError("bad-option", "--need: write it as ROLE=K with a whole number, as lab-author=1")
    wanted = {role: int(count) for role, count in counts.items()}
    write_atomic(path, policies.add_rule(read_bounded(path, LARGEST_TOML), str(path), predicate, attester, wanted))
    say(f"{path}: {predicate} needs {', '.join(f'{k} × {role}' for role, k in wanted.items())}")


@trust.command()
@_FILE
@click.argument("references", nargs=-1, required=True, metavar="ID[@VERSION]|FILE...")
@click.pass_context
def accept(ctx: click.Context, path: Path, references: Sequence[str]) -> None:
    """Accept a version of a standard, by the digest of its bytes.

    \b
    Example:
      compliance-tui trust accept trust.toml frontier-release@1.1
    """
    for reference in references:
        pack = find_pack(reference, standard_folders(extra_standards(ctx)))
        old = read_bounded(path, LARGEST_TOML)
        write_atomic(path, policies.add_standard(old, str(path), pack.standard.id, pack.standard.version, pack.sha256))
        say(f"{path}: accepts {pack.standard.id} {pack.standard.version}, sha256 {pack.sha256}")


@trust.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(path: Path, as_json: bool) -> None:
    """Show a policy.

    \b
    Example:
      compliance-tui trust show trust.toml
    """
    policy = read_policy(path)
    if as_json:
        print_json(policy.model_dump(mode="json", by_alias=True, exclude_none=True))
        return
    say(f"version {policy.version}")
    for person in policy.person:
        say(f"{person.id} ({person.name}): {', '.join(person.roles)}")
        for key in person.key:
            say(f"  {key.key.fingerprint}")
    for one in policy.rule:
        asked = ", ".join(f"{need.k} × {need.role}" for need in one.require)
        say(f"{one.predicate}{f' by {one.attester}' if one.attester else ''} needs {asked}")
    for standard in policy.standard:
        for entry in standard.accept:
            say(f"accepts {standard.id} {entry.version}, sha256 {entry.sha256}")


@trust.command()
@_FILE
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
def lint(path: Path, as_of: str | None) -> int:
    """Say what in a policy would surprise its owner. Exit status 1 when something would.

    \b
    Example:
      compliance-tui trust lint trust.toml
    """
    findings = policies.lint_policy(read_policy(path), instant(as_of))
    for finding in findings:
        say(f"{path}: {finding}")
    say(f"{len(findings)} findings")
    return 1 if findings else 0


@trust.command("allowed-signers")
@_FILE
def allowed_signers(path: Path) -> None:
    """Print the policy's keys as OpenSSH's allowed_signers, for ssh-keygen -Y verify.

    \b
    Example:
      compliance-tui trust allowed-signers trust.toml > allowed_signers
    """
    from compliance_tui.bundle.statement import NAMESPACE

    click.echo(policies.allowed_signers(read_policy(path), NAMESPACE), nl=False)
