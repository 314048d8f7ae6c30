"""A session that lives long holds no more than one that has just begun."""

import asyncio
from collections.abc import Callable

import pytest

from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.session.smtp.inbound import InboundSession
from roost.session.smtp.ports import SmtpPort
from roost.testing.clock import StoppedClock
from roost.testing.fuzz_growth import held_octets
from roost.testing.imap import new_house
from roost.testing.log import ListLog
from roost.testing.random import SeededRandom
from roost.testing.smtp import MemoryMail
from roost.testing.wire import MemoryWire

ROUNDS = 30
GROWTH_OCTETS = 1_000

IMAP = (
    b"a NOOP\r\nb FETCH 1:* (FLAGS BODY.PEEK[HEADER])\r\n",
    b"a STORE 1 +FLAGS.SILENT (\\Seen)\r\nb STORE 1 -FLAGS.SILENT (\\Seen)\r\n",
    b"a SEARCH RETURN (SAVE) ALL\r\nb UID FETCH $ FLAGS\r\n",
    b"a SEARCH RETURN (UPDATE) ALL\r\nb CANCELUPDATE \"a\"\r\n",
    b"a SELECT INBOX\r\nb EXAMINE INBOX\r\nc UNSELECT\r\nd SELECT INBOX\r\n",
    b"a APPEND Nowhere {5+}\r\nHello\r\nb NOOP\r\n",
    b"a APPEND INBOX (\\Deleted) {5+}\r\nHello\r\nb EXPUNGE\r\n",
    b"a IDLE\r\nDONE\r\n",
    b"a FROB\r\nb NOOP\r\n",
    b"a CREATE x {3+}\r\nabc\r\nb NOOP\r\n",
    b"a ID (\"name\" \"somebody\")\r\nb ENABLE CONDSTORE\r\n",
    b"a SETMETADATA INBOX (/private/comment \"x\")\r\nb GETMETADATA INBOX /private/comment\r\n",
)  # fmt: skip
SMTP = (
    b"EHLO a.test\r\nNOOP\r\nVRFY x\r\nRSET\r\n",
    b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRSET\r\n",
    b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nHello\r\n.\r\n",
    b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nBDAT 5 LAST\r\nHello",
    b"MAIL FROM:<a@b.test>\r\nRCPT TO:<x@elsewhere.test>\r\nEHLO a.test\r\n",
)


async def held_after(wire: MemoryWire, octets: bytes, is_over: Callable[[], bool]) -> int:
    """What the session holds once it worked off these octets, ROUNDS times."""
    for _ in range(ROUNDS):
        wire.feed(octets)
        async with asyncio.timeout(5):
            while not is_over():
                await asyncio.sleep(0.0005)
        await wire.settle()
        wire.output.clear()
    assert not wire.closed
    return held_octets(wire.session)


@pytest.mark.parametrize("octets", IMAP, ids=lambda octets: octets.split(b"\r\n")[0].decode())
async def test_an_imap_session_does_not_grow(octets: bytes) -> None:
    house = await new_house()
    client = await house.client()
    await client.append(b"Subject: x\r\n\r\n")
    await client.ok("SELECT INBOX")

    def is_over() -> bool:
        return b"z OK" in client.wire.output

    once = await held_after(client.wire, octets + b"z NOOP\r\n", is_over)
    assert await held_after(client.wire, octets + b"z NOOP\r\n", is_over) < once + GROWTH_OCTETS
    await house.store.close()


@pytest.mark.parametrize("octets", SMTP, ids=lambda octets: octets.split(b"\r\n")[1].decode())
async def test_an_smtp_session_does_not_grow(octets: bytes) -> None:
    house = MemoryMail()
    config = ServerConfig("mx.test", Role.MX, Extensions())
    session = InboundSession(
        SmtpPort(config, house.services(), StoppedClock(), ListLog(), SeededRandom())
    )
    wire = MemoryWire(session).connect()
    wire.feed(b"EHLO a.test\r\n")
    await wire.settle()

    def is_over() -> bool:
        return wire.output.endswith(b"\r\n")

    once = await held_after(wire, octets, is_over)
    assert await held_after(wire, octets, is_over) < once + GROWTH_OCTETS
