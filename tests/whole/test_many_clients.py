"""Many clients, slow ones and deaf ones, against a real server: nobody makes it large or slow."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from roost.testing.process import ACCOUNT, PASSWORD, LocalServe

pytestmark = pytest.mark.slow

CLIENTS = 50
MIB = 1 << 20
LARGE = (
    b"Subject: large\r\n\r\n"
    + b"Many lines of text, all of them alike, and on it goes.\r\n" * 36_000
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServe]:
    with LocalServe(tmp_path_factory.mktemp("many") / "data") as running:
        yield running


def resident_octets(server: LocalServe) -> int:
    status = Path(f"/proc/{server.pid}/status")
    if not status.exists():
        pytest.skip("there is no /proc to look into")
    found = re.search(r"^VmRSS:\s+(\d+) kB", status.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


class Client:
    """One connection, line by line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def line(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n"), 60)

    async def say(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def until(self, start: bytes) -> bytes:
        """Read on to the line that begins so, past literals; returns their octets."""
        literals = b""
        while not (line := await self.line()).startswith(start):
            if found := re.search(rb"\{(\d+)\}\r\n$", line):
                literals += await self.reader.readexactly(int(found[1]))
        assert line.startswith((start + b"OK", b"2", b"3", b"+")), line
        return literals


@contextlib.asynccontextmanager
async def connected(server: LocalServe, service: str) -> AsyncIterator[Client]:
    # A small window: what the system itself would keep is no matter of ours.
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[service], limit=65536)
    client = Client(reader, writer)
    try:
        await client.line()
        yield client
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def sign_in(client: Client) -> None:
    await client.say(f'a LOGIN "{ACCOUNT}" "{PASSWORD}"\r\nb SELECT INBOX\r\n'.encode())
    await client.until(b"b ")


async def send(server: LocalServe, octets: bytes) -> None:
    async with connected(server, "smtp") as client:
        await client.say(b"EHLO c.test\r\n")
        await client.until(b"250 ")
        await client.say(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<x@y.test>\r\nDATA\r\n")
        await client.until(b"354")
        await client.say(octets + b".\r\n")
        await client.until(b"250 ")


async def test_fifty_senders_and_fifty_readers_at_once(server: LocalServe) -> None:
    async def read(number: int) -> None:
        async with connected(server, "imap") as client:
            await sign_in(client)
            await client.say(b"c FETCH 1:* (UID FLAGS ENVELOPE BODY.PEEK[])\r\nd NOOP\r\n")
            await client.until(b"d ")
            await client.say(b"e IDLE\r\n")
            await client.until(b"+")
            await client.say(b"DONE\r\n")
            await client.until(b"e ")

    async def write(number: int) -> None:
        for turn in range(4):
            await send(server, b"Subject: %d of %d\r\n\r\n" % (turn, number) + b"x" * 300 + b"\r\n")

    await send(server, b"Subject: first\r\n\r\n\r\n")
    await asyncio.gather(*map(write, range(CLIENTS)), *map(read, range(CLIENTS)))
    async with connected(server, "imap") as client:
        await sign_in(client)
        await client.say(b"c FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]\r\n")
        subjects = re.findall(rb"Subject: (\d+ of \d+)\r\n", await client.until(b"c "))
        assert len(subjects) == len(set(subjects)) == 4 * CLIENTS
    assert "Traceback" not in server.log()


async def test_who_never_reads_costs_little(server: LocalServe) -> None:
    """Twenty clients ask for forty megabytes each and read none of it."""
    await send(server, LARGE)
    async with connected(server, "imap") as reader:  # the caches of the store fill up once
        await sign_in(reader)
        await reader.say(b"f FETCH 1:* BODY.PEEK[]\r\n")
        assert (await reader.until(b"f ")).endswith(LARGE)
    async with contextlib.AsyncExitStack() as stack:
        deaf = [await stack.enter_async_context(connected(server, "imap")) for _ in range(20)]
        for client in deaf:
            await sign_in(client)
        before = resident_octets(server)
        for client in deaf:
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await client.say(b"".join(b"f%d FETCH * BODY.PEEK[]\r\n" % turn for turn in range(20)))
        await asyncio.sleep(2)
        grown = resident_octets(server) - before
        # Below a MiB each (measured with 60), and what malloc and SQLite keep for themselves.
        assert grown < 80 * MIB, f"{grown / MIB:.0f} MiB for twenty who do not read"

        began = time.monotonic()
        await send(server, b"Subject: in between\r\n\r\n\r\n")
        assert time.monotonic() - began < 2


async def test_who_floods_with_commands_and_never_reads_costs_little(server: LocalServe) -> None:
    async with contextlib.AsyncExitStack() as stack:
        deaf = [await stack.enter_async_context(connected(server, "imap")) for _ in range(10)]
        for client in deaf:
            await sign_in(client)
        before = resident_octets(server)

        async def flood(client: Client) -> None:
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3):
                    while True:
                        await client.say(b"n NOOP\r\n" * 1_000)

        await asyncio.gather(*map(flood, deaf))
        grown = resident_octets(server) - before
        assert grown < 10 * 3 * MIB, f"{grown / MIB:.0f} MiB for ten who do not read"


async def test_who_dribbles_gets_an_answer_and_disturbs_nobody(server: LocalServe) -> None:
    async def dribble(client: Client, octets: bytes) -> None:
        for at in range(len(octets)):
            await client.say(octets[at : at + 1])
            await asyncio.sleep(0.005)

    async with connected(server, "smtp") as slow, connected(server, "imap") as slower:
        message = b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<x@y.test>\r\nDATA\r\n"
        text = b"Subject: drop by drop\r\n\r\nText.\r\n.\r\n"
        waiting = asyncio.gather(
            dribble(slow, message + text),
            dribble(slower, f'a LOGIN "{ACCOUNT}" "{PASSWORD}"\r\nb SELECT INBOX\r\n'.encode()),
        )
        while not waiting.done():
            began = time.monotonic()
            await send(server, b"Subject: at once\r\n\r\n\r\n")
            assert time.monotonic() - began < 2
        await waiting
        await slow.until(b"354")
        await slow.until(b"250 ")
        await slower.until(b"b ")
