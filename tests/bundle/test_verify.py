"""A genuine bundle is accepted; every tampering that we can think of is caught."""

import base64
import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle.export import exports
from compliance_tui.bundle.sign import sign_bundle
from compliance_tui.bundle.verify import LINES, verification_json, verify
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.safe.errors import BrokenError, InputError
from compliance_tui.trust.keys import load_signer, new_key
from compliance_tui.trust.policy import load_policy
from tests.assessment.sample import NOW
from tests.bundle.forging import resum
from tests.bundle.sample import LATER, Sample, line, sample


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.mark.parametrize("folder", [False, True])
def test_a_genuine_bundle_is_accepted(tmp_path: Path, made: Sample, folder: bool) -> None:
    done = made.export(tmp_path / "out", folder=folder)
    found = made.verify(tmp_path / "out")
    assert found.verdict == "accepted", found.lines
    assert [one.name for one in found.lines] == list(LINES)
    assert "sign-off" not in line(found, "identity")[1]  # none is signed, and nothing is said of them
    unknown = [one.name for one in found.lines if one.outcome == "unknown"]
    assert unknown == ["time", "freshness"]  # nobody vouches for these, and the policy does not ask
    assert found.bundle_id == done.bundle_id
    assert verification_json(found)["items"] == {"present": 4, "withheld": 0, "sealed": 0}


