"""Whole IMAP and SMTP sessions that are fed any octets: they answer or end, and nothing breaks."""

import asyncio
import zlib
from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

from roost.ports.log_events import Event
from roost.ports.net import Session
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.session.imap.ports import ImapLimits
from roost.session.smtp.inbound import InboundSession
from roost.session.smtp.ports import SmtpPort
from roost.session.smtp.submission import SubmissionSession
from roost.store.check import check
from roost.testing.clock import StoppedClock
from roost.testing.fuzz_growth import held_octets
from roost.testing.fuzz_sasl import LOGINS
from roost.testing.imap import PASSWORD, USER, new_house
from roost.testing.log import ListLog
from roost.testing.random import SeededRandom
from roost.testing.smtp import MemoryMail
from roost.testing.wire import TLS, MemoryWire

MAX_SECONDS = 20.0  # an input takes some 30 ms
MAX_HELD_OCTETS = 512 * 1024
LOGIN_LINE = f'in LOGIN {USER} "{PASSWORD}"\r\n'.encode()

# By the first octet of the input.
ROLES = MappingProxyType(dict(zip(b"012", Role, strict=True)))


def chunks(octets: bytes) -> Iterator[bytes]:
    """The octets as a network may cut them, always in the same way."""
    step = 1 + zlib.crc32(octets) % 300
    return (octets[at : at + step] for at in range(0, len(octets), step))


def play_imap(octets: bytes) -> None:
    """Feed a connection to an account of its own; raises what is a mistake."""
    asyncio.run(_play_imap(octets))


def play_smtp(octets: bytes) -> None:
    """Feed a connection. The first octet chooses the role of the port: see ROLES."""
    asyncio.run(_play_smtp(ROLES.get(octets[0], Role.MX) if octets else Role.MX, octets[1:]))


async def _play_imap(octets: bytes) -> None:
    house = await new_house()
    try:
        limits = ImapLimits(max_append_octets=10_000, buffered_octets=4_000)
        house.change_port(limits=limits, mechanisms=LOGINS)
        await _feed(house.connect(), octets, house.clock)
        await asyncio.gather(*house.tasks)
        _raise_logged(house.log)
        assert await check(house.store, house.clock) == []
    finally:
        await house.store.close()


async def _play_smtp(role: Role, octets: bytes) -> None:
    house, log, clock = MemoryMail(known={"*"}), ListLog(), StoppedClock()
    config = ServerConfig(
        "mx.test",
        role,
        Extensions(max_message_octets=10_000, dsn=True, require_tls=True),
        mechanisms=() if role is Role.MX else LOGINS,
        auth_required=role is Role.SUBMISSION,
        auth_in_clear=role is Role.LOCALSERVE,
    )
    port = SmtpPort(config, house.services(), clock, log, SeededRandom())
    kind = SubmissionSession if role is Role.SUBMISSION else InboundSession
    session: Session = kind(port)
    tls = TLS if role is Role.SUBMISSION else None
    await _feed(MemoryWire(session, tls=tls).connect(), octets, clock)
    await asyncio.gather(*house.background)
    _raise_logged(log)


async def _feed(wire: MemoryWire, octets: bytes, clock: StoppedClock) -> None:
    """All of it, then the end; TimeoutError where the session does not end.

    Time goes on where nothing else does: logins that fail have to wait.
    """
    async with asyncio.timeout(MAX_SECONDS):
        for chunk in chunks(octets):
            wire.feed(chunk)
            await _take(wire)
            while wire.held and not wire.closed:
                await asyncio.sleep(0.0005)
                clock.advance(timedelta(seconds=1))
                await _take(wire)
            assert held_octets(wire.session) < MAX_HELD_OCTETS, "memory grows"
        wire.end()
        while not wire.closed:
            await asyncio.sleep(0.0005)
            clock.advance(timedelta(seconds=1))
            await _take(wire)
    await wire.settle()
    for error in wire.errors:
        raise error


async def _take(wire: MemoryWire) -> None:
    """Let the session work, and read all it says."""
    await asyncio.sleep(0)
    if wire.output:
        await wire.octets(len(wire.output))


def _raise_logged(log: ListLog) -> None:
    for one in log.events:
        if one.error is not None:
            raise one.error
        assert one.event is not Event.COMMAND_FAILED
