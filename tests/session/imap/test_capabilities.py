"""Capabilities that the admin hides from the clients of an account with a bug."""

from dataclasses import replace

from roost.ports.net import Wire
from roost.service.login import Login
from roost.session.sign_in import SignIn
from roost.testing.imap import ImapHouse, new_house


async def house_that_hides(*names: str) -> ImapHouse:
    house = await new_house()
    check = house.port.check_login

    async def check_login(said: SignIn, wire: Wire) -> Login:
        login = await check(said, wire)
        return replace(login, hidden_capabilities=frozenset(names))

    house.change_port(check_login=check_login)
    return house


async def test_hidden_ones_are_told_before_login_and_not_after() -> None:
    house = await house_that_hides("COMPRESS=DEFLATE", "APPENDLIMIT", "X-NOT-OURS")
    client = await house.client(login=False)
    (before,) = await client.ok("CAPABILITY")
    assert {b"COMPRESS=DEFLATE", b"APPENDLIMIT=104857600"} <= set(before.split())
    answer = await client.ask('LOGIN me@mx.test "open sesame"')
    (after,) = await client.ok("CAPABILITY")
    for told in (answer[-1], after):
        assert b"COMPRESS" not in told
        assert b"APPENDLIMIT" not in told
        assert b"MULTIAPPEND" in told


async def test_hidden_ones_cannot_be_enabled() -> None:
    house = await house_that_hides("UTF8=ACCEPT")
    client = await house.client()
    assert await client.ok("ENABLE UTF8=ACCEPT IMAP4rev2") == [b"* ENABLED IMAP4rev2"]


async def test_after_unauthenticate_they_are_told_again() -> None:
    client = await (await house_that_hides("COMPRESS=DEFLATE")).client()
    await client.ok("UNAUTHENTICATE")
    assert b"COMPRESS=DEFLATE" in (await client.ok("CAPABILITY"))[0]
