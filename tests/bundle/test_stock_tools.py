"""A regulator who installs nothing: unzip, openssl, ssh-keygen, sha256sum, and the recipe that every bundle carries."""

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from compliance_tui.bundle.statement import NAMESPACE
from compliance_tui.trust.policy import allowed_signers, load_policy
from tests.bundle.sample import Sample, sample

NEEDED = ("openssl", "ssh-keygen", "sha256sum", "unzip")
pytestmark = pytest.mark.skipif(any(shutil.which(tool) is None for tool in NEEDED), reason="a stock tool is not installed")


def _recipe(made: Sample, bundle: Path) -> "subprocess.CompletedProcess[str]":
    signers = bundle.parent / "allowed_signers"
    signers.write_text(allowed_signers(load_policy(made.policy, "t"), NAMESPACE))
    recipe = Path(str(files("compliance_tui.bundle").joinpath("recipe/verify.sh")))
    key = made.keys[0].with_name(made.keys[0].name + ".pub.pem")
    command = ["sh", str(recipe), str(bundle), "lab-author@lab.example", str(key), str(signers)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def unpacked(tmp_path: Path) -> tuple[Sample, Path, str]:
    made = sample(tmp_path, withhold=True)
    done = made.export(tmp_path / "out.zip")
    subprocess.run(["unzip", "-q", str(tmp_path / "out.zip"), "-d", str(tmp_path / "out")], check=True)
    return made, tmp_path / "out", done.bundle_id


def test_the_recipe_accepts_a_genuine_bundle(unpacked: tuple[Sample, Path, str]) -> None:
    made, bundle, bundle_id = unpacked
    result = _recipe(made, bundle)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["withheld: items/E-0003", f"VERIFIED {bundle_id}"]


@pytest.mark.parametrize(
    "path", ["items/E-0002/files/canary.json", "core/assessment.json", "attestations/0001/statement.json", "README.txt"]
)
def test_the_recipe_refuses_an_altered_file(unpacked: tuple[Sample, Path, str], path: str) -> None:
    made, bundle, _ = unpacked
    content = (bundle / path).read_bytes()
    (bundle / path).write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    assert _recipe(made, bundle).returncode == 1


@pytest.mark.parametrize("name", ["extra.txt", "items/E-0001/files/extra", "attestations/extra"])
def test_the_recipe_refuses_what_it_does_not_know(unpacked: tuple[Sample, Path, str], name: str) -> None:
    made, bundle, _ = unpacked
    if name.startswith("attestations"):
        (bundle / name).symlink_to("/etc/hostname")
    else:
        (bundle / name).write_text("x")
    assert _recipe(made, bundle).returncode == 1


def test_the_commands_of_the_readme_work_as_printed(unpacked: tuple[Sample, Path, str]) -> None:
    made, bundle, _ = unpacked
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    block = readme.split("## Verify with stock tools alone")[1].split("```sh\n")[1].split("```")[0]
    commands = block.split("\n", 1)[1].replace("ada@lab.example", "lab-author@lab.example")
    (bundle.parent / "allowed_signers").write_text(allowed_signers(load_policy(made.policy, "t"), NAMESPACE))
    shutil.copy(made.keys[0].with_name(made.keys[0].name + ".pub.pem"), bundle.parent / "ada.pem")
    script = "set -eu\n" + commands
    result = subprocess.run(["sh", "-c", script], cwd=bundle, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "Signature Verified Successfully" in result.stdout
    evidence = bundle / "items/E-0002/files/canary.json"
    evidence.write_bytes(evidence.read_bytes() + b" ")
    assert subprocess.run(["sh", "-c", script], cwd=bundle, capture_output=True).returncode != 0
