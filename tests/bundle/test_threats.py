"""The threats to a bundle, each with the test that fails where its detector is taken away.

``WHERE`` names the test for each row of the table that belongs to bundles; those without another home are below.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle import declare
from compliance_tui.bundle.page import page
from compliance_tui.bundle.verify import verify
from compliance_tui.evidence.kind import Kind, load_kinds
from compliance_tui.trust import policy as policies
from compliance_tui.trust.dsse import pae
from compliance_tui.trust.public_key import parse_public_key
from tests.assessment.sample import NOW
from tests.bundle.forging import forge, resum, sign_again
from tests.bundle.sample import LAB, LATER, REGULATOR, Sample, line, looked_at, sample, with_register

WHERE = {
    1: "test_verify.test_every_tampering_breaks_the_bundle",
    2: "test_verify.test_every_tampering_breaks_the_bundle",
    3: "test_threats.test_03_a_core_of_another_bundle_under_this_statement",
    4: "test_threats.test_04_an_item_of_another_bundle",
    5: "test_zip.test_hostile_archives_are_refused",
    6: "test_zip.test_names_that_would_meet_are_refused",
    7: "test_threats.test_07_whatever_is_no_plain_file",
    8: "test_zip.test_hostile_archives_are_refused",
    9: "test_threats.test_09_a_file_exchanged_while_it_is_verified",
    14: "test_threats.test_14_one_signature_that_fits_two_bundles",
    16: "test_threats.test_16_an_envelope_over_another_statement",
    19: "test_threats.test_19_an_edited_standard_under_the_lab_s_own_signature",
    20: "test_threats.test_20_a_summary_that_its_content_does_not_come_to",
    21: "test_state.test_an_older_bundle_in_place_of_a_newer_one_is_noticed",
    22: "test_state.test_two_bundles_of_one_sequence_are_shown_for_what_they_are",
    23: "test_threats.test_23_a_withdrawal_that_was_taken_out",
    27: "test_threats.test_27_nonces_that_hide_nothing",
    28: "test_editions.test_a_folder_that_is_not_the_one_committed_to_is_refused",
    29: "test_sealed_items.test_a_lab_that_delivers_something_else_is_held_to_its_signature",
    30: "test_seal.test_a_disk_that_is_full_only_for_the_last_bytes_is_noticed",
    31: "test_log_proof.test_a_lab_that_forgets_its_first_bundle_proves_something_else",
    32: "test_hostile.test_nothing_that_a_terminal_would_obey_reaches_it",
    33: "test_threats.test_33_a_name_that_looks_like_another",
    34: "test_ambiguous.test_json_that_another_reader_would_take",
    35: "test_ambiguous.test_toml_that_takes_minutes",
    36: "test_hostile.test_nothing_of_a_bundle_is_run_and_nothing_is_written_elsewhere",
    37: "test_hostile.test_nothing_of_a_bundle_is_run_and_nothing_is_written_elsewhere",
}


@pytest.mark.parametrize("row", WHERE)
def test_each_row_has_its_test(row: int) -> None:
    module, _, name = WHERE[row].partition(".")
    assert callable(getattr(import_module(f"tests.bundle.{module}"), name))


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture
def bundle(made: Sample, tmp_path: Path) -> Path:
    made.export(tmp_path / "out", folder=True)
    return tmp_path / "out"


def _another(made: Sample, tmp_path: Path, **more: Any) -> Path:
    actions.answer(load(made.root), "S-01", "ada", NOW, statement="Changed.")
    actions.sign_off(load(made.root), "S-01", "ada", "owner", "ada", NOW)
    made.export(tmp_path / "another", folder=True, nonce=lambda: os.urandom(32), **more)
    return tmp_path / "another"


def test_03_a_core_of_another_bundle_under_this_statement(made: Sample, bundle: Path, tmp_path: Path) -> None:
    other = _another(made, tmp_path)
    shutil.rmtree(bundle / "attestations")
    shutil.copytree(other / "attestations", bundle / "attestations")
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert "about another bundle" in line(found, "signatures")[1]


def test_03_the_manifests_of_two_items_exchanged(made: Sample, bundle: Path) -> None:
    one, two = bundle / "items/E-0001/SHA256SUMS", bundle / "items/E-0002/SHA256SUMS"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    found = made.verify(bundle)
    assert (found.verdict, line(found, "integrity")[0]) == ("broken", "fail")


def test_04_an_item_of_another_bundle(made: Sample, bundle: Path, tmp_path: Path) -> None:
    """Whole and consistent in itself, and the same evidence even: but not what this bundle commits to."""
    other = _another(made, tmp_path)
    shutil.rmtree(bundle / "items/E-0002")
    shutil.copytree(other / "items/E-0002", bundle / "items/E-0002")
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert "is not the one that core/items.sha256 commits to" in line(found, "integrity")[1]


SPECIAL: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "a link to the same bytes": lambda path: path.symlink_to(shutil.copy("/etc/hostname", path.parents[4] / "twin")),
    "a link to nowhere": lambda path: path.symlink_to("/none"),
    "a FIFO": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "a socket": lambda path: _socket(path),
}


def _socket(path: Path) -> None:
    import socket

    home = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(home)


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("place", ["items/E-0002/files/canary.json", "core/items.sha256", "core/SHA256SUMS", "README.txt"])
def test_07_whatever_is_no_plain_file(made: Sample, bundle: Path, name: str, place: str) -> None:
    (bundle / place).unlink()
    SPECIAL[name](bundle / place)
    assert made.verify(bundle).verdict == "broken"


@pytest.mark.parametrize("folder", ["core", "attestations", "items", "items/E-0002"])
def test_07_a_folder_that_is_a_link(made: Sample, bundle: Path, folder: str) -> None:
    (bundle / folder).rename(bundle.parent / "moved")
    (bundle / folder).symlink_to(bundle.parent / "moved")
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert "neither a file nor a folder" in line(found, "structure")[1]


def test_09_a_file_exchanged_while_it_is_verified(made: Sample, bundle: Path) -> None:
    """Hashed as the good one, read as the bad one: the facts would be read from bytes that nobody hashed."""
    victim = bundle / "items/E-0002/files/canary.json"
    before = victim.stat()

    def exchange(done: int) -> None:
        bad = victim.read_bytes().replace(b"true", b"1111")
        replacement = bundle.parent / "bad"
        replacement.write_bytes(bad)
        os.utime(replacement, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.replace(replacement, victim)

    policy = policies.load_policy(made.policy, "t")
    found = verify(bundle, policy, LATER, load_kinds(), progress=exchange)
    assert found.verdict == "broken"
    assert "changed while it was read" in line(found, "integrity")[1]


def test_09_a_zip_written_to_while_it_is_verified(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "out.zip")
    size = (tmp_path / "out.zip").stat().st_size

    def touch(done: int) -> None:
        with (tmp_path / "out.zip").open("r+b") as file:
            file.seek(size - 1)
            file.write(b"\0")

    found = verify(tmp_path / "out.zip", policies.load_policy(made.policy, "t"), LATER, load_kinds(), progress=touch)
    assert found.verdict == "broken"


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_09_a_file_exchanged_after_it_was_last_read(made: Sample, tmp_path: Path, name: str) -> None:
    """Nobody reads it again: only the last look at all files can notice."""
    made.export(tmp_path / name, folder=name == "out")
    victim = tmp_path / name / "items/E-0001/nonce" if name == "out" else tmp_path / name

    class Kinds(dict[str, Kind]):
        def get(self, key: str, default: Any = None) -> Any:
            other = tmp_path / "same bytes, another file"
            shutil.copy2(victim, other)
            os.replace(other, victim) if name == "out" else os.utime(victim)
            return super().get(key, default)

    policy = policies.load_policy(made.policy, "t")
    found = verify(tmp_path / name, policy, LATER, Kinds(load_kinds()))
    assert found.verdict == "broken"
    assert "changed while it was read" in line(found, "integrity")[1]
    assert verify(tmp_path / name, policy, LATER, load_kinds()).verdict == "accepted"


_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve P-256 (FIPS 186-4, D.1.2.3)


def _one_signature_for(one: bytes, other: bytes) -> tuple[str, bytes]:
    """A P-256 key and one signature under it that fits both messages: the key is chosen after the signature."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    first, second = (int.from_bytes(hashlib.sha256(message).digest(), "big") for message in (one, other))
    nonce = 12345678901234567890
    r = derive_private_key(nonce, SECP256R1()).public_key().public_numbers().x % _ORDER
    secret = -(first + second) * pow(2 * r, -1, _ORDER) % _ORDER
    s = pow(nonce, -1, _ORDER) * (first + r * secret) % _ORDER
    public = derive_private_key(secret, SECP256R1()).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(), encode_dss_signature(r, s)


