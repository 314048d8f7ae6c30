"""Whole servers in memory: what senders, readers and other servers see of them."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

import msgspec
import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.config.accounts import AccountSettings
from roost.config.domains import DomainSettings
from roost.config.setting import Size
from roost.ports.log_events import Event
from roost.queue.schedule import FIRST_WAIT, MAX_ATTEMPTS
from roost.service import accounts, domains
from roost.service.set_password import set_password
from roost.testing.house import ADMIN, PASSWORD, House, new_house
from roost.testing.imap import ImapClient
from roost.testing.smtp_client import SmtpClient, SmtpRefused

ANN, BOB, EVE = "ann@a.test", "bob@a.test", "eve@b.test"
MESSAGE = b"From: <ann@a.test>\r\nTo: <bob@a.test>\r\nSubject: hello\r\n\r\nText.\r\n"


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with new_house(accounts={"ann": [ANN], "bob": [BOB, "robert@a.test"]}) as opened:
        yield opened
        assert opened.errors() == []
        assert await opened.check() == []


async def change_account(house: House, name: str, **settings: object) -> None:
    row = await accounts.get(house.store, name)
    changed = msgspec.structs.replace(AccountSettings(), **settings)
    await accounts.set_settings(
        house.store, house.clock, ADMIN, name, changed, made_from=row.revision
    )


async def change_domain(house: House, name: str, **settings: object) -> None:
    domain = Domain.parse(name)
    row = await domains.get(house.store, domain)
    changed = msgspec.structs.replace(DomainSettings(), **settings)
    await domains.set_settings(
        house.store, house.clock, ADMIN, domain, changed, made_from=row.revision
    )


def fields_of(message: bytes) -> list[str]:
    """Names of the header fields, in order."""
    head, _, _ = message.partition(b"\r\n\r\n")
    return re.findall(r"^([!-9;-~]+):", head.decode(), re.MULTILINE)


# From one account to another, by way of the queue.


async def test_a_submitted_message_comes_to_its_mailbox(house: House) -> None:
    await house.submit(ANN, BOB, MESSAGE)
    assert await house.mail_of(BOB) == []
    await house.run_queue()
    (message,) = await house.mail_of(BOB)
    assert message.endswith(MESSAGE)
    trace = fields_of(message)[:3]
    assert trace == ["Return-Path", "Delivered-To", "Received"]
    assert message.startswith(b"Return-Path: <ann@a.test>\r\nDelivered-To: bob@a.test\r\n")
    received = message[message.index(b"Received:") : message.index(b"From:")]
    assert b"with ESMTPSA" in received
    assert b"192.0.2.8" not in received  # where a user sits is nobody's business


async def test_a_message_goes_from_house_to_house(house: House) -> None:
    async with new_house("mx.b.test", ("b.test",), {"eve": [EVE]}) as other:
        await house.submit(ANN, BOB, MESSAGE)
        await house.run_queue()
        (here,) = await house.mail_of(BOB)
        await other.send(ANN, EVE, here)
        (there,) = await other.mail_of(EVE)
        assert there.endswith(here)
        assert fields_of(there)[:6] == ["Return-Path", "Delivered-To", "Received"] * 2
        hops = re.findall(rb"by (mx\.[ab]\.test)", there)
        assert hops == [b"mx.b.test", b"mx.a.test"]  # the newest on top: RFC 5321 section 4.4
        assert await other.check() == []


async def test_what_is_submitted_for_several_is_one_message_each(house: House) -> None:
    await house.submit(ANN, [BOB, ANN, "robert@a.test"], MESSAGE)
    await house.run_queue()
    (of_bob,) = await house.mail_of(BOB)
    assert of_bob.count(b"Delivered-To:") == 2
    (of_ann,) = await house.mail_of(ANN)
    assert b"bob" not in of_ann[: of_ann.index(b"From:")]


async def test_an_unknown_recipient_of_the_queue_stops_nobody_else(house: House) -> None:
    await house.submit(ANN, [BOB], MESSAGE)
    client = await SmtpClient(house.submission()).greet()
    await client.login(ANN, PASSWORD)
    with pytest.raises(SmtpRefused, match=r"^550 5\.1\.1 "):
        await client.send(ANN, (BOB, "nobody@a.test"), MESSAGE)
    await house.run_queue()
    assert len(await house.mail_of(BOB)) == 1


async def test_a_temporary_failure_is_tried_again_when_its_wait_is_over(house: House) -> None:
    await house.submit(ANN, BOB, MESSAGE)
    await change_domain(house, "a.test", disabled=True)
    await house.run_queue()
    (failed,) = house.log.named(Event.DELIVERY_FAILED)
    assert failed.facts["reason"] == "domain_disabled"
    await change_domain(house, "a.test", disabled=False)
    house.clock.advance(FIRST_WAIT - timedelta(seconds=1))
    await house.run_queue()
    assert await house.mail_of(BOB) == []
    house.clock.advance(timedelta(seconds=1))
    await house.run_queue()
    assert len(await house.mail_of(BOB)) == 1
    house.clock.advance(timedelta(days=7))
    await house.run_queue()
    assert len(await house.mail_of(BOB)) == 1


# All recipients, or none.


async def test_a_message_for_several_is_filed_for_all(house: House) -> None:
    await house.send("x@y.test", [ANN, BOB], MESSAGE)
    for address in (ANN, BOB):
        (message,) = await house.mail_of(address)
        assert message.startswith(
            b"Return-Path: <x@y.test>\r\nDelivered-To: " + address.encode() + b"\r\nReceived: "
        )


async def test_who_is_nearly_full_keeps_nobody_else_from_a_message(house: House) -> None:
    await change_account(house, "bob", quota=Size(2_000))
    large = MESSAGE + b"x" * 2_000
    alone = await SmtpClient(house.smtp()).greet()
    await alone.envelope("x@y.test", (BOB,))
    assert (await alone.data(large)).startswith("452 4.2.2 ")
    await house.send("x@y.test", (ANN, BOB), large)
    assert len(await house.mail_of(ANN)) == len(await house.mail_of(BOB)) == 1
    with pytest.raises(SmtpRefused, match=r"^452 4\.2\.2 "):
        await house.send("x@y.test", (ANN, BOB), MESSAGE)


async def test_the_queue_delivers_to_one_and_tells_of_the_other(house: House) -> None:
    await change_account(house, "bob", quota=Size(2_000))
    await house.submit(ANN, (ANN, BOB), MESSAGE + b"x" * 2_000)
    await house.run_queue()
    assert len(await house.mail_of(ANN)) == 1
    for _ in range(MAX_ATTEMPTS):
        house.clock.advance(timedelta(hours=20))
        await house.run_queue()
    assert await house.mail_of(BOB) == []
    [_, notice] = await house.mail_of(ANN)
    assert b"\r\nSubject: Undelivered: " in notice
    assert BOB.encode() in notice
    assert b"Auto-Submitted: auto-replied" in notice
    assert b"Subject: hello" in notice


async def test_a_recipient_that_goes_meanwhile_is_told_of(house: House) -> None:
    await house.submit(ANN, (BOB,), MESSAGE)
    await accounts.remove(house.store, house.clock, ADMIN, "bob")
    await house.run_queue()
    [notice] = await house.mail_of(ANN)
    assert b"no such recipient" in notice


async def test_a_full_account_is_refused_at_rcpt(house: House) -> None:
    await change_account(house, "bob", quota=Size(500))
    await house.send("x@y.test", BOB, MESSAGE)
    await change_account(house, "bob", quota=Size(1))
    with pytest.raises(SmtpRefused, match=r"^452 4\.2\.2 "):
        await house.send("x@y.test", BOB, MESSAGE)
    reader = await house.login_imap(BOB)
    refused = await reader.ask(b"APPEND INBOX {%d+}\r\n%b" % (len(MESSAGE), MESSAGE))
    assert refused[-1].startswith(b"NO [OVERQUOTA] ")


async def test_spaces_in_a_local_part_count() -> None:
    one, two = '" "@a.test', '"  "@a.test'
    async with new_house(accounts={"one": [one], "two": [two]}) as house:
        await house.send("x@y.test", one, MESSAGE + b"for one\r\n")
        await house.send("x@y.test", two, MESSAGE + b"for two\r\n")
        await house.send("x@y.test", [one, two], MESSAGE + b"for both\r\n")
        for address, own in ((one, b"for one"), (two, b"for two")):
            first, second = await house.mail_of(address)
            assert b"Delivered-To: " + address.encode() + b"\r\n" in first
            assert first.endswith(own + b"\r\n")
            assert second.endswith(b"for both\r\n")
        assert Address.parse(one) != Address.parse(two)


@pytest.mark.parametrize(
    ("recipient", "reply"),
    [
        ("nobody@a.test", "550 5.1.1 "),
        ("ann@elsewhere.test", "550 5.1.1 "),
        ('"  "@a.test', "550 5.1.1 "),
    ],
    ids=["not here", "not ours", "two spaces"],
)
async def test_who_is_not_known_gets_nothing(house: House, recipient: str, reply: str) -> None:
    with pytest.raises(SmtpRefused, match="^" + re.escape(reply)):
        await house.send("x@y.test", recipient, MESSAGE)


async def test_a_domain_switched_off_puts_mail_off(house: House) -> None:
    await change_domain(house, "a.test", disabled=True)
    with pytest.raises(SmtpRefused, match=r"^450 4\.2\.1 "):
        await house.send("x@y.test", BOB, MESSAGE)
    await change_domain(house, "a.test", disabled=False)
    await house.send("x@y.test", BOB, MESSAGE)


# Many at once.


async def test_fifty_sessions_at_once(house: House) -> None:
    numbered = [b"Subject: %d\r\n\r\n" % number + b"x" * (number * 2_000) for number in range(50)]

    async def send_and_look(number: int) -> None:
        await house.send("x@y.test", [ANN, BOB][number % 2], numbered[number])
        await house.mail_of([ANN, BOB][number % 2])

    await asyncio.gather(*map(send_and_look, range(50)))
    found = [*await house.mail_of(ANN), *await house.mail_of(BOB)]
    subjects = sorted(int(message.split(b"Subject: ")[1].split(b"\r\n")[0]) for message in found)
    assert subjects == list(range(50))


async def until(client: ImapClient, wanted: bytes) -> None:
    """Hear lines until one ends so."""
    while not (await client.wire.line()).endswith(wanted):
        pass


async def test_who_idles_hears_of_mail_at_once(house: House) -> None:
    clients: Sequence[ImapClient] = [await house.login_imap(BOB) for _ in range(5)]
    for client in clients:
        await client.ok("SELECT INBOX")
        client.wire.feed(b"i IDLE\r\n")
        assert (await client.wire.line()).startswith(b"+")
    await house.send("x@y.test", BOB, MESSAGE)
    for client in clients:
        await until(client, b" EXISTS")


async def test_who_idles_hears_by_the_delivery_itself(house: House) -> None:
    """EXISTS follows the 250 though the clock stands still, so that nobody can have looked anew."""
    idle = await house.login_imap(BOB)
    await idle.ok("SELECT INBOX")
    idle.wire.feed(b"i IDLE\r\n")
    await idle.wire.line()
    sender = await SmtpClient(house.smtp()).greet()
    await sender.envelope("x@y.test", (BOB,))
    await sender.ok("DATA")
    sender.wire.feed(MESSAGE)
    await sender.wire.settle()
    assert not idle.wire.output
    sender.wire.feed(b".\r\n")
    assert (await sender.wire.line()).startswith(b"250 ")
    assert await idle.wire.line() == b"* 1 EXISTS"


# The end.


async def test_stopping_takes_leave_and_keeps_what_was_answered() -> None:
    async with new_house(accounts={"ann": [ANN]}) as house:
        await house.send("x@y.test", ANN, MESSAGE)
        half = await SmtpClient(house.smtp()).greet()
        await half.envelope("x@y.test", (ANN,))
        await half.ok("DATA")
        half.wire.feed(MESSAGE + b"x" * 70_000)
        idle = await house.login_imap(ANN)
        await idle.ok("SELECT INBOX")
        idle.wire.feed(b"i IDLE\r\n")
        await idle.wire.line()
        whole = await SmtpClient(house.smtp()).greet()
        await whole.envelope("x@y.test", (ANN,))
        await whole.ok("DATA")
        whole.wire.feed(MESSAGE + b".\r\n")
        await whole.wire.settle()  # as far as the writer, who answers when it is on disk
        await house.stop()
        assert b"421 4.3.2 " in half.wire.output
        assert b"* BYE " in idle.wire.output
        assert whole.wire.output.startswith(b"250 ")
        assert house.errors() == []


async def remove_account(house: House) -> None:
    await accounts.remove(house.store, house.clock, ADMIN, "ann")


async def new_password(house: House) -> None:
    maker = house.server.maker
    await set_password(house.store, maker, house.clock, ADMIN, "ann", "another password")


async def close_account(house: House) -> None:
    await change_account(house, "ann", login_disabled="ask the admin")


@pytest.mark.parametrize("change", [remove_account, new_password, close_account])
async def test_who_may_no_longer_sign_in_is_shown_out(
    house: House, change: Callable[[House], Awaitable[None]]
) -> None:
    working, idle = await house.login_imap(ANN), await house.login_imap(ANN)
    bob = await house.login_imap(BOB)
    await idle.ok("SELECT INBOX")
    idle.wire.feed(b"x IDLE\r\n")
    await idle.wire.line()
    await change(house)
    for client in (working, idle):
        said = await client.wire.ended()
        assert said.startswith(b"* BYE the account or its password changed")
    await bob.ok("NOOP")
    assert not bob.wire.closed


async def test_a_change_that_concerns_no_login_ends_no_session(house: House) -> None:
    client = await house.login_imap(ANN)
    await change_account(house, "ann", full_name="Ann")
    await client.ok("NOOP")
    assert not client.wire.closed
