"""The one thread that writes: it runs all that waits in one transaction, then answers.

The loop's side (`write`, `alone`, `drain`, `close`) and the thread's side meet in a queue one way
and in one `call_soon_threadsafe` per batch the other way.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

import apsw

from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.store.announce import Announcer
from roost.store.batch import Batch, DiskFailed, Job
from roost.store.checkpoint import Checkpointer
from roost.store.connection import translate
from roost.store.engine import StoreFailed, WriteTx
from roost.store.room import Room

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """Bounds of the writer.

    waiting_*: works and octets of those that wait or run. batch_*: of one transaction; a larger
    work gets a transaction of its own. gather_seconds: how long the next is awaited where works
    come several at a time, since many in one transaction cost far less each. wal_pages: from how
    many pages on the WAL is copied into the database. wal_alarm_octets: from what size on the log
    is told.
    """

    waiting_works: int = 2_000
    waiting_octets: int = 64 << 20
    batch_works: int = 500
    batch_octets: int = 16 << 20
    gather_seconds: float = 0.001
    wal_pages: int = 4_000
    wal_alarm_octets: int = 1 << 30


class Request(Job):
    """A job of a caller on the loop. alone: it gets the bare connection, in no transaction."""

    __slots__ = ("alone", "future", "octets")

    def __init__(
        self, work: Callable[[Any], Any], future: asyncio.Future[Any], octets: int, *, alone: bool
    ) -> None:
        super().__init__(work)
        self.future = future
        self.octets = octets
        self.alone = alone


class Writer:
    """Owns the writing connection. Made, called and closed on the loop."""

    def __init__(
        self,
        connection: apsw.Connection,
        batch: Batch,
        checkpointer: Checkpointer,
        announcer: Announcer,
        log: Log,
        limits: WriterLimits,
        failed: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._batch = batch
        self._checkpointer = checkpointer
        self._announcer = announcer
        self._log = log
        self._limits = limits
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._room = Room(limits.waiting_works, limits.waiting_octets)
        self._queue: SimpleQueue[Request | None] = SimpleQueue()
        self._closing = False
        self._stopped = self._loop.create_future()
        # These two belong to the thread.
        self._carried: Request | None = None
        self._disk_failed = False
        self._come_together = False
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._main, name="roost-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[WriteTx], Awaitable[T]], octets: int) -> T:
        """See `Store.write`."""
        value: T = await self._submit(work, octets, alone=False)
        return value

    async def alone(self, act: Callable[[apsw.Connection], T]) -> T:
        """Run `act` in the thread with the bare connection, between two transactions."""
        value: T = await self._submit(act, 0, alone=True)
        return value

    async def drain(self) -> None:
        """Take nothing more and return when all that waits is done."""
        self._closing = True
        await self._room.emptied()

    async def close(self) -> None:
        """Drain, copy the WAL into the database, end the thread."""
        await self.drain()
        self.stop()
        await asyncio.shield(self._stopped)
        self._thread.join()

    def stop(self) -> None:
        """Tell the thread to end once what waits is done."""
        self._queue.put(None)

    async def _submit(self, work: Callable[[Any], Any], octets: int, *, alone: bool) -> Any:
        if self._closing:
            raise StoreFailed
        await self._room.enter(octets)
        request = Request(work, self._loop.create_future(), octets, alone=alone)
        self._queue.put(request)
        return await request.future

    def _answer(self, requests: Sequence[Request]) -> None:
        """On the loop: hints and acts, then the callers."""
        self._announcer.announce(
            [request.tx for request in requests if request.tx is not None and request.committed]
        )
        for request in requests:
            if request.future.done():
                continue  # the caller was cancelled; its work was done or dropped as a whole
            if request.error is None:
                request.future.set_result(request.value)
            else:
                request.future.set_exception(_fit_for_future(request.error))
        self._room.leave(sum(request.octets for request in requests), len(requests))

    def _tell_failed(self) -> None:
        """On the loop: the disk has failed; nothing more is accepted."""
        self._closing = True
        self._room.turn_away()
        self._failed()

    def _main(self) -> None:
        """The thread: batch by batch until told to stop."""
        while (first := self._carried or self._queue.get()) is not None:
            if self._come_together:
                self._pause.wait(self._limits.gather_seconds)
            requests = self._collect(first)
            self._come_together = len(requests) > 1
            if self._disk_failed:
                for request in requests:
                    request.fail(StoreFailed())
            elif first.alone:
                self._run_alone(first)
            else:
                self._run_batch(requests)
            self._post(partial(self._answer, requests))
            if not self._disk_failed:
                self._checkpoint()
        self._end()

    def _collect(self, first: Request) -> list[Request]:
        """In the thread: `first` and what waits behind it, within the bounds of a batch."""
        self._carried = None
        requests = [first]
        octets = first.octets
        while not first.alone and len(requests) < self._limits.batch_works:
            if self._queue.empty():
                break
            request = self._queue.get()
            if request is None:
                self._queue.put(None)  # nothing is asked after it
                break
            octets += request.octets
            if request.alone or octets > self._limits.batch_octets:
                self._carried = request
                break
            requests.append(request)
        return requests

    def _run_batch(self, requests: Sequence[Request]) -> None:
        """In the thread. A caller that was cancelled has its work dropped."""
        try:
            self._batch.run([each for each in requests if not each.future.cancelled()])
        except DiskFailed:
            self._note_disk_failed()

    def _run_alone(self, request: Request) -> None:
        """In the thread."""
        try:
            request.value = request.work(self._connection)
        except BaseException as error:
            request.error = translate(error)

    def _checkpoint(self) -> None:
        """In the thread, between two batches."""
        try:
            self._checkpointer.copy_if_due()
        except apsw.Error as error:
            self._log.error(Event.STORE_FAILED, error=error)
            self._note_disk_failed()

    def _note_disk_failed(self) -> None:
        """In the thread."""
        self._disk_failed = True
        self._post(self._tell_failed)

    def _post(self, act: Callable[[], None]) -> None:
        """In the thread: have `act` called on the loop; nobody waits on a loop that is closed."""
        try:
            self._loop.call_soon_threadsafe(act)
        except RuntimeError:
            pass

    def _end(self) -> None:
        """In the thread, last of all."""
        if self._disk_failed:
            self._checkpointer.leave_wal()
        else:
            self._checkpointer.copy_all()
        self._connection.close()
        self._post(self._note_stopped)

    def _note_stopped(self) -> None:
        if not self._stopped.done():
            self._stopped.set_result(None)


def _fit_for_future(error: BaseException) -> BaseException:
    """A Future takes no StopIteration."""
    if not isinstance(error, StopIteration):
        return error
    told = RuntimeError("a work raised StopIteration")
    told.__cause__ = error
    return told
