"""release: what is released and when, its files, its axis values and people. The plain twin of that page."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import click

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.model import Subject
from compliance_tui.assessment.readiness import Readiness
from compliance_tui.cli.assess import artifact
from compliance_tui.cli.reading import opened
from compliance_tui.cli.settings import folder, instant, person, print_json, say
from compliance_tui.safe.instant import parse_instant
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.model import validate


@click.command()
@click.option("--subject", default=None, metavar="NAME", help="Another name; sign-offs lapse, as they do with the version.")
@click.option("--subject-version", default=None, metavar="VERSION", help="Another version.")
@click.option("--release-date", default=None, metavar="DATE|none", help="The planned day of release.")
@click.option("--published", default=None, metavar="DATE|none", help="The day on which the weights were published.")
@click.option("--description", default=None, metavar="TEXT", help="What it is, in a sentence.")
@click.option(
    "--artifact", "artifacts", multiple=True, metavar="FILE|sha256:…", help="One more file of the release, or its digest."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def release(
    ctx: click.Context,
    subject: str | None,
    subject_version: str | None,
    release_date: str | None,
    published: str | None,
    description: str | None,
    artifacts: Sequence[str],
    as_json: bool,
) -> None:
    """Show the release, its axis values and people; or change what is said of it.

    \b
    Example:
      compliance-tui release
      compliance-tui release --release-date 2027-01-15 --artifact northwind-2.safetensors
    """
    given: dict[str, Any] = {"name": subject, "version": subject_version, "description": description}
    changed = {name: value for name, value in given.items() if value is not None}
    for name, day in (("release_date", release_date), ("published_on", published)):
        if day is not None:
            changed[name] = _day(day)
    if changed or artifacts:
        _change(ctx, changed, artifacts)
    contents = opened(ctx).contents
    if as_json:
        print_json(contents.assessment.subject.model_dump(mode="json"))
        return
    for line in _lines(contents, contents.readiness(instant(None))):
        say(line)


def _day(text: str) -> dt.date | None:
    return None if text == "none" else parse_instant(text).date()


def _change(ctx: click.Context, changed: dict[str, Any], artifacts: Sequence[str]) -> None:
    root = folder(ctx)
    old = load(root).assessment.subject
    new = [artifact(text) for text in artifacts]
    known = {one.sha256 for one in old.artifacts}
    files = [*old.artifacts, *(one for one in new if one.sha256 not in known)]
    described = validate({**old.model_dump(), **changed, "artifacts": files}, Subject, message("the release"))
    actions.set_subject(root, described, person(ctx), instant(None))


def _lines(contents: Contents, result: Readiness) -> Iterator[str]:
    subject = contents.assessment.subject
    yield f"{subject.name} {subject.version}".rstrip()
    if subject.description:
        yield f"  {subject.description}"
    rows = (
        (gettext("planned day of release"), subject.release_date or gettext("none")),
        (gettext("weights published on"), subject.published_on or gettext("not published")),
    )
    yield from (f"  {name}: {value}" for name, value in rows)
    for one in subject.artifacts:
        yield "  " + gettext("file {name}", name=one.name) + f"  sha256 {one.sha256}"
    states = {(one.id, axis.axis): axis for one in result.standards for axis in one.axes}
    for standard, sha256 in contents.standards:
        yield ""
        yield f"{gettext(standard.standard.title)} {standard.version}, {standard.id}, sha256 {sha256}"
        for axis in standard.axes:
            state = states[standard.id, axis.id]
            value = next((value for value in axis.values if value.id == state.declared), None)
            told = f"{value.id}  {gettext(value.title)}" if value else gettext("not chosen yet")
            computed = "  " + gettext("(computed {value})", value=state.computed) if state.computed else ""
            yield f"  {axis.id} {gettext(axis.title)}: {told}{computed}"
    yield from ("", gettext("People"))
    for listed in contents.assessment.people:
        yield f"  {listed.id} ({listed.name}): {', '.join(listed.seats) or gettext('no seats')}"