def test_14_one_signature_that_fits_two_bundles(made: Sample, bundle: Path, tmp_path: Path) -> None:
    """A dishonest lab prepares two statements with one ECDSA signature, to say later that it signed the other."""
    import base64

    other = _another(made, tmp_path)
    statements = [(path / "attestations/0001/statement.json").read_bytes() for path in (bundle, other)]
    key, signature = _one_signature_for(pae(statements[0]), pae(statements[1]))
    key_id = parse_public_key(key).key_id
    for path, statement in zip((bundle, other), statements, strict=True):
        home = path / "attestations/0001"
        for old in home.glob("*s*"):
            if old.name != "statement.json":
                old.unlink()
        envelope = {
            "payload": base64.b64encode(statement).decode(),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
        }
        (home / f"{key_id[:16]}.dsse.json").write_text(json.dumps(envelope))
    policy = policies.add_person(made.policy, "t", "dishonest@lab.example", "", ["lab-author"], key)
    policy = policies.add_rule(policy, "t", policies.SELF_ASSESSMENT, None, {"lab-author": 1})
    state = tmp_path / "state.json"
    assert made.verify(bundle, policy=policy, state=state).verdict == "accepted"
    found = made.verify(other, policy=policy, state=state)
    assert found.verdict == "not-accepted"
    assert "one signature fits two statements" in line(found, "freshness")[1]


