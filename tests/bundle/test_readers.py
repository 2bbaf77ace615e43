"""Every reader of a bundle on anything: it reads, or refuses in a sentence. ``python -m tests.bundle.fuzz`` runs longer."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bundle.fuzz import CORPUS, READERS, Bundles, mutate, refused, seeds

SEEDS = {name: seeds(name) for name in READERS}


def _needs(target: str) -> None:
    if target == "age":
        pytest.importorskip("pyrage")


@pytest.mark.parametrize("target", READERS)
def test_the_corpus_is_read(target: str) -> None:
    """What the fuzzer starts from is good; a corpus that is refused at its first byte finds nothing."""
    _needs(target)
    assert SEEDS[target]
    own = [content for content in SEEDS[target] if not refused(READERS[target], content)]
    assert len(own) == (
        1 if target == "statement" else len(SEEDS[target])
    )  # of the statements, the lab's own is read to its end


@pytest.mark.parametrize("path", sorted((CORPUS / "found").glob("*")), ids=lambda path: path.name)
def test_what_fuzzing_once_found_is_refused(path: Path) -> None:
    target = path.name.partition("-")[0]
    _needs(target)
    refused(READERS[target], path.read_bytes())


@pytest.mark.parametrize("target", READERS)
@settings(max_examples=100)
@given(seed=st.integers(0, 2**32))
def test_a_changed_file_is_read_or_refused(target: str, seed: int) -> None:
    _needs(target)
    chance = random.Random(seed)
    refused(READERS[target], mutate(chance.choice(SEEDS[target]), chance.choice(SEEDS[target]), chance))


@pytest.mark.parametrize("target", READERS)
@settings(max_examples=50)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(target: str, content: bytes) -> None:
    _needs(target)
    refused(READERS[target], content)


def test_a_changed_bundle_is_never_taken_for_the_genuine_one(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path, random.Random(7))
    for _ in range(40):
        bundles.round()
        bundles.apart()
