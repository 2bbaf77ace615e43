"""Comments on a draft, kept until they are sent to those who write the standard: ``comments/<id>-<version>.toml``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.files import read_bounded, write_atomic, writing
from compliance_tui.safe.instant import format_instant
from compliance_tui.safe.language import message
from compliance_tui.safe.model import load_model
from compliance_tui.safe.text import clean, clean_line
from compliance_tui.safe.toml import LARGEST_TOML, dump_toml
from compliance_tui.standard.rule import Digest, Identifier, Line, Model, Slug, Version

FOLDER = "comments"


class Comment(Model):
    """What somebody has to say about a control of a version."""

    control: Identifier
    by: Line
    at: AwareDatetime
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class Comments(Model):
    """All comments on one version, known by the digest of its bytes."""

    standard: Slug
    version: Version
    sha256: Digest
    comments: list[Comment] = Field(default_factory=list)


def _path(root: Path, standard: str, version: str) -> Path:
    return root / FOLDER / f"{standard}-{version}.toml"


def add_comment(root: Path, standard: str, version: str, sha256: str, comment: Comment) -> Comments:
    """Keep ``comment`` under ``root``, beside earlier ones.

    Raises InputError ``other-text`` where those are on other bytes, ``too-large`` where no more can be kept.
    """
    path = _path(root, standard, version)
    kept = Comments(standard=standard, version=version, sha256=sha256)
    if path.exists():
        kept = load_model(read_bounded(path, LARGEST_TOML), Comments, str(path))
    if kept.sha256 != sha256:
        raise InputError(
            "other-text",
            message(
                "{path}: holds comments on another text of {standard} {version}; move that file away first",
                path=clean_line(str(path)),
                standard=standard,
                version=version,
            ),
        )
    changed = kept.model_copy(update={"comments": [*kept.comments, comment]})
    content = dump_toml(changed.model_dump())
    if len(content) > LARGEST_TOML:
        raise InputError(
            "too-large",
            message("{path}: holds all that it can; send it, and move it away before you go on", path=clean_line(str(path))),
        )
    with writing(path):
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, content)
    return changed


def read_comments(root: Path) -> list[Comments]:
    """All comments under ``root``, by standard and version. Raises InputError."""
    paths = sorted((root / FOLDER).glob("*.toml")) if (root / FOLDER).is_dir() else []
    return [load_model(read_bounded(path, LARGEST_TOML), Comments, str(path)) for path in paths]


def comments_markdown(everything: Sequence[Comments]) -> str:
    """The comments as a Markdown document, by standard and control. What was written is quoted, and never taken as HTML."""
    lines = ["# Comments on standards"]
    for one in everything:
        lines += ["", f"## {one.standard} {one.version}", "", f"Text with SHA-256 `{one.sha256}`."]
        for control in sorted({comment.control for comment in one.comments}):
            lines += ["", f"### {control}"]
            for comment in one.comments:
                if comment.control == control:
                    quoted = [f"> {line}".rstrip() for line in _inert(clean(comment.text.strip())).split("\n")]
                    lines += ["", f"From {_inert(clean_line(comment.by))}, {format_instant(comment.at)}:", "", *quoted]
    return "\n".join(lines) + "\n"


def _inert(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
