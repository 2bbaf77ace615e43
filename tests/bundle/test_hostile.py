"""A verifier that meets anything ends in a sentence: nothing obeyed, nothing run, nothing written elsewhere, memory bounded."""

import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance_tui.assessment import actions
from compliance_tui.assessment.attach import attach
from compliance_tui.assessment.folder import load
from compliance_tui.bundle import declare
from compliance_tui.bundle.names import LONGEST
from compliance_tui.bundle.zip_format import central_header, end_records, local_header
from tests.assessment.sample import NOW
from tests.bundle.forging import forge, sign_again
from tests.bundle.sample import REGULATOR, Sample, looked_at, sample
from tests.bundle.test_verify import TAMPERINGS

ROOT = Path(__file__).resolve().parents[2]
ACTING = "\x1b]52;c;aGk=\x07 \x1b]0;title\x07 \x1b[5m \x9b31m \x9d52;c;aGk=\x9c \u202e \u200b \u2066 \x7f [@click=app.quit]x[/]"


@pytest.fixture
def made(tmp_path: Path) -> Sample:
    return sample(tmp_path)


@pytest.fixture
def bundle(made: Sample, tmp_path: Path) -> Path:
    made.export(tmp_path / "out", folder=True)
    (tmp_path / "trust.toml").write_bytes(made.full)
    return tmp_path / "out"


def _on_a_terminal(folder: Path, *arguments: str) -> bytes:
    """Every byte that the program writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "PYTHONPATH": str(ROOT),
        "COMPLIANCE_TUI_CONFIG": str(folder / "none"),
    }
    command = [sys.executable, "-m", "compliance_tui", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    process.wait()
    os.close(ours)
    return seen


def _hostile(bundle: Path, made: Sample) -> None:
    """Everything that a file of the bundle may say is hostile, and signed by the lab."""

    def change(_: Path) -> None:
        for path in ("items/A-small.S-01/item.json", "items/E-0002/item.json"):
            value = json.loads((bundle / path).read_text())
            value["statement" if "A-" in path else "warnings"] = ACTING if "A-" in path else [ACTING]
            (bundle / path).write_text(json.dumps(value))
        path = bundle / "items/E-0001/item.json"
        value = json.loads(path.read_text())
        value["files"][0]["name"] = f"a{ACTING}.md"
        value["kind"] = "no-such-kind"
        path.write_text(json.dumps(value))

    forge(bundle, made, change, lambda statement: statement["predicate"]["attester"].update(id=f"lab{ACTING}", name=ACTING))
    draft = declare.determination(looked_at(bundle), REGULATOR, "refused", [ACTING], NOW)
    made.state(bundle, draft, "regulator")
    value = json.loads(draft.content)
    value["predicateType"] = f"https://elsewhere.example/{ACTING}"
    made.state(bundle, declare.Draft("x", json.dumps(value).encode()), "regulator")


def test_nothing_that_a_terminal_would_obey_reaches_it(made: Sample, bundle: Path, tmp_path: Path) -> None:
    _hostile(bundle, made)
    shutil.copytree(bundle, tmp_path / "other")
    forge(tmp_path / "other", made, lambda path: _say(path / "items/A-small.S-02/item.json", "S-02 is met.", ACTING))
    name = f"b{ACTING.replace('/', '')}"
    bundle.rename(tmp_path / name)
    trust = ["--trust", "trust.toml", "--as-of", "2026-11-25"]
    walks = {
        "verify": ["verify", name, *trust],
        "json": ["verify", name, *trust, "--json"],
        "compare": ["compare", name, "other", "--trust", "trust.toml"],
        "compare json": ["compare", name, "other", "--json"],
        "redact": ["redact", name, "--withhold", ACTING, "-o", "x"],
        "disclose": ["disclose", name, "--item", ACTING, "-o", "x"],
        "sign": ["sign", name, "--key", "regulator.key", "--yes"],
        "with": ["verify", "other", *trust, "--with", name],
    }
    for walk, arguments in walks.items():
        seen = _on_a_terminal(tmp_path, *arguments)
        assert seen, walk
        assert b"Traceback" not in seen, walk
        shown = seen.decode("utf-8", "replace").replace("\r\n", "\n")
        acting = set(shown) & set("\x1b\x07\x9b\x9c\x9d\u202e\u200b\u2066\x7f")
        assert not acting, (walk, acting)
        assert not re.search("[\x00-\x08\x0b-\x1f]", shown), walk
    told = _on_a_terminal(tmp_path, *walks["json"]).decode()
    assert json.loads(told[told.index("{") :])["determinations"][0]["decision"] == "refused"


def _say(path: Path, old: str, new: str) -> None:
    value = json.loads(path.read_text())
    assert value["statement"] == old
    value["statement"] = new
    path.write_text(json.dumps(value))


WATCH = textwrap.dedent("""
    import os, sys, tempfile
    allowed = tuple(os.path.realpath(path) for path in sys.argv[1].split(":"))
    seen = []

    def watch(event, arguments):
        if event in ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "pty.spawn", "socket.connect",
                     "webbrowser.open", "ctypes.dlopen", "os.startfile"):
            seen.append(f"{event} {arguments[:1]}")
        if event == "open" and isinstance(arguments[0], (str, bytes)) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not path.startswith(allowed) and not path.startswith("/dev/"):
                seen.append(f"write {path}")
        if event in ("os.rename", "os.remove", "os.mkdir", "os.link", "os.symlink", "os.chmod"):
            path = arguments[1] if event in ("os.rename", "os.link", "os.symlink") else arguments[0]
            inside = arguments[-1] != -1  # relative to a folder that was opened before
            there = event == "os.mkdir" and os.path.isdir(path)
            if isinstance(path, (str, bytes)) and not inside and not there:
                if not os.path.realpath(os.fsdecode(path)).startswith(allowed):
                    seen.append(f"{event} {path}")

    sys.dont_write_bytecode = True
    sys.argv = ["compliance-tui", *sys.argv[2:]]
    from compliance_tui.cli.main import main
    sys.addaudithook(watch)
    try:
        main()
    except SystemExit as end:
        status = end.code
    print(status, *seen, sep="\\n", file=open(3, "w"))
