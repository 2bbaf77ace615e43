"""Model signatures: verified with the key beside them, compared with the released files, and those that are not genuine."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.kind import recognise
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.evidence.readers.model_signature import PREDICATE
from compliance_tui.safe.errors import InputError
from tests.evidence.signed import DIGEST, KEY, STATEMENT, dumps, envelope, read_item
from tests.evidence.supply_chain import KINDS, SAMPLES, mutate, sample, values
from tests.shared_data import shared

MODEL = {"config_json": b'{"a":1}', "empty_txt": b"", "sub__t_bin": b"x", "w_safetensors": bytes(3000)}
OMS_KEY = (SAMPLES / "oms.pub.pem").read_bytes()


def oms(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def bundle(files: dict[str, bytes], material: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """A model signature as the format has it, made here."""
    resources = [
        {"name": name, "algorithm": "sha256", "digest": hashlib.sha256(content).hexdigest()} for name, content in files.items()
    ]
    root = hashlib.sha256(b"".join(bytes.fromhex(one["digest"]) for one in resources)).hexdigest()
    predicate = {"resources": resources, "serialization": {"method": "files", "hash_type": "sha256", "allow_symlinks": False}}
    subject = [{"name": "m", "digest": {"sha256": root}}]
    statement = {"_type": STATEMENT, "subject": subject, "predicateType": PREDICATE, "predicate": predicate, **changes}
    return dumps(
        {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": ""}, "tlogEntries": []} if material is None else material,
            "dsseEnvelope": envelope(statement),
        }
    )


def test_the_real_signature_verifies_with_its_key() -> None:
    key = (SAMPLES / "model.pub.pem").read_bytes()
    facts = read_item("model-signature", model_sig=sample("model-signature").read_bytes(), pub_pem=key)
    found = values(facts)
    assert (found["verified"], found["manifest_consistent"], found["signed_files"], found["unsafe_files"]) == (True, True, 3, 0)
    assert found["model_digest"] == "bf44d755b401597dc3a257bc4a9c9dcec2341286b8a85ca527ebb013b763b482"
    assert found["resources"][0] == "b64d62c95f44639a7423378bfd48f5645d0d9119aacb894a27a72d9e02f577c0 config.json"
    # No weights were given: nothing is said about files that are not signed.
    assert not {"unsigned_files", "altered_files", "missing_files"} & set(found)
    assert any("not compared" in warning for warning in facts.warnings)


@pytest.mark.parametrize(("signature", "unsigned"), [("oms-files.sig", 0), ("oms-shards.sig", 1)])
def test_the_files_of_a_model_are_compared_with_a_real_list(signature: str, unsigned: int) -> None:
    found = values(read_item("model-signature", model_sig=oms(signature), pub_pem=OMS_KEY, **MODEL))
    assert (found["verified"], found["altered_files"], found["missing_files"]) == (True, 0, 0)
    # A list of ranges cannot name a file without bytes.
    assert (found["unsigned_files"], found["unsafe_files"]) == (unsigned, 1)


def test_a_model_of_one_file() -> None:
    found = values(read_item("model-signature", model_sig=oms("oms-one-file.sig"), pub_pem=OMS_KEY, w_safetensors=bytes(3000)))
    assert (found["verified"], found["unsigned_files"], found["signed_files"]) == (True, 0, 1)
    other = values(read_item("model-signature", model_sig=oms("oms-one-file.sig"), pub_pem=OMS_KEY, w_safetensors=bytes(2999)))
    assert (other["verified"], other["altered_files"]) == (False, 1)


@pytest.mark.parametrize("signature", ["oms-files.sig", "oms-shards.sig"])
@pytest.mark.parametrize(
    "content",
    [bytes(2999) + b"\1", bytes(3001), bytes(2999), b"", bytes(1000) + b"\1" + bytes(1999)],
    ids=lambda one: str(len(one)),
)
def test_an_altered_file_is_found(signature: str, content: bytes) -> None:
    found = values(
        read_item("model-signature", model_sig=oms(signature), pub_pem=OMS_KEY, **{**MODEL, "w_safetensors": content})
    )
    assert (found["verified"], found["altered_files"]) == (False, 1)


def test_files_that_are_missing_or_not_signed_are_found() -> None:
    files = {name: content for name, content in MODEL.items() if name != "config_json"}
    facts = read_item("model-signature", model_sig=oms("oms-files.sig"), pub_pem=OMS_KEY, **files, evil_pkl=b"", _git__HEAD=b"")
    found = values(facts)
    assert (found["verified"], found["missing_files"], found["unsigned_files"], found["unsafe_files"]) == (False, 1, 1, 2)
    assert any("evil.pkl" in warning for warning in facts.warnings)


def test_the_model_may_lie_in_a_folder_of_the_item() -> None:
    inside = {f"model__{name}": content for name, content in MODEL.items()}
    found = values(read_item("model-signature", pub_pem=OMS_KEY, model__model_sig=oms("oms-files.sig"), **inside))
    assert (found["verified"], found["unsigned_files"]) == (True, 0)
    # The same name outside of it is another file, and is not signed.
    found = values(
        read_item("model-signature", pub_pem=OMS_KEY, model_sig=oms("oms-files.sig"), **inside, config_json=b'{"a":1}')
    )
    assert (found["verified"], found["unsigned_files"]) == (True, 1)


def test_a_signature_by_another_key_says_nothing_about_the_model() -> None:
    facts = read_item("model-signature", model_sig=oms("oms-files.sig"), pub_pem=KEY, **MODEL)
    assert values(facts) == {"method": "key", "signatures": 1, "verified": False}


def test_a_list_that_is_not_that_of_the_model_does_not_verify() -> None:
    subject = [{"name": "m", "digest": {"sha256": DIGEST}}]
    found = values(read_item("model-signature", model_sig=bundle({"a": b"1"}, subject=subject), pub_pem=KEY, a=b"1"))
    assert (found["verified"], found["manifest_consistent"], found["altered_files"]) == (False, False, 0)


def test_a_hash_that_is_not_known_is_not_compared() -> None:
    resources = [{"name": "a", "algorithm": "blake3", "digest": DIGEST}]
    root = hashlib.sha256(bytes.fromhex(DIGEST)).hexdigest()
    predicate = {"resources": resources, "serialization": {"method": "files"}}
    subject = [{"name": "m", "digest": {"sha256": root}}]
    facts = read_item("model-signature", model_sig=bundle({}, subject=subject, predicate=predicate), pub_pem=KEY, a=b"1")
    assert not {"verified", "altered_files"} & set(facts.facts) and any("hash" in warning for warning in facts.warnings)


@pytest.mark.parametrize(
    ("names", "unsafe"),
    [
        (["a.safetensors", "model.bin.index.json", "a.gguf"], 0),
        (["A.PKL", "b.pt", "c.joblib.gz", "d.ckpt", "pytorch_model.bin"], 5),
    ],
)
def test_files_that_can_run_code_are_counted_by_their_names(names: list[str], unsafe: int) -> None:
    found = values(read_item("model-signature", model_sig=bundle(dict.fromkeys(names, b"")), pub_pem=KEY))
    assert found["unsafe_files"] == unsafe


TWICE = [{"name": "a", "algorithm": "sha256", "digest": DIGEST}] * 2


def _shards(*ranges: tuple[int, int]) -> bytes:
    resources = [{"name": f"a:{start}:{end}", "algorithm": "sha256", "digest": DIGEST} for start, end in ranges]
    return bundle({}, predicate={"resources": resources, "serialization": {"method": "shards", "shard_size": 5}})


@pytest.mark.parametrize(
    "content",
    [
        bundle({}),
        bundle({"a": b""}, material={}),
        bundle({"a": b""}, material={"certificate": {"rawBytes": "AA=="}, "tlogEntries": []}),
        bundle({"a": b""}, subject=[]),
        bundle({"a": b""}, predicateType="https://model_signing/Digests/v0.1"),
        _shards((0, 5), (6, 10)),
        _shards((0, 5), (0, 5)),
        _shards((5, 10)),
        _shards((0, 0)),
        bundle({}, predicate={"resources": TWICE, "serialization": {"method": "files"}}),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_item("model-signature", model_sig=content, pub_pem=KEY)


@pytest.mark.parametrize(
    ("material", "method"),
    [
        ({"x509CertificateChain": {"certificates": []}}, "certificate"),
        ({"certificate": {}, "tlogEntries": [{"integratedTime": "1760062340"}]}, "sigstore"),
    ],
)
def test_a_certificate_is_read_and_not_verified(material: dict[str, Any], method: str) -> None:
    facts = read_item("model-signature", model_sig=bundle({"a": b"1"}, material), pub_pem=KEY, a=b"1")
    found = values(facts)
    assert (found["method"], found["altered_files"]) == (method, 0) and "verified" not in found
    assert found.get("signed_at") == ("2025-10-10T02:12:20+00:00" if method == "sigstore" else None)
    assert any("certificates are not checked" in warning for warning in facts.warnings)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_shape_of_a_signed_list_crashes_the_reader(data: st.DataObject) -> None:
    envelope_of = json.loads(data.draw(st.sampled_from([bundle({"a": b"1", "b/c": b""}), _shards((0, 5), (5, 9))])))
    statement = json.loads(base64.b64decode(envelope_of["dsseEnvelope"]["payload"]))
    envelope_of["dsseEnvelope"] = envelope(mutate(statement, data.draw))
    try:
        read_item("model-signature", model_sig=dumps(envelope_of), pub_pem=KEY, a=b"1")
    except InputError as error:
        assert error.code == "unreadable-evidence" and "\n" not in str(error)


def test_which_file_is_the_signature_must_be_plain() -> None:
    with pytest.raises(InputError, match="model signatures"):
        read_item("model-signature", one_sig=oms("oms-files.sig"), other_sig=oms("oms-shards.sig"))
    with pytest.raises(InputError, match="no model signature"):
        read_item("model-signature", config_json=b"{}", w_safetensors=b"")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_change_of_a_signed_file_verifies(data: st.DataObject) -> None:
    """Whatever is changed in the envelope, it is refused, or is not verified, or says exactly what was signed."""
    original = oms("oms-files.sig")
    genuine = values(read_item("model-signature", model_sig=original, pub_pem=OMS_KEY))
    at = data.draw(st.integers(0, len(original) - 1))
    content = original[:at] + data.draw(st.binary(max_size=3)) + original[at + data.draw(st.integers(0, 3)) :]
    try:
        found = values(read_item("model-signature", model_sig=content, pub_pem=OMS_KEY))
    except InputError as error:
        assert error.code == "unreadable-evidence"
    else:
        assert found.get("verified") is not True or {**found, "signed_at": ""} == {**genuine, "signed_at": ""}


@pytest.mark.parametrize("name", ["valid_key", "valid_certificate", "valid_sigstore"])
def test_the_good_bundles_of_the_specification_are_read(name: str) -> None:
    path = shared(f"oms/{name}.bundle.json")
    assert recognise(path, KINDS) == "model-signature"
    facts = read_item("model-signature", model_sig=path.read_bytes())
    found = values(facts)
    assert (found["manifest_consistent"], found["signed_files"], found["method"]) == (True, 2, name.removeprefix("valid_"))
    assert "verified" not in found and any("not checked" in warning for warning in facts.warnings)


def test_the_bad_bundles_of_the_specification_are_refused() -> None:
    bad = sorted(shared("oms").glob("invalid*.bundle.json"))
    assert len(bad) == 5
    for path in bad:
        with pytest.raises(InputError):
            read_item("model-signature", model_sig=path.read_bytes())


# Against the tool of the format's makers, where it is installed


@pytest.mark.parametrize("change", ["nothing", "a byte", "a file more", "a file less"])
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda one: one.name)
def test_model_signing_says_the_same(change: str, curve: ec.EllipticCurve, tmp_path: Path) -> None:
    signing, verifying = (pytest.importorskip(f"model_signing.{name}") for name in ("signing", "verifying"))
    private = ec.generate_private_key(curve)
    secret, public, signature = (tmp_path / name for name in ("key.pem", "pub.pem", "model.sig"))
    secret.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    model = tmp_path / "model"
    for name, content in (("a/w.bin", b"weights"), ("config.json", b"{}")):
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_bytes(content)
    signing.Config().use_elliptic_key_signer(private_key=secret).sign(model, signature)
    if change == "a byte":
        (model / "a/w.bin").write_bytes(b"Weights")
    elif change == "a file more":
        (model / "more").write_bytes(b"")
    elif change == "a file less":
        (model / "config.json").unlink()
    try:
        verifying.Config().use_elliptic_key_verifier(public_key=public).verify(model, signature)
        theirs = True
    except ValueError:
        theirs = False
    files = [(path.relative_to(model).as_posix(), path.open) for path in sorted(model.rglob("*")) if path.is_file()]
    given = [("model.sig", signature.open), ("pub.pem", public.open), *files]
    found = values(
        read_facts_of([(name, lambda opened=opened: opened("rb")) for name, opened in given], KINDS["model-signature"])
    )  # type: ignore[misc]
    assert (found["verified"] and found["unsigned_files"] == 0) is theirs is (change == "nothing")
