"""A client that is signed in from the beginning. RFC 9051 section 7.1.4."""

import pytest

from roost.base.address import Address
from roost.config.accounts import AccountSettings
from roost.service import accounts
from roost.service.login import Login
from roost.session.imap.session import ImapSession
from roost.store.revisions import Actor
from roost.testing.imap import ImapClient, ImapHouse, new_house
from roost.testing.wire import MemoryWire

ADMIN = Actor("admin", "root")


@pytest.fixture
async def house() -> ImapHouse:
    return await new_house()


def connect(house: ImapHouse) -> ImapClient:
    login = Login(house.account, Address.parse("me@mx.test"))
    return ImapClient(MemoryWire(ImapSession(house.port, login)).connect())


async def test_the_greeting_is_preauth_with_the_capabilities_of_who_is_signed_in(
    house: ImapHouse,
) -> None:
    client = connect(house)
    greeting = await client.wire.line()
    assert greeting.startswith(b"* PREAUTH [CAPABILITY IMAP4rev2 ")
    assert b"] mx.test " in greeting
    code = greeting.partition(b"[")[2].partition(b"]")[0]
    assert await client.ok("CAPABILITY") == [b"* " + code]
    for name in (b" AUTH=", b"LOGINDISABLED", b"STARTTLS"):
        assert name not in greeting
    await client.ok("SELECT INBOX")


@pytest.mark.parametrize("command", ["LOGIN a b", "AUTHENTICATE PLAIN", "STARTTLS"])
async def test_there_is_no_second_way_in(house: ImapHouse, command: str) -> None:
    client = connect(house)
    await client.wire.line()
    assert (await client.ask(command))[-1].startswith(b"BAD ")
    await client.ok("NOOP")


async def test_it_may_be_silent_as_long_as_who_signed_in(house: ImapHouse) -> None:
    client = connect(house)
    assert client.wire.wait_seconds == house.port.limits.idle_timeout.total_seconds()


async def test_it_hears_of_mail_and_of_its_end(house: ImapHouse) -> None:
    client, other = connect(house), await house.client()
    await client.wire.line()
    await client.ok("SELECT INBOX")
    client.wire.feed(b"i IDLE\r\n")
    assert await client.wire.line() == b"+ idling"
    await other.append(b"A: b\r\n\r\n")
    assert await client.wire.line() == b"* 1 EXISTS"
    settings = AccountSettings(login_disabled="ask Ann")
    await accounts.set_settings(house.store, house.clock, ADMIN, "me", settings, made_from=None)
    assert b"* BYE the account " in await client.wire.ended()


async def test_nobody_is_signed_in_after_unauthenticate(house: ImapHouse) -> None:
    client = connect(house)
    await client.wire.line()
    await client.ok("UNAUTHENTICATE")
    assert (await client.ask('LIST "" *'))[-1].startswith(b"BAD log in first")
