"""INPROGRESS: every ten seconds while a long command runs, and no longer. RFC 9585."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from roost.ports.net import Wire
from roost.service.login import Login
from roost.store.engine import ReadTx, Store, WriteTx
from roost.testing.imap import ImapHouse, new_house

TEN_SECONDS = timedelta(seconds=10)


class SlowStore:
    """A store whose scans and writes wait until they are let go on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.go_on = asyncio.Event()
        self.go_on.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def scan(self, work: Callable[[ReadTx], Awaitable[Any]]) -> Any:
        await self.go_on.wait()
        return await self._store.scan(work)

    async def write(self, work: Callable[[WriteTx], Awaitable[Any]], *, octets: int = 0) -> Any:
        await self.go_on.wait()
        return await self._store.write(work, octets=octets)


async def slow_house() -> tuple[ImapHouse, SlowStore]:
    house = await new_house()
    store = SlowStore(house.store)
    house.change_port(store=store)
    client = await house.client()
    await client.append(b"Subject: a\r\n\r\nText")
    return house, store


@pytest.mark.parametrize(
    "command", ["SEARCH BODY text", "UID SEARCH BODY text", "COPY 1 Drafts", "MOVE 1 Drafts"]
)
async def test_a_long_command_says_that_it_goes_on(command: str) -> None:
    house, store = await slow_house()
    client = await house.client()
    await client.ok("SELECT INBOX")
    store.go_on.clear()
    client.wire.feed(f"x {command}\r\n".encode())
    await client.wire.settle()
    assert not client.wire.output
    for _ in range(2):
        house.clock.advance(TEN_SECONDS)
        await client.wire.settle()
        assert await client.wire.line() == b'* OK [INPROGRESS ("x" NIL NIL)] still at it'
    store.go_on.set()
    while not (await client.wire.line()).startswith(b"x OK "):
        pass
    await client.wire.settle()
    assert house.clock.sleeping == 0
    house.clock.advance(TEN_SECONDS)
    await client.wire.settle()
    assert not client.wire.output


async def test_a_tag_with_a_bracket_is_not_repeated() -> None:
    house, store = await slow_house()
    client = await house.client()
    await client.ok("SELECT INBOX")
    store.go_on.clear()
    client.wire.feed(b"x]1 SEARCH BODY text\r\n")
    await client.wire.settle()
    house.clock.advance(TEN_SECONDS)
    assert await client.wire.line() == b"* OK [INPROGRESS] still at it"
    store.go_on.set()
    assert (await client.wire.line()).startswith(b"* SEARCH")


async def test_an_account_that_must_not_hear_of_it_does_not() -> None:
    house, store = await slow_house()
    check = house.port.check_login

    async def check_login(name: str, password: str, wire: Wire) -> Login:
        login = await check(name, password, wire)
        return replace(login, hidden_capabilities=frozenset({"INPROGRESS"}))

    house.change_port(check_login=check_login)
    client = await house.client()
    await client.ok("SELECT INBOX")
    store.go_on.clear()
    client.wire.feed(b"x SEARCH BODY text\r\n")
    await client.wire.settle()
    house.clock.advance(TEN_SECONDS)
    await client.wire.settle()
    assert not client.wire.output
    store.go_on.set()
