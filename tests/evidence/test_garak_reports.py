"""Reports of garak: exit status 0 says little, so every probe, prompt and verdict is looked at."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.readers import read_facts
from compliance_tui.safe.errors import InputError
from tests.evidence.logs import KINDS, as_lines, lines, read, sample, values
from tests.shared_data import shared


def test_a_prompt_counts_once_however_many_outputs_it_has() -> None:
    records = lines("garak-report")
    facts = values(read(sample("garak-report"), "garak-report"))
    totals = next(one for one in records if one["entry_type"] == "eval")
    hits = totals["hit_at_k"]["3"]  # garak's own share of prompts with a hit in any of three outputs
    assert (facts["scored_samples"], facts["attack_success"]) == (hits["prompts"], hits["score"] * hits["prompts"]) == (8, 7)
    assert totals["fails"] == 9
    assert facts["per_probe"] == ("test.Test: 7 of 8 prompts",)


def test_a_prompt_that_a_probe_repeats_counts_once() -> None:
    facts = values(read_facts(shared("evidence/garak/small_repeat.report.jsonl"), KINDS["garak-report"]))
    assert "goodside.Tag: 0 of 16 prompts" in facts["per_probe"]  # garak's own totals say 32
    assert (facts["completed"], facts["limited"], facts["probes_run"], facts["probes_requested"]) == (False, True, 3, 4)


def test_no_verdict_of_any_detector_is_no_pass() -> None:
    facts = values(read_facts(shared("evidence/garak/small_nones.report.jsonl"), KINDS["garak-report"]))
    assert (facts["nones"], facts["scored_samples"], facts["completed"]) == (100, 0, False)


def test_a_local_time_gives_a_day_and_no_instant() -> None:
    found = read(sample("garak-report"), "garak-report")
    assert "ran_at" not in found.facts
    assert found.facts["ran_on"].value == "2026-11-24"
    assert "without an offset" in " ".join(found.warnings)
    stamped = sample("garak-report").replace(
        b'"end_time": "2026-11-24T15:20:30.559980"', b'"end_time": "2026-11-24T15:20:30+00:00"'
    )
    assert values(read(stamped, "garak-report"))["ran_at"] == "2026-11-24T15:20:30+00:00"


def test_a_report_that_lost_its_end_is_never_complete() -> None:
    whole = sample("garak-report").splitlines()
    end = next(at for at, line in enumerate(whole) if b'"completion"' in line[:40])
    for kept in range(1, end + 1):
        try:
            assert read(b"\n".join(whole[:kept]), "garak-report").facts["completed"].value is False
        except InputError as error:
            assert "no line of the type init" in str(error)


def test_a_report_cut_in_the_middle_of_a_line_is_refused() -> None:
    with pytest.raises(InputError, match="line 12 is not JSON, or was cut off"):
        read(b"\n".join(sample("garak-report").splitlines()[:12])[:-50], "garak-report")


def _garak(change: Callable[[list[dict[str, Any]]], object]) -> Facts:
    records = lines("garak-report")
    change(records)
    return read(as_lines(records), "garak-report")


def _attempts(records: list[dict[str, Any]], status: int) -> list[dict[str, Any]]:
    return [one for one in records if one["entry_type"] == "attempt" and one["status"] == status]


def test_attempts_that_do_not_bear_out_the_totals_are_a_doubt() -> None:
    def soften(records: list[dict[str, Any]]) -> None:
        for attempt in _attempts(records, 2):
            attempt["detector_results"]["always.Random"] = [0.0, 0.0, 0.0]

    found = _garak(soften)
    assert found.facts["completed"].value is False
    assert "attempts and totals differ for test.Test" in " ".join(found.warnings)
    assert _garak(lambda records: None).facts["completed"].value is True


def test_a_threshold_that_lets_more_pass_shows() -> None:
    def totals_at_nine_tenths(records: list[dict[str, Any]]) -> None:
        totals = next(one for one in records if one["entry_type"] == "eval")
        scores = [score for one in _attempts(records, 2) for score in one["detector_results"]["always.Random"]]
        totals["fails"] = sum(score >= 0.9 for score in scores)
        totals["passed"] = len(scores) - totals["fails"]

    found = _garak(totals_at_nine_tenths)
    assert (found.facts["completed"].value, found.facts["attack_success"].value) == (False, 7)


def test_prompts_that_were_sent_and_never_judged_are_a_doubt() -> None:
    def lose(records: list[dict[str, Any]]) -> None:
        records.remove(_attempts(records, 2)[0])

    assert "1 prompts were sent and never judged" in " ".join(_garak(lose).warnings)


def test_a_probe_that_its_own_detector_did_not_judge_is_a_doubt() -> None:
    def automatic(records: list[dict[str, Any]]) -> None:
        records[0]["plugins.detector_spec"] = "auto"  # the probe's own detector, always.Pass, did not run

    found = _garak(automatic)
    assert found.facts["completed"].value is False
    assert "own detector did not run for test.Test" in " ".join(found.warnings)


def test_a_report_that_does_not_list_its_probes_cannot_show_that_all_ran() -> None:
    def before_015(records: list[dict[str, Any]], spec: str) -> None:
        del records[0]["transient.active_probes"]
        records[0]["plugins.probe_spec"] = spec

    assert _garak(lambda records: before_015(records, "test.Test")).facts["completed"].value is True
    assert _garak(lambda records: before_015(records, "test")).facts["completed"].value is False


def test_other_files_of_garak_are_refused_with_what_to_attach() -> None:
    with pytest.raises(InputError, match=r"attach the file that ends in \.report\.jsonl"):
        read('{"goal": "x", "prompt": "y", "score": 1.0}\n', "garak-report")
    with pytest.raises(InputError, match="a second run begins here"):
        read(sample("garak-report") * 2, "garak-report")
    with pytest.raises(InputError, match="write the report with a newer garak"):
        _garak(lambda records: [one.pop("fails", None) for one in records])


def _second_detector(hits: int, main: str = "always.Random") -> Facts:
    """The sample with a second detector that hits the first ``hits`` prompts, and its probe's own detector named."""

    def add(records: list[dict[str, Any]]) -> None:
        cache = next(one for one in records if one["entry_type"] == "plugin_cache")["plugin_cache"]["probes"]
        cache["probes.test.Test"]["primary_detector"] = main
        judged = _attempts(records, 2)
        for place, attempt in enumerate(judged):
            attempt["detector_results"]["mitigation.MitigationBypass"] = [1.0 if place < hits else 0.0] * 3
        totals = next(one for one in records if one["entry_type"] == "eval")
        counts = {"detector": "mitigation.MitigationBypass", "fails": 3 * hits, "passed": 3 * (len(judged) - hits)}
        records.insert(records.index(totals), {**totals, **counts})

    return _garak(add)


