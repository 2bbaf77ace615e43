"""rate: the rating of a bypass, or of a whole register, by a standard's scale."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.rate import RatedEntry, rate_register, rating_json, scale_of, single_entry, with_ratings
from compliance_tui.assessment.readiness import axis_values
from compliance_tui.cli.assess import pairs
from compliance_tui.cli.settings import extra_standards, folder, instant, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic, writing
from compliance_tui.safe.strict_json import dump_json, load_json
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import find_pack, standard_folders
from compliance_tui.standard.model import Standard
from compliance_tui.standard.rating import level_value
from compliance_tui.standard.scale import RatingScale

_LARGEST_REGISTER = 16 * (1 << 20)


@click.command()
@click.argument("register", required=False, type=click.Path(path_type=Path))
@click.option("--by", "reference", default=None, metavar="ID[@VERSION]|FILE", help="The standard with the scale.")
@click.option("--level", "levels", multiple=True, metavar="AXIS=LEVEL", help="Rate one bypass by hand.")
@click.option(
    "--modifier", "modifiers", multiple=True, metavar="NAME=OPTION", help="What was done about it, or makes it worse."
)
@click.option("--set", "axes", multiple=True, metavar="AXIS=VALUE", help="An axis value that clocks depend on.")
@click.option("--as-of", default=None, metavar="T", help="The instant asked about (default: now).")
@click.option("--write", is_flag=True, help="Write the computed numbers into the register.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def rate(
    ctx: click.Context,
    register: Path | None,
    reference: str | None,
    levels: Sequence[str],
    modifiers: Sequence[str],
    axes: Sequence[str],
    as_of: str | None,
    write: bool,
    as_json: bool,
) -> int:
    """Rate bypasses by a scale: base and residual points, bands, clocks, and other people's scales beside it.

    Without a register and levels, the scale is explained. Exit status 1 where a stored rating is not the computed one.

    \b
    Example:
      compliance-tui rate register.json --by jailbreak-risk
      compliance-tui rate --level uplift=3 --level breadth=2 --level ease=2 --level transfer=1 --level exposure=0
    """
    standard, values = _standard(ctx, reference)
    values = {**values, **pairs(axes, "--set", "AXIS=VALUE")}
    at = instant(as_of)
    if register is None:
        if not levels:
            for line in _explained(scale_of(standard)):
                say(line)
            return 0
        document = single_entry(pairs(levels, "--level", "AXIS=LEVEL"), pairs(modifiers, "--modifier", "NAME=OPTION"))
    else:
        content = read_bounded(register, _LARGEST_REGISTER)
        document = load_json(content, str(register), limit=_LARGEST_REGISTER)
        if not isinstance(document, dict):
            raise InputError("bad-rating", f"{clean_line(str(register))}: must hold a JSON object")
    rated = rate_register(document, standard, values, at)
    if write and register is not None:
        with writing(register):
            write_atomic(register, dump_json(with_ratings(document, rated)))
        say(f"{register}: {len(rated)} ratings written by {standard.id} {standard.version}")
        return 0
    if as_json:
        print_json(rating_json(rated))
    else:
        for one in rated:
            for line in _lines(one, register is not None):
                say(line)
    return 1 if register is not None and not all(one.as_stored for one in rated) else 0


def _standard(ctx: click.Context, reference: str | None) -> tuple[Standard, dict[str, str]]:
    """The standard with the scale, and the axis values of the assessment here: the one named, else the one pinned."""
    here = folder(ctx)
    contents = load(here) if (here / "assessment.toml").exists() else None
    if reference is not None:
        standard = find_pack(reference, standard_folders(extra_standards(ctx))).standard
    else:
        pinned = [one for one, _ in contents.standards if one.scales] if contents else []
        standard = pinned[0] if pinned else find_pack("jailbreak-risk", standard_folders(extra_standards(ctx))).standard
    return standard, axis_values(contents.assessment, standard) if contents else {}


def _lines(one: RatedEntry, stored: bool) -> Iterator[str]:
    rating = one.entry.rating
    differs = "" if one.as_stored or not stored else "  (stored otherwise)"
    yield (
        f"{one.entry.id}: base {rating.base} {rating.base_band}, residual {rating.residual} {rating.residual_band}, "
        f"in force {one.band}{differs}"
    )
    if one.clocks:
        late = " (contained late)" if one.entry.late else ""
        yield f"  clocks in hours: {', '.join(f'{name} {hours}' for name, hours in one.clocks.items())}{late}"
    for name, outside in one.outside.items():
        yield f"  beside it, unofficial: {name} {outside.base_band} ({outside.base} points)"
    if one.jef is not None:
        yield f"  beside it, unofficial: JEF {one.jef}"
    for text in one.cautions:
        yield f"  look again: {text}"


def _explained(scale: RatingScale) -> Iterator[str]:
    yield f"{scale.id}: {scale.title}"
    for axis in scale.axes:
        yield f"{axis.id}: {axis.title}"
        for place, level in enumerate(axis.levels):
            yield f"  {level_value(axis, place)} ({level.points} points): {level.anchor}"
    for modifier in scale.modifiers:
        yield f"modifier {modifier.id}: {', '.join(f'{one.id} ({one.points:+d})' for one in modifier.options)}"
    yield f"bands: {', '.join(f'{band.id} from {band.floor}' for band in scale.bands)}"
