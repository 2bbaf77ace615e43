"""Sign and export: exactly what will be signed, a typed word, progress, and then the bundle verified as anybody would."""

from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.tui import show
from compliance_tui.tui.form import Field, Form, fields
from compliance_tui.tui.job import Job
from compliance_tui.tui.paths import PathField
from compliance_tui.tui.reading import Text
from compliance_tui.tui.session import names
from compliance_tui.tui.show import MUTED, WARN, line, said
from compliance_tui.tui.verify import check_bundle, verdict_lines

WORD = "export"


class ExportForm(Form):
    """What will be said, then where and with which keys, then the word that says it is meant."""

    DEFAULT_CSS = """
    ExportForm {
        #what { height: auto; max-height: 45%; background: $boost; }
    }
    """
    AUTO_FOCUS = "#out"
    purpose = message("Sign and export")
    verb = message("export")
    about = message(
        "Above stands exactly what the signatures will cover. The bundle gets its id when it is written, because every item "
        "carries a fresh nonce. Keys are paths, agent:…, pkcs11:… or the address of a key service, several with blanks. "
        "When it is written, it is read back and verified; a policy adds the lines about people."
    )
    parts = {
        "keys": message(
            "A file, agent:SHA256:…, pkcs11:token=…;object=…, or a key service's address; several with blanks between."
        ),
        "passphrase": message("Of the key file, or the PIN of the token. It is used once and not kept."),
        "word": message("Type {word}, then Enter. There is no default.", word=WORD),
    }

    def __init__(self) -> None:
        super().__init__()
        self._done = ""

    def body(self) -> ComposeResult:
        """What will be signed, the fields, and room for what was found."""
        yield Text(self._what(), id="what")
        yield from super().body()
        yield Text(id="found")

    def fields(self) -> ComposeResult:
        """Where, with which keys, and the word."""
        stem = _file_stem(self.session.contents.assessment.subject.name)
        yield from fields(
            PathField(gettext("file to write (.zip), or a folder when it ends in /"), f"{stem}.zip", id="out"),
            Field(gettext("keys that sign (none: unsigned)"), id="keys", hint="ada.key, agent:SHA256:…, pkcs11:…"),
            Field(gettext("their passphrase or PIN, where one is needed"), id="passphrase", password=True),
            PathField(gettext("trust policy to verify against (may stay empty)"), id="trust"),
            Field(gettext("type {word} to go on", word=WORD), id="word"),
        )

    def on_mount(self) -> None:
        """Start at the file."""
        self.query_one("#found").display = False

    def _what(self) -> list[Content]:
        session = self.session
        contents, result = session.contents, session.result
        subject, items = contents.assessment.subject, contents.items.values()
        withheld = [item.id for item in items if item.disclosure == "withhold"]
        outcomes = [state.outcome for state in result.controls]
        blocked = result.blocking()
        total = sum(item.size for item in items)
        counts = gettext(
            "{in_order} in order, {waived} waived, {blocking} block, of {number} controls",
            in_order=outcomes.count("satisfied"),
            waived=outcomes.count("waived"),
            blocking=len(blocked),
            number=len(outcomes),
        )
        rows = [
            line(f"{subject.name} {subject.version}".rstrip(), "bold")
            + line("  " + gettext("series {series}", series=contents.assessment.series), MUTED),
            show.verdict_chip(result.verdict) + line(f"  {counts}"),
        ]
        if blocked:
            gaps = names([(state.standard, state.control.id) for state in blocked], 60)
            rows.append(line("    " + gettext("gaps: {gaps}", gaps=gaps), MUTED, limit=1200))
        answers = ngettext("{number:,} answer", "{number:,} answers", len(contents.responses))
        evidence = ngettext("{number:,} evidence item", "{number:,} evidence items", len(items))
        rows.append(line(f"{answers}, {evidence}, {show.size(total)}"))
        kept = gettext("withheld, but committed to: {items}", items=", ".join(withheld) or gettext("nothing"))
        rows.append(line(kept, WARN if withheld else "", limit=400))
        for pin in contents.assessment.standards:
            rows.append(line(f"{pin.id} {pin.version}", "bold") + line(f"  sha256 {pin.sha256}", MUTED))
        for artifact in subject.artifacts:
            rows.append(
                line(gettext("file {name}", name=artifact.name), limit=120) + line(f"  sha256 {artifact.sha256}", MUTED)
            )
        faults = session.loaded.faults if session.loaded else {}
        if faults:
            rows.append(
                line(
                    gettext("bytes missing or altered: {items}; the export will refuse them", items=", ".join(faults)),
                    show.BAD,
                    limit=400,
                )
            )
        return rows

    def renew(self) -> None:
        """Somebody changed something: what will be signed is what is there now."""
        self.query_one("#what", Text).show(self._what())

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Export, once the word was typed."""
        if self._done:
            self.dismiss(self._done)
            return
        if self.value("word") != WORD:
            self.complain(gettext("type {word} in the last field to go on", word=WORD))
            self.query_one("#word", Input).focus()
            return
        total = sum(item.size for item in self.session.contents.items.values())
        self.run(partial(self._export, self.value("out"), self.value("keys").split()), total or 1, what=gettext("exporting"))

    def _export(self, out: str, keys: list[str], job: Job) -> str:
        from compliance_tui.bundle.export import export
        from compliance_tui.trust.keys import load_signer

        session = self.session
        passphrase = self.query_one("#passphrase", Input).value
        signers = [load_signer(key, passphrase.encode) for key in keys]
        done = export(
            session.contents,
            Path(out).expanduser(),
            session.clock(),
            session.person,
            signers=signers,
            folder=out.endswith("/"),
            progress=job.progress,
            cancelled=job.cancelled,
        )
        self._done = gettext("{path} written, bundle id {id}…", path=done.path, id=done.bundle_id[:16])
        trust = self.value("trust")
        found = check_bundle(done.path, trust, session.kinds_folder, session.clock, job)
        signed_by = ", ".join(signer.public.fingerprint for signer in signers) or gettext("nobody yet")
        rows = [
            line(f"{done.path}", "bold", limit=300) + line(f"  {show.size(done.size)}", MUTED),
            line(gettext("signed by {signers}", signers=signed_by), limit=600),
            Content(""),
            *verdict_lines(found, policy=bool(trust)),
        ]
        self.app.call_from_thread(self._written, rows)
        return self._done

    def _written(self, rows: list[Content]) -> None:
        for part in ("#what", "#form"):
            self.query_one(part).display = False
        found = self.query_one("#found", Text)
        found.display = True
        found.show(rows, home=True)
        found.focus()

    def ended(self, done: str) -> None:
        """What was written and found stays on the page."""
        self._busy.clear()
        self.title_line(line(gettext("Written, read back and verified"), "bold"))
        self.say(gettext("Esc or F2 goes back"))

    def action_back(self) -> None:
        """After the export: back with what was done."""
        if self._done and not self.busy:
            self.dismiss(self._done)
        else:
            super().action_back()

    def refused(self, error: ComplianceError) -> None:
        """Say why; where the bundle was written, that too."""
        why = said(str(error))
        if self._done:
            why = gettext("{done}; but it could not be verified: {reason}", done=self._done, reason=why)
        self.complain(why)


def _file_stem(name: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "-_.") else "-" for one in name)[:60] or "bundle"
