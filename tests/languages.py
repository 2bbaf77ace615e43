"""The catalogues of translations: what the code says, gathered; what each language says to it, kept and compiled.

``python -m tests.languages`` brings every ``compliance_tui/languages/<code>.po`` in step with the code and compiles it to the
``.mo`` that the program reads; ``python -m tests.languages fr`` begins a new language. What has no translation is listed, and
said in English until it has one. How to add a language: ``docs/contributors.md``.
"""

import ast
import io
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from compliance_tui.cli.help import parts
from compliance_tui.cli.main import program
from compliance_tui.safe.language import CATALOGUES

PACKAGE = CATALOGUES.parent
# What is asked of the language room -> how many of the first arguments are plain texts.
_ASKED = {"message": 1, "gettext": 1, "nmessage": 2, "ngettext": 2, "pmessage": 2, "pgettext": 2}
# A singular, or a singular and its plural. A context stands before its text, as in a .mo.
Key = str | tuple[str, str]
_CONTEXT = "\x04"


@dataclass
class Said:
    """What the code says: each text with the files that say it, and the places where a text could not be read from the code."""

    texts: dict[Key, set[str]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def gather(package: Path = PACKAGE) -> Said:
    """Every text that the modules of ``package`` mark to be translated."""
    said = Said()
    for path in sorted(package.rglob("*.py")):
        where = path.relative_to(package.parent).as_posix()
        own = where == "compliance_tui/safe/language.py"
        for call, name in _calls(ast.parse(path.read_text(encoding="utf-8")), {name: name for name in _ASKED} if own else {}):
            templates = [argument.value for argument in call.args[: _ASKED[name]] if isinstance(argument, ast.Constant)]
            if len(templates) == _ASKED[name] and all(isinstance(one, str) for one in templates):
                plain = [_CONTEXT.join(templates)] if name.startswith("p") else templates
                said.texts.setdefault(plain[0] if len(plain) == 1 else tuple(plain), set()).add(where)
            elif name != "gettext" and not own:  # which say messages that were made elsewhere
                said.unreadable.append(f"{where}:{call.lineno}")
    if package == PACKAGE:
        for text in _help_texts(program):
            said.texts.setdefault(text, set()).add("compliance_tui/cli")
    for key in [key for key in said.texts if isinstance(key, tuple) and key[0] in said.texts]:
        said.texts[key] |= said.texts.pop(key[0])  # the singular is found in the entry that has a plural too
    return said


def _help_texts(command: click.Command) -> Iterator[str]:
    """What a command and all under it say of themselves: as ``cli.help`` looks it up."""
    yield from filter(None, (parts(command.help or "")[0], command.epilog))
    yield from (one.help for one in command.params if isinstance(one, click.Option) and one.help)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in (*command.list_commands(context), *(["open"] if command is program else [])):
            under = command.get_command(context, name)
            yield from _help_texts(under) if under is not None else ()


def _calls(tree: ast.Module, names: dict[str, str]) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "compliance_tui.safe.language":
            names |= {one.asname or one.name: one.name for one in node.names if one.name in _ASKED}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node, names[node.func.id]


def fields(template: str) -> set[str]:
    """The values that a template names; a text that is no template names none."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError:
        return set()


class Words(Catalog):
    """A catalogue whose header says only what a reader needs: no clock, no version of a tool, no address."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header, name by name."""
        return [
            ("Language", str(self.locale_identifier)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]


def read(code: str) -> Catalog:
    """The translations into the language ``code``; empty where there are none yet."""
    path = CATALOGUES / f"{code}.po"
    if not path.exists():
        return Catalog(locale=code)
    with path.open("rb") as stream:
        return read_po(stream, locale=code)


def brought_in_step(old: Catalog, said: Said) -> Catalog:
    """A catalogue of exactly what is said, with the translations that ``old`` has for it."""
    new = Words(locale=old.locale, fuzzy=False, header_comment=f"# compliance-tui in the language {old.locale}\n#")
    for key, files in said.texts.items():
        context, text = key.split(_CONTEXT) if isinstance(key, str) and _CONTEXT in key else (None, key)
        known = old.get(text if isinstance(text, str) else text[0], context)
        same = known is not None and (known.id if isinstance(known.id, str) else tuple(known.id)) == text
        string = known.string if known is not None and same else ""
        new.add(text, string, locations=[(file, 0) for file in sorted(files)], context=context)
    return new


def po_bytes(catalog: Catalog) -> bytes:
    """The catalogue as a .po file, in the order of its texts."""
    out = io.BytesIO()
    write_po(out, catalog, width=128, sort_output=True, ignore_obsolete=True, include_lineno=False)
    return out.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    """The catalogue as the .mo file that the program reads; what has no translation is left out, and so said in English."""
    done = Words(locale=catalog.locale, fuzzy=False)
    for one in catalog:
        if one.id and _whole(one):
            done.add(one.id, one.string, context=one.context)
    out = io.BytesIO()
    write_mo(out, done)
    return out.getvalue()


def _whole(one: Message) -> bool:
    return all(one.string if one.pluralizable else [one.string])


def untranslated(catalog: Catalog) -> list[str]:
    """The texts for which a form is missing."""
    return [str(one.id) for one in catalog if one.id and not _whole(one)]


def misfits(catalog: Catalog) -> list[str]:
    """Translations that name other values than their texts."""
    wrong = []
    for one in catalog:
        ids = one.id if one.pluralizable else (one.id,)
        forms = one.string if one.pluralizable else (one.string,)
        allowed = [fields(text) for text in ids]
        if one.id and any(form and fields(form) not in allowed for form in forms):
            wrong.append(str(one.id))
    return wrong


def main(codes: list[str]) -> int:
    """Write the catalogues of ``codes``, or of every language that there is; 1 where something is left to do."""
    said = gather()
    left = [f"{where}: the first argument is not a plain text" for where in said.unreadable]
    for code in codes or sorted(path.stem for path in CATALOGUES.glob("*.po")):
        catalog = brought_in_step(read(code), said)
        CATALOGUES.mkdir(exist_ok=True)
        (CATALOGUES / f"{code}.po").write_bytes(po_bytes(catalog))
        (CATALOGUES / f"{code}.mo").write_bytes(mo_bytes(catalog))
        left += [f"{code}: not translated: {text}" for text in untranslated(catalog)]
        left += [f"{code}: names other values: {text}" for text in misfits(catalog)]
    print("\n".join(left) or f"{len(said.texts)} texts, all translated")
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
