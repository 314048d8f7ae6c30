r"""\Recent: one session alone is told of an arrival, and idle ones cost no write each."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from roost.store.engine import Store, StoreFull, WriteTx
from roost.testing.imap import ImapClient, ImapHouse, new_house

T = TypeVar("T")


class CountingStore:
    """A store that counts what is written. full: whether its disk is."""

    def __init__(self, store: Store) -> None:
        self.bus, self.read, self.scan, self.close = store.bus, store.read, store.scan, store.close
        self._store = store
        self.writes = 0
        self.full = False

    async def write(self, work: Callable[[WriteTx], Awaitable[T]], *, octets: int = 0) -> T:
        if self.full:
            raise StoreFull
        self.writes += 1
        return await self._store.write(work, octets=octets)


async def selecting(
    house: ImapHouse, command: str = "SELECT INBOX", enable: str = ""
) -> ImapClient:
    client = await house.client()
    if enable:
        await client.ok(f"ENABLE {enable}")
    await client.ok(command)
    return client


async def recent_of(client: ImapClient) -> list[int]:
    """What a client finds \\Recent after it was told all."""
    await client.ok("NOOP")
    (line,) = await client.ok("UID SEARCH RECENT")
    return [int(uid) for uid in line.split()[2:]]


async def test_each_arrival_is_recent_for_one_session_whoever_asks_at_once() -> None:
    house = await new_house()
    clients = [await selecting(house) for _ in range(5)]
    filer = await house.client()
    for _ in range(6):
        await filer.append(b"Subject: x\r\n\r\n")
        await asyncio.gather(*(client.ok("NOOP") for client in clients))
    found = [uid for client in clients for uid in await recent_of(client)]
    assert sorted(found) == [1, 2, 3, 4, 5, 6]


async def test_who_looks_only_or_speaks_rev2_takes_nothing_from_others() -> None:
    house = await new_house()
    looking = await selecting(house, "EXAMINE INBOX")
    newer = await selecting(house, enable="IMAP4rev2")
    client = await selecting(house)
    filer = await house.client()
    await filer.append(b"Subject: x\r\n\r\n")
    assert await recent_of(looking) == [1]
    assert await newer.ok("NOOP") == [b"* 1 EXISTS"]
    assert await recent_of(client) == [1]
    assert await recent_of(looking) == [1]
    assert await recent_of(await selecting(house)) == []


@pytest.mark.parametrize("enable", ["", "IMAP4rev2"])
async def test_an_arrival_costs_all_idle_sessions_one_write_or_none(enable: str) -> None:
    house = await new_house()
    counting = CountingStore(house.store)
    house.change_port(store=counting)
    clients = [await selecting(house, enable=enable) for _ in range(4)]
    filer = await house.client()
    await filer.append(b"Subject: x\r\n\r\n")
    before = counting.writes
    for client in clients:
        assert b"* 1 EXISTS" in await client.ok("NOOP")
    assert counting.writes - before == (0 if enable else 1)


async def test_a_full_disk_keeps_nobody_from_hearing_of_arrivals() -> None:
    house = await new_house()
    counting = CountingStore(house.store)
    filer = await house.client()
    house.change_port(store=counting)
    client = await selecting(house)
    await filer.append(b"Subject: x\r\n\r\n")
    counting.full = True
    assert await client.ok("NOOP") == [b"* 1 EXISTS", b"* 1 RECENT"]
