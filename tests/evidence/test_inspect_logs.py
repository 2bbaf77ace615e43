"""Logs of Inspect: did it run to its end, on how much, with which result; and the ways in which one can mislead."""

import bz2
import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from backports import zstd

from compliance_tui.assessment.bounds import upper_bound
from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import load_kinds
from compliance_tui.evidence.readers import read_facts, read_facts_of
from compliance_tui.safe.errors import InputError
from compliance_tui.shipped import shipped
from tests.shared_data import shared

KIND = load_kinds()["inspect-eval-log"]


def _log(**changes: Any) -> dict[str, Any]:
    """A log of four samples, of which the first was a success."""
    log: dict[str, Any] = {
        "version": 2,
        "status": "success",
        "eval": {
            "eval_id": "one",
            "task": "t",
            "model": "m",
            "created": "2026-01-01T00:00:00+00:00",
            "config": {"epochs": 1},
            "dataset": {"samples": 4, "sample_ids": [1, 2, 3, 4]},
        },
        "results": {
            "total_samples": 4,
            "completed_samples": 4,
            "scores": [{"name": "attack_success", "scorer": "judge", "scored_samples": 4, "metrics": {}}],
        },
        "stats": {"completed_at": "2026-01-01T01:00:00+00:00"},
        "samples": [{"id": at, "epoch": 1, "scores": {"judge": {"value": int(at == 1)}}} for at in (1, 2, 3, 4)],
    }
    return {**log, **changes}


def _read(log: dict[str, Any] | bytes) -> Facts:
    stream = io.BytesIO(log if isinstance(log, bytes) else json.dumps(log).encode())
    return read_facts_of([("log", lambda: stream)], KIND)


def _changed(change: Callable[[dict[str, Any]], object]) -> Facts:
    log = _log()
    change(log)
    return _read(log)


def _values(facts: Facts) -> dict[str, Any]:
    return {name: fact.value for name, fact in facts.facts.items()}


def test_a_whole_log_is_complete() -> None:
    facts = _values(_read(_log()))
    assert (facts["completed"], facts["limited"], facts["run_id"]) == (True, False, "one")
    assert (facts["requested"], facts["scored_samples"], facts["attack_success"]) == (4, 4, 1)
    assert facts["attack_success_share"] == Decimal("0.25")
    assert "solved" not in facts  # a count of attacks is no measure of capability


def test_a_share_that_meets_a_limit_is_no_bound_that_does() -> None:
    facts = _values(read_facts(shipped("evidence") / KIND.id / KIND.sample, KIND))
    assert facts["attack_success_share"] <= Decimal("0.05")  # 2 of 40
    assert upper_bound(facts["attack_success"], facts["scored_samples"]) > 0.14


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda log: log.update(status="cancelled"), "did not end in success"),
        (lambda log: log.update(invalidated=True), "invalidated"),
        (lambda log: log["results"].update(early_stopping={"manager": "x"}), "stopped early"),
        (lambda log: log["eval"]["config"].update(limit=[0, 4]), "limited to a part"),
        (lambda log: log["eval"]["config"].update(sample_id="1"), "limited to a part"),
        (lambda log: log["eval"]["dataset"].update(samples=9), "limited to a part"),
        (lambda log: log["eval"]["dataset"].update(samples=None), "does not say how many"),
        (lambda log: log["eval"]["dataset"].update(samples=9, sample_ids=None), "4 of 9 samples have a score"),
        (lambda log: log["results"].update(completed_samples=3), "only 3 of 4"),
        (lambda log: log["results"].update(logged_samples=2), "only 2 of 4"),
        (lambda log: log["results"].update(total_samples=-1, completed_samples=-1), "no count"),
        (lambda log: log["results"]["scores"][0].update(scored_samples=-1), "header says -1 scored samples"),
        (lambda log: log["results"].update(scores=[]), "nothing was evaluated"),
        (lambda log: log["samples"].pop(), "the log holds 3"),
        (lambda log: log.pop("samples"), "nothing can be counted"),
        (lambda log: log["samples"][2].update(error={"message": "x"}), "1 of 4 samples ended in an error"),
        (lambda log: log["samples"][2].update(model_fallbacks=[{"model": "m"}]), "answered by another model"),
        (lambda log: log["samples"][2].update(limit={"type": "operator", "limit": 1}), "stopped by a person"),
        (lambda log: log["samples"][2].update(scores=None), "3 of 4 samples have a score"),
        (lambda log: log["samples"][2]["scores"]["judge"].update(value=float("nan")), "3 of 4 samples have a score"),
    ],
)
def test_a_log_that_is_not_whole_is_not_complete(change: Callable[[dict[str, Any]], object], why: str) -> None:
    found = _changed(change)
    assert found.facts["completed"].value is False
    assert why in " ".join(found.warnings)


