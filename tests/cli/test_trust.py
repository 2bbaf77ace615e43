"""A regulator's walk: keys, a policy of their own, and what the stock tools get from it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.test_commands import run


def test_a_policy_from_nothing_accepts_who_it_should(tmp_path: Path) -> None:
    assert run("demo", "d", "--no-tui", cwd=tmp_path).returncode == 0
    assert run("trust", "init", "t.toml", cwd=tmp_path).returncode == 0
    assert run("trust", "lint", "t.toml", cwd=tmp_path).returncode == 1
    for person, role in (("ada@x.example", "lab-author"), ("ben@x.example", "lab-officer")):
        key = f"d/keys/{role}.key.pub"
        added = run("trust", "add", "t.toml", "--person", person, "--role", role, "--key", key, cwd=tmp_path)
        assert added.returncode == 0, added.stderr
    again = run(
        "trust", "add", "t.toml", "--person", "eve", "--role", "lab-officer", "--key", "d/keys/lab-author.key.pub", cwd=tmp_path
    )
    assert again.returncode == 2
    assert "one key is one vote" in again.stderr
    impossible = run("trust", "rule", "t.toml", "--need", "lab-author=2", cwd=tmp_path)
    assert impossible.returncode == 2
    assert run("trust", "rule", "t.toml", "--need", "lab-author=1", "--need", "lab-officer=1", cwd=tmp_path).returncode == 0
    assert run("trust", "accept", "t.toml", "frontier-release@1.1", cwd=tmp_path).returncode == 0
    assert run("trust", "lint", "t.toml", cwd=tmp_path).returncode == 0
    verified = run("verify", "d/bundle.zip", "--trust", "t.toml", cwd=tmp_path)
    assert verified.returncode == 3
    assert "pass    signatures" in verified.stdout
    signers = run("trust", "allowed-signers", "t.toml", cwd=tmp_path).stdout
    assert len(signers.splitlines()) == 2
    assert 'namespaces="self-assessment.v1@compliance-tui.example"' in signers


def test_a_passphrase_comes_from_a_descriptor_and_never_from_an_argument(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"correct horse battery\n")
    os.close(write)
    command = ["keys", "new", "k", "--passphrase-fd", str(read)]
    made = subprocess.run(_program(command), cwd=tmp_path, pass_fds=[read], capture_output=True, text=True)
    os.close(read)
    assert made.returncode == 0, made.stderr
    content = (tmp_path / "k").read_text()
    assert content.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    shown = run("keys", "show", "k", "--json", cwd=tmp_path)
    assert "ssh-ed25519" in shown.stdout
    assert run("keys", "new", "k", "--unencrypted", cwd=tmp_path).returncode == 2


def _program(arguments: list[str]) -> list[str]:
    root = Path(__file__).resolve().parents[2]
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r}); sys.argv = ['compliance-tui', *{arguments!r}]\n"
        "from compliance_tui.cli.main import main; main()"
    )
    return [sys.executable, "-c", code]


def test_one_more_signature_from_the_shell(tmp_path: Path) -> None:
    assert run("demo", "d", "--no-tui", cwd=tmp_path).returncode == 0
    exported = run(
        "-C",
        "d/assessment",
        "export",
        "-o",
        str(tmp_path / "b.zip"),
        "--key",
        str(tmp_path / "d/keys/lab-author.key"),
        cwd=tmp_path,
    )
    assert exported.returncode == 0, exported.stderr
    one = run("verify", "b.zip", "--trust", "d/regulator/trust.toml", cwd=tmp_path)
    assert "fail    signatures" in one.stdout
    assert run("sign", "b.zip", "--key", "d/keys/lab-officer.key", cwd=tmp_path).returncode == 0
    both = run("verify", "b.zip", "--trust", "d/regulator/trust.toml", cwd=tmp_path)
    assert "pass    signatures" in both.stdout
    refused = run("sign", "d/altered.zip", "--key", "d/keys/lab-officer.key", cwd=tmp_path)
    assert refused.returncode == 1
