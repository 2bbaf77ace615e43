"""Verifying a bundle: the verdict in one line, then every independent line with its reason."""

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from compliance_tui.bundle.names import is_bundle
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.instant import format_instant, parse_instant
from compliance_tui.safe.language import gettext, message
from compliance_tui.safe.words import word
from compliance_tui.tui import show
from compliance_tui.tui.bundle_session import Brought, BundleSession, read_policy, remember_policy, remembered_policy
from compliance_tui.tui.form import Field, Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.paths import PathField, typed_paths
from compliance_tui.tui.session import Clock
from compliance_tui.tui.show import BAD, GOOD, MUTED, WARN, line

if TYPE_CHECKING:
    from compliance_tui.bundle.verify import Verification

_VERDICTS = {"accepted": GOOD, "not-accepted": WARN, "broken": BAD}


def verdict_lines(found: "Verification", *, policy: bool) -> list[Content]:
    """The verdict, then a line for each independent check. Without a policy nothing can be accepted, which is said instead."""
    if policy or found.verdict == "broken":
        chip = Content.styled(f" {gettext(word(found.verdict)).upper()} ", f"bold reverse {_VERDICTS[found.verdict]}")
    else:
        chip = line(gettext("Nothing is broken; without a trust policy nobody is known, and nothing is accepted."), "bold")
    rows = [chip, line(gettext("bundle id {id}", id=found.bundle_id or message("unknown")), MUTED), Content("")]
    for one in found.lines:
        sign = show.LINES[one.outcome]
        said = gettext(word(one.outcome))
        rows.append(Content.styled(f"{sign.mark} {said:<8}", sign.style) + line(f"{gettext(word(one.name)):<14}", "bold"))
        rows.append(line("            " + show.said(one.reason), limit=600))
    return rows


def check_bundle(
    path: Path,
    trust: str,
    kinds_folder: Path | None,
    clock: Clock,
    job: Job,
) -> "Verification":
    """Verify the bundle at ``path`` against the policy file that ``trust`` names, if it names one. Raises ComplianceError."""
    from compliance_tui.bundle.verify import verify
    from compliance_tui.evidence.kind import load_kinds

    policy = None
    if trust:
        policy, _ = read_policy(Path(trust).expanduser())
    return verify(path, policy, clock(), load_kinds(kinds_folder), progress=job.progress, cancelled=job.cancelled)


class VerifyForm(Form):
    """Bundle and policy. Ends with the bundle's path: it is opened, and verified by that policy."""

    purpose = message("Verify a bundle")
    verb = message("verify")
    about = message(
        "The bundle is verified when it is opened: structure, integrity, signatures, identity, standard, completeness, "
        "readiness, each line for itself. Without a trust policy nobody is known, and nothing is accepted. The policy that is "
        "named here is remembered for the next bundle."
    )

    def __init__(self, bundle: str = "") -> None:
        super().__init__()
        self._bundle = bundle

    def fields(self) -> ComposeResult:
        """Two paths."""
        yield from fields(
            PathField(gettext("bundle: a ZIP, or a folder"), self._bundle, id="bundle", hint=gettext("Tab completes")),
            _policy_field(),
        )

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Open it."""
        path = Path(self.value("bundle")).expanduser()
        if not self.value("bundle") or not path.exists():
            self.complain(gettext("no such bundle; Tab completes a path"))
        elif not is_bundle(path):
            self.complain(gettext("this folder holds no bundle: it has no core/"))
        elif _keep_policy(self):
            self.dismiss(str(path))


class PolicyForm(Form):
    """Whom the verifier believes, and what was handed over apart from the bundle. Ends with what was named."""

    purpose = message("Your policy, and what you bring along")
    verb = message("verify")
    about = message(
        "The trust policy is your own file: persons, keys, roles, accepted standards. It is remembered for the next bundle; "
        "what you remember of bundles lies beside it. A folder is an item that was disclosed later, or a statement that was "
        "handed over apart; a secret key opens what is sealed to you, in a temporary folder. Several paths with blanks between."
    )
    parts = {
        "trust": message("Empty: nobody is known, and nothing is accepted."),
        "folders": message("What the lab, or somebody else, handed over apart; each is proved to belong to the bundle."),
        "identities": message("Files with your secret keys (age, or OpenSSH without a passphrase)."),
        "challenge": message("A text of your own: a bundle that carries it was made after you asked."),
        "as_of": message("Empty: now. Another instant shows how the bundle stood, or will stand, then."),
    }

    def __init__(self, brought: Brought) -> None:
        super().__init__()
        self.brought = brought

    def fields(self) -> ComposeResult:
        """Three paths, a text, an instant."""
        yield from fields(
            _policy_field(),
            PathField(gettext("folders that were handed over apart"), _typed(self.brought.folders), id="folders"),
            PathField(gettext("secret keys that open what is sealed to you"), _typed(self.brought.identities), id="identities"),
            Field(gettext("what you asked the lab to put into its statement"), self.brought.challenge or "", id="challenge"),
            Field(gettext("the instant asked about (empty: now)"), self._as_of(), id="as_of", hint="2026-11-24T12:00:00Z"),
        )

    def _as_of(self) -> str:
        return format_instant(self.brought.as_of) if self.brought.as_of else ""

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Verify again."""
        try:
            folders = tuple(typed_paths(self.value("folders")))
            identities = tuple(typed_paths(self.value("identities")))
            as_of = parse_instant(self.value("as_of")) if self.value("as_of") else None
        except ComplianceError as error:
            self.complain(str(error))
            return
        session = self.session
        if _keep_policy(self) and isinstance(session, BundleSession):
            challenge = self.value("challenge") or None
            session.brought = replace(session.brought, folders=folders, identities=identities, challenge=challenge, as_of=as_of)
            self.dismiss(gettext("verified again"))


def _policy_field() -> PathField:
    trust = remembered_policy()
    title = gettext("your trust policy (empty: nobody is known)")
    return PathField(title, str(trust) if trust else "", id="trust", hint="trust.toml")


def _keep_policy(form: Form) -> bool:
    """Remember the policy that was typed, where it is one; else say why not."""
    typed = form.value("trust")
    if typed:
        try:
            read_policy(Path(typed).expanduser())
        except ComplianceError as error:
            form.complain(str(error))
            return False
    remember_policy(typed)
    return True


def _typed(paths: Iterable[Path]) -> str:
    return shlex.join(map(str, paths))
