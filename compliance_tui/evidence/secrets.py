"""What a file may carry along by mistake: keys, tokens, passwords, paths of somebody's machine. A warning, never a refusal.

The shapes are those that their issuers document (prefix and alphabet); a match shows the sort and the place, never the secret.
"""

import re
from typing import BinaryIO

from compliance_tui.safe.files import MEBIBYTE
from compliance_tui.safe.language import Message, message

_MOST_READ = 8 * MEBIBYTE
_OVERLAP = 256
_HEAD = 8192
# What it is, plain bytes of which one must be there (quick to look for), and the shape.
_SHAPES = (
    (message("a private key"), (b"PRIVATE KEY-----",), re.compile(rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----")),
    (message("an AWS access key id"), (b"AKIA", b"ASIA"), re.compile(rb"(?<![A-Z0-9])A[KS]IA[A-Z2-7]{16}(?![A-Z0-9])")),
    (
        message("a GitHub token"),
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        re.compile(rb"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,82})"),
    ),
    (message("a GitLab token"), (b"glpat-",), re.compile(rb"(?<![A-Za-z0-9_-])glpat-[A-Za-z0-9_-]{20}")),
    (message("a Slack token"), (b"xox",), re.compile(rb"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    (message("an API key (sk-…)"), (b"sk-",), re.compile(rb"(?<![A-Za-z0-9_-])sk-[A-Za-z0-9_-]{20,}")),
    (message("a Google API key"), (b"AIza",), re.compile(rb"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}")),
    (message("a Hugging Face token"), (b"hf_",), re.compile(rb"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}")),
    (
        message("a JSON web token"),
        (b"eyJ",),
        re.compile(rb"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ),
    (
        message("a password"),
        (b"assw", b"ASSW", b"api_key", b"API_KEY", b"apikey", b"secret_key", b"SECRET_KEY"),
        re.compile(
            rb"(?:[Pp]assw(?:or)?d|PASSW(?:OR)?D|[Aa]pi_?[Kk]ey|API_?KEY|secret_key|SECRET_KEY)"
            rb"[\"']?\s*[:=]\s*[\"'][^\"'\s<>{}$]{8,}[\"']"
        ),
    ),
    (
        message("a path of somebody's machine"),
        (b"/home/", b"/Users/", b":\\Users\\", b":\\\\Users"),
        re.compile(rb"(?:/home/|/Users/|[A-Z]:\\\\?Users\\\\?)[A-Za-z0-9._-]+"),
    ),
)


def carried_along(file: BinaryIO, name: str, most: int = _MOST_READ) -> list[str]:
    """Sentences about what the first ``most`` bytes of a text ``file`` seem to hold that should not be handed out.

    One for each sort. Files that are not text (a NUL near their beginning) are not looked into.
    """
    found: dict[str, tuple[int, int]] = {}
    position, kept = 0, b""
    while position < most and (chunk := file.read(min(MEBIBYTE, most - position))):
        if position == 0 and b"\0" in chunk[:_HEAD]:
            break
        window = kept + chunk
        start = position - len(kept)
        for sort, hints, shape in _SHAPES:
            for match in shape.finditer(window) if any(hint in window for hint in hints) else ():
                # What lies wholly in the overlap was counted with the window before.
                if match.end() > len(kept):
                    count, first = found.get(sort, (0, start + match.start()))
                    found[sort] = count + 1, first
        position += len(chunk)
        kept = window[-_OVERLAP:]
    return [_sentence(name, sort, count, first) for sort, (count, first) in found.items()]


def _sentence(name: str, sort: str, count: int, first: int) -> Message:
    text = message(
        "{name} seems to hold {sort} (at byte {first:,}); check before disclosing it", name=name, sort=sort, first=first
    )
    if count == 1:
        return text
    return message(
        "{name} seems to hold {sort} (at byte {first:,}, {count} times); check before disclosing it",
        name=name,
        sort=sort,
        first=first,
        count=count,
    )
