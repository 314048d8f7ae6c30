"""A password hasher that costs nothing."""

from collections.abc import Callable
from typing import TypeVar

from roost.service.credential_secret import SecretMaker
from roost.testing.random import SeededRandom

T = TypeVar("T")


class PlainHasher:
    """Keeps passwords as they are and counts how often it was asked to verify one."""

    def __init__(self) -> None:
        self.verified = 0
        self.ranks: list[int] = []

    async def hash(self, password: str) -> str:
        return f"plain:{password}"

    async def verify(self, hashed: str | None, password: str, rank: int = 0) -> bool:
        self.verified += 1
        self.ranks.append(rank)
        return hashed == f"plain:{password}"

    async def run(self, step: Callable[[], T]) -> T:
        return step()


def plain_maker() -> SecretMaker:
    """Makes secrets that cost nothing: no slow hash, and no keys for SCRAM."""
    return SecretMaker(PlainHasher(), SeededRandom(), scram_hashes=())
