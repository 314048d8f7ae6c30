"""What once broke something, and some of what never should: played again in every run."""

from pathlib import Path

import pytest

from roost.testing.fuzz_mutate import mutate, smallest
from roost.testing.fuzz_targets import Target, targets
from roost.testing.random import SeededRandom

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "fuzz" / "corpus"
TARGETS = targets(ROOT / "tests" / "dialogue")
KEPT = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
MAX_OCTETS = 8_192


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_broke_breaks_no_more(path: Path) -> None:
    TARGETS[path.parent.name].play(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_some_inputs_that_are_nearly_right(name: str) -> None:
    random, target = SeededRandom(7), TARGETS[name]
    for _ in range(15 if name.endswith("_session") else 60):
        target.play(mutate(random, target.seeds))


def test_what_is_kept_is_of_a_target_and_small() -> None:
    assert {path.parent.name for path in KEPT} <= TARGETS.keys()
    assert all(len(path.read_bytes()) <= MAX_OCTETS for path in KEPT)


def test_an_input_is_cut_down_to_what_breaks() -> None:
    octets = b"NOOP\r\n" * 50 + b"\0" + b"NOOP\r\n" * 50
    assert smallest(octets, lambda less: b"\0" in less) == b"\0"


def test_inputs_come_again_by_their_seed() -> None:
    target: Target = TARGETS["imap"]
    first, second = (
        [mutate(SeededRandom(seed), target.seeds) for seed in range(20)] for _ in range(2)
    )
    assert first == second
    assert len(set(first)) == 20
