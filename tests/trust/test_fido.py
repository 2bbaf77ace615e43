"""Keys in FIDO2 tokens, through SSHSIG. The tokens are software keys that imitate one (tests/trust/known_keys.py)."""

import base64
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.trust.dsse import sign_envelope
from compliance_tui.trust.policy import Policy, load_policy
from compliance_tui.trust.public_key import PublicKey
from compliance_tui.trust.signature import SignatureCount, count_signatures
from compliance_tui.trust.signer import Signer, checked
from compliance_tui.trust.ssh_wire import ssh_string
from compliance_tui.trust.sshsig import read_ssh_signature, sign_ssh, verify_ssh
from tests.trust.known_keys import AS_OF, NAMESPACE, STATEMENT, fido_signer, p256_signer, policy_text, signer

ED25519, P256 = fido_signer(1), fido_signer(1, p256=True)
BOTH = pytest.mark.parametrize("token", [ED25519, P256], ids=["ed25519", "p256"])


def _policy(token: Signer, key_more: str = "") -> Policy:
    return load_policy(policy_text(("ada@lab", token, ["author"]), key_more=key_more), "t")


def _count(armoured: bytes, policy: Policy) -> SignatureCount:
    return count_signatures(STATEMENT, [], [("s.sshsig", armoured)], NAMESPACE, policy, AS_OF)


def _keygen_verifies(folder: Path, token: PublicKey, armoured: bytes, namespace: str = NAMESPACE) -> bool:
    (folder / "allowed").write_text(f'ada@lab namespaces="{NAMESPACE}" {token.openssh}\n')
    (folder / "s").write_bytes(armoured)
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ada@lab", "-n", namespace, "-s", "s"]
    return subprocess.run(command, cwd=folder, input=STATEMENT, capture_output=True).returncode == 0


@BOTH
def test_a_touched_token_signs_and_ssh_keygen_agrees(token: Signer, tmp_path: Path) -> None:
    armoured = sign_ssh(STATEMENT, NAMESPACE, token)
    taken_apart = read_ssh_signature(armoured, "s")
    assert (taken_apart.key, taken_apart.counter, taken_apart.touched) == (token.public, 7, True)
    assert verify_ssh(taken_apart, STATEMENT, NAMESPACE, token.public)
    assert not verify_ssh(taken_apart, STATEMENT + b" ", NAMESPACE, token.public)
    assert _keygen_verifies(tmp_path, token.public, armoured)
    (found,) = _count(armoured, _policy(token)).files
    assert (found.state, found.person, found.touched) == ("valid", "ada@lab", True)


@BOTH
def test_without_a_touch_it_verifies_in_ssh_keygen_and_does_not_count_here(token: Signer, tmp_path: Path) -> None:
    untouched = fido_signer(1, p256=token.public.is_p256, flags=0)
    armoured = sign_ssh(STATEMENT, NAMESPACE, untouched)
    assert _keygen_verifies(tmp_path, token.public, armoured)  # which is why we ask ourselves
    (found,) = _count(armoured, _policy(token)).files
    assert (found.state, found.touched) == ("not-counted", False)
    assert "nobody touched" in found.text
    assert _count(armoured, _policy(token, "require_touch = true")).people == []
    assert _count(armoured, _policy(token, "require_touch = false")).people == ["ada@lab"]


def test_flags_besides_the_touch_are_no_touch() -> None:
    verified_by_pin = fido_signer(1, flags=0x04)
    armoured = sign_ssh(STATEMENT, NAMESPACE, verified_by_pin)
    assert _count(armoured, _policy(ED25519)).people == []
    assert _count(sign_ssh(STATEMENT, NAMESPACE, fido_signer(1, flags=0x05)), _policy(ED25519)).people == ["ada@lab"]


def test_a_touch_can_be_asked_of_a_token_only() -> None:
    with pytest.raises(InputError, match="require_touch is for a key in a FIDO2 token"):
        load_policy(policy_text(("ada@lab", 1, []), key_more="require_touch = true"), "t")


@BOTH
def test_a_token_makes_no_envelope(token: Signer) -> None:
    assert not token.dsse
    with pytest.raises(InputError, match="SSH signatures only"):
        sign_envelope(STATEMENT, token)


@BOTH
def test_the_raw_key_in_a_token_and_outside_is_one_key_to_the_policy(token: Signer) -> None:
    plain = p256_signer(1) if token.public.is_p256 else signer(1)
    with pytest.raises(InputError, match="one key stands twice"):
        load_policy(policy_text(("ada@lab", plain, []), ("eve@lab", token, [])), "t")
    other_application = fido_signer(1, p256=token.public.is_p256, application="ssh:other")
    with pytest.raises(InputError, match="one key stands twice"):
        load_policy(policy_text(("ada@lab", other_application, []), ("eve@lab", token, [])), "t")


