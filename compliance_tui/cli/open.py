"""The terminal UI, or its plain twin where there is no terminal to draw on."""

import gc
import os
import sys
from pathlib import Path

import click

from compliance_tui.bundle.names import is_bundle
from compliance_tui.cli.settings import extra_kinds, extra_standards, named, person
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line


def can_draw() -> bool:
    """Whether both ends are a terminal that understands cursor movement."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")


@click.command(hidden=True)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), default=None, help="Your trust policy, for this and later bundles.")
@click.pass_context
def open(ctx: click.Context, path: Path | None = None, trust: Path | None = None) -> int:
    """Open an assessment, or a bundle read-only, in the terminal UI; without a terminal, print its status.

    Where neither a path nor an assessment in the present folder is given, the start page opens.
    """
    options = ctx.find_root().obj
    target = path or named(ctx)
    if options.get("plain") or not can_draw():
        return _print(ctx, target, trust)
    given = path is not None or options["folder"] is not None
    if given and not target.exists():
        text = message("{path}: no such file or folder; check the path", path=clean_line(str(target)))
        raise InputError("not-found", text)
    there = is_bundle(target) or (target / "assessment.toml").exists()
    if given and not there:
        text = message(
            "{path}: no assessment here; `compliance-tui` alone opens the start page, "
            "`compliance-tui init DIR --standard ID --subject NAME` starts one",
            path=clean_line(str(target)),
        )
        raise InputError("no-assessment", text)
    if trust is not None:
        from compliance_tui.cli.trust import read_policy
        from compliance_tui.tui.bundle_session import remember_policy

        read_policy(trust)
        remember_policy(str(trust))
    gc.disable()  # what start-up makes stays; the app turns the collector on when its first list is drawn
    from compliance_tui.tui.app import run

    return run(
        target if there else None,
        person=person(ctx),
        kinds_folder=extra_kinds(ctx),
        standards_folder=extra_standards(ctx),
        mouse=not options.get("no_mouse"),
    )


def _print(ctx: click.Context, target: Path, trust: Path | None) -> int:
    """The plain twin: the status of an assessment, the verdict on a bundle."""
    if is_bundle(target):
        from compliance_tui.cli.bundle import verify

        return int(ctx.invoke(verify, bundle=target, trust=trust) or 0)
    from compliance_tui.cli.assess import status

    ctx.find_root().obj["folder"] = target
    return int(ctx.invoke(status) or 0)
