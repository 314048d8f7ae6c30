"""Every step of every work on messages fails in turn: nothing is left behind, neighbours stand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count

import apsw
import pytest

from roost.base.ids import MailboxRef
from roost.store.copying import copy, move_some
from roost.store.engine import WriteTx
from roost.store.expunging import expunge, remove
from roost.store.filing import file_messages
from roost.store.flagging import How, set_flags
from roost.store.flags import DELETED, SEEN, Flags
from roost.testing.clock import START, StoppedClock
from roost.testing.faults import StepFailed
from roost.testing.filing import message_octets, new_filing
from roost.testing.messages import MessageStore
from roost.testing.store import TEST_OPTIONS, new_store

Work = Callable[[WriteTx, MailboxRef, MailboxRef], Awaitable[object]]
MARK = "SELECT 'from here on'"


class FailAfterMark:
    """Fails the so-many-th statement after a work said MARK, once."""

    def __init__(self, step: int) -> None:
        self.left = step
        self.marked = False

    def __call__(self, _connection: apsw.Connection, sql: str) -> None:
        if sql == MARK:
            self.marked = True
        elif self.marked and self.left:
            self.left -= 1
            if not self.left:
                raise StepFailed


async def file(tx: WriteTx, one: MailboxRef, other: MailboxRef) -> object:
    octets = message_octets(9, references=(1,))
    return await file_messages(tx, [new_filing(box, octets, START) for box in (one, other)])


async def flag(tx: WriteTx, one: MailboxRef, _: MailboxRef) -> object:
    return await set_flags(tx, one, [1, 2, 3], How.ADD, Flags(SEEN | DELETED), now=START)


async def copy_all(tx: WriteTx, one: MailboxRef, other: MailboxRef) -> object:
    return await copy(tx, one, [(1, 2), (3, 9)], other, now=START)


async def move_two(tx: WriteTx, one: MailboxRef, other: MailboxRef) -> object:
    return await move_some(tx, one, [1, 3], other, now=START)


async def expunge_deleted(tx: WriteTx, one: MailboxRef, _: MailboxRef) -> object:
    return await expunge(tx, one, None, now=START)


async def remove_all(tx: WriteTx, one: MailboxRef, _: MailboxRef) -> object:
    return await remove(tx, one, [1, 2, 3], now=START)


@pytest.mark.parametrize(
    "work",
    [file, flag, copy_all, move_two, expunge_deleted, remove_all],
    ids=["file", "flag", "copy", "move", "expunge", "remove"],
)
async def test_a_work_that_fails_leaves_nothing_behind(work: Work) -> None:
    failed = 0
    for step in count(1):
        if not await fails_at(work, step):
            break
        failed += 1
    assert failed >= 5


async def fails_at(work: Work, step: int) -> bool:
    """Run `work` between two neighbours, its step failing; whether it had so many steps."""
    fault = FailAfterMark(step)
    tried = MessageStore(
        await new_store(options=replace(TEST_OPTIONS, on_statement=fault)), StoppedClock()
    )
    one, other = await tried.mailboxes("ann", "INBOX", "Other")
    for flags in (0, DELETED, SEEN):
        await tried.file(one, flags=Flags(flags))
    before = await tried.placed(one), await tried.mailbox(other)

    async def marked(tx: WriteTx) -> object:
        await tx.rows(MARK)
        return await work(tx, one, other)

    async def neighbour(tx: WriteTx, number: int) -> object:
        fault.marked = False
        return await file_messages(
            tx, [new_filing(neighbours, message_octets(number, subject="Near"), START)]
        )

    (neighbours,) = await tried.mailboxes("bob", "INBOX")
    outcomes = await asyncio.gather(
        tried.store.write(lambda tx: neighbour(tx, 100)),
        tried.store.write(marked),
        tried.store.write(lambda tx: neighbour(tx, 101)),
        return_exceptions=True,
    )
    assert len(await tried.placed(neighbours)) == 2
    assert await tried.check() == []
    if isinstance(outcomes[1], StepFailed):
        assert (await tried.placed(one), await tried.mailbox(other)) == before
    await tried.store.close()
    return isinstance(outcomes[1], BaseException)
