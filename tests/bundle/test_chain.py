"""Each statement is about this bundle and nothing else, counts for a reason, and is told in one line."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.bundle import declare, manifest
from compliance_tui.bundle.chain import judge, summary_of
from compliance_tui.bundle.manifest import read_sums
from compliance_tui.bundle.predicates import Delivery, SealedItem
from compliance_tui.bundle.statement import Attester, DigestSet, ResourceDescriptor, dump_statement
from compliance_tui.bundle.verify import Verification, verify
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.safe.errors import BrokenError
from compliance_tui.trust.policy import add_rule, add_tsa
from tests.assessment.sample import NOW
from tests.bundle.sample import LAB, LATER, REGULATOR, Sample, looked_at, sample
from tests.trust.authority import A

Change = Callable[[dict[str, Any]], object]
SOON = NOW.replace(year=2027)


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture
def one(tmp_path: Path, made: Sample) -> Path:
    made.export(tmp_path / "out", folder=True)
    return tmp_path / "out"


def _delivery(one: Path, *names: str) -> declare.Draft:
    core = looked_at(one).core
    predicate = Delivery(
        attester=Attester(id=LAB, name=LAB),
        bundle=DigestSet(sha256=core.bundle_id),
        items=[SealedItem(name=name, digest=DigestSet(sha256=core.commitments[name])) for name in names],
        recipients=["age1x"],
        escrow="age1y",
        signed_at="2026-11-24T12:00:00Z",
    )
    subjects = [ResourceDescriptor(name=f"sealed/{name}.age", digest=DigestSet(sha256="0" * 64)) for name in names]
    return declare.Draft("delivery/v1", dump_statement("delivery/v1", subjects, predicate))


def _register(made: Sample) -> declare.Draft:
    return declare.register(made.root, LAB, (), SOON, NOW)


def _added(made: Sample, one: Path, draft: declare.Draft, change: Change | None, *roles: str) -> Verification:
    value = json.loads(draft.content)
    if change:
        change(value)
    made.state(one, declare.Draft(draft.name, json.dumps(value).encode()), *roles)
    return made.verify(one, policy=add_rule(made.full, "t", "register/v1", None, {"lab-officer": 1}))


def _faults(found: Verification) -> str:
    return " ".join(each.reason for each in found.lines if each.outcome == "fail")


def test_a_delivery_is_told_and_counts(made: Sample, one: Path) -> None:
    found = _added(made, one, _delivery(one, "E-0001", "E-0002"), None, "lab-operations")
    (judged,) = found.chain
    assert (judged.standing, found.verdict) == ("counted", "not-accepted")  # the policy asks for a register, too
    assert summary_of(judged).endswith("2 items sealed to 1 recipients")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda value: value["predicate"]["bundle"].update(sha256="1" * 64), "is about another bundle"),
        (lambda value: value["subject"].reverse(), "not the ciphertexts that it lists"),
        (lambda value: value["subject"].pop(), "not the ciphertexts that it lists"),
        (lambda value: value["subject"][0].update(name="sealed/E-0099.age"), "not the ciphertexts that it lists"),
        (lambda value: value["predicate"]["items"][0]["digest"].update(sha256="1" * 64), "names another E-0001"),
        (
            lambda value: (
                value["predicate"]["items"].__setitem__(1, value["predicate"]["items"][0]),
                value["subject"].__setitem__(1, value["subject"][0]),
            ),
            "not the ciphertexts that it lists",
        ),
    ],
)
def test_a_delivery_about_something_else_breaks_the_bundle(made: Sample, one: Path, change: Change, why: str) -> None:
    found = _added(made, one, _delivery(one, "E-0001", "E-0002"), change, "lab-operations")
    assert found.verdict == "broken"
    assert why in _faults(found)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda value: value["subject"][0]["digest"].update(sha256="1" * 64), "not the bundles that it lists"),
        (lambda value: value["subject"].append(value["subject"][0]), "not the bundles that it lists"),
        (
            lambda value: (
                value["subject"][0]["digest"].update(sha256="1" * 64),
                value["predicate"]["bundles"][0]["digest"].update(sha256="1" * 64),
            ),
            "does not list this bundle",
        ),
    ],
)
def test_a_register_in_a_bundle_is_about_it(made: Sample, one: Path, change: Change, why: str) -> None:
    found = _added(made, one, _register(made), change, "lab-officer")
    assert found.verdict == "broken"
    assert why in _faults(found)


def test_a_statement_about_another_file_of_this_bundle_breaks_it(made: Sample, one: Path) -> None:
    draft = declare.receipt(looked_at(one), REGULATOR, NOW)
    found = _added(made, one, draft, lambda value: value["subject"][0].update(name="core/items.sha256"), "regulator")
    assert found.verdict == "broken"
    assert "its subject is not this core/SHA256SUMS" in _faults(found)


def test_why_a_statement_does_not_count(made: Sample, one: Path) -> None:
    made.state(one, declare.withdrawal(looked_at(one), "Wrong.", NOW), "lab-officer")
    without = verify(one, None, LATER, load_kinds())
    assert (without.chain[0].standing, without.current) == ("unknown", "unknown")
    assert "only a trust policy (--trust) knows" in without.chain[0].reason
    expired = made.verify(one, policy=b"expires = 2026-11-01T00:00:00Z\n" + made.full)
    assert (expired.chain[0].standing, expired.chain[0].reason) == ("unknown", "your trust policy expired")
    stamped = add_tsa(made.full, "t", "tsa-a", A.root_pem)
    stamped = add_rule(stamped, "t", "withdrawal/v1", None, {"lab-officer": 1}, timestamp=(1, ["tsa-a"]))
    found = made.verify(one, policy=stamped)
    assert found.chain[0].standing == "not-counted"
    assert "wanted 1 trusted time of tsa-a" in found.chain[0].reason
    assert made.verify(one, policy=made.full).chain[0].standing == "counted"


def test_each_kind_is_told_in_a_line(made: Sample, one: Path, tmp_path: Path) -> None:
    before = looked_at(one)
    made.export(tmp_path / "two", folder=True)
    newer = looked_at(tmp_path / "two")
    drafts = {
        "receipt": (declare.receipt(before, REGULATOR, NOW), "4 items present, 0 withheld, 0 sealed"),
        "supersession": (
            declare.supersession(before, newer, "New.", NOW),
            "replaced by sequence 2, bundle",
        ),
        "register": (_register(made), "version 1, 2 bundles, expires 2027-11-24T12:00:00Z"),
        "refused": (declare.determination(before, REGULATOR, "refused", ["No."], NOW), "as claimed: refused"),
        "accepted": (
            declare.determination(before, REGULATOR, "accepted", ["Yes."], NOW, valid_until=SOON),
            "as claimed: accepted, valid until 2027-11-24T12:00:00Z",
        ),
    }
    for draft, _ in drafts.values():
        made.state(one, draft, "regulator")
    found = made.verify(one, policy=made.full)
    for judged, (_, told) in zip(found.chain, drafts.values(), strict=True):
        assert told in summary_of(judged)
        assert "None" not in summary_of(judged)
        assert "2026-11-24T12:00:00Z as claimed" in summary_of(judged)
    unknown = looked_at(one).attestations[1]
    framed = unknown.framed.__class__("novel/v1", unknown.framed.subjects, unknown.framed.predicate, unknown.framed.sha256)
    strange = unknown.__class__(**{**unknown.__dict__, "framed": framed, "ssh_signatures": ()})
    assert summary_of(judge(strange, before.core, before.statement, None, NOW)) == "not understood"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"{'0' * 64}  a".encode(), "its last line has no end"),
        (f"{'0' * 64}  a\n{'0' * 64}  a\n".encode(), "not in sorted order, or doubled"),
        (f"{'0' * 64}  b\n{'0' * 64}  a\n".encode(), "not in sorted order, or doubled"),
        (f"{'0' * 64} *a\n".encode(), "line 1: not a SHA-256, two spaces and a safe path"),
        (f"{'0' * 64}  a\r\n".encode(), "not a SHA-256"),
        (b"\n", "not a SHA-256"),
    ],
)
def test_a_manifest_that_we_would_not_write_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(BrokenError, match=why):
        read_sums(content, "m")


@pytest.mark.parametrize("names", [("a", "a/b"), ("A", "a"), ("con",), ("a.",), ("a/../b",)])
def test_a_manifest_lists_no_names_that_would_meet_or_lead_astray(names: tuple[str, ...]) -> None:
    content = "".join(f"{'0' * 64}  {name}\n" for name in names).encode()
    with pytest.raises(BrokenError):
        read_sums(content, "m")


def test_a_manifest_has_a_most_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    content = "".join(f"{'0' * 64}  {name}\n" for name in "abcd").encode()
    assert len(read_sums(content, "m")) == 4
    monkeypatch.setattr(manifest, "MOST_LINES", 3)
    with pytest.raises(BrokenError, match="more than 3 lines"):
        read_sums(content, "m")


def _listing(made: Sample, tmp_path: Path, sequence: int, sha256: str) -> Path:
    """A register that lists just that, signed by the lab, as a folder of its own."""
    value = json.loads(_register(made).content)
    value["predicate"]["bundles"] = [{"sequence": sequence, "digest": {"sha256": sha256}, "status": "current"}]
    value["subject"] = [{"name": "core/SHA256SUMS", "digest": {"sha256": sha256}}]
    draft = declare.Draft("register/v1", json.dumps(value).encode())
    return made.apart(tmp_path / "register", draft, "lab-officer")


@pytest.mark.parametrize(
    ("sequence", "same", "why"),
    [
        (1, True, ""),
        (7, False, "does not list this bundle"),
        (7, True, "lists this bundle as sequence 7, not 1"),
        (1, False, "lists another bundle as sequence 1"),
    ],
)
def test_a_register_speaks_for_what_it_lists_only(
    made: Sample, one: Path, tmp_path: Path, sequence: int, same: bool, why: str
) -> None:
    folder = _listing(made, tmp_path, sequence, looked_at(one).core.bundle_id if same else "1" * 64)
    policy = add_rule(made.full, "t", "register/v1", None, {"lab-officer": 1})
    found = made.verify(one, policy=policy, folders=[folder])
    (fresh,) = (each for each in found.lines if each.name == "freshness")
    assert found.current == ("no" if why else "yes")
    assert fresh.outcome == ("fail" if why else "pass")
    assert why in fresh.reason


@pytest.mark.parametrize(("seconds", "current"), [(-1, "yes"), (0, "unknown")])
def test_a_register_holds_until_the_second_that_it_names(
    made: Sample, one: Path, tmp_path: Path, seconds: int, current: str
) -> None:
    folder = _listing(made, tmp_path, 1, looked_at(one).core.bundle_id)
    policy = add_rule(made.full, "t", "register/v1", None, {"lab-officer": 1})
    found = made.verify(one, policy=policy, folders=[folder], as_of=SOON + dt.timedelta(seconds=seconds))
    assert found.current == current
