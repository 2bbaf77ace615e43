"""demo: a sample lab with two fictional people, real evidence samples, and some honest gaps."""

import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.deadlines import WHAT
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Artifact, Person, Subject, Waiver
from compliance_tui.cli.open import can_draw
from compliance_tui.cli.settings import instant, note, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.words import word
from compliance_tui.shipped import shipped
from compliance_tui.standard.load import find_pack, standard_folders

if TYPE_CHECKING:
    from compliance_tui.assessment.registers import Register

STANDARDS = ("frontier-release@1.1", "jailbreak-risk@1.1")
SERIES = "00000000-0000-4000-8000-0000000de300"
ADA, BEN = "ada@northwind.example", "ben@northwind.example"
# control, status, statement, evidence samples; what is not here stays open.
ANSWERS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "FR-GOV-01",
        "met",
        "Memo 14 of 16 November names the digest, the profile and the tier. One objection was recorded and answered by "
        "200 further test items before the decision.",
        ("risk-decision-memo", "signoff-letter"),
    ),
    (
        "FR-WGT-01",
        "met",
        "Nine copies, each with a place and an owner; the inventory is exported every night and compared with the stores.",
        ("config-export",),
    ),
    (
        "FR-WGT-02",
        "met",
        "Weights are encrypted at rest and in transit. Keys live in hardware; every use is logged.",
        ("config-export",),
    ),
    (
        "FR-ACC-02",
        "met",
        "Reviewed by name on 14 November. The slowest removal this quarter took 17 hours.",
        ("access-review",),
    ),
    (
        "FR-SDL-01",
        "not-met",
        "The scan still shows two serious findings in the ingestion tools. Fixes are in review.",
        ("sarif",),
    ),
    (
        "FR-SUP-01",
        "partly-met",
        "The bill of materials is complete, but most components carry no hash yet.",
        ("sbom", "mlbom"),
    ),
    (
        "FR-CAP-01",
        "inconclusive",
        "Two ranges and one evaluation are in. The flaw-finding set has not been run against this build.",
        ("inspect-eval-log", "range-report"),
    ),
    (
        "FR-SAF-02",
        "met",
        "2 of 40 attacks succeeded in the automated suite; the red team found four narrow bypasses.",
        ("inspect-eval-log", "red-team-report"),
    ),
    (
        "FR-SAF-04",
        "met",
        "Four entries, one open, residual band J2.",
        ("jailbreak-register",),
    ),
    (
        "FR-MON-01",
        "met",
        "191 of 200 seeded cases were caught in October.",
        ("canary-test",),
    ),
    (
        "FR-INC-02",
        "met",
        "The drill of 30 September took 95 minutes from the call to the last region.",
        ("tabletop-record",),
    ),
    (
        "FR-INC-03",
        "met",
        "Nine contacts, all reached in October. 48 hours in general, 12 where harm is imminent.",
        ("policy-doc", "contact-list"),
    ),
    (
        "JB-MET-01",
        "not-met",
        "2 of 40 attacks succeeded. So few attempts prove little; the run of 400 is booked for next week.",
        ("inspect-eval-log",),
    ),
    (
        "JB-RAT-01",
        "met",
        "62, 35, 10 and 57 points before anything was done; computed again on export, and the same.",
        ("jailbreak-register",),
    ),
    (
        "JB-RAT-02",
        "met",
        "Two people rated each entry alone. The widest gap was one level.",
        ("jailbreak-register",),
    ),
    (
        "JB-RAT-03",
        "met",
        "27, 5, 1 and 42 points are left. Nobody lowered a rating, and nobody had to raise one.",
        ("jailbreak-register",),
    ),
    (
        "JB-RAT-04",
        "met",
        "For JB-2026-01 a rater gave the values of the draft of somebody else: CJS-3 beside our J3.",
        ("jailbreak-register",),
    ),
    (
        "JB-RAT-05",
        "met",
        "Every entry has its dates, surfaces, class, owner and the hash of its sealed kit.",
        ("jailbreak-register",),
    ),
    (
        "JB-DET-01",
        "met",
        "191 of 200 seeded uses of known bypasses were seen while they ran.",
        ("canary-test",),
    ),
    (
        "JB-MIT-02",
        "met",
        "All four were contained in time, the closest of them with 17 hours to spare.",
        ("jailbreak-register",),
    ),
)
SIGNED = (
    *("FR-WGT-01", "FR-WGT-02", "FR-ACC-02", "FR-MON-01", "FR-INC-02", "FR-INC-03", "FR-SAF-04"),
    *("JB-RAT-01", "JB-RAT-02", "JB-RAT-03", "JB-RAT-05", "JB-DET-01", "JB-MIT-02"),
)


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option("--no-tui", is_flag=True, help="Walk on to a signed and verified bundle, and say what was done.")
@click.pass_context
def demo(ctx: click.Context, directory: Path | None, no_tui: bool) -> int:
    """Make a sample assessment with real evidence samples, and open it.

    Without a terminal, or with --no-tui: export it, sign it twice, verify it, and show that an altered copy fails.

    \b
    Example:
      compliance-tui demo --no-tui
    """
    home = directory or Path("compliance-demo")
    if home.exists() and any(home.iterdir()):
        if not no_tui and can_draw() and (home / "assessment" / "assessment.toml").exists():
            note(gettext("{path} is there already; opening it", path=home))
            return _open(home)
        text = message("{path}: is there already; remove it, or name another folder", path=clean_line(str(home)))
        raise InputError("exists", text)
    at = instant(None)
    build_assessment(home / "assessment", at)
    if not no_tui and can_draw():
        return _open(home)
    return _walk(home, at)


