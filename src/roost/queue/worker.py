"""Delivers what is in the queue to recipients of our own.

The message is filed and its items finished in one transaction, so that a crash at any moment
neither loses a message nor files it twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.base.ids import AccountId, SubmissionId
from roost.delivery.receive import QueuedMessage, receive_queued
from roost.delivery.route import Destination
from roost.ports.bus import Hint, Type
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.queue.notice import Notices, file_notice
from roost.queue.schedule import CLAIM, wait_after
from roost.store import queue_rows
from roost.store.engine import ReadTx, Store, StoreFailed, StoreFull, WriteTx
from roost.store.queue_rows import ItemState, QueueItem, Submission

BATCH = 200
LONGEST_SLEEP = timedelta(minutes=5)
PAUSE_AFTER_FAILURE = timedelta(seconds=10)

Route = Callable[[Address], Awaitable[Destination]]
Claimed = list[tuple[QueueItem, int]]


class Worker:
    """Delivers due items, one submission after another, until it is cancelled.

    route: where mail for an address goes; raises ServiceError. notices: tell a sender that we
    gave up. name: who claims.
    """

    def __init__(
        self, store: Store, clock: Clock, log: Log, route: Route, notices: Notices, name: str
    ) -> None:
        self._store = store
        self._notices = notices
        self._clock = clock
        self._log = log
        self._route = route
        self._name = name
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Work for ever. What a crash left behind is due again after its claim."""
        stop_listening = self._store.bus.listen(None, self._hear)
        try:
            while True:
                self._news.clear()
                try:
                    worked = await self.work_off()
                except ServiceError as error:
                    self._log.warning(Event.JOB_FAILED, job="queue", reason=error.code)
                    await self._clock.sleep(PAUSE_AFTER_FAILURE.total_seconds())
                    continue
                if not worked:
                    await self._rest()
        finally:
            stop_listening()

    async def work_off(self) -> bool:
        """Try what is due, at most BATCH recipients; whether there was something."""
        now = self._clock.now()
        items = await self._store.read(lambda tx: queue_rows.due(tx, now, BATCH))
        groups: dict[tuple[AccountId, SubmissionId], list[QueueItem]] = {}
        for item in items:
            groups.setdefault((item.ref.account, item.ref.submission), []).append(item)
        for (account, submission), group in groups.items():
            try:
                await self._try(account, submission, group)
            except (StoreFull, StoreFailed):
                raise
            except Exception as error:
                # One message that we cannot deal with stops no other; its claim runs out.
                self._log.error(Event.JOB_FAILED, error=error, job="queue", submission=submission)
        return bool(items)

    def _hear(self, hint: Hint) -> None:
        if Type.QUEUE in hint.types:
            self._news.set()

    async def _rest(self) -> None:
        """Sleep until something is queued or due."""
        now = self._clock.now()
        due = await self._store.read(queue_rows.next_due)
        wait = LONGEST_SLEEP if due is None else min(due - now, LONGEST_SLEEP)
        news = asyncio.ensure_future(self._news.wait())
        timer = asyncio.ensure_future(self._clock.sleep(max(wait.total_seconds(), 0.05)))
        try:
            await asyncio.wait((news, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
            timer.cancel()

    async def _try(
        self, account: AccountId, submission: SubmissionId, items: Sequence[QueueItem]
    ) -> None:
        claimed = await self._claim(items)
        if not claimed:
            return

        async def work(tx: ReadTx) -> Submission | None:
            return await queue_rows.submission_of(tx, account, submission)

        message = await self._store.read(work)
        if message is None:
            await self._cancel(claimed)  # its account is being removed
            return
        destinations: list[Destination] = []
        going: Claimed = []
        for item, attempt in claimed:
            try:
                destinations.append(await self._route(Address.parse(item.recipient)))
                going.append((item, attempt))
            except ServiceError as error:
                await self._failed(message, error, [(item, attempt)])
        if going:
            await self._deliver(message, destinations, going)

    async def _cancel(self, claimed: Claimed) -> None:
        now = self._clock.now()

        async def work(tx: WriteTx) -> None:
            for item, _ in claimed:
                await queue_rows.finish(tx, item.ref, ItemState.CANCELLED, "", now)

        await self._store.write(work)

    async def _claim(self, items: Sequence[QueueItem]) -> Claimed:
        now = self._clock.now()

        async def work(tx: WriteTx) -> Claimed:
            claimed = []
            for item in items:
                attempt = await queue_rows.claim(
                    tx, item.ref, by=self._name, now=now, until=now + CLAIM
                )
                if attempt is not None:
                    claimed.append((item, attempt))
            return claimed

        return await self._store.write(work)

    async def _deliver(
        self, message: Submission, destinations: Sequence[Destination], going: Claimed
    ) -> None:
        now = self._clock.now()
        sender = Address.parse(message.sender) if message.sender else None
        size = message.size - len(message.prefix)
        queued = QueuedMessage(message.blob, size, message.prefix, sender)

        async def finish(tx: WriteTx) -> None:
            for item, _ in going:
                await queue_rows.finish(tx, item.ref, ItemState.DELIVERED, "", now)

        try:
            await receive_queued(self._store, queued, destinations, now, finish)
        except (StoreFull, StoreFailed):
            raise
        except ServiceError as error:
            if len(going) == 1:
                await self._failed(message, error, going)
                return
            # What is in the way of one recipient is not in the way of the others.
            for destination, one in zip(destinations, going, strict=True):
                await self._deliver(message, [destination], [one])
            return
        for item, attempt in going:
            self._log.info(
                Event.DELIVERY_DONE, submission=item.ref.submission, attempt=attempt, local=True
            )

    async def _failed(self, message: Submission, error: ServiceError, items: Claimed) -> None:
        """Try again later; or give up and tell the sender, in one transaction."""
        now = self._clock.now()
        steps = []
        for item, attempt in items:
            wait = wait_after(attempt) if error.temporary else None
            notice = None
            if wait is None and message.sender:
                notice = await self._notices.write(message, item, attempt, error, now)
            steps.append((item, attempt, wait, notice))

        async def work(tx: WriteTx) -> None:
            for item, attempt, wait, notice in steps:
                if wait is not None:
                    await queue_rows.reschedule(tx, item.ref, attempt, now + wait, error.code)
                    continue
                if notice is not None:
                    await file_notice(tx, item, notice, now)
                await queue_rows.finish(tx, item.ref, ItemState.FAILED, error.code, now)

        await self._store.write(work)
        for item, attempt in items:
            self._log.warning(
                Event.DELIVERY_FAILED,
                submission=item.ref.submission,
                attempt=attempt,
                reason=error.code,
            )
