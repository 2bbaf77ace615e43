"""The page of who and when: every kind of statement by what it says, in the order that it claims, and what is current."""

import datetime as dt
from pathlib import Path

import pytest

from compliance_tui.bundle import declare
from compliance_tui.bundle.predicates import ControlFinding
from compliance_tui.trust.policy import add_rule
from compliance_tui.tui import memory
from compliance_tui.tui.reading import Text
from compliance_tui.tui.rowlist import RowList
from compliance_tui.tui.statements import StatementRow, WhoList
from tests.assessment.sample import NOW
from tests.bundle.recipients import pair, sealing
from tests.bundle.sample import ASSESSOR, REGULATOR, Sample, looked_at, sample, with_register
from tests.tui.driving import Driver, driving

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    made = sample(tmp_path)
    policy = add_rule(with_register(made.full), "t", "delivery/v1", "lab.example", {"lab-author": 1})
    (tmp_path / "trust.toml").write_bytes(policy)
    memory.remember("policy", str(tmp_path / "trust.toml"))
    return made


async def _read(it: Driver) -> list[tuple[str, str]]:
    """Each statement in the list's order: its row, and the text beside it."""
    listing = it.app.screen.query_one(WhoList)
    found = []
    for row in [row for row in listing.rows if isinstance(row, StatementRow)]:
        listing.go_to(row)
        await it.settle()
        cells = "".join(text for text, _ in it.app.screen.query_one(RowList).cells(row, 100))
        found.append((" ".join(cells.split()), it.app.screen.query_one("#right", Text).plain))
    return found


async def test_each_kind_of_statement_is_read_by_what_it_says(made: Sample, tmp_path: Path) -> None:
    bundle, newer = tmp_path / "one.zip", tmp_path / "two.zip"
    made.export(bundle, sealing=sealing(("E-0002",), pair(tmp_path, "reader"), pair(tmp_path, "escrow")))
    made.export(newer)
    findings = [ControlFinding(standard="small", control="S-01", finding="disputed", note="the date is missing")]
    made.state(
        bundle, declare.review(looked_at(bundle), ASSESSOR, "One gap.", findings, ["E-0001"], NOW + 3 * HOUR), "assessor"
    )
    made.state(bundle, declare.receipt(looked_at(bundle), REGULATOR, NOW + 2 * HOUR), "regulator")
    refused = declare.determination(looked_at(bundle), REGULATOR, "refused", ["Not enough."], NOW + 4 * HOUR)
    made.state(bundle, refused, "regulator")
    accepted = declare.determination(
        looked_at(bundle), REGULATOR, "accepted", ["Now it is."], NOW + 5 * HOUR, valid_until=NOW + 48 * HOUR
    )
    made.state(bundle, accepted, "regulator")
    superseded = declare.supersession(looked_at(bundle), looked_at(newer), "A new evaluation.", NOW + 6 * HOUR)
    made.state(bundle, superseded, "lab-officer")
    made.state(bundle, declare.withdrawal(looked_at(bundle), "A log was wrong.", NOW + 7 * HOUR), "lab-officer")
    register = declare.register(made.root, "lab.example", [], NOW + 400 * HOUR, NOW + 8 * HOUR)
    made.state(bundle, register, "lab-officer")
    async with driving(bundle, (140, 44), clock=lambda: NOW + 24 * HOUR) as it:
        assert "withdrawn by lab.example" in it.text
        await it.press("h")
        assert "current: no" in it.text
        rows = await _read(it)
    kinds = [row.partition("2026-11-2")[2][2:] for row, _ in rows]
    assert kinds == [
        "self-assessment lab.example",
        "delivery lab.example",
        f"receipt {REGULATOR}",
        f"review {ASSESSOR}",
        f"determination: refused {REGULATOR}",
        f"determination: accepted {REGULATOR}",
        "supersession lab.example",
        "withdrawal lab.example",
        "register lab.example",
    ]
    texts = {kind: text for kind, (_, text) in zip(kinds, rows, strict=True)}
    assert "superseded by sequence 2" in texts[kinds[0]]
    assert "E-0002" in texts[kinds[1]]
    assert "1 sealed" in texts[kinds[2]]
    for said in ("One gap.", "S-01  disputed  the date is missing", "E-0001", "Assessor  assessor"):
        assert said in texts[kinds[3]]
    assert "Not enough." in texts[kinds[4]]
    assert "in force" not in texts[kinds[4]]
    assert refused.sha256 in texts[kinds[5]]  # what it replaces
    assert rows[5][0].startswith("in force")
    assert "A new evaluation." in texts[kinds[6]]
    assert "A log was wrong." in texts[kinds[7]]
    assert "superseded" in texts[kinds[8]]
    assert all(row.startswith(("counts", "in force")) for row, _ in rows)


async def test_a_kind_of_statement_that_is_not_known_is_said_to_be_so_and_stands_last(made: Sample, tmp_path: Path) -> None:
    from compliance_tui.bundle.sign import add_statement

    bundle = tmp_path / "one.zip"
    made.export(bundle)
    content = declare.withdrawal(looked_at(bundle), "x", NOW).content.replace(b"withdrawal/v1", b"nonsense/v9")
    add_statement(bundle, content, "nonsense/v9", [made.by_role["regulator"]])
    made.state(bundle, declare.receipt(looked_at(bundle), REGULATOR, NOW), "regulator")
    async with driving(bundle, (140, 44)) as it:
        await it.press("h")
        rows = await _read(it)
    assert rows[-1][0].startswith("not known ?")
    assert "no kind of statement that is known here" in rows[-1][1]


async def test_an_alarm_of_the_verifiers_own_memory_is_told(made: Sample, tmp_path: Path) -> None:
    made.export(tmp_path / "one.zip")
    made.export(tmp_path / "two.zip")
    async with driving(tmp_path / "two.zip", (140, 44)):
        pass
    async with driving(tmp_path / "one.zip", (140, 44)) as it:
        assert "NOT ACCEPTED" in it.text
        assert "sequence 1 is not the latest" in it.text
        await it.press("h", "end")
        assert "sequence 2 of this series was seen" in " ".join(it.app.screen.query_one("#right", Text).plain.split())
