"""A sign-off that carries its person's own signature: nobody can sign for another, and a standard may demand it."""

import subprocess
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.readiness import ControlState
from compliance_tui.assessment.signed import NAMESPACE, sign_off_message, signing_key
from compliance_tui.trust.keys import load_signer, new_key
from compliance_tui.trust.signer import Signer
from tests.assessment.sample import NOW, STANDARD, policy_file, put, start

DEMANDING = STANDARD.replace('sign_offs = [{ seats = ["owner"] }, {', 'sign_offs = [{ seats = ["owner"], signed = true }, {', 1)


def _signer(folder: Path, name: str) -> Signer:
    new_key(folder / name, None)
    return load_signer(folder / name, lambda: b"")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = start(tmp_path, content=DEMANDING)
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement="There is one.")
    put(root, policy_file(tmp_path), "S-01")
    return root


def _state(root: Path) -> ControlState:
    state = load(root).readiness(NOW).state("small", "S-01")
    assert state is not None
    return state


def _codes(root: Path) -> list[str]:
    return [reason.code for reason in _state(root).reasons]


def test_a_standard_may_demand_the_persons_own_key(root: Path, tmp_path: Path) -> None:
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW)
    assert _codes(root) == ["sign-off-unsigned"]
    signer = _signer(tmp_path, "ada.key")
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW, signer)
    assert _codes(root) == ["met"]
    assert _state(root).seats[0].key == signer.public.fingerprint


def test_nobody_can_sign_for_another(root: Path, tmp_path: Path) -> None:
    ada, ben = _signer(tmp_path, "ada.key"), _signer(tmp_path, "ben.key")
    actions.add_person(root, "ada", "", [], "ada", NOW, [ada.public.openssh])
    actions.sign_off(load(root), "S-01", "ada", "owner", "ben", NOW, ben)
    assert _codes(root) == ["sign-off-unsigned"]
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW, ada)
    assert _codes(root) == ["met"]


@pytest.mark.parametrize(
    ("old", "new"),
    [('seat = "owner"', 'seat = "security"'), ('person = "ada"', 'person = "ben"'), ("2026-11-24", "2026-11-23")],
)
def test_a_signature_counts_for_its_seat_person_and_time_only(root: Path, tmp_path: Path, old: str, new: str) -> None:
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW, _signer(tmp_path, "ada.key"))
    path = root / "responses" / "small" / "S-01.toml"
    before, after = path.read_text().split("[[sign_offs]]")
    assert old in after
    path.write_text(f"{before}[[sign_offs]]{after.replace(old, new, 1)}")
    assert any(code.startswith("sign-off") for code in _codes(root))


def test_a_signed_sign_off_lapses_like_any_other(root: Path, tmp_path: Path) -> None:
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW, _signer(tmp_path, "ada.key"))
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement="There is another one.")
    assert _codes(root) == ["sign-off-lapsed"]


def test_ssh_keygen_agrees(root: Path, tmp_path: Path) -> None:
    signer = _signer(tmp_path, "ada.key")
    response = actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW, signer)
    series, signed = load(root).assessment.series, response.sign_offs[0]
    assert signing_key(series, "small", "S-01", signed) == signer.public
    (tmp_path / "signature").write_text(signed.signature)
    (tmp_path / "allowed").write_text(f"ada {signer.public.openssh}\n")
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ada", "-n", NAMESPACE, "-s", "signature"]
    message = sign_off_message(series, "small", "S-01", signed)
    assert subprocess.run(command, input=message, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert subprocess.run(command, input=message + b" ", cwd=tmp_path, capture_output=True, check=False).returncode != 0
