"""evidence list, show, facts, verify, kinds, new."""

import hashlib
import re
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import click

from compliance_tui.assessment.actions import digest_of_file_list
from compliance_tui.assessment.checks import age_days
from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.model import Item
from compliance_tui.assessment.store import has_bytes, open_store
from compliance_tui.cli.look import preview
from compliance_tui.cli.settings import Bar, extra_kinds, folder, instant, note, print_json, say
from compliance_tui.evidence.fact import Fact, Facts
from compliance_tui.evidence.kind import Kind, load_kinds, recognise
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import open_regular
from compliance_tui.safe.text import clean_line

_ITEM = re.compile(r"E-[0-9]{4,9}")


@click.group()
def evidence() -> None:
    """The evidence of the assessment."""


evidence.add_command(preview)


@evidence.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def listing(ctx: click.Context, as_json: bool) -> None:
    """List all items: kind, date, size, disclosure, and the controls that they serve.

    \b
    Example:
      compliance-tui evidence list
    """
    contents = load(folder(ctx))
    served: dict[str, list[str]] = {}
    for (_, control), response in contents.responses.items():
        for identifier in response.evidence:
            served.setdefault(identifier, []).append(control)
    if as_json:
        print_json([{**_plain(item), "controls": served.get(item.id, [])} for item in contents.items.values()])
        return
    for item in contents.items.values():
        say(f"{item.id}  {item.kind}  {item.title}")
        age = age_days(item, instant(None))
        say(f"  speaks of {item.speaks_of} ({age} days ago), {item.size:,} bytes, {item.disclosure}")
        say(f"  serves {', '.join(served.get(item.id, [])) or 'no control'}")


def _plain(item: Item) -> dict[str, Any]:
    record = item.model_dump(mode="json", by_alias=True)
    record["facts"] = facts_json(item.facts)
    return record


def facts_json(facts: dict[str, Fact]) -> dict[str, Any]:
    """Facts as the JSON that every command prints."""
    return {
        name: {
            "value": list(fact.value) if isinstance(fact.value, tuple) else fact.value,
            "unit": fact.unit,
            "where": fact.where,
            "source": fact.source,
        }
        for name, fact in facts.items()
    }


def _say_facts(facts: dict[str, Fact]) -> None:
    for name, fact in facts.items():
        value = ", ".join(fact.value) if isinstance(fact.value, tuple) else str(fact.value)
        if isinstance(fact.value, Decimal):
            value = f"{fact.value:f}"
        unit = f" {fact.unit}" if fact.unit else ""
        say(f"  {name} = {clean_line(value)}{unit}   ({fact.source} at {fact.where})")


@evidence.command()
@click.argument("item")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def show(ctx: click.Context, item: str, as_json: bool) -> None:
    """Show one item with its files, its facts, and where they were read.

    \b
    Example:
      compliance-tui evidence show E-0001
    """
    found = load(folder(ctx)).items.get(item)
    if found is None:
        raise InputError("unknown-item", f"there is no evidence item {clean_line(item, 30)}; `evidence list` shows them")
    if as_json:
        print_json(_plain(found))
        return
    say(f"{found.id}  {found.kind}  {found.title}")
    say(f"speaks of {found.speaks_of} ({found.speaks_of_source}), attached by {found.attached_by}, {found.disclosure}")
    for file in found.files:
        say(f"  {file.name}  {file.size:,} bytes  sha256 {file.sha256}")
    say("Facts" if found.facts else "No facts were read from it")
    _say_facts(found.facts)
    for warning in found.warnings:
        say(f"  warning: {warning}")


@evidence.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", default=None, help="The kind of evidence (default: recognised from the bytes).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def facts(ctx: click.Context, file: Path, kind: str | None, as_json: bool) -> None:
    """Read the facts of a file; needs no assessment, changes nothing.

    The id of an item reads its files anew from where they lie; of a log in a bucket only the parts that are needed are fetched.

    \b
    Example:
      compliance-tui evidence facts logs/refusal.eval
      compliance-tui evidence facts E-0004
    """
    from compliance_tui.evidence.readers import read_facts

    kinds = load_kinds(extra_kinds(ctx))
    if _ITEM.fullmatch(str(file)) and not file.exists():
        _say_found(*_facts_of_item(load(folder(ctx)), str(file), kind, kinds), as_json)
        return
    name = kind or recognise(file, kinds)
    if name is None or name not in kinds:
        wanted = f"{clean_line(kind)} is no known kind" if kind else "cannot tell what kind of evidence this is; give --kind"
        raise InputError("unknown-kind", f"{clean_line(str(file))}: {wanted}; `compliance-tui evidence kinds` lists them")
    found = read_facts(file, kinds[name])
    with open_regular(file) as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    _say_found(found, sha256, as_json)


