"""Who does not sign in does not stay, whatever it says meanwhile. RFC 9051 section 5.4."""

import asyncio
from datetime import timedelta

import pytest

from roost.ports.net import Wire
from roost.service.login import Login
from roost.session.sign_in import SignIn
from roost.testing.imap import PASSWORD, USER, ImapHouse, new_house
from roost.testing.wire import MemoryWire

SECOND = timedelta(seconds=1)
TOO_LONG = b"* BYE signing in took too long\r\n"


async def greeted(house: ImapHouse) -> MemoryWire:
    return (await house.client(login=False)).wire


@pytest.mark.parametrize(
    "octets",
    [b"a", b"a NOOP\r\n", b"a LOGIN {100}\r\n", b"a AUTHENTICATE PLAIN\r\n"],
    ids=["octets of a line", "commands", "a literal", "a challenge"],
)
async def test_an_octet_now_and_then_keeps_nobody(octets: bytes) -> None:
    house = await new_house()
    wire = await greeted(house)
    wire.feed(octets)
    for _ in range(5):
        house.clock.advance(10 * SECOND)
        wire.feed(b" ")
        await wire.settle()
        assert not wire.closed
    house.clock.advance(10 * SECOND)
    wire.feed(b" ")
    assert (await wire.ended()).endswith(TOO_LONG)


async def test_the_wait_gets_shorter_with_each_octet() -> None:
    house = await new_house()
    wire = await greeted(house)
    assert wire.wait_seconds == 60
    house.clock.advance(45 * SECOND)
    wire.feed(b"a")
    assert wire.wait_seconds == 15
    wire.feed(b" NOOP\r\n")
    await wire.line()
    assert wire.wait_seconds == 15


async def test_who_signed_in_has_all_the_time_there_is() -> None:
    house = await new_house()
    client = await house.client()
    for _ in range(10):
        house.clock.advance(60 * SECOND)
        await client.ok("NOOP")
    assert client.wire.wait_seconds == 1800


async def test_who_signs_in_at_the_last_moment_is_let_in_and_who_fails_then_is_not() -> None:
    house = await new_house()
    go_on = asyncio.Event()
    check = house.port.check_login

    async def slow(said: SignIn, wire: Wire) -> Login:
        await go_on.wait()
        return await check(said, wire)

    house.change_port(check_login=slow)
    right, wrong = await greeted(house), await greeted(house)
    right.feed(f'a LOGIN {USER} "{PASSWORD}"\r\n'.encode())
    wrong.feed(f'a LOGIN {USER} "no"\r\n'.encode())
    await right.settle()
    house.clock.advance(61 * SECOND)
    for wire in (right, wrong):
        wire.feed(b"b")
        wire.session.timed_out()
        assert not wire.closed
    go_on.set()
    assert (await right.line()).startswith(b"a OK ")
    assert (await wrong.line()).startswith(b"a NO ")
    assert await wrong.ended() == TOO_LONG
    right.feed(b" NOOP\r\n")
    assert await right.line() == b"b OK NOOP done"


async def test_after_unauthenticate_the_time_runs_anew() -> None:
    house = await new_house()
    client = await house.client()
    house.clock.advance(3600 * SECOND)
    await client.ok("UNAUTHENTICATE")
    assert client.wire.wait_seconds == 60
    house.clock.advance(59 * SECOND)
    await client.ok("NOOP")
    house.clock.advance(2 * SECOND)
    client.wire.feed(b"x")
    assert await client.wire.ended() == TOO_LONG
