"""kill -9 of a real server under load: what was answered 250 is there, whole, once for each 250."""

import asyncio
import hashlib
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from roost.testing.process import ACCOUNT, PASSWORD, LocalServe

ROUNDS = 20
SENDERS = 50


def message(number: int, dice: random.Random) -> bytes:
    size = 200_000 if number % 40 == 0 else dice.choice((200, 4_000, 30_000))
    body = (f"{number} " * (size // 7)).encode()
    lines = b"\r\n".join(body[at : at + 70] for at in range(0, len(body), 70))
    return b"Subject: number %d\r\nFrom: <a@b.test>\r\n\r\n" % number + lines + b"\r\n"


class Senders:
    """Many connections that send until the line drops; remembers what was answered 250."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.acknowledged: Counter[bytes] = Counter()
        self.sent: set[bytes] = set()
        self.next_number = 0

    async def load(self, port: int) -> None:
        await asyncio.gather(*(self._one(port) for _ in range(SENDERS)))

    async def _one(self, port: int) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return
        try:
            await reader.readuntil(b"\r\n")
            writer.write(b"EHLO sender.test\r\n")
            while (await reader.readuntil(b"\r\n"))[3:4] == b"-":
                pass
            while True:
                await self._send(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.next_number += 1
        octets = message(self.next_number, self.dice)
        digest = hashlib.sha256(octets).digest()
        self.sent.add(digest)
        writer.write(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
        for _ in range(3):
            await reader.readuntil(b"\r\n")
        writer.write(octets + b".\r\n")
        reply = await reader.readuntil(b"\r\n")
        if reply.startswith(b"250"):
            self.acknowledged[digest] += 1


async def stored(port: int) -> Counter[bytes]:
    """The digests of all messages in the INBOX, without the trace fields in front."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    await reader.readuntil(b"\r\n")
    writer.write(
        f'a LOGIN "{ACCOUNT}" "{PASSWORD}"\r\nb SELECT INBOX\r\nc FETCH 1:* BODY.PEEK[]\r\n'.encode()
    )
    found: Counter[bytes] = Counter()
    while not (line := await reader.readuntil(b"\r\n")).startswith(b"c "):
        if literal := re.search(rb"\{(\d+)\}\r\n$", line):
            octets = await reader.readexactly(int(literal[1]))
            found[hashlib.sha256(octets[octets.index(b"Subject: number") :]).digest()] += 1
    assert line.startswith(b"c OK"), line
    writer.close()
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    server = LocalServe(tmp_path / "data")
    senders = Senders(seed=7)
    for _ in range(ROUNDS):
        server.start()
        load = asyncio.create_task(senders.load(server.ports["smtp"]))
        await asyncio.sleep(senders.dice.uniform(0.05, 0.6))
        server.kill()
        await load
    server.start()
    try:
        found = await stored(server.ports["imap"])
        missing = senders.acknowledged - found
        assert not missing, f"{sum(missing.values())} of {senders.acknowledged.total()} lost"
        assert found.keys() <= senders.sent, "half a message is there"
        assert max(found.values()) == 1
        assert senders.acknowledged.total() > ROUNDS * 10, "the load was no load"
        command = [sys.executable, "-m", "roost", "--socket", str(server.socket_path), "check"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout == "no differences\n", done.stdout + done.stderr
    finally:
        server.kill()
