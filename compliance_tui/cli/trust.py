"""trust init, add, revoke, rule, tsa, accept, expire, show, lint, allowed-signers."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from compliance_tui.cli.assess import pairs
from compliance_tui.cli.settings import extra_standards, instant, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic
from compliance_tui.safe.instant import format_instant, parse_instant
from compliance_tui.safe.language import either, gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import LARGEST_TOML
from compliance_tui.standard.load import find_pack, standard_folders
from compliance_tui.trust import policy as policies

_FILE = click.argument("path", type=click.Path(path_type=Path))
_LARGEST_PEM = 64 * 1024


@click.group()
def trust() -> None:
    """The trust policy of a verifier: persons, keys, roles, thresholds, times, accepted standards."""


def read_policy(path: Path) -> policies.Policy:
    """The policy in the file. Raises InputError."""
    return policies.load_policy(read_bounded(path, LARGEST_TOML), str(path))


def _change(path: Path, change: Callable[[bytes, str], bytes]) -> None:
    write_atomic(path, change(read_bounded(path, LARGEST_TOML), str(path)))


def _when(text: str | None) -> dt.datetime | None:
    return parse_instant(text) if text else None


def _text(path: Path) -> str:
    return read_bounded(path, _LARGEST_PEM).decode("utf-8", "replace")


@trust.command()
@_FILE
def init(path: Path) -> None:
    """Start a policy that trusts nobody yet.

    \b
    Example:
      compliance-tui trust init trust.toml
    """
    if path.exists():
        raise InputError("exists", message("{path}: is there already", path=clean_line(str(path))))
    write_atomic(path, policies.new_policy())
    say(gettext("{path}: trusts nobody yet; add people, a rule and the standards that you accept", path=path))


@trust.command()
@_FILE
@click.option("--person", required=True, metavar="ID")
@click.option("--name", default="", help="The name that verdicts show.")
@click.option("--role", "roles", multiple=True, required=True, metavar="ROLE")
@click.option("--seat", "seats", multiple=True, metavar="SEAT", help="Their sign-offs count in this seat only (default: any).")
@click.option("--key", required=True, type=click.Path(path_type=Path), help="A public key file (OpenSSH or PEM).")
@click.option("--from", "from_", default=None, metavar="T", help="Its signatures count from then on.")
@click.option("--until", default=None, metavar="T", help="… and no longer than until then.")
@click.option("--touch/--no-touch", default=None, help="Whether a FIDO2 token must be touched (it must, unless you say no).")
def add(
    path: Path,
    person: str,
    name: str,
    roles: Sequence[str],
    seats: Sequence[str],
    key: Path,
    from_: str | None,
    until: str | None,
    touch: bool | None,
) -> None:
    """Trust a person's key in roles; a key that is there already gets the dates anew.

    The other fields have commands of their own: revoke, rule, tsa, accept, expire.

    \b
    Example:
      compliance-tui trust add trust.toml --person ada@lab.example --role lab-author --key ada.key.pub --until 2028-01-01
    """

    def change(content: bytes, where: str) -> bytes:
        dates = {"from_": _when(from_), "until": _when(until)}
        return policies.add_person(content, where, person, name, roles, _text(key), seats=seats, **dates, require_touch=touch)

    _change(path, change)
    say(gettext("{path}: {person} is trusted as {roles}", path=path, person=person, roles=", ".join(roles)))


@trust.command()
@_FILE
@click.option("--key", required=True, metavar="KEY", help="A public key file, or the SHA256:… fingerprint.")
@click.option("--reason", type=click.Choice(["retired", "compromised"]), required=True)
@click.option("--at", "at", default=None, metavar="T", help="When it was revoked (default: now).")
@click.option("--since", default=None, metavar="T", help="Compromised since then; what a time stamp shows to be older counts.")
def revoke(path: Path, key: str, reason: str, at: str | None, since: str | None) -> None:
    """Let a key count no longer: retired from an instant on, or compromised.

    \b
    Example:
      compliance-tui trust revoke trust.toml --key ada.key.pub --reason compromised --since 2026-09-01
    """
    public = key if key.startswith("SHA256:") else _text(Path(key))
    _change(path, lambda content, where: policies.revoke_key(content, where, public, instant(at), reason, _when(since)))
    if reason == "retired":
        say(
            gettext(
                "{path}: the key is retired; `compliance-tui trust lint` says which rules that leaves without anybody",
                path=path,
            )
        )
    else:
        say(
            gettext(
                "{path}: the key is compromised; `compliance-tui trust lint` says which rules that leaves without anybody",
                path=path,
            )
        )


@trust.command()
@_FILE
@click.option("--need", "needs", multiple=True, required=True, metavar="ROLE=K", help="How many persons in which role.")
@click.option("--attester", default=None, help="Only for statements of this lab.")
@click.option("--predicate", default=policies.SELF_ASSESSMENT, show_default=True)
@click.option("--timestamp", default=None, metavar="K=TSA,TSA", help="Trusted times from K of these authorities.")
@click.option("--max-age", type=click.IntRange(1, 36_500), default=None, metavar="DAYS", help="How old it may be.")
@click.option("--same-person", is_flag=True, help="One person may count for several roles.")
def rule(
    path: Path,
    needs: Sequence[str],
    attester: str | None,
    predicate: str,
    timestamp: str | None,
    max_age: int | None,
    same_person: bool,
) -> None:
    """Say who must have signed a kind of statement, seen by which time-stamping authorities, and how old it may be.

    \b
    Example:
      compliance-tui trust rule trust.toml --need lab-author=1 --need lab-officer=1 --timestamp 1=tsa-a --max-age 365
    """
    wanted = _counts(needs, "--need", "ROLE=K", "lab-author=1")
    stamps = None
    if timestamp is not None:
        k, _, names = timestamp.partition("=")
        if not k.isdigit() or not names:
            text = message("--timestamp: write it as K=TSA,TSA with a whole number, as 1=tsa-a")
            raise InputError("bad-option", text)
        stamps = (int(k), [one.strip() for one in names.split(",")])
    _change(
        path,
        lambda content, where: policies.add_rule(
            content,
            where,
            predicate,
            attester,
            wanted,
            timestamp=stamps,
            max_age_days=max_age,
            distinct_persons=not same_person,
        ),
    )
    persons = ", ".join(f"{k} × {role}" for role, k in wanted.items())
    say(gettext("{path}: {predicate} needs {persons}", path=path, predicate=predicate, persons=persons))


def _counts(values: Sequence[str], option: str, form: str, example: str) -> dict[str, int]:
    counts = pairs(values, option, form)
    if not all(count.isdecimal() and len(count) < 4 for count in counts.values()):
        text = message(
            "{option}: write it as {form} with a whole number, as {example}", option=option, form=form, example=example
        )
        raise InputError("bad-option", text)
    return {name: int(count) for name, count in counts.items()}


@trust.command()
@_FILE
@click.argument("identifier", metavar="ID")
@click.option("--root", required=True, type=click.Path(path_type=Path), help="Its root certificate, with its chain (PEM).")
@click.option(
    "--leaf", "leaves", multiple=True, metavar="FILE|SHA256", help="Pin a certificate that stamps (PEM, or its digest)."
)
@click.option("--policy", "oids", multiple=True, metavar="OID", help="A policy under which it must stamp.")
def tsa(path: Path, identifier: str, root: Path, leaves: Sequence[str], oids: Sequence[str]) -> None:
    """Trust a time-stamping authority (RFC 3161); its certificates are copied into the policy.

    \b
    Example:
      compliance-tui trust tsa trust.toml tsa-a --root tsa-a-root.pem --leaf tsa-a.pem
    """
    pins = [one if len(one) == 64 else _certificate_digest(Path(one)) for one in leaves]
    _change(path, lambda content, where: policies.add_tsa(content, where, identifier, _text(root), pins, oids))
    say(
        gettext(
            "{path}: {authority} may say what time it was; `compliance-tui trust rule --timestamp` asks for it",
            path=path,
            authority=identifier,
        )
    )


def _certificate_digest(path: Path) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    try:
        certificate = load_pem_x509_certificate(read_bounded(path, _LARGEST_PEM))
    except ValueError:
        text = message("{path}: is no certificate in PEM form", path=clean_line(str(path)))
        raise InputError("bad-certificate", text) from None
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


@trust.command()
@_FILE
@click.argument("references", nargs=-1, required=True, metavar="ID[@VERSION]|FILE...")
@click.option("--minimum", default=None, metavar="VERSION", help="Bar versions of these standards that are older.")
@click.pass_context
def accept(ctx: click.Context, path: Path, references: Sequence[str], minimum: str | None) -> None:
    """Accept a version of a standard, by the digest of its bytes.

    \b
    Example:
      compliance-tui trust accept trust.toml frontier-release@1.1
    """
    for reference in references:
        pack = find_pack(reference, standard_folders(extra_standards(ctx)))
        named = (pack.standard.id, pack.standard.version, pack.sha256)
        old = read_bounded(path, LARGEST_TOML)
        write_atomic(path, policies.add_standard(old, str(path), *named, minimum))
        standard = f"{named[0]} {named[1]}"
        say(gettext("{path}: accepts {standard}, sha256 {sha256}", path=path, standard=standard, sha256=named[2]))


@trust.command()
@_FILE
@click.argument("instant_", metavar="T")
def expire(path: Path, instant_: str) -> None:
    """Say until when the policy itself holds.

    \b
    Example:
      compliance-tui trust expire trust.toml 2027-06-30
    """
    _change(path, lambda content, where: policies.set_expiry(content, where, parse_instant(instant_)))
    say(gettext("{path}: expires at {instant}", path=path, instant=format_instant(parse_instant(instant_))))


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
    for line in _lines(policy):
        say(line)


def _lines(policy: policies.Policy) -> Iterator[str]:
    if policy.expires:
        until = format_instant(policy.expires)
        yield gettext("version {version}, expires at {instant}", version=policy.version, instant=until)
    else:
        yield gettext("version {version}", version=policy.version)
    for person in policy.person:
        seats = gettext("; signs off as {seats} only", seats=", ".join(person.seats)) if person.seats else ""
        yield f"{person.id} ({person.name or person.id}): {', '.join(person.roles)}{seats}"
        for key in person.key:
            yield f"  {key.key.fingerprint}  {key.key.kind}{_dates(key)}"
    for one in policy.rule:
        yield _rule_line(one)
        if one.timestamp:
            stamp = one.timestamp
            yield "  " + gettext("seen by {number} of {authorities}", number=stamp.k, authorities=", ".join(stamp.tsa))
        if one.max_age_days:
            yield "  " + ngettext("at most {number} day old", "at most {number} days old", one.max_age_days)
    for authority in policy.tsa:
        pins = len(authority.leaf_sha256)
        pinned = gettext("any certificate under its root")
        if pins:
            pinned = ngettext("{number} pinned certificate", "{number} pinned certificates", pins)
        under = ", " + gettext("policy {names}", names=either(authority.policy)) if authority.policy else ""
        yield f"tsa {authority.id}: {clean_line(authority.certificates[0].subject.rfc4514_string(), 80)}, {pinned}{under}"
    for standard in policy.standard:
        for entry in standard.accept:
            name = f"{standard.id} {entry.version}"
            yield gettext("accepts {standard}, sha256 {sha256}", standard=name, sha256=entry.sha256)
        if standard.minimum:
            yield "  " + gettext("and nothing below {version}", version=standard.minimum)


def _rule_line(one: policies.Rule) -> str:
    needs = ", ".join(f"{need.k} × {need.role}" for need in one.require)
    persons = message("distinct persons") if one.distinct_persons else message("one person may count for several roles")
    if one.attester:
        return gettext(
            "{predicate} by {attester} needs {needs} ({persons})",
            predicate=one.predicate,
            attester=one.attester,
            needs=needs,
            persons=persons,
        )
    return gettext("{predicate} needs {needs} ({persons})", predicate=one.predicate, needs=needs, persons=persons)


def _dates(key: policies.Key) -> str:
    said = [gettext("from {instant}", instant=format_instant(key.from_))] if key.from_ else []
    said += [gettext("until {instant}", instant=format_instant(key.until))] if key.until else []
    if key.revoked:
        at, since = format_instant(key.revoked.at), key.revoked.since
        if key.revoked.reason == "retired":
            said.append(gettext("retired, revoked at {at}", at=at))
        elif since:
            said.append(gettext("compromised since {since}, revoked at {at}", since=format_instant(since), at=at))
        else:
            said.append(gettext("compromised, revoked at {at}", at=at))
    said += [gettext("must be touched")] if key.must_be_touched else []
    return f", {', '.join(said)}" if said else ""


@trust.command()
@_FILE
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.option(
    "--before", type=click.Path(path_type=Path), default=None, help="The policy as it was: its version may not go down."
)
def lint(path: Path, as_of: str | None, before: Path | None) -> int:
    """Say what in a policy would surprise its owner. Exit status 1 when something would.

    \b
    Example:
      compliance-tui trust lint trust.toml --before trust.toml.last-year
    """
    policy = read_policy(path)
    findings = policies.lint_policy(policy, instant(as_of))
    if before is not None:
        old = read_bounded(before, LARGEST_TOML)
        was, seen = policies.load_policy(old, str(before)), hashlib.sha256(old).hexdigest()
        moved = policies.rolled_back(policy, hashlib.sha256(read_bounded(path, LARGEST_TOML)).hexdigest(), was.version, seen)
        findings += [moved] if moved else []
    for finding in findings:
        say(f"{path}: {gettext(finding)}")
    say(ngettext("{number} finding", "{number} findings", len(findings)))
    return 1 if findings else 0


@trust.command("allowed-signers")
@_FILE
@click.option("--predicate", default=None, help="Only for this kind of statement, for everybody in the policy.")
@click.option("--revoked", is_flag=True, help="The compromised keys instead, for `ssh-keygen -k -f revoked.krl FILE`.")
def allowed_signers(path: Path, predicate: str | None, revoked: bool) -> None:
    """Print the policy's keys as OpenSSH's allowed_signers, for ssh-keygen -Y verify.

    Each person may sign what the rules let their roles sign, in the time in which the key counts.

    \b
    Example:
      compliance-tui trust allowed-signers trust.toml > allowed_signers
    """
    policy = read_policy(path)
    if revoked:
        click.echo(policies.revoked_keys(policy), nl=False)
    else:
        namespace = policies.namespace_of(predicate) if predicate else None
        click.echo(policies.allowed_signers(policy, namespace), nl=False)
