"""A release with something of everything, for pictures and walks: two groups, gaps of every kind, evidence fresh and old."""

import datetime as dt
from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.assessment.model import Artifact, Person, Subject, Waiver
from tests.assessment.sample import NOW, SERIES, STANDARD, canary_file, pack, policy_file

_MORE = """
[[groups]]
id = "H"
title = "Hand-over"
summary = "What is handed over, and to whom."

[[controls]]
id = "S-04"
group = "H"
title = "Limits are written down"
statement = "Whoever gets the release knows its limits."
guidance = "Say it in one page. Say what was not tried."
required = [{}]
evidence = [{ kinds = ["policy-doc"], max_age_days = 400 }]
sign_offs = [{ seats = ["owner", "security"] }]

[[controls]]
id = "S-05"
group = "H"
title = "A way back"
statement = "The release can be taken back within a day."
required = [{ from = { tier = "T1" } }]
sign_offs = [{ seats = ["security"] }]

[[controls]]
id = "S-06"
group = "H"
title = "Readers are asked"
statement = "Readers are asked what they missed."
recommended = [{}]
"""


def release(folder: Path) -> Path:
    """The folder of the assessment; everything happened before ``NOW``, on three days."""
    root = folder / "assessment"
    subject = Subject(
        name="orchard",
        version="2",
        description="A made-up release.",
        release_date=dt.date(2026, 12, 15),
        artifacts=[Artifact(name="orchard.bin", sha256="ab" * 32, size=1000)],
    )
    people = [Person(id="ada", name="Ada", seats=["owner"]), Person(id="ben", name="Ben", seats=["security"])]
    axes = {"profile": "api", "tier": "T1"}
    first, second = NOW - dt.timedelta(days=3), NOW - dt.timedelta(days=1)
    actions.create(root, [pack(folder, STANDARD + _MORE)], subject, axes, people, SERIES, "ada", first)
    attach(load(root), [policy_file(folder)], ["S-01", "S-04"], "ci", first)
    attach(load(root), [canary_file(folder, detected=150)], ["S-02"], "ci", first)
    contents = load(root)
    actions.answer(contents, "S-01", "ada", first, status="met", statement="The policy was signed by the board.")
    actions.sign_off(contents, "S-01", "ada", "owner", "ada", first)
    actions.answer(contents, "S-02", "ada", second, status="met", statement="150 of 200 seeded cases were caught.")
    actions.answer(contents, "S-04", "ada", first, status="met", statement="One page.")
    actions.sign_off(contents, "S-04", "ada", "owner", "ada", first)
    actions.answer(contents, "S-04", "ben", second, status="met", statement="One page, and what was not tried.")
    waiver = Waiver(
        reason="The drill moved.",
        measures="A person watches.",
        owner="ada",
        approver="ben",
        until=dt.date(2026, 12, 10),
        approved_at=second,
    )
    actions.waive(contents, "S-05", waiver, "ada", second)
    return root
