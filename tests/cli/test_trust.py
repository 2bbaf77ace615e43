"""A regulator's walk: keys, a policy of their own, and what the stock tools get from it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.cli.test_commands import run
from tests.trust.authority import A
from tests.trust.known_keys import fido_signer


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


def _policy_with_people(folder: Path) -> None:
    for name in ("ada", "ben"):
        assert run("keys", "new", f"{name}.key", "--unencrypted", cwd=folder).returncode == 0
    assert run("trust", "init", "t.toml", cwd=folder).returncode == 0
    for name, role in (("ada", "lab-author"), ("ben", "lab-officer")):
        command = ["trust", "add", "t.toml", "--person", f"{name}@x.example", "--role", role, "--key", f"{name}.key.pub"]
        assert run(*command, "--until", "2030-01-01", cwd=folder).returncode == 0


def test_every_field_of_a_policy_is_set_and_shown_from_the_shell(tmp_path: Path) -> None:
    _policy_with_people(tmp_path)
    (tmp_path / "root.pem").write_text(A.root_pem)
    (tmp_path / "leaf.pem").write_bytes(A.leaf.public_bytes(Encoding.PEM))
    ada = ["--person", "ada@x.example", "--role", "lab-author", "--key", "ada.key.pub"]
    rule = ["--need", "lab-author=1", "--timestamp", "1=tsa-a", "--max-age", "90", "--attester", "https://lab.example"]
    steps = [
        ["add", "t.toml", *ada, "--from", "2026-01-01", "--until", "2028-01-01"],
        ["tsa", "t.toml", "tsa-a", "--root", "root.pem", "--leaf", "leaf.pem", "--leaf", "a" * 64, "--policy", "1.2.3.4.1"],
        ["rule", "t.toml", *rule, "--same-person"],
        ["accept", "t.toml", "frontier-release@1.1", "--minimum", "1.1"],
        ["expire", "t.toml", "2029-01-01"],
        ["revoke", "t.toml", "--key", "ben.key.pub", "--reason", "compromised", "--at", "2026-09-02", "--since", "2026-09-01"],
    ]
    for number, step in enumerate(steps):
        done = run("trust", *step, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"version {4 + number}" in run("trust", "show", "t.toml", cwd=tmp_path).stdout
    shown = run("trust", "show", "t.toml", cwd=tmp_path).stdout
    for part in (
        "expires at 2029-01-01T00:00:00Z",
        "from 2026-01-01T00:00:00Z, until 2028-01-01T00:00:00Z",
        "compromised since 2026-09-01T00:00:00Z, revoked at 2026-09-02T00:00:00Z",
        "self-assessment/v1 by https://lab.example needs 1 × lab-author (one person may count for several roles)",
        "seen by 1 of tsa-a",
        "at most 90 days old",
        "tsa tsa-a: CN=Test TSA A root, 2 pinned certificates, policy 1.2.3.4.1",
        "nothing below 1.1",
    ):
        assert part in shown
    document = json.loads(run("trust", "show", "t.toml", "--json", cwd=tmp_path).stdout)
    assert document["tsa"][0]["leaf_sha256"] == [A.leaf_sha256, "a" * 64]
    assert document["rule"][0]["timestamp"] == {"k": 1, "tsa": ["tsa-a"]}


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (["rule", "t.toml", "--need", "lab-author=1", "--timestamp", "tsa-a"], "K=TSA,TSA"),
        (["rule", "t.toml", "--need", "lab-author=1", "--timestamp", "1=tsa-a"], "does not have"),
        (["rule", "t.toml", "--need", "lab-author=\u00b2"], "whole number"),
        (["tsa", "t.toml", "a", "--root", "ada.key.pub"], "no certificate in PEM form"),
        (["tsa", "t.toml", "a", "--root", "root.pem", "--leaf", "ada.key.pub"], "no certificate in PEM form"),
        (["revoke", "t.toml", "--key", "SHA256:nobody", "--reason", "retired"], "has no key"),
        (["revoke", "t.toml", "--key", "absent.pub", "--reason", "retired"], "no such file"),
        (["expire", "t.toml", "tomorrow"], "not an instant"),
        (["add", "t.toml", "--person", "a", "--role", "r", "--key", "ada.key", "--from", "2026-01-01"], "is a private key"),
    ],
)
def test_a_step_that_makes_no_sense_leaves_the_policy_as_it_was(tmp_path: Path, step: list[str], says: str) -> None:
    _policy_with_people(tmp_path)
    (tmp_path / "root.pem").write_text(A.root_pem)
    before = (tmp_path / "t.toml").read_bytes()
    done = run("trust", *step, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "t.toml").read_bytes() == before


def test_lint_notices_a_policy_that_went_back(tmp_path: Path) -> None:
    _policy_with_people(tmp_path)
    (tmp_path / "old.toml").write_bytes((tmp_path / "t.toml").read_bytes())
    assert run("trust", "expire", "t.toml", "2039-01-01", cwd=tmp_path).returncode == 0
    assert "may not go down" not in run("trust", "lint", "t.toml", "--before", "old.toml", cwd=tmp_path).stdout
    back = run("trust", "lint", "old.toml", "--before", "t.toml", cwd=tmp_path)
    assert back.returncode == 1
    assert "may not go down" in back.stdout


def test_allowed_signers_follow_the_rules_and_revoked_keys_go_into_a_list(tmp_path: Path) -> None:
    _policy_with_people(tmp_path)
    for predicate, role in (("self-assessment/v1", "lab-author"), ("review/v1", "lab-author"), ("receipt/v1", "lab-officer")):
        rule = ["trust", "rule", "t.toml", "--need", f"{role}=1", "--predicate", predicate]
        assert run(*rule, cwd=tmp_path).returncode == 0
    lines = run("trust", "allowed-signers", "t.toml", cwd=tmp_path).stdout.splitlines()
    home = "compliance-tui.example"
    assert f'namespaces="self-assessment.v1@{home},review.v1@{home}",valid-before="20300101000000Z"' in lines[0]
    assert f'namespaces="receipt.v1@{home}",' in lines[1]
    assert run("trust", "allowed-signers", "t.toml", "--revoked", cwd=tmp_path).stdout == ""
    revoke = ["trust", "revoke", "t.toml", "--key", "ada.key.pub", "--reason", "compromised"]
    assert run(*revoke, cwd=tmp_path).returncode == 0
    assert len(run("trust", "allowed-signers", "t.toml", cwd=tmp_path).stdout.splitlines()) == 1
    assert "ada@x.example" in run("trust", "allowed-signers", "t.toml", "--revoked", cwd=tmp_path).stdout
    only = run("trust", "allowed-signers", "t.toml", "--predicate", "review/v1", cwd=tmp_path).stdout
    assert only.startswith(f'ben@x.example namespaces="review.v1@{home}"')


def test_two_passphrases_come_on_two_lines_in_the_order_of_the_keys(tmp_path: Path) -> None:
    def with_lines(lines: bytes, *arguments: str) -> "subprocess.CompletedProcess[str]":
        read, write = os.pipe()
        os.write(write, lines)
        os.close(write)
        command = _program([*arguments, "--passphrase-fd", str(read)])
        done = subprocess.run(command, cwd=tmp_path, pass_fds=[read], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        os.close(read)
        return done

    for name, kind in (("ada", "ed25519"), ("ben", "p256")):
        made = with_lines(f"the words of {name}\n".encode(), "keys", "new", f"{name}.key", "--type", kind)
        assert made.returncode == 0, made.stderr
        assert ("P-256" in made.stdout) == (kind == "p256")
    init = ["init", "a", "--standard", "frontier-release@1.1", "--subject", "northwind-2"]
    assert run(*init, cwd=tmp_path).returncode == 0
    export = ["-C", "a", "export", "-o", "b.zip", "--key", "ada.key", "--key", "ben.key", "--as-of", "2026-05-01"]
    for lines in (b"the words of ben\nthe words of ada\n", b"the words of ada\n", b""):
        refused = with_lines(lines, *export)
        assert refused.returncode == 2, refused.stdout
        assert refused.stderr.startswith("error: ")
        assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "b.zip").exists()
    done = with_lines(b"the words of ada\nthe words of ben\n", *export)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "b.zip").exists()


def test_keys_are_shown_and_listed_whatever_they_are(tmp_path: Path) -> None:
    _policy_with_people(tmp_path)
    assert run("keys", "new", "cy.key", "--type", "p256", "--unencrypted", cwd=tmp_path).returncode == 0
    (tmp_path / "dee.pub").write_text(fido_signer(4).public.openssh)
    (tmp_path / "old.pub").write_text("ssh-rsa AAAA old")
    done = run("keys", "list", cwd=tmp_path)
    listed = done.stdout
    assert done.stderr.startswith("old.pub: only Ed25519 keys and ECDSA keys on P-256 are accepted")
    assert [line.split("  ")[2] for line in listed.splitlines()] == ["Ed25519", "Ed25519", "ECDSA P-256", "FIDO2 Ed25519"]
    shown = json.loads(run("keys", "show", "dee.pub", "--json", cwd=tmp_path).stdout)
    assert (shown["kind"], shown["application"], shown["signs"]) == ("FIDO2 Ed25519", "ssh:", ["sshsig"])
    assert "ecdsa-sha2-nistp256" in run("keys", "show", "cy.key", cwd=tmp_path).stdout
    for address in ("agent:SHA256:" + "a" * 43, "pkcs11:object=x", "gcpkms:", "nobody:x", "absent"):
        refused = run("keys", "show", address, cwd=tmp_path)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1), refused.stderr


def _on_a_terminal(folder: Path, arguments: list[str], answers: list[bytes]) -> tuple[int, bytes]:
    """Run the program on a terminal of its own, and answer each question that ends in a colon."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(sys.executable, _program(arguments))
    said = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        said += part
        if part.endswith(b": ") and answers:
            os.write(terminal, answers.pop(0) + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def test_a_passphrase_is_asked_for_on_a_terminal_and_not_shown(tmp_path: Path) -> None:
    status, said = _on_a_terminal(tmp_path, ["keys", "new", "k"], [b"four hidden words", b"four other words"])
    assert (status, (tmp_path / "k").exists()) == (2, False)
    status, more = _on_a_terminal(tmp_path, ["keys", "new", "k"], [b"four hidden words", b"four hidden words"])
    assert status == 0, more
    (tmp_path / "k.pub").unlink()
    status, shown = _on_a_terminal(tmp_path, ["keys", "show", "k"], [b"four hidden words"])
    assert status == 0, shown
    assert b"ssh-ed25519" in shown
    assert not any(b"hidden" in one or b"other words" in one for one in (said, more, shown))
