"""The terminal UI, or its plain twin where there is no terminal to draw on."""

import os
import sys
from pathlib import Path

import click

from compliance_tui.cli.settings import extra_kinds, extra_standards, folder, person


def can_draw() -> bool:
    """Whether both ends are a terminal that understands cursor movement."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")


@click.command(hidden=True)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.pass_context
def open(ctx: click.Context, path: Path | None = None) -> int:
    """Open an assessment, or a bundle read-only, in the terminal UI; without a terminal, print its status."""
    target = path or folder(ctx)
    if not can_draw():
        from compliance_tui.cli.assess import status

        if target.is_file() or (target / "core").is_dir():
            from compliance_tui.cli.bundle import verify

            return int(ctx.invoke(verify, bundle=target) or 0)
        ctx.find_root().obj["folder"] = target
        return int(ctx.invoke(status) or 0)
    from compliance_tui.tui.app import run

    return run(target, person=person(ctx), kinds_folder=extra_kinds(ctx), standards_folder=extra_standards(ctx))
