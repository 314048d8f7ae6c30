"""Fills a mailbox of a server that does not run, through its store: a million messages in minutes."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.imap_rows import bench_message
from roost.adapters.blobs import DiskBlobs
from roost.adapters.clock import SystemClock
from roost.app.data_folder import DataFolder
from roost.base.ids import MailboxRef
from roost.service.search_text import extract
from roost.store import accounts, mailboxes
from roost.store.engine import ReadTx
from roost.store.filing import file_messages
from roost.store.flags import SEEN, Flags
from roost.store.search import index_some
from roost.store.search_index import SearchIndex
from roost.store.sqlite import SqliteStore, open_store
from roost.testing.bus import ListBus
from roost.testing.filing import new_filing
from roost.testing.log import ListLog

PAGE = 500
INDEXED_AT_ONCE = 1_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def fill(folder: Path, account: str, count: int) -> None:
    """Put `count` seen messages into INBOX of an account."""
    asyncio.run(_fill(DataFolder(folder), account, count))


def wait_until_indexed(folder: Path, number: int, count: int) -> None:
    """Return when the running server has made so many messages of an account searchable."""
    index = SearchIndex(DataFolder(folder).search)
    while index.progress(number) < count:
        time.sleep(0.2)
    index.close()


async def _fill(folder: DataFolder, account: str, count: int) -> None:
    store = await _open(folder)
    inbox = await store.read(lambda tx: _inbox(tx, account))
    for start in range(0, count, PAGE):
        await _file(store, inbox, range(start, min(start + PAGE, count)))
    index = SearchIndex(folder.search)
    while await index_some(store, index, extract, inbox.account, INDEXED_AT_ONCE):
        pass
    index.close()
    await store.close()


async def _open(folder: DataFolder) -> SqliteStore:
    clock = SystemClock()
    blobs = DiskBlobs(folder.blobs, clock)
    return await open_store(folder.database, blobs=blobs, bus=ListBus(), clock=clock, log=ListLog())


async def _inbox(tx: ReadTx, account: str) -> MailboxRef:
    row = await accounts.by_name(tx, account)
    assert row is not None, "the account was made before"
    mailbox = await mailboxes.by_name(tx, row.id, "INBOX")
    assert mailbox is not None, "every account has one"
    return mailbox.ref


async def _file(store: SqliteStore, inbox: MailboxRef, numbers: Sequence[int]) -> None:
    filings = [
        new_filing(
            inbox, bench_message(number), _BEGAN + timedelta(seconds=number), flags=Flags(SEEN)
        )
        for number in numbers
    ]
    await store.write(lambda tx: file_messages(tx, filings))
