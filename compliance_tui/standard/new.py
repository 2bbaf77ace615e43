"""A first file for a standards author: a commented pack, or the next version of one that exists."""

import datetime as dt
import re
from pathlib import Path

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import write_atomic, writing
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.standard.load import Pack, load_standard

_START = '''# {title}, version {version}. A pack is one TOML file per version, at <id>/<version>.toml.
# `compliance-tui standards lint {path}` says what is wrong; `compliance-tui schema standard` prints the whole language.

[standard]
id = "{identifier}"
title = "{title}"
version = "{version}"
released = {day}
status = "draft"
summary = """
What this standard is for, and for whom, in two sentences."""
disclaimer = """
What it is not: who has not endorsed it, and what meeting it does not show."""
authors = []
licence = "CC-BY-4.0"

# An axis decides which controls apply. The assessment chooses a value; an ordered axis may be asked "from" a value on.
[[axes]]
id = "profile"
title = "Release profile"
question = "How will people get at it?"
ordered = true
values = [
  {{ id = "internal", title = "Internal", meaning = "Nobody outside the organisation." }},
  {{ id = "public", title = "Public", meaning = "Anybody." }},
]

# A seat is a role in which a person signs an answer off. Nobody may fill two seats of one control.
[[seats]]
id = "owner"
title = "Owner of the control"

# Other people's documents that controls refer to. A reference says "related", never "equivalent".
[[sources]]
id = "nist-csf"
title = "Cybersecurity Framework"
version = "2.0"
publisher = "NIST"

[[groups]]
id = "A"
title = "First chapter"

[[controls]]
id = "A-01"
group = "A"
title = "Code scanned clean"
statement = """
One thing that must be so, in words that two strangers read alike."""
guidance = """
- What to do, concretely; what counts, and what does not."""
example = """
What good evidence looks like: a date, a number, what it is compared with."""
required = [{{ from = {{ profile = "public" }} }}]  # where it blocks
recommended = [{{}}]                               # everywhere else it is shown and never blocks
evidence = [{{ kinds = ["sarif"], max_age_days = 14 }}]
sign_offs = [{{ seats = ["owner"] }}]
references = ["nist-csf:PR.PS-06"]

# A check compares a fact of the evidence with a limit. `compliance-tui evidence kinds sarif` lists the facts of a kind.
[[controls.checks]]
id = "errors"
title = "Serious findings not suppressed"
evidence = "sarif"
fact = "errors_unsuppressed"
op = "=="
limit = 0
unit = "findings"

[[controls.checks]]
id = "ran"
title = "The scan ran to its end"
evidence = "sarif"
fact = "completed"
op = "=="
limit = true

# The next version lists what it changed, and what that does to an old answer (keep, recheck, recompute, drop, new):
# [[changes]]
# from_version = "{version}"
# kinds = ["tightened"]
# from = ["A-01"]
# to = ["A-01"]
# effect = "recheck"
# note = "14 days instead of 30"
'''

_CHANGES_TABLE = re.compile(r"^\[\[changes\]\].*?(?=^\[(?!\[changes\]\])|\Z)", re.MULTILINE | re.DOTALL)
_CHANGES = """
# What this version changed, one entry each. Kinds: added, retired, renamed, split, merged, reworded, tightened, relaxed, scope,
# rating. Effects: keep (renamed, reworded, relaxed), recheck (tightened, split, merged, scope), recompute (rating), drop, new.
# [[changes]]
# from_version = "{version}"
# kinds = ["reworded"]
# from = ["ID"]
# to = ["ID"]
# effect = "keep"
# note = "why"
"""


def starting_pack(path: Path, title: str | None, day: dt.date) -> None:
    """Write a pack that loads and lints clean, with comments that explain the language. Raises InputError ``exists``."""
    identifier, version = _place(path)
    shown = clean_line(title or identifier.replace("-", " ").capitalize(), 200).replace("\\", "").replace('"', "'")
    content = _START.format(title=shown, identifier=identifier, version=version, day=day, path=clean_line(str(path))).encode()
    load_standard(content, str(path))
    _write(path, content)


def next_version(path: Path, before: Pack, day: dt.date) -> None:
    """Write ``before`` under the version that ``path`` names, with its list of changes still to be filled.

    Raises InputError ``exists`` and ``bad-standard`` (a JSON pack, another id, the same version).
    """
    identifier, version = _place(path)
    if before.suffix != ".toml" or identifier != before.standard.id or version == before.standard.version:
        raise InputError(
            "bad-standard",
            message(
                "{path}: the next version of {standard} {version} is a TOML file of another version at "
                "{standard}/<version>.toml",
                path=clean_line(str(path)),
                standard=before.standard.id,
                version=before.standard.version,
            ),
        )
    text = _CHANGES_TABLE.sub("", before.content.decode().replace("\r\n", "\n")).rstrip() + "\n"
    header = {"version": f'"{version}"', "released": str(day), "supersedes": f'"{before.standard.version}"'}
    text = re.sub(r"^supersedes\s*=.*\n", "", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^released\s*=.*\n", f"released = {header['released']}\n", text, count=1, flags=re.MULTILINE)
    new = f"version = {header['version']}\nsupersedes = {header['supersedes']}\n"
    text = re.sub(r"^version\s*=.*\n", new, text, count=1, flags=re.MULTILINE)
    content = (text + _CHANGES.format(version=before.standard.version)).encode()
    wanted = {"version": version, "supersedes": before.standard.version, "released": day}
    old = before.standard
    carried = old.model_copy(update={"standard": old.standard.model_copy(update=wanted), "changes": []})
    if load_standard(content, str(path)) != carried:
        where = clean_line(str(before.path))
        raise InputError(
            "bad-standard",
            message("{where}: is written in a way that cannot be carried over; copy it and change its header", where=where),
        )
    _write(path, content)


def _place(path: Path) -> tuple[str, str]:
    if path.suffix != ".toml" or not re.fullmatch(r"[a-z][a-z0-9-]{0,59}", path.parent.name):
        raise InputError(
            "bad-standard",
            message("{path}: a pack lies at <id>/<version>.toml, its id in small letters", path=clean_line(str(path))),
        )
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}", path.stem):
        raise InputError(
            "bad-standard",
            message("{path}: {stem!r} is no version; write 0.1", path=clean_line(str(path)), stem=clean_line(path.stem, 40)),
        )
    return path.parent.name, path.stem


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        raise InputError("exists", message("{path}: is there already; choose another version", path=clean_line(str(path))))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
