"""A standard's texts in another language: a file beside the version, shown instead of the original on screens, nowhere else.

``<id>/<version>.<language>.toml`` names the version and the SHA-256 of the bytes that it translates. It is not normative: what
is pinned, digested, signed and exported is the original alone. How to write one: ``docs/standards-authors.md``; the JSON Schema
is published by ``compliance-tui schema translation``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from compliance_tui.safe.files import read_bounded
from compliance_tui.safe.language import Message, also_say, joined, message, spoken
from compliance_tui.safe.model import load_model
from compliance_tui.safe.toml import Location, line_of
from compliance_tui.shipped import shipped
from compliance_tui.standard.lint import Finding
from compliance_tui.standard.load import is_translation
from compliance_tui.standard.model import Control, Standard
from compliance_tui.standard.rule import Digest, Identifier, Line, Model, Prose, Slug, Version
from compliance_tui.standard.scale import RatingScale

LARGEST_TRANSLATION = 256 * 1024


class Header(Model):
    """What is translated into which language, and by whom."""

    standard: Slug
    version: Version
    sha256: Digest
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
    translators: list[Line] = Field(default_factory=list)


class StandardTexts(Model):
    """The texts of the standard itself."""

    title: Line | None = None
    summary: Prose = ""
    disclaimer: Prose = ""


class ValueTexts(Model):
    """The texts of one value of an axis."""

    title: Line | None = None
    meaning: Prose = ""


class AxisTexts(Model):
    """The texts of an axis, with those of its values by their ids."""

    title: Line | None = None
    question: Prose = ""
    values: dict[Identifier, ValueTexts] = Field(default_factory=dict)


class GroupTexts(Model):
    """The texts of a group."""

    title: Line | None = None
    summary: Prose = ""


class ControlTexts(Model):
    """The texts of a control: the titles of its checks by their ids, the reasons of its blocks in their order."""

    title: Line | None = None
    statement: Prose = ""
    guidance: Prose = ""
    example: Prose = ""
    checks: dict[str, Line] = Field(default_factory=dict)
    blocked: list[Line] = Field(default_factory=list)


class ModifierTexts(Model):
    """The texts of a modifier of a rating scale, with the titles of its options by their ids."""

    title: Line | None = None
    options: dict[Slug, Line] = Field(default_factory=dict)


class ScaleAxisTexts(Model):
    """The texts of an axis of a rating scale; anchors in the order of its levels."""

    title: Line | None = None
    anchors: list[Line] = Field(default_factory=list)


class ScaleTexts(Model):
    """The texts of a rating scale; cautions in their order."""

    title: Line | None = None
    summary: Prose = ""
    axes: dict[Slug, ScaleAxisTexts] = Field(default_factory=dict)
    bands: dict[Identifier, Line] = Field(default_factory=dict)
    modifiers: dict[Slug, ModifierTexts] = Field(default_factory=dict)
    cautions: list[Line] = Field(default_factory=list)


class Translation(Model):
    """All texts of one version in one language. What is left out is shown as it is in the original."""

    translation: Header
    standard: StandardTexts = Field(default_factory=StandardTexts)
    axes: dict[Slug, AxisTexts] = Field(default_factory=dict)
    seats: dict[Slug, Line] = Field(default_factory=dict)
    groups: dict[Identifier, GroupTexts] = Field(default_factory=dict)
    controls: dict[Identifier, ControlTexts] = Field(default_factory=dict)
    scales: dict[Slug, ScaleTexts] = Field(default_factory=dict)


# One text: where it stands in the translation, the original, and what is said instead ("" or None: nothing).
_Pair = tuple[Location, str, str | None]


def translations_of(path: Path) -> list[Path]:
    """The translations that lie beside the version at ``path``."""
    found = path.parent.glob(f"{path.stem}.*.toml")
    return sorted(one for one in found if is_translation(one) and one.stem.rpartition(".")[0] == path.stem)


def load_translation(content: bytes, where: str) -> Translation:
    """The translation in ``content``. Raises InputError naming ``where``, the line and the field."""
    return load_model(content, Translation, where, limit=LARGEST_TRANSLATION)


def read_translation(path: Path) -> Translation:
    """The translation in the file at ``path``. Raises InputError, as ``load_translation``."""
    return load_translation(read_bounded(path, LARGEST_TRANSLATION), str(path))


def translation_faults(standard: Standard, sha256: str, translation: Translation) -> Iterator[tuple[Location, Message]]:
    """What is wrong with a translation of ``standard``, whose bytes have that digest: each with its place in the file."""
    header = translation.translation
    if (header.standard, header.version) != (standard.id, standard.version):
        text = message(
            "translates {standard} {version}, but lies beside another", standard=header.standard, version=header.version
        )
        yield ("translation", "standard"), text
        return
    if header.sha256 != sha256:
        text = message(
            "translates other bytes: their SHA-256 is {found}…, not {said}…", found=sha256[:16], said=header.sha256[:16]
        )
        yield ("translation", "sha256"), text
    known = {location for location, _, _ in _pairs(standard, translation)}
    for location in _written(translation):
        if location not in known:
            yield location, message("translates {what}, which the standard does not have", what=_spelled(location))
    missing: dict[Location, list[str]] = {}
    for location, original, said in _pairs(standard, translation):
        if original.strip() and not (said or "").strip():
            missing.setdefault(location[:2], []).append(_spelled(location[2:]) or _spelled(location[1:]))
    for place, names in missing.items():
        yield place, message("has no translation of {what}: {texts}", what=_spelled(place), texts=joined(names))


def lint_translations(standard: Standard, sha256: str, path: Path) -> Iterator[tuple[Path, int, Finding]]:
    """Faults of the translations that lie beside the pack at ``path``: each with its file and line. Raises InputError."""
    for beside in translations_of(path):
        content = read_bounded(beside, LARGEST_TRANSLATION)
        for location, text in translation_faults(standard, sha256, load_translation(content, str(beside))):
            yield beside, line_of(content, location), Finding(message("translation"), text, location)


def _spelled(location: Location) -> str:
    return ".".join(str(part) for part in location)


def _pairs(standard: Standard, said: Translation) -> Iterator[_Pair]:
    header, texts = standard.standard, said.standard
    for name in ("title", "summary", "disclaimer"):
        yield ("standard", name), getattr(header, name), getattr(texts, name)
    for axis in standard.axes:
        its = said.axes.get(axis.id, AxisTexts())
        yield ("axes", axis.id, "title"), axis.title, its.title
        yield ("axes", axis.id, "question"), axis.question, its.question
        for value in axis.values:
            words = its.values.get(value.id, ValueTexts())
            yield ("axes", axis.id, "values", value.id, "title"), value.title, words.title
            yield ("axes", axis.id, "values", value.id, "meaning"), value.meaning, words.meaning
    for seat in standard.seats:
        yield ("seats", seat.id), seat.title, said.seats.get(seat.id)
    for group in standard.groups:
        heading = said.groups.get(group.id, GroupTexts())
        yield ("groups", group.id, "title"), group.title, heading.title
        yield ("groups", group.id, "summary"), group.summary, heading.summary
    for control in standard.controls:
        yield from _control_pairs(control, said.controls.get(control.id, ControlTexts()))
    for scale in standard.scales:
        yield from _scale_pairs(scale, said.scales.get(scale.id, ScaleTexts()))


def _control_pairs(control: Control, said: ControlTexts) -> Iterator[_Pair]:
    for name in ("title", "statement", "guidance", "example"):
        yield ("controls", control.id, name), getattr(control, name), getattr(said, name)
    for check in control.checks:
        yield ("controls", control.id, "checks", check.id), check.title, said.checks.get(check.id)
    yield from _in_order(("controls", control.id, "blocked"), [rule.reason for rule in control.blocked], said.blocked)


def _scale_pairs(scale: RatingScale, said: ScaleTexts) -> Iterator[_Pair]:
    top: Location = ("scales", scale.id)
    yield (*top, "title"), scale.title, said.title
    yield (*top, "summary"), scale.summary, said.summary
    for axis in scale.axes:
        its = said.axes.get(axis.id, ScaleAxisTexts())
        yield (*top, "axes", axis.id, "title"), axis.title, its.title
        yield from _in_order((*top, "axes", axis.id, "anchors"), [level.anchor for level in axis.levels], its.anchors)
    for band in scale.bands:
        yield (*top, "bands", band.id), band.title, said.bands.get(band.id)
    for modifier in scale.modifiers:
        words = said.modifiers.get(modifier.id, ModifierTexts())
        yield (*top, "modifiers", modifier.id, "title"), modifier.title, words.title
        for option in modifier.options:
            yield (*top, "modifiers", modifier.id, "options", option.id), option.title, words.options.get(option.id)
    yield from _in_order((*top, "cautions"), [caution.text for caution in scale.cautions], said.cautions)


def _in_order(top: Location, originals: list[str], said: list[str]) -> Iterator[_Pair]:
    for place, original in enumerate(originals):
        yield (*top, place), original, said[place] if place < len(said) else None


def _written(translation: Translation) -> Iterator[Location]:
    """The place of every text that the file holds."""
    for name, value in translation.model_dump(exclude_unset=True).items():
        if name != "translation":
            yield from _leaves((name,), value)


def _leaves(location: Location, value: object) -> Iterator[Location]:
    if isinstance(value, dict | list):
        for name, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves((*location, name), inside)
    else:
        yield location


_folders = [shipped("standards")]
_found: dict[tuple[str, str], dict[str, str]] = {}


def look_in(folder: Path) -> None:
    """Look for translations in that folder of standards too."""
    if folder not in _folders:
        _folders.append(folder)


def speak(standard: Standard, sha256: str, beside: Path | None = None) -> None:
    """From now on ``gettext`` says the texts of ``standard`` in the language that was chosen, where they are translated.

    ``sha256`` is that of its bytes: a translation of other bytes is passed over. It lies in a folder of standards, or next to
    the pack at ``beside``. Raises InputError for a file that is no translation.
    """
    key = spoken(), sha256
    if key not in _found:
        folders = [*(folder / standard.id for folder in _folders), *([beside.parent] if beside else [])]
        paths = (folder / f"{standard.version}.{spoken()}.toml" for folder in folders)
        found = [read_translation(path) for path in dict.fromkeys(paths) if path.is_file()]
        texts = [_pairs(standard, one) for one in found if one.translation.sha256 == sha256]
        _found[key] = {original: said for pairs in texts for _, original, said in pairs if original and said}
    also_say(_found[key])
