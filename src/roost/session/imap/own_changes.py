"""What a client did itself, so that NOTIFY need not tell it. RFC 5465 section 5.

The numbers that a work takes follow one another, as works of an account never run side by side: a
change is the client's own if its modseq lies in what one of its works took.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from roost.base.ids import AccountId
from roost.ports.bus import EventBus
from roost.store import numbers
from roost.store.engine import ReadTx, Store, WriteTx

T = TypeVar("T")

# Modseqs above the first, up to the second.
Span = tuple[int, int]


class OwnChanges:
    """The store as one session uses it: notes which modseqs of the account its works take.

    plain: the store itself. spans: since they were cleared last, ascending.
    """

    def __init__(self, plain: Store, account: AccountId) -> None:
        self.plain = plain
        self.spans: list[Span] = []
        self._account = account

    def has(self, modseq: int) -> bool:
        """Whether this change is one of the client's own."""
        return any(low < modseq <= high for low, high in self.spans)

    def gaps(self, low: int, high: int) -> Iterator[Span]:
        """What of these modseqs others took."""
        for start, stop in self.spans:
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
        account = self._account

        async def noted(tx: WriteTx) -> tuple[T, Span]:
            low = await numbers.latest_modseq(tx, account)
            outcome = await work(tx)
            return outcome, (low, await numbers.latest_modseq(tx, account))

        outcome, span = await self.plain.write(noted, octets=octets)
        self._add(span)
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

    def _add(self, span: Span) -> None:
        low, high = span
        if low == high:
            return
        if self.spans and self.spans[-1][1] == low:
            low = self.spans.pop()[0]
        self.spans.append((low, high))
