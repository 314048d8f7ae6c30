"""Sends messages over many connections as fast as the server takes them. Runs as a process of its own.

    python -m bench.smtp_load PORT CONNECTIONS MESSAGES SIZE ACCOUNTS

Prints one JSON object: messages, seconds, per_second, cpu_seconds (its own), p50_ms, p99_ms, max_ms.
One round trip for MAIL, RCPT, DATA and one for the message with the next envelope behind it.
"""

import asyncio
import json
import resource
import sys
import time

import uvloop


def message_of(size: int) -> bytes:
    """A message of `size` octets on the wire, with the lone dot behind it."""
    head = (
        b"From: Bench <bench@sender.test>\r\nTo: you@bench.test\r\nSubject: a message of the bench\r\n"
        b"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <%016d@sender.test>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    line = b"The quick brown fox jumps over the lazy dog and goes on its way again.\r\n"
    body = line * max(1, (size - len(head)) // len(line))
    return head + body + b".\r\n"


class Sender(asyncio.Protocol):
    """One connection that sends until the shared count is used up."""

    def __init__(self, load: "Load", number: int) -> None:
        self.load = load
        self.number = number
        self.phase = "greeting"
        self.heard = b""
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if not self.heard.endswith(b"\r\n"):
            return
        lines = self.heard.split(b"\r\n")[:-1]
        if self.phase == "greeting":
            self.heard = b""
            self.phase = "hello"
            self.transport.write(b"EHLO bench.test\r\n")  # type: ignore[attr-defined]
        elif self.phase == "hello":
            if lines[-1][3:4] == b" ":
                self.heard = b""
                self.next_message(b"")
        elif self.phase == "envelope":
            if lines[-1].startswith(b"354"):
                self.heard = b""
                self.phase = "message"
                self.began = time.perf_counter()
                self.next_message(self.load.message(), last=True)
            elif lines[-1][:1] in b"45":
                raise SystemExit(f"refused: {lines!r}")
        elif lines[0].startswith(b"250 2.0.0") or lines[0].startswith(b"250"):
            self.load.done(time.perf_counter() - self.began)
            rest = lines[1:]
            self.heard = b"".join(line + b"\r\n" for line in rest)
            self.phase = "envelope"
            if rest:
                self.data_received(b"")
        else:
            raise SystemExit(f"refused: {lines[0]!r}")

    def next_message(self, before: bytes, last: bool = False) -> None:
        if self.load.take():
            recipient = self.load.recipient()
            envelope = b"MAIL FROM:<bench@sender.test>\r\nRCPT TO:<%b>\r\nDATA\r\n" % recipient
            self.transport.write(before + envelope)  # type: ignore[attr-defined]
        else:
            self.transport.write(before + b"QUIT\r\n")  # type: ignore[attr-defined]
        if not last:
            self.phase = "envelope"

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.closed()


class Load:
    """What the connections share."""

    def __init__(self, connections: int, messages: int, size: int, accounts: int) -> None:
        self.left = messages
        self.open = connections
        self.template = message_of(size)
        self.accounts = accounts
        self.sent = 0
        self.waits: list[float] = []
        self.finished = asyncio.get_running_loop().create_future()

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def recipient(self) -> bytes:
        self.sent += 1
        return b"user%d@bench.test" % (self.sent % self.accounts)

    def message(self) -> bytes:
        return self.template % self.sent

    def done(self, seconds: float) -> None:
        self.waits.append(seconds)

    def closed(self) -> None:
        self.open -= 1
        if self.open == 0 and not self.finished.done():
            self.finished.set_result(None)


async def run(port: int, connections: int, messages: int, size: int, accounts: int) -> None:
    loop = asyncio.get_running_loop()
    load = Load(connections, messages, size, accounts)
    began = time.perf_counter()
    for number in range(connections):
        await loop.create_connection(lambda number=number: Sender(load, number), "127.0.0.1", port)  # type: ignore[misc]
    await load.finished
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    waits = sorted(load.waits)
    print(
        json.dumps(
            {
                "messages": len(waits),
                "seconds": round(seconds, 3),
                "per_second": round(len(waits) / seconds, 1),
                "cpu_seconds": round(used.ru_utime + used.ru_stime, 3),
                "p50_ms": round(waits[len(waits) // 2] * 1000, 2),
                "p99_ms": round(waits[len(waits) * 99 // 100] * 1000, 2),
                "max_ms": round(waits[-1] * 1000, 2),
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(run(*map(int, sys.argv[1:6])))
