"""SMTP ports on a store of their own: what the log says of a message."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from roost.adapters.metrics import Metrics
from roost.app.key_logins import KeyLogins, count_key_logins
from roost.app.logins import Logins
from roost.app.smtp_ports import Port, SmtpParts
from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.ids import AccountId
from roost.config.smtp import SmtpConfig
from roost.delivery.route import Destination
from roost.ports.log_events import Event
from roost.ports.net import Wire
from roost.proto.sasl.login import LOGIN
from roost.proto.sasl.plain import PLAIN
from roost.service import accounts, domains
from roost.service.known_keys import KnownKeys
from roost.service.login import Login, PasswordLogin, Passwords
from roost.service.login_cache import LoginCache
from roost.service.set_password import set_password
from roost.session.sign_in import SignIn
from roost.session.smtp.inbound import InboundSession
from roost.session.smtp.submission import SubmissionSession
from roost.store.addresses import find
from roost.store.engine import ReadTx
from roost.store.revisions import Actor
from roost.store.sqlite import SqliteStore
from roost.testing.blobs import MemoryBlobs
from roost.testing.clock import StoppedClock
from roost.testing.log import ListLog
from roost.testing.passwords import PlainHasher, plain_maker
from roost.testing.proofs import MemoryProofs
from roost.testing.random import SeededRandom
from roost.testing.store import new_store
from roost.testing.wire import MemoryWire

ADMIN = Actor("admin", "test")
ANN = Address.parse("ann@home.test")
MESSAGE = b"Subject: x\r\n\r\ntext\r\n"


async def store_with_ann() -> tuple[SqliteStore, AccountId]:
    store, clock = await new_store(), StoppedClock()
    await domains.add(store, clock, ADMIN, Domain.parse("home.test"))
    await accounts.add(store, clock, ADMIN, "ann", address=ANN)
    await set_password(store, plain_maker(), clock, ADMIN, "ann", "a long word")

    async def work(tx: ReadTx) -> AccountId:
        found = await find(tx, "home.test", "ann")
        assert found is not None
        return found.account

    return store, await store.read(work)


def parts_of(store: SqliteStore, account: AccountId, log: ListLog, *, local: bool) -> SmtpParts:
    async def route(address: Address) -> Destination:
        return Destination(address, account, "INBOX", -1)

    async def check_login(said: SignIn, _wire: Wire) -> Login:
        passwords = Passwords(store, PlainHasher(), LoginCache(b"key"), StoppedClock())
        return await passwords.check(PasswordLogin(said.username, "a long word", "smtp"))

    def in_background(work: Coroutine[Any, Any, None]) -> None:
        work.close()

    nobody: Any = None  # has a certificate here
    keys = KeyLogins(
        "submission",
        Logins(nobody, "smtp"),
        KnownKeys(store, in_background),
        log,
        count_key_logins(Metrics()),
    )
    return SmtpParts(
        hostname="mx.test",
        config=SmtpConfig(),
        store=store,
        blobs=MemoryBlobs(),
        clock=StoppedClock(),
        random=SeededRandom(),
        log=log,
        route=route,
        check_login=check_login,
        begin_proof=MemoryProofs[Login](lambda _: None, "x").begin,
        mechanisms=(PLAIN, LOGIN),
        refuses_logins=lambda _wire: False,
        keys=keys,
        may_accept=lambda: True,
        in_background=in_background,
        local=local,
        clear_text_logins=True,
    )


async def send(session: InboundSession[Any, Any, Any] | SubmissionSession[Any, Any, Any]) -> None:
    """One message for two recipients, over a connection called c1."""
    wire = MemoryWire(session).connect()
    wire.feed(b"EHLO c.test\r\n")
    if isinstance(session, SubmissionSession):
        wire.feed(b"AUTH PLAIN AGFubkBob21lLnRlc3QAeA==\r\n")
        await until(wire, b"235 ")
    wire.feed(
        b"MAIL FROM:<ann@home.test>\r\nRCPT TO:<ann@home.test>\r\nRCPT TO:<ann+x@home.test>\r\n"
        b"DATA\r\n"
    )
    await until(wire, b"354 ")
    wire.feed(MESSAGE + b".\r\n")
    assert (await wire.line()).startswith(b"250 ")


async def until(wire: MemoryWire, start: bytes) -> None:
    """Read replies up to one that begins so."""
    while not (await wire.line()).startswith(start):
        pass


def said(log: ListLog) -> list[tuple[Event, dict[str, object]]]:
    told = (Event.MESSAGE_RECEIVED, Event.MESSAGE_SUBMITTED)
    return [(one.event, dict(one.facts)) for one in log.events if one.event in told]


@pytest.mark.parametrize(
    ("local", "more"),
    [(False, {}), (True, {"to": "ann@home.test, ann+x@home.test"})],
    ids=["a server names nobody", "localserve says for whom"],
)
async def test_one_line_for_a_message_received(local: bool, more: dict[str, str]) -> None:
    store, account = await store_with_ann()
    log = ListLog()
    port: Port = parts_of(store, account, log, local=local).mx_port()
    await send(InboundSession(port))
    facts = {"connection": "c1", "size": len(MESSAGE), "recipients": 2, "copies": 1}
    assert said(log) == [(Event.MESSAGE_RECEIVED, facts | more)]
    await store.close()


async def test_one_line_for_a_message_submitted() -> None:
    store, account = await store_with_ann()
    log = ListLog()
    port: Port = parts_of(store, account, log, local=False).submission_port()
    await send(SubmissionSession(port))
    [(event, facts)] = said(log)
    assert event is Event.MESSAGE_SUBMITTED
    assert facts.pop("submission")
    assert facts == {"connection": "c1", "size": len(MESSAGE), "recipients": 2}
    await store.close()


async def test_a_message_that_was_not_kept_is_not_called_received() -> None:
    store, account = await store_with_ann()
    log = ListLog()
    port: Port = parts_of(store, AccountId(account + 1), log, local=False).mx_port()
    with pytest.raises(AssertionError):
        await send(InboundSession(port))
    await asyncio.sleep(0)
    assert said(log) == []
    await store.close()
