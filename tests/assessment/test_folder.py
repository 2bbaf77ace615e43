"""The folder: hands may edit it, processes may die and race on it, and nothing is lost."""

import datetime as dt
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import changing, load
from compliance_tui.assessment.log import read_log, reconcile
from compliance_tui.safe.errors import InputError
from tests.assessment.sample import NOW, canary_file, complete, pack, policy_file, put, start


def test_a_hand_edited_answer_is_taken(tmp_path: Path) -> None:
    root = complete(tmp_path)
    path = root / "responses/small/S-01.toml"
    path.write_text(path.read_text().replace('"S-01 is met."', '"""\nWritten\nby hand."""'))
    assert load(root).responses["small", "S-01"].statement == "Written\nby hand."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('status = "met"', 'status = "done"', "line 3: status"),
        ('status = "met"', 'staus = "met"', "line 3: staus is not a known field"),
        ('"E-0001"', '"../../etc"', "evidence[0]"),
        ('control = "S-01"', 'control = "S-02"', "the file's place"),
        ("answered_at = 2026-11-24 12:00:00+00:00", "answered_at = 2026-11-24 12:00:00", "offset"),
        ("[[sign_offs]]", "[[sign_offs", "line"),
    ],
)
def test_a_wrong_hand_edit_is_refused_with_its_place_and_left_alone(tmp_path: Path, old: str, new: str, said: str) -> None:
    root = complete(tmp_path)
    path = root / "responses/small/S-01.toml"
    content = path.read_text().replace(old, new)
    assert new in content
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        load(root)
    assert "S-01.toml" in str(caught.value)
    assert said in str(caught.value)
    assert path.read_text() == content


def test_a_changed_standard_is_noticed(tmp_path: Path) -> None:
    root = complete(tmp_path)
    path = root / "standards/small-1.0.toml"
    path.write_text(path.read_text().replace("0.80", "0.10"))
    with pytest.raises(InputError, match="pinned"):
        load(root)


def test_what_an_answer_said_before_is_kept(tmp_path: Path) -> None:
    root = complete(tmp_path)
    before = (root / "responses/small/S-01.toml").read_bytes()
    actions.answer(load(root), "S-01", "ada", NOW, status="not-met", statement="No more.")
    entry = read_log(root)[-1]
    assert (root / "history" / f"{entry['before']}.toml").read_bytes() == before


def test_the_log_tells_every_change_in_order(tmp_path: Path) -> None:
    entries = read_log(complete(tmp_path))
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry["act"] for entry in entries][:3] == ["init", "item", "attach"]


def test_the_log_catches_up_with_what_it_does_not_know(tmp_path: Path) -> None:
    root = complete(tmp_path)
    assert reconcile(root, "ada", NOW) == []
    known = len(read_log(root))
    answer = root / "responses/small/S-01.toml"
    answer.write_text(answer.read_text().replace('status = "met"', 'status = "not-met"'))  # by hand
    lines = (root / "log.jsonl").read_bytes().splitlines(keepends=True)
    (root / "log.jsonl").write_bytes(b"".join(lines[:-1]))  # a crash took the last line
    last = read_log(root)[-1]["seq"]
    odd = reconcile(root, "ada", NOW)
    assert "responses/small/S-01.toml" in odd
    found = read_log(root)[last:]
    assert [entry["act"] for entry in found] == ["found"] * len(odd)
    assert found[-1]["sha256"] == hashlib.sha256((root / found[-1]["path"]).read_bytes()).hexdigest()
    assert reconcile(root, "ada", NOW) == []
    assert len(read_log(root)) == known - 1 + len(odd)
    answer.unlink()
    assert reconcile(root, "ada", NOW) == ["responses/small/S-01.toml"]
    assert read_log(root)[-1]["sha256"] is None


def test_an_answer_that_somebody_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    root = complete(tmp_path)
    seen = load(root).responses["small", "S-01"]
    actions.answer(load(root), "S-01", "ben", NOW, statement="Ben was here.")
    with pytest.raises(InputError, match="somebody else"):
        actions.answer(load(root), "S-01", "ada", NOW, statement="Mine.", expected=seen)


def test_the_cache_never_hides_a_change(tmp_path: Path) -> None:
    root = complete(tmp_path)
    old = time.time() - 100
    for path in (root / "responses/small").iterdir():
        os.utime(path, (old, old))
    load(root)
    path = root / "responses/small/S-01.toml"
    content = path.read_text().replace("S-01 is met.", "S-01 is wet.")
    path.write_text(content)
    os.utime(path, (old, old))
    assert load(root).responses["small", "S-01"].statement == "S-01 is wet."


def test_a_damaged_cache_costs_nothing(tmp_path: Path) -> None:
    root = complete(tmp_path)
    expected = load(root).responses
    for cache in (root / ".cache").iterdir():
        cache.write_bytes(b'["0.1.0", {"responses/small/S-01.toml": 3}]')
    assert load(root).responses == expected


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    root = complete(tmp_path)
    contents = load(root)
    (root / "history").rename(root / "moved")
    (root / "history").write_text("in the way")
    before = (root / "responses/small/S-01.toml").read_bytes()
    with pytest.raises(InputError, match="could not be written"):
        actions.answer(contents, "S-01", "ada", NOW, statement="x")
    assert (root / "responses/small/S-01.toml").read_bytes() == before


