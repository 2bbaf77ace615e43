"""Documents for people. A document proves what it says only by who stands behind it: its facts are stated, not measured.

A Markdown or text file may begin with a front matter between ``---`` lines, one ``key: value`` a line; keys that the kind
declares become facts. Of anything else (PDF, pictures…) no facts are read.
"""

import re
from typing import BinaryIO

from compliance_tui.evidence.fact import Fact, Facts
from compliance_tui.evidence.kind import Kind, typed
from compliance_tui.evidence.readers.reading import refuse
from compliance_tui.safe.language import message

READER = "document/1"
_HEAD = 64 * 1024
_COMMON = {"speaks_of": "date", "signed_at": "date", "title": "text", "owner": "text", "version": "text"}


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a document's front matter. Raises InputError ``unreadable-evidence`` where it has one that is wrong."""
    head = file.read(_HEAD)
    if not head:
        refuse(name, message("is empty"))
    matter = re.match(rb"---\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", head, re.DOTALL)
    if matter is None:
        return Facts(kind=kind.id, reader=READER, warnings=(message("no facts can be read from it; a person has to judge it"),))
    try:
        lines = matter[1].decode("utf-8").splitlines()
    except UnicodeDecodeError:
        refuse(name, message("its front matter is not UTF-8"))
    facts: dict[str, Fact] = {}
    warnings = []
    for number, line in enumerate(lines, 2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip().strip("\"'")
        if not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,79}", key):
            refuse(name, message("line {number}: a front matter has lines of the form `key: value`", number=number))
        declared = kind.declaration(key)
        if declared is not None:
            fact = typed(value, declared, f"{name}, line {number}")
            facts[key] = Fact(value=fact, unit=declared.unit, where=f"{name[:200]}#line {number}", source="stated")
        elif key in _COMMON:
            facts[key] = Fact(value=value[:2000], where=f"{name[:200]}#line {number}", source="stated")
        elif key != "kind":
            warnings.append(
                message(
                    "line {number}: {key} is no fact of {kind} and was passed over", number=number, key=key[:40], kind=kind.id
                )
            )
    return Facts(kind=kind.id, reader=READER, facts=facts, warnings=tuple(warnings))