def _facts_of_item(contents: Contents, identifier: str, kind: str | None, kinds: dict[str, Kind]) -> tuple[Facts, str]:
    from compliance_tui.evidence.readers import read_facts_of

    item = contents.items.get(identifier)
    if item is None or (kind or item.kind) not in kinds:
        wanted = f"no known kind {kind or item.kind}" if item else "no such file, and no such evidence item"
        raise InputError("unknown-item", f"{clean_line(identifier, 30)}: {clean_line(wanted)}; `evidence list` shows the items")
    store = open_store(contents.root, contents.assessment)
    files = [(file.name, partial(store.open, file.sha256)) for file in item.files]
    sha256 = item.files[0].sha256 if len(item.files) == 1 else digest_of_file_list(item)
    return read_facts_of(files, kinds[kind or item.kind]), sha256


def _say_found(found: Facts, sha256: str, as_json: bool) -> None:
    if as_json:
        warnings = list(found.warnings)
        print_json(
            {
                "kind": found.kind,
                "reader": found.reader,
                "sha256": sha256,
                "facts": facts_json(found.facts),
                "warnings": warnings,
            }
        )
        return
    say(f"{found.kind} ({found.reader}), sha256 {sha256}")
    _say_facts(found.facts)
    for warning in found.warnings:
        note(f"warning: {warning}")


@evidence.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> int:
    """Hash every stored file again; exit status 1 when one is missing or altered.

    \b
    Example:
      compliance-tui evidence verify
    """
    contents = load(folder(ctx))
    owners: dict[str, list[tuple[str, str]]] = {}
    for item in contents.items.values():
        for file in item.files:
            owners.setdefault(file.sha256, []).append((item.id, file.name))
    total = sum(item.size for item in contents.items.values())
    findings = open_store(contents.root, contents.assessment).verify(list(owners), Bar("checked", total))
    if as_json:
        rows = [(finding, owner) for finding in findings for owner in owners[finding.sha256]]
        print_json([{"item": owner[0], "file": owner[1], "sha256": one.sha256, "fault": one.fault} for one, owner in rows])
    else:
        for finding in findings:
            for item_id, name in owners[finding.sha256]:
                say(f"{item_id}: {name} is {finding.fault}; restore the original bytes (sha256 {finding.sha256})")
        say(f"{len(owners)} files checked, {len(findings)} missing or altered")
    return 1 if findings else 0


@evidence.command()
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def lint(ctx: click.Context, as_of: str | None, as_json: bool) -> int:
    """Say what does not fit together: met without evidence, answers that contradict facts, the same bytes twice…

    Exit status 1 when there is anything.

    \b
    Example:
      compliance-tui evidence lint
    """
    from compliance_tui.assessment.lint import lint_assessment

    contents = load(folder(ctx))
    found = lint_assessment(contents, contents.readiness(instant(as_of)), has_bytes(contents, ask=True))
    if as_json:
        print_json([{"code": one.code, "about": one.about, "text": one.text} for one in found])
    else:
        for one in found:
            say(f"{one.about}: {one.text}")
        say(f"{len(found)} things do not fit together" if found else "everything fits together")
    return 1 if found else 0


@evidence.command()
@click.argument("kind", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def kinds(ctx: click.Context, kind: str | None, as_json: bool) -> None:
    """List the kinds of evidence, or show one: its facts, and how to produce it.

    \b
    Example:
      compliance-tui evidence kinds inspect-eval-log
    """
    known = load_kinds(extra_kinds(ctx))
    if kind is not None and kind not in known:
        raise InputError("unknown-kind", f"{clean_line(kind, 60)} is no known kind; `evidence kinds` lists them")
    chosen = [known[kind]] if kind else list(known.values())
    if as_json:
        print_json([one.model_dump(mode="json") for one in chosen])
        return
    for one in chosen:
        say(f"{one.id}  {one.title} (read by {one.reader})")
        if kind:
            say(f"\n{one.summary.strip()}\n\nComplete when: {one.complete_when.strip()}")
            say(f"\nHow to produce one:\n{one.how_to_produce.strip()}\n\nFacts:")
            for fact in one.facts:
                unit = f" in {fact.unit}" if fact.unit else ""
                say(f"  {fact.name} ({fact.type}{unit}): {fact.meaning}")


@evidence.command()
@click.argument("kind")
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option("--date", default=None, metavar="DATE", help="The day that it will speak of (default: today).")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the form instead.")
@click.pass_context
def new(ctx: click.Context, kind: str, target: Path | None, date: str | None, schema: bool) -> None:
    """Write a blank record or document of a kind, with every field that it may have and what each means.

    To TARGET, or to standard output. Kinds of other tools' logs are made by those tools: `evidence kinds KIND` says how.

    \b
    Example:
      compliance-tui evidence new access-review review.json
    """
    from compliance_tui.evidence.new import form_schema, new_record
    from compliance_tui.safe.files import write_atomic, writing

    known = load_kinds(extra_kinds(ctx))
    if kind not in known:
        raise InputError("unknown-kind", f"{clean_line(kind, 60)} is no known kind; `evidence kinds` lists them")
    if schema:
        print_json(form_schema(known[kind]))
        return
    content = new_record(known[kind], instant(date).date())
    if target is None:
        click.echo(content.decode(), nl=False)
        return
    if target.exists():
        raise InputError("exists", f"{clean_line(str(target))}: is there already; choose another name")
    with writing(target):
        write_atomic(target, content)
    say(f"{target}: a blank {kind}; fill it, then `compliance-tui evidence facts {target}`")
