"""Build provenance and in-toto links: verified with the key beside them, and what becomes of those that are not genuine."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.readers.provenance import SLSA_V02, SLSA_V1, canonical_json
from compliance_tui.safe.errors import InputError
from tests.evidence.signed import DIGEST, KEY, PRIVATE, STATEMENT, dumps, envelope, read_item
from tests.evidence.supply_chain import SAMPLES, mutate, sample, values


def slsa(*subjects: dict[str, str], version: str = "v1") -> dict[str, Any]:
    subject = [{"name": f"s{position}", "digest": digests} for position, digests in enumerate(subjects)]
    if version == "v1":
        predicate: dict[str, Any] = {
            "buildDefinition": {"buildType": "urn:t", "externalParameters": {"workflow": {"repository": "urn:r"}}},
            "runDetails": {"builder": {"id": "urn:b"}, "metadata": {"finishedOn": "2026-11-02T00:00:00Z"}},
        }
        return {"_type": STATEMENT, "subject": subject, "predicateType": SLSA_V1, "predicate": predicate}
    predicate = {
        "builder": {"id": "urn:b"},
        "buildType": "urn:t",
        "invocation": {"configSource": {"uri": "urn:r"}},
        "metadata": {"buildFinishedOn": "2026-11-02T00:00:00Z"},
        "materials": [{"uri": "urn:m"}],
    }
    old = "https://in-toto.io/Statement/v0.1"
    return {"_type": old, "subject": subject, "predicateType": SLSA_V02, "predicate": predicate}


def test_a_real_envelope_verifies_with_its_key_and_with_no_other() -> None:
    content = sample("slsa-provenance").read_bytes()
    found = values(read_item("slsa-provenance", a_json=content, pub_pem=(SAMPLES / "provenance.pub.pem").read_bytes()))
    assert found["verified"] is True
    assert found["model_digest"] == "d31b255aec88d37636d374a651f5efc684c89716ab64dea6ac89d75801933af2"
    assert found["builder"] == "https://lab.example/builders/gpu-cluster@v1"
    assert (found["ran_at"], found["signatures"]) == ("2026-11-02T00:00:00Z", 1)
    other = values(read_item("slsa-provenance", a_json=content, pub_pem=KEY))
    assert other["verified"] is False and "key_id" not in other


def test_what_a_forged_statement_says_is_not_read() -> None:
    forged = envelope(slsa({"sha256": DIGEST}))
    forged["payload"] = base64.b64encode(dumps(slsa({"sha256": "ee" * 32}))).decode()
    facts = read_item("slsa-provenance", a_json=dumps(forged), pub_pem=KEY)
    assert values(facts)["verified"] is False
    assert not {"model_digest", "builder", "source", "subject_digests", "ran_at"} & set(facts.facts)


def test_without_a_key_nothing_is_verified() -> None:
    facts = read_item("slsa-provenance", a_json=dumps(envelope(slsa({"sha256": DIGEST}))))
    assert "verified" not in facts.facts and values(facts)["model_digest"] == DIGEST
    assert any("public key" in warning for warning in facts.warnings)


@pytest.mark.parametrize("version", ["v1", "v0.2"])
@pytest.mark.parametrize("url_safe", [False, True])
def test_both_versions_of_slsa_in_both_alphabets(version: str, url_safe: bool) -> None:
    content = envelope(slsa({"sha256": DIGEST}, version=version), url_safe=url_safe)
    found = values(read_item("slsa-provenance", a_jsonl=dumps(content) + b"\n", pub_pem=KEY))
    assert (found["verified"], found["model_digest"], found["builder"]) == (True, DIGEST, "urn:b")
    assert (found["build_type"], found["source"], found["ran_at"]) == ("urn:t", "urn:r", "2026-11-02T00:00:00Z")


def test_the_key_may_be_written_for_ssh_and_has_one_id() -> None:
    content = dumps(envelope(slsa({"sha256": DIGEST})))
    ssh = PRIVATE.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" builder@lab\n"
    one, other = (values(read_item("slsa-provenance", a_json=content, pub=key)) for key in (KEY, ssh))
    der = PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert one["verified"] and one["key_id"] == other["key_id"] == hashlib.sha256(der).hexdigest()


def test_of_several_subjects_none_is_taken_for_the_model() -> None:
    facts = read_item("slsa-provenance", a_json=dumps(envelope(slsa({"sha256": DIGEST}, {"sha512": "ab" * 64}))))
    assert values(facts)["subject_digests"] == (DIGEST, f"sha512:{'ab' * 64}")
    assert "model_digest" not in facts.facts and any("which of its subjects" in warning for warning in facts.warnings)


def test_a_sigstore_bundle_with_a_certificate_is_read_and_not_verified() -> None:
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": "AA=="}, "tlogEntries": [{}]},
        "dsseEnvelope": envelope(slsa({"sha256": DIGEST})),
    }
    facts = read_item("slsa-provenance", a_json=dumps(bundle), pub_pem=KEY)
    assert "verified" not in facts.facts and values(facts)["model_digest"] == DIGEST
    assert any("certificate" in warning for warning in facts.warnings)


@pytest.mark.parametrize("name", ["in-toto-build.link", "in-toto-build.dsse.link"])
def test_a_real_link_verifies(name: str) -> None:
    link, key = (SAMPLES / name).read_bytes(), (SAMPLES / "in-toto.pub.pem").read_bytes()
    found = values(read_item("slsa-provenance", a_link=link, pub_pem=key))
    assert (found["verified"], found["completed"], found["materials"], found["subject"]) == (True, True, 1, "out.txt")
    assert found["model_digest"] == hashlib.sha256("ü\n".encode()).hexdigest()
    assert values(read_item("slsa-provenance", a_link=link, pub_pem=KEY))["verified"] is False


def test_a_step_that_made_nothing_built_no_model() -> None:
    found = values(read_item("slsa-provenance", a_link=(SAMPLES / "in-toto-scan.link").read_bytes()))
    assert (found["step"], found["completed"]) == ("scan", True) and "model_digest" not in found


def test_a_command_that_failed_is_not_complete() -> None:
    link = json.loads((SAMPLES / "in-toto-build.link").read_bytes())
    link["signed"]["byproducts"]["return-value"] = 2
    assert values(read_item("slsa-provenance", a_link=dumps(link)))["completed"] is False


def test_canonical_json() -> None:
    value = {"b": [1, True, None, 'q"\\ü'], "a": {"é": -1, "z": {}}}
    assert canonical_json(value) == '{"a":{"z":{},"é":-1},"b":[1,true,null,"q\\"\\\\ü"]}'
    with pytest.raises(ValueError):
        canonical_json(0.5)


def _changed(**changes: Any) -> bytes:
    return dumps({**envelope(slsa({"sha256": DIGEST})), **changes})


@pytest.mark.parametrize(
    "content",
    [
        _changed(payloadType="text/plain"),
        _changed(signatures=[]),
        _changed(signatures=[{"sig": "AB"}]),
        _changed(payload="e30="),
        _changed(payload="e31="),
        dumps(envelope({**slsa({"sha256": DIGEST}), "predicateType": "https://slsa.dev/verification_summary/v1"})),
        dumps(envelope({**slsa({"sha256": DIGEST}), "_type": "https://in-toto.io/Statement/v2"})),
        dumps(envelope(slsa())),
        dumps(envelope(slsa({"sha256": "abcd"}))),
        _changed() + b"\n" + _changed(),
    ],
)
def test_an_envelope_that_is_not_right_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_item("slsa-provenance", a_json=content)


def test_a_payload_with_one_name_twice_is_refused() -> None:
    payload = dumps(slsa({"sha256": DIGEST})).replace(b'"subject"', b'"subject": [], "subject"')
    with pytest.raises(InputError, match="twice"):
        read_item("slsa-provenance", a_json=_changed(payload=base64.b64encode(payload).decode()))


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_shape_of_a_signed_statement_crashes_the_reader(data: st.DataObject) -> None:
    link = json.loads((SAMPLES / "in-toto-build.link").read_bytes())["signed"]
    statement = data.draw(st.sampled_from([slsa({"sha256": DIGEST}), slsa({"sha256": DIGEST}, version="v0.2"), link]))
    changed = mutate(json.loads(dumps(statement)), data.draw)
    try:
        read_item("slsa-provenance", a_json=dumps(envelope(changed)), pub_pem=KEY)
    except InputError as error:
        assert error.code == "unreadable-evidence" and "\n" not in str(error)


def test_a_private_key_or_a_key_of_another_kind_is_refused() -> None:
    secret = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    for content in (secret, parameters + secret):
        with pytest.raises(InputError, match="private key"):
            read_item("slsa-provenance", a_json=_changed(), key_pem=content)
    other = rsa.generate_private_key(65537, 2048).public_key()
    for key in (
        other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        other.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        KEY.replace(b"MF", b"MG"),
    ):
        with pytest.raises(InputError):
            read_item("slsa-provenance", a_json=_changed(), key_pem=key)


# Against in-toto itself, where it is installed


@pytest.mark.parametrize("dsse", [False, True])
def test_in_toto_says_the_same(dsse: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runlib, signer = pytest.importorskip("in_toto.runlib"), pytest.importorskip("securesystemslib.signer")
    monkeypatch.chdir(tmp_path)
    private = ed25519.Ed25519PrivateKey.generate()
    made = runlib.in_toto_run(
        "s", [], ["out"], ["sh", "-c", "echo 1 > out"], signer=signer.CryptoSigner(private), use_dsse=dsse
    )
    made.dump("x.link")
    key = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    link = Path("x.link").read_bytes()
    assert values(read_item("slsa-provenance", a_link=link, pub=key))["verified"] is True
