"""The commands about bundles as a script meets them: exit statuses, one JSON document, one sentence for what is wrong."""

import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment.folder import load
from compliance_tui.bundle.verdict import LINES
from compliance_tui.cli.output_schemas import VERIFY
from compliance_tui.trust.policy import add_rule
from tests.assessment.sample import SERIES
from tests.bundle.sample import Sample, sample, with_register
from tests.bundle.test_compare import _fits
from tests.cli.calling import Call, caller, refused
from tests.trust.known_keys import fido_signer

AT = ("--as-of", "2026-11-25T12:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    made = sample(tmp_path, withhold=True)
    (tmp_path / "trust.toml").write_bytes(with_register(made.full))
    (tmp_path / "plain.toml").write_bytes(made.full)
    return made


@pytest.fixture
def call(made: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    call = caller(tmp_path, monkeypatch, capsys)
    keys = ["--key", "lab-author.key", "--key", "lab-officer.key", "--attester", "lab.example"]
    done = call("-C", "assessment", "export", "-o", "b.zip", "--as-of", "2026-11-24T12:00:00Z", *keys)
    assert done.status == 0, done.err
    assert "withheld, but committed to: E-0003" in done.out
    return call


def test_a_bundle_from_export_to_determination(call: Call, tmp_path: Path) -> None:
    assert call("verify", "b.zip", "--trust", "trust.toml", *AT).status == 3
    assert call("disclose", "assessment", "--item", "E-0003", "-o", "item").status == 0
    soon = ["--expires", "2026-12-20", "--as-of", "2026-11-24T13:00:00Z"]
    listed = call(
        "-C", "assessment", "register", *soon, "--key", "lab-officer.key", "-o", "register", "--attester", "lab.example"
    )
    assert listed.status == 0, listed.err
    assert "To be signed (register/v1" in listed.err
    received = call("receipt", "b.zip", "--as", "regulator.example", "--key", "regulator.key", *AT)
    assert "attestations/0002 is receipt/v1, signed" in received.out
    reviewed = call(
        "review", "b.zip", "--as", "assessor.example", "--conclusion", "Fine.", "--finding", "small/S-01=confirmed:read it",
        "--opened", "E-0001", "--key", "assessor.key", *AT,
    )  # fmt: skip
    assert reviewed.status == 0, reviewed.err
    decided = call(
        "determine", "b.zip", "--decision", "accepted-with-conditions", "--reason", "In order.", "--condition", "Report.",
        "--valid-until", "2027-06-30", "--as", "regulator.example", "--key", "regulator.key", *AT,
    )  # fmt: skip
    assert decided.status == 0, decided.err
    given = ["--trust", "trust.toml", "--with", "item", "--with", "register", *AT]
    told = call("verify", "b.zip", *given)
    assert told.status == 0, told.out
    assert told.out.startswith("ACCEPTED: genuine, and all that your policy asks for: b.zip\n")
    assert "signature valid: yes · trusted: yes · current: yes · ready: yes" in told.out
    assert "Determination: accepted with conditions by regulator.example" in told.out
    document = json.loads(call("verify", "b.zip", *given, "--json").out)
    _schema_fits(document)
    assert [one["name"] for one in document["lines"]] == list(LINES)
    assert [one["standing"] for one in document["statements"]] == ["counted"] * 4
    assert document["handed"] == ["E-0003"]
    withdrawn = call("withdraw", "b.zip", "--reason", "Wrong.", "--key", "lab-officer.key", *AT)
    assert withdrawn.status == 0
    after = call("verify", "b.zip", *given)
    assert after.status == 3
    assert "current: NO" in after.out


def _schema_fits(document: dict[str, Any]) -> None:
    schema = dict(VERIFY)
    schema["properties"] = {name: {} if name == "readiness" else inner for name, inner in VERIFY["properties"].items()}
    _fits(document, schema)


def test_json_has_all_fields_whatever_the_verdict(call: Call, tmp_path: Path) -> None:
    for trust in ([], ["--trust", "plain.toml"]):
        _schema_fits(json.loads(call("verify", "b.zip", *trust, "--json").out))
    (tmp_path / "bad.zip").write_bytes((tmp_path / "b.zip").read_bytes()[:-1])
    broken = call("verify", "bad.zip", "--trust", "plain.toml", "--json")
    assert broken.status == 1
    document = json.loads(broken.out)
    _schema_fits(document)
    assert document["verdict"] == "broken"


def test_json_names_what_the_bundle_is_about(call: Call, made: Sample, tmp_path: Path) -> None:
    """Enough of it that a bundle can be evidence in another assessment; all of it is what the lab claims."""
    said = json.loads(call("verify", "b.zip", "--trust", "plain.toml", "--json", *AT).out)["statement"]
    artifacts = [{"name": "w", "sha256": "ab" * 32}]
    assert said["subject"] == {"name": "thing", "version": "1", "artifacts": artifacts}
    assert said["axes"] == {"profile": "api", "tier": "T1"}
    (standard,) = load(made.root).standards
    assert said["standards"] == [{"id": "small", "version": "1.0", "sha256": standard[1]}]
    assert (said["attester"], said["claimed_at"]) == ("lab.example", "2026-11-24T12:00:00Z")
    assert (said["series"], said["sequence"], said["supersedes"]) == (SERIES, 1, None)
    with zipfile.ZipFile(tmp_path / "b.zip") as file:
        assert said["sha256"] == hashlib.sha256(file.read("attestations/0001/statement.json")).hexdigest()


def test_a_query_for_a_token_is_over_statement_and_signature(call: Call, made: Sample, tmp_path: Path) -> None:
    pytest.importorskip("rfc3161_client")
    replace(made, signers=[fido_signer(3)]).export(tmp_path / "f", folder=True)
    (signature,) = (tmp_path / "f/attestations/0001").glob("*.sshsig")
    wanted = hashlib.sha256((signature.with_name("statement.json").read_bytes()) + signature.read_bytes()).digest()
    for target in ("f", str(signature)):
        assert call("timestamp", "request", target, "-o", "q.tsq").status == 0
        assert wanted in (tmp_path / "q.tsq").read_bytes()


def test_an_assessment_is_no_broken_bundle(call: Call) -> None:
    """Who names the wrong folder is told so, and not that somebody altered it."""
    for command in (("verify", "assessment"), ("verify", "assessment", "--trust", "plain.toml")):
        refused(call(*command), "assessment: an assessment, not a bundle; `export` makes one of it")


def test_the_core_s_faults_are_told_line_by_line(call: Call, tmp_path: Path) -> None:
    """An altered item does not make the lab's signature any less genuine: each line stands for itself."""
    shutil.unpack_archive(tmp_path / "b.zip", tmp_path / "b")
    (tmp_path / "b/items/E-0001/files/policy.md").write_text("x")
    told = call("verify", "b", "--trust", "plain.toml", *AT)
    assert told.status == 1
    outcomes = {
        line.split()[1]: line.split()[0] for line in told.out.splitlines() if line.startswith("  ") and len(line.split()) > 1
    }
    assert {name: outcomes[name] for name in LINES} == {
        "structure": "pass",
        "integrity": "fail",
        "signatures": "pass",
        "identity": "pass",
        "time": "unknown",
        "standard": "pass",
        "freshness": "unknown",
        "completeness": "unknown",
        "readiness": "unknown",
    }


def test_an_edition_and_what_is_sealed(call: Call, tmp_path: Path) -> None:
    pytest.importorskip("pyrage")
    from tests.bundle.recipients import pair

    reader, escrow = pair(tmp_path, "reader"), pair(tmp_path, "escrow")
    done = call("redact", "b.zip", "--withhold", "E-0001", "-o", "e.zip")
    assert done.out.splitlines()[-1] == "withheld, but committed to: E-0001, E-0003"
    sealed = ["--seal", "E-0002", "--seal-to", reader.text]
    refused(call("redact", "b.zip", *sealed, "-o", "s.zip", "--key", "lab-operations.key"), "--escrow")
    (tmp_path / "config.toml").write_text(f'escrow = "{escrow.text}"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPLIANCE_TUI_CONFIG", str(tmp_path / "config.toml"))
        done = call(
            "redact", "b.zip", *sealed, "-o", "s.zip", "--key", "lab-operations.key", "--escrow-identity", str(escrow.file)
        )
    assert done.status == 0, done.err
    assert "sealed, but committed to: E-0002" in done.out
    opened = call("verify", "s.zip", "--trust", "plain.toml", "--identity", str(reader.file), "--json", *AT)
    assert json.loads(opened.out)["handed"] == ["E-0002"]
    assert call("redact", "b.zip", "--seal", "E-0002", "-o", "x.zip").status == 2
    refused(call("redact", "b.zip", "--seal-to", reader.text, "--withhold", "E-0001", "-o", "x.zip"), "--seal-to goes with")
    exported = call(
        "-C", "assessment", "export", "-o", "sealed.zip", *sealed, "--escrow", escrow.text, "--key", "lab-author.key"
    )  # fmt: skip
    assert "sealed to 1 recipient and the escrow, not opened as a check" in exported.out


def test_what_the_extra_is_missing_is_said(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyrage", None)
    sealed = ["--seal", "E-0002", "--seal-to", "age1x", "--escrow", "age1x", "--key", "lab-author.key"]
    refused(call("redact", "b.zip", *sealed, "-o", "x.zip"), "pip install 'compliance-tui[seal]'")
    (tmp_path / "i").write_text("AGE-SECRET-KEY-1")
    refused(call("verify", "b.zip", "--identity", "i"), "pip install 'compliance-tui[seal]'")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["redact", "b.zip", "-o", "x.zip"], "--withhold ITEM"),
        (["redact", "b.zip", "--withhold", "E-0042", "-o", "x.zip"], "has no item E-0042"),
        (["redact", "none.zip", "--withhold", "E-0001", "-o", "x.zip"], "no such file"),
        (["redact", "b.zip", "--withhold", "E-0001", "-o", "b.zip"], "there already"),
        (["disclose", "b.zip", "--item", "E-0003", "-o", "x"], "is not open in it"),
        (["disclose", "assessment", "--item", "E-0001", "-o", "x"], "was not withheld"),
        (["disclose", "nowhere", "--item", "E-0001", "-o", "x"], "no such file"),
        (["verify", "b.zip", "--with", "none"], "no such folder"),
        (["verify", "b.zip", "--state", "s.json"], "--state goes with --trust"),
        (["verify", "b.zip", "--identity", "trust.toml"], "identity"),
        (["determine", "b.zip", "--decision", "accepted", "--reason", "x", "--as", "r", "--key", "none.key"], "none.key"),
        (["determine", "b.zip", "--decision", "accepted", "--reason", "x", "--as", "r"], "--key"),
        (["determine", "b.zip", "--decision", "maybe", "--reason", "x", "--as", "r"], "maybe"),
        (["determine", "b.zip", "--decision", "withdrawn", "--reason", "x", "--as", "r", "--key", "regulator.key"], "there is"),
        (["review", "b.zip", "--as", "a", "--conclusion", "x", "--finding", "S-01=good", "--key", "assessor.key"], "STANDARD/"),
        (["supersede", "b.zip", "b.zip", "--reason", "x", "--key", "lab-officer.key"], "higher sequence"),
        (["-C", "assessment", "register", "--expires", "2027-01-01", "--key", "lab-officer.key"], "BUNDLE"),
        (["-C", "assessment", "register", "--expires", "2020-01-01", "--key", "lab-officer.key", "-o", "r"], "expires after"),
        (["sign", "b.zip", "--key", "regulator.key", "--statement", "9"], "no attestations/0009"),
        (["compare", "b.zip", "trust.toml"], "neither a bundle"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_sentence_and_exit_status_2(call: Call, tmp_path: Path, arguments: list[str], said: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != "assessment"}
    ended = call(*arguments)
    assert ended.status == 2, ended
    assert said in ended.err, ended.err
    assert "Traceback" not in ended.err
    assert "a fault in" not in ended.err
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != "assessment"} == before


def test_a_broken_bundle_cannot_be_accepted_but_it_can_be_refused(call: Call, tmp_path: Path) -> None:
    shutil.unpack_archive(tmp_path / "b.zip", tmp_path / "b")
    (tmp_path / "b/items/E-0001/files/policy.md").write_text("x")
    decide = ["--reason", "Evidence was altered.", "--as", "regulator.example", "--key", "regulator.key", *AT]
    assert call("determine", "b", "--decision", "accepted", *decide).status == 1
    assert call("receipt", "b", "--as", "regulator.example", "--key", "regulator.key").status == 1
    assert call("determine", "b", "--decision", "returned", *decide, "-o", "answer").status == 0
    assert sorted(path.name[16:] for path in (tmp_path / "answer").iterdir() if path.suffix != ".json") == [".sshsig"]


def test_another_process_s_policy_and_state(call: Call, made: Sample, tmp_path: Path) -> None:
    """The state lies beside the policy unless it is said otherwise, and a policy that goes back is caught."""
    assert call("verify", "b.zip", "--trust", "plain.toml", *AT).status == 3
    assert (tmp_path / "plain.state.json").is_file()
    newer = add_rule(made.full, "t", "other/v1", None, {"regulator": 1})
    (tmp_path / "plain.toml").write_bytes(newer)
    assert call("verify", "b.zip", "--trust", "plain.toml", *AT).status == 3
    (tmp_path / "plain.toml").write_bytes(made.full)
    back = call("verify", "b.zip", "--trust", "plain.toml", *AT)
    assert "version may not go down" in back.out
    other = call("verify", "b.zip", "--trust", "plain.toml", "--state", "elsewhere.json", *AT)
    assert "remembered in elsewhere.json" in other.out


@pytest.mark.parametrize("name", ["verify", "compare", "state", "statement"])
def test_schemas_are_published(call: Call, name: str) -> None:
    document = json.loads(call("schema", name).out)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["properties"]


def test_every_command_asks_before_it_signs_on_a_terminal(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    from compliance_tui.cli.main import main

    for answer, status in ((b"n\n", 2), (b"y\n", 0)):
        monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(answer)))
        monkeypatch.setattr(sys, "argv", ["compliance-tui", "sign", "b.zip", "--key", "regulator.key"])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == status