def test_16_an_envelope_over_another_statement(made: Sample, bundle: Path, tmp_path: Path) -> None:
    """Signed by the same key, and good in itself: but what it signs is not the statement that lies here."""
    other = _another(made, tmp_path)
    home = bundle / "attestations/0001"
    for path in home.glob("*.sshsig"):
        path.unlink()
    for path in (other / "attestations/0001").glob("*.dsse.json"):
        shutil.copy(path, home / path.name)
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert "signs other bytes than statement.json" in line(found, "signatures")[1]


def test_19_an_edited_standard_under_the_lab_s_own_signature(made: Sample, bundle: Path) -> None:
    """The lab drops a control from the text that it answers, and signs that."""
    path = bundle / "core/standards/small-1.0.toml"
    old = hashlib.sha256(path.read_bytes()).hexdigest()

    def drop(_: Path) -> None:
        path.write_text(path.read_text().replace("T1 = 0.80", "T1 = 0.10"))
        for name in ("core/assessment.json", "core/readiness.json"):
            content = (bundle / name).read_text()
            (bundle / name).write_text(content.replace(old, hashlib.sha256(path.read_bytes()).hexdigest()))

    def restate(statement: dict[str, Any]) -> None:
        statement["predicate"]["standards"][0]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()

    forge(bundle, made, drop, restate)
    found = made.verify(bundle)
    assert (found.verdict, line(found, "standard")[0]) == ("not-accepted", "fail")
    assert "not the text that the policy accepts" in line(found, "standard")[1]
    assert line(found, "readiness")[0] == "unknown"  # a text that nobody accepted is not even read
    assert found.readiness is None


def test_19_a_standard_named_in_the_statement_is_the_one_in_the_core(made: Sample, bundle: Path) -> None:
    def restate(statement: dict[str, Any]) -> None:
        statement["predicate"]["standards"][0]["version"] = "1.1"

    forge(bundle, made, lambda _: None, restate)
    found = made.verify(bundle)
    assert (found.verdict, line(found, "standard")[0]) == ("broken", "fail")
    assert "which is not the text that the bundle holds" in line(found, "standard")[1]


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize(
    ("field", "value"),
    [("verdict", "ready-with-waivers"), ("controls", 4), ("satisfied", 3), ("blocked", 1), ("items", 9), ("withheldItems", 1)],
)
def test_20_a_summary_that_its_content_does_not_come_to(
    made: Sample, bundle: Path, field: str, value: object, away: bool
) -> None:
    """Also where an item is withheld: the claims in the core and in the statement must agree in any case."""
    forge(bundle, made, lambda _: None, lambda statement: statement["predicate"]["summary"].update({field: value}))
    if away:
        shutil.rmtree(bundle / "items/E-0002")
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert "summary" in line(found, "readiness")[1]


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("core/readiness.json", '"outcome": "not-applicable"', '"outcome": "satisfied"'),
        ("core/assessment.json", '"status": "met"', '"status": "not-met"'),
        ("core/assessment.json", '"person": "ada"', '"person": "eve"'),
        ("core/assessment.json", '"tier": "T1"', '"tier": "T0"'),
        ("core/assessment.json", '"version": "1",', '"version": "2",'),
        ("core/assessment.json", "2026-11-24T12:00:00Z", "2026-11-24T12:00:01Z"),
        ("items/E-0002/item.json", "canary.json", "canary.jso"),
        ("items/E-0002/item.json", '"value": 190', '"value": 191'),
        ("items/A-small.S-01/item.json", "S-01 is met.", "S-01 is not met at all."),
    ],
)
def test_20_a_claim_that_its_own_files_contradict(made: Sample, bundle: Path, path: str, old: str, new: str) -> None:
    def change(_: Path) -> None:
        content = (bundle / path).read_text()
        assert old in content
        (bundle / path).write_text(content.replace(old, new))

    forge(bundle, made, change)
    assert made.verify(bundle).verdict == "broken"


