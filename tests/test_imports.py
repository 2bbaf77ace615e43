"""What each way in may cost: the command line's front door imports no heavy library, and logic knows no screen."""

import subprocess
import sys

import pytest

HEAVY = ("textual", "rich", "cryptography", "pydantic", "xml", "zipfile", "asyncio")


def _loaded(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())


def test_the_front_door_is_light() -> None:
    assert not _loaded("import compliance_tui.cli.main") & set(HEAVY)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_import_no_command(arguments: list[str]) -> None:
    code = (
        "import sys, contextlib, io\n"
        f"sys.argv = ['compliance-tui', *{arguments!r}]\n"
        "from compliance_tui.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main()"
    )
    assert not _loaded(code) & set(HEAVY)


def test_the_terminal_ui_draws_before_it_imports_what_reads_the_folder() -> None:
    assert not _loaded("import compliance_tui.cli.open") & set(HEAVY)


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("compliance_tui.assessment.folder", ("textual", "rich", "cryptography", "click")),
        ("compliance_tui.assessment.attach", ("textual", "rich", "cryptography", "click")),
        ("compliance_tui.standard.load", ("textual", "rich", "cryptography", "click")),
        ("compliance_tui.bundle.verify", ("textual", "rich", "click")),
        ("compliance_tui.cli.assess", ("textual", "rich", "cryptography")),
        ("compliance_tui.cli.bundle", ("textual", "rich", "cryptography")),
    ],
)
def test_logic_knows_no_screen(module: str, never: tuple[str, ...]) -> None:
    assert not _loaded(f"import {module}") & set(never)