def _open(home: Path) -> int:
    from compliance_tui.tui.app import run

    return run(home / "assessment", person=ADA, kinds_folder=None)


def build_assessment(root: Path, at: dt.datetime) -> None:
    """The sample assessment: two of the shipped packs, two fictional people, the shipped samples as evidence."""
    packs = [find_pack(one, standard_folders()) for one in STANDARDS]
    subject = Subject(
        name="northwind-2",
        version="2.0",
        description="A fictional release of a fictional lab, Northwind Models.",
        release_date=at.date() + dt.timedelta(days=21),
        artifacts=[Artifact(name="northwind-2.safetensors", sha256="ab" * 32)],
    )
    people = [
        Person(id=ADA, name="Ada Ortiz (fictional)", seats=["owner"]),
        Person(id=BEN, name="Ben Acheampong (fictional)", seats=["security"]),
    ]
    axes = {"profile": "api-only", "tier": "T1"}
    actions.create(root, packs, subject, axes, people, SERIES, ADA, at)
    contents = load(root)
    samples = shipped("evidence")
    for control, status, statement, kinds in ANSWERS:
        actions.answer(contents, control, ADA, at, status=status, statement=statement)  # type: ignore[arg-type]
        for kind in kinds:
            sample = _sample(samples / kind)
            # The samples speak of days of 2026; the demo shows them as they were a week ago, and says who said so.
            attach(
                contents,
                [sample],
                [control],
                "ci@northwind.example",
                at,
                kind=kind,
                date=at.date() - dt.timedelta(days=6),
            )
    for control in SIGNED:
        actions.sign_off(contents, control, ADA, "owner", ADA, at)
    for control in ("FR-SAF-04", "JB-RAT-02"):
        actions.sign_off(contents, control, BEN, "security", BEN, at)
    actions.waive(
        contents,
        "FR-SUP-01",
        Waiver(
            reason="Hashes of Python packages arrive with the new build on the first of the month.",
            measures="Packages are installed from a mirror that pins versions.",
            owner=ADA,
            approver=BEN,
            until=at.date() + dt.timedelta(days=30),
            approved_at=at,
        ),
        ADA,
        at,
    )


def _sample(folder: Path) -> Path:
    return next(path for path in sorted(folder.iterdir()) if path.name != "kind.toml" and path.is_file())