def test_23_a_withdrawal_that_was_taken_out(made: Sample, bundle: Path, tmp_path: Path) -> None:
    """Without a fresh register the status is unknown; with one, what was hidden is known all the same."""
    folder = made.state(bundle, declare.withdrawal(looked_at(bundle), "x", NOW), "lab-officer")
    assert made.verify(bundle, policy=made.full).current == "no"
    shutil.rmtree(bundle / folder)
    assert made.verify(bundle, policy=made.full).current == "unknown"
    assert made.verify(bundle, policy=with_register(made.full)).verdict == "not-accepted"
    draft = declare.register(made.root, LAB, (looked_at(bundle).core.bundle_id,), LATER.replace(year=2027), NOW)
    register = made.apart(tmp_path / "register", draft, "lab-officer")
    found = made.verify(bundle, policy=with_register(made.full), folders=[register])
    assert (found.verdict, found.current) == ("not-accepted", "no")
    assert "lists it as withdrawn" in line(found, "freshness")[1]


@pytest.mark.parametrize("nonce", [b"", b"00\n", b"0" * 64, b"0" * 63 + b"\n", b"G" * 64 + b"\n", b"0" * 65 + b"\n", None])
def test_27_nonces_that_hide_nothing(made: Sample, bundle: Path, nonce: bytes | None) -> None:
    """Too short, not random in form, or the same in two items; None: there is none."""

    def change(_: Path) -> None:
        for item in ("E-0001", "E-0002"):
            path = bundle / "items" / item / "nonce"
            path.unlink() if nonce is None else path.write_bytes(nonce)

    forge(bundle, made, change)
    found = made.verify(bundle)
    assert (found.verdict, line(found, "structure")[0]) == ("broken", "fail")
    assert "nonce" in line(found, "structure")[1]


def test_27_one_nonce_in_two_items(made: Sample, bundle: Path) -> None:
    forge(bundle, made, lambda _: shutil.copy(bundle / "items/E-0001/nonce", bundle / "items/E-0002/nonce"))
    assert "stands in two items" in line(made.verify(bundle), "structure")[1]


def test_33_a_name_that_looks_like_another(made: Sample, bundle: Path) -> None:
    """A Cyrillic letter in the attester's name: its rule is not that of the name it looks like, nor is the person's name."""
    twin = LAB.replace("a", "\u0430")
    sign_again(bundle, made, lambda statement: statement["predicate"]["attester"].update(id=twin, name="Ada Ortiz, Regulator"))
    policy = policies.add_rule(made.policy, "t", policies.SELF_ASSESSMENT, LAB, {"lab-author": 1, "lab-officer": 1})
    assert made.verify(bundle, policy=policy).verdict == "accepted"  # the rule for everybody still takes it
    only = policy.replace(b'[[rule]]\npredicate = "self-assessment/v1"\nrequire', b'[[rule]]\npredicate = "x/v1"\nrequire')
    found = made.verify(bundle, policy=only)
    assert found.verdict == "not-accepted"
    assert "no rule for self-assessment/v1 by l\u0430b" in line(found, "signatures")[1]
    told = "\n".join(page(found, "x"))
    assert "Lab-Author (lab-author)" in line(found, "identity")[1]
    assert "Ada Ortiz" not in told
    assert all(signer.public.fingerprint in told for signer in made.signers)


def test_a_regulator_s_statement_is_about_what_it_received(made: Sample, bundle: Path) -> None:
    """The receipt names the edition by the lines of core/items.sha256, which anybody can hash again."""
    shutil.rmtree(bundle / "items/E-0002")
    said = json.loads(declare.receipt(looked_at(bundle), REGULATOR, NOW).content)["predicate"]["edition"]
    rows = [row for row in (bundle / "core/items.sha256").read_text().splitlines(keepends=True) if "E-0002" not in row]
    assert said["digest"]["sha256"] == hashlib.sha256("".join(rows).encode()).hexdigest()
    assert (said["present"], said["withheld"]) == (3, 1)


def test_the_forger_s_bundle_is_consistent(made: Sample, bundle: Path) -> None:
    """What the tests above rely on: made to fit and signed again without a change, it is accepted."""
    before = looked_at(bundle).core.bundle_id
    resum(bundle)
    sign_again(bundle, made)
    found = made.verify(bundle)
    assert (found.verdict, found.bundle_id) == ("accepted", before)
