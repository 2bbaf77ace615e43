"""store add, show, doctor, copy, verify."""

from typing import Any

import click

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.store import add_store, recorded_sizes, shared_store
from compliance_tui.cli.settings import Bar, folder, instant, note, person, print_json, say
from compliance_tui.evidence.blob_store import StoreFinding
from compliance_tui.evidence.store_address import Measured, StoreAddress
from compliance_tui.safe.instant import format_instant, now
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.model import validate
from compliance_tui.safe.words import word

_MOST_SKEW = 60  # seconds; S3 refuses at 15 minutes
_YES_NO = {True: message("yes"), False: message("no"), None: message("cannot be told")}
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
_ORPHANS = message(
    "Uploads that were cut short leave parts that no listing shows and that take up room; "
    "have the server remove them (a lifecycle rule AbortIncompleteMultipartUpload of a few days)."
)


@click.group()
def store() -> None:
    """Where the bytes of the evidence lie, when several machines share one assessment.

    \b
    Example:
      compliance-tui store add s3://evidence/northwind-2 --endpoint https://s3.lab.internal:8333
    """


@store.command()
@click.argument("url")
@click.option("--endpoint", default=None, metavar="URL", help="The server, for S3 that is not Amazon's.")
@click.option("--region", default=None, help="The region, as the server names it.")
@click.option("--allow-http", is_flag=True, help="Allow an endpoint without encryption.")
@click.option("--read-back/--no-read-back", default=None, help="Read and hash each upload (default: unless the server checks).")
@_JSON
@click.pass_context
def add(
    ctx: click.Context,
    url: str,
    endpoint: str | None,
    region: str | None,
    allow_http: bool,
    read_back: bool | None,
    as_json: bool,
) -> None:
    """Try out a store, upload the evidence that is here, then name the store in assessment.toml.

    URL is s3://bucket/prefix (or gs://, az://). Keys come from the environment (AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY, or AWS_PROFILE) and are never written down. The same command again measures anew.

    \b
    Example:
      compliance-tui store add s3://evidence/northwind-2 --endpoint https://s3.lab.internal:8333
    """
    from compliance_tui.evidence.probe import probe

    contents = load(folder(ctx))
    given = {"url": url, "endpoint": endpoint, "region": region, "allow_http": allow_http, "read_back": bool(read_back)}
    address = validate(given, StoreAddress, message("the store"))
    measured = probe(address, now)
    address = address.model_copy(
        update={
            "measured": measured.measured,
            "read_back": not measured.measured.checksum if read_back is None else read_back,
        }
    )
    sizes = recorded_sizes(contents)
    added = add_store(contents, address, person(ctx), instant(None), progress=Bar(message("uploaded"), sum(sizes.values())))
    if as_json:
        print_json({**_address(address), "clock_skew_seconds": round(measured.skew), "uploaded": added.uploaded})
        return
    say(
        gettext(
            "{store} holds the evidence of this assessment from now on ({uploaded} of {all} files uploaded)",
            store=address.url,
            uploaded=added.uploaded,
            all=added.recorded,
        )
    )
    _say_measured(address.measured or measured.measured, address.read_back)
    _note_skew(measured.skew)
    if added.recorded:
        command = "git rm -r -q --cached --ignore-unmatch evidence/objects"
        note(gettext("git may still track the bytes: {command}", command=command))


@store.command()
@_JSON
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> None:
    """Show where the evidence lies; asks nothing of the store.

    \b
    Example:
      compliance-tui store show
    """
    contents = load(folder(ctx))
    address, sizes = contents.assessment.store, recorded_sizes(contents)
    if as_json:
        print_json({"files": len(sizes), "bytes": sum(sizes.values()), "store": _address(address) if address else None})
        return
    say(
        ngettext(
            "{number} file, {size:,} bytes, in {store}",
            "{number} files, {size:,} bytes, in {store}",
            len(sizes),
            size=sum(sizes.values()),
            store=address.url if address else message("evidence/objects of this folder"),
        )
    )
    if address is None:
        return
    if address.endpoint:
        say("  " + gettext("endpoint {address}", address=address.endpoint))
    if address.region:
        say("  " + gettext("region {name}", name=address.region))
    if address.measured:
        _say_measured(address.measured, address.read_back)


@store.command()
@_JSON
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> int:
    """Try the store again: can it be reached, does it still do what was measured, do the clocks agree.

    Exit status 1 when something that was measured is no longer so, or a clock is off.

    \b
    Example:
      compliance-tui store doctor
    """
    from compliance_tui.evidence.probe import probe

    contents = load(folder(ctx))
    shared_store(contents)  # refuses an assessment without one
    address = contents.assessment.store
    assert address is not None
    found = probe(address, now)
    worse = _worse(address.measured, found.measured)
    off = abs(found.skew) > _MOST_SKEW
    if as_json:
        document = {"clock_skew_seconds": round(found.skew), "worse": worse, "measured": _measured(found.measured)}
        print_json({"url": address.url, **document})
        return 1 if worse or off else 0
    say(gettext("{store} can be reached, written and read", store=address.url))
    _say_measured(found.measured, address.read_back)
    _note_skew(found.skew)
    for name in worse:
        say(
            "  "
            + gettext("{what} was measured, and is no longer so; ask who runs the server, then repeat `store add`", what=name)
        )
    say(gettext(_ORPHANS))
    return 1 if worse or off else 0