def _walk(home: Path, at: dt.datetime) -> int:
    """Export, sign, verify, alter, verify again; each step with its result."""
    from compliance_tui.assessment.registers import registers
    from compliance_tui.bundle.export import export
    from compliance_tui.bundle.page import line_rows
    from compliance_tui.bundle.sign import sign_bundle
    from compliance_tui.bundle.verify import verify
    from compliance_tui.evidence.kind import load_kinds
    from compliance_tui.safe.files import write_atomic
    from compliance_tui.trust import policy as policies
    from compliance_tui.trust.keys import load_signer, new_key

    contents = load(home / "assessment")
    result = contents.readiness(at)
    outcomes = [state.outcome for state in result.controls]
    say(
        gettext(
            "1. assessment   {folder}: {controls} controls, {items} evidence items",
            folder=home / "assessment",
            controls=len(outcomes),
            items=len(contents.items),
        )
    )
    counts = ", ".join(f"{outcomes.count(name)} {gettext(word(name))}" for name in ("satisfied", "waived", "blocked"))
    say(gettext("2. readiness    {verdict}: {counts}", verdict=word(result.verdict), counts=counts))

    for register in registers(contents, standard_folders(), at):
        _say_ratings(register)

    (home / "keys").mkdir()
    write_atomic(
        home / "keys" / "README.txt",
        b"Demonstration keys, made a moment ago, without a passphrase. Trust them with nothing.\n",
    )
    trust = policies.new_policy()
    for who, role in ((ADA, "lab-author"), (BEN, "lab-officer")):
        public = new_key(home / "keys" / f"{role}.key", None)
        trust = policies.add_person(trust, "trust.toml", who, "", [role], public.openssh)
    trust = policies.add_rule(trust, "trust.toml", policies.SELF_ASSESSMENT, None, {"lab-author": 1, "lab-officer": 1})
    for pin in contents.assessment.standards:
        trust = policies.add_standard(trust, "trust.toml", pin.id, pin.version, pin.sha256)
    (home / "regulator").mkdir()
    write_atomic(home / "regulator" / "trust.toml", trust)
    say(
        gettext(
            "4. keys         {folder}: two demonstration keys; {policy} asks for both",
            folder=home / "keys",
            policy=home / "regulator" / "trust.toml",
        )
    )

    signers = [load_signer(home / "keys" / f"{role}.key", lambda: b"") for role in ("lab-author", "lab-officer")]
    bundle = home / "bundle.zip"
    done = export(contents, bundle, at, ADA, signers=signers[:1], attester="northwind.example")
    say(
        gettext(
            "5. export       {bundle}: {items} items, {size:,} bytes, bundle id {id}…, signed by {person}",
            bundle=bundle,
            items=done.items,
            size=done.size,
            id=done.bundle_id[:16],
            person=ADA,
        )
    )
    sign_bundle(bundle, signers[1])
    say(gettext("6. sign         second signature, by {person}", person=BEN))

    policy, kinds = policies.load_policy(trust, "trust.toml"), load_kinds()
    found = verify(bundle, policy, at, kinds)
    say(gettext("7. verify       {verdict}", verdict=word(found.verdict)))
    for row in line_rows(found.lines):
        say(f"   {row}")

    altered = home / "altered.zip"
    _alter(bundle, altered)
    caught = verify(altered, policy, at, kinds)
    fault = next((line for line in caught.lines if line.outcome == "fail"), None)
    say(
        gettext(
            "8. altered copy {bundle}, one byte of evidence changed: {verdict}; {reason}",
            bundle=altered,
            verdict=word(caught.verdict),
            reason=fault.reason if fault else message("not noticed"),
        )
    )
    say()
    say(gettext("Look at it:     {command}", command=f"compliance-tui {home / 'assessment'}"))
    verify_it = f"compliance-tui verify {bundle} --trust {home / 'regulator' / 'trust.toml'}"
    say(gettext("Verify it:      {command}", command=verify_it))
    genuine = all(line.outcome == "pass" or not line.required for line in found.lines if line.name != "readiness")
    return 0 if genuine and caught.verdict == "broken" else 1


def _say_ratings(register: "Register") -> None:
    """What is open in a register, and which of its clocks are over."""
    still_open = [one for one in register.rated if one.entry.said.get("state") == "open"]
    told = ", ".join(
        gettext(
            "{entry} in {band} ({base} points, {residual} left)",
            entry=one.entry.id,
            band=one.band,
            base=one.entry.rating.base,
            residual=one.entry.rating.residual,
        )
        for one in still_open
    )
    known, number = len(register.rated), len(still_open)
    say(gettext("3. ratings      {known} known bypasses, {number} open: {told}", known=known, number=number, told=told))
    for one in register.rated:
        for deadline in one.entry.deadlines:
            if deadline.state in ("missed", "over"):
                say(f"                {one.entry.id}, {gettext(WHAT[deadline.clock])}: {gettext(deadline.text)}")


def _alter(bundle: Path, altered: Path) -> None:
    """Change one byte in the middle of the largest evidence file."""
    from compliance_tui.bundle.zip_read import read_members

    shutil.copyfile(bundle, altered)
    with altered.open("r+b") as file:
        members = read_members(file.fileno(), altered.name)
        largest = max(members, key=members.__getitem__)
        file.seek(members.offset(largest) + members[largest] // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
