"""init, status, show, answer, sign-off, waive."""

import datetime as dt
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compliance_tui.assessment import actions
from compliance_tui.assessment.archive import archived_answers
from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.lint import lint_assessment
from compliance_tui.assessment.model import LONGEST_STATEMENT, STATUSES, Artifact, Person, Status, Subject, Waiver
from compliance_tui.assessment.readiness import ControlState, axis_values
from compliance_tui.assessment.store import has_bytes
from compliance_tui.cli.reading import Opened, opened
from compliance_tui.cli.settings import (
    NOT_ACCEPTED,
    READY,
    extra_standards,
    folder,
    instant,
    note,
    person,
    piped_text,
    print_json,
    say,
)
from compliance_tui.cli.text import status_lines
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import open_regular
from compliance_tui.safe.language import Message, gettext, message, ngettext
from compliance_tui.safe.model import validate
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.standard.load import find_pack, standard_folders
from compliance_tui.standard.model import Standard

if TYPE_CHECKING:
    from compliance_tui.cli.control_text import Further


def pairs(values: Sequence[str], option: str, example: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a dictionary."""
    for value in values:
        if "=" not in value:
            given = clean_line(value, 60)
            text = message("{option} {given}: write it as {example}", option=option, given=given, example=example)
            raise InputError("bad-option", text)
    return {value.partition("=")[0].strip(): value.partition("=")[2].strip() for value in values}


def artifact(text: str) -> Artifact:
    """An artifact by its digest, or by a file that is hashed now."""
    if text.startswith("sha256:"):
        digest = text.removeprefix("sha256:")
        return validate({"name": f"sha256:{digest[:12]}", "sha256": digest}, Artifact, "--artifact")
    import hashlib

    with open_regular(Path(text)) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Artifact(name=Path(text).name, sha256=digest, size=file.tell())


def _person(text: str) -> Person:
    identifier, _, seats = text.partition("=")
    wanted = {"id": identifier, "name": identifier, "seats": [seat for seat in seats.split(",") if seat]}
    return validate(wanted, Person, "--person")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--standard", "standards", multiple=True, metavar="ID[@VERSION]", help="Pin a standard.")
@click.option("--from", "before", type=click.Path(path_type=Path), default=None, metavar="OLD", help="Begin from that one.")
@click.option("--subject", required=True, metavar="NAME", help="What is to be released.")
@click.option("--subject-version", default="", metavar="VERSION", help="Its version.")
@click.option("--release-date", default=None, metavar="DATE", help="The planned day of release.")
@click.option("--artifact", "artifacts", multiple=True, metavar="FILE|sha256:…", help="A file of the release, or its digest.")
@click.option("--set", "axes", multiple=True, metavar="AXIS=VALUE", help="Choose the value of an axis.")
@click.option("--person", "people", multiple=True, metavar="ID=SEAT,…", help="List a person with seats.")
@click.pass_context
def init(
    ctx: click.Context,
    directory: Path,
    standards: Sequence[str],
    before: Path | None,
    subject: str,
    subject_version: str,
    release_date: str | None,
    artifacts: Sequence[str],
    axes: Sequence[str],
    people: Sequence[str],
) -> None:
    """Start an assessment of one release against pinned standards.

    With --from, the next release begins from an older assessment: its standards, people, answers, and evidence that is still
    fresh; every sign-off lapses, and what was met is to be confirmed again.

    \b
    Example:
      compliance-tui init release --standard frontier-release@1.1 --subject northwind-2 \\
          --set profile=api-only --set tier=T1 --person ada=owner --person ben=security
      compliance-tui init next --from release --subject northwind-3
    """
    if bool(standards) == bool(before):
        why = message("name the standards with --standard, or an older assessment with --from; one of the two")
        raise InputError("bad-option", why)
    root = directory if directory.is_absolute() else folder(ctx) / directory
    described = validate(
        {
            "name": subject,
            "version": subject_version,
            "release_date": instant(release_date).date() if release_date else None,
            "artifacts": [artifact(text) for text in artifacts],
        },
        Subject,
        "--subject",
    )
    chosen = pairs(axes, "--set", "AXIS=VALUE")
    series, by, at = str(uuid.uuid4()), person(ctx), instant(None)
    if before is not None:
        from compliance_tui.assessment.next_release import start_next_release

        assessment = start_next_release(load(before), root, described, chosen, series, by, at)
        for text in people:
            one = _person(text)
            actions.add_person(root, one.id, one.name, one.seats, by, at)
    else:
        packs = [find_pack(reference, standard_folders(extra_standards(ctx))) for reference in standards]
        assessment = actions.create(root, packs, described, chosen, [_person(text) for text in people], series, by, at)
    _say_started(load(root))
    say(gettext("assessment of {subject} started in {folder}", subject=assessment.subject.name, folder=root))


def pinned_line(standard: Standard, sha256: str) -> str:
    """That a version is pinned from now on, in the reader's language."""
    return ngettext(
        "pinned {id} {version}, {number} control, sha256 {sha256}",
        "pinned {id} {version}, {number} controls, sha256 {sha256}",
        len(standard.controls),
        id=standard.id,
        version=standard.version,
        sha256=sha256,
    )


def _say_started(contents: Contents) -> None:
    for standard, sha256 in contents.standards:
        say(pinned_line(standard, sha256))
        chosen = axis_values(contents.assessment, standard)
        for axis in standard.axes:
            if axis.id not in chosen:
                values = ", ".join(value.id for value in axis.values)
                note(
                    gettext(
                        "axis {axis} is not set yet ({values}): `compliance-tui axes {axis}=VALUE`", axis=axis.id, values=values
                    )
                )
    if contents.items or contents.responses:
        again = sum(response.recheck is not None for response in contents.responses.values())
        say(
            gettext(
                "{answers} answers and {items} evidence items carried over, {again} to confirm again",
                answers=len(contents.responses),
                items=len(contents.items),
                again=again,
            )
        )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.option("--all", "everything", is_flag=True, help="List every control, not only those that want something.")
@click.pass_context
def status(ctx: click.Context, as_json: bool, as_of: str | None, everything: bool) -> int:
    """Say whether the release is ready. Exit status 0 when it is, 3 when it is not.

    \b
    Example:
      compliance-tui status --as-of 2026-12-15
    """
    there = opened(ctx)
    contents = there.contents
    result = contents.readiness(instant(as_of))
    if as_json:
        from compliance_tui.assessment.report import readiness_json

        print_json(readiness_json(result))
    else:
        for line in status_lines(there, result, everything):
            say(line)
        odd = 0 if there.looked else len(lint_assessment(contents, result, has_bytes(contents, ask=False)))
        if odd:
            say()
            say(
                ngettext(
                    "{number} thing does not fit together: `compliance-tui evidence lint`",
                    "{number} things do not fit together: `compliance-tui evidence lint`",
                    odd,
                )
            )
    return NOT_ACCEPTED if result.verdict == "not-ready" else READY


def _state(contents: Contents, reference: str, as_of: dt.datetime) -> ControlState:
    standard, control = contents.find(reference)
    state = contents.readiness(as_of).state(standard.id, control.id)
    assert state is not None  # find() gave a control of a pinned standard
    return state


@click.command()
@click.argument("control")
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.pass_context
def show(ctx: click.Context, control: str, as_of: str | None) -> None:
    """Show one control as plain text: statement, guidance, answer, evidence, checks, sign-offs, what is missing.

    What was archived of it when the standard changed is shown below; of a control that is gone, there is only that.

    \b
    Example:
      compliance-tui show FR-SAF-02
    """
    from compliance_tui.cli.control_text import archived_page, control_page

    there, at = opened(ctx), instant(as_of)
    contents = there.contents
    archived = [] if there.looked else archived_answers(contents.root, control.rpartition("/")[2])
    try:
        contents.find(control)
    except InputError as error:
        if error.code != "unknown-control" or not archived:
            raise
        say(gettext("{control}: no pinned standard has it any more", control=clean_line(control, 100)))
        for line in archived_page(archived):
            say(line)
        return
    state = _state(contents, control, at)
    for line in control_page(contents, state, at, _further(ctx, there, state)):
        say(line)
    for line in archived_page(archived):
        say(line)


def _further(ctx: click.Context, there: Opened, state: ControlState) -> "Further":
    """What the page of a control says beside the assessment itself."""
    from compliance_tui.cli.control_text import Further

    contents = there.contents
    if there.looked is not None:
        from compliance_tui.bundle.core import answer_name

        key = (state.standard, state.control.id)
        return Further(hidden=there.hidden, answer_item=answer_name(*key), claimed=there.claimed.get(key, ""))
    from compliance_tui.assessment.history import lapse_reasons
    from compliance_tui.assessment.serving import faults_of
    from compliance_tui.standard.since import changes_since

    lapsed = [seat.seat for seat in state.seats if seat.state == "lapsed"]
    before, changes = changes_since(contents.standard(state.standard), standard_folders(extra_standards(ctx)))
    return Further(
        lapses={seat: lapse_reasons(contents, state, seat) for seat in lapsed},
        faults=faults_of(contents),
        before=before,
        changes=changes,
    )


def _after(ctx: click.Context, control: str, done: Message) -> None:
    """Say what was done, and what the control still wants."""
    contents = load(folder(ctx))
    state = _state(contents, control, instant(None))
    say(f"{state.control.id}: {gettext(done)}; {gettext(word(state.outcome))}")
    for reason in state.reasons:
        if state.outcome in ("blocked", "advisory"):
            say(f"  - {gettext(reason.text)}")


@click.command()
@click.argument("control")
@click.option("--status", "wanted", type=click.Choice(STATUSES), required=True)
@click.option("--statement", default=None, metavar="TEXT|-", help="The statement; - reads it from standard input.")
@click.pass_context
def answer(ctx: click.Context, control: str, wanted: Status, statement: str | None) -> None:
    """Answer a control.

    \b
    Example:
      compliance-tui answer FR-GOV-01 --status met --statement "Memo 14 names the digest and both objections."
    """
    if statement == "-":
        statement = piped_text(LONGEST_STATEMENT)
    contents = load(folder(ctx))
    actions.answer(contents, control, person(ctx), instant(None), status=wanted, statement=statement)
    _after(ctx, control, message("answered {status}", status=word(wanted)))


@click.command("sign-off")
@click.argument("control")
@click.option("--as", "signer", required=True, metavar="PERSON", help="Who signs.")
@click.option("--seat", required=True, help="In which seat.")
@click.option("--key", default=None, help="Sign with that person's own key, so that nobody can sign for them.")
@click.option("--passphrase-fd", type=int, default=None, metavar="N", help="Read the passphrase from there.")
@click.pass_context
def sign_off(ctx: click.Context, control: str, signer: str, seat: str, key: str | None, passphrase_fd: int | None) -> None:
    """Accept the answer to a control, as a person in a seat. It lapses by itself when what was seen changes.

    With --key it is signed (SSHSIG); a standard may demand that, and a verifier holds it against their own trust policy.

    \b
    Example:
      compliance-tui sign-off FR-GOV-01 --as ada --seat owner
    """
    own_key = None
    if key is not None:
        from compliance_tui.cli.keys import passphrase_from
        from compliance_tui.trust.keys import load_signer

        own_key = load_signer(key, passphrase_from(passphrase_fd, key))
    actions.sign_off(load(folder(ctx)), control, signer, seat, person(ctx), instant(None), own_key)
    _after(ctx, control, message("signed off by {person} as {seat}", person=signer, seat=seat))


@click.command()
@click.argument("control")
@click.option("--reason", required=True, help="Why the gap is accepted.")
@click.option("--measures", default="", help="What is done instead.")
@click.option("--owner", required=True, help="Who owns the gap.")
@click.option("--approver", required=True, help="Who approves it; not its owner.")
@click.option("--until", required=True, metavar="DATE", help="The last day on which it counts.")
@click.pass_context
def waive(ctx: click.Context, control: str, reason: str, measures: str, owner: str, approver: str, until: str) -> None:
    """Accept a gap until a day; afterwards the control blocks again by itself.

    \b
    Example:
      compliance-tui waive FR-INC-02 --reason "drill moved" --owner ada --approver cleo --until 2026-12-31
    """
    at = instant(None)
    waiver = validate(
        {
            "reason": reason,
            "measures": measures,
            "owner": owner,
            "approver": approver,
            "until": instant(until).date(),
            "approved_at": at,
        },
        Waiver,
        message("the waiver"),
    )
    actions.waive(load(folder(ctx)), control, waiver, person(ctx), at)
    _after(ctx, control, message("waived until {day}", day=waiver.until))