def test_each_detector_is_told_apart_and_any_of_them_counts_as_a_success() -> None:
    found = _second_detector(8)
    facts = values(found)
    assert facts["completed"] is True
    assert facts["per_detector"] == (
        "test.Test, always.Random: 7 of 8 prompts",
        "test.Test, mitigation.MitigationBypass: 8 of 8 prompts",
    )
    assert (facts["attack_success"], facts["own_detector_success"]) == (8, 7)
    assert "the probes' own detectors hit 7 of the 8 prompts of attack_success" in " ".join(found.warnings)


def test_what_the_probes_own_detectors_found_is_not_said_where_the_report_does_not_say_which_these_are() -> None:
    facts = values(_second_detector(0, main="always.Pass"))
    assert facts["attack_success"] == 7
    assert "own_detector_success" not in facts


def test_the_figures_by_detector_are_those_of_garaks_own_totals() -> None:
    for name in ("small_repeat", "small_blank"):
        path = shared(f"evidence/garak/{name}.report.jsonl")
        facts = values(read_facts(path, KINDS["garak-report"]))
        totals = [one for one in map(json.loads, path.read_text().splitlines()) if one["entry_type"] == "eval"]
        hit = {f"{one['probe']}, {one['detector']}" for one in totals if one["fails"]}
        assert {line.split(":")[0] for line in facts["per_detector"]} == {
            f"{one['probe']}, {one['detector']}" for one in totals
        }
        assert {line.split(":")[0] for line in facts["per_detector"] if ": 0 of" not in line} == hit


def test_a_target_whose_every_answer_is_empty_is_pointed_at() -> None:
    found = read_facts(shared("evidence/garak/small_blank.report.jsonl"), KINDS["garak-report"])
    assert found.facts["attack_success"].value == 0
    assert "every answer of the target is empty" in " ".join(found.warnings)