def test_a_second_writer_waits_and_is_told(tmp_path: Path) -> None:
    root = complete(tmp_path)
    with changing(root):
        program = (
            "from pathlib import Path\nfrom compliance_tui.assessment.folder import changing\n"
            f"with changing(Path({str(root)!r}), seconds=0.2): pass"
        )
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "another process is writing" in result.stderr


_WRITER = """
import sys
from pathlib import Path
from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from tests.assessment.sample import NOW
root = Path(sys.argv[1])
print("go", flush=True)
for number in range(int(sys.argv[3])):
    actions.answer(load(root), sys.argv[2], "ada", NOW, status="met", statement=f"answer {number}")
"""


def test_two_processes_on_one_folder_both_succeed(tmp_path: Path) -> None:
    root = start(tmp_path)
    writers = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(_WRITER), str(root), control, "15"], stdout=subprocess.DEVNULL)
        for control in ("S-01", "S-02")
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    contents = load(root)
    assert {key[1]: response.statement for key, response in contents.responses.items()} == {
        "S-01": "answer 14",
        "S-02": "answer 14",
    }
    sequences = [entry["seq"] for entry in read_log(root)]
    assert sequences == list(range(1, 32))


@pytest.mark.parametrize("attempt", range(4))
def test_killed_at_any_instant_the_folder_is_whole(tmp_path: Path, attempt: int) -> None:
    root = start(tmp_path)
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_WRITER), str(root), "S-01", "10000"], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.03 + 0.013 * attempt)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    response = load(root).responses.get(("small", "S-01"))
    assert response is None or response.statement.startswith("answer ")
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement="after")
    assert load(root).responses["small", "S-01"].statement == "after"


_ATTACHER = """
import sys
from pathlib import Path
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from tests.assessment.sample import NOW
root, file = Path(sys.argv[1]), Path(sys.argv[2])
print("go", flush=True)
for number in range(10000):
    file.write_bytes(b"%d" % number * 50_000)
    attach(load(root), [file], ["S-01"], "ci", NOW, kind="policy-doc", date=NOW.date())
"""


@pytest.mark.parametrize("attempt", range(3))
def test_killed_while_attaching_no_record_names_bytes_that_are_not_there(tmp_path: Path, attempt: int) -> None:
    root = start(tmp_path)
    command = [sys.executable, "-c", textwrap.dedent(_ATTACHER), str(root), str(tmp_path / "file.txt")]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.05 + 0.021 * attempt)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    contents = load(root)
    from compliance_tui.assessment.store import objects_folder
    from compliance_tui.evidence.store import LocalStore

    digests = [file.sha256 for item in contents.items.values() for file in item.files]
    assert LocalStore(objects_folder(root)).verify(digests) == []
    assert all(item in contents.items for response in contents.responses.values() for item in response.evidence)


def test_axes_and_people_are_checked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="known are profile, tier"):
        start(tmp_path, {"colour": "blue"})
    with pytest.raises(InputError, match="choose T0 or T1 or T2"):
        start(tmp_path, {"tier": "T9"})
    assert not (tmp_path / "assessment" / "assessment.toml").exists()


def test_an_assessment_is_never_started_twice(tmp_path: Path) -> None:
    root = start(tmp_path)
    from compliance_tui.assessment.model import Subject
    from tests.assessment.sample import SERIES

    with pytest.raises(InputError, match="already holds"):
        actions.create(root, [pack(tmp_path)], Subject(name="x"), {}, [], SERIES, "ada", NOW)


def test_the_same_evidence_is_kept_once_and_serves_several_controls(tmp_path: Path) -> None:
    root = start(tmp_path)
    first = put(root, policy_file(tmp_path), "S-01")
    second = put(root, policy_file(tmp_path, name="copy.md"), "S-02")
    assert first.id == second.id
    assert len(list((root / "evidence/objects").glob("*/*"))) == 1
    contents = load(root)
    assert [contents.responses["small", control].evidence for control in ("S-01", "S-02")] == [["E-0001"], ["E-0001"]]
    actions.unlink_evidence(contents, "S-02", "E-0001", "ada", NOW)
    assert load(root).responses["small", "S-02"].evidence == []
    assert "E-0001" in load(root).items


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("future.md", "---\nkind: policy-doc\nsigned_at: 2031-01-01\n---\n", "has not come yet"),
        ("undated.md", "---\nkind: policy-doc\nowner: me\n---\n", "--date"),
        ("what.bin", "\x00\x01", "--kind|--date"),
        ("bad.json", '{"form": "canary-test/1", "seeds": "many"}', "should be a list of rows"),
    ],
)
def test_evidence_that_cannot_count_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    root = start(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said):
        put(root, tmp_path / name, "S-01")
    assert not (root / "evidence/objects").exists()
    assert load(root).items == {}


def test_a_folder_of_evidence_is_one_item(tmp_path: Path) -> None:
    root = start(tmp_path)
    files = tmp_path / "many"
    (files / "sub").mkdir(parents=True)
    canary_file(files)
    (files / "sub" / "raw.txt").write_text("raw")
    from compliance_tui.assessment.attach import attach

    item = attach(load(root), [files], ["S-01"], "ci", NOW, kind="policy-doc", date=dt.date(2026, 11, 1))[0]
    assert [file.name for file in item.files] == ["canary.json", "sub/raw.txt"]