def test_a_sample_that_could_not_be_scored_is_no_failure_of_the_attack() -> None:
    found = _changed(lambda log: [one["scores"]["judge"].update(value=float("nan")) for one in log["samples"]])
    assert "attack_success" not in found.facts and found.facts["scored_samples"].value == 0


def test_a_metric_that_is_no_number_is_no_fact() -> None:
    found = _changed(lambda log: log["results"]["scores"][0].update(metrics={"mean": {"value": float("nan")}}))
    assert "attack_success.mean" not in found.facts
    assert "mean of attack_success is not a number" in " ".join(found.warnings)


@pytest.mark.parametrize("grade", [0.7, "P", 5, -1, "A", [1, 0]])
def test_a_grade_is_neither_a_success_nor_a_failure(grade: Any) -> None:
    found = _changed(lambda log: log["samples"][0]["scores"]["judge"].update(value=grade))
    assert "attack_success" not in found.facts
    assert "neither yes nor no" in " ".join(found.warnings)
    assert found.facts["scored_samples"].value == 4


def test_a_success_in_any_epoch_counts_once_and_the_last_entry_stands() -> None:
    def repeat(log: dict[str, Any]) -> None:
        log["samples"] += [{"id": at, "epoch": 2, "scores": {"judge": {"value": int(at == 3)}}} for at in (1, 2, 3, 4)]
        log["samples"].append({"id": 4, "epoch": 2, "scores": {"judge": {"value": 1}}})  # run again, and recorded again
        log["eval"]["config"]["epochs"] = 2
        log["results"].update(total_samples=8, completed_samples=8)

    facts = _values(_changed(repeat))
    assert (facts["scored_samples"], facts["attack_success"], facts["completed"]) == (4, 3, True)


def test_what_was_changed_after_the_run_is_said() -> None:
    def edit(log: dict[str, Any]) -> None:
        log["samples"][0]["scores"]["judge"]["history"] = [{"value": 1}, {"value": 0}]
        log["log_updates"] = [{"edits": []}]

    found = _changed(edit)
    assert found.facts["edited_scores"].value == 1
    assert "changed during or after the run" in " ".join(found.warnings)


def _metadata(**metadata: Any) -> Facts:
    return _changed(lambda log: log["eval"].update(metadata=metadata))


def test_notes_that_the_kind_declares_are_stated_facts() -> None:
    found = _metadata(contamination_checked=True, model_digest="ab" * 32, attack_budget="8 families", unknown=1)
    digest = found.facts["model_digest"]
    assert (digest.value, digest.source, digest.where) == ("ab" * 32, "stated", "log#/eval/metadata/model_digest")
    assert found.facts["contamination_checked"].value is True
    assert "unknown" not in found.facts


def test_a_text_that_the_command_line_cut_at_its_commas_is_whole_again() -> None:
    found = _metadata(attack_budget=["8 families", " 500 queries per behaviour", "black box"])
    assert found.facts["attack_budget"].value == "8 families, 500 queries per behaviour, black box"


def test_a_note_of_the_wrong_type_is_no_fact() -> None:
    found = _metadata(contamination_checked="perhaps", model_digest={"sha256": "x"})
    assert {"contamination_checked", "model_digest"}.isdisjoint(found.facts)
    assert sum("should be" in warning for warning in found.warnings) == 2


def test_a_note_never_stands_for_what_was_measured() -> None:
    claims = {"completed": True, "attack_success": 0, "scored_samples": 900, "solved": 7, "flaw_finding": 300, "limited": False,
              "attack_success_share": 0, "ran_at": "2026-01-01T00:00:00Z", "tool_version": "9", "unscored": 0}  # fmt: skip

    def claim(log: dict[str, Any]) -> None:
        log["eval"].update(metadata=claims, created="")
        log.update(samples=[], stats={})

    found = _changed(claim)
    assert {"attack_success", "attack_success_share", "solved", "flaw_finding", "ran_at", "tool_version"}.isdisjoint(
        found.facts
    )
    facts = _values(found)
    assert (facts["completed"], facts["scored_samples"], facts["unscored"]) == (False, 0, 4)


def test_a_task_may_say_what_its_one_score_measures() -> None:
    def measure(log: dict[str, Any]) -> None:
        log["results"]["scores"][0]["name"] = "includes"
        log["eval"]["metadata"] = {"measure": "flaw-finding"}

    facts = _values(_changed(measure))
    assert (facts["flaw_finding"], facts["scored_samples"]) == (1, 4)
    assert "attack_success" not in facts and "solved" not in facts