@BOTH
def test_signed_as_another_type_than_the_policy_has_it_does_not_count(token: Signer) -> None:
    plain = p256_signer(1) if token.public.is_p256 else signer(1)
    other_application = fido_signer(1, p256=token.public.is_p256, application="ssh:other")
    for known, signing in ((plain, token), (token, plain), (other_application, token)):
        (found,) = _count(sign_ssh(STATEMENT, NAMESPACE, signing), _policy(known)).files
        assert (found.state, found.person) == ("not-counted", "ada@lab")


def test_an_envelope_in_the_name_of_a_token_is_bad() -> None:
    # Whoever can make one has the raw key outside of the token.
    envelope = sign_envelope(STATEMENT, signer(1))
    count = count_signatures(STATEMENT, [("e.dsse.json", envelope)], [], NAMESPACE, _policy(ED25519), AS_OF)
    assert [one.state for one in count.files] == ["bad"]


def _blob(token: Signer, algorithm: bytes, body: bytes) -> bytes:
    parts = [token.public.blob, NAMESPACE.encode(), b"", b"sha512", ssh_string(algorithm) + body]
    text = base64.b64encode(b"SSHSIG" + struct.pack(">I", 1) + b"".join(ssh_string(part) for part in parts))
    lines = b"".join(text[at : at + 70] + b"\n" for at in range(0, len(text), 70))
    return b"-----BEGIN SSH SIGNATURE-----\n" + lines + b"-----END SSH SIGNATURE-----\n"


@pytest.mark.parametrize(
    ("algorithm", "body"),
    [
        (b"ssh-ed25519", ssh_string(bytes(64))),
        (b"sk-ssh-ed25519@openssh.com", ssh_string(bytes(64))),
        (b"sk-ssh-ed25519@openssh.com", ssh_string(bytes(64)) + b"\x01"),
        (b"sk-ssh-ed25519@openssh.com", ssh_string(bytes(64)) + b"\x01\x00\x00\x00\x07\x00"),
        (b"sk-ssh-ed25519@openssh.com", ssh_string(bytes(63)) + b"\x01\x00\x00\x00\x07"),
        (b"sk-ecdsa-sha2-nistp256@openssh.com", ssh_string(bytes(64)) + b"\x01\x00\x00\x00\x07"),
        (b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", ssh_string(bytes(64)) + b"\x01\x00\x00\x00\x07"),
    ],
)
def test_a_signature_of_another_form_than_its_key_s_is_refused(algorithm: bytes, body: bytes) -> None:
    with pytest.raises(BrokenError):
        read_ssh_signature(_blob(ED25519, algorithm, body), "s")


_SIGNED = {token: sign_ssh(STATEMENT, NAMESPACE, token) for token in (ED25519, P256)}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(_SIGNED)), st.integers(0, 400), st.integers(1, 255))
def test_flags_counter_application_and_all_else_are_signed(token: Signer, at: int, change: int) -> None:
    blob = bytearray(base64.b64decode(b"".join(_SIGNED[token].split(b"\n")[1:-2])))
    blob[at % len(blob)] ^= change
    text = base64.b64encode(bytes(blob))
    lines = b"".join(text[at : at + 70] + b"\n" for at in range(0, len(text), 70))
    altered = b"-----BEGIN SSH SIGNATURE-----\n" + lines + b"-----END SSH SIGNATURE-----\n"
    assert _count(altered, _policy(token)).people == []


def test_flags_and_counter_at_their_end_are_signed_too() -> None:
    armoured = sign_ssh(STATEMENT, NAMESPACE, fido_signer(1, flags=0, counter=7))
    blob = base64.b64decode(b"".join(armoured.split(b"\n")[1:-2]))
    for body in (b"\x01" + struct.pack(">I", 7), b"\x00" + struct.pack(">I", 8)):
        altered = _blob(ED25519, b"sk-ssh-ed25519@openssh.com", ssh_string(blob[-69:-5]) + body)
        signature = read_ssh_signature(altered, "s")
        assert not verify_ssh(signature, STATEMENT, NAMESPACE, ED25519.public)


def test_a_token_that_signs_something_else_is_noticed_at_once() -> None:
    honest = fido_signer(1)
    assert checked(honest.public, honest.sign, "agent:x").sign(b"m") == honest.sign(b"m")
    for lie in (lambda _: honest.sign(b"another"), lambda _: b"", lambda m: fido_signer(2).sign(m)):
        with pytest.raises(InputError, match="does not verify under its own public key"):
            checked(honest.public, lie, "agent:x").sign(b"m")