""")


def _watched(folder: Path, allowed: str, *arguments: str) -> tuple[int, list[str], str]:
    """Exit status of the program, what it ran or wrote outside of ``allowed``, and what it said."""
    ours, theirs = os.pipe()
    command = [sys.executable, "-c", WATCH, allowed, *arguments]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "COMPLIANCE_TUI_CONFIG": str(folder / "none"),
        "TMPDIR": str(folder / "tmp"),
    }

    def pass_it() -> None:
        os.dup2(theirs, 3)

    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, close_fds=False, preexec_fn=pass_it
    )
    os.close(theirs)
    with os.fdopen(ours) as file:
        status, *seen = file.read().splitlines() or ["-1"]
    return int(status), seen, done.stdout + done.stderr


def test_nothing_of_a_bundle_is_run_and_nothing_is_written_elsewhere(made: Sample, tmp_path: Path) -> None:
    """Neither its own recipe, nor evidence that would act in a viewer; the state file and a temporary folder are all."""
    ran = tmp_path / "ran"
    active = {
        "page.html": "<script>x</script>",
        "picture.svg": "<svg onload='x' xmlns='http://www.w3.org/2000/svg'/>",
        "table.csv": f"=cmd|' /C touch {ran}'!A0\n",
        "run.sh": f"#!/bin/sh\ntouch {ran}\n",
        "letter.docm": "PK",
    }
    for name, content in active.items():
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o755)
        attach(load(made.root), [tmp_path / name], ["S-01"], "ci", NOW, kind="document", date=NOW.date())
    actions.sign_off(load(made.root), "S-01", "ada", "owner", "ada", NOW)
    made.export(tmp_path / "out", folder=True)
    (tmp_path / "trust.toml").write_bytes(made.full)
    bundle = tmp_path / "out"

    def change(_: Path) -> None:
        (bundle / "core/verify.sh").write_text(f"#!/bin/sh\ntouch {ran}\n")
        (bundle / "core/verify.sh").chmod(0o755)

    forge(bundle, made, change)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "regulator").mkdir()
    shutil.copy(tmp_path / "trust.toml", tmp_path / "regulator/trust.toml")
    allowed = f"{tmp_path / 'tmp'}:{tmp_path / 'regulator'}"
    trust = ["--trust", "regulator/trust.toml", "--as-of", "2026-11-25"]
    status, seen, said = _watched(tmp_path, allowed, "verify", "out", *trust)
    assert (status, seen) == (0, []), said
    assert not ran.exists()
    assert sorted(path.name for path in (tmp_path / "regulator").iterdir() if not path.name.startswith(".")) == [
        "trust.state.json",
        "trust.toml",
    ]
    assert not any((tmp_path / "tmp").iterdir())
    status, seen, _ = _watched(tmp_path, allowed, "verify", "out")
    assert (status, seen) == (3, [])


def test_what_is_opened_from_its_seal_leaves_no_trace(made: Sample, tmp_path: Path) -> None:
    pytest.importorskip("pyrage")
    from tests.bundle.recipients import pair, sealing

    reader = pair(tmp_path, "reader")
    made.export(tmp_path / "out", sealing=sealing(("E-0002",), reader, pair(tmp_path, "escrow")))
    (tmp_path / "trust.toml").write_bytes(made.full)
    (tmp_path / "tmp").mkdir()
    arguments = ["verify", "out", "--trust", "trust.toml", "--as-of", "2026-11-25", "--identity", str(reader.file)]
    status, seen, said = _watched(tmp_path, f"{tmp_path / 'tmp'}:{tmp_path / 'trust.state.json'}:{tmp_path / '.t'}", *arguments)
    assert status == 0, said
    assert [one for one in seen if ".tmp-" not in one] == []
    assert not any((tmp_path / "tmp").iterdir())


def _sentences(text: str) -> None:
    assert "Traceback" not in text
    assert "a fault in compliance-tui" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("name", list(TAMPERINGS))
def test_every_tampering_ends_the_program_in_a_sentence(made: Sample, bundle: Path, tmp_path: Path, name: str) -> None:
    from tests.cli.calling import Ended

    TAMPERINGS[name](bundle)
    ended: list[Ended] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setattr(sys, "argv", ["compliance-tui", "verify", "out", "--trust", "trust.toml"])
        from compliance_tui.cli.main import main

        with pytest.raises(SystemExit) as end:
            main()
    assert end.value.code == 1
    assert ended == []


PEAK = textwrap.dedent("""
    import sys
    from compliance_tui.cli.main import main
    sys.argv = ["compliance-tui", *sys.argv[1:]]
    try:
        main()
    except SystemExit as end:
        # Not getrusage: that remembers how large the process was that started this one.
        with open("/proc/self/status") as status:
            peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
        print(end.code, int(peak) // 1024, file=sys.stderr)
""")


def _peak(folder: Path, *arguments: str) -> tuple[int, int, str]:
    """Exit status and peak memory in megabytes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COMPLIANCE_TUI_CONFIG": str(folder / "none")}
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    _sentences(done.stdout + done.stderr)
    status, peak = done.stderr.strip().splitlines()[-1].split()
    return int(status), int(peak), done.stdout + done.stderr


MEBIBYTE = 1 << 20
JSON_BOMBS = {
    "empty lists": (b"[" + b"[]," * (3 * MEBIBYTE))[: 11 * MEBIBYTE] + b"1]",
    "small objects": b"[" + b'{"":0},' * MEBIBYTE + b"1]",
    "numbers": b"[" + b"1," * (5 * MEBIBYTE) + b"1]",
    "brackets": b"[" * (11 * MEBIBYTE),
    "one text": b'["' + "\U0001f600".encode() * (2 * MEBIBYTE) + b'"]',
    "wrong answers": b'{"schema": "bundle-assessment/1", "answers": [' + b"{}," * 190_000 + b"{}]}",
    "wrong axes": b'{"axes": {' + b",".join(b'"a%d": 0' % n for n in range(190_000)) + b"}}",
    "wrong artifacts": b'{"subject": {"artifacts": [' + b"1," * 190_000 + b"1]}}",
}


@pytest.mark.parametrize("place", ["core/assessment.json", "core/readiness.json", "items/E-0002/item.json"])
@pytest.mark.parametrize("name", JSON_BOMBS)
def test_json_that_swells_is_bounded(made: Sample, bundle: Path, tmp_path: Path, name: str, place: str) -> None:
    forge(bundle, made, lambda _: (bundle / place).write_bytes(JSON_BOMBS[name]))
    status, peak, said = _peak(tmp_path, "verify", "out", "--trust", "trust.toml", "--as-of", "2026-11-25")
    assert status == 1, said
    assert peak < 200, said


def _many_entries(path: Path) -> None:
    """The largest directory that is read at all: as many members as allowed, with the longest names."""
    from compliance_tui.bundle.zip_read import MOST_MEMBERS

    content, directory, position = [], [], 0
    for number in range(MOST_MEMBERS):
        name = f"items/E-{number:06d}/files/".encode()
        name += b"x" * (160 - 1) + b"/" + b"y" * (LONGEST - len(name) - 160)
        header = local_header(name, 0, 0)
        content.append(header)
        directory.append(central_header(name, 0, 0, position))
        position += len(header)
    end = end_records(MOST_MEMBERS, sum(map(len, directory)), position)
    path.write_bytes(b"".join(content) + b"".join(directory) + end)


def _sparse(path: Path) -> None:
    """An end record that claims a directory of gigabytes, which the file really has: nothing but zeros."""
    with path.open("wb") as file:
        file.write(b"PK")
        file.truncate(4 << 30)
        file.seek(0, 2)
        file.write(end_records(200_000, 4 << 30, 0))


def _claims(path: Path) -> None:
    path.write_bytes(
        b"PK" + end_records(65_534, 100, 2) + b"\0" * 80 + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 9, 9, 80, 24, 0)
    )