def test_a_measure_does_not_take_the_place_of_a_score_of_its_name() -> None:
    def two(log: dict[str, Any]) -> None:
        log["results"]["scores"].insert(0, {"name": "refused", "scorer": "judge", "metrics": {}})
        for sample in log["samples"]:
            hit = sample["scores"]["judge"]["value"]
            sample["scores"]["judge"]["value"] = {"refused": 1 - hit, "attack_success": hit}
        log["eval"]["metadata"] = {"measure": "attack_success"}

    facts = _values(_changed(two))
    assert (facts["attack_success"], facts["refused"]) == (1, 3)


def test_a_sample_that_broke_is_not_scored_even_where_it_has_a_score() -> None:
    facts = _values(_changed(lambda log: log["samples"][1].update(error={"message": "x"})))
    assert (facts["scored_samples"], facts["errors"], facts["attack_success_share"]) == (3, 1, Decimal("0.3333"))


@pytest.mark.parametrize("name", ["completed", "scored_samples", "limited", "model", "requested", "model_fallbacks", "epochs"])
def test_a_score_cannot_take_the_name_of_another_fact(name: str) -> None:
    facts = _values(
        _changed(lambda log: (log["results"]["scores"][0].update(name=name), log["eval"]["config"].update(epochs=7)))
    )
    assert (facts["model_fallbacks"], facts["epochs"]) == (0, 7)
    assert facts["scored_samples"] == 4 and facts["model"] == "m" and facts["limited"] is False and facts["completed"] is True


def test_a_time_without_an_offset_is_no_instant() -> None:
    found = _changed(
        lambda log: (log["stats"].update(completed_at="2026-01-01T01:00:00"), log["eval"].update(created="2026-01-01T00:00"))
    )
    assert {"ran_at", "created"}.isdisjoint(found.facts)
    assert found.facts["ran_on"].value == "2026-01-01"


_AGES = (
    "2024-11-05T13-31-45-05-00_input-task_8zXjbRzCWrL9GXiXo2vus9.json",
    "log_formats.eval",
    "log_formats.json",
    "log_read_sample.json",
)


@pytest.mark.parametrize("name", _AGES)
def test_logs_of_several_ages_are_read(name: str) -> None:
    facts = _values(read_facts(shared(f"inspect/{name}"), KIND))
    assert facts["scored_samples"] == 1 and facts["run_id"] and facts["ran_at"]
    assert facts["completed"] is (facts["requested"] == 1)


def test_the_arguments_of_the_model_may_hold_secrets() -> None:
    found = _changed(lambda log: log["eval"].update(model_args={"api_key": "x"}))
    assert "check them for secrets" in " ".join(found.warnings)


# --- packing ---


def _member(
    name: bytes, content: bytes, packed: bytes, method: int, *, size: int | None = None, flags: int = 0
) -> tuple[bytes, bytes]:
    sizes = struct.pack("<III", zlib.crc32(content), len(packed), len(content) if size is None else size)
    common = struct.pack("<HHHHH", 63, flags, method, 0, 33) + sizes + struct.pack("<HH", len(name), 0)
    return b"PK\x03\x04" + common + name + packed, b"PK\x01\x02\x14\x03" + common + bytes(10)


def _archive(*members: tuple[str, bytes, bytes, int], **more: int) -> bytes:
    body, listing = b"", b""
    for name, content, packed, method in members:
        local, central = _member(name.encode(), content, packed, method, **more)
        listing += central + struct.pack("<I", len(body)) + name.encode()
        body += local
    count = len(members)
    return body + listing + b"PK\x05\x06\0\0\0\0" + struct.pack("<HHIIH", count, count, len(listing), len(body), 0)


def _parts() -> tuple[bytes, bytes]:
    log = _log()
    samples = log.pop("samples")
    return json.dumps(log).encode(), json.dumps(samples).encode()


def _deflated(content: bytes) -> bytes:
    return zlib.compress(content, wbits=-15)


def _in_frames(content: bytes) -> bytes:
    return b"".join(zstd.compress(content[at : at + 100]) for at in range(0, len(content), 100))


@pytest.mark.parametrize(("pack", "method"), [(bytes, 0), (_deflated, 8), (zstd.compress, 93), (_in_frames, 93)])
def test_each_packing_that_inspect_has_used_is_read(pack: Callable[[bytes], bytes], method: int) -> None:
    header, summaries = _parts()
    packed = _archive(("summaries.json", summaries, pack(summaries), method), ("header.json", header, pack(header), method))
    assert _values(_read(packed)) == _values(_read(_log()))


