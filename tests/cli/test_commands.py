"""The command line as a script meets it: exit statuses, one JSON document, one sentence for what is wrong."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.shipped import shipped


def run(*arguments: str, cwd: Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "compliance_tui", *arguments]
    root = Path(__file__).resolve().parents[2]
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(root),
        "COMPLIANCE_TUI_CONFIG": str(cwd / "no.toml"),
        "HOME": str(cwd),
    }
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    result = run("demo", "d", "--no-tui", cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / "d", result.stdout


def test_the_demo_walks_the_whole_loop_and_says_so(demo: tuple[Path, str]) -> None:
    home, said = demo
    for part in ("assessment/assessment.toml", "keys/lab-author.key", "regulator/trust.toml", "bundle.zip", "altered.zip"):
        assert (home / part).is_file()
    assert "altered copy" in said
    assert "4 known bypasses, 1 open: JB-2026-04 in J2 (57 points, 42 left)" in said
    assert "JB-2026-02, partners told: was due 2026-09-22 16:20" in said
    assert "broken" in said


def test_verify_by_exit_status_and_json(demo: tuple[Path, str]) -> None:
    home, _ = demo
    genuine = run("verify", "bundle.zip", "--trust", "regulator/trust.toml", "--json", cwd=home)
    assert genuine.returncode == 3
    document = json.loads(genuine.stdout)
    assert document["verdict"] == "not-accepted"
    outcomes = {line["name"]: line["outcome"] for line in document["lines"]}
    assert outcomes.pop("readiness") == "fail"
    assert (outcomes.pop("time"), outcomes.pop("freshness")) == ("unknown", "unknown")  # the policy asks for neither
    assert set(outcomes.values()) == {"pass"}
    altered = run("verify", "altered.zip", "--trust", "regulator/trust.toml", "--json", cwd=home)
    assert altered.returncode == 1
    assert json.loads(altered.stdout)["verdict"] == "broken"


def test_status_by_exit_status_and_json(demo: tuple[Path, str]) -> None:
    home, _ = demo
    result = run("-C", "assessment", "status", "--json", cwd=home)
    assert result.returncode == 3
    document = json.loads(result.stdout)
    assert document["verdict"] == "not-ready"
    assert len(document["controls"]) == 45 + 38
    assert all(control["reasons"] for control in document["controls"])
    by_id = {control["control"]: control for control in document["controls"]}
    assert all(by_id[f"JB-RAT-0{number}"]["outcome"] == "satisfied" for number in (1, 2, 3, 5))
    assert by_id["JB-MET-01"]["outcome"] == "blocked"
    assert by_id["FR-SUP-01"]["outcome"] == "waived"
    assert by_id["FR-WGT-01"]["outcome"] == "satisfied"
    assert "check-fail" in [reason["code"] for reason in by_id["FR-SDL-01"]["reasons"]]


def test_json_fits_the_published_schemas(demo: tuple[Path, str]) -> None:
    home, _ = demo
    for name, arguments in (
        ("status", ["-C", "assessment", "status", "--json"]),
        ("verify", ["verify", "bundle.zip", "--json"]),
        ("facts", ["evidence", "facts", str(shipped("evidence") / "sarif" / "bandit.sarif"), "--json"]),
    ):
        schema = json.loads(run("schema", name, cwd=home).stdout)
        _fits(json.loads(run(*arguments, cwd=home).stdout), schema)


def _fits(value: Any, schema: dict[str, Any]) -> None:
    """As much of JSON Schema as our own schemas use."""
    if "oneOf" in schema:
        schema = schema["oneOf"][0] if value is not None else {}
    if "enum" in schema:
        assert value in schema["enum"]
    if schema.get("type") == "object":
        assert set(schema.get("required", [])) <= set(value)
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                _fits(value[name], inner)
    if schema.get("type") == "array":
        for one in value:
            _fits(one, schema["items"])


def test_a_whole_walk_from_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"weights")
    sample = shipped("evidence") / "policy-doc" / "policy-doc.md"
    started = run(
        "init", "a", "--standard", "frontier-release@1.1", "--subject", "x", "--artifact", "weights.bin",
        "--set", "profile=api-only", "--set", "tier=T0", cwd=tmp_path,
    )  # fmt: skip
    assert started.returncode == 0, started.stderr
    answered = run("-C", "a", "answer", "FR-INC-01", "--status", "met", "--statement", "-", cwd=tmp_path, stdin="from a pipe")
    assert "answered met" in answered.stdout
    attached = run("-C", "a", "attach", str(sample), "--control", "FR-INC-01", cwd=tmp_path)
    assert "E-0001 policy-doc" in attached.stdout
    assert "pass: Situations that playbooks cover" in attached.stdout
    other = run("-C", "a", "attach", str(sample), "--control", "FR-SDL-01", cwd=tmp_path)
    assert "FR-SDL-01: E-0001 is of the kind policy-doc, which this control does not ask for" in other.stderr
    assert run("-C", "a", "sign-off", "FR-INC-01", "--as", "ada", "--seat", "owner", cwd=tmp_path).returncode == 0
    shown = run("-C", "a", "show", "FR-INC-01", "--as-of", "2026-11-24", cwd=tmp_path)
    assert "from a pipe" in shown.stdout
    assert "satisfied" in shown.stdout
    listed = json.loads(run("-C", "a", "evidence", "list", "--json", cwd=tmp_path).stdout)
    assert (listed[0]["id"], listed[0]["controls"]) == ("E-0001", ["FR-INC-01", "FR-SDL-01"])
    assert run("-C", "a", "evidence", "verify", cwd=tmp_path).returncode == 0
    victim = next(path for path in (tmp_path / "a/evidence/objects").rglob("*") if path.is_file())
    victim.unlink()
    broken = run("-C", "a", "evidence", "verify", cwd=tmp_path)
    assert broken.returncode == 1
    assert "missing" in broken.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status"], "no assessment here"),
        (["-C", "nowhere", "status"], "no assessment here"),
        (["frobnicate"], "No such command"),
        (["verify", "none.zip"], "no such file"),
        (["verify", "text.txt"], "neither a bundle"),
        (["verify", "text.txt", "--trust", "text.txt"], "text.txt, line 1"),
        (["verify", "text.txt", "--as-of", "yesterday"], "not an instant"),
        (["init", "x", "--standard", "nothing", "--subject", "s"], "known are frontier-release@0.9"),
        (["init", "x", "--standard", "text.toml", "--subject", "s"], "text.toml"),
        (["init", "x", "--standard", "frontier-release", "--subject", "s", "--set", "tier"], "AXIS=VALUE"),
        (["evidence", "facts", "text.txt"], "--kind"),
        (["evidence", "facts", "text.txt", "--kind", "sarif"], "text.txt"),
        (["keys", "show", "text.txt"], "not a public key|only Ed25519"),
        (["trust", "lint", "none.toml"], "no such file"),
        (["standards", "show", "frontier-release", "FR-XXX-01"], "no control"),
        (["sign", "none.zip", "--key", "text.txt"], "no private key"),
        (["keys", "new", "k"], "--passphrase-fd"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_status_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "text.txt").write_text("just text \x1b]52;c;aGk=\x07\n")
    (tmp_path / "text.toml").write_text("x = \n")
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert any(part in result.stderr for part in said.split("|")), result.stderr
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stderr + result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.toml", "text.txt"]


def test_without_a_terminal_the_plain_status_is_printed(demo: tuple[Path, str]) -> None:
    home, _ = demo
    result = run("assessment", cwd=home)
    assert result.returncode == 3
    assert "NOT READY" in result.stdout
    assert "\x1b" not in result.stdout
    opened = run("bundle.zip", cwd=home)
    assert "NOT ACCEPTED" in opened.stdout


def test_every_command_has_help_with_an_example(tmp_path: Path) -> None:
    from compliance_tui.cli.main import COMMANDS

    groups = {"people", "evidence", "standards", "keys", "trust", "log", "store", "timestamp"}
    for name in COMMANDS:
        result = run(name, "--help", cwd=tmp_path)
        assert result.returncode == 0
        assert name in groups or "Example:" in result.stdout, name


def test_the_list_of_commands_says_what_the_commands_say() -> None:
    from compliance_tui.cli.main import COMMANDS, program

    for name in COMMANDS:
        assert program.get_command(None, name) is not None  # type: ignore[arg-type]
