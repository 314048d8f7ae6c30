"""INPROGRESS: every ten seconds while a long command runs, and no longer. RFC 9585."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from roost.ports.net import Wire
from roost.service.login import Login
from roost.session.sign_in import SignIn
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.filing import file_messages
from roost.testing.clock import START
from roost.testing.filing import message_octets, new_filing
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
    ("command", "details"),
    [
        ("SEARCH BODY text", b'("x" NIL NIL)'),
        ("UID SEARCH BODY text", b'("x" NIL NIL)'),
        ("COPY 1 Drafts", b'("x" NIL NIL)'),
        ("MOVE 1 Drafts", b'("x" 0 1)'),
        ("STORE 1 +FLAGS.SILENT (\\Seen)", b'("x" 0 1)'),
        ("EXPUNGE", b'("x" NIL NIL)'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_long_command_says_that_it_goes_on(command: str, details: bytes) -> None:
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
        assert await client.wire.line() == b"* OK [INPROGRESS " + details + b"] still at it"
    store.go_on.set()
    while not (await client.wire.line()).startswith(b"x OK "):
        pass
    await client.wire.settle()
    assert house.clock.sleeping == 0
    house.clock.advance(TEN_SECONDS)
    await client.wire.settle()
    assert not client.wire.output


class SteppingStore(SlowStore):
    """As SlowStore, but each scan waits by itself, and `waits` tells when one does."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.waits = asyncio.Event()

    async def scan(self, work: Callable[[ReadTx], Awaitable[Any]]) -> Any:
        self.waits.set()
        await self.go_on.wait()
        self.go_on.clear()
        return await self._store.scan(work)

    def step(self) -> None:
        self.waits.clear()
        self.go_on.set()


async def test_a_search_in_texts_tells_how_far_it_is() -> None:
    house = await new_house()
    ref = await house.ref()
    filings = [new_filing(ref, message_octets(number), START) for number in range(250)]
    await house.store.write(partial(file_messages, filings=filings))
    store = SteppingStore(house.store)
    house.change_port(store=store)
    client = await house.client()
    store.go_on.set()
    await client.ok("SELECT INBOX")
    store.go_on.clear()
    store.waits.clear()
    client.wire.feed(b"x SEARCH RETURN (COUNT) BODY text\r\n")
    for done in (b"NIL NIL", b"0 250", b"100 250", b"200 250"):
        await store.waits.wait()
        house.clock.advance(TEN_SECONDS)
        line = await client.wire.line()
        assert line == b'* OK [INPROGRESS ("x" ' + done + b")] still at it"
        store.step()
    assert await client.wire.line() == b'* ESEARCH (TAG "x") COUNT 250'


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

    async def check_login(said: SignIn, wire: Wire) -> Login:
        login = await check(said, wire)
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