@store.command()
@click.option("--pull", is_flag=True, help="The other way: fetch what the records name and this folder lacks.")
@_JSON
@click.pass_context
def copy(ctx: click.Context, pull: bool, as_json: bool) -> int:
    """Upload every file of this folder that the store lacks, or fetch with --pull; nothing is replaced or removed.

    Exit status 1 when a file here was altered, or one of the store's is missing or altered.

    \b
    Example:
      compliance-tui store copy
    """
    contents = load(folder(ctx))
    shared, sizes = shared_store(contents), recorded_sizes(contents)
    if pull:
        wanted = sum(sizes[one.sha256] for one in shared.here.check(sizes))
        copied, findings = shared.pull(sizes, Bar(message("fetched"), wanted))
        looked_at = len(sizes)
    else:
        here, hurt = list(shared.here.objects()), list[str]()
        total = sum(shared.here.stat(sha256) or 0 for sha256 in here)
        copied = sorted(shared.push(here, Bar(message("uploaded"), total), hurt.append))
        findings, looked_at = [StoreFinding(sha256, "altered") for sha256 in sorted(hurt)], len(here)
    if as_json:
        print_json({"looked_at": looked_at, "copied": copied, "findings": [vars(one) for one in findings]})
    else:
        done = message(
            "{copied} of {all} files uploaded, {faults} missing or altered",
            copied=len(copied),
            all=looked_at,
            faults=len(findings),
        )
        if pull:
            done = message(
                "{copied} of {all} files fetched, {faults} missing or altered",
                copied=len(copied),
                all=looked_at,
                faults=len(findings),
            )
        say(gettext(done))
        for one in findings:
            fault = word(one.fault)
            if pull:
                say("  " + gettext("sha256 {sha256} is {fault} in the store", sha256=one.sha256, fault=fault))
            else:
                say("  " + gettext("sha256 {sha256} is {fault} in this folder", sha256=one.sha256, fault=fault))
    return 1 if findings else 0


@store.command()
@click.option("--deep", is_flag=True, help="Read and hash every byte (default: look at names and sizes).")
@_JSON
@click.pass_context
def verify(ctx: click.Context, deep: bool, as_json: bool) -> int:
    """Ask the store for every file that the records name; exit status 1 when one is missing or altered.

    \b
    Example:
      compliance-tui store verify --deep
    """
    contents = load(folder(ctx))
    shared, sizes = shared_store(contents), recorded_sizes(contents)
    findings = shared.check(sizes)
    if deep:
        known = {one.sha256 for one in findings}
        rest = [sha256 for sha256 in sizes if sha256 not in known]
        findings += shared.remote.verify(rest, Bar(message("checked"), sum(sizes[sha256] for sha256 in rest)))
    fault = {one.sha256: one.fault for one in findings}
    hurt = [
        {"item": item.id, "file": file.name, "sha256": file.sha256, "fault": fault[file.sha256]}
        for item in contents.items.values()
        for file in item.files
        if file.sha256 in fault
    ]
    if as_json:
        print_json({"checked": len(sizes), "deep": deep, "findings": hurt})
    else:
        for one in hurt:
            say(gettext("{item}: {file} is {fault} in the store (sha256 {sha256})", **{**one, "fault": word(one["fault"])}))
        if deep:
            say(gettext("{all} files hashed, {faults} missing or altered", all=len(sizes), faults=len(fault)))
        else:
            say(gettext("{all} files looked for, {faults} missing or altered", all=len(sizes), faults=len(fault)))
        if any(one == "missing" for one in fault.values()):
            say(gettext("Whoever attached them uploads them with `compliance-tui store copy`."))
    return 1 if fault else 0


def _worse(before: Measured | None, after: Measured) -> list[str]:
    names = ("create", "checksum", "listing")
    return [name for name in names if before and getattr(before, name) and getattr(after, name) is not True]


def _measured(measured: Measured) -> dict[str, Any]:
    return {**measured.model_dump(), "at": format_instant(measured.at)}


def _address(address: StoreAddress) -> dict[str, Any]:
    return {**address.model_dump(), "measured": _measured(address.measured) if address.measured else None}


def _say_measured(measured: Measured, read_back: bool) -> None:
    checksum, removal = _YES_NO[measured.checksum], _YES_NO[measured.removal]
    say(gettext("measured {instant}:", instant=format_instant(measured.at)))
    say("  " + gettext("one of many writers wins: {answer}", answer=_YES_NO[measured.create]))
    if read_back:
        say("  " + gettext("refuses bytes with a wrong SHA-256: {answer}; we read back", answer=checksum))
    else:
        say("  " + gettext("refuses bytes with a wrong SHA-256: {answer}", answer=checksum))
    say("  " + gettext("lists what was written: {answer}", answer=_YES_NO[measured.listing]))
    if measured.removal:
        say("  " + gettext("these keys may delete: {answer} (better not)", answer=removal))
    else:
        say("  " + gettext("these keys may delete: {answer}", answer=removal))


def _note_skew(skew: float) -> None:
    if abs(skew) > _MOST_SKEW:
        seconds = f"{abs(skew):,.0f}"
        if skew > 0:
            note(gettext("the server's clock is {seconds} s ahead of this machine's; set one of them", seconds=seconds))
        else:
            note(gettext("the server's clock is {seconds} s behind this machine's; set one of them", seconds=seconds))
