"""What bills of materials of either format say about their components, in the same facts.

The described thing is no component of itself and is not counted, unless it is a model: a list may leave the model out
because it is what the document describes. A share is rounded down, so that it never looks better than it is.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any, Literal

from compliance_tui.evidence.readers.reading import Gatherer, refuse
from compliance_tui.safe.language import message

# Hexadecimal digits of the digests that nobody can forge; MD5 and SHA-1 can be, and do not count.
_STRONG = {
    "SHA256": 64, "SHA384": 96, "SHA512": 128, "SHA3256": 64, "SHA3384": 96, "SHA3512": 128,
    "BLAKE2B256": 64, "BLAKE2B384": 96, "BLAKE2B512": 128, "BLAKE3": 64, "STREEBOG256": 64, "STREEBOG512": 128,
}  # fmt: skip
_UNSAID = {"", "NOASSERTION", "NONE", "UNKNOWN"}
_PLACES = Decimal("0.0001")
MOST_DIFFERENT = 100_000
Hashed = Literal["strong", "weak", "no"]


@dataclass(frozen=True)
class Component:
    """What counts of one component, so that equal ones can be counted. ``sha256`` is the only SHA-256 of a model, or ""."""

    hashed: Hashed
    licensed: bool
    purl: bool
    model: bool = False
    model_card: bool = False
    sha256: str = ""


def hashes(pairs: Sequence[tuple[Any, Any]]) -> tuple[Hashed, str]:
    """How well a component is hashed, by pairs of algorithm and digest; and its SHA-256 where there is exactly one."""
    strong = [(_plain(name), digest.lower()) for name, digest in pairs if _is_strong(name, digest)]
    found: Hashed = "strong" if strong else "weak" if pairs else "no"
    sha256 = {digest for name, digest in strong if name == "SHA256"}
    return found, sha256.pop() if len(sha256) == 1 else ""


def _is_strong(name: Any, digest: Any) -> bool:
    return isinstance(digest, str) and bool(re.fullmatch(r"[0-9a-fA-F]+", digest)) and len(digest) == _STRONG.get(_plain(name))


def _plain(name: Any) -> str:
    return re.sub(r"[^A-Z0-9]", "", str(name).upper())


def says(text: Any) -> bool:
    """Whether a licence is really named: ``NOASSERTION``, ``NONE`` and the like name none."""
    return isinstance(text, str) and text.strip().upper() not in _UNSAID


def is_purl(text: Any) -> bool:
    """Whether it is a package URL, by its scheme (package-url/purl-spec)."""
    return isinstance(text, str) and re.match(r"pkg:[A-Za-z][A-Za-z0-9.+-]*/.", text) is not None


def most_different(count: int, name: str) -> None:
    """Refuse a document in which more differs than is kept in memory."""
    if count > MOST_DIFFERENT:
        refuse(name, message("holds more than {most:,} different things; attach it in parts", most=MOST_DIFFERENT))


def give_components(
    found: Gatherer, listed: Counter[Component], described: Component | None, place: str, warnings: list[str]
) -> None:
    """The facts of the components ``listed``, and of the one that the document describes where that is a model."""
    components = listed.copy()
    if described is not None and described.model and not any(one.model for one in listed):
        components[described] += 1
    total = components.total()
    models = [one for one in components.elements() if one.model]
    found.count("components", total, place, "components")
    found.count("models", len(models), place, "models")
    found.count("model_cards", sum(one.model_card for one in models), place, "models")
    if not components:
        warnings.append(message("lists no components"))
        return
    hashed = sum(count for one, count in components.items() if one.hashed == "strong")
    found.count("hashed_components", hashed, place, "components")
    for fact, count in (
        ("hashed_share", hashed),
        ("licensed_share", sum(count for one, count in components.items() if one.licensed)),
        ("purl_share", sum(count for one, count in components.items() if one.purl)),
    ):
        found.add(fact, (Decimal(count) / total).quantize(_PLACES, ROUND_DOWN), place)
    weak = sum(count for one, count in components.items() if one.hashed == "weak")
    if weak:
        warnings.append(
            message(
                "{weak} components have hashes that do not count: MD5, SHA-1, or no digest of the algorithm that is named",
                weak=weak,
            )
        )
    if len(models) == 1 and models[0].sha256:
        found.add("model_digest", models[0].sha256, place)