ZIP_BOMBS: dict[str, Callable[[Path], None]] = {"entries": _many_entries, "sparse": _sparse, "claims": _claims}


@pytest.mark.parametrize("name", ZIP_BOMBS)
def test_a_container_that_swells_is_bounded(tmp_path: Path, name: str) -> None:
    ZIP_BOMBS[name](tmp_path / "x.zip")
    status, peak, said = _peak(tmp_path, "verify", "x.zip")
    assert status == 1, said
    assert peak < 200, said


@pytest.mark.parametrize("place", ["core/items.sha256", "core/SHA256SUMS"])
def test_a_manifest_that_swells_is_bounded(made: Sample, bundle: Path, tmp_path: Path, place: str) -> None:
    names = (f"items/E-{number:09d}/SHA256SUMS" for number in range(10**8, 10**8 + 300_000))
    (bundle / place).write_text("".join(f"{'a' * 64}  {name}\n" for name in names))
    if place == "core/items.sha256":
        from tests.bundle.forging import resum

        content = (bundle / place).read_bytes()
        shutil.rmtree(bundle / "items")
        (bundle / "items").mkdir()
        resum(bundle)
        assert (bundle / place).read_bytes() == content
        (bundle / "items").rmdir()
        sign_again(bundle, made)
    status, peak, said = _peak(tmp_path, "verify", "out", "--trust", "trust.toml", "--as-of", "2026-11-25")
    assert status == 1, said
    assert peak < 200, said


def test_a_folder_nested_without_end_is_refused(bundle: Path, tmp_path: Path) -> None:
    deep = bundle / "items/E-0001/files"
    home = os.getcwd()
    os.chdir(deep)
    try:
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(home)
    status, _, said = _peak(tmp_path, "verify", "out")
    subprocess.run(["rm", "-rf", str(deep)], check=True)
    assert status == 1
    assert "nested too deep" in said


def test_many_statements_are_bounded(made: Sample, bundle: Path, tmp_path: Path) -> None:
    source = bundle / "attestations/0001"
    for number in range(2, 140):
        shutil.copytree(source, bundle / f"attestations/{number:04d}")
    status, _, said = _peak(tmp_path, "verify", "out", "--trust", "trust.toml")
    assert status == 1
    assert "more than 100 attestations" in said


def test_a_folder_that_may_not_be_read_is_a_sentence(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from compliance_tui.bundle.tree import open_tree
    from compliance_tui.safe.errors import InputError

    def refuses(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuses)
    with pytest.raises(InputError, match="permission denied"), open_tree(bundle):
        pass
