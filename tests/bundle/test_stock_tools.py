"""A regulator who installs nothing: unzip, openssl, ssh-keygen, sha256sum, and the recipe that every bundle carries.

The recipe and our own verifier are two implementations: on good and bad bundles they must agree.
"""

import datetime as dt
import os
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from compliance_tui.bundle import declare
from compliance_tui.bundle.editions import redact
from compliance_tui.bundle.sign import add_files, sign_bundle
from compliance_tui.bundle.statement import NAMESPACE
from compliance_tui.trust import policy as policies
from compliance_tui.trust.keys import load_signer
from tests.assessment.sample import NOW
from tests.bundle.sample import REGULATOR, Sample, line, looked_at, sample
from tests.bundle.test_verify import TAMPERINGS
from tests.trust.authority import Authority
from tests.trust.known_keys import fido_signer

NEEDED = ("openssl", "ssh-keygen", "sha256sum", "unzip")
pytestmark = pytest.mark.skipif(any(shutil.which(tool) is None for tool in NEEDED), reason="a stock tool is not installed")
RECIPE = Path(str(files("compliance_tui.bundle").joinpath("recipe/verify.sh")))
DOCS = Path(__file__).resolve().parents[2] / "docs"


def _recipe(
    made: Sample, bundle: Path, *more: str, person: str = "lab-author@some.example", key: Path | None = None, shell: str = "sh"
) -> "subprocess.CompletedProcess[str]":
    signers = bundle.parent / "allowed_signers"
    signers.write_text(policies.allowed_signers(policies.load_policy(made.full, "t")))
    pem = key or made.keys[0].with_name(made.keys[0].name + ".pub.pem")
    command = [shell, str(RECIPE), str(bundle), person, str(pem), str(signers), *more]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def unpacked(tmp_path: Path) -> tuple[Sample, Path, str]:
    made = sample(tmp_path, withhold=True)
    done = made.export(tmp_path / "out.zip")
    subprocess.run(["unzip", "-q", str(tmp_path / "out.zip"), "-d", str(tmp_path / "out")], check=True)
    return made, tmp_path / "out", done.bundle_id


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_the_recipe_accepts_a_genuine_bundle(unpacked: tuple[Sample, Path, str], shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    made, bundle, bundle_id = unpacked
    result = _recipe(made, bundle, shell=shell)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["withheld: items/E-0003", f"VERIFIED {bundle_id}"]
    assert result.stderr == ""


def test_it_is_one_text_in_the_docs_and_in_every_bundle(unpacked: tuple[Sample, Path, str]) -> None:
    _, bundle, _ = unpacked
    assert (DOCS / "verify.sh").read_bytes() == RECIPE.read_bytes() == (bundle / "core/verify.sh").read_bytes()


def test_an_edition_without_any_item_is_still_the_lab_s(unpacked: tuple[Sample, Path, str], tmp_path: Path) -> None:
    made, bundle, bundle_id = unpacked
    every = [path.name for path in (bundle / "items").iterdir()]
    redact(bundle, tmp_path / "none", every, folder=True)
    result = _recipe(made, tmp_path / "none")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"VERIFIED {bundle_id}"
    assert result.stdout.count("withheld:") == 5


# What the recipe cannot see, because it parses no JSON and knows no standard.
UNSEEN = {"an empty folder"}


@pytest.mark.parametrize("name", [name for name in TAMPERINGS if name not in UNSEEN])
def test_the_recipe_refuses_whatever_we_refuse(tmp_path: Path, name: str) -> None:
    made = sample(tmp_path)
    made.export(tmp_path / "out", folder=True)
    TAMPERINGS[name](tmp_path / "out")
    assert made.verify(tmp_path / "out").verdict == "broken"
    if name in ("an SSH signature", "the envelope's payload"):  # of either signer: the recipe is given one key at a time
        codes = [
            _recipe(made, tmp_path / "out", person=f"lab-{who}@some.example", key=_pem(made, who)).returncode for who in WHO
        ]
        assert 1 in codes
    else:
        result = _recipe(made, tmp_path / "out")
        assert result.returncode == 1, result.stdout
        assert "NOT VERIFIED" in result.stderr


WHO = ("author", "officer")


def _pem(made: Sample, who: str) -> Path:
    return made.keys[WHO.index(who)].with_name(f"lab-{who}.key.pub.pem")


@pytest.mark.parametrize(
    "name", ["extra.txt", "items/E-0001/files/extra", "attestations/extra", "attestations/0001/x.sh", "sealed/E-0003.age"]
)
def test_the_recipe_refuses_what_it_does_not_know(unpacked: tuple[Sample, Path, str], name: str) -> None:
    made, bundle, _ = unpacked
    (bundle / name).parent.mkdir(exist_ok=True)
    if name == "attestations/extra":
        (bundle / name).symlink_to("/etc/hostname")
    else:
        (bundle / name).write_text("x")
    assert _recipe(made, bundle).returncode == 1


def test_one_encoding_of_the_signature_is_enough_and_none_is_not(unpacked: tuple[Sample, Path, str]) -> None:
    made, bundle, _ = unpacked
    stem = made.signers[0].public.key_id[:16]
    for gone in ("sshsig", "dsse.json"):
        path = bundle / "attestations/0001" / f"{stem}.{gone}"
        content = path.read_bytes()
        path.unlink()
        assert _recipe(made, bundle).returncode == 0
        path.write_bytes(content)
    for gone in ("sshsig", "dsse.json"):
        (bundle / "attestations/0001" / f"{stem}.{gone}").unlink()
    result = _recipe(made, bundle)
    assert (result.returncode, "no signature of that key" in result.stderr) == (1, True)


def test_the_key_of_somebody_else_is_not_enough(unpacked: tuple[Sample, Path, str]) -> None:
    made, bundle, _ = unpacked
    assert _recipe(made, bundle, person="regulator@some.example", key=bundle.parent / "regulator.key.pub.pem").returncode == 1
    assert _recipe(made, bundle, person="regulator@some.example").returncode == 1
    assert _recipe(made, bundle, "a", "b").returncode == 2


def test_a_key_on_the_curve_p256_verifies_too(unpacked: tuple[Sample, Path, str], tmp_path: Path) -> None:
    made, bundle, bundle_id = unpacked
    key = tmp_path / "p256.pem"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key)],
        check=True,
        capture_output=True,
    )
    subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(tmp_path / "p256.pub.pem")], check=True)
    signer = load_signer(key, lambda: b"")
    sign_bundle(bundle, signer)
    full = policies.add_person(made.full, "t", "p256@some.example", "", ["lab-author"], signer.public.openssh)
    known = Sample(made.root, made.signers, made.keys, made.policy, full, made.by_role)
    assert "p256@some.example" in line(made.verify(bundle, policy=full), "signatures")[1]
    for gone in ("none", "sshsig", "dsse.json"):
        (bundle / "attestations/0001" / f"{signer.public.key_id[:16]}.{gone}").unlink(missing_ok=True)
        if gone == "dsse.json":
            break
        result = _recipe(known, bundle, person="p256@some.example", key=tmp_path / "p256.pub.pem")
        assert result.returncode == 0, result.stderr
        assert bundle_id in result.stdout
    other = bundle / "attestations/0001" / f"{made.signers[0].public.key_id[:16]}.dsse.json"
    shutil.copy(other, bundle / "attestations/0001" / f"{signer.public.key_id[:16]}.dsse.json")
    assert _recipe(known, bundle, person="p256@some.example", key=tmp_path / "p256.pub.pem").returncode == 1


