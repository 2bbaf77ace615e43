"""evidence list, show, facts, verify, kinds, new."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import click

from compliance_tui.assessment.actions import digest_of_file_list
from compliance_tui.assessment.checks import age_days, largest_age
from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.model import Item
from compliance_tui.assessment.serving import faults_of, served_by, standing
from compliance_tui.assessment.store import has_bytes, open_store
from compliance_tui.assessment.suggest import controls_for
from compliance_tui.cli.look import preview
from compliance_tui.cli.reading import opened
from compliance_tui.cli.settings import Bar, extra_kinds, folder, instant, note, print_json, say
from compliance_tui.evidence.fact import Fact, Facts
from compliance_tui.evidence.kind import Kind, load_kinds, recognition
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import open_regular
from compliance_tui.safe.language import Message, gettext, message, ngettext
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word

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
    there = opened(ctx)
    contents, at = there.contents, instant(None)
    served: dict[str, list[str]] = {}
    for (_, control), response in contents.responses.items():
        for identifier in response.evidence:
            served.setdefault(identifier, []).append(control)
    if as_json:
        print_json([{**_plain(item), "controls": served.get(item.id, [])} for item in contents.items.values()])
        return
    states = {(state.standard, state.control.id): state for state in contents.readiness(at).controls}
    faults = {} if there.looked else faults_of(contents)
    for item in contents.items.values():
        stands = gettext(word(standing(contents, states, item, at, faults.get(item.id))))
        say(f"{item.id}  {item.kind}  {item.title}: {stands}")
        age = age_days(item, at)
        say(
            "  "
            + ngettext(
                "speaks of {day} ({number} day ago), {size:,} bytes, {disclosure}",
                "speaks of {day} ({number} days ago), {size:,} bytes, {disclosure}",
                age,
                day=item.speaks_of,
                size=item.size,
                disclosure=word(item.disclosure),
            )
        )
        controls = ", ".join(served.get(item.id, []))
        say("  " + (gettext("serves {controls}", controls=controls) if controls else gettext("serves no control")))
    for name, how in there.hidden.items():
        say(f"{name}: {gettext(word(how))}")


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
        where = gettext("({source} at {where})", source=word(fact.source), where=fact.where)
        say(f"  {name} = {clean_line(value)}{unit}   {where}")


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
    there, at = opened(ctx), instant(None)
    contents = there.contents
    found = contents.items.get(item)
    if found is None and item in there.hidden:
        say(f"{item}: {gettext(word(there.hidden[item]))}")
        return
    if found is None:
        text = message("there is no evidence item {item}; `evidence list` shows them", item=clean_line(item, 30))
        raise InputError("unknown-item", text)
    if as_json:
        print_json(_plain(found))
        return
    say(f"{found.id}  {found.kind}  {found.title}")
    say(
        gettext(
            "speaks of {day} ({source}), attached by {person}, {disclosure}",
            day=found.speaks_of,
            source=word(found.speaks_of_source),
            person=found.attached_by,
            disclosure=word(found.disclosure),
        )
    )
    for file in found.files:
        say("  " + gettext("{file}  {size:,} bytes  sha256 {sha256}", file=file.name, size=file.size, sha256=file.sha256))
    say(gettext("Facts") if found.facts else gettext("No facts were read from it"))
    _say_facts(found.facts)
    for warning in found.warnings:
        say("  " + gettext("warning: {text}", text=gettext(warning)))
    if found.replaces:
        say(gettext("took the place of {item}", item=found.replaces))
    fault = None if there.looked else faults_of(contents).get(found.id)
    if fault:
        told = gettext("its stored bytes are {fault}: restore the original, or attach it again", fault=word(fault))
        say(told)
    say(gettext("Serves"))
    for line in _serves(contents, found, at):
        say(f"  {line}")


def _serves(contents: Contents, item: Item, at: dt.datetime) -> Iterator[str]:
    """The controls that an item serves, how old it may be for each, and those that it could serve."""
    result, served = contents.readiness(at), served_by(contents, item.id)
    for key in served:
        state = result.state(*key)
        if state is None:
            continue
        most, age = largest_age(contents.evidence_rules(state), item.kind), age_days(item, at)
        told = gettext("any age")
        if most is not None:
            told = ngettext("{number} day old, at most {most}", "{number} days old, at most {most}", age, most=most)
        yield f"{key[1]} {gettext(state.control.title)}: {told}"
    if not served:
        yield gettext("nothing yet")
    others = [one.control for one in controls_for(contents, item.kind, at) if (one.standard, one.control) not in served]
    if others:
        yield gettext("could also serve {controls}", controls=", ".join(others))


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
    found_kind = recognition(file, kinds)
    name = kind or (found_kind.kinds[0] if found_kind.confidence == "certain" else None)
    if name is None or name not in kinds:
        where = clean_line(str(file))
        if kind:
            text = message(
                "{file}: {kind} is no known kind; `compliance-tui evidence kinds` lists them", file=where, kind=clean_line(kind)
            )
        else:
            text = message(
                "{file}: cannot tell what kind of evidence this is ({hint}); give --kind; "
                "`compliance-tui evidence kinds` lists them",
                file=where,
                hint=found_kind.hint,
            )
        raise InputError("unknown-kind", text)
    found = read_facts(file, kinds[name])
    with open_regular(file) as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    _say_found(found, sha256, as_json)


def _facts_of_item(contents: Contents, identifier: str, kind: str | None, kinds: dict[str, Kind]) -> tuple[Facts, str]:
    from compliance_tui.evidence.readers import read_facts_of

    item = contents.items.get(identifier)
    if item is None or (kind or item.kind) not in kinds:
        name = clean_line(identifier, 30)
        text = message("{item}: no such file, and no such evidence item; `evidence list` shows the items", item=name)
        if item is not None:
            wanted = clean_line(kind or item.kind)
            text = message("{item}: no known kind {kind}; `evidence list` shows the items", item=name, kind=wanted)
        raise InputError("unknown-item", text)
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
        note(gettext("warning: {text}", text=gettext(warning)))


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
    findings = open_store(contents.root, contents.assessment).verify(list(owners), Bar(message("checked"), total))
    if as_json:
        rows = [(finding, owner) for finding in findings for owner in owners[finding.sha256]]
        print_json([{"item": owner[0], "file": owner[1], "sha256": one.sha256, "fault": one.fault} for one, owner in rows])
    else:
        for finding in findings:
            for item_id, name in owners[finding.sha256]:
                say(
                    gettext(
                        "{item}: {file} is {fault}; restore the original bytes (sha256 {sha256})",
                        item=item_id,
                        file=name,
                        fault=word(finding.fault),
                        sha256=finding.sha256,
                    )
                )
        say(gettext("{all} files checked, {faults} missing or altered", all=len(owners), faults=len(findings)))
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
            say(f"{one.about}: {gettext(one.text)}")
        if found:
            say(ngettext("{number} thing does not fit together", "{number} things do not fit together", len(found)))
        else:
            say(gettext("everything fits together"))
    return 1 if found else 0


def _no_kind(kind: str) -> Message:
    return message("{kind} is no known kind; `evidence kinds` lists them", kind=clean_line(kind, 60))


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
        raise InputError("unknown-kind", _no_kind(kind))
    chosen = [known[kind]] if kind else list(known.values())
    if as_json:
        print_json([one.model_dump(mode="json") for one in chosen])
        return
    for one in chosen:
        say(gettext("{id}  {title} (read by {reader})", id=one.id, title=one.title, reader=one.reader))
        if kind:
            say(f"\n{one.summary.strip()}\n")
            say(gettext("Complete when: {text}", text=one.complete_when.strip()))
            say("\n" + gettext("How to produce one:") + f"\n{one.how_to_produce.strip()}\n")
            say(gettext("Facts:"))
            for fact in one.facts:
                type_ = gettext("{type} in {unit}", type=fact.type, unit=fact.unit) if fact.unit else fact.type
                say(f"  {fact.name} ({type_}): {fact.meaning}")


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
        raise InputError("unknown-kind", _no_kind(kind))
    if schema:
        print_json(form_schema(known[kind]))
        return
    content = new_record(known[kind], instant(date).date())
    if target is None:
        click.echo(content.decode(), nl=False)
        return
    if target.exists():
        text = message("{path}: is there already; choose another name", path=clean_line(str(target)))
        raise InputError("exists", text)
    with writing(target):
        write_atomic(target, content)
    say(gettext("{path}: a blank {kind}; fill it, then `compliance-tui evidence facts {path}`", path=target, kind=kind))
