"""The program: which command lives where, options that all commands share, and how an error ends.

Commands are imported when they are called: ``--help`` and ``--version`` cost what click costs.
"""

import contextlib
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from compliance_tui import __version__
from compliance_tui.safe.errors import ComplianceError
from compliance_tui.safe.language import choose, gettext, message, preferred, speaks_source

# name -> (module, one line for the list of commands)
COMMANDS = {
    "recent": ("look", message("List what was opened last in the terminal UI")),
    "demo": ("demo", message("Make a sample assessment with real evidence, and look at it")),
    "init": ("assess", message("Start an assessment in a folder")),
    "status": ("assess", message("Say whether the release is ready, with a reason for each control")),
    "show": ("assess", message("Show one control: what it asks, what was answered, what is missing")),
    "answer": ("assess", message("Answer a control")),
    "attach": ("attach", message("Attach evidence files to controls")),
    "detach": ("attach", message("Let an evidence item no longer serve a control")),
    "sign-off": ("assess", message("Accept an answer, as a person in a seat")),
    "waive": ("assess", message("Accept a gap until a day")),
    "plan": ("plan", message("Say what still blocks by who has to act, and what runs out when")),
    "find": ("plan", message("List the controls that a filter finds")),
    "history": ("history", message("Show who changed an answer, when, and what")),
    "undo": ("history", message("Take back your own last change of an answer")),
    "redo": ("history", message("Bring back what you have taken back")),
    "people": ("people", message("List the people and the seats that they may sign in")),
    "release": ("release", message("Show or change what is released, and when")),
    "axes": ("people", message("Show or choose the values that decide which controls apply")),
    "evidence": ("evidence", message("List, show, read and verify evidence")),
    "store": ("store", message("Share the bytes of the evidence between machines")),
    "migrate": ("migrate", message("Move the answers to another version of a standard")),
    "rate": ("rate", message("Rate bypasses by a standard's scale")),
    "export": ("bundle", message("Write the bundle, signed")),
    "sign": ("bundle", message("Add a signature to a bundle")),
    "verify": ("bundle", message("Check a bundle against your own trust policy")),
    "redact": ("editions", message("Write an edition with some items withheld or sealed")),
    "disclose": ("editions", message("Write one item's folder, to hand over later")),
    "determine": ("regulator", message("Answer a bundle with a signed decision")),
    "receipt": ("regulator", message("Confirm with a signature that a bundle arrived whole")),
    "review": ("regulator", message("Add an assessor's signed review to a bundle")),
    "withdraw": ("regulator", message("Say that the lab no longer stands by its bundle")),
    "supersede": ("regulator", message("Put another bundle in the place of one")),
    "register": ("regulator", message("Sign the lab's register of its bundles")),
    "compare": ("compare", message("Say what changed between two bundles or two assessments")),
    "standards": ("standards", message("List, show, compare, check and write standards")),
    "keys": ("keys", message("Make and show signing keys")),
    "trust": ("trust", message("Write and check a trust policy")),
    "timestamp": ("timestamp", message("Have the signatures of a bundle time-stamped")),
    "log": ("log", message("Show the audit log, check it, and prove what it holds")),
    "keymap": ("keymap", message("List the keys of the terminal UI")),
    "schema": ("schema", message("Print the JSON Schema of a format")),
}
_SPOKEN = "compliance_tui.language"  # in a context's notes: the language is settled
_HIDDEN = {"open": ("open", message("Open an assessment or a bundle in the terminal UI"))}


class Program(click.Group):
    """A group that imports a command's module when the command is called; a path instead of a command opens it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        entry = COMMANDS.get(cmd_name) or _HIDDEN.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"compliance_tui.cli.{entry[0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        if speaks_source():
            return command
        from compliance_tui.cli.help import translated

        return translated(command)

    def get_help(self, ctx: click.Context) -> str:
        """The help, in the language asked for; that of the configuration file is not looked up for it."""
        if not ctx.meta.get(_SPOKEN):
            choose(os.environ.get("COMPLIANCE_TUI_LANGUAGE") or preferred(os.environ))
        if speaks_source():
            return super().get_help(ctx)
        from compliance_tui.cli.help import Formatter, translated

        formatter = Formatter(width=ctx.terminal_width, max_width=ctx.max_content_width)
        translated(self).format_help(ctx, formatter)
        return formatter.getvalue().rstrip("\n")

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """A first word that is no command but exists as a path is opened."""
        if args and args[0] not in COMMANDS and (Path(args[0]).exists() or "/" in args[0] or "." in args[0]):
            return "open", self.get_command(ctx, "open"), args
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table above, so that help imports none of them."""
        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, gettext(line)) for name, (_, line) in COMMANDS.items()])