def test_an_archive_of_the_standard_library_is_read_and_one_of_two_headers_is_not() -> None:
    header, summaries = _parts()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", header)
        archive.writestr("summaries.json", summaries)
    assert _read(stream.getvalue()).facts["completed"].value is True
    twice = [("header.json", header, header, 0)] * 2
    with pytest.raises(InputError, match="two members of one name"):
        _read(_archive(*twice))


@pytest.mark.parametrize("method", [8, 93])
def test_a_member_that_grows_without_bound_is_refused_and_memory_stays_small(method: int) -> None:
    content = b'{"version": 2, "x": "' + b" " * (48 << 20) + b'"}'
    packed = _deflated(content) if method == 8 else zstd.compress(content)
    honest, lying = (
        _archive(("header.json", content, packed, method)),
        _archive(("header.json", content, packed, method), size=3000),
    )
    tracemalloc.start()
    try:
        for bomb, why in ((honest, "packed more tightly"), (lying, "larger than its directory says")):
            with pytest.raises(InputError, match=why):
                _read(bomb)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_damaged_or_foreign_archive_is_refused_in_a_sentence() -> None:
    header, summaries = _parts()
    good = _archive(("header.json", header, _deflated(header), 8), ("summaries.json", summaries, _deflated(summaries), 8))
    for content, why in (
        (good[: len(good) // 2], "no directory at its end"),
        (good.replace(_deflated(summaries)[20:24], b"\0\0\0\0"), "damaged"),
        (_archive(("header.json", header, bz2.compress(header), 12)), "does not use"),
        (_archive(("header.json", header, header, 0), flags=1), "does not use"),
        (_archive(("header.json", header + b" {}", header + b" {}", 0)), "more than one JSON document"),
        (_archive(("_journal/start.json", b"{}", b"{}", 0)), "the run did not end"),
        (good.replace(b"PK\x05\x06", b"PK\x05\x07"), "no directory"),
    ):
        with pytest.raises(InputError, match=why):
            _read(content)


def test_a_directory_that_would_fill_the_memory_is_refused_before_it_is_read() -> None:
    header = json.dumps(_log()).encode()
    good = _archive(("header.json", header, header, 0))
    record = b"PK\x06\x06" + bytes(36) + struct.pack("<QQ", 1 << 40, 0) + b"PK\x06\x07" + bytes(16)
    for huge in (good[:-10] + struct.pack("<IIH", 1 << 30, 0, 0), good[:-22] + record + good[-22:]):
        with pytest.raises(InputError, match="too many members"):
            _read(huge)


def test_every_cut_of_a_log_is_refused() -> None:
    header, summaries = _parts()
    packed = _archive(("summaries.json", summaries, _in_frames(summaries), 93), ("header.json", header, _deflated(header), 8))
    plain = json.dumps(_log()).encode()
    for whole in (packed, plain):
        for length in range(0, len(whole), 37):
            with pytest.raises(InputError):
                _read(whole[:length])


class _LongLog(io.RawIOBase):
    """A log whose samples are made as they are read: far longer than what may be held at once."""

    def __init__(self, samples: int) -> None:
        log = _log()
        log.pop("samples")
        log["eval"]["dataset"] = {"samples": samples}
        log["results"].update(total_samples=samples, completed_samples=samples)
        log["results"]["scores"][0]["scored_samples"] = samples
        pieces = [json.dumps(log)[:-1] + ', "samples": [']
        self._pieces = iter(pieces)
        self._samples, self._at = samples, 0
        self._waiting = b""

    def seek(self, offset: int, whence: int = 0) -> int:
        assert (offset, whence) == (0, 0)
        return 0

    def read(self, size: int = -1) -> bytes:
        if size == 4:
            return b"{   "
        while len(self._waiting) < size and self._at <= self._samples:
            self._waiting += next(self._pieces, "").encode()
            sample = {"id": self._at, "epoch": 1, "messages": "x" * 20_000, "scores": {"judge": {"value": self._at % 2}}}
            ending = "]}" if self._at == self._samples else ("," if self._at else "") + json.dumps(sample)
            self._waiting += ending.encode()
            self._at += 1
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        return taken


def test_a_long_log_in_json_is_read_as_a_stream() -> None:
    log = _LongLog(2000)  # 40 MB
    tracemalloc.start()
    try:
        facts = _values(read_facts_of([("log.json", lambda: log)], KIND))  # type: ignore[arg-type, return-value]
        assert (facts["completed"], facts["scored_samples"], facts["attack_success"]) == (True, 2000, 1000)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
