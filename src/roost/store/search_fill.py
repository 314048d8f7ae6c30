"""Keeps the search index up with the mail, in the background."""

import asyncio
from collections.abc import Callable

from roost.base.ids import AccountId
from roost.ports.bus import Hint, Type
from roost.ports.clock import Clock
from roost.store.engine import ReadTx, Store
from roost.store.search import index_some, prune_some
from roost.store.search_index import Extract, SearchIndex

# A burst of deliveries is indexed in batches, and delivery has the processor for most of the time:
# after each batch the fill rests for so many times as long as the batch took.
GATHER_SECONDS = 1.0
# While mail keeps coming it waits: what is not indexed yet is found by looking at it.
LONGEST_WAIT_SECONDS = 30.0
REST_FACTOR = 4.0
PRUNE_REST_SECONDS = 0.2


async def fill_search(store: Store, index: SearchIndex, extract: Extract, clock: Clock) -> None:
    """Index what is there, then what comes, until cancelled. Loses nothing when it starts anew."""
    waiting: set[AccountId] = set()
    news = asyncio.Event()

    def hear(hint: Hint) -> None:
        if Type.EMAIL in hint.types:
            waiting.add(hint.account)
            news.set()

    stop_listening: Callable[[], None] = store.bus.listen(None, hear)
    try:
        waiting.update(await store.scan(_accounts))
        while True:
            while waiting:
                await _fill_account(store, index, extract, clock, waiting.pop())
            await _until_quiet(news, clock)
    finally:
        stop_listening()


async def _until_quiet(news: asyncio.Event, clock: Clock) -> None:
    """Return a while after there was news, once no more comes or it has come for long enough."""
    news.clear()
    await news.wait()
    began = clock.monotonic()
    while news.is_set() and clock.monotonic() - began < LONGEST_WAIT_SECONDS:
        news.clear()
        await clock.sleep(GATHER_SECONDS)


async def _fill_account(
    store: Store, index: SearchIndex, extract: Extract, clock: Clock, account: AccountId
) -> None:
    while True:
        began = clock.monotonic()
        if not await index_some(store, index, extract, account):
            return
        await clock.sleep(REST_FACTOR * (clock.monotonic() - began))


async def prune_search(store: Store, index: SearchIndex, clock: Clock) -> None:
    """Forget what was indexed of emails that are gone, from the first to the last."""
    after: int | None = 0
    while after is not None:
        after = await prune_some(store, index, after)
        await clock.sleep(PRUNE_REST_SECONDS)


async def _accounts(tx: ReadTx) -> list[AccountId]:
    rows = await tx.rows("SELECT id FROM account WHERE deleted IS NULL ORDER BY id")
    return [AccountId(row[0]) for row in rows]
