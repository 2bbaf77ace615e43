"""Verifying a bundle: the verdict in one line, then every independent line with its reason."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded
from compliance_tui.tui import show
from compliance_tui.tui.form import Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.paths import PathField
from compliance_tui.tui.reading import Text
from compliance_tui.tui.session import Clock
from compliance_tui.tui.show import BAD, GOOD, MUTED, WARN, line

if TYPE_CHECKING:
    from compliance_tui.bundle.verify import Verification

_VERDICTS = {"accepted": GOOD, "not-accepted": WARN, "broken": BAD}


def verdict_lines(found: "Verification", *, policy: bool) -> list[Content]:
    """The verdict, then a line for each independent check. Without a policy nothing can be accepted, which is said instead."""
    if policy or found.verdict == "broken":
        chip = Content.styled(f" {found.verdict.upper().replace('-', ' ')} ", f"bold reverse {_VERDICTS[found.verdict]}")
    else:
        chip = line("Nothing is broken; without a trust policy nobody is known, and nothing is accepted.", "bold")
    rows = [chip, line(f"bundle id {found.bundle_id or 'unknown'}", MUTED), Content("")]
    for one in found.lines:
        sign = show.LINES[one.outcome]
        word = "unknown" if one.outcome == "unknown" else sign.word
        rows.append(Content.styled(f"{sign.mark} {word:<8}", sign.style) + line(f"{one.name:<14}", "bold"))
        rows.append(line(f"            {one.reason}", limit=600))
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
    from compliance_tui.trust.policy_model import load_policy

    policy = None
    if trust:
        place = Path(trust).expanduser()
        policy = load_policy(read_bounded(place, 256 * 1024), str(place))
    return verify(path, policy, clock(), load_kinds(kinds_folder), progress=job.progress, cancelled=job.cancelled)


class VerifyForm(Form):
    """Bundle, policy; what was found stands below. Ends with the bundle's path where it is to be opened."""

    DEFAULT_CSS = """
    VerifyForm #found { height: auto; min-height: 8; margin-top: 1; }
    """
    purpose = "Verify a bundle"
    verb = "verify"
    about = (
        "Every line is found independently: structure, integrity, signatures, identity, standard, completeness, readiness. "
        "Without a trust policy nobody is known, and the lines about people stay unknown. Enter on the result opens the bundle."
    )

    def __init__(self, bundle: str = "") -> None:
        super().__init__()
        self._bundle = bundle

    def fields(self) -> ComposeResult:
        """Two paths."""
        yield from fields(
            PathField("bundle: a ZIP, or a folder", self._bundle, id="bundle", hint="Tab completes"),
            PathField("your trust policy (empty: nobody is known)", id="trust", hint="trust.toml"),
        )
        yield Text(id="found")

    def on_mount(self) -> None:
        """Nothing found yet."""
        self.query_one("#found").display = False

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Verify."""
        path = Path(self.value("bundle")).expanduser()
        total = path.stat().st_size if path.is_file() else 0
        self.run(partial(self._verify, path, self.value("trust")), total, what="verifying")

    def _verify(self, path: Path, trust: str, job: Job) -> str:
        if not path.exists():
            raise InputError("not-found", "no such bundle; Tab completes a path")
        found = check_bundle(path, trust, self.app.kinds_folder, self.app.clock, job)
        self.app.call_from_thread(self._found, found, bool(trust))
        return found.verdict

    def _found(self, found: "Verification", policy: bool) -> None:
        result = self.query_one("#found", Text)
        result.display = True
        result.show(verdict_lines(found, policy=policy), home=True)

    def ended(self, done: str) -> None:
        """The result stays on the page."""
        self._busy.clear()
        self.query_one("#found").focus()
        self.say("Enter opens the bundle, read-only; Esc goes back" if done != "broken" else "")
        self._whole = done != "broken"

    _whole = False

    def key_enter(self) -> None:
        """Open what was verified."""
        if self._whole and self.query_one("#found").has_focus:
            self.dismiss(self.value("bundle"))
