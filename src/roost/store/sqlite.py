"""The store on SQLite: one file, one writer thread, inline reads, reader threads."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import apsw

from roost.ports.blobs import Blobs
from roost.ports.bus import EventBus
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.store.announce import Announcer
from roost.store.batch import Batch, OnStatement
from roost.store.checkpoint import Checkpointer
from roost.store.connection import connect_reader
from roost.store.engine import ReadTx, StoreFailed, WriteTx
from roost.store.migrate import open_migrated
from roost.store.readers import InlineReader, Readers
from roost.store.space import GIB, Space
from roost.store.statement import KnownStatements
from roost.store.writer import Writer, WriterLimits

T = TypeVar("T")

RESERVE_NAME = "reserve"


class SqliteStore:
    """A Store. Made by `open_store`, used on the loop it was made on."""

    def __init__(
        self, writer: Writer, inline: InlineReader, readers: Readers, bus: EventBus, space: Space
    ) -> None:
        self._writer = writer
        self._inline = inline
        self._readers = readers
        self._bus = bus
        self._space = space
        self._closed = False

    @property
    def bus(self) -> EventBus:
        return self._bus

    @property
    def space(self) -> Space:
        """Whether there is room for mail."""
        return self._space

    async def write(self, work: Callable[[WriteTx], Awaitable[T]], *, octets: int = 0) -> T:
        self._admit()
        return await self._writer.write(work, octets)

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        self._admit()
        return self._inline.read(work)

    async def scan(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        self._admit()
        return await self._readers.scan(work)

    def _admit(self) -> None:
        """Refuse a closed store, and a work that asks the store instead of its transaction."""
        if self._closed:
            raise StoreFailed
        try:
            asyncio.get_running_loop()
            in_work = self._inline.busy
        except RuntimeError:
            in_work = True  # in the thread of a writer or reader
        if in_work:
            raise RuntimeError("a work awaits something other than its transaction: the store")

    async def give_back_pages(self, limit: int) -> int:
        """Return up to `limit` free pages to the disk; how many are still free.

        Takes about 10 us a page on the writer thread, so a job calls it in steps of some hundreds.
        """
        return await self._writer.alone(partial(_give_back_pages, limit=limit))

    async def checkpoint(self) -> None:
        """Copy the WAL into the database and start it over, as far as open reads allow."""
        await self._writer.alone(_checkpoint)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._writer.drain()
        await self._readers.close()
        self._inline.close()
        await self._writer.close()

    def stop_threads(self) -> Callable[[], None]:
        """What lets the threads end without anyone waiting; for a store that was never closed."""
        return partial(_stop, self._writer, self._readers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a store is opened.

    readers: most threads for scans. least_free_octets: see `space.least_free`. reserve: keep a
    reserve file beside the database. strict: inline reads of more than MAX_INLINE_ROWS are errors.
    on_statement: called in the writer thread before each statement of a work, and may raise.
    vfs: the name of another VFS of SQLite.
    """

    readers: int = 3
    least_free_octets: int = GIB
    reserve: bool = True
    strict: bool = False
    limits: WriterLimits = field(default_factory=WriterLimits)
    on_statement: OnStatement | None = None
    vfs: str | None = None


async def open_store(
    path: Path,
    *,
    blobs: Blobs,
    bus: EventBus,
    clock: Clock,
    log: Log,
    failed: Callable[[], None] = lambda: None,
    options: Options | None = None,
) -> SqliteStore:
    """Open the database at `path`, made when there is none, brought to the newest schema.

    failed: called on the loop when the disk has failed; the process should end. `log` is also
    called from threads. Raises StoreRefused.
    """
    options = options or Options()
    known = KnownStatements()
    connection = open_migrated(path, options.vfs, clock, log)
    space = Space(
        blobs.free_octets,
        path.with_name(RESERVE_NAME) if options.reserve else None,
        least_octets=options.least_free_octets,
    )
    space.restore()
    connect = partial(connect_reader, path, options.vfs)
    inline = InlineReader(connect(), known, blobs, strict=options.strict)
    limits = options.limits
    writer = Writer(
        connection,
        Batch(connection, known, blobs, space, log, options.on_statement),
        Checkpointer(
            connection, space, log, pages=limits.wal_pages, alarm_octets=limits.wal_alarm_octets
        ),
        Announcer(bus, log),
        log,
        limits,
        failed,
    )
    readers = Readers(connect, known, blobs, options.readers)
    log.info(Event.STORE_OPENED)
    return SqliteStore(writer, inline, readers, bus, space)


def _give_back_pages(connection: apsw.Connection, limit: int) -> int:
    connection.execute(f"PRAGMA incremental_vacuum({int(limit)})").fetchall()
    left: int = connection.execute("PRAGMA freelist_count").get
    return left


def _checkpoint(connection: apsw.Connection) -> None:
    try:
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.BusyError:
        pass  # a reader is in the way: what could be copied was


def _stop(writer: Writer, readers: Readers) -> None:
    readers.stop()
    writer.stop()