def _speak(ctx: click.Context, parameter: click.Parameter, code: str | None) -> None:
    """Settle the language before anything is said; ``--version`` does not come here."""
    from compliance_tui.cli.settings import choose_language

    choose_language(code)
    ctx.meta[_SPOKEN] = True


@click.command(
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "COMPLIANCE_TUI"},
    epilog="Without a command, or with a path: the terminal UI. Exit status: 0 yes, 1 broken or altered, "
    "2 not understood or not readable, 3 genuine but not ready or not accepted.",
)
@click.option("-C", "folder", type=click.Path(path_type=Path), default=None, help="Work on the assessment in this folder.")
@click.option("--standards", type=click.Path(path_type=Path), default=None, help="A folder with further standards.")
@click.option("--kinds", type=click.Path(path_type=Path), default=None, help="A folder with further evidence kinds.")
@click.option("--me", default=None, help="Who acts (default: the configuration file, else your login name).")
@click.option(
    "--language",
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=_speak,
    help="Say it in this language, such as de (default: the configuration file, else the environment).",
)
@click.option("--plain", is_flag=True, help="Print plain lines instead of opening the terminal UI.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, for selecting text.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, prog_name="compliance-tui")
@click.pass_context
def program(ctx: click.Context, /, **options: Any) -> int:
    """Walk a release through versioned security standards, and export evidence that anybody can verify.

    \b
    Example:
      compliance-tui init release --standard frontier-release --subject "northwind-2"
      compliance-tui -C release status
    """
    ctx.obj = options
    if not speaks_source():
        from compliance_tui.cli.settings import speak_of_standards

        speak_of_standards(ctx)
    if ctx.invoked_subcommand is None:
        command = program.get_command(ctx, "open")
        if command is not None:
            return int(ctx.invoke(command) or 0)
    return 0


def main() -> NoReturn:
    """Run the program; every error ends in one sentence on standard error and an exit status."""
    debug = "--debug" in sys.argv
    try:
        result = program.main(standalone_mode=False, prog_name="compliance-tui")
        status = result if isinstance(result, int) else 0
        sys.stdout.flush()
    except ComplianceError as error:
        if debug:
            raise
        status = _say(str(error), error.exit_status)
    except click.exceptions.Exit as error:
        status = error.exit_code
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx and not error.ctx.find_root().meta.get(_SPOKEN):
            with contextlib.suppress(ComplianceError):  # refused before the option of the language was looked at
                choose(os.environ.get("COMPLIANCE_TUI_LANGUAGE") or preferred(os.environ))
        hint = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "compliance-tui"
        status = _say(message("{problem} Try `{command} --help`.", problem=_refusal(error), command=hint), 2)
    except (click.Abort, KeyboardInterrupt):
        status = _say(message("stopped"), 130)
    except BrokenPipeError:
        sys.stderr.close()
        status = 0
    except OSError as error:
        if debug:
            raise
        reason = (error.strerror or str(error)).lower()
        status = _say(message("{file}: {reason}", file=error.filename or message("a file"), reason=reason), 2)
    except Exception as error:
        if debug:
            raise
        name = type(error).__name__
        fault = message("a fault in compliance-tui itself ({name}); run again with --debug and report it", name=name)
        status = _say(fault, 2)
    sys.exit(status)


def _refusal(error: click.ClickException) -> str:
    if speaks_source():
        return error.format_message()
    from compliance_tui.cli.help import refusal

    return refusal(error)


def _say(sentence: str, status: int) -> int:
    from compliance_tui.safe.text import clean

    print(clean(gettext("error: {sentence}", sentence=gettext(sentence))), file=sys.stderr)
    return status
