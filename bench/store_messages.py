"""How fast messages are filed, read, flagged, copied, moved and expunged. `make bench` runs it.

Writes are measured in CPU time of the writer thread, without the commit that works share; reads in
the time that passes on the loop.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time

from roost.base.ids import MailboxRef
from roost.store.copying import copy, move_some
from roost.store.engine import ReadTx, WriteTx
from roost.store.expunging import expunge
from roost.store.filing import Filing, file_messages
from roost.store.flagging import How, set_flags
from roost.store.flags import DELETED, SEEN, Flags
from roost.store.placements import columns_page, select, uids_after
from roost.testing.clock import StoppedClock
from roost.testing.filing import message_octets, new_filing
from roost.testing.messages import MessageStore
from roost.testing.store import TEST_OPTIONS, new_store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
IN_ONE_COMMIT = 50
PAGE = 500


def letter(number: int) -> bytes:
    """About 4 KB; every third begins a thread that the next two join."""
    first = number - number % 3
    references = tuple(range(first, number))
    text = "Some words of text on a line that goes on.\r\n" * 88
    return message_octets(number, subject=f"Week {first}", references=references, body=text)


def say(what: str, seconds: float, count: int, goal: str) -> None:
    print(f"{what:32} {seconds * 1e3:9.1f} ms {seconds / count * 1e6:9.2f} us each   goal {goal}")


async def file(tried: MessageStore, inbox: MailboxRef, count: int) -> None:
    filings = [
        new_filing(inbox, letter(n), NOW, prefix=b"Delivered-To: b@b.example\r\n", delivered=True)
        for n in range(1, min(count, 3_000) + 1)
    ]
    spent = 0.0
    for start in range(0, len(filings), IN_ONE_COMMIT):
        spent += await tried.store.write(lambda tx, start=start: one_by_one(tx, filings, start))  # type: ignore[misc]
    say("file, one by one", spent, len(filings), "150 us each")
    spent = 0.0
    for start in range(len(filings), count, PAGE):
        more = [new_filing(inbox, letter(n), NOW) for n in range(start + 1, start + PAGE + 1)]
        spent += await tried.store.write(lambda tx, more=more: timed(file_messages(tx, more)))  # type: ignore[misc]
    if count > len(filings):
        say("file, 500 at once", spent, count - len(filings), "-")


async def one_by_one(tx: WriteTx, filings: list[Filing], start: int) -> float:
    begun = thread_time()
    for filing in filings[start : start + IN_ONE_COMMIT]:
        await file_messages(tx, [filing])
    return thread_time() - begun


async def timed(act: Awaitable[object]) -> float:
    begun = thread_time()
    await act
    return thread_time() - begun


async def read_pages(tried: MessageStore, inbox: MailboxRef, columns: tuple[str, ...]) -> float:
    begun, after = perf_counter(), 0
    while True:
        rows = await tried.store.read(
            lambda tx, after=after: columns_page(tx, inbox, columns, after + 1, 1 << 32, PAGE)  # type: ignore[misc]
        )
        if not rows:
            return perf_counter() - begun
        after = rows[-1][0]


async def in_steps(
    tried: MessageStore,
    mailbox: MailboxRef,
    step: Callable[[WriteTx, list[int]], Awaitable[object]],
) -> float:
    """Time of the works alone, for the first 10,000 messages in steps of a page."""
    spent, after = 0.0, 0
    for _ in range(20):

        async def next_uids(tx: ReadTx, after: int = after) -> list[int]:
            return list(await uids_after(tx, mailbox, after, PAGE))

        uids = await tried.store.read(next_uids)
        if not uids:
            break
        spent += await tried.store.write(lambda tx, uids=uids: timed(step(tx, uids)))  # type: ignore[misc]
        after = uids[-1]
    return spent


async def run(folder: Path, count: int) -> None:
    store = await new_store(folder, options=TEST_OPTIONS)
    tried = MessageStore(store, StoppedClock())
    inbox, other, third = await tried.mailboxes("ann", "INBOX", "Other", "Third")
    await file(tried, inbox, count)
    for name, columns, goal in (
        ("FLAGS", ("uid", "flags", "keywords", "modseq"), "0.1 s for 100,000"),
        ("ENVELOPE", ("uid", "envelope"), "0.45 s for 100,000"),
        ("all of a message list", ("uid", "flags", "envelope", "bodystructure", "size"), "-"),
    ):
        best = min([await read_pages(tried, inbox, columns) for _ in range(3)])
        say(name, best, count, goal)
    begun = perf_counter()
    await store.scan(lambda tx: select(tx, inbox))
    say("SELECT", perf_counter() - begun, count, "-")
    spent = await store.write(lambda tx: timed(copy(tx, inbox, [(1, 1 << 31)], other, now=NOW)))
    say("COPY", spent, count, "2 s for 100,000")
    some = min(count, 20 * PAGE)
    for name, mailbox, step in (
        (
            "STORE +FLAGS \\Seen",
            inbox,
            lambda tx, uids: set_flags(tx, inbox, uids, How.ADD, Flags(SEEN), now=NOW),
        ),
        ("MOVE", other, lambda tx, uids: move_some(tx, other, uids, third, now=NOW)),
        (
            "STORE +FLAGS \\Deleted",
            third,
            lambda tx, uids: set_flags(tx, third, uids, How.ADD, Flags(DELETED), now=NOW),
        ),
        ("EXPUNGE", third, lambda tx, _: expunge(tx, third, None, now=NOW)),
    ):
        say(name, await in_steps(tried, mailbox, step), some, "20 ms a work")
    await store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), parser.parse_args().messages))


if __name__ == "__main__":
    main()