def test_further_statements_are_named_with_who_signed_them(unpacked: tuple[Sample, Path, str]) -> None:
    made, bundle, _ = unpacked
    made.state(bundle, declare.receipt(looked_at(bundle), REGULATOR, NOW), "regulator")
    made.state(bundle, declare.withdrawal(looked_at(bundle), "x", NOW), "lab-officer")
    made.state(bundle, declare.determination(looked_at(bundle), REGULATOR, "refused", ["x"], NOW))
    result = _recipe(made, bundle)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[1:4] == [
        "also: attestations/0002 is a receipt, signed by regulator@some.example",
        "also: attestations/0003 is a withdrawal, signed by lab-officer@some.example",
        "also: attestations/0004 is a determination, signed by nobody whom you know for that",
    ]
    path = next((bundle / "attestations/0003").glob("*.sshsig"))
    shutil.copy(next((bundle / "attestations/0002").glob("*.sshsig")), path)
    assert _recipe(made, bundle).returncode == 1


def test_what_is_sealed_is_what_was_delivered(tmp_path: Path) -> None:
    pytest.importorskip("pyrage")
    from tests.bundle.recipients import pair, sealing

    made = sample(tmp_path, withhold=True)
    made.export(tmp_path / "out", folder=True, sealing=sealing(("E-0003",), pair(tmp_path, "r"), pair(tmp_path, "e")))
    result = _recipe(made, tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert "sealed: items/E-0003" in result.stdout
    path = tmp_path / "out/sealed/E-0003.age"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "no delivery statement" in _recipe(made, tmp_path / "out").stderr


# Time stamps -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stamped(unpacked: tuple[Sample, Path, str]) -> tuple[Sample, Path, Path]:
    """A bundle with a time stamp by an authority whose certificate has expired since."""
    made, bundle, _ = unpacked
    hour = dt.timedelta(hours=1)
    authority = Authority(leaf_from=NOW - hour, leaf_until=NOW + hour)
    stem = f"attestations/0001/{made.signers[0].public.key_id[:16]}.dsse.json"
    token = authority.token((bundle / stem).read_bytes(), NOW + dt.timedelta(minutes=1))
    add_files(bundle, {f"{stem}.tsr": token})
    (bundle.parent / "root.pem").write_text(authority.root_pem)
    return made, bundle, bundle.parent / "root.pem"


def test_a_time_stamp_is_verified_at_its_own_time(stamped: tuple[Sample, Path, Path]) -> None:
    made, bundle, root = stamped
    result = _recipe(made, bundle, str(root))
    assert result.returncode == 0, result.stderr
    assert "seen by the authority: Nov 24 12:01:00 2026 GMT" in result.stdout
    policy = policies.add_tsa(made.full, "t", "tsa", root.read_text())
    found = made.verify(bundle, policy=policy)
    assert line(found, "time")[0] == "pass"
    assert "tsa saw it at 2026-11-24T12:01:00Z" in line(found, "time")[1]


@pytest.mark.parametrize("name", ["another root", "another envelope", "flipped", "gone"])
def test_a_time_stamp_that_is_not_over_this_or_not_by_that_authority(stamped: tuple[Sample, Path, Path], name: str) -> None:
    made, bundle, root = stamped
    token = next((bundle / "attestations/0001").glob("*.tsr"))
    if name == "another root":
        other = ["req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x", "-keyout", "/dev/null", "-out", str(root)]
        subprocess.run(["openssl", *other], check=True, capture_output=True)
    elif name == "another envelope":
        stem = made.signers[1].public.key_id[:16]
        token.rename(token.with_name(f"{stem}.dsse.json.tsr"))
        assert made.verify(bundle, policy=made.full).verdict == "broken"
    elif name == "flipped":
        content = bytearray(token.read_bytes())
        content[-20] ^= 1
        token.write_bytes(bytes(content))
    else:
        token.unlink()
    assert _recipe(made, bundle, str(root)).returncode == 1


def test_a_token_that_makes_no_envelope_is_stamped_over_statement_and_signature(tmp_path: Path) -> None:
    made, authority = sample(tmp_path), Authority()
    token = fido_signer(3)
    policy = policies.add_person(made.full, "t", "lab-author@some.example", "", ["lab-author"], token.public.openssh)
    policy = policies.add_tsa(policy, "t", "tsa", authority.root_pem)
    policy = policies.add_rule(policy, "t", policies.SELF_ASSESSMENT, None, {"lab-author": 1}, timestamp=(1, ["tsa"]))
    made = replace(made, signers=[token], full=policy)
    bundle = tmp_path / "out"
    made.export(bundle, folder=True)
    (tmp_path / "root.pem").write_text(authority.root_pem)
    (tmp_path / "fido.pem").write_text(token.public.pem)
    assert line(made.verify(bundle, policy=policy), "time")[0] == "fail"
    assert _recipe(made, bundle, key=tmp_path / "fido.pem").returncode == 0
    assert _recipe(made, bundle, str(tmp_path / "root.pem"), key=tmp_path / "fido.pem").returncode == 1
    (attestation,) = looked_at(bundle).attestations
    ((name, data),) = attestation.stampable
    good = authority.token(data, NOW + dt.timedelta(minutes=1))
    bare = authority.token((bundle / name).read_bytes(), NOW + dt.timedelta(minutes=1))
    for content, verdict, status in ((bare, "broken", 1), (good, "accepted", 0)):
        (bundle / f"{name}.tsr").write_bytes(content)
        assert made.verify(bundle, policy=policy).verdict == verdict
        result = _recipe(made, bundle, str(tmp_path / "root.pem"), key=tmp_path / "fido.pem")
        assert result.returncode == status, result.stderr


def test_the_commands_of_the_readme_work_as_printed(unpacked: tuple[Sample, Path, str]) -> None:
    made, bundle, _ = unpacked
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    block = readme.split("## Verify with stock tools alone")[1].split("```sh\n")[1].split("```")[0]
    commands = block.split("\n", 1)[1].replace("ada@lab.example", "lab-author@lab.example")
    (bundle.parent / "allowed_signers").write_text(policies.allowed_signers(policies.load_policy(made.policy, "t"), NAMESPACE))
    shutil.copy(made.keys[0].with_name(made.keys[0].name + ".pub.pem"), bundle.parent / "ada.pem")
    script = "set -eu\n" + commands
    result = subprocess.run(["sh", "-c", script], cwd=bundle, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "Signature Verified Successfully" in result.stdout
    evidence = bundle / "items/E-0002/files/canary.json"
    evidence.write_bytes(evidence.read_bytes() + b" ")
    assert subprocess.run(["sh", "-c", script], cwd=bundle, capture_output=True).returncode != 0


def test_the_recipe_runs_nothing_of_the_bundle_and_writes_nowhere(unpacked: tuple[Sample, Path, str]) -> None:
    made, bundle, _ = unpacked
    before = sorted(str(path) for path in bundle.rglob("*"))
    (bundle / "core").chmod(0o555)
    assert _recipe(made, bundle).returncode == 0
    (bundle / "core").chmod(0o755)
    assert sorted(str(path) for path in bundle.rglob("*")) == before
    assert os.access(bundle / "core/verify.sh", os.R_OK)
