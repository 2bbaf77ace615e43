"""Export: what will be signed, a typed word, progress, and where it went."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from compliance_tui.assessment.folder import Contents
from compliance_tui.assessment.readiness import Readiness
from compliance_tui.tui.form import Clock, Form, Job
from compliance_tui.tui.show import VERDICTS, line


class ExportForm(Form):
    """Counts and digests first, then the fields, then the word that says it is meant."""

    HINT = "Tab moves · Enter exports · Esc stops or goes back"
    WORD = "export"

    def __init__(self, contents: Contents, result: Readiness, person: str, clock: Clock) -> None:
        super().__init__(contents, clock)
        self.result, self.person = result, person

    @property
    def bytes_of_evidence(self) -> int:
        """Bytes of all items together."""
        return sum(item.size for item in self.contents.items.values())

    def fields(self) -> ComposeResult:
        """What will be said, then where and with which key."""
        subject = self.contents.assessment.subject
        items = self.contents.items.values()
        withheld = [item.id for item in items if item.disclosure == "withhold"]
        yield Static(line(f"Export  {subject.name} {subject.version}", "bold"), classes="heading")
        blocked = len(self.result.blocking())
        yield Static(line(f"It will say: {VERDICTS[self.result.verdict]}; {blocked} required controls block"))
        yield Static(
            line(f"{len(self.contents.responses)} answers, {len(items)} evidence items, {self.bytes_of_evidence:,} bytes")
        )
        yield Static(line(f"withheld: {', '.join(withheld) or 'nothing'}", limit=400))
        for pin in self.contents.assessment.standards:
            yield Static(line(f"{pin.id} {pin.version}  sha256 {pin.sha256}"))
        yield Input(value=f"{_file_stem(subject.name)}.zip", placeholder="file to write", id="out")
        yield Input(placeholder="private key that signs (none: unsigned)", id="key")
        yield Input(placeholder="its passphrase", password=True, id="passphrase")
        yield Input(placeholder=f"type {self.WORD} to go on", id="word")

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Export, once the word was typed."""
        if self.value("word") != self.WORD:
            self.complain(f"type {self.WORD} in the last field to go on")
            self.query_one("#word", Input).focus()
            return
        passphrase = self.query_one("#passphrase", Input).value
        out = Path(self.value("out")).expanduser()
        self.run(partial(self._export, out, self.value("key"), passphrase.encode), self.bytes_of_evidence or 1)

    def _export(self, out: Path, key: str, passphrase: Callable[[], bytes], job: Job) -> str:
        from compliance_tui.bundle.export import export
        from compliance_tui.trust.keys import load_signer

        signers = [load_signer(Path(key).expanduser(), passphrase)] if key else []
        done = export(
            self.contents,
            out,
            self.clock(),
            self.person,
            signers=signers,
            progress=job.progress,
            cancelled=job.cancelled,
        )
        return f"{done.path} written, bundle id {done.bundle_id[:16]}…"


def _file_stem(name: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "-_.") else "-" for one in name)[:60] or "bundle"
