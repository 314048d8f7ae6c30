"""Real randomness, fit for keys and tokens."""

import secrets
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class SystemRandom:
    """The operating system's source."""

    def octets(self, count: int) -> bytes:
        return secrets.token_bytes(count)

    def below(self, limit: int) -> int:
        return secrets.randbelow(limit)

    def pick(self, things: Sequence[T]) -> T:
        return secrets.choice(things)
