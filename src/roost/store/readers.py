"""The two ways to read: inline on the loop, and in reader threads.

Every work, inline or not, is one transaction and sees one moment of the database. An open reading
transaction keeps the WAL from starting over, so a scan of more than a few seconds is cut into pages
by key; bodies and texts of one request are well below that.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from typing import Any, TypeVar

import apsw

from roost.ports.blobs import Blobs
from roost.store.connection import translate
from roost.store.engine import ReadTx, StoreFailed
from roost.store.room import Room
from roost.store.statement import KnownStatements
from roost.store.transaction import SqliteReadTx, StrictReadTx, step

T = TypeVar("T")

MAX_WAITING_SCANS = 500
STEPS_BETWEEN_LOOKS = 50_000  # of SQLite's machine: a few milliseconds


class InlineReader:
    """Reads on the loop's own thread."""

    def __init__(
        self, connection: apsw.Connection, known: KnownStatements, blobs: Blobs, *, strict: bool
    ) -> None:
        self._connection = connection
        self._known = known
        self._blobs = blobs
        self._tx = StrictReadTx if strict else SqliteReadTx
        self.busy = False  # whether a work is being run

    def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """See `Store.read`."""
        self.busy = True
        try:
            return _read(
                self._connection,
                self._tx(self._connection.execute, self._known, self._blobs),
                work,
            )
        finally:
            self.busy = False

    def close(self) -> None:
        self._connection.close()


class Scan:
    """One work for the reader threads."""

    __slots__ = ("error", "future", "unwanted", "value", "work")

    def __init__(self, work: Callable[[Any], Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.unwanted = False  # set on the loop when the caller is cancelled, read in the thread
        self.value: Any = None
        self.error: BaseException | None = None


class Readers:
    """Up to `count` threads with a connection each, started when they are first needed."""

    def __init__(
        self,
        connect: Callable[[], apsw.Connection],
        known: KnownStatements,
        blobs: Blobs,
        count: int,
    ) -> None:
        self._connect = connect
        self._known = known
        self._blobs = blobs
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._room = Room(MAX_WAITING_SCANS, 0)
        self._queue: SimpleQueue[Scan | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._running = 0

    async def scan(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """See `Store.scan`."""
        await self._room.enter()
        scan = Scan(work, self._loop.create_future())
        self._queue.put(scan)
        if len(self._threads) < min(self._count, self._room.things):
            self._start_thread()
        try:
            value: T = await scan.future
        finally:
            scan.unwanted = True
        return value

    async def close(self) -> None:
        """Finish what waits, then end the threads."""
        await self._room.emptied()
        self.stop()
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """Tell the threads to end once the scans that wait are done."""
        for _ in self._threads:
            self._queue.put(None)

    def _start_thread(self) -> None:
        thread = threading.Thread(
            target=self._main, name=f"roost-reader-{len(self._threads) + 1}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _main(self) -> None:
        """A thread: scan by scan until told to stop."""
        connection: apsw.Connection | None = None
        while (scan := self._queue.get()) is not None:
            try:
                connection = connection or self._connect()
                scan.value = self._run(connection, scan)
            except BaseException as error:
                scan.error = translate(error)
            self._post(scan)
        if connection is not None:
            connection.close()

    def _run(self, connection: apsw.Connection, scan: Scan) -> Any:
        """In a thread."""

        def run(sql: str, args: Any) -> apsw.Cursor:
            if scan.unwanted:
                raise apsw.InterruptError("the caller was cancelled")
            return connection.execute(sql, args)

        connection.set_progress_handler(lambda: scan.unwanted, STEPS_BETWEEN_LOOKS)
        try:
            return _read(connection, SqliteReadTx(run, self._known, self._blobs), scan.work)
        finally:
            connection.set_progress_handler(None)

    def _post(self, scan: Scan) -> None:
        """In a thread: answer on the loop; nobody waits on a loop that is closed."""
        try:
            self._loop.call_soon_threadsafe(self._answer, scan)
        except RuntimeError:
            pass

    def _answer(self, scan: Scan) -> None:
        self._room.leave()
        if scan.future.done():
            return
        if scan.error is None:
            scan.future.set_result(scan.value)
        else:
            scan.future.set_exception(scan.error)


def _read(connection: apsw.Connection, tx: SqliteReadTx, work: Callable[[Any], Awaitable[T]]) -> T:
    """Run a work in a transaction that is always over when this returns."""
    try:
        connection.execute("BEGIN")
    except apsw.Error as error:
        raise StoreFailed from error
    try:
        return step(work, tx)
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")
