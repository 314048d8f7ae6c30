"""What a client did itself, so that NOTIFY need not tell it. RFC 5465 section 5.

The numbers that a work takes follow one another, as works of an account never run side by side: a
change is the client's own if its modseq lies in what one of its works took. Each account has
numbers of its own: those of the client's, and of the one whose mailbox it selected, are noted.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import TypeVar

from roost.base.ids import AccountId
from roost.ports.bus import EventBus
from roost.store import numbers
from roost.store.engine import ReadTx, Store, WriteTx

T = TypeVar("T")

# Modseqs above the first, up to the second.
Span = tuple[int, int]


class OwnChanges:
    """The store as one session uses it: notes which modseqs of some accounts its works take.

    plain: the store itself. accounts: gives those that matter now.
    """

    def __init__(self, plain: Store, accounts: Callable[[], Collection[AccountId]]) -> None:
        self.plain = plain
        self._accounts = accounts
        self._spans: dict[AccountId, list[Span]] = defaultdict(list)

    def spans(self, account: AccountId) -> Sequence[Span]:
        """What was taken in an account since that was forgotten last, ascending."""
        return self._spans.get(account, ())

    def forget(self) -> None:
        """All changes until now were answered."""
        self._spans.clear()

    def has(self, account: AccountId, modseq: int) -> bool:
        """Whether this change in an account is one of the client's own."""
        return any(low < modseq <= high for low, high in self.spans(account))

    def gaps(self, account: AccountId, low: int, high: int) -> Iterator[Span]:
        """What of these modseqs of an account others took."""
        for start, stop in self.spans(account):
            if low < start:
                yield low, min(start, high)
            low = max(low, stop)
        if low < high:
            yield low, high

    @property
    def bus(self) -> EventBus:
        return self.plain.bus

    async def write(self, work: Callable[[WriteTx], Awaitable[T]], *, octets: int = 0) -> T:
        """As `Store.write`."""
        accounts = self._accounts()

        async def noted(tx: WriteTx) -> tuple[T, list[int], list[int]]:
            before = await _latest(tx, accounts)
            outcome = await work(tx)
            return outcome, before, await _latest(tx, accounts)

        outcome, before, after = await self.plain.write(noted, octets=octets)
        for account, low, high in zip(accounts, before, after, strict=True):
            _add(self._spans[account], low, high)
        return outcome

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """As `Store.read`."""
        return await self.plain.read(work)

    async def scan(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """As `Store.scan`."""
        return await self.plain.scan(work)

    async def close(self) -> None:
        """As `Store.close`."""
        await self.plain.close()


async def _latest(tx: ReadTx, accounts: Collection[AccountId]) -> list[int]:
    return [await numbers.latest_modseq(tx, account) for account in accounts]


def _add(spans: list[Span], low: int, high: int) -> None:
    if low == high:
        return
    if spans and spans[-1][1] == low:
        low = spans.pop()[0]
    spans.append((low, high))
