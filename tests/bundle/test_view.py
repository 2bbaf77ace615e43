"""What a bundle says of itself must hang together, also where the lab signed it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance_tui.bundle.tree import open_tree
from compliance_tui.safe.errors import BrokenError
from tests.assessment.sample import STANDARD
from tests.bundle.forging import forge
from tests.bundle.sample import Sample, sample

Record = dict[str, Any]


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture
def bundle(made: Sample, tmp_path: Path) -> Path:
    made.export(tmp_path / "out", folder=True)
    return tmp_path / "out"


def _json(path: Path, change: Callable[[Record], object]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def _core(change: Callable[[Record], object]) -> Callable[[Path], None]:
    return lambda bundle: _json(bundle / "core/assessment.json", change)


def _item(change: Callable[[Record], object], name: str = "E-0001") -> Callable[[Path], None]:
    return lambda bundle: _json(bundle / f"items/{name}/item.json", change)


def _both(change: Callable[[Record], object]) -> Callable[[Path], None]:
    """The answer to S-01 as the core has it, changed without its item."""
    return _core(lambda core: change(next(one for one in core["answers"] if one["control"] == "S-01")))


def _twice(record: Record) -> None:
    record["files"] *= 2
    record["paths"] *= 2


def _another_file(bundle: Path) -> None:
    """The path of a file that is there, and of another item."""
    other = json.loads((bundle / "items/E-0002/item.json").read_text())
    _item(lambda record: record.update(paths=other["paths"]))(bundle)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_core(lambda core: core["items"].pop()), "list different items"),
        (_core(lambda core: core["items"].append("E-0099")), "list different items"),
        (_core(lambda core: core["answers"].append(core["answers"][0])), "is answered twice"),
        (_item(lambda record: record.update(id="E-0002")), "is about another item"),
        (_item(lambda record: record.pop("paths")), "does not say where its files are"),
        (_item(lambda record: record.update(paths=[])), "does not say where its files are"),
        (_item(lambda record: record.update(paths={"0": "x"})), "does not say where its files are"),
        (_item(lambda record: record.update(paths=["items/E-0001/files/none"])), "names a file that is not there"),
        (_item(lambda record: record.update(paths=["items/E-0001/nonce"])), "names a file that is not there, or another one"),
        (_item(lambda record: record.update(paths=[7])), "names a file that is not there, or another one"),
        (_item(lambda record: record["files"][0].update(size=1)), "names a file that is not there, or another one"),
        (_item(lambda record: record["files"][0].update(sha256="0" * 64)), "names a file that is not there, or another one"),
        (_another_file, "names a file that is not there, or another one"),
        (_item(_twice), "names one file twice"),
        (_both(lambda answer: answer.update(status="not-met")), "differs from what the core says of it"),
        (_both(lambda answer: answer.update(evidence=[])), "differs from what the core says of it"),
        (_both(lambda answer: answer.update(sign_offs=[])), "differs from what the core says of it"),
        (
            _both(
                lambda answer: answer.update(
                    waiver={"owner": "a", "approver": "b", "until": "2027-01-01", "approved_at": "2026-11-24T12:00:00Z"}
                )
            ),
            "differs from what the core says of it",
        ),
        (_item(lambda record: record.update(control="S-02"), "A-small.S-01"), "differs from what the core says of it"),
    ],
)
def test_the_parts_of_a_bundle_fit_each_other(made: Sample, bundle: Path, change: Callable[[Path], None], why: str) -> None:
    forge(bundle, made, change)
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert any(why in each.reason for each in found.lines if each.outcome == "fail"), found.lines


def _evidence_of_nobody(bundle: Path) -> None:
    _both(lambda answer: answer["evidence"].append("E-0099"))(bundle)
    _item(lambda record: record["evidence"].append("E-0099"), "A-small.S-01")(bundle)


def _readiness(change: Callable[[Record], object]) -> Callable[[Path], None]:
    return lambda bundle: _json(bundle / "core/readiness.json", change)


def _nothing(_: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "state", "why"),
    [
        (_evidence_of_nobody, _nothing, "E-0099 is named in the core, but not on both sides"),
        (_core(lambda core: core["answers"].pop()), _nothing, "A-small.S-02 is named in the core, but not on both sides"),
        (_core(lambda core: core.update(assessed_at="2026-11-24T12:00:01Z")), _nothing, "name different instants"),
        (_nothing, lambda said: said.update(signedAt="2026-11-24T11:59:59Z"), "name different instants"),
        (_core(lambda core: core["subject"].update(name="other")), _nothing, "about another release"),
        (_core(lambda core: core["subject"].update(version="2")), _nothing, "about another release"),
        (_nothing, lambda said: said["target"]["artifacts"].clear(), "about another release"),
        (_nothing, lambda said: said["target"]["artifacts"][0]["digest"].update(sha256="0" * 64), "about another release"),
        (_nothing, lambda said: said["standards"].append(said["standards"][0]), "names other standards"),
        (_core(lambda core: core.update(series=core["series"][::-1])), _nothing, "names another series"),
        (_readiness(lambda claimed: claimed.update(controls=7)), _nothing, "is not a readiness"),
        (_readiness(lambda claimed: claimed["controls"][0].pop("outcome")), _nothing, "is not a readiness"),
        (_readiness(lambda claimed: claimed.update(verdict="perfect")), _nothing, "is not a readiness"),
        (_readiness(lambda claimed: claimed["controls"][0].pop("level")), _nothing, "is not a readiness"),
        (_readiness(lambda claimed: claimed["controls"][0].update(level="recommended")), _nothing, "it is not as claimed"),
        (_readiness(lambda claimed: claimed.update(verdict="ready-with-waivers")), _nothing, "is not what"),
    ],
)
def test_what_is_claimed_is_what_the_content_comes_to(
    made: Sample, bundle: Path, change: Callable[[Path], None], state: Callable[[Record], object], why: str
) -> None:
    forge(bundle, made, change, lambda statement: state(statement["predicate"]))
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert any(why in each.reason for each in found.lines if each.outcome == "fail"), found.lines


def test_a_verdict_is_the_one_of_its_controls(made: Sample, bundle: Path) -> None:
    """The claims agree with each other, and not with what the controls come to."""
    claim = "ready-with-waivers"
    forge(
        bundle,
        made,
        _readiness(lambda claimed: claimed.update(verdict=claim)),
        lambda statement: statement["predicate"]["summary"].update(verdict=claim),
    )
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert any("the verdict claims ready-with-waivers, computed ready" in each.reason for each in found.lines), found.lines


def test_a_readiness_without_controls_is_none(made: Sample, bundle: Path) -> None:
    none = {"controls": 0, "satisfied": 0, "waived": 0, "blocked": 0}
    forge(
        bundle,
        made,
        _readiness(lambda claimed: claimed.update(controls={})),
        lambda statement: statement["predicate"]["summary"].update(none),
    )
    found = made.verify(bundle)
    assert found.verdict == "broken"
    assert any("core/readiness.json has no controls" in each.reason for each in found.lines), found.lines


def test_facts_by_another_reader_are_not_compared(made: Sample, bundle: Path) -> None:
    """An older version of the program may have read them: nothing is wrong with that, and nothing is known."""
    forge(bundle, made, _item(lambda record: record.update(reader="canary/0"), "E-0002"))
    found = made.verify(bundle)
    assert found.verdict == "not-accepted"
    assert any("facts of E-0002 could not be read again" in each.reason for each in found.lines), found.lines


def test_the_text_of_a_standard_is_of_the_version_that_is_pinned(made: Sample, bundle: Path) -> None:
    """The pin, the statement and the policy agree on the digest; the text says that it is another version."""
    content = STANDARD.replace('version = "1.0"', 'version = "1.1"').encode()
    sha256 = hashlib.sha256(content).hexdigest()

    def change(folder: Path) -> None:
        (folder / "core/standards/small-1.0.toml").write_bytes(content)
        _core(lambda core: core["standards"][0].update(sha256=sha256))(folder)

    before = json.loads((bundle / "core/assessment.json").read_text())["standards"][0]["sha256"]
    forge(bundle, made, change, lambda statement: statement["predicate"]["standards"][0].update(sha256=sha256))
    found = made.verify(bundle, policy=made.policy.replace(before.encode(), sha256.encode()))
    assert found.verdict == "broken"
    assert any("core/standards/small-1.0.toml is small 1.1" in each.reason for each in found.lines), found.lines


def test_names_that_would_meet_on_another_disk_are_refused_in_a_folder_too(bundle: Path) -> None:
    for name in ("README.TXT", "core/LOG.json", "CORE"):
        twin = bundle.parent / "twin"
        shutil.copytree(bundle, twin)
        (twin / name).write_text("x")
        with pytest.raises(BrokenError), open_tree(twin):
            pass
        shutil.rmtree(twin)
