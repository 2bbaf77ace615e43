"""Where a thing was built, signed: SLSA provenance v1 and v0.2 in an in-toto Statement, and the in-toto link.

A statement comes in a DSSE envelope, plain or inside a Sigstore bundle (``.json``, or the one line of a ``.jsonl``). A link
comes in an envelope too, or in the older form where signatures are over canonical JSON. Formats: slsa.dev/spec/v1.1/provenance,
slsa.dev/spec/v0.2/provenance, in-toto/attestation spec/v1, in-toto-spec 1.0 sections 4.2 and 4.4.

Files of one item: the envelope or link, and the public key (PEM or OpenSSH) that its signature is to be checked with. Where
the signature is not that of the key, nothing is read of what the statement says.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers import EvidenceFile
from compliance_tui.evidence.readers.envelope import (
    STATEMENT_V01,
    STATEMENT_V1,
    check_signatures,
    payload_object,
    sort_files,
    unpack,
    why_unchecked,
)
from compliance_tui.evidence.readers.evaluation import add_end
from compliance_tui.evidence.readers.reading import LARGEST, Gatherer, all_bytes, refuse
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import load_json
from compliance_tui.safe.text import clean_line

if TYPE_CHECKING:
    from compliance_tui.trust.verifying_key import VerifyingKey

READER = "provenance/1"
SLSA_V1, SLSA_V02 = "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"
_LINK = "link"


def read_files(files: Sequence[EvidenceFile], kind: Kind) -> Facts:
    """Facts of a signed statement, verified where its key is among the files. Raises InputError ``unreadable-evidence``."""
    keys, others = sort_files(files)
    if len(others) != 1:
        refuse(
            files[0][0],
            message("{number} files besides public keys; attach one envelope, and the public key with it", number=len(others)),
        )
    (path, opened), *_ = others
    name = path.rpartition("/")[2]
    with opened() as file:
        document = _document(all_bytes(file, name), name)
    found, warnings = Gatherer(name), list[str]()
    if "signed" in document:
        statement = document["signed"]
        signatures = [bytes.fromhex(one["sig"]) for one in document["signatures"]]
        payload, certified = canonical_json(statement).encode(), False
        if not signatures:
            refuse(name, message("has no signature"))
    else:
        envelope = unpack(document, name)
        statement = payload_object(envelope, name)
        signatures, payload, certified = list(envelope.signatures), envelope.message, envelope.certified
    predicate_type = _type_of(statement, name)
    found.add("predicate_type", predicate_type, "/payload/predicateType")
    found.count("signatures", len(signatures), "/signatures", "signatures")
    if _verified(found, signatures, payload, keys, certified, warnings) is not False:
        _statement_facts(found, statement, predicate_type, name, warnings)
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


def _document(content: bytes, name: str) -> dict[str, Any]:
    lines = [line for line in content.splitlines() if line.strip()]
    if not lines:
        refuse(name, message("is empty"))
    if len(lines) > 1 and lines[0].rstrip().endswith(b"}"):
        refuse(name, message("holds {number} envelopes; attach each as an item of its own", number=len(lines)))
    document = load_json(content, name, limit=LARGEST)
    if not isinstance(document, dict):
        refuse(name, message("must hold a JSON object"))
    return document


def _type_of(statement: dict[str, Any], name: str) -> str:
    if statement.get("_type") == _LINK:
        return _LINK
    if statement.get("_type") not in (STATEMENT_V1, STATEMENT_V01):
        refuse(name, message("what was signed is neither an in-toto Statement (v1, v0.1) nor an in-toto link"))
    predicate_type = statement.get("predicateType")
    if predicate_type not in (SLSA_V1, SLSA_V02):
        said = clean_line(str(predicate_type), 80)
        refuse(
            name,
            message("its predicate is {said}, not SLSA provenance v1 or v0.2; name the kind that it is with --kind", said=said),
        )
    return str(predicate_type)


def _verified(
    found: Gatherer,
    signatures: Sequence[bytes],
    payload: bytes,
    keys: Sequence["VerifyingKey"],
    certified: bool,
    warnings: list[str],
) -> bool | None:
    unchecked = why_unchecked(keys, certified=certified)
    if unchecked:
        warnings.append(unchecked)
        return None
    genuine = check_signatures(found, signatures, payload, keys, warnings)
    found.add("verified", genuine, "/signatures")
    return genuine


def _statement_facts(found: Gatherer, statement: dict[str, Any], predicate_type: str, name: str, warnings: list[str]) -> None:
    if predicate_type == _LINK:
        _link_facts(found, statement, warnings)
        return
    subjects = statement.get("subject")
    if not isinstance(subjects, list) or not subjects:
        refuse(name, message("says of nothing that it was built (no subject)"))
    _subject_facts(found, [(one.get("name"), one["digest"]) for one in subjects], "/payload/subject", warnings)
    predicate = statement["predicate"]
    (_facts_of_v1 if predicate_type == SLSA_V1 else _facts_of_v02)(found, predicate, warnings)
    if "builder" not in found.facts:
        warnings.append(message("does not name its builder"))


def _subject_facts(found: Gatherer, subjects: list[tuple[Any, Any]], place: str, warnings: list[str]) -> None:
    digests = [digest_text(one) for _, one in subjects]
    found.count("subjects", len(digests), place, "subjects")
    found.add("subject_digests", digests, f"{place}/*/digest")
    if len(digests) == 1 and ":" not in digests[0]:
        found.add("subject", subjects[0][0], f"{place}/0/name")
        found.add("model_digest", digests[0], f"{place}/0/digest/sha256")
    else:
        warnings.append(message("is not about one SHA-256 alone: which of its subjects is the model, it does not say"))


def digest_text(digests: Any) -> str:
    """One text for a set of digests by algorithm: the bare SHA-256 where there is one, else ``algorithm:digest``.

    Raises ValueError where there is no digest in hexadecimal.
    """
    if not isinstance(digests, dict) or not digests:
        raise ValueError(message("no digest"))
    algorithm = "sha256" if "sha256" in digests else min(digests)
    digest = str(digests[algorithm]).lower()
    if not bytes.fromhex(digest) or (algorithm == "sha256" and len(digest) != 64):
        raise ValueError(message("not a digest"))
    return digest if algorithm == "sha256" else f"{algorithm}:{digest}"


def _facts_of_v1(found: Gatherer, predicate: dict[str, Any], warnings: list[str]) -> None:
    place = "/payload/predicate"
    definition, run = predicate["buildDefinition"], predicate["runDetails"]
    found.add("builder", (run.get("builder") or {}).get("id"), f"{place}/runDetails/builder/id")
    found.add("build_type", definition.get("buildType"), f"{place}/buildDefinition/buildType")
    materials = definition.get("resolvedDependencies") or []
    found.count("materials", len(materials), f"{place}/buildDefinition/resolvedDependencies", "materials")
    # What the source is called is a matter of the build type; these are the names of the common ones.
    given = definition.get("externalParameters") or {}
    source = given.get("source") or (given.get("workflow") or {}).get("repository")
    if source:
        source = source.get("uri") if isinstance(source, dict) else source
        found.add("source", source, f"{place}/buildDefinition/externalParameters")
    elif materials:
        found.add("source", materials[0].get("uri"), f"{place}/buildDefinition/resolvedDependencies/0/uri")
    add_end(found, (run.get("metadata") or {}).get("finishedOn"), f"{place}/runDetails/metadata/finishedOn", warnings)


def _facts_of_v02(found: Gatherer, predicate: dict[str, Any], warnings: list[str]) -> None:
    place = "/payload/predicate"
    found.add("builder", (predicate.get("builder") or {}).get("id"), f"{place}/builder/id")
    found.add("build_type", predicate.get("buildType"), f"{place}/buildType")
    materials = predicate.get("materials") or []
    found.count("materials", len(materials), f"{place}/materials", "materials")
    source = ((predicate.get("invocation") or {}).get("configSource") or {}).get("uri")
    if source:
        found.add("source", source, f"{place}/invocation/configSource/uri")
    elif materials:
        found.add("source", materials[0].get("uri"), f"{place}/materials/0/uri")
    add_end(found, (predicate.get("metadata") or {}).get("buildFinishedOn"), f"{place}/metadata/buildFinishedOn", warnings)


def _link_facts(found: Gatherer, link: dict[str, Any], warnings: list[str]) -> None:
    materials, products = link["materials"], link["products"]
    found.add("step", link.get("name"), "/name")
    found.add("command", " ".join(map(str, link.get("command") or [])) or None, "/command")
    found.count("materials", len(materials), "/materials", "materials")
    # A step also reports what it left as it was; only what it made can be its subject.
    made = [(path, digests) for path, digests in products.items() if materials.get(path) != digests]
    if made:
        _subject_facts(found, made, "/products", warnings)
    else:
        warnings.append(message("the step made nothing: its products are what it was given"))
    ended = (link.get("byproducts") or {}).get("return-value")
    if isinstance(ended, int) and not isinstance(ended, bool):
        found.add("completed", ended == 0 and bool(materials or products), "/byproducts/return-value")
        if ended:
            warnings.append(message("the command ended with status {ended}", ended=ended))
    add_end(found, None, "/", warnings)


def canonical_json(value: Any) -> str:
    """Canonical JSON as in-toto and TUF sign it (gibson042.github.io/canonicaljson-spec is another; this is the OLPC one).

    Raises ValueError for a number with a fraction, which has no canonical form.
    """
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(canonical_json(one) for one in value)}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{canonical_json(key)}:{canonical_json(value[key])}' for key in sorted(value))}}}"
    raise ValueError(message("no canonical form"))
