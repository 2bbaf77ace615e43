"""What a bundle claims, against what its bytes say: facts are read again, readiness is compared control by control."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from compliance_tui.assessment.readiness import Readiness
from compliance_tui.bundle.tree import Tree
from compliance_tui.bundle.view import BundleView
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import joined, message
from compliance_tui.safe.words import word


def evidence_differences(tree: Tree, view: BundleView, kinds: Mapping[str, Kind]) -> tuple[list[str], list[str]]:
    """Items whose recorded facts are not what their bytes say, and items whose facts cannot be read here."""
    differences: list[str] = []
    unread: list[str] = []
    for identifier, item in view.contents.items.items():
        kind = kinds.get(item.kind)
        if kind is None:
            unread.append(identifier)
            continue
        places = zip(item.files, view.paths[identifier], strict=True)
        try:
            found = read_facts_of([(file.name, partial(tree.open, path)) for file, path in places], kind)
        except InputError as error:
            differences.append(message("{where}: {reason}", where=identifier, reason=str(error)))
            continue
        if found.reader != item.reader:
            unread.append(identifier)
            continue
        recorded = {name: fact for name, fact in item.facts.items() if fact.where != "stated"}
        stated = {name for name, fact in item.facts.items() if fact.where == "stated"}
        said = {name: fact for name, fact in found.facts.items() if name not in stated}
        odd = sorted(name for name in {*recorded, *said} if recorded.get(name) != said.get(name))
        if odd:
            differences.append(message("{item} records another {fact} than its file says", item=identifier, fact=odd[0]))
    return differences, unread


def claimed_differences(then: Readiness, claimed: Any, view: BundleView) -> list[str]:
    """Controls whose claimed outcome is not the computed one; those that rest on withheld items are left out."""
    if not isinstance(claimed, dict) or not isinstance(claimed.get("controls"), list):
        return [message("core/readiness.json has no controls")]
    try:
        said = {(one["standard"], one["control"]): (one["level"], one["outcome"]) for one in claimed["controls"]}
    except (TypeError, KeyError):
        return [message("core/readiness.json is not a readiness")]
    computed = {(one.standard, one.control.id): (one.level, one.outcome) for one in then.controls}
    hidden = {
        (answer.standard, answer.control)
        for answer in view.core.answers
        if answer.item in view.withheld or any(item in view.withheld for item in answer.evidence)
    }
    differences: list[str] = [
        message(
            "{control} claims {said}, computed {computed}",
            control=key[1],
            said=_words(said, key),
            computed=_words(computed, key),
        )
        for key in sorted({*said, *computed})
        if key not in hidden and said.get(key) != computed.get(key)
    ]
    if not hidden and claimed.get("verdict") != then.verdict:
        differences.append(
            message(
                "the verdict claims {said}, computed {computed}", said=str(claimed.get("verdict"))[:30], computed=then.verdict
            )
        )
    return differences


def _words(states: Mapping[tuple[str, str], tuple[Any, Any]], key: tuple[str, str]) -> str:
    return joined([word(str(one)) for one in states[key]], " ") if key in states else message("nothing")
