"""When mail is indexed: once it is quiet, or has not been for long."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from roost.base.ids import MailboxRef
from roost.store.search_fill import GATHER_SECONDS, LONGEST_WAIT_SECONDS, fill_search
from roost.store.search_index import IndexedText, SearchIndex
from roost.testing.bus import ListBus
from roost.testing.clock import StoppedClock
from roost.testing.messages import MessageStore
from roost.testing.store import new_store


class Filled:
    """A store whose mail is indexed in the background, by a clock that the test moves."""

    def __init__(self, tried: MessageStore, clock: StoppedClock, inbox: MailboxRef) -> None:
        self.tried, self.clock, self.inbox = tried, clock, inbox
        self.indexed = 0

    def extract(self, _octets: bytes) -> IndexedText:
        self.indexed += 1
        return IndexedText("", "", [])

    async def mail(self) -> None:
        await self.tried.file(self.inbox)

    async def pass_time(self, seconds: float) -> None:
        """Move the clock once the fill sleeps, and wait until it sleeps or listens again."""
        await self.settle()
        self.clock.advance(timedelta(seconds=seconds))
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0.001)


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Filled]:
    clock = StoppedClock()
    store = await new_store(bus=ListBus(), clock=clock)
    tried = MessageStore(store, StoppedClock())  # its writes move a clock of their own
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    index = SearchIndex(tmp_path / "search.db")
    made = Filled(tried, clock, inbox)
    task = asyncio.create_task(fill_search(store, index, made.extract, clock))
    await made.settle()
    yield made
    task.cancel()
    await store.close()
    index.close()


async def test_a_message_is_indexed_once_it_is_quiet(filled: Filled) -> None:
    await filled.mail()
    await filled.pass_time(GATHER_SECONDS / 2)
    assert filled.indexed == 0
    await filled.pass_time(GATHER_SECONDS)
    assert filled.indexed == 1


async def test_while_mail_keeps_coming_it_waits_but_not_for_ever(filled: Filled) -> None:
    step = GATHER_SECONDS / 2
    rounds = int(LONGEST_WAIT_SECONDS / step)
    for _ in range(rounds - 1):
        await filled.mail()
        await filled.pass_time(step)
    assert filled.indexed == 0
    await filled.mail()
    await filled.pass_time(step)
    assert filled.indexed == rounds
