"""OpenSSF model signatures v1.0: a Sigstore bundle around a list of files with their digests.

Files of one item: the signature, the public key (PEM or OpenSSH) that it is to be checked with, and, where they are given, the
released files themselves; these are hashed as they are read, and compared with the list. Signatures made with a key are
verified; of those made with a certificate (a chain of one's own, or Sigstore's) the list is read only.

Format: ossf/model-signing-spec v1.0. The digest of the model is the SHA-256 over the digests in the list, in its order. A list
may speak of whole files, or of ranges of them (``path:start:end``). A model that is one file is called ``.``.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers import EvidenceFile
from compliance_tui.evidence.readers.envelope import (
    STATEMENT_V1,
    Envelope,
    check_signatures,
    payload_object,
    sort_files,
    unpack,
    why_unchecked,
)
from compliance_tui.evidence.readers.reading import LARGEST, Gatherer, all_bytes, refuse
from compliance_tui.safe.language import message
from compliance_tui.safe.strict_json import load_json
from compliance_tui.safe.text import clean_line

READER = "model-signature/1"
PREDICATE = "https://model_signing/signature/v1.0"
_LIST = "/payload/predicate/resources"
_SNIFFED = 64 * 1024
_STEP = 1 << 20
_HASHES = ("sha256", "blake2b")
# What git and its hosts keep beside a model: no loader reads it, and signers leave it out unless told otherwise.
_GITS_OWN = (".git", ".gitattributes", ".github", ".gitignore")
# Formats that hold pickles or other code, which runs when a file is loaded.
_UNSAFE = (
    ".bin", ".ckpt", ".dill", ".h5", ".hdf5", ".joblib", ".keras", ".mar", ".nemo", ".pickle", ".pkl", ".pt", ".pt2", ".pth"
)  # fmt: skip
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip")


@dataclass(frozen=True)
class _Piece:
    """A digest of a file, or of the bytes of it from ``start`` up to ``end`` (None: to its end)."""

    algorithm: str
    digest: bytes
    start: int = 0
    end: int | None = None


_Manifest = Mapping[str, Sequence[_Piece]]


@dataclass(frozen=True)
class _Release:
    """The released files that were given: those on the list by their names there, and the names of the others."""

    placed: Mapping[str, EvidenceFile]
    unsigned: Sequence[str]
    given: bool


def read_files(files: Sequence[EvidenceFile], kind: Kind) -> Facts:
    """Facts of a model signature, verified where its key is among the files. Raises InputError ``unreadable-evidence``."""
    keys, others = sort_files(files)
    path, opened = _signature_among(others, files[0][0])
    name = path.rpartition("/")[2]
    with opened() as file:
        content = all_bytes(file, name)
    if not content:
        refuse(name, message("is empty"))
    document = load_json(content, name, limit=LARGEST)
    if not isinstance(document, dict) or not str(document.get("mediaType")).startswith("application/vnd.dev.sigstore.bundle"):
        refuse(name, message("not a Sigstore bundle, which a model signature is"))
    envelope = unpack(document, name)
    method = _method(envelope, name)
    statement = payload_object(envelope, name)
    manifest, model_digest, consistent = _manifest(statement, name)
    found, warnings = Gatherer(name), list[str]()
    found.add("method", method, "/verificationMaterial")
    found.count("signatures", len(envelope.signatures), "/dsseEnvelope/signatures", "signatures")
    unchecked = why_unchecked(keys, certified=method != "key")
    if unchecked:
        warnings.append(unchecked)
    elif not check_signatures(found, envelope.signatures, envelope.message, keys, warnings):
        found.add("verified", False, "/dsseEnvelope/signatures")
        return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))
    _signing_time(found, envelope, warnings)
    found.add("subject", statement["subject"][0].get("name"), "/payload/subject/0/name")
    found.add("model_digest", model_digest, "/payload/subject/0/digest/sha256")
    found.add("manifest_consistent", consistent, _LIST)
    if not consistent:
        warnings.append(message("the digest of the model is not that of the list of its files"))
    given = [file for file in files if file[0] != path]
    release = _placed(manifest, given, {file for file, _ in files} - {file for file, _ in others}, name)
    _list_facts(found, manifest, release, statement)
    as_signed = _compare(found, manifest, release, warnings)
    if not unchecked and as_signed is not None:
        found.add("verified", consistent and as_signed, "/dsseEnvelope/signatures")
    return Facts(kind=kind.id, reader=READER, facts=found.facts, warnings=tuple(warnings))


def _signature_among(files: Sequence[EvidenceFile], item: str) -> EvidenceFile:
    """The signature: the only file, or the only one that looks like a bundle."""
    if len(files) == 1:
        return files[0]
    found = []
    for name, opened in files:
        with opened() as file:
            head = file.read(_SNIFFED)
        if head.lstrip().startswith(b"{") and (b'"dsseEnvelope"' in head or b"vnd.dev.sigstore.bundle" in head):
            found.append((name, opened))
    if len(found) != 1:
        refuse(
            item,
            message("{found} model signatures among the files of the item; one is needed", found=len(found) or message("no")),
        )
    return found[0]


def _method(envelope: Envelope, name: str) -> str:
    """How it was signed, by what the bundle says to verify it with (spec v1.0, section 4.1)."""
    material = envelope.material
    if "certificate" in material:
        if not material.get("tlogEntries"):
            refuse(name, message("has a certificate of Sigstore, and no entry of its log (tlogEntries)"))
        return "sigstore"
    if "x509CertificateChain" in material:
        return "sigstore" if material.get("tlogEntries") else "certificate"
    if "publicKey" not in material:
        refuse(name, message("does not say how it is verified (verificationMaterial)"))
    return "key"


def _manifest(statement: dict[str, Any], name: str) -> tuple[_Manifest, str, bool]:
    """The files with their digests, the digest of the model, and whether this is the digest of the list."""
    if statement.get("_type") != STATEMENT_V1 or statement.get("predicateType") != PREDICATE:
        said = clean_line(str(statement.get("predicateType")), 80)
        refuse(
            name,
            message("what was signed is {said}, not {predicate}, the one that is known here", said=said, predicate=PREDICATE),
        )
    subjects, predicate = statement.get("subject"), statement["predicate"]
    if not isinstance(subjects, list) or len(subjects) != 1:
        refuse(name, message("must be about one model (subject)"))
    model_digest, method = subjects[0]["digest"]["sha256"], predicate["serialization"]["method"]
    if not re.fullmatch(r"[0-9a-f]{64}", model_digest) or method not in ("files", "shards"):
        refuse(name, message("the digest of the model is no SHA-256, or its serialization is neither files nor shards"))
    resources, root = predicate["resources"], hashlib.sha256()
    if not isinstance(resources, list) or not resources:
        refuse(name, message("lists no files"))
    pieces: dict[str, list[_Piece]] = {}
    for one in resources:
        path, start, end = one["name"], 0, None
        if method == "shards":
            path, first, last = path.rsplit(":", 2)
            start, end = int(first), int(last)
        digest = bytes.fromhex(one["digest"])
        root.update(digest)
        pieces.setdefault(path, []).append(_Piece(one["algorithm"].partition("-sharded-")[0], digest, start, end))
    for path, parts in pieces.items():
        parts.sort(key=lambda part: part.start)
        ends = [0, *(part.end for part in parts)][: len(parts)]
        if [part.start for part in parts] != ends or not all(part.end is None or part.end > part.start for part in parts):
            refuse(name, message("{path} is listed twice, or its ranges do not follow one another", path=clean_line(path, 80)))
    return pieces, model_digest, root.hexdigest() == model_digest


def _signing_time(found: Gatherer, envelope: Envelope, warnings: list[str]) -> None:
    """When the log of Sigstore took the signature in; with a key, there is no time."""
    entries = envelope.material.get("tlogEntries") or [{}]
    stamp = str(entries[0].get("integratedTime") or "")
    if re.fullmatch(r"[0-9]{9,10}", stamp, re.ASCII):
        taken_in = dt.datetime.fromtimestamp(int(stamp), dt.UTC).isoformat()
        found.add("signed_at", taken_in, "/verificationMaterial/tlogEntries/0/integratedTime")
    else:
        warnings.append(message("does not say when it was signed; give the date when attaching it"))


def _list_facts(found: Gatherer, manifest: _Manifest, release: _Release, statement: dict[str, Any]) -> None:
    found.count("signed_files", len(manifest), _LIST, "files")
    found.add("resources", [_line(path, piece) for path, pieces in manifest.items() for piece in pieces], _LIST)
    names = [str(statement["subject"][0].get("name")) if path == "." else path for path in manifest]
    found.count("unsafe_files", sum(map(_is_unsafe, [*names, *release.unsigned])), _LIST, "files")


def _line(path: str, piece: _Piece) -> str:
    digest = piece.digest.hex() if piece.algorithm == "sha256" else f"{piece.algorithm}:{piece.digest.hex()}"
    return f"{digest} {path}{'' if piece.end is None else f':{piece.start}:{piece.end}'}"


def _is_unsafe(path: str) -> bool:
    name = PurePosixPath(path.lower()).name
    for ending in _PACKED:
        name = name.removesuffix(ending)
    return name.endswith(_UNSAFE)


def _placed(manifest: _Manifest, files: Sequence[EvidenceFile], keys: set[str], name: str) -> _Release:
    given = {file[0]: file for file in files}
    if len(given) != len(files):
        refuse(name, message("two files of the item have one name; attach the folder that holds them"))
    weights = [path for path in given if path not in keys]
    if set(manifest) == {"."} and len(weights) == 1:
        return _Release({".": given[weights[0]]}, (), True)
    base = _base(manifest, given)
    placed = {path: given[base + path] for path in manifest if base + path in given}
    signed = {base + path for path in placed}
    unsigned = [path for path in weights if path not in signed and path.removeprefix(base).partition("/")[0] not in _GITS_OWN]
    return _Release(placed, unsigned, bool(weights))


def _compare(found: Gatherer, manifest: _Manifest, release: _Release, warnings: list[str]) -> bool | None:
    """Whether each listed file is there and as it was signed; True where no files are given, None where it cannot be told."""
    if not release.given:
        warnings.append(
            message("the {number} signed files were not compared with the list: none of them is attached", number=len(manifest))
        )
        return True
    missing = [path for path in manifest if path not in release.placed]
    _findings(found, "unsigned_files", release.unsigned, message("given, but not signed"), warnings)
    _findings(found, "missing_files", missing, message("signed, but not given"), warnings)
    if any(piece.algorithm not in _HASHES for pieces in manifest.values() for piece in pieces):
        warnings.append(message("the list uses a hash that is not known here: the files were not compared with it"))
        return None
    altered = [path for path, file in release.placed.items() if not _is_as_signed(file, manifest[path])]
    _findings(found, "altered_files", altered, message("not what was signed"), warnings)
    return not altered and not missing


def _base(manifest: _Manifest, given: Mapping[str, object]) -> str:
    """The folder inside the item, as ``model/``, under which most of the listed files are; "" where they are at its top."""
    one = max(manifest, key=len)
    bases = {path[: -len(one)] for path in given if path.endswith(f"/{one}")}
    return max(["", *sorted(bases)], key=lambda base: sum(base + path in given for path in manifest))


def _findings(found: Gatherer, fact: str, paths: Sequence[str], what: str, warnings: list[str]) -> None:
    found.count(fact, len(paths), _LIST, "files")
    if paths:
        named: str = ", ".join(clean_line(path, 60) for path in paths[:3])
        named = message("{names} and {more} more", names=named, more=len(paths) - 3) if len(paths) > 3 else named
        warnings.append(message("{what}: {paths}", what=what, paths=named))


def _is_as_signed(given: EvidenceFile, pieces: Sequence[_Piece]) -> bool:
    with given[1]() as file:
        for piece in pieces:
            hasher = hashlib.new(piece.algorithm)
            left = None if piece.end is None else piece.end - piece.start
            while left != 0 and (content := file.read(_STEP if left is None else min(_STEP, left))):
                hasher.update(content)
                left = None if left is None else left - len(content)
            if hasher.digest() != piece.digest:
                return False
        return not file.read(1)
