"""Kinds made up for tests, and the shortest way to what is read with them."""

import io
import json
from typing import Any

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers import read_facts_of
from compliance_tui.safe.model import load_model

HEAD = 'id = "t"\ntitle = "T"\nsummary = "s"\nreader = "form"\ncomplete_when = "c"\nhow_to_produce = "h"\n'
TAIL = 'sample = "s"\nsample_origin = "o"\n[recognise]\nsuffixes = [".x"]\n'


def kind(facts: str, form: str = "json", complete: str = "") -> Kind:
    """A kind whose facts are TOML tables: one line of ``name = …`` fields each."""
    tables = "".join(f"[[facts]]\n{fact.strip()}\n" for fact in facts.strip().split("\n\n"))
    content = f'{HEAD}format = "{form}"\n{TAIL}{"[complete]" if complete else ""}\n{complete}\n{tables}'
    return load_model(content.encode(), Kind, "kind.toml")


def read(content: bytes | str, of: Kind) -> Facts:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return read_facts_of([("file", lambda: stream)], of)


def values(content: Any, of: Kind) -> dict[str, Any]:
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    return {name: fact.value for name, fact in read(content, of).facts.items()}


def warnings(content: Any, of: Kind) -> str:
    return "; ".join(read(json.dumps(content) if not isinstance(content, bytes | str) else content, of).warnings)


SUM = 'name = "n"\ntype = "integer"\ntake = "sum"\nof = "n"'
ANY = {form: kind('name = "n"\ntype = "integer"\ntake = "count"', form) for form in ("json", "jsonl", "csv")}
ANY["toml"] = kind('name = "n"\ntype = "integer"\neach = "/r"\ntake = "count"', "toml")
ANY["xml"] = kind(
    'name = "n"\ntype = "integer"\neach = "/r/a"\ntake = "count"\n\nname = "x"\ntype = "list"\npath = "/r/a/@x"', "xml"
)
