"""Signing in to a whole server: one limit for all protocols, app passwords, closed accounts."""

import base64
from dataclasses import replace

from roost.config.accounts import AccountSettings
from roost.service import accounts, app_passwords
from roost.service.app_passwords import AppPasswordAsked
from roost.service.login_attempts import page
from roost.store.login_attempts import Seen, Wanted
from roost.testing.house import ADMIN, PASSWORD, House, new_house
from roost.testing.imap import ImapClient
from roost.testing.smtp_client import SmtpClient
from roost.testing.wire import MemoryWire

MESSAGE = b"From: <x@b.test>\r\nSubject: hello\r\n\r\ntext\r\n"
ANN = "ann@a.test"


def plain(name: str, password: str) -> bytes:
    return b"AUTH PLAIN " + base64.b64encode(f"\0{name}\0{password}".encode()) + b"\r\n"


async def imap(house: House, peer: str = "192.0.2.9") -> ImapClient:
    client = ImapClient(house.imap(peer))
    assert (await client.wire.line()).startswith(b"* OK")
    return client


async def submission(house: House, peer: str = "192.0.2.9") -> MemoryWire:
    wire = house.submission(peer)
    await wire.line()
    wire.feed(b"EHLO laptop.test\r\n")
    while not (await wire.line()).startswith(b"250 "):
        pass
    return wire


async def listed(house: House, **wanted: str | bool) -> list[Seen]:
    await house.server.attempts.flush()
    return (await page(house.store, replace(Wanted(), **wanted), None))[0]  # type: ignore[arg-type]


async def guess(house: House, peer: str, times: int) -> None:
    """Fail so many logins, half over each protocol, three a connection."""
    for begin in range(0, times, 3):
        left = min(3, times - begin)
        if begin % 2:
            client = await imap(house, peer)
            for _ in range(left):
                client.wire.feed(f"x LOGIN {ANN} wrong\r\n".encode())
                assert (await client.wire.line()).startswith(b"x NO")
            client.wire.lose()
        else:
            wire = await submission(house, peer)
            for _ in range(left):
                wire.feed(plain(ANN, "wrong"))
                assert (await wire.line())[:3] in (b"535", b"421")
            wire.lose()


async def test_failures_over_one_protocol_close_all_of_them_for_their_address_only() -> None:
    async with new_house(accounts={"ann": [ANN]}) as house:
        await guess(house, "192.0.2.9", 10)
        assert await house.imap("192.0.2.9").ended() == (
            b"* BYE [UNAVAILABLE] too many logins failed, try again later\r\n"
        )
        said = await house.submission("192.0.2.9").ended()
        assert said.startswith(b"421 4.7.0 too many logins failed, try again later")
        await house.send("x@b.test", ANN, MESSAGE)
        client = await imap(house, "192.0.2.10")
        await client.ok(f'LOGIN {ANN} "{PASSWORD}"')
        wrong = await listed(house, failed=True)
        assert sum(row.count for row in wrong) == 10
        assert {row.attempt.protocol for row in wrong} == {"imap", "smtp"}
        assert house.errors() == []


async def test_the_list_says_who_signed_in_with_what() -> None:
    async with new_house(accounts={"ann": [ANN]}) as house:
        client = await imap(house)
        await client.ok('ID ("name" "Mail" "version" "1.0")')
        await client.ok(f'LOGIN {ANN} "{PASSWORD}"')
        wire = await submission(house)
        wire.feed(plain("Ann+tag@a.test", PASSWORD))
        assert (await wire.line()).startswith(b"235 ")
        rows = {row.attempt.protocol: row.attempt for row in await listed(house)}
        assert (rows["imap"].client, rows["imap"].mechanism) == ("Mail 1.0", "LOGIN")
        assert (rows["smtp"].client, rows["smtp"].mechanism) == ("laptop.test", "PLAIN")
        assert rows["smtp"].name == "Ann+tag@a.test"
        assert {one.tls for one in rows.values()} == {"TLSv1.3"}
        assert PASSWORD not in repr(house.log.events)


async def test_a_closed_account_gets_its_mail_and_lets_nobody_in() -> None:
    async with new_house(accounts={"ann": [ANN]}) as house:
        closed = AccountSettings(login_disabled="ask the admin")
        await accounts.set_settings(house.store, house.clock, ADMIN, "ann", closed, made_from=None)
        client = await imap(house)
        [said] = await client.ask(f'LOGIN {ANN} "{PASSWORD}"')
        assert said.startswith(b"NO [CONTACTADMIN] this account may not log in")
        wire = await submission(house)
        wire.feed(plain(ANN, PASSWORD))
        assert (await wire.line()).startswith(b"525 5.7.13 ")
        await house.send("x@b.test", ANN, MESSAGE)
        await accounts.set_settings(
            house.store, house.clock, ADMIN, "ann", AccountSettings(), made_from=None
        )
        await client.ok(f'LOGIN {ANN} "{PASSWORD}"')
        assert b"* STATUS INBOX (MESSAGES 1)" in await client.ok("STATUS INBOX (MESSAGES)")


async def test_an_app_password_reads_sends_and_ends_with_its_sessions() -> None:
    async with new_house(accounts={"ann": [ANN]}) as house:
        maker, clock = house.server.maker, house.clock
        asked = AppPasswordAsked("phone")
        made = await app_passwords.add(house.store, maker, clock, ADMIN, "ann", asked)
        phone, laptop = await imap(house), await imap(house)
        await phone.ok(f'LOGIN {ANN} "{made.password}"')
        await laptop.ok(f'LOGIN {ANN} "{PASSWORD}"')
        wire = await submission(house)
        wire.feed(plain(ANN, made.password))
        assert (await wire.line()).startswith(b"235 ")
        await app_passwords.remove(house.store, clock, ADMIN, "ann", made.credential.id)
        assert b"BYE the account or its password changed" in await phone.wire.ended()
        wire.feed(f"MAIL FROM:<{ANN}>\r\n".encode())
        assert (await wire.line()).startswith(b"550 5.7.1 ")
        await laptop.ok("NOOP")
        again = await SmtpClient(house.smtp()).greet()
        await again.ok("QUIT")
        assert made.password not in repr(house.log.events)
        assert house.errors() == []
