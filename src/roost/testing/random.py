"""Randomness that is the same in every run, so that ids and boundaries fit golden files."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """A Random with a known course."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def octets(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)

    def pick(self, things: Sequence[T]) -> T:
        return self._random.choice(things)
