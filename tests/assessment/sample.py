"""A small standard and an assessment of it, for tests."""

import datetime as dt
import json
from pathlib import Path

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import Contents, load
from compliance_tui.assessment.model import Artifact, Item, Person, Subject
from compliance_tui.standard.load import Pack, read_pack

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
SERIES = "11111111-2222-4333-8444-555555555555"
STANDARD = """
[standard]
id = "small"
title = "A small standard"
version = "1.0"
released = 2026-11-01
status = "test"
summary = "For tests."

[[axes]]
id = "profile"
title = "Profile"
values = [{ id = "api", title = "API" }, { id = "open", title = "Open weights" }]

[[axes]]
id = "tier"
title = "Tier"
ordered = true
values = [{ id = "T0", title = "none" }, { id = "T1", title = "some" }, { id = "T2", title = "more" }]
[axes.computed]
control = "S-02"
otherwise = "T0"
[[axes.computed.rules]]
value = "T2"
any = [{ evidence = "canary-test", fact = "seeded", op = ">=", limit = 5000 }]

[[seats]]
id = "owner"
title = "Owner"
[[seats]]
id = "security"
title = "Security"

[[groups]]
id = "G"
title = "Group"

[[controls]]
id = "S-01"
group = "G"
title = "Policy"
statement = "There is a policy."
required = [{}]
evidence = [{ kinds = ["policy-doc"], max_age_days = 100 }]
sign_offs = [{ seats = ["owner"] }, { seats = ["security"], from = { tier = "T2" } }]
may_be_not_applicable = true

[[controls]]
id = "S-02"
group = "G"
title = "Recall"
statement = "Misuse is caught."
required = [{ from = { tier = "T1" } }]
recommended = [{}]
evidence = [{ kinds = ["canary-test"], max_age_days = 30 }]
sign_offs = [{ seats = ["owner"] }]
[[controls.checks]]
id = "recall"
title = "Recall, 95 % lower bound"
evidence = "canary-test"
statistic = "lcb95"
successes = "detected"
trials = "seeded"
op = ">="
by = { tier = { T1 = 0.80, T2 = 0.95 } }
minimum_trials_by = { tier = { T1 = 50, T2 = 100 } }

[[controls]]
id = "S-03"
group = "G"
title = "Open weights only"
statement = "Weights are watched."
required = [{ is = { profile = ["open"] }, until = "publication" }]
blocked = [{ is = { profile = ["open"] }, from = { tier = "T2" }, reason = "open weights at T2 are not attestable" }]
sign_offs = [{ seats = ["owner"] }]
"""


def pack(folder: Path, content: str = STANDARD) -> Pack:
    """The small standard as a pack."""
    path = folder / "packs" / "small" / "1.0.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return read_pack(path)


def start(folder: Path, axes: dict[str, str] | None = None, content: str = STANDARD) -> Path:
    """An assessment of the small standard (or another), not answered yet."""
    root = folder / "assessment"
    subject = Subject(
        name="thing", version="1", release_date=dt.date(2026, 12, 1), artifacts=[Artifact(name="w", sha256="ab" * 32)]
    )
    people = [Person(id="ada", name="Ada", seats=["owner"]), Person(id="ben", name="Ben", seats=["security"])]
    chosen = {"profile": "api", "tier": "T1"} if axes is None else axes
    actions.create(root, [pack(folder, content)], subject, chosen, people, SERIES, "ada", NOW)
    return root


def policy_file(folder: Path, signed_at: str = "2026-11-01", name: str = "policy.md") -> Path:
    """A policy with a front matter."""
    path = folder / name
    path.write_text(f"---\nkind: policy-doc\nsigned_at: {signed_at}\nowner: Ada\n---\n\nText.\n")
    return path


def canary_file(
    folder: Path, detected: int = 190, seeded: int = 200, day: str = "2026-11-20", name: str = "canary.json"
) -> Path:
    """A canary test that went to its end."""
    record = {
        "form": "canary-test/1",
        "speaks_of": day,
        "target": "thing 1",
        "seeds_planned": seeded,
        "finished_at": f"{day}T09:00:00Z",
        "seeds": [{"seed": f"c-{number}", "caught": number < detected} for number in range(seeded)],
    }
    path = folder / name
    path.write_text(json.dumps(record))
    return path


def put(root: Path, path: Path, control: str, by: str = "ci") -> Item:
    """Attach one file."""
    return attach(load(root), [path], [control], by, NOW)[0]


def complete(folder: Path) -> Path:
    """An assessment that is ready."""
    root = start(folder)
    put(root, policy_file(folder), "S-01")
    put(root, canary_file(folder), "S-02")
    for control in ("S-01", "S-02"):
        actions.answer(load(root), control, "ada", NOW, status="met", statement=f"{control} is met.")
        actions.sign_off(load(root), control, "ada", "owner", "ada", NOW)
    return root


def codes(contents: Contents, control: str, as_of: dt.datetime = NOW) -> list[str]:
    """The codes of the reasons for a control."""
    state = contents.readiness(as_of).state("small", control)
    assert state is not None
    return [reason.code for reason in state.reasons]


def outcome(contents: Contents, control: str, as_of: dt.datetime = NOW) -> str:
    """The outcome of a control."""
    state = contents.readiness(as_of).state("small", control)
    assert state is not None
    return state.outcome
