"""Items that are sealed in a bundle: they open for their readers, prove themselves, and whoever delivers is held to it."""

import io
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.assessment.folder import load
from compliance_tui.bundle.editions import disclose, redact
from compliance_tui.bundle.seal import read_recipients, seal, seal_stream
from compliance_tui.bundle.sealing import Sealing
from compliance_tui.bundle.write import Member, write_zip
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.trust.policy import add_rule
from tests.assessment.sample import NOW
from tests.bundle.recipients import Pair, pair, sealing
from tests.bundle.sample import RULES, Sample, line, sample

pyrage = pytest.importorskip("pyrage")


@pytest.fixture
def reader(tmp_path: Path) -> Pair:
    return pair(tmp_path, "reader")


@pytest.fixture
def escrow(tmp_path: Path) -> Pair:
    return pair(tmp_path, "escrow")


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path, withhold=True)


def _policy(made: Sample) -> bytes:
    """One whose rule for deliveries the two keys of the lab satisfy."""
    return add_rule(made.full, "t", "delivery/v1", None, {"lab-author": 1})


@pytest.mark.parametrize("folder", [False, True])
def test_a_sealed_item_opens_for_its_reader_and_for_nobody_else(
    tmp_path: Path, made: Sample, reader: Pair, escrow: Pair, folder: bool
) -> None:
    done = made.export(tmp_path / "out", folder=folder, sealing=sealing(("E-0003",), reader, escrow))
    closed = made.verify(tmp_path / "out", policy=_policy(made))
    assert (closed.verdict, closed.sealed, closed.withheld) == ("not-accepted", ["E-0003"], [])
    assert "1 sealed: E-0003" in line(closed, "completeness")[1]
    assert "no delivery" not in line(closed, "completeness")[1]
    for one in (reader, escrow):
        opened = made.verify(tmp_path / "out", policy=_policy(made), identities=one.identities)
        assert (opened.verdict, opened.sealed, opened.handed) == ("accepted", [], ["E-0003"])
        assert opened.bundle_id == done.bundle_id
    other = pair(tmp_path, "other")
    assert made.verify(tmp_path / "out", identities=other.identities).sealed == ["E-0003"]
    raw = (tmp_path / "out").read_bytes() if not folder else (tmp_path / "out/sealed/E-0003.age").read_bytes()
    assert b"secret" not in raw


def test_the_escrow_identity_must_fit_and_the_ciphertext_is_opened_once(
    tmp_path: Path, made: Sample, reader: Pair, escrow: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Sealing(("E-0003",), tuple(read_recipients([reader.text])), read_recipients([escrow.text])[0])
    with pytest.raises(InputError, match="not that of the escrow"):
        made.export(tmp_path / "out", sealing=Sealing(*_parts(wrong), tuple(pair(tmp_path, "x").identities)))
    real = pyrage.encrypt_io

    def garbles(source: Any, target: Any, recipients: Any) -> None:
        inner = io.BytesIO()
        real(source, inner, recipients)
        content = bytearray(inner.getvalue())
        content[-20] ^= 1
        target.write(bytes(content))

    monkeypatch.setattr(pyrage, "encrypt_io", garbles)
    with pytest.raises(BrokenError, match="does not open"):
        made.export(tmp_path / "out", sealing=sealing(("E-0003",), reader, escrow))
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".tmp-*"))
    assert not any((made.root / "bundles").iterdir())


def _parts(one: Sealing) -> tuple[Any, Any, Any]:
    return one.items, one.recipients, one.escrow