def test_two_exports_at_one_instant_differ_in_nonces_only(tmp_path: Path, made: Sample) -> None:
    log = (made.root / "log.jsonl").read_bytes()
    made.export(tmp_path / "one.zip")
    shutil.rmtree(made.root / "bundles")
    (made.root / "bundles").mkdir()
    (made.root / "log.jsonl").write_bytes(log)
    made.export(tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_exports_are_numbered_and_name_the_one_before(tmp_path: Path, made: Sample) -> None:
    first = made.export(tmp_path / "one.zip")
    actions.answer(load(made.root), "S-01", "ada", NOW, statement="Changed.")
    made.export(tmp_path / "two.zip")
    second = made.verify(tmp_path / "two.zip").statement
    assert second is not None
    assert (second.predicate.sequence, second.predicate.supersedes) == (2, first.bundle_id)
    assert [one.sequence for one in exports(made.root)] == [1, 2]


def _write(path: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def tamper(bundle: Path) -> None:
        target = bundle / path
        target.write_bytes(change(target.read_bytes()))

    return tamper


def _edit_and_resum(path: str, old: str, new: str) -> Callable[[Path], None]:
    def tamper(bundle: Path) -> None:
        target = bundle / path
        content = target.read_text()
        assert old in content
        target.write_text(content.replace(old, new))
        resum(bundle)

    return tamper


EVIDENCE = "items/E-0002/files/canary.json"
STATEMENT = "attestations/0001/statement.json"
TAMPERINGS: dict[str, Callable[[Path], None]] = {
    "one byte of evidence": _write(EVIDENCE, lambda content: content[:-2] + b" }"),
    "a letter that no reader of facts reads": _write(
        "items/E-0001/files/policy.md", lambda content: content.replace(b"Text.", b"Test.")
    ),
    "a letter of the README": _write("README.txt", lambda content: content.replace(b"lab's", b"lab s")),
    "a letter of a nonce": _write("items/E-0001/nonce", lambda content: bytes([content[0] ^ 1]) + content[1:]),
    "evidence cut short": _write(EVIDENCE, lambda content: content[:-1]),
    "evidence gone": lambda bundle: (bundle / EVIDENCE).unlink(),
    "an item's record": _write("items/E-0002/item.json", lambda content: content.replace(b"190", b"199")),
    "a file added to an item": lambda bundle: (bundle / "items/E-0002/files/more.txt").write_text("x") and None,
    "an item added": lambda bundle: shutil.copytree(bundle / "items/E-0001", bundle / "items/E-0009") and None,
    "a file added on top": lambda bundle: (bundle / "NOTES.txt").write_text("x") and None,
    "a file added to the core": lambda bundle: (bundle / "core/extra.json").write_text("{}") and None,
    "a file added to the attestations": lambda bundle: (bundle / "attestations/0001/x.txt").write_text("x") and None,
    "a symbolic link": lambda bundle: _link(bundle / EVIDENCE),
    "a FIFO": lambda bundle: os.mkfifo(bundle / "items/E-0002/files/fifo"),
    "an empty folder": lambda bundle: (bundle / "items/E-0002/files/empty").mkdir(),
    "swapped item manifests": lambda bundle: _swap(bundle / "items/E-0001/SHA256SUMS", bundle / "items/E-0002/SHA256SUMS"),
    "a nonce that is too short": _write("items/E-0002/nonce", lambda _: b"00\n"),
    "line ends of Windows": _write("core/SHA256SUMS", lambda content: content.replace(b"\n", b"\r\n")),
    "a manifest line that leaves": _write("core/items.sha256", lambda content: content + b"0" * 64 + b"  ../../etc/passwd\n"),
    "a manifest line to a device": _write("core/SHA256SUMS", lambda content: b"0" * 64 + b"  /dev/zero\n" + content),
    "the statement": _write(STATEMENT, lambda content: content.replace(b'"blocked": 0', b'"blocked": 1')),
    "the envelope's payload": lambda bundle: _repack(bundle),
    "an SSH signature": lambda bundle: _flip(next(bundle.glob("attestations/0001/*.sshsig"))),
    "a status, sums made to fit": _edit_and_resum("core/assessment.json", '"status": "met"', '"status": "not-met"'),
    "the verdict, sums made to fit": _edit_and_resum("core/readiness.json", '"satisfied"', '"waived"'),
    "the standard, sums made to fit": _edit_and_resum("core/standards/small-1.0.toml", "0.80", "0.10"),
    "evidence, sums made to fit": _edit_and_resum(EVIDENCE, "190", "199"),
}


def _swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _flip(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2][:10] + (b"A" if lines[2][10:11] != b"A" else b"B") + lines[2][11:]
    path.write_bytes(b"\n".join(lines))


def _repack(bundle: Path) -> None:
    path = next(bundle.glob("attestations/0001/*.dsse.json"))
    envelope = json.loads(path.read_text())
    payload = base64.b64decode(envelope["payload"]).replace(b"lab.example", b"lax.example")
    envelope["payload"] = base64.b64encode(payload).decode()
    path.write_text(json.dumps(envelope))


@pytest.mark.parametrize("name", list(TAMPERINGS))
def test_every_tampering_breaks_the_bundle(tmp_path: Path, made: Sample, name: str) -> None:
    made.export(tmp_path / "out", folder=True)
    TAMPERINGS[name](tmp_path / "out")
    found = made.verify(tmp_path / "out")
    assert found.verdict == "broken", found.lines
    assert [one.name for one in found.lines] == list(LINES)
    assert any(one.outcome == "fail" and one.reason for one in found.lines)


def test_stripped_signatures_leave_it_unsigned(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out", folder=True)
    signatures = sorted((tmp_path / "out/attestations/0001").glob("*.*s*"))
    for path in signatures:
        if path.name != "statement.json":
            path.unlink()
    found = made.verify(tmp_path / "out")
    assert found.verdict == "not-accepted"
    assert line(found, "signatures") == ("fail", "unsigned: there is no signature at all")
    assert line(found, "identity")[0] == "unknown"
    assert "which nobody signed" in line(found, "identity")[1]
    assert (found.signature_valid, found.trusted) == ("no", "no")


def test_one_signature_of_two_is_not_enough_and_a_second_makes_it_so(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip", signers=1)
    assert line(made.verify(tmp_path / "out.zip"), "signatures")[0] == "fail"
    sign_bundle(tmp_path / "out.zip", made.signers[1])
    assert made.verify(tmp_path / "out.zip").verdict == "accepted"
    with pytest.raises(InputError, match="already"):
        sign_bundle(tmp_path / "out.zip", made.signers[1])


def test_a_stranger_may_sign_and_is_not_counted(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out", folder=True, signers=1)
    new_key(tmp_path / "stranger.key", None)
    sign_bundle(tmp_path / "out", load_signer(tmp_path / "stranger.key", lambda: b""))
    found = made.verify(tmp_path / "out")
    assert found.verdict == "not-accepted"
    assert line(found, "signatures")[0] == "fail"


def test_an_altered_bundle_is_not_signed(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out", folder=True, signers=1)
    TAMPERINGS["one byte of evidence"](tmp_path / "out")
    with pytest.raises(BrokenError, match="do not sign"):
        sign_bundle(tmp_path / "out", made.signers[1])


def test_a_lab_that_lies_in_its_own_signed_bundle_is_found_out(tmp_path: Path, made: Sample) -> None:
    """The lab holds the keys: it can sign anything, but not make its evidence say it."""
    path = made.root / "evidence" / "E-0002.toml"
    path.write_text(path.read_text().replace("value = 190", "value = 199"))
    made.export(tmp_path / "out.zip")
    found = made.verify(tmp_path / "out.zip")
    assert found.verdict == "broken"
    assert "E-0002 records another detected" in line(found, "readiness")[1]


def test_what_is_not_ready_is_genuine_but_not_accepted(tmp_path: Path, made: Sample) -> None:
    actions.answer(load(made.root), "S-01", "ada", NOW, status="not-met")
    made.export(tmp_path / "out.zip")
    found = made.verify(tmp_path / "out.zip")
    assert found.verdict == "not-accepted"
    assert [one.name for one in found.lines if one.outcome == "fail"] == ["readiness"]
    assert [one.name for one in found.lines if one.outcome == "unknown" and one.required] == []


def test_readiness_is_asked_again_at_the_verifiers_instant(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    found = made.verify(tmp_path / "out.zip", as_of=NOW.replace(year=2027))
    assert line(found, "readiness")[0] == "fail"
    assert found.verdict == "not-accepted"


def test_a_standard_that_the_policy_does_not_accept_is_refused(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    digest = load(made.root).standards[0][1].encode()
    found = made.verify(tmp_path / "out.zip", policy=made.policy.replace(digest, b"0" * 64))
    assert line(found, "standard")[0] == "fail"
    assert "its text was not read" in line(found, "standard")[1]
    assert line(found, "readiness")[0] == "unknown"
    assert "not computed: the standard's text was not read" in line(found, "readiness")[1]
    assert found.verdict == "not-accepted"
    asked = load_policy(made.policy.replace(digest, b"0" * 64), "t")
    read = verify(tmp_path / "out.zip", asked, LATER, load_kinds(), allow_unknown_standard=True)
    assert line(read, "standard")[0] == "unknown"
    assert "read all the same, as you asked" in line(read, "standard")[1]
    assert (line(read, "readiness")[0], read.verdict) == ("pass", "not-accepted")


def test_an_expired_policy_vouches_for_nobody(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    found = made.verify(tmp_path / "out.zip", policy=_expiring(made))
    assert line(found, "signatures")[0] == "fail"
    assert "expired" in line(found, "signatures")[1]
    assert line(found, "identity") == ("unknown", "an expired policy vouches for nobody")
    assert found.verdict == "not-accepted"
    at_its_end = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    assert "expired" in line(made.verify(tmp_path / "out.zip", policy=_expiring(made), as_of=at_its_end), "signatures")[1]
    before = at_its_end - dt.timedelta(seconds=1)
    assert line(made.verify(tmp_path / "out.zip", policy=_expiring(made), as_of=before), "signatures")[0] == "pass"


def _expiring(made: Sample) -> bytes:
    return b"expires = 2026-11-01T00:00:00Z\n" + made.policy


def test_without_a_policy_nobody_is_known(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    found = verify(tmp_path / "out.zip", None, LATER, load_kinds())
    assert found.verdict == "not-accepted"
    for name, reason in (
        ("signatures", "without a trust policy (--trust) they are nobody's"),
        ("identity", "only a trust policy can know"),
        ("standard", "only a trust policy says which texts are accepted"),
        ("time", "only a trust policy can name somebody who saw it"),
        ("freshness", "only a trust policy can say whom to believe"),
    ):
        assert line(found, name)[0] == "unknown"
        assert reason in line(found, name)[1]
    assert (found.signature_valid, found.trusted, found.current) == ("unknown", "unknown", "unknown")


def test_a_time_that_has_not_come_is_no_claim_to_take(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    found = made.verify(tmp_path / "out.zip", as_of=NOW - dt.timedelta(days=1))
    assert (found.verdict, line(found, "time")[0]) == ("not-accepted", "fail")
    assert "which is after the instant asked about" in line(found, "time")[1]


def test_facts_that_cannot_be_read_again_leave_readiness_unknown(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    found = verify(tmp_path / "out.zip", load_policy(made.policy, "t"), LATER, {})
    assert (found.verdict, line(found, "readiness")[0]) == ("not-accepted", "unknown")
    assert "facts of E-0001, E-0002 could not be read again" in line(found, "readiness")[1]


def test_a_withheld_item_is_shown_as_withheld_and_can_be_disclosed(tmp_path: Path) -> None:
    made = sample(tmp_path, withhold=True)
    done = made.export(tmp_path / "out", folder=True)
    found = made.verify(tmp_path / "out")
    assert found.withheld == ["E-0003"]
    assert "withheld: E-0003" in line(found, "completeness")[1]
    assert line(found, "readiness")[0] == "unknown"
    assert b"secret" not in b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    kept = made.root / "bundles" / done.bundle_id / "withheld/items/E-0003"
    shutil.copytree(kept, tmp_path / "out/items/E-0003")
    disclosed = made.verify(tmp_path / "out")
    assert disclosed.bundle_id == done.bundle_id
    assert (disclosed.withheld, disclosed.verdict) == ([], "accepted")


def test_an_item_taken_out_is_withheld_and_never_ready(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out", folder=True)
    shutil.rmtree(tmp_path / "out/items/E-0002")
    found = made.verify(tmp_path / "out")
    assert found.withheld == ["E-0002"]
    assert line(found, "readiness")[0] == "unknown"
    assert found.verdict == "not-accepted"


def test_evidence_altered_in_the_store_stops_the_export(tmp_path: Path, made: Sample) -> None:
    victim = next(path for path in (made.root / "evidence/objects").rglob("*") if path.is_file())
    victim.chmod(0o644)
    content = victim.read_bytes()
    victim.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(BrokenError, match="no longer the bytes"):
        made.export(tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()
    assert not list(tmp_path.glob(".tmp-*"))


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x05\x06" + b"\0" * 18, b"not a bundle at all", b"PK\x03\x04" + b"\0" * 100]
)
def test_what_is_no_bundle_ends_in_one_sentence(tmp_path: Path, made: Sample, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    try:
        found = made.verify(tmp_path / "x.zip")
    except InputError as error:
        assert "x.zip" in str(error)
    else:
        assert found.verdict == "broken"


def test_every_byte_of_the_container_counts(tmp_path: Path, made: Sample) -> None:
    made.export(tmp_path / "out.zip")
    content = (tmp_path / "out.zip").read_bytes()
    # The key id of an envelope is a hint that nobody signed, and DSSE wants readers to treat it so.
    hints = [match.span() for match in re.finditer(rb'"keyid": "[0-9a-f]{64}"', content)]
    assert len(hints) == 2
    for at in range(2, len(content), max(1, len(content) // 150)):
        if any(start <= at < end for start, end in hints):
            continue
        (tmp_path / "bad.zip").write_bytes(content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :])
        assert made.verify(tmp_path / "bad.zip").verdict != "accepted", f"byte {at}"
    for cut in (1, 22, 100, len(content) // 2):
        (tmp_path / "bad.zip").write_bytes(content[:-cut])
        assert made.verify(tmp_path / "bad.zip").verdict == "broken"
    for wrapped in (content + b"\0", b"\0" + content, content + content):
        (tmp_path / "bad.zip").write_bytes(wrapped)
        with_prefix = wrapped[:2] != b"PK"
        if with_prefix:
            with pytest.raises(InputError):
                made.verify(tmp_path / "bad.zip")
        else:
            assert made.verify(tmp_path / "bad.zip").verdict == "broken"
