"""rate: the rating of a bypass, or of a whole register, by a standard's scale."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from compliance_tui.assessment.folder import load
from compliance_tui.assessment.rate import RatedEntry, rate_register, rating_json, scale_of, single_entry, with_ratings
from compliance_tui.assessment.registers import rating_standard, register_document, values_for
from compliance_tui.cli.assess import pairs
from compliance_tui.cli.settings import extra_standards, instant, named, print_json, say
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic, writing
from compliance_tui.safe.language import gettext, message, ngettext
from compliance_tui.safe.strict_json import dump_json, load_json
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import find_pack, standard_folders
from compliance_tui.standard.rating import level_value
from compliance_tui.standard.scale import RatingScale

_LARGEST_REGISTER = 16 * (1 << 20)


@click.command()
@click.argument("register", required=False, type=click.Path(path_type=Path))
@click.option("--item", default=None, metavar="ITEM", help="A register that is attached here as evidence.")
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
    item: str | None,
    reference: str | None,
    levels: Sequence[str],
    modifiers: Sequence[str],
    axes: Sequence[str],
    as_of: str | None,
    write: bool,
    as_json: bool,
) -> int:
    """Rate bypasses by a scale: base and residual points, bands, what is due by when, other people's scales beside it.

    Without a register and levels, the scale is explained. Exit status 1 where a stored rating is not the computed one.

    \b
    Example:
      compliance-tui rate register.json --by jailbreak-risk
      compliance-tui rate --item E-0009 --as-of 2026-12-01
      compliance-tui rate --level uplift=3 --level breadth=2 --level ease=2 --level transfer=1 --level exposure=0
    """
    if register is not None and item is not None:
        raise InputError("bad-usage", message("name a register or an --item, not both"))
    here = named(ctx)
    contents = load(here) if item or (here / "assessment.toml").exists() else None
    folders = standard_folders(extra_standards(ctx))
    standard = find_pack(reference, folders).standard if reference is not None else rating_standard(contents, folders)
    values = {**values_for(contents, standard), **pairs(axes, "--set", "AXIS=VALUE")}
    at = instant(as_of)
    if register is not None:
        content = read_bounded(register, _LARGEST_REGISTER)
        document = load_json(content, str(register), limit=_LARGEST_REGISTER)
        if not isinstance(document, dict):
            text = message("{path}: must hold a JSON object", path=clean_line(str(register)))
            raise InputError("bad-rating", text)
    elif item is not None and contents is not None:
        document = register_document(contents, item)
    elif levels:
        document = single_entry(pairs(levels, "--level", "AXIS=LEVEL"), pairs(modifiers, "--modifier", "NAME=OPTION"))
    else:
        for line in _explained(scale_of(standard)):
            say(line)
        return 0
    rated = rate_register(document, standard, values, at)
    if write and register is not None:
        with writing(register):
            write_atomic(register, dump_json(with_ratings(document, rated)))
        say(
            ngettext(
                "{register}: one rating written by {standard}",
                "{register}: {number} ratings written by {standard}",
                len(rated),
                register=register,
                standard=f"{standard.id} {standard.version}",
            )
        )
        return 0
    stored = register is not None or item is not None
    if as_json:
        print_json(rating_json(rated))
    else:
        for one in rated:
            for line in _lines(one, stored):
                say(line)
    return 1 if stored and not all(one.as_stored for one in rated) else 0


def _lines(one: RatedEntry, stored: bool) -> Iterator[str]:
    rating = one.entry.rating
    yield gettext(
        "{entry}: base {base} {base_band}, residual {residual} {residual_band}, in force {band}",
        entry=one.entry.id,
        base=rating.base,
        base_band=rating.base_band,
        residual=rating.residual,
        residual_band=rating.residual_band,
        band=one.band,
    ) + ("" if one.as_stored or not stored else "  " + gettext("(stored otherwise)"))
    if one.override:
        yield f"  {gettext(one.override)}"
    if one.clocks:
        hours = ", ".join(f"{name} {hours}" for name, hours in one.clocks.items())
        late = "  " + gettext("(contained late)") if one.entry.late else ""
        yield "  " + gettext("clocks in hours: {hours}", hours=hours) + late
    if stored:
        for deadline in one.entry.deadlines:
            yield f"    {deadline.clock}: {gettext(deadline.text)}"
    for name, outside in one.outside.items():
        yield "  " + gettext(
            "beside it, unofficial: {scale} {band} ({points} points)", scale=name, band=outside.base_band, points=outside.base
        )
    if one.jef is not None:
        yield "  " + gettext("beside it, unofficial: {scale} {value}", scale="JEF", value=one.jef)
    for text in one.cautions:
        yield "  " + gettext("look again: {why}", why=gettext(text))


def _explained(scale: RatingScale) -> Iterator[str]:
    yield f"{scale.id}: {gettext(scale.title)}"
    for axis in scale.axes:
        yield f"{axis.id}: {gettext(axis.title)}"
        for place, level in enumerate(axis.levels):
            told = ngettext("{number} point", "{number} points", level.points)
            yield f"  {level_value(axis, place)} ({told}): {gettext(level.anchor)}"
    for modifier in scale.modifiers:
        options = ", ".join(f"{one.id} ({one.points:+d})" for one in modifier.options)
        yield gettext("modifier {modifier}: {options}", modifier=modifier.id, options=options)
    bands = (gettext("{band} from {floor}", band=band.id, floor=band.floor) for band in scale.bands)
    yield gettext("bands: {bands}", bands=", ".join(bands))
