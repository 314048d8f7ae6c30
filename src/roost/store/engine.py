"""Store, ReadTx and WriteTx: what every other file of this floor is written against.

A work is an async function of its transaction. It awaits nothing else (the engine steps it with
`send(None)`), may run more than once and changes nothing outside; its return value is its only
effect. Time, ids that are drawn and random octets come in before.

SQL is written in the subset SQLite and PostgreSQL share, with `$1` placeholders whose first
appearances come in the order $1, $2, $3 ...: SQLite binds by first appearance and ignores the
number, so the engine refuses any other text. Times are integer microseconds UTC.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxId
from roost.ports.blobs import Blobs
from roost.ports.bus import EventBus, Type

T = TypeVar("T")
ItemT = TypeVar("ItemT")

Value = int | float | str | bytes | None
Row = tuple[Any, ...]

MAX_INLINE_ROWS = 500


@dataclass(eq=False)
class StoreFull(ServiceError):
    """There is no room on the disk for what the work writes."""

    code: ClassVar[str] = "store_full"
    temporary: ClassVar[bool] = True

    def __str__(self) -> str:
        return "the disk is full"


@dataclass(eq=False)
class StoreFailed(ServiceError):
    """The disk failed (I/O error), or the store is closed; nothing more is accepted."""

    code: ClassVar[str] = "store_failed"
    temporary: ClassVar[bool] = True

    def __str__(self) -> str:
        return "the store takes nothing at the moment"


class ReadTx(Protocol):
    """One reading transaction.

    Inline (`Store.read`) a result has at most MAX_INLINE_ROWS narrow rows and is read to the end;
    longer ones are pages by key or a `Store.scan`.
    """

    @property
    def blobs(self) -> Blobs:
        """Large message bytes; its blocking methods only inside a scan."""
        ...

    async def rows(self, sql: str, *args: Value) -> list[Row]:
        """All rows."""
        ...

    async def row(self, sql: str, *args: Value) -> Row | None:
        """The first row, None when there is none."""
        ...

    async def value(self, sql: str, *args: Value) -> Any:
        """The first column of the first row, None when there is none."""
        ...


class WriteTx(ReadTx, Protocol):
    """One work's part of a writing transaction, in a SAVEPOINT of its own."""

    async def execute(self, sql: str, *args: Value) -> int:
        """Run a statement; returns how many rows it changed."""
        ...

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement once for each row of arguments."""
        ...

    def changed(
        self, account: AccountId, kind: Type, mailbox: MailboxId | None = None, modseq: int = 0
    ) -> None:
        """Record a change, announced on the EventBus after the commit."""
        ...

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call `act` on the loop after the commit; dropped when the work fails. Must not raise."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Together(Generic[ItemT, T]):
    """A work that the engine may do with others of its kind at once, which costs far less.

    do: does several, all or none; returns what came of each, in their order. It must be the same
    function in all of them. When it raises, each is done by itself, so that only the guilty fail.
    item: what this one brings.
    """

    do: Callable[[WriteTx, Sequence[ItemT]], Awaitable[Sequence[T]]]
    item: ItemT

    async def __call__(self, tx: WriteTx) -> T:
        """Do this one alone."""
        return (await self.do(tx, (self.item,)))[0]


class Store(Protocol):
    """One logical database. Nothing outside this floor knows which engine it is."""

    @property
    def bus(self) -> EventBus:
        """Where changes are announced."""
        ...

    async def write(self, work: Callable[[WriteTx], Awaitable[T]], *, octets: int = 0) -> T:
        """Run `work` with others in one transaction; returns once the commit is on disk.

        octets: how much message data the work carries, for the bound on what may wait (2,000 works,
        64 MiB; a full queue makes the caller wait). Raises what the work raised, StoreFull,
        StoreFailed.
        """
        ...

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Run `work` inline on the loop: indexed, short, never suspends."""
        ...

    async def scan(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Run `work` in a reader thread with a connection of its own.

        For bodies, texts, searches, sorts, counts, files. Cancelling the caller interrupts it.
        """
        ...

    async def close(self) -> None:
        """Finish the works that wait, then close. Later calls raise StoreFailed."""
        ...
