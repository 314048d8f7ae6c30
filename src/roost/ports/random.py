"""Randomness, as an argument."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Random(Protocol):
    """Where randomness comes from. The real one is fit for keys and tokens."""

    def octets(self, count: int) -> bytes:
        """`count` random octets."""
        ...

    def below(self, limit: int) -> int:
        """A whole number of 0 up to, not including, `limit`."""
        ...

    def pick(self, things: Sequence[T]) -> T:
        """One of `things`."""
        ...
