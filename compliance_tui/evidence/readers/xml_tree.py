"""XML as a tree, bounded. Document types are refused: no report that a tool writes needs entities."""

import re
from collections.abc import Iterable
from typing import cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from compliance_tui.evidence.readers.reading import refuse
from compliance_tui.safe.language import message

DEEPEST_XML = 64
MOST_ELEMENTS = 150_000


def xml_root(content: bytes, name: str) -> Element:
    """The root element of an XML document of at most 64 levels and 150,000 elements.

    Raises InputError ``unreadable-evidence`` for a document type, a NUL, or what is not well-formed.
    """
    # As text, so that no declared encoding can hide a document type from the search.
    try:
        text = content.decode("utf-8-sig", "strict")
    except UnicodeDecodeError as error:
        refuse(name, message("not UTF-8 at byte {start}; save it as UTF-8", start=error.start))
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE) or "\0" in text:
        refuse(name, message("holds a document type or a NUL; remove it, no report needs either"))
    depth = elements = 0
    parser: ElementTree.XMLPullParser[Element] = ElementTree.XMLPullParser(("start", "end"))
    root: Element | None = None
    try:
        for at in range(0, len(text), 1 << 16):
            parser.feed(text[at : at + (1 << 16)])
            for event, element in cast(Iterable[tuple[str, Element]], parser.read_events()):
                depth += 1 if event == "start" else -1
                elements += event == "start"
                if depth > DEEPEST_XML:
                    refuse(name, message("nested deeper than {most} levels", most=DEEPEST_XML))
                if elements > MOST_ELEMENTS:
                    refuse(
                        name,
                        message("holds more than the {most:,} elements that are read; split it", most=MOST_ELEMENTS),
                    )
                root = element if root is None else root
        parser.close()
    except (ElementTree.ParseError, LookupError) as error:
        refuse(name, message("not well-formed XML ({reason})", reason=str(error)))
    if root is None:
        refuse(name, message("holds no XML"))
    return root


def local_name(tag: str) -> str:
    """A tag or an attribute's name without its namespace."""
    return tag.rpartition("}")[2]


def elements_at(start: Element, parts: list[str]) -> list[Element]:
    """The elements below ``start`` along the names ``parts``, namespaces aside; ``*`` is any name."""
    found = [start]
    for part in parts:
        found = [child for element in found for child in element if part == "*" or local_name(child.tag) == part]
    return found


def text_at(start: Element, parts: list[str]) -> list[str]:
    """What stands at a path: an attribute where the last part is ``@name``, the text of elements otherwise."""
    if parts[-1].startswith("@"):
        wanted = parts[-1][1:]
        return [
            value
            for element in elements_at(start, parts[:-1])
            for attribute, value in element.attrib.items()
            if local_name(attribute) == wanted
        ]
    parts = [part for part in parts if part != "."]
    return ["".join(element.itertext()).strip() for element in elements_at(start, parts)]