def test_without_the_identity_the_ciphertext_is_read_again(
    tmp_path: Path, made: Sample, reader: Pair, escrow: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.export(tmp_path / "good", sealing=sealing(("E-0003",), reader, escrow, identities=False))
    from compliance_tui.bundle import sealing as module

    def loses(*arguments: Any) -> Any:
        done = seal(*arguments)
        content = bytearray(done.path.read_bytes())
        content[-1] ^= 1
        done.path.write_bytes(bytes(content))
        return done

    monkeypatch.setattr(module, "seal", loses)
    with pytest.raises(InputError, match="not on disk as it was written"):
        made.export(tmp_path / "out", sealing=sealing(("E-0003",), reader, escrow, identities=False))


def test_what_is_sealed_is_signed_for(tmp_path: Path, made: Sample, reader: Pair, escrow: Pair) -> None:
    with pytest.raises(InputError, match="--key"):
        made.export(tmp_path / "out", signers=0, sealing=sealing(("E-0003",), reader, escrow))
    with pytest.raises(InputError, match="there is no item"):
        made.export(tmp_path / "out", sealing=sealing(("E-0009",), reader, escrow))
    made.export(tmp_path / "out", folder=True, sealing=sealing(("E-0003", "A-small.S-01"), reader, escrow))
    assert (
        "no delivery that your policy counts names A-small.S-01, E-0003"
        in line(made.verify(tmp_path / "out"), "completeness")[1]
    )
    (tmp_path / "out/attestations/0002").rename(tmp_path / "away")
    found = made.verify(tmp_path / "out")
    assert found.verdict == "broken"
    assert "in no delivery" in line(found, "structure")[1]


@pytest.mark.parametrize("name", ["flipped", "cut", "exchanged", "both", "of no item", "renamed"])
def test_a_ciphertext_that_is_not_the_one_delivered_is_noticed(
    tmp_path: Path, made: Sample, reader: Pair, escrow: Pair, name: str
) -> None:
    made.export(tmp_path / "out", folder=True, sealing=sealing(("E-0003", "E-0002"), reader, escrow))
    home = tmp_path / "out/sealed"
    content = (home / "E-0003.age").read_bytes()
    if name == "flipped":
        (home / "E-0003.age").write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    elif name == "cut":
        (home / "E-0003.age").write_bytes(content[:-1])
    elif name == "exchanged":
        shutil.copy(home / "E-0002.age", home / "E-0003.age")
    elif name == "both":
        shutil.copytree(next((made.root / "bundles").glob("*/withheld/items/E-0003")), tmp_path / "out/items/E-0003")
    elif name == "of no item":
        shutil.copy(home / "E-0002.age", home / "E-0007.age")
    else:
        (home / "E-0003.age").rename(home / "E-0003.txt")
    for identities in ([], reader.identities):
        found = made.verify(tmp_path / "out", policy=_policy(made), identities=identities)
        assert found.verdict == "broken", found.lines


def _deliver(made: Sample, bundle: Path, ciphertext: bytes) -> None:
    """What a lab can do with its own keys: deliver this in place of E-0003, under its signature."""
    import hashlib
    import json

    from compliance_tui.bundle import declare

    (bundle / "sealed/E-0003.age").write_bytes(ciphertext)
    statement = json.loads((bundle / "attestations/0002/statement.json").read_text())
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(ciphertext).hexdigest()
    shutil.rmtree(bundle / "attestations/0002")
    made.state(bundle, declare.Draft("delivery/v1", json.dumps(statement).encode()), "lab-author")


def _age(recipient: str, content: bytes) -> bytes:
    out = io.BytesIO()
    seal_stream(io.BytesIO(content), out, read_recipients([recipient]))
    return out.getvalue()


def _other_item(made: Sample) -> bytes:
    kept = next((made.root / "bundles").glob("*/withheld/items/E-0003"))
    members = [
        Member(f"items/E-0003/{path.relative_to(kept)}", path.read_bytes(), path.stat().st_size)
        for path in sorted(kept.rglob("*"))
        if path.is_file()
    ]
    changed = [Member(one.path, b"x", 1) if one.path.endswith(".md") else one for one in members]
    write_zip(made.root.parent / "changed.zip", changed)
    return (made.root.parent / "changed.zip").read_bytes()


def _with_another(content: bytes) -> bytes:
    """A file of another item beside those of the item."""
    source = zipfile.ZipFile(io.BytesIO(content))
    members = [Member(name, source.read(name), source.getinfo(name).file_size) for name in source.namelist()]
    with tempfile.TemporaryDirectory() as folder:
        write_zip(Path(folder) / "x.zip", [*members, Member("items/E-0001/nonce", b"x", 1)])
        return (Path(folder) / "x.zip").read_bytes()


LIES: dict[str, Callable[[Sample, str], bytes]] = {
    "garbage": lambda made, to: b"age-encryption.org/v1\n" + os.urandom(3000),
    "no ZIP": lambda made, to: _age(to, b"not a ZIP at all"),
    "an empty file": lambda made, to: _age(to, b""),
    "another item": lambda made, to: _age(to, _other_item(made)),
    "the item and a file more": lambda made, to: _age(to, _with_another(_other_item(made))),
    "a damaged body": lambda made, to: (lambda content: content[:-5] + b"12345")(_age(to, b"x" * 1000)),
}


@pytest.mark.parametrize("name", list(LIES))
def test_a_lab_that_delivers_something_else_is_held_to_its_signature(
    tmp_path: Path, made: Sample, reader: Pair, escrow: Pair, name: str
) -> None:
    """Whoever opens it sees that it is not what the bundle commits to, and the delivery shows who sent it."""
    made.export(tmp_path / "out", folder=True, sealing=sealing(("E-0003",), reader, escrow))
    _deliver(made, tmp_path / "out", LIES[name](made, reader.text))
    closed = made.verify(tmp_path / "out", policy=_policy(made))
    assert closed.chain[0].standing == "counted"
    before = set(Path("/tmp").glob("compliance-tui-*"))
    found = made.verify(tmp_path / "out", policy=_policy(made), identities=reader.identities)
    assert found.verdict == "broken", found.lines
    assert line(found, "integrity")[0] == "fail"
    assert "sealed/E-0003.age" in line(found, "integrity")[1]
    if name == "the item and a file more":
        assert "opens to another item than E-0003" in line(found, "integrity")[1]
    assert set(Path("/tmp").glob("compliance-tui-*")) == before


def test_sealing_what_is_there_already(tmp_path: Path, made: Sample, reader: Pair, escrow: Pair) -> None:
    whole = made.export(tmp_path / "whole.zip")
    signer = [made.by_role["lab-operations"]]
    done = redact(
        tmp_path / "whole.zip",
        tmp_path / "edition.zip",
        ["E-0001"],
        sealing=sealing(("E-0002",), reader, escrow),
        as_of=NOW,
        signers=signer,
    )
    assert (done.bundle_id, done.withheld, done.sealed) == (whole.bundle_id, ("E-0001", "E-0003"), ("E-0002",))
    found = made.verify(tmp_path / "edition.zip", policy=made.full, identities=reader.identities)
    assert (found.withheld, found.sealed, found.handed) == (["E-0001", "E-0003"], [], ["E-0002"])
    assert [one.standing for one in found.chain] == ["counted"]
    assert RULES["delivery/v1"] == "lab-operations"
    redact(tmp_path / "edition.zip", tmp_path / "less.zip", ["E-0002"])
    less = made.verify(tmp_path / "less.zip", policy=made.full, identities=reader.identities)
    assert (less.withheld, less.sealed) == (["E-0001", "E-0002", "E-0003"], [])
    with pytest.raises(InputError, match="sealed already"):
        redact(tmp_path / "edition.zip", tmp_path / "x.zip", [], sealing=sealing(("E-0002",), reader, escrow), as_of=NOW)
    with pytest.raises(InputError, match="is not open in it"):
        disclose(tmp_path / "edition.zip", "E-0002", tmp_path / "x")


def test_what_was_sealed_at_export_is_disclosed_from_the_assessment(
    tmp_path: Path, made: Sample, reader: Pair, escrow: Pair
) -> None:
    made.export(tmp_path / "out.zip", sealing=sealing(("E-0002",), reader, escrow))
    disclose(made.root, "E-0002", tmp_path / "item")
    found = made.verify(tmp_path / "out.zip", folders=[tmp_path / "item"])
    assert (found.handed, found.sealed, found.withheld) == (["E-0002"], [], ["E-0003"])
    assert load(made.root).items["E-0002"].disclosure == "disclose"


@pytest.mark.skipif(shutil.which("age") is None, reason="Debian's age is not installed")
def test_another_age_and_unzip_open_it_to_what_sha256sum_accepts(
    tmp_path: Path, made: Sample, reader: Pair, escrow: Pair
) -> None:
    made.export(tmp_path / "out", folder=True, sealing=sealing(("E-0003",), reader, escrow))
    script = (
        f"age -d -i {escrow.file} sealed/E-0003.age > ../item.zip && unzip -q ../item.zip "
        "&& sha256sum --quiet --strict --ignore-missing -c core/items.sha256 "
        "&& sha256sum --quiet --strict -c items/E-0003/SHA256SUMS"
    )
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path / "out", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
