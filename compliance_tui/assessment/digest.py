"""The digest that binds a sign-off to what its person saw."""

from collections.abc import Mapping, Sequence

from compliance_tui.assessment.model import Item, Response, Subject
from compliance_tui.standard.digest import in_force_digest, sha256_of
from compliance_tui.standard.model import Control, Standard


def seen_digest(
    standard: Standard,
    control: Control,
    response: Response,
    items: Sequence[Item],
    values: Mapping[str, str],
    subject: Subject,
) -> str:
    """SHA-256 of what a person accepts when signing off a response; it changes when any of it changes.

    Covers the rules as they bear on the release, the status and statement, each evidence item (files, kind, date, stated
    facts), the axis values and the release with its artifacts.
    """
    return sha256_of(
        {
            "standard": response.standard,
            "rules": in_force_digest(control, standard, values),
            "status": response.status,
            "statement": response.statement,
            "evidence": sorted(_item(item) for item in items),
            "axes": dict(sorted(values.items())),
            "subject": [subject.name, subject.version, sorted(artifact.sha256 for artifact in subject.artifacts)],
        }
    )


def _item(item: Item) -> str:
    stated = {name: str(fact.value) for name, fact in item.facts.items() if fact.source == "stated"}
    files = sorted([file.name, file.sha256] for file in item.files)
    return sha256_of([item.kind, item.speaks_of.isoformat(), files, dict(sorted(stated.items()))])
